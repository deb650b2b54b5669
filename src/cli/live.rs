//! [`LiveRow`]: the last row of a terminal, on which progress is drawn again and again.

use std::{collections::HashMap, io::Write, sync::Arc};

use crate::{environment::Environment, k8s::ContainerId, render::columns_of};

/// Back to the row's begin, and all that is on it gone.
const ERASE: &[u8] = b"\r\x1b[K";

/// What a terminal does with a row that is longer than it is wide after its window became narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Narrowed {
    /// It breaks it, so that it takes several rows.
    #[default]
    Broken,
    /// It leaves out what has no room.
    Cut,
}

impl Narrowed {
    /// Of the terminal that the variables tell of.
    pub fn of(variables: &Environment) -> Narrowed {
        let term = variables.text("TERM").unwrap_or_default();
        let is_multiplexed = variables.get("TMUX").is_some();
        let cuts = ["linux", "rxvt", "vt100", "vt220"].iter().any(|name| term.starts_with(name))
            || (variables.get("XTERM_VERSION").is_some() || term.starts_with("screen")) && !is_multiplexed;
        if cuts { Narrowed::Cut } else { Narrowed::Broken }
    }
}

/// The last row of a terminal: the latest progress of any container. What a container said last of its progress becomes a line of
/// its own when it says something else, so each shows how far it came.
#[derive(Default)]
pub struct LiveRow {
    latest: HashMap<Arc<ContainerId>, ProgressLine>,
    /// Whose progress the row shows.
    of: Option<Arc<ContainerId>>,
    /// The columns of what is drawn, if something is, and whether it is what it should be.
    drawn: Option<usize>,
    is_current: bool,
    narrowed: Narrowed,
}

/// A container's progress as it is printed.
#[derive(Default)]
pub struct ProgressLine {
    /// As a line, with its line end.
    pub line: Vec<u8>,
    /// As a row that fits the screen.
    pub row: Vec<u8>,
}

impl LiveRow {
    /// Nothing drawn, on a terminal that does this with rows that become too long.
    pub fn on(narrowed: Narrowed) -> LiveRow {
        LiveRow { narrowed, ..LiveRow::default() }
    }

    /// A container's progress has changed.
    pub fn put(&mut self, of: &Arc<ContainerId>, progress: ProgressLine) {
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
        !self.is_current && (self.drawn.is_some() || self.of.is_some())
    }

    /// Appends what makes room for something else, on a terminal of so many columns; 0 when that is not known.
    pub fn erase(&mut self, out: &mut Vec<u8>, columns: u16) {
        self.is_current = self.of.is_none();
        let Some(drawn) = self.drawn.take() else { return };
        // It was drawn when the terminal was wider, and takes several rows by now.
        let rows = if columns == 0 { 1 } else { drawn.div_ceil(columns.into()) };
        if rows > 1 && self.narrowed == Narrowed::Broken {
            // Writing to memory cannot fail.
            let _ = write!(out, "\r\x1b[{}A\x1b[J", rows - 1);
        } else {
            out.extend_from_slice(ERASE);
        }
    }

    /// Appends the row, which has been erased.
    pub fn draw(&mut self, out: &mut Vec<u8>) {
        self.is_current = true;
        if let Some(progress) = self.of.as_ref().and_then(|of| self.latest.get(of)) {
            out.extend_from_slice(&progress.row);
            self.drawn = Some(columns_of(&progress.row));
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
        live.put(&container(of), ProgressLine { line: format!("{text}\n").into(), row: text.as_bytes().to_vec() });
    }

    fn redraw(live: &mut LiveRow) -> String {
        let mut out = Vec::new();
        live.erase(&mut out, 80);
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
        live.erase(&mut out, 80);
        assert_eq!(out, ERASE);
        assert!(live.is_due());
        assert_eq!(redraw(&mut live), "10 %");
    }

    #[test]
    fn what_takes_several_rows_since_the_terminal_is_narrower_is_erased_whole() {
        let wide = format!("\x1b[2m{}測\x1b[0m", "=".repeat(76));
        for (narrowed, columns, erased) in [
            (Narrowed::Broken, 120, "\r\x1b[K"),
            (Narrowed::Broken, 78, "\r\x1b[K"),
            (Narrowed::Broken, 77, "\r\x1b[1A\x1b[J"),
            (Narrowed::Broken, 39, "\r\x1b[1A\x1b[J"),
            (Narrowed::Broken, 20, "\r\x1b[3A\x1b[J"),
            (Narrowed::Broken, 0, "\r\x1b[K"),
            (Narrowed::Cut, 20, "\r\x1b[K"),
        ] {
            let mut live = LiveRow::on(narrowed);
            put(&mut live, "a", &wide);
            live.draw(&mut Vec::new());
            let mut out = Vec::new();
            live.erase(&mut out, columns);
            assert_eq!(String::from_utf8(out).unwrap(), erased, "{columns} {narrowed:?}");
        }
    }

    #[test]
    fn it_is_known_which_terminals_break_rows_that_became_too_long() {
        for (variables, narrowed) in [
            (&[("TERM", "xterm-256color")][..], Narrowed::Broken),
            (&[("TERM", "xterm-256color"), ("XTERM_VERSION", "XTerm(390)")], Narrowed::Cut),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/x")], Narrowed::Broken),
            (&[("TERM", "screen-256color"), ("TMUX", "/tmp/x")], Narrowed::Broken),
            (&[("TERM", "screen")], Narrowed::Cut),
            (&[("TERM", "linux")], Narrowed::Cut),
            (&[], Narrowed::Broken),
        ] {
            let variables: Environment = variables.iter().copied().collect();
            assert_eq!(Narrowed::of(&variables), narrowed, "{variables:?}");
        }
    }
}
