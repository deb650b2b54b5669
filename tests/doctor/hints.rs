//! `logs` and `targets` end with the doctor's first finding when they have nothing to show.

use crate::stage::*;

fn stderr(stage: &Stage, arguments: &[&str]) -> (String, Option<i32>) {
    let output = stage.command(arguments).output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

#[test]
fn nothing_found() {
    let stage = Stage::new();
    let pod = stage.cluster.pod("x").namespace("elb").label("elb-job-id", ID).container("blast").create();
    pod.start("blast");
    for command in ["logs", "targets"] {
        let (text, code) = stderr(&stage, &[command, ID]);
        assert_eq!(code, Some(5));
        let last = text.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("doctor: wrong namespace"), "{text}");
        assert!(last.contains("ELB-K8S-NAMESPACE") && last.contains("-n elb"), "{text}");
    }
}

#[test]
fn nothing_printed() {
    let stage = Stage::new();
    stage.batch(0).unschedulable("0/1 nodes are available: 1 Insufficient memory.");
    let (text, _) = stderr(&stage, &["logs", ID]);
    assert!(text.contains("doctor: pod") && text.contains("ELB-POD-UNSCHEDULABLE"), "{text}");
}
