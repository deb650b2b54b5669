//! Ctrl-C, and being asked to end.

use crate::exit::Exit;

/// Runs `work` until it ends or the user interrupts it, which gives `None`. A second interrupt ends the process at once.
pub async fn interruptible<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        ended = work => Some(ended),
        () = interrupt() => {
            tokio::spawn(async {
                interrupt().await;
                std::process::exit(i32::from(Exit::Interrupted as u8));
            });
            None
        }
    }
}

/// Waits for Ctrl-C, or for being asked to end.
async fn interrupt() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        // Then the signal keeps its default action, which ends the process.
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        // Without a handler Ctrl-C keeps its default action as well.
        pressed = tokio::signal::ctrl_c() => if pressed.is_err() { std::future::pending().await },
        _ = terminate.recv() => {}
    }
}
