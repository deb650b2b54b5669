//! What lies over the rest: the keys, and what the doctor has found.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Pen;
use crate::{
    doctor::Finding,
    view::{
        keys::{Chapter, KEYS},
        state::{Overlay, View},
        text,
    },
};

/// Draws it over all but the last row.
pub(super) fn draw(buffer: &mut Buffer, whole: Rect, view: &View, overlay: Overlay) {
    let area = Rect { height: whole.height.saturating_sub(1), ..whole };
    for y in area.top()..area.bottom() {
        buffer.set_stringn(area.x, y, " ".repeat(area.width.into()), area.width.into(), Style::reset());
    }
    let (title, from) = match overlay {
        Overlay::Help(from) => ("Keys", from),
        Overlay::Findings(from) => ("What the doctor has found", from),
    };
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let lines = lines(view, overlay);
    let room = usize::from(area.height.saturating_sub(1));
    pen.put(look.rule(), look.aside());
    pen.put(&format!(" {title} "), look.strong());
    if from > 0 || lines.len() > room {
        let to = (from + room).min(lines.len());
        pen.put(&format!("{} to {to} of {} ", from + 1, lines.len()), look.aside());
    }
    pen.fill(look.rule(), look.aside());
    for (at, (line, style)) in lines.iter().skip(from).take(room).enumerate() {
        let row = Rect { y: area.y + 1 + at as u16, height: 1, ..area };
        Pen::new(buffer, row, look).put(line, *style);
    }
}

/// Its lines, as wide as the screen is.
pub fn lines(view: &View, overlay: Overlay) -> Vec<(String, Style)> {
    match overlay {
        Overlay::Help(_) => keys(view),
        Overlay::Findings(_) => findings(view),
    }
}

fn keys(view: &View) -> Vec<(String, Style)> {
    let mut lines = Vec::new();
    for chapter in [Chapter::Everywhere, Chapter::Table, Chapter::Log, Chapter::Time] {
        lines.push((chapter.as_str().to_owned(), view.look.strong()));
        for (_, keys, what) in KEYS.iter().filter(|(of, ..)| *of == chapter) {
            let room = usize::from(view.size().0).saturating_sub(KEYS_WIDTH).max(20);
            for (row, text) in text::wrapped(what, room).into_iter().enumerate() {
                let keys = if row == 0 { keys } else { "" };
                lines.push((format!("  {keys:<24} {text}"), Style::new()));
            }
        }
    }
    lines
}

/// Columns before what keys do.
const KEYS_WIDTH: usize = 27;

fn findings(view: &View) -> Vec<(String, Style)> {
    let findings = &view.findings;
    let look = view.look;
    let mut lines = Vec::new();
    let width = usize::from(view.size().0).saturating_sub(1).max(20);
    let mut put = |text: &str, indent: usize, style: Style| {
        for row in text::wrapped(text, width.saturating_sub(indent)) {
            lines.push((format!("{:indent$}{row}", ""), style));
        }
    };
    if findings.none {
        put("An archive has no doctor: it looks at what a cluster says now.", 0, Style::new());
    } else if findings.looking {
        put("It looks at present.", 0, look.aside());
    }
    if let Some(why) = &findings.trouble {
        put(&format!("It cannot look: {why}"), 0, look.warning());
    }
    if let Some(unreached) = &view.unreached {
        put(&format!("The cluster does not answer: {}", unreached.why), 0, look.bad());
    }
    if findings.report.is_some() {
        let at = findings.at.to_timestamp().to_zoned(view.zone.clone()).strftime("%H:%M:%S");
        put(&format!("As of {at}:"), 0, look.aside());
    }
    match &findings.report {
        Some(report) if report.findings.is_empty() => put(&report.summary, 0, Style::new()),
        Some(report) => {
            for finding in &report.findings {
                one(finding, 0, view, &mut put);
                put("", 0, Style::new());
            }
        }
        None if !findings.none && !findings.looking && findings.trouble.is_none() => {
            put("It has not looked yet; r lets it.", 0, look.aside());
        }
        None => {}
    }
    for gap in view.overview.gaps.iter().take(GAPS) {
        let place = view.overview.place(&gap.instance.container);
        let name = place.and_then(|place| view.shown_container(place)).map_or("", |shown| shown.name.as_str());
        put(&format!("{name}: {}", crate::render::plain(&gap.text, 400)), 0, look.bad());
    }
    if !view.overview.notices.is_empty() {
        put("", 0, Style::new());
        put("Told of the run:", 0, look.strong());
    }
    for told in view.overview.notices.iter().rev() {
        let time = told.at.to_timestamp().to_zoned(view.zone.clone()).strftime("%H:%M:%S");
        let style = if told.notice.is_warning() { look.warning() } else { Style::new() };
        put(&format!("{time} {}", crate::render::plain(&told.notice.to_string(), 400)), 2, style);
    }
    lines
}

fn one(finding: &Finding, indent: usize, view: &View, put: &mut impl FnMut(&str, usize, Style)) {
    let look = view.look;
    let (word, style) = if finding.is_problem() { ("problem", look.bad()) } else { ("note", look.warning()) };
    put(&format!("{word}: {} [{}]", finding.summary, finding.code.as_str()), indent, style);
    for line in &finding.evidence {
        put(line, indent + 4, Style::new());
    }
    if let Some(next) = &finding.next {
        put(&format!("next: {next}"), indent + 2, look.strong());
    }
    if let Some(advice) = &finding.advice {
        put(advice, indent + 2, look.strong());
    }
    for consequence in &finding.consequences {
        one(consequence, indent + 2, view, put);
    }
}

/// Gaps that are listed at most.
const GAPS: usize = 200;
