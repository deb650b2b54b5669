//! [`Listening`]: how long an open stream may be silent, and the small probes that tell why it is.

use std::time::Duration;

use super::cursor::Cursor;
use crate::k8s::{Line, Stamp};

/// The silence after which a fresh stream is probed; it doubles with each probe up to [`PATIENCE`].
const IMPATIENCE: Duration = Duration::from_secs(2);
/// The longest silence before a probe.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a stream may go on after the status said that its instance ended.
const GRACE: Duration = Duration::from_secs(5);

/// Why a probe is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeReason {
    /// The stream is silent.
    Silent,
    /// The instance has ended, and its log may be gone before the stream ends.
    Ended,
}

/// What a probe has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing, or that the stream brought all there is.
    Nothing,
    /// The log knows more than the stream says, with these last lines: it has stalled, or a clock that was set back hides its lines.
    Stalled(Vec<Line>),
}

/// Listens to an open stream.
#[derive(Debug)]
pub struct Listening {
    /// The silence after which to probe.
    patience: Duration,
    /// When to probe next, unless something arrives.
    probe_at: Duration,
    /// When the probe that is on its way was sent, and why.
    probing: Option<(Duration, ProbeReason)>,
    /// The last lines of the ended instance's log.
    last_lines: Option<Vec<Line>>,
    /// When the stream is given up, since its instance has ended.
    give_up: Option<Duration>,
}

impl Listening {
    /// To a stream that is opened at `now`.
    pub fn new(now: Duration) -> Listening {
        let (patience, probe_at) = (IMPATIENCE, now + IMPATIENCE);
        Listening { patience, probe_at, probing: None, last_lines: None, give_up: None }
    }

    /// Something arrived, or nobody listened until now.
    #[inline]
    pub fn heard(&mut self, now: Duration) {
        self.probe_at = now + self.patience;
    }

    /// When there is something to do: to probe, or to give the stream up.
    pub fn deadline(&self) -> Option<Duration> {
        let probe = self.probing.is_none().then_some(self.probe_at);
        [probe, self.give_up].into_iter().flatten().min()
    }

    /// When the stream is given up, since its instance has ended.
    pub fn ends_at(&self) -> Option<Duration> {
        self.give_up
    }

    /// Whether the stream is given up at `now`.
    pub fn is_over(&self, now: Duration) -> bool {
        self.give_up.is_some_and(|at| now >= at)
    }

    /// Whether to probe at `now`.
    pub fn is_silent(&self, now: Duration) -> bool {
        self.probing.is_none() && now >= self.probe_at
    }

    /// The status told that the instance ended. Whether that is new, and no probe is on its way: then its last line is asked for.
    pub fn ended(&mut self, now: Duration) -> bool {
        let is_new = self.give_up.is_none();
        self.give_up.get_or_insert(now + GRACE);
        is_new && self.probing.is_none()
    }

    /// A probe is sent.
    pub fn probe(&mut self, why: ProbeReason, now: Duration) {
        self.probing = Some((now, why));
    }

    /// A probe's answer, if there is one to go by, of a stream that was last heard at `heard`, and of whose log the lines stamped at or
    /// after `since` are wanted.
    pub fn answered(
        &mut self,
        tail: Option<Vec<Line>>,
        since: Option<Stamp>,
        heard: Duration,
        read: &Cursor,
        now: Duration,
    ) -> Shown {
        let Some((sent, why)) = self.probing.take() else { return Shown::Nothing };
        self.patience = (self.patience * 2).min(PATIENCE);
        self.probe_at = now + self.patience;
        match (tail, why) {
            (None, _) => Shown::Nothing,
            (tail, ProbeReason::Ended) => {
                self.last_lines = tail;
                Shown::Nothing
            }
            (Some(mut tail), ProbeReason::Silent) => {
                // The stream brings no others.
                tail.retain(|line| since.is_none_or(|since| line.stamp >= since));
                let is_all = heard > sent || tail.is_empty() || read.ends_with(&tail);
                if is_all { Shown::Nothing } else { Shown::Stalled(tail) }
            }
        }
    }

    /// Whether the ended instance's last lines are known, and are the last ones read.
    pub fn ends_alike(&self, read: &Cursor) -> bool {
        self.last_lines.as_ref().is_some_and(|tail| read.ends_with(tail) && !read.falls_short(tail))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn line(text: &'static str) -> Line {
        Line { stamp: Stamp(1), text: Bytes::from_static(text.as_bytes()) }
    }

    fn read() -> Cursor {
        let mut read = Cursor::default();
        read.read(&line("a"));
        read
    }

    /// Listens since 10 s and is silent at 12 s, when a probe is sent.
    fn probed(why: ProbeReason) -> Listening {
        let mut listening = Listening::new(at(10));
        assert_eq!(listening.deadline(), Some(at(12)));
        assert!(!listening.is_silent(at(12) - Duration::from_nanos(1)) && listening.is_silent(at(12)));
        listening.probe(why, at(12));
        assert!(!listening.is_silent(at(100)) && listening.deadline().is_none(), "one is on its way");
        listening
    }

    #[test]
    fn a_silent_stream_is_probed_after_pauses_that_double_up_to_a_minute() {
        let mut listening = Listening::new(at(0));
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let next = listening.deadline().unwrap();
            pauses.push((next - now).as_secs());
            now = next;
            listening.probe(ProbeReason::Silent, now);
            assert_eq!(listening.answered(None, None, at(0), &read(), now), Shown::Nothing);
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
        listening.heard(now + at(30));
        assert_eq!(listening.deadline(), Some(now + at(90)), "what arrives puts it off");
    }

    #[test]
    fn a_stream_has_stalled_when_the_log_knows_more() {
        let more = vec![line("a"), line("b")];
        let answered = |tail: Option<Vec<Line>>, heard: u64| {
            probed(ProbeReason::Silent).answered(tail, None, at(heard), &read(), at(13))
        };
        assert_eq!(answered(Some(more.clone()), 11), Shown::Stalled(more.clone()));
        assert_eq!(answered(Some(more.clone()), 12), Shown::Stalled(more.clone()));
        assert_eq!(answered(Some(more.clone()), 13), Shown::Nothing, "the stream went on meanwhile");
        assert_eq!(answered(Some(vec![line("a")]), 11), Shown::Nothing, "no more than was read");
        assert_eq!(answered(Some(Vec::new()), 11), Shown::Nothing, "the log was rotated");
        assert_eq!(answered(None, 11), Shown::Nothing, "there was no answer");
        let unasked = Listening::new(at(0)).answered(Some(more), None, at(0), &read(), at(1));
        assert_eq!(unasked, Shown::Nothing);
    }

    #[test]
    fn lines_that_are_not_wanted_are_no_stall() {
        let of = |stamp: i64, text: &'static str| Line { stamp: Stamp(stamp), ..line(text) };
        let (nothing, a) = (Cursor::default(), read());
        for (read, tail, stalled) in [
            (&nothing, vec![of(0, "x")], false),
            (&nothing, vec![of(0, "x"), of(1, "a")], true),
            (&a, vec![of(1, "a"), of(0, "x")], false),
            (&a, vec![of(0, "x"), of(0, "y")], false),
            (&a, vec![of(1, "a"), of(1, "b"), of(0, "x")], true),
        ] {
            let shown = probed(ProbeReason::Silent).answered(Some(tail.clone()), Some(Stamp(1)), at(11), read, at(13));
            assert_eq!(shown != Shown::Nothing, stalled, "{tail:?}");
        }
    }

    #[test]
    fn the_last_lines_of_an_instance_that_ended_are_kept_for_its_end() {
        for (tail, alike) in [(Some(vec![line("a")]), true), (Some(vec![line("b")]), false), (None, false)] {
            let mut listening = probed(ProbeReason::Ended);
            assert!(!listening.ends_alike(&read()));
            assert_eq!(listening.answered(tail, None, at(11), &read(), at(13)), Shown::Nothing);
            assert_eq!(listening.ends_alike(&read()), alike);
        }
    }

    #[test]
    fn a_stream_of_an_instance_that_ended_is_given_up_after_a_grace() {
        let mut listening = Listening::new(at(10));
        assert!(!listening.is_over(at(1000)));
        assert!(listening.ended(at(11)), "its last lines are asked for");
        assert!(!listening.ended(at(12)), "once");
        listening.probe(ProbeReason::Ended, at(11));
        assert_eq!(listening.deadline(), Some(at(16)));
        assert!(!listening.is_over(at(16) - Duration::from_nanos(1)) && listening.is_over(at(16)));
        let mut listening = probed(ProbeReason::Silent);
        assert!(!listening.ended(at(13)), "another probe is on its way");
        assert!(listening.is_over(at(18)));
    }
}
