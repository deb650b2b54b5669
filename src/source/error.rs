//! [`SourceError`]: why a database gave no row.

use super::Differences;
use crate::{
    exit::Exit,
    render::{plain, table},
};

/// How many characters of an id a message shows.
const SHOWN: usize = 80;

/// Why there is no row. Each message is one sentence with the next step; `at` is the source as it may be shown, and no
/// message holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The URL or a flag makes no sense.
    #[error("{0}")]
    Usage(String),
    /// This elbtail was built without the source.
    #[error("{at}: this elbtail was built without the feature {feature:?}; build it with --features {feature}")]
    CompiledOut {
        /// The source.
        at: String,
        /// The Cargo feature.
        feature: &'static str,
    },
    /// No connection, no answer in time, or one that broke off.
    #[error("{at}: not reachable: {why}")]
    Unreachable {
        /// The source.
        at: String,
        /// What stood in the way, and the next step.
        why: String,
        /// Whether it may go away by itself.
        transient: bool,
    },
    /// Credentials that are missing or refused, or a permission that is missing.
    #[error("{at}: refused: {why}")]
    Refused {
        /// The source.
        at: String,
        /// What was refused, and the next step.
        why: String,
    },
    /// No such database, table or service.
    #[error("{at}: {what}")]
    NoTable {
        /// The source.
        at: String,
        /// What is not there, and the next step.
        what: String,
    },
    /// The table has no such column.
    #[error("{at}: {what}")]
    NoColumn {
        /// The source.
        at: String,
        /// What is not there, what is, and the next step.
        what: String,
    },
    /// No row has this id.
    #[error("{at}: holds no row {}{}", plain(id, SHOWN), next(id))]
    NoRow {
        /// The source.
        at: String,
        /// What was asked for.
        id: String,
    },
    /// Every job has ended.
    #[error("{at}: holds no row of a job that has not ended; see `elbtail jobs` and name one")]
    NoneLive {
        /// The source.
        at: String,
    },
    /// Several ids begin so.
    #[error("{at}: several rows begin with {}; give more of the id:{}", plain(prefix, SHOWN), listing(candidates, *more))]
    Several {
        /// The source.
        at: String,
        /// What was asked for.
        prefix: String,
        /// The first of the rows.
        candidates: Vec<Candidate>,
        /// Whether there are more.
        more: bool,
    },
    /// More than one row has exactly this id.
    #[error("{at}: holds {count} rows with the id {}{differ}", plain(id, SHOWN))]
    Duplicate {
        /// The source.
        at: String,
        /// The id.
        id: String,
        /// How many.
        count: usize,
        /// How they differ, and the next step.
        differ: Differences,
    },
    /// The row is there, but its payload is not JSON and nothing else in the row holds an id.
    #[error("{at}: row {}: {why}; have the row repaired, or give the id (job-<32 hex>) itself", plain(id, SHOWN))]
    Payload {
        /// The source.
        at: String,
        /// The row's id.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// What came is no row at all.
    #[error("{at}: {why}")]
    NotARow {
        /// The source.
        at: String,
        /// What came instead, and the next step.
        why: String,
    },
    /// The server said no in another way.
    #[error("{at}: {why}")]
    Rejected {
        /// The source.
        at: String,
        /// The server's words.
        why: String,
        /// Whether it may go away by itself.
        transient: bool,
    },
}

/// A row that an ambiguous beginning may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its status, or `-`.
    pub status: String,
    /// When it changed, or `-`.
    pub updated: String,
}

impl SourceError {
    /// The exit code: [`Exit::Row`], but for a wrong command line.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            _ => Exit::Row,
        }
    }

    /// Whether the same question may well be answered a little later: the network, or a server that is busy or starting.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { transient: true, .. } | Self::Rejected { transient: true, .. })
    }
}

/// The next step for an id that no row has.
fn next(id: &str) -> String {
    let min = crate::row::PREFIX_MIN;
    if id.chars().count() < min {
        format!("; give a whole id or its first {min} or more characters, or see `elbtail jobs`")
    } else {
        "; check the id, or see `elbtail jobs`".to_owned()
    }
}

/// A line for each candidate.
fn listing(candidates: &[Candidate], more: bool) -> String {
    let cells =
        candidates.iter().map(|one| vec![plain(&one.id, SHOWN), plain(&one.status, 20), plain(&one.updated, 40)]);
    let mut text: String = table(&cells.collect::<Vec<_>>()).lines().map(|line| format!("\n  {line}")).collect();
    if more {
        text.push_str("\n  and more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_that_a_beginning_may_mean_stand_below_each_other() {
        let row = |id: &str, status: &str| Candidate {
            id: id.to_owned(),
            status: status.to_owned(),
            updated: "2026-05-21".to_owned(),
        };
        let error = SourceError::Several {
            at: "db".to_owned(),
            prefix: "18b9ed".to_owned(),
            candidates: vec![row("18b9edca", "running"), row("18b9edcb-4d8a", "-"), row("18b9ed\x1b", "完了")],
            more: true,
        };
        let expected = "db: several rows begin with 18b9ed; give more of the id:\
            \n  18b9edca        running   2026-05-21\
            \n  18b9edcb-4d8a   -         2026-05-21\
            \n  18b9ed\\u{1b}    完了      2026-05-21\
            \n  and more";
        assert_eq!(error.to_string(), expected);
    }
}
