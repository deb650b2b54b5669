//! [`Stretch`]: a part of a log that is missing, and [`RecoveredLines`], what was found of it.

use super::super::{cursor::Cursor, note::Note, splice};
use crate::{
    k8s::{Line, Stamp},
    node_logs::{FileName, Unreadable},
};

/// Why the files of a node do not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotRecovered {
    /// They are not to be asked.
    Unwanted,
    NotPermitted,
    /// There are none of it any more.
    NotKept,
    /// They begin later.
    Older,
    /// Anything else.
    Other(String),
}

impl From<Unreadable> for NotRecovered {
    fn from(error: Unreadable) -> NotRecovered {
        match error {
            Unreadable::NotPermitted => NotRecovered::NotPermitted,
            Unreadable::NotKept => NotRecovered::NotKept,
            other => NotRecovered::Other(other.to_string()),
        }
    }
}

/// A part of an instance's log that is missing.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) restart: u32,
    /// The newest file was read: with no other nothing is missing.
    pub(super) knows_newest: bool,
    /// What was read before it.
    pub(super) read: Cursor,
    /// The first lines that were read after it; none when nothing was.
    pub(super) after: Vec<Line>,
    /// Only so many lines of it, from its end.
    pub(super) last: Option<u64>,
}

impl Stretch {
    /// From when on files are read where only lines from `since` on are wanted: with lines read before, all are, for a clock that was
    /// set back hides nothing then.
    pub(super) fn files_since(&self, since: Option<Stamp>) -> Option<Stamp> {
        since.filter(|_| self.read.count() == 0)
    }
}

/// What was found of a [`Stretch`].
#[derive(Debug, Clone, Default)]
pub(super) struct RecoveredLines {
    /// The first line's stamp, and the last one's, of those handed on.
    pub(super) stamps: Option<(Stamp, Stamp)>,
    /// The files begin after what was read before.
    pub(super) begins_late: bool,
    /// The files that the node has of the log; none when that is not known. Of one, nothing can be missing.
    pub(super) files: Vec<FileName>,
    /// They have lines from before what is wanted.
    pub(super) reaches_back: bool,
    /// How many lines were handed on.
    pub(super) count: u64,
    /// Why not all that comes after the last line was found.
    pub(super) cut: Option<NotRecovered>,
}

impl RecoveredLines {
    pub(super) fn nothing(why: NotRecovered) -> RecoveredLines {
        RecoveredLines { cut: Some(why), ..RecoveredLines::default() }
    }

    pub(super) fn is_all(&self) -> bool {
        !self.begins_late && self.cut.is_none()
    }

    /// Why it is not all.
    pub(super) fn why(&self) -> NotRecovered {
        self.cut.clone().unwrap_or(NotRecovered::Older)
    }
}

/// As many of the lines after a gap as are needed to recognise them.
pub(super) fn first(lines: &[Line]) -> Vec<Line> {
    lines[..lines.len().min(splice::AFTER)].to_vec()
}

/// What is still missing of a gap.
pub(super) fn narrowed(restart: u32, last: Stamp, before: Option<Stamp>, found: &RecoveredLines) -> Note {
    match (found.stamps, &found.cut) {
        // Files begin inside the gap, and reach to its end.
        (Some((first, _)), None) => Note::Gap { restart, after: last, before: Some(first) },
        (Some((_, reached)), Some(_)) if !found.begins_late => Note::Gap { restart, after: reached, before },
        _ => Note::Gap { restart, after: last, before },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_lines_that_were_read_all_files_are_read() {
        let mut stretch =
            Stretch { restart: 0, knows_newest: false, read: Cursor::default(), after: Vec::new(), last: None };
        assert_eq!(stretch.files_since(Some(Stamp(5))), Some(Stamp(5)));
        assert_eq!(stretch.files_since(None), None);
        stretch.read.read(&Line { stamp: Stamp(9), text: "line".into() });
        assert_eq!(stretch.files_since(Some(Stamp(5))), None);
    }

    #[test]
    fn a_note_is_narrowed_to_what_is_still_missing() {
        let (last, before) = (Stamp(10), Some(Stamp(50)));
        let gap = |after, before| Note::Gap { restart: 1, after: Stamp(after), before };
        let found = |stamps: Option<(i64, i64)>, begins_late, cut| RecoveredLines {
            stamps: stamps.map(|(first, last)| (Stamp(first), Stamp(last))),
            begins_late,
            cut,
            ..RecoveredLines::default()
        };
        for (found, expected) in [
            (found(Some((20, 40)), true, None), gap(10, Some(Stamp(20)))),
            (found(Some((20, 40)), false, Some(NotRecovered::NotKept)), gap(40, before)),
            (found(Some((20, 40)), true, Some(NotRecovered::NotKept)), gap(10, before)),
            (found(None, false, Some(NotRecovered::NotPermitted)), gap(10, before)),
        ] {
            assert_eq!(narrowed(1, last, before, &found), expected);
        }
    }
}
