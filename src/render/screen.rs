//! [`Screen`]: how lines are laid out on a terminal.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering::Relaxed},
};

use super::Wrap;

/// How lines are laid out on a terminal.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// What becomes of long lines.
    pub wrap: Wrap,
    /// How wide it is.
    pub width: ScreenWidth,
}

/// How many columns a terminal has, as whoever watches it says: clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct ScreenWidth(Arc<AtomicU16>);

impl ScreenWidth {
    /// The terminal has so many columns now; 0 when that is not known.
    pub fn set(&self, columns: u16) {
        self.0.store(columns, Relaxed);
    }

    /// Its columns, if they are known.
    pub(super) fn get(&self) -> Option<usize> {
        match self.0.load(Relaxed) {
            0 => None,
            columns => Some(columns.into()),
        }
    }
}
