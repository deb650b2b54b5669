//! Whole lines of the incident's job.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::k8s::{Line, Pod, Stamp, Target, targets};

const SHORT: &str = "3ed51a95";

fn pod(name: String, init: &[&str], containers: &[&str]) -> Vec<Target> {
    let list = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"namespace": "default", "name": name, "uid": name},
        "spec": {"initContainers": list(init), "containers": list(containers)},
    }))
    .unwrap();
    targets(&pod)
}

/// The incident's 26 containers, init containers among them.
pub(super) fn incident() -> Vec<Target> {
    let batch = ["8d5gz", "x2vbn", "k7m4q", "p9vp5", "tz6wl"].iter().enumerate().flat_map(|(shard, suffix)| {
        let name = format!("blastn-batch-s{shard:02}-job-000-{SHORT}-{suffix}");
        pod(name, &["import-query-batches"], &["blast", "results-export"])
    });
    let setup = ["7vvqw", "h4c9d", "2xk8s", "vc4tz", "m6b5r"].iter().enumerate().flat_map(|(node, suffix)| {
        pod(format!("init-ssd-{SHORT}-{node}-{suffix}"), &[], &["get-blastdb", "import-query-batches"])
    });
    let finalizer = pod(format!("elb-finalizer-{SHORT}-kb79l"), &[], &["finalizer"]);
    batch.chain(setup).chain(finalizer).collect()
}

fn line(nanos: i64, text: impl AsRef<[u8]>) -> Line {
    let start = Stamp::from_timestamp("2026-11-24T12:58:26.959221551Z".parse().unwrap()).unwrap();
    Line { stamp: Stamp(start.0.saturating_add(nanos)), text: Bytes::copy_from_slice(text.as_ref()) }
}

/// A line that each kind of container prints.
fn sample(container: &str) -> &'static str {
    match container {
        "blast" => "\x1b[1mrun start 000\x1b[0m blastn core_nt",
        "get-blastdb" => "55.0 %, 3 Done, 0 Failed\r60.0 %, 4 Done, 0 Failed\r",
        "results-export" => "+ azcopy cp \x1b]0;title\x07",
        "finalizer" => "ElasticBLAST Finalizer started",
        _ => "",
    }
}

/// One line of every container, with control characters made visible.
fn block(options: RenderOptions) -> String {
    let mut renderer = Renderer::new(options);
    let targets = incident();
    let containers: Vec<_> = targets.iter().map(|target| renderer.introduce(target, SHORT, None)).collect();
    let mut out = Vec::new();
    for (n, (target, container)) in targets.iter().zip(&containers).enumerate() {
        let line = line(n as i64 * 1_000_000_007, sample(&target.container));
        renderer.line(&mut out, container, n as u32 % 2, None, &line);
    }
    String::from_utf8(out).unwrap().replace('\x1b', "␛").replace('\x07', "␇").replace('\r', "␍")
}

#[test]
fn the_incident_on_a_terminal() {
    let terminal = RenderOptions { terminal: true, utf8: true, ..Default::default() };
    insta::assert_snapshot!("terminal_plain", block(terminal));
    insta::assert_snapshot!("terminal_color", block(RenderOptions { color: true, ..terminal }));
}

#[test]
fn the_incident_in_a_pipe() {
    let pipe = RenderOptions::default();
    insta::assert_snapshot!("pipe_timestamps", block(RenderOptions { timestamps: true, ..pipe }));
    insta::assert_snapshot!("raw_timestamps", block(RenderOptions { format: Format::Raw, timestamps: true, ..pipe }));
    insta::assert_snapshot!("json", block(RenderOptions { format: Format::Json, ..pipe }));
}

#[test]
fn labels_are_short() {
    let labels: Vec<_> =
        incident().iter().map(|target| Renderer::default().introduce(target, SHORT, None).label().to_owned()).collect();
    assert_eq!(labels[10], "blastn-s03-000-p9vp5/blast");
    assert_eq!(labels[25], "elb-finalizer-kb79l/finalizer");
}

#[test]
fn columns_grow_and_a_freak_keeps_its_name() {
    let mut renderer = Renderer::default();
    let introduce = |renderer: &mut Renderer, pod: &str, container: &str| {
        let target = Target { pod: pod.to_owned(), container: container.to_owned(), ..incident()[1].clone() };
        renderer.introduce(&target, SHORT, None)
    };
    let mut out = Vec::new();
    let first = introduce(&mut renderer, "a", "b");
    renderer.line(&mut out, &first, 0, None, &line(0, "x"));
    let second = introduce(&mut renderer, "abc", "bcd");
    renderer.line(&mut out, &first, 0, None, &line(0, "x"));
    renderer.line(&mut out, &second, 0, None, &line(0, "x"));
    let freak = "f".repeat(100);
    let third = introduce(&mut renderer, &freak, "b");
    renderer.line(&mut out, &third, 0, None, &line(0, "x"));
    renderer.line(&mut out, &first, 0, None, &line(0, "x"));
    let expected = [
        "a b run    | x".to_owned(),
        "a   b   run    | x".to_owned(),
        "abc bcd run    | x".to_owned(),
        format!("{freak} b   run    | x"),
        format!("a{} b   run    | x", " ".repeat(39)),
    ];
    assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn names_cannot_tear_a_line_or_reach_the_terminal() {
    let target = Target { pod: "a\n\x1b[2J".to_owned(), container: "b\x07".to_owned(), ..incident()[1].clone() };
    for format in [Format::Default, Format::Json] {
        let mut renderer = Renderer::new(RenderOptions { format, ..Default::default() });
        let container = renderer.introduce(&target, SHORT, None);
        let mut out = Vec::new();
        renderer.line(&mut out, &container, 0, None, &line(0, "x"));
        assert_eq!(out.iter().filter(|b| b.is_ascii_control()).count(), 1, "the line end alone");
    }
}

fn options() -> impl Strategy<Value = RenderOptions> {
    let format = proptest::sample::select(vec![Format::Default, Format::Raw, Format::Json]);
    (format, any::<[bool; 4]>()).prop_map(|(format, [color, terminal, utf8, timestamps])| RenderOptions {
        format,
        color,
        terminal,
        utf8,
        timestamps,
        theme: Theme::Default,
        breaks: false,
    })
}

fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let text = prop_oneof![
        "[ -~é\x1b\r\\[m]{0,40}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..40)
    ];
    let line = text.prop_map(|text| text.into_iter().filter(|b| *b != b'\n').collect());
    proptest::collection::vec(line, 0..20)
}

proptest! {
    #[test]
    fn a_line_is_one_line(options in options(), texts in texts()) {
        let mut renderer = Renderer::new(options);
        let targets = incident();
        for (n, text) in texts.iter().enumerate() {
            let container = renderer.introduce(&targets[n * 7 % targets.len()], SHORT, None);
            let mut out = b"before\n".to_vec();
            renderer.line(&mut out, &container, 0, None, &line(0, text));
            let added = out.strip_prefix(b"before\n").unwrap();
            prop_assert_eq!(added.iter().position(|b| *b == b'\n'), Some(added.len() - 1));
        }
    }

    #[test]
    fn a_pipe_gives_the_input_back(color in any::<bool>(), timestamps in any::<bool>(), texts in texts()) {
        for format in [Format::Default, Format::Raw] {
            let mut renderer = Renderer::new(RenderOptions { format, color, timestamps, ..Default::default() });
            let container = renderer.introduce(&incident()[3], SHORT, None);
            let mut prefix = Vec::new();
            renderer.line(&mut prefix, &container, 0, None, &line(5, ""));
            prefix.pop();
            for text in &texts {
                let mut out = Vec::new();
                renderer.line(&mut out, &container, 0, None, &line(5, text));
                let rest = out.strip_prefix(&prefix[..]).and_then(|rest| rest.strip_suffix(b"\n"));
                prop_assert_eq!(rest, Some(&text[..]));
            }
        }
    }

    #[test]
    fn a_terminal_obeys_our_colours_only(options in options(), texts in texts()) {
        let mut renderer = Renderer::new(RenderOptions { terminal: true, ..options });
        let container = renderer.introduce(&incident()[3], SHORT, None);
        for text in &texts {
            let mut out = Vec::new();
            renderer.line(&mut out, &container, 0, None, &line(0, text));
            let mut shown = String::from_utf8(out).unwrap();
            if options.color && options.format == Format::Default {
                let on = shown.find('m').unwrap();
                prop_assert!(shown.starts_with("\x1b[38;5;"));
                prop_assert_eq!(shown.matches("\x1b[0m").count(), 1);
                shown = shown[on + 1..].replacen("\x1b[0m", "", 1);
            }
            prop_assert!(shown.ends_with('\n'));
            shown.pop();
            prop_assert!(!shown.chars().any(|c| c != '\t' && unsafe_chars::is_unsafe(c)), "{shown:?}");
        }
    }
}

/// A renderer for a screen of so many columns; 0 when that is not known.
fn on_screen(options: RenderOptions, wrap: Wrap, columns: u16) -> Renderer {
    let width = ScreenWidth::default();
    width.set(columns);
    Renderer::new(RenderOptions { terminal: true, ..options }).with_screen(Some(Screen { wrap, width }))
}

/// What containers of a job print, known lines and others, long ones and short ones.
const SAID: [(usize, &str); 12] = [
    (15, "Shard download: idx=00 prefix=core_nt_shard_00 db=core_nt"),
    (15, "azcopy attempt 2/5 failed, retrying in 20s..."),
    (
        15,
        "0.0 %, 0 Done, 0 Failed, 5 Pending, 0 Skipped, 5 Total\r55.0 %, 3 Done, 0 Failed, 2 Pending, 0 Skipped, 5 Total, 2-sec Throughput (Mb/s): 812.3\r",
    ),
    (15, "Tue Nov 24 12:58:30 UTC 2026 RUNTIME download-core_nt_shard_00 12.5 seconds"),
    (1, "run start 000 blastn core_nt_shard_00"),
    (
        1,
        "blastn -db core_nt_shard_00 -query /shared/requests/batch_000.fa -out /shared/results/batch_000-blastn-s00.out -num_threads 8 -outfmt 7",
    ),
    (
        1,
        "Warning: [blastn] Query_1 größer 測試 🧬: Could not calculate ungapped Karlin-Altschul parameters due to an invalid query sequence or its translation.",
    ),
    (1, "Query_1\tNC_000913.3\t99.412\t170\t1\t0\t1\t170\t190\t359\t1.21e-85\t315"),
    (
        1,
        "BLAST Database error: No alias or index file found for nucleotide database [core_nt_shard_00] in search path [/blast/blastdb::]",
    ),
    (1, "run end 000 2"),
    (25, "Detected 5 BLAST job(s); waiting for completion"),
    (25, "FAILURE: jobs failed: blastn-batch-s00-job-000-3ed51a95"),
];

/// They on a screen, with escape characters made visible.
fn said(options: RenderOptions, wrap: Wrap, columns: u16) -> String {
    let mut renderer = on_screen(options, wrap, columns);
    let containers: Vec<_> = incident().iter().map(|target| renderer.introduce(target, SHORT, None)).collect();
    let mut out = Vec::new();
    for (n, (of, text)) in SAID.iter().enumerate() {
        renderer.line(&mut out, &containers[*of], 0, None, &line(n as i64 * 1_000_000_007, text));
    }
    String::from_utf8(out).unwrap().replace('\x1b', "␛")
}

#[test]
fn long_lines_hang_below_their_prefix_at_every_width() {
    let color = RenderOptions { color: true, utf8: true, ..Default::default() };
    for (columns, name) in [(40, "40"), (60, "60"), (80, "80"), (120, "120"), (0, "unlimited")] {
        insta::assert_snapshot!(format!("screen_{name}"), said(color, Wrap::Hang, columns));
        insta::assert_snapshot!(
            format!("screen_{name}_plain"),
            said(RenderOptions { color: false, ..color }, Wrap::Hang, columns)
        );
    }
    insta::assert_snapshot!("screen_80_cut", said(color, Wrap::Cut, 80));
    insta::assert_snapshot!(
        "screen_80_colour_blind",
        said(RenderOptions { theme: Theme::ColorBlind, ..color }, Wrap::Hang, 80)
    );
    let ascii = RenderOptions { utf8: false, timestamps: true, ..Default::default() };
    insta::assert_snapshot!("screen_100_ascii_timestamps", said(ascii, Wrap::Hang, 100));
    assert_eq!(said(color, Wrap::None, 80), said(color, Wrap::Hang, 0), "the terminal breaks lines itself");
}

#[test]
fn a_screen_that_becomes_wider_or_narrower_is_used_as_it_is() {
    let width = ScreenWidth::default();
    let options = RenderOptions { terminal: true, utf8: true, ..Default::default() };
    let mut renderer = Renderer::new(options).with_screen(Some(Screen { wrap: Wrap::Hang, width: width.clone() }));
    let container = renderer.introduce(&incident()[1], SHORT, None);
    let rows = [0, 120, 80, 40, 0].map(|columns| {
        width.set(columns);
        let mut out = Vec::new();
        renderer.line(&mut out, &container, 0, None, &line(0, SAID[5].1));
        String::from_utf8(out).unwrap().lines().count()
    });
    assert_eq!(rows, [1, 2, 4, 9, 1]);
}

/// `text` without colours, of which there are no others than ours.
fn uncoloured(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("\x1b[") {
        let end = text[start..].find('m').unwrap();
        text.replace_range(start..=start + end, "");
    }
    text
}

/// Lines of any bytes, and known ones.
fn any_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let known = proptest::sample::select(SAID.to_vec()).prop_map(|(_, text)| text.as_bytes().to_vec());
    let long = "[ -~é測\t]{0,200}".prop_map(String::into_bytes);
    proptest::collection::vec(
        prop_oneof![known, long, proptest::collection::vec(any::<u8>().prop_filter("end", |b| *b != b'\n'), 0..60)],
        1..6,
    )
}

proptest! {
    #[test]
    fn without_its_colours_a_screen_shows_what_an_uncoloured_one_does(
        options in options(), texts in any_lines(), columns in prop_oneof![Just(0u16), 80..250u16],
        wrap in proptest::sample::select(vec![Wrap::Hang, Wrap::Cut, Wrap::None]),
        theme in proptest::sample::select(vec![Theme::Default, Theme::ColorBlind]),
    ) {
        let options = RenderOptions { theme, ..options };
        let shown = |color| {
            let mut renderer = on_screen(RenderOptions { color, ..options }, wrap, columns);
            let container = renderer.introduce(&incident()[3], SHORT, None);
            let mut out = Vec::new();
            texts.iter().for_each(|text| renderer.line(&mut out, &container, 0, None, &line(0, text)));
            String::from_utf8(out).unwrap()
        };
        prop_assert_eq!(uncoloured(&shown(true)), shown(false));
    }

    #[test]
    fn unwrapping_gives_the_line(options in options(), texts in any_lines(), columns in 20..250u16) {
        let options = RenderOptions { format: Format::Default, ..options };
        let shown = |columns| {
            let mut renderer = on_screen(options, Wrap::Hang, columns);
            let container = renderer.introduce(&incident()[3], SHORT, None);
            let lines = texts.iter().map(|text| {
                let mut out = Vec::new();
                renderer.line(&mut out, &container, 0, None, &line(0, text));
                uncoloured(std::str::from_utf8(&out).unwrap())
            });
            lines.collect::<Vec<_>>()
        };
        let bar = if options.utf8 { "│ " } else { "| " };
        for (wrapped, whole) in shown(columns).iter().zip(shown(0)) {
            let mut rows = wrapped.strip_suffix('\n').unwrap().split('\n');
            let first = rows.next().unwrap();
            let prefix = first.find(bar).unwrap() + bar.len();
            let mut unwrapped = first[prefix..].to_owned();
            for row in rows {
                let (blanks, text) = row.split_once(bar).unwrap();
                prop_assert!(blanks.chars().all(|c| c == ' '), "{row:?}");
                unwrapped.push_str(text);
            }
            let whole = whole.strip_suffix('\n').unwrap();
            prop_assert_eq!(unwrapped, &whole[whole.find(bar).unwrap() + bar.len()..]);
        }
    }
}
