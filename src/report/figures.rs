//! [`figures`]: the state of a job → its numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{
    About, Gathered,
    data::{
        BatchFigures, ContainerFigures, Counts, ErrorKind, ErrorPlace, Errors, GapFigures, InstanceFigures, JobReport,
        NodeFigures, PhaseFigures, Runtimes, ShardFigures, Totals, VERSION,
    },
    runtimes::runtimes,
    troubles::TroubleKind,
};
use crate::{
    follow::note::Note,
    k8s::{Phase, Role, Stamp},
    overview::{ContainerLife, InstanceLife, JobLife, Overview, Standing},
    render::{plain, short_name},
};

/// Gaps that are listed; the rest is counted.
const GAPS: usize = 500;
/// Characters of a reason.
const REASON: usize = 300;

/// The numbers of a job, as of when it was looked at.
pub fn figures(gathered: Gathered, about: About) -> JobReport {
    let Gathered { overview, troubles } = gathered;
    let now = about.seen;
    let now_stamp = Stamp::from_timestamp(now).unwrap_or_default();
    let jobs: Vec<JobLife<'_>> = overview.batches().collect();
    let order = order(&overview);
    let (kinds, error_lines, left_out) = troubles.kinds();
    let mut batches: Vec<BatchFigures> = jobs.iter().map(|job| batch(job, &overview, now_stamp)).collect();
    let runtimes_of_all = runtimes(batches.iter().filter_map(usual_seconds).collect());
    let late_after = runtimes_of_all.as_ref().and_then(|runtimes| runtimes.late_after);
    for batch in &mut batches {
        let counts = matches!(batch.state, Standing::Done | Standing::Running);
        batch.straggler = counts && late_after.zip(batch.seconds).is_some_and(|(late, took)| took > late);
    }
    let mut batch_of: HashMap<usize, usize> = HashMap::new();
    for (at, job) in jobs.iter().enumerate() {
        batch_of.extend(job.containers.iter().map(|container| (*container, at)));
    }
    let mut containers: Vec<ContainerFigures> = Vec::with_capacity(order.len());
    // The place in the report of each container, by its place in the overview.
    let mut places = vec![0; order.len()];
    for at in order {
        let Some(life) = overview.containers().get(at) else { continue };
        places[at] = containers.len();
        containers.push(container(life, batch_of.get(&at).copied(), &overview, &about, now_stamp));
    }
    let index = |id: &crate::k8s::ContainerId| overview.place(id).map(|at| places[at]);
    let gaps = overview.gaps.iter().take(GAPS).filter_map(|gap| {
        let index = index(&gap.instance.container)?;
        let (after, before) = match &gap.note {
            Note::Gap { after, before, .. } => (Some(*after), *before),
            Note::Unreadable { last, .. } | Note::Unverified { last, .. } => (*last, None),
            _ => (None, None),
        };
        Some(GapFigures {
            index,
            name: called(&containers[index]),
            restart: gap.instance.restart,
            after: after.map(Stamp::to_timestamp),
            before: before.map(Stamp::to_timestamp),
            message: about.redaction.text(&gap.text, REASON),
        })
    });
    let gaps: Vec<GapFigures> = gaps.collect();
    let gaps_left_out = overview.gaps.len().saturating_sub(GAPS) as u64;
    let errors = Errors {
        lines: error_lines,
        left_out,
        kinds: kinds.into_iter().map(|kind| error_kind(kind, &about, &containers, index)).collect(),
    };
    let state = about.outcome.unwrap_or_else(|| standing(&overview));
    let created = containers.iter().filter_map(|container| container.created);
    let whole = overview.elapsed(now_stamp);
    let from = whole.map(|whole| whole.from.to_timestamp()).into_iter().chain(created).min();
    let until = whole.map(|whole| whole.to.to_timestamp());
    let goes_on = matches!(state, Standing::Running | Standing::Waiting);
    let until = if goes_on { Some(about.seen) } else { until };
    let seconds = between(from, until);
    let nodes = nodes(&containers, seconds, now);
    let mut notices: Vec<String> =
        overview.notices.iter().map(|told| about.redaction.text(&told.notice.to_string(), REASON)).collect();
    notices.dedup();
    JobReport {
        version: VERSION,
        elbtail: env!("CARGO_PKG_VERSION"),
        generated: about.generated,
        seen: about.seen,
        state,
        from,
        to: until.filter(|_| !goes_on),
        seconds,
        totals: totals(&overview, &containers, &batches),
        phases: phases(&overview, &containers),
        shards: shards(&batches),
        runtimes: runtimes_of_all,
        batches,
        nodes,
        containers,
        errors,
        gaps,
        gaps_left_out,
        job: about.job,
        doctor: about.doctor,
        notices: about.notices.into_iter().chain(notices).collect(),
    }
}

/// The places of the containers, in order of the steps, the batches, the pods and their containers: whatever came first.
fn order(overview: &Overview) -> Vec<usize> {
    let all = overview.containers();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|at| {
        all.get(*at).map(|life| {
            let target = &life.target;
            (target.role.phase(), overview.job_of(life), &target.pod, &target.uid, target.kind, &target.container)
        })
    });
    order
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    let (from, to) = from.zip(to)?;
    Some(to.duration_since(from).as_secs_f64().max(0.0))
}

/// A container as a prefix has it.
fn called(container: &ContainerFigures) -> String {
    format!("{} {}", container.name, container.container)
}

/// What `blastn-s03-000` says: the shard's label and the batch's number.
fn shard_of(name: &str) -> (String, Option<u32>) {
    let named = name.split_once('-').and_then(|(_, rest)| rest.rsplit_once('-'));
    match named.and_then(|(shard, number)| Some((shard, number.parse().ok()?))) {
        Some((shard, number)) => (shard.to_owned(), Some(number)),
        None => (name.to_owned(), None),
    }
}

fn batch(job: &JobLife<'_>, overview: &Overview, now: Stamp) -> BatchFigures {
    let (shard, number) = shard_of(job.name);
    let all = || job.containers.iter().filter_map(|at| overview.containers().get(*at));
    let goes_on = job.standing == Standing::Running;
    // Not from when its Job was made: in a full cluster most of that time is waiting.
    let (from, to) =
        (job.span.map(|span| span.from), job.span.map(|span| if goes_on { span.to.max(now) } else { span.to }));
    let seconds = between(from.map(Stamp::to_timestamp), to.map(Stamp::to_timestamp));
    let last = all().max_by_key(|life| life.started());
    BatchFigures {
        name: plain(job.name, REASON),
        shard: plain(&shard, REASON),
        number,
        state: job.standing,
        pods: job.pods as u64,
        restarts: all().map(|life| u64::from(life.restarts())).sum(),
        node: last.and_then(|life| life.target.node.clone()),
        from: from.map(Stamp::to_timestamp),
        to: to.filter(|_| !goes_on).map(Stamp::to_timestamp),
        seconds,
        straggler: false,
        lines: job.lines,
        bytes: all().map(|life| life.bytes).sum(),
    }
}

/// How long a batch took that came to a good end.
fn usual_seconds(batch: &BatchFigures) -> Option<f64> {
    batch.seconds.filter(|_| batch.state == Standing::Done)
}

fn container(
    life: &ContainerLife,
    batch: Option<usize>,
    overview: &Overview,
    about: &About,
    now: Stamp,
) -> ContainerFigures {
    let target = &life.target;
    let pod = overview.pod_of(&target.uid);
    let state = life.standing();
    let said = match state {
        Standing::Waiting => life.waiting.clone().or_else(|| pod.and_then(|pod| pod.message.clone())),
        Standing::Failed => life.last().and_then(|last| last.end.as_ref()).map(|end| end.reason.clone()),
        Standing::Running | Standing::Done | Standing::Lost => None,
    };
    let is_last = |instance: &InstanceLife| life.last().is_some_and(|last| last.restart == instance.restart);
    let instances = life.instances.iter();
    ContainerFigures {
        namespace: target.namespace.clone(),
        pod: plain(&target.pod, REASON),
        uid: target.uid.clone(),
        name: plain(&short_name(&target.pod, &overview.ids.short()), REASON),
        container: plain(&target.container, REASON),
        kind: target.kind,
        role: target.role,
        phase: target.phase,
        node: target.node.as_deref().or(pod.and_then(|pod| pod.node.as_deref())).map(|node| plain(node, REASON)),
        batch,
        state,
        reason: said.or_else(|| life.trouble.clone()).map(|said| about.redaction.text(&said, REASON)),
        restarts: life.restarts(),
        created: pod.and_then(|pod| pod.created).map(Stamp::to_timestamp),
        instances: instances.map(|it| instance(it, is_last(it).then_some(state), now)).collect(),
        lines: life.lines,
        bytes: life.bytes,
        errors: life.problems,
        gaps: u64::from(life.missing),
    }
}

/// What became of an instance. `standing` is its container's, if it is the latest.
fn instance(life: &InstanceLife, standing: Option<Standing>, now: Stamp) -> InstanceFigures {
    let state = match standing {
        _ if life.has_failed() => Standing::Failed,
        _ if life.has_ended() => Standing::Done,
        Some(Standing::Running) => Standing::Running,
        _ => Standing::Lost,
    };
    let span = life.span();
    let from = life.started.or(span.map(|span| span.from));
    let end = life.end.as_ref().and_then(|end| end.at).or(span.map(|span| span.to));
    let goes_on = state == Standing::Running;
    let until = if goes_on { Some(now.max(end.unwrap_or(now))) } else { end };
    let code = life.blast_code.and_then(|code| i32::try_from(code).ok()).filter(|code| *code != 0);
    InstanceFigures {
        restart: life.restart,
        state,
        from: from.map(Stamp::to_timestamp),
        to: until.filter(|_| !goes_on).map(Stamp::to_timestamp),
        seconds: between(from.map(Stamp::to_timestamp), until.map(Stamp::to_timestamp)),
        // NCBI's own `blast` ends with 0 whatever BLAST did.
        exit_code: life
            .end
            .as_ref()
            .map(|end| end.exit_code)
            .filter(|code| *code != 0)
            .or(code)
            .or(life.end.as_ref().map(|end| end.exit_code)),
        reason: life.end.as_ref().map(|end| plain(&end.reason, REASON)).filter(|reason| !reason.is_empty()),
        lines: life.lines,
    }
}

fn error_kind(
    kind: TroubleKind,
    about: &About,
    containers: &[ContainerFigures],
    index: impl Fn(&crate::k8s::ContainerId) -> Option<usize>,
) -> ErrorKind {
    let places = kind.places.into_iter().filter_map(|place| {
        let index = index(&place.of.container)?;
        let container = &containers[index];
        Some(ErrorPlace {
            index,
            name: called(container),
            restart: place.of.restart,
            line: place.line,
            at: place.at.to_timestamp(),
            text: place.text,
            before: place.before,
            after: place.after,
            command: about.command.as_ref().map(|command| command.to_place(container, place.at.to_timestamp())),
        })
    });
    ErrorKind {
        message: kind.message,
        meaning: kind.meaning,
        lines: kind.lines,
        containers: kind.containers.len() as u64,
        first: kind.first.to_timestamp(),
        last: kind.last.to_timestamp(),
        places: places.collect(),
    }
}

/// How the job stands, by its containers alone.
fn standing(overview: &Overview) -> Standing {
    if let Some(ended) = overview.ended {
        return if ended.failed { Standing::Failed } else { Standing::Done };
    }
    let all = || overview.jobs().filter(|job| job.role != Role::Other);
    let any = |standing| all().any(|job| job.standing == standing);
    let has_batches = overview.batches().next().is_some();
    let finalizer = all().filter(|job| job.role == Role::Finalizer).map(|job| job.standing).last();
    match finalizer {
        _ if any(Standing::Running) => Standing::Running,
        Some(Standing::Failed) => Standing::Failed,
        _ if any(Standing::Failed) => Standing::Failed,
        _ if any(Standing::Waiting) => Standing::Waiting,
        _ if any(Standing::Lost) => Standing::Lost,
        _ if all().next().is_none() => Standing::Waiting,
        // Staging has ended, and the search is yet to come.
        None if !has_batches => Standing::Running,
        _ => Standing::Done,
    }
}

fn totals(overview: &Overview, containers: &[ContainerFigures], batches: &[BatchFigures]) -> Totals {
    let mut totals = Totals {
        containers: containers.len() as u64,
        lines: overview.lines,
        bytes: overview.bytes,
        gaps: overview.gaps.len() as u64,
        ..Totals::default()
    };
    for container in containers {
        totals.states.count(container.state);
        totals.instances += container.instances.len() as u64;
        totals.restarts += u64::from(container.restarts);
    }
    for batch in batches {
        totals.batches.count(batch.state);
        totals.retried += u64::from(batch.pods > 1 || batch.restarts > 0);
    }
    totals
}

fn phases(overview: &Overview, containers: &[ContainerFigures]) -> Vec<PhaseFigures> {
    let spans = overview.phases();
    let mut phases: BTreeMap<Phase, PhaseFigures> = BTreeMap::new();
    for container in containers {
        let phase = phases.entry(container.phase).or_insert_with(|| {
            let span = spans.get(&container.phase);
            PhaseFigures {
                phase: container.phase,
                containers: 0,
                states: Counts::default(),
                from: span.map(|span| span.from.to_timestamp()),
                to: span.map(|span| span.to.to_timestamp()),
                seconds: span.map(|span| span.seconds()),
                lines: 0,
                bytes: 0,
            }
        });
        phase.containers += 1;
        phase.states.count(container.state);
        phase.lines += container.lines;
        phase.bytes += container.bytes;
    }
    phases.into_values().collect()
}

fn shards(batches: &[BatchFigures]) -> Vec<ShardFigures> {
    let mut shards: BTreeMap<&str, Vec<&BatchFigures>> = BTreeMap::new();
    for batch in batches {
        shards.entry(&batch.shard).or_default().push(batch);
    }
    let shard = |(shard, batches): (&str, Vec<&BatchFigures>)| {
        let count = |test: fn(&BatchFigures) -> bool| batches.iter().filter(|batch| test(batch)).count() as u64;
        let of_shard: Option<Runtimes> = runtimes(batches.iter().filter_map(|batch| usual_seconds(batch)).collect());
        ShardFigures {
            shard: shard.to_owned(),
            batches: batches.len() as u64,
            failed: count(|batch| batch.state == Standing::Failed),
            runtimes: of_shard,
            stragglers: count(|batch| batch.straggler),
            lines: batches.iter().map(|batch| batch.lines).sum(),
            bytes: batches.iter().map(|batch| batch.bytes).sum(),
        }
    };
    shards.into_iter().map(shard).collect()
}

/// What ran on one node.
#[derive(Default)]
struct OnNode {
    containers: u64,
    failed: u64,
    batches: BTreeSet<usize>,
    runs: Vec<(Timestamp, Timestamp)>,
}

fn nodes(containers: &[ContainerFigures], whole: Option<f64>, now: Timestamp) -> Vec<NodeFigures> {
    let mut nodes: BTreeMap<&str, OnNode> = BTreeMap::new();
    for container in containers {
        let Some(node) = &container.node else { continue };
        let on = nodes.entry(node).or_default();
        on.containers += 1;
        on.failed += u64::from(container.state == Standing::Failed);
        on.batches.extend(container.batch);
        let runs = container.instances.iter().filter_map(|instance| {
            let from = instance.from?;
            Some((from, instance.to.unwrap_or(now.max(from))))
        });
        on.runs.extend(runs);
    }
    let figures = |(node, mut on): (&str, OnNode)| {
        on.runs.sort();
        let (mut busy, mut until) = (0.0, None::<Timestamp>);
        for (from, to) in &on.runs {
            let begin = until.map_or(*from, |until| until.max(*from));
            busy += between(Some(begin), Some((*to).max(begin))).unwrap_or_default();
            until = Some(until.map_or(*to, |until| until.max(*to)));
        }
        NodeFigures {
            node: node.to_owned(),
            containers: on.containers,
            failed: on.failed,
            batches: on.batches.len() as u64,
            from: on.runs.first().map(|(from, _)| *from),
            to: until,
            busy_seconds: busy,
            busy: whole.filter(|whole| *whole > 0.0).map(|whole| (busy / whole).min(1.0)),
            container_seconds: on.runs.iter().filter_map(|(from, to)| between(Some(*from), Some(*to))).sum(),
            peak: peak(&on.runs),
        }
    };
    nodes.into_iter().map(figures).collect()
}

/// How many of these ran at once, at most. One that ends when another starts does not count beside it.
fn peak(runs: &[(Timestamp, Timestamp)]) -> u64 {
    let mut steps: Vec<(Timestamp, i64)> =
        runs.iter().filter(|(from, to)| from < to).flat_map(|(from, to)| [(*from, 1), (*to, -1)]).collect();
    steps.sort();
    let (mut at_once, mut most) = (0, 0);
    for (_, step) in steps {
        at_once += step;
        most = most.max(at_once);
    }
    u64::try_from(most).unwrap_or_default()
}
