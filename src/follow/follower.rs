//! [`Follower`]: the state machine that reads one container, instance after instance, each line once.
//!
//! It does no I/O and owns no clock. Its driver tells it what happened ([`Event`]) and when, as the time since the run
//! began, and does what it asks ([`Action`]). At most one log request is open at a time, beside a small probe.
//!
//! How an instance is read: a *stream* (`follow=true`) while it runs; when it has ended, plain *reads* from the cursor until
//! one brings nothing new and a *check*, the log's last lines, ends with the last line read. Then it is *sealed*. An end of a
//! stream alone proves nothing: every hop on the way can end one.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use super::{
    cursor::{Cursor, Overlap, Verdict, chunks},
    earlier::Earlier,
    kubelet_error::{self, KubeletError},
    lines::{Line, Piece, Splitter},
    note::Note,
    recover::NodeLogs,
    refusal::Refusal,
    stamp::Stamp,
    status::{Place, PodLife, State, Status},
};

/// What of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// Go on while the container runs, through restarts.
    pub follow: bool,
    /// Only lines stamped at or after this.
    pub since: Option<Stamp>,
    /// Only this many lines from the end of what exists at the start.
    pub tail: Option<u64>,
    /// The instance before the latest alone, as `previous=true` reads it.
    pub previous: bool,
    /// Whether lines that the log API no longer has are read from the node's files.
    pub node_logs: NodeLogs,
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
pub enum End {
    /// As the protocol says it should. It proves nothing about the log.
    Clean,
    /// Cut off.
    Broken(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The pod's status, first and whenever it changes, as a watch tells it: it may lag.
    Status(Status),
    /// The pod's status as a list has it at this moment.
    Listed(Status),
    /// The request was answered with 200.
    Opened,
    /// The request was answered otherwise, or not at all.
    Refused(Refusal),
    /// A part of the answer's body.
    Data(Bytes),
    /// The answer's body ended.
    Closed(End),
    /// The probe's answer; `None` when there was none.
    Probed(Option<Vec<Line>>),
    /// The pod's status as the API has it now; `None` when it could not be asked.
    Confirmed(Option<Status>),
    /// Time passed: [`Follower::deadline`] has been reached.
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

/// What one event brought.
#[derive(Debug, Default)]
pub struct Output {
    /// New lines, all of instance [`Output::restart`], in the log's order.
    pub lines: Vec<Line>,
    /// The instance that `lines` belong to.
    pub restart: u32,
    /// What to tell.
    pub notes: Vec<Note>,
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// `lines` are the first ones of an instance that were read, or there are none of it.
    pub start: Option<Start>,
    /// What had been read of an instance when a note on lines that are missing of it was made, for each such note.
    pub read: Vec<(u32, Cursor)>,
}

/// How the reading of an instance began: what tells whether its first line is the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
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
    fn missing(&mut self, note: Note, restart: u32, read: &Cursor) {
        self.notes.push(note);
        self.read.push((restart, read.clone()));
    }

    /// Hands on a line of instance `restart`.
    fn line(&mut self, line: Line, restart: u32) {
        debug_assert!(self.lines.is_empty() || self.restart == restart, "one event brings lines of one instance");
        self.restart = restart;
        self.lines.push(line);
    }
}

/// What an open request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Stream,
    Read,
    Check,
}

#[derive(Debug)]
enum Phase {
    /// Nothing to do until the status changes.
    Idle,
    /// Nothing to do until then, or until the status tells.
    Pause { until: Duration, wake: Wake },
    /// There is no such pod, and its status is asked for to make sure.
    Missing { reason: String },
    /// The log has become empty, and the pod's status is asked for to tell why.
    Confirm { asked: Place },
    /// A request is on its way or its answer is being read.
    Open(Box<Reading>),
    /// Nothing will come any more.
    Done,
}

/// Which change of the status ends a pause early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// None: the pause keeps load off the server.
    Never,
    /// The instance is no longer running.
    Ended,
}

#[derive(Debug)]
struct Reading {
    purpose: Purpose,
    request: Request,
    /// Whether `sinceTime` follows from the cursor, so that lines behind a clock's step may be hidden.
    limited: bool,
    place: Place,
    splitter: Splitter,
    overlap: Overlap,
    /// Lines that were new.
    brought: u64,
    /// A line that came instead of the ones expected; it waits for the pod's status.
    gap: Option<Line>,
    /// The pod's status is being asked for: it may be another instance's log.
    confirming: bool,
    /// What arrived meanwhile.
    held: VecDeque<Event>,
    /// The lines of a check.
    tail: Vec<Line>,
    /// When anything last arrived.
    heard: Duration,
    /// How long nothing had, when the first line did.
    silent: Duration,
    /// The silence after which to probe.
    patience: Duration,
    /// When to probe next, unless something arrives.
    probe_at: Duration,
    /// When the probe that is on its way was sent, and whether the instance had ended by then.
    probing: Option<(Duration, bool)>,
    /// The last lines of the ended instance's log.
    last_lines: Option<Vec<Line>>,
    /// When a stream whose instance has ended is given up.
    give_up: Option<Duration>,
}

impl Reading {
    /// Whether nothing has come that shows whose log this is.
    fn is_untouched(&self) -> bool {
        self.brought == 0 && !self.overlap.has_begun()
    }

    /// Whether the instance's log is no longer where it was opened: the same request reads another instance now.
    fn is_elsewhere(&self, place: Place) -> bool {
        place != self.place && (self.place, place) != (Place::Live, Place::Latest)
    }
}

/// The pause before an ended stream of a container that seems to run is opened again: its status usually tells within
/// this time that it ended.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a stream may go on after the status said that its instance ended.
const GRACE: Duration = Duration::from_secs(5);
/// The pause before a status is believed that shows no restart: the kubelet sends it after the fact.
const LAG_OF_STATUS: Duration = Duration::from_secs(1);
/// How long the watch may lag behind the kubelet, so that a log may have been opened under the wrong instance.
const LAG: Duration = Duration::from_secs(10);
/// The silence after which a fresh stream is probed; it doubles with each probe up to [`PATIENCE`].
const IMPATIENCE: Duration = Duration::from_secs(2);
/// The longest silence before a probe.
const PATIENCE: Duration = Duration::from_secs(60);
/// The silence after which a plain reading, which has an end, is given up. The answer's head has a time limit of its own.
const STALL: Duration = Duration::from_secs(20);
/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Failures in a row after which a plain (not followed) reading gives up, about 6 s with the pauses between.
const TRIES: u32 = 7;
/// How long a log is tried on that could be read a moment ago and may not be now, once its pod has ended: a role may be away
/// for as long as it takes to apply it anew, or for an API server to start.
const DENIED_FOR: Duration = Duration::from_secs(120);
/// Answers in a row that a log's file is missing after which it is believed: while a log is rotated, its file is away for a
/// moment.
const FILE_TRIES: u32 = 4;
/// Disagreements between checks and what was read, with nothing new between them, after which the end is given up. A cut
/// makes a check or a reading disagree, so many in a row must be survived.
const DOUBTS: u32 = 20;
/// Disagreements after which there is a pause before the next reading: what cuts so often may need time to recover.
const QUICK_DOUBTS: u32 = 3;
/// Whole readings without anything new that outweigh a check which disagrees.
const PROOFS: u32 = 3;
/// Checks in a row, with nothing read between them, after which a log that had lines is believed to be empty: one check
/// may have been cut off before its first byte, which looks the same.
const EMPTY_CHECKS: u32 = 2;
/// Checks that must end in the same unfinished line as the reading before them, for its end to be the container's and not
/// a cut's: one may have been cut off at the same byte.
const SAME_ENDS: u32 = 2;
/// How far a stamp must fall behind the one before, in nanoseconds, for a clock to have been set back: more than stdout and
/// stderr, which are stamped apart, and less than the second by which a resumed reading reaches back.
const SET_BACK: i64 = 500_000_000;

/// Reads one container. See the module's description.
#[derive(Debug)]
pub struct Follower {
    scope: Scope,
    status: Option<Status>,
    /// The instance being read.
    current: u32,
    cursor: Cursor,
    phase: Phase,
    /// `current` was read to its proven end.
    sealed: bool,
    /// What the last answer ended in without a line end. A container's last line may have none; a cut looks the same.
    unfinished: Option<Line>,
    /// Checks in a row that ended in that line.
    same_ends: u32,
    /// The stream had ended and a check agreed, though the container seemed to run: if its pod goes, that is the last that can be
    /// known.
    checked: bool,
    /// Failures in a row.
    failures: u32,
    /// Answers in a row that said that the log is not there.
    absent: u32,
    /// How often a check or an end disagreed with what was read, since new lines came.
    doubts: u32,
    /// Whole readings in a row that brought nothing new, while checks disagreed.
    proofs: u32,
    /// Checks in a row that found the log empty, with nothing read between them.
    empty_checks: u32,
    /// The last reading brought the last line again, so that it reached as far as the ones before.
    reached: bool,
    /// Whether the next reading ignores the cursor's `sinceTime`.
    whole: bool,
    /// When the last answer ended.
    closed: Duration,
    /// When `current` was first opened.
    opened: Option<Duration>,
    /// When opening `current` was first tried.
    tried: Option<Duration>,
    /// New lines handed on of `current`.
    handed: u64,
    /// The stream went on after the last line, ended as it should, and no stream was opened since and no line had: if the
    /// container had ended too, that is all there was.
    ended_well: bool,
    /// Reading was interrupted after the last line, so that lines may have been rotated away unseen.
    broken: bool,
    /// The status showed that the log opened first was this instance's.
    confirmed: bool,
    /// The status told of a restart so soon that what was read may have been the next instance's log.
    doubtful: bool,
    /// Lines read under the instance before that may belong to this one.
    adopt: Option<Cursor>,
    /// What was told last, so that it is told once.
    told: Option<Note>,
    /// Since when the log may not be read, with what the server said.
    denied: Option<(Duration, String)>,
    /// How many instances had ended when the container was first seen.
    ended_before: u32,
    /// What an earlier run has read.
    earlier: Earlier,
    /// Reading `current` failed for a reason that has nothing to do with its log.
    troubled: bool,
    /// Whether any line was handed on.
    any: bool,
    /// State of the jitter's generator.
    jitter: u64,
}

impl Follower {
    /// A follower; `seed` varies the pauses, so that many followers do not act in step.
    pub fn new(scope: Scope, seed: u64) -> Follower {
        Follower {
            scope,
            status: None,
            current: 0,
            cursor: Cursor::default(),
            phase: Phase::Idle,
            sealed: false,
            unfinished: None,
            same_ends: 0,
            checked: false,
            failures: 0,
            absent: 0,
            doubts: 0,
            proofs: 0,
            empty_checks: 0,
            reached: false,
            whole: false,
            closed: Duration::ZERO,
            opened: None,
            tried: None,
            handed: 0,
            ended_well: false,
            broken: false,
            confirmed: false,
            doubtful: false,
            adopt: None,
            told: None,
            denied: None,
            ended_before: 0,
            earlier: Earlier::default(),
            troubled: false,
            any: false,
            jitter: seed | 1,
        }
    }

    /// A follower that goes on where an earlier run has ended.
    pub fn resuming(scope: Scope, seed: u64, earlier: Earlier) -> Follower {
        Follower { earlier, ..Follower::new(scope, seed) }
    }

    /// When [`Event::Tick`] is due, in time since the run began.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Pause { until, .. } => Some(*until),
            Phase::Open(reading) if reading.confirming => None,
            Phase::Open(reading) => {
                let probe = match reading.purpose {
                    Purpose::Stream => reading.probing.is_none().then_some(reading.probe_at),
                    Purpose::Read | Purpose::Check => Some(reading.heard + STALL),
                };
                [probe, reading.give_up].into_iter().flatten().min()
            }
            Phase::Idle | Phase::Confirm { .. } | Phase::Missing { .. } | Phase::Done => None,
        }
    }

    /// Whether nothing will come any more.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// Whether everything there is has been read and proven complete, though the container may start again.
    pub fn is_settled(&self) -> bool {
        self.is_done() || (matches!(self.phase, Phase::Idle) && (self.sealed || self.place() == Place::Future))
    }

    /// Tells that nobody listened until `now`, so that a silence before it is not the server's.
    pub fn excuse(&mut self, now: Duration) {
        if let Phase::Open(reading) = &mut self.phase {
            (reading.heard, reading.probe_at) = (now, now + reading.patience);
        }
    }

    /// Takes one event at `now` and puts into `out` what follows from it.
    pub fn on(&mut self, event: Event, now: Duration, out: &mut Output) {
        match event {
            Event::Status(status) | Event::Listed(status) => self.on_status(status, now, out),
            Event::Opened => self.on_opened(now, out),
            Event::Refused(refusal) => self.on_refused(refusal, now, out),
            Event::Data(data) => self.on_data(data, now, out),
            Event::Closed(end) => self.on_closed(end, now, out),
            Event::Probed(tail) => self.on_probed(tail, now, out),
            Event::Confirmed(status) => self.on_confirmed(status, now, out),
            Event::Tick => self.on_tick(now, out),
        }
    }

    fn place(&self) -> Place {
        self.status.as_ref().map_or(Place::Future, |status| status.place(self.current))
    }

    fn place_in_life(&self) -> Place {
        self.status.as_ref().map_or(Place::Future, |status| status.place_in_life(self.current))
    }

    fn is_gone(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.pod == PodLife::Gone)
    }

    fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(Status::is_final)
    }

    fn on_status(&mut self, status: Status, now: Duration, out: &mut Output) {
        if self.is_done() || self.status.as_ref().is_some_and(|known| status.is_older_than(known)) {
            return;
        }
        self.tell_change(&status, out);
        match &self.status {
            None => self.begin(&status, out),
            Some(old) => {
                let early = !self.confirmed && self.opened.is_none_or(|opened| now < opened + LAG);
                if old.restart == self.current && status.restart > self.current && early && self.cursor.is_whole() {
                    (self.doubtful, self.sealed) = (true, false);
                }
            }
        }
        self.status = Some(status);
        let (place, opened_at) = (self.place(), self.place_in_life());
        match &mut self.phase {
            Phase::Idle => self.plan(now, out),
            Phase::Pause { wake: Wake::Ended, .. } if place != Place::Live => self.plan(now, out),
            // Opened, and nothing read yet: it may be a later instance's log.
            Phase::Open(reading) if reading.is_untouched() && reading.is_elsewhere(opened_at) => {
                out.actions.push(Action::Close);
                self.plan(now, out);
            }
            Phase::Open(reading) if reading.purpose == Purpose::Stream && place != Place::Live => {
                let first = reading.give_up.is_none();
                reading.give_up.get_or_insert(now + GRACE);
                // The log may be gone before the stream ends, so ask now what its last line is.
                if first && place == Place::Latest && reading.probing.is_none() {
                    self.probe(now, true, out);
                }
            }
            _ => {}
        }
    }

    /// Chooses the first instance to read.
    fn begin(&mut self, status: &Status, out: &mut Output) {
        if let Some(first) = self.earlier.first() {
            // What went away meanwhile is lost, not gone before anybody looked.
            self.current = first;
            return self.take_up();
        }
        let part = self.scope.tail.is_some();
        self.current = if part { status.restart } else { status.first_readable() };
        self.ended_before = status.restart + u32::from(status.has_ended());
        if self.current > 0 && !part && self.scope.since.is_none() {
            out.notes.push(Note::GoneBefore { count: self.current });
        }
    }

    /// Goes on after what an earlier run has read of the instance.
    fn take_up(&mut self) {
        let Some(read) = self.earlier.take(self.current) else { return };
        (self.handed, self.any) = (read.cursor.count(), true);
        // Whose lines they are is known; what was printed since may have been rotated away unseen.
        (self.confirmed, self.broken) = (self.handed > 0, self.handed > 0);
        (self.sealed, self.cursor) = (read.sealed, read.cursor);
    }

    /// Tells what changed in the container's life.
    fn tell_change(&self, new: &Status, out: &mut Output) {
        let old = self.status.as_ref();
        if old.is_some_and(|old| (old.restart, &old.state) == (new.restart, &new.state)) {
            return;
        }
        // The end of an instance of which only what came next was seen: the wait for another start, or that start.
        let unseen_end = old.is_none_or(|old| {
            matches!(old.state, State::Running { .. }) && (new.restart > old.restart || new.last != old.last)
        });
        if let (true, Some(last)) = (unseen_end, &new.last) {
            let waits = matches!(new.state, State::Waiting { .. });
            let number = if waits { new.restart } else { new.restart.saturating_sub(1) };
            out.notes.push(Note::Ended(number, last.clone()));
        }
        match &new.state {
            State::Waiting { reason } if reason.is_empty() => {}
            State::Waiting { reason } => out.notes.push(Note::Waiting(reason.clone())),
            State::Running { .. } => out.notes.push(Note::Started(new.restart)),
            State::Ended(ended) => {
                if old.is_none_or(|old| new.restart > old.restart || matches!(old.state, State::Waiting { .. })) {
                    out.notes.push(Note::Started(new.restart));
                }
                out.notes.push(Note::Ended(new.restart, ended.clone()));
            }
        }
    }

    /// Decides what to do next when nothing is open.
    fn plan(&mut self, now: Duration, out: &mut Output) {
        loop {
            self.phase = Phase::Idle;
            let Some(status) = &self.status else { return };
            let place = status.place(self.current);
            if std::mem::take(&mut self.doubtful) && self.cursor.count() > 0 {
                self.adopt = Some(std::mem::take(&mut self.cursor));
                self.handed = 0;
            }
            if self.sealed {
                if status.restart > self.current {
                    self.advance();
                    continue;
                }
                if status.is_final() || !self.scope.follow {
                    self.phase = Phase::Done;
                }
                return;
            }
            let nothing_old = self.scope.tail == Some(0);
            match place {
                // Its last line only, to know where new ones begin.
                Place::Live if self.scope.follow && nothing_old => return self.open(Purpose::Check, now, out),
                Place::Live | Place::Latest | Place::Previous if nothing_old => self.sealed = true,
                Place::Live if self.scope.follow => return self.open(Purpose::Stream, now, out),
                Place::Live | Place::Latest | Place::Previous => return self.open(Purpose::Read, now, out),
                Place::Future => {
                    if status.is_final() || !self.scope.follow {
                        if !self.any {
                            out.notes.push(Note::NoLog(self.why_no_log()));
                        }
                        self.phase = Phase::Done;
                    }
                    return;
                }
                Place::Nowhere if self.never_started() => {
                    out.notes.push(Note::NoLog(self.why_no_log()));
                    self.phase = Phase::Done;
                    return;
                }
                Place::Nowhere => self.miss(self.why_gone(), out),
            }
        }
    }

    fn why_no_log(&self) -> String {
        match self.status.as_ref().map(|status| (&status.state, status.pod)) {
            Some((_, PodLife::Gone)) => "the pod is gone and the container had not started".to_owned(),
            Some((State::Waiting { reason }, PodLife::Finished)) if !reason.is_empty() => {
                format!("the pod ended before the container started ({reason})")
            }
            Some((State::Waiting { reason }, _)) if !reason.is_empty() => format!("waiting to start: {reason}"),
            _ => "the container has not started".to_owned(),
        }
    }

    fn why_gone(&self) -> String {
        match &self.status {
            Some(status) if status.pod == PodLife::Gone => "the pod was deleted".to_owned(),
            Some(status) if status.restart > self.current + 1 => {
                format!("the container restarted {} times meanwhile", status.restart - self.current)
            }
            _ => "the kubelet no longer has it".to_owned(),
        }
    }

    /// Goes on to the next instance.
    fn advance(&mut self) {
        // Whatever is not named here belongs to one instance.
        *self = Follower {
            current: self.current + 1,
            status: self.status.take(),
            closed: self.closed,
            adopt: self.adopt.take(),
            told: self.told.take(),
            ended_before: self.ended_before,
            earlier: std::mem::take(&mut self.earlier),
            any: self.any,
            jitter: self.jitter,
            ..Follower::new(Scope { tail: None, ..self.scope }, self.jitter)
        };
        self.take_up();
    }

    /// The current instance's log is not there (any more). What was gone before elbtail could have read it is not lost by it.
    fn miss(&mut self, reason: String, out: &mut Output) {
        let ended_before = self.current < self.ended_before && !self.is_gone();
        let untouched = self.cursor.count() == 0 && self.handed == 0 && self.unfinished.is_none();
        if ended_before && untouched && !self.troubled {
            out.notes.push(Note::Gone { restart: self.current, reason });
            self.sealed = true;
        } else {
            self.lose(reason, out);
        }
    }

    /// The log may be there, but cannot be read now.
    fn leave(&mut self, reason: String, now: Duration, out: &mut Output) {
        let (restart, last) = (self.current, self.cursor.last());
        out.missing(Note::Unreadable { restart, last, reason }, restart, &self.cursor);
        self.sealed = true;
        self.plan(now, out);
    }

    /// Tells that the rest of the current instance cannot be had, and takes it for done.
    fn lose(&mut self, reason: String, out: &mut Output) {
        if let (Some((_, reason)), None) = (&self.denied, self.opened) {
            // It went away while it might not be read.
            out.notes.push(Note::Forbidden(reason.clone()));
            self.sealed = true;
            return;
        }
        let restart = self.current;
        let last = self.cursor.last();
        let ended = self.status.as_ref().is_some_and(|status| {
            status.restart > restart || matches!(status.state, State::Ended(_)) || status.last.is_some()
        });
        let note = match (last, self.opened) {
            (None, None) => Note::Lost { restart, reason },
            _ if self.checked || (ended && self.ended_well) => Note::Unchecked { restart, reason },
            _ => Note::Unverified { restart, last, reason },
        };
        out.missing(note, restart, &self.cursor);
        self.sealed = true;
    }

    /// Whether the container is not known to have run at all.
    fn never_started(&self) -> bool {
        self.current == 0
            && self.opened.is_none()
            && self
                .status
                .as_ref()
                .is_some_and(|status| matches!(status.state, State::Waiting { .. }) && status.last.is_none())
    }

    fn open(&mut self, purpose: Purpose, now: Duration, out: &mut Output) {
        let place = self.place();
        self.tried.get_or_insert(now);
        if self.adopt.is_some() && self.handed == 0 {
            self.cursor = Cursor::default();
        }
        let first = self.cursor.count() == 0;
        let since = if self.whole { None } else { self.cursor.since(self.down(now)) };
        let request = Request {
            previous: place == Place::Previous,
            follow: purpose == Purpose::Stream,
            since: match purpose {
                Purpose::Check => None,
                _ => since.max(self.scope.since.map(Stamp::floor_second)),
            },
            tail: match purpose {
                Purpose::Check => {
                    Some(self.cursor.tail() + self.unfinished.as_ref().map_or(0, |line| chunks(line.text.len())))
                }
                _ if first => self.scope.tail,
                _ => None,
            },
            urgent: (self.scope.follow && place == Place::Previous)
                || self.status.as_ref().is_some_and(|status| status.pod == PodLife::Terminating),
        };
        let overlap = match &self.adopt {
            Some(foreign) if first => foreign.overlap(None).optional(),
            _ => self.cursor.overlap(request.since),
        };
        self.phase = Phase::Open(Box::new(Reading {
            purpose,
            request,
            limited: purpose != Purpose::Check && since.is_some(),
            place,
            splitter: Splitter::default(),
            overlap,
            brought: 0,
            gap: None,
            confirming: false,
            held: VecDeque::new(),
            tail: Vec::new(),
            heard: now,
            silent: Duration::ZERO,
            patience: IMPATIENCE,
            probe_at: now + IMPATIENCE,
            probing: None,
            last_lines: None,
            give_up: None,
        }));
        out.actions.push(Action::Open(request));
    }

    /// How long there has been no answer.
    fn down(&self, now: Duration) -> Duration {
        let away = if self.closed.is_zero() { self.earlier.away } else { Duration::ZERO };
        now.saturating_sub(self.closed) + away
    }

    fn on_opened(&mut self, now: Duration, out: &mut Output) {
        self.opened.get_or_insert(now);
        self.denied = None;
        let is_final = self.is_final();
        if let Phase::Open(reading) = &mut self.phase {
            // A reading that brings nothing new takes nothing away from what the stream's end said.
            self.ended_well &= reading.purpose != Purpose::Stream;
            reading.heard = now;
            // Nothing read before can show that this is the log of the instance meant, so let the status tell.
            if self.scope.follow && !is_final && self.handed == 0 {
                reading.confirming = true;
                out.actions.push(Action::Confirm(Duration::ZERO));
            }
        }
    }

    fn on_confirmed(&mut self, status: Option<Status>, now: Duration, out: &mut Output) {
        let confirmed = status.is_some();
        if let Some(status) = status {
            self.on_status(status, now, out);
        }
        let (place, opened_at) = (self.place(), self.place_in_life());
        match &mut self.phase {
            Phase::Missing { .. } if place == Place::Nowhere => self.plan(now, out),
            Phase::Missing { reason } => {
                let reason = std::mem::take(reason);
                self.fail(reason, None, now, out);
            }
            Phase::Confirm { asked } => {
                let here = place == *asked;
                if !confirmed {
                    return self.fail("the pod's status cannot be asked for".to_owned(), None, now, out);
                }
                if here {
                    let restart = self.current;
                    let note = match self.cursor.last() {
                        Some(after) if self.broken => Note::Gap { restart, after, before: None },
                        // An end as it should be may be a cut as well.
                        _ => Note::Unchecked {
                            restart,
                            reason: "the log was rotated after the last line read".to_owned(),
                        },
                    };
                    out.missing(note, restart, &self.cursor);
                    return self.seal(now, out);
                }
                self.plan(now, out);
            }
            Phase::Open(reading) => {
                self.confirmed |= confirmed;
                reading.confirming = false;
                (reading.heard, reading.probe_at) = (now, now + reading.patience);
                // Whose log this is, is not known. Where the status cannot be had for long, lines that may be another
                // instance's are better than none.
                if !confirmed && (reading.gap.is_some() || self.failures < TRIES) {
                    out.actions.push(Action::Close);
                    return self.fail("the pod's status cannot be asked for".to_owned(), None, now, out);
                }
                let Some(line) = reading.gap.take() else { return self.catch_up(now, out) };
                if reading.is_elsewhere(opened_at) {
                    out.actions.push(Action::Close);
                    return self.plan(now, out);
                }
                if let Some(after) = self.cursor.last() {
                    let (restart, before) = (self.current, Some(line.stamp));
                    out.missing(Note::Gap { restart, after, before }, restart, &self.cursor);
                }
                if let Phase::Open(mut reading) = std::mem::replace(&mut self.phase, Phase::Idle) {
                    self.hand_on(line, &mut reading, out);
                    self.draw(reading, now, out);
                }
                self.catch_up(now, out);
            }
            _ => {}
        }
    }

    /// Takes what arrived while the pod's status was asked for, until it must be asked for again.
    fn catch_up(&mut self, now: Duration, out: &mut Output) {
        while let Phase::Open(reading) = &mut self.phase
            && !reading.confirming
            && let Some(event) = reading.held.pop_front()
        {
            match event {
                Event::Data(data) => self.on_data(data, now, out),
                Event::Closed(end) => self.on_closed(end, now, out),
                _ => {}
            }
        }
    }

    fn on_data(&mut self, data: Bytes, now: Duration, out: &mut Output) {
        if let Phase::Open(reading) = &mut self.phase
            && reading.confirming
        {
            return reading.held.push_back(Event::Data(data));
        }
        let Phase::Open(mut reading) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        if self.cursor.count() == 0 {
            reading.silent = now.saturating_sub(reading.heard);
        }
        (reading.heard, reading.probe_at) = (now, now + reading.patience);
        self.empty_checks = 0;
        reading.splitter.push(data);
        self.draw(reading, now, out);
    }

    /// Judges the lines that have arrived.
    fn draw(&mut self, mut reading: Box<Reading>, now: Duration, out: &mut Output) {
        while let Some(piece) = reading.splitter.next() {
            let line = match piece {
                Piece::Line(line) => line,
                // `sinceTime` cut off the beginning of this line, which was read before.
                Piece::Bare(_) if reading.request.since.is_some() && reading.brought == 0 => continue,
                // The beginning is stamped before `sinceTime` though it comes after: a clock was set back.
                Piece::Bare(_) if reading.limited => return self.read_whole(now, out),
                Piece::Bare(text) => Line { stamp: self.cursor.last().unwrap_or_default(), text },
            };
            if self.scope.since.is_some_and(|since| line.stamp < since) {
                continue;
            }
            if reading.purpose == Purpose::Check {
                reading.tail.push(line);
                continue;
            }
            let adopting = self.adopt.is_some();
            let verdict = reading.overlap.judge(&line);
            let is_set_back = || self.cursor.last().is_some_and(|last| line.stamp < last.back(SET_BACK));
            if reading.limited && verdict != Verdict::Old && is_set_back() {
                // A clock was set back, and lines before this one may be stamped before `sinceTime`.
                return self.read_whole(now, out);
            }
            match verdict {
                Verdict::Old => {
                    if adopting {
                        self.cursor.read(&line);
                    }
                    self.broken &= !reading.overlap.is_over();
                    continue;
                }
                Verdict::New => {}
                Verdict::NewAfterGap => {
                    // Either lines are missing, or this is another instance's log: let the status tell.
                    (reading.gap, reading.confirming) = (Some(line), true);
                    self.phase = Phase::Open(reading);
                    return out.actions.push(Action::Confirm(LAG_OF_STATUS));
                }
            }
            self.hand_on(line, &mut reading, out);
        }
        self.phase = Phase::Open(reading);
    }

    fn hand_on(&mut self, line: Line, reading: &mut Reading, out: &mut Output) {
        if self.adopt.is_some() {
            // The lines in doubt came, so they are this instance's; or another one did, and they are not.
            if reading.overlap.has_begun() || self.place() != Place::Previous {
                self.adopt = None;
            }
            reading.overlap = Overlap::default();
        }
        if self.cursor.count() == 0 {
            out.start = self.start(reading.silent);
        }
        self.cursor.read(&line);
        if self.cursor.count() == 1 && reading.request.tail.is_some() {
            self.cursor.starts_inside();
        }
        reading.brought += 1;
        self.handed += 1;
        self.absent = 0;
        (self.failures, self.doubts, self.proofs, self.checked, self.any) = (0, 0, 0, false, true);
        (self.whole, self.broken, self.told) = (false, false, None);
        // There was more.
        self.ended_well = false;
        out.line(line, self.current);
    }

    /// How the reading of this instance began.
    fn start(&self, silent: Duration) -> Option<Start> {
        let waited = self.opened.zip(self.tried).is_some_and(|(opened, tried)| opened > tried + SETTLE);
        let started = self.status.as_ref().and_then(|status| status.started(self.current));
        let previous = self.place() == Place::Previous;
        let start = Start { restart: self.current, started, tail: self.scope.tail, previous, silent, waited };
        self.adopt.is_none().then_some(start)
    }

    /// Reads the whole log again, since `sinceTime` hides lines of it.
    fn read_whole(&mut self, now: Duration, out: &mut Output) {
        self.whole = true;
        self.closed = now;
        out.actions.push(Action::Close);
        self.plan(now, out);
    }

    fn on_closed(&mut self, end: End, now: Duration, out: &mut Output) {
        if let Phase::Open(reading) = &mut self.phase
            && reading.confirming
        {
            return reading.held.push_back(Event::Closed(end));
        }
        let Phase::Open(reading) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        self.closed = now;
        self.broken |= end != End::Clean || self.place() == Place::Live;
        if let End::Broken(reason) = end {
            return self.fail(reason, None, now, out);
        }
        let rest = reading.splitter.rest();
        if !rest.is_empty() && !starts_like_a_stamp(rest) {
            let text = String::from_utf8_lossy(rest).trim().to_owned();
            if reading.request.since.is_none() || kubelet_error::in_band(&text).is_some() {
                return self.on_in_band(text, now, out);
            }
        }
        self.absent = 0;
        let torn = !rest.is_empty();
        // A line has begun that was not handed on.
        self.broken |= torn;
        let rest = Line::parse(rest);
        let went_on = reading.overlap.is_over() && self.cursor.count() > 0;
        if reading.purpose == Purpose::Stream {
            self.ended_well = !torn && went_on;
        }
        match reading.purpose {
            Purpose::Check => self.on_checked(reading, torn, rest, now, out),
            Purpose::Stream | Purpose::Read => self.on_read(reading, torn, rest, now, out),
        }
    }

    /// A stream or a read ended as it should.
    fn on_read(&mut self, reading: Box<Reading>, torn: bool, rest: Option<Line>, now: Duration, out: &mut Output) {
        let place = self.place();
        let may_be_whole = rest.is_some() && matches!(place, Place::Latest | Place::Previous);
        (self.unfinished, self.same_ends) = (rest.filter(|_| may_be_whole), 0);
        if torn && !may_be_whole {
            self.doubts += 1;
            // While the container runs, it may still end its line.
            if self.doubts > DOUBTS && place != Place::Live {
                return self.give_up("its last line does not end".to_owned(), now, out);
            }
            return self.fail("cut off in mid-line".to_owned(), None, now, out);
        }
        self.reached = reading.overlap.is_over() || self.adopt.is_some();
        if self.adopt.is_some() && reading.overlap.has_begun() {
            self.adopt = None;
        }
        if may_be_whole {
            return self.open(Purpose::Check, now, out);
        }
        if reading.last_lines.is_some_and(|tail| self.cursor.ends_with(&tail))
            && place != Place::Live
            && self.adopt.is_none()
        {
            return self.seal(now, out);
        }
        if reading.purpose == Purpose::Stream && place == Place::Live {
            if self.status.as_ref().is_some_and(|status| status.pod == PodLife::Terminating) && !self.checked {
                // The log will be gone in a moment: ask for its end while that is possible.
                return self.open(Purpose::Check, now, out);
            }
            self.checked &= reading.brought == 0;
            return self.pause(SETTLE, Wake::Ended, now);
        }
        // Where a check can never agree, whole readings without anything new must do: one may have been cut short, and a cut
        // looks like an end, but hardly so many in the same place.
        // So it is where the last line was written late, with a stamp before the `since` that was asked for.
        let whole = !reading.limited && reading.request.tail.is_none();
        let proven = whole && self.doubts > 1 && reading.brought == 0 && reading.overlap.is_over();
        self.proofs = if proven { self.proofs + 1 } else { 0 };
        if self.proofs >= PROOFS && place == reading.place {
            return self.seal(now, out);
        }
        if place == Place::Nowhere || place == Place::Future {
            return self.plan(now, out);
        }
        self.open(Purpose::Check, now, out);
    }

    /// A check ended as it should.
    fn on_checked(&mut self, reading: Box<Reading>, torn: bool, rest: Option<Line>, now: Duration, out: &mut Output) {
        let place = self.place();
        if self.scope.tail.take_if(|tail| *tail == 0).is_some() {
            reading.tail.iter().chain(&rest).for_each(|line| self.cursor.read(line));
            self.cursor.starts_inside();
            return self.plan(now, out);
        }
        let mut agrees = self.cursor.ends_with(&reading.tail);
        match (self.unfinished.take(), rest) {
            (Some(line), Some(end)) if agrees && end == line && place == reading.place => {
                self.same_ends += 1;
                if self.same_ends < SAME_ENDS {
                    self.unfinished = Some(line);
                    return self.open(Purpose::Check, now, out);
                }
                if self.cursor.count() == 0 {
                    out.start = self.start(Duration::ZERO);
                }
                self.handed += 1;
                self.any = true;
                self.cursor.read(&line);
                out.line(line, self.current);
                return self.seal(now, out);
            }
            (unfinished, _) => agrees &= !torn && unfinished.is_none(),
        }
        if agrees && place != Place::Live {
            if place != reading.place {
                // The container restarted meanwhile, and the check may have seen the next instance.
                return self.plan(now, out);
            }
            if self.reached {
                return self.seal(now, out);
            }
            // The reading before was cut off earlier than the last line, and a check may be cut off after it.
        }
        if place == Place::Live {
            if !self.scope.follow {
                // A snapshot of a running container: what it prints meanwhile is not part of it, but a reading that was
                // ended on the way is taken up again.
                self.doubts += 1;
                if agrees || self.doubts > 1 {
                    return self.seal(now, out);
                }
            }
            self.checked = agrees;
            return self.plan(now, out);
        }
        let is_empty = !torn && reading.tail.is_empty() && self.cursor.count() > 0;
        self.empty_checks += u32::from(is_empty);
        if self.empty_checks >= EMPTY_CHECKS {
            // The newest file is empty: rotated after the last line, and what else the old file held cannot be had.
            // Nothing is known to be missing when a stream ran to its end unbroken. But this may be another instance's log.
            self.phase = Phase::Confirm { asked: reading.place };
            return out.actions.push(Action::Confirm(LAG_OF_STATUS));
        }
        self.doubts += 1;
        if self.doubts > DOUBTS {
            return self.give_up("its end keeps changing".to_owned(), now, out);
        }
        self.whole = self.doubts > 1;
        if self.doubts > QUICK_DOUBTS {
            let pause = self.next_pause(self.doubts - QUICK_DOUBTS);
            return self.pause(pause, Wake::Never, now);
        }
        self.plan(now, out);
    }

    fn seal(&mut self, now: Duration, out: &mut Output) {
        if self.adopt.is_some() && self.place() != Place::Previous {
            self.adopt = None;
        }
        if self.cursor.count() == 0 && self.opened.is_some() && self.scope.tail != Some(0) {
            // A log that was rotated after its last line is empty too.
            out.start = self.start(Duration::ZERO);
        }
        self.sealed = true;
        self.plan(now, out);
    }

    fn give_up(&mut self, reason: String, now: Duration, out: &mut Output) {
        self.lose(reason, out);
        self.plan(now, out);
    }

    fn on_in_band(&mut self, text: String, now: Duration, out: &mut Output) {
        self.failures += 1;
        let error = kubelet_error::in_band(&text);
        let is_gone = match error {
            Some(KubeletError::Collected) => true,
            Some(KubeletError::Passing) => false,
            Some(KubeletError::FileMissing) | None => {
                self.absent += 1;
                self.absent >= FILE_TRIES
            }
        };
        if self.place() != Place::Live && is_gone {
            self.miss(text, out);
            return self.plan(now, out);
        }
        if !self.scope.follow && self.failures >= TRIES {
            return self.leave(text, now, out);
        }
        self.troubled |= error == Some(KubeletError::Passing);
        self.tell(Note::InBand(text), out);
        let pause = self.next_pause(self.failures);
        self.pause(pause, Wake::Never, now);
    }

    fn on_refused(&mut self, refusal: Refusal, now: Duration, out: &mut Output) {
        let Phase::Open(_) = self.phase else { return };
        self.closed = now;
        match refusal {
            Refusal::NotScheduled => self.on_waiting("the pod is not scheduled to a node".to_owned(), now, out),
            Refusal::Waiting(reason) => self.on_waiting(reason, now, out),
            Refusal::NotFound(reason) if self.scope.follow && self.place() == Place::Live && !self.checked => {
                self.phase = Phase::Missing { reason };
                out.actions.push(Action::Confirm(Duration::ZERO));
            }
            Refusal::NoInstance(reason) | Refusal::NotFound(reason) => {
                // The status may lag: after a few tries it has told, or the log is gone.
                self.failures += 1;
                self.absent += 1;
                if self.absent >= FILE_TRIES || self.checked {
                    self.miss(reason, out);
                    return self.plan(now, out);
                }
                let pause = self.next_pause(self.failures);
                self.pause(pause, Wake::Ended, now);
            }
            Refusal::Forbidden { reason, withdrawn } => self.on_forbidden(reason, withdrawn, now, out),
            Refusal::Passing(reason, pause) => self.fail(reason, pause, now, out),
        }
    }

    /// The log may not be read. While the container may go on, the permission may come; so it may for a while after it was there.
    fn on_forbidden(&mut self, reason: String, withdrawn: bool, now: Duration, out: &mut Output) {
        self.failures += 1;
        let since = self.denied.get_or_insert((now, reason.clone())).0;
        let goes_on = match (self.is_final(), withdrawn) {
            (false, _) => true,
            (true, true) => now < since + DENIED_FOR,
            (true, false) => self.failures < TRIES,
        };
        if !self.scope.follow || !goes_on {
            out.notes.push(Note::Forbidden(reason));
            self.phase = Phase::Done;
            return;
        }
        self.tell(Note::Denied(reason), out);
        let pause = self.next_pause(self.failures);
        self.pause(pause, Wake::Ended, now);
    }

    /// The log does not exist yet, though the status looked as if it did.
    fn on_waiting(&mut self, reason: String, now: Duration, out: &mut Output) {
        if !self.scope.follow || self.is_final() {
            out.notes.push(Note::NoLog(reason));
            self.phase = Phase::Done;
            return;
        }
        self.tell(Note::Waiting(reason), out);
        self.pause(SETTLE, Wake::Ended, now);
    }

    /// Something broke on the way: try again after a pause that grows.
    fn fail(&mut self, reason: String, asked: Option<Duration>, now: Duration, out: &mut Output) {
        self.failures += 1;
        self.troubled = true;
        if !self.scope.follow && self.failures >= TRIES {
            return self.leave(reason, now, out);
        }
        let note = if self.failures >= TRIES { Note::Struggling(reason) } else { Note::Interrupted(reason) };
        self.tell(note, out);
        let pause = self.next_pause(self.failures).max(asked.unwrap_or_default());
        self.pause(pause, Wake::Never, now);
    }

    /// Tells a note unless it is what was told last.
    fn tell(&mut self, note: Note, out: &mut Output) {
        if self.told.as_ref() != Some(&note) {
            out.notes.push(note.clone());
            self.told = Some(note);
        }
    }

    fn pause(&mut self, pause: Duration, wake: Wake, now: Duration) {
        self.closed = now;
        self.phase = Phase::Pause { until: now + pause, wake };
    }

    /// The pause after so many failures in a row: doubling, with up to a half of it taken off at random.
    fn next_pause(&mut self, failures: u32) -> Duration {
        let full = FIRST_PAUSE.saturating_mul(1 << failures.clamp(1, 10).saturating_sub(1)).min(LONGEST_PAUSE);
        // xorshift64: enough to keep followers out of step, and the same in every run of a test.
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        full.mul_f64(0.5 + (self.jitter % 1000) as f64 / 2000.0)
    }

    fn on_probed(&mut self, tail: Option<Vec<Line>>, now: Duration, out: &mut Output) {
        let Phase::Open(reading) = &mut self.phase else { return };
        let Some((sent, ended)) = reading.probing.take() else { return };
        reading.patience = (reading.patience * 2).min(PATIENCE);
        reading.probe_at = now + reading.patience;
        // What has arrived meanwhile was not looked at yet.
        let Some(tail) = tail.filter(|_| !reading.confirming) else { return };
        if ended {
            reading.last_lines = Some(tail);
            return;
        }
        if reading.heard > sent || tail.is_empty() || self.cursor.ends_with(&tail) {
            return;
        }
        // The log knows more than the stream says: it has stalled, or a clock that was set back hides its lines.
        self.whole = reading.request.since.is_some_and(|since| tail.iter().any(|line| line.stamp < since));
        self.closed = reading.heard;
        self.broken = true;
        self.tell(Note::Interrupted("the stream stalled".to_owned()), out);
        out.actions.push(Action::Close);
        self.plan(now, out);
    }

    /// Asks for the log's last lines beside the open stream.
    fn probe(&mut self, now: Duration, ended: bool, out: &mut Output) {
        let tail = self.cursor.tail();
        if let Phase::Open(reading) = &mut self.phase {
            reading.probing = Some((now, ended));
            let request =
                Request { previous: reading.request.previous, tail: Some(tail), urgent: ended, ..Request::default() };
            out.actions.push(Action::Probe(request));
        }
    }

    fn on_tick(&mut self, now: Duration, out: &mut Output) {
        match &self.phase {
            Phase::Pause { until, .. } if now >= *until => self.plan(now, out),
            Phase::Open(reading) if reading.give_up.is_some_and(|at| now >= at) => {
                out.actions.push(Action::Close);
                self.closed = now;
                self.plan(now, out);
            }
            Phase::Open(reading)
                if reading.purpose == Purpose::Stream && reading.probing.is_none() && now >= reading.probe_at =>
            {
                self.probe(now, false, out);
            }
            Phase::Open(reading) if reading.purpose != Purpose::Stream && now >= reading.heard + STALL => {
                out.actions.push(Action::Close);
                self.closed = now;
                self.fail(format!("nothing came for {} s", STALL.as_secs()), None, now, out);
            }
            _ => {}
        }
    }
}

/// Whether `rest` is the beginning of a stamped line that was cut off, in its stamp or later.
fn starts_like_a_stamp(rest: &[u8]) -> bool {
    Stamp::parse(rest).is_some() || Stamp::may_start(rest)
}

#[cfg(test)]
mod tests {
    use super::{super::status::Ended, *};

    const LINES: [&str; 2] = ["2026-09-21T14:13:28.000000001Z one\n", "2026-09-21T14:13:29.000000001Z two\n"];

    const COLLECTED: &str = "unable to retrieve container logs for containerd://0";

    /// A follower of a container that has ended, told what its requests bring, and the time.
    struct Told(Follower, Duration);

    impl Told {
        fn new() -> Told {
            let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
            assert!(opens_log(&told.on(Event::Status(ended())).actions));
            told
        }

        fn on(&mut self, event: Event) -> Output {
            let mut out = Output::default();
            self.0.on(event, self.1, &mut out);
            out
        }

        /// Lets the pause pass; returns what is asked for then.
        fn tick(&mut self) -> Vec<Action> {
            self.1 = self.0.deadline().unwrap();
            self.on(Event::Tick).actions
        }

        /// A whole answer; returns what it brought at its end.
        fn whole_answer(&mut self, body: &str) -> Output {
            self.on(Event::Opened);
            if !body.is_empty() {
                self.on(Event::Data(Bytes::copy_from_slice(body.as_bytes())));
            }
            self.on(Event::Closed(End::Clean))
        }

        /// A whole answer; returns what is asked for next.
        fn answer(&mut self, body: &str) -> Vec<Action> {
            self.whole_answer(body).actions
        }
    }

    fn ended() -> Status {
        let ended = Ended { exit_code: 0, reason: "Completed".into(), started: None, has_log: true };
        Status { restart: 0, state: State::Ended(ended), last: None, pod: PodLife::Finished }
    }

    fn opens_tail(actions: &[Action]) -> bool {
        matches!(actions, [Action::Open(request)] if request.tail.is_some())
    }

    fn opens_log(actions: &[Action]) -> bool {
        matches!(actions, [Action::Open(request)] if request.tail.is_none())
    }

    #[test]
    fn a_check_cut_before_its_first_byte_is_no_empty_log() {
        let mut told = Told::new();
        assert!(opens_tail(&told.answer(LINES[0])));
        assert!(opens_log(&told.answer("")), "the log is read once more");
        assert!(opens_tail(&told.answer(&LINES.concat())), "and has another line");
        assert!(opens_log(&told.answer("")), "which starts the count of empty checks again");
        assert!(opens_tail(&told.answer(&LINES.concat())));
        told.answer(LINES[1]);
        assert!(told.0.is_done());
        assert_eq!(told.0.cursor.count(), 2);
    }

    #[test]
    fn the_same_half_of_a_last_line_twice_is_no_end() {
        let mut told = Told::new();
        let half = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z ha";
        let whole = half.clone() + "lf";
        assert!(opens_tail(&told.answer(&(LINES[0].to_owned() + &half))));
        assert!(opens_tail(&told.answer(&half)), "a check may have been cut at the same byte");
        assert!(opens_log(&told.answer(&whole)), "it was");
        assert!(opens_tail(&told.answer(&whole)));
        assert!(opens_tail(&told.answer(&whole)));
        assert_eq!(told.whole_answer(&whole).lines[0].text, "half");
        assert!(told.0.is_done());
    }

    #[test]
    fn a_check_proves_nothing_about_a_reading_that_stopped_before_the_last_line() {
        let mut told = Told::new();
        let third = "2026-09-21T14:13:30.000000001Z three\n";
        assert!(opens_tail(&told.answer(&LINES.concat())));
        assert!(opens_log(&told.answer("")));
        assert!(opens_tail(&told.answer(LINES[0])), "cut before the line that was the last one");
        assert!(opens_log(&told.answer(LINES[1])), "cut right after it, so that it seems to agree");
        assert!(opens_tail(&told.answer(&(LINES.concat() + third))));
        told.answer(&(LINES[1].to_owned() + third));
        assert!(told.0.is_done());
        assert_eq!(told.0.cursor.count(), 3);
    }

    #[test]
    fn a_reading_without_news_takes_nothing_away_from_a_stream_that_ended_well() {
        let mut running = Status { state: State::Running { started: None }, ..ended() };
        running.pod = PodLife::Active;
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        told.on(Event::Status(running.clone()));
        told.on(Event::Opened);
        told.on(Event::Confirmed(Some(running)));
        assert_eq!(told.on(Event::Data(Bytes::from(LINES.concat()))).lines.len(), 2);
        told.on(Event::Status(ended()));
        let next = told.on(Event::Closed(End::Clean)).actions;
        assert!(matches!(next[..], [Action::Open(_)]), "its end is looked at once more: {next:?}");
        told.on(Event::Opened);
        let gone = Status { pod: PodLife::Gone, ..ended() };
        told.on(Event::Status(gone));
        let notes = told.on(Event::Closed(End::Clean)).notes;
        assert!(matches!(notes[..], [Note::Unchecked { .. }]), "{notes:?}");
    }

    #[test]
    fn a_last_line_is_had_after_many_cuts() {
        let mut told = Told::new();
        let log = LINES.concat() + "2026-09-21T14:13:30.000000001Z end";
        assert!(opens_tail(&told.answer(&log)));
        for _ in 0..DOUBTS {
            // A check cut before its first byte: the log is read again, soon or after a pause.
            let next = told.answer("");
            if next.is_empty() {
                assert!(opens_log(&told.tick()));
            } else {
                assert!(opens_log(&next));
            }
            assert!(opens_tail(&told.answer(&log)));
        }
        let tail = LINES[1].to_owned() + "2026-09-21T14:13:30.000000001Z end";
        assert!(opens_tail(&told.answer(&tail)));
        let out = told.whole_answer(&tail);
        assert_eq!(out.lines.len(), 1);
        assert!(out.notes.is_empty());
        assert!(told.0.is_done());
    }

    /// stdout and stderr are stamped apart, so a line may stand behind a later one.
    #[test]
    fn lines_before_since_behind_the_last_one_wanted_are_no_contradiction() {
        let since = Some(Stamp::parse(LINES[1].as_bytes()).unwrap().0);
        let mut told = Told(Follower::new(Scope { since, ..Scope::default() }, 1), Duration::ZERO);
        told.on(Event::Status(ended()));
        let (whole, last) = (LINES[1].to_owned() + LINES[0], LINES[0]);
        assert!(opens_tail(&told.answer(&whole)));
        for _ in 0..2 * DOUBTS {
            if told.0.is_done() {
                break;
            }
            let next = told.answer(last);
            let next = if next.is_empty() && !told.0.is_done() { told.tick() } else { next };
            assert!(told.0.is_done() || opens_log(&next));
            let out = told.whole_answer(&whole);
            assert!(out.notes.is_empty() && out.lines.is_empty(), "{out:?}");
        }
        assert!(told.0.is_done());
    }

    #[test]
    fn what_is_missing_between_other_failures_is_not_taken_for_gone() {
        let missing = "failed to open log file \"/var/log/pods/a/c/0.log\": no such file or directory";
        let mut told = Told::new();
        for answer in ["503", "503", missing, "503", missing, "503", missing, "503"] {
            let out = if answer == "503" {
                told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)))
            } else {
                told.whole_answer(answer)
            };
            assert!(!out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
            assert!(opens_log(&told.tick()));
        }
        let out = told.whole_answer(missing);
        assert!(out.notes.iter().any(Note::lines_missing), "four in a row: {:?}", out.notes);
    }

    /// The kubelet tells of a restart after the fact, and so does a list.
    #[test]
    fn a_status_from_a_list_is_confirmed_as_any_other_is() {
        let running = Status { state: State::Running { started: None }, pod: PodLife::Active, ..ended() };
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        told.on(Event::Listed(running));
        assert_eq!(told.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
    }

    #[test]
    fn a_check_of_a_container_that_seemed_to_run_is_not_the_last_word_on_it() {
        let running = Status { state: State::Running { started: None }, pod: PodLife::Terminating, ..ended() };
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        told.on(Event::Status(running.clone()));
        told.on(Event::Opened);
        told.on(Event::Confirmed(Some(running.clone())));
        told.on(Event::Data(Bytes::from(LINES[0])));
        assert!(opens_tail(&told.on(Event::Closed(End::Clean)).actions));
        assert!(opens_log(&told.answer(LINES[0])), "it agrees, and the stream is opened again");
        told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
        told.on(Event::Status(Status { pod: PodLife::Gone, ..running }));
        told.1 = told.0.deadline().unwrap();
        let notes = told.on(Event::Tick).notes;
        assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
        assert!(told.0.is_done());
    }

    #[test]
    fn a_log_opened_while_its_pod_goes_is_not_read_under_another_number() {
        let running = Status { state: State::Running { started: None }, pod: PodLife::Active, ..ended() };
        let State::Ended(end) = ended().state else { panic!() };
        let gone = Status { restart: 1, last: Some(end), pod: PodLife::Gone, ..ended() };
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        told.on(Event::Status(running));
        told.on(Event::Opened);
        told.on(Event::Data(Bytes::from(LINES[0])));
        let out = told.on(Event::Confirmed(Some(gone)));
        assert!(out.lines.is_empty(), "whose they are is not known: {out:?}");
        assert_eq!(out.notes.iter().filter(|note| note.lines_missing()).count(), 2, "{:?}", out.notes);
        assert!(told.0.is_done());
    }

    #[test]
    fn a_log_that_stays_empty_was_rotated_after_the_last_line_read() {
        let mut told = Told::new();
        assert!(opens_tail(&told.answer(LINES[0])));
        assert!(opens_log(&told.answer("")));
        assert!(opens_tail(&told.answer("")));
        assert_eq!(told.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
        let notes = told.on(Event::Confirmed(Some(ended()))).notes;
        assert!(matches!(notes[..], [Note::Unchecked { restart: 0, .. }]), "{notes:?}");
        assert!(told.0.is_done());
    }

    #[test]
    fn a_line_that_had_begun_when_the_log_became_empty_is_missing() {
        let mut told = Told::new();
        assert!(opens_tail(&told.answer(&(LINES[0].to_owned() + &LINES[1][..34]))));
        assert!(opens_log(&told.answer("")));
        assert!(opens_tail(&told.answer("")));
        assert_eq!(told.answer(""), [Action::Confirm(LAG_OF_STATUS)]);
        assert!(matches!(told.on(Event::Confirmed(Some(ended()))).notes[..], [Note::Gap { before: None, .. }]));
    }

    /// The kubelet keeps one dead instance of a container, so a retried one that has ended lacks the log of the first.
    #[test]
    fn a_dead_instance_that_was_collected_before_the_first_look_is_told_and_not_missing() {
        for follow in [true, false] {
            let State::Ended(end) = ended().state else { panic!() };
            let retried = Status { restart: 1, last: Some(end), ..ended() };
            let mut told = Told(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
            let asked = told.on(Event::Status(retried)).actions;
            assert!(matches!(asked[..], [Action::Open(request)] if request.previous), "{asked:?}");
            let out = told.whole_answer(COLLECTED);
            assert!(matches!(&out.notes[..], [Note::Gone { restart: 0, .. }]), "{:?}", out.notes);
            assert!(!out.notes[0].lines_missing());
            assert!(opens_log(&out.actions), "the instance after it is read");
            assert!(opens_tail(&told.answer(LINES[0])));
            assert!(told.whole_answer(LINES[0]).notes.is_empty());
            assert!(told.0.is_done());
        }
    }

    #[test]
    fn an_instance_that_went_away_after_the_first_try_is_missing() {
        let mut told = Told::new();
        told.on(Event::Refused(Refusal::Passing("503".to_owned(), None)));
        assert!(opens_log(&told.tick()));
        let out = told.whole_answer(COLLECTED);
        assert!(matches!(out.notes[..], [Note::Unverified { .. } | Note::Lost { .. }]), "{:?}", out.notes);
    }

    #[test]
    fn an_instance_that_ran_when_first_seen_is_missing_when_it_was_collected() {
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        let running = Status { state: State::Running { started: None }, pod: PodLife::Active, ..ended() };
        assert!(opens_log(&told.on(Event::Status(running)).actions));
        told.on(Event::Refused(Refusal::NoInstance("not yet".to_owned())));
        assert!(opens_log(&told.on(Event::Status(ended())).actions));
        let out = told.whole_answer(COLLECTED);
        assert!(out.notes.iter().any(Note::lines_missing), "{:?}", out.notes);
    }

    #[test]
    fn what_cannot_be_read_in_a_single_look_is_not_called_lost() {
        let mut told = Told(Follower::new(Scope::default(), 1), Duration::ZERO);
        told.on(Event::Status(ended()));
        for _ in 1..TRIES {
            told.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
            assert!(opens_log(&told.tick()));
        }
        let out = told.on(Event::Refused(Refusal::Passing("No agent available".to_owned(), None)));
        assert!(matches!(&out.notes[..], [Note::Unreadable { restart: 0, last: None, .. }]), "{:?}", out.notes);
        assert!(told.0.is_done());
    }

    #[test]
    fn a_last_line_without_an_end_belongs_to_the_instance_that_printed_it() {
        let mut told = Told::new();
        let log = LINES[0].to_owned() + "2026-09-21T14:13:30.000000001Z end";
        assert!(opens_tail(&told.answer(&log)));
        assert!(opens_tail(&told.answer(&log)));
        // The next instance has begun when the second check ends.
        let State::Ended(end) = ended().state else { panic!() };
        let again =
            Status { restart: 1, state: State::Running { started: None }, last: Some(end), pod: PodLife::Active };
        told.0.status = Some(Status { pod: PodLife::Active, ..again.clone() });
        if let Phase::Open(reading) = &mut told.0.phase {
            reading.place = Place::Previous;
        }
        let out = told.whole_answer(&log);
        assert_eq!((out.lines.len(), out.restart, told.0.current), (1, 0, 1));
    }

    #[test]
    fn a_log_goes_ahead_of_others_only_when_it_may_vanish() {
        let State::Ended(end) = ended().state else { panic!() };
        let running = Status { state: State::Running { started: None }, pod: PodLife::Active, ..ended() };
        let retried = Status { restart: 1, last: Some(end), ..running.clone() };
        let terminating = Status { pod: PodLife::Terminating, ..running.clone() };
        for (follow, status, urgent) in [
            (false, ended(), false),
            (true, ended(), false),
            (true, running, false),
            (false, retried.clone(), false),
            (true, retried, true),
            (true, terminating.clone(), true),
            (false, terminating, true),
        ] {
            let mut told = Told(Follower::new(Scope { follow, ..Scope::default() }, 1), Duration::ZERO);
            let asked = told.on(Event::Status(status.clone())).actions;
            assert!(matches!(asked[..], [Action::Open(request)] if request.urgent == urgent), "{follow} {status:?}");
        }
    }

    #[test]
    fn nothing_is_handed_on_before_the_status_is_confirmed() {
        let mut told = Told(Follower::new(Scope { follow: true, ..Scope::default() }, 1), Duration::ZERO);
        let running = Status { state: State::Running { started: None }, pod: PodLife::Active, ..ended() };
        told.on(Event::Status(running.clone()));
        assert_eq!(told.on(Event::Opened).actions, [Action::Confirm(Duration::ZERO)]);
        let data = |text: &str| Event::Data(Bytes::copy_from_slice(text.as_bytes()));
        assert!(told.on(data(LINES[0])).lines.is_empty());
        assert!(told.on(data(LINES[1])).lines.is_empty());
        assert!(told.on(Event::Closed(End::Clean)).actions.is_empty());
        assert_eq!(told.0.deadline(), None);
        assert_eq!(told.on(Event::Confirmed(Some(running))).lines.len(), 2);
        assert!(matches!(told.0.phase, Phase::Pause { .. }), "and its end was taken");
    }

    #[test]
    fn a_permission_that_was_there_is_waited_for_two_minutes() {
        let refused = || Event::Refused(Refusal::Forbidden { reason: "no".to_owned(), withdrawn: true });
        let mut told = Told::new();
        assert_eq!(told.on(refused()).notes, [Note::Denied("no".to_owned())]);
        while told.1 < DENIED_FOR {
            assert!(!told.0.is_done());
            told.tick();
            let notes = told.on(refused()).notes;
            assert!(notes.is_empty() || told.1 >= DENIED_FOR, "told once: {notes:?}");
        }
        assert!(told.0.is_done());
        let mut told = Told::new();
        told.on(refused());
        told.tick();
        assert!(opens_tail(&told.answer(LINES[0])), "it came back");
    }
}
