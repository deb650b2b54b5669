//! [`Board`]: what is known of each job at any time, for whoever asks: counts for Prometheus, and whether all is well.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use tokio::sync::watch;

use super::name::JobName;
use crate::{
    archive::Written,
    session::{RunEvent, Sink, sink::Stop},
};

/// How long the API server or the store may be away before that is no health any more.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How a replica and its jobs are. Clones are the same board.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<BoardFacts>>);

#[derive(Debug, Default)]
struct BoardFacts {
    /// Jobs by what becomes of them here.
    counts: JobCounts,
    jobs: BTreeMap<JobName, Entry>,
    /// Of jobs that are not kept any more.
    past: Counts,
    away: BTreeMap<Party, Away>,
}

/// How many jobs there are, by what becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// This replica keeps them.
    pub kept: usize,
    /// This replica has them, and waits until it can keep them: another's right to write has not ended, or it has just failed.
    pub waiting: usize,
    /// Another replica keeps them.
    pub elsewhere: usize,
    /// Nobody does.
    pub free: usize,
    /// Nothing more of them will come.
    pub ended: usize,
}

/// Whom a replica needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The API server, about Leases.
    Leases,
    /// The API server, about pods.
    Pods,
    /// The database of the rows.
    Rows,
    /// The archive, as the writer of this job has it.
    Store(JobName),
    /// The archive, which answers but does not take what is read of this job: full, not permitted, damaged, moved.
    Refusing(JobName),
}

#[derive(Debug)]
struct Away {
    since: Instant,
    why: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    read: u64,
    lines: u64,
    bytes: u64,
    gaps: u64,
}

impl Counts {
    fn and(self, other: Counts) -> Counts {
        Counts {
            read: self.read + other.read,
            lines: self.lines + other.lines,
            bytes: self.bytes + other.bytes,
            gaps: self.gaps + other.gaps,
        }
    }
}

/// A job that is kept.
#[derive(Debug)]
struct Entry {
    /// How long a line may wait for others before it is made durable.
    age: Duration,
    read: u64,
    written: watch::Receiver<Written>,
    /// When the first line came behind which not all is durable.
    behind: Option<Timestamp>,
}

impl Entry {
    fn counts(&self) -> Counts {
        let Written { lines, bytes, gaps, .. } = *self.written.borrow();
        Counts { read: self.read, lines, bytes, gaps }
    }

    /// Takes lines that were read now.
    fn read(&mut self, lines: u64, now: Timestamp) {
        if self.read <= self.written.borrow().lines {
            self.behind = Some(now);
        }
        self.read += lines;
    }

    /// For how long nothing has become durable of what was read; none when all is.
    fn lag(&self, now: Timestamp) -> Duration {
        let written = *self.written.borrow();
        if self.read <= written.lines {
            return Duration::ZERO;
        }
        let last = self.behind.max(written.at).unwrap_or(now);
        Duration::try_from(now.duration_since(last)).unwrap_or_default()
    }
}

impl Board {
    fn facts(&self) -> MutexGuard<'_, BoardFacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job is kept from now on, until what is returned is dropped. A line may wait for others for `age` before it is made
    /// durable.
    pub fn keep(&self, id: &JobName, written: watch::Receiver<Written>, age: Duration) -> Keeping {
        self.facts().jobs.insert(id.clone(), Entry { age, read: 0, written, behind: None });
        Keeping { board: self.clone(), id: id.clone() }
    }

    /// What becomes of all jobs now.
    pub fn stand(&self, counts: JobCounts) {
        self.facts().counts = counts;
    }

    /// Somebody does not answer, or not well; at the first time, since when.
    pub fn away(&self, party: Party, why: &str, since: Instant) {
        let away = &mut self.facts().away;
        away.entry(party).or_insert(Away { since, why: String::new() }).why = why.to_owned();
    }

    /// Somebody answers.
    pub fn back(&self, party: &Party) {
        self.facts().away.remove(party);
    }

    /// Forgets why jobs could not be kept that others keep, or that are no more: `ours` says which are left.
    pub fn retain(&self, ours: impl Fn(&JobName) -> bool) {
        self.facts().away.retain(|party, _| match party {
            Party::Store(id) | Party::Refusing(id) => ours(id),
            Party::Leases | Party::Pods | Party::Rows => true,
        });
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// What is not.
    pub fn health(&self, now: Instant) -> Result<(), String> {
        let (facts, time) = (self.facts(), Timestamp::now());
        let away = facts.away.iter().filter_map(|(party, away)| {
            let since = now.saturating_duration_since(away.since);
            (since >= PATIENCE).then(|| format!("{party} has been away for {} s: {}", since.as_secs(), away.why))
        });
        // A store that hangs says nothing.
        let stuck = facts.jobs.iter().filter_map(|(id, entry)| {
            let lag = entry.lag(time);
            let text = || format!("{id}: nothing has become durable for {} s of what was read", lag.as_secs());
            (lag >= entry.age + PATIENCE).then(text)
        });
        let ill: Vec<String> = away.chain(stuck).collect();
        if ill.is_empty() { Ok(()) } else { Err(ill.join("\n")) }
    }

    /// All counts, as Prometheus reads them.
    ///
    /// # Errors
    /// None is known: it is written into memory.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("elbtail");
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Leases => f.write_str("the API server, about Leases,"),
            Party::Pods => f.write_str("the API server, about pods,"),
            Party::Rows => f.write_str("the database"),
            Party::Store(job) => write!(f, "the archive of {job}"),
            Party::Refusing(job) => write!(f, "the archive, which takes nothing of {job},"),
        }
    }
}

/// A job that is kept now.
pub struct Keeping {
    board: Board,
    id: JobName,
}

impl Keeping {
    /// A listener to the job's run, which counts.
    pub fn listener(&self) -> Counter {
        Counter { board: self.board.clone(), id: self.id.clone() }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let mut facts = self.board.facts();
        if let Some(entry) = facts.jobs.remove(&self.id) {
            facts.past = facts.past.and(entry.counts());
        }
        facts.away.remove(&Party::Store(self.id.clone()));
    }
}

/// Counts the lines of a run.
pub struct Counter {
    board: Board,
    id: JobName,
}

impl Sink for Counter {
    type Error = Infallible;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<Infallible>> {
        let lines = event.lines() as u64;
        if lines > 0
            && let Some(entry) = self.board.facts().jobs.get_mut(&self.id)
        {
            entry.read(lines, Timestamp::now());
        }
        Ok(())
    }

    async fn finish(self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }
}

impl Collector for Board {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let (facts, now) = (self.facts(), Timestamp::now());
        let all = facts.jobs.values().map(Entry::counts).fold(facts.past, Counts::and);
        for (name, help, count) in [
            ("lines_read", "Log lines read from Kubernetes", all.read),
            ("lines", "Log lines that are durable in the archive", all.lines),
            ("bytes", "Bytes of those lines, stamps included", all.bytes),
            ("gaps", "Places where lines are known to be missing", all.gaps),
        ] {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let help = "For how long nothing has become durable of what was read, by job; 0 when everything is";
        let mut lags = encoder.encode_descriptor("lag_seconds", help, None, MetricType::Gauge)?;
        for (name, entry) in &facts.jobs {
            ConstGauge::new(entry.lag(now).as_secs_f64()).encode(lags.encode_family(&labels(name))?)?;
        }
        let help = "The stamp of the newest line that is durable, by job";
        let mut stamps = encoder.encode_descriptor("durable_timestamp_seconds", help, None, MetricType::Gauge)?;
        for (name, entry) in &facts.jobs {
            if let Some(latest) = entry.written.borrow().latest {
                let seconds = latest.as_millisecond() as f64 / 1000.0;
                ConstGauge::new(seconds).encode(stamps.encode_family(&labels(name))?)?;
            }
        }
        let JobCounts { kept, waiting, elsewhere, free, ended } = facts.counts;
        let help = "Jobs by what becomes of them: kept by this replica, waiting to be, elsewhere, free, or ended";
        let mut jobs = encoder.encode_descriptor("jobs", help, None, MetricType::Gauge)?;
        for (state, count) in
            [("kept", kept), ("waiting", waiting), ("elsewhere", elsewhere), ("free", free), ("ended", ended)]
        {
            ConstGauge::new(count as u64).encode(jobs.encode_family(&[("state", state)])?)?;
        }
        let help = "Whether all who are needed answer, as /healthz says";
        let healthy = u64::from(facts.away.is_empty());
        ConstGauge::new(healthy).encode(encoder.encode_descriptor("reachable", help, None, MetricType::Gauge)?)
    }
}

/// What tells a job's metrics from those of others.
fn labels(name: &JobName) -> Vec<(&'static str, String)> {
    let namespace = name.namespace.clone().map(|namespace| ("namespace", namespace));
    [("job", name.id.to_string())].into_iter().chain(namespace).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{
        follow::drive::Batch,
        job_id::JobId,
        k8s::{ContainerId, InstanceId, Line, Stamp},
    };

    fn id() -> JobName {
        "job-429825360482416da20736cf3ed51a95".parse::<JobId>().unwrap().into()
    }

    fn batch(lines: usize) -> RunEvent {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let lines = vec![Line { stamp: Stamp(0), text: "x".into() }; lines];
        RunEvent::Lines(Batch { instance: InstanceId { container, restart: 0 }, stream: None, lines })
    }

    #[tokio::test]
    async fn what_was_counted_of_a_job_stays_counted_when_it_is_not_kept_any_more() {
        let board = Board::default();
        let (sender, written) = watch::channel(Written::default());
        let keeping = board.keep(&id(), written, PATIENCE);
        keeping.listener().event(&batch(7)).await.unwrap();
        let latest = Some("2026-11-24T12:58:26.5Z".parse().unwrap());
        sender.send_replace(Written { lines: 5, bytes: 50, gaps: 1, latest, at: None });
        let text = board.metrics().unwrap();
        for line in [
            "# TYPE elbtail_lines counter",
            "elbtail_lines_read_total 7",
            "elbtail_lines_total 5",
            "elbtail_bytes_total 50",
            "elbtail_gaps_total 1",
            "elbtail_durable_timestamp_seconds{job=\"job-429825360482416da20736cf3ed51a95\"} 1795525106.5",
            "elbtail_jobs{state=\"kept\"} 0",
            "elbtail_reachable 1",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}:\n{text}");
        }
        assert!(text.contains("elbtail_lag_seconds{job=") && text.ends_with("# EOF\n"), "{text}");
        drop(keeping);
        board.stand(JobCounts { ended: 1, ..JobCounts::default() });
        let text = board.metrics().unwrap();
        assert!(text.contains("elbtail_lines_total 5\n") && text.contains("elbtail_jobs{state=\"ended\"} 1\n"));
        assert!(!text.contains("job="), "nothing is told of it alone any more: {text}");
    }

    #[test]
    fn the_lag_is_the_time_since_something_became_durable_while_something_waits() {
        let (sender, written) = watch::channel(Written::default());
        let mut entry = Entry { age: PATIENCE, read: 0, written, behind: None };
        let start = Timestamp::now();
        let at = |second| start + SignedDuration::from_secs(second);
        let durable = |lines, when| sender.send_replace(Written { lines, at: Some(when), ..Written::default() });
        assert_eq!(entry.lag(at(0)), Duration::ZERO, "nothing was read");
        entry.read(10, at(0));
        assert_eq!(entry.lag(at(5)), Duration::from_secs(5));
        durable(10, at(0));
        assert_eq!(entry.lag(at(3600)), Duration::ZERO, "everything is durable, however long ago");
        entry.read(1, at(3600));
        assert_eq!(entry.lag(at(3602)), Duration::from_secs(2), "the silence before does not count");
        entry.read(1, at(3603));
        assert_eq!(entry.lag(at(3604)), Duration::from_secs(4), "the first that waits counts");
        durable(11, at(3601));
        assert_eq!(entry.lag(at(3604)), Duration::from_secs(3), "a part of it is durable");
        assert_eq!(entry.lag(at(0)), Duration::ZERO, "a clock that was set back");
    }

    #[test]
    fn one_is_ill_when_a_store_says_nothing_and_takes_nothing() {
        let (board, now) = (Board::default(), Instant::now());
        let (_sender, written) = watch::channel(Written::default());
        let _keeping = board.keep(&id(), written, PATIENCE);
        let waits = |seconds| {
            let since = Timestamp::now() - SignedDuration::from_secs(seconds);
            let mut facts = board.facts();
            let entry = facts.jobs.get_mut(&id()).unwrap();
            (entry.read, entry.behind) = (1, Some(since));
        };
        waits(119);
        assert_eq!(board.health(now), Ok(()), "its age, and a while");
        waits(121);
        assert!(board.health(now).unwrap_err().contains("nothing has become durable for 121 s"));
    }

    #[test]
    fn one_is_ill_when_somebody_who_is_needed_has_been_away_for_a_while() {
        let (board, start) = (Board::default(), Instant::now());
        assert_eq!(board.health(start), Ok(()));
        for party in [Party::Leases, Party::Pods, Party::Rows, Party::Store(id())] {
            board.away(party.clone(), "connection refused", start);
            assert_eq!(board.health(start + PATIENCE / 2), Ok(()), "it may come back");
            board.away(party.clone(), "no route to host", start + PATIENCE / 2);
            let ill = board.health(start + PATIENCE).unwrap_err();
            assert!(ill.ends_with("has been away for 60 s: no route to host"), "{ill}");
            board.back(&party);
            assert_eq!(board.health(start + PATIENCE), Ok(()));
        }
    }
}
