//! [`Identity`]: whose log it is that was read.
//!
//! The plain call reads whatever instance is the latest, and the status that says which it is may lag. So what was opened right
//! before a restart is told may have been the next instance's log.

use std::time::Duration;

use super::cursor::{Cursor, Overlap};
use crate::k8s::status::LogPlace;

/// How long the watch may lag behind the kubelet, so that a log may have been opened under the wrong instance.
const LAG: Duration = Duration::from_secs(10);

/// Whether the log that was opened is the instance's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Belief {
    /// Nothing says that it is not.
    #[default]
    Unknown,
    /// The status showed it after the log had been opened.
    Confirmed,
    /// The status told of a restart too soon after.
    Doubted,
}

/// Whose log was read.
#[derive(Debug, Default)]
pub struct Identity {
    belief: Belief,
    /// Lines that were handed on and may be this instance's or the next one's.
    unclaimed: Option<Cursor>,
}

impl Identity {
    /// The status showed that the log which was opened is the instance's.
    pub fn confirm(&mut self) {
        if self.belief == Belief::Unknown {
            self.belief = Belief::Confirmed;
        }
    }

    /// A restart was told at `now`, of a log first opened at `opened`. Whether what was read of it is in doubt.
    pub fn doubt(&mut self, opened: Option<Duration>, now: Duration) -> bool {
        let early = opened.is_none_or(|opened| now < opened + LAG);
        if early && self.belief != Belief::Confirmed {
            self.belief = Belief::Doubted;
        }
        self.belief == Belief::Doubted
    }

    /// Whether what was read is in doubt, once.
    pub fn take_doubt(&mut self) -> bool {
        self.belief == Belief::Doubted && std::mem::take(&mut self.belief) == Belief::Doubted
    }

    /// Gives up the claim to what was read: it waits for the instance whose log begins with it.
    pub fn disown(&mut self, read: Cursor) {
        self.unclaimed = Some(read);
    }

    /// Whether lines wait for their instance.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.unclaimed.is_some()
    }

    /// What a first reading may bring again: lines that wait for their instance, if there are any.
    pub fn overlap(&self) -> Option<Overlap> {
        self.unclaimed.as_ref().map(|read| read.overlap(None).optional())
    }

    /// A line came that was not read before. `begun`: lines that wait came before it, so they are this instance's. In the log of the
    /// latest instance, to which `place` points, they would have: so they belong to nobody that can still be read.
    pub fn settle(&mut self, begun: bool, place: LogPlace) {
        if begun || place != LogPlace::Previous {
            self.unclaimed = None;
        }
    }

    /// That of the next instance.
    pub fn next(self) -> Identity {
        Identity { belief: Belief::Unknown, unclaimed: self.unclaimed }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::k8s::{Line, Stamp};

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_restart_that_is_told_soon_puts_in_doubt_what_was_not_confirmed() {
        assert!(Identity::default().doubt(Some(at(5)), at(14)));
        assert!(!Identity::default().doubt(Some(at(5)), at(15)), "ten seconds later");
        assert!(Identity::default().doubt(None, at(100)), "it was not opened yet");
        let mut identity = Identity::default();
        identity.confirm();
        assert!(!identity.doubt(Some(at(5)), at(6)));
        assert!(!identity.take_doubt());
    }

    #[test]
    fn a_doubt_is_taken_once_and_not_silenced_by_a_later_confirmation() {
        let mut identity = Identity::default();
        assert!(identity.doubt(Some(at(0)), at(1)));
        identity.confirm();
        assert!(identity.doubt(Some(at(0)), at(60)), "it stays");
        assert!(identity.take_doubt());
        assert!(!identity.take_doubt());
    }

    #[test]
    fn what_was_disowned_waits_for_the_log_that_begins_with_it() {
        let mut read = Cursor::default();
        read.read(&Line { stamp: Stamp(1), text: Bytes::from_static(b"a") });
        let disowned = || {
            let mut identity = Identity::default();
            assert!(!identity.is_open() && identity.overlap().is_none());
            identity.disown(read.clone());
            assert!(identity.is_open() && identity.overlap().is_some_and(|overlap| !overlap.is_over()));
            identity
        };
        let mut identity = disowned();
        identity.settle(false, LogPlace::Previous);
        assert!(identity.is_open(), "the instance before it did not begin with it");
        assert!(identity.next().is_open(), "so the next one may");
        for (begun, place) in
            [(true, LogPlace::Previous), (true, LogPlace::Latest), (false, LogPlace::Latest), (false, LogPlace::Live)]
        {
            let mut identity = disowned();
            identity.settle(begun, place);
            assert!(!identity.is_open(), "{begun} {place:?}");
        }
        let mut doubted = Identity::default();
        doubted.doubt(None, at(0));
        assert!(!doubted.next().take_doubt(), "a doubt is of one instance");
    }
}
