//! [`Cursor`]: what was read of a log, and [`Overlap`]: telling old lines from new ones when it is read again.
//!
//! The log API has no byte offsets. `sinceTime` is cut to whole seconds, several lines may share a stamp, and stamps need
//! not rise. What does hold: an answer is the log in file order, less the lines stamped before `sinceTime` and less what was
//! rotated away in front. So a second reading starts with exactly the remembered lines that pass the same filter, in the
//! same order and number, and everything after the last of them is new. When the remembered lines do not come, lines in
//! between were rotated away unread: a proven gap.

use std::{borrow::Cow, collections::VecDeque, time::Duration};

use crate::k8s::{Line, Stamp};

/// Lines remembered of a log at most. They are needed for about two seconds of a log; a container that prints more than
/// this in that time is aligned by its latest ones.
const REMEMBERED: usize = 65_536;

/// Lines remembered of a log however old they are: enough to recognise the start of a container that was read under the
/// wrong instance while it restarted.
const ALWAYS: usize = 256;

/// How far behind the last line's stamp a later line's may be without a clock having been set back: stdout and stderr
/// are stamped by separate threads of the runtime.
const SKEW: Duration = Duration::from_secs(1);

/// One line as remembered: stamp and a 64-bit hash of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RememberedLine {
    stamp: Stamp,
    hash: u64,
}

impl RememberedLine {
    fn of(line: &Line, kept_as: Option<KeptAs>) -> RememberedLine {
        let text = kept_as.map_or(Cow::Borrowed(&line.text[..]), |kept_as| kept_as(&line.text));
        RememberedLine { stamp: line.stamp, hash: xxhash_rust::xxh3::xxh3_64(&text) }
    }
}

/// What was kept of a line's text, where that is not the text itself.
pub type KeptAs = fn(&[u8]) -> Cow<'_, [u8]>;

/// What was read of one container instance's log.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    /// The latest lines, in file order.
    seen: VecDeque<RememberedLine>,
    /// Every line read that is stamped at or after this is in `seen`. `None`: every line read.
    remembered_from: Option<Stamp>,
    /// Lines read.
    count: u64,
    /// Chunks that the last line may be stored in.
    chunks: u64,
    /// What the lines in `seen` were made into before they were kept.
    kept_as: Option<KeptAs>,
    /// The last line that came, if it is not wanted, and how many had been read then.
    passed_over: Option<(u64, RememberedLine)>,
}

/// Chunks that the runtime may have stored a text of `len` bytes in: containerd cuts at 16 KiB, CRI-O at 8 KiB, and a line of
/// the other stream may stand between. `tailLines` counts chunks, not lines.
pub fn chunks(len: usize) -> u64 {
    const SMALLEST: usize = 8 << 10;
    if len < SMALLEST { 1 } else { (len / SMALLEST + 2) as u64 }
}

impl Cursor {
    /// What an earlier run has read and kept: `count` lines, of which `tail` are the latest, and `before` is the latest stamp
    /// of those before them. `tail` must hold the lines of the last 2 s, or 32 lines if these are more, as far as there are
    /// so many. `kept_as` is what was made of lines before they were kept.
    pub fn resumed(count: u64, tail: &[Line], before: Option<Stamp>, kept_as: Option<KeptAs>) -> Cursor {
        let mut cursor = Cursor::default();
        tail.iter().for_each(|line| cursor.read(line));
        cursor.kept_as = kept_as;
        let after = before.map(|before| Stamp(before.0.saturating_add(1)));
        cursor.remembered_from = cursor.remembered_from.max(after);
        cursor.count = count;
        cursor
    }

    /// Lines read so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The stamp of the last line read.
    pub fn last(&self) -> Option<Stamp> {
        self.seen.back().map(|seen| seen.stamp)
    }

    /// Remembers a line that was handed on.
    pub fn read(&mut self, line: &Line) {
        self.count += 1;
        self.chunks = chunks(line.text.len());
        let bound = line.stamp.floor_second().back(2 * SKEW.as_nanos() as i64);
        // First, so that the ring does not grow for one line.
        while self.seen.len() >= REMEMBERED || (self.seen.len() >= ALWAYS && self.seen[0].stamp < bound) {
            self.forget_first();
        }
        self.seen.push_back(RememberedLine::of(line, self.kept_as));
    }

    /// Remembers a line that came after all that was read, and is not wanted: the log may end with it.
    pub fn pass_over(&mut self, line: &Line) {
        self.passed_over = Some((self.count, RememberedLine::of(line, self.kept_as)));
    }

    /// Whether this line is not wanted, and was the last one that came.
    pub fn ends_unwanted(&self, line: &Line) -> bool {
        self.passed_over == Some((self.count, RememberedLine::of(line, self.kept_as)))
    }

    /// Whether anything of the log came, wanted or not.
    pub fn knows_any(&self) -> bool {
        self.count > 0 || self.passed_over.is_some()
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.seen.pop_front() {
            let after = Stamp(first.stamp.0.saturating_add(1));
            self.remembered_from = Some(self.remembered_from.map_or(after, |from| from.max(after)));
        }
    }

    /// Forgets the first `count` lines that were read: what lies between them and the later ones is known to whoever does this. Without
    /// later ones all are kept.
    pub fn forget(&mut self, count: u64) {
        let kept = self.count.saturating_sub(count);
        while kept > 0 && self.seen.len() as u64 > kept {
            self.forget_first();
        }
    }

    /// Tells that lines before the first one read exist and were not asked for (`--tail`): they may come when the log is
    /// read again and are old.
    pub fn starts_inside(&mut self) {
        if let Some(first) = self.seen.front() {
            let settled = Stamp(first.stamp.0.saturating_add(SKEW.as_nanos() as i64));
            self.remembered_from = Some(self.remembered_from.map_or(settled, |from| from.max(settled)));
        }
    }

    /// The `sinceTime` from which an interrupted reading goes on, `down` after its end. `None`: from the start.
    ///
    /// It reaches back over the time without a stream, so that a clock that was set back meanwhile, by no more than that,
    /// hides nothing. A larger step leaves the log's last line behind what is read, which [`Cursor::ends_with`] shows.
    pub fn since(&self, down: Duration) -> Option<Stamp> {
        let reach = (SKEW + down).as_nanos().min(i64::MAX as u128) as i64;
        Some(self.last()?.back(reach).floor_second())
    }

    /// How many chunks from the log's end [`Cursor::ends_with`] needs: the last line as often as it is repeated, and one more.
    pub fn tail(&self) -> u64 {
        self.run() as u64 * self.chunks + 1
    }

    /// How often the last line stands at the end of what was read, stamp and text alike.
    fn run(&self) -> usize {
        let Some(last) = self.seen.back() else { return 0 };
        self.seen.iter().rev().take_while(|seen| *seen == last).count()
    }

    /// Whether `tail`, the log's last lines as the API gives them now, show that the log ends with the last line read: it
    /// stands there exactly as often as it was read. An empty `tail` agrees with an unread log only.
    pub fn ends_with(&self, tail: &[Line]) -> bool {
        let (Some(last), false) = (self.seen.back(), tail.is_empty()) else {
            return tail.is_empty() && self.seen.is_empty();
        };
        let copies = tail.iter().rev().take_while(|line| RememberedLine::of(line, self.kept_as) == *last).count();
        copies == self.run().min(tail.len())
    }

    /// Whether `tail`, lines from the log's end for which [`Cursor::tail`] was asked, has fewer than are known to be there: it was cut off
    /// between two lines, as a reading may have been at the same place, or the log was rotated just before its last lines.
    pub fn falls_short(&self, tail: &[Line]) -> bool {
        let asked = self.run() as u64 + 1;
        (tail.len() as u64) < asked.min(self.count())
    }

    /// Whether a line was read: it is remembered, or stamped as one that was forgotten.
    pub fn has(&self, line: &Line) -> bool {
        let wanted = RememberedLine::of(line, self.kept_as);
        let forgotten = !self.is_whole() && self.remembered_from.is_some_and(|from| line.stamp < from);
        forgotten || self.seen.iter().rev().any(|seen| *seen == wanted)
    }

    /// What a new reading from `since` must bring again before anything new.
    pub fn overlap(&self, since: Option<Stamp>) -> Overlap {
        let since = since.unwrap_or(Stamp(i64::MIN));
        let mut overlap = Overlap {
            expected: self.seen.iter().copied().filter(|seen| seen.stamp >= since).collect(),
            remembered_from: self.remembered_from,
            kept_as: self.kept_as,
            ..Overlap::default()
        };
        overlap.earliest = overlap.expected.iter().map(|seen| seen.stamp).min();
        overlap.forgettable =
            overlap.expected.iter().rposition(|seen| overlap.is_forgotten(seen)).map_or(0, |last| last + 1);
        overlap
    }

    /// Whether nothing read was forgotten, so that the whole of it can be recognised in another log.
    pub fn is_whole(&self) -> bool {
        self.count == self.seen.len() as u64
    }
}

/// What a line of a repeated reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineVerdict {
    /// Read before.
    Old,
    /// New, and nothing is missing before it.
    New,
    /// New, and lines between the last one read and this one are gone: the last one did not come again.
    NewAfterGap,
}

/// The lines that a repeated reading brings again.
#[derive(Debug, Clone, Default)]
pub struct Overlap {
    expected: Vec<RememberedLine>,
    remembered_from: Option<Stamp>,
    /// The earliest stamp that is expected.
    earliest: Option<Stamp>,
    /// The number of expected lines up to the last one that is stamped as a forgotten one would be.
    forgettable: usize,
    /// The first expected line that came: those before it were rotated away, after they had been read.
    start: usize,
    /// How many came, from `start`.
    matched: usize,
    /// Whether the expected lines may belong to another instance's log, so that their absence proves nothing.
    optional: bool,
    /// What the expected lines were made into before they were kept.
    kept_as: Option<KeptAs>,
}

impl Overlap {
    /// The same expectation without proof: the lines may be another log's.
    pub fn optional(mut self) -> Overlap {
        self.optional = true;
        self
    }

    /// Whether nothing (more) is expected to come again.
    pub fn is_over(&self) -> bool {
        self.start + self.matched == self.expected.len()
    }

    /// Whether any expected line came.
    pub fn has_begun(&self) -> bool {
        self.matched > 0
    }

    /// Judges the next line of the reading.
    #[inline]
    pub fn judge(&mut self, line: &Line) -> LineVerdict {
        if self.is_over() { LineVerdict::New } else { self.compare(line) }
    }

    /// Judges a line while old ones are expected.
    fn compare(&mut self, line: &Line) -> LineVerdict {
        // Of files that reach back further than what is remembered, nearly every line is such a one.
        if self.matched == 0
            && self.earliest.is_some_and(|earliest| line.stamp < earliest)
            && self.remembered_from.is_some_and(|from| line.stamp < from)
        {
            return LineVerdict::Old;
        }
        let seen = RememberedLine::of(line, self.kept_as);
        if self.expected[self.start + self.matched] == seen {
            self.matched += 1;
            return LineVerdict::Old;
        }
        if let Some((start, matched)) = self.realign(seen) {
            (self.start, self.matched) = (start, matched);
            return if matched == 0 && self.is_over() { LineVerdict::New } else { LineVerdict::Old };
        }
        let proven = !self.optional;
        *self = Overlap::default();
        if proven { LineVerdict::NewAfterGap } else { LineVerdict::New }
    }

    /// Another place at which what came so far, and `next` after it, fits: later in the expected lines when the log starts
    /// there now, or with the first lines, or all, taken for older, forgotten ones that look the same. `Some((len, 0))` when
    /// the lines that came are the last ones expected, so that `next` is new.
    fn realign(&self, next: RememberedLine) -> Option<(usize, usize)> {
        let came = &self.expected[self.start..self.start + self.matched];
        let forgotten = came.iter().take_while(|seen| self.is_forgotten(seen)).count();
        for skipped in 1..=forgotten {
            let kept = &came[skipped..];
            if self.expected.starts_with(kept) && self.expected.get(kept.len()) == Some(&next) {
                return Some((0, kept.len() + 1));
            }
        }
        // Of a whole log most lines are forgotten ones: look for each only where such lines are.
        let starts = self.start + 1..if self.is_forgotten(&next) { self.forgettable } else { self.expected.len() };
        for start in starts {
            let rest = &self.expected[start..];
            if rest.get(came.len()) == Some(&next) && rest.starts_with(came) {
                return Some((start, came.len() + 1));
            }
        }
        if !came.is_empty() && self.expected.ends_with(came) {
            return Some((self.expected.len(), 0));
        }
        (forgotten == came.len() && self.is_forgotten(&next)).then_some((0, 0))
    }

    /// Whether such a line may have been read and forgotten since.
    fn is_forgotten(&self, seen: &RememberedLine) -> bool {
        self.remembered_from.is_some_and(|from| seen.stamp < from)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;

    use super::*;

    fn line(nanos: i64, text: &str) -> Line {
        Line { stamp: Stamp(nanos), text: Bytes::copy_from_slice(text.as_bytes()) }
    }

    /// A log of two texts and coarse stamps, of which some fall behind: the steps between them, how far back, and which text.
    pub(in crate::follow) fn coarse(steps: &[(i64, i64, bool)]) -> Vec<Line> {
        let mut now = 0;
        let next = |(step, back, text): &(i64, i64, bool)| {
            now += step * 50_000_000;
            line(now - back * 100_000_000, if *text { "a" } else { "b" })
        };
        steps.iter().map(next).collect()
    }

    fn judge(overlap: &mut Overlap, lines: &[Line]) -> Vec<LineVerdict> {
        lines.iter().map(|line| overlap.judge(line)).collect()
    }

    use LineVerdict::{New, NewAfterGap, Old};

    #[test]
    fn lines_with_one_stamp_are_counted_not_compared_with_the_last() {
        let mut cursor = Cursor::default();
        let log = [line(10, "a"), line(10, "a"), line(9, "b"), line(10, "a")];
        log[..2].iter().for_each(|line| cursor.read(line));
        assert_eq!(judge(&mut cursor.overlap(None), &log), [Old, Old, New, New]);
    }

    #[test]
    fn what_is_forgotten_is_no_gap_when_the_log_is_read_again() {
        let log: Vec<Line> = (0..6).map(|number| line(number * 10, "a")).collect();
        let mut cursor = Cursor::default();
        // The third and the fourth line came from elsewhere.
        [0, 1, 4].iter().for_each(|number: &usize| cursor.read(&log[*number]));
        let forgetful = |count| {
            let mut cursor = cursor.clone();
            cursor.forget(count);
            cursor.starts_inside();
            (cursor.count(), cursor.last(), judge(&mut cursor.overlap(None), &log[2..]))
        };
        assert_eq!(forgetful(2), (3, Some(Stamp(40)), vec![Old, Old, Old, New]));
        assert_eq!(forgetful(0).2, forgetful(3).2, "nothing is left out where nothing would be left");
    }

    #[test]
    fn a_log_ends_unwanted_in_the_line_that_was_passed_over_last() {
        let mut cursor = Cursor::default();
        assert!(!cursor.ends_unwanted(&line(9, "x")));
        cursor.pass_over(&line(9, "x"));
        assert!(cursor.ends_unwanted(&line(9, "x")) && !cursor.ends_unwanted(&line(9, "y")));
        cursor.read(&line(10, "a"));
        assert!(!cursor.ends_unwanted(&line(9, "x")), "more came");
        cursor.pass_over(&line(9, "y"));
        assert!(cursor.ends_unwanted(&line(9, "y")) && cursor.last() == Some(Stamp(10)));
    }

    #[test]
    fn reading_goes_on_a_second_before_the_last_line_and_the_time_without_a_stream() {
        const SECOND: i64 = 1_000_000_000;
        let mut cursor = Cursor::default();
        assert_eq!(cursor.since(Duration::ZERO), None);
        cursor.read(&line(20 * SECOND + 5, "a"));
        assert_eq!(cursor.since(Duration::ZERO), Some(Stamp(19 * SECOND)));
        assert_eq!(cursor.since(Duration::from_secs(3)), Some(Stamp(16 * SECOND)));
    }

    #[test]
    fn a_check_asks_for_each_chunk_that_the_last_line_may_be_in() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.tail(), 1);
        let long = "x".repeat(16 << 10);
        (0..2).for_each(|_| cursor.read(&line(1, &long)));
        assert_eq!(cursor.tail(), 2 * 4 + 1);
        cursor.read(&line(2, "b"));
        assert_eq!(cursor.tail(), 2);
    }

    #[test]
    fn a_line_stamped_as_those_that_are_remembered_is_read_only_if_it_is_one() {
        let mut cursor = Cursor::resumed(10, &[line(10, "a")], Some(Stamp(8)), None);
        assert!(cursor.has(&line(8, "forgotten")) && !cursor.has(&line(9, "b")) && cursor.has(&line(10, "a")));
        cursor = Cursor::default();
        cursor.read(&line(10, "a"));
        assert!(!cursor.has(&line(8, "b")), "nothing was forgotten");
    }

    #[test]
    fn what_may_be_another_logs_proves_nothing_by_its_absence() {
        let mut cursor = Cursor::default();
        [line(10, "a"), line(11, "b")].iter().for_each(|line| cursor.read(line));
        let optional = || cursor.overlap(None).optional();
        assert_eq!(judge(&mut optional(), &[line(10, "a"), line(11, "b"), line(12, "c")]), [Old, Old, New]);
        assert_eq!(judge(&mut optional(), &[line(12, "c"), line(10, "a")]), [New, New]);
        let mut overlap = optional();
        assert!(!overlap.has_begun());
        overlap.judge(&line(10, "a"));
        assert!(overlap.has_begun() && !overlap.is_over());
        overlap.judge(&line(11, "b"));
        assert!(overlap.has_begun() && overlap.is_over());
    }

    #[test]
    fn a_last_line_that_does_not_come_again_is_a_gap() {
        let mut cursor = Cursor::default();
        [line(10, "a"), line(11, "b")].iter().for_each(|line| cursor.read(line));
        assert_eq!(judge(&mut cursor.overlap(None), &[line(12, "d"), line(13, "e")]), [NewAfterGap, New]);
        assert_eq!(judge(&mut cursor.overlap(None), &[line(11, "b"), line(13, "e")]), [Old, New], "rotated before it");
    }

    /// How many lines of a reading may be old, when `kept` are the last lines read and those before them, stamped before `from`, were
    /// forgotten: forgotten ones come first, and then those that were kept. Of these, some may have been rotated away, even after
    /// forgotten ones came: a kubelet skips lines when it is slower than the rotation.
    fn old_counts(kept: &[Line], from: Option<Stamp>, reading: &[Line]) -> Vec<usize> {
        let forgotten = reading.iter().take_while(|line| from.is_some_and(|from| line.stamp < from)).count();
        let counts = (0..=forgotten).flat_map(|count| {
            let fits = move |rest: &&[Line]| reading[count..].starts_with(rest);
            (0..kept.len()).map(|from| &kept[from..]).filter(fits).map(move |rest| count + rest.len())
        });
        counts.collect()
    }

    /// All logs of up to five lines of two texts and two stamps, of which any number was forgotten, and any number, but for the last
    /// line, rotated away.
    #[test]
    fn every_small_log_is_gone_on_from_where_it_was_left() {
        let kinds = [line(1, "a"), line(1, "b"), line(2, "a"), line(2, "b")];
        let new = [line(9, "c"), line(9, "d")];
        let logs = (1..=5).flat_map(|length| {
            (0..kinds.len().pow(length)).map(move |number| (0..length).map(move |at| number / 4_usize.pow(at) % 4))
        });
        for log in logs.map(|log| log.map(|kind| kinds[kind].clone()).collect::<Vec<_>>()) {
            for (forgotten, rotated) in (0..log.len()).flat_map(|one| (0..log.len()).map(move |two| (one, two))) {
                let kept = &log[forgotten..];
                let before = log[..forgotten].iter().map(|line| line.stamp).max();
                let mut overlap = Cursor::resumed(log.len() as u64, kept, before, None).overlap(None);
                let reading = [&log[rotated..], &new].concat();
                let verdicts = judge(&mut overlap, &reading);
                let old = verdicts.iter().take_while(|verdict| **verdict == Old).count();
                assert!(verdicts[old..].iter().all(|verdict| *verdict == New), "{verdicts:?} {kept:?} {reading:?}");
                let counts = old_counts(kept, before.map(|before| Stamp(before.0 + 1)), &reading);
                assert!(counts.contains(&old), "{old} of {counts:?}: {kept:?} {reading:?}");
            }
        }
    }

    #[test]
    fn only_what_is_stamped_as_forgotten_lines_are_may_be_one() {
        let cursor = Cursor::resumed(9, &[line(9, "z")], Some(Stamp(5)), None);
        for (nanos, verdict) in [(4, Old), (5, Old), (6, NewAfterGap), (7, NewAfterGap), (9, NewAfterGap)] {
            assert_eq!(cursor.overlap(None).judge(&line(nanos, "y")), verdict, "{nanos}");
        }
    }

    #[test]
    fn as_much_is_remembered_as_may_come_again() {
        let remembered = |stamps: &[i64]| {
            let mut cursor = Cursor::default();
            stamps.iter().for_each(|stamp| cursor.read(&line(*stamp, "a")));
            assert_eq!(cursor.count(), stamps.len() as u64);
            cursor.seen.len()
        };
        // Few lines, however old they are.
        let each_second: Vec<i64> = (0..300).map(|second| second * 1_000_000_000 + 500_000_000).collect();
        assert_eq!(remembered(&each_second), ALWAYS);
        // Those of the last second and of two seconds before it.
        let edge = [[7_999_999_999; 10], [8_000_000_000; 10]].concat();
        assert_eq!(remembered(&[edge, vec![10_700_000_000; 300]].concat()), 310);
        // Only so many of one moment.
        assert_eq!(remembered(&vec![7; REMEMBERED]), REMEMBERED);
        assert_eq!(remembered(&vec![7; REMEMBERED + 5]), REMEMBERED);
    }

    #[test]
    fn a_long_line_may_be_stored_in_several_chunks() {
        const SMALLEST: usize = 8 << 10;
        for (length, count) in [(0, 1), (SMALLEST - 1, 1), (SMALLEST, 3), (3 * SMALLEST - 1, 4), (3 * SMALLEST, 5)] {
            assert_eq!(chunks(length), count, "{length}");
        }
    }

    #[test]
    fn a_line_was_read_if_it_is_remembered_or_stamped_like_a_forgotten_one() {
        let mut cursor = Cursor::default();
        assert!(!cursor.has(&line(1, "a")));
        [line(1, "a"), line(3, "b")].iter().for_each(|line| cursor.read(line));
        assert!(cursor.has(&line(1, "a")) && cursor.has(&line(3, "b")));
        assert!(!cursor.has(&line(1, "b")) && !cursor.has(&line(0, "a")));
        cursor.starts_inside();
        assert!(!cursor.has(&line(0, "a")), "what was not asked for was not read");
        let second = 1_000_000_000;
        (0..300).for_each(|at| cursor.read(&line(at * second, "c")));
        assert!(
            cursor.has(&line(1, "a")) && cursor.has(&line(second, "other")) && !cursor.has(&line(299 * second, "a"))
        );
    }

    #[test]
    fn a_tail_of_nothing_but_the_last_line_says_as_much_as_it_is_long() {
        let mut cursor = Cursor::default();
        [line(1, "y"), line(2, "x"), line(2, "x"), line(2, "x")].iter().for_each(|line| cursor.read(line));
        let tail = |copies: usize| vec![line(2, "x"); copies];
        assert!(cursor.ends_with(&tail(1)) && cursor.ends_with(&tail(2)) && cursor.ends_with(&tail(3)));
        assert!(!cursor.ends_with(&tail(4)), "one was printed since");
        assert!(!cursor.ends_with(&[vec![line(1, "y")], tail(2)].concat()), "one is missing");
        assert!(!cursor.ends_with(&[line(1, "y")]), "the last line is not there");
    }

    #[test]
    fn the_tail_tells_an_ended_log_from_one_that_goes_on() {
        let mut cursor = Cursor::default();
        assert!(cursor.ends_with(&[]) && !cursor.falls_short(&[]));
        assert!(!cursor.ends_with(&[line(1, "a")]));
        [line(1, "a"), line(2, "x"), line(2, "x")].iter().for_each(|line| cursor.read(line));
        assert_eq!(cursor.tail(), 3);
        assert!(cursor.ends_with(&[line(1, "a"), line(2, "x"), line(2, "x")]));
        assert!(!cursor.ends_with(&[line(2, "x"), line(2, "x"), line(2, "x")]), "a third one");
        assert!(!cursor.ends_with(&[line(2, "x"), line(2, "x"), line(1, "x")]), "a clock set back");
        assert!(!cursor.ends_with(&[]), "rotated away");
        let tail = [line(1, "a"), line(2, "x"), line(2, "x")];
        assert_eq!([0, 1, 2].map(|from| cursor.falls_short(&tail[from..])), [false, true, true]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Coarse stamps and two texts, so that forgotten lines look like remembered ones.
        #[test]
        fn equal_lines_are_told_apart_by_their_order(
            steps in proptest::collection::vec((0_i64..4, 0_i64..4, proptest::bool::ANY), 300..600),
            read in 0_usize..600,
            from_start in proptest::bool::ANY,
        ) {
            let log = coarse(&steps);
            let read = read.min(log.len());
            let mut cursor = Cursor::default();
            log[..read].iter().for_each(|line| cursor.read(line));
            let since = if from_start { None } else { cursor.since(Duration::ZERO) };
            let mut overlap = cursor.overlap(since);
            for (at, line) in log.iter().enumerate().filter(|(_, line)| since.is_none_or(|since| line.stamp >= since)) {
                let expected = if at < read { Old } else { New };
                proptest::prop_assert_eq!(overlap.judge(line), expected, "line {} of {}, {} read", at, log.len(), read);
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Cut anywhere, with any tail that is long enough: what was kept and what is new are the log, each line once.
        #[test]
        fn what_was_kept_is_gone_on_from_wherever_it_ends(
            steps in proptest::collection::vec((0_i64..4, 0_i64..4, 0_u8..3), 1..900),
            cut in proptest::prelude::any::<proptest::sample::Index>(),
            more in 0_usize..300,
            rotated in proptest::option::of(0_usize..900),
            down in 0_u64..10,
        ) {
            let mut now = 0;
            let cut = cut.index(steps.len() + 1);
            let log: Vec<Line> = steps
                .iter()
                .enumerate()
                .map(|(at, (step, back, text))| {
                    now += step * 50_000_000;
                    // Nobody can tell a new line from an equal one that was rotated away.
                    let number = at.to_string();
                    let text = if rotated.is_some() && at >= cut { &number } else { ["a", "b", ""][usize::from(*text)] };
                    line(now - back * 100_000_000, text)
                })
                .collect();
            let (kept, new) = log.split_at(cut);
            let late = |line: &&Line| line.stamp.0 >= kept[kept.len() - 1].stamp.0 - 4_000_000_000;
            let needed = kept.iter().rev().take_while(late).count().max(32.min(kept.len()));
            let (before, tail) = kept.split_at(kept.len() - (needed + more).min(kept.len()));
            let cursor =
                Cursor::resumed(kept.len() as u64, tail, before.iter().map(|line| line.stamp).max(), None);
            proptest::prop_assert_eq!(cursor.count(), kept.len() as u64);
            let since = cursor.since(Duration::from_secs(down));
            let mut overlap = cursor.overlap(since);
            // Of the beginning, any part may have been rotated away since; the last line is still there.
            let left = &log[rotated.unwrap_or(0).min(kept.len().saturating_sub(1))..];
            let asked = left.iter().filter(|line| since.is_none_or(|since| line.stamp >= since));
            let found: Vec<&Line> = asked.filter(|line| overlap.judge(line) != Old).collect();
            proptest::prop_assert_eq!(found, new.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_log_that_was_rotated_past_what_was_kept_has_a_gap() {
        let kept: Vec<Line> = (0..300).map(|at| line(at * 50_000_000, &at.to_string())).collect();
        let cursor = Cursor::resumed(1000, &kept[44..], Some(kept[43].stamp), None);
        let mut overlap = cursor.overlap(cursor.since(Duration::from_secs(60)));
        assert_eq!(overlap.judge(&line(400 * 50_000_000, "400")), NewAfterGap);
        assert!(!cursor.is_whole(), "most of it was forgotten");
    }

    #[test]
    fn lines_that_were_masked_before_they_were_kept_are_recognised() {
        let log = [line(1, "token=pl4nted-Secr3t-0123456789"), line(2, "b"), line(3, "password=pl4nted"), line(4, "d")];
        let masked =
            |line: &Line| Line { text: crate::mask::mask_bytes(&line.text).into_owned().into(), ..line.clone() };
        let kept: Vec<Line> = log[..3].iter().map(masked).collect();
        assert!(kept != log[..3]);
        let mut cursor = Cursor::resumed(3, &kept, None, Some(crate::mask::mask_bytes));
        assert!(cursor.ends_with(&log[1..3]) && !cursor.ends_with(&log[1..]));
        assert_eq!(judge(&mut cursor.overlap(None), &log), [Old, Old, Old, New]);
        cursor.read(&log[3]);
        assert_eq!(judge(&mut cursor.overlap(None), &log), [Old, Old, Old, Old]);
    }

    #[test]
    fn lines_before_a_tail_are_old() {
        let mut cursor = Cursor::default();
        cursor.read(&line(500, "c"));
        cursor.starts_inside();
        let log = [line(300, "a"), line(501, "b"), line(500, "c"), line(502, "d")];
        assert_eq!(judge(&mut cursor.overlap(cursor.since(Duration::ZERO)), &log), [Old, Old, Old, New]);
    }
}
