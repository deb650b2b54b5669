//! Lines that are no text, or very long.

use crate::{
    jobs::JobPlan,
    stage::{ROW, Stage},
};

/// What a container prints, and what of it the kubelet serves: `\r\n` comes as `\n`, everything else as it is.
const PIECES: &[(&str, &[u8])] = &[
    ("echo first", b"first\n"),
    (r"printf 'bad \377\300\200 utf-8\n'", b"bad \xff\xc0\x80 utf-8\n"),
    (r"printf '\033[31mred\033[0m \033]0;title\007\n'", b"\x1b[31mred\x1b[0m \x1b]0;title\x07\n"),
    (r"printf '10 %%\r55 %%\r100 %%\n'", b"10 %\r55 %\r100 %\n"),
    (r"printf 'dos\r\n'", b"dos\n"),
    (r"printf '\n\n \n'", b"\n\n \n"),
    (r"printf 'nul \000 and \010\n'", b"nul \0 and \x08\n"),
    (r"printf '2026-11-24T12:58:26.959221551Z like a stamp\n'", b"2026-11-24T12:58:26.959221551Z like a stamp\n"),
    (
        r"printf 'unable to retrieve container logs for containerd://x\n'",
        b"unable to retrieve container logs for containerd://x\n",
    ),
    ("echo before the long ones", b"before the long ones\n"),
];

/// A line of so many bytes.
fn long(letter: char, length: usize) -> (String, Vec<u8>) {
    let script = format!("head -c {length} /dev/zero | tr '\\000' {letter}; echo");
    (script, format!("{}\n", String::from(letter).repeat(length)).into_bytes())
}

fn check(last: (&str, &[u8])) {
    let stage = Stage::new();
    let mut script: Vec<String> = PIECES.iter().map(|(script, _)| (*script).to_owned()).collect();
    let mut expected: Vec<u8> = PIECES.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    for (part, bytes) in [long('L', 100_000), long('M', 1 << 20), long('S', 16_384), long('T', 16_385)] {
        script.push(part);
        expected.extend(bytes);
    }
    script.push(last.0.to_owned());
    expected.extend(last.1);

    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    stage.create(&JobPlan::batch(0).container("blast", &script.join("; ")));
    let followed = elbtail.end().code(0).stdout;
    assert_same(&followed, &expected);
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_same(&run.get_output().stdout, &expected);
}

/// `assert_eq!` without a megabyte of output.
fn assert_same(printed: &[u8], expected: &[u8]) {
    let at = printed.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(printed.len().min(expected.len()));
    let near = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[at.saturating_sub(20).min(bytes.len())..(at + 60).min(bytes.len())]).into_owned()
    };
    assert!(
        printed == expected,
        "{} bytes of {}, different from {at}: {:?} and not {:?}",
        printed.len(),
        expected.len(),
        near(printed),
        near(expected)
    );
}

#[test]
fn bytes_pass_as_they_are() {
    check(("echo end", b"end\n"));
}

#[test]
fn a_last_line_without_end_gets_one() {
    check(("printf end", b"end\n"));
}
