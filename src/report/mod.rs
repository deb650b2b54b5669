//! What a run told of a job → a report: a page, or the numbers behind it.
//!
//! [`Gathering`] listens to a run, beside whoever else does: an [`Overview`](crate::overview::Overview) and [`Troubles`] are what it keeps, never all lines.
//! [`figures`] makes a [`JobReport`] of them, which is data; [`page`](page::page), [`csv`](csv::csv) and serde write it.

mod chart;
pub mod csv;
mod data;
mod figures;
mod listener;
mod packed;
pub mod page;
mod runtimes;
mod troubles;
mod words;

use jiff::Timestamp;

pub use self::{
    data::{
        BatchFigures, ContainerFigures, ContextLine, Counts, Diagnosis, ErrorKind, ErrorMeaning, ErrorPlace, Errors,
        GapFigures, InstanceFigures, JobFacts, JobReport, NodeFigures, PhaseFigures, Runtimes, ShardFigures, Totals,
        VERSION,
    },
    figures::figures,
    listener::{Gathered, Gathering},
    troubles::Troubles,
};
use crate::{mask::mask, overview::Standing, render::plain, shell::quote};

/// Whether secrets are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redaction {
    /// They are.
    #[default]
    On,
    /// They stand as the pods wrote them.
    Off,
}

impl Redaction {
    /// A text as it is shown: one line that nothing obeys.
    pub fn text(self, text: &str, most: usize) -> String {
        match self {
            Redaction::On => plain(&mask(text), most),
            Redaction::Off => plain(text, most),
        }
    }
}

/// What a report says besides what the run told.
#[derive(Debug, Clone)]
pub struct About {
    /// Which job.
    pub job: JobFacts,
    /// How it stands, where the row or the archive says so.
    pub outcome: Option<Standing>,
    /// When it was looked at: now, or when it was saved last.
    pub seen: Timestamp,
    /// When the report is made.
    pub generated: Timestamp,
    /// What the doctor says.
    pub doctor: Option<Diagnosis>,
    /// What is said of how it was read.
    pub notices: Vec<String>,
    /// The command that prints lines of the job.
    pub command: Option<LinesCommand>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
}

/// The command that prints lines of a job: `elbtail logs …` or `elbtail replay …`.
#[derive(Debug, Clone)]
pub struct LinesCommand {
    /// The command and whose lines it prints, quoted for a shell.
    pub words: String,
}

/// How long before a line the lines are shown that its command prints, in seconds.
const LEAD: i64 = 30;

impl LinesCommand {
    /// With the container, and the time around a line of it.
    fn to_place(&self, container: &ContainerFigures, at: Timestamp) -> String {
        let near = |seconds: i64| {
            let near = at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(at);
            near.round(jiff::Unit::Second).unwrap_or(near)
        };
        format!(
            "{} --pod {} -c {} --since-time {} --until-time {}",
            self.words,
            quote(&container.pod),
            quote(&container.container),
            near(-LEAD),
            near(LEAD)
        )
    }
}
