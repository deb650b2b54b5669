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
    replay::{self, Chosen, Replay, Rest, number_before, replay_chosen},
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
    k8s::{ContainerId, InstanceId, Stamp},
    merge::Origin,
};

/// An archived job, and what a run of its cluster shall not read again.
pub struct Archived {
    job: Arc<ArchivedJob>,
    /// How long ago it was written to last.
    away: Duration,
    /// What of it is wanted.
    wanted: Arc<Replay>,
    /// And which of its containers that are.
    chosen: Arc<Chosen>,
    /// Containers that the run has found in the cluster.
    found: Arc<Mutex<HashSet<ContainerId>>>,
}

impl Archived {
    /// What `filter` and `scope` want of a job. `pods` are those that the cluster has.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(
        job: ArchivedJob,
        pods: &[Match],
        filter: &ContainerFilter,
        scope: &Scope,
    ) -> Result<Archived, ArchiveError> {
        let away = job.saved.map(|saved| Timestamp::now().duration_since(saved));
        let wanted = Replay {
            filter: filter.clone(),
            previous: scope.previous,
            since: scope.since,
            tail: scope.tail,
            speed: None,
            rest: Rest::Elsewhere,
            cluster: pods.iter().map(|found| (found.pod.uid().to_owned(), found.pod.clone())).collect(),
        };
        let away = away.and_then(|away| Duration::try_from(away).ok()).unwrap_or_default();
        let chosen = Arc::new(Chosen::of(&job, &wanted).await?);
        Ok(Archived { job: Arc::new(job), away, wanted: Arc::new(wanted), chosen, found: Arc::default() })
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
                let (job, wanted_here, chosen) = (self.job.clone(), self.wanted.clone(), self.chosen.clone());
                let into = IntoMerge { merge, out: out.clone() };
                let ahead = Ahead { events, reached: self.reached() };
                // Ended with this call, however that ends: it has an end of the listeners' queue.
                let mut reading = JoinSet::new();
                reading.spawn(async move { replay_chosen(&job, &wanted_here, &chosen, into).await });
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
        replay_chosen(&self.job, &self.wanted, &self.chosen, out).await
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
        let (wanted, chosen) = (self.wanted.clone(), self.chosen.clone());
        Arc::new(move |target| {
            let id = target.id();
            // What was not handed on is not gone on from: a container may be wanted only later, in another state.
            let is_begun = chosen.has(&id);
            let status = wanted.status(&id).filter(|_| wanted.previous);
            let only = status.as_ref().and_then(number_before);
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
            let (positions, failed) = (positions.clone(), failed.clone());
            async move {
                if !is_begun {
                    return Some(Earlier::default());
                }
                match earlier(positions, target, away, secrets).await {
                    Ok(earlier) => Some(match only {
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
            if !self.chosen.has(&id) {
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
            | RunEvent::At(_)) => self.out.send(other).await,
        }
    }

    fn is_gone(&self) -> bool {
        self.merge.is_closed()
    }

    async fn gone(&self) {
        self.merge.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use testcluster::{Access, PodHandle, Stream};

    use super::*;
    use crate::{
        archive::{ArchivedInstance, ArchivedStream, JobState},
        follow::note::{Note, Proof},
        k8s::Line,
        merge::{Merged, MergedLine},
        session::{
            Notice,
            fixtures::{ID, MemoryArchive, Scene, instance, line, outlet, texts},
        },
    };

    const POD: &str = "blastn-batch-s03-job-000-3ed51a95-p9vp5";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    /// A container `c` that was started again and runs, of whose first instance all is archived, and of whose second two lines of
    /// three; and what is archived of a container `gone`.
    async fn half_saved() -> (Scene, PodHandle, MemoryArchive, Vec<Match>) {
        let scene = Scene::new(Access::all()).await;
        let pod = scene.server.pod(POD).label("elb-job-id", ID).restart_policy("Always").container("c").create();
        let print = |seconds: std::ops::Range<i64>| {
            for second in seconds {
                pod.print_at("c", at(second), Stream::Stdout, format!("{second}"));
            }
        };
        pod.start("c");
        print(1..3);
        pod.terminate("c", 1).restart("c");
        print(11..14);
        let found = scene.pods().await;
        let uid = pod.uid().to_owned();
        let of_c = |restart| ArchivedInstance { pod: POD.to_owned(), uid: uid.clone(), ..instance("c", restart) };
        let kept = MemoryArchive::new().await;
        let mut writer = kept.writer().await;
        for (of, seconds, complete) in
            [(of_c(0), 1..3, true), (of_c(1), 11..13, false), (instance("gone", 0), 5..7, false)]
        {
            let id = writer.stream(ArchivedStream::Log(of)).unwrap();
            for second in seconds {
                let stamp = Stamp::from_timestamp(at(second)).unwrap();
                writer.push(id, &[Line { stamp, text: second.to_string().into() }]).await.unwrap();
            }
            if complete {
                writer.complete(id, "checked").await.unwrap();
            }
        }
        writer.finish().await.unwrap();
        (scene, pod, kept, found)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_archived_comes_first_and_the_cluster_goes_on_after_it() {
        let (scene, _pod, kept, found) = half_saved().await;
        let gap = "gap gone#0: it is not known to be complete: saving stopped before its end was read";
        let all = Scope::default();
        let only = |pods: &str| ContainerFilter { pods: vec![pods.parse().unwrap()], ..ContainerFilter::default() };
        for (filter, scope, lines, is_missing) in [
            (
                ContainerFilter::default(),
                all,
                vec!["c#0 1", "c#0 2", "gone#0 5", "gone#0 6", "c#1 11", "c#1 12", "c#1 13"],
                true,
            ),
            (only("p9vp5"), all, vec!["c#0 1", "c#0 2", "c#1 11", "c#1 12", "c#1 13"], false),
            (only("gone"), all, vec!["gone#0 5", "gone#0 6"], true),
            // The last lines of what runs are the cluster's.
            (
                ContainerFilter::default(),
                Scope { tail: Some(2), ..all },
                vec!["gone#0 5", "gone#0 6", "c#1 12", "c#1 13"],
                true,
            ),
            (ContainerFilter::default(), Scope { previous: true, ..all }, vec!["c#0 1", "c#0 2"], false),
            (
                ContainerFilter::default(),
                Scope { since: Stamp::from_timestamp(at(6)), ..all },
                vec!["gone#0 6", "c#1 11", "c#1 12", "c#1 13"],
                true,
            ),
        ] {
            for order in [Order::Arrival, Order::Time] {
                let archived = Archived::of(kept.job().await, &found, &filter, &scope).await.unwrap();
                let wanted = WantedLogs { filter: filter.clone(), scope, resume: None, hold: None, pods: None };
                let (out, said) = outlet();
                archived.look(&scene.cluster, &found, &wanted, order, out).await.unwrap();
                let told = texts(&said.all().await);
                let (mut printed, mut expected) = (Vec::new(), lines.clone());
                printed.extend(
                    told.iter().map(|text| &**text).filter(|text| text.split(' ').count() == 2 && text.contains('#')),
                );
                // As they arrive, each container's are in order.
                if order == Order::Arrival {
                    printed.sort_unstable();
                    expected.sort_unstable();
                }
                assert_eq!(printed, expected, "{filter:?} {scope:?} {order:?}");
                assert_eq!(
                    told.iter().filter(|text| text.starts_with("gap")).collect::<Vec<_>>(),
                    if is_missing { vec![gap] } else { vec![] }
                );
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn lines_of_the_cluster_count_as_later_than_the_archived_ones_of_their_container() {
        let (_scene, pod, kept, found) = half_saved().await;
        let stamp = |second| Stamp::from_timestamp(at(second)).unwrap();
        let c = ContainerId { uid: pod.uid().to_owned(), container: "c".to_owned() };
        let gone = instance("gone", 0).container_id();
        for (pods, tail, expected) in [
            (&found[..], None, vec![(c.clone(), stamp(12)), (gone.clone(), stamp(6))]),
            (&[], None, vec![(c.clone(), stamp(12)), (gone.clone(), stamp(6))]),
            (&[], Some(1), vec![(c, stamp(12)), (gone.clone(), stamp(6))]),
            (&found[..], Some(1), vec![(gone, stamp(6))]),
        ] {
            let scope = Scope { tail, ..Scope::default() };
            let archived = Archived::of(kept.job().await, pods, &ContainerFilter::default(), &scope).await.unwrap();
            assert_eq!(archived.reached(), expected.into_iter().collect(), "{tail:?}");
        }
    }

    #[tokio::test]
    async fn what_a_replay_tells_goes_through_the_merge_and_what_is_no_containers_past_it() {
        let (merge, mut merged) = mpsc::channel(16);
        let (out, said) = outlet();
        let into = IntoMerge { merge, out };
        assert!(!into.is_gone());
        let of = |name: &str| Origin { instance: instance(name, 0).id(), stream: None };
        let put = |of: usize, text: &str| MergedLine { of, line: line(1, text) };
        let lines = vec![put(0, "one"), put(0, "two"), put(1, "three"), put(7, "of nobody"), put(0, "four")];
        let container = Arc::new(instance("a", 0).container_id());
        let missing = Note::Missing { restart: 0, reason: "why".to_owned() };
        for event in [
            RunEvent::Merged(Merged { of: vec![of("a"), of("b")], lines }),
            RunEvent::Lines(Batch { instance: instance("a", 1).id(), stream: None, lines: vec![line(1, "five")] }),
            RunEvent::Gap { instance: instance("a", 0).id(), note: missing },
            RunEvent::Note { container, note: Note::Started(3) },
            RunEvent::Complete { instance: instance("a", 0).id(), lines: 3, proof: Proof::Checked },
            Notice::RowReadable.into(),
            RunEvent::At(Timestamp::UNIX_EPOCH),
        ] {
            into.hear(event).await.unwrap();
        }
        let mut events: Vec<RunEvent> = Vec::new();
        while let Ok(event) = merged.try_recv() {
            events.push(event.into());
        }
        let batches = events.iter().filter(|event| event.lines() > 0).count();
        assert_eq!(batches, 4, "lines that stand together stay together");
        let expected = [
            "a#0 one",
            "a#0 two",
            "b#0 three",
            "a#0 four",
            "a#1 five",
            "gap a#0: why",
            "note a: started again (restart 3)",
            "complete a#0: 3, Checked",
        ];
        assert_eq!(texts(&events), expected);
        merged.close();
        assert!(into.is_gone());
        into.gone().await;
        drop(into);
        assert_eq!(texts(&said.all().await), ["notice: the row can be read again", "At(1970-01-01T00:00:00Z)"]);
    }

    #[tokio::test]
    async fn a_merge_that_nobody_reads_is_noticed_when_it_happens() {
        let (merge, merged) = mpsc::channel::<DriverEvent>(1);
        let (out, _said) = outlet();
        let into = IntoMerge { merge, out };
        assert_eq!(into.gone().now_or_never(), None);
        drop(merged);
        assert_eq!(into.gone().now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn whether_an_archived_job_failed_is_said_by_its_row_or_else_by_its_jobs() {
        let failed = json!({"type": "Failed", "status": "True"});
        for (status, condition, has_failed) in [
            (Some("completed"), Some(failed.clone()), false),
            (Some(" Failed "), None, true),
            (Some("cancelled"), None, true),
            (Some("running"), None, false),
            (Some("running"), Some(failed.clone()), true),
            (None, Some(failed.clone()), true),
            (None, Some(json!({"type": "Complete", "status": "True"})), false),
        ] {
            let kept = MemoryArchive::new().await;
            let mut writer = kept.writer().await;
            writer.tell(JobState { status: status.map(str::to_owned), ..JobState::default() }).await.unwrap();
            if let Some(condition) = &condition {
                let job = json!({
                    "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95", "uid": "j"},
                    "status": {"conditions": [condition]},
                });
                writer.change(ObjectLog::Jobs, Stamp(1), &job).await.unwrap();
            }
            writer.finish().await.unwrap();
            let all = ContainerFilter::default();
            let archived = Archived::of(kept.job().await, &[], &all, &Scope::default()).await.unwrap();
            assert_eq!(archived.has_failed().await.unwrap(), has_failed, "{status:?} {condition:?}");
        }
    }
}
