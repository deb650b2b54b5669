//! [`Progress`]: how far a run is, for whoever interrupts it.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::numbers::counted;

/// How far a run is, for whoever interrupts it. `Display` is a part of a sentence.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    unread: AtomicUsize,
    waiting: AtomicUsize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [found, unread, waiting] = [&self.found, &self.unread, &self.waiting].map(|count| count.load(Relaxed));
        match (found, unread, waiting) {
            (0, ..) => write!(f, "no containers were found"),
            (found, 0, 0) => write!(f, "each of {} was read to its end", counted(found, "container")),
            (found, 0, waiting) => write!(f, "{waiting} of {} had not started", counted(found, "container")),
            (found, unread, waiting) => {
                write!(f, "{unread} of {} had not been read to the end", counted(found, "container"))?;
                if waiting > 0 { write!(f, ", and {waiting} had not started") } else { Ok(()) }
            }
        }
    }
}

impl Progress {
    /// So many containers were found, of which some were not read to their end, and some had not started.
    pub(super) fn set(&self, found: usize, (unread, waiting): (usize, usize)) {
        self.found.store(found, Relaxed);
        self.unread.store(unread, Relaxed);
        self.waiting.store(waiting, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_what_is_unread_from_what_has_not_started() {
        for (found, unread, waiting, told) in [
            (0, 0, 0, "no containers were found"),
            (26, 0, 26, "26 of 26 containers had not started"),
            (26, 0, 0, "each of 26 containers was read to its end"),
            (26, 3, 0, "3 of 26 containers had not been read to the end"),
            (26, 3, 20, "3 of 26 containers had not been read to the end, and 20 had not started"),
        ] {
            let [found, unread, waiting] = [found, unread, waiting].map(AtomicUsize::new);
            assert_eq!(Progress { found, unread, waiting }.to_string(), told);
        }
    }

    #[test]
    fn the_latest_counts_are_told() {
        let progress = Progress::default();
        progress.set(26, (3, 20));
        assert_eq!(progress.to_string(), "3 of 26 containers had not been read to the end, and 20 had not started");
        progress.set(27, (0, 0));
        assert_eq!(progress.to_string(), "each of 27 containers was read to its end");
    }
}
