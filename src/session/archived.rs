//! [`Archived`]: what an archive has of a job, as the beginning of what its cluster has.
//!
//! The archive's lines come first, and each container is gone on with after the last of them, as a stream that broke is: every
//! line once. A container that the cluster has no more is the archive's alone.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job as KubernetesJob;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Outlet, Resume, RunEvent, WantedLogs,
    ending::{self, JobsStatus},
    filter::ContainerFilter,
    replay::{self, Replay, Rest, has_log, number_before, replay},
    save::{SecretHandling, earlier},
    snapshot::{self, Ahead, Order},
};
use crate::{
    archive::{ArchiveError, ArchivedJob, ObjectLog},
    cluster::Cluster,
    discover::Match,
    follow::{
        drive::{Batch, DriverEvent},
        earlier::Earlier,
        follower::Scope,
        listener::{Listener, Unheard},
    },
    k8s::{ContainerId, InstanceId, Stamp, status::Status, targets},
    merge::Origin,
};

/// An archived job, and what a run of its cluster shall not read again.
pub struct Archived {
    job: Arc<ArchivedJob>,
    /// How long ago it was written to last.
    away: Duration,
    /// What of it is wanted.
    wanted: Replay,
    /// Containers that the run has found in the cluster.
    found: Arc<Mutex<HashSet<ContainerId>>>,
}

impl Archived {
    /// What `filter` and `scope` want of a job. `pods` are those that the cluster has.
    pub fn new(job: ArchivedJob, pods: &[Match], filter: &ContainerFilter, scope: &Scope) -> Archived {
        let away = job.saved.map(|saved| Timestamp::now().duration_since(saved));
        let containers = pods.iter().flat_map(|found| {
            targets(&found.pod).into_iter().map(|target| (target.id(), found.pod.container(&target.container)))
        });
        let wanted = Replay {
            labels: None,
            filter: filter.clone(),
            previous: scope.previous,
            since: scope.since,
            tail: scope.tail,
            speed: None,
            rest: Rest::Elsewhere,
            cluster: containers.collect(),
        };
        let away = away.and_then(|away| Duration::try_from(away).ok()).unwrap_or_default();
        Archived { job: Arc::new(job), away, wanted, found: Arc::default() }
    }

    /// The job.
    pub fn job(&self) -> &ArchivedJob {
        &self.job
    }

    /// Whether the job failed, as the row and the Jobs say that were saved last.
    ///
    /// # Errors
    /// What the store says.
    pub async fn has_failed(&self) -> Result<bool, ArchiveError> {
        let status = self.job.state.status.as_deref().map(|status| status.trim().to_lowercase());
        if let Some(status) = status.filter(|status| ["completed", "failed", "cancelled"].contains(&&**status)) {
            return Ok(status != "completed");
        }
        let uid = |job: &KubernetesJob| job.metadata.uid.clone().unwrap_or_default();
        let jobs = replay::latest(&self.job, ObjectLog::Jobs, uid).await?;
        Ok(ending::has_failed(&[], Some(JobsStatus::of(jobs.values()))))
    }

    /// Reads what there is, in the archive and in the cluster, as [`snapshot::snapshot`] does.
    ///
    /// # Errors
    /// What the store says.
    pub async fn look(
        &self,
        cluster: &Cluster,
        pods: &[Match],
        wanted: &WantedLogs,
        order: Order,
        out: Outlet,
    ) -> Result<(), ArchiveError> {
        let unfinished = match order {
            Order::Arrival => {
                let unfinished = self.before(out.clone()).await?;
                self.beside(wanted, async |wanted| {
                    snapshot::snapshot(cluster, pods, &wanted, order, out.clone()).await;
                    Ok(())
                })
                .await?;
                unfinished
            }
            Order::Time => {
                let (merge, events) = mpsc::channel(AHEAD);
                let (job, replayed, into) = (self.job.clone(), self.wanted.clone(), out.clone());
                let ahead = Ahead { events, reached: self.reached() };
                // Ended with this call, however that ends: it has an end of the listeners' queue.
                let mut reading = JoinSet::new();
                reading.spawn(async move { replay(&job, &replayed, IntoMerge { merge, out: into }).await });
                self.beside(wanted, async |wanted| {
                    snapshot::snapshot_after(cluster, pods, &wanted, ahead, out.clone()).await;
                    Ok(())
                })
                .await?;
                match reading.join_next().await {
                    Some(Ok(replayed)) => replayed?,
                    Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                    None => Vec::new(),
                }
            }
        };
        self.after(unfinished, &out).await;
        Ok(())
    }

    /// Hands on what the archive has; returns the instances whose rest the cluster may have.
    ///
    /// # Errors
    /// What the store says.
    pub async fn before(&self, out: Outlet) -> Result<Vec<InstanceId>, ArchiveError> {
        replay(&self.job, &self.wanted, out).await
    }

    /// Runs `work` on what is wanted after what the archive has.
    ///
    /// # Errors
    /// What the store says when it is asked where the archive ends, or as `work`.
    pub async fn beside<T, E: From<ArchiveError>>(
        &self,
        wanted: &WantedLogs,
        work: impl AsyncFnOnce(WantedLogs) -> Result<T, E>,
    ) -> Result<T, E> {
        let (unread, mut failed) = mpsc::channel(1);
        let wanted = WantedLogs { resume: Some(self.resume(unread.clone())), ..wanted.clone() };
        tokio::select! {
            done = work(wanted) => done,
            // One sender is held here, so that it comes to no end.
            Some(error) = failed.recv() => Err(E::from(error)),
        }
    }

    /// Tells of what is in neither.
    pub async fn after(&self, unfinished: Vec<InstanceId>, out: &Outlet) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for instance in unfinished {
            if !found.contains(&*instance.container) {
                // When nobody listens any more there is nobody to tell.
                let _ = out.send(replay::unfinished(instance)).await;
            }
        }
    }

    /// What followers go on from. Why that cannot be had goes to `failed`.
    fn resume(&self, failed: mpsc::Sender<ArchiveError>) -> Resume {
        let secrets = if self.job.state.masked { SecretHandling::Masked } else { SecretHandling::Kept };
        let (positions, away, found) = (self.job.positions(), self.away, self.found.clone());
        let wanted = self.wanted.clone();
        Arc::new(move |target| {
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(target.id());
            let status = wanted.cluster.get(&target.id());
            let last_lines = wanted.tail.is_some() && status.is_some_and(has_log);
            let only = wanted.previous.then(|| status.and_then(number_before));
            let (positions, failed) = (positions.clone(), failed.clone());
            async move {
                if last_lines || only == Some(None) {
                    return Some(Earlier::default());
                }
                match earlier(positions, target, away, secrets).await {
                    Ok(earlier) => Some(match only.flatten() {
                        Some(restart) => earlier.only(restart),
                        None => earlier,
                    }),
                    Err(error) => {
                        // One error is enough.
                        let _ = failed.try_send(error);
                        None
                    }
                }
            }
            .boxed()
        })
    }

    /// The latest stamp of each container that lines are handed on of.
    fn reached(&self) -> HashMap<ContainerId, Stamp> {
        let mut reached = HashMap::new();
        for (instance, kept) in self.job.logs() {
            let id = instance.container_id();
            let is_native = |status: &Status| self.wanted.tail.is_some() && has_log(status);
            if self.wanted.cluster.get(&id).is_some_and(is_native) {
                continue;
            }
            let latest = kept.chunks.iter().filter_map(|chunk| Stamp::from_timestamp(chunk.latest)).max();
            if let Some(latest) = latest {
                let known = reached.entry(id).or_insert(latest);
                *known = latest.max(*known);
            }
        }
        reached
    }
}

/// Lines of one instance, and notes, that wait for the merge.
const AHEAD: usize = 64;

/// Makes what a replay tells an input of a merge. What is no container's goes past it.
#[derive(Clone)]
struct IntoMerge {
    merge: mpsc::Sender<DriverEvent>,
    out: Outlet,
}

impl Listener<RunEvent> for IntoMerge {
    async fn hear(&self, said: RunEvent) -> Result<(), Unheard> {
        match said {
            RunEvent::Lines(batch) => self.merge.hear(DriverEvent::Lines(batch)).await,
            RunEvent::Merged(merged) => {
                for run in merged.lines.chunk_by(|one, two| one.of == two.of) {
                    let Some(Origin { instance, stream }) = run.first().and_then(|line| merged.of.get(line.of)) else {
                        continue;
                    };
                    let lines = run.iter().map(|line| line.line.clone()).collect();
                    self.merge
                        .hear(DriverEvent::Lines(Batch { instance: instance.clone(), stream: *stream, lines }))
                        .await?;
                }
                Ok(())
            }
            RunEvent::Gap { instance, note } => self.merge.hear(DriverEvent::Note(instance.container, note)).await,
            RunEvent::Note { container, note } => self.merge.hear(DriverEvent::Note(container, note)).await,
            RunEvent::Complete { instance, lines, proof } => {
                self.merge.hear(DriverEvent::Complete { instance, lines, proof }).await
            }
            other @ (RunEvent::Job(_)
            | RunEvent::Found(_)
            | RunEvent::Notice(_)
            | RunEvent::Ended(_)
            | RunEvent::Told(_)) => self.out.send(other).await,
        }
    }

    fn is_gone(&self) -> bool {
        self.merge.is_closed()
    }

    async fn gone(&self) {
        self.merge.closed().await;
    }
}
