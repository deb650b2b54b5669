//! [`Said`]: what a replica has to tell.

use std::{fmt, time::Duration};

use super::{board::Party, name::JobName, rows};

/// What there is to tell besides what is told of each job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A job is let go whose Lease could not be renewed in time.
    Unrenewed(JobName),
    /// A job is let go whose Lease another has taken.
    Lost(JobName),
    /// Another has the right to write a job; with who. It is tried again and again.
    Busy(JobName, String),
    /// A job could not be kept, and is tried again later; with why.
    Failed(JobName, String, Duration),
    /// A part of what is needed does not answer; with why. It is tried again and again.
    Away(Party, String),
    /// It answers again.
    Back(Party),
    /// There are more rows than are looked at.
    ManyRows,
}

impl Said {
    /// Whether something is not as it should be.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Said::Busy(..) | Said::Back(_))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Unrenewed(id) => write!(f, "{id}: let go, for its Lease could not be renewed in time"),
            Said::Lost(id) => write!(f, "{id}: let go, for another has taken its Lease"),
            Said::Busy(id, by) => write!(f, "{id}: waiting for the right to write it: {by}"),
            Said::Failed(id, why, rest) => write!(f, "{id}: {why}; tried again in {} s", rest.as_secs()),
            Said::Away(party, why) => write!(f, "{party} does not answer as it should, trying on: {why}"),
            Said::Back(party) => write!(f, "{party} answers again"),
            Said::ManyRows => {
                write!(f, "more than {} rows have not ended: only the newest of them are kept", rows::LIVE)
            }
        }
    }
}
