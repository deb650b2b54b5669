//! [`Note`]: what following a container has to tell besides its lines.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::k8s::{Stamp, status::Ended};

/// Something to tell about a container. `Display` is one sentence without the container's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Note {
    /// It waits to be started, with the kubelet's reason.
    Waiting(String),
    /// Instance `0` or a later one runs.
    Started(u32),
    /// An instance ended.
    Ended(u32, Ended),
    /// It has no log, and why.
    NoLog(String),
    /// The log's first line is later than it is wanted from: what came before may have been rotated away.
    StartsLate {
        /// The instance's number.
        restart: u32,
        /// From when on it is wanted.
        wanted: WantedFrom,
        /// The first line's stamp.
        first: Stamp,
    },
    /// Lines are proven missing between two that were read.
    Gap {
        /// The instance's number.
        restart: u32,
        /// The last line read before.
        after: Stamp,
        /// The first line read after; `None` when nothing came after.
        before: Option<Stamp>,
    },
    /// Lines are missing, as an archive tells.
    Missing {
        /// The instance's number.
        restart: u32,
        /// Why.
        reason: String,
    },
    /// Instances whose logs were gone before elbtail looked at the container.
    GoneBefore {
        /// How many.
        count: u32,
    },
    /// The log of an instance that had ended before elbtail looked was gone when it did.
    Gone {
        /// The instance's number.
        restart: u32,
        /// Why.
        reason: String,
    },
    /// An instance's log, or its rest, cannot be read now, but may be later.
    Unreadable {
        /// The instance's number.
        restart: u32,
        /// The last line read.
        last: Option<Stamp>,
        /// Why.
        reason: String,
    },
    /// An instance's log went away unread.
    Lost {
        /// The instance's number.
        restart: u32,
        /// Why.
        reason: String,
    },
    /// An instance's log was read in part; whether more was in it cannot be known any more.
    Unverified {
        /// The instance's number.
        restart: u32,
        /// The last line read.
        last: Option<Stamp>,
        /// Why.
        reason: String,
    },
    /// An instance ended, and so did its stream, as it should; but its log was gone before its end could be checked.
    Unchecked {
        /// The instance's number.
        restart: u32,
        /// Why.
        reason: String,
    },
    /// What the files on its node say of missing lines, or why they do not.
    NodeFiles(String),
    /// The kubelet's own error in place of log lines.
    InBand(String),
    /// The stream was interrupted and is opened again. Told with `-v` only: nothing is lost by it.
    Interrupted(String),
    /// Opening the log keeps failing, and elbtail keeps trying.
    Struggling(String),
    /// Permission is missing, and elbtail keeps trying: a role may be away for a moment only.
    Denied(String),
    /// Permission is missing.
    Forbidden(String),
}

/// From when on a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WantedFrom {
    /// Since its container started, then.
    All(Stamp),
    /// Since a later moment.
    Since(Stamp),
}

impl WantedFrom {
    /// The moment.
    pub fn from(self) -> Stamp {
        match self {
            WantedFrom::All(from) | WantedFrom::Since(from) => from,
        }
    }
}

impl Note {
    /// Whether the note says that lines are missing: exit code 8.
    pub fn lines_missing(&self) -> bool {
        self.gap().is_some()
    }

    /// The instance of which the note says that lines are missing.
    pub fn gap(&self) -> Option<u32> {
        match self {
            Note::Gap { restart, .. }
            | Note::Missing { restart, .. }
            | Note::Lost { restart, .. }
            | Note::Unverified { restart, .. }
            | Note::Unreadable { restart, .. } => Some(*restart),
            _ => None,
        }
    }

    /// The instance of which the note says that its end was not seen, so that lines may be missing after the last one.
    pub fn open_end(&self) -> Option<u32> {
        self.gap().filter(|_| !matches!(self, Note::Gap { before: Some(_), .. } | Note::Missing { .. }))
    }
}

/// How it is known that no more lines of an instance will come. `Display` is a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// It has ended, and the log's last line is the last one read.
    Checked,
    /// It has ended, and its log is empty.
    Empty,
    /// It has ended, its log was read without a break that was seen, and its newest file is empty: rotated after the last line.
    Rotated,
    /// Its stream ended as it should when the instance did, and the log was gone before its end could be checked.
    StreamEnded,
    /// Its rest was read from the files of its node.
    NodeFiles,
    /// Its log was gone before elbtail could have read it: there are no lines to be had.
    GoneBefore,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proof::Checked => "it has ended, and the log's last line is the last one read",
            Proof::Empty => "it has ended, and its log is empty",
            Proof::Rotated => "it has ended, and its log was rotated after the last line read",
            Proof::StreamEnded => "its stream ended with it, and the log was gone before its end could be checked",
            Proof::NodeFiles => "it has ended, and the rest was read from the files of its node",
            Proof::GoneBefore => "its log was gone before it could be read",
        })
    }
}

/// An instance of which the follower reads no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The instance's number.
    pub restart: u32,
    /// How it is known that this is all; `None` when it is not, and a note says so.
    pub proof: Option<Proof>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |stamp: &Stamp| -> Timestamp { stamp.to_timestamp() };
        let of = |restart: &u32| match restart {
            0 => String::new(),
            restart => format!(" of instance {restart}"),
        };
        match self {
            Note::Waiting(reason) => write!(f, "waiting: {reason}"),
            Note::Started(0) => write!(f, "started"),
            Note::Started(number) => write!(f, "started again (restart {number})"),
            Note::Ended(number, ended) => {
                write!(f, "ended: {}, exit code {}", ended.reason, ended.exit_code)?;
                if *number > 0 { write!(f, " (restart {number})") } else { Ok(()) }
            }
            Note::NoLog(reason) => write!(f, "no log: {reason}"),
            Note::StartsLate { restart, wanted, first } => {
                let (what, from) = match wanted {
                    WantedFrom::All(started) => ("the container", started),
                    WantedFrom::Since(since) => ("what is wanted of it", since),
                };
                write!(
                    f,
                    "the log{} starts at {}, but {what} at {}: earlier lines may have been rotated away",
                    of(restart),
                    time(first),
                    time(from)
                )
            }
            Note::Gap { restart, after, before: Some(before) } => write!(
                f,
                "lines{} are missing between {} and {}: rotated away before they could be read",
                of(restart),
                time(after),
                time(before)
            ),
            Note::Gap { restart, after, before: None } => {
                write!(f, "lines{} after {} may be missing: the log was rotated away", of(restart), time(after))
            }
            Note::Missing { restart: 0, reason } => f.write_str(reason),
            Note::Missing { restart, reason } => write!(f, "instance {restart}: {reason}"),
            Note::GoneBefore { count: 1 } => write!(f, "the log of its first instance was gone before elbtail started"),
            Note::GoneBefore { count } => {
                write!(f, "the logs of its first {count} instances were gone before elbtail started")
            }
            Note::Gone { restart, reason } => {
                write!(f, "the log of instance {restart} was gone before elbtail started: {reason}")
            }
            Note::Unreadable { restart, last: Some(last), reason } => {
                write!(f, "instance {restart} was read up to {}, the rest cannot be read now: {reason}", time(last))
            }
            Note::Unreadable { restart: 0, last: None, reason } => write!(f, "its log cannot be read now: {reason}"),
            Note::Unreadable { restart, last: None, reason } => {
                write!(f, "the log of instance {restart} cannot be read now: {reason}")
            }
            Note::Lost { restart, reason } => write!(f, "the log of instance {restart} is lost: {reason}"),
            Note::Unverified { restart, last: Some(last), reason } => {
                write!(f, "instance {restart} was read up to {}, its end is not known: {reason}", time(last))
            }
            Note::Unverified { restart, last: None, reason } => {
                write!(f, "nothing was read of instance {restart}, and it may have printed something: {reason}")
            }
            Note::Unchecked { restart, reason } => {
                write!(
                    f,
                    "instance {restart} was read until its stream ended; whether that was all was not checked: {reason}"
                )
            }
            Note::NodeFiles(text) => f.write_str(text),
            Note::InBand(text) => write!(f, "the kubelet answered: {text}"),
            Note::Interrupted(reason) => write!(f, "stream interrupted, opening again: {reason}"),
            Note::Struggling(reason) => write!(f, "cannot be read at present, trying on: {reason}"),
            Note::Denied(message) => write!(f, "not allowed at present, trying on: {message}"),
            Note::Forbidden(message) => write!(f, "not allowed: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "1970-01-01T00:00:01Z";
    const THEN: &str = "1970-01-01T00:00:02Z";

    fn why() -> String {
        "why".to_owned()
    }

    #[test]
    fn a_note_says_of_which_instance_lines_are_missing_and_whether_its_end_was_seen() {
        let (restart, last) = (3, Some(Stamp(1_000_000_000)));
        let (after, before) = (Stamp(1_000_000_000), Some(Stamp(2_000_000_000)));
        for (note, gap, open_end) in [
            (Note::Gap { restart, after, before }, Some(3), None),
            (Note::Gap { restart, after, before: None }, Some(3), Some(3)),
            (Note::Missing { restart, reason: why() }, Some(3), None),
            (Note::Unreadable { restart, last, reason: why() }, Some(3), Some(3)),
            (Note::Lost { restart, reason: why() }, Some(3), Some(3)),
            (Note::Unverified { restart, last, reason: why() }, Some(3), Some(3)),
            // Nothing proves that anything is missing.
            (Note::Unchecked { restart, reason: why() }, None, None),
            (Note::Gone { restart, reason: why() }, None, None),
            (Note::GoneBefore { count: 3 }, None, None),
            (Note::Started(3), None, None),
            (Note::Forbidden(why()), None, None),
        ] {
            assert_eq!((note.gap(), note.open_end(), note.lines_missing()), (gap, open_end, gap.is_some()), "{note:?}");
        }
    }

    #[test]
    fn a_note_is_one_sentence_that_names_an_instance_where_there_may_be_several() {
        let (at, then) = (Stamp(1_000_000_000), Stamp(2_000_000_000));
        let ended = || Ended { exit_code: 4, reason: "Error".to_owned(), ..Ended::default() };
        for (note, text) in [
            (Note::Started(0), "started".to_owned()),
            (Note::Started(2), "started again (restart 2)".to_owned()),
            (Note::Ended(0, ended()), "ended: Error, exit code 4".to_owned()),
            (Note::Ended(1, ended()), "ended: Error, exit code 4 (restart 1)".to_owned()),
            (
                Note::StartsLate { restart: 0, wanted: WantedFrom::All(at), first: then },
                format!(
                    "the log starts at {THEN}, but the container at {AT}: earlier lines may have been rotated away"
                ),
            ),
            (
                Note::StartsLate { restart: 1, wanted: WantedFrom::Since(at), first: then },
                format!(
                    "the log of instance 1 starts at {THEN}, but what is wanted of it at {AT}: earlier lines may have been rotated away"
                ),
            ),
            (
                Note::Gap { restart: 0, after: at, before: Some(then) },
                format!("lines are missing between {AT} and {THEN}: rotated away before they could be read"),
            ),
            (
                Note::Gap { restart: 2, after: at, before: None },
                format!("lines of instance 2 after {AT} may be missing: the log was rotated away"),
            ),
            (Note::Missing { restart: 0, reason: why() }, why()),
            (Note::Missing { restart: 1, reason: why() }, "instance 1: why".to_owned()),
            (Note::GoneBefore { count: 1 }, "the log of its first instance was gone before elbtail started".to_owned()),
            (
                Note::GoneBefore { count: 2 },
                "the logs of its first 2 instances were gone before elbtail started".to_owned(),
            ),
            (
                Note::Unreadable { restart: 0, last: Some(at), reason: why() },
                format!("instance 0 was read up to {AT}, the rest cannot be read now: why"),
            ),
            (Note::Unreadable { restart: 0, last: None, reason: why() }, "its log cannot be read now: why".to_owned()),
            (
                Note::Unreadable { restart: 1, last: None, reason: why() },
                "the log of instance 1 cannot be read now: why".to_owned(),
            ),
        ] {
            assert_eq!(note.to_string(), text);
        }
        assert_eq!([WantedFrom::All(at), WantedFrom::Since(then)].map(WantedFrom::from), [at, then]);
    }

    #[test]
    fn each_proof_is_told_in_its_own_words() {
        use Proof::*;
        let all = [Checked, Empty, Rotated, StreamEnded, NodeFiles, GoneBefore].map(|proof| proof.to_string());
        let different: std::collections::BTreeSet<&String> = all.iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
    }
}
