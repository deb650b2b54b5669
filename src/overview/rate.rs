//! [`Rate`]: how many lines a second there were of late.

use serde::Serialize;

use crate::k8s::Stamp;

/// Seconds that are looked back at.
const WINDOW: i64 = 10;

/// Lines of the latest seconds, by their stamps: what is read late of a log counts when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rate {
    /// The second since 1970 of the newest line.
    newest: i64,
    /// Lines of that second, and of those before it.
    counts: [u32; WINDOW as usize],
}

impl Rate {
    /// A line was written then.
    pub fn add(&mut self, at: Stamp) {
        let second = at.0.div_euclid(1_000_000_000);
        if second > self.newest {
            let by = (second - self.newest).min(WINDOW) as usize;
            self.counts.rotate_right(by);
            self.counts[..by].fill(0);
            self.newest = second;
        }
        // Stamps need not rise.
        if let Ok(back) = usize::try_from(self.newest - second)
            && let Some(count) = self.counts.get_mut(back)
        {
            *count = count.saturating_add(1);
        }
    }

    /// Lines a second as of `now`.
    pub fn per_second(&self, now: Stamp) -> f64 {
        let second = now.0.div_euclid(1_000_000_000);
        // A clock that is behind the nodes' is not the lines' fault.
        let back = second.saturating_sub(self.newest).max(0);
        let within = WINDOW.saturating_sub(back).max(0) as usize;
        let lines: u64 = self.counts[..within].iter().map(|count| u64::from(*count)).sum();
        lines as f64 / WINDOW as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Stamp {
        Stamp(second.saturating_mul(1_000_000_000))
    }

    #[test]
    fn lines_of_the_last_seconds_count() {
        let mut rate = Rate::default();
        for second in [100, 100, 101, 105, 103, 90] {
            rate.add(at(second));
        }
        for (now, lines) in [(105, 0.5), (109, 0.5), (110, 0.3), (111, 0.2), (115, 0.0), (10_000, 0.0), (50, 0.5)] {
            assert!((rate.per_second(at(now)) - lines).abs() < 1e-9, "{now}: {}", rate.per_second(at(now)));
        }
    }

    proptest! {
        #[test]
        fn no_stamp_is_too_odd(stamps in proptest::collection::vec(any::<i64>(), 0..50), now in any::<i64>()) {
            let mut rate = Rate::default();
            stamps.iter().for_each(|stamp| rate.add(Stamp(*stamp)));
            let lines = rate.per_second(Stamp(now));
            prop_assert!(lines >= 0.0 && lines <= stamps.len() as f64);
        }
    }
}
