//! The terminal behind stdout: how wide it is, also when that changes.

use super::stdout;
use crate::render::ScreenWidth;

/// How many columns the terminal has, now and later.
pub fn width() -> ScreenWidth {
    let width = ScreenWidth::default();
    width.set(stdout::columns());
    #[cfg(unix)]
    watch(width.clone());
    width
}

/// Asks again whenever the window has changed.
#[cfg(unix)]
fn watch(width: ScreenWidth) {
    use tokio::signal::unix::{SignalKind, signal};
    // Without the signal the width stays what it was, which is no reason to print nothing.
    if let Ok(mut changes) = signal(SignalKind::window_change()) {
        tokio::spawn(async move {
            while changes.recv().await.is_some() {
                width.set(stdout::columns());
            }
        });
    }
}
