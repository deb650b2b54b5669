//! [`Scrollback`]: the lines of a run in the order in which they came, within bounds: the latest in memory, older ones in a file,
//! and what is older still dropped.

use std::{collections::VecDeque, io, ops::ControlFlow, sync::Arc};

use regex::bytes::Regex;

use super::places::Places;
use crate::{k8s::Stamp, render::Meaning};

/// Bytes of a block. Lines are kept, written and read again in blocks.
const BLOCK: usize = 256 << 10;
/// Bytes of a line that are kept; of a longer one the rest is not.
const LINE: usize = 64 << 10;
/// Blocks that were read again and are at hand.
const AT_HAND: usize = 8;

/// Where blocks go that are not to stay in memory. Blocks have places of equal size.
pub trait Spill: Send {
    /// Writes a block to a place.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;

    /// Reads a block of this length from a place.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&mut self, place: u64, length: usize) -> io::Result<Vec<u8>>;
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrollbackLimits {
    /// Blocks of 256 KiB in memory.
    pub memory: usize,
    /// Blocks in the file.
    pub file: usize,
}

impl Default for ScrollbackLimits {
    /// 16 MiB, and 1 GiB.
    fn default() -> ScrollbackLimits {
        ScrollbackLimits { memory: 64, file: 4096 }
    }
}

/// A line, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number among all lines of the run.
    pub number: u64,
    /// The place of its container.
    pub place: usize,
    /// Of which instance it is.
    pub restart: u32,
    /// When it was written.
    pub stamp: Stamp,
    /// The latest stamp of all lines up to it.
    pub time: Stamp,
    /// What it says, if that is known.
    pub meaning: Option<Meaning>,
    /// Its text as it is shown: a terminal obeys nothing of it.
    pub text: Vec<u8>,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub struct LineChoice {
    /// Of which containers; `None`: of all.
    pub places: Option<Places>,
    /// Lines that match.
    pub pattern: Option<Regex>,
    /// Lines that tell of a problem.
    pub problems: bool,
}

/// In which order lines are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the newer to the older.
    Back,
    /// From the older to the newer.
    Forward,
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visited {
    /// By whoever took the lines.
    Enough,
    /// There are no more.
    All,
    /// So much was looked at as was allowed: it goes on from this number.
    GoOn(u64),
}

struct Block {
    first: u64,
    count: u64,
    length: usize,
    places: Places,
    problems: bool,
    kept: Kept,
}

enum Kept {
    Memory(Arc<Vec<u8>>),
    File(u64),
}

#[derive(Default)]
struct OpenBlock {
    bytes: Vec<u8>,
    first: u64,
    count: u64,
    places: Places,
    problems: bool,
}

/// A block's lines, and where each begins.
struct Decoded {
    first: u64,
    bytes: Arc<Vec<u8>>,
    offsets: Vec<u32>,
}

/// The lines of a run.
pub struct Scrollback {
    limits: ScrollbackLimits,
    closed: VecDeque<Block>,
    open: OpenBlock,
    time: Stamp,
    spill: Option<Box<dyn Spill>>,
    /// Places of the file that are free again, and the first that never had a block.
    free: Vec<u64>,
    fresh: u64,
    at_hand: VecDeque<Arc<Decoded>>,
    trouble: Option<String>,
}

impl LineChoice {
    /// Whether a line is wanted.
    pub fn admits(&self, entry: &EntryRef<'_>) -> bool {
        self.places.as_ref().is_none_or(|places| places.has(entry.place))
            && (!self.problems || entry.meaning.is_some_and(Meaning::is_problem))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(entry.text))
    }
}

/// A line where it lies.
#[derive(Debug, Clone, Copy)]
pub struct EntryRef<'a> {
    /// As in [`Entry`].
    pub number: u64,
    /// As in [`Entry`].
    pub place: usize,
    /// As in [`Entry`].
    pub restart: u32,
    /// As in [`Entry`].
    pub stamp: Stamp,
    /// As in [`Entry`].
    pub time: Stamp,
    /// As in [`Entry`].
    pub meaning: Option<Meaning>,
    /// As in [`Entry`].
    pub text: &'a [u8],
}

impl EntryRef<'_> {
    /// A copy that stays.
    pub fn to_entry(self) -> Entry {
        let EntryRef { number, place, restart, stamp, time, meaning, text } = self;
        Entry { number, place, restart, stamp, time, meaning, text: text.to_vec() }
    }
}

/// What a line has before its text: its length, place, restart, stamp, time and meaning.
const HEAD: usize = 4 + 4 + 4 + 8 + 8 + 1;

impl Scrollback {
    /// None yet.
    pub fn new(limits: ScrollbackLimits, spill: Option<Box<dyn Spill>>) -> Scrollback {
        Scrollback {
            limits: ScrollbackLimits { memory: limits.memory.max(1), ..limits },
            closed: VecDeque::new(),
            open: OpenBlock::default(),
            time: Stamp(i64::MIN),
            spill,
            free: Vec::new(),
            fresh: 0,
            at_hand: VecDeque::new(),
            trouble: None,
        }
    }

    /// The number of the first line that is kept.
    pub fn first(&self) -> u64 {
        self.closed.front().map_or(self.open.first, |block| block.first)
    }

    /// The number that the next line gets.
    pub fn end(&self) -> u64 {
        self.open.first + self.open.count
    }

    /// What went wrong with the file since this was asked last.
    pub fn take_trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// Keeps a line, and returns its number.
    pub fn push(&mut self, place: usize, restart: u32, stamp: Stamp, meaning: Option<Meaning>, text: &[u8]) -> u64 {
        let text = &text[..text.len().min(LINE)];
        if self.open.count > 0 && self.open.bytes.len() + HEAD + text.len() > BLOCK {
            self.close();
        }
        self.time = self.time.max(stamp);
        let number = self.end();
        let open = &mut self.open;
        open.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        open.bytes.extend_from_slice(&(place as u32).to_le_bytes());
        open.bytes.extend_from_slice(&restart.to_le_bytes());
        open.bytes.extend_from_slice(&stamp.0.to_le_bytes());
        open.bytes.extend_from_slice(&self.time.0.to_le_bytes());
        open.bytes.push(code(meaning));
        open.bytes.extend_from_slice(text);
        open.count += 1;
        open.places.add(place);
        open.problems |= meaning.is_some_and(Meaning::is_problem);
        number
    }

    fn close(&mut self) {
        let first = self.end();
        let OpenBlock { bytes, first: began, count, places, problems } =
            std::mem::replace(&mut self.open, OpenBlock { first, ..OpenBlock::default() });
        let (length, kept) = (bytes.len(), Kept::Memory(Arc::new(bytes)));
        self.closed.push_back(Block { first: began, count, length, places, problems, kept });
        let in_memory = self.closed.iter().rev().take_while(|block| matches!(block.kept, Kept::Memory(_))).count();
        if in_memory > self.limits.memory {
            self.spill_one(self.closed.len() - in_memory);
        }
    }

    /// Writes a block to the file; one that cannot be written is dropped with all before it.
    fn spill_one(&mut self, at: usize) {
        if at >= self.limits.file {
            self.drop_first();
            return self.spill_one_of(at.saturating_sub(1));
        }
        self.spill_one_of(at);
    }

    fn spill_one_of(&mut self, at: usize) {
        let Some(Block { kept: Kept::Memory(bytes), .. }) = self.closed.get(at) else { return };
        let written = match &mut self.spill {
            Some(spill) if self.limits.file > 0 => {
                let place = self.free.last().copied().unwrap_or(self.fresh);
                spill.write(place, bytes).map(|()| Some(place))
            }
            _ => Ok(None),
        };
        match written {
            Ok(Some(place)) => {
                if self.free.pop().is_none() {
                    self.fresh += 1;
                }
                self.closed[at].kept = Kept::File(place);
            }
            Ok(None) => self.drop_to(at),
            Err(error) => {
                self.trouble = Some(format!("older lines cannot be kept in a file: {error}"));
                self.spill = None;
                self.drop_to(at);
            }
        }
    }

    fn drop_to(&mut self, at: usize) {
        for _ in 0..=at {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(Block { kept: Kept::File(place), .. }) = self.closed.pop_front() {
            self.free.push(place);
        }
    }

    /// Hands on the lines that `choice` admits, from number `from` on: forward it and those after it, back those before it. It ends
    /// after about so many bytes were looked at.
    pub fn visit(
        &mut self,
        from: u64,
        direction: Direction,
        choice: &LineChoice,
        bytes: usize,
        mut take: impl FnMut(EntryRef<'_>) -> ControlFlow<()>,
    ) -> Visited {
        let mut left = bytes;
        let mut at = from.clamp(self.first(), self.end());
        loop {
            let block = match direction {
                Direction::Forward if at >= self.end() => return Visited::All,
                Direction::Back if at <= self.first() => return Visited::All,
                Direction::Forward => self.block_with(at),
                Direction::Back => self.block_with(at - 1),
            };
            let (first, count) = match block {
                Some(block) => (self.closed[block].first, self.closed[block].count),
                None => (self.open.first, self.open.count),
            };
            if self.may_have(block, choice) {
                if left == 0 {
                    return Visited::GoOn(at);
                }
                left = left
                    .saturating_sub(BLOCK.min(block.map_or(self.open.bytes.len(), |block| self.closed[block].length)));
                if let Some(decoded) = self.decoded(block) {
                    let numbers = match direction {
                        Direction::Forward => (at - first)..count,
                        Direction::Back => 0..(at - first),
                    };
                    let mut handed = |index: u64| match decoded.entry(index) {
                        Some(entry) if choice.admits(&entry) => take(entry),
                        _ => ControlFlow::Continue(()),
                    };
                    let ended = match direction {
                        Direction::Forward => numbers.into_iter().try_for_each(&mut handed),
                        Direction::Back => numbers.into_iter().rev().try_for_each(&mut handed),
                    };
                    if ended.is_break() {
                        return Visited::Enough;
                    }
                }
            }
            at = match direction {
                Direction::Forward => first + count,
                Direction::Back => first,
            };
        }
    }

    /// The closed block that holds a line; `None`: the open one.
    fn block_with(&self, number: u64) -> Option<usize> {
        if number >= self.open.first {
            return None;
        }
        self.closed.partition_point(|block| block.first <= number).checked_sub(1)
    }

    fn may_have(&self, block: Option<usize>, choice: &LineChoice) -> bool {
        let (places, problems) = match block {
            Some(block) => (&self.closed[block].places, self.closed[block].problems),
            None => (&self.open.places, self.open.problems),
        };
        (problems || !choice.problems) && choice.places.as_ref().is_none_or(|wanted| wanted.meets(places))
    }

    fn decoded(&mut self, block: Option<usize>) -> Option<Arc<Decoded>> {
        let Some(at) = block else {
            return Some(Arc::new(Decoded::new(self.open.first, Arc::new(self.open.bytes.clone()))));
        };
        let Block { first, length, ref kept, .. } = self.closed[at];
        if let Some(known) = self.at_hand.iter().find(|decoded| decoded.first == first) {
            return Some(known.clone());
        }
        let bytes = match (kept, &mut self.spill) {
            (Kept::Memory(bytes), _) => bytes.clone(),
            (Kept::File(place), Some(spill)) => match spill.read(*place, length) {
                Ok(bytes) => Arc::new(bytes),
                Err(error) => {
                    self.trouble = Some(format!("older lines cannot be read from their file: {error}"));
                    return None;
                }
            },
            (Kept::File(_), None) => return None,
        };
        let decoded = Arc::new(Decoded::new(first, bytes));
        if self.at_hand.len() == AT_HAND {
            self.at_hand.pop_front();
        }
        self.at_hand.push_back(decoded.clone());
        Some(decoded)
    }
}

impl Decoded {
    fn new(first: u64, bytes: Arc<Vec<u8>>) -> Decoded {
        let (mut offsets, mut at) = (Vec::new(), 0);
        while let Some(length) = bytes.get(at..at + 4).and_then(|it| it.try_into().ok()).map(u32::from_le_bytes) {
            offsets.push(at as u32);
            at += HEAD + length as usize;
        }
        Decoded { first, bytes, offsets }
    }

    fn entry(&self, index: u64) -> Option<EntryRef<'_>> {
        let at = *self.offsets.get(index as usize)? as usize;
        let head = self.bytes.get(at..at + HEAD)?;
        let four = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        let eight = |at: usize| head[at..at + 8].try_into().map(i64::from_le_bytes).ok();
        let text = self.bytes.get(at + HEAD..at + HEAD + four(0)? as usize)?;
        Some(EntryRef {
            number: self.first + index,
            place: four(4)? as usize,
            restart: four(8)?,
            stamp: Stamp(eight(12)?),
            time: Stamp(eight(20)?),
            meaning: Meaning::ALL.get(usize::from(head[28]).wrapping_sub(1)).copied(),
            text,
        })
    }
}

/// The number that is kept of a meaning: one more than its place among all.
fn code(meaning: Option<Meaning>) -> u8 {
    meaning.and_then(|meaning| Meaning::ALL.iter().position(|it| *it == meaning)).map_or(0, |at| at as u8 + 1)
}

#[cfg(test)]
pub mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// A file in memory.
    #[derive(Default)]
    pub struct InMemory(HashMap<u64, Vec<u8>>);

    impl Spill for InMemory {
        fn write(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
            self.0.insert(place, bytes.to_vec());
            Ok(())
        }

        fn read(&mut self, place: u64, length: usize) -> io::Result<Vec<u8>> {
            let bytes = self.0.get(&place).filter(|bytes| bytes.len() == length);
            bytes.cloned().ok_or_else(|| io::Error::other("nothing is there"))
        }
    }

    struct Full;

    impl Spill for Full {
        fn write(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
            Err(io::Error::other("no space left"))
        }

        fn read(&mut self, _: u64, _: usize) -> io::Result<Vec<u8>> {
            Err(io::Error::other("no space left"))
        }
    }

    fn numbers(log: &mut Scrollback, from: u64, direction: Direction, choice: &LineChoice) -> Vec<u64> {
        let (mut got, mut from) = (Vec::new(), from);
        loop {
            let visited = log.visit(from, direction, choice, 1, |entry| {
                got.push(entry.number);
                ControlFlow::Continue(())
            });
            match visited {
                Visited::GoOn(next) => from = next,
                _ => return got,
            }
        }
    }

    /// Lines of a thousand bytes: about 250 a block.
    fn filled(lines: u64, limits: ScrollbackLimits, spill: Option<Box<dyn Spill>>) -> Scrollback {
        let mut log = Scrollback::new(limits, spill);
        for number in 0..lines {
            let meaning = (number % 100 == 7).then_some(Meaning::Failure);
            let text = format!("{number:01000}");
            let got = log.push((number % 3) as usize, 1, Stamp(number as i64), meaning, text.as_bytes());
            assert_eq!(got, number);
        }
        log
    }

    #[test]
    fn lines_come_back_from_memory_and_file_in_both_directions() {
        let mut log = filled(5000, ScrollbackLimits { memory: 2, file: 100 }, Some(Box::new(InMemory::default())));
        assert_eq!((log.first(), log.end()), (0, 5000));
        let all: Vec<u64> = (0..5000).collect();
        assert_eq!(numbers(&mut log, 0, Direction::Forward, &LineChoice::default()), all);
        assert!(numbers(&mut log, 5000, Direction::Back, &LineChoice::default()).into_iter().eq(all.into_iter().rev()));
        assert_eq!(numbers(&mut log, 4990, Direction::Forward, &LineChoice::default()).len(), 10);
        let mut one = Places::default();
        one.add(2);
        let choice = LineChoice { places: Some(one), problems: true, ..LineChoice::default() };
        let got = numbers(&mut log, 0, Direction::Forward, &choice);
        assert!(got.iter().all(|number| number % 3 == 2 && number % 100 == 7) && got.len() == 17, "{got:?}");
        let choice = LineChoice { pattern: Regex::new("0123$").ok(), ..LineChoice::default() };
        assert_eq!(numbers(&mut log, 0, Direction::Forward, &choice), [123]);
        let mut first = None;
        log.visit(130, Direction::Back, &LineChoice::default(), 1 << 20, |entry| {
            first = Some(entry.to_entry());
            ControlFlow::Break(())
        });
        let first = first.unwrap();
        assert_eq!((first.number, first.place, first.restart, first.stamp), (129, 0, 1, Stamp(129)));
        assert_eq!((first.meaning, first.text.len()), (None, 1000));
        assert_eq!(log.take_trouble(), None);
    }

    #[test]
    fn what_is_too_old_is_dropped_and_its_place_in_the_file_used_again() {
        let mut log = filled(10_000, ScrollbackLimits { memory: 2, file: 3 }, Some(Box::new(InMemory::default())));
        assert!(log.fresh <= 4, "{} places", log.fresh);
        assert!(log.first() > 8000 && log.end() == 10_000, "{}", log.first());
        let got = numbers(&mut log, 0, Direction::Forward, &LineChoice::default());
        assert_eq!(got, (log.first()..10_000).collect::<Vec<_>>());
        assert_eq!(log.take_trouble(), None);
    }

    #[test]
    fn without_a_file_or_with_a_full_one_the_latest_lines_stay() {
        for spill in [None, Some(Box::new(Full) as Box<dyn Spill>)] {
            let is_told = spill.is_some();
            let mut log = filled(5000, ScrollbackLimits { memory: 2, file: 100 }, spill);
            assert!(log.first() > 4000, "{}", log.first());
            let got = numbers(&mut log, 0, Direction::Forward, &LineChoice::default());
            assert_eq!(got, (log.first()..5000).collect::<Vec<_>>());
            assert_eq!(log.take_trouble().is_some(), is_told);
        }
    }

    proptest! {
        #[test]
        fn every_meaning_stamp_and_text_is_kept(
            lines in proptest::collection::vec((0usize..70, any::<u32>(), any::<i64>(), 0usize..8, proptest::collection::vec(any::<u8>(), 0..50)), 1..50),
        ) {
            let mut log = Scrollback::new(ScrollbackLimits::default(), None);
            for (place, restart, stamp, meaning, text) in &lines {
                log.push(*place, *restart, Stamp(*stamp), Meaning::ALL.get(*meaning).copied(), text);
            }
            let mut got = Vec::new();
            log.visit(0, Direction::Forward, &LineChoice::default(), usize::MAX, |entry| {
                got.push(entry.to_entry());
                ControlFlow::Continue(())
            });
            prop_assert_eq!(got.len(), lines.len());
            for (entry, (place, restart, stamp, meaning, text)) in got.iter().zip(&lines) {
                prop_assert_eq!((entry.place, entry.restart, entry.stamp), (*place, *restart, Stamp(*stamp)));
                prop_assert_eq!(entry.meaning, Meaning::ALL.get(*meaning).copied());
                prop_assert_eq!(&entry.text, text);
            }
            prop_assert!(got.windows(2).all(|pair| pair[0].time <= pair[1].time));
        }
    }
}
