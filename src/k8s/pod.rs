//! [`Pod`]: the part of a pod that elbtail reads, so that a list of thousands costs little.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use k8s_openapi::{NamespaceResourceScope, api::core::v1, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Resource;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ID_ENV, Stamp, metadata, status};

/// A pod, reduced as it is decoded.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Pod {
    /// Name, namespace, uid, version, labels, owners, creation, deletion; nothing else is filled in.
    #[serde(default, deserialize_with = "metadata::lean")]
    pub metadata: ObjectMeta,
    /// What should run.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: PodSpec,
    /// What does.
    #[serde(default, deserialize_with = "or_default")]
    pub status: PodStatus,
}

/// Where the API server keeps it: as k8s-openapi's pod. By hand, because kube's derive brings a dozen crates for these lines.
impl Resource for Pod {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        v1::Pod::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        v1::Pod::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        v1::Pod::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        v1::Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// The part of `PodSpec` that is read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Init containers, in the order they run.
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<Container>,
    /// The containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    /// Debug containers, added while the pod runs.
    #[serde(deserialize_with = "or_default")]
    pub ephemeral_containers: Vec<Container>,
    /// The node it was scheduled to.
    pub node_name: Option<String>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart_policy: Option<String>,
    /// Who looks for a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler_name: Option<String>,
    /// As whom it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Whether it has the node's own network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_network: Option<bool>,
}

/// The part of a container's spec that is read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its environment; only plain values matter.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<String>,
}

/// One environment variable.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct EnvVar {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
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
    /// Its first address.
    #[serde(rename = "podIP", skip_serializing_if = "Option::is_none")]
    pub pod_ip: Option<String>,
    /// The node that is being made free for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nominated_node_name: Option<String>,
    /// Such as `Evicted` or `NodeLost`.
    pub reason: Option<String>,
    /// More of it.
    pub message: Option<String>,
    /// Such as `PodScheduled`.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// Of the init containers.
    #[serde(deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Of the containers.
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Of the debug containers.
    #[serde(deserialize_with = "or_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

/// A condition of a pod.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// Such as `PodScheduled` or `Ready`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "or_default")]
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
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// How it is.
    #[serde(deserialize_with = "or_default")]
    pub state: ContainerState,
    /// How its instance before ended.
    #[serde(deserialize_with = "or_default")]
    pub last_state: ContainerState,
    /// Whether its readiness probe passes.
    #[serde(deserialize_with = "or_default")]
    pub ready: bool,
    /// The number of its latest instance.
    #[serde(deserialize_with = "or_default")]
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
    #[serde(deserialize_with = "or_default")]
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

    /// All its labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.metadata.labels.as_ref().unwrap_or(&NONE)
    }

    /// The names of the Jobs that own it: one, or none.
    pub fn jobs(&self) -> impl Iterator<Item = &str> {
        let owners = self.metadata.owner_references.iter().flatten();
        owners.filter(|owner| owner.kind == "Job").map(|owner| owner.name.as_str())
    }

    /// The name of the Job that it works for: its owner's, or else what its own has of it.
    pub fn job(&self) -> &str {
        self.jobs().next().unwrap_or_else(|| job_of_name(self.name()))
    }

    /// When it was made.
    pub fn created(&self) -> Option<Timestamp> {
        self.metadata.creation_timestamp.as_ref().map(|time| time.0)
    }

    /// Whether it is being deleted.
    pub fn is_deleted(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// Drops what no one reads, so that a kept pod is small and holds no secrets of an environment.
    pub fn slim(mut self) -> Pod {
        let containers = self.spec.init_containers.iter_mut().chain(&mut self.spec.containers);
        for container in containers.chain(&mut self.spec.ephemeral_containers) {
            container.env.retain(|env| env.name == ID_ENV);
            container.env.shrink_to_fit();
        }
        self
    }

    /// Whether a condition such as `Ready` is `True`.
    pub fn has_condition(&self, kind: &str) -> bool {
        self.status.conditions.iter().any(|condition| condition.kind == kind && condition.status == "True")
    }

    /// The kubelet's word on a container of any of the three lists; no two share a name.
    pub fn status_of(&self, container: &str) -> Option<&ContainerStatus> {
        let all = [
            &self.status.init_container_statuses,
            &self.status.container_statuses,
            &self.status.ephemeral_container_statuses,
        ];
        all.into_iter().flatten().find(|status| status.name == container)
    }

    /// Where the pod stands in its life.
    pub fn life(&self) -> status::PodLife {
        match self.status.phase.as_deref() {
            Some("Succeeded" | "Failed") => status::PodLife::Finished,
            _ if self.is_deleted() => status::PodLife::Terminating,
            _ => status::PodLife::Active,
        }
    }

    /// Why the scheduler has found no node for it, in one word.
    fn unscheduled(&self) -> Option<&str> {
        let mut conditions = self.status.conditions.iter();
        conditions.find(|it| it.kind == "PodScheduled" && it.status == "False")?.reason.as_deref()
    }

    /// What the status says of one container, for following its log. A container the kubelet has not mentioned waits, for a
    /// node if there is none yet.
    pub fn container(&self, name: &str) -> status::Status {
        let pod = self.life();
        let Some(found) = self.status_of(name) else {
            let reason = self.unscheduled().unwrap_or_default().to_owned();
            return status::Status { state: status::InstanceState::Waiting { reason }, pod, ..Default::default() };
        };
        status::Status {
            restart: u32::try_from(found.restart_count).unwrap_or_default(),
            state: found.state.reduce(),
            last: found.last_state.terminated.as_ref().map(Terminated::reduce),
            pod,
        }
    }
}

/// What a Job's pod of this name has of its Job's: a pod is called as its Job, and something at random.
pub fn job_of_name(pod: &str) -> &str {
    pod.rsplit_once('-').map_or(pod, |(job, _)| job)
}

impl ContainerState {
    fn reduce(&self) -> status::InstanceState {
        if let Some(terminated) = &self.terminated {
            return status::InstanceState::Ended(terminated.reduce());
        }
        if let Some(running) = &self.running {
            return status::InstanceState::Running { started: running.started_at.and_then(Stamp::from_timestamp) };
        }
        let reason = self.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
        status::InstanceState::Waiting { reason: reason.unwrap_or_default() }
    }
}

impl Terminated {
    /// Why it ended, in one word: the reason, or the signal or the exit code of a runtime that gives none.
    pub fn word(&self) -> String {
        match (&self.reason, self.signal) {
            (Some(reason), _) if !reason.is_empty() => reason.clone(),
            (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
            _ => format!("ExitCode:{}", self.exit_code),
        }
    }

    fn reduce(&self) -> status::Ended {
        status::Ended {
            exit_code: self.exit_code,
            reason: self.word(),
            started: self.started_at.and_then(Stamp::from_timestamp),
            finished: self.finished_at.and_then(Stamp::from_timestamp),
            has_log: self.container_id.as_ref().is_some_and(|id| !id.is_empty()),
        }
    }
}

/// A field's default for `null`: the API writes `"containers": null` and the like where it means an empty list.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
