//! [`PodState`]: a pod as its cluster told it last.

use serde::Serialize;

use crate::{
    discover::KubectlStatus,
    k8s::{Pod, Stamp, status::PodLife},
};

/// A pod as its cluster told it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodState {
    /// Its name.
    pub name: String,
    /// Its node, once it has one.
    pub node: Option<String>,
    /// When it was made.
    pub created: Option<Stamp>,
    /// What `kubectl get pods` shows as STATUS.
    pub status: String,
    /// How often its containers were restarted, as kubectl counts.
    pub restarts: i64,
    /// Why it stands as it does, in the cluster's words, such as why no node takes it.
    pub message: Option<String>,
    /// Whether none of its containers runs any more, or ever will.
    pub is_over: bool,
    /// Whether the pod itself is gone.
    pub is_gone: bool,
}

impl PodState {
    pub(super) fn of(pod: &Pod) -> PodState {
        let shown = KubectlStatus::of(pod);
        let said = pod.status.conditions.iter().filter(|it| it.status == "False").find_map(|it| it.message.clone());
        PodState {
            name: pod.name().to_owned(),
            node: pod.spec.node_name.clone().filter(|node| !node.is_empty()),
            created: pod.created().and_then(Stamp::from_timestamp),
            status: shown.status,
            restarts: shown.restarts,
            message: pod.status.message.clone().or(said).filter(|message| !message.is_empty()),
            is_over: pod.life() >= PodLife::Finished,
            is_gone: false,
        }
    }
}
