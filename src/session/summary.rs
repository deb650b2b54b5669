//! [`Summary`]: what a job was, once it has ended.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use super::RunEvent;
use crate::{
    follow::note::Note,
    k8s::{ContainerId, ContainerKind, InstanceId, Line, Phase, Role, Stamp, Target},
    render::{run_end, short_name},
};

/// Batches named as the slowest.
const SLOWEST: usize = 3;

/// At the end of what arrives at once BLAST's own exit code is looked for: it is in the last line that `blast` prints.
const LAST_LINES: usize = 3;

/// What a job was: how long each of its phases took, and what became of its batches. `Display` is a few lines.
#[derive(Debug, Default)]
pub struct Summary {
    /// What short names leave out: the job's `SHORT`, or nothing.
    short: String,
    containers: HashMap<Arc<ContainerId>, Container>,
    lines: u64,
}

/// What is known of a container.
#[derive(Debug)]
struct Container {
    target: Arc<Target>,
    restarts: u32,
    /// From its start, or its first line, to its last line.
    span: Option<Span>,
    end: End,
    lines_missing: bool,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Stamp,
    to: Stamp,
}

/// How a container's latest instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It did not, as far as is known.
    Open,
    Well,
    Badly,
}

/// What became of a batch.
#[derive(Debug, Default)]
struct Batch {
    pods: BTreeMap<String, PodEnd>,
    restarts: u32,
    span: Option<Span>,
}

/// What became of one of its pods.
#[derive(Debug, Default)]
struct PodEnd {
    open: usize,
    failed: usize,
}

impl Span {
    fn and(self, other: Option<Span>) -> Span {
        let Some(other) = other else { return self };
        Span { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    fn seconds(self) -> f64 {
        self.to.0.saturating_sub(self.from.0) as f64 / 1e9
    }
}

impl Summary {
    /// Takes note of what was said.
    pub fn take(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Job(ids) => self.short = ids.short(),
            RunEvent::Found(target) => {
                let container = || Container {
                    target: target.clone(),
                    restarts: 0,
                    span: None,
                    end: End::Open,
                    lines_missing: false,
                };
                self.containers.entry(Arc::new(target.id())).or_insert_with(container);
            }
            RunEvent::Lines(batch) => {
                self.lines += batch.lines.len() as u64;
                self.lines_of(&batch.instance, &batch.lines);
            }
            RunEvent::Merged(merged) => {
                self.lines += merged.lines.len() as u64;
                for (of, line) in merged.iter() {
                    self.lines_of(&of.instance, std::slice::from_ref(line));
                }
            }
            RunEvent::Note { container, note } => self.note(container, note),
            RunEvent::Gap { instance, .. } => {
                if let Some(container) = self.containers.get_mut(&instance.container) {
                    container.lines_missing = true;
                }
            }
            RunEvent::Complete { .. } | RunEvent::Notice(_) | RunEvent::Ended(_) => {}
        }
    }

    fn lines_of(&mut self, of: &InstanceId, lines: &[Line]) {
        let Some(container) = self.containers.get_mut(&of.container) else { return };
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
        container.span = Some(Span { from: first.stamp, to: last.stamp }.and(container.span));
        if container.target.container == "blast" {
            let codes = lines.iter().rev().take(LAST_LINES).filter_map(|line| run_end(&line.text));
            // NCBI's own `blast` ends with 0 whatever BLAST did.
            if codes.into_iter().next().is_some_and(|code| code != 0) {
                container.end = End::Badly;
            }
        }
    }

    fn note(&mut self, of: &ContainerId, note: &Note) {
        let Some(container) = self.containers.get_mut(of) else { return };
        match note {
            Note::Started(number) => {
                if *number > container.restarts {
                    container.end = End::Open;
                }
                container.restarts = container.restarts.max(*number);
            }
            Note::Ended(number, ended) => {
                container.restarts = container.restarts.max(*number);
                if let Some(started) = ended.started {
                    container.span = Some(Span { from: started, to: started }.and(container.span));
                }
                container.end = match (ended.exit_code, container.end) {
                    (0, End::Badly) => End::Badly,
                    (0, _) => End::Well,
                    _ => End::Badly,
                };
            }
            _ => {}
        }
    }

    /// How long each phase took that has a container that printed something, in order.
    fn phases(&self) -> BTreeMap<Phase, Span> {
        let mut phases: BTreeMap<Phase, Span> = BTreeMap::new();
        for container in self.containers.values() {
            let Some(span) = container.span else { continue };
            let of_phase = phases.get(&container.target.phase).copied();
            phases.insert(container.target.phase, span.and(of_phase));
        }
        phases
    }

    /// The batches, by their Jobs' names: a pod's name without what the pod got at random.
    fn batches(&self) -> BTreeMap<String, Batch> {
        let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
        for container in self.containers.values() {
            let target = &container.target;
            if target.role != Role::Batch || target.kind != ContainerKind::Regular {
                continue;
            }
            let name = short_name(&target.pod, &self.short);
            let name = name.rsplit_once('-').map_or(name.as_str(), |(job, _)| job).to_owned();
            let batch = batches.entry(name).or_default();
            let pod = batch.pods.entry(target.uid.clone()).or_default();
            pod.open += usize::from(container.end == End::Open);
            pod.failed += usize::from(container.end == End::Badly);
            batch.restarts = batch.restarts.max(container.restarts);
            if let Some(span) = container.span {
                batch.span = Some(span.and(batch.span));
            }
        }
        batches
    }
}

impl Batch {
    /// Whether one of its pods came to a good end.
    fn is_done(&self) -> bool {
        self.pods.values().any(|pod| pod.failed == 0 && pod.open == 0)
    }

    fn has_failed(&self) -> bool {
        !self.is_done() && self.pods.values().any(|pod| pod.failed > 0)
    }

    fn was_retried(&self) -> bool {
        self.pods.len() > 1 || self.restarts > 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = self.phases();
        let took = phases.iter().map(|(phase, span)| format!("{} {}", phase.as_str(), duration(span.seconds())));
        let took = took.collect::<Vec<_>>().join(", ");
        let whole = phases.values().copied().reduce(|one, two| one.and(Some(two)));
        let whole = whole.map(|whole| format!(" after {}", duration(whole.seconds()))).unwrap_or_default();
        write!(f, "the job has ended{whole}")?;
        if !took.is_empty() {
            write!(f, ": {took}")?;
        }
        let batches = self.batches();
        if !batches.is_empty() {
            let count = |test: fn(&Batch) -> bool| batches.values().filter(|batch| test(batch)).count();
            let (done, failed) = (count(Batch::is_done), count(Batch::has_failed));
            let open = batches.len() - done - failed;
            write!(f, "\nbatches: {done} done, {failed} failed, {} retried", count(Batch::was_retried))?;
            if open > 0 {
                write!(f, ", {open} without an end that was seen")?;
            }
            let mut slowest: Vec<_> =
                batches.iter().filter_map(|(name, batch)| Some((batch.span?.seconds(), name))).collect();
            slowest.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(two.1)));
            let slowest = slowest.iter().take(SLOWEST).map(|(took, name)| format!("{name} {}", duration(*took)));
            write!(f, "; slowest: {}", slowest.collect::<Vec<_>>().join(", "))?;
        }
        let missing = self.containers.values().filter(|container| container.lines_missing).count();
        write!(f, "\nlines: {} of {} containers, ", self.lines, self.containers.len())?;
        match missing {
            0 => f.write_str("complete as far as is known"),
            count => write!(f, "some are missing from {count}"),
        }
    }
}

/// Seconds as people write them: `4.2 s`, `3 min 5 s`, `2 h 1 min`.
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        follow::drive::Batch as LineBatch,
        k8s::{Pod, status::Ended, targets},
        merge::{Merged, MergedLine, Origin},
        render::JobIds,
        session::follow::Ending,
    };

    fn pod(name: &str) -> Vec<Target> {
        let containers: &[&str] =
            if name.contains("-batch-") { &["blast", "results-export"] } else { &["get-blastdb"] };
        let containers: Vec<_> = containers.iter().map(|name| serde_json::json!({"name": name})).collect();
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": name, "uid": name}, "spec": {"containers": containers},
        }))
        .unwrap();
        targets(&pod)
    }

    fn second(second: i64) -> Stamp {
        Stamp(second * 1_000_000_000)
    }

    /// Tells of a pod whose containers print at these seconds and end with these codes.
    fn tell(summary: &mut Summary, name: &str, seconds: &[i64], restart: u32, codes: &[i32], last: &'static str) {
        for (target, code) in pod(name).into_iter().zip(codes) {
            let target = Arc::new(target);
            summary.take(&RunEvent::Found(target.clone()));
            let container = Arc::new(target.id());
            let instance = InstanceId { container: container.clone(), restart };
            summary.take(&RunEvent::Note { container: container.clone(), note: Note::Started(restart) });
            let line = |at: &i64| Line { stamp: second(*at), text: "x".into() };
            let mut lines: Vec<Line> = seconds.iter().map(line).collect();
            lines.last_mut().unwrap().text = last.into();
            if restart == 0 {
                summary.take(&RunEvent::Lines(LineBatch { instance, stream: None, lines }));
            } else {
                let merged = lines.into_iter().map(|line| MergedLine { of: 0, line }).collect();
                summary.take(&RunEvent::Merged(Merged { of: vec![Origin { instance, stream: None }], lines: merged }));
            }
            let ended = Ended { exit_code: *code, started: Some(second(seconds[0])), ..Ended::default() };
            summary.take(&RunEvent::Note { container, note: Note::Ended(restart, ended) });
        }
    }

    #[test]
    fn phases_batches_and_lines_are_told() {
        let mut summary = Summary::default();
        let job = Some("job-429825360482416da20736cf3ed51a95".to_owned());
        summary.take(&RunEvent::Job(JobIds { job, row: None }));
        let batch = |shard: usize, suffix: &str| format!("blastn-batch-s{shard:02}-job-000-3ed51a95-{suffix}");
        tell(&mut summary, "init-ssd-3ed51a95-0-7vvqw", &[0, 70], 0, &[0], "x");
        tell(&mut summary, &batch(0, "aaaaa"), &[100, 130], 0, &[0, 0], "run end 000 0");
        tell(&mut summary, &batch(1, "bbbbb"), &[100, 160], 1, &[0, 0], "run end 000 0");
        // Its pod was lost, and another did its work.
        tell(&mut summary, &batch(2, "ccccc"), &[100, 105], 0, &[137, 0], "x");
        tell(&mut summary, &batch(2, "ddddd"), &[110, 140], 0, &[0, 0], "run end 000 0");
        // NCBI's container ends with 0 although BLAST failed.
        tell(&mut summary, &batch(3, "eeeee"), &[100, 101], 0, &[0, 0], "run end 000 3");
        for target in pod(&batch(4, "fffff")) {
            summary.take(&RunEvent::Found(Arc::new(target.clone())));
            let instance = InstanceId { container: Arc::new(target.id()), restart: 0 };
            let note = Note::Lost { restart: 0, reason: "deleted".to_owned() };
            summary.take(&RunEvent::Gap { instance, note });
        }
        summary.take(&RunEvent::Ended(Ending { failed: false, pods: 7 }));
        assert_eq!(
            summary.to_string(),
            "the job has ended after 2 min 40 s: staging_db 1 min 10 s, running 1 min 0 s, exporting_results 1 min 0 s\n\
             batches: 3 done, 1 failed, 2 retried, 1 without an end that was seen; slowest: blastn-s01-000 1 min 0 s, \
             blastn-s02-000 40.0 s, blastn-s00-000 30.0 s\n\
             lines: 22 of 13 containers, some are missing from 2"
        );
    }

    #[test]
    fn a_job_of_which_nothing_was_read_has_a_summary_too() {
        assert_eq!(
            Summary::default().to_string(),
            "the job has ended\nlines: 0 of 0 containers, complete as far as is known"
        );
    }

    #[test]
    fn durations_are_written_as_people_do() {
        for (seconds, text) in
            [(0.04, "0.0 s"), (59.4, "59.4 s"), (59.9, "1 min 0 s"), (3599.0, "59 min 59 s"), (7260.0, "2 h 1 min")]
        {
            assert_eq!(duration(seconds), text);
        }
    }
}
