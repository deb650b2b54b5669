//! [`LostChunk`]: a chunk that cannot be read any more, made again of the same lines.
//!
//! What is compressed again is what was written if it has the SHA-256 of the index, and then it is put under the same name: the index
//! stays as it is.

use std::{collections::HashMap, fmt, io, ops::RangeInclusive, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, Budget, Limits,
    chunk::{ChunkLines, sha256},
    record::Chunk,
    store::AT_ONCE,
};
use crate::{
    k8s::{Line, Stamp},
    render::StampText,
};

/// Places in a log where a chunk may begin that are looked at together: lines may share a stamp.
const BEGINNINGS: usize = 4;

/// How closely chunks are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkCheck {
    /// Whether they are there, with as many bytes as were written. It costs a listing.
    Sizes,
    /// Whether their bytes are those that were written. They are read.
    Contents,
}

/// A chunk of a log that cannot be read any more. `Display` says which of whose lines are in it.
pub struct LostChunk {
    instance: ArchivedInstance,
    chunk: Chunk,
    /// The lines behind each place where it may begin.
    begun: Vec<ChunkLines>,
    stamps: StampText,
    budget: Arc<Budget>,
}

impl LostChunk {
    fn new(instance: &ArchivedInstance, chunk: &Chunk) -> LostChunk {
        LostChunk {
            instance: instance.clone(),
            chunk: chunk.clone(),
            begun: Vec::new(),
            stamps: StampText::default(),
            budget: Budget::new(Limits::default()),
        }
    }

    /// Whose lines they were.
    pub fn instance(&self) -> &ArchivedInstance {
        &self.instance
    }

    /// The stamp of its first line.
    pub fn first(&self) -> Option<Stamp> {
        Stamp::from_timestamp(self.chunk.first)
    }

    /// The numbers of its lines, from 0.
    pub fn lines(&self) -> RangeInclusive<u64> {
        self.chunk.first_line..=(self.chunk.first_line + self.chunk.lines).saturating_sub(1)
    }

    /// Takes the next line of the log. Returns the object when the last of its lines came.
    ///
    /// # Errors
    /// What zstd says; it has no reason to.
    pub fn take(&mut self, line: &Line) -> io::Result<Option<Bytes>> {
        if Some(line.stamp) == self.first() && self.begun.len() < BEGINNINGS {
            self.begun.push(ChunkLines::default());
        }
        for begun in &mut self.begun {
            begun.push(line, &mut self.stamps, &self.budget.blocks);
        }
        let Chunk { lines, bytes, first_line, .. } = self.chunk;
        self.begun.retain(|begun| begun.count() <= lines && begun.len() as u64 <= bytes);
        let Some(at) = self.begun.iter().position(|begun| begun.count() == lines) else { return Ok(None) };
        let closed = self.budget.close(self.begun.remove(at), first_line)?;
        Ok(closed.filter(|(made, _)| *made == self.chunk).map(|(_, object)| object))
    }
}

impl fmt::Display for LostChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ArchivedInstance { pod, container, restart, .. } = &self.instance;
        let lines = self.lines();
        write!(f, "{pod} {container} instance {restart}: lines {} to {}", lines.start(), lines.end())
    }
}

impl ArchivedJob {
    /// The chunks of these instances' logs that cannot be read any more.
    ///
    /// # Errors
    /// What the store says.
    pub async fn lost_chunks(
        &self,
        check: ChunkCheck,
        of: impl Fn(&ArchivedInstance) -> bool,
    ) -> Result<Vec<LostChunk>, ArchiveError> {
        let chunks = self.logs().filter(|(instance, _)| of(instance));
        let chunks = chunks.flat_map(|(instance, kept)| kept.chunks.iter().map(move |chunk| (instance, chunk)));
        let lost = match check {
            ChunkCheck::Sizes => {
                let listed = self.store.list(&format!("jobs/{}/chunks/logs", self.key)).await?;
                let there: HashMap<&str, u64> =
                    listed.iter().filter(|it| !it.is_link).map(|it| (&*it.path, it.size)).collect();
                chunks
                    .filter(|(instance, chunk)| there.get(&*self.path(instance, chunk)) != Some(&chunk.size))
                    .collect()
            }
            ChunkCheck::Contents => {
                let check = |(instance, chunk)| async move {
                    let is_lost = match self.store.get(&self.path(instance, chunk)).await {
                        Ok(Some(bytes)) => sha256(&bytes) != chunk.sha256,
                        Ok(None) | Err(ArchiveError::Damaged { .. }) => true,
                        Err(error) => return Err(error),
                    };
                    Ok(is_lost.then_some((instance, chunk)))
                };
                let lost = stream::iter(chunks).map(check).buffered(AT_ONCE);
                lost.try_filter_map(|lost| async move { Ok(lost) }).try_collect::<Vec<_>>().await?
            }
        };
        Ok(lost.into_iter().map(|(instance, chunk)| LostChunk::new(instance, chunk)).collect())
    }

    fn path(&self, instance: &ArchivedInstance, chunk: &Chunk) -> String {
        chunk.path(&self.key, &ArchivedStream::Log(instance.clone()))
    }

    /// Puts a chunk where it was.
    ///
    /// # Errors
    /// What the store says.
    pub async fn refill(&self, lost: &LostChunk, object: Bytes) -> Result<(), ArchiveError> {
        self.store.put(&self.path(&lost.instance, &lost.chunk), object).await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(stamp: i64, text: &str) -> Line {
        Line { stamp: Stamp(stamp), text: text.to_owned().into() }
    }

    /// The lost chunk that holds these lines of a log.
    fn lost(log: &[Line], lines: std::ops::Range<usize>) -> (LostChunk, Bytes) {
        let budget = Budget::new(Limits::default());
        let (mut open, mut stamps) = (ChunkLines::default(), StampText::default());
        log[lines.clone()].iter().for_each(|line| {
            open.push(line, &mut stamps, &budget.blocks);
        });
        let (chunk, object) = budget.close(open, lines.start as u64).unwrap().unwrap();
        let [namespace, pod, uid, container] = ["a", "b", "c", "d"].map(str::to_owned);
        let instance = ArchivedInstance { namespace, pod, uid, container, restart: 0 };
        (LostChunk::new(&instance, &chunk), object)
    }

    proptest! {
        /// Stamps that stand still or fall, and lines that are alike: it is found where it was, whatever stands around it.
        #[test]
        fn a_chunk_is_made_again_of_the_log_that_it_was_made_of(
            log in proptest::collection::vec((0_i64..20, 0_u8..3), 2..60),
            from in any::<prop::sample::Index>(),
            count in 1_usize..20,
        ) {
            let log: Vec<Line> = log.iter().map(|(stamp, text)| line(*stamp, &"x".repeat(usize::from(*text)))).collect();
            let from = from.index(log.len());
            let to = (from + count).min(log.len());
            let before = log[..from].iter().filter(|line| line.stamp == log[from].stamp).count();
            prop_assume!(before < BEGINNINGS);
            let (mut lost, object) = lost(&log, from..to);
            let made: Vec<Bytes> = log.iter().filter_map(|line| lost.take(line).unwrap()).collect();
            prop_assert!(made.first() == Some(&object), "{made:?}");
        }
    }

    #[test]
    fn nothing_is_made_of_other_lines() {
        let log: Vec<Line> = (0..50).map(|number| line(number, &format!("line {number}"))).collect();
        let (mut lost, _) = lost(&log, 10..20);
        assert_eq!((lost.lines(), lost.to_string()), (10..=19, "b d instance 0: lines 10 to 19".to_owned()));
        let mut changed = log.clone();
        changed[15].text = "line 51".into();
        for other in [&log[11..], &log[..19], &changed[..]] {
            assert!(other.iter().all(|line| lost.take(line).unwrap().is_none()));
            lost.begun.clear();
        }
    }
}
