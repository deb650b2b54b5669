//! Permissions that come, go, or are partial, and kubelets that refuse the API server. A real cluster cannot be made to do so at
//! will, so this is a test cluster in any case.

use testcluster::{Access, Action, Kind, Rule};

use crate::{
    jobs::JobPlan,
    lines::{stderr, stdout},
    stage::{ROW, Stage},
};

fn lines(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(|number| format!("line {number}")).collect()
}

const NODE: &str = "Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)";

#[test]
fn a_role_that_is_away_for_a_moment_ends_nothing() {
    let stage = Stage::local();
    let name = "coming-and-going";
    stage.cluster().add_user(name, name, Access::all());
    stage.create(&JobPlan::batch(0).container("blast", "echo line 1; sleep 0.5; echo line 2; sleep 4; echo line 3"));
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "--token", name]);
    elbtail.until_printed("line 1\n");
    stage.cluster().add_user(name, name, Access::none());
    // The streams and the watch end with the server, and all are asked for anew while nothing is permitted.
    stage.cluster().kill_blocking();
    stage.cluster().restart_blocking().unwrap();
    elbtail.until_said("not allowed at present");
    elbtail.until_said("is interrupted");
    stage.cluster().add_user(name, name, Access::all());
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines(), lines(1..=3));
    assert_eq!(ended.stderr.matches("not allowed at present").count(), 1, "{}", ended.stderr);
}

#[test]
fn pods_that_may_only_be_listed_are_followed_by_listing_them() {
    let stage = Stage::local();
    let access = Access::none().allow("list", "pods").allow("get", "pods/log");
    stage.cluster().add_user("lister", "lister", access);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "--token", "lister"]);
    elbtail.until_said("waiting for them");
    elbtail.until_said("may not be watched");
    let targets = stage.start(&["targets", ROW, "-w", "--token", "lister"]);
    stage.create(&JobPlan::batch(0).counts("blast", 3).counts("results-export", 3));
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines().len(), 6);
    assert_eq!(ended.stderr.matches("may not be watched").count(), 1, "{}", ended.stderr);
    targets.until_printed("blast");
    targets.interrupt();
}

#[test]
fn a_kubelet_that_refuses_the_api_server_is_told_as_unreadable_now() {
    let refused = |message: &str| {
        let stage = Stage::local();
        stage.create(&JobPlan::batch(0).counts("blast", 3).counts("results-export", 3));
        stage.until_jobs_end();
        let (code, message) = (if message == NODE { 403 } else { 500 }, message.to_owned());
        let refuse = Action::Refuse { code, message: message.clone() };
        let blast = |call: &testcluster::Call| {
            call.kind == Kind::NodeFile || (call.kind == Kind::Log && call.container() == "blast")
        };
        stage.cluster().faults().push(Rule::new(blast, refuse));
        let run = stage.run(&["logs", ROW, "-o", "raw"]).code(8);
        assert_eq!(stdout(&run).len(), 3, "the other container is read");
        let said = stderr(&run);
        assert!(said.contains("cannot be read now") && said.contains(&message), "{said}");
        assert!(!said.contains("lost"), "{said}");
    };
    let messages = [
        NODE,
        "No agent available",
        "proxy error from 127.0.0.1:9443 while dialing 10.0.0.4:10250, code 502: 502 Bad Gateway",
        "Get \"https://n:10250/containerLogs/d/p/blast\": remote error: tls: internal error",
        "Get \"https://n:10250/containerLogs/d/p/blast\": dial tcp 10.0.0.4:10250: i/o timeout",
    ];
    // Each is tried for seconds.
    std::thread::scope(|scope| messages.map(|message| drop(scope.spawn(move || refused(message)))));
}

#[test]
fn a_log_that_the_runtime_does_not_give_is_read_from_its_file() {
    let stage = Stage::local();
    let plan = JobPlan::batch(0).counts("blast", 3);
    stage.create(&plan);
    stage.until_jobs_end();
    let refuse = Action::Refuse { code: 500, message: "context deadline exceeded".to_owned() };
    stage.cluster().faults().push(Rule::new(|call| call.kind == Kind::Log, refuse));
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_eq!(stdout(&run), plan.expected());
}

#[test]
fn a_container_that_may_not_be_read_at_first_is_read_when_it_may() {
    let stage = Stage::local();
    stage.create(&JobPlan::batch(0).counts("blast", 3).counts("results-export", 3));
    stage.until_jobs_end();
    let refused = "pods \"p\" is forbidden: User \"u\" cannot get resource \"pods/log\" in API group \"\"";
    let refuse = || Action::Refuse { code: 403, message: refused.to_owned() };
    let blast = |call: &testcluster::Call| call.kind == Kind::Log && call.container() == "blast";
    stage.cluster().faults().push(Rule::new(blast, refuse()).times(3));
    let run = stage.run(&["logs", ROW, "-o", "raw", "-f"]).code(0);
    assert_eq!(stdout(&run).len(), 6);
    stage.cluster().faults().push(Rule::new(blast, refuse()));
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(7);
    assert_eq!(stdout(&run).len(), 3);
    let said = stderr(&run);
    assert!(said.contains("the logs of 1 of 2 containers may not be read: User \"u\" cannot get"), "{said}");
}
