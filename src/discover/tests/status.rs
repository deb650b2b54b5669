//! What following logs is told of the recorded containers.

use super::*;
use crate::k8s::status::{Ended, InstanceState, LogPlace, PodLife, Status};

fn quirk(name: &str) -> Pod {
    listed("pods-list-quirks").into_iter().find(|pod| pod.name() == name).unwrap()
}

/// What a status says, without times.
fn state(status: &Status) -> (u32, String, PodLife) {
    let state = match &status.state {
        InstanceState::Waiting { reason } => format!("waiting {reason}"),
        InstanceState::Running { started } => format!("running {}", started.is_some()),
        InstanceState::Ended(Ended { exit_code, reason, started, has_log, .. }) => {
            format!("ended {exit_code} {reason} {} {has_log}", started.is_some())
        }
    };
    (status.restart, state, status.pod)
}

#[test]
fn of_the_quirks() {
    for (pod, container, restart, expected, life, place) in [
        ("q-badimage", "blast", 0, "waiting ErrImageNeverPull", PodLife::Active, LogPlace::Future),
        ("q-crashloop", "blast", 3, "ended 2 Error true true", PodLife::Active, LogPlace::Latest),
        ("q-initfail", "import-query-batches", 0, "ended 1 Error true true", PodLife::Finished, LogPlace::Latest),
        ("q-initfail", "blast", 0, "waiting PodInitializing", PodLife::Finished, LogPlace::Future),
        ("q-initwait", "import-query-batches", 0, "running true", PodLife::Active, LogPlace::Live),
        ("q-initwait", "blast", 0, "waiting PodInitializing", PodLife::Active, LogPlace::Future),
        ("q-oom", "blast", 0, "ended 137 OOMKilled true true", PodLife::Finished, LogPlace::Latest),
        ("q-pullfail", "blast", 0, "waiting ErrImagePull", PodLife::Active, LogPlace::Future),
        ("q-rotate", "blast", 0, "running true", PodLife::Active, LogPlace::Live),
        // No statuses at all.
        ("q-unschedulable", "blast", 0, "waiting Unschedulable", PodLife::Active, LogPlace::Future),
        ("q-weird", "blast", 0, "ended 0 Completed true true", PodLife::Finished, LogPlace::Latest),
        ("q-weird", "no-such-container", 0, "waiting ", PodLife::Finished, LogPlace::Future),
    ] {
        let status = quirk(pod).container(container);
        assert_eq!(state(&status), (restart, expected.to_owned(), life), "{pod}/{container}");
        assert_eq!(status.place(restart), place, "{pod}/{container}");
    }
}

#[test]
fn of_a_crash_loop_the_instance_before_too() {
    let status = quirk("q-crashloop").container("blast");
    let last = status.last.clone().unwrap();
    assert_eq!((last.exit_code, last.has_log), (2, true));
    assert_eq!(status.place(2), LogPlace::Previous);
    assert_eq!(status.place(1), LogPlace::Nowhere);

    // The kubelet's next words: it waits to start the container again.
    let mut pod = quirk("q-crashloop");
    let blast = &mut pod.status.container_statuses[0];
    blast.last_state = std::mem::take(&mut blast.state);
    blast.state =
        serde_json::from_value(json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}})).unwrap();
    let waits = pod.container("blast");
    assert_eq!(state(&waits), (3, "waiting CrashLoopBackOff".to_owned(), PodLife::Active));
    assert_eq!(waits.place(3), LogPlace::Latest);
    assert!(status.is_older_than(&waits));
}

#[test]
fn a_runtime_that_gives_no_reason_or_no_id() {
    for (terminated, reason, has_log) in [
        (json!({"exitCode": 0}), "ExitCode:0", false),
        (json!({"exitCode": 3, "containerID": ""}), "ExitCode:3", false),
        (json!({"exitCode": 137, "signal": 9, "containerID": "containerd://x"}), "Signal:9", true),
        (json!({"exitCode": 1, "reason": "", "signal": 0}), "ExitCode:1", false),
    ] {
        let status =
            json!({"containerStatuses": [{"name": "c", "restartCount": -1, "state": {"terminated": terminated}}]});
        let status = pod(json!({"status": status})).container("c");
        let InstanceState::Ended(ended) = &status.state else { panic!("{status:?}") };
        assert_eq!((ended.reason.as_str(), ended.has_log, ended.started), (reason, has_log, None));
        assert_eq!(status.restart, 0);
    }
}

#[test]
fn a_life_goes_one_way() {
    let lives: Vec<PodLife> = watched("pods-watch-lifecycle").iter().map(|(_, pod)| pod.life()).collect();
    assert!(lives.is_sorted());
    assert_eq!(lives.iter().filter(|life| **life == PodLife::Finished).count(), 3);
    let statuses = watched("pods-watch-lifecycle").into_iter().map(|(_, pod)| pod.container("blast"));
    let statuses: Vec<Status> = statuses.collect();
    for pair in statuses.windows(2) {
        assert!(!pair[1].is_older_than(&pair[0]), "{pair:?}");
    }
    let leaving =
        pod(json!({"metadata": {"deletionTimestamp": "2026-11-24T12:58:24Z"}, "status": {"phase": "Running"}}));
    assert_eq!(leaving.life(), PodLife::Terminating);
}
