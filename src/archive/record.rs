//! [`Record`]: what the index says, one JSON object a line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ArchiveError, ArchivedStream, JobKey, chunk::LARGEST};

/// One line of the index. What a later version adds is skipped by an earlier one ([`Record::Unknown`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Record {
    /// The first line of each commit.
    Commit {
        /// Its number, from 0 without a gap.
        number: u64,
        /// Who wrote it.
        writer: String,
        /// When.
        at: Timestamp,
        /// How many records follow.
        records: u64,
        /// The SHA-256 of their lines.
        sha256: String,
    },
    /// A chunk that is there for good.
    Chunk {
        /// Whose lines.
        stream: ArchivedStream,
        /// Which.
        #[serde(flatten)]
        chunk: Chunk,
    },
    /// Lines that are missing.
    Gap {
        /// Whose.
        stream: ArchivedStream,
        /// Where and why.
        #[serde(flatten)]
        gap: Gap,
    },
    /// The stream has ended and everything of it is here.
    Complete {
        /// Which.
        stream: ArchivedStream,
        /// How that is known.
        #[serde(flatten)]
        complete: Complete,
    },
    /// What is known of the job; the latest one counts.
    Job(JobState),
    /// Something that a later version writes.
    #[serde(other)]
    Unknown,
}

/// A chunk as the index knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The number of its first line in the stream, from 0.
    pub first_line: u64,
    /// How many lines; never none.
    pub lines: u64,
    /// The first line's stamp.
    pub first: Timestamp,
    /// The last line's stamp.
    pub last: Timestamp,
    /// The latest stamp of all its lines: stamps need not rise.
    pub latest: Timestamp,
    /// Bytes of text, stamps and line ends included.
    pub bytes: u64,
    /// Bytes of the object.
    pub size: u64,
    /// The SHA-256 of the object.
    pub sha256: String,
}

/// More lines than any log has.
const LINES: u64 = 1 << 56;

impl Chunk {
    /// Whether its numbers can be those of a chunk, so that they can be reckoned with: an index may be forged.
    pub(super) fn is_possible(&self) -> bool {
        let is_hash = self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash
            && self.first_line < LINES
            && (1..=self.bytes).contains(&self.lines)
            && self.bytes <= LARGEST
            && self.size <= 2 * LARGEST
    }

    /// The object's path. It is named after its content, so that it can be put twice and never means two things.
    pub(super) fn path(&self, job: &JobKey, stream: &ArchivedStream) -> String {
        let hash = self.sha256.get(..16).unwrap_or(&self.sha256);
        format!("jobs/{job}/chunks/{stream}/{:012}-{hash}.zst", self.first_line)
    }
}

/// Lines that are known to be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How many lines of the stream come before the missing ones.
    pub after_line: u64,
    /// Why, as a person is told: `pod deleted before it was read`.
    pub reason: String,
    /// Whether they were gone before anybody could have read them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone_before: bool,
}

/// The end of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    /// How many lines it has.
    pub lines: u64,
    /// How it is known that there are no more, as a person is told.
    pub proof: String,
}

/// What is known of the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobState {
    /// The row's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The row's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it has ended, so that nothing is to come.
    pub ended: bool,
    /// Where its pods were found: the API server and the namespace. Pods that are not found elsewhere are not gone by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether secrets were masked before lines were kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

impl JobState {
    /// The namespace in which its pods were found.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.at.as_deref()?.rsplit_once(' ')?.1)
    }

    /// Whether its pods may be in `namespace`: none were found in another.
    pub fn may_be_in(&self, namespace: &str) -> bool {
        self.namespace().is_none_or(|found| found == namespace)
    }
}

impl Record {
    /// Appends the record as a line.
    ///
    /// # Errors
    /// None that a record can cause; it is text and numbers.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), ArchiveError> {
        serde_json::to_writer(&mut *out, self).map_err(|error| ArchiveError::Usage(format!("a record: {error}")))?;
        out.push(b'\n');
        Ok(())
    }
}
