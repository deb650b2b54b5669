//! [`Follower`]: the state machine that reads one container, instance after instance, each line once.
//!
//! It does no I/O and owns no clock. Its driver tells it what happened ([`Event`]) and when, as the time since the run
//! began, and does what it asks ([`Action`]). At most one log request is open at a time, beside a small probe.
//!
//! How an instance is read: a *stream* (`follow=true`) while it runs; when it has ended, plain *reads* from the cursor until
//! one brings nothing new and a *check*, the log's last lines, ends with the last line read. Then it is *sealed*. An end of a
//! stream alone proves nothing: every hop on the way can end one.
//!
//! The decisions are taken elsewhere, and here they are asked in turn: which instance is read, and what is told of it, by
//! `container`; what is old and what is new by `cursor`; what an answer's end means by
//! `answer_end`, and whether it is the log's by `end_proof`; whose log it is by
//! `identity` and `question`; what a silence means by `probe`; what
//! follows a failure by `failure`.

use std::time::Duration;

use bytes::Bytes;

pub use super::event::{Action, BodyEnd, Event, Output, ReadingStart, Request, Scope};
use super::{
    answer_end::AnswerEnd,
    container::{FollowedContainer, Plan},
    earlier::Earlier,
    end_proof::NextStep,
    failure::{AfterFailure, Pause, Wake},
    note::{Note, Proof},
    probe::ProbeReason,
    question::{Answered, Question},
    reading::{AnswerPart, Drawn, Due, Purpose, Reading, ReadingKind, STALL, StatusEffect},
    refusal::Refusal,
};
use crate::{
    backoff::Backoff,
    k8s::{
        Line,
        status::{LogPlace, Status},
    },
};

/// What is under way.
#[derive(Debug)]
enum FollowerPhase {
    /// Nothing, until the status changes.
    Idle,
    /// Nothing, until then, or until the status tells.
    Pause { until: Duration, wake: Wake },
    /// A request is on its way or its answer is being read.
    Open(Box<Reading>),
    /// The pod's status is asked for, and nothing is handed on before it is there.
    Asking(Question),
    /// Nothing will come any more.
    Done,
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

/// Reads one container. See the module's description.
#[derive(Debug)]
pub struct Follower {
    phase: FollowerPhase,
    container: FollowedContainer,
    /// What went wrong last, so that it is told once.
    trouble: Option<Note>,
    backoff: Backoff,
}

impl Follower {
    /// A follower; `seed` varies the pauses, so that many followers do not act in step.
    pub fn new(scope: Scope, seed: u64) -> Follower {
        Follower::resuming(scope, seed, Earlier::default())
    }

    /// A follower that goes on where an earlier run has ended.
    pub fn resuming(scope: Scope, seed: u64, earlier: Earlier) -> Follower {
        Follower {
            phase: FollowerPhase::Idle,
            container: FollowedContainer::new(scope, earlier),
            trouble: None,
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed),
        }
    }

    /// When [`Event::Tick`] is due, in time since the run began.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            FollowerPhase::Pause { until, .. } => Some(*until),
            FollowerPhase::Open(reading) => reading.deadline(),
            FollowerPhase::Idle | FollowerPhase::Asking(_) | FollowerPhase::Done => None,
        }
    }

    /// Whether nothing will come any more.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, FollowerPhase::Done)
    }

    /// Whether everything there is has been read and proven complete, though the container may start again.
    pub fn is_settled(&self) -> bool {
        // Nothing waits for the status alone but what was read to its end, or has not started.
        matches!(self.phase, FollowerPhase::Idle | FollowerPhase::Done)
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

    /// What is open, whether or not it waits.
    fn reading(&mut self) -> Option<&mut Reading> {
        match &mut self.phase {
            FollowerPhase::Open(reading) | FollowerPhase::Asking(Question::Whose { reading, .. }) => Some(reading),
            _ => None,
        }
    }

    /// Takes the open answer out of the phase, which must be set anew; `None` when nothing is open.
    #[inline]
    fn take_open(&mut self) -> Option<Box<Reading>> {
        match std::mem::replace(&mut self.phase, FollowerPhase::Idle) {
            FollowerPhase::Open(reading) => Some(reading),
            other => {
                self.phase = other;
                None
            }
        }
    }

    // The status.

    fn on_status(&mut self, status: Status, now: Duration, out: &mut Output) {
        if self.is_done() || !self.container.learn(status, now, out) {
            return;
        }
        let (place, in_life) = (self.container.place(), self.container.place_in_life());
        match self.phase {
            FollowerPhase::Idle => return self.plan(now, out),
            FollowerPhase::Pause { wake: Wake::Ended, .. } if place != LogPlace::Live => return self.plan(now, out),
            _ => {}
        }
        match self.reading().map_or(StatusEffect::Nothing, |reading| reading.status(place, in_life, now)) {
            StatusEffect::Nothing => {}
            StatusEffect::OpenAnew => self.drop_and_plan(now, out),
            StatusEffect::Probe => self.probe(ProbeReason::Ended, now, out),
        }
    }

    /// Asks for the pod's status after `pause`.
    fn ask(&mut self, question: Question, pause: Duration, out: &mut Output) {
        self.phase = FollowerPhase::Asking(question);
        out.actions.push(Action::Confirm(pause));
    }

    fn on_confirmed(&mut self, status: Option<Status>, now: Duration, out: &mut Output) {
        let confirmed = status.is_some();
        if let Some(status) = status {
            self.on_status(status, now, out);
        }
        let question = match std::mem::replace(&mut self.phase, FollowerPhase::Idle) {
            FollowerPhase::Asking(question) => question,
            other => return self.phase = other,
        };
        let waits = matches!(question, Question::Whose { .. });
        match question.answered(confirmed, &mut self.container) {
            Answered::PlanAnew if waits => self.drop_and_plan(now, out),
            Answered::PlanAnew => self.plan(now, out),
            Answered::TryAgain(reason) => {
                if waits {
                    out.actions.push(Action::Close);
                }
                self.fail(reason, now, out);
            }
            Answered::Rotated => {
                self.container.seal_rotated(out);
                self.plan(now, out);
            }
            Answered::GoOn(mut reading, gap) => {
                reading.heard(now);
                if let Some(line) = gap {
                    self.container.tell_gap(&line, out);
                    self.hand_on(line, &mut reading, out);
                    self.draw(reading, now, out);
                } else {
                    self.phase = FollowerPhase::Open(reading);
                }
                self.catch_up(now, out);
            }
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

    // What to do when nothing is open.

    fn plan(&mut self, now: Duration, out: &mut Output) {
        self.phase = match self.container.plan(out) {
            Plan::Open(purpose) => return self.open(purpose, now, out),
            Plan::Wait => FollowerPhase::Idle,
            Plan::End => FollowerPhase::Done,
        }
    }

    /// What is open is of no use any more.
    fn drop_and_plan(&mut self, now: Duration, out: &mut Output) {
        out.actions.push(Action::Close);
        self.plan(now, out);
    }

    fn open(&mut self, purpose: Purpose, now: Duration, out: &mut Output) {
        let reading = self.container.open(purpose, now);
        out.actions.push(Action::Open(reading.request));
        self.phase = FollowerPhase::Open(Box::new(reading));
    }

    fn pause(&mut self, pause: Pause, wake: Wake, failures: u32, now: Duration) {
        let pause = match pause {
            Pause::Settle => SETTLE,
            Pause::Growing(least) => self.backoff.after_at_least(failures, least),
        };
        self.container.instance.closed = Some(now);
        self.phase = FollowerPhase::Pause { until: now + pause, wake };
    }

    // An answer.

    fn on_opened(&mut self, now: Duration, out: &mut Output) {
        let Some(mut reading) = self.take_open() else { return };
        self.container.instance.was_opened(matches!(reading.kind, ReadingKind::Stream(_)), now);
        reading.answered(now);
        if self.container.is_of_unknown_instance() {
            self.ask(Question::Whose { reading, gap: None }, Duration::ZERO, out);
        } else {
            self.phase = FollowerPhase::Open(reading);
        }
    }

    fn on_part(&mut self, part: AnswerPart, now: Duration, out: &mut Output) {
        if let FollowerPhase::Asking(Question::Whose { reading, .. }) = &mut self.phase {
            return reading.held.push_back(part);
        }
        let Some(reading) = self.take_open() else { return };
        match part {
            AnswerPart::Data(data) => self.on_data(reading, data, now, out),
            AnswerPart::End(end) => self.on_closed(reading, end, now, out),
        }
    }

    fn on_data(&mut self, mut reading: Box<Reading>, data: Bytes, now: Duration, out: &mut Output) {
        if self.container.instance.cursor.count() == 0 {
            reading.silent = now.saturating_sub(reading.heard);
        }
        reading.heard(now);
        self.container.instance.proof.heard();
        reading.splitter.push(data);
        self.draw(reading, now, out);
    }

    /// Takes the lines that have arrived.
    fn draw(&mut self, mut reading: Box<Reading>, now: Duration, out: &mut Output) {
        let since = self.container.scope.since;
        while let Some(drawn) = reading.draw(&mut self.container.instance, since) {
            match drawn {
                Drawn::New(line) => self.hand_on(line, &mut reading, out),
                // Either lines are missing, or this is another instance's log.
                Drawn::NewAfterGap(line) => {
                    return self.ask(Question::Whose { reading, gap: Some(line) }, LAG_OF_STATUS, out);
                }
                Drawn::Hidden => {
                    self.container.instance.proof.hides(true);
                    self.container.instance.closed = Some(now);
                    return self.drop_and_plan(now, out);
                }
            }
        }
        self.phase = FollowerPhase::Open(reading);
    }

    #[inline]
    fn hand_on(&mut self, line: Line, reading: &mut Reading, out: &mut Output) {
        self.container.hand_on(line, reading, out);
        self.trouble = None;
    }

    fn on_closed(&mut self, reading: Box<Reading>, end: BodyEnd, now: Duration, out: &mut Output) {
        self.container.instance.closed = Some(now);
        match AnswerEnd::of(*reading, end, &mut self.container) {
            AnswerEnd::Broken(reason) => self.fail(reason, now, out),
            AnswerEnd::InBand(text) => {
                let after = AfterFailure::in_band(text, &mut self.container);
                self.go_on_after(after, now, out);
            }
            AnswerEnd::Next(next) => self.go_on(next, now, out),
        }
    }

    /// Does what the proof of an instance's end asks for.
    fn go_on(&mut self, next: NextStep, now: Duration, out: &mut Output) {
        match next {
            NextStep::Seal => self.container.seal(Proof::Checked, out),
            NextStep::SealWith(line) => self.container.seal_with(line, out),
            NextStep::GiveUp(reason) => self.container.lose(reason.to_owned(), out),
            NextStep::Read => {}
            NextStep::Check => return self.open(Purpose::Check, now, out),
            NextStep::Settle => return self.pause(Pause::Settle, Wake::Ended, 0, now),
            NextStep::Pause(failures) => {
                return self.pause(Pause::Growing(Duration::ZERO), Wake::Never, failures, now);
            }
            // This may be another instance's log.
            NextStep::ConfirmEmpty(opened_at) => {
                return self.ask(Question::IsRotated { opened_at }, LAG_OF_STATUS, out);
            }
            NextStep::Torn => {
                let reason = "cut off in mid-line".to_owned();
                if !self.container.scope.follow && self.container.place() == LogPlace::Live {
                    return self.ask(Question::HasEnded { reason }, Duration::ZERO, out);
                }
                return self.fail(reason, now, out);
            }
        }
        self.plan(now, out);
    }

    // What goes wrong.

    fn on_refused(&mut self, refusal: Refusal, now: Duration, out: &mut Output) {
        let FollowerPhase::Open(_) = self.phase else { return };
        self.container.instance.closed = Some(now);
        let after = AfterFailure::refused(refusal, &mut self.container, now);
        self.go_on_after(after, now, out);
    }

    /// Something broke on the way.
    fn fail(&mut self, reason: String, now: Duration, out: &mut Output) {
        let after = AfterFailure::broken(reason, None, &mut self.container);
        self.go_on_after(after, now, out);
    }

    fn go_on_after(&mut self, after: AfterFailure, now: Duration, out: &mut Output) {
        match after {
            AfterFailure::TryAgain { note, pause, wake } => {
                note.into_iter().for_each(|note| self.tell(note, out));
                self.pause(pause, wake, self.container.instance.tries.failures(), now);
            }
            AfterFailure::AskForPod(reason) => self.ask(Question::IsThere { reason }, Duration::ZERO, out),
            AfterFailure::Miss(reason) => {
                self.container.miss(reason, out);
                self.plan(now, out);
            }
            AfterFailure::Leave(reason) => {
                self.container.leave(reason, out);
                self.plan(now, out);
            }
            AfterFailure::End(note) => {
                out.notes.push(note);
                self.phase = FollowerPhase::Done;
            }
        }
    }

    /// Tells what went wrong, unless it is what was told last.
    fn tell(&mut self, trouble: Note, out: &mut Output) {
        if self.trouble.as_ref() != Some(&trouble) {
            out.notes.push(trouble.clone());
            self.trouble = Some(trouble);
        }
    }

    // Silence.

    /// Asks for the log's last lines beside the open stream.
    fn probe(&mut self, why: ProbeReason, now: Duration, out: &mut Output) {
        let (lines, urgent) = (self.container.instance.cursor.tail(), self.container.may_vanish());
        let request = self.reading().and_then(|reading| reading.probe(why, lines, urgent, now));
        out.actions.extend(request.map(Action::Probe));
    }

    fn on_probed(&mut self, tail: Option<Vec<Line>>, now: Duration, out: &mut Output) {
        let since = self.container.scope.since;
        // What arrived while the status is asked for was not looked at yet.
        let tail = tail.filter(|_| matches!(self.phase, FollowerPhase::Open(_)));
        let (FollowerPhase::Open(reading) | FollowerPhase::Asking(Question::Whose { reading, .. })) = &mut self.phase
        else {
            return;
        };
        let Some(hidden) = reading.probed(tail, since, &self.container.instance.cursor, now) else { return };
        // It has stalled, or a clock that was set back hides lines.
        self.container.instance.stalled(reading.heard, hidden);
        self.tell(Note::Interrupted("the stream stalled".to_owned()), out);
        self.drop_and_plan(now, out);
    }

    fn on_tick(&mut self, now: Duration, out: &mut Output) {
        let due = match &self.phase {
            FollowerPhase::Pause { until, .. } if now >= *until => return self.plan(now, out),
            FollowerPhase::Open(reading) => reading.due(now),
            _ => Due::Nothing,
        };
        match due {
            Due::Nothing => {}
            Due::Probe => self.probe(ProbeReason::Silent, now, out),
            Due::GiveUp => {
                self.container.instance.closed = Some(now);
                self.drop_and_plan(now, out);
            }
            Due::Stalled => {
                out.actions.push(Action::Close);
                self.container.instance.closed = Some(now);
                self.fail(format!("nothing came for {} s", STALL.as_secs()), now, out);
            }
        }
    }
}

#[cfg(test)]
mod tests;
