//! STATUS, READY and RESTARTS, by kubectl's rules.

use super::*;
use crate::discover::kubectl_status::restarts;

fn now() -> jiff::Timestamp {
    "2026-11-24T13:00:00Z".parse().unwrap()
}

/// READY: `1/2`.
pub(super) fn ready_column(reading: &KubectlStatus) -> String {
    format!("{}/{}", reading.ready, reading.total)
}

/// RESTARTS: `0`, or `3 (40s ago)`.
fn restarts_column(reading: &KubectlStatus) -> String {
    restarts(reading.restarts, reading.last_restart, Some(now()))
}

/// NAME, READY, STATUS, RESTARTS, and the word of each container.
fn shown(pod: &Pod) -> (String, String) {
    let reading = KubectlStatus::of(pod);
    let words: Vec<String> = targets(pod).iter().map(|target| word(pod, &reading, &target.container)).collect();
    let columns = [pod.name(), &ready_column(&reading), &reading.status, &reading.restarts.to_string()].join(" ");
    (columns, words.join(" "))
}

fn check(pods: &[Pod], expected: &[(&str, &str)]) {
    let shown: Vec<(String, String)> = pods.iter().map(shown).collect();
    let shown: Vec<(&str, &str)> = shown.iter().map(|(columns, words)| (columns.as_str(), words.as_str())).collect();
    assert_eq!(shown, expected);
}

#[test]
fn of_the_incident() {
    check(
        &listed("pods-list-selector"),
        &[
            ("blastn-batch-s00-job-000-3ed51a95-rmrfh 0/2 Completed 0", "Completed Completed Completed"),
            ("blastn-batch-s01-job-000-3ed51a95-q8bq2 0/2 Completed 0", "Completed Completed Completed"),
            ("blastn-batch-s02-job-000-3ed51a95-jnlhm 0/2 Completed 0", "Completed Completed Completed"),
            ("blastn-batch-s03-job-000-3ed51a95-p9vp5 0/2 Completed 0", "Completed Completed Completed"),
            ("blastn-batch-s04-job-000-3ed51a95-4q7d5 0/2 Completed 0", "Completed Completed Completed"),
            ("elb-finalizer-3ed51a95-kb79l 0/1 Completed 0", "Completed"),
            ("init-ssd-3ed51a95-0-7vvqw 0/2 Completed 0", "Completed Completed"),
            ("init-ssd-3ed51a95-1-449bn 0/2 Completed 0", "Completed Completed"),
            ("init-ssd-3ed51a95-2-tw4js 0/2 Completed 0", "Completed Completed"),
            ("init-ssd-3ed51a95-3-bjmfw 0/2 Completed 0", "Completed Completed"),
            ("init-ssd-3ed51a95-4-gm9nc 0/2 Completed 0", "Completed Completed"),
        ],
    );
}

#[test]
fn of_the_quirks() {
    check(
        &listed("pods-list-quirks"),
        &[
            ("q-badimage 0/1 ErrImageNeverPull 0", "ErrImageNeverPull"),
            ("q-crashloop 0/1 Error 3", "Error"),
            ("q-initfail 0/1 Init:Error 0", "Error Init:Error"),
            ("q-initwait 0/1 Init:0/1 0", "Running Init:0/1"),
            ("q-oom 0/1 OOMKilled 0", "OOMKilled"),
            ("q-pullfail 0/1 ErrImagePull 0", "ErrImagePull"),
            ("q-rotate 1/1 Running 0", "Running"),
            ("q-unschedulable 0/1 Pending 0", "Pending"),
            ("q-weird 0/1 Completed 0", "Completed"),
        ],
    );
    check(&listed("pods-list-crashloop"), &[("q-crashloop 0/1 Error 3", "Error")]);
}

#[test]
fn of_a_whole_life() {
    let pods: Vec<Pod> = watched("pods-watch-lifecycle").into_iter().map(|(_, pod)| pod).collect();
    check(
        &pods,
        &[
            ("life 0/2 Pending 0", "Pending Pending Pending"),
            ("life 0/2 Pending 0", "Pending Pending Pending"),
            ("life 0/2 Init:0/1 0", "Init:0/1 Init:0/1 Init:0/1"),
            ("life 0/2 Init:0/1 0", "Init:0/1 Init:0/1 Init:0/1"),
            ("life 0/2 Init:0/1 0", "Running Init:0/1 Init:0/1"),
            ("life 0/2 PodInitializing 0", "Completed PodInitializing PodInitializing"),
            ("life 2/2 Running 0", "Completed Running Running"),
            ("life 1/2 Error 0", "Completed Error Running"),
            ("life 2/2 Running 1", "Completed Running Running"),
            ("life 1/2 NotReady 1", "Completed Completed Running"),
            ("life 0/2 Completed 1", "Completed Completed Completed"),
            ("life 0/2 Completed 1", "Completed Completed Completed"),
            // kubectl does not call a finished pod that is deleted `Terminating`.
            ("life 0/2 Completed 1", "Completed Completed Completed"),
            ("life 0/2 Completed 1", "Completed Completed Completed"),
        ],
    );
}

#[test]
fn restarts_tell_when_the_last_was() {
    let crashloop = &listed("pods-list-quirks")[1];
    let reading = KubectlStatus::of(crashloop);
    assert_eq!(restarts_column(&reading), "3 (26s ago)");
    assert_eq!(restarts_column(&KubectlStatus::of(&listed("pods-list-quirks")[0])), "0");
}

/// A pod of one init container and two containers from their statuses.
fn status(status: Value) -> String {
    let spec = json!({"initContainers": [{"name": "i"}], "containers": [{"name": "a"}, {"name": "b"}]});
    let (columns, words) = shown(&pod(json!({"metadata": {"name": "p"}, "spec": spec, "status": status})));
    format!("{columns} | {words}")
}

fn waits(name: &str, reason: &str) -> Value {
    json!({"name": name, "state": {"waiting": {"reason": reason}}})
}

fn runs(name: &str) -> Value {
    json!({"name": name, "ready": true, "state": {"running": {"startedAt": "2026-11-24T12:59:00Z"}}})
}

fn unready(name: &str) -> Value {
    json!({"name": name, "ready": false, "state": {"running": {"startedAt": "2026-11-24T12:59:00Z"}}})
}

fn ended(name: &str, code: i32, reason: &str) -> Value {
    json!({"name": name, "state": {"terminated": {"exitCode": code, "reason": reason}}})
}

fn signalled(name: &str) -> Value {
    json!({"name": name, "state": {"terminated": {"exitCode": 137, "signal": 9}}})
}

#[test]
fn of_a_pod_that_initialises() {
    let waiting = json!([waits("a", "PodInitializing"), waits("b", "PodInitializing")]);
    for (init, expected) in [
        (waits("i", "CrashLoopBackOff"), "p 0/2 Init:CrashLoopBackOff 0 | CrashLoopBackOff Init:CrashLoopBackOff"),
        (waits("i", "ImagePullBackOff"), "p 0/2 Init:ImagePullBackOff 0 | ImagePullBackOff Init:ImagePullBackOff"),
        (waits("i", "PodInitializing"), "p 0/2 Init:0/1 0 | Init:0/1 Init:0/1"),
        (waits("i", ""), "p 0/2 Init:0/1 0 | Init:0/1 Init:0/1"),
        (ended("i", 1, "Error"), "p 0/2 Init:Error 0 | Error Init:Error"),
        (ended("i", 137, "OOMKilled"), "p 0/2 Init:OOMKilled 0 | OOMKilled Init:OOMKilled"),
        (ended("i", 4, ""), "p 0/2 Init:ExitCode:4 0 | ExitCode:4 Init:ExitCode:4"),
        (signalled("i"), "p 0/2 Init:Signal:9 0 | Signal:9 Init:Signal:9"),
        (runs("i"), "p 0/2 Init:0/1 0 | Running Init:0/1"),
        (json!({"name": "i"}), "p 0/2 Init:0/1 0 | Init:0/1 Init:0/1"),
        (ended("i", 0, "Completed"), "p 0/2 PodInitializing 0 | Completed PodInitializing"),
    ] {
        let shown = status(json!({
            "phase": "Pending", "initContainerStatuses": [init], "containerStatuses": waiting,
        }));
        // Both containers have one word.
        let expected = format!("{expected} {}", expected.rsplit(' ').next().unwrap());
        assert_eq!(shown, expected);
    }
}

#[test]
fn of_a_pod_that_runs() {
    let ready = json!([{"type": "Ready", "status": "True"}]);
    for (conditions, a, b, expected) in [
        (&json!([]), runs("a"), runs("b"), "p 2/2 Running 0 | - Running Running"),
        (&json!([]), unready("a"), runs("b"), "p 1/2 Running 0 | - Running Running"),
        (&json!([]), ended("a", 0, "Completed"), runs("b"), "p 1/2 NotReady 0 | - Completed Running"),
        (&ready, ended("a", 0, "Completed"), runs("b"), "p 1/2 Running 0 | - Completed Running"),
        (&json!([]), ended("a", 1, "Error"), ended("b", 137, "OOMKilled"), "p 0/2 Error 0 | - Error OOMKilled"),
        (
            &json!([]),
            waits("a", "CrashLoopBackOff"),
            waits("b", "ImagePullBackOff"),
            "p 0/2 CrashLoopBackOff 0 | - CrashLoopBackOff ImagePullBackOff",
        ),
        // The first container has the word, unless it is fine and another is not.
        (&json!([]), ended("a", 0, "Completed"), ended("b", 1, "Error"), "p 0/2 Error 0 | - Completed Error"),
        (&json!([]), ended("a", 1, "Error"), ended("b", 0, "Completed"), "p 0/2 Error 0 | - Error Completed"),
        (
            &json!([]),
            waits("a", "CrashLoopBackOff"),
            runs("b"),
            "p 1/2 CrashLoopBackOff 0 | - CrashLoopBackOff Running",
        ),
        (
            &json!([]),
            runs("a"),
            waits("b", "ImagePullBackOff"),
            "p 1/2 ImagePullBackOff 0 | - Running ImagePullBackOff",
        ),
        (&json!([]), ended("a", 4, ""), runs("b"), "p 1/2 ExitCode:4 0 | - ExitCode:4 Running"),
        (&json!([]), signalled("a"), runs("b"), "p 1/2 Signal:9 0 | - Signal:9 Running"),
        (&json!([]), ended("a", 137, "OOMKilled"), runs("b"), "p 1/2 OOMKilled 0 | - OOMKilled Running"),
        (
            &json!([]),
            waits("a", "ContainerCreating"),
            waits("b", ""),
            "p 0/2 ContainerCreating 0 | - ContainerCreating ContainerCreating",
        ),
    ] {
        let shown = status(json!({"phase": "Running", "conditions": conditions, "containerStatuses": [a, b]}));
        assert_eq!(shown, expected);
    }
}

#[test]
fn of_a_pod_that_has_no_container_statuses() {
    let gated = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]);
    for (value, expected) in [
        (json!({}), "p 0/2  0 | - - -"),
        (json!({"containerStatuses": [{"name": "a"}]}), "p 0/2  0 | - - -"),
        (json!({"phase": "Pending"}), "p 0/2 Pending 0 | Pending Pending Pending"),
        (
            json!({"phase": "Pending", "conditions": gated}),
            "p 0/2 SchedulingGated 0 | SchedulingGated SchedulingGated SchedulingGated",
        ),
        (json!({"phase": "Failed", "reason": "Evicted"}), "p 0/2 Evicted 0 | Evicted Evicted Evicted"),
        (json!({"phase": "Failed", "reason": ""}), "p 0/2 Failed 0 | Failed Failed Failed"),
        (json!({"phase": "Unknown"}), "p 0/2 Unknown 0 | Unknown Unknown Unknown"),
        (json!({"phase": "Running"}), "p 0/2 Running 0 | - - -"),
    ] {
        assert_eq!(status(value), expected);
    }
}

#[test]
fn of_a_pod_that_is_deleted() {
    for (value, expected) in [
        (json!({"phase": "Running"}), "Terminating"),
        (json!({"phase": "Pending"}), "Terminating"),
        (json!({"phase": "Succeeded"}), "Succeeded"),
        (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (json!({"phase": "Running", "reason": "NodeLost"}), "Unknown"),
    ] {
        let pod = pod(json!({"metadata": {"deletionTimestamp": "2026-11-24T12:00:00Z"}, "status": value}));
        assert_eq!(KubectlStatus::of(&pod).status, expected);
    }
}

#[test]
fn containers_of_a_pod_that_leaves_do_not_run_any_more() {
    let deleted = json!({"deletionTimestamp": "2026-11-24T12:00:00Z"});
    let kept = json!({});
    let statuses = |a: &Value, b: &Value| json!([a, b]);
    for (metadata, phase, reason, a, b, expected) in [
        (&deleted, "Running", "", runs("a"), runs("b"), "Terminating Terminating"),
        (&deleted, "Running", "", ended("a", 0, "Completed"), runs("b"), "Completed Terminating"),
        (&deleted, "Running", "", ended("a", 1, "Error"), waits("b", "CrashLoopBackOff"), "Error Terminating"),
        (&deleted, "Pending", "", waits("a", "ImagePullBackOff"), json!({"name": "b"}), "Terminating Terminating"),
        (&deleted, "Running", "NodeLost", runs("a"), runs("b"), "Unknown Unknown"),
        (&deleted, "Failed", "", ended("a", 137, "OOMKilled"), ended("b", 0, "Completed"), "OOMKilled Completed"),
        (&kept, "Running", "NodeLost", runs("a"), runs("b"), "NodeLost NodeLost"),
        (&kept, "Failed", "Evicted", runs("a"), ended("b", 137, "Error"), "Evicted Error"),
        (&kept, "Unknown", "", runs("a"), runs("b"), "Unknown Unknown"),
        (&kept, "Running", "", runs("a"), runs("b"), "Running Running"),
    ] {
        let pod = pod(json!({
            "metadata": metadata, "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
            "status": {"phase": phase, "reason": reason, "containerStatuses": statuses(&a, &b)},
        }));
        assert_eq!(shown(&pod).1, expected, "{phase} {reason}");
    }
}

#[test]
fn a_container_that_was_never_mentioned_has_the_word_of_a_pod_that_leaves() {
    let deleted = json!({"name": "p", "deletionTimestamp": "2026-11-24T12:00:00Z"});
    for (metadata, phase, expected) in [
        (&deleted, "Running", "Terminating"),
        (&deleted, "Pending", "Terminating"),
        (&deleted, "Succeeded", "Succeeded"),
        (&json!({"name": "p"}), "Running", "-"),
        (&json!({"name": "p"}), "Pending", "Pending"),
    ] {
        let spec = json!({"containers": [{"name": "a"}]});
        let pod = pod(json!({"metadata": metadata, "spec": spec, "status": {"phase": phase}}));
        assert_eq!(shown(&pod).1, expected, "{metadata} {phase}");
    }
}

#[test]
fn of_a_pod_with_sidecars() {
    let sidecar = |started: bool, restarts: i32| {
        json!({"name": "s", "ready": started, "started": started, "restartCount": restarts,
            "state": {"running": {"startedAt": "2026-11-24T12:59:00Z"}},
            "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-11-24T12:59:30Z"}}})
    };
    let once = |mut value: Value, restarts: i32, at: &str| {
        value["restartCount"] = json!(restarts);
        value["lastState"] = json!({"terminated": {"exitCode": 1, "finishedAt": at}});
        value
    };
    let shown = |inits: Value, containers: Value, initialized: &str| {
        let pod = pod(json!({
            "spec": {
                "initContainers": [{"name": "s", "restartPolicy": "Always"}, {"name": "i"}],
                "containers": [{"name": "a"}],
            },
            "status": {
                "phase": "Running", "initContainerStatuses": inits, "containerStatuses": containers,
                "conditions": [{"type": "Initialized", "status": initialized}],
            },
        }));
        let reading = KubectlStatus::of(&pod);
        format!("{} {} {}", ready_column(&reading), reading.status, restarts_column(&reading))
    };
    // A sidecar that has started counts as initialised; one that has not is waited for.
    assert_eq!(shown(json!([sidecar(true, 0), runs("i")]), json!([]), "False"), "1/2 Init:1/2 0");
    assert_eq!(shown(json!([sidecar(false, 0), waits("i", "PodInitializing")]), json!([]), "False"), "0/2 Init:0/2 0");
    // While it initialises all init containers' restarts count, afterwards the sidecars' and the containers'.
    let failing = once(waits("i", "CrashLoopBackOff"), 4, "2026-11-24T12:59:50Z");
    let expected = "1/2 Init:CrashLoopBackOff 6 (10s ago)";
    assert_eq!(shown(json!([sidecar(true, 2), failing]), json!([]), "False"), expected);
    let done = once(ended("i", 0, "Completed"), 4, "2026-11-24T12:59:50Z");
    let blast = once(runs("a"), 1, "2026-11-24T12:59:40Z");
    assert_eq!(shown(json!([sidecar(true, 2), done]), json!([blast]), "True"), "2/2 Running 3 (20s ago)");
    // A sidecar that restarts in a pod that was initialised does not take it back.
    let restarting = shown(json!([sidecar(false, 2), ended("i", 0, "Completed")]), json!([runs("a")]), "True");
    assert_eq!(restarting, "1/2 Init:0/2 2 (30s ago)");
    let done = once(ended("i", 0, "Completed"), 4, "2026-11-24T12:59:50Z");
    let restarting = shown(json!([done, sidecar(false, 2)]), json!([runs("a")]), "True");
    assert_eq!(restarting, "1/2 Init:1/2 2 (30s ago)");
}

#[test]
fn a_debug_container_has_a_word_of_its_own() {
    let value = json!({
        "spec": {"containers": [{"name": "a"}], "ephemeralContainers": [{"name": "debug"}, {"name": "next"}]},
        "status": {"phase": "Running", "containerStatuses": [runs("a")], "ephemeralContainerStatuses": [runs("debug")]},
    });
    assert_eq!(shown(&pod(value)), (" 1/1 Running 0".to_owned(), "Running Running -".to_owned()));
}
