//! [`Reading`]: an open log request and what its answer has brought so far.

use std::{collections::VecDeque, time::Duration};

use super::{
    cursor::{Cursor, LineVerdict, Overlap, chunks},
    end_proof::Tail,
    event::{BodyEnd, Request, Scope},
    instance::Instance,
    probe::{Listening, ProbeReason, Shown},
};
use crate::k8s::{
    Line, Stamp,
    lines::{LogPiece, Splitter},
    status::LogPlace,
};
use bytes::Bytes;

/// The silence after which a plain reading, which has an end, is given up. Until the answer's head is there it is the request timeout's
/// matter, and a request may have to wait for its place, or for as long as the server wants to be left alone: that is no silence.
pub const STALL: Duration = Duration::from_secs(20);

/// How far a stamp must fall behind the one before, in nanoseconds, for a clock to have been set back: more than stdout and
/// stderr, which are stamped apart, and less than the second by which a resumed reading reaches back.
const SET_BACK: i64 = 500_000_000;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To go on while the instance runs.
    Stream,
    /// To read what there is.
    Read,
    /// To look at the log's last lines.
    Check,
}

/// What is kept of an answer because of its purpose.
#[derive(Debug)]
pub enum ReadingKind {
    /// A stream, and how it is listened to.
    Stream(Listening),
    /// A plain reading.
    Read,
    /// A check, and the lines it brought.
    Check(Vec<Line>),
}

/// What an answer's next line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawn {
    /// New.
    New(Line),
    /// New, and lines before it are gone.
    NewAfterGap(Line),
    /// Lines before it are hidden by `sinceTime`, since a clock was set back: the whole log must be read.
    Hidden,
}

/// What is to be done about an open answer because time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// It is a stream that is silent: look at the log's last lines.
    Probe,
    /// It is a stream that goes on though its instance ended: it is given up.
    GiveUp,
    /// It has an end, and nothing came for long.
    Stalled,
}

/// What is to be done about an open answer because of what the status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusEffect {
    /// Nothing.
    Nothing,
    /// It may be a later instance's log, and nothing was read of it yet: it is opened anew.
    OpenAnew,
    /// Its instance has ended: look at the log's last lines while that is possible.
    Probe,
}

/// What arrived of an answer.
#[derive(Debug)]
pub enum AnswerPart {
    /// Bytes.
    Data(Bytes),
    /// Its end.
    End(BodyEnd),
}

/// An open request.
#[derive(Debug)]
pub struct Reading {
    /// What it is for.
    pub kind: ReadingKind,
    /// The request.
    pub request: Request,
    /// Whether `sinceTime` follows from the cursor, so that lines behind a clock's step may be hidden.
    pub limited: bool,
    /// Where the instance's log was when it was opened.
    pub place: LogPlace,
    /// The answer, cut into lines.
    pub splitter: Splitter,
    /// What must come again.
    pub overlap: Overlap,
    /// Whether any line was new.
    pub any_new: bool,
    /// What arrived while it was asked whose log this is.
    pub held: VecDeque<AnswerPart>,
    /// Whether the answer's head has come.
    pub is_answered: bool,
    /// When anything last arrived.
    pub heard: Duration,
    /// How long nothing had, when the first line did.
    pub silent: Duration,
}

impl Reading {
    /// Opens the log of `instance`, which is at `place`, from where reading it goes on at `now`.
    pub fn open(
        purpose: Purpose,
        instance: &mut Instance,
        scope: Scope,
        place: LogPlace,
        urgent: bool,
        now: Duration,
    ) -> Reading {
        if instance.identity.is_open() && instance.handed == 0 {
            instance.cursor = Cursor::default();
        }
        let Instance { cursor, identity, proof, .. } = &*instance;
        let first = cursor.count() == 0;
        let resumed = instance.since(now);
        let (since, tail) = match purpose {
            Purpose::Check => {
                let unfinished = proof.unfinished().map_or(0, |line| chunks(line.text.len()));
                (None, Some(cursor.tail() + unfinished))
            }
            Purpose::Stream | Purpose::Read => {
                (resumed.max(scope.since.map(Stamp::floor_second)), scope.tail.filter(|_| first))
            }
        };
        let request =
            Request { previous: place == LogPlace::Previous, follow: purpose == Purpose::Stream, since, tail, urgent };
        let unclaimed = if first { identity.overlap() } else { None };
        Reading {
            kind: match purpose {
                Purpose::Stream => ReadingKind::Stream(Listening::new(now)),
                Purpose::Read => ReadingKind::Read,
                Purpose::Check => ReadingKind::Check(Vec::new()),
            },
            request,
            limited: purpose != Purpose::Check && resumed.is_some(),
            place,
            splitter: Splitter::default(),
            overlap: unclaimed.unwrap_or_else(|| cursor.overlap(since)),
            any_new: false,
            held: VecDeque::new(),
            is_answered: false,
            heard: now,
            silent: Duration::ZERO,
        }
    }

    /// Whether nothing has come that shows whose log this is.
    pub fn is_untouched(&self) -> bool {
        !self.any_new && !self.overlap.has_begun()
    }

    /// Whether the instance's log is no longer where it was opened: the same request reads another instance now.
    pub fn is_elsewhere(&self, place: LogPlace) -> bool {
        place != self.place && (self.place, place) != (LogPlace::Live, LogPlace::Latest)
    }

    /// The answer's head has come.
    pub fn answered(&mut self, now: Duration) {
        self.is_answered = true;
        self.heard(now);
    }

    /// Something arrived, or nobody listened until `now`.
    #[inline]
    pub fn heard(&mut self, now: Duration) {
        self.heard = now;
        if let ReadingKind::Stream(listening) = &mut self.kind {
            listening.heard(now);
        }
    }

    /// The next line of what arrived that is not an old one, of those stamped at or after `since`; a check keeps all its lines.
    #[inline]
    pub fn draw(&mut self, instance: &mut Instance, since: Option<Stamp>) -> Option<Drawn> {
        loop {
            let line = match self.splitter.next()? {
                LogPiece::Line(line) => {
                    instance.tries.saw_line();
                    line
                }
                // `sinceTime` cut off the beginning of this line, which was read before.
                LogPiece::Bare(_) if self.request.since.is_some() && !self.any_new => continue,
                // The beginning is stamped before `sinceTime` though it comes after.
                LogPiece::Bare(_) if self.limited => return Some(Drawn::Hidden),
                LogPiece::Bare(text) => Line { stamp: instance.cursor.last().unwrap_or_default(), text },
            };
            if let ReadingKind::Check(tail) = &mut self.kind {
                tail.push(line);
                continue;
            }
            if since.is_some_and(|since| line.stamp < since) {
                if self.overlap.is_over() {
                    instance.cursor.pass_over(&line);
                }
                continue;
            }
            let verdict = self.overlap.judge(&line);
            let is_set_back = || instance.cursor.last().is_some_and(|last| line.stamp < last.back(SET_BACK));
            if self.limited && verdict != LineVerdict::Old && is_set_back() {
                // Lines before this one may be stamped before `sinceTime`.
                return Some(Drawn::Hidden);
            }
            match verdict {
                LineVerdict::Old => {
                    if instance.identity.is_open() {
                        instance.cursor.read(&line);
                    }
                    if self.overlap.is_over() {
                        instance.proof.rejoined();
                    }
                }
                LineVerdict::New => return Some(Drawn::New(line)),
                LineVerdict::NewAfterGap => return Some(Drawn::NewAfterGap(line)),
            }
        }
    }

    /// When there is something to do unless more arrives.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.kind {
            ReadingKind::Stream(listening) if self.is_answered => listening.deadline(),
            ReadingKind::Stream(listening) => listening.ends_at(),
            ReadingKind::Read | ReadingKind::Check(_) => self.is_answered.then_some(self.heard + STALL),
        }
    }

    /// What is to be done at `now`.
    pub fn due(&self, now: Duration) -> Due {
        match &self.kind {
            ReadingKind::Stream(listening) if listening.is_over(now) => Due::GiveUp,
            _ if !self.is_answered => Due::Nothing,
            ReadingKind::Stream(listening) if listening.is_silent(now) => Due::Probe,
            ReadingKind::Read | ReadingKind::Check(_) if now >= self.heard + STALL => Due::Stalled,
            ReadingKind::Stream(_) | ReadingKind::Read | ReadingKind::Check(_) => Due::Nothing,
        }
    }

    /// The status told that the instance's log is at `place`, and was opened at `in_life` if it is the same one's.
    pub fn status(&mut self, place: LogPlace, in_life: LogPlace, now: Duration) -> StatusEffect {
        if self.is_untouched() && self.is_elsewhere(in_life) {
            return StatusEffect::OpenAnew;
        }
        match &mut self.kind {
            ReadingKind::Stream(listening) if place != LogPlace::Live => {
                let is_new = listening.ended(now);
                if is_new && place == LogPlace::Latest { StatusEffect::Probe } else { StatusEffect::Nothing }
            }
            ReadingKind::Stream(_) | ReadingKind::Read | ReadingKind::Check(_) => StatusEffect::Nothing,
        }
    }

    /// A probe is sent, if this is a stream. Returns the question for the log's last lines: `lines` of them.
    pub fn probe(&mut self, why: ProbeReason, lines: u64, urgent: bool, now: Duration) -> Option<Request> {
        let ReadingKind::Stream(listening) = &mut self.kind else { return None };
        listening.probe(why, now);
        Some(Request { previous: self.request.previous, tail: Some(lines), urgent, ..Request::default() })
    }

    /// A probe's answer, if there is one to go by, where lines stamped at or after `since` are wanted. Whether the stream has stalled,
    /// and then whether `sinceTime` hides lines from it.
    pub fn probed(
        &mut self,
        tail: Option<Vec<Line>>,
        since: Option<Stamp>,
        read: &Cursor,
        now: Duration,
    ) -> Option<bool> {
        let ReadingKind::Stream(listening) = &mut self.kind else { return None };
        let Shown::Stalled(tail) = listening.answered(tail, since, self.heard, read, now) else { return None };
        Some(self.request.since.is_some_and(|since| tail.iter().any(|line| line.stamp < since)))
    }

    /// What stands after the last line end. A line from before `since` is not wanted, whole or not: see [`Reading::unwanted_tail`].
    pub fn tail(&self, since: Option<Stamp>) -> Tail {
        match self.splitter.rest() {
            [] => Tail::Nothing,
            rest => match Line::parse(rest) {
                Some(line) if since.is_some_and(|since| line.stamp < since) => Tail::Nothing,
                line => line.map_or(Tail::Torn, Tail::Line),
            },
        }
    }

    /// The line without an end that is no [`Reading::tail`], for it is from before `since`.
    pub fn unwanted_tail(&self, since: Option<Stamp>) -> Option<Line> {
        Line::parse(self.splitter.rest()).filter(|line| since.is_some_and(|since| line.stamp < since))
    }

    /// The text in which the answer ends, if it is no line that was cut off, in its stamp or later.
    pub fn unstamped_end(&self) -> Option<String> {
        let rest = self.splitter.rest();
        let is_line = rest.is_empty() || Stamp::parse(rest).is_some() || Stamp::may_start(rest);
        (!is_line).then(|| String::from_utf8_lossy(rest).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(kind: ReadingKind, place: LogPlace) -> Reading {
        Reading {
            kind,
            request: Request::default(),
            limited: false,
            place,
            splitter: Splitter::default(),
            overlap: Overlap::default(),
            any_new: false,
            held: VecDeque::new(),
            is_answered: true,
            heard: Duration::ZERO,
            silent: Duration::ZERO,
        }
    }

    const STAMP: &str = "2026-09-21T14:13:";

    fn line(second: &str, text: &'static str) -> Line {
        Line::parse(format!("{STAMP}{second}Z {text}").as_bytes()).unwrap()
    }

    /// What is drawn of these lines, each of a second and a text, or of a text alone.
    fn drawn(
        reading: &mut Reading,
        instance: &mut Instance,
        since: Option<Stamp>,
        lines: &[(&str, &str)],
    ) -> Vec<Drawn> {
        let body: String = lines
            .iter()
            .map(
                |(second, text)| {
                    if second.is_empty() { format!("{text}\n") } else { format!("{STAMP}{second}Z {text}\n") }
                },
            )
            .collect();
        reading.splitter.push(Bytes::from(body));
        std::iter::from_fn(|| reading.draw(instance, since)).collect()
    }

    #[test]
    fn lines_from_before_since_are_not_drawn() {
        let lines = [("10", "a"), ("12", "b"), ("11", "c"), ("11.5", "d")];
        let since = Some(line("11.5", "").stamp);
        let drawn = drawn(&mut reading(ReadingKind::Read, LogPlace::Live), &mut Instance::default(), since, &lines);
        assert_eq!(drawn, [Drawn::New(line("12", "b")), Drawn::New(line("11.5", "d"))]);
    }

    #[test]
    fn a_check_keeps_its_lines_wanted_or_not() {
        let mut check = reading(ReadingKind::Check(Vec::new()), LogPlace::Live);
        let since = Some(line("11", "").stamp);
        assert!(drawn(&mut check, &mut Instance::default(), since, &[("10", "a"), ("11", "b")]).is_empty());
        assert!(matches!(check.kind, ReadingKind::Check(lines) if lines == [line("10", "a"), line("11", "b")]));
    }

    #[test]
    fn a_clock_that_was_set_back_is_seen_where_since_time_hides_lines() {
        let limited = |limited: bool, second: &'static str| {
            let mut instance = Instance::default();
            instance.read(&line("20", "a"));
            let mut reading = Reading { limited, ..reading(ReadingKind::Read, LogPlace::Live) };
            drawn(&mut reading, &mut instance, None, &[(second, "b")])
        };
        assert_eq!(limited(true, "19.499999999"), [Drawn::Hidden]);
        assert_eq!(limited(true, "19.5"), [Drawn::New(line("19.5", "b"))], "stdout and stderr");
        assert_eq!(limited(false, "19"), [Drawn::New(line("19", "b"))], "the whole log is read");
    }

    #[test]
    fn text_without_a_stamp_is_the_rest_of_a_line() {
        let draw = |limited: bool, since: Option<Stamp>, any_new: bool| {
            let mut instance = Instance::default();
            instance.read(&line("20", "a"));
            let request = Request { since, ..Request::default() };
            let mut reading = Reading { limited, request, any_new, ..reading(ReadingKind::Read, LogPlace::Live) };
            drawn(&mut reading, &mut instance, None, &[("", "rest")])
        };
        let since = Some(Stamp(0));
        assert_eq!(draw(true, since, false), [], "of one that was read before");
        assert_eq!(draw(true, since, true), [Drawn::Hidden], "whose beginning is hidden");
        let rest = [Drawn::New(Line { stamp: line("20", "").stamp, text: Bytes::from_static(b"rest") })];
        assert_eq!(draw(false, since, true), rest, "of one of the other stream");
        assert_eq!(draw(false, None, false), rest);
    }

    #[test]
    fn old_lines_are_not_drawn_and_mend_what_was_broken_when_all_came() {
        let mut instance = Instance::default();
        instance.read(&line("20", "a"));
        instance.read(&line("21", "b"));
        instance.proof.interrupted();
        let overlap = instance.cursor.overlap(None);
        let mut again = Reading { overlap: overlap.clone(), ..reading(ReadingKind::Read, LogPlace::Live) };
        assert!(drawn(&mut again, &mut instance, None, &[("20", "a")]).is_empty());
        assert!(instance.proof.is_broken());
        let lines = [("21", "b"), ("22", "c")];
        assert_eq!(drawn(&mut again, &mut instance, None, &lines), [Drawn::New(line("22", "c"))]);
        assert!(!instance.proof.is_broken());
        assert_eq!(instance.cursor.count(), 2);
        let mut gap = Reading { overlap, ..reading(ReadingKind::Read, LogPlace::Live) };
        assert_eq!(drawn(&mut gap, &mut instance, None, &[("23", "d")]), [Drawn::NewAfterGap(line("23", "d"))]);
    }

    #[test]
    fn lines_that_wait_for_their_instance_are_its_own_when_they_come() {
        let mut instance = Instance::default();
        instance.read(&line("20", "a"));
        instance.disown();
        let overlap = instance.identity.overlap().unwrap();
        let mut again = Reading { overlap, ..reading(ReadingKind::Read, LogPlace::Previous) };
        assert_eq!(drawn(&mut again, &mut instance, None, &[("20", "a")]), []);
        assert_eq!(instance.cursor.count(), 1);
    }

    #[test]
    fn a_request_asks_for_what_is_missing() {
        let at = Duration::from_secs;
        let open = |purpose: Purpose, instance: &mut Instance, scope: Scope, place: LogPlace| {
            let reading = Reading::open(purpose, instance, scope, place, false, at(100));
            (reading.request, reading.limited)
        };
        let since = |second: &str| Some(line(second, "").stamp);
        let tail = Scope { tail: Some(7), ..Scope::default() };
        let (first, limited) = open(Purpose::Stream, &mut Instance::default(), tail, LogPlace::Live);
        assert_eq!((first, limited), (Request { follow: true, tail: Some(7), ..Request::default() }, false));
        let mut instance = Instance { closed: Some(at(98)), ..Instance::default() };
        instance.read(&line("20.7", "a"));
        let (next, limited) = open(Purpose::Read, &mut instance, tail, LogPlace::Previous);
        assert_eq!((next, limited), (Request { previous: true, since: since("17"), ..Request::default() }, true));
        let (check, limited) = open(Purpose::Check, &mut instance, tail, LogPlace::Latest);
        assert_eq!((check, limited), (Request { tail: Some(2), ..Request::default() }, false));
        for (wanted, expected) in [("10", "17"), ("18.9", "18")] {
            let scope = Scope { since: since(wanted), ..Scope::default() };
            let (next, limited) = open(Purpose::Read, &mut instance, scope, LogPlace::Latest);
            assert_eq!((next.since, limited), (since(expected), true), "{wanted}");
        }
        let scope = Scope { since: since("18.9"), ..Scope::default() };
        let (first, limited) = open(Purpose::Read, &mut Instance::default(), scope, LogPlace::Latest);
        assert_eq!((first.since, limited), (since("18"), false), "what was asked for hides nothing that is wanted");
        assert_eq!(open(Purpose::Check, &mut instance, scope, LogPlace::Latest).0.since, None);
    }

    #[test]
    fn a_check_reaches_over_a_line_that_has_no_end() {
        let mut instance = Instance::default();
        instance.read(&line("20", "a"));
        let long = Line { text: Bytes::from(vec![b'x'; 20 << 10]), ..line("21", "") };
        let end = super::super::end_proof::ReadEnd {
            stream: false,
            place: LogPlace::Latest,
            opened_at: LogPlace::Latest,
            tail: Tail::Line(long),
            new_lines: true,
            overlapped: true,
            whole: true,
            ends_alike: false,
            terminating: false,
            unclaimed: false,
        };
        instance.proof.read(end);
        let check =
            Reading::open(Purpose::Check, &mut instance, Scope::default(), LogPlace::Latest, true, Duration::ZERO);
        assert_eq!(check.request, Request { tail: Some(2 + 4), urgent: true, ..Request::default() });
    }

    #[test]
    fn an_answer_is_untouched_until_a_line_of_it_was_judged() {
        let mut instance = Instance::default();
        instance.read(&line("20", "a"));
        let mut new = reading(ReadingKind::Read, LogPlace::Live);
        assert!(new.is_untouched());
        new.any_new = true;
        assert!(!new.is_untouched());
        let mut old = Reading { overlap: instance.cursor.overlap(None), ..reading(ReadingKind::Read, LogPlace::Live) };
        assert!(old.is_untouched());
        drawn(&mut old, &mut instance, None, &[("20", "a")]);
        assert!(!old.is_untouched());
    }

    #[test]
    fn only_a_running_instance_may_end_where_its_log_is() {
        use LogPlace::{Future, Latest, Live, Nowhere, Previous};
        for opened in [Live, Latest, Previous] {
            for now in [Future, Live, Latest, Previous, Nowhere] {
                let here = opened == now || (opened, now) == (Live, Latest);
                assert_eq!(reading(ReadingKind::Read, opened).is_elsewhere(now), !here, "{opened:?} {now:?}");
            }
        }
    }

    #[test]
    fn an_answer_ends_in_a_line_in_a_part_of_one_or_in_text() {
        let end = |text: &str| {
            let mut reading = reading(ReadingKind::Read, LogPlace::Live);
            reading.splitter.push(Bytes::copy_from_slice(text.as_bytes()));
            assert_eq!(reading.splitter.by_ref().count(), text.matches('\n').count());
            (reading.tail(None), reading.unstamped_end())
        };
        let stamped = "2026-09-21T14:13:28.000000001Z ";
        assert_eq!(end(""), (Tail::Nothing, None));
        assert_eq!(end(&format!("{stamped}one\n")), (Tail::Nothing, None));
        let line = Line::parse(format!("{stamped}on").as_bytes()).unwrap();
        assert_eq!(end(&format!("{stamped}one\n{stamped}on")), (Tail::Line(line), None));
        assert_eq!(end(&stamped[..12]), (Tail::Torn, None));
        for (since, wanted) in [("28", true), ("28.000000001", true), ("28.000000002", false)] {
            let mut reading = reading(ReadingKind::Read, LogPlace::Live);
            reading.splitter.push(Bytes::from(format!("{stamped}on")));
            assert!(reading.splitter.next().is_none());
            let since = Some(Stamp::parse(format!("{STAMP}{since}Z ").as_bytes()).unwrap().0);
            assert_eq!(reading.tail(since) != Tail::Nothing, wanted, "{since:?}");
            assert_eq!(reading.unwanted_tail(since).is_none(), wanted, "{since:?}");
        }
        assert_eq!(end(&format!("{stamped}one\nrpc error: x ")), (Tail::Torn, Some("rpc error: x".to_owned())));
    }

    #[test]
    fn what_is_due_depends_on_how_long_nothing_came() {
        let at = Duration::from_secs;
        let moment = Duration::from_nanos(1);
        for kind in [ReadingKind::Read, ReadingKind::Check(Vec::new())] {
            let reading = reading(kind, LogPlace::Latest);
            assert_eq!((reading.due(STALL - moment), reading.due(STALL)), (Due::Nothing, Due::Stalled));
        }
        let mut stream = reading(ReadingKind::Stream(Listening::new(at(0))), LogPlace::Live);
        assert_eq!(
            (stream.due(at(2) - moment), stream.due(at(2)), stream.due(at(90))),
            (Due::Nothing, Due::Probe, Due::Probe)
        );
        assert_eq!(stream.status(LogPlace::Latest, LogPlace::Latest, at(1)), StatusEffect::Probe);
        assert_eq!(
            (stream.due(at(6) - moment), stream.due(at(6))),
            (Due::Probe, Due::GiveUp),
            "its instance has ended"
        );
    }

    #[test]
    fn what_waits_for_its_place_is_not_silent() {
        let later = Duration::from_secs(600);
        for kind in [ReadingKind::Read, ReadingKind::Check(Vec::new()), ReadingKind::Stream(Listening::new(later))] {
            let mut reading = Reading { is_answered: false, ..reading(kind, LogPlace::Live) };
            assert_eq!((reading.deadline(), reading.due(2 * later)), (None, Due::Nothing));
            reading.answered(later);
            assert!(reading.deadline().is_some_and(|at| at > later && at <= later + STALL));
            assert_ne!(reading.due(later + STALL), Due::Nothing);
        }
        // But a stream of an instance that ended meanwhile is of no use.
        let kind = ReadingKind::Stream(Listening::new(Duration::ZERO));
        let mut stream = Reading { is_answered: false, ..reading(kind, LogPlace::Live) };
        assert_eq!(stream.status(LogPlace::Latest, LogPlace::Latest, later), StatusEffect::Probe);
        assert_eq!(stream.deadline().map(|at| stream.due(at)), Some(Due::GiveUp));
    }

    #[test]
    fn a_status_concerns_what_is_open_when_its_instance_ended_or_may_be_another() {
        use LogPlace::{Future, Latest, Live, Nowhere, Previous};
        let stream = || reading(ReadingKind::Stream(Listening::new(Duration::ZERO)), Live);
        let read = |place: LogPlace| reading(ReadingKind::Read, place);
        for (kind, place, in_life, any_new, effect) in [
            (stream(), Live, Live, false, StatusEffect::Nothing),
            (stream(), Latest, Latest, false, StatusEffect::Probe),
            (stream(), Nowhere, Latest, false, StatusEffect::Nothing),
            (stream(), Previous, Previous, false, StatusEffect::OpenAnew),
            (stream(), Previous, Previous, true, StatusEffect::Nothing),
            (stream(), Nowhere, Nowhere, true, StatusEffect::Nothing),
            (read(Latest), Latest, Latest, false, StatusEffect::Nothing),
            (read(Latest), Previous, Previous, false, StatusEffect::OpenAnew),
            (read(Latest), Previous, Previous, true, StatusEffect::Nothing),
            (read(Previous), Nowhere, Nowhere, false, StatusEffect::OpenAnew),
            (read(Latest), Future, Future, false, StatusEffect::OpenAnew),
        ] {
            let mut reading = Reading { any_new, ..kind };
            assert_eq!(reading.status(place, in_life, Duration::ZERO), effect, "{place:?} {in_life:?} {any_new}");
        }
        let mut ended = stream();
        assert_eq!(ended.status(Latest, Latest, Duration::ZERO), StatusEffect::Probe);
        assert_eq!(ended.status(Latest, Latest, Duration::ZERO), StatusEffect::Nothing, "asked for once");
    }

    #[test]
    fn a_probe_shows_a_stall_and_whether_since_hides_lines() {
        let probed = |since: Option<Stamp>, tail: &[(&str, &'static str)]| {
            let request = Request { previous: true, since, ..Request::default() };
            let kind = ReadingKind::Stream(Listening::new(Duration::ZERO));
            let mut stream = Reading { request, ..reading(kind, LogPlace::Live) };
            let mut read = Cursor::default();
            read.read(&line("20", "a"));
            let now = Duration::from_secs(2);
            let asked = stream.probe(ProbeReason::Silent, 2, false, now);
            assert_eq!(asked, Some(Request { previous: true, tail: Some(2), ..Request::default() }));
            stream.probed(Some(tail.iter().map(|(second, text)| line(second, text)).collect()), None, &read, now)
        };
        let since = Some(line("15", "").stamp);
        assert_eq!(probed(since, &[("20", "a")]), None);
        assert_eq!(probed(since, &[("20", "a"), ("21", "b")]), Some(false));
        assert_eq!(probed(since, &[("20", "a"), ("14", "b")]), Some(true));
        assert_eq!(probed(since, &[("20", "a"), ("15", "b")]), Some(false), "that second is asked for");
        assert_eq!(probed(None, &[("20", "a"), ("14", "b")]), Some(false));
        let mut read = reading(ReadingKind::Read, LogPlace::Live);
        assert_eq!(read.probe(ProbeReason::Silent, 2, false, Duration::ZERO), None, "only streams are probed");
        assert_eq!(read.probed(Some(vec![line("20", "a")]), None, &Cursor::default(), Duration::ZERO), None);
    }

    #[test]
    fn a_plain_reading_is_given_up_after_a_silence_and_a_stream_is_probed() {
        let second = Duration::from_secs(1);
        for kind in [ReadingKind::Read, ReadingKind::Check(Vec::new())] {
            let mut reading = reading(kind, LogPlace::Latest);
            reading.heard(second);
            assert_eq!(reading.deadline(), Some(second + STALL));
        }
        let mut stream = reading(ReadingKind::Stream(Listening::new(Duration::ZERO)), LogPlace::Live);
        let first = stream.deadline().unwrap();
        stream.heard(second);
        assert_eq!(stream.deadline(), Some(first + second));
    }

    #[test]
    fn only_what_was_not_handed_on_is_forgotten_while_lines_wait_for_their_instance() {
        for (is_open, handed, kept) in [(true, 0, 0), (true, 1, 1), (false, 0, 1), (false, 1, 1)] {
            let mut instance = Instance { handed, ..Instance::default() };
            if is_open {
                instance.identity.disown(Cursor::default());
            }
            instance.cursor.read(&line("20", "a"));
            let scope = Scope { follow: true, ..Scope::default() };
            Reading::open(Purpose::Read, &mut instance, scope, LogPlace::Live, false, Duration::ZERO);
            assert_eq!(instance.cursor.count(), kept, "{is_open} {handed}");
        }
    }

    #[test]
    fn a_stream_of_a_container_that_runs_is_not_given_up() {
        let mut stream = reading(ReadingKind::Stream(Listening::new(Duration::ZERO)), LogPlace::Live);
        let late = Duration::from_secs(100);
        assert_eq!(stream.status(LogPlace::Live, LogPlace::Live, Duration::ZERO), StatusEffect::Nothing);
        assert_eq!(stream.due(late), Due::Probe);
        stream.probe(ProbeReason::Silent, 1, false, late);
        assert_eq!(stream.due(late), Due::Nothing);
    }
}
