//! What could not be looked at is never said to be well.

use testcluster::{Action, Call, Kind, Rule};

use crate::stage::*;

fn refuse(code: u16, message: &str) -> Action {
    Action::Refuse { code, message: message.to_owned() }
}

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

#[test]
fn a_kubelet_that_refuses_the_api_server() {
    for (code, message) in [
        (401, "the server has asked for the client to provide credentials ( pods/log blastn)"),
        (403, "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)"),
    ] {
        let stage = Stage::new();
        stage.searching(0);
        let logs = |call: &Call| call.kind == Kind::Log;
        stage.cluster.faults().push(Rule::new(logs, refuse(code, message)));
        let said = stage.must_be("a kubelet lets nobody in", "ELB-LOG-KUBELET");
        assert!(said.text.contains("your own credentials are not the reason"), "{}", said.text);
    }
}

#[test]
fn other_causes_are_told_beside_a_refused_log() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.terminate_with("blast", 137, "OOMKilled", None).terminate("results-export", 137);
    let logs = |call: &Call| call.kind == Kind::Log;
    stage.cluster.faults().push(Rule::new(logs, refuse(403, "pods \"x\" is forbidden: User \"me\" cannot get it")));
    let said = stage.must_be("a log is refused, and memory was the cause", "ELB-POD-OOM");
    assert!(said.problems().contains(&"ELB-LOG-UNREADABLE".to_owned()), "{}", said.text);
    assert!(!said.text.contains("its log is empty") && said.text.contains("could not be read"), "{}", said.text);
}

#[test]
fn commands_that_find_no_id_yet_say_what_is_waited_for() {
    let stage = Stage::new();
    let path = stage.row(&row_without_id("running", "waiting_for_capacity", ago(3)));
    for command in ["logs", "targets"] {
        let output = stage.command(&[command, &path]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains("not submitted yet: waits for capacity in the cluster"), "{text}");
    }
}
