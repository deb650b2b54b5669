//! Containers and lines for the tests of the rooms.

use std::{ops::Deref, sync::Arc, time::Duration};

use jiff::Timestamp;
use testcluster::{Access, PodHandle};

use super::{
    container::FollowedContainer,
    earlier::Earlier,
    event::{Output, Scope},
};
use crate::{
    cluster::fixtures::Connected,
    k8s::{
        Line, Target,
        status::{Ended, InstanceState, PodLife, Status},
    },
    node_logs::NodeLogs,
};

/// What `logs -f` wants.
pub const FOLLOW: Scope = Scope { follow: true, since: None, tail: None, previous: false, node_logs: NodeLogs::Auto };

/// What `logs` wants.
pub const LOOK: Scope = Scope { follow: false, ..FOLLOW };

/// Two lines, as the API has them.
pub const LINES: [&str; 2] = ["2026-09-21T14:13:28.000000001Z one\n", "2026-09-21T14:13:29.000000001Z two\n"];

/// The kubelet's text in place of a log that the runtime does not have any more.
pub const COLLECTED: &str = "unable to retrieve container logs for containerd://0";

pub fn second(second: u64) -> Duration {
    Duration::from_secs(second)
}

/// A line of the API.
pub fn line(text: &str) -> Line {
    Line::parse(text.trim_end().as_bytes()).unwrap()
}

fn end() -> Ended {
    Ended { exit_code: 0, reason: "Completed".into(), started: None, finished: None, has_log: true }
}

/// The first instance has ended, and its pod with it.
pub fn ended() -> Status {
    Status { restart: 0, state: InstanceState::Ended(end()), last: None, pod: PodLife::Finished }
}

/// The first instance runs.
pub fn running() -> Status {
    Status { state: InstanceState::Running { started: None }, pod: PodLife::Active, ..ended() }
}

/// `running()` after a restart.
pub fn running_again() -> Status {
    Status { restart: 1, last: Some(end()), ..running() }
}

/// `running()` when its pod is gone.
pub fn gone() -> Status {
    Status { pod: PodLife::Gone, ..running() }
}

/// It waits to be started for the first time.
pub fn waiting(reason: &str) -> Status {
    Status { state: InstanceState::Waiting { reason: reason.to_owned() }, ..Status::default() }
}

/// A container of which this is wanted and known.
pub fn container(scope: Scope, status: Status) -> FollowedContainer {
    let mut container = FollowedContainer::new(scope, Earlier::default());
    assert!(container.learn(status, Duration::ZERO, &mut Output::default()));
    container
}

/// A test cluster with one pod, whose container `blast` has started and another one has not, and a user's connection to it.
pub struct OnePod {
    connected: Connected,
    pub pod: PodHandle,
}

impl Deref for OnePod {
    type Target = Connected;

    fn deref(&self) -> &Connected {
        &self.connected
    }
}

impl OnePod {
    pub async fn started(user: Access, at: Timestamp) -> OnePod {
        let connected = Connected::new(user).await;
        let pod = connected.server.pod("blast-0").restart_policy("OnFailure");
        let pod = pod.container("blast").container("sidecar").create();
        pod.at(at).start("blast");
        OnePod { connected, pod }
    }

    pub async fn target(&self) -> Arc<Target> {
        let pod = self.cluster.pod("default", self.pod.name()).await.unwrap().unwrap();
        Arc::new(crate::k8s::targets(&pod).remove(0))
    }
}
