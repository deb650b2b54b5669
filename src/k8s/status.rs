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
    /// `finishedAt`, whole seconds.
    pub finished: Option<Stamp>,
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
            InstanceState::Running { .. } | InstanceState::Ended(_) if number + 1 == self.restart => {
                self.last.as_ref()?.started
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(has_log: bool) -> Ended {
        Ended { has_log, started: Some(Stamp(1)), ..Ended::default() }
    }

    fn waiting() -> InstanceState {
        InstanceState::default()
    }

    fn running() -> InstanceState {
        InstanceState::Running { started: Some(Stamp(2)) }
    }

    fn status(restart: u32, state: InstanceState, last: Option<Ended>) -> Status {
        Status { restart, state, last, pod: PodLife::Active }
    }

    #[test]
    fn where_the_log_of_each_instance_is() {
        use LogPlace::{Future, Latest, Live, Nowhere, Previous};
        for (status, places) in [
            (status(0, waiting(), None), [Future, Future, Future, Future]),
            (status(0, waiting(), Some(ended(false))), [Nowhere, Future, Future, Future]),
            (status(0, waiting(), Some(ended(true))), [Latest, Future, Future, Future]),
            (status(1, waiting(), None), [Nowhere, Nowhere, Future, Future]),
            (status(2, waiting(), Some(ended(true))), [Nowhere, Nowhere, Latest, Future]),
            (status(2, waiting(), Some(ended(false))), [Nowhere, Nowhere, Nowhere, Future]),
            (status(2, running(), Some(ended(true))), [Nowhere, Previous, Live, Future]),
            (status(2, running(), Some(ended(false))), [Nowhere, Nowhere, Live, Future]),
            (status(2, running(), None), [Nowhere, Nowhere, Live, Future]),
            (status(2, InstanceState::Ended(ended(true)), Some(ended(true))), [Nowhere, Previous, Latest, Future]),
            (status(2, InstanceState::Ended(ended(true)), None), [Nowhere, Nowhere, Latest, Future]),
            (status(2, InstanceState::Ended(ended(false)), Some(ended(true))), [Nowhere, Previous, Latest, Future]),
            (status(2, InstanceState::Ended(ended(false)), None), [Nowhere, Nowhere, Nowhere, Future]),
        ] {
            let found = [0, 1, 2, 3].map(|number| status.place(number));
            assert_eq!(found, places, "{status:?}");
            let gone = Status { pod: PodLife::Gone, ..status.clone() };
            let places = places.map(|place| if place == Future { Future } else { Nowhere });
            assert_eq!([0, 1, 2, 3].map(|number| gone.place(number)), places, "{gone:?}");
            assert_eq!([0, 1, 2, 3].map(|number| gone.place_in_life(number)), found, "{gone:?}");
            let before = status.restart.saturating_sub(1);
            let first = if found[before as usize] == Previous { before } else { status.restart };
            assert_eq!(status.first_readable(), first, "{status:?}");
        }
    }

    #[test]
    fn whether_the_latest_instance_has_ended() {
        for (state, last, has_ended) in [
            (waiting(), None, false),
            (waiting(), Some(ended(false)), true),
            (running(), Some(ended(true)), false),
            (InstanceState::Ended(ended(false)), None, true),
        ] {
            assert_eq!(status(1, state.clone(), last).has_ended(), has_ended, "{state:?}");
        }
    }

    #[test]
    fn the_instance_before_the_latest_start() {
        let before = |state, last, pod| {
            let status = Status { pod, ..status(2, state, last) }.before()?;
            assert!(matches!(status.state, InstanceState::Ended(_)) && status.last.is_none());
            Some((status.restart, status.pod))
        };
        use PodLife::{Active, Finished, Gone, Terminating};
        assert_eq!(before(running(), Some(ended(true)), Active), Some((1, Finished)));
        assert_eq!(before(InstanceState::Ended(ended(true)), Some(ended(true)), Terminating), Some((1, Finished)));
        assert_eq!(before(waiting(), Some(ended(true)), Active), Some((2, Finished)));
        assert_eq!(before(waiting(), Some(ended(true)), Gone), Some((2, Gone)));
        assert_eq!(before(running(), Some(ended(false)), Active), None);
        assert_eq!(before(running(), None, Active), None);
    }

    #[test]
    fn when_an_instance_started() {
        let (last, state) = (Some(Stamp(1)), Some(Stamp(2)));
        let latest = Ended { started: state, ..Ended::default() };
        for (status, starts) in [
            (status(2, running(), Some(ended(true))), [None, last, state, None]),
            (status(2, InstanceState::Ended(latest), Some(ended(true))), [None, last, state, None]),
            // While it waits to be started again, the last state is that of the latest instance, and the one before is unknown.
            (status(2, waiting(), Some(ended(true))), [None, None, last, None]),
            (status(2, running(), None), [None, None, state, None]),
        ] {
            assert_eq!([0, 1, 2, 3].map(|number| status.started(number)), starts, "{status:?}");
        }
    }

    #[test]
    fn one_of_two_states_is_the_older_one() {
        let mut life = vec![status(0, waiting(), None)];
        for restart in 0..2 {
            let last = (restart > 0).then(|| ended(true));
            life.push(status(restart, running(), last.clone()));
            life.push(status(restart, InstanceState::Ended(ended(true)), last));
            life.push(status(restart, waiting(), Some(ended(true))));
        }
        for (at, one) in life.iter().enumerate() {
            for (other_at, other) in life.iter().enumerate() {
                assert_eq!(one.is_older_than(other), at < other_at, "{one:?} {other:?}");
            }
            let later = Status { pod: PodLife::Terminating, ..one.clone() };
            assert!(one.is_older_than(&later) && !later.is_older_than(one));
        }
    }
}
