use jiff::Timestamp;
use serde_json::json;

use crate::stage::*;

#[test]
fn nothing_at_all() {
    let stage = Stage::new();
    let said = stage.must_find("nothing of the id anywhere", &[ID], "ELB-K8S-NOT-FOUND", 5);
    assert!(said.evidence().contains("nor in any other namespace"), "{}", said.text);
}

#[test]
fn no_jobs_yet() {
    let stage = Stage::new();
    let mut row = running_row();
    row["phase"] = "submitting".into();
    row["payload"]["_progress"]["phase"] = "submitting".into();
    let said = stage.must_be_healthy("no Jobs yet, row in phase submitting", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-K8S-NO-JOBS-YET"]);
}

#[test]
fn gone_by_ttl() {
    let stage = Stage::new();
    let mut row = running_row();
    row["status"] = "completed".into();
    row["phase"] = "completed".into();
    row["updated_at"] = ago(90).to_string().into();
    stage.must_find("finished pods removed by TTL", &[&stage.row(&row)], "ELB-K8S-JOBS-GONE", 5);
    row["cluster_name"] = "elb-cluster".into();
    let said = stage.must_find("the same, under another cluster's name", &[&stage.row(&row)], "ELB-K8S-JOBS-GONE", 5);
    assert_eq!(said.notes(), ["ELB-K8S-CLUSTER-NAME"]);
}

#[test]
fn partly_gone_by_ttl() {
    let stage = Stage::new();
    let (job, pod) = stage.finalizer();
    pod.start("finalizer").print("finalizer", "ElasticBLAST Finalizer started").terminate("finalizer", 0);
    job.complete(ago(40));
    stage.must_find("batch Jobs removed by TTL, the finalizer is left", &[ID], "ELB-K8S-JOBS-GONE", 5);
}

#[test]
fn finished_well_and_partly_removed() {
    let stage = Stage::new();
    let (job, pod) = stage.finalizer();
    pod.start("finalizer").print("finalizer", "ElasticBLAST Finalizer started");
    pod.print("finalizer", "SUCCESS: all BLAST jobs completed").terminate("finalizer", 0);
    job.complete(ago(40));
    let mut row = running_row();
    row["status"] = "completed".into();
    row["phase"] = "completed".into();
    row["storage_account"] = "acc1".into();
    let said = stage.must_be_healthy("finished well, batch Jobs removed", &[&stage.row(&row)]);
    assert_eq!(said.notes(), ["ELB-K8S-JOBS-GONE"]);
    let files = format!("azcopy list https://acc1.blob.core.windows.net/results/{ROW_ID}");
    assert!(said.text.contains(&files) && !said.text.contains("half an hour"), "{}", said.text);
}

#[test]
fn quota() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    stage.event_about_job(
        &job,
        "Warning",
        "FailedCreate",
        "Error creating: pods \"x\" is forbidden: exceeded quota: mem, requested: limits.memory=64Gi",
    );
    stage.must_find("a quota keeps the pods away", &[ID], "ELB-K8S-QUOTA", 5);
}

#[test]
fn jobs_without_pods() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    job.edit(|job| job["metadata"]["creationTimestamp"] = ago(5).to_string().into());
    stage.must_find("Jobs but no pods", &[ID], "ELB-K8S-NO-PODS", 5);
    job.edit(|job| job["spec"]["suspend"] = true.into());
    stage.must_find("Job is suspended", &[ID], "ELB-K8S-SUSPENDED", 5);
}

#[test]
fn deadline_exceeded() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.delete();
    job.fail(Timestamp::now(), "DeadlineExceeded", "Job was active longer than specified deadline");
    stage.must_be("deadline exceeded", "ELB-K8S-DEADLINE");
}

#[test]
fn backoff_limit_with_its_pods_gone() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    stage.must_be("backoff limit reached, the pods are gone", "ELB-K8S-BACKOFF-LIMIT");
}

#[test]
fn failed_in_another_way() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    job.fail(Timestamp::now(), "FailedIndexes", "Job has failed indexes");
    stage.must_be("Job failed for another reason", "ELB-K8S-JOB-FAILED");
}

#[test]
fn two_searches_share_a_cluster() {
    let stage = Stage::new();
    stage.searching(0);
    let other = stage.cluster.pod("blastn-batch-s00-job-000-12345678-abcde").label("app", "blast");
    other.label("elb-job-id", OTHER).container("blast").create().start("blast");
    let said = stage.must_be_healthy("two searches share a cluster", &[ID]);
    assert_eq!(said.notes(), ["ELB-K8S-SHARED"]);
    assert!(!said.text.contains(OTHER), "{}", said.text);
    assert!(stage.doctor(&[ID, "-v"]).text.contains(OTHER));
}

#[test]
fn jobs_that_are_done_and_whose_pods_were_removed() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    job.complete(ago(20));
    job.edit(|job| job["spec"]["ttlSecondsAfterFinished"] = json!(3600));
    let said = stage.must_be_healthy("done, the pods were removed", &[ID]);
    assert!(said.notes().contains(&"ELB-K8S-JOBS-GONE".to_owned()), "{}", said.text);
    assert!(said.first_line().contains("has ended well: 1 batch Job done"), "{}", said.text);
    // One that is not done has no pods yet, or is a matter of its own.
    stage.batch_job(1);
    assert!(!stage.doctor(&[ID]).text.contains("JOBS-GONE"));
}

#[test]
fn a_finalizer_that_says_failure_comes_before_jobs_that_were_removed() {
    let stage = Stage::new();
    let (job, pod) = stage.finalizer();
    pod.start("finalizer").print("finalizer", "ElasticBLAST Finalizer started");
    pod.print("finalizer", "FAILURE: jobs failed: blastn-batch-s00-job-000").terminate("finalizer", 0);
    job.complete(ago(40));
    let said = stage.must_find("failed, batch Jobs removed", &[ID], "ELB-LOG-FINALIZER", 9);
    assert!(!said.text.contains("describe job"), "a Job that is gone cannot be described: {}", said.text);
}

#[test]
fn time_left() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.print("blast", "run end 000 0").terminate("blast", 0).terminate("results-export", 0);
    job.complete(ago(20));
    let said = stage.must_be_healthy("finished, logs will be removed", &[ID]);
    assert_eq!(said.notes(), ["ELB-K8S-TTL"]);
    assert!(said.text.contains("will be removed with pods and logs, in 9m"), "{}", said.text);
    job.edit(|job| job["spec"]["ttlSecondsAfterFinished"] = json!(86_400));
    assert_eq!(stage.doctor(&[ID]).notes().len(), 0);
}
