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
