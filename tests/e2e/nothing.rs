//! Where there is nothing to read.

use crate::{
    jobs::JobPlan,
    lines::{stderr, stdout},
    stage::{ID, ROW, Stage, run},
};

#[test]
fn no_pods_is_told_with_what_was_searched() {
    let stage = Stage::new();
    stage.create(&JobPlan::bare("other").counts("main", 1));
    stage.until_jobs_end();
    for command in ["logs", "targets"] {
        let run = stage.run(&[command, ROW]).code(5);
        let said = stderr(&run);
        assert_eq!(stdout(&run).len(), 0);
        for part in [ID, &stage.namespace, "elb-job-id", "BLAST_ELB_JOB_ID"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}

#[test]
fn a_namespace_that_does_not_exist_holds_no_pods() {
    let stage = Stage::new();
    let missing = format!("{}-x", stage.namespace);
    stage.create(&JobPlan::batch(0).counts("blast", 1));
    stage.until_jobs_end();
    let said = stderr(&run(stage.command_in(&missing, &["logs", ROW])).code(5));
    assert!(said.contains(&missing) && said.contains("-n"), "{said}");
}

#[test]
fn a_job_that_has_ended_is_not_waited_for() {
    let stage = Stage::new();
    let row = std::fs::read_to_string(ROW).unwrap().replace(r#""status": "running""#, r#""status": "completed""#);
    let row = stage.write("completed.json", &row);
    let said = stderr(&stage.run(&["logs", row.to_str().unwrap(), "-f"]).code(5));
    assert!(said.contains("the job has ended and no pods"), "{said}");
}
