//! [`follow`]: the job's logs until it has ended and everything was read.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{
    Drivers, Notice, Outlet, RunEvent, WantedLogs,
    ending::{self, JobFacts, JobVerdict, PodFacts},
    filter::ContainerFilter,
    news,
    unfinished::UnfinishedContainers,
};
use crate::{
    cluster::{Cluster, ClusterError},
    discover::{
        Match, Selection,
        watch::{self as pods, PodChange},
    },
    follow::{drive::ContainerNews, listener::Listener},
    k8s::{
        status::{LogPlace, PodLife},
        targets,
    },
};

/// What the row says while the job is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowNews {
    /// The ElasticBLAST id, first or changed.
    Id(Box<Selection>),
    /// Its status is terminal: the job has ended, with that status.
    Ended(String),
}

/// How a followed job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ending {
    /// Whether the job failed.
    pub failed: bool,
    /// Pods that were found.
    pub pods: usize,
}

/// How far a run is, for whoever interrupts it. `Display` is a part of a sentence.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    unread: AtomicUsize,
    waiting: AtomicUsize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [found, unread, waiting] = [&self.found, &self.unread, &self.waiting].map(|count| count.load(Relaxed));
        match (found, unread, waiting) {
            (0, ..) => write!(f, "no containers were found"),
            (_, 0, 0) => write!(f, "all {found} containers were read to their end"),
            (_, unread, 0) => write!(f, "{unread} of {found} containers were not read to their end"),
            (_, 0, waiting) => write!(f, "{waiting} of {found} containers had not started"),
            _ => write!(f, "{unread} of {found} containers were not read to their end, and {waiting} had not started"),
        }
    }
}

/// How long after the first end of a pod the Jobs are asked when they are removed. Most logs are read by then.
const ASK_TTL: Duration = Duration::from_secs(10);

/// The pause between questions whether the Jobs have ended, when no pod runs.
const ASK_JOBS: Duration = Duration::from_secs(2);

/// Follows the job that `rows` names, from where `wanted` says that an earlier run has come. The row's news may end, and the last
/// id stays.
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
    let WantedLogs { filter, scope, resume } = wanted;
    let (drivers, mut reports) = Drivers::new(cluster, scope, resume);
    let mut run = FollowRun {
        cluster: cluster.clone(),
        namespace: namespace.to_owned(),
        filter,
        drivers,
        out,
        selections: Vec::new(),
        pods: BTreeMap::new(),
        unfinished: UnfinishedContainers::default(),
        row_ended: None,
        jobs: None,
        listed: 0,
        ask_at: Instant::now(),
        troubled: false,
        look_at: None,
        removal: Removal::Unasked,
        progress,
    };
    let mut changes = stream::SelectAll::new();
    let mut rows_open = true;
    loop {
        if run.has_ended().await {
            let ending = run.ending();
            // When nobody listens any more, it has ended all the same.
            let _ = run.out.send(RunEvent::Ended(ending)).await;
            return Ok(ending);
        }
        tokio::select! {
            row = rows.recv(), if rows_open => match row {
                Some(RowNews::Id(selection)) => {
                    if !run.selections.iter().any(|known| known.id == selection.id) {
                        run.listed = 0;
                        changes.push(pods::watch(&cluster.client(), namespace, &selection).boxed());
                        run.selections.push(*selection);
                    }
                }
                Some(RowNews::Ended(status)) => run.row_ended = Some(status),
                None => rows_open = false,
            },
            Some(change) = changes.next() => {
                if !run.take(change).await? {
                    return Ok(run.ending());
                }
            }
            Some(report) = reports.recv() => run.unfinished.take(report),
            () = sleep_until(run.ask_at), if run.is_quiet() => {}
            () = sleep_until(run.look_at.unwrap_or_else(Instant::now)), if run.look_at.is_some() => {
                run.look_for_lagging().await;
            }
            () = Listener::<RunEvent>::gone(&run.out) => return Ok(run.ending()),
        }
    }
}

/// A pod that is being followed.
struct Followed {
    facts: PodFacts,
    /// When it was first seen to have ended.
    ended: Option<Instant>,
    containers: HashMap<String, (usize, watch::Sender<ContainerNews>)>,
}

/// Tells a driver something. One that has ended needs no news; one that ends just now says so by its last report.
fn tell(
    unfinished: &mut UnfinishedContainers,
    (source, sender): &(usize, watch::Sender<ContainerNews>),
    change: impl FnOnce(&mut ContainerNews),
) {
    if sender.is_closed() {
        return;
    }
    let number = unfinished.tell(*source);
    sender.send_modify(|news| {
        change(news);
        news.number = number;
    });
}

/// What is known of the removal of pods that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// Their Jobs were not asked yet.
    Unasked,
    /// Nothing removes them.
    Never,
    /// It is told so long after the end of a pod that is still unread.
    WarnAfter(Duration),
    /// It was told.
    Told,
}

struct FollowRun<'a> {
    cluster: Cluster,
    namespace: String,
    filter: ContainerFilter,
    drivers: Drivers,
    out: Outlet,
    selections: Vec<Selection>,
    /// By uid.
    pods: BTreeMap<String, Followed>,
    /// Containers not read to the end of what there is.
    unfinished: UnfinishedContainers,
    row_ended: Option<String>,
    jobs: Option<JobFacts>,
    /// Questions for pods that have been answered in full.
    listed: usize,
    ask_at: Instant,
    troubled: bool,
    /// When to look for pods that are close to their removal and not read to their end; `None` when none has ended, and
    /// when they were told of.
    look_at: Option<Instant>,
    removal: Removal,
    progress: &'a Progress,
}

/// However it ends, and an interruption ends it anywhere, whoever asks is told how far it was.
impl Drop for FollowRun<'_> {
    fn drop(&mut self) {
        let (mut unread, mut waiting) = (0, 0);
        for (source, news) in self.pods.values().flat_map(|pod| pod.containers.values()) {
            if news.borrow().status.place(0) == LogPlace::Future {
                waiting += 1;
            } else {
                unread += usize::from(self.unfinished.contains(*source));
            }
        }
        self.progress.found.store(self.drivers.count, Relaxed);
        self.progress.unread.store(unread, Relaxed);
        self.progress.waiting.store(waiting, Relaxed);
    }
}

impl FollowRun<'_> {
    /// Takes a change of the pods; `false` when nobody listens any more.
    async fn take(&mut self, change: PodChange) -> Result<bool, ClusterError> {
        match change {
            PodChange::Pod(found) => {
                self.recover().await;
                Ok(self.on_pod(found).await)
            }
            PodChange::Gone(uid) => {
                if let Some(pod) = self.pods.get_mut(&uid) {
                    pod.facts.life = PodLife::Gone;
                    for driver in pod.containers.values() {
                        tell(&mut self.unfinished, driver, |news| {
                            news.status.pod = PodLife::Gone;
                        });
                    }
                }
                Ok(true)
            }
            PodChange::Listed => {
                self.listed += 1;
                self.recover().await;
                Ok(self.listed < 2 || !self.pods.is_empty() || self.say_nothing_found().await)
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

    async fn say_nothing_found(&mut self) -> bool {
        let notice = Notice::NoPodsYet { ids: self.names(), namespace: self.namespace.clone() };
        self.out.send(notice).await.is_ok()
    }

    fn names(&self) -> String {
        self.selections.iter().map(|selection| selection.id.as_str()).collect::<Vec<_>>().join(", ")
    }

    async fn on_pod(&mut self, found: Box<Match>) -> bool {
        let uid = found.pod.uid().to_owned();
        let facts = PodFacts::of(&found.pod);
        let known = self.pods.remove(&uid);
        if known.as_ref().is_none_or(|known| known.facts != facts) {
            self.jobs = None;
        }
        let (mut containers, mut ended) = known.map(|known| (known.containers, known.ended)).unwrap_or_default();
        if ended.is_none() && facts.life == PodLife::Finished {
            ended = Some(Instant::now());
            if !matches!(self.removal, Removal::Never | Removal::Told) {
                self.look_at = self.look_at.or(ended.map(|ended| ended + ASK_TTL));
            }
        }
        for target in targets(&found.pod).into_iter().filter(|target| self.filter.admits(target)) {
            let news = news(&found.pod, &target);
            if let Some(driver) = containers.get(&target.container) {
                tell(&mut self.unfinished, driver, |known| *known = news);
                continue;
            }
            let (container, target) = (target.container.clone(), Arc::new(target));
            if self.out.send(RunEvent::Found(target.clone())).await.is_err() {
                return false;
            }
            let driver = self.drivers.start(target, news, self.out.clone());
            self.unfinished.add(driver.0);
            containers.insert(container, driver);
        }
        self.pods.insert(uid, Followed { facts, ended, containers });
        true
    }

    /// Pods that have ended, are still there, and have unread containers.
    fn lagging(&self) -> impl Iterator<Item = (Instant, usize)> {
        self.pods.values().filter(|pod| pod.facts.life != PodLife::Gone).filter_map(|pod| {
            let unread = pod.containers.values().filter(|(source, _)| self.unfinished.contains(*source)).count();
            Some((pod.ended?, unread)).filter(|(_, unread)| *unread > 0)
        })
    }

    /// Tells of pods that are close to their removal, or looks again when the first of those that lag now will be.
    ///
    /// Going through all pods takes time, so it is done when one may be close, not whenever something happens.
    async fn look_for_lagging(&mut self) {
        let Some(first) = self.lagging().map(|(ended, _)| ended).min() else {
            self.look_at = None;
            return;
        };
        if self.removal == Removal::Unasked {
            self.removal = ending::warn_after(self.ask_jobs().await).map_or(Removal::Never, Removal::WarnAfter);
        }
        let Removal::WarnAfter(after) = self.removal else {
            self.look_at = None;
            return;
        };
        self.look_at = Some(first + after);
        if self.look_at.is_some_and(|at| at <= Instant::now()) {
            self.look_at = None;
            self.warn_of_removal().await;
        }
    }

    async fn warn_of_removal(&mut self) {
        self.removal = Removal::Told;
        let unread: usize = self.lagging().map(|(_, unread)| unread).sum();
        // When nobody listens any more, the next event shows it.
        let _ = self.out.send(Notice::RemovalSoon { unread }).await;
    }

    fn facts(&self) -> Vec<PodFacts> {
        self.pods.values().map(|pod| pod.facts).collect()
    }

    /// Whether no pod runs and nothing is unread, so that only the Jobs can say whether more will come.
    fn is_quiet(&self) -> bool {
        self.unfinished.is_empty() && ending::judge(&self.facts(), self.row_ended.is_some()) == JobVerdict::AskJobs
    }

    /// Whether the job has ended and everything was read. The watch may lag behind the row and the Jobs, so the pods are
    /// listed once more before that is believed.
    async fn has_ended(&mut self) -> bool {
        while self.seems_to_have_ended().await {
            let known = self.facts();
            self.list_again().await;
            if self.unfinished.is_empty() && self.facts() == known {
                return true;
            }
        }
        false
    }

    /// Takes the pods as they are. A cluster that does not answer any more has nothing to add.
    async fn list_again(&mut self) {
        for selection in self.selections.clone() {
            let found = pods::list(&self.cluster.client(), &self.namespace, &selection).await;
            for pod in found.into_iter().flatten() {
                // When nobody listens any more, the next event shows it.
                let _ = self.on_pod(Box::new(pod)).await;
            }
        }
    }

    /// Whether all that is known says so.
    async fn seems_to_have_ended(&mut self) -> bool {
        if !self.unfinished.is_empty() || self.listed < 2 * self.selections.len().min(1) {
            return false;
        }
        let facts = self.facts();
        match ending::judge(&facts, self.row_ended.is_some()) {
            JobVerdict::Ended => {
                if self.jobs.is_none() {
                    self.jobs = self.ask_jobs().await;
                }
                true
            }
            JobVerdict::Running => facts.is_empty() && self.row_ended.is_some() && !self.selections.is_empty(),
            JobVerdict::AskJobs if Instant::now() < self.ask_at => false,
            JobVerdict::AskJobs => {
                self.ask_at = Instant::now() + ASK_JOBS;
                self.jobs = self.ask_jobs().await;
                // Without permission to list Jobs, the pods' own word must do.
                self.jobs.is_none_or(|jobs| ending::judge_jobs(&facts, jobs))
            }
        }
    }

    /// The job's Jobs; `None` when they cannot be listed.
    async fn ask_jobs(&self) -> Option<JobFacts> {
        let ids: Vec<_> = self.selections.iter().map(|selection| selection.id.clone()).collect();
        let jobs = pods::jobs(&self.cluster.client(), &self.namespace, &ids).await.ok()?;
        Some(JobFacts::of(&jobs))
    }

    fn ending(&self) -> Ending {
        let row_failed = self.row_ended.as_deref().is_some_and(|status| status != "completed");
        Ending { failed: row_failed || ending::has_failed(&self.facts(), self.jobs), pods: self.pods.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_what_is_unread_from_what_has_not_started() {
        for (found, unread, waiting, told) in [
            (0, 0, 0, "no containers were found"),
            (26, 0, 26, "26 of 26 containers had not started"),
            (26, 0, 0, "all 26 containers were read to their end"),
            (26, 3, 0, "3 of 26 containers were not read to their end"),
            (26, 3, 20, "3 of 26 containers were not read to their end, and 20 had not started"),
        ] {
            let [found, unread, waiting] = [found, unread, waiting].map(AtomicUsize::new);
            assert_eq!(Progress { found, unread, waiting }.to_string(), told);
        }
    }
}
