//! [`LiveRow`]: the last row of a terminal, on which progress is drawn again and again.

use std::{collections::HashMap, sync::Arc};

use crate::k8s::ContainerId;

/// Back to the row's begin, and all that is on it gone.
const ERASE: &[u8] = b"\r\x1b[K";

/// The last row of a terminal: the latest progress of any container. What a container said last of its progress becomes a line of
/// its own when it says something else, so each shows how far it came.
#[derive(Default)]
pub struct LiveRow {
    latest: HashMap<Arc<ContainerId>, Progress>,
    /// Whose progress the row shows.
    of: Option<Arc<ContainerId>>,
    /// Whether something is drawn, and whether it is what it should be.
    is_drawn: bool,
    is_current: bool,
}

/// A container's progress as it is printed.
#[derive(Default)]
pub struct Progress {
    /// As a line, with its line end.
    pub line: Vec<u8>,
    /// As a row that fits the screen.
    pub row: Vec<u8>,
}

impl LiveRow {
    /// A container's progress has changed.
    pub fn put(&mut self, of: &Arc<ContainerId>, progress: Progress) {
        self.latest.insert(of.clone(), progress);
        self.of = Some(of.clone());
        self.is_current = false;
    }

    /// A container goes on with something else: its last progress, if it was not printed.
    pub fn take(&mut self, of: &ContainerId) -> Option<Vec<u8>> {
        if self.latest.is_empty() {
            return None;
        }
        let progress = self.latest.remove(of)?;
        if self.of.as_deref() == Some(of) {
            self.of = self.latest.keys().next().cloned();
            self.is_current = false;
        }
        Some(progress.line)
    }

    /// What was not printed of any.
    pub fn take_all(&mut self) -> Vec<Vec<u8>> {
        self.of = None;
        self.is_current = false;
        let mut lines: Vec<_> = self.latest.drain().map(|(_, progress)| progress.line).collect();
        lines.sort_unstable();
        lines
    }

    /// Whether the row is to be drawn, erased or changed.
    pub fn is_due(&self) -> bool {
        !self.is_current && (self.is_drawn || self.of.is_some())
    }

    /// Appends what makes room for something else.
    pub fn erase(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_drawn) {
            out.extend_from_slice(ERASE);
        }
        self.is_current = self.of.is_none();
    }

    /// Appends the row, which has been erased.
    pub fn draw(&mut self, out: &mut Vec<u8>) {
        self.is_current = true;
        if let Some(progress) = self.of.as_ref().and_then(|of| self.latest.get(of)) {
            out.extend_from_slice(&progress.row);
            self.is_drawn = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str) -> Arc<ContainerId> {
        Arc::new(ContainerId { uid: "1".to_owned(), container: name.to_owned() })
    }

    fn put(live: &mut LiveRow, of: &str, text: &str) {
        live.put(&container(of), Progress { line: format!("{text}\n").into(), row: text.as_bytes().to_vec() });
    }

    fn redraw(live: &mut LiveRow) -> String {
        let mut out = Vec::new();
        live.erase(&mut out);
        live.draw(&mut out);
        String::from_utf8(out).unwrap().replace("\r\x1b[K", "<")
    }

    #[test]
    fn progress_is_drawn_over_itself_and_printed_once_when_something_else_comes() {
        let mut live = LiveRow::default();
        assert!(!live.is_due());
        put(&mut live, "a", "10 %");
        assert!(live.is_due());
        assert_eq!(redraw(&mut live), "10 %");
        assert!(!live.is_due());
        put(&mut live, "a", "50 %");
        assert_eq!(redraw(&mut live), "<50 %");
        put(&mut live, "b", "7 %");
        assert_eq!(redraw(&mut live), "<7 %");
        assert_eq!(live.take(&container("c")), None);
        assert_eq!(live.take(&container("b")).as_deref(), Some(&b"7 %\n"[..]));
        assert_eq!(redraw(&mut live), "<50 %", "the other goes on");
        assert_eq!(live.take_all(), [b"50 %\n".to_vec()]);
        assert!(live.is_due(), "it is still drawn");
        assert_eq!(redraw(&mut live), "<");
        assert!(!live.is_due());
    }

    #[test]
    fn what_is_erased_for_other_words_is_drawn_again() {
        let mut live = LiveRow::default();
        put(&mut live, "a", "10 %");
        redraw(&mut live);
        let mut out = Vec::new();
        live.erase(&mut out);
        assert_eq!(out, ERASE);
        assert!(live.is_due());
        assert_eq!(redraw(&mut live), "10 %");
    }
}
