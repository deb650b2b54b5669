//! The rows above: whose job, how far it is, what is wrong with it; and the time of an archive.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Pen;
use crate::{
    k8s::Stamp,
    numbers::{counted, thousands},
    overview::{Estimate, Standing, Step, StepCounts, StepState},
    render::plain,
    view::{
        film::SPEEDS,
        state::{RunState, Unreached, View},
    },
};

/// Whose job it is, what its row says, how long it has taken.
pub(super) fn title(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let ended = view.overview.ended;
    let (state, style) = match (&view.run, ended, &view.film, unreached(view)) {
        (_, _, Some(film), _) if !film.loaded => ("reading the archive".into(), look.warning()),
        (_, _, Some(_), _) => ("archive".into(), look.aside()),
        (RunState::Broken(_), ..) => ("broken off".into(), look.bad()),
        (_, Some(ending), ..) if ending.failed => ("job failed".into(), look.bad()),
        (_, Some(_), ..) => ("job ended".into(), look.style_of(Standing::Done)),
        (RunState::Over, ..) => ("all was read".into(), look.aside()),
        (RunState::Live, .., Some(unreached)) => {
            (Cow::from(format!("not connected since {}", moment(view, unreached.since))), look.bad())
        }
        (RunState::Live, ..) => ("live".into(), look.style_of(Standing::Running)),
    };
    pen.put_right(&state, style);
    let elapsed = view.facts.elapsed.map(|span| clock(span.seconds()));
    pen.put_right(&elapsed.unwrap_or_default(), look.strong());
    let ids = &view.overview.ids;
    let job = ids.job.as_deref().or(ids.row.as_deref()).unwrap_or("elbtail watch");
    pen.put(&plain(job, 80), look.strong());
    if let Some(row) = &view.overview.row {
        let words: Vec<&str> = [row.status.as_deref(), row.phase.as_deref()].into_iter().flatten().collect();
        if !words.is_empty() {
            pen.put("  row: ", look.aside());
            pen.put(&plain(&words.join("/"), 60), Style::new());
        }
    }
}

/// That the cluster does not answer, while that matters.
fn unreached(view: &View) -> Option<&Unreached> {
    let goes_on = view.run == RunState::Live && view.overview.ended.is_none();
    view.unreached.as_ref().filter(|_| goes_on)
}

/// A time of day.
fn moment(view: &View, at: Stamp) -> String {
    at.to_timestamp().to_zoned(view.zone.clone()).strftime("%H:%M:%S").to_string()
}

/// The steps and how far they are.
pub(super) fn steps(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let steps = &view.facts.steps;
    if steps.is_empty() {
        pen.put("no pods were found yet", look.aside());
    }
    for (at, StepState { step, progress, .. }) in steps.iter().enumerate() {
        if at > 0 {
            pen.put("  ", Style::new());
        }
        pen.put(step.as_str(), look.aside());
        pen.put(" ", Style::new());
        let StepCounts { total, waiting, running, done, failed } = *progress;
        if total == 1 && *step != Step::Batches {
            let standing = match () {
                () if failed > 0 => Standing::Failed,
                () if done > 0 => Standing::Done,
                () if running > 0 => Standing::Running,
                () => Standing::Waiting,
            };
            pen.put(standing.as_str(), look.style_of(standing));
            continue;
        }
        let style = if done == total { look.style_of(Standing::Done) } else { look.strong() };
        pen.put(&format!("{done}/{total}"), style);
        if *step != Step::Export && running > 0 {
            pen.put(&format!(" {}{running}", look.standing(Standing::Running)), look.style_of(Standing::Running));
        }
        if *step == Step::Batches && waiting > 0 {
            pen.put(&format!(" {}{waiting}", look.standing(Standing::Waiting)), look.style_of(Standing::Waiting));
        }
        if failed > 0 {
            pen.put(&format!(" {}{failed}", look.standing(Standing::Failed)), look.style_of(Standing::Failed));
        }
    }
}

/// The bar of the batches, with what is expected, and what was read.
pub(super) fn progress(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let overview = &view.overview;
    let missed = if view.missed > 0 { format!("{} not shown, ", thousands(view.missed)) } else { String::new() };
    let (containers, lines) = (counted(overview.containers().len(), "container"), counted(overview.lines, "line"));
    pen.put_right(&format!("{missed}{lines} of {containers}"), look.aside());
    let batches = view.facts.steps.iter().find(|state| state.step == Step::Batches).map(|state| state.progress);
    let Some(batches) = batches.filter(|batches| batches.total > 0) else { return };
    let width = (pen.room() / 4).clamp(4, 40);
    let parts = [
        (Standing::Done, batches.done),
        (Standing::Failed, batches.failed),
        (Standing::Running, batches.running),
        (Standing::Waiting, batches.waiting),
    ];
    let (mut before, mut cells) = (0, 0);
    for (standing, count) in parts {
        before += count;
        let to = (before * width).div_ceil(batches.total).min(width);
        for _ in cells..to {
            pen.put(look.heat(standing), look.style_of(standing));
        }
        cells = cells.max(to);
    }
    let said = match view.facts.estimate {
        _ if overview.ended.is_some() && !batches.is_over() => {
            let open = batches.total - batches.done - batches.failed;
            format!(" ended without {open} of {}", counted(batches.total, "batch"))
        }
        Some(Estimate { seconds, at_least, at_most, from, .. }) => {
            let (least, most) = (about(at_least), about(at_most));
            let between = if least == most { String::new() } else { format!(" ({least} to {most})") };
            let short = format!(" about {} left{between}", about(seconds));
            let whole = format!("{short}, by {from} done");
            if whole.len() <= pen.room() { whole } else { short }
        }
        None if batches.is_over() => " all batches have ended".to_owned(),
        None => " no batch has ended yet".to_owned(),
    };
    pen.put(&said, Style::new());
}

/// What the doctor has found, how many lines tell of problems, and how many are missing.
pub(super) fn findings(buffer: &mut Buffer, area: Rect, view: &View) {
    let look = view.look;
    let mut pen = Pen::new(buffer, area, look);
    let (problems, gaps) = (view.overview.problems.count, view.overview.with_gaps());
    if gaps > 0 {
        pen.put_right(&format!("lines of {} missing", counted(gaps, "container")), look.bad());
    }
    if problems > 0 {
        pen.put_right(&format!("{} in logs", counted(problems, "problem")), look.warning());
    }
    if let RunState::Broken(why) = &view.run {
        return pen.put(why, look.bad());
    }
    if let Some(unreached) = unreached(view) {
        return pen.put(&unreached.why, look.bad());
    }
    let findings = &view.findings;
    let report = findings.report.as_ref();
    let first = report.and_then(|report| report.findings.first());
    let as_of = if view.is_report_old() { format!("as of {}", moment(view, findings.at)) } else { String::new() };
    match (first, report) {
        (Some(finding), Some(report)) => {
            let (word, style) =
                if finding.is_problem() { ("problem: ", look.bad()) } else { ("note: ", look.warning()) };
            let more = match report.findings.len() {
                1 => String::new(),
                count => format!("and {} more", count - 1),
            };
            // On a narrow screen the words matter more.
            let code = if area.width < 110 { "" } else { finding.code.as_str() };
            let aside: Vec<&str> = [code, &more, &as_of].into_iter().filter(|text| !text.is_empty()).collect();
            pen.put_right(&aside.join(" "), look.aside());
            pen.put(word, style);
            pen.put(&finding.summary, Style::new());
        }
        (None, Some(_)) => pen.put(format!("doctor: no problem {as_of}").trim_end(), look.aside()),
        _ => match &findings.trouble {
            _ if findings.none => {
                let notice = view.overview.notices.last();
                pen.put(&notice.map(|it| plain(&it.notice.to_string(), 300)).unwrap_or_default(), look.warning());
            }
            _ if findings.looking => pen.put("doctor: looking", look.aside()),
            Some(why) => pen.put(&format!("doctor: {why}"), look.warning()),
            None => pen.put("doctor: has not looked yet", look.aside()),
        },
    }
}

/// The time of an archive, as a bar.
pub(super) fn time(buffer: &mut Buffer, area: Rect, view: &View) {
    let Some(film) = &view.film else { return };
    let look = view.look;
    let [at, from, to, state] = times(view);
    let mut pen = Pen::new(buffer, area, look);
    pen.put_right(&state, look.strong());
    pen.put_right(&to, look.aside());
    pen.put(&at, look.strong());
    pen.put(" ", Style::new());
    pen.put(&from, look.aside());
    let bar = time_bar(area, view);
    let done = (film.part() * f64::from(bar.width)).round() as u16;
    for column in 0..bar.width {
        let standing = if column < done { Standing::Done } else { Standing::Waiting };
        buffer.set_stringn(bar.x + column, bar.y, look.heat(standing), 1, look.style_of(standing));
    }
}

/// Where the bar itself stands in the row of time.
pub fn time_bar(area: Rect, view: &View) -> Rect {
    let [at, from, to, state] = times(view).map(|text| text.len() as u16);
    let (left, right) = (at + from + 2, to + state + 2);
    if area.height == 0 || area.width <= left + right {
        return Rect { width: 0, ..area };
    }
    Rect { x: area.x + left, width: area.width - left - right, ..area }
}

/// The moment that is shown, the first and the last one, and how fast time passes. All of it is ASCII.
fn times(view: &View) -> [String; 4] {
    let Some(film) = &view.film else { return Default::default() };
    let (from, to) = film.extent();
    let zoned = |stamp: Stamp| stamp.to_timestamp().to_zoned(view.zone.clone());
    let speed = SPEEDS.get(film.speed).copied().unwrap_or(1.0);
    let state = if film.playing { format!("playing {speed}x") } else { format!("stopped, {speed}x") };
    [
        zoned(film.at()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        zoned(from).strftime("%H:%M:%S").to_string(),
        zoned(to).strftime("%H:%M:%S").to_string(),
        state,
    ]
}

/// Seconds as a clock shows them.
fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// Seconds as people say them, without what is not known.
fn about(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..90 => format!("{whole} s"),
        90..5400 => format!("{} min", (whole + 30) / 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_do() {
        for (seconds, text) in [(0.2, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (600.0, "10 min"), (7260.0, "2 h 1 min")]
        {
            assert_eq!(about(seconds), text);
        }
        assert_eq!((clock(59.9), clock(3661.0)), ("0:00:59".to_owned(), "1:01:01".to_owned()));
    }
}
