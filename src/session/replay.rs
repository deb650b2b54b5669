//! [`replay`]: the logs of an archive, told as if they were read now.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep_until};

use super::{Notice, RunEvent, filter::ContainerFilter, unchosen::Choosable};
use crate::{
    archive::{ArchiveError, ArchivedInstance, ArchivedJob, Gap, IndexedStream, ObjectLog, WantedPart},
    follow::{listener::Listener, note::Note},
    k8s::{
        ContainerId, InstanceId, Pod, Stamp, StateName, Target, pod,
        status::{InstanceState, LogPlace, Status},
        targets,
    },
    merge::{Merged, MergedLine, Origin},
};

/// Lines handed on together at most.
const RUN: usize = 512;

/// What of an archived job is wanted, and how.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// Which containers. Their pods are as the cluster has them, or else as they were saved last; one that was not saved has neither
    /// labels nor fields but its name.
    pub filter: ContainerFilter,
    /// Only the instance before the latest of each container that was started again.
    pub previous: bool,
    /// Only lines stamped at or after this.
    pub since: Option<Stamp>,
    /// Only so many lines from the end of each container's latest instance.
    pub tail: Option<u64>,
    /// How much faster than it was; `None`: as fast as can be.
    pub speed: Option<f64>,
    /// Where the rest is of what is not complete.
    pub rest: Rest,
    /// The pods that their cluster still has, by uid, which decide which instance is the latest. Of containers whose latest log can
    /// be read there, the last lines are not wanted from here.
    pub cluster: HashMap<String, Pod>,
}

/// Where the rest is of an instance that is not known to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rest {
    /// Nowhere: it is told as missing.
    #[default]
    Missing,
    /// Perhaps in a cluster, so that it is asked there: [`replay`] returns which.
    Elsewhere,
}

/// What is told of an instance that is not known to be complete, and whose rest is nowhere.
pub fn unfinished(instance: InstanceId) -> RunEvent {
    let reason = "it is not known to be complete: saving stopped before its end was read".to_owned();
    let note = Note::Missing { restart: instance.restart, reason };
    RunEvent::Gap { instance, note }
}

/// Hands on the lines that are wanted, in the order of time, with what is missing where it is missing; early when nobody takes
/// them any more. Returns the instances that are chosen and not known to be complete.
///
/// # Errors
/// What the store says. What is damaged is told, and does not hide the rest.
pub async fn replay(
    job: &ArchivedJob,
    wanted: &Replay,
    out: impl Listener<RunEvent>,
) -> Result<Vec<InstanceId>, ArchiveError> {
    let chosen = Chosen::of(job, wanted).await?;
    replay_chosen(job, wanted, &chosen, out).await
}

/// [`replay`] of what was chosen before.
///
/// # Errors
/// As there.
pub async fn replay_chosen(
    job: &ArchivedJob,
    wanted: &Replay,
    chosen: &Chosen,
    out: impl Listener<RunEvent>,
) -> Result<Vec<InstanceId>, ArchiveError> {
    let mut run = ReplayRun {
        out,
        sorted: Merged::default(),
        seats: HashMap::new(),
        unfinished: Vec::new(),
        clock: wanted.speed.map(|speed| Clock { speed, begun: None }),
    };
    // When nobody takes them any more there is nothing left to do, and nobody to tell.
    let ended = run.run(job, wanted, chosen).await;
    if let Err(ReplayStop::Failed(error)) = ended {
        return Err(error);
    }
    Ok(run.unfinished)
}

/// The containers of a job that are chosen, with their instances.
#[derive(Debug, Default)]
pub struct Chosen {
    targets: Vec<Arc<Target>>,
    containers: HashSet<ContainerId>,
    instances: BTreeSet<ArchivedInstance>,
}

impl Chosen {
    /// What is wanted of a job.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(job: &ArchivedJob, wanted: &Replay) -> Result<Chosen, ArchiveError> {
        let mut pods = pods(job).await?;
        pods.extend(wanted.cluster.clone());
        let mut chosen = Chosen::default();
        // Instances of one container stand side by side, the latest last.
        let logs: Vec<&ArchivedInstance> = job.logs().map(|(instance, _)| instance).collect();
        for instances in logs.chunk_by(|one, other| container_of(one) == container_of(other)) {
            let Some(kept) = wanted.part(instances) else { continue };
            let pod = pod_of(instances[0], &pods);
            let target = target_in(&pod, instances[0]);
            let state = StateName::of(&pod.container(&target.container).state);
            let filter = &wanted.filter;
            if !filter.admits(&target) || !filter.admits_pod(&pod) || !filter.admits_state(state) {
                continue;
            }
            chosen.containers.insert(target.id());
            chosen.instances.extend(kept.iter().map(|instance| (*instance).clone()));
            chosen.targets.push(Arc::new(target));
        }
        Ok(chosen)
    }

    /// Whether lines of a container are handed on.
    pub fn has(&self, container: &ContainerId) -> bool {
        self.containers.contains(container)
    }
}

impl Replay {
    /// How its cluster says that a container is, if it still has it.
    pub fn status(&self, container: &ContainerId) -> Option<Status> {
        Some(self.cluster.get(&container.uid)?.container(&container.container))
    }

    /// The instances that are wanted of a container, of which these are archived.
    fn part<'a>(&self, instances: &'a [&'a ArchivedInstance]) -> Option<&'a [&'a ArchivedInstance]> {
        let id = instances.first()?.container_id();
        let status = self.status(&id);
        let only = |restart: u32| instances.iter().find(|it| it.restart == restart).map(std::slice::from_ref);
        match (instances, &status, self.previous, self.tail) {
            (_, Some(status), true, _) => only(number_before(status)?),
            ([.., before, _], None, true, _) => Some(std::slice::from_ref(before)),
            (_, None, true, _) => None,
            (_, Some(status), false, Some(_)) if has_log(status) => None,
            ([.., latest], _, false, Some(_)) => Some(std::slice::from_ref(latest)),
            (all, ..) => Some(all),
        }
    }
}

/// The number of the instance before the latest start, whether or not its log can still be read.
pub fn number_before(status: &Status) -> Option<u32> {
    match &status.state {
        // It waits to be started again, and the number is still that of the instance that ended.
        InstanceState::Waiting { .. } if status.last.is_some() => Some(status.restart),
        _ => status.restart.checked_sub(1),
    }
}

/// Whether the latest instance's log can be read in the cluster.
pub fn has_log(status: &Status) -> bool {
    matches!(status.place(status.restart), LogPlace::Live | LogPlace::Latest)
}

fn container_of(instance: &ArchivedInstance) -> (&str, &str, &str, &str) {
    (&instance.namespace, &instance.pod, &instance.uid, &instance.container)
}

/// The container of an instance, with its part in the job as its pod tells it, or else the names.
pub(super) fn target(instance: &ArchivedInstance, pods: &HashMap<String, Pod>) -> Target {
    target_in(&pod_of(instance, pods), instance)
}

fn target_in(pod: &Pod, instance: &ArchivedInstance) -> Target {
    let of_pod = |pod: &Pod| targets(pod).into_iter().find(|target| target.container == instance.container);
    of_pod(pod).unwrap_or_else(|| targets(&named(instance)).remove(0))
}

/// The pod of an instance, or what its names say of it.
fn pod_of<'a>(instance: &ArchivedInstance, pods: &'a HashMap<String, Pod>) -> Cow<'a, Pod> {
    pods.get(&instance.uid).map_or_else(|| Cow::Owned(named(instance)), Cow::Borrowed)
}

fn named(instance: &ArchivedInstance) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.namespace = Some(instance.namespace.clone());
    pod.metadata.name = Some(instance.pod.clone());
    pod.metadata.uid = Some(instance.uid.clone());
    pod.spec.containers.push(pod::Container { name: instance.container.clone(), ..pod::Container::default() });
    pod
}

/// The containers of which an archive has logs, as they were last.
///
/// # Errors
/// What the store says.
pub async fn choices(job: &ArchivedJob) -> Result<Vec<Choosable>, ArchiveError> {
    let pods = pods(job).await?;
    let known: BTreeMap<_, _> = job.logs().map(|(instance, _)| (container_of(instance), instance)).collect();
    let choice = |instance: &ArchivedInstance| {
        let pod = pods.get(&instance.uid);
        let labels = pod.map(|pod| pod.labels().clone()).unwrap_or_default();
        let status = pod.map(|pod| pod.container(&instance.container)).unwrap_or_default();
        let pod_phase = pod.and_then(|pod| pod.status.phase.clone());
        Choosable { target: target(instance, &pods), state: StateName::of(&status.state), pod_phase, labels }
    };
    Ok(known.into_values().map(choice).collect())
}

/// The pods as they were last, by uid. What cannot be read of them is of no account to lines.
pub(super) async fn pods(job: &ArchivedJob) -> Result<HashMap<String, Pod>, ArchiveError> {
    latest(job, ObjectLog::Pods, |pod: &Pod| pod.uid().to_owned()).await
}

/// The objects of a kind as they were last, by what tells them apart, as far as they can be read.
pub(super) async fn latest<T: DeserializeOwned>(
    job: &ArchivedJob,
    kind: ObjectLog,
    uid: impl Fn(&T) -> String,
) -> Result<HashMap<String, T>, ArchiveError> {
    let mut latest = HashMap::new();
    job.objects(kind, |_, object, _| {
        if let Ok(object) = serde_json::from_value::<T>(object) {
            latest.insert(uid(&object), object);
        }
    })
    .await?;
    Ok(latest)
}

/// Why a run ended before its end.
enum ReplayStop {
    Unheard,
    Failed(ArchiveError),
}

struct ReplayRun<L> {
    out: L,
    sorted: Merged,
    /// The places of logs among the origins of `sorted`.
    seats: HashMap<usize, usize>,
    unfinished: Vec<InstanceId>,
    clock: Option<Clock>,
}

impl<L: Listener<RunEvent>> ReplayRun<L> {
    async fn run(&mut self, job: &ArchivedJob, wanted: &Replay, chosen: &Chosen) -> Result<(), ReplayStop> {
        for target in &chosen.targets {
            self.send(RunEvent::Found(target.clone())).await?;
        }
        if job.is_damaged() && !chosen.targets.is_empty() {
            self.send(Notice::IndexIncomplete(job.verify_command())).await?;
        }
        let part = |instance: &ArchivedInstance| match (chosen.instances.contains(instance), wanted.tail) {
            (false, _) => WantedPart::Nothing,
            (true, None) => WantedPart::All,
            (true, Some(count)) => WantedPart::Last(count),
        };
        let mut merged = job.merged(wanted.since, part);
        let kept: BTreeMap<&ArchivedInstance, &IndexedStream> = job.logs().collect();
        let mut logs: Vec<ReplayedLog> =
            merged.instances().map(|it| ReplayedLog::new(it, kept.get(it).copied())).collect();
        let in_part = wanted.since.is_some() || wanted.tail.is_some();
        loop {
            match merged.next().await {
                Ok(Some(next)) if wanted.since.is_some_and(|since| next.line.stamp < since) => {}
                Ok(Some(next)) => {
                    let log = &mut logs[next.source];
                    for gap in log.gaps_before(next.number, in_part) {
                        self.miss(log, &gap.reason).await?;
                    }
                    self.wait_for(next.counts_as).await?;
                    let Merged { of, lines } = &mut self.sorted;
                    let seat = *self.seats.entry(next.source).or_insert_with(|| {
                        of.push(Origin { instance: log.instance.clone(), stream: None });
                        of.len() - 1
                    });
                    lines.push(MergedLine { of: seat, line: next.line });
                    if lines.len() >= RUN {
                        self.hand_on().await?;
                    }
                }
                Ok(None) => break,
                Err((source, error @ ArchiveError::Damaged { .. })) => {
                    self.miss(&logs[source], &error.to_string()).await?;
                }
                Err((_, error)) => return Err(ReplayStop::Failed(error)),
            }
        }
        for log in &mut logs {
            for gap in log.gaps_left(in_part) {
                self.miss(log, &gap.reason).await?;
            }
            if !log.complete {
                self.unfinished.push(log.instance.clone());
                if wanted.rest == Rest::Missing {
                    self.hand_on().await?;
                    self.send(unfinished(log.instance.clone())).await?;
                }
            }
        }
        self.hand_on().await
    }

    async fn miss(&mut self, log: &ReplayedLog, why: &str) -> Result<(), ReplayStop> {
        self.hand_on().await?;
        let instance = log.instance.clone();
        let note = Note::Missing { restart: instance.restart, reason: why.to_owned() };
        self.send(RunEvent::Gap { instance, note }).await
    }

    /// Waits until a line of this time is due. What is due already does not wait with it.
    async fn wait_for(&mut self, stamp: Stamp) -> Result<(), ReplayStop> {
        let Some(due) = self.clock.as_mut().map(|clock| clock.due(stamp)) else { return Ok(()) };
        if due > Instant::now() {
            self.hand_on().await?;
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.out.gone() => return Err(ReplayStop::Unheard),
            }
        }
        Ok(())
    }

    async fn hand_on(&mut self) -> Result<(), ReplayStop> {
        if self.sorted.lines.is_empty() {
            return Ok(());
        }
        self.seats.clear();
        let sorted = std::mem::take(&mut self.sorted);
        self.send(sorted).await
    }

    async fn send(&self, event: impl Into<RunEvent>) -> Result<(), ReplayStop> {
        self.out.hear(event.into()).await.map_err(|_| ReplayStop::Unheard)
    }
}

/// A log that is being replayed.
struct ReplayedLog {
    instance: InstanceId,
    /// What is missing of it and was not told yet.
    gaps: Vec<Gap>,
    /// How many lines are kept of it.
    lines: u64,
    complete: bool,
    begun: bool,
}

impl ReplayedLog {
    fn new(instance: &ArchivedInstance, kept: Option<&IndexedStream>) -> ReplayedLog {
        ReplayedLog {
            instance: InstanceId {
                container: Arc::new(ContainerId { uid: instance.uid.clone(), container: instance.container.clone() }),
                restart: instance.restart,
            },
            gaps: kept.map(|kept| kept.gaps.iter().cloned().chain(kept.holes()).collect()).unwrap_or_default(),
            lines: kept.map_or(0, IndexedStream::lines),
            complete: kept.is_some_and(|kept| kept.complete.is_some()),
            begun: false,
        }
    }

    /// The gaps before line `number`. In front of the first line of a part they are not asked for.
    fn gaps_before(&mut self, number: u64, in_part: bool) -> Vec<Gap> {
        let asked_for = self.begun || !in_part;
        self.begun = true;
        let (before, rest) = std::mem::take(&mut self.gaps).into_iter().partition(|gap| gap.after_line <= number);
        self.gaps = rest;
        if asked_for { before } else { Vec::new() }
    }

    /// The gaps behind the last line that was wanted. Of a part in which no line lies, only those behind the last line of all.
    fn gaps_left(&mut self, in_part: bool) -> Vec<Gap> {
        let from = if self.begun || !in_part { 0 } else { self.lines };
        std::mem::take(&mut self.gaps).into_iter().filter(|gap| gap.after_line >= from).collect()
    }
}

/// Time, as it passes in a replay.
struct Clock {
    speed: f64,
    /// When it began, and the first line's stamp.
    begun: Option<(Instant, Stamp)>,
}

impl Clock {
    fn due(&mut self, stamp: Stamp) -> Instant {
        let (began, first) = *self.begun.get_or_insert_with(|| (Instant::now(), stamp));
        let passed = stamp.0.saturating_sub(first.0).max(0) as f64 / 1e9 / self.speed;
        // What lies too far ahead for a clock is not waited for to the nanosecond.
        began + Duration::try_from_secs_f64(passed).unwrap_or(LONGEST).min(LONGEST)
    }
}

/// Longer than anybody waits, and short enough to be added to a clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[cfg(test)]
mod tests;
