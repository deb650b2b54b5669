//! [`Question`]: what the pod's status is asked for, and what its answer means.
//!
//! The status that is told may lag behind the kubelet, and the plain call reads whatever instance is the latest. So where much
//! depends on it, the API is asked once more, and nothing is handed on before it has answered.

use super::{container::FollowedContainer, reading::Reading};
use crate::k8s::{Line, status::LogPlace};

/// What is told when the status cannot be had that is needed to go on.
const UNCONFIRMED: &str = "the pod's status cannot be asked for";

/// Why the status is asked for.
#[derive(Debug)]
pub enum Question {
    /// There is no such pod, the API said.
    IsThere {
        /// How it said so.
        reason: String,
    },
    /// The log of what seems to run ends in mid-line: it may have ended with it, which a single look is not told.
    HasEnded {
        /// How the answer ended.
        reason: String,
    },
    /// The log has become empty: it may be another instance's.
    IsRotated {
        /// Where the instance's log was when it was opened.
        opened_at: LogPlace,
    },
    /// Whose log it is that was opened. Its answer waits; after a gap it begins with that line.
    Whose {
        /// The answer.
        reading: Box<Reading>,
        /// The line after the gap.
        gap: Option<Line>,
    },
}

/// What an answer means.
#[derive(Debug)]
pub enum Answered {
    /// All is as the status says, and what is open is of no use.
    PlanAnew,
    /// Nothing is known, so try again.
    TryAgain(String),
    /// The log is the instance's, and was rotated after the last line read.
    Rotated,
    /// The log is the instance's, as far as can be known: its answer is taken up.
    GoOn(Box<Reading>, Option<Line>),
}

impl Question {
    /// The status was told, and the container knows it; or it could not be had: then it is not `confirmed`.
    pub fn answered(self, confirmed: bool, container: &mut FollowedContainer) -> Answered {
        match self {
            Question::IsThere { .. } if container.place() == LogPlace::Nowhere => Answered::PlanAnew,
            Question::IsThere { reason } | Question::HasEnded { reason } => Answered::TryAgain(reason),
            Question::IsRotated { .. } if !confirmed => Answered::TryAgain(UNCONFIRMED.to_owned()),
            Question::IsRotated { opened_at } if container.place() != opened_at => Answered::PlanAnew,
            Question::IsRotated { .. } => Answered::Rotated,
            Question::Whose { reading, gap } => {
                let instance = &mut container.instance;
                // Where the status cannot be had for long, lines that may be another instance's are better than none.
                let is_trusted = instance.tries.was_asked_whose(confirmed) && gap.is_none();
                if !confirmed && !is_trusted {
                    return Answered::TryAgain(UNCONFIRMED.to_owned());
                }
                if confirmed {
                    instance.identity.confirm();
                }
                if gap.is_some() && reading.is_elsewhere(container.place_in_life()) {
                    Answered::PlanAnew
                } else {
                    Answered::GoOn(reading, gap)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{FOLLOW, LINES, container, ended, gone, line, running, running_again, second},
            reading::Purpose,
            tries::TRIES,
        },
        *,
    };
    use crate::k8s::status::Status;

    #[test]
    fn a_pod_that_is_not_found_is_gone_only_if_its_status_says_so() {
        let ask = || Question::IsThere { reason: "pods \"p\" not found".to_owned() };
        for confirmed in [true, false] {
            assert!(matches!(ask().answered(confirmed, &mut container(FOLLOW, gone())), Answered::PlanAnew));
            assert!(matches!(ask().answered(confirmed, &mut container(FOLLOW, running())), Answered::TryAgain(reason)
                if reason.contains("not found")));
        }
    }

    #[test]
    fn an_empty_log_was_rotated_if_it_is_still_the_instances() {
        let ask = |opened_at: LogPlace, confirmed: bool, status: Status| {
            Question::IsRotated { opened_at }.answered(confirmed, &mut container(FOLLOW, status))
        };
        assert!(matches!(ask(LogPlace::Latest, true, ended()), Answered::Rotated));
        assert!(matches!(ask(LogPlace::Previous, true, running_again()), Answered::Rotated));
        assert!(matches!(ask(LogPlace::Latest, true, running_again()), Answered::PlanAnew));
        assert!(matches!(ask(LogPlace::Latest, false, ended()), Answered::TryAgain(_)));
    }

    /// Opened while the first instance ran, and asked whose log it is; told this status, or nothing, after so many questions in vain.
    fn whose(gap: bool, told: Option<Status>, in_vain: u32) -> (Answered, FollowedContainer) {
        let mut container = container(FOLLOW, running());
        let reading = Box::new(container.open(Purpose::Stream, second(0)));
        (0..2 * TRIES).for_each(|_| container.instance.tries.failed());
        for _ in 0..in_vain {
            container.instance.tries.was_asked_whose(false);
        }
        let confirmed = told.is_some();
        container.status = told.or(container.status);
        let gap = gap.then(|| line(LINES[1]));
        (Question::Whose { reading, gap }.answered(confirmed, &mut container), container)
    }

    #[test]
    fn what_was_opened_is_taken_up_once_it_is_known_whose_it_is() {
        for gap in [true, false] {
            let (answered, mut container) = whose(gap, Some(running()), 0);
            assert!(matches!(answered, Answered::GoOn(_, line) if line.is_some() == gap));
            assert!(!container.instance.identity.doubt(Some(second(0)), second(1)), "it is confirmed");
            for status in [gone(), Status { pod: Default::default(), ..ended() }] {
                assert!(matches!(whose(gap, Some(status), 0).0, Answered::GoOn(..)), "it has ended meanwhile");
            }
        }
        assert!(matches!(whose(true, Some(running_again()), 0).0, Answered::PlanAnew), "the next instance's log");
    }

    #[test]
    fn without_a_status_a_gap_is_never_taken_on_trust_and_a_log_after_many_questions() {
        for (gap, in_vain, goes_on) in
            [(false, 0, false), (false, TRIES - 1, false), (false, TRIES, true), (true, 0, false), (true, TRIES, false)]
        {
            let (answered, mut container) = whose(gap, None, in_vain);
            assert_eq!(matches!(answered, Answered::GoOn(..)), goes_on, "{gap} {in_vain}");
            assert_eq!(matches!(answered, Answered::TryAgain(_)), !goes_on, "{gap} {in_vain}");
            assert!(container.instance.identity.doubt(Some(second(0)), second(1)), "nothing is confirmed");
        }
    }
}
