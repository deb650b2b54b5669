//! [`Splice`]: which lines of a node's files are the ones that are missing between two readings of the log API.
//!
//! Both have the same lines in the same order, stamp and text. So the files' lines are compared with what was read before the
//! gap, as when a log is read again, and with the first lines that were read after it: what lies between is missing.

use std::collections::VecDeque;

use super::cursor::{Cursor, LineVerdict, Overlap};
use crate::{k8s::Line, node_logs::record::NodeLine};

/// How many lines after a gap are enough to recognise the place. Only a log that repeats so many lines, stamps included, could
/// be taken for itself at another place.
pub const AFTER: usize = 64;

/// What the files still have to be read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpliceProgress {
    /// The lines after the gap have not come.
    GoOn,
    /// All that was missing has come.
    Done,
}

/// Takes the lines of an instance's files, oldest first, and hands on the missing ones.
#[derive(Debug)]
pub struct Splice {
    before: Overlap,
    /// The first lines that were read after the gap; none if nothing was.
    after: Vec<Line>,
    /// Lines that may be those after the gap.
    pending: VecDeque<NodeLine>,
    reaches_back: bool,
}

impl Splice {
    /// `read` is what was read before the gap, of the same instance; `after` are the first lines after it, best [`AFTER`] of
    /// them. Without any, everything after the gap is missing.
    pub fn new(read: &Cursor, mut after: Vec<Line>) -> Self {
        after.truncate(AFTER);
        Self { before: read.overlap(None), after, pending: VecDeque::new(), reaches_back: true }
    }

    /// Whether the files have all since the last line before the gap. If not, more is missing before the first line that was
    /// handed on.
    pub fn reaches_back(&self) -> bool {
        self.reaches_back
    }

    /// Takes the next lines, and adds to `missing` what is known to be missing by now.
    pub fn take(&mut self, mut lines: Vec<NodeLine>, missing: &mut Vec<NodeLine>) -> SpliceProgress {
        // Most buffers hold nothing but missing lines, and are handed on as they are.
        if self.before.is_over() && self.pending.is_empty() {
            let count = lines.iter().position(|line| self.may_be_first_after(line)).unwrap_or(lines.len());
            let rest = lines.split_off(count);
            append(missing, lines);
            lines = rest;
        }
        for line in lines {
            if self.push(line, missing) == SpliceProgress::Done {
                return SpliceProgress::Done;
            }
        }
        SpliceProgress::GoOn
    }

    fn push(&mut self, line: NodeLine, missing: &mut Vec<NodeLine>) -> SpliceProgress {
        match self.before.judge(&line.line) {
            LineVerdict::Old => return SpliceProgress::GoOn,
            LineVerdict::NewAfterGap => self.reaches_back = false,
            LineVerdict::New => {}
        }
        if self.pending.is_empty() && !self.may_be_first_after(&line) {
            missing.push(line);
            return SpliceProgress::GoOn;
        }
        self.pending.push_back(line);
        // Wherever the lines after the gap begin: lines before are missing.
        while !self.may_be_after() {
            missing.extend(self.pending.pop_front());
        }
        if self.after.is_empty() || self.pending.len() < self.after.len() {
            return SpliceProgress::GoOn;
        }
        self.finish(missing);
        SpliceProgress::Done
    }

    /// The files end, or lines of them are gone: what may be the lines after the gap is taken for them.
    pub fn finish(&mut self, missing: &mut Vec<NodeLine>) {
        // A log that was rotated inside a line: the log API has its rest, so its beginning is missing.
        if let Some(mut first) = self.pending.pop_front()
            && self.after.first().is_some_and(|after| first.line != *after)
        {
            first.line.text.truncate(first.from_older_file);
            missing.push(first);
        }
        self.pending.clear();
    }

    /// Whether the last lines that came are those after the gap, as far as they go.
    pub fn is_meeting(&self) -> bool {
        !self.pending.is_empty()
    }

    fn may_be_first_after(&self, line: &NodeLine) -> bool {
        self.after.first().is_some_and(|api| line.line == *api || is_rest(line, api))
    }

    /// Whether the pending lines are the first ones after the gap, as far as they go.
    fn may_be_after(&self) -> bool {
        let lines = self.pending.iter().zip(&self.after).enumerate();
        self.pending.is_empty()
            || (self.pending.len() <= self.after.len()
                && lines.into_iter().all(|(at, (node, api))| node.line == *api || (at == 0 && is_rest(node, api))))
    }
}

/// Adds lines to others; to none, without moving each.
pub fn append(to: &mut Vec<NodeLine>, mut lines: Vec<NodeLine>) {
    if to.is_empty() {
        *to = lines;
    } else {
        to.append(&mut lines);
    }
}

/// Whether `api` is the part of the line that stands in the newer file. It is stamped as that part was, at whatever time: a clock
/// may have been set back in between.
pub fn is_rest(node: &NodeLine, api: &Line) -> bool {
    node.from_older_file > 0 && node.line.text.get(node.from_older_file..) == Some(&api.text[..])
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::follow::cursor::tests::coarse;
    use crate::{
        k8s::{Stamp, Stream},
        node_logs::record::Records,
    };

    fn line(nanos: i64, text: &str) -> Line {
        Line { stamp: Stamp(nanos), text: Bytes::copy_from_slice(text.as_bytes()) }
    }

    fn node(line: &Line) -> NodeLine {
        NodeLine { line: line.clone(), stream: Some(Stream::Stdout), from_older_file: 0 }
    }

    fn cursor(lines: &[Line]) -> Cursor {
        let mut cursor = Cursor::default();
        lines.iter().for_each(|line| cursor.read(line));
        cursor
    }

    /// The missing lines, whether the files reach back, and how many lines were looked at.
    fn splice(read: &[Line], files: &[NodeLine], after: &[Line]) -> (Vec<Line>, bool, usize) {
        let mut splice = Splice::new(&cursor(read), after.to_vec());
        let mut missing = Vec::new();
        let mut looked_at = 0;
        for line in files {
            looked_at += 1;
            if splice.take(vec![line.clone()], &mut missing) == SpliceProgress::Done {
                break;
            }
        }
        splice.finish(&mut missing);
        (missing.into_iter().map(|line| line.line).collect(), splice.reaches_back(), looked_at)
    }

    fn log(texts: &[(i64, &str)]) -> (Vec<Line>, Vec<NodeLine>) {
        let lines: Vec<Line> = texts.iter().map(|(nanos, text)| line(*nanos, text)).collect();
        let nodes = lines.iter().map(node).collect();
        (lines, nodes)
    }

    #[test]
    fn equal_lines_are_counted() {
        let (lines, files) = log(&[(1, "a"), (1, "a"), (1, "a"), (1, "a"), (1, "b")]);
        assert_eq!(splice(&lines[..1], &files, &lines[3..]), (lines[1..3].to_vec(), true, 5));
        assert_eq!(splice(&lines[..3], &files, &lines[3..]), (vec![], true, 5));
    }

    #[test]
    fn nothing_read_before_or_after() {
        let (lines, files) = log(&[(1, "a"), (2, "b"), (3, "c")]);
        assert_eq!(splice(&[], &files, &lines[2..]), (lines[..2].to_vec(), true, 3));
        assert_eq!(splice(&lines[..1], &files, &[]), (lines[1..].to_vec(), true, 3));
        assert_eq!(splice(&[], &files, &[]), (lines, true, 3));
    }

    #[test]
    fn files_that_do_not_reach_back() {
        let (lines, files) = log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        assert_eq!(splice(&lines[..1], &files[2..], &lines[3..]), (lines[2..3].to_vec(), false, 2));
    }

    #[test]
    fn the_place_is_met_only_by_lines_that_follow_each_other_there() {
        let (lines, files) = log(&[(1, "a"), (2, "c"), (3, "b"), (4, "a")]);
        let after = [line(1, "a"), line(3, "b")];
        let mut splice = Splice::new(&cursor(&[]), after.to_vec());
        let mut missing = Vec::new();
        for (file, met) in files.iter().zip([true, false, false, false]) {
            assert_eq!(splice.take(vec![file.clone()], &mut missing), SpliceProgress::GoOn);
            assert_eq!(splice.is_meeting(), met, "{file:?}");
        }
        assert_eq!(missing.iter().map(|node| &node.line).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_line_of_the_same_text_is_another_one_unless_the_log_was_rotated_in_it() {
        let (lines, files) = log(&[(5, "x"), (9, "x")]);
        assert_eq!(splice(&[], &files, &lines[1..]), (lines[..1].to_vec(), true, 2));
    }

    #[test]
    fn a_line_that_the_log_was_rotated_in() {
        let (lines, mut files) = log(&[(1, "a"), (2, "older newer"), (9, "c")]);
        files[1].from_older_file = 6;
        let after = [line(3, "newer"), line(9, "c")];
        assert_eq!(splice(&lines[..1], &files, &after), (vec![line(2, "older ")], true, 3));
        // Read whole.
        assert_eq!(splice(&lines[..1], &files, &lines[1..]), (vec![], true, 3));
    }

    /// A record of a runtime's file: what it is stamped with, whether its line goes on in the next one, and its text.
    type RecordPart = (i64, bool, String);

    /// The lines that the log API makes of a file.
    fn api(parts: &[RecordPart]) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut open: Option<(i64, String)> = None;
        for (nanos, partial, text) in parts {
            let (stamp, mut line) = open.take().unwrap_or((*nanos, String::new()));
            line.push_str(text);
            if *partial {
                open = Some((stamp, line));
            } else {
                lines.push(self::line(stamp, &line));
            }
        }
        lines
    }

    /// The lines that the node's files hold.
    fn of_files(files: &[&[RecordPart]]) -> Vec<NodeLine> {
        let mut records = Records::default();
        let mut lines = Vec::new();
        for file in files {
            for (nanos, partial, text) in *file {
                let stamp = Stamp(*nanos).to_timestamp();
                let tag = if *partial { "P" } else { "F" };
                records.take(Bytes::from(format!("{stamp:.9} stdout {tag} {text}\n")), &mut lines).unwrap();
            }
            records.end_of_file();
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Two readings of the log API, with one or two rotations between or before them, wherever in a line they come, a clock
        /// that is set back at any record, and equal stamps: what lies between comes once, and so does every part of a line.
        #[test]
        fn a_log_that_was_rotated_anywhere_is_one_log_of_both_sources(
            parts in proptest::collection::vec((0_i64..3, 0_i64..8, 0_u8..4), 120..240),
            places in (0_usize..240, 0_usize..240),
            follows: bool,
        ) {
            let mut now = 1_700_000_000_000_000_000;
            let mut parts: Vec<RecordPart> = parts
                .iter()
                .enumerate()
                .map(|(number, (step, back, kind))| {
                    now += step * 100_000_000;
                    // A text of its own now and then; most lines are alike.
                    let text = if *kind == 0 { format!("{number}") } else { "a".to_owned() };
                    (now - if *back == 0 { 700_000_000 } else { 0 }, *kind == 1, text)
                })
                .collect();
            for part in parts.iter_mut().rev().take(1) {
                part.1 = false;
            }
            let last = parts.len() - 30;
            let (one, other) = (places.0 % last, places.1 % last);
            let (first, second) = (one.min(other), one.max(other));
            let files = [&parts[..first], &parts[first..second], &parts[second..]];
            // The first reading is of the middle file as it was before the second rotation, or there was none.
            let all = of_files(&files);
            let read = if follows { of_files(&files[..1]).into_iter().map(|line| line.line).collect() } else { Vec::new() };
            let after = api(files[2]);
            prop_assume!(!after.is_empty());
            let (missing, _, _) = splice(&read, &all, &after);
            let text = |lines: &[Line]| lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect::<String>();
            let whole: Vec<Line> = all.iter().skip(read.len()).map(|line| line.line.clone()).collect();
            prop_assert_eq!(text(&missing) + &text(&after), text(&whole));
            let is_split = second.checked_sub(1).is_some_and(|before| parts[before].1);
            prop_assert_eq!(missing.len() + after.len(), whole.len() + usize::from(is_split));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Coarse stamps, two texts, and a clock that is set back now and then.
        #[test]
        fn what_lies_between_comes_exactly_once(
            steps in proptest::collection::vec((0_i64..4, 0_i64..4, any::<bool>()), 150..500),
            places in (0_usize..500, 0_usize..500, 0_usize..500),
        ) {
            let log = coarse(&steps);
            // The lines after the gap are enough to be recognised.
            let last = log.len() - AFTER;
            let (one, other, start) = (places.0 % last, places.1 % last, places.2 % last);
            let (read, after) = (one.min(other), one.max(other));
            // As are those before it; files that begin in lines all equal up to the gap could begin anywhere in them.
            let start = start.min(read.saturating_sub(20));
            let files: Vec<NodeLine> = log[start..].iter().map(node).collect();
            let (missing, reaches_back, _) = splice(&log[..read], &files, &log[after..]);
            prop_assert_eq!(missing, &log[read..after]);
            prop_assert!(reaches_back);
        }
    }
}
