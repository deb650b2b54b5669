//! What could not be looked at is never said to be well.

use testcluster::{Action, Call, Kind, Rule};

use crate::stage::*;

#[test]
fn lists_that_are_refused_though_they_are_allowed() {
    for (list, code, exit) in [
        ("/pods", 403, 7),
        ("/pods", 500, 6),
        ("/jobs", 403, 7),
        ("/jobs", 500, 6),
        ("/jobs", 404, 6),
        ("/events", 500, 6),
        ("/selfsubjectaccessreviews", 500, 6),
    ] {
        let stage = Stage::new();
        stage.searching(0);
        let wrong = move |call: &Call| call.kind != Kind::Log && call.path.ends_with(list);
        stage.cluster.faults().push(Rule::new(wrong, Action::Answer { code, retry_after: None }));
        let said = stage.doctor(&[ID]);
        assert_eq!(said.code, exit, "{list} {code}: {}", said.text);
        assert!(said.text.contains("could not be looked at"), "{list} {code}: {}", said.text);
    }
}

#[test]
fn logs_that_are_refused() {
    for code in [401, 403, 404, 500, 502] {
        let stage = Stage::new();
        stage.searching(0);
        let logs = |call: &Call| call.kind == Kind::Log;
        stage.cluster.faults().push(Rule::new(logs, Action::Answer { code, retry_after: None }));
        let said = stage.doctor(&[ID]);
        println!("{code}: {}", said.text);
        assert!(code == 404 || said.code != 0, "{code}: {}", said.text);
    }
}

#[test]
fn next_commands_repeat_the_flags() {
    let stage = Stage::new();
    stage.batch(0).unschedulable("0/1 nodes are available: 1 Insufficient memory.");
    let config = stage.kubeconfig.to_str().unwrap().to_owned();
    let said = stage.doctor(&[ID, "--kubeconfig", &config, "--as", "o'brien x", "--as-group", "system:masters"]);
    let next = said.report["findings"][0]["next"].as_str().unwrap_or_default().to_owned();
    let words = shlex::split(&next).unwrap();
    for wanted in ["--kubeconfig", config.as_str(), "--as", "o'brien x"] {
        assert!(words.iter().any(|word| word == wanted), "{wanted}: {next}\n{}", said.text);
    }
}

#[test]
fn waits_before_there_is_an_id() {
    let stage = Stage::new();
    for phase in [
        "waiting_for_warmup",
        "waiting_for_capacity",
        "warmup_ready",
        "submit_retryable_failure",
        "split_children_submitted",
    ] {
        let row = row_without_id("running", phase, ago(3));
        let said = stage.must_be_healthy(phase, &[&stage.row(&row)]);
        assert!(said.first_line().contains("not submitted yet: waits for"), "{}", said.text);
        let row = row_without_id("running", phase, ago(3 * 24 * 60));
        stage.must_find(phase, &[&stage.row(&row)], "ELB-ID-MISSING", 4);
    }
}

#[test]
fn an_init_container_that_runs_is_waited_for() {
    let stage = Stage::new();
    let pod = stage.batch(0).at(ago(9));
    pod.start("import-query-batches");
    let said = stage.must_be_healthy("init container runs", &[ID]);
    assert!(
        said.first_line().contains("waits for init container import-query-batches of 1 pod, for 9m"),
        "{}",
        said.text
    );
    assert!(!said.first_line().contains("running:"), "{}", said.text);
}

#[test]
fn pods_in_another_namespace_are_in_this_cluster() {
    let stage = Stage::new();
    let pod = stage.cluster.pod("x").namespace("elb").label("elb-job-id", ID).container("blast").create();
    pod.start("blast");
    let mut row = running_row();
    row["cluster_name"] = "elb-cluster".into();
    let said = stage.must_find("wrong namespace, another cluster's name", &[&stage.row(&row)], "ELB-K8S-NAMESPACE", 5);
    assert!(!said.text.contains("has nothing of the job"), "{}", said.text);
}
