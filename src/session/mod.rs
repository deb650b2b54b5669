//! One run of `logs`: the job's containers → what is told of them, as [`RunEvent`]s, to each [`Sink`] that listens.
//!
//! [`snapshot`] reads what there is and ends; [`follow`] goes on until the job has ended and everything was read. [`ending`]
//! knows when that is, [`filter`] which containers are wanted, and [`unchosen`] what there is when it wants none. `replay` tells an archive's lines in the same way. [`fan_out`]
//! brings what is said to everyone who listens, and [`RunStats`] are what came of it.

#[cfg(feature = "archive")]
pub mod archived;
pub mod asked;
pub mod awaited;
#[cfg(feature = "archive")]
pub mod dashboard;
pub mod ending;
mod event;
mod event_object;
pub mod fan_out;
pub mod filter;
#[cfg(test)]
mod fixtures;
pub mod follow;
mod notice;
#[cfg(feature = "archive")]
pub mod objects;
pub mod piped;
mod progress;
#[cfg(feature = "archive")]
pub mod refill;
#[cfg(feature = "archive")]
pub mod replay;
#[cfg(feature = "archive")]
pub mod save;
pub mod sink;
pub mod snapshot;
mod stats;
pub mod unchosen;
mod unfinished;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::filter::ContainerFilter;
use crate::{
    cluster::Cluster,
    follow::{
        drive::{ContainerNews, Driver, DriverEvent, DriverProgress},
        earlier::Earlier,
        follower::Scope,
        listener::Listener,
        recover::Nodes,
    },
    k8s::{Pod, Target},
    node_logs::NodeLogs,
};

pub use event::RunEvent;
pub use event_object::EventObject;
pub use fan_out::Outlet;
pub use notice::Notice;
pub use sink::Sink;
pub use stats::RunStats;

/// What an earlier run has read of a container: asked for when it is found; `None` when that cannot be had.
pub type Resume = Arc<dyn Fn(Arc<Target>) -> BoxFuture<'static, Option<Earlier>> + Send + Sync>;

/// What a followed job's cluster tells of a pod of it.
#[derive(Debug, Clone, Copy)]
pub enum PodNews<'a> {
    /// It is new, or changed. Its containers that are read were found before.
    There(&'a Pod),
    /// The pod of this uid is gone.
    Gone(&'a str),
}

/// Who is told each pod of a followed job as its cluster tells it.
pub type PodListener = Arc<dyn Fn(PodNews<'_>) + Send + Sync>;

/// What is read, and from where on.
#[derive(Clone)]
pub struct WantedLogs {
    /// Of which containers.
    pub filter: ContainerFilter,
    /// Which of their lines.
    pub scope: Scope,
    /// After what an earlier run has read.
    pub resume: Option<Resume>,
    /// How long a followed container's lines wait for earlier ones of others; `None`: they come as they arrive.
    pub hold: Option<Duration>,
    /// Who is told the pods too, when they are followed.
    pub pods: Option<PodListener>,
}

/// Starts drivers, and counts them.
struct Drivers {
    cluster: Cluster,
    was_read: Arc<AtomicBool>,
    nodes: Arc<Nodes>,
    began: Instant,
    resume: Option<Resume>,
    report: mpsc::UnboundedSender<DriverProgress>,
    tasks: JoinSet<()>,
    count: usize,
}

impl Drivers {
    fn new(
        cluster: &Cluster,
        node_logs: NodeLogs,
        resume: Option<Resume>,
    ) -> (Drivers, mpsc::UnboundedReceiver<DriverProgress>) {
        let (report, reports) = mpsc::unbounded_channel();
        let drivers = Drivers {
            cluster: cluster.clone(),
            was_read: Arc::default(),
            nodes: Arc::new(Nodes::new(cluster, node_logs)),
            began: Instant::now(),
            resume,
            report,
            tasks: JoinSet::new(),
            count: 0,
        };
        (drivers, reports)
    }

    /// Starts one driver, which reads what of the log is wanted, and returns its number with the sender of its news.
    fn start(
        &mut self,
        target: Arc<Target>,
        news: ContainerNews,
        scope: Scope,
        listener: impl Listener<DriverEvent>,
    ) -> (usize, watch::Sender<ContainerNews>) {
        let number = self.count;
        self.count += 1;
        let (sender, news) = watch::channel(news);
        let driver = Driver {
            cluster: self.cluster.clone(),
            was_read: self.was_read.clone(),
            nodes: self.nodes.clone(),
            began: self.began,
            earlier: self.resume.as_ref().map(|resume| resume(target.clone())),
            target,
            number,
            scope,
            news,
            listener,
            report: self.report.clone(),
        };
        self.tasks.spawn(driver.run());
        (number, sender)
    }
}

/// What a driver is told of its container in `pod`.
fn news(pod: &Pod, target: &Target) -> ContainerNews {
    ContainerNews { status: pod.container(&target.container), node: pod.spec.node_name.clone(), number: 0 }
}
