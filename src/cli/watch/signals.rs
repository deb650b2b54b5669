//! Signals that a shell sends to what has its terminal: to stop, to go on, to quit at once.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{SignalKind, signal};

/// What the drawing thread is asked for by signals. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct SignalRequests(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    stop: AtomicBool,
    goes_on: AtomicBool,
}

impl SignalRequests {
    /// Listens without end.
    pub async fn hear(&self) -> Infallible {
        let stop = each(SignalKind::from_raw(SIGTSTP), &self.0.stop);
        let goes_on = each(SignalKind::from_raw(SIGCONT), &self.0.goes_on);
        tokio::select! {
            never = stop => never,
            never = goes_on => never,
        }
    }

    /// Whether the process shall stop, which is asked once: SIGTSTP came.
    pub fn take_stop(&self) -> bool {
        self.0.stop.swap(false, Relaxed)
    }

    /// Whether the process was stopped and goes on, which is asked once: SIGCONT came.
    pub fn take_goes_on(&self) -> bool {
        self.0.goes_on.swap(false, Relaxed)
    }
}

/// Tells each arrival of a signal. One that cannot be listened to keeps its default action.
async fn each(kind: SignalKind, flag: &AtomicBool) -> Infallible {
    let Ok(mut signal) = signal(kind) else { return pending().await };
    while signal.recv().await.is_some() {
        flag.store(true, Relaxed);
    }
    pending().await
}

/// Waits for SIGQUIT.
pub async fn quit() {
    match signal(SignalKind::quit()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}
