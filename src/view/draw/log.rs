//! The log.

use std::borrow::Cow;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};
use unicode_width::UnicodeWidthStr;

use super::Pen;
use crate::view::{
    pane::{Subject, TIME},
    scrollback::Entry,
    state::{Focus, View},
    text,
};

/// Whose log it is, and which of its lines are shown.
pub(super) fn title(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let pane = &view.pane;
    let mut pen = Pen::new(buffer, area, look);
    let is_here = view.zoom || view.focus == Focus::Log;
    let style = if is_here { look.strong() } else { look.aside() };
    let of = match &pane.subject {
        Subject::All => "log of the whole job".to_owned(),
        Subject::Job(name) => format!("log of {name}"),
        Subject::Container(place) => {
            format!("log of {}", view.shown_container(*place).map(|shown| shown.name.as_str()).unwrap_or_default())
        }
        Subject::Pod(uid) => {
            let of_pod = |it: &crate::overview::ContainerLife| it.target.uid == *uid;
            let place = view.overview.containers().iter().position(of_pod);
            let name =
                place.and_then(|place| view.shown_container(place)).and_then(|shown| shown.name.split(' ').next());
            format!("log of {}", name.unwrap_or_default())
        }
    };
    pen.put(look.rule(), look.aside());
    pen.put(&format!(" {of} "), style);
    if !pane.follows() {
        pen.put("stopped ", look.warning());
    }
    if pane.problems {
        pen.put("only problems ", look.warning());
    }
    if let Some(filter) = &pane.filter {
        pen.put(&format!("only with {:?} ", filter.typed), look.warning());
    }
    if let Some(search) = &pane.search {
        pen.put(&format!("/{} ", search.typed), look.hit());
    }
    if view.log.first() > 0 {
        pen.put("older lines are no more held ", look.aside());
    }
    pen.fill(look.rule(), look.aside());
}

/// Its lines.
pub(super) fn lines(buffer: &mut Buffer, area: Rect, view: &View) {
    let pane = &view.pane;
    let shown = pane.shown();
    if shown.is_empty() && area.height > 0 {
        Pen::new(buffer, area, view.look).put("  no lines yet", view.look.aside());
    }
    let mut y = area.y;
    for (at, rows) in shown {
        let Some(entry) = pane.window().get(at) else { break };
        for row in 0..rows {
            if y >= area.bottom() {
                return;
            }
            line(buffer, Rect { y, height: 1, ..area }, view, entry, row);
            y += 1;
        }
    }
}

/// One row of a line.
fn line(buffer: &mut Buffer, area: Rect, view: &View, entry: &Entry, row: usize) {
    let (look, pane) = (view.look, &view.pane);
    let mut pen = Pen::new(buffer, area, look);
    let is_first = row == 0;
    if pane.times {
        let time = entry.stamp.to_timestamp().to_zoned(view.zone.clone());
        let time = if is_first { time.strftime("%H:%M:%S").to_string() } else { " ".repeat(TIME) };
        pen.put(&time, look.aside());
        pen.put(" ", Style::new());
    }
    if let (Some(width), Some(shown)) = (pane.names(), view.shown_container(entry.place)) {
        let style = Style::new().fg(Color::Indexed(shown.color));
        let name: Cow<'_, str> = match &pane.subject {
            _ if !is_first => "".into(),
            Subject::Pod(_) => shown.container.as_str().into(),
            Subject::Job(_) => format!("{} {}", shown.suffix, shown.container).into(),
            Subject::All | Subject::Container(_) => shown.name.as_str().into(),
        };
        let name = text::cut(&name, width, look.cut_mark());
        pen.put(&name, style);
        pen.put(&" ".repeat(width.saturating_sub(name.width()) + 1), Style::new());
    }
    let whole = text::untabbed(&entry.text);
    let style = look.meaning(entry.meaning);
    let (begin, shown) = if pane.wrap {
        text::row(&whole, pen.room(), row)
    } else {
        let shown = text::shifted(&whole, pane.shift);
        (whole.len() - shown.len(), shown)
    };
    let start = pen.x;
    let mut at = begin;
    let end = begin + shown.len();
    if let Some(search) = &pane.search {
        // They are looked for in the whole line: a part of one may not match.
        let hits = search.regex.find_iter(whole.as_bytes()).filter(|hit| !hit.is_empty() && hit.end() > begin);
        for hit in hits.take_while(|hit| hit.start() < end).take(HITS) {
            let (from, to) = (hit.start().max(begin), hit.end().min(end));
            let (Some(before), Some(hit)) = (whole.get(at..from), whole.get(from..to)) else { continue };
            pen.put(before, style);
            pen.put(hit, look.hit());
            at = to;
        }
    }
    pen.put(whole.get(at..end).unwrap_or_default(), style);
    if pane.mark == Some(entry.number) {
        buffer.set_style(Rect { x: start, width: area.right().saturating_sub(start), ..area }, look.chosen());
    }
}

/// Hits that stand out in a row at most.
const HITS: usize = 100;
