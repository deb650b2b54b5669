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
fn rotated_away() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    let early = pod.at(ago(60));
    early.start("import-query-batches").terminate("import-query-batches", 0);
    early.start_all(&["blast", "results-export"]);
    early.print("blast", "BASH version 5.2.21(1)-release");
    pod.rotate("blast");
    pod.print_at("blast", ago(5), Stream::Stderr, "Warning: [blastn] Query_1000");
    let said = stage.must_be_healthy("disk pressure rotated the log away", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-ROTATED"]);
}

#[test]
fn silent() {
    let stage = Stage::new();
    let pod = stage.batch(0).at(ago(60));
    pod.start("import-query-batches").terminate("import-query-batches", 0);
    pod.start_all(&["blast", "results-export"]);
    let said = stage.must_be_healthy("blast runs for an hour without a line", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-SILENT"]);
}
