//! Rows without an id, with several, and with one that is only inferred.

use crate::{assert_fails, elbtail};
use predicates::prelude::{PredicateBooleanExt, predicate::str};

const ID: &str = "job-429825360482416da20736cf3ed51a95";

#[test]
fn every_row_of_the_testdata_names_its_id() {
    // Whichever mirror holds it.
    for row in ["incident", "external-elb-job-id", "external-k8s", "table-entity", "top-level", "v1-job", "uuid-in-k8s"]
    {
        let path = format!("testdata/rows/{row}.json");
        elbtail(&["resolve", &path, "-o", "name"]).assert().code(0).stdout(format!("{ID}\n"));
    }
}

#[test]
fn a_row_without_an_id_names_each_place() {
    let none = "testdata/rows/none.json";
    assert_fails(elbtail(&["logs", none]), 4, &["holds no ElasticBLAST id", "all 12 places"]);
    let run = elbtail(&["resolve", none]).assert().code(4).stderr(str::contains("error: "));
    let places = [
        "payload.elastic_blast_job_id",
        "payload.k8s_job_id",
        "payload._progress.steps.running.k8s.job_id",
        "payload._progress.steps.exporting_results.k8s.job_id",
        "payload._progress.steps.warming_up.k8s.job_id",
        "payload._progress.steps.staging_db.k8s.job_id",
        "payload.external.elb_job_id",
        "payload.external.k8s.job_id",
        "elastic_blast_job_id",
        "k8s_job_id",
        "elb_job_id",
        "k8s.job_id",
    ];
    let printed = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let rows: Vec<&str> = printed.lines().skip(1).map(|row| row.split_whitespace().next().unwrap()).collect();
    assert_eq!(rows, places);
}

#[test]
fn copies_that_disagree_are_told() {
    let other = "job-00000000000000000000000000000bad";
    let told = str::starts_with("warning: ")
        .and(str::contains("disagree"))
        .and(str::contains(other))
        .and(str::contains(ID))
        .and(str::contains("payload.k8s_job_id"));
    let run = elbtail(&["resolve", "testdata/rows/conflict.json", "-o", "name"]).assert();
    run.code(0).stdout(format!("{other}\n")).stderr(told);
}

#[test]
fn an_inferred_id_is_called_so() {
    let told = str::starts_with("warning: ").and(str::contains("inferred from the output in payload._progress.steps"));
    let run = elbtail(&["resolve", "testdata/rows/inferred.json", "-o", "name"]).assert();
    run.code(0).stdout(format!("{ID}\n")).stderr(told);
}

#[test]
fn an_id_itself_needs_no_row() {
    elbtail(&["resolve", ID, "-o", "name"]).assert().code(0).stdout(format!("{ID}\n")).stderr("");
}
