//! [`StateName`]: how a container is, in one word.

use super::status::InstanceState;

/// How a container's latest instance is, in the words of its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateName {
    /// It runs.
    Running,
    /// It waits to be started, or to be started again.
    Waiting,
    /// It has ended, and is not started again.
    Terminated,
}

impl StateName {
    /// The word itself.
    pub fn as_str(self) -> &'static str {
        match self {
            StateName::Running => "running",
            StateName::Waiting => "waiting",
            StateName::Terminated => "terminated",
        }
    }

    /// The word for an instance's state.
    pub fn of(state: &InstanceState) -> StateName {
        match state {
            InstanceState::Running { .. } => StateName::Running,
            InstanceState::Waiting { .. } => StateName::Waiting,
            InstanceState::Ended(_) => StateName::Terminated,
        }
    }
}
