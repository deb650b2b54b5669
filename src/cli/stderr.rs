//! The one place that writes to stderr. Whatever is said, nothing in it is obeyed by a terminal; a full or closed stderr costs the words
//! and nothing else.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use owo_colors::OwoColorize;

use super::program;
use crate::{
    render::{paragraphs, plain_lines, sanitize_lines},
    session::Notice,
};

/// How words are set apart from log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What goes on: steps back where there are colours.
    Aside,
    /// As it is.
    Plain,
    /// Begins with `warning: `, which stands out.
    Warning,
    /// Begins with `error: `.
    Error,
}

/// Says something, a line or more.
pub fn say(text: &str) {
    tell(Tone::Plain, text, false);
}

/// Says a warning.
pub fn warn(text: &str) {
    tell(Tone::Warning, text, false);
}

/// Says what there is to tell of a run that has no console.
pub fn notice(notice: &Notice) {
    let tone = if notice.is_warning() { Tone::Warning } else { Tone::Plain };
    tell(tone, &notice.to_string(), false);
}

/// Says what the run ends with.
pub fn error(text: &str) {
    tell(Tone::Error, text, false);
}

/// Says something in a tone, in colour or not.
pub fn tell(tone: Tone, text: &str, color: bool) {
    let text = plain_lines(&program::spoken(text));
    let lead = match tone {
        Tone::Aside | Tone::Plain => "",
        Tone::Warning => "warning: ",
        Tone::Error => "error: ",
    };
    let text = match columns() {
        Some(columns) => paragraphs(&text, lead.len(), columns),
        None => text,
    };
    let said = match (tone, color) {
        (Tone::Aside, true) => format!("{}\n", text.dimmed()),
        (Tone::Aside | Tone::Plain, _) => format!("{text}\n"),
        (Tone::Warning, true) => format!("{}{text}\n", lead.yellow().bold()),
        (Tone::Error, true) => format!("{}{text}\n", lead.red().bold()),
        (Tone::Warning | Tone::Error, false) => format!("{lead}{text}\n"),
    };
    write(said.as_bytes());
}

/// Hands on the words of a plugin that talks to a person, without the power they might have over the terminal.
pub fn hand_on(words: &str) {
    write(&sanitize_lines(words));
}

/// Prints a page whose lines, and colours, are what they should be already.
pub fn page(text: &str) {
    write(text.as_bytes());
}

/// Whether a terminal shows it.
pub fn is_terminal() -> bool {
    stderr().is_terminal()
}

/// How many columns the terminal has that shows it, if one does.
fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(stderr()).map(|(width, _)| width.0.into())
}

/// Words that wait while a screen is drawn, into which they would be mixed; `None`: none do.
static HELD: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// Words that wait at most.
const MOST_HELD: usize = 64 << 10;

/// Lets words wait until it is dropped.
#[cfg(feature = "watch")]
pub struct HeldWords(());

/// Lets words wait, for a screen is drawn.
#[cfg(feature = "watch")]
pub fn hold() -> HeldWords {
    *held() = Some(Vec::new());
    HeldWords(())
}

#[cfg(feature = "watch")]
impl Drop for HeldWords {
    fn drop(&mut self) {
        let words = held().take().unwrap_or_default();
        write(&words);
    }
}

fn held() -> MutexGuard<'static, Option<Vec<u8>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(bytes: &[u8]) {
    if let Some(words) = held().as_mut() {
        let room = MOST_HELD.saturating_sub(words.len());
        words.extend_from_slice(&bytes[..bytes.len().min(room)]);
        return;
    }
    // In one piece, so that other programs' words do not mix with it. Nothing better can be done when it cannot be written.
    let _ = stderr().lock().write_all(bytes);
}

#[allow(clippy::disallowed_methods)] // This is the one place.
fn stderr() -> io::Stderr {
    io::stderr()
}
