//! What the watch has not told yet when everything else says that the job has ended. Only a test cluster can be made to say it
//! late.

use std::time::Duration;

use jiff::Timestamp;
use testcluster::{Action, Cut, JobHandle, Kind, Rule};

use crate::stage::{ID, SHORT, Stage, text};

fn batch_job(stage: &Stage) -> JobHandle {
    let name = format!("blastn-batch-s00-job-000-{SHORT}");
    let job = stage.cluster().job(&name).namespace(&stage.namespace).label("app", "blast").label("elb-job-id", ID);
    let job = job.create();
    job.start(Timestamp::now());
    job
}

#[test]
fn a_pod_that_came_and_went_unseen_is_read() {
    let stage = Stage::local();
    let job = batch_job(&stage);
    job.pod().container("blast").create().start("blast").print("blast", "first").terminate("blast", 1);
    let never = Action::Cut { after: 0, how: Cut::Stall };
    stage.cluster().faults().push(Rule::new(|call| call.kind == Kind::Watch, never));
    let elbtail = stage.start(&["logs", ID, "-f", "-o", "raw"]);
    elbtail.until_said("ended: Error, exit code 1");
    elbtail.until_printed("first\n");
    job.pod().container("blast").create().start("blast").print("blast", "second").terminate("blast", 0);
    job.complete(Timestamp::now());
    assert_eq!(elbtail.end().code(0).lines(), ["first", "second"]);
}

/// The last change of a pod ends the job and brings another instance to read, in one.
#[test]
fn an_instance_that_ends_the_job_is_read_first() {
    let stage = Stage::local();
    let row = format!(r#"{{"job_id": "row", "status": "completed", "payload": {{"elastic_blast_job_id": "{ID}"}}}}"#);
    let row = stage.write("row.json", &row);
    for round in 0..10 {
        let job = batch_job(&stage);
        let pod = job.pod().restart_policy("OnFailure").container("blast").create();
        pod.start("blast").print("blast", "first").terminate("blast", 1);
        pod.waiting("blast", "CrashLoopBackOff", None);
        let elbtail = stage.start(&["logs", text(&row), "-f", "-o", "raw"]);
        elbtail.until_said("waiting: CrashLoopBackOff");
        elbtail.until_printed("first\n");
        // Once the pod is over the first instance is collected, so its end must have been seen before.
        let checked = format!("/{}/log?", pod.name());
        let is_check = |request: &String| request.contains(&checked) && request.contains("tailLines=");
        stage.until("the log's end is checked", || {
            stage.cluster().requests().iter().any(is_check) && stage.cluster().counts().logs_open == 0
        });
        elbtail.held(|| {
            pod.restart("blast").print("blast", "second").terminate("blast", 0);
            // Written to its socket by now.
            std::thread::sleep(Duration::from_millis(50));
        });
        assert_eq!(elbtail.end().code(0).lines(), ["first", "second"], "round {round}");
        stage.delete(job.name());
        stage.until("the pod is gone", || stage.pods().is_empty());
    }
}
