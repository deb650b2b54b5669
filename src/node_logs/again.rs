//! [`Again`]: when a node is asked again for what failed for a passing reason.

use std::time::Duration;

use tokio::time::sleep;

use crate::{backoff::Backoff, cluster::ClusterError};

/// How often in a row something may fail: for 5 s at least.
const TRIES: u32 = 8;

/// The first pause, in full; it doubles with each.
const FIRST: Duration = Duration::from_millis(100);

/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// Tries that bring nothing, one after another.
#[derive(Debug)]
pub(super) struct Again {
    failures: u32,
    backoff: Backoff,
}

impl Again {
    /// Nothing has failed yet. `path` is what is asked for: whoever asks for others pauses at other times.
    pub(super) fn new(path: &str) -> Again {
        Again { failures: 0, backoff: Backoff::new(FIRST, LONGEST, xxhash_rust::xxh3::xxh3_64(path.as_bytes())) }
    }

    /// It brought something.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error itself, when it has come too often.
    pub(super) async fn after(&mut self, error: ClusterError) -> Result<(), ClusterError> {
        let asked = error.rejection().and_then(|rejection| rejection.retry_after);
        let Some(pause) = self.pause(asked) else { return Err(error) };
        sleep(pause).await;
        Ok(())
    }

    /// The pause before the next try, as long at least as the server asked for; `None` when there is none.
    fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.failures += 1;
        let own = self.backoff.after(self.failures);
        (self.failures < TRIES).then(|| own.max(asked.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(path: &str) -> Vec<Duration> {
        let mut again = Again::new(path);
        std::iter::from_fn(|| again.pause(None)).collect()
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
            assert!(again.pause(None).is_some_and(|pause| pause <= FIRST));
            again.worked();
        }
    }

    #[test]
    fn a_server_is_not_asked_before_the_time_it_named() {
        let asked = Duration::from_secs(60);
        assert_eq!(Again::new("a").pause(Some(asked)), Some(asked));
        assert!(Again::new("a").pause(Some(Duration::ZERO)) > Some(Duration::ZERO));
    }
}
