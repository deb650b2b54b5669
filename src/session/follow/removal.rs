//! [`RemovalWarning`]: when to tell that pods which have ended are about to be removed, and not read to their end.

use std::time::Duration;

use tokio::time::Instant;

use crate::session::ending::{self, JobsStatus};

/// How long after the first end of a pod the Jobs are asked when they are removed. Most logs are read by then.
const ASK_TTL: Duration = Duration::from_secs(10);

/// What is known of the removal, and when to look next.
#[derive(Debug, Default)]
pub(super) struct RemovalWarning {
    removal: Removal,
    /// `None` when no pod has ended, and when nothing more is to be told.
    at: Option<Instant>,
}

/// What is known of the removal of pods that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Removal {
    /// Their Jobs were not asked yet.
    #[default]
    Unasked,
    /// Nothing removes them.
    Never,
    /// It is told so long after the end of a pod that is still unread.
    WarnAfter(Duration),
    /// It was told.
    Warned,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemovalStep {
    /// Nothing.
    Nothing,
    /// The Jobs are to be asked when they are removed.
    AskJobs,
    /// It is to be told.
    Warn,
}

impl RemovalWarning {
    /// When to look.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// A pod has ended.
    pub(super) fn pod_ended(&mut self, now: Instant) {
        if !matches!(self.removal, Removal::Never | Removal::Warned) {
            self.at = self.at.or(Some(now + ASK_TTL));
        }
    }

    /// What the Jobs said; `None` when they cannot be listed.
    pub(super) fn asked(&mut self, jobs: Option<JobsStatus>) {
        self.removal = ending::warn_after(jobs).map_or(Removal::Never, Removal::WarnAfter);
    }

    /// Looks, when the first of the pods that are not read to their end has ended at `first`.
    pub(super) fn look(&mut self, first: Option<Instant>, now: Instant) -> RemovalStep {
        self.at = None;
        let Some(first) = first else { return RemovalStep::Nothing };
        match self.removal {
            Removal::Unasked => RemovalStep::AskJobs,
            Removal::WarnAfter(after) if first + after <= now => {
                self.removal = Removal::Warned;
                RemovalStep::Warn
            }
            Removal::WarnAfter(after) => {
                self.at = Some(first + after);
                RemovalStep::Nothing
            }
            Removal::Never | Removal::Warned => RemovalStep::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(300);

    fn jobs() -> Option<JobsStatus> {
        Some(JobsStatus { count: 1, removed_after: Some(TTL), ..JobsStatus::default() })
    }

    #[test]
    fn it_is_told_once_when_the_first_unread_pod_is_close_to_its_removal() {
        let start = Instant::now();
        let mut warning = RemovalWarning::default();
        assert_eq!(warning.at(), None);
        warning.pod_ended(start);
        warning.pod_ended(start + TTL);
        let at = warning.at().unwrap();
        assert_eq!(at, start + ASK_TTL, "the first one counts");
        assert_eq!(warning.look(Some(start), at), RemovalStep::AskJobs);
        warning.asked(jobs());
        assert_eq!(warning.look(Some(start), at), RemovalStep::Nothing);
        let close = warning.at().unwrap();
        assert!(close > at && close < start + TTL, "before the removal");
        assert_eq!(warning.look(Some(start), close), RemovalStep::Warn);
        assert_eq!((warning.look(Some(start), close), warning.at()), (RemovalStep::Nothing, None));
        warning.pod_ended(start + TTL);
        assert_eq!(warning.at(), None, "it was told");
    }

    #[test]
    fn nothing_is_told_of_what_was_read_or_stays() {
        let start = Instant::now();
        let mut warning = RemovalWarning::default();
        warning.pod_ended(start);
        assert_eq!((warning.look(None, start + ASK_TTL), warning.at()), (RemovalStep::Nothing, None), "all are read");
        warning.pod_ended(start + ASK_TTL);
        assert!(warning.at().is_some(), "another one may not be");
        warning.asked(Some(JobsStatus { count: 1, ..JobsStatus::default() }));
        assert_eq!((warning.look(Some(start), start + TTL), warning.at()), (RemovalStep::Nothing, None), "no TTL");
        warning.pod_ended(start + TTL);
        assert_eq!(warning.at(), None);
    }
}
