use std::time::{Duration, Instant};

use testcluster::{Action, Kind, Rule, Stream};

use crate::stage::*;

#[test]
fn kubelet_unreachable() {
    let stage = Stage::new();
    stage.searching(0);
    stage.cluster.kubelet_down("node1", true);
    let said = stage.must_be("kubelet unreachable (500)", "ELB-LOG-KUBELET");
    assert!(said.first_line().contains("node1"));
}

#[test]
fn file_gone() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.remove_log("blast");
    let said = stage.must_be("log file gone from the node (in-band error)", "ELB-LOG-FILE-GONE");
    assert!(said.evidence().contains("no such file"), "{}", said.text);
}

#[test]
fn unreadable() {
    let stage = Stage::new();
    stage.searching(0);
    let logs = |call: &testcluster::Call| call.kind == Kind::Log;
    stage.cluster.faults().push(Rule::new(logs, Action::Answer { code: 503, retry_after: None }));
    stage.must_be("logs answer 503", "ELB-LOG-UNREADABLE");
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let stage = Stage::new();
    stage.searching(0);
    let mut told = None;
    let logs = move |call: &testcluster::Call| {
        call.kind == Kind::Log && told.get_or_insert_with(Instant::now).elapsed() < Duration::from_secs(1)
    };
    stage.cluster.faults().push(Rule::new(logs, Action::Answer { code: 429, retry_after: Some(1) }));
    stage.must_be_healthy("logs answer 429 for a second", &[ID]);
}

/// A search whose log questions end in this text of the kubelet, so many times.
fn in_band(text: &str, times: usize) -> Stage {
    let stage = Stage::new();
    stage.searching(0);
    let logs = |call: &testcluster::Call| call.kind == Kind::Log;
    stage.cluster.faults().push(Rule::new(logs, Action::InBand { after: 0, text: text.to_owned() }).times(times));
    stage
}

#[test]
fn a_kubelets_words_in_the_place_of_lines_are_each_what_they_mean() {
    for (text, code) in [
        ("unable to retrieve container logs for containerd://bb38a1a82b95", "ELB-LOG-FILE-GONE"),
        ("failed to open log file \"/x\": no such file or directory", "ELB-LOG-FILE-GONE"),
        ("failed to create fsnotify watcher: too many open files", "ELB-LOG-UNREADABLE"),
        ("rpc error: code = Unavailable desc = connection error", "ELB-LOG-UNREADABLE"),
    ] {
        let said = in_band(text, usize::MAX).must_be(text, code);
        assert!(said.evidence().contains(text), "{}", said.text);
        assert!(said.problems().iter().all(|problem| problem == code), "{}", said.text);
    }
}

#[test]
fn what_passes_in_a_moment_is_no_finding() {
    for text in ["rpc error: code = Unavailable desc = x", "failed to try resolving symlinks in path \"/x\": lstat"] {
        let said = in_band(text, 1).must_be_healthy(text, &[ID]);
        assert_eq!(said.notes(), [""; 0], "{}", said.text);
    }
}

/// A search that has been running for an hour, without a line.
fn silent_for_an_hour(stage: &Stage, shard: usize) -> testcluster::PodHandle {
    let pod = stage.batch(shard);
    let early = pod.at(ago(60));
    early.start("import-query-batches").terminate("import-query-batches", 0);
    early.start_all(&["blast", "results-export"]);
    pod
}

/// A search whose log was rotated an hour ago.
fn rotated(stage: &Stage, shard: usize) -> testcluster::PodHandle {
    let pod = silent_for_an_hour(stage, shard);
    pod.at(ago(60)).print("blast", "BASH version 5.2.21(1)-release");
    pod.rotate("blast");
    pod.print_at("blast", ago(5), Stream::Stderr, "Warning: [blastn] Query_1000");
    pod
}

#[test]
fn rotated_away() {
    let stage = Stage::new();
    rotated(&stage, 0);
    let said = stage.must_be_healthy("disk pressure rotated the log away", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-ROTATED"]);
}

#[test]
fn what_the_node_holds_of_a_rotated_log_is_evidence() {
    let stage = Stage::new();
    rotated(&stage, 0);
    let said = stage.must_be_healthy("a rotated log whose node has all of it", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-ROTATED"]);
    let evidence = said.evidence();
    assert!(evidence.contains("node node1 holds of instance 0: 0.log.2"), "{evidence}");
    assert!(evidence.contains(" B), 0.log ("), "with their sizes: {evidence}");
    assert!(said.text.contains("what its node still holds, elbtail logs reads"), "{}", said.text);
}

#[test]
fn what_the_node_holds_of_a_log_that_is_gone_is_evidence() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.restart("blast");
    pod.remove_log("blast");
    let said = stage.must_be("log file gone, the instance before kept", "ELB-LOG-FILE-GONE");
    assert!(said.evidence().contains("node node1 holds of instance 0: 0.log ("), "{}", said.text);

    let stage = Stage::new();
    stage.searching(0).remove_log("blast");
    let said = stage.must_be("log file gone, and nothing kept", "ELB-LOG-FILE-GONE");
    assert!(said.evidence().contains("node node1 holds no file of it"), "{}", said.text);
}

#[test]
fn a_late_line_of_a_log_that_was_never_rotated_is_no_finding() {
    let stage = Stage::new();
    let pod = silent_for_an_hour(&stage, 0);
    pod.print_at("blast", ago(5), Stream::Stderr, "Warning: [blastn] Query_1000");
    let said = stage.must_be_healthy("another script in blast's place, silent at first", &[ID]);
    assert_eq!(said.notes(), [""; 0]);
}

#[test]
fn files_that_may_not_be_read_are_one_hint() {
    let stage = Stage::new();
    stage.cluster.add_user("viewer", "viewer", testcluster::Access::all().deny("*", "nodes/proxy"));
    rotated(&stage, 0);
    rotated(&stage, 1);
    let arguments = [ID, "--token", "viewer"];
    let said = stage.must_be_healthy("rotated logs and no permission to read nodes", &arguments);
    assert_eq!(said.notes(), ["ELB-LOG-ROTATED"]);
    let hint = "with permission to get nodes/proxy they could be read from node node1";
    assert_eq!(said.text.matches(hint).count(), 1, "{}", said.text);
    let asked = stage.cluster.requests();
    assert!(!asked.iter().any(|request| request.contains("/proxy/logs/")), "{asked:?}");
}

#[test]
fn nodes_are_asked_only_when_lines_are_missing() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    // A crash loop: of earlier instances the kubelet keeps one, which is no finding.
    for _ in 0..3 {
        pod.restart("blast");
        pod.print("blast", "run start 000 blastn core_nt_shard_00");
    }
    let said = stage.doctor(&[ID]);
    for code in ["ELB-LOG-FILE-GONE", "ELB-LOG-ROTATED"] {
        assert!(!said.text.contains(code), "{}", said.text);
    }
    let asked = stage.cluster.requests();
    assert!(!asked.iter().any(|request| request.contains("/proxy/")), "{asked:?}");
}

#[test]
fn nodes_that_serve_no_files_are_told() {
    let stage = Stage::new();
    rotated(&stage, 0);
    stage.cluster.node_logs("node1", testcluster::NodeLogs::Disabled);
    let said = stage.must_be_healthy("a rotated log on a node that serves no files", &[ID]);
    let told = "what node node1 holds of it cannot be seen: the kubelet does not serve /logs/";
    assert!(said.evidence().contains(told), "{}", said.text);
}

#[test]
fn silent() {
    let stage = Stage::new();
    silent_for_an_hour(&stage, 0);
    let said = stage.must_be_healthy("blast runs for an hour without a line", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-SILENT"]);
}
