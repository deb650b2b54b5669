//! [`ContainerId`] and [`InstanceId`]: whose lines they are, wherever and whenever that is asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A container of one pod. A pod that is made again under its name has another uid, and so other containers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ContainerId {
    /// The pod's uid.
    pub uid: String,
    /// The container's name.
    pub container: String,
}

/// One instance of a container: what one log is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceId {
    /// The container. Shared, because every batch of lines has it.
    #[serde(flatten, with = "super::shared")]
    pub container: Arc<ContainerId>,
    /// How often the container had been restarted: 0 for the first instance.
    pub restart: u32,
}
