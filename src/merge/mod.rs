//! Many containers' lines → one sequence.
//!
//! By arrival there is nothing to do: all drivers send into one channel. [`by_time`] orders finite logs by their stamps.

mod input;

use std::{cmp::Reverse, collections::BinaryHeap};

use futures::future::try_join_all;
use tokio::sync::mpsc;

use self::input::Input;
use crate::{
    follow::{drive::Told, lines::Line, stamp::Stamp},
    node_logs::Stream,
};

/// Lines handed on together at most.
const RUN: usize = 512;

/// A line and whose it is.
#[derive(Debug)]
pub struct Sourced {
    /// Which container's, as its driver was told.
    pub source: usize,
    /// The instance.
    pub restart: u32,
    /// The stream it was written to, where that is known.
    pub stream: Option<Stream>,
    /// The line.
    pub line: Line,
}

/// Merges the lines of `inputs` by time, and hands them on until all inputs have ended or nobody takes them.
///
/// Each input keeps its own order, whatever its stamps: a line counts as stamped no earlier than the one before it. Of equal
/// stamps the first input's comes first. Memory is what the channels hold, however long the logs are: the next line of every
/// input must be known before any can be handed on. Notes pass where they stand in their input.
pub async fn by_time<T>(inputs: Vec<mpsc::Receiver<Told>>, out: mpsc::Sender<T>)
where
    T: From<Told> + From<Vec<Sourced>>,
{
    // When nobody takes the lines any more there is nothing left to do, and nobody to tell.
    let _ = Merge { inputs: inputs.into_iter().map(Input::new).collect(), sorted: Vec::new(), out }.run().await;
}

/// Nobody takes the lines any more.
struct Unheard;

struct Merge<T> {
    inputs: Vec<Input>,
    /// Lines in order that are not handed on yet.
    sorted: Vec<Sourced>,
    out: mpsc::Sender<T>,
}

impl<T: From<Told> + From<Vec<Sourced>>> Merge<T> {
    async fn run(mut self) -> Result<(), Unheard> {
        // All at once: an input that has trouble tells of it before its first line or its end, and goes on when it was heard.
        // One after another, the time that sixty dead logs take would add up.
        let first = try_join_all(self.inputs.iter_mut().map(|input| input.first(&self.out))).await?;
        let mut heads: BinaryHeap<_> =
            first.into_iter().enumerate().filter_map(|(index, stamp)| Some(Reverse((stamp?, index)))).collect();
        while let Some(&Reverse((_, index))) = heads.peek() {
            self.sorted.extend(self.inputs[index].take());
            if let (Some(stamp), Some(mut head)) = (self.inputs[index].head(), heads.peek_mut()) {
                // Changed in its place, it finds its new one when it is let go.
                *head = Reverse((stamp, index));
            } else {
                heads.pop();
                if let Some(stamp) = self.head(index).await? {
                    heads.push(Reverse((stamp, index)));
                }
            }
            if self.sorted.len() >= RUN {
                self.hand_on().await?;
            }
        }
        self.hand_on().await
    }

    /// The stamp that the input's next line counts as, waiting for it; `None` at the input's end.
    async fn head(&mut self, index: usize) -> Result<Option<Stamp>, Unheard> {
        loop {
            if let Some(stamp) = self.inputs[index].head() {
                return Ok(Some(stamp));
            }
            let told = match self.inputs[index].told.try_recv() {
                Ok(told) => told,
                Err(mpsc::error::TryRecvError::Disconnected) => return Ok(None),
                Err(mpsc::error::TryRecvError::Empty) => {
                    // What is sorted does not wait for what has not come.
                    self.hand_on().await?;
                    let Some(told) = self.inputs[index].told.recv().await else { return Ok(None) };
                    told
                }
            };
            match told {
                Told::Lines(batch) => self.inputs[index].fill(batch),
                note => {
                    self.hand_on().await?;
                    self.send(note.into()).await?;
                }
            }
        }
    }

    async fn hand_on(&mut self) -> Result<(), Unheard> {
        if self.sorted.is_empty() {
            return Ok(());
        }
        let sorted = std::mem::replace(&mut self.sorted, Vec::with_capacity(RUN));
        self.send(sorted.into()).await
    }

    async fn send(&self, update: T) -> Result<(), Unheard> {
        self.out.send(update).await.map_err(|_| Unheard)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::follow::{drive::Batch, note::Note};

    #[derive(Debug)]
    enum Merged {
        Note,
        Lines(Vec<Sourced>),
    }

    impl From<Told> for Merged {
        fn from(_: Told) -> Merged {
            Merged::Note
        }
    }

    impl From<Vec<Sourced>> for Merged {
        fn from(lines: Vec<Sourced>) -> Merged {
            Merged::Lines(lines)
        }
    }

    #[tokio::test]
    async fn inputs_in_trouble_do_not_wait_for_each_other() {
        let (sender, mut merged) = mpsc::channel(1);
        let troubled = std::sync::Arc::new(tokio::sync::Barrier::new(60));
        let inputs = (0..60).map(|source| {
            let (input, receiver) = mpsc::channel(1);
            let troubled = troubled.clone();
            tokio::spawn(async move {
                for _ in 0..3 {
                    input.send(Told::Note(source, Note::Started(0))).await.unwrap();
                }
                // Passed when all have told of their trouble; none is asked again before that.
                troubled.wait().await;
            });
            receiver
        });
        tokio::spawn(by_time::<Merged>(inputs.collect(), sender));
        let all = async {
            let mut notes = 0;
            while let Some(Merged::Note) = merged.recv().await {
                notes += 1;
            }
            notes
        };
        let told = tokio::time::timeout(std::time::Duration::from_secs(60), all).await;
        assert_eq!(told, Ok(180), "one waits for the end of another");
    }

    async fn merge(logs: &[Vec<i64>], batch: usize) -> Vec<(usize, i64, u64)> {
        let (sender, mut merged) = mpsc::channel(1);
        let inputs = logs.iter().enumerate().map(|(source, stamps)| {
            let (input, receiver) = mpsc::channel(1);
            let lines: Vec<Line> = stamps
                .iter()
                .enumerate()
                .map(|(at, stamp)| Line { stamp: Stamp(*stamp), text: Bytes::from(at.to_string()) })
                .collect();
            tokio::spawn(async move {
                for lines in lines.chunks(batch) {
                    let batch = Batch { source, restart: 0, stream: None, lines: lines.to_vec() };
                    input.send(Told::Lines(batch)).await.unwrap();
                }
            });
            receiver
        });
        tokio::spawn(by_time::<Merged>(inputs.collect(), sender));
        let mut all = Vec::new();
        while let Some(Merged::Lines(lines)) = merged.recv().await {
            let text = |line: &Line| String::from_utf8_lossy(&line.text).parse().unwrap();
            all.extend(lines.iter().map(|it| (it.source, it.line.stamp.0, text(&it.line))));
        }
        all
    }

    proptest! {
        #[test]
        fn sorted_by_time_and_every_log_in_its_own_order(
            logs in proptest::collection::vec(proptest::collection::vec(0i64..50, 0..20), 0..6),
            batch in 1usize..5,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let merged = runtime.block_on(merge(&logs, batch));
            prop_assert_eq!(merged.len(), logs.iter().map(Vec::len).sum::<usize>());
            let mut reached = vec![(i64::MIN, 0); logs.len()];
            let mut last = (i64::MIN, 0);
            for (source, stamp, number) in merged {
                prop_assert_eq!(number, reached[source].1, "own order");
                reached[source] = (reached[source].0.max(stamp), number + 1);
                let counts_as = (reached[source].0, source);
                prop_assert!(last <= counts_as, "{:?} then {:?}", last, counts_as);
                last = counts_as;
            }
        }
    }
}
