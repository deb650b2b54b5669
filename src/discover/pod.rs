//! [`Pod`]: the part of a pod that elbtail reads, so that a list of thousands costs little.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};

use crate::follow::{stamp::Stamp, status};

/// A pod, reduced as it is decoded.
#[derive(kube::Resource, Debug, Clone, Default, Deserialize, Serialize)]
#[resource(inherit = "k8s_openapi::api::core::v1::Pod")]
pub struct Pod {
    /// Name, namespace, uid, labels, owners, deletion.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// What should run.
    #[serde(default)]
    pub spec: PodSpec,
    /// What does.
    #[serde(default)]
    pub status: PodStatus,
}

/// The part of `PodSpec` that is read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Init containers, in the order they run.
    pub init_containers: Vec<Container>,
    /// The containers.
    pub containers: Vec<Container>,
    /// Debug containers, added while the pod runs.
    pub ephemeral_containers: Vec<Container>,
    /// The node it was scheduled to.
    pub node_name: Option<String>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart_policy: Option<String>,
}

/// The part of a container's spec that is read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its environment; only plain values matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<String>,
}

/// One environment variable.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its plain value.
    pub value: Option<String>,
}

/// The part of `PodStatus` that is read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Option<String>,
    /// Such as `Evicted` or `NodeLost`.
    pub reason: Option<String>,
    /// More of it.
    pub message: Option<String>,
    /// Such as `PodScheduled`.
    pub conditions: Vec<Condition>,
    /// Of the init containers.
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Of the containers.
    pub container_statuses: Vec<ContainerStatus>,
    /// Of the debug containers.
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

/// A condition of a pod.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Such as `PodScheduled` or `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Such as `Unschedulable`.
    pub reason: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// A container's status.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// The container's name.
    pub name: String,
    /// How it is.
    pub state: ContainerState,
    /// How its instance before ended.
    pub last_state: ContainerState,
    /// Whether its readiness probe passes.
    pub ready: bool,
    /// The number of its latest instance.
    pub restart_count: i32,
    /// Whether an init container that is a sidecar has started.
    pub started: Option<bool>,
}

/// A container's state: one of the three, or none.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ContainerState {
    /// It waits.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// `state.waiting`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Waiting {
    /// Such as `PodInitializing`.
    pub reason: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// `state.running`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    pub started_at: Option<Timestamp>,
}

/// `state.terminated`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// The exit code.
    pub exit_code: i32,
    /// The signal, where the runtime tells it.
    pub signal: Option<i32>,
    /// Such as `Completed`, `Error`, `OOMKilled`.
    pub reason: Option<String>,
    /// In words.
    pub message: Option<String>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The runtime's name for it; empty when the runtime never knew it.
    #[serde(rename = "containerID")]
    pub container_id: Option<String>,
}

impl Pod {
    /// The pod's name.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// The pod's namespace.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The pod's uid, which no other pod ever has.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels().get(key).map(String::as_str)
    }

    fn labels(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.metadata.labels.as_ref().unwrap_or(&NONE)
    }

    /// The names of the objects that own it, such as its Job.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.metadata.owner_references.iter().flatten().map(|owner| owner.name.as_str())
    }

    /// Drops what no one reads, so that a kept pod is small.
    pub fn slim(mut self) -> Pod {
        self.metadata.managed_fields = None;
        self.metadata.annotations = None;
        self
    }

    /// Where the pod stands in its life.
    pub fn life(&self) -> status::PodLife {
        match self.status.phase.as_deref() {
            Some("Succeeded" | "Failed") => status::PodLife::Finished,
            _ if self.metadata.deletion_timestamp.is_some() => status::PodLife::Terminating,
            _ => status::PodLife::Active,
        }
    }

    /// What the status says of one container, for following its log. A container the kubelet has not mentioned waits.
    pub fn container(&self, name: &str) -> status::Status {
        let all = [
            &self.status.init_container_statuses,
            &self.status.container_statuses,
            &self.status.ephemeral_container_statuses,
        ];
        let found = all.into_iter().flatten().find(|status| status.name == name);
        let pod = self.life();
        let Some(found) = found else { return status::Status { pod, ..Default::default() } };
        status::Status {
            restart: u32::try_from(found.restart_count).unwrap_or_default(),
            state: found.state.reduce(),
            last: found.last_state.terminated.as_ref().map(Terminated::reduce),
            pod,
        }
    }
}

impl ContainerState {
    fn reduce(&self) -> status::State {
        if let Some(terminated) = &self.terminated {
            return status::State::Ended(terminated.reduce());
        }
        if let Some(running) = &self.running {
            return status::State::Running { started: running.started_at.and_then(Stamp::from_timestamp) };
        }
        let reason = self.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
        status::State::Waiting { reason: reason.unwrap_or_default() }
    }
}

impl Terminated {
    fn reduce(&self) -> status::Ended {
        status::Ended {
            exit_code: self.exit_code,
            reason: self.reason.clone().unwrap_or_else(|| "Error".to_owned()),
            started: self.started_at.and_then(Stamp::from_timestamp),
            has_log: self.container_id.as_ref().is_some_and(|id| !id.is_empty()),
        }
    }
}
