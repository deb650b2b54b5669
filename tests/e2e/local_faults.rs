//! Servers and permissions that fail. A real cluster cannot be made to do so at will, so this is a test cluster in any case.

use testcluster::Access;

use crate::{
    jobs::JobPlan,
    lines::{stderr, stdout},
    stage::{ROW, Stage, run},
};

#[test]
fn a_missing_permission_is_named() {
    let stage = Stage::local();
    stage.create(&JobPlan::batch(0).counts("blast", 3).counts("results-export", 3));
    stage.until_jobs_end();
    let cluster = stage.cluster();
    cluster.add_user("blind", "blind", Access::none());
    cluster.add_user("deaf", "deaf", Access::all().deny("get", "pods/log"));
    cluster.add_user("jobless", "jobless", Access::all().deny("list", "jobs"));
    for follow in [&[][..], &["-f"]] {
        let logs = |token| stage.run(&[&["logs", ROW, "-o", "raw", "--token", token], follow].concat());
        let said = stderr(&logs("blind").code(7));
        assert!(said.contains("pods is forbidden") && said.contains("blind"), "{said}");
        let refused = logs("deaf").code(7);
        assert_eq!(stdout(&refused).len(), 0);
        assert!(stderr(&refused).contains("pods/log"), "{}", stderr(&refused));
        let said = stderr(&logs("no-such-token").code(7));
        assert!(said.contains("401") || said.contains("Unauthorized"), "{said}");
        // Without the Jobs there is still everything to read.
        assert_eq!(stdout(&logs("jobless").code(0)).len(), 6);
    }
}

#[test]
fn finding_pods_and_reading_logs_are_all_the_permissions_needed() {
    let stage = Stage::local();
    let access = Access::none().allow("list", "pods").allow("watch", "pods").allow("get", "pods/log");
    stage.cluster().add_user("least", "least", access);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "--token", "least"]);
    elbtail.until_said("waiting for them");
    stage.create(&JobPlan::batch(0).counts("blast", 3).counts("results-export", 3));
    assert_eq!(elbtail.end().code(0).lines().len(), 6);
}

#[test]
fn a_server_that_is_down_is_told_at_once() {
    let stage = Stage::local();
    stage.cluster().kill_blocking();
    for arguments in [&["logs", ROW][..], &["logs", "-f", ROW], &["targets", ROW], &["targets", ROW, "-w"]] {
        let run = stage.run(&[arguments, &["--request-timeout", "3s"]].concat()).code(6);
        assert!(stderr(&run).contains(&stage.cluster().url()["https://".len()..]), "{}", stderr(&run));
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let stage = Stage::local();
    let command = stage.command(&["logs", ROW, "--server", &address, "--request-timeout", "1s"]);
    assert!(stderr(&run(command).code(6)).contains("127.0.0.1"));
}

#[test]
fn following_survives_a_server_that_restarts() {
    let stage = Stage::local();
    let script =
        "i=0; while [ ! -e stop ]; do i=$((i+1)); echo tick line $i; sleep 0.02; [ $i -lt 200 ] || touch stop; done";
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    stage.create(&JobPlan::batch(0).container("blast", script));
    elbtail.until_printed("tick line 10\n");
    stage.cluster().kill_blocking();
    stage.cluster().restart_blocking().unwrap();
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines(), crate::jobs::numbered("tick", 200));
}
