//! What rotation took away from the log API and the nodes still have.

use std::{ops::Range, sync::OnceLock, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use testcluster::{Access, NodeLogs, Options, PodHandle, Stream, TestCluster};

use crate::{
    jobs::JobPlan,
    lines::{stderr, stdout},
    scene::is_real,
    stage::{ID, ROW, SHORT, Stage},
};

/// A script that fills more than one file and goes on for longer than a kubelet takes to notice; its lines.
fn bursts() -> (String, Vec<String>) {
    let (lines, pause) = if is_real() { (100_000, 12) } else { (500, 1) };
    let padding = "acgt".repeat(24);
    let script = format!(
        "b=0; while [ $b -lt 4 ]; do b=$((b+1)); awk -v b=$b 'BEGIN {{ for (i = 1; i <= {lines}; i++) \
         print \"burst \" b \" line \" i \" {padding}\" }}'; sleep {pause}; done"
    );
    let line = |burst, number| format!("burst {burst} line {number} {padding}");
    (script, (1..=4).flat_map(|burst| (1..=lines).map(move |number| line(burst, number))).collect())
}

/// A stage on which logs are rotated by size, if its node files may be read.
fn rotating() -> Option<Stage> {
    let options = Options { log_max_size: Some(100_000), ..Options::default() };
    let stage = if is_real() { Stage::new() } else { Stage::local_with(options) };
    if stage.may("get", "nodes/proxy") {
        return Some(stage);
    }
    eprintln!("skipped: this cluster does not permit to get nodes/proxy");
    None
}

#[test]
fn what_was_rotated_away_before_the_first_look_comes_back() {
    let Some(stage) = rotating() else { return };
    let (script, mut expected) = bursts();
    let job = JobPlan::batch(0).container("blast", &format!("{script}; echo over; exec sleep 3600"));
    stage.create(&job);
    stage.until_printed(&job.name, "blast", "over");
    expected.push("over".to_owned());
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    let said = stderr(&run);
    let all = stdout(&run);
    assert!(all == expected, "{} of {}; {said}", all.len(), expected.len());
    assert!(!said.contains("earlier lines may"), "{said}");

    let newest = stdout(&stage.run(&["logs", ROW, "-o", "raw", "--node-logs", "never"]).code(0));
    assert!(newest.len() < expected.len() && expected.ends_with(&newest), "{} lines", newest.len());

    for tail in [1, newest.len(), newest.len() + 1, newest.len() + 100, expected.len() + 1] {
        let run = stage.run(&["logs", ROW, "-o", "raw", "--tail", &tail.to_string()]).code(0);
        let wanted = &expected[expected.len().saturating_sub(tail)..];
        assert!(stdout(&run) == wanted, "--tail {tail}: {} lines; {}", stdout(&run).len(), stderr(&run));
    }

    let json = stdout(&stage.run(&["logs", ROW, "-o", "json"]).code(0));
    let streams: Vec<Option<String>> = json
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["stream"].as_str().map(str::to_owned))
        .collect();
    let known = expected.len() - newest.len();
    assert!(streams[..known].iter().all(|stream| stream.as_deref() == Some("stdout")));
    assert!(streams[known..].iter().all(Option::is_none), "the log API does not tell");
}

#[test]
fn an_earlier_instance_is_read_from_all_its_files() {
    let Some(stage) = rotating() else { return };
    let (script, expected) = bursts();
    let script = format!("if [ -e ran ]; then echo second; exec sleep 3600; fi; touch ran; {script}; exit 1");
    let job = JobPlan::batch(0).restarts(3).container("blast", &script);
    stage.create(&job);
    stage.until_printed(&job.name, "blast", "second");
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    let (got, said) = (stdout(&run), stderr(&run));
    assert!(got[..got.len() - 1] == expected, "{} of {}; {said}", got.len(), expected.len());
    assert_eq!(got.last().map(String::as_str), Some("second"));
    let never = stdout(&stage.run(&["logs", ROW, "-o", "raw", "--node-logs", "never"]).code(0));
    assert!(never.len() < got.len() && got.ends_with(&never), "{} lines", never.len());
}

/// A pod that started an hour ago on a test cluster.
struct Scene {
    stage: Stage,
    pods: Vec<PodHandle>,
}

impl Scene {
    fn new(pods: usize) -> Scene {
        let stage = Stage::local();
        let pod = |number| {
            stage
                .cluster()
                .pod(&format!("blastn-batch-s0{number}-job-000-{SHORT}-xxxxx"))
                .namespace(&stage.namespace)
                .label("app", "blast")
                .label("elb-job-id", ID)
                .restart_policy("OnFailure")
                .container("blast")
                .create()
        };
        let pods: Vec<PodHandle> = (0..pods).map(pod).collect();
        for pod in &pods {
            pod.at(at(0)).start("blast");
        }
        let viewer = Access::all().deny("*", "nodes/proxy");
        stage.cluster().add_user("viewer", "viewer", viewer);
        Scene { stage, pods }
    }

    /// A log that began early, was rotated and went on ten minutes later at a rate that fills files.
    fn rotated(pods: usize) -> Scene {
        let scene = Scene::new(pods);
        for pod in &scene.pods {
            print(pod, 0..1000, 0);
            pod.rotate("blast");
            print(pod, 1000..3000, 600);
            pod.terminate("blast", 0);
        }
        scene
    }
}

/// So many seconds after the pod started.
fn at(seconds: u64) -> Timestamp {
    static NOW: OnceLock<i64> = OnceLock::new();
    let now = Timestamp::from_second(*NOW.get_or_init(|| Timestamp::now().as_second())).unwrap();
    now - Duration::from_secs(3600) + Duration::from_secs(seconds)
}

fn print(pod: &PodHandle, numbers: Range<u64>, seconds: u64) {
    for number in numbers {
        let time = at(seconds) + Duration::from_millis(number) + Duration::from_nanos(7);
        pod.print_at("blast", time, Stream::Stdout, text(number));
    }
}

fn text(number: u64) -> String {
    format!("line {number} {}", "acgt".repeat(15))
}

fn texts(numbers: Range<u64>) -> Vec<String> {
    numbers.map(text).collect()
}

const LATE: &str = "earlier lines may have been rotated away";

#[test]
fn whoever_may_not_read_nodes_is_told_what_they_would_give() {
    let scene = Scene::rotated(1);
    let hint = "with permission to get nodes/proxy they could be read from node node1";
    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--token", "viewer"]).code(0);
    assert_eq!(stdout(&run), texts(1000..3000));
    let said = stderr(&run);
    assert!(said.contains(LATE) && said.matches(hint).count() == 1, "{said}");

    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--token", "viewer", "--node-logs", "never"]).code(0);
    assert_eq!(stdout(&run).len(), 2000);
    assert!(stderr(&run).contains(LATE) && !stderr(&run).contains("nodes/proxy"), "{}", stderr(&run));

    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--token", "viewer", "--node-logs", "always"]).code(7);
    assert_eq!(stdout(&run).len(), 0);
    assert!(stderr(&run).contains("permission to get nodes/proxy is missing"), "{}", stderr(&run));

    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--node-logs", "always"]).code(0);
    assert_eq!(stdout(&run), texts(0..3000));
    assert!(!stderr(&run).contains(LATE), "{}", stderr(&run));
}

#[test]
fn nothing_is_asked_where_nothing_is_missing() {
    let scene = Scene::new(1);
    print(&scene.pods[0], 0..10, 0);
    scene.pods[0].terminate("blast", 0);
    scene.stage.run(&["logs", ROW]).code(0);
    let asked = scene.stage.cluster().requests();
    assert!(!asked.iter().any(|request| request.contains("proxy") || request.contains("accessreviews")), "{asked:?}");
}

#[test]
fn a_time_limit_holds_for_the_files_too() {
    let scene = Scene::rotated(1);
    let since = (at(0) + Duration::from_millis(500)).to_string();
    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--since-time", &since]).code(0);
    assert_eq!(stdout(&run), texts(500..3000));
}

#[test]
fn why_the_files_do_not_help_is_told_once() {
    type Spoil = fn(&TestCluster);
    let cases: [(Spoil, &str); 3] = [
        (|cluster| cluster.node_logs("node1", NodeLogs::Disabled), "the kubelet does not serve /logs/"),
        (|cluster| cluster.node_logs("node1", NodeLogs::Elsewhere), "the kubelet does not serve /logs/"),
        (|cluster| cluster.remove_node("node1"), "the node is gone"),
    ];
    for (spoil, why) in cases {
        let scene = Scene::rotated(2);
        spoil(scene.stage.cluster());
        let run = scene.stage.run(&["logs", ROW, "-o", "raw"]).code(0);
        assert_eq!(stdout(&run).len(), 4000);
        let said = stderr(&run);
        assert_eq!(said.matches(LATE).count(), 2, "{said}");
        assert_eq!(said.matches(&format!("cannot be read from node node1 either: {why}")).count(), 1, "{said}");
    }
}

/// Follows a log that is rotated twice while the server is away.
fn with_a_gap(arguments: &[&str], rotations: u64) -> crate::running::Ended {
    let scene = Scene::new(1);
    let pod = &scene.pods[0];
    print(pod, 0..100, 0);
    let elbtail = scene.stage.start(&[&["logs", ROW, "-f", "-o", "raw"], arguments].concat());
    elbtail.until_printed("line 99 ");
    scene.stage.cluster().kill_blocking();
    for file in 1..=rotations {
        print(pod, file * 100..file * 100 + 100, file);
        pod.rotate("blast");
    }
    print(pod, 100 * (rotations + 1)..100 * (rotations + 2), rotations + 1);
    scene.stage.cluster().restart_blocking().unwrap();
    elbtail.until_printed(&format!("line {} ", 100 * (rotations + 2) - 1));
    pod.terminate("blast", 0);
    elbtail.end()
}

#[test]
fn a_gap_is_filled_at_its_place() {
    let ended = with_a_gap(&[], 3).code(0);
    assert_eq!(ended.lines(), texts(0..500));
    assert!(!ended.stderr.contains("missing"), "{}", ended.stderr);
}

#[test]
fn only_what_the_node_no_longer_has_is_missing() {
    let ended = with_a_gap(&[], 7).code(8);
    assert_eq!(ended.lines(), [texts(0..100), texts(400..900)].concat());
    assert!(ended.stderr.contains("older than the files that node node1 keeps"), "{}", ended.stderr);
}

#[test]
fn a_gap_without_permission_is_told_as_before() {
    let ended = with_a_gap(&["--token", "viewer"], 3).code(8);
    assert_eq!(ended.lines(), [texts(0..100), texts(400..500)].concat());
    for words in ["lines are missing between", "with permission to get nodes/proxy"] {
        assert_eq!(ended.stderr.matches(words).count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn an_instance_that_came_and_went_unseen_is_read_from_the_node() {
    let scene = Scene::new(1);
    let pod = &scene.pods[0];
    print(pod, 0..100, 0);
    let elbtail = scene.stage.start(&["logs", ROW, "-f", "-o", "json"]);
    elbtail.until_printed("line 99 ");
    scene.stage.cluster().kill_blocking();
    print(pod, 100..200, 1);
    pod.rotate("blast");
    print(pod, 200..300, 2);
    pod.restart("blast");
    print(pod, 300..400, 3);
    scene.stage.cluster().restart_blocking().unwrap();
    elbtail.until_printed("line 399 ");
    pod.terminate("blast", 0);
    let ended = elbtail.end().code(0);
    let lines: Vec<(u64, String)> = ended
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["restart"].as_u64().unwrap(), line["message"].as_str().unwrap().to_owned()))
        .collect();
    let wanted: Vec<(u64, String)> = (0..400).map(|number| (number / 300, text(number))).collect();
    assert!(lines == wanted, "{} lines\n{}", lines.len(), ended.stderr);
}
