//! What a pod's status says of one container, reduced to what following its logs needs.

use serde::{Deserialize, Serialize};

use super::Stamp;

/// A container at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// `restartCount`: the number of the latest instance, counted from 0.
    pub restart: u32,
    /// The latest instance's state.
    pub state: InstanceState,
    /// `lastState.terminated`: the instance before, or, while the container waits to be started again, the latest one.
    pub last: Option<Ended>,
    /// The pod around it.
    pub pod: PodLife,
}

/// `containerStatuses[].state`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceState {
    /// Not started, or waiting to be started again.
    Waiting {
        /// Such as `PodInitializing`, `ImagePullBackOff`, `CrashLoopBackOff`; empty before the kubelet has said anything.
        reason: String,
    },
    /// Running.
    Running {
        /// `startedAt`, whole seconds.
        started: Option<Stamp>,
    },
    /// Ended.
    Ended(Ended),
}

impl Default for InstanceState {
    fn default() -> Self {
        InstanceState::Waiting { reason: String::new() }
    }
}

/// `state.terminated`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The exit code; 128 + N after signal N.
    pub exit_code: i32,
    /// Such as `Completed`, `Error`, `OOMKilled`.
    pub reason: String,
    /// `startedAt`, whole seconds.
    pub started: Option<Stamp>,
    /// Whether the runtime knew the container when it ended: without an id there is no log to read.
    pub has_log: bool,
}

/// Where a pod stands in its life, as far as its containers' logs are concerned.
///
/// The order is the order of a life: a status never goes back in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PodLife {
    /// `Pending` or `Running`: containers may start.
    #[default]
    Active,
    /// It is being deleted; its logs will be gone soon.
    Terminating,
    /// `Succeeded` or `Failed`: no container starts any more. Being deleted as well makes no difference.
    Finished,
    /// The pod object is gone, and its logs with it.
    Gone,
}

/// Where an instance's log can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPlace {
    /// It has not started.
    Future,
    /// It runs; the plain call reads it.
    Live,
    /// It has ended; the plain call reads it.
    Latest,
    /// It has ended and the next one has started; `previous=true` reads it.
    Previous,
    /// No call reads it any more.
    Nowhere,
}

impl Status {
    /// Where the log of instance `number` is, by the rules of the kubelet's `validateContainerLogStatus`: the plain call
    /// reads the running or ended container, or the last ended one while the container waits; `previous=true` reads
    /// `lastState.terminated`.
    pub fn place(&self, number: u32) -> LogPlace {
        match self.place_in_life(number) {
            LogPlace::Future => LogPlace::Future,
            _ if self.pod == PodLife::Gone => LogPlace::Nowhere,
            place => place,
        }
    }

    /// The same, whether or not the pod is gone: where the log was that a request opened before.
    pub fn place_in_life(&self, number: u32) -> LogPlace {
        if number > self.restart {
            return LogPlace::Future;
        }
        let last_has_log = self.last.as_ref().is_some_and(|last| last.has_log);
        let latest = number == self.restart;
        match &self.state {
            InstanceState::Running { .. } if latest => LogPlace::Live,
            InstanceState::Ended(ended) if latest && (ended.has_log || last_has_log) => LogPlace::Latest,
            InstanceState::Waiting { .. } if latest && last_has_log => LogPlace::Latest,
            InstanceState::Waiting { .. } if latest && self.restart == 0 && self.last.is_none() => LogPlace::Future,
            InstanceState::Running { .. } | InstanceState::Ended(_) if number + 1 == self.restart && last_has_log => {
                LogPlace::Previous
            }
            _ => LogPlace::Nowhere,
        }
    }

    /// Whether the latest instance has ended.
    pub fn has_ended(&self) -> bool {
        match &self.state {
            InstanceState::Ended(_) => true,
            InstanceState::Waiting { .. } => self.last.is_some(),
            InstanceState::Running { .. } => false,
        }
    }

    /// The status as it is for whoever wants the last ended instance before the latest start, which `previous=true` reads, and
    /// nothing else. `None` when there is no log of one.
    pub fn before(&self) -> Option<Status> {
        let last = self.last.clone().filter(|last| last.has_log)?;
        let restart = match self.state {
            // It waits to be started again, and the number is still that of the instance that ended.
            InstanceState::Waiting { .. } => self.restart,
            InstanceState::Running { .. } | InstanceState::Ended(_) => self.restart.saturating_sub(1),
        };
        let pod = if self.pod == PodLife::Gone { PodLife::Gone } else { PodLife::Finished };
        Some(Status { restart, state: InstanceState::Ended(last), last: None, pod })
    }

    /// The first instance whose log can be read or will be.
    pub fn first_readable(&self) -> u32 {
        let before = self.restart.saturating_sub(1);
        if self.place(before) == LogPlace::Previous { before } else { self.restart }
    }

    /// When instance `number` started, if the status still tells.
    pub fn started(&self, number: u32) -> Option<Stamp> {
        match &self.state {
            InstanceState::Running { started } if number == self.restart => *started,
            InstanceState::Ended(ended) if number == self.restart => ended.started,
            InstanceState::Waiting { .. } if number == self.restart => self.last.as_ref()?.started,
            _ if number + 1 == self.restart => self.last.as_ref()?.started,
            _ => None,
        }
    }

    /// Whether this status is from before `known`: the watch and a direct question may overtake each other.
    pub fn is_older_than(&self, known: &Status) -> bool {
        // One instance's states, in order: not started, running, ended, ended and waiting to be started again.
        let rank = |status: &Status| match &status.state {
            InstanceState::Waiting { .. } if status.last.is_some() => 3,
            InstanceState::Waiting { .. } => 0,
            InstanceState::Running { .. } => 1,
            InstanceState::Ended(_) => 2,
        };
        (self.restart, rank(self)) < (known.restart, rank(known)) || self.pod < known.pod
    }

    /// Whether the pod will start no further container.
    pub fn is_final(&self) -> bool {
        matches!(self.pod, PodLife::Finished | PodLife::Gone)
    }
}
