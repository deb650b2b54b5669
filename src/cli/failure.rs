//! [`Failure`]: the one error a run ends with, and its exit code.

#[cfg(feature = "archive")]
use crate::archive::ArchiveError;
use crate::{cluster::ClusterError, exit::Exit, resolve::ResolveError, row::RowError, source::SourceError};

/// Why a run ended without doing what was asked. `Display` is what is printed after `error: `.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The row.
    #[error("{0}")]
    Row(#[from] RowError),
    /// Where the row is.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// The id in it.
    #[error("{0}")]
    Id(#[from] ResolveError),
    /// There is no id yet, and nothing is wrong with that.
    #[error("{0}\n{1}; logs -f and save -f wait for the id")]
    Waits(ResolveError, String),
    /// The cluster.
    #[error("{0}")]
    Cluster(#[from] ClusterError),
    /// The archive.
    #[cfg(feature = "archive")]
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    /// A permission that was asked for is missing.
    #[error("{0}")]
    Denied(String),
    /// No pods match.
    #[error("{0}")]
    NoPods(String),
    /// The command line, where clap could not know.
    #[error("{0}")]
    Usage(String),
    /// Anything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Row(error) => error.exit(),
            Failure::Source(error) => error.exit(),
            Failure::Id(error) | Failure::Waits(error, _) => error.exit(),
            Failure::Cluster(error) => error.exit(),
            #[cfg(feature = "archive")]
            Failure::Archive(error) => error.exit(),
            Failure::Denied(_) => Exit::Denied,
            Failure::NoPods(_) => Exit::NoPods,
            Failure::Usage(_) => Exit::Usage,
            Failure::Other(_) => Exit::Unexpected,
        }
    }
}
