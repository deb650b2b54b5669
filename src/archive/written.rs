//! [`Written`]: how much a writer has made durable.

use jiff::Timestamp;

use super::record::Record;

/// What has become durable since a writer was opened, of logs alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Bytes of their text, stamps included.
    pub bytes: u64,
    /// Gaps that were told.
    pub gaps: u64,
    /// The latest stamp of those lines.
    pub latest: Option<Timestamp>,
    /// When the last of them became durable.
    pub at: Option<Timestamp>,
}

impl Written {
    /// Takes a record of a commit that was made at `now`.
    pub(super) fn take(&mut self, record: &Record, now: Timestamp) {
        match record {
            Record::Chunk { stream, chunk } if stream.instance().is_some() => {
                self.lines += chunk.lines;
                self.bytes += chunk.bytes;
                self.latest = self.latest.max(Some(chunk.latest));
                self.at = Some(now);
            }
            Record::Gap { .. } => self.gaps += 1,
            _ => {}
        }
    }
}
