//! [`pod_at`] and [`job_at`]: how a pod or a Job was at an earlier time, by the times that it tells of itself.
//!
//! An object that was looked at once, after its end, still says when its containers started and ended. What it does not say of an
//! earlier time, such as why a container waited then, is left out.

use k8s_openapi::{api::batch::v1::Job, apimachinery::pkg::apis::meta::v1::Time};

use super::{
    JobCondition, Pod, Stamp,
    pod::{ContainerState, ContainerStatus, Running, Terminated, Waiting},
};
use jiff::Timestamp;

/// When a pod was made, and when its containers started and ended, in order. Nothing of it was before it was made, whatever the
/// clock of its node says.
pub fn pod_times(pod: &Pod) -> Vec<Stamp> {
    let made = pod.created();
    let ends = |state: &ContainerState| {
        let ended = state.terminated.as_ref();
        let started = state.running.as_ref().and_then(|running| running.started_at);
        [started, ended.and_then(|ended| ended.started_at), ended.and_then(|ended| ended.finished_at)]
    };
    let of_containers = statuses(pod).flat_map(|status| [ends(&status.state), ends(&status.last_state)]).flatten();
    in_order(made, of_containers)
}

/// When a Job was made, started and ended, in order.
pub fn job_times(job: &Job) -> Vec<Stamp> {
    let time = |time: Option<&Time>| time.map(|time| time.0);
    let started = time(job.status.as_ref().and_then(|status| status.start_time.as_ref()));
    in_order(time(job.metadata.creation_timestamp.as_ref()), [started, JobCondition::of(job).ended_at()])
}

fn in_order(made: Option<Timestamp>, rest: impl IntoIterator<Item = Option<Timestamp>>) -> Vec<Stamp> {
    let made = made.and_then(Stamp::from_timestamp);
    let rest = rest.into_iter().flatten().filter_map(Stamp::from_timestamp);
    let mut all: Vec<Stamp> =
        made.into_iter().chain(rest.map(|time| made.map_or(time, |made| time.max(made)))).collect();
    all.sort();
    all.dedup();
    all
}

fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = &pod.status;
    let lists = [&status.init_container_statuses, &status.container_statuses, &status.ephemeral_container_statuses];
    lists.into_iter().flatten()
}

/// Whether all that a pod will ever be is told by its times: it has ended, and so have its containers.
pub fn is_settled(pod: &Pod) -> bool {
    let has_end =
        |status: &ContainerStatus| status.state.terminated.as_ref().is_some_and(|ended| ended.finished_at.is_some());
    pod.life() == super::status::PodLife::Finished
        && !pod.is_deleted()
        && pod.status.container_statuses.iter().all(has_end)
        && !pod.status.container_statuses.is_empty()
}

/// The pod as it was at `at`, which is before it was told.
pub fn pod_at(pod: &Pod, at: Stamp) -> Pod {
    let mut then = pod.clone();
    let times = pod_times(pod);
    let is_over = times.last().is_some_and(|last| *last <= at) && times.len() > 1;
    let status = &mut then.status;
    for status in status
        .init_container_statuses
        .iter_mut()
        .chain(&mut status.container_statuses)
        .chain(&mut status.ephemeral_container_statuses)
    {
        *status = status_at(status, at);
    }
    let deletion = &mut then.metadata.deletion_timestamp;
    *deletion = deletion.take().filter(|time| is_by(Some(time.0), at));
    let has_ended = pod.life() == super::status::PodLife::Finished;
    if !is_over && (has_ended || times.len() > 1) {
        let has_begun = |status: &ContainerStatus| status.state.running.is_some() || status.state.terminated.is_some();
        let phase = if then.status.container_statuses.iter().any(has_begun) { "Running" } else { "Pending" };
        then.status.phase = Some(phase.to_owned());
        (then.status.reason, then.status.message) = (None, None);
        then.status.conditions.clear();
    }
    then
}

fn is_by(time: Option<Timestamp>, at: Stamp) -> bool {
    time.and_then(Stamp::from_timestamp).is_some_and(|time| time <= at)
}

fn status_at(status: &ContainerStatus, at: Stamp) -> ContainerStatus {
    let state = &status.state;
    if let Some(running) = &state.running {
        return if is_by(running.started_at, at) { status.clone() } else { before(status, at) };
    }
    if let Some(ended) = &state.terminated {
        return match () {
            () if is_by(ended.finished_at, at) => status.clone(),
            () if is_by(ended.started_at, at) => runs(status, ended, status.restart_count),
            () => before(status, at),
        };
    }
    match &status.last_state.terminated {
        // It waits to be started again, and the number is still that of the instance that ended.
        Some(last) if !is_by(last.finished_at, at) => earlier(status, last, at, status.restart_count),
        _ => status.clone(),
    }
}

/// How a container was before its latest instance started.
fn before(status: &ContainerStatus, at: Stamp) -> ContainerStatus {
    let number = status.restart_count.saturating_sub(1).max(0);
    match &status.last_state.terminated {
        Some(last) if is_by(last.finished_at, at) => {
            let last_state = status.last_state.clone();
            ContainerStatus { restart_count: number, last_state, ..waits(status) }
        }
        Some(last) => earlier(status, last, at, number),
        None => ContainerStatus { restart_count: number, ..waits(status) },
    }
}

/// How it was before its instance `number` ended.
fn earlier(status: &ContainerStatus, last: &Terminated, at: Stamp, number: i32) -> ContainerStatus {
    if is_by(last.started_at, at) {
        let status = ContainerStatus { last_state: ContainerState::default(), ..status.clone() };
        return runs(&status, last, number);
    }
    ContainerStatus { restart_count: number.saturating_sub(1).max(0), ..waits(status) }
}

fn runs(status: &ContainerStatus, ended: &Terminated, restart_count: i32) -> ContainerStatus {
    let running = Some(Running { started_at: ended.started_at });
    let state = ContainerState { running, ..ContainerState::default() };
    ContainerStatus { state, restart_count, ready: true, started: Some(true), ..status.clone() }
}

/// It waits, nobody knows for what any more.
fn waits(status: &ContainerStatus) -> ContainerStatus {
    let state = ContainerState { waiting: Some(Waiting::default()), ..ContainerState::default() };
    ContainerStatus { name: status.name.clone(), state, started: Some(false), ..ContainerStatus::default() }
}

/// The Job as it was at `at`, which is before it was told.
pub fn job_at(job: &Job, at: Stamp) -> Job {
    let mut then = job.clone();
    if let Some(status) = &mut then.status {
        if !is_by(JobCondition::of(job).ended_at(), at) {
            (status.conditions, status.completion_time) = (None, None);
        }
        status.start_time = status.start_time.take().filter(|time| is_by(Some(time.0), at));
    }
    then
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn time(second: i64) -> Value {
        Stamp(second * 1_000_000_000).to_timestamp().to_string().into()
    }

    fn second(second: i64) -> Stamp {
        Stamp(second * 1_000_000_000)
    }

    fn pod(phase: &str, statuses: Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p", "uid": "u", "creationTimestamp": time(10)},
            "spec": {"containers": [{"name": "blast"}]},
            "status": {"phase": phase, "containerStatuses": statuses, "reason": "Evicted"},
        }))
        .unwrap()
    }

    fn ended(from: i64, to: i64, code: i32) -> Value {
        json!({"terminated": {"startedAt": time(from), "finishedAt": time(to), "exitCode": code}})
    }

    /// Phase, number and state of the one container, in a word each.
    fn told(pod: &Pod, at: i64) -> String {
        let then = pod_at(pod, second(at));
        let status = &then.status.container_statuses[0];
        let state = match (&status.state.running, &status.state.terminated) {
            (Some(_), _) => "runs",
            (_, Some(_)) => "ended",
            _ => "waits",
        };
        let last = if status.last_state.terminated.is_some() { " after one" } else { "" };
        format!("{} {} {state}{last}", then.status.phase.unwrap(), status.restart_count)
    }

    #[test]
    fn a_pod_was_what_its_times_say() {
        let once = pod("Succeeded", json!([{"name": "blast", "state": ended(20, 60, 0)}]));
        let runs = json!({"running": {"startedAt": time(50)}});
        let again = json!([{"name": "blast", "restartCount": 2, "state": runs, "lastState": ended(30, 40, 1)}]);
        let again = pod("Running", again);
        let waits = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let crashes = json!([{"name": "blast", "restartCount": 1, "state": waits, "lastState": ended(30, 40, 1)}]);
        let crashes = pod("Running", crashes);
        for (pod, at, expected) in [
            (&once, 10, "Pending 0 waits"),
            (&once, 19, "Pending 0 waits"),
            (&once, 20, "Running 0 runs"),
            (&once, 59, "Running 0 runs"),
            (&once, 60, "Succeeded 0 ended"),
            (&once, 99, "Succeeded 0 ended"),
            // What ran before instance 1 nobody knows any more.
            (&again, 29, "Pending 0 waits"),
            (&again, 30, "Running 1 runs"),
            (&again, 45, "Pending 1 waits after one"),
            (&again, 50, "Running 2 runs after one"),
            (&crashes, 29, "Pending 0 waits"),
            (&crashes, 39, "Running 1 runs"),
            (&crashes, 40, "Running 1 waits after one"),
        ] {
            assert_eq!(told(pod, at), expected, "at {at}");
        }
        assert_eq!(pod_times(&again), [10, 30, 40, 50].map(second));
        assert!(is_settled(&once) && !is_settled(&again) && !is_settled(&crashes));
    }

    #[test]
    fn a_clock_that_is_behind_puts_nothing_before_the_pod() {
        let early = pod("Succeeded", json!([{"name": "blast", "state": ended(5, 8, 0)}]));
        assert_eq!(pod_times(&early), [second(10)]);
    }

    #[test]
    fn why_a_pod_that_never_started_waits_is_known() {
        let mut waits = pod("Pending", json!([]));
        waits.status.message = Some("0/3 nodes are available".to_owned());
        assert_eq!(pod_at(&waits, second(11)).status.message, waits.status.message);
        // When it was evicted nobody says.
        let evicted = pod("Failed", json!([]));
        assert_eq!(pod_at(&evicted, second(11)).status.phase.as_deref(), Some("Pending"));
        assert!(!is_settled(&evicted));
    }

    #[test]
    fn a_job_had_not_ended_before_its_end() {
        let condition = json!({"type": "Complete", "status": "True", "lastTransitionTime": time(61)});
        let status = json!({"startTime": time(11), "completionTime": time(60), "conditions": [condition]});
        let job: Job =
            serde_json::from_value(json!({"metadata": {"name": "j", "creationTimestamp": time(10)}, "status": status}))
                .unwrap();
        assert_eq!(job_times(&job), [10, 11, 60].map(second));
        for (at, has_started, has_ended) in [(10, false, false), (11, true, false), (59, true, false), (60, true, true)]
        {
            let then = job_at(&job, second(at));
            assert_eq!(JobCondition::of(&then).is_finished(), has_ended, "at {at}");
            assert_eq!(then.status.unwrap().start_time.is_some(), has_started, "at {at}");
        }
    }

    fn state() -> impl Strategy<Value = Value> {
        let at = 0i64..100;
        prop_oneof![
            Just(json!({})),
            Just(json!({"waiting": {"reason": "x"}})),
            at.clone().prop_map(|at| json!({"running": {"startedAt": time(at)}})),
            (at.clone(), at, 0..3).prop_map(|(from, to, code)| ended(from, to, code)),
            Just(json!({"terminated": {"exitCode": 137}})),
        ]
    }

    proptest! {
        #[test]
        fn nothing_was_before_it_began_and_what_ended_stays_so(
            phase in proptest::sample::select(vec!["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
            now in state(), last in state(), count in 0..4, at in 0i64..120,
        ) {
            let pod = pod(phase, json!([{"name": "blast", "restartCount": count, "state": now, "lastState": last}]));
            let then = pod_at(&pod, second(at));
            let status = &then.status.container_statuses[0];
            let started = |time: Option<Timestamp>| is_by(time, second(at));
            if let Some(running) = &status.state.running {
                prop_assert!(started(running.started_at));
            }
            if let Some(ended) = &status.state.terminated {
                prop_assert!(started(ended.finished_at));
            }
            prop_assert!(status.restart_count <= count && status.restart_count >= 0);
            // It never goes back.
            let later = pod_at(&pod, second(at + 1));
            prop_assert!(later.status.container_statuses[0].restart_count >= status.restart_count);
        }
    }
}
