//! [`AnswerEnd`]: what follows when an answer ends.

use super::{
    container::FollowedContainer,
    end_proof::{CheckEnd, NextStep, ReadEnd, Tail},
    event::BodyEnd,
    reading::{Reading, ReadingKind},
};
use crate::k8s::{
    Line, kubelet_error,
    status::{LogPlace, PodLife},
};

/// What an answer's end is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerEnd {
    /// It was cut off.
    Broken(String),
    /// Text that the kubelet wrote in the place of lines.
    InBand(String),
    /// An end as it should be, from which this follows.
    Next(NextStep),
}

impl AnswerEnd {
    /// How `reading`, a log of this container, ended.
    pub fn of(reading: Reading, end: BodyEnd, container: &mut FollowedContainer) -> AnswerEnd {
        // A look ends while its container goes on.
        if end != BodyEnd::Clean || (container.scope.follow && container.place() == LogPlace::Live) {
            container.instance.proof.interrupted();
        }
        if let BodyEnd::Broken(reason) = end {
            return AnswerEnd::Broken(reason);
        }
        if let Some(text) = reading.unstamped_end()
            && (reading.request.since.is_none() || kubelet_error::in_band(&text).is_some())
        {
            return AnswerEnd::InBand(text);
        }
        container.instance.tries.answered();
        let tail = reading.tail(container.scope.since);
        let unwanted = reading.unwanted_tail(container.scope.since);
        if let Some(line) = unwanted.as_ref().filter(|_| !container.instance.cursor.knows_any()) {
            // The log has a line, at least.
            container.instance.cursor.pass_over(line);
        }
        if tail.is_torn() {
            // A line has begun that was not handed on.
            container.instance.proof.interrupted();
        }
        AnswerEnd::Next(match reading.kind {
            ReadingKind::Check(lines) if container.scope.tail == Some(0) => of_beginning(lines, &tail, container),
            ReadingKind::Check(lines) => of_check(lines, tail, unwanted, reading.place, container),
            ReadingKind::Stream(_) | ReadingKind::Read => of_read(&reading, tail, container),
        })
    }
}

/// A stream or a read ended as it should.
fn of_read(reading: &Reading, tail: Tail, container: &mut FollowedContainer) -> NextStep {
    let (place, terminating) = (container.place(), container.is_pod(PodLife::Terminating));
    let (cursor, proof, identity) =
        (&container.instance.cursor, &mut container.instance.proof, &mut container.instance.identity);
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

/// A check ended as it should that has to show where new lines begin, since nothing old is wanted.
fn of_beginning(mut lines: Vec<Line>, tail: &Tail, container: &mut FollowedContainer) -> NextStep {
    let (cursor, proof) = (&mut container.instance.cursor, &mut container.instance.proof);
    let unended = match tail {
        Tail::Line(line) if lines.is_empty() => Some(line),
        _ => None,
    };
    // One line is asked for: what an answer has behind it was printed after it was opened, and is new.
    lines.truncate(1);
    lines.retain(|line| container.scope.since.is_none_or(|since| line.stamp >= since));
    let next = proof.begin(tail.is_torn(), lines.is_empty());
    if next == NextStep::Read {
        container.scope.tail = None;
        lines.iter().chain(unended).for_each(|line| cursor.read(line));
        cursor.starts_inside();
    }
    next
}

/// A check ended as it should that has to show whether the last lines read are the log's last.
fn of_check(
    mut lines: Vec<Line>,
    tail: Tail,
    unwanted: Option<Line>,
    opened_at: LogPlace,
    container: &mut FollowedContainer,
) -> NextStep {
    let (place, follow, since) = (container.place(), container.scope.follow, container.scope.since);
    let (cursor, proof) = (&container.instance.cursor, &mut container.instance.proof);
    let short = cursor.falls_short(&lines);
    // A log may end in lines that are not wanted, and even show no others.
    let ends_unwanted = lines.last().is_some_and(|last| cursor.ends_unwanted(last));
    // Nothing at all of a log that has shown something, be it unwanted.
    let empty = lines.is_empty() && (cursor.count() > 0 || unwanted.is_none() && cursor.knows_any());
    // A line from before what is wanted that a reading shows all the same, since seconds are asked for: the last one that came was another.
    let is_shown = |line: &Line| since.is_some_and(|since| line.stamp < since && line.stamp >= since.floor_second());
    let missed = cursor.count() == 0 && !ends_unwanted && lines.last().is_some_and(is_shown);
    lines.retain(|line| since.is_none_or(|since| line.stamp >= since));
    // Where a last line without an end is all that was asked for, what stands before it says nothing.
    let is_all = cursor.count() == 0 && container.scope.tail.is_some() && proof.unfinished().is_some();
    let agrees = is_all || ends_unwanted || !empty && !missed && cursor.ends_with(&lines);
    let unread = lines.last().filter(|last| !cursor.has(last)).cloned();
    let reached_goal = proof.goal().is_some_and(|goal| cursor.has(goal));
    proof.check(CheckEnd { place, opened_at, tail, agrees, empty, short, unread, reached_goal, follow })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        super::{
            event::Scope,
            fixtures::{COLLECTED, FOLLOW, LINES, LOOK, container, ended, line, running, running_again, second},
            probe::ProbeReason,
            reading::Purpose,
        },
        *,
    };
    use crate::k8s::status::Status;

    const TORN: &str = "2026-09-21T14:13:30.0000";

    /// An answer to `purpose` that brings `body`, all of whose lines are taken.
    fn reading(container: &mut FollowedContainer, purpose: Purpose, body: &str) -> Reading {
        let mut reading = container.open(purpose, second(0));
        reading.splitter.push(Bytes::copy_from_slice(body.as_bytes()));
        let mut out = super::super::event::Output::default();
        while let Some(drawn) = reading.draw(&mut container.instance, None) {
            let super::super::reading::Drawn::New(line) = drawn else { panic!("{drawn:?}") };
            container.hand_on(line, &mut reading, &mut out);
        }
        reading
    }

    fn of(container: &mut FollowedContainer, purpose: Purpose, body: &str) -> AnswerEnd {
        let reading = reading(container, purpose, body);
        AnswerEnd::of(reading, BodyEnd::Clean, container)
    }

    #[test]
    fn what_follows_an_end_as_it_should_be_is_a_matter_of_the_proof() {
        let terminating = || Status { pod: PodLife::Terminating, ..running() };
        let whole = LINES.concat();
        for (scope, status, purpose, body, next) in [
            (FOLLOW, running(), Purpose::Stream, &*whole, NextStep::Settle),
            (FOLLOW, terminating(), Purpose::Stream, &whole, NextStep::Check),
            (FOLLOW, ended(), Purpose::Read, &whole, NextStep::Check),
            (FOLLOW, running_again(), Purpose::Read, &whole, NextStep::Check),
            (LOOK, running(), Purpose::Read, &whole, NextStep::Check),
            (LOOK, running(), Purpose::Check, "", NextStep::Seal),
            (FOLLOW, ended(), Purpose::Read, TORN, NextStep::Torn),
        ] {
            let after = of(&mut container(scope, status.clone()), purpose, body);
            assert_eq!(after, AnswerEnd::Next(next), "{scope:?} {status:?} {purpose:?}");
        }
    }

    #[test]
    fn a_check_agrees_if_the_last_lines_are_those_that_were_read() {
        for (body, next) in [
            (&*LINES.concat(), NextStep::Seal),
            // It may have been cut off between two lines, as the reading may have been.
            (LINES[1], NextStep::Check),
            (LINES[0], NextStep::Read),
            ("", NextStep::Read),
            (LINES[1].trim_end(), NextStep::Read),
        ] {
            let mut container = container(FOLLOW, ended());
            assert_eq!(of(&mut container, Purpose::Read, &LINES.concat()), AnswerEnd::Next(NextStep::Check));
            let check = reading(&mut container, Purpose::Check, body);
            assert_eq!(AnswerEnd::of(check, BodyEnd::Clean, &mut container), AnswerEnd::Next(next), "{body:?}");
        }
    }

    /// Lines are stamped out of order, so that the last ones may be from before what is wanted.
    #[test]
    fn a_log_that_ends_in_lines_that_are_not_wanted_is_read_once() {
        let [unwanted, wanted] = LINES;
        let (third, other) = ("2026-09-21T14:13:28.000000003Z three\n", "2026-09-21T14:13:28.000000004Z four\n");
        // Readings show it all the same, since seconds are asked for.
        let early = "2026-09-21T14:13:29.000000000Z early\n";
        for (status, body, check, next) in [
            (ended(), [wanted, unwanted, third].concat(), [unwanted, third].concat(), NextStep::Seal),
            (running(), [wanted, unwanted, third].concat(), [unwanted, third].concat(), NextStep::Seal),
            (ended(), [wanted, unwanted].concat(), [wanted, unwanted].concat(), NextStep::Seal),
            (ended(), [unwanted, wanted, third].concat(), [wanted, third].concat(), NextStep::Seal),
            (ended(), [wanted, unwanted].concat(), [unwanted, third].concat(), NextStep::Read),
            (ended(), [wanted, unwanted, third].concat(), [third, other].concat(), NextStep::Read),
            (ended(), [unwanted, third].concat(), other.to_owned(), NextStep::Seal),
            (ended(), wanted.to_owned(), [wanted, early].concat(), NextStep::Seal),
        ] {
            let since = Some(line(wanted).stamp);
            let mut container = container(Scope { since, ..LOOK }, status.clone());
            let mut first = container.open(Purpose::Read, second(0));
            first.splitter.push(Bytes::from(body.clone()));
            let mut out = super::super::event::Output::default();
            while let Some(drawn) = first.draw(&mut container.instance, since) {
                let super::super::reading::Drawn::New(line) = drawn else { panic!("{drawn:?}") };
                container.hand_on(line, &mut first, &mut out);
            }
            assert_eq!(AnswerEnd::of(first, BodyEnd::Clean, &mut container), AnswerEnd::Next(NextStep::Check));
            let after = of(&mut container, Purpose::Check, &check);
            assert_eq!(after, AnswerEnd::Next(next), "{status:?} {body} {check}");
        }
    }

    #[test]
    fn a_last_line_without_end_that_is_all_that_was_asked_for_is_proven_by_itself() {
        let (last, other) = (LINES[1].trim_end(), "2026-09-21T14:13:29.000000001Z twos");
        for (check, next) in [
            (LINES.concat().trim_end().to_owned(), NextStep::SealWith(line(last))),
            (last.to_owned(), NextStep::SealWith(line(last))),
            (LINES[0].to_owned() + other, NextStep::Read),
            (LINES.concat(), NextStep::Read),
        ] {
            let mut container = container(Scope { tail: Some(1), ..LOOK }, ended());
            assert_eq!(of(&mut container, Purpose::Read, last), AnswerEnd::Next(NextStep::Check));
            let mut after = of(&mut container, Purpose::Check, &check);
            if after == AnswerEnd::Next(NextStep::Check) {
                after = of(&mut container, Purpose::Check, &check);
            }
            assert_eq!(after, AnswerEnd::Next(next), "{check:?}");
        }
        // Without a tail, nothing may stand before it.
        let mut container = container(LOOK, ended());
        assert_eq!(of(&mut container, Purpose::Read, last), AnswerEnd::Next(NextStep::Check));
        assert_eq!(of(&mut container, Purpose::Check, LINES.concat().trim_end()), AnswerEnd::Next(NextStep::Read));
    }

    #[test]
    fn a_check_that_shows_nothing_of_a_log_that_has_lines_proves_nothing() {
        let since = Scope { since: Some(line(LINES[1]).stamp), ..FOLLOW };
        // A line that is not wanted, whole or cut off.
        for seen in [LINES[0], LINES[0].trim_end()] {
            let mut container = container(since, ended());
            if seen == LINES[0] {
                container.instance.cursor.pass_over(&line(seen));
            }
            let rest = if seen == LINES[0] { "" } else { seen };
            for (check, next) in [("", NextStep::Read), (seen, NextStep::Seal)] {
                assert_eq!(of(&mut container, Purpose::Read, rest), AnswerEnd::Next(NextStep::Check), "{seen:?}");
                assert_eq!(of(&mut container, Purpose::Check, check), AnswerEnd::Next(next), "{seen:?} {check:?}");
            }
        }
        // Nor does one whose last line is another that is not wanted, unless no reading shows it.
        let late = Scope { since: Some(line(LINES[1]).stamp.back(-1)), ..FOLLOW };
        for (seen, last, next) in [
            (LINES[0], LINES[1], NextStep::Read),
            (LINES[1], LINES[1], NextStep::Seal),
            (LINES[1], LINES[0], NextStep::Seal),
        ] {
            let mut container = container(late, ended());
            container.instance.cursor.pass_over(&line(seen));
            assert_eq!(of(&mut container, Purpose::Read, ""), AnswerEnd::Next(NextStep::Check));
            assert_eq!(of(&mut container, Purpose::Check, last), AnswerEnd::Next(next), "{seen:?} {last:?}");
        }
        // One that shows the start of such a line shows nothing of the lines that were wanted.
        let mut read = container(since, ended());
        assert_eq!(of(&mut read, Purpose::Read, LINES[1]), AnswerEnd::Next(NextStep::Check));
        for next in [NextStep::Read, NextStep::ConfirmEmpty(LogPlace::Latest)] {
            assert_eq!(of(&mut read, Purpose::Check, LINES[0].trim_end()), AnswerEnd::Next(next));
        }
        // One that has shown nothing is empty.
        let mut container = container(since, ended());
        assert_eq!(of(&mut container, Purpose::Read, ""), AnswerEnd::Next(NextStep::Check));
        assert_eq!(of(&mut container, Purpose::Check, ""), AnswerEnd::Next(NextStep::Seal));
    }

    #[test]
    fn where_nothing_old_is_wanted_a_check_shows_where_new_lines_begin() {
        let nothing = Scope { tail: Some(0), ..FOLLOW };
        // A line that is not wanted for another reason may be followed by one from before it.
        let since = Scope { since: Some(line(LINES[1]).stamp), ..nothing };
        for (body, next) in [(LINES[0], NextStep::Check), (LINES[1], NextStep::Read)] {
            assert_eq!(of(&mut container(since, running()), Purpose::Check, body), AnswerEnd::Next(next), "{body}");
        }
        // The number of checks after which it is believed: any may be cut off.
        let grown = LINES.concat();
        for (body, checks, last) in [
            (LINES[0], 1, Some(line(LINES[0]).stamp)),
            // What was printed while it was answered is new.
            (&*grown, 1, Some(line(LINES[0]).stamp)),
            (LINES[1].trim_end(), 21, Some(line(LINES[1]).stamp)),
            (grown.trim_end(), 21, Some(line(LINES[0]).stamp)),
            ("", 4, None),
        ] {
            let mut container = container(nothing, running());
            for number in 1..checks {
                let again = if body.is_empty() { NextStep::Check } else { NextStep::Torn };
                assert_eq!(of(&mut container, Purpose::Check, body), AnswerEnd::Next(again), "{body:?} {number}");
                assert_eq!((container.scope.tail, container.instance.cursor.count()), (Some(0), 0));
            }
            assert_eq!(of(&mut container, Purpose::Check, body), AnswerEnd::Next(NextStep::Read));
            assert_eq!((container.scope.tail, container.instance.cursor.last()), (None, last), "{body:?}");
            assert_eq!(container.instance.handed, 0, "they are not handed on");
        }
    }

    #[test]
    fn text_without_a_stamp_is_the_kubelets_unless_it_may_be_the_rest_of_a_line() {
        for (text, since, in_band) in [
            ("rest of a line", true, false),
            ("rest of a line", false, true),
            (COLLECTED, true, true),
            (COLLECTED, false, true),
            (TORN, false, false),
        ] {
            let mut container = container(FOLLOW, ended());
            if since {
                container.instance.read(&line(LINES[0]));
                container.instance.closed = Some(second(0));
            }
            let after = of(&mut container, Purpose::Read, &(LINES[0].to_owned() + text));
            let expected = if in_band { AnswerEnd::InBand(text.to_owned()) } else { AnswerEnd::Next(NextStep::Torn) };
            assert_eq!(after, expected, "{text} {since}");
        }
    }

    #[test]
    fn an_answer_is_a_break_if_it_was_cut_or_its_container_goes_on() {
        for (scope, status, end, broken) in [
            (FOLLOW, ended(), BodyEnd::Clean, false),
            (FOLLOW, ended(), BodyEnd::Broken("reset".to_owned()), true),
            (FOLLOW, running(), BodyEnd::Clean, true),
            (LOOK, running(), BodyEnd::Clean, false),
            (LOOK, running(), BodyEnd::Broken("reset".to_owned()), true),
        ] {
            let mut container = container(scope, status.clone());
            let answer = reading(&mut container, Purpose::Read, &LINES.concat());
            let after = AnswerEnd::of(answer, end.clone(), &mut container);
            assert_eq!(container.instance.proof.is_broken(), broken, "{scope:?} {status:?} {end:?}");
            assert_eq!(matches!(after, AnswerEnd::Broken(_)), end != BodyEnd::Clean);
        }
        let mut container = container(FOLLOW, ended());
        of(&mut container, Purpose::Read, &(LINES[0].to_owned() + TORN));
        assert!(container.instance.proof.is_broken(), "a line had begun");
    }

    #[test]
    fn only_a_stream_that_went_on_behind_the_last_line_and_ended_well_may_have_brought_all() {
        let torn = LINES.concat() + TORN;
        for (earlier, purpose, body, likely) in [
            (false, Purpose::Stream, &*LINES.concat(), true),
            (false, Purpose::Stream, &torn, false),
            (false, Purpose::Stream, "", false),
            (true, Purpose::Stream, LINES[0], true),
            (true, Purpose::Stream, "", false),
            (false, Purpose::Read, &LINES.concat(), false),
        ] {
            let mut container = container(FOLLOW, running());
            if earlier {
                container.instance.read(&line(LINES[0]));
            }
            of(&mut container, purpose, body);
            assert_eq!(container.instance.proof.is_likely_whole(true), likely, "{earlier} {purpose:?} {body:?}");
        }
    }

    #[test]
    fn lines_that_wait_for_their_instance_are_settled_by_a_log_that_begins_with_them() {
        for (body, is_open) in [("", true), (LINES[0], false)] {
            let mut container = container(FOLLOW, running_again());
            container.instance.read(&line(LINES[0]));
            container.instance.disown();
            of(&mut container, Purpose::Read, body);
            assert_eq!(container.instance.identity.is_open(), is_open, "{body:?}");
        }
    }

    #[test]
    fn only_checks_without_a_line_say_that_the_log_has_become_empty() {
        for (body, second_time) in [("", NextStep::ConfirmEmpty(LogPlace::Latest)), (LINES[0], NextStep::Read)] {
            let mut container = container(FOLLOW, ended());
            of(&mut container, Purpose::Read, &LINES.concat());
            for next in [NextStep::Read, second_time] {
                let check = reading(&mut container, Purpose::Check, body);
                assert_eq!(AnswerEnd::of(check, BodyEnd::Clean, &mut container), AnswerEnd::Next(next), "{body:?}");
            }
        }
    }

    #[test]
    fn a_look_goes_on_to_the_last_line_that_a_check_has_shown() {
        for (body, goal) in [(LINES[1], Some(line(LINES[1]))), (LINES[0], None), ("", None)] {
            let mut container = container(LOOK, running());
            of(&mut container, Purpose::Read, LINES[0]);
            of(&mut container, Purpose::Check, body);
            assert_eq!(container.instance.proof.goal(), goal.as_ref(), "{body:?}");
        }
    }

    #[test]
    fn a_stream_whose_last_lines_were_asked_for_needs_no_check() {
        for (tail, next) in [
            (Some(vec![line(LINES[0]), line(LINES[1])]), NextStep::Seal),
            (Some(vec![line(LINES[0])]), NextStep::Check),
            (None, NextStep::Check),
        ] {
            let mut container = container(FOLLOW, running());
            let mut stream = reading(&mut container, Purpose::Stream, &LINES.concat());
            container.status = Some(ended());
            stream.probe(ProbeReason::Ended, 2, false, second(1));
            stream.probed(tail.clone(), None, &container.instance.cursor, second(1));
            assert_eq!(AnswerEnd::of(stream, BodyEnd::Clean, &mut container), AnswerEnd::Next(next), "{tail:?}");
            assert!(container.instance.proof.is_likely_whole(true));
        }
    }

    #[test]
    fn only_whole_readings_outweigh_checks_that_disagree() {
        for whole in [true, false] {
            let mut container = container(FOLLOW, ended());
            let mut after = of(&mut container, Purpose::Read, &LINES.concat());
            for _ in 0..2 {
                assert_eq!(after, AnswerEnd::Next(NextStep::Check));
                let check = reading(&mut container, Purpose::Check, LINES[0]);
                AnswerEnd::of(check, BodyEnd::Clean, &mut container);
                after = of(&mut container, Purpose::Read, &LINES.concat());
            }
            for _ in 0..2 {
                container.instance.proof.hides(whole);
                after = of(&mut container, Purpose::Read, &LINES.concat());
            }
            let expected = if whole { NextStep::Seal } else { NextStep::Check };
            assert_eq!(after, AnswerEnd::Next(expected), "{whole}");
        }
    }
}
