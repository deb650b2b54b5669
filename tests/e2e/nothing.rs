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
fn what_a_choice_waits_for_and_what_there_is_is_told_while_a_job_is_followed() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).counts("blast", 1).on_node("elbtail", "nowhere"));
    stage.until("there is a pod", || !stage.pods().is_empty());
    let waiting = "no container matches what is asked for yet, waiting for one";
    for (flags, parts) in [
        (
            &["-l", "nosuch=x"][..],
            &["with the labels \"nosuch=x\" yet, waiting for them", "1 pod, labelled: ", "app=blast"][..],
        ),
        (&["-c", "nosuch"], &[waiting, "containers of 1 pod: blast (running)"]),
        (&["--pod", "nosuch"], &[waiting, "pods: blastn-s00"]),
        (&["--container-state", "terminated"], &[waiting, "blast (waiting)"]),
        (&["-E", "blast"], &[waiting, "all are excluded; "]),
        (&["--phase", "submitting"], &[waiting, "blast (running)"]),
        (&["--field-selector", "status.phase=Succeeded"], &[waiting, "(Pending)"]),
        (&["--node", "nosuch"], &[waiting, "blast (running)"]),
    ] {
        for command in [["logs", "-f", ROW], ["logs", "-f", ID], ["targets", "-w", ID]] {
            let elbtail = stage.start(&[&command, flags].concat());
            for part in parts {
                elbtail.until_said(part);
            }
            elbtail.interrupt();
            elbtail.end().code(130);
        }
    }
    // Without -f it is the error.
    let said = stderr(&stage.run(&["logs", ID, "-l", "nosuch=x"]).code(5));
    let none =
        "error: no container matches what is asked for: -l \"nosuch=x\" leaves none; without it: 1 pod, labelled: ";
    assert!(said.starts_with(none) && !said.contains("doctor:") && !said.contains("TTL"), "{said}");
}

#[test]
fn a_job_that_has_ended_is_not_waited_for() {
    let stage = Stage::new();
    let row = std::fs::read_to_string(ROW).unwrap().replace(r#""status": "running""#, r#""status": "completed""#);
    let row = stage.write("completed.json", &row);
    let said = stderr(&stage.run(&["logs", row.to_str().unwrap(), "-f"]).code(5));
    assert!(said.contains("the job has ended and no pods"), "{said}");
}
