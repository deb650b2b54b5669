//! [`ContainerLife`]: what is known of a container, instance by instance.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::{Problems, Rate, Span};
use crate::{
    follow::note::{Note, Proof},
    k8s::{
        ContainerId, ContainerKind, InstanceId, LastEnd, Line, Pod, Stamp, Standing, Target, pod::Terminated, shared,
    },
    render::{Meaning, run_end},
};

/// At the end of what arrives at once BLAST's own exit code is looked for: it is in the last line that `blast` prints.
const LAST_LINES: usize = 3;

/// Bytes that are kept of the latest line.
const LATEST: usize = 1000;

/// What is known of a container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerLife {
    /// The container, its node, and its part in the job.
    #[serde(with = "shared")]
    pub target: Arc<Target>,
    /// What tells it from every other container.
    #[serde(skip)]
    pub id: Arc<ContainerId>,
    /// The place of its Job.
    #[serde(skip)]
    pub(super) job: usize,
    /// Why it waits, in the kubelet's word, while it does.
    pub waiting: Option<String>,
    /// Why it has no log, or may not be read.
    pub trouble: Option<String>,
    /// Its instances that were seen, by the number of restarts.
    pub instances: Vec<InstanceLife>,
    /// Lines that were taken.
    pub lines: u64,
    /// The bytes of their texts; 0 where only ends are looked at.
    pub bytes: u64,
    /// Lines that tell of a problem.
    pub problems: u64,
    /// How often it was told that lines are missing.
    pub missing: u32,
    /// Its latest line, cut after 1,000 bytes; `None` where only ends are looked at.
    pub latest: Option<Line>,
    /// Lines of late.
    #[serde(skip)]
    pub rate: Rate,
    /// Whether its pod goes on no more.
    pub over: bool,
}

/// What is known of one instance of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceLife {
    /// Its number: how often the container had been restarted.
    pub restart: u32,
    /// When it was first heard of.
    pub told: Stamp,
    /// When it started, if that was told; whole seconds.
    pub started: Option<Stamp>,
    /// The earliest and the latest stamp of its lines.
    pub written: Option<Span>,
    /// How it ended.
    pub end: Option<InstanceEnd>,
    /// The exit code that BLAST itself told: NCBI's own `blast` ends with 0 whatever BLAST did.
    pub blast_code: Option<u32>,
    /// Lines that were taken of it.
    pub lines: u64,
    /// How it is known that all its lines were read.
    pub proof: Option<Proof>,
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceEnd {
    /// When, if that was told; whole seconds.
    pub at: Option<Stamp>,
    /// The exit code; 128 + N after signal N.
    pub exit_code: i32,
    /// Such as `Completed`, `Error`, `OOMKilled`.
    pub reason: String,
}

impl InstanceLife {
    fn new(restart: u32, told: Stamp) -> InstanceLife {
        InstanceLife { restart, told, started: None, written: None, end: None, blast_code: None, lines: 0, proof: None }
    }

    /// Whether it is known to have come to a bad end.
    pub fn has_failed(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.exit_code != 0) || self.blast_code.is_some_and(|code| code != 0)
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.end.is_some() || self.proof.is_some()
    }

    /// How it ended, as far as is known.
    pub fn last_end(&self) -> LastEnd {
        match () {
            () if self.has_failed() => LastEnd::Bad,
            () if self.has_ended() => LastEnd::Good,
            () => LastEnd::None,
        }
    }

    /// From its start, or its first line, to its end, or its last line.
    pub fn span(&self) -> Option<Span> {
        let ends = [self.started, self.end.as_ref().and_then(|end| end.at)].into_iter().flatten();
        ends.map(Span::at).chain(self.written).reduce(|one, two| one.and(Some(two)))
    }

    fn ended(&mut self, terminated: &Terminated) {
        let stamp = |time: Option<jiff::Timestamp>| time.and_then(Stamp::from_timestamp);
        self.started = stamp(terminated.started_at).or(self.started);
        self.end = Some(InstanceEnd {
            at: stamp(terminated.finished_at),
            exit_code: terminated.exit_code,
            reason: terminated.word(),
        });
    }
}

impl ContainerLife {
    pub(super) fn new(id: Arc<ContainerId>, target: Arc<Target>, job: usize) -> ContainerLife {
        ContainerLife {
            target,
            id,
            job,
            waiting: None,
            trouble: None,
            instances: Vec::new(),
            lines: 0,
            bytes: 0,
            problems: 0,
            missing: 0,
            latest: None,
            rate: Rate::default(),
            over: false,
        }
    }

    /// The latest instance that was seen.
    pub fn last(&self) -> Option<&InstanceLife> {
        self.instances.last()
    }

    /// How often it was restarted.
    pub fn restarts(&self) -> u32 {
        self.last().map_or(0, |instance| instance.restart)
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        match self.last() {
            None if self.over => Standing::Lost,
            None => Standing::Waiting,
            Some(last) if last.end.is_some() && self.waiting.is_some() && !self.over => Standing::Waiting,
            Some(last) if last.has_failed() => Standing::Failed,
            Some(last) if last.has_ended() => Standing::Done,
            Some(_) if self.over => Standing::Lost,
            Some(_) => Standing::Running,
        }
    }

    /// From its first start, or its first line, to its last end, or its last line.
    pub fn span(&self) -> Option<Span> {
        self.instances.iter().filter_map(InstanceLife::span).reduce(|one, two| one.and(Some(two)))
    }

    /// When its latest instance started, as far as is known: as its status tells, or its first line, or when it was first heard of.
    pub fn started(&self) -> Option<Stamp> {
        let last = self.last()?;
        Some(last.started.or(last.written.map(|written| written.from)).unwrap_or(last.told))
    }

    /// One of its instances, which is heard of now if it is new.
    pub(super) fn instance(&mut self, restart: u32, now: Stamp) -> &mut InstanceLife {
        let at = match self.instances.binary_search_by_key(&restart, |instance| instance.restart) {
            Ok(at) => at,
            Err(at) => {
                self.instances.insert(at, InstanceLife::new(restart, now));
                at
            }
        };
        &mut self.instances[at]
    }

    pub(super) fn note(&mut self, note: &Note, now: Stamp) {
        match note {
            Note::Waiting(reason) => self.waiting = Some(reason.clone()),
            Note::Started(restart) => {
                self.instance(*restart, now);
                (self.waiting, self.trouble) = (None, None);
            }
            Note::Ended(restart, ended) => {
                self.waiting = None;
                let instance = self.instance(*restart, now);
                instance.started = ended.started.or(instance.started);
                let at = ended.finished.or(instance.end.as_ref().and_then(|end| end.at));
                let (exit_code, reason) = (ended.exit_code, ended.reason.clone());
                instance.end = Some(InstanceEnd { at, exit_code, reason });
            }
            Note::NoLog(why) | Note::Forbidden(why) | Note::Denied(why) | Note::Struggling(why) => {
                self.trouble = Some(why.clone());
            }
            _ => {}
        }
    }

    /// Takes what the pod's status says of it.
    pub(super) fn pod(&mut self, pod: &Pod, now: Stamp) {
        let Some(status) = pod.status_of(&self.target.container) else {
            return self.pod_alone(pod, now);
        };
        let restart = u32::try_from(status.restart_count).unwrap_or_default();
        let waits = status.state.running.is_none() && status.state.terminated.is_none();
        if let Some(ended) = &status.last_state.terminated {
            // It waits to be started again, and the number is still that of the instance that ended.
            let before = if waits { Some(restart) } else { restart.checked_sub(1) };
            if let Some(before) = before {
                self.instance(before, now).ended(ended);
            }
        }
        if let Some(running) = &status.state.running {
            let instance = self.instance(restart, now);
            instance.started = running.started_at.and_then(Stamp::from_timestamp).or(instance.started);
            self.waiting = None;
        } else if let Some(ended) = &status.state.terminated {
            self.instance(restart, now).ended(ended);
            self.waiting = None;
        } else {
            let reason = status.state.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
            self.waiting = reason.filter(|reason| !reason.is_empty()).or(self.waiting.take());
        }
    }

    /// Takes what a pod says of itself, whose kubelet does not mention the container.
    fn pod_alone(&mut self, pod: &Pod, now: Stamp) {
        if self.target.kind != ContainerKind::Regular || !self.instances.is_empty() {
            return;
        }
        match pod.status.phase.as_deref() {
            Some("Running") => drop(self.instance(0, now)),
            Some("Succeeded") => {
                let end = InstanceEnd { at: None, exit_code: 0, reason: "Completed".to_owned() };
                self.instance(0, now).end = Some(end);
            }
            _ => {}
        }
    }

    /// Takes of lines that arrived at once when they were written, and how BLAST ended.
    pub(super) fn ends_of(&mut self, restart: u32, lines: &[Line]) {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
        self.lines += lines.len() as u64;
        let is_blast = self.target.container == "blast";
        let instance = self.instance(restart, last.stamp);
        instance.lines += lines.len() as u64;
        let ends = Span { from: first.stamp, to: last.stamp };
        instance.written = Some(Span::at(ends.from.min(ends.to)).and(Some(ends)).and(instance.written));
        if is_blast {
            let mut codes = lines.iter().rev().take(LAST_LINES).filter_map(|line| run_end(&line.text));
            instance.blast_code = codes.next().or(instance.blast_code);
        }
    }

    /// Takes a line, and what it says.
    pub(super) fn line(&mut self, restart: u32, line: &Line, meaning: Option<Meaning>, problems: &mut Problems) {
        self.bytes += line.text.len() as u64;
        self.rate.add(line.stamp);
        if let Some(meaning) = meaning.filter(|meaning| meaning.is_problem()) {
            let number = self.instance(restart, line.stamp).lines;
            self.problems += 1;
            problems.add(&InstanceId { container: self.id.clone(), restart }, number, line, meaning);
        }
        self.ends_of(restart, std::slice::from_ref(line));
        // A copy: what was received holds many lines, and is not to be kept for one.
        let text = Bytes::copy_from_slice(&line.text[..line.text.len().min(LATEST)]);
        self.latest = Some(Line { stamp: line.stamp, text });
    }
}
