//! [`Gate`]: how many logs are opened at once, and when none is.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

/// Opens under way at most. The API server holds no limit against log requests; this bounds the burst on the kubelets and on
/// a server that has just come back.
const OPENS: usize = 128;

/// Questions beside the open streams at most: probes, and how a pod stands. They take places on the connections, and many
/// streams that are silent from the same moment on ask in the same moment.
const QUESTIONS: usize = 24;

/// Shared by all followers of a cluster.
#[derive(Debug)]
pub struct Gate {
    opens: Semaphore,
    questions: Semaphore,
    /// Until when the server asked to be left alone.
    closed_until: Mutex<Option<Instant>>,
    /// Whether any log was opened.
    read: AtomicBool,
}

impl Default for Gate {
    fn default() -> Self {
        Gate {
            opens: Semaphore::new(OPENS),
            questions: Semaphore::new(QUESTIONS),
            closed_until: Mutex::default(),
            read: AtomicBool::new(false),
        }
    }
}

impl Gate {
    /// Waits for a place. An urgent request, for a log that may vanish, passes those that queue; a server's wish to be left
    /// alone holds for it too. The place is given back when the answer's head has come.
    pub async fn enter(&self, urgent: bool) -> Option<SemaphorePermit<'_>> {
        loop {
            let until = *self.closed_until.lock().await;
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None | Some(Duration::ZERO) => break,
                Some(rest) => tokio::time::sleep(rest).await,
            }
        }
        // The semaphore is never closed, so it only fails to give a place when none is needed.
        if urgent { None } else { self.opens.acquire().await.ok() }
    }

    /// Waits for a place for a short question beside the open streams; an urgent one needs none.
    pub async fn ask(&self, urgent: bool) -> Option<SemaphorePermit<'_>> {
        if urgent { None } else { self.questions.acquire().await.ok() }
    }

    /// Keeps all requests back for `pause`: the server answered 429 with `Retry-After`.
    pub async fn close_for(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut closed = self.closed_until.lock().await;
        *closed = Some(closed.map_or(until, |before| before.max(until)));
    }

    /// Takes note that a log was opened.
    pub fn note_read(&self) {
        self.read.store(true, Relaxed);
    }

    /// Whether any log was opened, so that reading logs was permitted.
    pub fn was_read(&self) -> bool {
        self.read.load(Relaxed)
    }
}
