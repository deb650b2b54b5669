//! Many pods that live for a moment.

use crate::{
    jobs::{JobPlan, finalizer},
    lines::{assert_all_once, assert_in_order, stderr, stdout},
    running::Running,
    stage::{ROW, Stage},
};
use std::time::Duration;

#[test]
fn pods_that_end_at_once_are_not_missed() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    // Unfinished as long as it is suspended, so the job has not ended when the first pods have.
    let last = finalizer(1);
    stage.create(&last);
    let jobs: Vec<JobPlan> = (0..20).map(|shard| JobPlan::batch(shard).counts("blast", 200)).collect();
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    stage.resume(&last.name);
    let ended = elbtail.end().code(0);
    let expected: Vec<String> = jobs.iter().chain([&last]).flat_map(JobPlan::expected).collect();
    assert_all_once(&ended.lines(), &expected);
    assert_in_order(&ended.lines());

    let run = stage.run(&["logs", ROW, "-o", "raw", "--order", "arrival"]).code(0);
    assert_all_once(&stdout(&run), &expected);
    assert_in_order(&stdout(&run));
    assert_eq!(stderr(&run), "");
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let stage = Stage::new();
    // More than a pipe holds, so that writing fails for certain.
    let job = JobPlan::batch(0).counts("blast", 20_000);
    stage.create(&job);
    stage.until_jobs_end();
    for arguments in [&["logs", ROW, "-o", "raw"][..], &["logs", ROW, "-o", "raw", "-f", "--only-log-lines"]] {
        let (elbtail, first) = Running::start_for_one_line(stage.command(arguments), Duration::from_secs(60));
        assert_eq!(first.trim_end(), job.expected()[0]);
        assert_eq!(elbtail.end().code(0).stderr, "");
    }
}
