//! [`follow`]: the job's logs until it has ended and everything was read.

mod end;
mod pods;
mod removal;

use std::{collections::HashSet, sync::Arc};

use futures::{StreamExt, stream};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use self::{
    pods::FollowedPods,
    removal::{RemovalStep, RemovalWarning},
};
use super::{
    Drivers, Notice, Outlet, PodListener, PodNews, RunEvent, WantedLogs,
    awaited::Awaited,
    ending::{Ending, JobsStatus, PodFacts},
    filter::ContainerFilter,
    news,
};
use crate::{
    cluster::{Cluster, ClusterError},
    discover::{
        Match, Selection,
        watch::{self, PodChange},
    },
    follow::{drive::DriverProgress, follower::Scope, listener::Listener},
    k8s::{StateName, targets},
    merge::LiveMerge,
};

pub use super::progress::Progress;

/// What the row says while the job is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowNews {
    /// The ElasticBLAST id, first or changed.
    Id(Box<Selection>),
    /// Its status is terminal: the job has ended, with that status.
    Ended(String),
}

/// Follows the job that `rows` names, from where `wanted` says that an earlier run has come, until it has ended, which is told as
/// [`RunEvent::Ended`], or nobody listens. Returns how it stands then. The row's news may end, and the last id stays.
///
/// # Errors
/// When the pods cannot be listed at the start, or may never be: no permission.
pub async fn follow(
    cluster: &Cluster,
    namespace: &str,
    wanted: WantedLogs,
    mut rows: mpsc::Receiver<RowNews>,
    out: Outlet,
    progress: &Progress,
) -> Result<Ending, ClusterError> {
    let listener = out.clone();
    let (mut run, reports) = FollowRun::new(cluster, namespace, wanted, out, progress);
    // Whatever the cluster is asked meanwhile, the end of whoever listens is heard.
    tokio::select! {
        biased;
        ended = run.run_on(&mut rows, reports) => ended?,
        () = Listener::<RunEvent>::gone(&listener) => {}
    }
    Ok(run.ending())
}

struct FollowRun<'a> {
    cluster: Cluster,
    namespace: String,
    filter: ContainerFilter,
    scope: Scope,
    drivers: Drivers,
    /// Where lines are put in order on their way to `out`, if they are.
    merge: Option<LiveMerge>,
    out: Outlet,
    selections: Vec<Selection>,
    pods: FollowedPods,
    /// Who is told the pods too.
    heard_by: Option<PodListener>,
    /// Uids of pods with containers that were told before the pod had a node.
    unplaced: HashSet<String>,
    row_ended: Option<String>,
    jobs: Option<JobsStatus>,
    /// Questions for pods that have been answered in full.
    listed: usize,
    ask_at: Instant,
    troubled: bool,
    /// Whether it was told that the filter admits nothing of what there is.
    told_choice: bool,
    removal: RemovalWarning,
    progress: &'a Progress,
}

/// However it ends, and an interruption ends it anywhere, whoever asks is told how far it was.
impl Drop for FollowRun<'_> {
    fn drop(&mut self) {
        self.progress.set(self.drivers.count, self.pods.unread_and_waiting());
    }
}

impl<'a> FollowRun<'a> {
    /// A run that knows nothing yet, and where its drivers say how far they are.
    fn new(
        cluster: &Cluster,
        namespace: &str,
        wanted: WantedLogs,
        out: Outlet,
        progress: &'a Progress,
    ) -> (FollowRun<'a>, mpsc::UnboundedReceiver<DriverProgress>) {
        let WantedLogs { filter, scope, resume, hold, pods: heard_by } = wanted;
        let (drivers, reports) = Drivers::new(cluster, scope.node_logs, resume);
        let run = FollowRun {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            filter,
            scope,
            drivers,
            merge: hold.map(|hold| LiveMerge::start(hold, out.clone())),
            out,
            selections: Vec::new(),
            pods: FollowedPods::default(),
            heard_by,
            unplaced: HashSet::new(),
            row_ended: None,
            jobs: None,
            listed: 0,
            ask_at: Instant::now(),
            troubled: false,
            told_choice: false,
            removal: RemovalWarning::default(),
            progress,
        };
        (run, reports)
    }
}

impl FollowRun<'_> {
    /// Follows until the job has ended, which is told, or nobody listens any more.
    async fn run_on(
        &mut self,
        rows: &mut mpsc::Receiver<RowNews>,
        mut reports: mpsc::UnboundedReceiver<DriverProgress>,
    ) -> Result<(), ClusterError> {
        let mut changes = stream::SelectAll::new();
        let mut rows_open = true;
        while !self.has_ended().await {
            tokio::select! {
                row = rows.recv(), if rows_open => match row {
                    Some(RowNews::Id(selection)) => {
                        if !self.selections.iter().any(|known| known.id == selection.id) {
                            self.listed = 0;
                            changes.push(watch::watch(&self.cluster.client(), &self.namespace, &selection).boxed());
                            self.selections.push(*selection);
                        }
                    }
                    Some(RowNews::Ended(status)) => self.row_ended = Some(status),
                    None => rows_open = false,
                },
                Some(change) = changes.next() => {
                    if !self.take(change).await? {
                        return Ok(());
                    }
                }
                Some(report) = reports.recv() => self.pods.take(report),
                () = sleep_until(self.ask_at), if self.is_quiet() => {}
                () = sleep_until(self.removal.at().unwrap_or_else(Instant::now)), if self.removal.at().is_some() => {
                    self.look_for_lagging().await;
                }
            }
        }
        if let Some(merge) = self.merge.take() {
            merge.finish().await;
        }
        // When nobody listens any more, there is nobody to tell.
        let _ = self.out.send(RunEvent::Ended(self.ending())).await;
        Ok(())
    }

    /// Takes a change of the pods; `false` when nobody listens any more.
    async fn take(&mut self, change: PodChange) -> Result<bool, ClusterError> {
        match change {
            PodChange::Pod(found) => {
                self.recover().await;
                Ok(self.on_pod(found).await)
            }
            PodChange::Gone(uid) => {
                self.pods.gone(&uid);
                self.hand_on(PodNews::Gone(&uid));
                Ok(true)
            }
            PodChange::Listed => {
                self.listed += 1;
                self.recover().await;
                Ok(self.listed < 2 || self.say_what_is_waited_for().await)
            }
            PodChange::Polling(error) => Ok(self.out.send(Notice::ListsOnly(error.to_string())).await.is_ok()),
            // Another id of a job that is followed already.
            PodChange::Failed(error) if self.pods.is_empty() || error.is_final() => Err(error),
            PodChange::Failed(error) | PodChange::Trouble(error) => {
                if std::mem::replace(&mut self.troubled, true) {
                    return Ok(true);
                }
                Ok(self.out.send(Notice::WatchInterrupted(error.to_string())).await.is_ok())
            }
        }
    }

    async fn recover(&mut self) {
        if std::mem::take(&mut self.troubled) {
            // When nobody listens any more, the next event shows it.
            let _ = self.out.send(Notice::WatchWorksAgain).await;
        }
    }

    /// Tells what is waited for, where there is nothing yet: pods, ones with the labels that are asked for, or containers that the
    /// filter admits. Returns whether anybody listens.
    async fn say_what_is_waited_for(&mut self) -> bool {
        let awaited = Awaited::of(self.pods.len(), self.drivers.count, &self.filter);
        if awaited == Awaited::Choice && self.told_choice {
            return true;
        }
        self.told_choice |= awaited == Awaited::Choice;
        let notice = awaited.notice(&self.cluster, &self.namespace, &self.selections, &self.filter).await;
        match notice {
            Some(notice) => self.out.send(notice).await.is_ok(),
            None => true,
        }
    }

    async fn on_pod(&mut self, found: Box<Match>) -> bool {
        let uid = found.pod.uid().to_owned();
        let is_placed = found.pod.spec.node_name.is_some() && self.unplaced.remove(&uid);
        let facts = PodFacts::of(&found.pod);
        let update = self.pods.update(&uid, facts);
        if update.is_news {
            self.jobs = None;
        }
        if update.has_ended {
            self.removal.pod_ended(Instant::now());
        }
        for target in targets(&found.pod).into_iter().filter(|target| self.filter.admits(target)) {
            let news = news(&found.pod, &target);
            if self.pods.tell(&uid, &target.container, &news) {
                if is_placed && self.out.send(RunEvent::Found(Arc::new(target))).await.is_err() {
                    return false;
                }
                continue;
            }
            let is_wanted = self.filter.admits_pod(&found.pod);
            if !is_wanted || !self.filter.admits_state(StateName::of(&news.status.state)) {
                continue;
            }
            if target.node.is_none() {
                self.unplaced.insert(uid.clone());
            }
            let (container, target) = (target.container.clone(), Arc::new(target));
            if self.out.send(RunEvent::Found(target.clone())).await.is_err() {
                return false;
            }
            let scope = self.scope_now();
            let driver = match &self.merge {
                Some(merge) => self.drivers.start(target, news, scope, merge.input(self.drivers.count)),
                None => self.drivers.start(target, news, scope, self.out.clone()),
            };
            self.pods.add(&uid, container, driver);
        }
        self.hand_on(PodNews::There(&found.pod));
        true
    }

    /// Whether all pods of the job that were there at the start are known.
    fn is_listed(&self) -> bool {
        self.selections.is_empty() || self.listed >= 2
    }

    /// What is wanted of a log that shows up now: of what came after the start, all is new.
    fn scope_now(&self) -> Scope {
        let tail = self.scope.tail.filter(|_| !self.is_listed());
        Scope { tail, ..self.scope }
    }

    fn hand_on(&self, news: PodNews<'_>) {
        if let Some(listener) = &self.heard_by {
            listener(news);
        }
    }

    /// Tells of pods that are close to their removal and not read to their end.
    ///
    /// Going through all pods takes time, so it is done when one may be close, not whenever something happens.
    async fn look_for_lagging(&mut self) {
        let first = self.pods.lagging().map(|(ended, _)| ended).min();
        let mut due = self.removal.look(first, Instant::now());
        if due == RemovalStep::AskJobs {
            let jobs = self.ask_jobs().await;
            self.removal.asked(jobs);
            due = self.removal.look(first, Instant::now());
        }
        if due == RemovalStep::Warn {
            let unread = self.pods.lagging().map(|(_, unread)| unread).sum();
            // When nobody listens any more, the next event shows it.
            let _ = self.out.send(Notice::RemovalSoon { unread }).await;
        }
    }
}

#[cfg(test)]
mod tests;
