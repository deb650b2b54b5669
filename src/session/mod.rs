//! One run of `logs`: the job's containers → what is told of them, as a stream of [`Update`]s.
//!
//! [`snapshot`] reads what there is and ends; [`follow`] goes on until the job has ended and everything was read. [`ending`]
//! knows when that is, [`filter`] which containers are wanted. `replay` tells an archive's lines in the same way.

pub mod ending;
pub mod filter;
pub mod follow;
#[cfg(feature = "archive")]
pub mod replay;
pub mod snapshot;
mod unsettled;

use std::{sync::Arc, time::Instant};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    cluster::Cluster,
    discover::{Pod, Target},
    follow::{
        drive::{Driver, News, Standing, Told},
        follower::Scope,
        gate::Gate,
        recover::Nodes,
    },
    merge::Sourced,
};

/// What a run has to say, in order.
#[derive(Debug)]
pub enum Update {
    /// A container was found; its number is used from here on.
    Source(usize, Arc<Target>),
    /// Its lines, or a note on it.
    Told(Told),
    /// Lines of several containers, in the order in which they are printed.
    Sorted(Vec<Sourced>),
    /// Something about the run itself.
    Say(String),
    /// A warning about the run itself, which is told whatever is asked to be left out.
    Warn(String),
}

impl From<Told> for Update {
    fn from(told: Told) -> Update {
        Update::Told(told)
    }
}

impl From<Vec<Sourced>> for Update {
    fn from(lines: Vec<Sourced>) -> Update {
        Update::Sorted(lines)
    }
}

/// Updates under way at most. With batches of at most one received buffer each, this bounds what a slow terminal holds up.
pub const UPDATES: usize = 64;

/// Starts drivers, and counts them.
struct Drivers {
    cluster: Cluster,
    gate: Arc<Gate>,
    nodes: Arc<Nodes>,
    began: Instant,
    scope: Scope,
    standing: mpsc::UnboundedSender<Standing>,
    tasks: JoinSet<()>,
    count: usize,
}

impl Drivers {
    fn new(cluster: &Cluster, scope: Scope) -> (Drivers, mpsc::UnboundedReceiver<Standing>) {
        let (standing, standings) = mpsc::unbounded_channel();
        let drivers = Drivers {
            cluster: cluster.clone(),
            gate: Arc::default(),
            nodes: Arc::new(Nodes::new(cluster, scope.node_logs)),
            began: Instant::now(),
            scope,
            standing,
            tasks: JoinSet::new(),
            count: 0,
        };
        (drivers, standings)
    }

    /// Starts one driver and returns its number with the sender of its news.
    fn start<T: From<Told> + Send + 'static>(
        &mut self,
        target: Arc<Target>,
        news: News,
        told: mpsc::Sender<T>,
    ) -> (usize, watch::Sender<News>) {
        let source = self.count;
        self.count += 1;
        let (sender, news) = watch::channel(news);
        let driver = Driver {
            cluster: self.cluster.clone(),
            gate: self.gate.clone(),
            nodes: self.nodes.clone(),
            began: self.began,
            target,
            source,
            scope: self.scope,
            news,
            told,
            standing: self.standing.clone(),
        };
        self.tasks.spawn(driver.run());
        (source, sender)
    }
}

/// What a driver is told of its container in `pod`.
fn news(pod: &Pod, target: &Target, listed: bool) -> News {
    News { status: pod.container(&target.container), listed, node: pod.spec.node_name.clone(), number: 0 }
}
