//! What rotation took away from the log API and the nodes still have.

use std::{ops::Range, sync::OnceLock, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use testcluster::{Access, Action, Kind, LogBlockBuilder, NodeLogs, Options, PodHandle, Rule, Stream, TestCluster};

use crate::{
    ground::is_real,
    jobs::JobPlan,
    lines::{stderr, stdout},
    stage::{ID, ROW, SHORT, Stage},
};

/// How to go on without the tests that need [`rotating`] nodes.
const LEAVE_OUT: &str = "--skip on_rotating_nodes leaves out what needs that";

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

/// A stage on which logs are rotated by size and node files may be read. Of a real cluster that has none, `--skip on_rotating_nodes` leaves out
/// what needs it.
fn rotating() -> Stage {
    let options = Options { log_max_size: Some(100_000), ..Options::default() };
    let stage = if is_real() { Stage::new() } else { Stage::local_with(options) };
    assert!(stage.may("get", "nodes/proxy"), "this cluster does not permit to get nodes/proxy; {LEAVE_OUT}");
    stage
}

/// Fails if the newest files of a log hold all of it.
fn assert_rotated(newest: &[String], all: &[String]) {
    assert!(newest != all, "its kubelet has not rotated {} lines; {LEAVE_OUT}", all.len());
    assert!(newest.len() < all.len() && all.ends_with(newest), "{} lines", newest.len());
}

#[test]
fn on_rotating_nodes_what_was_rotated_away_before_the_first_look_comes_back() {
    let stage = rotating();
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
    assert_rotated(&newest, &expected);

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
fn on_rotating_nodes_an_earlier_instance_is_read_from_all_its_files() {
    let stage = rotating();
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
    assert_rotated(&never, &got);
}

/// A pod that started an hour ago on a test cluster.
struct Scene {
    stage: Stage,
    pods: Vec<PodHandle>,
}

impl Scene {
    fn new(pods: usize) -> Scene {
        let scene = Scene::not_started(pods);
        for pod in &scene.pods {
            pod.at(at(0)).start("blast");
        }
        scene
    }

    fn not_started(pods: usize) -> Scene {
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

/// What was written of a log before it was read: stretches of lines, and where a kubelet rotated it.
enum Written {
    /// So many lines from one moment to another, in milliseconds since the container started, evenly.
    Lines(u64, Range<u64>),
    Rotated,
}

/// Has the log of a new pod written so, and ends its container.
fn written(log: &[Written]) -> Scene {
    let scene = Scene::new(1);
    write(&scene.pods[0], log);
    scene.pods[0].terminate("blast", 0);
    scene
}

fn write(pod: &PodHandle, log: &[Written]) {
    let mut number = 0;
    for part in log {
        let (lines, time) = match part {
            Written::Lines(lines, time) => (*lines, time),
            Written::Rotated => {
                pod.rotate("blast");
                continue;
            }
        };
        let mut block = LogBlockBuilder::new();
        for line in 0..lines {
            let nanos = (time.end - time.start) * 1_000_000 * line / lines;
            let stamp = at(0) + Duration::from_millis(time.start) + Duration::from_nanos(nanos);
            block.line(stamp, Stream::Stdout, text(number).as_bytes());
            number += 1;
        }
        pod.append("blast", &block.build());
    }
}

/// Lines that are about as large as `text` makes them: 110 bytes a record.
const MIB: u64 = 10_000;

/// A log that was rotated so often that the first of its files was removed: so many lines a file, in so much time.
fn outrun(first: u64, lines: u64, after: u64) -> Vec<Written> {
    let part =
        |number: u64| [Written::Lines(lines, first + number * after..first + (number + 1) * after), Written::Rotated];
    let mut log: Vec<Written> = (0..7).flat_map(part).collect();
    log.push(Written::Lines(lines, first + 7 * after..first + 8 * after));
    log
}

#[test]
fn lines_that_may_be_missing_at_a_logs_beginning_are_told() {
    use Written::{Lines, Rotated};
    // With the node's files.
    let cases = [
        ("outran all files in seconds", outrun(0, 1000, 1000)),
        ("outran all files in a moment", outrun(200, MIB, 100)),
        (
            "outran all files and slowed down",
            outrun(0, 1000, 1000).into_iter().chain([Lines(1000, 60_000..600_000)]).collect(),
        ),
        ("a kubelet that keeps fewer files", vec![Lines(1000, 3000..3500), Rotated, Lines(1000, 3500..4000)]),
    ];
    for (name, log) in cases {
        let scene = written(&log);
        let run = scene.stage.run(&["logs", ROW, "-o", "raw"]).code(0);
        let said = stderr(&run);
        assert_eq!(said.matches(LATE).count(), 1, "{name}: {said}");
        assert!(said.contains("older than the files that node node1 keeps"), "{name}: {said}");
        let follow = stderr(&scene.stage.run(&["logs", ROW, "-f", "-o", "raw"]).code(0));
        assert_eq!(follow.matches(LATE).count(), 1, "{name}, -f: {follow}");
    }
    // With the log API alone.
    let cases = [
        ("rotated within seconds", vec![Lines(2 * MIB, 0..3000), Rotated, Lines(2 * MIB, 3000..6000)]),
        (
            "rotated within the first second and a half",
            vec![Lines(11 * MIB, 0..1200), Rotated, Lines(11 * MIB, 1200..2400)],
        ),
        ("rotated after a minute", vec![Lines(2 * MIB, 0..60_000), Rotated, Lines(2 * MIB, 60_000..120_000)]),
    ];
    for (name, log) in cases {
        let scene = written(&log);
        for arguments in [&["--token", "viewer"][..], &["--node-logs", "never"], &["--token", "viewer", "-f"]] {
            let run = scene.stage.run(&[&["logs", ROW, "-o", "raw"], arguments].concat()).code(0);
            let said = stderr(&run);
            assert_eq!(said.matches(LATE).count(), 1, "{name} {arguments:?}: {said}");
            let hint = usize::from(arguments.contains(&"viewer"));
            assert_eq!(
                said.matches("with permission to get nodes/proxy").count(),
                hint,
                "{name} {arguments:?}: {said}"
            );
        }
        let run = scene.stage.run(&["logs", ROW, "-o", "raw"]).code(0);
        assert!(!stderr(&run).contains(LATE), "{name}: the node has all: {}", stderr(&run));
    }
}

#[test]
fn a_log_that_is_whole_is_not_said_to_be_rotated() {
    use Written::{Lines, Rotated};
    let cases = [
        ("short", vec![Lines(10, 0..5)]),
        ("short and late", vec![Lines(10, 30_000..30_005)]),
        ("late, and a burst then", vec![Lines(2 * MIB, 30_000..30_500)]),
        ("a burst after three seconds", vec![Lines(2 * MIB, 3000..3100)]),
        ("a burst at the start", vec![Lines(2 * MIB, 300..400)]),
        ("rotated, and slow at first", vec![Lines(1000, 3000..60_000), Rotated, Lines(1000, 60_000..90_000)]),
        ("as many files as are kept", {
            let part = |number: u64| [Lines(1000, number * 5000..(number + 1) * 5000), Rotated];
            (0..4).flat_map(part).chain([Lines(10, 20_000..20_100)]).collect()
        }),
    ];
    for (name, log) in cases {
        let scene = written(&log);
        let lines: u64 = log.iter().map(|part| if let Lines(lines, _) = part { *lines } else { 0 }).sum();
        for arguments in [&["logs", ROW, "-o", "raw"][..], &["logs", ROW, "-f", "-o", "raw"]] {
            let run = scene.stage.run(arguments).code(0);
            assert_eq!(stdout(&run).len() as u64, lines, "{name}");
            assert!(!stderr(&run).contains("rotated"), "{name}: {}", stderr(&run));
        }
    }
    // Whoever may not look cannot tell a burst from a rotation; a few lines are none.
    for log in [vec![Lines(10, 0..5)], vec![Lines(100, 30_000..30_005)], vec![Lines(1000, 5000..5010)]] {
        let run = written(&log).stage.run(&["logs", ROW, "--token", "viewer"]).code(0);
        assert!(!stderr(&run).contains("rotated") && !stderr(&run).contains("nodes/proxy"), "{}", stderr(&run));
    }
}

#[test]
fn a_log_that_lay_open_from_the_start_was_not_rotated_unseen() {
    let scene = Scene::not_started(1);
    let pod = &scene.pods[0];
    let elbtail = scene.stage.start(&["logs", ROW, "-f", "-o", "raw", "--token", "viewer"]);
    let cluster = scene.stage.cluster();
    scene.stage.until("it is followed", || cluster.counts().requests(Kind::Watch) > 0);
    pod.at(Timestamp::now() + Duration::from_secs(2)).start("blast");
    scene.stage.until("its log is open", || cluster.counts().requests(Kind::Log) > 0);
    std::thread::sleep(Duration::from_secs(5));
    let mut block = LogBlockBuilder::new();
    for number in 0..2 * MIB {
        block.line(Timestamp::now(), Stream::Stdout, text(number).as_bytes());
    }
    pod.append("blast", &block.build());
    elbtail.until_printed(&format!("line {} ", 2 * MIB - 1));
    pod.terminate("blast", 0);
    let ended = elbtail.end().code(0);
    assert!(!ended.stderr.contains(LATE), "{}", ended.stderr);
}

#[test]
fn a_log_that_was_rotated_after_its_last_line_is_not_empty() {
    use Written::{Lines, Rotated};
    let scene = written(&[Lines(1000, 0..5000), Rotated]);
    for arguments in [&["logs", ROW, "-o", "raw"][..], &["logs", ROW, "-f", "-o", "raw"]] {
        let run = scene.stage.run(arguments).code(0);
        assert_eq!(stdout(&run), texts(0..1000), "{}", stderr(&run));
    }
    let running = Scene::new(1);
    write(&running.pods[0], &[Lines(1000, 0..5000), Rotated]);
    let run = running.stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_eq!(stdout(&run), texts(0..1000), "{}", stderr(&run));
}

#[test]
fn a_time_limit_before_the_files_kept_is_told() {
    use Written::{Lines, Rotated};
    let since = |seconds| at(seconds).to_string();
    let scene = written(&std::iter::once(Lines(10, 0..5)).chain(outrun(100_000, 1000, 1000)).collect::<Vec<_>>());
    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--since-time", &since(90)]).code(0);
    assert!(stderr(&run).contains(LATE) && stderr(&run).contains("what is wanted of it at"), "{}", stderr(&run));
    let run = scene.stage.run(&["logs", ROW, "-o", "raw", "--since-time", &since(104)]).code(0);
    assert!(!stderr(&run).contains(LATE), "{}", stderr(&run));

    let viewer = ["logs", ROW, "-o", "raw", "--token", "viewer", "--since-time"];
    let scene = written(&[Lines(2 * MIB, 0..60_000), Rotated, Lines(2 * MIB, 60_000..120_000)]);
    let run = scene.stage.run(&[&viewer[..], &[&since(20)]].concat()).code(0);
    assert!(stderr(&run).contains(LATE), "{}", stderr(&run));
    let scene = written(&[Lines(10, 0..5), Lines(2 * MIB, 60_000..60_100)]);
    let run = scene.stage.run(&[&viewer[..], &[&since(20)]].concat()).code(0);
    assert!(!stderr(&run).contains(LATE), "its first line is older than what is wanted: {}", stderr(&run));
}

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

    let place = scene.stage.directory.path().join("archive").display().to_string();
    for save in [&["save", ROW, &place][..], &["save", "-f", "--all", &place]] {
        let run = scene.stage.run(&[save, &["--token", "viewer", "--node-logs", "always"]].concat()).code(7);
        assert!(stderr(&run).contains("permission to get nodes/proxy is missing"), "{}", stderr(&run));
    }

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
    fn refuse(cluster: &TestCluster, code: u16, message: &str) {
        let refusal = Action::Refuse { code, message: message.to_owned() };
        cluster.faults().push(Rule::new(|call| call.kind == Kind::NodeFile, refusal));
    }
    let cases: [(Spoil, &str); 5] = [
        (|cluster| refuse(cluster, 401, "Unauthorized"), "the kubelet refuses the API server: Unauthorized"),
        (
            |cluster| refuse(cluster, 403, "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes)"),
            "the kubelet refuses the API server: Forbidden (user=kube-apiserver-kubelet-client",
        ),
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
    assert!(!ended.stderr.contains("are missing"), "{}", ended.stderr);
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
