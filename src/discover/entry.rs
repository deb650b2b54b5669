//! [`TargetEntry`]: one container of the job and how it is; a line of `elbtail targets`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Evidence, KubectlStatus, Match, kubectl_status::word};
use crate::k8s::{Pod, StateName, Target, pod::Terminated, targets};

/// The status of a container whose pod is gone.
const DELETED: &str = "Deleted";

/// A target with its state. Serialized it is a contract with scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetEntry {
    /// What it is.
    #[serde(flatten)]
    pub target: Target,
    /// Why its pod is taken for the job's.
    pub evidence: Evidence,
    /// STATUS of the container.
    pub status: String,
    /// STATUS of the pod, as kubectl has it.
    pub pod_status: String,
    /// Whether the container is ready.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: i32,
    /// The exit code of its latest instance, once that has ended, and also while it waits to be started again.
    pub exit_code: Option<i32>,
    /// Why that ended, or what a container that has not started waits for.
    pub reason: Option<String>,
    /// When the latest instance started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How the container is.
    #[serde(skip)]
    pub state: StateName,
    /// When the pod was made.
    #[serde(skip)]
    pub created: Option<Timestamp>,
    /// When the instance before the latest ended.
    #[serde(skip)]
    pub last_restart: Option<Timestamp>,
}

impl TargetEntry {
    /// The entries of a pod, in the order of its spec, init containers first.
    pub fn of(matched: &Match) -> Vec<TargetEntry> {
        let reading = KubectlStatus::of(&matched.pod);
        targets(&matched.pod).into_iter().map(|target| entry(matched, &reading, target)).collect()
    }

    /// `<namespace>/<pod>/<container>`
    pub fn name(&self) -> String {
        let Target { namespace, pod, container, .. } = &self.target;
        format!("{namespace}/{pod}/{container}")
    }

    /// What is left to say when the pod is gone.
    pub(super) fn deleted(mut self) -> TargetEntry {
        self.status = DELETED.to_owned();
        self.pod_status = DELETED.to_owned();
        self.ready = false;
        self
    }

    /// Whether the pod is gone.
    pub fn is_deleted(&self) -> bool {
        self.pod_status == DELETED
    }
}

/// The entries of all pods, by the phase of the pod, its namespace and its name; a pod's containers stay together, in the
/// order of its spec.
pub fn entries<'a>(matches: impl IntoIterator<Item = &'a Match>) -> Vec<TargetEntry> {
    let mut all: Vec<TargetEntry> = matches.into_iter().flat_map(TargetEntry::of).collect();
    sort(&mut all);
    all
}

/// The order of [`entries`]; stable, so that it keeps the order inside a pod.
pub(super) fn sort(entries: &mut [TargetEntry]) {
    let key = |entry: &TargetEntry| entry.target.role.phase();
    let name =
        |entry: &TargetEntry| (entry.target.namespace.clone(), entry.target.pod.clone(), entry.target.uid.clone());
    entries.sort_by_cached_key(|entry| (key(entry), name(entry)));
}

fn entry(matched: &Match, reading: &KubectlStatus, target: Target) -> TargetEntry {
    let pod: &Pod = &matched.pod;
    let status = pod.status_of(&target.container);
    let state = status.map(|status| &status.state);
    let before = status.and_then(|status| status.last_state.terminated.as_ref());
    let running = state.and_then(|state| state.running.as_ref());
    let ended: Option<&Terminated> = match state.and_then(|state| state.terminated.as_ref()) {
        // While a container waits to be started again, its latest instance is the one that ended.
        None if running.is_none() => before,
        ended => ended,
    };
    let waiting = state.and_then(|state| state.waiting.as_ref()?.reason.clone());
    TargetEntry {
        evidence: matched.evidence,
        status: word(pod, reading, &target.container),
        pod_status: reading.status.clone(),
        ready: status.is_some_and(|status| status.ready),
        restarts: status.map_or(0, |status| status.restart_count),
        exit_code: ended.map(|ended| ended.exit_code),
        reason: ended.map(Terminated::word).or(waiting).filter(|reason| !reason.is_empty()),
        started_at: ended.map_or_else(|| running?.started_at, |ended| ended.started_at),
        finished_at: ended.and_then(|ended| ended.finished_at),
        state: StateName::of(&pod.container(&target.container).state),
        created: pod.created(),
        last_restart: before.and_then(|before| before.finished_at),
        target,
    }
}
