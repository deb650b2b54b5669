//! [`EndProof`]: whether one instance's log was read to its end.
//!
//! An answer's end proves nothing: every hop on the way can end one. So a reading that brought nothing new is followed by a
//! *check*, the log's last lines, and what looks like an end must be seen more than once.

use crate::k8s::{Line, status::LogPlace};

/// Disagreements between checks and what was read, with nothing new between them, after which the end is given up. A cut
/// makes a check or a reading disagree, so many in a row must be survived.
pub const DOUBTS: u32 = 20;
/// Disagreements after which there is a pause before the next reading: what cuts so often may need time to recover.
const QUICK_DOUBTS: u32 = 3;
/// Whole readings without anything new that outweigh a check which disagrees.
const PROOFS: u32 = 3;
/// Checks in a row, with nothing read between them, after which a log that had lines is believed to be empty: one check
/// may have been cut off before its first byte, which looks the same.
const EMPTY_CHECKS: u32 = 2;
/// Checks in a row after which a log of which nothing old is wanted is believed to be empty.
const EMPTY_BEGINNINGS: u32 = 4;
/// Checks that must end in the same unfinished line as the reading before them, for its end to be the container's and not
/// a cut's: one may have been cut off at the same byte.
const SAME_ENDS: u32 = 2;
/// Checks in a row that fall short of the lines they asked for after which the log is believed to have no more of them: a reading and a
/// check may have been cut off between the same two lines, but hardly another check.
const SHORT_CHECKS: u32 = 2;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// The end is proven.
    Seal,
    /// The end is proven, and this is the last line, which has no end of its own.
    SealWith(Line),
    /// Look at the log's last lines.
    Check,
    /// Read on, or what else the status asks for.
    Read,
    /// Wait until the status tells that the instance ended, for a moment.
    Settle,
    /// Read on after a pause, as after so many failures.
    Pause(u32),
    /// The log seems to be empty: make sure that it is still the instance's, which was there when it was opened.
    ConfirmEmpty(LogPlace),
    /// The answer was cut off in mid-line.
    Torn,
    /// The end cannot be proven.
    GiveUp(&'static str),
}

/// What stands after an answer's last line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    Nothing,
    /// A line without an end.
    Line(Line),
    /// Less than a stamp.
    Torn,
}

impl Tail {
    /// Whether a line had begun.
    pub fn is_torn(&self) -> bool {
        *self != Tail::Nothing
    }
}

/// How a stream or a read ended.
#[derive(Debug, Clone)]
pub struct ReadEnd {
    /// It was a stream.
    pub stream: bool,
    /// Where the instance's log is now, and where it was when it was opened.
    pub place: LogPlace,
    /// See `place`.
    pub opened_at: LogPlace,
    /// What it ended in.
    pub tail: Tail,
    /// It brought new lines.
    pub new_lines: bool,
    /// It brought all lines again that it had to.
    pub overlapped: bool,
    /// It asked for the whole log, or for all of it that is wanted. What is wanted may end before the log does: a line may be
    /// written late, with a stamp from before a `since` that was asked for.
    pub whole: bool,
    /// The log's last lines were asked for when the instance had ended, and are the last ones read.
    pub ends_alike: bool,
    /// The pod is being deleted.
    pub terminating: bool,
    /// Lines wait that may be this instance's.
    pub unclaimed: bool,
}

/// How a check ended.
#[derive(Debug, Clone)]
pub struct CheckEnd {
    /// Where the instance's log is now, and where it was when it was opened.
    pub place: LogPlace,
    /// See `place`.
    pub opened_at: LogPlace,
    /// What it ended in.
    pub tail: Tail,
    /// The log's last whole lines are the last ones read.
    pub agrees: bool,
    /// It brought no whole line of a log that had some.
    pub empty: bool,
    /// It brought fewer lines than were asked for and are known to be there: see [`Cursor::falls_short`](super::cursor::Cursor::falls_short).
    pub short: bool,
    /// The last whole line it brought, if that was not read.
    pub unread: Option<Line>,
    /// The line was read that had to be: see [`EndProof::goal`].
    pub reached_goal: bool,
    /// The instance is followed while it runs.
    pub follow: bool,
}

/// What the last stream's end says, if the log cannot be read any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum StreamEnd {
    /// Nothing: it was cut off, or a new one was opened since, or lines came.
    #[default]
    Unknown,
    /// It went on after the last line and ended as it should: if the container had ended too, that is all there was.
    EndedWell,
    /// And a check agreed, though the container seemed to run.
    Checked,
}

/// What is known of the end of one instance's log.
#[derive(Debug, Default)]
pub struct EndProof {
    /// What the last answer ended in without a line end. A container's last line may have none; a cut looks the same.
    unfinished: Option<Line>,
    /// Checks in a row that ended in that line.
    same_ends: u32,
    stream: StreamEnd,
    /// How often a check or an end disagreed with what was read, since new lines came.
    doubts: u32,
    /// Whole readings in a row that brought nothing new, while checks disagreed.
    proofs: u32,
    /// Checks in a row that found the log empty, with nothing read between them.
    empty_checks: u32,
    /// Checks in a row, with nothing read between them, that fell short of the lines they asked for.
    short_checks: u32,
    /// The last reading brought the last line again, so that it reached as far as the ones before.
    reached: bool,
    /// The next reading ignores the cursor's `sinceTime`, which hides lines.
    whole: bool,
    /// Reading was interrupted after the last line, so that lines may have been rotated away unseen.
    broken: bool,
    /// The line up to which a single look reads a running container's log.
    goal: Option<Line>,
}

impl EndProof {
    /// Whether the next reading must be of the whole log.
    pub fn wants_whole(&self) -> bool {
        self.whole
    }

    /// The cursor's `sinceTime` may hide lines (`hides`), or does not.
    pub fn hides(&mut self, hides: bool) {
        self.whole = hides;
    }

    /// The line that the last reading ended in, without its end.
    pub fn unfinished(&self) -> Option<&Line> {
        self.unfinished.as_ref()
    }

    /// The line up to which a single look reads a log that goes on: the last one of the first check.
    pub fn goal(&self) -> Option<&Line> {
        self.goal.as_ref()
    }

    /// Whether lines may have been rotated away unseen after the last one.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Reading was interrupted.
    pub fn interrupted(&mut self) {
        self.broken = true;
    }

    /// The lines that had to come again came, so nothing was rotated away between.
    #[inline]
    pub fn rejoined(&mut self) {
        self.broken = false;
    }

    /// Whether a check agreed while the container seemed to run: if its pod goes, that is the last that can be known.
    pub fn was_checked(&self) -> bool {
        self.stream == StreamEnd::Checked
    }

    /// Whether all that came is likely to be all there was, of an instance that has ended (`ended`) or not.
    pub fn is_likely_whole(&self, ended: bool) -> bool {
        match self.stream {
            StreamEnd::Checked => true,
            StreamEnd::EndedWell => ended,
            StreamEnd::Unknown => false,
        }
    }

    /// A stream was opened. A reading that brings nothing new takes nothing away from what the stream's end said.
    pub fn stream_opened(&mut self) {
        if self.stream == StreamEnd::EndedWell {
            self.stream = StreamEnd::Unknown;
        }
    }

    /// A stream ended, as it should (`well`) after going on behind the last line, or not.
    pub fn stream_ended(&mut self, well: bool) {
        if self.stream != StreamEnd::Checked {
            self.stream = if well { StreamEnd::EndedWell } else { StreamEnd::Unknown };
        }
    }

    /// Something arrived.
    #[inline]
    pub fn heard(&mut self) {
        self.empty_checks = 0;
    }

    /// A new line came: there was more.
    #[inline]
    pub fn new_line(&mut self) {
        (self.doubts, self.proofs, self.short_checks) = (0, 0, 0);
        (self.whole, self.broken, self.stream) = (false, false, StreamEnd::Unknown);
    }

    /// A stream or a read ended as it should.
    pub fn read(&mut self, end: ReadEnd) -> NextStep {
        let may_be_whole =
            matches!(end.tail, Tail::Line(_)) && matches!(end.place, LogPlace::Latest | LogPlace::Previous);
        let torn = end.tail.is_torn();
        (self.unfinished, self.same_ends) = match end.tail {
            Tail::Line(line) if may_be_whole => (Some(line), 0),
            _ => (None, 0),
        };
        if torn && !may_be_whole {
            self.doubts += 1;
            // While the container runs, it may still end its line.
            return if self.doubts > DOUBTS && end.place != LogPlace::Live {
                NextStep::GiveUp("its last line does not end")
            } else {
                NextStep::Torn
            };
        }
        self.reached = end.overlapped || end.unclaimed;
        if may_be_whole {
            return NextStep::Check;
        }
        if end.ends_alike && end.place != LogPlace::Live {
            return NextStep::Seal;
        }
        if end.stream && end.place == LogPlace::Live {
            // The log of a pod that is being deleted will be gone in a moment: ask for its end while that is possible.
            return if end.terminating && !self.was_checked() { NextStep::Check } else { NextStep::Settle };
        }
        // Where a check can never agree, whole readings without anything new must do: one may have been cut short, and a cut
        // looks like an end, but hardly so many in the same place.
        let proven = end.whole && self.doubts > 1 && !end.new_lines && end.overlapped;
        self.proofs = if proven { self.proofs + 1 } else { 0 };
        if self.proofs >= PROOFS && end.place == end.opened_at {
            return NextStep::Seal;
        }
        if matches!(end.place, LogPlace::Nowhere | LogPlace::Future) { NextStep::Read } else { NextStep::Check }
    }

    /// A check ended as it should that has to show where new lines begin, where nothing old is wanted: what to do, which is to
    /// read on unless it may have been cut off.
    pub fn begin(&mut self, torn: bool, empty: bool) -> NextStep {
        self.doubts += u32::from(torn);
        self.empty_checks += u32::from(empty && !torn);
        if torn && self.doubts <= DOUBTS {
            return NextStep::Torn;
        }
        if empty && !torn && self.empty_checks < EMPTY_BEGINNINGS {
            return NextStep::Check;
        }
        (self.doubts, self.empty_checks) = (0, 0);
        NextStep::Read
    }

    /// A check ended as it should.
    pub fn check(&mut self, end: CheckEnd) -> NextStep {
        let torn = end.tail.is_torn();
        let agrees = match (self.unfinished.take(), &end.tail) {
            (Some(line), Tail::Line(same)) if end.agrees && *same == line && end.place == end.opened_at => {
                self.same_ends += 1;
                if self.same_ends >= SAME_ENDS {
                    return NextStep::SealWith(line);
                }
                self.unfinished = Some(line);
                return NextStep::Check;
            }
            (unfinished, _) => end.agrees && !torn && unfinished.is_none(),
        };
        self.short_checks = if end.short { self.short_checks + 1 } else { 0 };
        let short = (1..SHORT_CHECKS).contains(&self.short_checks);
        if agrees && short {
            return NextStep::Check;
        }
        if end.place == LogPlace::Live {
            return if end.follow { self.check_live(agrees) } else { self.check_look(agrees, torn || short, end) };
        }
        if agrees && end.place != end.opened_at {
            // The container restarted meanwhile, and the check may have seen the next instance.
            return NextStep::Read;
        }
        // Else the reading before was cut off earlier than the last line, and a check may be cut off after it.
        if agrees && self.reached {
            return NextStep::Seal;
        }
        if self.believes_empty(!torn && end.empty) {
            return NextStep::ConfirmEmpty(end.opened_at);
        }
        self.doubts += 1;
        if self.doubts > DOUBTS {
            return NextStep::GiveUp("its end keeps changing");
        }
        self.read_again()
    }

    /// A check of a container that runs, or of which the status has not told yet that it ended.
    fn check_live(&mut self, agrees: bool) -> NextStep {
        self.stream = if agrees { StreamEnd::Checked } else { StreamEnd::Unknown };
        NextStep::Read
    }

    /// A check in a single look at a container that runs. What it prints from now on is not part of the look, or there would be no
    /// end to it; but a reading that was ended on the way is taken up again. The check itself may have been `cut` off.
    fn check_look(&mut self, agrees: bool, cut: bool, end: CheckEnd) -> NextStep {
        if agrees || end.reached_goal {
            return NextStep::Seal;
        }
        let empty = end.empty && !end.tail.is_torn();
        if self.believes_empty(empty) {
            return NextStep::ConfirmEmpty(end.opened_at);
        }
        self.doubts += 1;
        if self.goal.is_none() {
            self.goal = end.unread;
        }
        if self.doubts > DOUBTS {
            return NextStep::GiveUp("its end keeps changing");
        }
        // What shows no line that was not read gives nothing to look for.
        if self.doubts > 1 && self.goal.is_none() && !end.empty && !cut { NextStep::Seal } else { self.read_again() }
    }

    /// A check found the log `empty`, or not. Whether the newest file is taken to be: rotated after the last line, and what else the old
    /// file held cannot be had.
    fn believes_empty(&mut self, empty: bool) -> bool {
        self.empty_checks += u32::from(empty);
        self.empty_checks >= EMPTY_CHECKS
    }

    /// A check disagreed: what cuts so often may need time to recover, and a clock that was set back hides lines.
    fn read_again(&mut self) -> NextStep {
        self.whole = self.doubts > 1;
        if self.doubts > QUICK_DOUBTS { NextStep::Pause(self.doubts - QUICK_DOUBTS) } else { NextStep::Read }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::k8s::Stamp;

    fn line(text: &'static str) -> Line {
        Line { stamp: Stamp(1), text: Bytes::from_static(text.as_bytes()) }
    }

    /// A plain reading of an ended instance that brought nothing new.
    fn read() -> ReadEnd {
        ReadEnd {
            stream: false,
            place: LogPlace::Latest,
            opened_at: LogPlace::Latest,
            tail: Tail::Nothing,
            new_lines: false,
            overlapped: true,
            whole: true,
            ends_alike: false,
            terminating: false,
            unclaimed: false,
        }
    }

    /// A check of an ended instance that agrees.
    fn check() -> CheckEnd {
        CheckEnd {
            place: LogPlace::Latest,
            opened_at: LogPlace::Latest,
            tail: Tail::Nothing,
            agrees: true,
            empty: false,
            short: false,
            unread: None,
            reached_goal: false,
            follow: true,
        }
    }

    fn disagrees() -> CheckEnd {
        CheckEnd { agrees: false, ..check() }
    }

    /// A reading and a check may be cut off between the same two lines, and a log that was rotated has few lines for good.
    #[test]
    fn a_check_that_has_fewer_lines_than_it_asked_for_must_agree_twice() {
        for place in [LogPlace::Latest, LogPlace::Live] {
            let short = || CheckEnd { place, opened_at: place, short: true, follow: false, ..check() };
            let proof = || {
                let mut proof = EndProof::default();
                assert_eq!(proof.read(ReadEnd { place, opened_at: place, ..read() }), NextStep::Check);
                assert_eq!(proof.check(short()), NextStep::Check);
                proof
            };
            assert_eq!(proof().check(short()), NextStep::Seal);
            assert_eq!(proof().check(CheckEnd { short: false, ..short() }), NextStep::Seal, "it was cut off");
            let mut more = proof();
            assert_eq!(more.check(CheckEnd { agrees: false, ..short() }), NextStep::Read);
            more.new_line();
            assert_eq!(more.read(ReadEnd { place, opened_at: place, ..read() }), NextStep::Check);
            assert_eq!(more.check(short()), NextStep::Check, "it is about another line");
        }
    }

    #[test]
    fn a_reading_that_reached_the_last_line_and_a_check_are_a_proof() {
        for overlapped in [true, false] {
            let mut proof = EndProof::default();
            assert_eq!(proof.read(ReadEnd { overlapped, ..read() }), NextStep::Check);
            let expected = if overlapped { NextStep::Seal } else { NextStep::Read };
            assert_eq!(proof.check(check()), expected, "overlapped {overlapped}");
        }
        let mut proof = EndProof::default();
        assert_eq!(proof.read(ReadEnd { overlapped: false, unclaimed: true, ..read() }), NextStep::Check);
        assert_eq!(proof.check(check()), NextStep::Seal, "lines that may be another's need not come again");
        let mut proof = EndProof::default();
        proof.read(read());
        assert_eq!(proof.check(CheckEnd { tail: Tail::Torn, ..check() }), NextStep::Read, "a line had begun");
    }

    #[test]
    fn a_check_from_before_a_restart_proves_nothing() {
        let mut proof = EndProof::default();
        proof.read(read());
        let moved = CheckEnd { place: LogPlace::Previous, ..check() };
        for _ in 0..=DOUBTS {
            assert_eq!(proof.check(moved.clone()), NextStep::Read, "and is no disagreement");
        }
    }

    #[test]
    fn the_probe_of_an_ended_instance_is_a_check() {
        let alike = ReadEnd { stream: true, ends_alike: true, ..read() };
        assert_eq!(EndProof::default().read(alike.clone()), NextStep::Seal);
        assert_eq!(EndProof::default().read(ReadEnd { place: LogPlace::Live, ..alike.clone() }), NextStep::Settle);
        assert_eq!(EndProof::default().read(ReadEnd { ends_alike: false, ..alike }), NextStep::Check);
    }

    #[test]
    fn a_streams_end_waits_for_the_status_and_is_checked_at_once_when_the_pod_goes() {
        let stream = ReadEnd { stream: true, place: LogPlace::Live, ..read() };
        assert_eq!(EndProof::default().read(stream.clone()), NextStep::Settle);
        let terminating = ReadEnd { terminating: true, ..stream.clone() };
        let mut proof = EndProof::default();
        assert_eq!(proof.read(terminating.clone()), NextStep::Check);
        assert!(!proof.was_checked());
        assert_eq!(proof.check(CheckEnd { place: LogPlace::Live, ..check() }), NextStep::Read);
        assert!(proof.was_checked());
        assert_eq!(proof.read(terminating.clone()), NextStep::Settle, "once is enough");
        assert_eq!(proof.check(CheckEnd { place: LogPlace::Live, ..disagrees() }), NextStep::Read);
        assert!(!proof.was_checked());
        assert_eq!(proof.read(terminating), NextStep::Check);
        assert_eq!(EndProof::default().read(ReadEnd { stream: false, ..stream }), NextStep::Check, "a single look");
        for place in [LogPlace::Nowhere, LogPlace::Future] {
            assert_eq!(EndProof::default().read(ReadEnd { place, ..read() }), NextStep::Read, "{place:?}");
        }
    }

    #[test]
    fn what_the_last_stream_says_lasts_until_more_comes() {
        let likely = |proof: &EndProof| (proof.is_likely_whole(true), proof.is_likely_whole(false));
        let mut proof = EndProof::default();
        assert_eq!(likely(&proof), (false, false));
        proof.stream_ended(true);
        assert_eq!(likely(&proof), (true, false), "if the container has ended");
        proof.stream_opened();
        assert_eq!(likely(&proof), (false, false));
        proof.stream_ended(true);
        proof.stream_ended(false);
        assert_eq!(likely(&proof), (false, false));
        proof.check(CheckEnd { place: LogPlace::Live, ..check() });
        assert_eq!(likely(&proof), (true, true));
        proof.stream_opened();
        proof.stream_ended(false);
        assert_eq!(likely(&proof), (true, true), "a stream that brings nothing takes nothing away");
        proof.new_line();
        assert_eq!(likely(&proof), (false, false));
    }

    #[test]
    fn a_last_line_without_an_end_is_had_when_three_answers_agree() {
        let ends = || ReadEnd { tail: Tail::Line(line("end")), ..read() };
        let same = || CheckEnd { tail: Tail::Line(line("end")), ..check() };
        for place in [LogPlace::Latest, LogPlace::Previous] {
            let mut proof = EndProof::default();
            assert_eq!(proof.read(ReadEnd { place, opened_at: place, ..ends() }), NextStep::Check);
            assert_eq!(proof.unfinished(), Some(&line("end")));
            let same = || CheckEnd { place, opened_at: place, ..same() };
            assert_eq!(proof.check(same()), NextStep::Check);
            assert_eq!(proof.check(same()), NextStep::SealWith(line("end")));
        }
        for differs in [
            CheckEnd { tail: Tail::Line(line("other")), ..same() },
            CheckEnd { tail: Tail::Nothing, ..same() },
            CheckEnd { tail: Tail::Torn, ..same() },
            CheckEnd { agrees: false, ..same() },
            CheckEnd { place: LogPlace::Previous, ..same() },
        ] {
            let mut proof = EndProof::default();
            proof.read(ends());
            proof.check(same());
            assert_eq!(proof.check(differs.clone()), NextStep::Read, "{differs:?}");
            assert_eq!(proof.unfinished(), None);
            proof.read(ends());
            assert_eq!(proof.check(same()), NextStep::Check, "they are counted anew");
        }
        // A container that runs may end its line.
        let mut proof = EndProof::default();
        for _ in 0..2 * DOUBTS {
            assert_eq!(proof.read(ReadEnd { place: LogPlace::Live, ..ends() }), NextStep::Torn);
            assert_eq!(proof.unfinished(), None);
        }
    }

    #[test]
    fn a_line_that_never_ends_is_given_up() {
        let torn = ReadEnd { tail: Tail::Torn, ..read() };
        let mut proof = EndProof::default();
        for _ in 0..DOUBTS {
            assert_eq!(proof.read(torn.clone()), NextStep::Torn);
        }
        assert_eq!(proof.read(ReadEnd { place: LogPlace::Live, ..torn.clone() }), NextStep::Torn, "it may still end");
        assert!(matches!(proof.read(torn.clone()), NextStep::GiveUp(_)));
        proof.new_line();
        assert_eq!(proof.read(torn), NextStep::Torn, "after new lines they are counted anew");
    }

    #[test]
    fn disagreements_are_read_again_at_once_then_with_pauses_and_given_up_at_last() {
        let mut proof = EndProof::default();
        proof.read(read());
        let next: Vec<NextStep> = (0..=DOUBTS).map(|_| proof.check(disagrees())).collect();
        assert_eq!(next[..3], [NextStep::Read, NextStep::Read, NextStep::Read]);
        let pauses: Vec<NextStep> = (1..=DOUBTS - 3).map(NextStep::Pause).collect();
        assert_eq!(next[3..20], pauses);
        assert!(matches!(next[20], NextStep::GiveUp(_)));
        proof.new_line();
        assert_eq!(proof.check(disagrees()), NextStep::Read);
    }

    #[test]
    fn after_two_disagreements_the_whole_log_is_read() {
        let mut proof = EndProof::default();
        proof.check(disagrees());
        assert!(!proof.wants_whole(), "one check may have been cut off");
        proof.check(disagrees());
        assert!(proof.wants_whole());
        proof.new_line();
        assert!(!proof.wants_whole());
        proof.hides(true);
        assert!(proof.wants_whole());
        proof.hides(false);
        assert!(!proof.wants_whole());
    }

    #[test]
    fn three_whole_readings_outweigh_checks_that_disagree() {
        let doubted = || {
            let mut proof = EndProof::default();
            proof.check(disagrees());
            proof.check(disagrees());
            proof
        };
        let mut proof = doubted();
        assert_eq!([(); 3].map(|()| proof.read(read())), [NextStep::Check, NextStep::Check, NextStep::Seal]);
        for other in [
            ReadEnd { whole: false, ..read() },
            ReadEnd { new_lines: true, ..read() },
            ReadEnd { overlapped: false, ..read() },
        ] {
            let mut proof = doubted();
            for end in [read(), read(), other.clone(), read(), read()] {
                assert_eq!(proof.read(end), NextStep::Check, "they must follow each other: {other:?}");
            }
            assert_eq!(proof.read(read()), NextStep::Seal);
        }
        let mut proof = doubted();
        let moved = ReadEnd { place: LogPlace::Previous, ..read() };
        assert_eq!([(); 4].map(|()| proof.read(moved.clone())), [(); 4].map(|()| NextStep::Check), "of the same place");
        let mut proof = EndProof::default();
        proof.check(disagrees());
        assert_eq!([(); 5].map(|()| proof.read(read())), [(); 5].map(|()| NextStep::Check), "one check may be cut off");
        proof.check(disagrees());
        proof.read(read());
        proof.read(read());
        proof.new_line();
        proof.check(disagrees());
        proof.check(disagrees());
        assert_eq!(proof.read(read()), NextStep::Check, "new lines start the count anew");
    }

    #[test]
    fn a_log_that_had_lines_is_empty_when_two_checks_in_a_row_say_so() {
        let empty = || CheckEnd { agrees: false, empty: true, ..check() };
        let mut proof = EndProof::default();
        assert_eq!(proof.check(empty()), NextStep::Read);
        assert_eq!(proof.check(CheckEnd { tail: Tail::Torn, ..empty() }), NextStep::Read, "the beginning of a stamp");
        assert_eq!(proof.check(disagrees()), NextStep::Read, "not empty");
        assert_eq!(proof.check(empty()), NextStep::ConfirmEmpty(LogPlace::Latest));
        let mut proof = EndProof::default();
        proof.check(empty());
        proof.heard();
        assert_eq!(proof.check(empty()), NextStep::Read, "something was read between");
    }

    #[test]
    fn where_new_lines_begin_is_believed_when_it_was_hardly_cut_off() {
        let mut proof = EndProof::default();
        assert_eq!(proof.begin(false, false), NextStep::Read);
        assert_eq!(
            [(); 4].map(|()| proof.begin(false, true)),
            [NextStep::Check, NextStep::Check, NextStep::Check, NextStep::Read]
        );
        proof.begin(false, true);
        proof.heard();
        assert_eq!(proof.begin(false, true), NextStep::Check, "they are counted anew");
        for _ in 0..DOUBTS {
            assert_eq!(proof.begin(true, true), NextStep::Torn);
        }
        assert_eq!(proof.begin(true, true), NextStep::Read, "a line that does not end");
    }

    #[test]
    fn a_single_look_at_a_running_container_ends_when_a_check_agrees_or_its_first_ones_last_line_was_read() {
        let live = || CheckEnd { place: LogPlace::Live, opened_at: LogPlace::Live, follow: false, ..check() };
        assert_eq!(EndProof::default().check(live()), NextStep::Seal);
        let more = |text| CheckEnd { agrees: false, unread: Some(line(text)), ..live() };
        let mut proof = EndProof::default();
        assert_eq!(proof.check(more("b")), NextStep::Read);
        assert_eq!(proof.goal(), Some(&line("b")));
        proof.new_line();
        assert_eq!(proof.check(more("c")), NextStep::Read);
        assert_eq!(proof.goal(), Some(&line("b")), "it is not run after");
        assert_eq!(proof.check(CheckEnd { reached_goal: true, ..more("c") }), NextStep::Seal);
        // What cannot be found is not told as all there was.
        let mut proof = EndProof::default();
        let next: Vec<NextStep> = (0..=DOUBTS).map(|_| proof.check(more("b"))).collect();
        assert_eq!(next[..3], [NextStep::Read, NextStep::Read, NextStep::Read]);
        assert!(proof.wants_whole(), "a clock that was set back may hide it");
        assert!(matches!(next[20], NextStep::GiveUp(_)));
        // A check that shows no other line says little.
        let mut proof = EndProof::default();
        assert_eq!(proof.check(CheckEnd { agrees: false, ..live() }), NextStep::Read);
        assert_eq!(proof.check(CheckEnd { agrees: false, ..live() }), NextStep::Seal);
        // One that was cut off has not shown that there is nothing to look for.
        for cut in [
            CheckEnd { tail: Tail::Torn, ..live() },
            CheckEnd { tail: Tail::Torn, empty: true, ..live() },
            CheckEnd { short: true, ..live() },
        ] {
            let mut proof = EndProof::default();
            assert_eq!(proof.check(CheckEnd { agrees: false, ..live() }), NextStep::Read);
            assert_eq!(proof.check(CheckEnd { agrees: false, ..cut }), NextStep::Read);
            assert_eq!(proof.check(CheckEnd { agrees: false, ..live() }), NextStep::Seal);
        }
        // But one that shows none at all may be of a log that was rotated, or cut off.
        let empty = || CheckEnd { agrees: false, empty: true, ..live() };
        let mut proof = EndProof::default();
        assert_eq!(proof.check(CheckEnd { agrees: false, ..live() }), NextStep::Read);
        assert_eq!(proof.check(empty()), NextStep::Read, "one may be cut off");
        assert_eq!(proof.check(empty()), NextStep::ConfirmEmpty(LogPlace::Live));
        let mut proof = EndProof::default();
        for _ in 0..DOUBTS {
            assert!(matches!(proof.check(empty()), NextStep::Read | NextStep::Pause(_)));
            proof.heard();
        }
        assert!(matches!(proof.check(empty()), NextStep::GiveUp(_)), "it is not read for ever");
        let mut proof = EndProof::default();
        for _ in 0..2 * DOUBTS {
            let end = CheckEnd { follow: true, ..more("b") };
            assert_eq!(proof.check(end), NextStep::Read, "one that is followed goes on");
        }
    }

    #[test]
    fn reading_is_whole_again_when_the_last_lines_came_again_or_new_ones_did() {
        for mend in [EndProof::rejoined, EndProof::new_line] {
            let mut proof = EndProof::default();
            assert!(!proof.is_broken());
            proof.interrupted();
            assert!(proof.is_broken());
            mend(&mut proof);
            assert!(!proof.is_broken());
        }
    }

    #[test]
    fn a_check_that_was_cut_off_is_no_empty_one() {
        let mut proof = EndProof::default();
        for empty in [true, false, true] {
            assert_eq!(proof.begin(true, empty), NextStep::Torn);
        }
        for _ in 1..EMPTY_BEGINNINGS {
            assert_eq!(proof.begin(false, true), NextStep::Check);
        }
        assert_eq!(proof.begin(false, true), NextStep::Read);
    }
}
