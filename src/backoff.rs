//! [`Backoff`]: the pauses between tries, of all who try again.
//!
//! The crate `backon`, on which kube stands, counts the tries itself and adds its jitter on top of the longest pause. Here
//! failures are counted by whoever knows what they are, for more than the pause, and a pause has an upper bound.

use std::time::{Duration, SystemTime};

/// How long what was permitted a moment ago and is not now is tried on: a role may be away for as long as it takes to apply it anew,
/// and an API server that has just started does not know all roles yet.
pub const DENIED_FOR: Duration = Duration::from_secs(120);

/// Pauses that double, with up to a half of each taken off at random, so that many clients of a server that comes back do not act
/// in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// State of the jitter's generator.
    jitter: u64,
}

impl Backoff {
    /// Pauses from `first` up to `longest`; the same `seed` makes the same ones.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Backoff {
        Backoff { first, longest, jitter: seed | 1 }
    }

    /// The same, with pauses of each process's own.
    pub fn at_random(first: Duration, longest: Duration) -> Backoff {
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| u64::from(now.subsec_nanos()));
        Backoff::new(first, longest, now)
    }

    /// The pause after so many failures in a row, one at least.
    pub fn after(&mut self, failures: u32) -> Duration {
        let doubled = failures.clamp(1, 20) - 1;
        let full = self.first.saturating_mul(1 << doubled).min(self.longest);
        // xorshift64: enough to keep clients out of step, and the same in every run of a test.
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        full.mul_f64(0.5 + (self.jitter % 1000) as f64 / 2000.0)
    }

    /// The same, as long at least as whoever was asked wants to be left alone.
    pub fn after_at_least(&mut self, failures: u32, asked: Duration) -> Duration {
        self.after(failures).max(asked)
    }
}

/// Pauses one after another, for whoever counts failures for nothing else.
#[derive(Debug, Clone)]
pub struct Pauses {
    failures: u32,
    backoff: Backoff,
}

impl Pauses {
    /// Nothing has failed yet.
    pub fn new(backoff: Backoff) -> Pauses {
        Pauses { failures: 0, backoff }
    }

    /// It worked: the next pause is as short as the first.
    pub fn worked(&mut self) {
        self.failures = 0;
    }

    /// It failed once more: the pause before the next try.
    pub fn after_failure(&mut self) -> Duration {
        self.after_failure_at_least(Duration::ZERO)
    }

    /// The same, as long at least as whoever was asked wants to be left alone.
    pub fn after_failure_at_least(&mut self, asked: Duration) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.backoff.after_at_least(self.failures, asked)
    }

    /// How often in a row it has failed.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);

    #[test]
    fn pauses_double_up_to_the_longest_and_lose_half_at_most() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            for failures in 0..100_u32 {
                let full = (FIRST * 2_u32.pow(failures.clamp(1, 10) - 1)).min(LONGEST);
                let pause = backoff.after(failures);
                assert!(full / 2 <= pause && pause <= full, "{pause:?} after {failures}");
            }
        }
    }

    #[test]
    fn what_worked_in_between_counts_from_the_start() {
        let mut pauses = Pauses::new(Backoff::new(FIRST, LONGEST, 3));
        assert!((0..20).map(|_| pauses.after_failure()).last().is_some_and(|pause| pause >= LONGEST / 2));
        assert_eq!(pauses.failures(), 20);
        pauses.worked();
        assert_eq!(pauses.failures(), 0);
        assert!(pauses.after_failure() <= FIRST);
        assert!(pauses.after_failure() >= FIRST);
    }

    #[test]
    fn whoever_asks_for_a_longer_pause_gets_it() {
        let mut pauses = Pauses::new(Backoff::new(FIRST, LONGEST, 3));
        assert_eq!(pauses.after_failure_at_least(Duration::from_secs(60)), Duration::from_secs(60));
        let own = pauses.after_failure_at_least(Duration::from_millis(1));
        assert!(own >= FIRST && own <= 2 * FIRST, "{own:?}");
    }

    #[test]
    fn nobody_is_in_step() {
        let pauses: std::collections::BTreeSet<Duration> =
            (0..1000_u64).map(|seed| Backoff::new(FIRST, LONGEST, seed * 0x9e37_79b9).after(8)).collect();
        assert!(pauses.len() > 250, "{} different ones", pauses.len());
        let mut one = Backoff::new(FIRST, LONGEST, 7);
        let own: std::collections::BTreeSet<Duration> = (0..100).map(|_| one.after(8)).collect();
        assert!(own.len() > 80, "{} different ones", own.len());
    }
}
