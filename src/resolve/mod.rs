//! The ElasticBLAST id of a row, and which place said so.
//!
//! A row holds up to twelve copies ("mirrors") of the id, each written by another code path; a reader of one copy finds
//! nothing while the job runs. [`resolve`] looks at all of them in the order in which they are trusted, and only when none
//! holds an id at captured output. Pure: JSON in, a [`Resolution`] out.

mod error;
mod inferred;
mod mirrors;
pub mod output;

use std::collections::HashSet;

use crate::{job_id::JobId, row::Row};
pub use error::ResolveError;
pub use inferred::{Inferred, Skipped, TextEvidence};
use mirrors::ChosenId;
pub use mirrors::{Mirror, MirrorVerdict};
pub use output::ResolveFormat;

/// The source of an id that was given instead of a row.
pub const COMMAND_LINE: &str = "command line";

/// What the look at a row came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user gave the id itself.
    Given {
        /// The id.
        id: JobId,
    },
    /// A mirror holds the id.
    Chosen {
        /// The id.
        id: JobId,
        /// The path of the first mirror that holds one.
        path: String,
    },
    /// No mirror holds an id; captured output, or text that was cut off, shows exactly one.
    Inferred {
        /// The id.
        id: JobId,
        /// The path of the first text that shows it.
        path: String,
    },
    /// No mirror holds an id, and captured output shows several.
    Ambiguous {
        /// The different ids, in the order in which they were found.
        ids: Vec<JobId>,
    },
    /// No id anywhere.
    None,
}

impl Outcome {
    /// The outcome as it stands in `-o json`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Given { .. } => "given",
            Self::Chosen { .. } => "chosen",
            Self::Inferred { .. } => "inferred",
            Self::Ambiguous { .. } => "ambiguous",
            Self::None => "none",
        }
    }
}

/// Everything that was looked at, and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// Every mirror, in the order of trust; empty if the id was given.
    pub mirrors: Vec<Mirror>,
    /// Ids shown by captured output, searched only when no mirror holds an id.
    pub inferred: Vec<Inferred>,
    /// Ids that captured output shows as another row's.
    pub skipped: Vec<Skipped>,
    /// The answer.
    pub outcome: Outcome,
}

/// Finds the ElasticBLAST id of `row`. Total: any JSON is looked through to its end.
pub fn resolve(row: &Row) -> Resolution {
    let (mirrors, chosen) = mirrors::look(row);
    if let Some(ChosenId { id, path, is_doubtful }) = chosen {
        let outcome = if is_doubtful { Outcome::Inferred { id, path } } else { Outcome::Chosen { id, path } };
        return Resolution { mirrors, inferred: vec![], skipped: vec![], outcome };
    }
    let (inferred, skipped) = inferred::search(row);
    let mut seen = HashSet::new();
    let ids: Vec<JobId> = inferred.iter().map(|found| &found.id).filter(|id| seen.insert(*id)).cloned().collect();
    let outcome = match inferred.first() {
        None => Outcome::None,
        Some(first) if ids.len() == 1 => Outcome::Inferred { id: first.id.clone(), path: first.path.clone() },
        Some(_) => Outcome::Ambiguous { ids },
    };
    Resolution { mirrors, inferred, skipped, outcome }
}

impl Resolution {
    /// The resolution of an id that the user gave.
    pub fn given(id: JobId) -> Self {
        Self { mirrors: vec![], inferred: vec![], skipped: vec![], outcome: Outcome::Given { id } }
    }

    /// The id, if there is exactly one.
    pub fn id(&self) -> Option<&JobId> {
        match &self.outcome {
            Outcome::Given { id } | Outcome::Chosen { id, .. } | Outcome::Inferred { id, .. } => Some(id),
            Outcome::Ambiguous { .. } | Outcome::None => None,
        }
    }

    /// The id, or why there is none; `row` is the row this is the resolution of.
    ///
    /// # Errors
    /// No id, or several in captured output.
    pub fn require(&self, row: &Row) -> Result<&JobId, ResolveError> {
        self.id().ok_or_else(|| ResolveError::new(row, self))
    }

    /// Where the id stands: a mirror's path, the path of a text, or [`COMMAND_LINE`].
    pub fn source(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Given { .. } => Some(COMMAND_LINE),
            Outcome::Chosen { path, .. } | Outcome::Inferred { path, .. } => Some(path),
            Outcome::Ambiguous { .. } | Outcome::None => None,
        }
    }

    /// Whether the id was only read off captured output.
    pub fn is_inferred(&self) -> bool {
        matches!(self.outcome, Outcome::Inferred { .. })
    }

    /// One line for stderr if the id deserves doubt: mirrors disagree, or it was inferred.
    pub fn warning(&self) -> Option<String> {
        error::warning(self)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
