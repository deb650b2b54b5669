//! Jobs that are deleted while they run.

use crate::{
    jobs::{JobPlan, count, numbered},
    stage::{ROW, Stage},
};

#[test]
fn what_was_printed_before_a_deletion_is_there_once() {
    let stage = Stage::new();
    // On being asked to end it has a last word, and stays a while, less than its grace of 1 s, for it to be read.
    let script =
        format!("trap 'echo bye; sleep 0.3; exit 0' TERM; {}; while :; do sleep 0.1; done", count("before", 100));
    let job = JobPlan::batch(0).container("blast", &script);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    stage.create(&job);
    elbtail.until_printed("before line 100\n");
    stage.delete(&job.name);
    // Its pods are gone, its Jobs are gone, and it had begun to search: nothing more will come. The stream ended as it should,
    // so nothing is known to be missing even where the pod was away before the end of its log could be checked.
    let ended = elbtail.end().code(0);
    let lines = ended.lines();
    assert_eq!(lines[..100], numbered("before", 100));
    assert_eq!(lines[100..], ["bye"]);
}

#[test]
fn a_pod_that_is_replaced_is_followed_under_its_new_name() {
    let stage = Stage::new();
    let script = format!("{}; exec sleep 3600", count("$HOSTNAME", 20));
    let job = JobPlan::batch(0).restarts(6).container("blast", &script);
    let mut elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    stage.create(&job);
    elbtail.until_printed(" line 20\n");
    let first = kube::ResourceExt::name_any(&stage.pods()[0]);
    stage.delete_pod(&first);
    stage.until("there is another pod", || stage.pods().iter().any(|pod| kube::ResourceExt::name_any(pod) != first));
    let second = stage.pods().iter().map(kube::ResourceExt::name_any).find(|name| *name != first).unwrap();
    elbtail.until_printed(&format!("{second} line 20\n"));
    assert!(elbtail.runs());
    elbtail.interrupt();
    let ended = elbtail.end().code(130);
    assert_eq!(ended.lines(), [numbered(&first, 20), numbered(&second, 20)].concat());
}
