//! Whose pods are whose: NCBI's layout, and other jobs in the same namespace.

use crate::{
    jobs::JobPlan,
    lines::{assert_all_once, stdout},
    stage::{ID, ROW, SHORT, Stage},
};
use serde_json::Value;

const OTHER: &str = "job-00000000000000000000000000000bad";

/// Pods that are none of the job's, however alike they look.
fn foreign() -> Vec<JobPlan> {
    vec![
        // Another job's, by its label, in a name made for ours.
        JobPlan::bare(&format!("blastn-batch-s07-job-000-{SHORT}")).label("app", "blast").label("elb-job-id", OTHER),
        // Another job's, by its environment, in NCBI's layout.
        JobPlan::bare("blastn-batch-nt-job-001").label("app", "blast"),
        // Our short id as a part of a longer word, and at a place where ElasticBLAST puts none.
        JobPlan::bare(&format!("blastn-batch-x{SHORT}-job-000-deadbeef")).label("app", "blast"),
        JobPlan::bare(&format!("init-ssd-{SHORT}0-0")).label("app", "setup"),
        JobPlan::bare(&format!("blastn-batch-{SHORT}-job-000-deadbeef")).label("app", "blast"),
        // None of ElasticBLAST's at all.
        JobPlan::bare(&format!("backup-{SHORT}")),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, plan)| {
        let plan = plan.counts("blast", 5);
        if number == 1 { plan.env("BLAST_ELB_JOB_ID", OTHER) } else { plan }
    })
    .collect()
}

/// Checks that `ours` and nothing else is found, each for its reason.
fn check(ours: &[(JobPlan, &str)]) {
    let stage = Stage::new();
    ours.iter().map(|(job, _)| job).chain(&foreign()).for_each(|job| stage.create(job));
    stage.until_jobs_end();
    let expected: Vec<String> = ours.iter().flat_map(|(job, _)| job.expected()).collect();
    for follow in [&[][..], &["-f"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw"], follow].concat()).code(0);
        assert_all_once(&stdout(&run), &expected);
    }
    let list: Value = serde_json::from_slice(&stage.run(&["targets", ROW, "-o", "json"]).get_output().stdout).unwrap();
    for (job, evidence) in ours {
        let targets = list["targets"].as_array().unwrap();
        let found: Vec<&Value> =
            targets.iter().filter(|it| it["pod"].as_str().unwrap().starts_with(&format!("{}-", job.name))).collect();
        assert!(!found.is_empty() && found.iter().all(|it| it["evidence"] == *evidence), "{list:#}");
    }
}

#[test]
fn pods_are_found_by_their_label() {
    let labelled = JobPlan::bare("other").label("elb-job-id", ID).counts("anything", 5);
    check(&[(JobPlan::batch(0).counts("blast", 5), "label"), (labelled, "label")]);
}

#[test]
fn pods_without_a_label_are_found_by_their_environment_or_name() {
    let batch = JobPlan::bare("blastn-batch-nt-job-000").label("app", "blast").counts("results-export", 5);
    let batch = batch.counts("blast", 5).env("BLAST_ELB_JOB_ID", ID);
    let setup = JobPlan::bare(&format!("init-ssd-{SHORT}-2")).label("app", "setup").counts("get-blastdb", 5);
    check(&[(batch, "env"), (setup, "owner")]);
}

#[test]
fn setup_pods_without_any_id_are_taken_on_request() {
    let batch = JobPlan::bare("blastn-batch-nt-job-000").label("app", "blast");
    let batch = batch.counts("blast", 5).env("BLAST_ELB_JOB_ID", ID);
    let setup = JobPlan::bare("init-pv").label("app", "setup").counts("get-blastdb", 5);
    let stage = Stage::new();
    [&batch, &setup].into_iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_all_once(&stdout(&run), &batch.expected());
    let run = stage.run(&["logs", ROW, "-o", "raw", "--include-setup"]).code(0);
    assert_all_once(&stdout(&run), &[batch.expected(), setup.expected()].concat());
}
