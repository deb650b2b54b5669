//! [`Position`]: how far a container's instances are in an archive, for a follower to go on from.

use std::collections::{BTreeMap, VecDeque};

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{
    ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, JobKey, Store, job::read_all, record::Chunk,
    store::AT_ONCE,
};
use crate::k8s::{Line, Stamp};

/// What a follower remembers of a log: this many lines always, and this many at most. Of a quiet log each may lie in a chunk of its
/// own.
const REMEMBERED: (u64, u64) = (32, 65_536);

/// How long before its last line a follower remembers a log.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_secs(4);

/// How far a stream is in the archive, for a follower to go on from.
#[derive(Debug, Clone, Default)]
pub struct Position {
    /// Lines that are durable.
    pub lines: u64,
    /// Whether it is complete, so that nothing of it need be read again.
    pub complete: bool,
    /// The latest durable lines: at least 32, and all of the last seconds, if there are so many. None of a complete stream. If the
    /// last ones cannot be read any more, those before them.
    pub tail: Vec<Line>,
    /// The latest stamp of the durable lines before `tail`; `None` if there are none.
    pub before: Option<Stamp>,
}

/// What is durable of a stream, as far as a follower needs it.
#[derive(Debug, Clone, Default)]
pub(super) struct Durable {
    /// Whether nothing more of it will come.
    pub complete: bool,
    /// The latest chunks, and the latest stamp before them.
    tail: VecDeque<Chunk>,
    before: Option<Timestamp>,
}

impl Durable {
    /// Takes the next chunk, and keeps of those before what is needed.
    pub fn resume(&mut self, chunk: Chunk) {
        let last = chunk.last;
        self.tail.push_back(chunk);
        while let [dropped, rest @ ..] = &*self.tail.make_contiguous()
            && let lines = rest.iter().map(|chunk| chunk.lines).sum::<u64>()
            && (lines >= REMEMBERED.1 || (lines >= REMEMBERED.0 && rest[0].first < last - REMEMBERED_FOR))
        {
            self.before = self.before.max(Some(dropped.latest));
            self.tail.pop_front();
        }
    }

    pub async fn position(&self, store: &Store, job: &JobKey, of: &ArchivedStream) -> Result<Position, ArchiveError> {
        let mut position = Position {
            lines: self.tail.back().map_or(0, |chunk| chunk.first_line + chunk.lines),
            complete: self.complete,
            before: self.before.and_then(Stamp::from_timestamp),
            ..Position::default()
        };
        // Nothing of it will be read again.
        let tail: Vec<Chunk> = if self.complete { Vec::new() } else { self.tail.iter().cloned().collect() };
        let mut read: Vec<_> = read_all(store, job, of, tail.clone(), AT_ONCE).collect().await;
        // What cannot be read at the end is read once more from its log; elsewhere there are lines behind it to go on from.
        while let Some(Err(ArchiveError::Damaged { .. })) = read.last() {
            read.pop();
        }
        for (lines, chunk) in read.into_iter().zip(tail) {
            match lines {
                Ok(lines) => position.tail.extend(lines),
                Err(ArchiveError::Damaged { .. }) => {
                    let before = position.tail.drain(..).map(|line| line.stamp).max();
                    position.before = position.before.max(before).max(Stamp::from_timestamp(chunk.latest));
                }
                Err(error) => return Err(error),
            }
        }
        let dropped = position.tail.len().saturating_sub(REMEMBERED.1 as usize);
        position.before = position.tail.drain(..dropped).map(|line| line.stamp).max().max(position.before);
        Ok(position)
    }
}

/// How far the streams of a job were when it was opened.
#[derive(Clone)]
pub struct Positions {
    pub(super) store: Store,
    pub(super) job: JobKey,
    pub(super) streams: BTreeMap<ArchivedStream, Durable>,
}

impl Positions {
    /// How far the instances of a container were, in order; `any` is one of them, whichever.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(&self, any: &ArchivedInstance) -> Result<Vec<(u32, Position)>, ArchiveError> {
        let [first, last] =
            [0, u32::MAX].map(|restart| ArchivedStream::Log(ArchivedInstance { restart, ..any.clone() }));
        let mut positions = Vec::new();
        for (stream, durable) in self.streams.range(first..=last) {
            if let Some(instance) = stream.instance() {
                positions.push((instance.restart, durable.position(&self.store, &self.job, stream).await?));
            }
        }
        Ok(positions)
    }
}

impl ArchivedJob {
    /// How far all streams are in the index that was read.
    pub fn positions(&self) -> Positions {
        let streams = self.streams.iter().map(|(stream, kept)| {
            let mut durable = Durable { complete: kept.complete.is_some(), ..Durable::default() };
            kept.chunks.iter().for_each(|chunk| durable.resume(chunk.clone()));
            (stream.clone(), durable)
        });
        Positions { store: self.store.clone(), job: self.key.clone(), streams: streams.collect() }
    }
}
