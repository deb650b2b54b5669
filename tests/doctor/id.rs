use serde_json::json;

use crate::stage::*;

#[test]
fn missing() {
    let stage = Stage::new();
    let row = row_without_id("running", "running", ago(1));
    let said = stage.must_find("row holds no id", &[&stage.row(&row)], "ELB-ID-MISSING", 4);
    assert!(said.evidence().contains(&format!("payload.k8s_job_id: \"{ROW_ID}\" (not-an-id)")), "{}", said.text);
    assert!(said.evidence().contains("steps: \"odd\" (wrong-type)"), "{}", said.text);
    assert_eq!((said.check("permission"), said.check("jobs")), ("ok", "not-checked"));
}

#[test]
fn missing_for_too_long() {
    let stage = Stage::new();
    let row = row_without_id("queued", "submitting", ago(120));
    stage.must_find("submit has been at work for two hours", &[&stage.row(&row)], "ELB-ID-MISSING", 4);
}

#[test]
fn pending() {
    let stage = Stage::new();
    let row = row_without_id("queued", "submitting", ago(1));
    let said = stage.must_be_healthy("submit still works, no id yet", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-ID-PENDING"]);
}

#[test]
fn ambiguous() {
    let stage = Stage::new();
    let mut row = row_without_id("running", "running", ago(1));
    row["payload"]["stdout"] = format!("{ID} {OTHER}").into();
    let said = stage.must_find("captured output shows two ids", &[&stage.row(&row)], "ELB-ID-AMBIGUOUS", 4);
    assert!(said.evidence().contains(OTHER));
}

#[test]
fn inferred() {
    let stage = Stage::new();
    stage.searching(0);
    let mut row = row_without_id("running", "running", ago(1));
    row["payload"]["stdout"] = format!("submitted {ID}").into();
    let said = stage.must_be_healthy("id only inferred", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-ID-INFERRED"]);
}

#[test]
fn conflict() {
    let stage = Stage::new();
    stage.searching(0);
    let mut row = running_row();
    row["payload"]["elastic_blast_job_id"] = OTHER.into();
    let said = stage.must_find("mirrors disagree, the trusted one is wrong", &[&stage.row(&row)], "ELB-ID-CONFLICT", 9);
    assert!(said.text.contains(&format!("elbtail doctor {ID}")), "{}", said.text);
    row["payload"]["elastic_blast_job_id"] = ID.into();
    row["payload"]["external"] = json!({"elb_job_id": OTHER});
    let said = stage.must_be_healthy("mirrors disagree, the trusted one is right", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-ID-CONFLICT"]);
}
