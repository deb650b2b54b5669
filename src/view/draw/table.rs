//! The rows: containers, pods or batches, with a heat strip of batches that are more than rows.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};
use unicode_width::UnicodeWidthStr;

use super::Pen;
use crate::{
    discover::human,
    numbers::thousands,
    overview::Standing,
    view::{
        state::{Focus, View},
        table::{Only, RowKey, RowsOf},
        text,
    },
};

/// What the rows are, and which of them are shown.
pub(super) fn title(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let table = &view.table;
    let style = if view.focus == Focus::Table { look.strong() } else { look.aside() };
    let (shown, all) = (table.rows().len(), table.all());
    let of = if shown == all { String::new() } else { format!(" of {}", thousands(all as u64)) };
    pen.put(look.rule(), look.aside());
    pen.put(&format!(" {}{of} {} ", thousands(shown as u64), table.of.as_str()), style);
    let order = if table.reversed {
        format!("by {}, reversed", table.sort.as_str())
    } else {
        format!("by {}", table.sort.as_str())
    };
    pen.put(&format!("{order} "), look.aside());
    if table.only != Only::All {
        pen.put(&format!("only {} ", table.only.as_str()), look.warning());
    }
    if let Some(filter) = &table.filter {
        pen.put(&format!("only with {:?} ", filter.typed), look.warning());
    }
    pen.fill(look.rule(), look.aside());
}

/// The batch that a cell of the strip begins with.
pub fn first_of_cell(cell: usize, batches: usize, cells: usize) -> usize {
    if batches <= cells { cell } else { (cell * batches).div_ceil(cells.max(1)) }
}

/// A cell for each batch, in the order of their names; for several the worst, when there are more than cells.
pub(super) fn strip(buffer: &mut Buffer, area: Rect, view: &View) {
    let cells = usize::from(area.width) * usize::from(area.height);
    if cells == 0 {
        return;
    }
    let look = view.look;
    let batches = &view.facts.batches;
    let chosen = match view.table.chosen().map(|row| &row.key) {
        Some(RowKey::Batch(name)) => batches.iter().position(|(other, _)| other == name),
        _ => None,
    };
    for cell in 0..cells.min(batches.len()) {
        let from = first_of_cell(cell, batches.len(), cells);
        let to = first_of_cell(cell + 1, batches.len(), cells).clamp(from + 1, batches.len().max(from + 1));
        let Some(of_cell) = batches.get(from..to) else { continue };
        let worst = [Standing::Failed, Standing::Lost, Standing::Running, Standing::Waiting]
            .into_iter()
            .find(|it| of_cell.iter().any(|(_, standing)| standing == it));
        let standing = worst.unwrap_or(Standing::Done);
        let mut style = look.style_of(standing);
        if chosen.is_some_and(|chosen| (from..to).contains(&chosen)) {
            style = style.patch(look.chosen());
        }
        let (column, row) = (cell % usize::from(area.width), cell / usize::from(area.width));
        buffer.set_stringn(area.x + column as u16, area.y + row as u16, look.heat(standing), 1, style);
    }
}

/// How wide the columns are; 0 leaves one out.
struct Columns {
    name: usize,
    status: usize,
    restarts: usize,
    age: usize,
    rate: usize,
    usage: bool,
    node: usize,
}

const CPU: usize = 7;
const MEMORY: usize = 8;

impl Columns {
    fn of(view: &View, width: usize) -> Columns {
        let [name, status, node] = view.table.widths();
        let usage = view.usage.is_some() && width >= 90;
        let node = if width >= 130 { node.clamp(4, 28) } else { 0 };
        let is_narrow = width < 100;
        Columns {
            restarts: if is_narrow { 3 } else { 8 },
            age: if is_narrow { 5 } else { 6 },
            rate: if is_narrow { 5 } else { 7 },
            name: name.clamp(8, (if is_narrow { width * 9 / 20 } else { 48 }).max(8)),
            status: status.clamp(9, if is_narrow { 15 } else { 24 }),
            usage,
            node,
        }
    }
}

/// The names of the columns.
pub(super) fn headers(buffer: &mut Buffer, area: Rect, view: &View) {
    let style = view.look.aside();
    let columns = Columns::of(view, area.width.into());
    let mut pen = Pen::new(buffer, area, view.look);
    let (name, age) = match view.table.of {
        RowsOf::Containers => ("POD CONTAINER", "TIME"),
        RowsOf::Pods => ("POD", "AGE"),
        RowsOf::Batches => ("BATCH", "TIME"),
    };
    pen.put(&format!("    {name:0$} ", columns.name), style);
    pen.put(&format!("{:1$} ", "STATUS", columns.status), style);
    let (restarts, rate) = if columns.restarts < 8 { ("RST", "LN/S") } else { ("RESTARTS", "LINES/S") };
    pen.put(&format!("{restarts:>0$} {age:>1$} {rate:>2$} ", columns.restarts, columns.age, columns.rate), style);
    if columns.usage {
        pen.put(&format!("{:>CPU$} {:>MEMORY$} ", "CPU", "MEMORY"), style);
    }
    if columns.node > 0 {
        pen.put(&format!("{:1$} ", "NODE", columns.node), style);
    }
    pen.put("LAST LINE", style);
}

/// The rows in sight.
pub(super) fn rows(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let columns = Columns::of(view, area.width.into());
    let (cursor, top) = view.table.cursor();
    let all = view.table.rows();
    if all.is_empty() && area.height > 0 {
        let said = if view.table.all() == 0 { "    nothing yet" } else { "    nothing that is chosen" };
        Pen::new(buffer, area, look).put(said, look.aside());
    }
    for (at, row) in all.iter().enumerate().skip(top).take(area.height.into()) {
        let line = Rect { y: area.y + (at - top) as u16, height: 1, ..area };
        let mut pen = Pen::new(buffer, line, look);
        let is_chosen = at == cursor;
        let style = look.style_of(row.standing);
        pen.put(if is_chosen { look.cursor() } else { " " }, look.strong());
        pen.put(" ", Style::new());
        pen.put(look.standing(row.standing), style);
        pen.put(" ", Style::new());
        let name = text::cut(&row.name, columns.name, look.cut_mark());
        let name_style = match row.key {
            RowKey::Container(place) => {
                view.shown_container(place).map(|shown| Style::new().fg(Color::Indexed(shown.color)))
            }
            _ => None,
        };
        padded(&mut pen, &name, columns.name, name_style.unwrap_or_default());
        padded(&mut pen, &text::cut(&row.status, columns.status, look.cut_mark()), columns.status, style);
        let restarts = if row.restarts == 0 { look.aside() } else { look.warning() };
        pen.put(&format!("{:>1$} ", row.restarts, columns.restarts), restarts);
        let age = row.age.map(|age| human(jiff::SignedDuration::from_secs(age as i64))).unwrap_or_default();
        pen.put(&format!("{age:>0$} ", columns.age), Style::new());
        let rate = match row.rate {
            rate if rate <= 0.0 => String::new(),
            rate if rate < 10.0 => format!("{rate:.1}"),
            rate => thousands(rate.round() as u64),
        };
        pen.put(&format!("{rate:>0$} ", columns.rate), Style::new());
        if columns.usage {
            let (cpu, memory) = row.usage.map(|it| (it.cpu_text(), it.memory_text())).unwrap_or_default();
            pen.put(&format!("{cpu:>CPU$} {memory:>MEMORY$} "), Style::new());
        }
        if columns.node > 0 {
            padded(&mut pen, &text::cut(&row.node, columns.node, look.cut_mark()), columns.node, look.aside());
        }
        if row.missing {
            pen.put("lines missing ", look.bad());
        }
        if row.problems > 0 {
            pen.put(&format!("{}! ", thousands(row.problems)), look.warning());
        }
        let latest = row.latest.and_then(|place| view.overview.containers().get(place)?.latest.as_ref());
        match (latest, &row.why) {
            (Some(line), _) => pen.put(&shown(&line.text), look.aside()),
            (None, Some(why)) => pen.put(why, look.warning()),
            (None, None) => {}
        }
        if is_chosen {
            buffer.set_style(line, if view.focus == Focus::Table { look.chosen() } else { look.strong() });
        }
    }
}

/// A line's text as it may be shown: its beginning.
fn shown(text: &[u8]) -> String {
    let mut clean = Vec::new();
    crate::render::sanitize(&text[..text.len().min(1000)], &mut clean);
    text::untabbed(&clean).into_owned()
}

fn padded(pen: &mut Pen<'_>, text: &str, width: usize, style: Style) {
    pen.put(text, style);
    let blanks = width.saturating_sub(text.width()) + 1;
    pen.put(&" ".repeat(blanks), Style::new());
}
