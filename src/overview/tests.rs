//! The fold, from what a run says and what its cluster tells.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    follow::{
        drive::Batch as LineBatch,
        note::{Note, Proof},
    },
    k8s::{Line, status::Ended, targets},
};

const ID: &str = "job-429825360482416da20736cf3ed51a95";

fn second(second: i64) -> Stamp {
    Stamp(second * 1_000_000_000)
}

fn time(at: i64) -> Value {
    second(at).to_timestamp().to_string().into()
}

fn pod_with(name: &str, containers: &[&str], statuses: Value, phase: &str) -> Pod {
    let containers: Vec<_> = containers.iter().map(|name| json!({"name": name})).collect();
    serde_json::from_value(json!({
        "metadata": {"name": name, "uid": name, "namespace": "default", "creationTimestamp": time(0)},
        "spec": {"containers": containers, "nodeName": "node-1"},
        "status": {"phase": phase, "containerStatuses": statuses},
    }))
    .unwrap()
}

fn batch_name(shard: usize, suffix: &str) -> String {
    format!("blastn-batch-s{shard:02}-job-000-3ed51a95-{suffix}")
}

fn begun() -> Overview {
    let mut overview = Overview::default();
    overview.take(&RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None }), second(0));
    overview
}

/// Tells that a pod was found, and how its cluster says that it is.
fn tell(overview: &mut Overview, pod: &Pod, at: i64) {
    for target in targets(pod) {
        overview.take(&RunEvent::Found(Arc::new(target)), second(at));
    }
    overview.pod(pod, second(at));
}

fn instance(pod: &str, container: &str, restart: u32) -> InstanceId {
    let container = ContainerId { uid: pod.to_owned(), container: container.to_owned() };
    InstanceId { container: Arc::new(container), restart }
}

fn print(overview: &mut Overview, of: &InstanceId, lines: &[(i64, &'static str)]) {
    let lines = lines.iter().map(|(at, text)| Line { stamp: second(*at), text: (*text).into() }).collect();
    overview.take(&RunEvent::Lines(LineBatch { instance: of.clone(), stream: None, lines }), second(0));
}

fn running(name: &str, at: i64) -> Value {
    json!({"name": name, "state": {"running": {"startedAt": time(at)}}})
}

fn ended(name: &str, from: i64, to: i64, code: i32) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    let terminated = json!({"startedAt": time(from), "finishedAt": time(to), "exitCode": code, "reason": reason, "containerID": "x"});
    json!({"name": name, "state": {"terminated": terminated}})
}

const BATCH: [&str; 2] = ["blast", "results-export"];

fn progress(total: usize, waiting: usize, running: usize, done: usize, failed: usize) -> StepCounts {
    StepCounts { total, waiting, running, done, failed }
}

#[test]
fn steps_are_told_by_pods_and_jobs() {
    let mut overview = begun();
    let setup = |node: i64| format!("init-ssd-3ed51a95-{node}-7vvqw");
    tell(&mut overview, &pod_with(&setup(0), &["get-blastdb"], json!([ended("get-blastdb", 1, 9, 0)]), "Succeeded"), 9);
    tell(&mut overview, &pod_with(&setup(1), &["get-blastdb"], json!([running("get-blastdb", 2)]), "Running"), 9);
    tell(
        &mut overview,
        &pod_with("vmtouch-db-cache-x2k4p", &["vmtouch"], json!([running("vmtouch", 1)]), "Running"),
        9,
    );
    let done = json!([ended("blast", 10, 40, 0), ended("results-export", 10, 45, 0)]);
    tell(&mut overview, &pod_with(&batch_name(0, "aaaaa"), &BATCH, done, "Succeeded"), 45);
    let uploads = json!([ended("blast", 10, 50, 0), running("results-export", 10)]);
    tell(&mut overview, &pod_with(&batch_name(1, "bbbbb"), &BATCH, uploads, "Running"), 50);
    let searches = json!([running("blast", 20), running("results-export", 20)]);
    tell(&mut overview, &pod_with(&batch_name(2, "ccccc"), &BATCH, searches, "Running"), 50);
    let failed = json!([ended("blast", 20, 25, 3), ended("results-export", 20, 25, 3)]);
    tell(&mut overview, &pod_with(&batch_name(3, "ddddd"), &BATCH, failed, "Failed"), 50);
    tell(&mut overview, &pod_with(&batch_name(4, "eeeee"), &BATCH, json!([]), "Pending"), 50);
    // Of this one there is no pod yet.
    let job = |name: &str, status: Value| {
        serde_json::from_value(json!({"metadata": {"name": name, "labels": {"app": "blast"}}, "status": status}))
            .unwrap()
    };
    overview.job(&job("blastn-batch-s05-job-000-3ed51a95", json!({})));
    let steps = overview.steps();
    let told: Vec<_> = steps.iter().map(|state| (state.step.as_str(), state.progress)).collect();
    assert_eq!(
        told,
        [
            ("init-ssd", progress(2, 0, 1, 1, 0)),
            ("batches", progress(6, 2, 2, 1, 1)),
            ("export", progress(6, 3, 1, 1, 1)),
        ]
    );
    assert_eq!(steps[1].span, Some(Span { from: second(10), to: second(50) }));
    assert!(steps[1].progress.total == 6 && !steps[1].progress.is_over());
    // The Job has the last word.
    let complete = json!({"startTime": time(8), "completionTime": time(60), "conditions": [{"type": "Complete", "status": "True"}]});
    overview.job(&job("blastn-batch-s02-job-000-3ed51a95", complete));
    let batch = overview.batches().find(|batch| batch.name == "blastn-s02-000").unwrap();
    // Before second 20 it waited for a node.
    assert_eq!((batch.standing, batch.run), (Standing::Done, Some(Span { from: second(20), to: second(60) })));
    assert_eq!((batch.seconds(second(500)), batch.pods, batch.was_retried()), (Some(40.0), 1, false));
    assert_eq!(overview.elapsed(second(100)).map(Span::seconds), Some(99.0), "it goes on");
}

#[test]
fn a_batch_is_as_long_as_its_containers_ran_however_long_its_job_waited() {
    let mut overview = begun();
    let job = |shard: usize, status: Value| {
        let name = format!("blastn-batch-s{shard:02}-job-000-3ed51a95");
        serde_json::from_value(json!({"metadata": {"name": name, "labels": {"app": "blast"}}, "status": status}))
            .unwrap()
    };
    let complete = json!([{"type": "Complete", "status": "True"}]);
    for shard in 0..5 {
        let done = json!([ended("blast", 3600, 3660, 0), ended("results-export", 3600, 3660, 0)]);
        tell(&mut overview, &pod_with(&batch_name(shard, "aaaaa"), &BATCH, done, "Succeeded"), 3660);
        overview.job(&job(shard, json!({"startTime": time(1), "completionTime": time(3660), "conditions": complete})));
    }
    let runs = json!([running("blast", 3640), running("results-export", 3640)]);
    tell(&mut overview, &pod_with(&batch_name(5, "aaaaa"), &BATCH, runs, "Running"), 3660);
    overview.job(&job(5, json!({"startTime": time(1)})));
    let estimate = overview.estimate(second(3660)).unwrap();
    assert!((estimate.seconds - 40.0).abs() < 1.0, "{estimate:?}");
    // Of one whose containers nobody has seen only its Job is known.
    overview.job(&job(6, json!({"startTime": time(1), "completionTime": time(61), "conditions": complete})));
    let batch = overview.batches().find(|batch| batch.name == "blastn-s06-000").unwrap();
    assert_eq!(batch.seconds(second(3660)), Some(60.0));
}

#[test]
fn containers_are_of_the_job_that_owns_their_pod_whatever_that_is_called() {
    let mut overview = begun();
    // Kubernetes cuts a long name before it appends to it.
    let name = "blastn-batch-a-very-long-label-of-a-database-job-000-3ed51a95";
    let mut pod = pod_with(&format!("{}x7k2p", &name[..58]), &BATCH, json!([]), "Pending");
    let owner = k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference {
        kind: "Job".to_owned(),
        name: name.to_owned(),
        ..Default::default()
    };
    pod.metadata.owner_references = Some(vec![owner]);
    tell(&mut overview, &pod, 1);
    let job = json!({"metadata": {"name": name, "labels": {"app": "blast"}}, "status": {}});
    overview.job(&serde_json::from_value(job).unwrap());
    let batches: Vec<_> = overview.batches().map(|batch| (batch.name.to_owned(), batch.pods)).collect();
    assert_eq!(batches, [("blastn-a-very-long-label-of-a-database-000".to_owned(), 1)]);
    assert_eq!(overview.job_of(&overview.containers()[0]), batches[0].0);
}

#[test]
fn a_batch_that_is_tried_again_runs_whatever_became_of_its_pods_before() {
    let mut overview = begun();
    let failed = json!([ended("blast", 20, 25, 137), running("results-export", 20)]);
    tell(&mut overview, &pod_with(&batch_name(0, "aaaaa"), &BATCH, failed, "Running"), 25);
    overview.pod_gone(&batch_name(0, "aaaaa"));
    let standing = |overview: &Overview| overview.batches().next().unwrap().standing;
    assert_eq!(standing(&overview), Standing::Failed);
    tell(&mut overview, &pod_with(&batch_name(0, "bbbbb"), &BATCH, json!([]), "Pending"), 30);
    assert_eq!(standing(&overview), Standing::Waiting);
    let searches = json!([running("blast", 40), running("results-export", 40)]);
    tell(&mut overview, &pod_with(&batch_name(0, "bbbbb"), &BATCH, searches, "Running"), 40);
    let batch = overview.batches().next().unwrap();
    assert_eq!((batch.standing, batch.pods, batch.was_retried()), (Standing::Running, 2, true));
}

#[test]
fn a_container_is_told_instance_by_instance() {
    let mut overview = begun();
    let name = batch_name(0, "aaaaa");
    let last =
        json!({"terminated": {"startedAt": time(1), "finishedAt": time(5), "exitCode": 137, "reason": "OOMKilled"}});
    let waits = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    let restarted =
        |count: i32, state: Value| json!([{"name": "blast", "restartCount": count, "state": state, "lastState": last}]);
    tell(&mut overview, &pod_with(&name, &BATCH, restarted(0, waits), "Running"), 6);
    let (zero, one) = (instance(&name, "blast", 0), instance(&name, "blast", 1));
    let life = |overview: &Overview| overview.container(&zero.container).unwrap().clone();
    assert_eq!(life(&overview).standing(), Standing::Waiting);
    assert_eq!(life(&overview).waiting.as_deref(), Some("CrashLoopBackOff"));
    let runs = json!({"running": {"startedAt": time(20)}});
    tell(&mut overview, &pod_with(&name, &BATCH, restarted(1, runs), "Running"), 20);
    print(&mut overview, &zero, &[(2, "run start 000 blastn"), (4, "Error: x")]);
    print(
        &mut overview,
        &one,
        &[(21, "run start 000 blastn"), (30, "azcopy attempt 2/5 failed, retrying in 20s..."), (31, "run end 000 0")],
    );
    overview.take(&RunEvent::Complete { instance: zero.clone(), lines: 2, proof: Proof::Checked }, second(32));
    let gap = Note::Gap { restart: 1, after: second(21), before: Some(second(30)) };
    overview.take(&RunEvent::Gap { instance: one.clone(), note: gap }, second(33));
    let container = life(&overview);
    assert_eq!((container.standing(), container.restarts()), (Standing::Running, 1));
    assert_eq!((container.lines, container.problems, container.missing), (5, 2, 1));
    assert_eq!(container.latest.as_ref().map(|line| line.text.clone()), Some("run end 000 0".into()));
    let [first, second_one] = &container.instances[..] else { panic!("{container:?}") };
    assert_eq!(first.end.as_ref().map(|end| (end.exit_code, end.reason.as_str())), Some((137, "OOMKilled")));
    assert_eq!(first.span(), Some(Span { from: second(1), to: second(5) }));
    assert_eq!((first.proof, second_one.proof), (Some(Proof::Checked), None));
    assert_eq!((second_one.started, second_one.blast_code), (Some(second(20)), Some(0)));
    assert_eq!(overview.problems.count, 2);
    let told: Vec<_> = overview.problems.first.iter().map(|it| (it.restart, it.line, it.is_retried)).collect();
    assert_eq!(told, [(0, 1, false), (1, 1, true)]);
    assert_eq!(overview.gaps.len(), 1);
    assert!(overview.gaps[0].text.contains("are missing between"), "{:?}", overview.gaps);
    let value = serde_json::to_value(&overview).unwrap();
    assert_eq!(value["containers"][0]["instances"][0]["end"]["reason"], "OOMKilled");
    assert_eq!(value["pods"][&name]["status"], "Running");
}

#[test]
fn without_its_cluster_a_container_is_known_by_what_is_told() {
    let mut overview = begun();
    let pod = pod_with(&batch_name(0, "aaaaa"), &["blast"], json!([]), "Pending");
    for target in targets(&pod) {
        overview.take(&RunEvent::Found(Arc::new(target)), second(1));
    }
    let of = instance(pod.uid(), "blast", 0);
    let note = |overview: &mut Overview, note: Note, at: i64| {
        overview.take(&RunEvent::Note { container: of.container.clone(), note }, second(at));
        overview.container(&of.container).unwrap().standing()
    };
    assert_eq!(note(&mut overview, Note::Waiting("ImagePullBackOff".to_owned()), 1), Standing::Waiting);
    assert_eq!(note(&mut overview, Note::Started(0), 5), Standing::Running);
    assert_eq!(overview.container(&of.container).unwrap().started(), Some(second(5)));
    let oom = Ended { exit_code: 137, reason: "OOMKilled".to_owned(), ..Ended::default() };
    assert_eq!(note(&mut overview, Note::Ended(0, oom), 9), Standing::Failed);
    assert_eq!(note(&mut overview, Note::Waiting("CrashLoopBackOff".to_owned()), 9), Standing::Waiting);
    assert_eq!(note(&mut overview, Note::Started(1), 20), Standing::Running);
    // NCBI's container ends with 0 although BLAST failed.
    print(&mut overview, &instance(pod.uid(), "blast", 1), &[(22, "run end 000 2")]);
    assert_eq!(note(&mut overview, Note::Ended(1, Ended::default()), 30), Standing::Failed);
    overview.pod_gone(pod.uid());
    assert_eq!(overview.estimate(second(40)), None);
}

fn event() -> impl Strategy<Value = (RunEvent, i64)> {
    let of = (0..3usize, 0..2usize, 0..3u32)
        .prop_map(|(shard, which, restart)| instance(&batch_name(shard, "aaaaa"), BATCH[which], restart));
    let text = prop_oneof![Just("run end 000 3"), Just("Error: x"), Just("a"), Just("run end 000 0")];
    let event = (of, 0..9usize, any::<i64>(), text).prop_map(|(of, kind, stamp, text)| {
        let container = of.container.clone();
        match kind {
            0 => RunEvent::Job(JobIds::default()),
            1 | 2 => {
                let pod = pod_with(&container.uid, &BATCH, json!([]), "Running");
                RunEvent::Found(Arc::new(targets(&pod).swap_remove(0)))
            }
            3 => RunEvent::Note { container, note: Note::Started(of.restart) },
            4 => RunEvent::Note { container, note: Note::Ended(of.restart, Ended::default()) },
            5 => RunEvent::Gap { note: Note::Lost { restart: of.restart, reason: String::new() }, instance: of },
            6 => RunEvent::Complete { instance: of, lines: 0, proof: Proof::Empty },
            _ => {
                let line = Line { stamp: Stamp(stamp), text: text.into() };
                RunEvent::Lines(LineBatch { instance: of, stream: None, lines: vec![line.clone(), line] })
            }
        }
    });
    (event, any::<i64>())
}

proptest! {
    #[test]
    fn whatever_is_told_nothing_is_counted_twice(events in proptest::collection::vec(event(), 0..60), now in any::<i64>()) {
        let mut overview = Overview::default();
        for (event, at) in &events {
            overview.take(event, Stamp(*at));
        }
        let lines: u64 = overview.containers().iter().map(|container| container.lines).sum();
        prop_assert_eq!(overview.lines, lines);
        let of_instances: u64 =
            overview.containers().iter().flat_map(|it| &it.instances).map(|instance| instance.lines).sum();
        prop_assert_eq!(lines, of_instances);
        for StepState { progress: StepCounts { total, waiting, running, done, failed }, .. } in overview.steps() {
            prop_assert_eq!(total, waiting + running + done + failed);
        }
        let batches: usize = overview.batches().map(|batch| batch.containers.len()).sum();
        prop_assert_eq!(batches, overview.containers().len());
        overview.estimate(Stamp(now));
        overview.elapsed(Stamp(now));
        prop_assert!(serde_json::to_string(&overview).is_ok());
    }
}
