//! Ctrl-C, being asked to end, and a terminal that is closed.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    low_level::emulate_default_handler,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// Runs `work` until it ends or a signal asks for its end, which gives the signal's exit code. A second signal ends the process
/// at once.
pub async fn interruptible<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let listens = hangups_matter();
    tokio::select! {
        // In this order: what the work says shall not come before a signal is heeded.
        biased;
        exit = arrives(listens) => {
            tokio::spawn(async move {
                let exit = arrives(listens).await;
                die_of(exit);
                std::process::exit(i32::from(exit as u8));
            });
            Err(exit)
        }
        ended = work => Ok(ended),
    }
}

/// Ends the process by the signal that an exit code tells of, if it does, so that whoever started it can see that: a shell's loop
/// goes on after a program that merely returns 130.
///
/// It returns when the process must return the code instead: the first process of a container is not ended by its own signals.
pub fn die_of(exit: Exit) {
    let signal = match exit {
        Exit::Interrupted => SIGINT,
        Exit::Terminated => SIGTERM,
        Exit::HungUp => SIGHUP,
        _ => return,
    };
    if std::process::id() != 1 {
        // It does not return for these signals; if it fails, the code is returned.
        let _ = emulate_default_handler(signal);
    }
}

/// Waits until a signal asks for the end; a second one ends the process at once.
#[cfg(feature = "archive")]
pub async fn asked_to_end() -> Exit {
    interruptible(std::future::pending())
        .await
        .map_or_else(|exit| exit, |never: std::convert::Infallible| match never {})
}

/// Waits for one of the signals. One that cannot be listened to keeps its default action.
async fn arrives(hangups: bool) -> Exit {
    tokio::select! {
        () = arrival(SignalKind::interrupt()) => Exit::Interrupted,
        () = arrival(SignalKind::terminate()) => Exit::Terminated,
        () = arrival(SignalKind::hangup()), if hangups => Exit::HungUp,
    }
}

async fn arrival(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Whether SIGHUP ends the process. Under `nohup` it is ignored, and listening would undo that; where that cannot be known it keeps
/// its action, which ends the process as well, without a last word.
fn hangups_matter() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) == 0)
}
