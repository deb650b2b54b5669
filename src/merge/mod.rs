//! Many containers' lines → one sequence.
//!
//! By arrival there is nothing to do: all drivers send into one channel. [`by_time`] orders finite logs by their stamps, and
//! [`LiveMerge`] those that go on, as far as a small hold can bring it about.

mod held;
mod input;
mod live;
mod merged;

use std::{cmp::Reverse, collections::BinaryHeap};

use futures::future::try_join_all;
use tokio::sync::mpsc;

use self::input::Input;
use crate::{
    follow::{
        drive::DriverEvent,
        listener::{Listener, Unheard},
    },
    k8s::Stamp,
};

pub use input::{InputSender, input};
pub use live::{LiveInput, LiveMerge};
pub use merged::{Merged, MergedLine, Origin};

/// Lines handed on together at most.
const RUN: usize = 512;

/// Merges the lines of `inputs` by time, and hands them on until all inputs have ended or nobody takes them.
///
/// Each input keeps its own order, whatever its stamps: a line counts as stamped no earlier than the one before it. Of equal
/// stamps the first input's comes first. Memory is what the channels hold, however long the logs are: the next line of every
/// input must be known before any can be handed on. Notes pass where they stand in their input.
pub async fn by_time(inputs: Vec<mpsc::Receiver<DriverEvent>>, out: impl Listener<DriverEvent> + Listener<Merged>) {
    by_time_after(inputs.into_iter().map(|input| (input, None)).collect(), out).await;
}

/// [`by_time`] for inputs that are the rest of logs whose beginning is in an input before: each with the latest stamp of that
/// beginning, as no earlier than which its lines count.
pub async fn by_time_after(
    inputs: Vec<(mpsc::Receiver<DriverEvent>, Option<Stamp>)>,
    out: impl Listener<DriverEvent> + Listener<Merged>,
) {
    // When nobody takes the lines any more there is nothing left to do, and nobody to tell.
    let inputs = inputs.into_iter().map(|(events, after)| Input::new(events, after)).collect();
    let _ = Merge { inputs, sorted: Merged::default(), gathering: 0, out }.run().await;
}

struct Merge<L> {
    inputs: Vec<Input>,
    /// Lines in order that are not handed on yet.
    sorted: Merged,
    /// Counts how often lines were handed on.
    gathering: u64,
    out: L,
}

impl<L: Listener<DriverEvent> + Listener<Merged>> Merge<L> {
    async fn run(mut self) -> Result<(), Unheard> {
        // All at once: an input that has trouble tells of it before its first line or its end, and goes on when it was heard.
        // One after another, the time that sixty dead logs take would add up.
        let first = try_join_all(self.inputs.iter_mut().map(|input| input.first(&self.out))).await?;
        let mut heads: BinaryHeap<_> =
            first.into_iter().enumerate().filter_map(|(index, stamp)| Some(Reverse((stamp?, index)))).collect();
        while let Some(&Reverse((_, index))) = heads.peek() {
            self.take(index);
            if let (Some(stamp), Some(mut head)) = (self.inputs[index].head(), heads.peek_mut()) {
                // Changed in its place, it finds its new one when it is let go.
                *head = Reverse((stamp, index));
            } else {
                heads.pop();
                if let Some(stamp) = self.head(index).await? {
                    heads.push(Reverse((stamp, index)));
                }
            }
            if self.sorted.lines.len() >= RUN {
                self.hand_on().await?;
            }
        }
        self.hand_on().await
    }

    /// Takes the input's next line.
    fn take(&mut self, index: usize) {
        let (input, Merged { of, lines }) = (&mut self.inputs[index], &mut self.sorted);
        if let Some(line) = input.take()
            && let Some(of) = input.seat(self.gathering, of)
        {
            lines.push(MergedLine { of, line });
        }
    }

    /// The stamp that the input's next line counts as, waiting for it; `None` at the input's end.
    async fn head(&mut self, index: usize) -> Result<Option<Stamp>, Unheard> {
        loop {
            if let Some(stamp) = self.inputs[index].head() {
                return Ok(Some(stamp));
            }
            let event = match self.inputs[index].events.try_recv() {
                Ok(event) => event,
                Err(mpsc::error::TryRecvError::Disconnected) => return Ok(None),
                Err(mpsc::error::TryRecvError::Empty) => {
                    // What is sorted does not wait for what has not come.
                    self.hand_on().await?;
                    let Some(event) = self.inputs[index].events.recv().await else { return Ok(None) };
                    event
                }
            };
            match event {
                DriverEvent::Lines(batch) => self.inputs[index].fill(batch),
                note => {
                    self.hand_on().await?;
                    self.out.hear(note).await?;
                }
            }
        }
    }

    async fn hand_on(&mut self) -> Result<(), Unheard> {
        if self.sorted.lines.is_empty() {
            return Ok(());
        }
        self.gathering += 1;
        let next = Merged { of: Vec::new(), lines: Vec::with_capacity(RUN) };
        self.out.hear(std::mem::replace(&mut self.sorted, next)).await
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use std::sync::Arc;

    use crate::{
        follow::{drive::Batch, note::Note},
        k8s::{ContainerId, InstanceId, Line},
    };

    #[derive(Debug)]
    enum InputEvent {
        Note,
        Lines(Merged),
    }

    impl From<DriverEvent> for InputEvent {
        fn from(_: DriverEvent) -> InputEvent {
            InputEvent::Note
        }
    }

    impl From<Merged> for InputEvent {
        fn from(lines: Merged) -> InputEvent {
            InputEvent::Lines(lines)
        }
    }

    fn container(source: usize) -> Arc<ContainerId> {
        Arc::new(ContainerId { uid: source.to_string(), container: "blast".to_owned() })
    }

    #[tokio::test]
    async fn inputs_in_trouble_do_not_wait_for_each_other() {
        let (sender, mut merged) = mpsc::channel::<InputEvent>(1);
        let troubled = std::sync::Arc::new(tokio::sync::Barrier::new(60));
        let inputs = (0..60).map(|source| {
            let (input, receiver) = mpsc::channel(1);
            let troubled = troubled.clone();
            tokio::spawn(async move {
                for _ in 0..3 {
                    input.send(DriverEvent::Note(container(source), Note::Started(0))).await.unwrap();
                }
                // Passed when all have told of their trouble; none is asked again before that.
                troubled.wait().await;
            });
            receiver
        });
        tokio::spawn(by_time(inputs.collect(), sender));
        let all = async {
            let mut notes = 0;
            while let Some(InputEvent::Note) = merged.recv().await {
                notes += 1;
            }
            notes
        };
        let merged = tokio::time::timeout(std::time::Duration::from_secs(60), all).await;
        assert_eq!(merged, Ok(180), "one waits for the end of another");
    }

    async fn merge(logs: &[Vec<i64>], batch: usize) -> Vec<(usize, i64, u64)> {
        let (sender, mut merged) = mpsc::channel::<InputEvent>(1);
        let inputs = logs.iter().enumerate().map(|(source, stamps)| {
            let (input, receiver) = mpsc::channel(1);
            let lines: Vec<Line> = stamps
                .iter()
                .enumerate()
                .map(|(at, stamp)| Line { stamp: Stamp(*stamp), text: Bytes::from(at.to_string()) })
                .collect();
            tokio::spawn(async move {
                // Each batch is another instance's, so that whose a line is changes within what is handed on together.
                for (restart, lines) in (0..).zip(lines.chunks(batch)) {
                    let instance = InstanceId { container: container(source), restart };
                    let batch = Batch { instance, stream: None, lines: lines.to_vec() };
                    input.send(DriverEvent::Lines(batch)).await.unwrap();
                }
            });
            receiver
        });
        tokio::spawn(by_time(inputs.collect(), sender));
        let mut all = Vec::new();
        while let Some(InputEvent::Lines(lines)) = merged.recv().await {
            for (Origin { instance, .. }, line) in lines.iter() {
                let number: u64 = String::from_utf8_lossy(&line.text).parse().unwrap();
                assert_eq!(u64::from(instance.restart), number / batch as u64, "its own instance");
                all.push((instance.container.uid.parse().unwrap(), line.stamp.0, number));
            }
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
