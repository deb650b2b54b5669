//! [`Follower`]: the state machine that reads one container, instance after instance, each line once.
//!
//! It does no I/O and owns no clock. Its driver tells it what happened ([`Event`]) and when, as the time since the run
//! began, and does what it asks ([`Action`]). At most one log request is open at a time, beside a small probe.
//!
//! How an instance is read: a *stream* (`follow=true`) while it runs; when it has ended, plain *reads* from the cursor until
//! one brings nothing new and a *check*, the log's last lines, ends with the last line read. Then it is *sealed*. An end of a
//! stream alone proves nothing: every hop on the way can end one.
//!
//! The decisions are taken elsewhere: what is old and what is new by [`cursor`](super::cursor), whether the end was reached by
//! [`end_proof`](super::end_proof), whose log it is by [`identity`](super::identity), what a silence means by
//! [`probe`](super::probe), whether to try again by [`tries`](super::tries). Here they are asked in turn.

use std::time::Duration;

use bytes::Bytes;

pub use super::event::{Action, BodyEnd, Event, Output, ReadingStart, Request, Scope};
use super::{
    cursor::Overlap,
    earlier::Earlier,
    end_proof::{CheckEnd, NextStep, ReadEnd, Tail},
    instance::Instance,
    life,
    note::{Note, Proof},
    probe::{ProbeReason, Shown},
    reading::{AnswerPart, Drawn, Purpose, Reading, ReadingKind, STALL},
    refusal::Refusal,
};
use crate::{
    backoff::Backoff,
    k8s::{
        Line, kubelet_error,
        status::{LogPlace, PodLife, Status},
    },
};

/// What is under way.
#[derive(Debug)]
enum FollowerPhase {
    /// Nothing, until the status changes.
    Idle,
    /// Nothing, until then, or until the status tells.
    Pause { until: Duration, wake: Wake },
    /// There is no such pod, and its status is asked for to make sure.
    Missing { reason: String },
    /// The log has become empty, and the pod's status is asked for to tell why.
    Empty { opened_at: LogPlace },
    /// A request is on its way or its answer is being read.
    Open(Box<Reading>),
    /// Its answer waits: the pod's status is asked for, which tells whose log it is. After a gap it begins with that line.
    Doubtful { reading: Box<Reading>, gap: Option<Line> },
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

/// The pause before an ended stream of a container that seems to run is opened again: its status usually tells within
/// this time that it ended.
const SETTLE: Duration = Duration::from_secs(1);
/// The pause before a status is believed that shows no restart: the kubelet sends it after the fact.
const LAG_OF_STATUS: Duration = Duration::from_secs(1);
/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// What is told when the status cannot be had that is needed to go on.
const UNCONFIRMED: &str = "the pod's status cannot be asked for";

/// Reads one container. See the module's description.
#[derive(Debug)]
pub struct Follower {
    scope: Scope,
    status: Option<Status>,
    phase: FollowerPhase,
    instance: Instance,
    /// How many instances had ended when the container was first seen.
    ended_before: u32,
    /// What an earlier run has read.
    earlier: Earlier,
    /// Whether any line was handed on.
    any: bool,
    /// What was told last, so that it is told once.
    told: Option<Note>,
    backoff: Backoff,
}

impl Follower {
    /// A follower; `seed` varies the pauses, so that many followers do not act in step.
    pub fn new(scope: Scope, seed: u64) -> Follower {
        Follower {
            scope,
            status: None,
            phase: FollowerPhase::Idle,
            instance: Instance::default(),
            ended_before: 0,
            earlier: Earlier::default(),
            any: false,
            told: None,
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed),
        }
    }

    /// A follower that goes on where an earlier run has ended.
    pub fn resuming(scope: Scope, seed: u64, earlier: Earlier) -> Follower {
        Follower { earlier, ..Follower::new(scope, seed) }
    }

    /// When [`Event::Tick`] is due, in time since the run began.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            FollowerPhase::Pause { until, .. } => Some(*until),
            FollowerPhase::Open(reading) => reading.deadline(),
            FollowerPhase::Idle
            | FollowerPhase::Missing { .. }
            | FollowerPhase::Empty { .. }
            | FollowerPhase::Doubtful { .. }
            | FollowerPhase::Done => None,
        }
    }

    /// Whether nothing will come any more.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, FollowerPhase::Done)
    }

    /// Whether everything there is has been read and proven complete, though the container may start again.
    pub fn is_settled(&self) -> bool {
        let idle =
            matches!(self.phase, FollowerPhase::Idle) && (self.instance.sealed || self.place() == LogPlace::Future);
        self.is_done() || idle
    }

    /// Tells that nobody listened until `now`, so that a silence before it is not the server's.
    pub fn excuse(&mut self, now: Duration) {
        if let FollowerPhase::Open(reading) = &mut self.phase {
            reading.heard(now);
        }
    }

    /// Takes one event at `now` and puts into `out` what follows from it.
    pub fn on(&mut self, event: Event, now: Duration, out: &mut Output) {
        match event {
            Event::Status(status) => self.on_status(status, now, out),
            Event::Opened => self.on_opened(now, out),
            Event::Refused(refusal) => self.on_refused(refusal, now, out),
            Event::Data(data) => self.on_part(AnswerPart::Data(data), now, out),
            Event::Closed(end) => self.on_part(AnswerPart::End(end), now, out),
            Event::Probed(tail) => self.on_probed(tail, now, out),
            Event::Confirmed(status) => self.on_confirmed(status, now, out),
            Event::Tick => self.on_tick(now, out),
        }
    }

    fn place(&self) -> LogPlace {
        self.status.as_ref().map_or(LogPlace::Future, |status| status.place(self.instance.number))
    }

    fn place_in_life(&self) -> LogPlace {
        self.status.as_ref().map_or(LogPlace::Future, |status| status.place_in_life(self.instance.number))
    }

    fn is_pod(&self, life: PodLife) -> bool {
        self.status.as_ref().is_some_and(|status| status.pod == life)
    }

    fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(Status::is_final)
    }

    // The status.

    fn on_status(&mut self, status: Status, now: Duration, out: &mut Output) {
        if self.is_done() || self.status.as_ref().is_some_and(|known| status.is_older_than(known)) {
            return;
        }
        out.notes.extend(life::changes(self.status.as_ref(), &status));
        match &self.status {
            None => self.begin(&status, out),
            Some(old) => {
                let Instance { number, cursor, opened, identity, sealed, .. } = &mut self.instance;
                let restarted = old.restart == *number && status.restart > *number;
                if restarted && cursor.is_whole() && identity.doubt(*opened, now) {
                    *sealed = false;
                }
            }
        }
        self.status = Some(status);
        let (place, opened_at) = (self.place(), self.place_in_life());
        match &mut self.phase {
            FollowerPhase::Idle => self.plan(now, out),
            FollowerPhase::Pause { wake: Wake::Ended, .. } if place != LogPlace::Live => self.plan(now, out),
            // Opened, and nothing read yet: it may be a later instance's log.
            FollowerPhase::Open(reading) | FollowerPhase::Doubtful { reading, .. }
                if reading.is_untouched() && reading.is_elsewhere(opened_at) =>
            {
                out.actions.push(Action::Close);
                self.plan(now, out);
            }
            FollowerPhase::Open(reading) | FollowerPhase::Doubtful { reading, .. } if place != LogPlace::Live => {
                if let ReadingKind::Stream(listening) = &mut reading.kind
                    && listening.ended(now)
                    && place == LogPlace::Latest
                {
                    self.probe(ProbeReason::Ended, now, out);
                }
            }
            _ => {}
        }
    }

    /// Chooses the first instance to read.
    fn begin(&mut self, status: &Status, out: &mut Output) {
        if let Some(first) = self.earlier.first() {
            // What went away meanwhile is lost, not gone before anybody looked.
            self.instance = Instance::new(first);
            return self.take_up();
        }
        let part = self.scope.tail.is_some();
        let first = if part { status.restart } else { status.first_readable() };
        self.instance = Instance::new(first);
        self.ended_before = status.restart + u32::from(status.has_ended());
        if first > 0 && !part && self.scope.since.is_none() {
            out.notes.push(Note::GoneBefore { count: first });
        }
    }

    /// Goes on after what an earlier run has read of the instance.
    fn take_up(&mut self) {
        if let Some(read) = self.earlier.take(self.instance.number) {
            self.instance.take_up(read, self.earlier.away);
            self.any = true;
        }
    }

    fn on_confirmed(&mut self, status: Option<Status>, now: Duration, out: &mut Output) {
        let confirmed = status.is_some();
        if let Some(status) = status {
            self.on_status(status, now, out);
        }
        match std::mem::replace(&mut self.phase, FollowerPhase::Idle) {
            FollowerPhase::Missing { .. } if self.place() == LogPlace::Nowhere => self.plan(now, out),
            FollowerPhase::Missing { reason } => self.fail(reason, None, now, out),
            FollowerPhase::Empty { .. } if !confirmed => self.fail(UNCONFIRMED.to_owned(), None, now, out),
            FollowerPhase::Empty { opened_at } if self.place() != opened_at => self.plan(now, out),
            FollowerPhase::Empty { .. } => {
                let Instance { number: restart, cursor, proof, .. } = &self.instance;
                let note = match cursor.last() {
                    Some(after) if proof.is_broken() => Note::Gap { restart: *restart, after, before: None },
                    // An end as it should be may be a cut as well.
                    _ => {
                        let reason = "the log was rotated after the last line read".to_owned();
                        Note::Unchecked { restart: *restart, reason }
                    }
                };
                out.missing(note, *restart, cursor);
                self.seal(Proof::Rotated, now, out);
            }
            // Whose log this is, is not known. Where the status cannot be had for long, lines that may be another
            // instance's are better than none.
            FollowerPhase::Doubtful { gap, .. } if !confirmed && (gap.is_some() || !self.instance.tries.are_many()) => {
                out.actions.push(Action::Close);
                self.fail(UNCONFIRMED.to_owned(), None, now, out);
            }
            FollowerPhase::Doubtful { mut reading, gap } => {
                if confirmed {
                    self.instance.identity.confirm();
                }
                reading.heard(now);
                if gap.is_some() && reading.is_elsewhere(self.place_in_life()) {
                    out.actions.push(Action::Close);
                    return self.plan(now, out);
                }
                if let Some(line) = gap {
                    self.tell_gap(&line, out);
                    self.hand_on(line, &mut reading, out);
                    self.draw(reading, now, out);
                } else {
                    self.phase = FollowerPhase::Open(reading);
                }
                self.catch_up(now, out);
            }
            other => self.phase = other,
        }
    }

    fn tell_gap(&self, line: &Line, out: &mut Output) {
        let Instance { number: restart, cursor, .. } = &self.instance;
        if let Some(after) = cursor.last() {
            out.missing(Note::Gap { restart: *restart, after, before: Some(line.stamp) }, *restart, cursor);
        }
    }

    // What to do when nothing is open.

    /// Decides what to do next.
    fn plan(&mut self, now: Duration, out: &mut Output) {
        loop {
            self.phase = FollowerPhase::Idle;
            let Some(status) = &self.status else { return };
            let place = status.place(self.instance.number);
            if self.instance.identity.take_doubt() && self.instance.cursor.count() > 0 {
                self.instance.disown();
            }
            if self.instance.sealed {
                if status.restart > self.instance.number {
                    self.instance = std::mem::take(&mut self.instance).next();
                    self.scope.tail = None;
                    self.take_up();
                    continue;
                }
                if status.is_final() || !self.scope.follow {
                    self.phase = FollowerPhase::Done;
                }
                return;
            }
            let nothing_old = self.scope.tail == Some(0);
            match place {
                // Its last line only, to know where new ones begin.
                LogPlace::Live if self.scope.follow && nothing_old => return self.open(Purpose::Check, now, out),
                LogPlace::Live | LogPlace::Latest | LogPlace::Previous if nothing_old => self.instance.sealed = true,
                LogPlace::Live if self.scope.follow => return self.open(Purpose::Stream, now, out),
                LogPlace::Live | LogPlace::Latest | LogPlace::Previous => return self.open(Purpose::Read, now, out),
                LogPlace::Future if self.scope.follow && !status.is_final() => return,
                LogPlace::Future => {
                    if !self.any {
                        out.notes.push(Note::NoLog(life::why_no_log(self.status.as_ref())));
                    }
                    return self.phase = FollowerPhase::Done;
                }
                LogPlace::Nowhere if self.instance.has_never_started(status) => {
                    out.notes.push(Note::NoLog(life::why_no_log(self.status.as_ref())));
                    return self.phase = FollowerPhase::Done;
                }
                LogPlace::Nowhere => {
                    let reason = life::why_gone(status, self.instance.number);
                    self.miss(reason, out);
                }
            }
        }
    }

    /// Does what the proof of an instance's end asks for.
    fn go_on(&mut self, next: NextStep, now: Duration, out: &mut Output) {
        match next {
            NextStep::Seal => self.seal(Proof::Checked, now, out),
            NextStep::SealWith(line) => {
                if self.instance.cursor.count() == 0 {
                    out.start = self.start(Duration::ZERO);
                }
                self.any = true;
                self.instance.read(&line);
                out.line(line, self.instance.number);
                self.seal(Proof::Checked, now, out);
            }
            NextStep::Check => self.open(Purpose::Check, now, out),
            NextStep::Read => self.plan(now, out),
            NextStep::Settle => self.pause(SETTLE, Wake::Ended, now),
            NextStep::Pause(failures) => {
                let pause = self.backoff.after(failures);
                self.pause(pause, Wake::Never, now);
            }
            NextStep::ConfirmEmpty(opened_at) => {
                // This may be another instance's log.
                self.phase = FollowerPhase::Empty { opened_at };
                out.actions.push(Action::Confirm(LAG_OF_STATUS));
            }
            NextStep::Torn => self.fail("cut off in mid-line".to_owned(), None, now, out),
            NextStep::GiveUp(reason) => {
                self.lose(reason.to_owned(), out);
                self.plan(now, out);
            }
        }
    }

    fn open(&mut self, purpose: Purpose, now: Duration, out: &mut Output) {
        let place = self.place();
        let urgent = (self.scope.follow && place == LogPlace::Previous) || self.is_pod(PodLife::Terminating);
        self.instance.tried.get_or_insert(now);
        let reading = Reading::open(purpose, &mut self.instance, self.scope, place, urgent, now);
        out.actions.push(Action::Open(reading.request));
        self.phase = FollowerPhase::Open(Box::new(reading));
    }

    fn pause(&mut self, pause: Duration, wake: Wake, now: Duration) {
        self.instance.closed = Some(now);
        self.phase = FollowerPhase::Pause { until: now + pause, wake };
    }

    fn seal(&mut self, proof: Proof, now: Duration, out: &mut Output) {
        let place = self.place();
        self.instance.identity.settle(false, place);
        let Instance { cursor, opened, .. } = &self.instance;
        if cursor.count() == 0 && opened.is_some() && self.scope.tail != Some(0) {
            // A log that was rotated after its last line is empty too.
            out.start = self.start(Duration::ZERO);
        }
        // What a running container has printed by now is not all.
        if place != LogPlace::Live {
            let proof = if self.instance.cursor.count() == 0 { Proof::Empty } else { proof };
            out.seal(self.instance.number, Some(proof));
        }
        self.instance.sealed = true;
        self.plan(now, out);
    }

    /// The current instance's log is not there (any more). What was gone before elbtail could have read it is not lost by it.
    fn miss(&mut self, reason: String, out: &mut Output) {
        let restart = self.instance.number;
        if restart < self.ended_before && !self.is_pod(PodLife::Gone) && self.instance.is_untouched() {
            out.notes.push(Note::Gone { restart, reason });
            out.seal(restart, Some(Proof::GoneBefore));
            self.instance.sealed = true;
        } else {
            self.lose(reason, out);
        }
    }

    /// The log may be there, but cannot be read now.
    fn leave(&mut self, reason: String, now: Duration, out: &mut Output) {
        let Instance { number: restart, cursor, .. } = &self.instance;
        let (restart, last) = (*restart, cursor.last());
        out.missing(Note::Unreadable { restart, last, reason }, restart, cursor);
        out.seal(restart, None);
        self.instance.sealed = true;
        self.plan(now, out);
    }

    /// Tells that the rest of the current instance cannot be had, and takes it for done.
    fn lose(&mut self, reason: String, out: &mut Output) {
        self.instance.sealed = true;
        let note = self.instance.loss(reason, self.status.as_ref());
        if matches!(note, Note::Forbidden(_)) {
            return out.notes.push(note);
        }
        let proof = matches!(note, Note::Unchecked { .. }).then_some(Proof::StreamEnded);
        out.missing(note, self.instance.number, &self.instance.cursor);
        out.seal(self.instance.number, proof);
    }

    // An answer.

    fn on_opened(&mut self, now: Duration, out: &mut Output) {
        self.instance.opened.get_or_insert(now);
        self.instance.tries.opened();
        // Nothing read before can show that this is the log of the instance meant, so let the status tell.
        let unknown = self.scope.follow && !self.is_final() && self.instance.handed == 0;
        let Some(mut reading) = self.take_open() else { return };
        if matches!(reading.kind, ReadingKind::Stream(_)) {
            self.instance.proof.stream_opened();
        }
        reading.heard = now;
        if unknown {
            self.confirm(reading, None, Duration::ZERO, out);
        } else {
            self.phase = FollowerPhase::Open(reading);
        }
    }

    /// Takes the open answer out of the phase, which must be set anew; `None` when nothing is open.
    fn take_open(&mut self) -> Option<Box<Reading>> {
        match std::mem::replace(&mut self.phase, FollowerPhase::Idle) {
            FollowerPhase::Open(reading) => Some(reading),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Lets the status tell, after `pause`, whose log this is.
    fn confirm(&mut self, reading: Box<Reading>, gap: Option<Line>, pause: Duration, out: &mut Output) {
        self.phase = FollowerPhase::Doubtful { reading, gap };
        out.actions.push(Action::Confirm(pause));
    }

    fn on_part(&mut self, part: AnswerPart, now: Duration, out: &mut Output) {
        if let FollowerPhase::Doubtful { reading, .. } = &mut self.phase {
            return reading.held.push_back(part);
        }
        let Some(reading) = self.take_open() else { return };
        match part {
            AnswerPart::Data(data) => self.on_data(reading, data, now, out),
            AnswerPart::End(end) => self.on_closed(reading, end, now, out),
        }
    }

    /// Takes what arrived while the pod's status was asked for, until it must be asked for again.
    fn catch_up(&mut self, now: Duration, out: &mut Output) {
        while let FollowerPhase::Open(reading) = &mut self.phase
            && let Some(part) = reading.held.pop_front()
        {
            self.on_part(part, now, out);
        }
    }

    fn on_data(&mut self, mut reading: Box<Reading>, data: Bytes, now: Duration, out: &mut Output) {
        if self.instance.cursor.count() == 0 {
            reading.silent = now.saturating_sub(reading.heard);
        }
        reading.heard(now);
        self.instance.proof.heard();
        reading.splitter.push(data);
        self.draw(reading, now, out);
    }

    /// Takes the lines that have arrived.
    fn draw(&mut self, mut reading: Box<Reading>, now: Duration, out: &mut Output) {
        while let Some(drawn) = reading.draw(&mut self.instance, self.scope.since) {
            match drawn {
                Drawn::New(line) => self.hand_on(line, &mut reading, out),
                // Either lines are missing, or this is another instance's log.
                Drawn::NewAfterGap(line) => return self.confirm(reading, Some(line), LAG_OF_STATUS, out),
                Drawn::Hidden => {
                    self.instance.proof.hides(true);
                    self.instance.closed = Some(now);
                    out.actions.push(Action::Close);
                    return self.plan(now, out);
                }
            }
        }
        self.phase = FollowerPhase::Open(reading);
    }

    fn hand_on(&mut self, line: Line, reading: &mut Reading, out: &mut Output) {
        if self.instance.identity.is_open() {
            let place = self.place();
            self.instance.identity.settle(reading.overlap.has_begun(), place);
            reading.overlap = Overlap::default();
        }
        let first = self.instance.cursor.count() == 0;
        if first {
            out.start = self.start(reading.silent);
        }
        self.instance.read(&line);
        if first && reading.request.tail.is_some() {
            self.instance.cursor.starts_inside();
        }
        reading.any_new = true;
        (self.any, self.told) = (true, None);
        out.line(line, self.instance.number);
    }

    /// How the reading of this instance began.
    fn start(&self, silent: Duration) -> Option<ReadingStart> {
        let Instance { number: restart, identity, .. } = &self.instance;
        let status = self.status.as_ref();
        let start = ReadingStart {
            restart: *restart,
            started: status.and_then(|status| status.started(*restart)),
            tail: self.scope.tail,
            previous: self.place() == LogPlace::Previous,
            silent,
            waited: self.instance.was_opened_late(),
        };
        (!identity.is_open()).then_some(start)
    }

    fn on_closed(&mut self, reading: Box<Reading>, end: BodyEnd, now: Duration, out: &mut Output) {
        self.instance.closed = Some(now);
        if end != BodyEnd::Clean || self.place() == LogPlace::Live {
            self.instance.proof.interrupted();
        }
        if let BodyEnd::Broken(reason) = end {
            return self.fail(reason, None, now, out);
        }
        if let Some(text) = reading.unstamped_end()
            && (reading.request.since.is_none() || kubelet_error::in_band(&text).is_some())
        {
            return self.on_in_band(text, now, out);
        }
        self.instance.tries.answered();
        let tail = reading.tail();
        if tail.is_torn() {
            // A line has begun that was not handed on.
            self.instance.proof.interrupted();
        }
        let next = match reading.kind {
            ReadingKind::Check(lines) => match self.on_checked(lines, tail, reading.place) {
                Some(next) => next,
                None => return self.plan(now, out),
            },
            ReadingKind::Stream(_) | ReadingKind::Read => self.on_read(&reading, tail),
        };
        self.go_on(next, now, out);
    }

    /// A stream or a read ended as it should.
    fn on_read(&mut self, reading: &Reading, tail: Tail) -> NextStep {
        let (place, terminating) = (self.place(), self.is_pod(PodLife::Terminating));
        let Instance { cursor, proof, identity, .. } = &mut self.instance;
        let overlapped = reading.overlap.is_over();
        let listening = match &reading.kind {
            ReadingKind::Stream(listening) => Some(listening),
            ReadingKind::Read | ReadingKind::Check(_) => None,
        };
        if listening.is_some() {
            proof.stream_ended(!tail.is_torn() && overlapped && cursor.count() > 0);
        }
        let unclaimed = identity.is_open();
        if unclaimed && reading.overlap.has_begun() {
            identity.settle(true, place);
        }
        proof.read(ReadEnd {
            stream: listening.is_some(),
            place,
            opened_at: reading.place,
            tail,
            new_lines: reading.any_new,
            overlapped,
            unclaimed,
            whole: !reading.limited && reading.request.tail.is_none(),
            ends_alike: !identity.is_open() && listening.is_some_and(|listening| listening.ends_alike(cursor)),
            terminating,
        })
    }

    /// A check ended as it should; `None` when it only had to show where new lines begin.
    fn on_checked(&mut self, lines: Vec<Line>, tail: Tail, opened_at: LogPlace) -> Option<NextStep> {
        let (place, follow) = (self.place(), self.scope.follow);
        let Instance { cursor, proof, .. } = &mut self.instance;
        if self.scope.tail.take_if(|tail| *tail == 0).is_some() {
            lines.iter().for_each(|line| cursor.read(line));
            if let Tail::Line(line) = &tail {
                cursor.read(line);
            }
            cursor.starts_inside();
            return None;
        }
        let agrees = cursor.ends_with(&lines);
        let empty = lines.is_empty() && cursor.count() > 0;
        Some(proof.check(CheckEnd { place, opened_at, tail, agrees, empty, follow }))
    }

    // What goes wrong.

    fn on_in_band(&mut self, text: String, now: Duration, out: &mut Output) {
        let is_gone = self.instance.tries.was_in_band(kubelet_error::in_band(&text));
        if self.place() != LogPlace::Live && is_gone {
            self.miss(text, out);
            return self.plan(now, out);
        }
        if !self.scope.follow && self.instance.tries.are_many() {
            return self.leave(text, now, out);
        }
        self.try_again(Note::InBand(text), Duration::ZERO, Wake::Never, now, out);
    }

    fn on_refused(&mut self, refusal: Refusal, now: Duration, out: &mut Output) {
        let FollowerPhase::Open(_) = self.phase else { return };
        self.instance.closed = Some(now);
        let checked = self.instance.proof.was_checked();
        match refusal {
            Refusal::NotScheduled => self.on_waiting("the pod is not scheduled to a node".to_owned(), now, out),
            Refusal::Waiting(reason) => self.on_waiting(reason, now, out),
            Refusal::NotFound(reason) if self.scope.follow && self.place() == LogPlace::Live && !checked => {
                self.phase = FollowerPhase::Missing { reason };
                out.actions.push(Action::Confirm(Duration::ZERO));
            }
            Refusal::NoInstance(reason) | Refusal::NotFound(reason) => {
                if self.instance.tries.was_absent() || checked {
                    self.miss(reason, out);
                    return self.plan(now, out);
                }
                let pause = self.backoff.after(self.instance.tries.failures());
                self.pause(pause, Wake::Ended, now);
            }
            Refusal::Forbidden { reason, withdrawn } => {
                let goes_on = self.instance.tries.was_denied(&reason, withdrawn, self.is_final(), now);
                if !self.scope.follow || !goes_on {
                    out.notes.push(Note::Forbidden(reason));
                    return self.phase = FollowerPhase::Done;
                }
                self.try_again(Note::Denied(reason), Duration::ZERO, Wake::Ended, now, out);
            }
            Refusal::Passing(reason, pause) => self.fail(reason, pause, now, out),
        }
    }

    /// The log does not exist yet, though the status looked as if it did.
    fn on_waiting(&mut self, reason: String, now: Duration, out: &mut Output) {
        if !self.scope.follow || self.is_final() {
            out.notes.push(Note::NoLog(reason));
            return self.phase = FollowerPhase::Done;
        }
        self.tell(Note::Waiting(reason), out);
        self.pause(SETTLE, Wake::Ended, now);
    }

    /// Something broke on the way: try again after a pause that grows, and is as long as the server asked for.
    fn fail(&mut self, reason: String, asked: Option<Duration>, now: Duration, out: &mut Output) {
        self.instance.tries.failed();
        let many = self.instance.tries.are_many();
        if many && !self.scope.follow {
            return self.leave(reason, now, out);
        }
        let note = if many { Note::Struggling(reason) } else { Note::Interrupted(reason) };
        self.try_again(note, asked.unwrap_or_default(), Wake::Never, now, out);
    }

    fn try_again(&mut self, note: Note, least: Duration, wake: Wake, now: Duration, out: &mut Output) {
        self.tell(note, out);
        let pause = self.backoff.after(self.instance.tries.failures()).max(least);
        self.pause(pause, wake, now);
    }

    /// Tells a note unless it is what was told last.
    fn tell(&mut self, note: Note, out: &mut Output) {
        if self.told.as_ref() != Some(&note) {
            out.notes.push(note.clone());
            self.told = Some(note);
        }
    }

    // Silence.

    /// Asks for the log's last lines beside the open stream.
    fn probe(&mut self, why: ProbeReason, now: Duration, out: &mut Output) {
        let (FollowerPhase::Open(reading) | FollowerPhase::Doubtful { reading, .. }) = &mut self.phase else { return };
        if let ReadingKind::Stream(listening) = &mut reading.kind {
            listening.probe(why, now);
            let (previous, tail, urgent) =
                (reading.request.previous, Some(self.instance.cursor.tail()), why == ProbeReason::Ended);
            out.actions.push(Action::Probe(Request { previous, tail, urgent, ..Request::default() }));
        }
    }

    fn on_probed(&mut self, tail: Option<Vec<Line>>, now: Duration, out: &mut Output) {
        // What arrived while the status is asked for was not looked at yet.
        let trusted = matches!(self.phase, FollowerPhase::Open(_));
        let (FollowerPhase::Open(reading) | FollowerPhase::Doubtful { reading, .. }) = &mut self.phase else { return };
        let ReadingKind::Stream(listening) = &mut reading.kind else { return };
        let tail = tail.filter(|_| trusted);
        let Shown::Stalled(tail) = listening.answered(tail, reading.heard, &self.instance.cursor, now) else { return };
        // It has stalled, or a clock that was set back hides lines.
        let hidden = reading.request.since.is_some_and(|since| tail.iter().any(|line| line.stamp < since));
        self.instance.closed = Some(reading.heard);
        self.instance.proof.hides(hidden);
        self.instance.proof.interrupted();
        self.tell(Note::Interrupted("the stream stalled".to_owned()), out);
        out.actions.push(Action::Close);
        self.plan(now, out);
    }

    fn on_tick(&mut self, now: Duration, out: &mut Output) {
        match &self.phase {
            FollowerPhase::Pause { until, .. } if now >= *until => self.plan(now, out),
            FollowerPhase::Open(reading) => match &reading.kind {
                ReadingKind::Stream(listening) if listening.is_over(now) => {
                    out.actions.push(Action::Close);
                    self.instance.closed = Some(now);
                    self.plan(now, out);
                }
                ReadingKind::Stream(listening) if listening.is_silent(now) => self.probe(ProbeReason::Silent, now, out),
                ReadingKind::Read | ReadingKind::Check(_) if now >= reading.heard + STALL => {
                    out.actions.push(Action::Close);
                    self.instance.closed = Some(now);
                    self.fail(format!("nothing came for {} s", STALL.as_secs()), None, now, out);
                }
                ReadingKind::Stream(_) | ReadingKind::Read | ReadingKind::Check(_) => {}
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
