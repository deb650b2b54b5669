//! [`Input`]: one source, with what it has sent and was not handed on.

use std::vec::IntoIter;

use tokio::sync::mpsc;

use super::{Sourced, Unheard};
use crate::{
    follow::{
        drive::{Batch, Told},
        lines::Line,
        stamp::Stamp,
    },
    node_logs::Stream,
};

/// A source of lines.
pub(super) struct Input {
    /// What it sends.
    pub told: mpsc::Receiver<Told>,
    source: usize,
    restart: u32,
    stream: Option<Stream>,
    lines: IntoIter<Line>,
    /// The latest stamp seen.
    reached: Stamp,
}

impl Input {
    pub fn new(told: mpsc::Receiver<Told>) -> Input {
        Input { told, source: 0, restart: 0, stream: None, lines: Vec::new().into_iter(), reached: Stamp(i64::MIN) }
    }

    /// Takes a batch, when the one before is used up.
    pub fn fill(&mut self, batch: Batch) {
        debug_assert!(self.lines.as_slice().is_empty());
        let Batch { source, restart, stream, lines } = batch;
        (self.source, self.restart, self.stream, self.lines) = (source, restart, stream, lines.into_iter());
    }

    /// The stamp of the first line, waiting for it; `None` when the input ends without one. Notes that come before it are
    /// handed on.
    pub async fn first<T: From<Told>>(&mut self, out: &mpsc::Sender<T>) -> Result<Option<Stamp>, Unheard> {
        while let Some(told) = self.told.recv().await {
            match told {
                Told::Lines(batch) => {
                    self.fill(batch);
                    return Ok(self.head());
                }
                note => out.send(note.into()).await.map_err(|_| Unheard)?,
            }
        }
        Ok(None)
    }

    /// The stamp that the next line counts as, if there is one: no earlier than the line before it.
    pub fn head(&self) -> Option<Stamp> {
        self.lines.as_slice().first().map(|line| line.stamp.max(self.reached))
    }

    /// The next line.
    pub fn take(&mut self) -> Option<Sourced> {
        let line = self.lines.next()?;
        self.reached = self.reached.max(line.stamp);
        Some(Sourced { source: self.source, restart: self.restart, stream: self.stream, line })
    }
}
