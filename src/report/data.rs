//! [`JobReport`]: a job in numbers. `docs/report.schema.json` describes it.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    doctor::Finding,
    k8s::{ContainerKind, Phase, Role},
    overview::Standing,
};

/// The number of this form. It changes when a field is renamed or means something else.
pub const VERSION: u32 = 1;

/// A job in numbers: what a page shows, and what `-o json` prints. Times are UTC, durations seconds.
#[derive(Debug, Clone, Serialize)]
pub struct JobReport {
    /// [`VERSION`].
    pub version: u32,
    /// The version of elbtail that made it.
    pub elbtail: &'static str,
    /// When.
    pub generated: Timestamp,
    /// Which job.
    pub job: JobFacts,
    /// When the job was looked at: when the report was made, or when the job was saved last.
    pub seen: Timestamp,
    /// How it stands: by its pods, and by its row where that says that it has ended.
    pub state: Standing,
    /// The first time that is known of it.
    pub from: Option<Timestamp>,
    /// The last; `None` while it goes on.
    pub to: Option<Timestamp>,
    /// From the first time to the last one.
    pub seconds: Option<f64>,
    /// Counts of the whole job.
    pub totals: Totals,
    /// Its steps, in order.
    pub phases: Vec<PhaseFigures>,
    /// How long its batches took; `None` when of no batch both start and end are known.
    pub runtimes: Option<Runtimes>,
    /// Its shards, by name.
    pub shards: Vec<ShardFigures>,
    /// Its batches, by name.
    pub batches: Vec<BatchFigures>,
    /// Nodes, by name.
    pub nodes: Vec<NodeFigures>,
    /// Containers, in order of their steps and pods. What names one elsewhere is its place here.
    pub containers: Vec<ContainerFigures>,
    /// Lines that tell of errors.
    pub errors: Errors,
    /// Where lines are missing.
    pub gaps: Vec<GapFigures>,
    /// Gaps besides these.
    pub gaps_left_out: u64,
    /// What `doctor` says; `None` when it could not be asked.
    pub doctor: Option<Diagnosis>,
    /// What else there is to say of how it was read.
    pub notices: Vec<String>,
}

/// Which job it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct JobFacts {
    /// What to call it: its id, or its row's.
    pub name: String,
    /// The ElasticBLAST id.
    pub id: Option<String>,
    /// The row's own id.
    pub row: Option<String>,
    /// The row's title.
    pub title: Option<String>,
    /// The program, such as `blastn`.
    pub program: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// The row's status.
    pub status: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Where its lines were read from, in words.
    pub source: String,
}

/// Counts of the whole job.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// Containers.
    pub containers: u64,
    /// Of these, how many stand how.
    pub states: Counts,
    /// Their instances that are known.
    pub instances: u64,
    /// How often containers were started again.
    pub restarts: u64,
    /// Batches that were tried again: by a restart or with another pod.
    pub retried: u64,
    /// Batches.
    pub batches: Counts,
    /// Lines of logs that were read.
    pub lines: u64,
    /// Their bytes, without stamps and line ends.
    pub bytes: u64,
    /// Known gaps.
    pub gaps: u64,
}

/// How many stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub total: u64,
    /// [`Standing::Waiting`].
    pub waiting: u64,
    /// [`Standing::Running`].
    pub running: u64,
    /// [`Standing::Done`].
    pub done: u64,
    /// [`Standing::Failed`].
    pub failed: u64,
    /// [`Standing::Lost`].
    pub lost: u64,
}

impl Counts {
    /// Counts one more.
    pub fn count(&mut self, state: Standing) {
        self.total += 1;
        *match state {
            Standing::Waiting => &mut self.waiting,
            Standing::Running => &mut self.running,
            Standing::Done => &mut self.done,
            Standing::Failed => &mut self.failed,
            Standing::Lost => &mut self.lost,
        } += 1;
    }
}

/// A step of the job.
#[derive(Debug, Clone, Serialize)]
pub struct PhaseFigures {
    /// The step, by the dashboard's name.
    pub phase: Phase,
    /// Its containers.
    pub containers: u64,
    /// Of these, how many stand how.
    pub states: Counts,
    /// The first start.
    pub from: Option<Timestamp>,
    /// The last time that is known of it.
    pub to: Option<Timestamp>,
    /// Between the two.
    pub seconds: Option<f64>,
    /// Lines.
    pub lines: u64,
    /// Bytes of their text.
    pub bytes: u64,
}

/// How long batches took of which start and end are known, and that did not fail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Runtimes {
    /// How many there are.
    pub batches: u64,
    /// The shortest.
    pub min: f64,
    /// A quarter took no longer.
    pub q1: f64,
    /// Half of them took no longer.
    pub median: f64,
    /// Three quarters took no longer.
    pub q3: f64,
    /// Nine tenths took no longer.
    pub p90: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// What took longer is a straggler; `None` with fewer than 4 batches, which have no usual time.
    pub late_after: Option<f64>,
}

/// A shard of the database.
#[derive(Debug, Clone, Serialize)]
pub struct ShardFigures {
    /// Its label, such as `s03`.
    pub shard: String,
    /// Its batches.
    pub batches: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long they took, as [`Runtimes`] counts.
    pub runtimes: Option<Runtimes>,
    /// How many of them are stragglers among all batches.
    pub stragglers: u64,
    /// Lines.
    pub lines: u64,
    /// Bytes of their text.
    pub bytes: u64,
}

/// A batch of queries in a shard: a Job, with all pods that it had.
#[derive(Debug, Clone, Serialize)]
pub struct BatchFigures {
    /// What it is called in prefixes: `blastn-s03-000`.
    pub name: String,
    /// The shard's label.
    pub shard: String,
    /// Its number.
    pub number: Option<u32>,
    /// How it stands.
    pub state: Standing,
    /// Pods that tried it.
    pub pods: u64,
    /// How often a container of it was started again.
    pub restarts: u64,
    /// The node of its last pod.
    pub node: Option<String>,
    /// The first start of a container of it.
    pub from: Option<Timestamp>,
    /// The last time that is known of it.
    pub to: Option<Timestamp>,
    /// Between the two.
    pub seconds: Option<f64>,
    /// Whether it took much longer than the others: more than [`Runtimes::late_after`].
    pub straggler: bool,
    /// Lines.
    pub lines: u64,
    /// Bytes of their text.
    pub bytes: u64,
}

/// A node.
#[derive(Debug, Clone, Serialize)]
pub struct NodeFigures {
    /// Its name.
    pub node: String,
    /// The job's containers that were on it.
    pub containers: u64,
    /// Those that failed.
    pub failed: u64,
    /// Batches of which a pod was on it.
    pub batches: u64,
    /// The first start.
    pub from: Option<Timestamp>,
    /// The last end.
    pub to: Option<Timestamp>,
    /// How long at least one of the containers ran.
    pub busy_seconds: f64,
    /// The same as a share of the job's time, from 0 to 1.
    pub busy: Option<f64>,
    /// The sum of all their times.
    pub container_seconds: f64,
    /// Containers that ran at once, at most.
    pub peak: u64,
}

/// A container.
#[derive(Debug, Clone, Serialize)]
pub struct ContainerFigures {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
    /// What the pod is called in prefixes.
    pub name: String,
    /// The container.
    pub container: String,
    /// Which list of the pod's spec it stands in.
    pub kind: ContainerKind,
    /// The pod's part in the job.
    pub role: Role,
    /// The step it works on.
    pub phase: Phase,
    /// The node, once there is one.
    pub node: Option<String>,
    /// The place of its batch among [`JobReport::batches`].
    pub batch: Option<usize>,
    /// How it stands.
    pub state: Standing,
    /// What it waits for, or why it ended as it did.
    pub reason: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// When its pod was made.
    pub created: Option<Timestamp>,
    /// Its instances that are known, in order.
    pub instances: Vec<InstanceFigures>,
    /// Lines.
    pub lines: u64,
    /// Bytes of their text.
    pub bytes: u64,
    /// Lines that tell of errors.
    pub errors: u64,
    /// Known gaps.
    pub gaps: u64,
}

/// One run of a container.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceFigures {
    /// How often the container had been started before.
    pub restart: u32,
    /// How it stands.
    pub state: Standing,
    /// Its start, or its first line where nobody tells the start.
    pub from: Option<Timestamp>,
    /// Its end, or its last line where nobody tells the end; `None` while it runs.
    pub to: Option<Timestamp>,
    /// Between the two.
    pub seconds: Option<f64>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Lines.
    pub lines: u64,
}

/// Lines that tell of errors, or of something that was tried again.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Errors {
    /// All of them.
    pub lines: u64,
    /// Those of kinds that are not shown.
    pub left_out: u64,
    /// What they say, failures first, then those of most containers.
    pub kinds: Vec<ErrorKind>,
}

/// Lines that differ in numbers and names only.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorKind {
    /// The first of them.
    pub message: String,
    /// What they mean.
    pub meaning: ErrorMeaning,
    /// How many there are.
    pub lines: u64,
    /// Of how many containers.
    pub containers: u64,
    /// The stamp of the first.
    pub first: Timestamp,
    /// The stamp of the last.
    pub last: Timestamp,
    /// Some of them, at most one a container.
    pub places: Vec<ErrorPlace>,
}

/// What a line says that tells of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorMeaning {
    /// Something went wrong for good.
    Failure,
    /// Something went wrong, and is tried again.
    Trouble,
}

/// A line that tells of an error, with those around it.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPlace {
    /// The place of its container among [`JobReport::containers`].
    pub index: usize,
    /// The container, as a prefix has it.
    pub name: String,
    /// The instance.
    pub restart: u32,
    /// The number of the line in what was read of its instance, from 1.
    pub line: u64,
    /// The line's stamp.
    pub at: Timestamp,
    /// The line.
    pub text: String,
    /// Lines before it.
    pub before: Vec<ContextLine>,
    /// Lines after it.
    pub after: Vec<ContextLine>,
    /// The command that prints the place.
    pub command: Option<String>,
}

/// A line beside one that tells of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContextLine {
    /// Its stamp.
    pub at: Timestamp,
    /// The line.
    pub text: String,
}

/// Lines that are missing.
#[derive(Debug, Clone, Serialize)]
pub struct GapFigures {
    /// The place of the container among [`JobReport::containers`].
    pub index: usize,
    /// The container, as a prefix has it.
    pub name: String,
    /// The instance.
    pub restart: u32,
    /// The stamp of the last line before them, where it is known.
    pub after: Option<Timestamp>,
    /// The stamp of the first line after them, where it is known.
    pub before: Option<Timestamp>,
    /// What is missing, and why.
    pub message: String,
}

/// What `doctor` says, or would have said when the job was saved.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Whether there is no problem.
    pub healthy: bool,
    /// One line.
    pub summary: String,
    /// What was found, the first cause first.
    pub findings: Vec<Finding>,
}
