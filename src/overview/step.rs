//! [`Step`]: what a job does one after another, and how far it is.

use serde::Serialize;

use super::{JobLife, Overview, Span, Standing};
use crate::k8s::Role;

/// What a job does, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Databases are loaded ahead of time.
    WarmUp,
    /// Database and queries are copied to the nodes.
    InitSsd,
    /// Batch Jobs are made.
    Submit,
    /// Batches are searched.
    Batches,
    /// Their results are uploaded.
    Export,
    /// The finalizer waits for the batches and marks the job as finished.
    Finalizer,
}

/// How many there are of something that is to be done, by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StepCounts {
    /// All.
    pub total: usize,
    /// Those that have not begun.
    pub waiting: usize,
    /// Those that run.
    pub running: usize,
    /// Those that came to a good end.
    pub done: usize,
    /// Those that came to a bad end, or of which no end was seen and none will come.
    pub failed: usize,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepState {
    /// The step.
    pub step: Step,
    /// How far it is: of its Jobs, and of the export of each batch.
    #[serde(flatten)]
    pub progress: StepCounts,
    /// From the first start to the last end or line.
    pub span: Option<Span>,
}

impl Step {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::WarmUp => "warm-up",
            Step::InitSsd => "init-ssd",
            Step::Submit => "submit",
            Step::Batches => "batches",
            Step::Export => "export",
            Step::Finalizer => "finalizer",
        }
    }

    fn of(job: &JobLife<'_>) -> Option<Step> {
        match job.role {
            // It keeps a database in memory for as long as its node lives.
            Role::Setup if job.name.starts_with("vmtouch") => None,
            Role::Setup => Some(Step::InitSsd),
            Role::Warmup => Some(Step::WarmUp),
            Role::Submit => Some(Step::Submit),
            Role::Batch => Some(Step::Batches),
            Role::Finalizer => Some(Step::Finalizer),
            Role::Other => None,
        }
    }
}

impl StepCounts {
    fn add(&mut self, standing: Standing) {
        self.total += 1;
        match standing {
            Standing::Waiting => self.waiting += 1,
            Standing::Running => self.running += 1,
            Standing::Done => self.done += 1,
            Standing::Failed | Standing::Lost => self.failed += 1,
        }
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.done + self.failed == self.total
    }
}

/// The container of a batch's pod that uploads its results.
const EXPORT: &str = "results-export";

pub(super) fn steps(overview: &Overview) -> Vec<StepState> {
    let mut steps: Vec<StepState> = Vec::new();
    let mut add = |step: Step, standing: Standing, span: Option<Span>| {
        let at = steps.binary_search_by_key(&step, |state| state.step).unwrap_or_else(|at| {
            steps.insert(at, StepState { step, progress: StepCounts::default(), span: None });
            at
        });
        steps[at].progress.add(standing);
        steps[at].span = span.map(|span| span.and(steps[at].span)).or(steps[at].span);
    };
    for job in overview.jobs() {
        let Some(step) = Step::of(&job) else { continue };
        add(step, job.standing, job.span);
        if step == Step::Batches {
            let (standing, span) = export_of(overview, &job);
            add(Step::Export, standing, span);
        }
    }
    steps
}

/// How the upload of a batch's results stands. Its container runs from the start, and does nothing before BLAST has ended.
fn export_of(overview: &Overview, job: &JobLife<'_>) -> (Standing, Option<Span>) {
    let all = || job.containers.iter().filter_map(|at| overview.containers.get(*at));
    let mut latest = (Standing::Waiting, None);
    for export in all().filter(|it| it.target.container == EXPORT) {
        let is_searching = all().any(|other| {
            other.target.uid == export.target.uid
                && other.target.container != EXPORT
                && matches!(other.standing(), Standing::Running | Standing::Waiting)
        });
        latest = match export.standing() {
            Standing::Running if is_searching => (Standing::Waiting, None),
            Standing::Running => (Standing::Running, export.span()),
            Standing::Done => return (Standing::Done, export.span()),
            standing => (standing, export.span()),
        };
    }
    match (job.standing, latest.0) {
        // Its pods may be gone, and their last word unheard.
        (Standing::Done, _) => (Standing::Done, latest.1),
        (Standing::Failed, Standing::Waiting | Standing::Running) => (Standing::Failed, latest.1),
        _ => latest,
    }
}
