//! Many containers' lines → one sequence.
//!
//! By arrival there is nothing to do: all drivers send into one channel. [`by_time`] orders finite logs by their stamps.

use std::{cmp::Reverse, collections::BinaryHeap};

use tokio::sync::mpsc;

use crate::follow::{
    drive::{Batch, Told},
    lines::Line,
    stamp::Stamp,
};

/// Lines of one source handed on together at most.
const RUN: usize = 512;

/// Merges the batches of `inputs` by time, and hands them on until all inputs have ended or nobody takes them.
///
/// Each input keeps its own order, whatever its stamps: a line counts as stamped no earlier than the one before it. Memory is
/// what the channels hold, however long the logs are: the next line of every input must be known before any can be handed on.
/// Notes pass where they stand in their input.
pub async fn by_time(inputs: Vec<mpsc::Receiver<Told>>, out: mpsc::Sender<Told>) {
    let mut inputs: Vec<Input> = inputs.into_iter().map(Input::new).collect();
    let mut heads = BinaryHeap::with_capacity(inputs.len());
    for (index, input) in inputs.iter_mut().enumerate() {
        if let Some(stamp) = input.head(&out).await {
            heads.push(Reverse((stamp, index)));
        }
    }
    while let Some(Reverse((_, index))) = heads.pop() {
        let next = heads.peek().map(|Reverse(next)| *next);
        let input = &mut inputs[index];
        // The input goes on while its line is not after the next input's; of equal stamps the first input's comes first.
        while let Some(stamp) = input.head(&out).await {
            if next.is_some_and(|next| (stamp, index) > next) {
                heads.push(Reverse((stamp, index)));
                break;
            }
            let Some(batch) = input.take(|stamp| next.is_none_or(|next| (stamp, index) < next)) else { break };
            if out.send(Told::Lines(batch)).await.is_err() {
                return;
            }
        }
    }
}

/// One source, with what it has sent and was not handed on.
struct Input {
    told: mpsc::Receiver<Told>,
    source: usize,
    restart: u32,
    lines: std::iter::Peekable<std::vec::IntoIter<Line>>,
    /// The latest stamp seen.
    reached: Stamp,
}

impl Input {
    fn new(told: mpsc::Receiver<Told>) -> Input {
        Input { told, source: 0, restart: 0, lines: Vec::new().into_iter().peekable(), reached: Stamp(i64::MIN) }
    }

    /// The stamp that the next line counts as; `None` at the end.
    async fn head(&mut self, out: &mpsc::Sender<Told>) -> Option<Stamp> {
        while self.lines.peek().is_none() {
            match self.told.recv().await? {
                Told::Lines(batch) => {
                    (self.source, self.restart) = (batch.source, batch.restart);
                    self.lines = batch.lines.into_iter().peekable();
                }
                note => out.send(note).await.ok()?,
            }
        }
        self.lines.peek().map(|line| line.stamp.max(self.reached))
    }

    /// The next lines as long as `first` holds for what they count as, without waiting for more.
    fn take(&mut self, first: impl Fn(Stamp) -> bool) -> Option<Batch> {
        let mut lines = Vec::new();
        while lines.len() < RUN {
            let reached = self.reached;
            let Some(line) = self.lines.next_if(|line| first(line.stamp.max(reached))) else { break };
            self.reached = reached.max(line.stamp);
            lines.push(line);
        }
        (!lines.is_empty()).then_some(Batch { source: self.source, restart: self.restart, lines })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

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
                    let batch = Batch { source, restart: 0, lines: lines.to_vec() };
                    input.send(Told::Lines(batch)).await.unwrap();
                }
            });
            receiver
        });
        tokio::spawn(by_time(inputs.collect(), sender));
        let mut all = Vec::new();
        while let Some(Told::Lines(batch)) = merged.recv().await {
            let text = |line: &Line| String::from_utf8_lossy(&line.text).parse().unwrap();
            all.extend(batch.lines.iter().map(|line| (batch.source, line.stamp.0, text(line))));
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
