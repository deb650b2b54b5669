//! [`Again`]: when a node is asked again for what failed for a passing reason.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    backoff::{Backoff, Pauses},
    cluster::ClusterError,
};

/// How often in a row something may fail: for 5 s at least.
const TRIES: u32 = 8;

/// The first pause, in full; it doubles with each.
const FIRST: Duration = Duration::from_millis(100);

/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// Tries that bring nothing, one after another.
#[derive(Debug)]
pub(super) struct Again(Pauses);

impl Again {
    /// Nothing has failed yet. `path` is what is asked for: whoever asks for others pauses at other times.
    pub(super) fn new(path: &str) -> Again {
        Again(Pauses::new(Backoff::new(FIRST, LONGEST, xxhash_rust::xxh3::xxh3_64(path.as_bytes()))))
    }

    /// It brought something.
    pub(super) fn worked(&mut self) {
        self.0.worked();
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error itself, when it has come too often.
    pub(super) async fn after(&mut self, error: ClusterError) -> Result<(), ClusterError> {
        let Some(pause) = self.pause(error.retry_after().unwrap_or_default()) else { return Err(error) };
        sleep(pause).await;
        Ok(())
    }

    /// The pause before the next try, as long at least as the server asked for; `None` when there is none.
    fn pause(&mut self, asked: Duration) -> Option<Duration> {
        let pause = self.0.after_failure_at_least(asked);
        (self.0.failures() < TRIES).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(path: &str) -> Vec<Duration> {
        let mut again = Again::new(path);
        std::iter::from_fn(|| again.pause(Duration::ZERO)).collect()
    }

    #[test]
    fn it_is_tried_for_five_seconds_at_least() {
        for path in ["", "/logs/pods/a/blast/0.log", "/logs/pods/a/blast/"] {
            let (count, total) = (pauses(path).len(), pauses(path).iter().sum::<Duration>());
            assert_eq!(count, TRIES as usize - 1);
            assert!(total >= Duration::from_secs(5) && total < Duration::from_secs(12), "{total:?}");
        }
        assert_ne!(pauses("a"), pauses("b"), "nobody is in step");
    }

    #[test]
    fn what_worked_in_between_counts_from_the_start() {
        let mut again = Again::new("a");
        for _ in 0..10 * TRIES {
            assert!(again.pause(Duration::ZERO).is_some_and(|pause| pause <= FIRST));
            again.worked();
        }
    }

    #[test]
    fn a_server_is_not_asked_before_the_time_it_named() {
        let asked = Duration::from_secs(60);
        assert_eq!(Again::new("a").pause(asked), Some(asked));
        assert!(Again::new("a").pause(Duration::ZERO) > Some(Duration::ZERO));
    }
}
