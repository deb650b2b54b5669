//! Jobs that fail.

use crate::{
    jobs::{JobPlan, count, numbered},
    lines::{stderr, stdout},
    stage::{ROW, Stage},
};

#[test]
fn a_failed_init_container_explains_why_blast_never_started() {
    let stage = Stage::new();
    let script = format!("{}; exit 3", count("import", 5));
    stage.create(&JobPlan::batch(0).init("import-query-batches", &script).counts("blast", 5));
    stage.until_jobs_end();
    let list = stdout(&stage.run(&["targets", ROW, "-c", "import-.*"]).code(0));
    assert!(list.len() == 2 && list[1].contains(" Error "), "{list:#?}");
    for follow in [&[][..], &["-f"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw"], follow].concat()).code(0);
        assert_eq!(stdout(&run), numbered("import", 5));
        let said = stderr(&run);
        assert!(said.contains("/import-query-batches: ended: Error, exit code 3"), "{said}");
        assert!(said.contains("/blast: no log: the pod ended before the container started"), "{said}");
        let run = stage.run(&[&["logs", ROW, "-o", "raw", "--exit-code"], follow].concat()).code(9);
        assert_eq!(stdout(&run), numbered("import", 5));
    }
}

#[test]
fn a_retried_pod_is_not_a_failed_job() {
    let stage = Stage::new();
    // Restarts in place and ends well.
    let retried = "[ -e tried ] && exit 0; touch tried; echo trying; exit 1";
    stage.create(&JobPlan::batch(0).restarts(3).container("blast", retried));
    stage.until_jobs_end();
    stage.run(&["logs", ROW, "--exit-code"]).code(0);
    stage.run(&["logs", ROW, "--exit-code", "-f"]).code(0);
    // The other shard does not.
    stage.create(&JobPlan::batch(1).container("blast", "echo BLAST engine error; exit 4"));
    stage.until_jobs_end();
    let run = stage.run(&["logs", ROW, "--exit-code", "-f"]).code(9);
    assert!(stdout(&run).iter().any(|line| line.ends_with("BLAST engine error")));
    assert!(stderr(&run).contains("ended: Error, exit code 4"), "{}", stderr(&run));
}
