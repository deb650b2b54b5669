//! What a [`Follower`](super::follower::Follower) is told, and what it asks for.

use std::time::Duration;

use bytes::Bytes;

use super::{
    cursor::Cursor,
    note::{Note, Proof, Seal},
    refusal::Refusal,
};
use crate::{
    k8s::{Line, Stamp, status::Status},
    node_logs::NodeLogs,
};

/// What of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// Go on while the container runs, through restarts.
    pub follow: bool,
    /// Only lines stamped at or after this.
    pub since: Option<Stamp>,
    /// Only this many lines from the end of what exists at the start. Of a container that starts later, all is new.
    pub tail: Option<u64>,
    /// The instance before the latest alone, as `previous=true` reads it.
    pub previous: bool,
    /// Whether lines that the log API no longer has are read from the node's files.
    pub node_logs: NodeLogs,
}

impl Scope {
    /// What a status says of the instances that are wanted; `None` when there are none of these.
    pub fn part_of(self, status: Status) -> Option<Status> {
        if self.previous { status.before() } else { Some(status) }
    }

    /// Whether a request is made as `previous=true`.
    pub fn asks_previous(self, request: Request) -> bool {
        self.previous || request.previous
    }
}

/// A log request. `timestamps=true` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request {
    /// `previous=true`.
    pub previous: bool,
    /// `follow=true`.
    pub follow: bool,
    /// `sinceTime`.
    pub since: Option<Stamp>,
    /// `tailLines`.
    pub tail: Option<u64>,
    /// The log may vanish while others wait: go ahead of them when requests must queue.
    pub urgent: bool,
}

/// How an answer's body ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyEnd {
    /// As the protocol says it should. It proves nothing about the log.
    Clean,
    /// Cut off.
    Broken(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The pod's status, first and whenever it changes, from a watch or a list: it may lag behind the kubelet.
    Status(Status),
    /// The request was answered with 200.
    Opened,
    /// The request was answered otherwise, or not at all.
    Refused(Refusal),
    /// A part of the answer's body.
    Data(Bytes),
    /// The answer's body ended.
    Closed(BodyEnd),
    /// The probe's answer; `None` when there was none.
    Probed(Option<Vec<Line>>),
    /// The pod's status as the API has it now; `None` when it could not be asked.
    Confirmed(Option<Status>),
    /// Time passed: [`Follower::deadline`](super::follower::Follower::deadline) has been reached.
    Tick,
}

/// What the driver shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open this request; nothing is open.
    Open(Request),
    /// Drop what is open and what is being asked; no event follows from it.
    Close,
    /// Read this small answer beside the open stream, as an [`Event::Probed`].
    Probe(Request),
    /// After this pause, ask for the pod's status and tell it as an [`Event::Confirmed`]: the watch may lag, and what is open may
    /// be another instance's log. Until then no line is handed on, and what arrives is best left where it is.
    Confirm(Duration),
}

/// Lines of one instance, in the log's order.
#[derive(Debug, PartialEq, Eq)]
pub struct InstanceLines {
    /// The instance.
    pub restart: u32,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// What one event brought.
#[derive(Debug, Default)]
pub struct Output {
    /// New lines, all of instance [`Output::restart`], in the log's order.
    pub lines: Vec<Line>,
    /// The instance that `lines` belong to.
    pub restart: u32,
    /// New lines of other instances, from before `lines`. One event brings none, as far as is known.
    pub before: Vec<InstanceLines>,
    /// What to tell.
    pub notes: Vec<Note>,
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// `lines` are the first ones of an instance that were read, or there are none of it.
    pub start: Option<ReadingStart>,
    /// Instances of which nothing more is read, after `lines` and `notes`.
    pub seals: Vec<Seal>,
    /// What had been read of an instance when a note on lines that are missing of it was made, for each such note.
    pub read: Vec<(u32, Cursor)>,
}

/// How the reading of an instance began: what tells whether its first line is the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingStart {
    /// The instance.
    pub restart: u32,
    /// The instance's own start, if the status tells.
    pub started: Option<Stamp>,
    /// Only so many lines from its end were asked for.
    pub tail: Option<u64>,
    /// As `previous=true`.
    pub previous: bool,
    /// How long the log lay open, and silent, until its first line came.
    pub silent: Duration,
    /// Opening it took long, so that it may have been rotated meanwhile.
    pub waited: bool,
}

impl Output {
    /// Tells that lines of instance `restart` are missing after those that `read` knows.
    pub(super) fn missing(&mut self, note: Note, restart: u32, read: &Cursor) {
        self.notes.push(note);
        self.read.push((restart, read.clone()));
    }

    /// Tells that nothing more is read of instance `restart`.
    pub(super) fn seal(&mut self, restart: u32, proof: Option<Proof>) {
        self.seals.push(Seal { restart, proof });
    }

    /// Hands on a line of instance `restart`.
    pub(super) fn line(&mut self, line: Line, restart: u32) {
        if self.restart != restart {
            self.turn_to(restart);
        }
        self.lines.push(line);
    }

    /// The lines from here on are of instance `restart`.
    #[cold]
    fn turn_to(&mut self, restart: u32) {
        let before = std::mem::replace(&mut self.restart, restart);
        if !self.lines.is_empty() {
            self.before.push(InstanceLines { restart: before, lines: std::mem::take(&mut self.lines) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures::running_again, *};

    #[test]
    fn lines_keep_the_instance_that_they_were_handed_on_for() {
        let mut out = Output::default();
        for (text, restart) in [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 1)] {
            out.line(Line { stamp: Stamp(0), text: Bytes::from_static(text.as_bytes()) }, restart);
        }
        let texts = |lines: &[Line]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        let before: Vec<_> = out.before.iter().map(|it| (it.restart, texts(&it.lines))).collect();
        assert_eq!(before, [(1, vec!["a".into(), "b".into()]), (2, vec!["c".into(), "d".into()])]);
        assert_eq!((out.restart, texts(&out.lines)), (1, vec![Bytes::from("e")]));
    }

    #[test]
    fn of_the_instance_before_alone_all_is_asked_as_the_previous_ones() {
        for (wanted, asked, previous) in [(false, false, false), (true, false, true), (false, true, true)] {
            let scope = Scope { previous: wanted, ..Scope::default() };
            assert_eq!(scope.asks_previous(Request { previous: asked, ..Request::default() }), previous);
            let part = scope.part_of(running_again()).unwrap();
            assert_eq!((part.restart, part == running_again()), (u32::from(!wanted), !wanted));
        }
        assert_eq!(Scope { previous: true, ..Scope::default() }.part_of(super::super::fixtures::running()), None);
    }
}
