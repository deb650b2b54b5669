//! [`Instance`]: all that is known of one instance of a container while its log is read.

use std::time::Duration;

use super::{cursor::Cursor, earlier::Read, end_proof::EndProof, identity::Identity, note::Note, tries::Tries};
use crate::k8s::{
    Line, Stamp,
    status::{InstanceState, Status},
};

/// How long opening a log may take without a reason to believe that it was rotated meanwhile.
const OPENING: Duration = Duration::from_secs(1);

/// One instance.
#[derive(Debug, Default)]
pub struct Instance {
    /// Its number, counted from 0.
    pub number: u32,
    /// What was read.
    pub cursor: Cursor,
    /// New lines that were handed on under its number.
    pub handed: u64,
    /// Whether its end was reached.
    pub proof: EndProof,
    /// It was read to its proven end, or given up.
    pub sealed: bool,
    /// Whether the log that was read is its own.
    pub identity: Identity,
    /// What went wrong.
    pub tries: Tries,
    /// When opening its log was first tried.
    pub tried: Option<Duration>,
    /// When its log was first opened.
    pub opened: Option<Duration>,
    /// When the last answer ended.
    pub closed: Option<Duration>,
    /// How long ago an earlier run ended that read the beginning.
    pub away: Duration,
}

impl Instance {
    /// The instance of this number.
    pub fn new(number: u32) -> Instance {
        Instance { number, ..Instance::default() }
    }

    /// The one after it: what is not named here belongs to one instance.
    pub fn next(self) -> Instance {
        Instance { number: self.number + 1, identity: self.identity.next(), ..Instance::default() }
    }

    /// Whether nothing of it was read, not even the beginning of a line, and nothing stood in the way.
    pub fn is_untouched(&self) -> bool {
        let unread = self.cursor.count() == 0 && self.handed == 0 && self.proof.unfinished().is_none();
        unread && !self.tries.were_troubled()
    }

    /// Whether its log could not be opened at first.
    pub fn was_opened_late(&self) -> bool {
        self.opened.zip(self.tried).is_some_and(|(opened, tried)| opened > tried + OPENING)
    }

    /// Whether it is the first one, and not known to have run at all.
    pub fn has_never_started(&self, status: &Status) -> bool {
        let waits = matches!(status.state, InstanceState::Waiting { .. }) && status.last.is_none();
        self.number == 0 && self.opened.is_none() && waits
    }

    /// What to tell when the rest of its log cannot be had.
    pub fn loss(&self, reason: String, status: Option<&Status>) -> Note {
        if let (Some(reason), None) = (self.tries.denied(), self.opened) {
            // It went away while it might not be read.
            return Note::Forbidden(reason.to_owned());
        }
        let restart = self.number;
        let ended = status.is_some_and(|status| {
            status.restart > restart || matches!(status.state, InstanceState::Ended(_)) || status.last.is_some()
        });
        match (self.cursor.last(), self.opened) {
            (None, None) => Note::Lost { restart, reason },
            _ if self.proof.is_likely_whole(ended) => Note::Unchecked { restart, reason },
            (last, _) => Note::Unverified { restart, last, reason },
        }
    }

    /// What to tell when its log was rotated after the last line that was read.
    pub fn rotated(&self) -> Note {
        let restart = self.number;
        match self.cursor.last() {
            Some(after) if self.proof.is_broken() => Note::Gap { restart, after, before: None },
            // An end as it should be may be a cut as well.
            _ => Note::Unchecked { restart, reason: "the log was rotated after the last line read".to_owned() },
        }
    }

    /// The `sinceTime` from which reading goes on at `now`; `None`: from the start.
    pub fn since(&self, now: Duration) -> Option<Stamp> {
        let down = self.closed.map_or(now + self.away, |closed| now.saturating_sub(closed));
        if self.proof.wants_whole() { None } else { self.cursor.since(down) }
    }

    /// Goes on after what an earlier run, which ended `away` ago, has read.
    pub fn take_up(&mut self, read: Read, away: Duration) {
        self.handed = read.cursor.count();
        if self.handed > 0 {
            // Whose lines they are is known; what was printed since may have been rotated away unseen.
            self.identity.confirm();
            self.proof.interrupted();
        }
        (self.cursor, self.sealed, self.away) = (read.cursor, read.sealed, away);
    }

    /// Its log was opened, to stream it or not.
    pub fn was_opened(&mut self, as_stream: bool, now: Duration) {
        self.opened.get_or_insert(now);
        self.tries.opened();
        if as_stream {
            self.proof.stream_opened();
        }
    }

    /// Its stream has brought nothing since it was last `heard`, though the log knows more; `hides`: `sinceTime` hides it.
    pub fn stalled(&mut self, heard: Duration, hides: bool) {
        self.closed = Some(heard);
        self.proof.hides(hides);
        self.proof.interrupted();
    }

    /// A new line is handed on.
    #[inline]
    pub fn read(&mut self, line: &Line) {
        self.cursor.read(line);
        self.handed += 1;
        self.tries.succeeded();
        self.proof.new_line();
    }

    /// What was read may be another instance's, whose log begins with it.
    pub fn disown(&mut self) {
        self.identity.disown(std::mem::take(&mut self.cursor));
        self.handed = 0;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::k8s::status::Ended;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn line() -> Line {
        Line { stamp: Stamp(100_000_000_000), text: Bytes::from_static(b"a") }
    }

    fn status(restart: u32, state: InstanceState, last: Option<Ended>) -> Status {
        Status { restart, state, last, ..Status::default() }
    }

    #[test]
    fn the_next_instance_begins_with_nothing_but_lines_that_may_be_its_own() {
        let mut first = Instance::new(3);
        first.read(&line());
        first.tries.failed();
        (first.sealed, first.tried, first.opened, first.closed) = (true, Some(at(1)), Some(at(2)), Some(at(3)));
        first.disown();
        assert_eq!((first.cursor.count(), first.handed), (0, 0));
        let next = first.next();
        assert_eq!((next.number, next.sealed, next.tried, next.opened, next.closed), (4, false, None, None, None));
        assert!(next.is_untouched() && next.identity.is_open());
    }

    #[test]
    fn reading_goes_on_a_second_and_the_time_without_a_stream_before_the_last_line() {
        let mut instance = Instance::default();
        assert_eq!(instance.since(at(5)), None);
        instance.read(&line());
        instance.closed = Some(at(10));
        assert_eq!(instance.since(at(17)), Some(Stamp(92_000_000_000)));
        instance.proof.hides(true);
        assert_eq!(instance.since(at(17)), None);
    }

    #[test]
    fn what_an_earlier_run_has_read_is_gone_on_from() {
        let read = |count: u64| Read { cursor: Cursor::resumed(count, &[line()], None, None), sealed: false };
        let mut instance = Instance::default();
        instance.take_up(read(7), at(20));
        assert_eq!((instance.handed, instance.sealed), (7, false));
        assert_eq!(instance.since(at(5)), Some(Stamp(74_000_000_000)), "a second, and the time between the runs");
        assert!(instance.proof.is_broken() && !instance.identity.doubt(None, at(0)));
        instance.closed = Some(at(3));
        assert_eq!(instance.since(at(5)), Some(Stamp(97_000_000_000)));
        let mut instance = Instance::default();
        instance.take_up(Read { cursor: Cursor::default(), sealed: true }, at(20));
        assert!(instance.sealed && !instance.proof.is_broken() && instance.identity.doubt(None, at(0)));
    }

    #[test]
    fn what_was_lost_depends_on_what_is_known() {
        let reason = || "why".to_owned();
        let (restart, last) = (0, Some(line().stamp));
        let ended = || status(0, InstanceState::Ended(Ended::default()), None);
        let running = || status(0, InstanceState::Running { started: None }, None);
        let mut instance = Instance::default();
        assert_eq!(instance.loss(reason(), None), Note::Lost { restart, reason: reason() });
        instance.tries.was_denied("no", true, false, at(0));
        assert_eq!(instance.loss(reason(), None), Note::Forbidden("no".to_owned()));
        instance.opened = Some(at(1));
        instance.tries.opened();
        assert_eq!(instance.loss(reason(), None), Note::Unverified { restart, last: None, reason: reason() });
        instance.read(&line());
        let unverified = Note::Unverified { restart, last, reason: reason() };
        assert_eq!(instance.loss(reason(), Some(&ended())), unverified);
        instance.proof.stream_ended(true);
        assert_eq!(instance.loss(reason(), Some(&running())), unverified, "a stream's end alone");
        assert_eq!(instance.loss(reason(), None), unverified);
        let unchecked = Note::Unchecked { restart, reason: reason() };
        let waiting = status(0, InstanceState::default(), Some(Ended::default()));
        for ended in [ended(), waiting, status(1, InstanceState::Running { started: None }, None)] {
            assert_eq!(instance.loss(reason(), Some(&ended)), unchecked, "{ended:?}");
        }
        instance.opened = None;
        assert_eq!(instance.loss(reason(), Some(&running())), unverified, "read before a doubt");
    }

    #[test]
    fn the_first_opening_counts_and_a_stall_goes_back_to_what_was_heard_last() {
        let mut instance = Instance::default();
        instance.tries.was_denied("no", true, false, at(0));
        instance.was_opened(false, at(3));
        instance.was_opened(true, at(4));
        assert_eq!((instance.opened, instance.tries.denied()), (Some(at(3)), None));
        for hides in [true, false] {
            instance.proof.rejoined();
            instance.stalled(at(7), hides);
            assert_eq!((instance.closed, instance.proof.wants_whole()), (Some(at(7)), hides));
            assert!(instance.proof.is_broken());
        }
        instance.proof.stream_ended(true);
        instance.was_opened(false, at(5));
        assert!(instance.proof.is_likely_whole(true), "a reading takes nothing away from what a stream's end said");
        instance.was_opened(true, at(5));
        assert!(!instance.proof.is_likely_whole(true));
    }

    #[test]
    fn only_the_first_instance_that_waits_and_was_never_opened_has_not_started() {
        let waits = || status(0, InstanceState::default(), None);
        assert!(Instance::default().has_never_started(&waits()));
        assert!(!Instance::new(1).has_never_started(&waits()));
        assert!(!Instance { opened: Some(at(0)), ..Instance::default() }.has_never_started(&waits()));
        assert!(!Instance::default().has_never_started(&status(0, InstanceState::default(), Some(Ended::default()))));
        assert!(!Instance::default().has_never_started(&status(0, InstanceState::Running { started: None }, None)));
    }

    #[test]
    fn an_instance_is_untouched_until_anything_came_or_stood_in_the_way() {
        assert!(Instance::default().is_untouched());
        let mut failed = Instance::default();
        failed.tries.failed();
        let mut read = Instance::default();
        read.cursor.read(&line());
        let handed = Instance { handed: 1, ..Instance::default() };
        for instance in [failed, read, handed] {
            assert!(!instance.is_untouched(), "{instance:?}");
        }
    }

    #[test]
    fn a_second_is_no_late_opening() {
        let opened = |tried: Option<u64>, opened: Option<u64>| {
            Instance { tried: tried.map(at), opened: opened.map(at), ..Instance::default() }.was_opened_late()
        };
        assert!(!opened(Some(5), Some(6)) && opened(Some(5), Some(7)));
        assert!(!opened(None, Some(7)) && !opened(Some(5), None));
    }

    #[test]
    fn a_rotation_behind_the_last_line_is_a_gap_only_if_reading_was_interrupted() {
        let mut instance = Instance::new(3);
        assert!(matches!(instance.rotated(), Note::Unchecked { restart: 3, .. }), "nothing was read");
        instance.read(&line());
        assert!(matches!(instance.rotated(), Note::Unchecked { restart: 3, .. }));
        instance.proof.interrupted();
        assert_eq!(instance.rotated(), Note::Gap { restart: 3, after: line().stamp, before: None });
    }

    #[test]
    fn each_line_that_is_read_is_counted() {
        let mut instance = Instance::default();
        for number in 1..4 {
            instance.read(&line());
            assert_eq!((instance.handed, instance.cursor.count()), (number, number));
        }
    }
}
