//! [`Tries`]: what went wrong with reading one instance's log, and whether it is tried again.

use std::time::Duration;

use crate::{backoff::DENIED_FOR, k8s::kubelet_error::KubeletError};

/// Failures in a row after which a plain (not followed) reading gives up, about 6 s with the pauses between.
pub const TRIES: u32 = 7;
/// Answers that a log is not there, with none between that was the log, after which it is believed: while a log is rotated, its
/// file is away for a moment, and a status may be later than the kubelet.
const ABSENT_TRIES: u32 = 4;

/// Failures of one instance.
#[derive(Debug, Default)]
pub struct Tries {
    /// Failures in a row.
    failures: u32,
    /// Answers in a row that said that the log is not there.
    absent: u32,
    /// The answer that was asked for last brought lines, and did not say so after them.
    brought_lines: bool,
    /// Questions in a row whose log it is that were not answered.
    unconfirmed: u32,
    /// Since when the log may not be read, with what the server said.
    denied: Option<(Duration, String)>,
    /// Reading failed for a reason that has nothing to do with the log.
    troubled: bool,
}

impl Tries {
    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether there were so many in a row that a single look gives up.
    pub fn are_many(&self) -> bool {
        self.failures >= TRIES
    }

    /// Whether a failure had nothing to do with the log itself.
    pub fn were_troubled(&self) -> bool {
        self.troubled
    }

    /// What the server said when it did not permit to read the log, unless it did since.
    pub fn denied(&self) -> Option<&str> {
        self.denied.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// The log was opened.
    pub fn opened(&mut self) {
        self.denied = None;
    }

    /// The log is asked for: what the answer before has brought was the log, however it ended.
    pub fn asked(&mut self) {
        if std::mem::take(&mut self.brought_lines) {
            self.absent = 0;
        }
    }

    /// A line came, new or not.
    #[inline]
    pub fn saw_line(&mut self) {
        self.brought_lines = true;
    }

    /// An answer ended that was the log.
    pub fn answered(&mut self) {
        self.absent = 0;
    }

    /// New lines came.
    #[inline]
    pub fn succeeded(&mut self) {
        (self.failures, self.absent) = (0, 0);
    }

    /// Whose log it is was asked, and answered or not. Whether it was asked in vain so often that what was opened is taken on trust.
    pub fn was_asked_whose(&mut self, answered: bool) -> bool {
        self.unconfirmed = if answered { 0 } else { self.unconfirmed + 1 };
        self.unconfirmed > TRIES
    }

    /// Something broke on the way.
    pub fn failed(&mut self) {
        self.failures += 1;
        self.troubled = true;
    }

    /// The API says that there is no such log. Whether that is believed: the status may lag, and after a few tries it has told.
    pub fn was_absent(&mut self) -> bool {
        self.failures += 1;
        self.absent += 1;
        self.brought_lines = false;
        self.absent >= ABSENT_TRIES
    }

    /// The kubelet wrote an error in the place of lines. Whether the log is taken for gone.
    pub fn was_in_band(&mut self, error: Option<KubeletError>) -> bool {
        match error {
            Some(KubeletError::Passing) => {
                self.failed();
                false
            }
            Some(KubeletError::Collected) => {
                self.failures += 1;
                true
            }
            Some(KubeletError::FileMissing) | None => self.was_absent(),
        }
    }

    /// The log may not be read. Whether it is tried on: while the container may go on, the permission may come; so it may for a
    /// while after it was there (`withdrawn`).
    pub fn was_denied(&mut self, reason: &str, withdrawn: bool, is_final: bool, now: Duration) -> bool {
        self.failures += 1;
        let since = self.denied.get_or_insert_with(|| (now, reason.to_owned())).0;
        match (is_final, withdrawn) {
            (false, _) => true,
            (true, true) => now < since + DENIED_FOR,
            (true, false) => !self.are_many(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_believed_to_be_absent_when_four_answers_in_a_row_say_so() {
        for absent in [Tries::was_absent, |tries: &mut Tries| tries.was_in_band(None)] {
            let mut tries = Tries::default();
            assert_eq!([(); 3].map(|()| absent(&mut tries)), [false; 3]);
            tries.answered();
            assert_eq!([(); 3].map(|()| absent(&mut tries)), [false; 3]);
            tries.failed();
            assert!(!tries.was_in_band(Some(KubeletError::Passing)), "what says nothing about the log does not count");
            assert!(absent(&mut tries));
            assert_eq!(tries.failures(), 9);
            tries.succeeded();
            assert_eq!((tries.failures(), absent(&mut tries)), (0, false));
        }
        assert!(Tries::default().was_in_band(Some(KubeletError::Collected)), "the runtime does not know it any more");
    }

    #[test]
    fn an_answer_that_was_broken_off_behind_a_line_shows_that_the_log_is_there() {
        let told = |answers: &str| -> Vec<bool> {
            let mut tries = Tries::default();
            let answer = |answer: char| {
                tries.asked();
                match answer {
                    // Lines, and a break.
                    'l' => tries.saw_line(),
                    // Nothing, and a break.
                    '-' => {}
                    // Lines, and then that the file is not there.
                    't' => {
                        tries.saw_line();
                        return tries.was_in_band(Some(KubeletError::FileMissing));
                    }
                    _ => return tries.was_absent(),
                }
                tries.failed();
                false
            };
            answers.chars().map(answer).collect()
        };
        for (answers, believed) in [
            ("aaaa", true),
            ("aaala", false),
            ("aaalaaaa", true),
            ("aaa-a", true),
            ("tttt", true),
            ("aaat", true),
            ("ttlt", false),
        ] {
            assert_eq!(told(answers).last(), Some(&believed), "{answers}");
        }
    }

    #[test]
    fn only_what_is_not_about_the_log_is_trouble() {
        let mut tries = Tries::default();
        tries.was_absent();
        tries.was_in_band(Some(KubeletError::Collected));
        tries.was_in_band(Some(KubeletError::FileMissing));
        tries.was_denied("no", true, false, Duration::ZERO);
        assert!(!tries.were_troubled());
        tries.was_in_band(Some(KubeletError::Passing));
        assert!(tries.were_troubled());
        let mut tries = Tries::default();
        for number in 1..=TRIES {
            tries.failed();
            assert_eq!(tries.are_many(), number == TRIES);
        }
        assert!(tries.were_troubled());
    }

    #[test]
    fn only_a_status_that_cannot_be_had_for_long_is_done_without() {
        let mut tries = Tries::default();
        (0..2 * TRIES).for_each(|_| tries.failed());
        for _ in 0..2 {
            assert!((0..TRIES).all(|_| !tries.was_asked_whose(false)), "whatever else has failed");
            assert!(!tries.was_asked_whose(true));
        }
        assert!((0..TRIES).all(|_| !tries.was_asked_whose(false)));
        assert!(tries.was_asked_whose(false) && tries.was_asked_whose(false));
    }

    #[test]
    fn a_permission_is_waited_for_while_it_may_come() {
        let at = Duration::from_secs;
        let mut tries = Tries::default();
        assert!(
            (0..1000).all(|second| tries.was_denied("no", false, false, at(second))),
            "while the container may go on"
        );
        let mut tries = Tries::default();
        assert!(tries.was_denied("first", true, true, at(10)));
        assert!(tries.was_denied("then", true, true, at(129)));
        assert_eq!(tries.denied(), Some("first"));
        assert!(!tries.was_denied("then", true, true, at(130)), "two minutes after it was there");
        tries.opened();
        assert_eq!(tries.denied(), None);
        assert!(tries.was_denied("no", true, true, at(131)), "they begin anew");
        let mut tries = Tries::default();
        let denied: Vec<bool> = (1..=TRIES).map(|_| tries.was_denied("no", false, true, at(0))).collect();
        assert_eq!(
            denied,
            [true, true, true, true, true, true, false],
            "a container that has ended, and was never permitted"
        );
    }

    #[test]
    fn a_log_that_is_gone_is_one_more_failure_in_a_row() {
        let mut tries = Tries::default();
        for number in 1..4 {
            assert!(tries.was_in_band(Some(KubeletError::Collected)));
            assert_eq!(tries.failures(), number);
        }
    }
}
