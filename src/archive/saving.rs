//! [`Saving`]: whether more of a job may come.

use std::fmt;

use serde::Serialize;

use super::{Archive, ArchiveError, ArchivedJob, lease::Lease};

/// How far the saving of a job is. `Display` is one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saving {
    /// The job had ended when it was saved last: nothing is to come.
    Ended,
    /// A writer is at work.
    UnderWay,
    /// The job had not ended, and nobody saves it. An archive cannot know what came after that.
    Stopped,
}

impl fmt::Display for Saving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Saving::Ended => "ended",
            Saving::UnderWay => "being saved: more may come",
            Saving::Stopped => "not ended: saving stopped before the end of the job was seen",
        })
    }
}

impl Archive {
    /// How far the saving of a job is.
    ///
    /// # Errors
    /// What the store says.
    pub async fn saving(&self, job: &ArchivedJob) -> Result<Saving, ArchiveError> {
        if job.state.ended {
            return Ok(Saving::Ended);
        }
        Ok(if Lease::is_held(&self.store, &job.key).await? { Saving::UnderWay } else { Saving::Stopped })
    }
}
