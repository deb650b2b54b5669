//! [`JobLife`]: what became of one Kubernetes Job: of a batch, of the preparation of a node, of the finalizer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{ContainerLife, InstanceLife, Span, Standing};
use crate::k8s::{ContainerKind, JobCondition, LastEnd, PodEnds, Role, Stamp, job_standing, outcome};

/// What the cluster says of a Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobWord {
    /// Where it stands.
    pub condition: JobCondition,
    /// When it began.
    pub started: Option<Stamp>,
}

/// A Job that is known, by itself or by its pods.
#[derive(Debug, Clone)]
pub(super) struct KnownJob {
    pub(super) name: String,
    role: Role,
    pub(super) containers: Vec<usize>,
    pub(super) word: Option<JobWord>,
}

/// What became of a Job, with all its pods and their instances.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobLife<'a> {
    /// Its name without what is the same for all Jobs of a search: `blastn-s03-000`.
    pub name: &'a str,
    /// Its part in the job.
    pub role: Role,
    /// How it stands.
    pub standing: Standing,
    /// What became of it by its containers' ends alone, whatever runs at present.
    #[serde(skip)]
    pub outcome: Option<Standing>,
    /// Pods it had.
    pub pods: usize,
    /// The most that one of its containers was restarted.
    pub restarts: u32,
    /// From the first start, or the first line, to the last end, or the last line.
    pub span: Option<Span>,
    /// When it began, by its containers or else by itself, and when it ended, by itself or else by its containers.
    pub run: Option<Span>,
    /// Lines of its containers.
    pub lines: u64,
    /// Of these, those that tell of a problem.
    pub problems: u64,
    /// Places of its containers, in the order in which they were found.
    pub containers: &'a [usize],
    /// The nodes that its pods ran on.
    pub nodes: BTreeSet<&'a str>,
}

impl KnownJob {
    pub(super) fn new(name: String, role: Role) -> KnownJob {
        KnownJob { name, role, containers: Vec::new(), word: None }
    }

    pub(super) fn life<'a>(&'a self, all: &'a [ContainerLife]) -> JobLife<'a> {
        let mut life = JobLife {
            name: &self.name,
            role: self.role,
            standing: Standing::Waiting,
            outcome: None,
            pods: 0,
            restarts: 0,
            span: None,
            run: None,
            lines: 0,
            problems: 0,
            containers: &self.containers,
            nodes: BTreeSet::new(),
        };
        let mut pods: BTreeMap<&str, PodEnds> = BTreeMap::new();
        for container in self.containers.iter().filter_map(|at| all.get(*at)) {
            life.lines += container.lines;
            life.problems += container.problems;
            life.nodes.extend(container.target.node.as_deref());
            if container.target.kind != ContainerKind::Regular {
                continue;
            }
            let pod = pods.entry(&container.target.uid).or_default();
            pod.add(container.standing(), container.last().map_or(LastEnd::None, InstanceLife::last_end));
            life.restarts = life.restarts.max(container.restarts());
            if let Some(span) = container.span() {
                life.span = Some(span.and(life.span));
            }
        }
        life.pods = pods.len();
        life.outcome = outcome(pods.values());
        life.standing = job_standing(self.word.as_ref().map(|word| &word.condition), pods.values());
        life.run = self.run(life.span);
        life
    }

    /// Not from when the Job was made, where its containers' starts are known: in a full cluster most of that is waiting.
    fn run(&self, span: Option<Span>) -> Option<Span> {
        let Some(word) = &self.word else { return span };
        let from = span.map(|span| span.from).or(word.started)?;
        let ended = word.condition.ended_at().and_then(Stamp::from_timestamp);
        Some(Span { from, to: ended.or(span.map(|span| span.to)).unwrap_or(from).max(from) })
    }
}

impl JobLife<'_> {
    /// Whether it was tried more than once.
    pub fn was_retried(&self) -> bool {
        self.pods > 1 || self.restarts > 0
    }

    /// How long it took, or has taken until `now` while it goes on; in seconds.
    pub fn seconds(&self, now: Stamp) -> Option<f64> {
        let run = self.run?;
        match self.standing {
            Standing::Running => Some(Span { to: run.to.max(now), ..run }.seconds()),
            _ => Some(run.seconds()),
        }
    }
}
