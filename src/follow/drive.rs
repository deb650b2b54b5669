//! [`Driver`]: runs one [`Follower`] against the cluster.

mod work;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use self::work::DriverWork;
use super::{
    earlier::Earlier,
    follower::{Action, Follower, Output, Request, Scope},
    listener::{Listener, Unheard},
    note::{Note, Proof},
    recover::{Nodes, Recovery},
    refusal::Refusal,
};
use crate::{
    cluster::{Cluster, LogAnswer, LogBody, LogQuery},
    k8s::{
        ContainerId, InstanceId, Line, Stream, Target, lines,
        status::{PodLife, Status},
    },
};

/// A pause in taking lines that is long enough to be told from the server's silence.
const NOTICED: Duration = Duration::from_millis(100);

/// Lines of one instance, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose they are.
    pub instance: InstanceId,
    /// The stream to which all of them were written, where that is known: the log API does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// The lines; never none.
    pub lines: Vec<Line>,
}

/// What a driver has to say.
#[derive(Debug)]
pub enum DriverEvent {
    /// Lines.
    Lines(Batch),
    /// Something about a container.
    Note(Arc<ContainerId>, Note),
    /// No more lines of an instance will come. It is told once, but that the status may show later that what was read was the
    /// next instance's log: then more comes, and the last word counts.
    Complete {
        /// The instance.
        instance: InstanceId,
        /// Lines handed on of it in this run.
        lines: u64,
        /// How that is known.
        proof: Proof,
    },
}

/// What a driver is told of its container.
#[derive(Debug, Clone, Default)]
pub struct ContainerNews {
    /// The container's status.
    pub status: Status,
    /// The node that its pod was scheduled to, once it was.
    pub node: Option<String>,
    /// Counts what the driver is told after its first news, for [`DriverProgress::news`].
    pub number: u64,
}

/// How far a driver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriverProgress {
    /// The number of the driver.
    pub driver: usize,
    /// Whether everything there is has been read.
    pub settled: bool,
    /// The number of the latest news the driver has taken.
    pub news: u64,
}

impl DriverProgress {
    /// Of a driver that takes no news any more.
    pub fn ended(driver: usize) -> DriverProgress {
        DriverProgress { driver, settled: true, news: u64::MAX }
    }
}

/// Follows one container to its end.
pub struct Driver<L> {
    /// The cluster.
    pub cluster: Cluster,
    /// Whether any log of the run was opened, so that reading logs was permitted. Shared by all drivers.
    pub was_read: Arc<AtomicBool>,
    /// Shared by all drivers.
    pub nodes: Arc<Nodes>,
    /// When the run began.
    pub began: Instant,
    /// The container.
    pub target: Arc<Target>,
    /// Its number, for [`DriverProgress::driver`].
    pub number: usize,
    /// What of its log is wanted.
    pub scope: Scope,
    /// What an earlier run has read of it. When that cannot be had, nothing is read, and whoever was asked knows why.
    pub earlier: Option<BoxFuture<'static, Option<Earlier>>>,
    /// Its status. When the sender is dropped, the pod's last status is the last word.
    pub news: watch::Receiver<ContainerNews>,
    /// Its lines and notes, straight to whoever takes them: every channel in between costs a wake-up for each line of a
    /// quiet log. Taking them slowly slows the reading down; nothing is dropped.
    pub listener: L,
    /// How far it is, whenever that changes: at least once after each news.
    pub report: mpsc::UnboundedSender<DriverProgress>,
}

impl<L: Listener<DriverEvent>> Driver<L> {
    /// Follows until nothing will come any more, or nobody takes the lines, whatever is waited for then.
    pub async fn run(self) {
        let listener = self.listener.clone();
        tokio::select! {
            biased;
            () = self.run_to_end() => {}
            () = listener.gone() => {}
        }
    }

    async fn run_to_end(mut self) {
        let earlier = match self.earlier.take() {
            Some(asked) => match asked.await {
                Some(earlier) => earlier,
                None => return,
            },
            None => Earlier::default(),
        };
        // Lines from before it show where an earlier run has ended, so they are read, though nobody wants them.
        let shown = if earlier.is_empty() { None } else { self.scope.since.take() };
        let mut follower = Follower::resuming(self.scope, seed(&self.target), earlier);
        let mut out = Output::default();
        let Driver { nodes, target, listener, .. } = &self;
        let mut recovery = Recovery::new(nodes.clone(), target.clone(), self.scope, shown, listener.clone());
        let mut work = DriverWork::default();
        let mut report = None;
        let mut event = work.take_news(&mut self.news, self.scope);
        loop {
            follower.on(event, self.began.elapsed(), &mut out);
            let handing = Instant::now();
            recovery.runs_on(self.news.borrow().node.as_deref());
            if let Err(Unheard) = recovery.hand_on(&mut out).await {
                return;
            }
            for seal in out.seals.drain(..) {
                if let Err(Unheard) = recovery.seal(seal).await {
                    return;
                }
            }
            if handing.elapsed() > NOTICED {
                // Whoever takes the lines was slow, not the server.
                follower.excuse(self.began.elapsed());
            }
            for action in out.actions.drain(..) {
                match action {
                    Action::Open(request) => work.opening = Some(self.open(request)),
                    Action::Close => work.close(),
                    Action::Probe(request) => work.probing = Some(self.probe(request)),
                    Action::Confirm(pause) => work.confirming = Some(self.confirm(pause)),
                }
            }
            if follower.is_done() {
                // Takes no news from here on, and says so after: whoever told it something before that hears of the end.
                drop(self.news);
                // The run may be over already, and then nobody asks.
                let _ = self.report.send(DriverProgress::ended(self.number));
                return;
            }
            let now = DriverProgress { driver: self.number, settled: follower.is_settled(), news: work.taken };
            if report != Some(now) {
                report = Some(now);
                let _ = self.report.send(now);
            }
            let deadline = follower.deadline().map(|deadline| self.began + deadline);
            event = work.next(&mut self.news, self.scope, deadline).await;
        }
    }

    fn open(&self, request: Request) -> BoxFuture<'static, Result<LogBody, Refusal>> {
        let (cluster, was_read, target, scope) =
            (self.cluster.clone(), self.was_read.clone(), self.target.clone(), self.scope);
        async move {
            let place = cluster.limiter().enter(request.urgent).await;
            let answer = cluster.log(&target.namespace, &target.pod, &query(&target, request, scope)).await;
            drop(place);
            match answer {
                Ok(LogAnswer::Body(body)) => {
                    was_read.store(true, Relaxed);
                    Ok(body)
                }
                Ok(LogAnswer::NotScheduled) => Err(Refusal::NotScheduled),
                Err(error) => Err(Refusal::of(&error, was_read.load(Relaxed))),
            }
        }
        .boxed()
    }

    fn probe(&self, request: Request) -> BoxFuture<'static, Option<Vec<Line>>> {
        let (cluster, target, scope) = (self.cluster.clone(), self.target.clone(), self.scope);
        async move {
            let probe = async {
                let answer = cluster.log(&target.namespace, &target.pod, &query(&target, request, scope)).await;
                lines::tail_of(&answer.ok()?.whole().await?)
            };
            cluster.limiter().in_time(request.urgent, probe).await.flatten()
        }
        .boxed()
    }

    /// The container's status as the API has it after `pause`.
    fn confirm(&self, pause: Duration) -> BoxFuture<'static, Option<Status>> {
        let (cluster, target) = (self.cluster.clone(), self.target.clone());
        let (news, scope) = (self.news.clone(), self.scope);
        async move {
            sleep(pause).await;
            let asked = cluster.limiter().in_time(false, cluster.pod(&target.namespace, &target.pod)).await?;
            scope.part_of(match asked.ok()?.filter(|pod| pod.uid() == target.uid) {
                Some(pod) => pod.container(&target.container),
                // The name is free, or another pod's: ours is gone, in the state last told.
                None => Status { pod: PodLife::Gone, ..news.borrow().status.clone() },
            })
        }
        .boxed()
    }
}

fn seed(target: &Target) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{}/{}", target.uid, target.container).as_bytes())
}

fn query(target: &Target, request: Request, scope: Scope) -> LogQuery {
    LogQuery {
        container: target.container.clone(),
        follow: request.follow,
        previous: scope.asks_previous(request),
        timestamps: true,
        since_time: request.since.map(|since| since.to_timestamp()),
        tail_lines: request.tail,
        limit_bytes: None,
    }
}

#[cfg(test)]
mod tests;
