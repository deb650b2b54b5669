//! [`HeldLines`]: lines found, until it is sure where they belong.

use std::collections::VecDeque;

use super::super::splice;
use crate::{
    k8s::{Line, Stamp},
    node_logs::NodeLine,
};

/// How far a stamp may fall behind the one before: see `follow::cursor`.
const SKEW: i64 = 1_000_000_000;

/// Lines held back at most, in bytes, until it shows that they belong before those that were read already.
const HELD: usize = 32 << 20;

/// More lines than can be held back.
pub(super) struct TooMuch;

/// Lines found, until it is sure that they come before those read after them.
pub(super) struct HeldLines {
    /// The stamp of the first line after; `None` when nothing was read after.
    after: Option<Stamp>,
    last: Option<u64>,
    held: VecDeque<NodeLine>,
    /// Lines of which there is no doubt.
    sure: Vec<NodeLine>,
    bytes: usize,
    /// Whether those in `held` may come after the lines that were read already.
    is_doubtful: bool,
    /// Lines of the files are gone behind the first one found.
    pub(super) is_torn: bool,
    /// The lines after came.
    pub(super) found: bool,
    /// Whether any line was found.
    pub(super) any: bool,
}

impl HeldLines {
    pub(super) fn new(after: &[Line], last: Option<u64>) -> HeldLines {
        HeldLines {
            after: after.first().map(|line| line.stamp),
            last,
            held: VecDeque::new(),
            sure: Vec::new(),
            bytes: 0,
            is_doubtful: false,
            is_torn: false,
            found: false,
            any: false,
        }
    }

    pub(super) fn is_open_end(&self) -> bool {
        self.after.is_none()
    }

    pub(super) fn take(&mut self, missing: &mut Vec<NodeLine>) -> Result<(), TooMuch> {
        self.any |= !missing.is_empty();
        let (after, is_torn) = (self.after, self.is_torn);
        // The lines after may be among those that are gone, and then this one was read already.
        let is_doubtful = |line: &NodeLine| after.is_some_and(|after| is_torn || line.line.stamp > after.back(-SKEW));
        if self.last.is_none() && !self.is_doubtful && !missing.iter().any(is_doubtful) {
            splice::append(&mut self.sure, std::mem::take(missing));
            return Ok(());
        }
        for line in missing.drain(..) {
            self.is_doubtful |= is_doubtful(&line);
            self.bytes += line.line.text.len() + size_of::<NodeLine>();
            self.held.push_back(line);
            while self.last.is_some_and(|last| self.held.len() as u64 > last) {
                self.bytes -= self.held.pop_front().map_or(0, |line| line.line.text.len() + size_of::<NodeLine>());
            }
        }
        if self.is_doubtful && self.bytes > HELD { Err(TooMuch) } else { Ok(()) }
    }

    /// What can be handed on now.
    pub(super) fn ready(&mut self) -> Vec<NodeLine> {
        std::mem::take(&mut self.sure)
    }

    /// What can be handed on in the end.
    pub(super) fn end(&mut self) -> Vec<NodeLine> {
        if self.is_doubtful && !self.found {
            // Those before the doubt are among them; none is printed twice.
            let sure = self.after.map_or(0, |after| {
                let is_sure = |line: &&NodeLine| !self.is_torn && line.line.stamp <= after.back(-SKEW);
                self.held.iter().take_while(is_sure).count()
            });
            self.held.truncate(sure);
        }
        self.all()
    }

    fn all(&mut self) -> Vec<NodeLine> {
        self.bytes = 0;
        let mut all = std::mem::take(&mut self.sure);
        all.extend(self.held.drain(..));
        all
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::k8s::Stream;

    fn line(seconds: i64) -> Line {
        Line { stamp: Stamp(seconds * 1_000_000_000), text: Bytes::from(seconds.to_string()) }
    }

    fn found(seconds: &[i64]) -> Vec<NodeLine> {
        let node = |line| NodeLine { line, stream: Some(Stream::Stdout), from_older_file: 0 };
        seconds.iter().map(|seconds| node(line(*seconds))).collect()
    }

    fn seconds(lines: &[NodeLine]) -> Vec<i64> {
        lines.iter().map(|line| line.line.stamp.0 / 1_000_000_000).collect()
    }

    /// What is handed on as it comes, and in the end.
    fn place(place: &mut HeldLines, lines: &[i64]) -> Vec<i64> {
        assert!(place.take(&mut found(lines)).is_ok());
        seconds(&place.ready())
    }

    #[test]
    fn lines_stamped_before_those_after_are_handed_on_as_they_come() {
        let mut gap = HeldLines::new(&[line(50)], None);
        assert_eq!(place(&mut gap, &[10, 9, 20]), [10, 9, 20]);
        assert_eq!(place(&mut gap, &[49]), [49]);
        assert!(gap.end().is_empty());
    }

    #[test]
    fn lines_stamped_later_wait_until_those_after_come() {
        let mut gap = HeldLines::new(&[line(50)], None);
        // A clock was set back in the gap, or these were read already.
        assert!(place(&mut gap, &[10, 60, 11]).is_empty());
        gap.found = true;
        assert_eq!(seconds(&gap.end()), [10, 60, 11]);

        let mut gap = HeldLines::new(&[line(50)], None);
        assert!(place(&mut gap, &[10, 60, 11]).is_empty());
        assert_eq!(seconds(&gap.end()), [10], "they never came");
    }

    #[test]
    fn behind_files_that_are_gone_nothing_is_sure() {
        let mut gap = HeldLines::new(&[line(50)], None);
        assert_eq!(place(&mut gap, &[10]), [10]);
        gap.is_torn = true;
        assert!(place(&mut gap, &[20]).is_empty());
        assert!(gap.end().is_empty());
    }

    #[test]
    fn nothing_after_makes_everything_missing() {
        let mut rest = HeldLines::new(&[], None);
        assert_eq!(place(&mut rest, &[10, 60, 11]), [10, 60, 11]);
        let mut tail = HeldLines::new(&[], Some(2));
        assert!(place(&mut tail, &[10, 60, 11]).is_empty());
        assert_eq!(seconds(&tail.end()), [60, 11]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut gap = HeldLines::new(&[line(50)], None);
        let mut big = found(&[60]);
        big[0].line.text = Bytes::from(vec![b'x'; HELD]);
        assert!(gap.take(&mut big).is_err());
    }

    #[test]
    fn a_second_later_than_those_after_is_no_doubt() {
        let mut gap = HeldLines::new(&[line(50)], None);
        assert!(!gap.is_open_end() && HeldLines::new(&[], None).is_open_end());
        assert_eq!(place(&mut gap, &[51]), [51]);
        assert!(place(&mut gap, &[51, 52]).is_empty());
        assert_eq!(seconds(&gap.end()), [51], "what is sure is handed on");
    }

    #[test]
    fn it_is_known_whether_any_line_was_found() {
        let mut gap = HeldLines::new(&[line(50)], None);
        for (lines, any) in [(&[][..], false), (&[10], true), (&[], true)] {
            place(&mut gap, lines);
            assert_eq!(gap.any, any);
        }
    }

    #[test]
    fn all_that_waits_is_counted_and_nothing_else() {
        const LINE: usize = 2 + size_of::<NodeLine>();
        let mut gap = HeldLines::new(&[line(50)], None);
        place(&mut gap, &[60, 61, 62]);
        assert_eq!(gap.bytes, 3 * LINE);
        let mut tail = HeldLines::new(&[line(50)], Some(1));
        place(&mut tail, &[60, 61, 62]);
        assert_eq!(tail.bytes, LINE);
        let mut full = found(&[60]);
        full[0].line.text = Bytes::from(vec![b'x'; HELD - size_of::<NodeLine>()]);
        assert!(HeldLines::new(&[line(50)], None).take(&mut full).is_ok(), "as much as may wait");
    }
}
