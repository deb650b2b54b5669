//! What every part knows of Kubernetes: [`ContainerId`] and [`InstanceId`], by which containers and their logs are told apart.

mod identity;
pub mod shared;

pub use identity::{ContainerId, InstanceId};
