//! [`Held`]: lines that wait a moment for earlier ones of other containers. Pure: it is told what time it is.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, VecDeque},
    time::Duration,
    vec::IntoIter,
};

use super::{Merged, MergedLine, Origin, RUN};
use crate::{
    follow::drive::{Batch, DriverEvent},
    k8s::{Line, Stamp},
};

/// What an input may have waiting before its lines go on whatever others may have, in bytes: an input that writes faster than this
/// within the hold is not held back.
pub(super) const MOST: usize = 256 << 10;

/// What goes on, in order.
#[derive(Debug)]
pub(super) enum Released {
    Lines(Merged),
    Said(DriverEvent),
}

/// Lines in the order of time, as far as a hold can bring it about.
///
/// A line goes on when no other input can have an earlier one any more: each has a later one, has ended, or was silent for the
/// hold while the line is older than the latest seen by as much. In any case it goes on when it has waited for the hold, so a
/// silent input holds nothing longer.
///
/// `P` is what an input gave for its place in the queue, and gets back by its drop.
pub(super) struct Held<P> {
    hold: Duration,
    inputs: Vec<Input<P>>,
    /// The first lines of the inputs that have some.
    heads: BinaryHeap<Reverse<(Stamp, usize)>>,
    /// The open inputs that have none, and since when.
    silent: BTreeSet<(Duration, usize)>,
    /// The latest stamp seen.
    latest: Stamp,
}

struct Input<P> {
    queue: VecDeque<Waiting<P>>,
    /// The latest stamp that was handed on.
    reached: Stamp,
    bytes: usize,
    open: bool,
    /// Since when an open one has nothing.
    silent: Option<Duration>,
}

/// What waits in an input.
enum Waiting<P> {
    Lines { origin: Origin, lines: IntoIter<Line>, bytes: usize, since: Duration, place: P },
    Said(DriverEvent),
}

impl<P> Held<P> {
    pub(super) fn new(hold: Duration) -> Held<P> {
        Held { hold, inputs: Vec::new(), heads: BinaryHeap::new(), silent: BTreeSet::new(), latest: Stamp(i64::MIN) }
    }

    /// Makes room for an input and returns its number.
    pub(super) fn open(&mut self, now: Duration) -> usize {
        let index = self.inputs.len();
        let silent = Some(now);
        self.inputs.push(Input { queue: VecDeque::new(), reached: Stamp(i64::MIN), bytes: 0, open: true, silent });
        self.silent.insert((now, index));
        index
    }

    /// Nothing more comes of an input.
    pub(super) fn close(&mut self, index: usize) {
        if let Some(input) = self.inputs.get_mut(index) {
            input.open = false;
        }
        self.speaks(index);
    }

    /// An input is not silent any more.
    fn speaks(&mut self, index: usize) {
        if let Some(since) = self.inputs.get_mut(index).and_then(|input| input.silent.take()) {
            self.silent.remove(&(since, index));
        }
    }

    /// Takes what an input says, and notes that can go on at once.
    pub(super) fn take(&mut self, index: usize, said: DriverEvent, place: P, now: Duration, out: &mut Vec<Released>) {
        let Some(input) = self.inputs.get_mut(index) else { return };
        match said {
            DriverEvent::Lines(Batch { instance, stream, lines }) => {
                let bytes = size(&lines);
                self.latest = lines.iter().map(|line| line.stamp).fold(self.latest, Stamp::max);
                input.bytes += bytes;
                let was_empty = input.queue.is_empty();
                let origin = Origin { instance, stream };
                input.queue.push_back(Waiting::Lines { origin, lines: lines.into_iter(), bytes, since: now, place });
                if was_empty {
                    self.speaks(index);
                    self.advance(index, now, out);
                }
            }
            said if input.queue.is_empty() => out.push(Released::Said(said)),
            said => input.queue.push_back(Waiting::Said(said)),
        }
    }

    /// Hands on what needs to wait no longer, and returns when to look again.
    pub(super) fn release(&mut self, now: Duration, out: &mut Vec<Released>) -> Option<Duration> {
        let mut sorted = Sorted::default();
        let again = loop {
            let Some(Reverse((stamp, index))) = self.heads.peek().copied() else { break None };
            let again = self.waits_until(stamp, index, now);
            if again.is_some() {
                break again;
            }
            self.heads.pop();
            self.pass(index, &mut sorted, now, out);
        };
        sorted.hand_on(out);
        again
    }

    /// Hands on everything, in order.
    pub(super) fn finish(mut self, out: &mut Vec<Released>) {
        self.silent.clear();
        for input in &mut self.inputs {
            input.open = false;
        }
        self.release(Duration::MAX, out);
    }

    /// When the first line of all is to be looked at again; `None` when it goes on.
    fn waits_until(&self, stamp: Stamp, index: usize, now: Duration) -> Option<Duration> {
        let since = self.inputs[index].since()?;
        let due = since.saturating_add(self.hold);
        let quiet = self.silent.last()?.0.saturating_add(self.hold);
        if due <= now {
            return None;
        }
        if quiet > now {
            return Some(due.min(quiet));
        }
        let hold = i64::try_from(self.hold.as_nanos()).unwrap_or(i64::MAX);
        let is_old = stamp.0.saturating_add(hold) <= self.latest.0;
        (!is_old && self.inputs[index].bytes < MOST / 2).then_some(due)
    }

    /// Passes on the first line of an input, and what was said behind it.
    fn pass(&mut self, index: usize, sorted: &mut Sorted, now: Duration, out: &mut Vec<Released>) {
        let input = &mut self.inputs[index];
        if let Some(Waiting::Lines { origin, lines, .. }) = input.queue.front_mut()
            && let Some(line) = lines.next()
        {
            input.reached = input.reached.max(line.stamp);
            sorted.add(index, origin, line, out);
        }
        let is_used_up =
            matches!(input.queue.front(), Some(Waiting::Lines { lines, .. }) if lines.as_slice().is_empty());
        if is_used_up && input.queue.len() > 1 && matches!(input.queue[1], Waiting::Said(_)) {
            // What is said stands behind the lines before it.
            sorted.hand_on(out);
        }
        self.advance(index, now, out);
    }

    /// Hands on what is said before the next line of an input, and puts that where it belongs.
    fn advance(&mut self, index: usize, now: Duration, out: &mut Vec<Released>) {
        let input = &mut self.inputs[index];
        while let Some(first) = input.queue.front() {
            match first {
                Waiting::Lines { lines, bytes, .. } => match lines.as_slice().first() {
                    Some(line) => {
                        let stamp = line.stamp.max(input.reached);
                        return self.heads.push(Reverse((stamp, index)));
                    }
                    None => input.bytes -= bytes,
                },
                Waiting::Said(_) => {}
            }
            match input.queue.pop_front() {
                Some(Waiting::Said(said)) => out.push(Released::Said(said)),
                Some(Waiting::Lines { place, .. }) => drop(place),
                None => {}
            }
        }
        if input.open {
            input.silent = Some(now);
            self.silent.insert((now, index));
        }
    }
}

impl<P> Input<P> {
    /// Since when the first line waits.
    fn since(&self) -> Option<Duration> {
        match self.queue.front()? {
            Waiting::Lines { since, .. } => Some(*since),
            Waiting::Said(_) => None,
        }
    }
}

/// What lines take, in bytes.
pub(super) fn size(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.text.len() + size_of::<Line>()).sum()
}

/// Lines in order, not handed on yet.
#[derive(Default)]
struct Sorted {
    merged: Merged,
    /// The input and the place among the origins of the line before.
    last: Option<(usize, usize)>,
}

impl Sorted {
    fn add(&mut self, index: usize, origin: &Origin, line: Line, out: &mut Vec<Released>) {
        let known = |(input, of): &(usize, usize)| *input == index && self.merged.of[*of] == *origin;
        let of = match self.last.filter(known) {
            Some((_, of)) => of,
            None => {
                self.merged.of.push(origin.clone());
                self.merged.of.len() - 1
            }
        };
        self.last = Some((index, of));
        self.merged.lines.push(MergedLine { of, line });
        if self.merged.lines.len() >= RUN {
            self.hand_on(out);
        }
    }

    fn hand_on(&mut self, out: &mut Vec<Released>) {
        if !self.merged.lines.is_empty() {
            out.push(Released::Lines(std::mem::take(&mut self.merged)));
            self.last = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        follow::note::Note,
        k8s::{ContainerId, InstanceId},
    };

    const HOLD: Duration = Duration::from_secs(2);

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn container(source: usize) -> Arc<ContainerId> {
        Arc::new(ContainerId { uid: source.to_string(), container: "blast".to_owned() })
    }

    /// Lines stamped in milliseconds, each of which says its stamp.
    fn lines(source: usize, stamps: &[i64]) -> DriverEvent {
        let line = |stamp: &i64| Line { stamp: Stamp(stamp * 1_000_000), text: Bytes::from(stamp.to_string()) };
        let instance = InstanceId { container: container(source), restart: 0 };
        DriverEvent::Lines(Batch { instance, stream: None, lines: stamps.iter().map(line).collect() })
    }

    /// What was released: lines as `source:stamp`, and notes.
    fn texts(out: &mut Vec<Released>) -> Vec<String> {
        let mut texts = Vec::new();
        for released in out.drain(..) {
            match released {
                Released::Lines(merged) => texts.extend(merged.iter().map(|(of, line)| {
                    format!("{}:{}", of.instance.container.uid, String::from_utf8_lossy(&line.text))
                })),
                Released::Said(_) => texts.push("said".to_owned()),
            }
        }
        texts
    }

    #[test]
    fn lines_that_come_within_the_hold_are_in_order_and_a_silent_input_holds_nothing_longer() {
        let (mut held, mut out) = (Held::new(HOLD), Vec::new());
        let [one, two, _silent] = [0; 3].map(|_| held.open(at(0)));
        held.take(one, lines(1, &[1000, 3000]), (), at(100), &mut out);
        assert_eq!(held.release(at(100), &mut out), Some(at(2000)), "another may have an earlier one");
        held.take(two, lines(2, &[2000]), (), at(200), &mut out);
        held.release(at(1999), &mut out);
        assert_eq!(texts(&mut out), [""; 0]);
        // All that have nothing are silent for the hold now: what is older than the latest by as much goes on.
        assert_eq!(held.release(at(2000), &mut out), Some(at(2200)));
        assert_eq!(texts(&mut out), ["1:1000"]);
        assert_eq!(held.release(at(2200), &mut out), None);
        assert_eq!(
            texts(&mut out),
            ["2:2000", "1:3000"],
            "the second has waited as long as it had to with the first of its batch"
        );
    }

    #[test]
    fn what_ran_before_needs_no_waiting() {
        let (mut held, mut out) = (Held::new(HOLD), Vec::new());
        let [one, two, silent] = [0; 3].map(|_| held.open(at(0)));
        held.take(one, lines(1, &[1000, 5000]), (), at(10), &mut out);
        held.take(two, lines(2, &[900, 6000]), (), at(10), &mut out);
        assert!(held.release(at(10), &mut out).is_some(), "one has said nothing yet");
        held.close(silent);
        held.release(at(10), &mut out);
        assert_eq!(texts(&mut out), ["2:900", "1:1000", "1:5000"], "each has a later one or has ended");
        held.take(one, lines(1, &[5500]), (), at(20), &mut out);
        held.close(one);
        held.close(two);
        assert_eq!(held.release(at(20), &mut out), None);
        assert_eq!(texts(&mut out), ["1:5500", "2:6000"]);
    }

    #[test]
    fn an_input_that_has_much_is_not_held_back_by_silent_ones() {
        let (mut held, mut out) = (Held::new(HOLD), Vec::new());
        let [one, _silent] = [0; 2].map(|_| held.open(at(0)));
        let many: Vec<i64> = (0..MOST as i64 / 32).collect();
        held.take(one, lines(1, &many), (), at(5000), &mut out);
        held.release(at(5000), &mut out);
        assert_eq!(texts(&mut out).len(), many.len());
    }

    #[test]
    fn what_is_said_stands_behind_the_lines_before_it() {
        let (mut held, mut out) = (Held::new(HOLD), Vec::new());
        let [one, _silent] = [0; 2].map(|_| held.open(at(0)));
        let said = || DriverEvent::Note(container(1), Note::Started(0));
        held.take(one, said(), (), at(0), &mut out);
        assert_eq!(texts(&mut out), ["said"], "nothing is before it");
        held.take(one, lines(1, &[1, 2]), (), at(0), &mut out);
        held.take(one, said(), (), at(0), &mut out);
        held.take(one, lines(1, &[3]), (), at(1000), &mut out);
        held.release(at(1500), &mut out);
        assert_eq!(texts(&mut out), [""; 0]);
        held.release(at(2000), &mut out);
        assert_eq!(texts(&mut out), ["1:1", "1:2", "said"]);
        held.finish(&mut out);
        assert_eq!(texts(&mut out), ["1:3"]);
    }

    proptest! {
        /// Inputs that each say something at least every second, and whose lines come at most a second after their stamp, come
        /// out in order; nobody's line is lost or waits longer than the hold.
        #[test]
        fn healthy_inputs_come_out_in_order(
            pauses in proptest::collection::vec(proptest::collection::vec((1i64..1000, 0i64..1000), 1..12), 1..5),
        ) {
            let (mut held, mut out) = (Held::new(HOLD), Vec::new());
            let mut comes: Vec<(i64, usize, i64)> = Vec::new();
            for (source, pauses) in pauses.iter().enumerate() {
                let (mut stamp, mut arrived) = (0, 0);
                for (pause, late) in pauses {
                    stamp += pause;
                    arrived = (stamp + late).max(arrived);
                    comes.push((arrived, source, stamp));
                }
                held.open(at(0));
            }
            comes.sort_unstable();
            let mut shown = Vec::new();
            let mut wakes: Option<Duration> = None;
            for (arrived, source, stamp) in &comes {
                let now = at(*arrived as u64);
                while let Some(wake) = wakes.filter(|wake| *wake <= now) {
                    wakes = held.release(wake, &mut out);
                    shown.extend(texts(&mut out));
                }
                held.take(*source, lines(*source, &[*stamp]), (), now, &mut out);
                wakes = held.release(now, &mut out);
                shown.extend(texts(&mut out));
            }
            let last = comes.last().map_or(0, |come| come.0);
            while let Some(wake) = wakes {
                prop_assert!(wake <= at(last as u64) + HOLD, "held longer");
                wakes = held.release(wake, &mut out);
                shown.extend(texts(&mut out));
            }
            prop_assert_eq!(shown.len(), comes.len());
            let stamps: Vec<i64> = shown.iter().map(|text| text.split_once(':').unwrap().1.parse().unwrap()).collect();
            prop_assert!(stamps.is_sorted(), "{:?}", shown);
        }
    }
}
