//! [`Streak`]: failures of something that says when it fails, and nothing when it works again.

use std::time::{Duration, Instant};

/// So long without a failure, it works: longer than the longest pause between two tries.
const QUIET: Duration = Duration::from_secs(90);

/// So long with failures, it is not a matter of a moment.
const LASTING: Duration = Duration::from_secs(20);

/// Failures without a longer pause between them: from the first to the last.
#[derive(Debug, Default)]
pub(super) struct Streak(Option<(Instant, Instant)>);

impl Streak {
    /// It has failed. Returns since when it does, unless that may be a matter of a moment.
    pub fn fails(&mut self, now: Instant) -> Option<Instant> {
        let first = match self.0 {
            Some((first, last)) if now.saturating_duration_since(last) < QUIET => first,
            _ => now,
        };
        self.0 = Some((first, now));
        (now.saturating_duration_since(first) >= LASTING).then_some(first)
    }

    /// It is known to work, or has said nothing for long.
    pub fn is_over(&mut self, works: bool, now: Instant) -> bool {
        let Some((_, last)) = self.0 else { return true };
        let over = works || now.saturating_duration_since(last) >= QUIET;
        if over {
            self.0 = None;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_now_and_then_is_none() {
        let (mut streak, start) = (Streak::default(), Instant::now());
        assert!(streak.is_over(false, start));
        for round in 0..10 {
            assert_eq!(streak.fails(start + QUIET * round), None);
        }
    }

    #[test]
    fn failures_that_go_on_are_told_since_the_first_until_it_works_or_is_quiet() {
        let (mut streak, start) = (Streak::default(), Instant::now());
        assert_eq!(streak.fails(start), None);
        assert_eq!(streak.fails(start + LASTING / 2), None);
        for works in [true, false] {
            assert_eq!(streak.fails(start + LASTING), Some(start));
            let quiet = start + LASTING + QUIET;
            assert!(!streak.is_over(false, quiet - Duration::from_millis(1)));
            assert!(streak.is_over(works, if works { start + LASTING } else { quiet }));
            assert_eq!(streak.fails(start), None, "it begins anew");
        }
    }
}
