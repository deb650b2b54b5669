//! [`Counters`]: how many connections the transport uses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A snapshot of the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Connections opened so far.
    pub opened: usize,
    /// Connections open now.
    pub open: usize,
    /// Requests and streams under way now.
    pub streams: usize,
}

/// The running counts.
#[derive(Debug, Default)]
pub(super) struct Counting {
    pub opened: AtomicUsize,
    pub open: AtomicUsize,
    pub streams: AtomicUsize,
}

impl Counting {
    pub fn snapshot(&self) -> Counters {
        Counters {
            opened: self.opened.load(Relaxed),
            open: self.open.load(Relaxed),
            streams: self.streams.load(Relaxed),
        }
    }
}

/// Counts a connection as open for as long as it lives.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<Counting>);

impl OpenConnection {
    pub fn new(counting: &Arc<Counting>) -> Self {
        counting.opened.fetch_add(1, Relaxed);
        counting.open.fetch_add(1, Relaxed);
        Self(counting.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
