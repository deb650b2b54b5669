use std::fmt::Write as _;

use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{
    archive::{ArchivedStream, Writer},
    k8s::{label_selector, status::Ended},
    session::fixtures::{MemoryArchive, instance, line, texts},
};

#[test]
fn time_passes_as_fast_as_it_is_told_to() {
    for (speed, nanos, millis) in [(1.0, 1_000_000_000, 1000), (10.0, 1_000_000_000, 100), (0.5, 500_000_000, 1000)] {
        let mut clock = Clock { speed, begun: None };
        let first = clock.due(Stamp(77));
        assert_eq!(clock.due(Stamp(77 + nanos)) - first, Duration::from_millis(millis));
    }
    let mut clock = Clock { speed: 1e-300, begun: None };
    let first = clock.due(Stamp(i64::MIN));
    assert_eq!(clock.due(Stamp(i64::MAX)) - first, LONGEST);
    assert!(LONGEST > Duration::from_secs(90 * 365 * 24 * 3600), "nobody sees its end");
}

#[test]
fn a_container_that_is_known_by_its_names_alone_has_its_part_in_the_job() {
    let instance = |pod: &str, container: &str| ArchivedInstance {
        namespace: "default".to_owned(),
        pod: pod.to_owned(),
        uid: "u".to_owned(),
        container: container.to_owned(),
        restart: 0,
    };
    for (pod, container, phase) in [
        ("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast", "running"),
        ("blastn-batch-s03-job-000-3ed51a95-p9vp5", "results-export", "exporting_results"),
        ("init-ssd-3ed51a95-0-7vvqw", "get-blastdb", "staging_db"),
    ] {
        let known = target(&instance(pod, container), &HashMap::new());
        assert_eq!(known.phase.as_str(), phase);
        assert_eq!((&*known.namespace, &*known.pod, &*known.uid, &*known.container), ("default", pod, "u", container));
    }
}

#[test]
fn a_container_whose_pod_was_kept_is_the_one_of_its_name_there() {
    let pods = HashMap::from([("uid-a".to_owned(), pod("a", json!({})))]);
    let node = |container: &str| {
        let known = target(&ArchivedInstance { container: container.to_owned(), ..instance("a", 0) }, &pods);
        (known.container, known.node)
    };
    assert_eq!(node("a"), ("a".to_owned(), Some("node-1".to_owned())));
    assert_eq!(node("beside"), ("beside".to_owned(), Some("node-1".to_owned())));
    assert_eq!(node("gone"), ("gone".to_owned(), None), "it is not in the pod");
}

fn pod(name: &str, status: serde_json::Value) -> Pod {
    serde_json::from_value(pod_value(name, status)).unwrap()
}

/// A pod as it is kept, with this state of its container of that name.
fn pod_value(name: &str, state: serde_json::Value) -> serde_json::Value {
    let ArchivedInstance { namespace, pod, uid, .. } = instance(name, 0);
    json!({
        "metadata": {"namespace": namespace, "name": pod, "uid": uid, "labels": {"of": name}},
        "spec": {"nodeName": "node-1", "containers": [{"name": name}, {"name": "beside"}]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": name, "restartCount": 1, "containerID": "containerd://1", "state": state},
        ]},
    })
}

fn running() -> serde_json::Value {
    json!({"running": {"startedAt": "1970-01-01T00:00:01Z"}})
}

fn status(restart: u32, state: InstanceState, last: Option<bool>) -> Status {
    let ended = |has_log| Ended { has_log, ..Default::default() };
    Status { restart, state, last: last.map(ended), ..Status::default() }
}

/// A pod that the cluster has, with a container that is so.
fn in_cluster(name: &str, status: &Status) -> (String, Pod) {
    let id = |has_log: bool| if has_log { "containerd://1" } else { "" };
    let last = status.last.as_ref().map(|last| json!({"terminated": {"exitCode": 0, "containerID": id(last.has_log)}}));
    let state = match &status.state {
        InstanceState::Running { .. } => json!({"running": {}}),
        InstanceState::Ended(ended) => json!({"terminated": {"exitCode": 0, "containerID": id(ended.has_log)}}),
        InstanceState::Waiting { .. } => json!({"waiting": {}}),
    };
    let mut pod = pod_value(name, state);
    let container = &mut pod["status"]["containerStatuses"][0];
    container["restartCount"] = json!(status.restart);
    container["lastState"] = last.unwrap_or_else(|| json!({}));
    (instance(name, 0).uid, serde_json::from_value(pod).unwrap())
}

fn is_running() -> InstanceState {
    InstanceState::Running { started: None }
}

fn has_ended() -> InstanceState {
    InstanceState::Ended(Ended { has_log: true, ..Default::default() })
}

fn waits() -> InstanceState {
    InstanceState::Waiting { reason: String::new() }
}

#[test]
fn the_instance_before_the_latest_start_is_known_whether_it_waits_runs_or_has_ended() {
    for (status, before, is_there) in [
        (status(0, waits(), None), None, false),
        (status(0, waits(), Some(true)), Some(0), true),
        (status(3, waits(), Some(true)), Some(3), true),
        (status(3, waits(), Some(false)), Some(3), false),
        (status(3, waits(), None), Some(2), false),
        (status(0, is_running(), None), None, true),
        (status(3, is_running(), Some(true)), Some(2), true),
        (status(3, has_ended(), None), Some(2), true),
    ] {
        assert_eq!((number_before(&status), has_log(&status)), (before, is_there), "{status:?}");
    }
}

#[test]
fn which_instances_are_wanted_is_decided_by_the_flags_and_by_what_the_cluster_has() {
    let all = [instance("a", 0), instance("a", 1), instance("a", 2)];
    let all: Vec<&ArchivedInstance> = all.iter().collect();
    let (plain, previous, tail) = ((false, None), (true, None), (false, Some(1)));
    let runs = |restart| Some(status(restart, is_running(), Some(true)));
    for (archived, cluster, (previous, tail), wanted) in [
        (3, None, plain, &[0, 1, 2][..]),
        (3, runs(2), plain, &[0, 1, 2]),
        (1, None, plain, &[0]),
        // The last lines are those of the latest instance, which the cluster has if it has its log.
        (3, None, tail, &[2]),
        (1, None, tail, &[0]),
        (3, runs(3), tail, &[]),
        (3, Some(status(2, waits(), Some(false))), tail, &[2]),
        // Of the one before, only the cluster knows which it is, if there is one.
        (3, None, previous, &[1]),
        (2, None, previous, &[0]),
        (1, None, previous, &[]),
        (3, runs(2), previous, &[1]),
        (3, runs(3), previous, &[2]),
        (3, runs(7), previous, &[]),
        (3, runs(0), previous, &[]),
        (3, None, (true, Some(1)), &[1]),
        (0, None, plain, &[]),
        (0, None, tail, &[]),
    ] {
        let cluster: HashMap<_, _> = cluster.into_iter().map(|status| in_cluster("a", &status)).collect();
        let replay = Replay { previous, tail, cluster, ..Replay::default() };
        let part = replay.part(&all[..archived]).unwrap_or_default();
        let part: Vec<u32> = part.iter().map(|instance| instance.restart).collect();
        assert_eq!(part, wanted, "{archived} {:?} {previous} {tail:?}", replay.cluster);
    }
}

async fn push(writer: &mut Writer, of: &ArchivedInstance, lines: &[(i64, &str)]) {
    let id = writer.stream(ArchivedStream::Log(of.clone())).unwrap();
    for (second, text) in lines {
        writer.push(id, &[line(*second, text)]).await.unwrap();
    }
}

async fn miss(writer: &mut Writer, of: &ArchivedInstance, why: &str) {
    let id = writer.stream(ArchivedStream::Log(of.clone())).unwrap();
    writer.gap(id, why).await.unwrap();
}

async fn complete(writer: &mut Writer, of: &ArchivedInstance) {
    let id = writer.stream(ArchivedStream::Log(of.clone())).unwrap();
    writer.complete(id, "checked").await.unwrap();
}

/// Container `a`, which was started again, lacks a line and its end; container `b`, which is complete.
async fn two_containers() -> MemoryArchive {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer().await;
    let (a, b) = (instance("a", 1), instance("b", 0));
    push(&mut writer, &instance("a", 0), &[(1, "one"), (3, "three")]).await;
    complete(&mut writer, &instance("a", 0)).await;
    push(&mut writer, &a, &[(5, "five")]).await;
    miss(&mut writer, &a, "a disk was full").await;
    push(&mut writer, &a, &[(7, "seven")]).await;
    push(&mut writer, &b, &[(2, "two"), (4, "four")]).await;
    complete(&mut writer, &b).await;
    let at = Stamp(1);
    writer
        .change(ObjectLog::Pods, at, &pod_value("a", json!({"waiting": {"reason": "ImagePullBackOff"}})))
        .await
        .unwrap();
    writer.change(ObjectLog::Pods, at, &pod_value("a", running())).await.unwrap();
    writer.finish().await.unwrap();
    kept
}

/// What is told, and of which instances the rest may be elsewhere.
async fn told(kept: &MemoryArchive, wanted: &Replay) -> (Vec<String>, Vec<String>) {
    let (sender, mut heard) = mpsc::channel::<RunEvent>(10_000);
    let rest = replay(&kept.job().await, wanted, sender).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = heard.recv().await {
        events.push(event);
    }
    let rest = rest.iter().map(|it| format!("{}#{}", it.container.container, it.restart)).collect();
    (texts(&events), rest)
}

#[tokio::test]
async fn what_is_wanted_is_told_by_time_and_what_is_missing_in_its_place() {
    let kept = two_containers().await;
    let all = Replay::default;
    let since = |second| Replay { since: Some(line(second, "").stamp), ..all() };
    let tail = |count| Replay { tail: Some(count), ..all() };
    let by = |filter: ContainerFilter| Replay { filter, ..all() };
    let labels =
        |text: &str| by(ContainerFilter { labels: Some(label_selector(text).unwrap()), ..ContainerFilter::default() });
    let fields = |text: &str| by(ContainerFilter { fields: text.parse().unwrap(), ..ContainerFilter::default() });
    let cluster = |name: &str, status| HashMap::from([in_cluster(name, &status)]);
    let states = |states: &[StateName]| ContainerFilter { states: states.to_vec(), ..ContainerFilter::default() };
    let full = "gap a#1: instance 1: a disk was full";
    let open = "gap a#1: instance 1: it is not known to be complete: saving stopped before its end was read";
    let whole =
        ["found a", "found b", "a#0 one", "b#0 two", "a#0 three", "b#0 four", "a#1 five", full, "a#1 seven", open];
    let nothing_of_a = ["found b", "b#0 two", "b#0 four"];
    let only_a = ["found a", "a#0 one", "a#0 three", "a#1 five", full, "a#1 seven", open];
    for (wanted, expected, rest) in [
        (all(), &whole[..], &["a#1"][..]),
        (Replay { rest: Rest::Elsewhere, ..all() }, &whole[..9], &["a#1"]),
        (since(5), &["found a", "found b", "a#1 five", full, "a#1 seven", open], &["a#1"]),
        // What is missing before the first line that is wanted was not asked for.
        (since(6), &["found a", "found b", "a#1 seven", open], &["a#1"]),
        (since(8), &["found a", "found b", open], &["a#1"]),
        (tail(1), &["found a", "found b", "b#0 four", "a#1 seven", open], &["a#1"]),
        (tail(2), &["found a", "found b", "b#0 two", "b#0 four", "a#1 five", full, "a#1 seven", open], &["a#1"]),
        (tail(0), &["found a", "found b", open], &["a#1"]),
        (Replay { previous: true, ..all() }, &["found a", "a#0 one", "a#0 three"], &[]),
        (Replay { filter: states(&[StateName::Running]), ..all() }, &only_a, &["a#1"]),
        (Replay { filter: states(&[StateName::Waiting]), ..all() }, &nothing_of_a, &[]),
        // What the cluster says counts before what was saved.
        (
            Replay {
                filter: states(&[StateName::Waiting]),
                cluster: cluster("b", status(0, is_running(), None)),
                ..all()
            },
            &[],
            &[],
        ),
        (
            Replay { tail: Some(1), cluster: cluster("a", status(1, is_running(), None)), ..all() },
            &["found b", "b#0 four"],
            &[],
        ),
        (
            Replay {
                filter: ContainerFilter { pods: vec!["-b$".parse().unwrap()], ..ContainerFilter::default() },
                ..all()
            },
            &nothing_of_a,
            &[],
        ),
        (labels("of=a"), &only_a, &["a#1"]),
        // The pod of `b` was not saved: it has no labels, and of fields its name.
        (labels("of!=c"), &whole, &["a#1"]),
        (labels("!of"), &nothing_of_a, &[]),
        (labels("of=b"), &[], &[]),
        (fields("spec.nodeName=node-1"), &only_a, &["a#1"]),
        (fields(&format!("metadata.name={}", instance("b", 0).pod)), &nothing_of_a, &[]),
        (fields("status.phase=Succeeded"), &[], &[]),
    ] {
        let (texts, unfinished) = told(&kept, &wanted).await;
        assert_eq!(texts, expected, "{wanted:?}");
        assert_eq!(unfinished, rest, "{wanted:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_in_its_place_and_hides_nothing_else() {
    let kept = two_containers().await;
    let chunks = kept.paths("/chunks/logs/").await;
    let three = chunks.iter().filter(|path| path.as_ref().contains("uid-a")).nth(1).unwrap();
    kept.remove(three).await;
    let (texts, _) = told(&kept, &Replay::default()).await;
    assert!(texts[4].starts_with("gap a#0: ") && texts[4].contains("000000000001"), "{texts:?}");
    assert_eq!(texts[2..4], ["a#0 one", "b#0 two"]);
    assert_eq!(texts[5..7], ["b#0 four", "a#1 five"]);
    assert_eq!(texts.len(), 10);
}

#[tokio::test]
async fn what_is_missing_is_told_also_of_a_log_of_which_no_line_can_be_read() {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer().await;
    let of = instance("a", 0);
    let id = writer.stream(ArchivedStream::Log(of.clone())).unwrap();
    writer.gap_at_start(id, "it was rotated").await.unwrap();
    push(&mut writer, &of, &[(1, "one")]).await;
    miss(&mut writer, &of, "its pod was deleted").await;
    complete(&mut writer, &of).await;
    writer.finish().await.unwrap();
    let (texts, _) = told(&kept, &Replay::default()).await;
    assert_eq!(texts, ["found a", "gap a#0: it was rotated", "a#0 one", "gap a#0: its pod was deleted"]);
    let late = Replay { since: Some(line(2, "").stamp), ..Replay::default() };
    assert_eq!(told(&kept, &late).await.0, ["found a", "gap a#0: its pod was deleted"], "it may have printed more");
    let chunks = kept.paths("/chunks/logs/").await;
    kept.remove(&chunks[0]).await;
    let (texts, _) = told(&kept, &Replay::default()).await;
    assert!(texts[1].contains("chunks/logs"), "{texts:?}");
    assert_eq!(texts[2..], ["gap a#0: it was rotated", "gap a#0: its pod was deleted"]);
}

#[tokio::test]
async fn lines_from_before_are_left_out_also_where_later_ones_are_kept_with_them() {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer_of_chunks(1 << 20).await;
    push(&mut writer, &instance("a", 0), &[(1, "one"), (3, "three"), (2, "two"), (4, "four")]).await;
    complete(&mut writer, &instance("a", 0)).await;
    writer.finish().await.unwrap();
    let late = Replay { since: Some(line(3, "").stamp), ..Replay::default() };
    assert_eq!(told(&kept, &late).await.0, ["found a", "a#0 three", "a#0 four"]);
}

#[tokio::test]
async fn an_index_that_lacks_a_part_is_told_of_where_something_is_wanted() {
    let kept = MemoryArchive::new().await;
    for (second, text) in [(1, "one"), (2, "two"), (3, "three")] {
        let mut writer = kept.writer().await;
        push(&mut writer, &instance("a", 0), &[(second, text)]).await;
        writer.finish().await.unwrap();
    }
    let index = kept.paths("/index/").await;
    kept.remove(&index[1]).await;
    let (texts, _) = told(&kept, &Replay::default()).await;
    let mut expected = vec!["found a".to_owned()];
    expected.push(format!("notice: a part of the index is missing; to see which: elbtail verify memory {}", kept.key));
    assert_eq!(texts[..2], expected);
    assert_eq!(texts[2], "a#0 one");
    assert_eq!(texts[3], "gap a#0: no commit that can be read names line 1");
    assert_eq!(texts[4], "a#0 three");
    let nothing = ContainerFilter { nodes: vec!["none".to_owned()], ..ContainerFilter::default() };
    let (texts, rest) = told(&kept, &Replay { filter: nothing, ..Replay::default() }).await;
    assert_eq!((texts, rest), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn lines_are_handed_on_many_at_a_time_and_none_is_left() {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer_of_chunks(1 << 20).await;
    let count = 2 * RUN + 3;
    for at in 0..count as i64 {
        push(&mut writer, &instance(if at % 2 == 0 { "a" } else { "b" }, 0), &[(at, "x")]).await;
    }
    for name in ["a", "b"] {
        complete(&mut writer, &instance(name, 0)).await;
    }
    writer.finish().await.unwrap();
    let (sender, mut heard) = mpsc::channel::<RunEvent>(100);
    replay(&kept.job().await, &Replay::default(), sender).await.unwrap();
    let mut runs = Vec::new();
    let mut order = String::new();
    while let Some(event) = heard.recv().await {
        if let RunEvent::Merged(merged) = event {
            runs.push(merged.lines.len());
            assert_eq!(merged.of.len(), 2.min(merged.lines.len()), "each log once");
            for (origin, _) in merged.iter() {
                write!(order, "{}", origin.instance.container.container).unwrap();
            }
        }
    }
    assert_eq!(runs, [RUN, RUN, 3]);
    assert_eq!(order, "ab".repeat(RUN + 1) + "a");
}

#[tokio::test]
async fn a_replay_in_time_waits_for_each_line_and_keeps_none_back_meanwhile() {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer().await;
    push(&mut writer, &instance("a", 0), &[(10, "first"), (10, "with it"), (12, "later"), (11, "out of order")]).await;
    complete(&mut writer, &instance("a", 0)).await;
    writer.finish().await.unwrap();
    let (sender, mut heard) = mpsc::channel::<RunEvent>(100);
    let job = kept.job().await;
    let wanted = Replay { speed: Some(10.0), ..Replay::default() };
    let began = Instant::now();
    let hears = async {
        let mut runs = Vec::new();
        while let Some(event) = heard.recv().await {
            let texts = texts(std::slice::from_ref(&event));
            runs.push((texts.join(", "), began.elapsed()));
        }
        runs
    };
    let (replayed, runs) = futures::join!(replay(&job, &wanted, sender), hears);
    assert_eq!(replayed.unwrap(), []);
    let said: Vec<&str> = runs.iter().map(|(text, _)| &**text).collect();
    assert_eq!(said, ["found a", "a#0 first, a#0 with it", "a#0 later, a#0 out of order"]);
    assert!(runs[2].1 >= Duration::from_millis(200) && runs[1].1 < runs[2].1, "{runs:?}");
}

#[tokio::test]
async fn a_replay_that_nobody_hears_ends_also_while_it_waits() {
    let kept = MemoryArchive::new().await;
    let mut writer = kept.writer().await;
    push(&mut writer, &instance("a", 0), &[(1, "first"), (1_000_000, "after days")]).await;
    writer.finish().await.unwrap();
    let (sender, mut heard) = mpsc::channel::<RunEvent>(100);
    let job = kept.job().await;
    let wanted = Replay { speed: Some(1.0), ..Replay::default() };
    let leaves = async {
        assert!(matches!(heard.recv().await, Some(RunEvent::Found(_))));
        assert_eq!(heard.recv().await.map(|event| event.lines()), Some(1));
        drop(heard);
    };
    let (replayed, ()) = futures::join!(replay(&job, &wanted, sender), leaves);
    assert_eq!(replayed.unwrap(), [], "it has not come so far as to know");
}

#[tokio::test]
async fn what_there_is_to_choose_from_is_each_container_once_as_it_was_last() {
    let kept = two_containers().await;
    let choices = choices(&kept.job().await).await.unwrap();
    let told: Vec<_> = choices
        .iter()
        .map(|choice| {
            let labels: Vec<_> = choice.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (&*choice.target.container, choice.state, choice.pod_phase.as_deref(), labels.join(","))
        })
        .collect();
    let expected =
        [("a", StateName::Running, Some("Running"), "of=a".to_owned()), ("b", StateName::Waiting, None, String::new())];
    assert_eq!(told, expected);
}
