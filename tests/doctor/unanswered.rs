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

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>planted</body></html>";

fn foreign(code: u16, media: &'static str, text: &str) -> Action {
    Action::Foreign { code, media, text: text.to_owned() }
}

/// What the doctor says of a healthy job where requests that `wrong` names are answered so.
fn examined(wrong: impl FnMut(&Call) -> bool + Send + 'static, answer: Action) -> Said {
    let stage = Stage::new();
    stage.searching(0);
    stage.cluster.faults().push(Rule::new(wrong, answer));
    let said = stage.doctor(&[ID]);
    assert!(!said.text.contains("<html") && !said.text.contains("planted"), "{}", said.text);
    assert!(!said.text.starts_with("ok"), "{}", said.text);
    said
}

#[test]
fn a_server_that_refuses_every_question_refuses_whatever_its_words() {
    for (what, answer) in [
        ("a Status without a reason", foreign(403, "application/json", r#"{"kind":"Status","code":403}"#)),
        ("an object that is no Status", foreign(403, "application/json", r#"["no"]"#)),
        ("an object without a code", foreign(403, "application/json", r#"{"kind":"Status","message":"no"}"#)),
        ("words", foreign(403, "text/plain", "RBAC: access denied")),
        ("nothing", foreign(403, "", "")),
        ("a Status", refuse(403, "no")),
    ] {
        let said = examined(|call| call.method == "GET", answer);
        println!("{what}: {}", said.text);
        assert_eq!(said.code, 7, "{what}: {}", said.text);
        assert_eq!(said.check("permission"), "problem", "{what}: {}", said.text);
        assert!(said.problems().contains(&"ELB-K8S-FORBIDDEN".to_owned()), "{what}: {}", said.text);
        // The API server's own words need no code.
        assert!(said.text.contains("403") || said.text.contains("looked at: no"), "{what}: {}", said.text);
        assert!(!said.text.contains('{'), "{what}: {}", said.text);
    }
}

#[test]
fn lists_that_are_web_pages() {
    for list in ["/pods", "/jobs", "/events"] {
        for (code, media) in [(200, "text/html"), (200, "application/json"), (200, ""), (502, "text/html"), (502, "")] {
            let said =
                examined(move |call| call.kind == Kind::List && call.path.ends_with(list), foreign(code, media, PAGE));
            println!("{list} {code} {media}: {}", said.text);
            assert_eq!(said.code, 6, "{list} {code} {media}: {}", said.text);
            // What is called JSON, or nothing, shows only when it is read.
            let word = if code == 200 && media != "text/html" { "is this the API's URL?" } else { "a web page" };
            assert!(said.text.contains(word), "{list} {code} {media}: {}", said.text);
        }
    }
}

#[test]
fn a_version_that_fails() {
    for answer in [
        foreign(
            403,
            "application/json",
            r#"{"kind":"Status","message":"forbidden: User cannot get path \"/version\"","reason":"Forbidden","code":403}"#,
        ),
        foreign(500, "text/plain", "etcdserver: no leader"),
        foreign(200, "text/html", PAGE),
        foreign(502, "text/html", PAGE),
    ] {
        let stage = Stage::new();
        stage.searching(0);
        stage.cluster.faults().push(Rule::new(|call: &Call| call.path == "/version", answer.clone()));
        let said = stage.doctor(&[ID]);
        println!("{answer:?}: {}", said.text);
        // The clock alone is asked there: what matters was answered.
        assert_eq!((said.code, said.problems()), (0, vec![]), "{answer:?}: {}", said.text);
    }
}

#[test]
fn a_tunnel_that_answers_for_a_kubelet() {
    for (code, media, text) in [
        (500, "text/plain", "No agent available"),
        (502, "text/html", PAGE),
        (503, "", "<html>upstream connect error</html>"),
        (504, "application/xml", "<Error><Code>planted</Code></Error>"),
    ] {
        let said = examined(|call| call.kind == Kind::Log, foreign(code, media, text));
        println!("{code} {text}: {}", said.text);
        assert_eq!(said.code, 9, "{code} {text}: {}", said.text);
        let code = if text.starts_with("No agent") { "ELB-LOG-KUBELET" } else { "ELB-LOG-UNREADABLE" };
        assert!(said.problems().iter().all(|problem| problem == code), "{text}: {}", said.text);
    }
}

#[test]
fn logs_of_a_gateway_are_no_lines_and_no_quotes() {
    let stage = Stage::new();
    stage.searching(0);
    let lists = |call: &Call| call.kind == Kind::List && call.path.ends_with("/pods");
    stage.cluster.faults().push(Rule::new(lists, foreign(502, "text/html", PAGE)));
    for command in [&["logs", ID][..], &["targets", ID]] {
        let output = stage.command(command).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("it answers with a web page (HTTP 502)") && !text.contains("<html"), "{text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_is_waited_for_is_said_once() {
    let stage = Stage::new();
    let path = stage.row(&row_without_id("running", "waiting_for_capacity", ago(3)));
    let said = stage.must_be_healthy("what a job waits for is said once", &[&path]);
    assert_eq!(said.text.matches("waits for capacity").count(), 1, "{}", said.text);
    assert!(said.text.contains("next: elbtail logs -f") && said.text.contains("advice: "), "{}", said.text);
    assert_eq!(said.notes(), ["ELB-ID-PENDING"]);
    // With a problem beside it, the note is the only one to say it.
    stage.cluster.kill_blocking();
    let said = stage.must_find("a job waits, and the cluster is away", &[&path], "ELB-K8S-UNREACHABLE", 6);
    assert_eq!(said.text.matches("waits for capacity").count(), 1, "{}", said.text);
}

#[test]
fn phases_in_any_spelling_are_before_the_jobs() {
    for phase in ["waiting-for-capacity", "Warmup-Ready", "staging_db"] {
        let stage = Stage::new();
        let mut row = running_row();
        row["phase"] = phase.into();
        let said = stage.must_find(phase, &[&stage.row(&row)], "ELB-K8S-NO-JOBS-YET", 0);
        assert!(said.text.contains("no Jobs yet"), "{phase}: {}", said.text);
    }
}
