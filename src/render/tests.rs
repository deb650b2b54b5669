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
    let sources: Vec<_> = targets.iter().map(|target| renderer.introduce(target, SHORT)).collect();
    let mut out = Vec::new();
    for (n, (target, source)) in targets.iter().zip(&sources).enumerate() {
        let line = line(n as i64 * 1_000_000_007, sample(&target.container));
        renderer.line(&mut out, source, n as u32 % 2, &line);
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
        incident().iter().map(|target| Renderer::default().introduce(target, SHORT).label().to_owned()).collect();
    assert_eq!(labels[10], "blastn-s03-000-p9vp5/blast");
    assert_eq!(labels[25], "elb-finalizer-kb79l/finalizer");
}

#[test]
fn columns_grow_and_a_freak_keeps_its_name() {
    let mut renderer = Renderer::default();
    let introduce = |renderer: &mut Renderer, pod: &str, container: &str| {
        let target = Target { pod: pod.to_owned(), container: container.to_owned(), ..incident()[1].clone() };
        renderer.introduce(&target, SHORT)
    };
    let mut out = Vec::new();
    let first = introduce(&mut renderer, "a", "b");
    renderer.line(&mut out, &first, 0, &line(0, "x"));
    let second = introduce(&mut renderer, "abc", "bcd");
    renderer.line(&mut out, &first, 0, &line(0, "x"));
    renderer.line(&mut out, &second, 0, &line(0, "x"));
    let freak = "f".repeat(100);
    let third = introduce(&mut renderer, &freak, "b");
    renderer.line(&mut out, &third, 0, &line(0, "x"));
    renderer.line(&mut out, &first, 0, &line(0, "x"));
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
        let source = renderer.introduce(&target, SHORT);
        let mut out = Vec::new();
        renderer.line(&mut out, &source, 0, &line(0, "x"));
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
            let source = renderer.introduce(&targets[n * 7 % targets.len()], SHORT);
            let mut out = b"before\n".to_vec();
            renderer.line(&mut out, &source, 0, &line(0, text));
            let added = out.strip_prefix(b"before\n").unwrap();
            prop_assert_eq!(added.iter().position(|b| *b == b'\n'), Some(added.len() - 1));
        }
    }

    #[test]
    fn a_pipe_gives_the_input_back(color in any::<bool>(), timestamps in any::<bool>(), texts in texts()) {
        for format in [Format::Default, Format::Raw] {
            let mut renderer = Renderer::new(RenderOptions { format, color, timestamps, ..Default::default() });
            let source = renderer.introduce(&incident()[3], SHORT);
            let mut prefix = Vec::new();
            renderer.line(&mut prefix, &source, 0, &line(5, ""));
            prefix.pop();
            for text in &texts {
                let mut out = Vec::new();
                renderer.line(&mut out, &source, 0, &line(5, text));
                let rest = out.strip_prefix(&prefix[..]).and_then(|rest| rest.strip_suffix(b"\n"));
                prop_assert_eq!(rest, Some(&text[..]));
            }
        }
    }

    #[test]
    fn a_terminal_obeys_our_colours_only(options in options(), texts in texts()) {
        let mut renderer = Renderer::new(RenderOptions { terminal: true, ..options });
        let source = renderer.introduce(&incident()[3], SHORT);
        for text in &texts {
            let mut out = Vec::new();
            renderer.line(&mut out, &source, 0, &line(0, text));
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
