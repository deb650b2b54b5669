//! [`Merged`]: the logs of a job by time.
//!
//! The order is that of `merge`: each log keeps its own order, a line counts as stamped no earlier than the one before it,
//! and of equal stamps the first log's comes first. Here the index tells each chunk's first stamp, so that a chunk is opened
//! only when its time has come: memory is the chunks of one moment, however many logs there are.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    vec::IntoIter,
};

use super::{ArchiveError, Instance, Job, JobKey, Store, Stream, job::read, record::Chunk};
use crate::follow::{lines::Line, stamp::Stamp};

/// A line and whose it is.
#[derive(Debug)]
pub struct MergedLine<'a> {
    /// Whose.
    pub instance: &'a Instance,
    /// Its number among the instances that were chosen.
    pub source: usize,
    /// The line.
    pub line: Line,
}

/// Lines of several instances in the order of time.
pub struct Merged {
    store: Store,
    job: JobKey,
    logs: Vec<Log>,
    /// The stamp that each log's next line counts as.
    heads: BinaryHeap<Reverse<(Stamp, usize)>>,
}

struct Log {
    stream: Stream,
    chunks: VecDeque<Chunk>,
    lines: IntoIter<Line>,
    /// The latest stamp seen.
    reached: Stamp,
}

impl Log {
    /// The stamp that the next line counts as; known before its chunk is opened.
    fn head(&self) -> Option<Stamp> {
        let unread = || Stamp::from_timestamp(self.chunks.front()?.first);
        let next = self.lines.as_slice().first().map(|line| line.stamp).or_else(unread)?;
        Some(next.max(self.reached))
    }
}

impl Job {
    /// The lines of the instances that `wanted` chooses, by time.
    pub fn merged(&self, wanted: impl Fn(&Instance) -> bool) -> Merged {
        let chosen = self.streams.iter().filter(|(stream, _)| stream.instance().is_some_and(&wanted));
        let logs: Vec<Log> = chosen
            .map(|(stream, kept)| Log {
                stream: stream.clone(),
                chunks: kept.chunks.iter().cloned().collect(),
                lines: Vec::new().into_iter(),
                reached: Stamp(i64::MIN),
            })
            .collect();
        let heads = logs.iter().enumerate().filter_map(|(at, log)| Some(Reverse((log.head()?, at)))).collect();
        Merged { store: self.store.clone(), job: self.key.clone(), logs, heads }
    }
}

impl Merged {
    /// The instances, in the order of their numbers.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.logs.iter().filter_map(|log| log.stream.instance())
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`], or what the store says.
    pub async fn next(&mut self) -> Result<Option<MergedLine<'_>>, ArchiveError> {
        let Some(Reverse((_, source))) = self.heads.pop() else { return Ok(None) };
        let log = &mut self.logs[source];
        while log.lines.as_slice().is_empty() {
            let Some(chunk) = log.chunks.front() else { break };
            log.lines = read(&self.store, &self.job, &log.stream, chunk).await?.into_iter();
            log.chunks.pop_front();
        }
        let line = log.lines.next();
        if let Some(line) = &line {
            log.reached = log.reached.max(line.stamp);
        }
        if log.lines.as_slice().is_empty() {
            // What is used up is given back at once.
            log.lines = Vec::new().into_iter();
        }
        self.heads.extend(log.head().map(|head| Reverse((head, source))));
        let log = &self.logs[source];
        Ok(line.zip(log.stream.instance()).map(|(line, instance)| MergedLine { instance, source, line }))
    }
}
