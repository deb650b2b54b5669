//! [`FollowedContainer`]: what is wanted of a container, what its status says, and what was read of it, instance after instance.
//!
//! It decides which instance is read, and when nothing more will come; how it is read is the follower's concern.

use std::time::Duration;

use super::{
    cursor::Overlap,
    earlier::Earlier,
    event::{Output, ReadingStart, Scope},
    instance::Instance,
    life,
    note::{Note, Proof},
    reading::{Purpose, Reading},
};
use crate::k8s::{
    Line,
    status::{LogPlace, PodLife, Status},
};

/// What is done next, when nothing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing, until the status changes.
    Wait,
    /// The current instance's log is opened.
    Open(Purpose),
    /// Nothing will come any more.
    End,
}

/// One container.
#[derive(Debug)]
pub struct FollowedContainer {
    /// What is wanted.
    pub scope: Scope,
    /// What its status says, once it was told.
    pub status: Option<Status>,
    /// The instance that is read.
    pub instance: Instance,
    /// How many instances had ended when the container was first seen.
    ended_before: u32,
    /// What an earlier run has read.
    earlier: Earlier,
    /// Whether any line was handed on.
    any: bool,
}

impl FollowedContainer {
    /// A container of which nothing is known, but what an earlier run has read.
    pub fn new(scope: Scope, earlier: Earlier) -> FollowedContainer {
        FollowedContainer { scope, status: None, instance: Instance::default(), ended_before: 0, earlier, any: false }
    }

    /// Where the current instance's log can be read.
    pub fn place(&self) -> LogPlace {
        self.status.as_ref().map_or(LogPlace::Future, |status| status.place(self.instance.number))
    }

    /// The same, whether or not the pod is gone.
    pub fn place_in_life(&self) -> LogPlace {
        self.status.as_ref().map_or(LogPlace::Future, |status| status.place_in_life(self.instance.number))
    }

    /// Whether the pod stands there in its life.
    pub fn is_pod(&self, life: PodLife) -> bool {
        self.status.as_ref().is_some_and(|status| status.pod == life)
    }

    /// Whether no instance will start any more.
    pub fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(Status::is_final)
    }

    /// Whether the current instance's log may vanish while others are read: it goes with its pod, or with the next instance's end.
    pub fn may_vanish(&self) -> bool {
        (self.scope.follow && self.place() == LogPlace::Previous) || self.is_pod(PodLife::Terminating)
    }

    /// Opens the current instance's log.
    pub fn open(&mut self, purpose: Purpose, now: Duration) -> Reading {
        let (place, urgent) = (self.place(), self.may_vanish());
        self.instance.tried.get_or_insert(now);
        self.instance.tries.asked();
        Reading::open(purpose, &mut self.instance, self.scope, place, urgent, now)
    }

    /// Whether the status must tell whose log it is that was opened: nothing was read before that could show it.
    pub fn is_of_unknown_instance(&self) -> bool {
        self.scope.follow && !self.is_final() && self.instance.handed == 0
    }

    /// Takes what the status says. Whether it was news, and not older than what is known.
    pub fn learn(&mut self, status: Status, now: Duration, out: &mut Output) -> bool {
        if self.status.as_ref().is_some_and(|known| status.is_older_than(known)) {
            return false;
        }
        out.notes.extend(life::changes(self.status.as_ref(), &status));
        match &self.status {
            None => self.begin(&status, out),
            Some(old) => {
                let Instance { number, cursor, opened, identity, sealed, .. } = &mut self.instance;
                let restarted = (*number..status.restart).contains(&old.restart);
                if restarted && cursor.is_whole() && identity.doubt(*opened, now) {
                    *sealed = false;
                }
            }
        }
        self.status = Some(status);
        true
    }

    /// Chooses the first instance to read.
    fn begin(&mut self, status: &Status, out: &mut Output) {
        if let Some(first) = self.earlier.first() {
            // What went away meanwhile is lost, not gone before anybody looked.
            self.instance = Instance::new(first);
            return self.take_up();
        }
        if self.scope.follow && status.place(0) == LogPlace::Future {
            // It has not started, so that all it prints is new.
            self.scope.tail = None;
        }
        let part = self.scope.tail.is_some();
        let first = if part { status.restart } else { status.first_readable() };
        self.instance = Instance::new(first);
        self.ended_before = status.restart + u32::from(status.has_ended());
        // Of the instance before the latest alone nothing older is wanted.
        if first > 0 && !part && self.scope.since.is_none() && !self.scope.previous {
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

    /// What is done next; goes on to the next instance where this one is done with.
    pub fn plan(&mut self, out: &mut Output) -> Plan {
        loop {
            let Some(status) = &self.status else { return Plan::Wait };
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
                return if status.is_final() || !self.scope.follow { Plan::End } else { Plan::Wait };
            }
            let nothing_old = self.scope.tail == Some(0);
            match place {
                // Its last line only, to know where new ones begin.
                LogPlace::Live if self.scope.follow && nothing_old => return Plan::Open(Purpose::Check),
                LogPlace::Latest | LogPlace::Previous if nothing_old && self.instance.tried.is_some() => {
                    self.lose("it ended before it was seen where new lines begin".to_owned(), out);
                }
                LogPlace::Live | LogPlace::Latest | LogPlace::Previous if nothing_old => self.instance.sealed = true,
                LogPlace::Live if self.scope.follow => return Plan::Open(Purpose::Stream),
                LogPlace::Live | LogPlace::Latest | LogPlace::Previous => return Plan::Open(Purpose::Read),
                LogPlace::Future if self.scope.follow && !status.is_final() => return Plan::Wait,
                LogPlace::Future => {
                    if !self.any {
                        out.notes.push(Note::NoLog(life::why_no_log(Some(status))));
                    }
                    return Plan::End;
                }
                LogPlace::Nowhere if self.instance.has_never_started(status) => {
                    out.notes.push(Note::NoLog(life::why_no_log(Some(status))));
                    return Plan::End;
                }
                LogPlace::Nowhere => {
                    let reason = life::why_gone(status, self.instance.number);
                    self.miss(reason, out);
                }
            }
        }
    }

    /// Hands on a new line of an answer.
    #[inline]
    pub fn hand_on(&mut self, line: Line, reading: &mut Reading, out: &mut Output) {
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
        self.any = true;
        out.line(line, self.instance.number);
    }

    /// How the reading of this instance began.
    fn start(&self, silent: Duration) -> Option<ReadingStart> {
        let Instance { number: restart, identity, .. } = &self.instance;
        let start = ReadingStart {
            restart: *restart,
            started: self.status.as_ref().and_then(|status| status.started(*restart)),
            tail: self.scope.tail,
            previous: self.place() == LogPlace::Previous,
            silent,
            waited: self.instance.was_opened_late(),
        };
        (!identity.is_open()).then_some(start)
    }

    /// Lines are proven missing before this one.
    pub fn tell_gap(&self, line: &Line, out: &mut Output) {
        let Instance { number: restart, cursor, .. } = &self.instance;
        if let Some(after) = cursor.last() {
            out.missing(Note::Gap { restart: *restart, after, before: Some(line.stamp) }, *restart, cursor);
        }
    }

    /// The current instance's end is proven, and this is its last line, which has no end of its own.
    pub fn seal_with(&mut self, line: Line, out: &mut Output) {
        if self.instance.cursor.count() == 0 {
            out.start = self.start(Duration::ZERO);
        }
        self.any = true;
        self.instance.read(&line);
        out.line(line, self.instance.number);
        self.seal(Proof::Checked, out);
    }

    /// The current instance's newest file is empty, and it is the instance's: rotated after the last line that was read.
    pub fn seal_rotated(&mut self, out: &mut Output) {
        out.missing(self.instance.rotated(), self.instance.number, &self.instance.cursor);
        self.seal(Proof::Rotated, out);
    }

    /// The current instance's end is proven.
    pub fn seal(&mut self, proof: Proof, out: &mut Output) {
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
    }

    /// The current instance's log is not there (any more). What was gone before elbtail could have read it is not lost by it.
    pub fn miss(&mut self, reason: String, out: &mut Output) {
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
    pub fn leave(&mut self, reason: String, out: &mut Output) {
        let Instance { number: restart, cursor, .. } = &self.instance;
        let (restart, last) = (*restart, cursor.last());
        out.missing(Note::Unreadable { restart, last, reason }, restart, cursor);
        out.seal(restart, None);
        self.instance.sealed = true;
    }

    /// Tells that the rest of the current instance cannot be had, and takes it for done.
    pub fn lose(&mut self, reason: String, out: &mut Output) {
        self.instance.sealed = true;
        let note = self.instance.loss(reason, self.status.as_ref());
        if matches!(note, Note::Forbidden(_)) {
            return out.notes.push(note);
        }
        let proof = matches!(note, Note::Unchecked { .. }).then_some(Proof::StreamEnded);
        out.missing(note, self.instance.number, &self.instance.cursor);
        out.seal(self.instance.number, proof);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            cursor::{Cursor, LineVerdict},
            earlier::Read,
            fixtures::{FOLLOW, LINES, LOOK, container, ended, gone, line, running, running_again, second, waiting},
        },
        *,
    };
    use crate::k8s::{Stamp, status::InstanceState};

    #[test]
    fn of_what_has_not_started_all_is_new() {
        for (scope, status, tail) in [
            (FOLLOW, waiting("ContainerCreating"), None),
            (FOLLOW, running(), Some(0)),
            (FOLLOW, running_again(), Some(0)),
            (FOLLOW, Status { pod: PodLife::Active, ..ended() }, Some(0)),
            (LOOK, waiting("ContainerCreating"), Some(0)),
        ] {
            let container = container(Scope { tail: Some(0), ..scope }, status.clone());
            assert_eq!(container.scope.tail, tail, "{scope:?} {status:?}");
        }
    }

    /// Told `status`, of which this is wanted: what is done next, of which instance, and what is told.
    fn planned(scope: Scope, status: Status) -> (Plan, u32, Vec<Note>) {
        let mut out = Output::default();
        let mut container = container(scope, status);
        (container.plan(&mut out), container.instance.number, out.notes)
    }

    #[test]
    fn what_is_done_next_follows_from_what_is_wanted_and_where_the_log_is() {
        use Purpose::{Check, Read, Stream};
        let active = |status: Status| Status { pod: PodLife::Active, ..status };
        let (nothing, five) = (Scope { tail: Some(0), ..FOLLOW }, Scope { tail: Some(5), ..FOLLOW });
        let (no_look, look_five) = (Scope { tail: Some(0), ..LOOK }, Scope { tail: Some(5), ..LOOK });
        let before = || running_again().before().unwrap();
        for (scope, status, plan, number) in [
            (FOLLOW, running(), Plan::Open(Stream), 0),
            (FOLLOW, ended(), Plan::Open(Read), 0),
            (FOLLOW, running_again(), Plan::Open(Read), 0),
            (FOLLOW, waiting(""), Plan::Wait, 0),
            (LOOK, running(), Plan::Open(Read), 0),
            (LOOK, ended(), Plan::Open(Read), 0),
            (LOOK, running_again(), Plan::Open(Read), 0),
            (five, running_again(), Plan::Open(Stream), 1),
            (look_five, running_again(), Plan::Open(Read), 1),
            (nothing, running(), Plan::Open(Check), 0),
            (nothing, running_again(), Plan::Open(Check), 1),
            (nothing, active(ended()), Plan::Wait, 0),
            (nothing, ended(), Plan::End, 0),
            (no_look, running(), Plan::End, 0),
            (no_look, ended(), Plan::End, 0),
            // As whoever wants the instance before alone is told it.
            (Scope { previous: true, ..LOOK }, before(), Plan::Open(Read), 0),
            (Scope { previous: true, ..look_five }, before(), Plan::Open(Read), 0),
        ] {
            assert_eq!(planned(scope, status.clone()), (plan, number, Vec::new()), "{scope:?} {status:?}");
        }
        assert_eq!(FollowedContainer::new(FOLLOW, Earlier::default()).plan(&mut Output::default()), Plan::Wait);
    }

    #[test]
    fn an_instance_that_ended_before_it_was_seen_where_new_lines_begin_may_have_printed_some() {
        for (tried, missing) in [(false, 0), (true, 1)] {
            let mut container = container(Scope { tail: Some(0), ..FOLLOW }, running());
            if tried {
                container.open(Purpose::Check, second(0));
            }
            let mut out = Output::default();
            container.learn(Status { pod: PodLife::Active, ..ended() }, second(1), &mut out);
            assert_eq!(container.plan(&mut out), Plan::Wait);
            assert_eq!(out.notes.iter().filter(|note| note.lines_missing()).count(), missing, "{:?}", out.notes);
        }
    }

    #[test]
    fn a_container_without_a_log_says_so_once_none_can_come() {
        let no_log = |reason: &str| vec![Note::NoLog(reason.to_owned())];
        let image = || waiting("ErrImagePull");
        for (scope, life, plan, notes) in [
            (FOLLOW, PodLife::Active, Plan::Wait, Vec::new()),
            (FOLLOW, PodLife::Terminating, Plan::Wait, Vec::new()),
            (FOLLOW, PodLife::Finished, Plan::End, no_log("the pod ended before the container started (ErrImagePull)")),
            (FOLLOW, PodLife::Gone, Plan::End, no_log("the pod is gone and the container had not started")),
            (LOOK, PodLife::Active, Plan::End, no_log("waiting to start: ErrImagePull")),
        ] {
            assert_eq!(planned(scope, Status { pod: life, ..image() }), (plan, 0, notes), "{scope:?} {life:?}");
        }
    }

    #[test]
    fn an_instance_that_is_nowhere_is_missed_and_the_next_one_read() {
        // Read in part, and gone two restarts later.
        let mut container = container(FOLLOW, running());
        container.instance.opened = Some(second(0));
        container.instance.read(&line(LINES[0]));
        container.learn(Status { restart: 3, ..running_again() }, second(60), &mut Output::default());
        let mut out = Output::default();
        assert_eq!(container.plan(&mut out), Plan::Open(Purpose::Read));
        assert_eq!((container.instance.number, container.place()), (2, LogPlace::Previous));
        let [Note::Unverified { restart: 0, last, .. }, Note::Lost { restart: 1, .. }] = &out.notes[..] else {
            panic!("{:?}", out.notes)
        };
        assert_eq!(*last, Some(line(LINES[0]).stamp));
        assert_eq!(out.seals.iter().map(|seal| (seal.restart, seal.proof)).collect::<Vec<_>>(), [(0, None), (1, None)]);
        assert_eq!(
            out.read.iter().map(|(restart, read)| (*restart, read.count())).collect::<Vec<_>>(),
            [(0, 1), (1, 0)]
        );
    }

    #[test]
    fn the_end_of_an_instance_is_the_end_of_all_unless_another_may_start() {
        for (scope, life, plan) in [
            (FOLLOW, PodLife::Active, Plan::Wait),
            (FOLLOW, PodLife::Terminating, Plan::Wait),
            (FOLLOW, PodLife::Finished, Plan::End),
            (FOLLOW, PodLife::Gone, Plan::End),
            (LOOK, PodLife::Active, Plan::End),
        ] {
            let mut container = container(scope, Status { pod: life, ..ended() });
            container.instance.sealed = true;
            assert_eq!(container.plan(&mut Output::default()), plan, "{scope:?} {life:?}");
        }
        let mut container = container(Scope { tail: Some(5), ..FOLLOW }, Status { pod: PodLife::Active, ..ended() });
        container.instance.was_opened(false, second(0));
        container.instance.sealed = true;
        container.learn(running_again(), second(60), &mut Output::default());
        assert_eq!(container.plan(&mut Output::default()), Plan::Open(Purpose::Stream));
        assert_eq!((container.instance.number, container.scope.tail), (1, None), "the tail was of the first one");
    }

    #[test]
    fn an_older_status_changes_nothing() {
        let mut container = container(FOLLOW, running_again());
        let mut out = Output::default();
        assert!(!container.learn(running(), second(1), &mut out));
        assert!(container.learn(running_again(), second(1), &mut out), "the same again is no older");
        assert!(out.notes.is_empty());
        assert_eq!(container.status, Some(running_again()));
    }

    #[test]
    fn instances_that_are_gone_are_told_when_all_that_is_there_is_wanted() {
        let gone_before = |scope: Scope| {
            let mut out = Output::default();
            let mut container = FollowedContainer::new(scope, Earlier::default());
            container.learn(Status { restart: 4, ..running_again() }, second(0), &mut out);
            (container.instance.number, out.notes.contains(&Note::GoneBefore { count: 3 }))
        };
        assert_eq!(gone_before(FOLLOW), (3, true));
        assert_eq!(gone_before(LOOK), (3, true));
        assert_eq!(gone_before(Scope { since: Some(Stamp(0)), ..FOLLOW }), (3, false));
        assert_eq!(gone_before(Scope { tail: Some(7), ..FOLLOW }), (4, false));
        assert_eq!(gone_before(Scope { previous: true, ..LOOK }), (3, false));
    }

    #[test]
    fn what_was_read_too_soon_before_a_restart_is_given_up_to_whoever_it_is_of() {
        for (told_at, sealed, disowned) in [(9, true, true), (10, true, false), (9, false, true)] {
            let mut container = container(FOLLOW, Status { pod: PodLife::Active, ..ended() });
            container.instance.was_opened(false, second(0));
            container.instance.read(&line(LINES[0]));
            container.instance.sealed = sealed;
            container.learn(running_again(), second(told_at), &mut Output::default());
            assert_eq!(container.instance.sealed, sealed && !disowned, "{told_at} {sealed}");
            container.plan(&mut Output::default());
            assert_eq!(container.instance.identity.is_open(), disowned, "{told_at} {sealed}");
            assert_eq!(container.instance.number, u32::from(!disowned), "{told_at} {sealed}");
        }
    }

    #[test]
    fn a_log_that_was_read_as_the_previous_one_on_trust_is_doubted_after_another_restart() {
        for confirmed in [false, true] {
            let mut container = container(FOLLOW, running_again());
            container.instance.tries.failed();
            container.instance.was_opened(false, second(0));
            container.instance.read(&line(LINES[0]));
            if confirmed {
                container.instance.identity.confirm();
            }
            container.learn(Status { restart: 2, ..running_again() }, second(1), &mut Output::default());
            let mut out = Output::default();
            assert_eq!(container.plan(&mut out), Plan::Open(Purpose::Read));
            assert_eq!((container.instance.number, container.instance.identity.is_open()), (1, !confirmed));
            assert_eq!(out.notes.iter().filter_map(Note::gap).collect::<Vec<_>>(), [0], "its own log is gone");
        }
    }

    #[test]
    fn a_seal_says_how_the_end_is_known_and_nothing_while_the_container_runs() {
        let sealed = |status: Status, lines: &[&str], proof: Proof| {
            let mut container = container(FOLLOW, status);
            container.instance.opened = Some(second(0));
            lines.iter().for_each(|text| container.instance.read(&line(text)));
            let mut out = Output::default();
            container.seal(proof, &mut out);
            assert!(container.instance.sealed);
            (out.seals.first().map(|seal| seal.proof), out.start.is_some())
        };
        assert_eq!(sealed(ended(), &LINES, Proof::Checked), (Some(Some(Proof::Checked)), false));
        assert_eq!(sealed(ended(), &LINES, Proof::Rotated), (Some(Some(Proof::Rotated)), false));
        assert_eq!(sealed(ended(), &[], Proof::Checked), (Some(Some(Proof::Empty)), true));
        assert_eq!(sealed(running(), &LINES, Proof::Checked), (None, false));
    }

    #[test]
    fn a_log_that_was_rotated_after_its_last_line_is_a_gap_only_after_a_break() {
        for (broken, gap) in [(false, false), (true, true)] {
            let mut container = container(FOLLOW, ended());
            container.instance.read(&line(LINES[0]));
            if broken {
                container.instance.proof.interrupted();
            }
            let mut out = Output::default();
            container.seal_rotated(&mut out);
            assert_eq!(matches!(out.notes[..], [Note::Gap { before: None, .. }]), gap, "{:?}", out.notes);
            assert_eq!(matches!(out.notes[..], [Note::Unchecked { .. }]), !gap, "{:?}", out.notes);
            assert_eq!(out.seals[0].proof, Some(Proof::Rotated));
            assert_eq!(out.read.len(), 1);
        }
    }

    /// What was never there to be read is gone, and not missing.
    #[test]
    fn only_what_could_have_been_read_is_missing() {
        let retried = || Status { state: InstanceState::Ended(Default::default()), ..running_again() };
        let missed = |status: Status, before: fn(&mut FollowedContainer)| {
            let mut container = container(FOLLOW, status);
            before(&mut container);
            let mut out = Output::default();
            container.miss("collected".to_owned(), &mut out);
            assert!(container.instance.sealed);
            (out.notes[0].lines_missing(), out.seals[0].proof)
        };
        assert_eq!(missed(retried(), |_| {}), (false, Some(Proof::GoneBefore)));
        assert_eq!(missed(ended(), |_| {}), (false, Some(Proof::GoneBefore)));
        assert_eq!(missed(retried(), |container| container.instance.tries.failed()), (true, None));
        assert_eq!(missed(retried(), |container| container.instance.read(&line(LINES[0]))), (true, None));
        assert_eq!(missed(running(), |_| {}), (true, None), "it ran when first seen");
        assert_eq!(missed(Status { pod: PodLife::Gone, ..ended() }, |_| {}), (true, None));
        let read_well = |container: &mut FollowedContainer| {
            container.instance.opened = Some(second(0));
            container.instance.read(&line(LINES[0]));
            container.instance.proof.stream_ended(true);
        };
        assert_eq!(missed(ended(), read_well), (false, Some(Proof::StreamEnded)), "its stream ended with it");
    }

    #[test]
    fn a_log_that_went_while_it_might_not_be_read_is_a_matter_of_permission() {
        let mut container = container(FOLLOW, running());
        container.instance.tries.was_denied("no", true, false, second(0));
        let mut out = Output::default();
        container.lose("deleted".to_owned(), &mut out);
        assert_eq!(out.notes, [Note::Forbidden("no".to_owned())]);
        assert!(out.seals.is_empty() && out.read.is_empty() && container.instance.sealed);
    }

    #[test]
    fn what_is_left_names_the_last_line_that_was_read() {
        for (read, last) in [(false, None), (true, Some(line(LINES[0]).stamp))] {
            let mut container = container(LOOK, ended());
            if read {
                container.instance.read(&line(LINES[0]));
            }
            let mut out = Output::default();
            container.leave("503".to_owned(), &mut out);
            assert_eq!(out.notes, [Note::Unreadable { restart: 0, last, reason: "503".to_owned() }]);
            assert_eq!((out.seals[0].proof, out.read.len()), (None, 1));
            assert!(container.instance.sealed);
        }
    }

    #[test]
    fn whose_log_it_is_must_be_asked_when_another_may_start_and_nothing_was_read() {
        for (scope, status, read, unknown) in [
            (FOLLOW, running(), false, true),
            (FOLLOW, running(), true, false),
            (FOLLOW, ended(), false, false),
            (FOLLOW, gone(), false, false),
            (LOOK, running(), false, false),
        ] {
            let mut container = container(scope, status.clone());
            if read {
                container.instance.read(&line(LINES[0]));
            }
            assert_eq!(container.is_of_unknown_instance(), unknown, "{scope:?} {status:?} {read}");
        }
    }

    #[test]
    fn what_an_earlier_run_has_read_is_gone_on_from_instance_after_instance() {
        let read = |sealed: bool| {
            let mut cursor = Cursor::default();
            cursor.read(&line(LINES[0]));
            Read { cursor, sealed }
        };
        let earlier = Earlier::new([(0, read(true)), (1, read(false))], second(60));
        let mut container = FollowedContainer::new(FOLLOW, earlier);
        let mut out = Output::default();
        container.learn(Status { restart: 4, ..running_again() }, second(0), &mut out);
        assert_eq!((container.instance.number, container.instance.handed), (1, 1));
        assert!(!out.notes.iter().any(|note| matches!(note, Note::GoneBefore { .. })));
        container.plan(&mut out);
        let lost = |note: &Note| note.gap();
        assert_eq!(out.notes.iter().filter_map(lost).collect::<Vec<_>>(), [1, 2], "they went away meanwhile");
        assert_eq!((container.instance.number, container.instance.handed), (3, 0));
    }

    #[test]
    fn what_was_read_is_doubted_only_after_a_restart() {
        for (restarted, read, doubted) in [(true, true, true), (false, true, false), (true, false, false)] {
            let mut container = container(FOLLOW, Status { pod: PodLife::Active, ..ended() });
            container.instance.was_opened(false, second(0));
            if read {
                container.instance.read(&line(LINES[0]));
            }
            container.instance.sealed = true;
            let status = if restarted { running_again() } else { Status { pod: PodLife::Active, ..ended() } };
            container.learn(status, second(1), &mut Output::default());
            container.plan(&mut Output::default());
            assert_eq!(container.instance.identity.is_open(), doubted, "{restarted} {read}");
        }
    }

    #[test]
    fn nothing_is_gone_of_a_container_in_its_first_instance() {
        for status in [running(), ended(), running_again()] {
            let mut out = Output::default();
            FollowedContainer::new(FOLLOW, Earlier::default()).learn(status.clone(), second(0), &mut out);
            assert!(!out.notes.iter().any(|note| matches!(note, Note::GoneBefore { .. })), "{status:?}");
        }
    }

    #[test]
    fn with_the_first_line_it_is_told_how_reading_began() {
        let five = Scope { tail: Some(5), ..FOLLOW };
        for (scope, status, number, previous) in
            [(FOLLOW, running(), 0, false), (FOLLOW, running_again(), 0, true), (five, running_again(), 1, false)]
        {
            let mut container = container(scope, status);
            assert!(matches!(container.plan(&mut Output::default()), Plan::Open(_)));
            let mut reading = container.open(Purpose::Read, second(0));
            reading.silent = second(3);
            let mut out = Output::default();
            container.hand_on(line(LINES[0]), &mut reading, &mut out);
            let (tail, waited) = (scope.tail, false);
            let start = ReadingStart { restart: number, started: None, tail, previous, silent: second(3), waited };
            assert_eq!((out.start, &out.lines[..], out.restart), (Some(start), &[line(LINES[0])][..], number));
            let before = container.instance.cursor.overlap(None).judge(&line("2026-09-21T14:13:20Z before"));
            assert_eq!(before == LineVerdict::Old, scope.tail.is_some(), "what stands before the tail is no gap");
            assert!(reading.any_new);
            let mut out = Output::default();
            container.hand_on(line(LINES[1]), &mut reading, &mut out);
            assert_eq!((out.start, out.lines.len(), container.instance.handed), (None, 1, 2));
        }
    }

    #[test]
    fn lines_that_wait_for_their_instance_are_settled_by_a_line_of_the_latest_one_and_nothing_is_said_of_a_start() {
        for (status, is_open) in [(running_again(), true), (running(), false)] {
            let mut container = container(FOLLOW, status);
            container.instance.read(&line(LINES[0]));
            container.instance.disown();
            let mut reading = container.open(Purpose::Read, second(0));
            let mut out = Output::default();
            container.hand_on(line(LINES[1]), &mut reading, &mut out);
            assert_eq!((container.instance.identity.is_open(), out.start.is_none()), (is_open, is_open));
        }
    }

    #[test]
    fn a_gap_lies_between_the_last_line_and_the_one_that_came() {
        let mut container = container(FOLLOW, running());
        let mut out = Output::default();
        container.tell_gap(&line(LINES[1]), &mut out);
        assert!(out.notes.is_empty(), "there is none before the first line");
        container.instance.read(&line(LINES[0]));
        container.tell_gap(&line(LINES[1]), &mut out);
        let (after, before) = (line(LINES[0]).stamp, Some(line(LINES[1]).stamp));
        assert_eq!(out.notes, [Note::Gap { restart: 0, after, before }]);
        assert_eq!(out.read.iter().map(|(restart, read)| (*restart, read.count())).collect::<Vec<_>>(), [(0, 1)]);
    }

    #[test]
    fn a_last_line_without_end_is_handed_on_with_the_seal() {
        for before in [true, false] {
            let mut container = container(FOLLOW, ended());
            if before {
                container.instance.read(&line(LINES[0]));
            }
            let mut out = Output::default();
            container.seal_with(line(LINES[1]), &mut out);
            assert_eq!((&out.lines[..], out.start.is_some()), (&[line(LINES[1])][..], !before));
            assert_eq!(out.seals, [super::super::note::Seal { restart: 0, proof: Some(Proof::Checked) }]);
            assert_eq!(container.instance.cursor.last(), Some(line(LINES[1]).stamp));
            assert!(container.instance.sealed);
        }
    }

    #[test]
    fn an_empty_log_began_only_if_it_was_opened_and_all_of_it_was_wanted() {
        let nothing = Scope { tail: Some(0), ..FOLLOW };
        for (scope, opened, started) in [(FOLLOW, true, true), (FOLLOW, false, false), (nothing, true, false)] {
            let mut container = container(scope, ended());
            container.instance.opened = opened.then_some(second(0));
            let mut out = Output::default();
            container.seal(Proof::Checked, &mut out);
            assert_eq!(out.start.is_some(), started, "{scope:?} {opened}");
        }
    }

    #[test]
    fn a_log_that_may_vanish_is_opened_ahead_of_others() {
        let terminating = || Status { pod: PodLife::Terminating, ..running() };
        for (scope, status, urgent) in [
            (FOLLOW, running(), false),
            (FOLLOW, ended(), false),
            (LOOK, running_again(), false),
            (FOLLOW, running_again(), true),
            (FOLLOW, terminating(), true),
            (LOOK, terminating(), true),
        ] {
            let mut container = container(scope, status.clone());
            let reading = container.open(Purpose::Read, second(7));
            assert_eq!(reading.request.urgent, urgent, "{scope:?} {status:?}");
            container.open(Purpose::Read, second(8));
            assert_eq!(container.instance.tried, Some(second(7)), "the first try counts");
        }
    }

    #[test]
    fn of_a_pod_that_went_before_its_container_started_there_is_no_log_and_nothing_is_missing() {
        let (plan, _, notes) = planned(FOLLOW, Status { pod: PodLife::Gone, ..waiting("x") });
        assert_eq!(plan, Plan::End);
        assert!(matches!(&notes[..], [.., Note::NoLog(_)]), "{notes:?}");
        let (_, _, notes) = planned(FOLLOW, gone());
        assert!(matches!(&notes[..], [.., Note::Lost { restart: 0, .. }]), "{notes:?}");
        // It was started over, and nothing is known of a run.
        let mut container = container(FOLLOW, waiting("x"));
        container.learn(Status { restart: 1, ..waiting("x") }, second(1), &mut Output::default());
        let mut out = Output::default();
        assert_eq!(container.plan(&mut out), Plan::End);
        assert!(matches!(&out.notes[..], [Note::NoLog(_)]), "{:?}", out.notes);
    }
}
