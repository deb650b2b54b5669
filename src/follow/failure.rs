//! [`AfterFailure`]: what follows when a log cannot be opened or read.

use std::time::Duration;

use super::{container::FollowedContainer, note::Note, refusal::Refusal};
use crate::k8s::{kubelet_error, status::LogPlace};

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterFailure {
    /// Tell this, unless it is what was told last, and try again after a pause.
    TryAgain {
        /// What to tell.
        note: Option<Note>,
        /// How long to pause.
        pause: Pause,
        /// What ends the pause early.
        wake: Wake,
    },
    /// Ask for the pod's status: there may be no such pod.
    AskForPod(String),
    /// The log is gone.
    Miss(String),
    /// The log may be there, and is not tried any more.
    Leave(String),
    /// Tell this, and that is all.
    End(Note),
}

/// How long to pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Until the status usually tells what is so.
    Settle,
    /// Longer with each failure in a row, and as long at least as the server asked for.
    Growing(Duration),
}

/// Which change of the status ends a pause early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// None: the pause keeps load off the server.
    Never,
    /// The instance is no longer running.
    Ended,
}

impl AfterFailure {
    /// The log was not opened.
    pub fn refused(refusal: Refusal, container: &mut FollowedContainer, now: Duration) -> AfterFailure {
        let (follow, place, is_final) = (container.scope.follow, container.place(), container.is_final());
        let tries = &mut container.instance.tries;
        let was_checked = container.instance.proof.was_checked();
        match refusal {
            Refusal::NotScheduled => {
                AfterFailure::not_yet("the pod is not scheduled to a node".to_owned(), follow && !is_final)
            }
            Refusal::Waiting(reason) => AfterFailure::not_yet(reason, follow && !is_final),
            Refusal::NotFound(reason) if follow && place == LogPlace::Live && !was_checked => {
                AfterFailure::AskForPod(reason)
            }
            Refusal::NoInstance(reason) | Refusal::NotFound(reason) => {
                if tries.was_absent() || was_checked {
                    AfterFailure::Miss(reason)
                } else {
                    let pause = Pause::Growing(Duration::ZERO);
                    AfterFailure::TryAgain { note: None, pause, wake: Wake::Ended }
                }
            }
            Refusal::Forbidden { reason, withdrawn } => {
                if tries.was_denied(&reason, withdrawn, is_final, now) && follow {
                    AfterFailure::again(Note::Denied(reason), Duration::ZERO, Wake::Ended)
                } else {
                    AfterFailure::End(Note::Forbidden(reason))
                }
            }
            Refusal::Passing(reason, pause) => AfterFailure::broken(reason, pause, container),
        }
    }

    /// The log does not exist yet, though the status looked as if it did.
    fn not_yet(reason: String, may_start: bool) -> AfterFailure {
        if may_start {
            AfterFailure::TryAgain { note: Some(Note::Waiting(reason)), pause: Pause::Settle, wake: Wake::Ended }
        } else {
            AfterFailure::End(Note::NoLog(reason))
        }
    }

    /// Something broke on the way; the server may have asked for a pause.
    pub fn broken(reason: String, asked: Option<Duration>, container: &mut FollowedContainer) -> AfterFailure {
        let tries = &mut container.instance.tries;
        tries.failed();
        if !tries.are_many() {
            return AfterFailure::again(Note::Interrupted(reason), asked.unwrap_or_default(), Wake::Never);
        }
        if container.scope.follow {
            AfterFailure::again(Note::Struggling(reason), asked.unwrap_or_default(), Wake::Never)
        } else {
            AfterFailure::Leave(reason)
        }
    }

    /// The kubelet wrote this in the place of lines.
    pub fn in_band(text: String, container: &mut FollowedContainer) -> AfterFailure {
        let place = container.place();
        let tries = &mut container.instance.tries;
        let is_gone = tries.was_in_band(kubelet_error::in_band(&text));
        if place != LogPlace::Live && is_gone {
            AfterFailure::Miss(text)
        } else if !container.scope.follow && tries.are_many() {
            AfterFailure::Leave(text)
        } else {
            AfterFailure::again(Note::InBand(text), Duration::ZERO, Wake::Never)
        }
    }

    fn again(note: Note, least: Duration, wake: Wake) -> AfterFailure {
        AfterFailure::TryAgain { note: Some(note), pause: Pause::Growing(least), wake }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        super::{
            event::Scope,
            fixtures::{COLLECTED, FOLLOW, LINES, LOOK, container, ended, gone, line, running, second},
            reading::Purpose,
            tries::TRIES,
        },
        *,
    };
    use crate::k8s::status::Status;

    const NO_TIME: Duration = Duration::ZERO;

    fn again(note: Option<Note>, wake: Wake) -> AfterFailure {
        AfterFailure::TryAgain { note, pause: Pause::Growing(NO_TIME), wake }
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_log_that_does_not_exist_yet_is_waited_for_while_it_may_come() {
        for (refusal, reason) in [
            (Refusal::NotScheduled, "the pod is not scheduled to a node"),
            (Refusal::Waiting(text("PodInitializing")), "PodInitializing"),
        ] {
            for (scope, status, waits) in
                [(FOLLOW, running(), true), (FOLLOW, ended(), false), (FOLLOW, gone(), false), (LOOK, running(), false)]
            {
                let after = AfterFailure::refused(refusal.clone(), &mut container(scope, status), NO_TIME);
                let note = Note::Waiting(text(reason));
                let expected = if waits {
                    AfterFailure::TryAgain { note: Some(note), pause: Pause::Settle, wake: Wake::Ended }
                } else {
                    AfterFailure::End(Note::NoLog(text(reason)))
                };
                assert_eq!(after, expected);
            }
        }
    }

    #[test]
    fn a_log_that_is_not_there_is_tried_four_times_and_a_pod_asked_for_where_it_should_run() {
        let (found, instance) = (Refusal::NotFound(text("no")), Refusal::NoInstance(text("no")));
        let (ask, miss) = (AfterFailure::AskForPod(text("no")), AfterFailure::Miss(text("no")));
        for (refusal, scope, status, first, fourth) in [
            (&found, FOLLOW, running(), &ask, &ask),
            (&found, FOLLOW, ended(), &again(None, Wake::Ended), &miss),
            (&found, LOOK, running(), &again(None, Wake::Ended), &miss),
            (&instance, FOLLOW, running(), &again(None, Wake::Ended), &miss),
            (&instance, LOOK, ended(), &again(None, Wake::Ended), &miss),
        ] {
            let mut container = container(scope, status);
            let after: Vec<AfterFailure> =
                (0..4).map(|_| AfterFailure::refused(refusal.clone(), &mut container, NO_TIME)).collect();
            assert_eq!((&after[0], &after[2], &after[3]), (first, first, fourth), "{refusal:?} {scope:?}");
        }
        // Its end was checked while it seemed to run.
        for refusal in [found, instance] {
            let mut container = container(FOLLOW, running());
            let last = line(LINES[0]);
            container.instance.read(&last);
            container.instance.proof.check(super::super::end_proof::CheckEnd {
                place: LogPlace::Live,
                opened_at: LogPlace::Live,
                tail: super::super::end_proof::Tail::Nothing,
                agrees: true,
                empty: false,
                short: false,
                unread: None,
                reached_goal: false,
                follow: true,
            });
            assert_eq!(AfterFailure::refused(refusal, &mut container, NO_TIME), miss);
        }
    }

    #[test]
    fn a_permission_is_waited_for_only_while_following_and_while_it_may_come() {
        let refused = |scope: Scope, status: Status, withdrawn: bool, at: &[u64]| {
            let mut container = container(scope, status);
            let after = at.iter().map(|at| {
                let refusal = Refusal::Forbidden { reason: text("no"), withdrawn };
                AfterFailure::refused(refusal, &mut container, second(*at))
            });
            after.last().unwrap()
        };
        let (tries_on, ends) =
            (again(Some(Note::Denied(text("no"))), Wake::Ended), AfterFailure::End(Note::Forbidden(text("no"))));
        assert_eq!(refused(FOLLOW, running(), false, &[0, 1000]), tries_on);
        assert_eq!(refused(FOLLOW, ended(), true, &[0, 119]), tries_on);
        assert_eq!(refused(FOLLOW, ended(), true, &[0, 120]), ends);
        assert_eq!(refused(FOLLOW, ended(), false, &[0; TRIES as usize - 1]), tries_on);
        assert_eq!(refused(FOLLOW, ended(), false, &[0; TRIES as usize]), ends);
        assert_eq!(refused(LOOK, running(), true, &[0]), ends);
    }

    #[test]
    fn what_breaks_is_tried_again_for_ever_when_following_and_seven_times_in_a_look() {
        for scope in [FOLLOW, LOOK] {
            let mut container = container(scope, ended());
            for failed in 1..=2 * TRIES {
                let after = AfterFailure::broken(text("reset"), None, &mut container);
                let expected = match (failed < TRIES, scope.follow) {
                    (true, _) => again(Some(Note::Interrupted(text("reset"))), Wake::Never),
                    (false, true) => again(Some(Note::Struggling(text("reset"))), Wake::Never),
                    (false, false) => AfterFailure::Leave(text("reset")),
                };
                assert_eq!(after, expected, "{failed}");
            }
        }
        let busy = Refusal::Passing(text("429"), Some(second(30)));
        let after = AfterFailure::refused(busy, &mut container(FOLLOW, ended()), NO_TIME);
        let (note, pause) = (Some(Note::Interrupted(text("429"))), Pause::Growing(second(30)));
        assert_eq!(after, AfterFailure::TryAgain { note, pause, wake: Wake::Never });
    }

    #[test]
    fn a_file_that_was_missing_is_there_once_a_line_of_it_was_seen_however_its_answer_ended() {
        let missing = "failed to open log file \"/var/log/pods/a/c/0.log\": no such file or directory";
        for (between, missed) in [("", true), (LINES[0], false), ("2026-09-21T14:13:2", true)] {
            let mut container = container(FOLLOW, ended());
            container.instance.read(&line(LINES[0]));
            for _ in 0..3 {
                container.open(Purpose::Read, NO_TIME);
                assert_ne!(AfterFailure::in_band(text(missing), &mut container), AfterFailure::Miss(text(missing)));
            }
            let mut reading = container.open(Purpose::Read, NO_TIME);
            reading.splitter.push(Bytes::from_static(between.as_bytes()));
            assert_eq!(reading.draw(&mut container.instance, None), None, "it is an old one");
            AfterFailure::broken(text("reset"), None, &mut container);
            container.open(Purpose::Read, NO_TIME);
            let after = AfterFailure::in_band(text(missing), &mut container);
            assert_eq!(after == AfterFailure::Miss(text(missing)), missed, "{between:?}");
        }
    }

    #[test]
    fn text_in_the_place_of_lines_is_the_end_of_a_log_only_if_it_says_so() {
        let (missing, passing) = (
            "failed to open log file \"/var/log/pods/a/c/0.log\": no such file or directory",
            "rpc error: code = Unavailable",
        );
        // The number of answers in a row after which the log is taken for gone, or left.
        for (says, scope, status, missed, left) in [
            (COLLECTED, FOLLOW, ended(), Some(1), None),
            (COLLECTED, LOOK, ended(), Some(1), None),
            (COLLECTED, FOLLOW, running(), None, None),
            (COLLECTED, LOOK, running(), None, Some(TRIES)),
            (missing, FOLLOW, ended(), Some(4), None),
            (missing, LOOK, ended(), Some(4), None),
            (missing, FOLLOW, running(), None, None),
            (passing, FOLLOW, ended(), None, None),
            (passing, LOOK, ended(), None, Some(TRIES)),
        ] {
            let mut container = container(scope, status.clone());
            for answer in 1..=2 * TRIES {
                let after = AfterFailure::in_band(text(says), &mut container);
                let expected = if missed.is_some_and(|missed| answer >= missed) {
                    AfterFailure::Miss(text(says))
                } else if left.is_some_and(|left| answer >= left) {
                    AfterFailure::Leave(text(says))
                } else {
                    again(Some(Note::InBand(text(says))), Wake::Never)
                };
                assert_eq!(after, expected, "{says} {scope:?} {status:?} {answer}");
            }
        }
    }
}
