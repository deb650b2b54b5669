//! [`KubectlStatus`]: what `kubectl get pods` shows of a pod, and [`word`], the same for one container.

use jiff::Timestamp;

use super::age::human;
use crate::k8s::{
    Pod,
    pod::{Container, ContainerStatus},
};

/// STATUS, READY and RESTARTS of a pod, by kubectl's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubectlStatus {
    /// Such as `Running`, `Init:0/1`, `CrashLoopBackOff`, `OOMKilled`, `Evicted`, `Terminating`.
    pub status: String,
    /// How many of its containers are ready.
    pub ready: usize,
    /// How many could be: the containers and the sidecars.
    pub total: usize,
    /// The restarts of the containers that count now: the init containers while it initialises, then the others.
    pub restarts: i64,
    /// When the latest of those instances ended.
    pub last_restart: Option<Timestamp>,
}

impl KubectlStatus {
    /// Reads a pod.
    pub fn of(pod: &Pod) -> KubectlStatus {
        let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(container)).count();
        let mut reading = KubectlStatus {
            status: plain_status(pod),
            ready: 0,
            total: pod.spec.containers.len() + sidecars,
            restarts: 0,
            last_restart: None,
        };
        let initialising = reading.initialise(pod);
        if !initialising || pod.has_condition("Initialized") {
            reading.run(pod);
        }
        if pod.is_deleted() {
            if pod.status.reason.as_deref() == Some("NodeLost") {
                reading.status = "Unknown".to_owned();
            } else if is_leaving(pod) {
                reading.status = "Terminating".to_owned();
            }
        }
        reading
    }

    /// Reads the init containers up to the first that is not done, and says whether there is one.
    fn initialise(&mut self, pod: &Pod) -> bool {
        let mut sidecars = Restarts::default();
        let mut all = Restarts::default();
        let specs = &pod.spec.init_containers;
        let mut waits_for = None;
        for (at, status) in pod.status.init_container_statuses.iter().enumerate() {
            let sidecar = specs.iter().any(|spec| spec.name == status.name && is_sidecar(spec));
            all.count(status);
            if sidecar {
                sidecars.count(status);
            }
            if status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0) {
                continue;
            }
            if sidecar && status.started == Some(true) {
                self.ready += usize::from(status.ready);
                continue;
            }
            waits_for = Some((at, status));
            break;
        }
        // Until the containers start, what restarts is the init container; kubectl then counts from the sidecars on.
        let restarts = if waits_for.is_some() && !pod.has_condition("Initialized") { all } else { sidecars };
        (self.restarts, self.last_restart) = (restarts.number, restarts.last);
        let Some((at, status)) = waits_for else { return false };
        let waiting = status.state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
        let word = match (&status.state.terminated, waiting) {
            (Some(ended), _) => ended.word(),
            (None, Some(reason)) if !reason.is_empty() && reason != POD_INITIALIZING => reason.to_owned(),
            _ => format!("{at}/{}", specs.len()),
        };
        self.status = format!("Init:{word}");
        true
    }

    /// Reads the containers.
    fn run(&mut self, pod: &Pod) {
        let mut restarts = Restarts { number: self.restarts, last: self.last_restart };
        let mut running = false;
        let mut failed = None;
        // From the last to the first: the first container has the word.
        for status in pod.status.container_statuses.iter().rev() {
            restarts.count(status);
            if let Some(reason) = waits_because(status) {
                self.status = reason.to_owned();
            } else if let Some(ended) = &status.state.terminated {
                self.status = ended.word();
                if ended.exit_code != 0 {
                    failed = Some(ended.word());
                }
            } else if status.ready && status.state.running.is_some() {
                running = true;
                self.ready += 1;
            }
        }
        (self.restarts, self.last_restart) = (restarts.number, restarts.last);
        // One container's success is not the pod's.
        if self.status == "Completed" {
            match failed {
                _ if running && pod.has_condition("Ready") => self.status = "Running".to_owned(),
                Some(word) => self.status = word,
                None if running => self.status = "NotReady".to_owned(),
                None => {}
            }
        }
    }
}

/// The reason of a container that waits for the init containers: it says nothing of the container itself.
const POD_INITIALIZING: &str = "PodInitializing";

/// STATUS of one container: what it waits for, `Running`, or how it ended (`Completed`, `Error`, `OOMKilled`). A container
/// that only waits for its pod has the pod's STATUS, as has one that ran when the pod was deleted, evicted or lost sight of;
/// and one that a started pod's kubelet has not mentioned has `-`.
pub fn word(pod: &Pod, reading: &KubectlStatus, container: &str) -> String {
    let Some(status) = pod.status_of(container) else {
        let started = matches!(pod.status.phase.as_deref(), Some("Running" | "Succeeded"));
        let silent = started && !pod.is_deleted() || reading.status.is_empty();
        return if silent { "-".to_owned() } else { reading.status.clone() };
    };
    if let Some(ended) = &status.state.terminated {
        return ended.word();
    }
    if is_leaving(pod) {
        return reading.status.clone();
    }
    if status.state.running.is_some() {
        return if is_out_of_sight(pod) { plain_status(pod) } else { "Running".to_owned() };
    }
    match waits_because(status) {
        Some(reason) if reason != POD_INITIALIZING => reason.to_owned(),
        _ if reading.status.is_empty() => "-".to_owned(),
        _ => reading.status.clone(),
    }
}

/// Whether the pod is being deleted and has not ended: kubectl's `Terminating`, or `Unknown` on a lost node.
fn is_leaving(pod: &Pod) -> bool {
    pod.is_deleted() && !matches!(pod.status.phase.as_deref(), Some("Succeeded" | "Failed"))
}

/// Whether what the kubelet said last of its containers is not to be believed any more: the pod has a reason of its own, such as
/// `Evicted` or `NodeLost`, or its phase is `Unknown`.
fn is_out_of_sight(pod: &Pod) -> bool {
    let has_reason = pod.status.reason.as_ref().is_some_and(|reason| !reason.is_empty());
    has_reason || pod.status.phase.as_deref() == Some("Unknown")
}

/// RESTARTS, without the time that has passed if there is no `now`.
pub(super) fn restarts(number: i64, last: Option<Timestamp>, now: Option<Timestamp>) -> String {
    match (last, now) {
        (Some(last), Some(now)) if number != 0 => format!("{number} ({} ago)", human(now.duration_since(last))),
        _ => number.to_string(),
    }
}

/// Restarts and when the latest was.
#[derive(Default)]
struct Restarts {
    number: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn count(&mut self, status: &ContainerStatus) {
        self.number += i64::from(status.restart_count);
        self.last = self.last.max(status.last_state.terminated.as_ref().and_then(|ended| ended.finished_at));
    }
}

/// STATUS as far as the containers have no say in it.
fn plain_status(pod: &Pod) -> String {
    const GATED: &str = "SchedulingGated";
    let is_gated = |condition: &crate::k8s::pod::Condition| {
        condition.kind == "PodScheduled" && condition.reason.as_deref() == Some(GATED)
    };
    if pod.status.conditions.iter().any(is_gated) {
        return GATED.to_owned();
    }
    let reason = pod.status.reason.as_deref().filter(|reason| !reason.is_empty());
    reason.or(pod.status.phase.as_deref()).unwrap_or_default().to_owned()
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn waits_because(status: &ContainerStatus) -> Option<&str> {
    status.state.waiting.as_ref()?.reason.as_deref().filter(|reason| !reason.is_empty())
}
