//! [`MergedArchive`]: the logs of a job by time.
//!
//! The order is that of `merge`: each log keeps its own order, a line counts as stamped no earlier than the one before it,
//! and of equal stamps the first log's comes first. Here the index tells each chunk's first stamp, so that a chunk is opened
//! only when its time has come: memory is the chunks of one moment, however many logs there are.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    vec::IntoIter,
};

use super::{ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, JobKey, Store, job::read, record::Chunk};
use crate::k8s::{Line, Stamp};

/// How much of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedPart {
    /// Nothing.
    Nothing,
    /// Everything.
    All,
    /// This many lines from its end.
    Last(u64),
}

/// A line and whose it is.
#[derive(Debug)]
pub struct ArchivedLine {
    /// Its log's number among those that were chosen.
    pub source: usize,
    /// Its number in its log, from 0.
    pub number: u64,
    /// What it counts as in the order of time.
    pub counts_as: Stamp,
    /// The line.
    pub line: Line,
}

/// Lines of several instances in the order of time.
pub struct MergedArchive {
    store: Store,
    job: JobKey,
    logs: Vec<MergedLog>,
    /// The stamp that each log's next line counts as.
    heads: BinaryHeap<Reverse<(Stamp, usize)>>,
}

struct MergedLog {
    stream: ArchivedStream,
    chunks: VecDeque<Chunk>,
    lines: IntoIter<Line>,
    /// The number of the next line.
    next: u64,
    /// The first line that is wanted.
    from: u64,
    /// The latest stamp seen.
    reached: Stamp,
}

impl MergedLog {
    /// The stamp that the next line counts as; known before its chunk is opened.
    fn head(&self) -> Option<Stamp> {
        let unread = || Stamp::from_timestamp(self.chunks.front()?.first);
        let next = self.lines.as_slice().first().map(|line| line.stamp).or_else(unread)?;
        Some(next.max(self.reached))
    }
}

impl ArchivedJob {
    /// The lines of the instances that `wanted` chooses, by time. Chunks of which no line is stamped at or after `since` are
    /// left out; other lines from before may come.
    pub fn merged(&self, since: Option<Stamp>, wanted: impl Fn(&ArchivedInstance) -> WantedPart) -> MergedArchive {
        let mut logs = Vec::new();
        for (stream, kept) in &self.streams {
            let from = match stream.instance().map_or(WantedPart::Nothing, &wanted) {
                WantedPart::Nothing => continue,
                WantedPart::All => 0,
                WantedPart::Last(count) => kept.lines().saturating_sub(count),
            };
            let late = |chunk: &&Chunk| {
                since.is_none_or(|since| Stamp::from_timestamp(chunk.latest).is_none_or(|latest| latest >= since))
            };
            let chunks = kept.chunks.iter().filter(|chunk| chunk.first_line + chunk.lines > from).filter(late);
            logs.push(MergedLog {
                stream: stream.clone(),
                chunks: chunks.cloned().collect(),
                lines: Vec::new().into_iter(),
                next: 0,
                from,
                reached: Stamp(i64::MIN),
            });
        }
        let heads = logs.iter().enumerate().filter_map(|(at, log)| Some(Reverse((log.head()?, at)))).collect();
        MergedArchive { store: self.store.clone(), job: self.key.clone(), logs, heads }
    }
}

impl MergedArchive {
    /// The instances, in the order of their numbers.
    pub fn instances(&self) -> impl Iterator<Item = &ArchivedInstance> {
        self.logs.iter().filter_map(|log| log.stream.instance())
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// What the store says, and of which log. After [`ArchiveError::Damaged`] it can be asked again, and goes on behind the
    /// chunk that cannot be read.
    pub async fn next(&mut self) -> Result<Option<ArchivedLine>, (usize, ArchiveError)> {
        while let Some(Reverse((_, source))) = self.heads.pop() {
            let log = &mut self.logs[source];
            if log.lines.as_slice().is_empty()
                && let Some(chunk) = log.chunks.pop_front()
            {
                match read(&self.store, &self.job, &log.stream, &chunk).await {
                    Ok(mut lines) => {
                        let before = log.from.saturating_sub(chunk.first_line).min(lines.len() as u64);
                        lines.drain(..before as usize);
                        (log.lines, log.next) = (lines.into_iter(), chunk.first_line + before);
                        // Without those that are not wanted its time may come later.
                        if before > 0 {
                            self.heads.extend(log.head().map(|head| Reverse((head, source))));
                            continue;
                        }
                    }
                    Err(error) => {
                        self.heads.extend(log.head().map(|head| Reverse((head, source))));
                        return Err((source, error));
                    }
                }
            }
            let Some(line) = log.lines.next() else { continue };
            log.reached = log.reached.max(line.stamp);
            let found = ArchivedLine { source, number: log.next, counts_as: log.reached, line };
            log.next += 1;
            if log.lines.as_slice().is_empty() {
                // What is used up is given back at once.
                log.lines = Vec::new().into_iter();
            }
            self.heads.extend(log.head().map(|head| Reverse((head, source))));
            return Ok(Some(found));
        }
        Ok(None)
    }
}
