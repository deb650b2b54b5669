//! [`Search`]: the lines of a [`Stretch`], among all that a node's files say.

use super::{
    super::splice::{Splice, SpliceProgress},
    held::{HeldLines, TooMuch},
    stretch::Stretch,
};
use crate::{
    k8s::Stamp,
    node_logs::{NodeLine, NodePiece},
};

/// Whether the files have to be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchProgress {
    GoOn,
    /// What else they say changes nothing.
    Over,
}

/// Takes what the files say, oldest first, and hands on what is missing.
pub(super) struct Search {
    /// No older lines are wanted.
    since: Option<Stamp>,
    splice: Splice,
    place: HeldLines,
    /// Found, and not placed yet.
    missing: Vec<NodeLine>,
    reaches_back: bool,
}

impl Search {
    /// Of the lines stamped at or after `since`, if only those are wanted.
    pub(super) fn new(Stretch { mut read, after, last, .. }: Stretch, since: Option<Stamp>) -> Search {
        // Older files than were ever read are not what is looked for here.
        read.starts_inside();
        Search {
            since,
            place: HeldLines::new(&after, last),
            splice: Splice::new(&read, after),
            missing: Vec::new(),
            reaches_back: false,
        }
    }

    /// Takes the next piece.
    pub(super) fn take(&mut self, piece: NodePiece) -> SearchProgress {
        let mut lines = match piece {
            NodePiece::Lines(lines) => lines,
            NodePiece::Unfinished(line) if self.place.is_open_end() => vec![line],
            NodePiece::Unfinished(_) => return SearchProgress::GoOn,
            NodePiece::Gone if self.splice.is_meeting() => {
                self.splice.finish(&mut self.missing);
                self.place.found = true;
                return SearchProgress::Over;
            }
            NodePiece::Gone => {
                self.place.is_torn = self.place.any;
                return SearchProgress::GoOn;
            }
        };
        if let Some(since) = self.since {
            let all = lines.len();
            lines.retain(|line| line.line.stamp >= since);
            self.reaches_back |= lines.len() < all;
        }
        if self.splice.take(lines, &mut self.missing) == SpliceProgress::Done {
            self.place.found = true;
            return SearchProgress::Over;
        }
        match self.place.take(&mut self.missing) {
            Ok(()) => SearchProgress::GoOn,
            Err(TooMuch) => SearchProgress::Over,
        }
    }

    /// What can be handed on now.
    pub(super) fn ready(&mut self) -> Vec<NodeLine> {
        self.place.ready()
    }

    /// What can be handed on in the end: that of the files, or, where they could not be `read` so far, of what was read.
    pub(super) fn end(&mut self, read: bool) -> Vec<NodeLine> {
        if read && !self.place.found {
            self.place.found = self.place.is_open_end() || self.splice.is_meeting();
            self.splice.finish(&mut self.missing);
        }
        // What is too much is told from what is sure in the end.
        let _ = self.place.take(&mut self.missing);
        self.place.end()
    }

    /// Whether the files have lines from before what is wanted.
    pub(super) fn reaches_back(&self) -> bool {
        self.reaches_back
    }

    /// Whether the files begin after what was read before.
    pub(super) fn begins_late(&self) -> bool {
        !self.splice.reaches_back()
    }

    /// Whether, in the end, everything from the first line found to those after was there.
    pub(super) fn is_unbroken(&self) -> bool {
        self.place.found && !self.place.is_torn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        follow::cursor::Cursor,
        k8s::{Line, Stream},
    };

    fn line(second: i64) -> Line {
        Line { stamp: Stamp(second * 1_000_000_000), text: second.to_string().into() }
    }

    fn lines(seconds: &[i64]) -> Vec<Line> {
        seconds.iter().copied().map(line).collect()
    }

    fn of_file(second: i64) -> NodeLine {
        NodeLine { line: line(second), stream: Some(Stream::Stdout), from_older_file: 0 }
    }

    fn piece(seconds: &[i64]) -> NodePiece {
        NodePiece::Lines(seconds.iter().copied().map(of_file).collect())
    }

    fn seconds(found: &[NodeLine]) -> Vec<i64> {
        found.iter().map(|found| found.line.stamp.0 / 1_000_000_000).collect()
    }

    /// Of what lies between the lines read before and those after.
    fn between(read: &[i64], after: &[i64]) -> Stretch {
        let mut cursor = Cursor::default();
        lines(read).iter().for_each(|line| cursor.read(line));
        Stretch { restart: 0, knows_newest: false, read: cursor, after: lines(after), last: None }
    }

    /// What is found in these pieces, as far as they are looked at, how many those are, and whether it is unbroken.
    fn find(stretch: Stretch, since: Option<i64>, pieces: &[NodePiece], read: bool) -> (Vec<i64>, usize, bool) {
        let mut search = Search::new(stretch, since.map(|second| line(second).stamp));
        let (mut found, mut taken) = (Vec::new(), 0);
        for piece in pieces {
            taken += 1;
            if search.take(piece.clone()) == SearchProgress::Over {
                break;
            }
            found.extend(seconds(&search.ready()));
        }
        found.extend(seconds(&search.end(read)));
        (found, taken, search.is_unbroken())
    }

    #[test]
    fn what_lies_between_is_found_wherever_the_pieces_end() {
        let pieces = [piece(&[1, 2, 30]), piece(&[40, 50, 60]), piece(&[70])];
        for (read, after, expected, taken) in [
            (&[1, 2][..], &[50, 60][..], &[30, 40][..], 2),
            (&[1, 2], &[50, 60, 70], &[30, 40], 3),
            (&[], &[30], &[1, 2], 1),
            (&[1, 2], &[], &[30, 40, 50, 60, 70], 3),
        ] {
            assert_eq!(find(between(read, after), None, &pieces, true), (expected.to_vec(), taken, true));
        }
    }

    /// Else all of a long gap would wait in memory.
    #[test]
    fn what_is_surely_missing_is_ready_before_the_files_end() {
        let mut search = Search::new(between(&[1, 2], &[]), None);
        assert_eq!(search.take(piece(&[1, 2, 30, 40])), SearchProgress::GoOn);
        let found = seconds(&search.ready());
        assert!(!found.is_empty() && [30, 40].starts_with(&found), "{found:?}");
    }

    #[test]
    fn lines_after_of_which_the_files_have_only_the_first_are_the_place() {
        let pieces = [piece(&[1, 30, 50])];
        assert_eq!(find(between(&[1], &[50, 60]), None, &pieces, true), (vec![30], 1, true));
        // They may go on: nothing says that those after come next.
        assert!(!find(between(&[1], &[50, 60]), None, &pieces, false).2);
        assert!(!find(between(&[1], &[60]), None, &pieces, true).2, "those after never came");
    }

    #[test]
    fn a_file_that_is_gone_behind_the_first_lines_after_has_no_more_of_the_gap() {
        let pieces = [piece(&[1, 30, 50]), NodePiece::Gone, piece(&[80, 90])];
        assert_eq!(find(between(&[1], &[50, 60]), None, &pieces, true), (vec![30], 2, true));
    }

    #[test]
    fn behind_a_file_that_is_gone_lines_are_missing() {
        let pieces = [piece(&[1, 30]), NodePiece::Gone, piece(&[45, 50])];
        // It is not known whether 45 comes before those after, until they come.
        assert_eq!(find(between(&[1], &[50]), None, &pieces, true), (vec![30, 45], 3, false));
        assert_eq!(find(between(&[1], &[60, 70]), None, &pieces, true), (vec![30], 3, false));
        // Nothing found before it: the files begin late, and nothing behind that is missing.
        let late = [piece(&[1]), NodePiece::Gone, piece(&[45, 50])];
        assert_eq!(find(between(&[1], &[50]), None, &late, true), (vec![45], 3, true));
    }

    #[test]
    fn only_what_has_no_lines_after_ends_in_a_line_without_an_end() {
        let pieces = [piece(&[30]), NodePiece::Unfinished(of_file(40)), piece(&[50])];
        assert_eq!(find(between(&[], &[]), None, &pieces[..2], true), (vec![30, 40], 2, true));
        assert_eq!(find(between(&[], &[50]), None, &pieces, true), (vec![30], 3, true));
    }

    #[test]
    fn older_lines_than_are_wanted_show_that_the_files_reach_back() {
        for (since, expected, reaches_back) in
            [(None, &[10, 20, 30][..], false), (Some(10), &[10, 20, 30], false), (Some(20), &[20, 30], true)]
        {
            let mut search = Search::new(between(&[], &[]), since.map(|second| line(second).stamp));
            assert_eq!(search.take(piece(&[10, 20, 30])), SearchProgress::GoOn);
            assert_eq!(search.take(piece(&[])), SearchProgress::GoOn);
            assert_eq!((seconds(&search.end(true)), search.reaches_back()), (expected.to_vec(), reaches_back));
        }
    }

    #[test]
    fn files_that_begin_behind_what_was_read_begin_late() {
        for (read, begins_late) in [(&[20, 30][..], false), (&[5], true)] {
            let mut search = Search::new(between(read, &[]), None);
            search.take(piece(&[20, 30, 40]));
            search.end(true);
            assert_eq!(search.begins_late(), begins_late);
        }
    }
}
