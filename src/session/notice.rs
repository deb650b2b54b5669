//! [`Notice`]: what there is to tell of a run besides its containers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something about the run itself. `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// Pods may not be watched; with what the server said.
    ListsOnly(String),
    /// The watch on the pods is interrupted; with why.
    WatchInterrupted(String),
    /// It is not any more.
    WatchWorksAgain,
    /// There are no pods yet.
    NoPodsYet {
        /// The ElasticBLAST ids that are looked for.
        ids: String,
        /// Where.
        namespace: String,
    },
    /// Pods that have ended may be removed before they are read.
    RemovalSoon {
        /// Containers that are not read to their end.
        unread: usize,
    },
    /// The row names no id yet.
    NoIdYet,
    /// It names one now.
    IdNamed(String),
    /// It names another.
    IdChanged {
        /// The id before.
        from: String,
        /// The id now.
        to: String,
    },
    /// The row cannot be read; with why.
    RowUnreadable(String),
    /// It can be read again.
    RowReadable,
    /// A part of the index of an archived job is missing.
    IndexIncomplete,
    /// A part of an archived job cannot be read; with what is wrong.
    ArchiveDamaged(String),
}

impl Notice {
    /// Whether it is told whatever is asked to be left out.
    pub fn is_warning(&self) -> bool {
        match self {
            Notice::RemovalSoon { .. }
            | Notice::IdChanged { .. }
            | Notice::RowUnreadable(_)
            | Notice::IndexIncomplete
            | Notice::ArchiveDamaged(_) => true,
            Notice::ListsOnly(_)
            | Notice::WatchInterrupted(_)
            | Notice::WatchWorksAgain
            | Notice::NoPodsYet { .. }
            | Notice::NoIdYet
            | Notice::IdNamed(_)
            | Notice::RowReadable => false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::ListsOnly(error) => {
                write!(f, "pods may not be watched, so they are listed every few seconds: {error}")
            }
            Notice::WatchInterrupted(error) => {
                write!(f, "the watch on the pods is interrupted and goes on by itself: {error}")
            }
            Notice::WatchWorksAgain => f.write_str("the watch on the pods works again"),
            Notice::NoPodsYet { ids, namespace } => {
                write!(f, "no pods of {ids} in namespace {namespace} yet, waiting for them")
            }
            Notice::RemovalSoon { unread } => write!(
                f,
                "{unread} containers have ended and are not read to their end, and Kubernetes removes them when the TTL of their \
                 Jobs (ttlSecondsAfterFinished) is over, which may be soon: read faster, or save the output to a file"
            ),
            Notice::NoIdYet => f.write_str("the row holds no ElasticBLAST id yet, waiting for it"),
            Notice::IdNamed(id) => write!(f, "the row names its id now: {id}"),
            Notice::IdChanged { from, to } => write!(f, "the row's id changed from {from} to {to}; following both"),
            Notice::RowUnreadable(why) => {
                write!(f, "the row cannot be read at present, going on with what it said: {why}")
            }
            Notice::IndexIncomplete => f.write_str("a part of the index is missing; 'elbtail verify' says which"),
            Notice::ArchiveDamaged(what) => f.write_str(what),
            Notice::RowReadable => f.write_str("the row can be read again"),
        }
    }
}
