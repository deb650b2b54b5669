//! [`ContainerState`]: how a container is, in one word.

use super::status::InstanceState;

/// How a container's latest instance is, in the words of its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// It runs.
    Running,
    /// It waits to be started, or to be started again.
    Waiting,
    /// It has ended, and is not started again.
    Terminated,
}

impl ContainerState {
    /// The word itself.
    pub fn as_str(self) -> &'static str {
        match self {
            ContainerState::Running => "running",
            ContainerState::Waiting => "waiting",
            ContainerState::Terminated => "terminated",
        }
    }

    /// The word for an instance's state.
    pub fn of(state: &InstanceState) -> ContainerState {
        match state {
            InstanceState::Running { .. } => ContainerState::Running,
            InstanceState::Waiting { .. } => ContainerState::Waiting,
            InstanceState::Ended(_) => ContainerState::Terminated,
        }
    }
}
