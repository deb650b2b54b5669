//! What stdout and stderr do to a run, and what of a row's words reaches a terminal.

use std::process::{Command, Output, Stdio};

use crate::elbtail;

const ROW: &str = "testdata/rows/incident.json";

/// The binary as `std` has it, for outputs that `assert_cmd` would capture.
fn plain(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    command.env("HOME", "/nonexistent").env_remove("KUBECONFIG").env_remove("ELBTAIL_DB").args(arguments);
    command.stdin(Stdio::null());
    command
}

/// A device on which no byte finds room.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stderr_costs_the_words_and_nothing_else() {
    for (arguments, code) in [
        (&["resolve", "testdata/rows/conflict.json", "-o", "name"][..], 0),
        (&["resolve", "testdata/rows/none.json"], 4),
        (&["resolve", "no/such/row.json"], 3),
        (&["logs", ROW, "--kubeconfig", "no/such/file"], 2),
        (&["logs", "--frobnicate"], 2),
    ] {
        let whole = plain(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let run = plain(arguments).stdout(Stdio::piped()).stderr(full()).output().unwrap();
        assert_eq!((run.status.code(), run.stdout), (Some(code), whole.stdout), "{arguments:?}");
        let closed = plain(&[]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).output().unwrap();
        assert_eq!(closed.status.code(), Some(code));
    }
}

/// What prints something without a cluster.
const PRINTING: [&[&str]; 17] = [
    &["resolve", ROW],
    &["resolve", ROW, "-o", "json"],
    &["resolve", ROW, "-o", "yaml"],
    &["resolve", ROW, "-o", "name"],
    &["completion", "bash"],
    &["completion", "zsh"],
    &["version", "--client"],
    &["version", "--client", "-o", "json"],
    &["config", "show"],
    &["config", "show", "-o", "json"],
    &["--help"],
    &["help", "logs"],
    &["logs", "--help"],
    &["--version"],
    &["doctor", ROW, "--server", "https://127.0.0.1:1"],
    &["doctor", ROW, "--server", "https://127.0.0.1:1", "-o", "json"],
    &["doctor", ROW, "--server", "https://127.0.0.1:1", "--bundle", "-"],
];

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_told() {
    for arguments in PRINTING {
        let run = plain(arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {}", said(&run));
        assert!(said(&run).contains("write to stdout: No space left on device"), "{arguments:?}: {}", said(&run));
    }
}

/// `1<FILE`: the standard library takes it for one that takes everything.
#[test]
fn a_stdout_that_was_opened_for_reading_is_told() {
    for file in ["/dev/null", ROW] {
        for arguments in PRINTING {
            let input = std::fs::File::open(file).unwrap();
            let run = plain(arguments).stdout(input).stderr(Stdio::piped()).output().unwrap();
            assert_eq!(run.status.code(), Some(1), "{arguments:?}: {}", said(&run));
            assert!(said(&run).contains("write to stdout: Bad file descriptor"), "{arguments:?}: {}", said(&run));
        }
    }
}

/// Programs leave a pipe that they share in such a state.
#[test]
fn a_pipe_that_does_not_block_gets_all_the_same() {
    use std::io::{Read, Write};
    let of = r#""kind": "line", "timestamp": "2026-01-01T00:00:00.000000000Z", "namespace": "n", "pod": "p", "container": "c",
        "role": "batch", "phase": "running", "restart": 0"#
        .replace('\n', "");
    let lines: String =
        (0..9000).map(|n| format!("{{{of}, \"sequence\": {n}, \"message\": \"line {n} of many\"}}\n")).collect();
    let mut input = tempfile::NamedTempFile::new().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    let stdin = || std::fs::File::open(input.path()).unwrap();
    let arguments = ["logs", "--stdin", "-o", "raw"];
    let whole = plain(&arguments).stdin(stdin()).stdout(Stdio::piped()).output().unwrap().stdout;
    // More than a pipe holds, and nobody reads before it is full.
    assert!(whole.len() > 64 << 10, "{}", whole.len());
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    let mut command = plain(&arguments);
    let mut run = command.stdin(stdin()).stdout(writer).stderr(Stdio::inherit()).spawn().unwrap();
    drop(command);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert!(run.wait().unwrap().success());
    assert!(read == whole, "{} of {}", read.len(), whole.len());
}

#[test]
fn a_closed_pipe_is_no_failure() {
    for arguments in [&["resolve", ROW][..], &["resolve", ROW, "-o", "yaml"], &["completion", "zsh"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = plain(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((run.status.code(), said(&run)), (Some(0), String::new()), "{arguments:?}");
    }
}

/// A row of which every text holds what some terminal obeys.
fn hostile() -> tempfile::NamedTempFile {
    const EVIL: &str = "a\u{1b}]0;t\u{7}\u{1b}[2J\u{9b}2J\u{202e}b\u{200f}\u{2066}\u{61c}\u{7f}";
    let row = serde_json::json!({
        "job_id": EVIL, "status": EVIL, "phase": EVIL, "cluster_name": EVIL, "namespace": EVIL,
        "payload": {"elastic_blast_job_id": format!("no {EVIL}"), "k8s_job_id": "job-429825360482416da20736cf3ed51a95",
            "stdout": format!("/results/{EVIL}/job-429825360482416da20736cf3ed51a95/")},
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), row.to_string()).unwrap();
    file
}

#[test]
fn a_terminal_obeys_nothing_of_a_row() {
    let file = hostile();
    let path = file.path().to_str().unwrap();
    let mut parsed = Vec::new();
    for arguments in [
        &["resolve", path][..],
        &["resolve", path, "-o", "json"],
        &["resolve", path, "-o", "yaml"],
        &["doctor", path, "--server", "https://127.0.0.1:1"],
        &["doctor", path, "-o", "json", "--server", "https://127.0.0.1:1"],
        &["logs", path, "--job", "\u{1b}[2J\u{202e}"],
        &["logs", path, "--server", "https://\u{1b}[2J\u{202e}"],
        &["\u{1b}]0;title\u{7}\u{202e}"],
        &["logs", "--since", "\u{1b}[2J\u{9b}"],
    ] {
        let run = elbtail(arguments).output().unwrap();
        let both = [run.stdout.clone(), run.stderr].concat();
        let text = String::from_utf8(both).unwrap();
        let bad = |c: char| {
            c != '\n'
                && (c.is_control()
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'))
        };
        assert!(!text.is_empty() && !text.contains(bad), "{arguments:?}: {text:?}");
        if arguments.get(2) == Some(&"-o") && arguments[0] == "resolve" {
            parsed
                .push(serde_saphyr::from_str::<serde_json::Value>(std::str::from_utf8(&run.stdout).unwrap()).unwrap());
        }
    }
    // The values are what they were, in either format.
    assert_eq!(parsed[0], parsed[1]);
    assert!(parsed[0]["row"]["status"].as_str().unwrap().contains('\u{202e}'));
}

#[test]
fn tables_and_reports_have_colours_when_they_are_wanted() {
    for arguments in [&["resolve", ROW][..], &["doctor", ROW, "--server", "https://127.0.0.1:1"]] {
        let printed = |color: &[&str], no_color: &str| {
            let run = elbtail(&[arguments, color].concat()).env("NO_COLOR", no_color).output().unwrap();
            String::from_utf8(run.stdout).unwrap()
        };
        let bare = printed(&[], "");
        assert!(!bare.contains('\u{1b}'));
        assert_eq!(printed(&["--color", "never"], ""), bare);
        let coloured = printed(&["--color", "always"], "1");
        assert!(coloured.contains("\u{1b}["), "{coloured:?}");
    }
    // An object is one in any case.
    let object = elbtail(&["resolve", ROW, "-o", "json", "--color", "always"]).output().unwrap();
    serde_json::from_slice::<serde_json::Value>(&object.stdout).unwrap();
}

#[test]
fn the_client_version_needs_no_cluster() {
    let number = format!("v{}", env!("CARGO_PKG_VERSION"));
    elbtail(&["version", "--client"]).assert().code(0).stdout(format!("Client Version: {number}\n")).stderr("");
    for format in ["json", "yaml"] {
        let run = elbtail(&["version", "--client", "-o", format]).assert().code(0);
        let view: serde_json::Value =
            serde_saphyr::from_str(std::str::from_utf8(&run.get_output().stdout).unwrap()).unwrap();
        assert_eq!(view["clientVersion"]["gitVersion"], *number);
        assert_eq!(view.get("serverVersion"), None);
    }
    // Without a cluster its own is printed all the same.
    let run = elbtail(&["version", "--server", "https://127.0.0.1:1"]).assert().code(6);
    run.stdout(format!("Client Version: {number}\n"));
}
