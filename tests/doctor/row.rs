use serde_json::json;

use crate::stage::*;

#[test]
fn unreadable() {
    let stage = Stage::new();
    let path = stage.write("row.json", "{\"job_id\": ");
    let said = stage.must_find("the row's file is cut off", &[&path], "ELB-ROW-UNREADABLE", 3);
    assert_eq!((said.check("cluster"), said.check("pods")), ("ok", "not-checked"));
    stage.must_find("there is no such file", &["no-such-row.json"], "ELB-ROW-UNREADABLE", 3);
}

#[test]
fn stale_and_gone() {
    let stage = Stage::new();
    let mut row = running_row();
    row["updated_at"] = ago(90).to_string().into();
    let said = stage.must_find("row says running, Jobs are gone", &[&stage.row(&row)], "ELB-ROW-STALE", 9);
    assert_eq!(said.consequences(), ["ELB-K8S-JOBS-GONE"]);
}

#[test]
fn stale_and_finished() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.terminate("blast", 0).terminate("results-export", 0);
    job.complete(ago(20));
    let mut row = running_row();
    row["updated_at"] = ago(30).to_string().into();
    let said = stage.must_find("row says running, Jobs have finished", &[&stage.row(&row)], "ELB-ROW-STALE", 9);
    assert_eq!(said.notes(), ["ELB-K8S-TTL"]);
}

#[test]
fn terminal_while_pods_run() {
    let stage = Stage::new();
    stage.searching(0);
    let mut row = running_row();
    row["status"] = "completed".into();
    let said =
        stage.must_find("row says completed, a search still runs", &[&stage.row(&row)], "ELB-ROW-ENDED-EARLY", 9);
    assert!(said.text.contains("elbtail logs"), "{}", said.text);
}

#[test]
fn a_parent_names_its_children() {
    let stage = Stage::new();
    let parent = row_without_id("running", "running", ago(1));
    let child = json!({"job_id": "c1", "parent_job_id": ROW_ID, "status": "running", "payload": {"k8s_job_id": ID}});
    let path = stage.write("rows.ndjson", &format!("{parent}\n{child}\n"));
    let said = stage.must_find("row of a split job", &[&path, "--job", ROW_ID], "ELB-ROW-PARENT", 4);
    assert!(said.evidence().contains(ID), "{}", said.text);
}

#[test]
fn a_warm_up_has_no_job() {
    let stage = Stage::new();
    let mut row = row_without_id("running", "warming_up", ago(1));
    row["type"] = "warmup".into();
    stage.must_find("warm-up row", &[&stage.row(&row)], "ELB-ROW-WARMUP", 4);
}

#[test]
fn a_failed_submission_is_told_from_the_row() {
    let stage = Stage::new();
    let mut row = row_without_id("failed", "submitting", ago(1));
    row["error_code"] = "SUBMIT_FAILED".into();
    row["payload"]["_progress"]["steps"] = json!({"submitting": {"success": false, "error": "no quota; sig=planted"}});
    let said = stage.must_find("submission failed, no id was written", &[&stage.row(&row)], "ELB-ROW-FAILED", 9);
    assert!(said.evidence().contains("no quota"), "{}", said.text);
}

#[test]
fn cancelled() {
    let stage = Stage::new();
    let mut row = running_row();
    row["status"] = "cancelled".into();
    stage.must_find("job was cancelled, its pods deleted", &[&stage.row(&row)], "ELB-ROW-CANCELLED", 5);
}

#[test]
fn a_malformed_payload_is_a_note() {
    let stage = Stage::new();
    stage.searching(0);
    let row = json!({"PartitionKey": ROW_ID, "RowKey": "current", "status": "running", "payload_json": "{\"a", "k8s_job_id": ID});
    let said = stage.must_be_healthy("malformed payload_json, id elsewhere", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-ROW-ODD"]);
}
