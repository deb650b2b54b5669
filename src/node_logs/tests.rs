//! Over real sockets: the test cluster's kubelet rotates, compresses, removes and cuts off.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use testcluster::{Access, Action, Cut, Kind, NodeLogs, Options, PodHandle, Rule, Stream as Written};

use super::*;
use crate::{
    cluster::fixtures::Connected,
    k8s::{Stamp, Stream, lines::lines_of},
};

struct Scene {
    connected: Connected,
    pod: PodHandle,
}

impl Deref for Scene {
    type Target = Connected;

    fn deref(&self) -> &Connected {
        &self.connected
    }
}

impl Scene {
    async fn new(options: Options) -> Self {
        let connected = Connected::with(options, Access::all()).await;
        let pod = connected.server.pod("blast-0").restart_policy("OnFailure");
        let pod = pod.container("blast").container("sidecar").create();
        pod.start_all(&["blast", "sidecar"]);
        Self { connected, pod }
    }

    fn directory(&self) -> Directory {
        let owner = LogOwner { namespace: "default", pod: self.pod.name(), uid: self.pod.uid(), container: "blast" };
        Directory::new("node1", owner).unwrap()
    }

    /// Prints numbered lines, at their own nanosecond each.
    fn print(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let stream = if number.is_multiple_of(3) { Written::Stderr } else { Written::Stdout };
            self.pod.print_at("blast", at(number), stream, format!("line {number} {}", "x".repeat(number % 50)));
        }
    }

    async fn open(&self, since: Option<usize>) -> Result<NodeLog, Unreadable> {
        let since = since.map(|number| Stamp::from_timestamp(at(number)).unwrap());
        NodeLog::open(&self.cluster, &self.directory(), 0, since).await
    }

    /// What the log API reads.
    async fn api(&self) -> Vec<crate::k8s::Line> {
        let query = crate::cluster::LogQuery { container: "blast".to_owned(), timestamps: true, ..Default::default() };
        let crate::cluster::LogAnswer::Body(mut body) =
            self.cluster.log("default", self.pod.name(), &query).await.unwrap()
        else {
            panic!("not scheduled");
        };
        let mut answer = Vec::new();
        while let Some(bytes) = body.next().await {
            answer.extend_from_slice(&bytes.unwrap());
        }
        lines_of(&answer)
    }
}

fn at(number: usize) -> Timestamp {
    let start: Timestamp = "2026-11-25T17:00:00Z".parse().unwrap();
    // Ten a second.
    start + std::time::Duration::from_nanos(100_000_000 * number as u64 + 7)
}

/// The numbers of the lines; `None` where some are gone.
fn numbers(pieces: &[Each]) -> Vec<Option<usize>> {
    pieces
        .iter()
        .map(|piece| match piece {
            Each::Line(line) => {
                let text = String::from_utf8(line.line.text.to_vec()).unwrap();
                let number = text.split(' ').nth(1).unwrap().parse().unwrap();
                assert_eq!(text, format!("line {number} {}", "x".repeat(number % 50)), "torn");
                assert_eq!(line.line.stamp, Stamp::from_timestamp(at(number)).unwrap());
                let stream = if number.is_multiple_of(3) { Stream::Stderr } else { Stream::Stdout };
                assert_eq!(line.stream, Some(stream));
                Some(number)
            }
            Each::Unfinished(line) => panic!("unfinished: {line:?}"),
            Each::Gone => None,
        })
        .collect()
}

/// A [`NodePiece`] of one line.
#[derive(Debug)]
enum Each {
    Line(NodeLine),
    Unfinished(NodeLine),
    Gone,
}

async fn read(log: &mut NodeLog) -> Vec<Each> {
    let mut all = Vec::new();
    while let Some(piece) = log.next().await.unwrap() {
        all.extend(each(piece));
    }
    all
}

fn each(piece: NodePiece) -> Vec<Each> {
    match piece {
        NodePiece::Lines(lines) => lines.into_iter().map(Each::Line).collect(),
        NodePiece::Unfinished(line) => vec![Each::Unfinished(line)],
        NodePiece::Gone => vec![Each::Gone],
    }
}

fn all(range: std::ops::Range<usize>) -> Vec<Option<usize>> {
    range.map(Some).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_files_of_an_instance_are_one_log() {
    let scene = Scene::new(Options::default()).await;
    for file in 0..4 {
        scene.print(file * 100..(file + 1) * 100);
        scene.pod.rotate("blast");
    }
    scene.print(400..450);
    let mut log = scene.open(None).await.unwrap();
    assert!(!log.is_whole(), "it was rotated, so more may have been before");
    let pieces = read(&mut log).await;
    assert_eq!(numbers(&pieces), all(0..450));
    assert_eq!(log.next().await.unwrap(), None);
    let api = scene.api().await;
    let lines = pieces.iter().filter_map(|piece| match piece {
        Each::Line(line) => Some(line.line.clone()),
        _ => None,
    });
    assert!(lines.skip(400).eq(api), "stamps and texts of the newest file are those of the log API");
    let held = held(&scene.cluster, &scene.directory()).await.unwrap();
    assert_eq!(held.len(), 5);
    assert!(held.iter().all(|held| held.file.instance == 0 && held.size.unwrap() > 100));
    assert!(held[..3].iter().all(|held| held.file.gzip) && !held[3].file.gzip);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_bytes_and_long_lines_are_those_of_the_log_api() {
    let scene = Scene::new(Options { log_max_size: Some(40_000), ..Options::default() }).await;
    let log = scene.open(None).await.unwrap();
    assert!(log.is_whole());
    let mut texts: Vec<Vec<u8>> =
        vec![b"".to_vec(), b"\x1b[31mred\r\n".to_vec(), b"a\rb".to_vec(), b"\xff\xfe\0".to_vec(), vec![b'L'; 16_384]];
    texts.push(vec![b'M'; 68_000]);
    for text in &texts[..5] {
        scene.pod.print("blast", text);
    }
    for part in texts[5].chunks(7000) {
        scene.pod.chunk("blast", at(0), Written::Stdout, part.len() == 7000, part);
    }
    scene.pod.chunk("blast", at(0), Written::Stdout, true, b"abc");
    scene.pod.chunk("blast", at(1), Written::Stderr, false, b"def");
    scene.pod.chunk("blast", at(2), Written::Stdout, true, b"no end");
    let pieces = read(&mut scene.open(None).await.unwrap()).await;
    let found: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Each::Line(line) => line.line.text.escape_ascii().to_string(),
            Each::Unfinished(line) => format!("unfinished {}", line.line.text.escape_ascii()),
            Each::Gone => "gone".to_owned(),
        })
        .collect();
    texts[1] = b"\x1b[31mred".to_vec();
    let mut wanted: Vec<String> = texts.iter().map(|text| text.escape_ascii().to_string()).collect();
    wanted.extend(["abcdef".to_owned(), "unfinished no end".to_owned()]);
    assert_eq!(found, wanted);
    let Some(Each::Line(long)) = pieces.get(5) else { panic!("no line") };
    assert!(long.from_older_file > 0, "the log was rotated inside it");
    let Some(Each::Line(mixed)) = pieces.get(6) else { panic!("no line") };
    assert_eq!(mixed.stream, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_download_goes_on_at_its_byte() {
    for how in [Cut::Reset, Cut::Fin, Cut::End, Cut::StreamReset] {
        let scene = Scene::new(Options::default()).await;
        for file in 0..3 {
            scene.print(file * 1000..(file + 1) * 1000);
            scene.pod.rotate("blast");
        }
        scene.print(3000..4000);
        let cuts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&cuts);
        // Every third request, in the middle of its bytes, lists included.
        let third = move |call: &testcluster::Call| {
            call.kind == Kind::NodeFile && call.nth.is_multiple_of(3) && counted.fetch_add(1, Ordering::Relaxed) < 1000
        };
        scene.server.faults().push(Rule::new(third, Action::Cut { after: 7001, how }));
        let pieces = read(&mut scene.open(None).await.unwrap()).await;
        assert_eq!(numbers(&pieces), all(0..4000), "{how:?}");
        let fired: usize = scene.server.faults_fired().values().sum();
        assert!(fired > 2, "{how:?}: {fired} cuts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_for_a_while_are_waited_out() {
    let scene = Scene::new(Options::default()).await;
    scene.print(0..10);
    for code in [429, 500, 503] {
        let refuse = Action::Answer { code, retry_after: None };
        scene.server.faults().push(Rule::new(|call| call.kind == Kind::NodeFile, refuse).times(2));
        assert_eq!(numbers(&read(&mut scene.open(None).await.unwrap()).await), all(0..10));
    }
}

/// At every request something may happen to the files: they are rotated, compressed, and written on.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_move_while_they_are_read_are_found_again() {
    for step in 1..12 {
        let scene = Scene::new(Options::default()).await;
        scene.print(0..1000);
        scene.pod.rotate("blast");
        scene.print(1000..2000);
        let pod = scene.pod.clone();
        let rotated = AtomicUsize::new(0);
        // The download is cut, so that it has to be found again, and once or twice the log is rotated meanwhile.
        scene.server.faults().hook(move |call| {
            if call.kind != Kind::NodeFile {
                return None;
            }
            if call.nth == step || call.nth == step + 2 {
                pod.rotate("blast");
                let from = 2000 + 100 * rotated.fetch_add(1, Ordering::Relaxed);
                for number in from..from + 100 {
                    let stream = if number.is_multiple_of(3) { Written::Stderr } else { Written::Stdout };
                    let text = format!("line {number} {}", "x".repeat(number % 50));
                    pod.print_at("blast", at(number), stream, text);
                }
            }
            let file = !call.path.ends_with('/');
            (file && call.nth < 20).then_some(Action::Cut { after: 9000, how: Cut::StreamReset })
        });
        let pieces = read(&mut scene.open(None).await.unwrap()).await;
        let numbers = numbers(&pieces);
        assert!(numbers.len() >= 2000, "step {step}: {}", numbers.len());
        assert_eq!(numbers, all(0..numbers.len()), "step {step}");
        scene.server.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_unread_is_told() {
    let scene = Scene::new(Options::default()).await;
    for file in 0..4 {
        scene.print(file * 100..(file + 1) * 100);
        scene.pod.rotate("blast");
    }
    scene.print(400..500);
    let mut log = scene.open(None).await.unwrap();
    let mut pieces = each(log.next().await.unwrap().unwrap());
    // The first file is read; meanwhile the next two are removed.
    for file in 5..8 {
        scene.pod.rotate("blast");
        scene.print(file * 100..(file + 1) * 100);
    }
    pieces.extend(read(&mut log).await);
    let wanted = [all(0..100), vec![None], all(300..800)].concat();
    assert_eq!(numbers(&pieces), wanted);
    // All of them go, and the one that was the newest with them.
    let mut log = scene.open(Some(550)).await.unwrap();
    let mut pieces = each(log.next().await.unwrap().unwrap());
    for file in 8..20 {
        scene.pod.rotate("blast");
        scene.print(file * 100..(file + 1) * 100);
    }
    pieces.extend(read(&mut log).await);
    assert_eq!(numbers(&pieces), [all(500..600), vec![None], all(1500..2000)].concat());
    // The newest is all there is, is read, and is gone before what was written after it is read.
    let mut log = scene.open(Some(1950)).await.unwrap();
    assert_eq!(numbers(&each(log.next().await.unwrap().unwrap())), all(1900..2000));
    scene.pod.delete();
    assert_eq!(log.next().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_long_ago_are_passed_over() {
    let scene = Scene::new(Options::default()).await;
    for file in 0..4 {
        scene.print(file * 100..(file + 1) * 100);
        scene.pod.rotate("blast");
    }
    scene.print(400..500);
    for (since, from) in [(0, 0), (99, 0), (105, 0), (115, 100), (350, 300), (450, 400), (9999, 400)] {
        let pieces = read(&mut scene.open(Some(since)).await.unwrap()).await;
        assert_eq!(numbers(&pieces), all(from..500), "since {since}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instance_has_a_log_of_its_own() {
    let scene = Scene::new(Options::default()).await;
    scene.print(0..10);
    scene.pod.rotate("blast");
    scene.print(10..20);
    scene.pod.restart("blast");
    scene.print(20..30);
    let open = async |instance| NodeLog::open(&scene.cluster, &scene.directory(), instance, None).await;
    assert_eq!(numbers(&read(&mut open(0).await.unwrap()).await), all(0..20));
    assert_eq!(numbers(&read(&mut open(1).await.unwrap()).await), all(20..30));
    scene.pod.restart("blast");
    assert_eq!(open(0).await.unwrap_err().to_string(), "older than the files kept");
    assert_eq!(open(7).await.unwrap_err().to_string(), "older than the files kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_files_do_not_help() {
    let scene = Scene::new(Options::default()).await;
    scene.print(0..10);
    let why = async |cluster: &Cluster| {
        let directory = scene.directory();
        NodeLog::open(cluster, &directory, 0, None).await.unwrap_err().to_string()
    };
    let viewer = scene.of("viewer", Access::all().deny("*", "nodes/proxy")).await;
    assert_eq!(why(&viewer).await, "nodes/proxy is not permitted");
    for served in [NodeLogs::Disabled, NodeLogs::Elsewhere] {
        scene.server.node_logs("node1", served);
        assert_eq!(why(&scene.cluster).await, "the kubelet does not serve /logs/", "{served:?}");
    }
    scene.server.node_logs("node1", NodeLogs::Served);
    scene.server.kubelet_down("node1", true);
    let down = why(&scene.cluster).await;
    assert!(down.contains("connection refused"), "{down}");
    scene.server.kubelet_down("node1", false);
    scene.pod.delete();
    assert_eq!(why(&scene.cluster).await, "older than the files kept");
    scene.server.remove_node("node1");
    assert_eq!(why(&scene.cluster).await, "the node is gone");
}

/// A server without nodes says `NotFound` as well, of another thing.
#[test]
fn a_node_is_gone_only_if_the_server_says_so_of_a_node() {
    let recording = |name: &str| {
        let path = format!("{}/testdata/recordings/kubernetes-1.36/{name}.http", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split(' ').nth(1).unwrap().parse().unwrap();
        let status: serde_json::Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        Rejection { code, reason: text("reason"), message: text("message"), retry_after: None }
    };
    let why = |rejection: Rejection| Unreadable::from(ClusterError::from(rejection)).to_string();
    assert_eq!(why(recording("node-logs-unknown-node")), "the node is gone");
    assert_eq!(why(recording("node-logs-forbidden")), "nodes/proxy is not permitted");
    let no_such_path = Rejection {
        message: "the server could not find the requested resource".to_owned(),
        ..recording("node-logs-unknown-node")
    };
    assert!(why(no_such_path).starts_with("the server could not find"));
}
