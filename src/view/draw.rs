//! [`draw`]: a [`View`] → the cells of a screen. Nothing is decided here.

mod header;
mod log;
mod overlay;
mod table;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};
use unicode_width::UnicodeWidthStr;

pub use self::{header::time_bar, overlay::lines as overlay_lines, table::first_of_cell};
use super::{
    areas::Areas,
    state::{PromptOf, View},
    text,
    theme::Look,
};

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, view: &View) {
    let areas = Areas::of(view);
    let whole = frame.area();
    let buffer = frame.buffer_mut();
    // The screen may have become smaller than the view knows.
    let on = |area: Rect| area.intersection(whole);
    header::title(buffer, on(areas.title), view);
    header::steps(buffer, on(areas.steps), view);
    header::progress(buffer, on(areas.progress), view);
    header::findings(buffer, on(areas.findings), view);
    table::title(buffer, on(areas.table_title), view);
    table::strip(buffer, on(areas.strip), view);
    table::headers(buffer, on(areas.headers), view);
    table::rows(buffer, on(areas.rows), view);
    log::title(buffer, on(areas.log_title), view);
    log::lines(buffer, on(areas.log), view);
    header::time(buffer, on(areas.time), view);
    let cursor = bottom(buffer, on(areas.bottom), view);
    if let Some(overlay) = view.overlay {
        overlay::draw(buffer, whole, view, overlay);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// The last row: what is typed, what there is to say, or the keys.
fn bottom(buffer: &mut Buffer, area: Rect, view: &View) -> Option<Position> {
    let look = view.look;
    if let (None, Some((said, _))) = (&view.prompt, &view.message) {
        say(buffer, area, said, look);
        return None;
    }
    let mut pen = Pen::new(buffer, area, look);
    if let Some(prompt) = &view.prompt {
        let what = match prompt.of {
            PromptOf::Search => "/",
            PromptOf::Filter => "only lines with: ",
            PromptOf::Rows => "only rows with: ",
            PromptOf::Save => "write to: ",
        };
        pen.put(what, look.strong());
        // The end of what is typed is in sight.
        let room = pen.room().saturating_sub(1);
        let hidden = prompt.text.width().saturating_sub(room);
        pen.put(text::shifted(&prompt.text, hidden), Style::new());
        return (area.width > 0).then(|| Position::new(pen.x.min(area.right().saturating_sub(1)), area.y));
    }
    if view.pane.is_seeking() {
        pen.put("searching; Esc gives up", look.strong());
        return None;
    }
    let hints: &[(&str, &str)] = if view.overlay.is_some() {
        &[("j k", "scroll"), ("q", "close")]
    } else if view.zoom {
        &[
            ("z", "rows"),
            ("/", "search"),
            ("&", "filter"),
            ("e", "next problem"),
            ("w", "wrap"),
            ("y", "copy"),
            ("W", "write"),
            ("?", "keys"),
            ("q", "end"),
        ]
    } else {
        &[
            ("Enter", "log"),
            ("t", "rows"),
            ("s", "sort"),
            ("/", "search"),
            ("e", "next problem"),
            ("d", "doctor"),
            ("?", "keys"),
            ("q", "end"),
        ]
    };
    for (key, what) in hints {
        pen.put(key, look.strong());
        pen.put(" ", Style::new());
        pen.put(what, look.aside());
        pen.put("  ", Style::new());
    }
    None
}

/// Rows that a message has at most.
const MESSAGE: usize = 5;

/// Says something in the last row; a long one goes up over what is there.
fn say(buffer: &mut Buffer, area: Rect, said: &str, look: Look) {
    let rows = text::wrapped(said, area.width.into());
    let count = rows.len().min(MESSAGE).min(usize::from(area.bottom()));
    for (row, text) in rows.iter().take(count).enumerate() {
        let y = area.bottom().saturating_sub((count - row) as u16);
        buffer.set_stringn(area.x, y, " ".repeat(area.width.into()), area.width.into(), Style::reset());
        // Of what is too long even for that the end is missing.
        let rest = if row + 1 == count && rows.len() > count { rows[row + 1] } else { "" };
        let mut pen = Pen::new(buffer, Rect { y, height: 1, ..area }, look);
        pen.put(&format!("{text} {rest}"), look.strong());
    }
}

/// Puts texts side by side into a row. What finds no room is cut, and a mark says so.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
    mark: char,
}

impl<'a> Pen<'a> {
    fn new(buffer: &'a mut Buffer, area: Rect, look: Look) -> Pen<'a> {
        // Without a row there is no room.
        let end = if area.height == 0 { area.x } else { area.right() };
        Pen { buffer, x: area.x, y: area.y, end, mark: look.cut_mark() }
    }

    /// Columns that are left.
    fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    fn put(&mut self, text: &str, style: Style) {
        let room = self.room();
        if room > 0 {
            // Blanks that find no room are not missed.
            let shown = if text.len() > room { text.trim_end_matches(' ') } else { text };
            let (x, _) = self.buffer.set_stringn(self.x, self.y, text::cut(shown, room, self.mark), room, style);
            self.x = if shown.len() < text.len() { self.end } else { x };
        } else if text.contains(|c| c != ' ')
            && let Some(last) = self.end.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, self.y)))
        {
            // What was put last fills the row, and more would follow.
            last.set_char(self.mark);
        }
    }

    /// Puts a text at the right end, if there is room for it.
    fn put_right(&mut self, text: &str, style: Style) {
        let width = text.width();
        if width > 0 && width < self.room() {
            let x = self.end - width as u16;
            self.buffer.set_stringn(x, self.y, text, width, style);
            self.end = x.saturating_sub(1);
        }
    }

    /// Fills the row with a sign.
    fn fill(&mut self, sign: &str, style: Style) {
        while self.x < self.end {
            self.put(sign, style);
        }
    }
}
