//! Where things stand in the page's drawings. Everything that a drawing shows is said in its text as well.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    data::{JobReport, PhaseFigures, Runtimes, ShardFigures},
    words::clock,
};
use crate::{
    numbers::{counted, thousands},
    overview::{Standing, duration},
};

/// A mark on an axis.
#[derive(Serialize)]
pub struct Tick {
    at: String,
    text: String,
    /// Where the text stands: SVG's `text-anchor`.
    anchor: &'static str,
}

/// How wide the page is that a drawing is made for: text in it has the size of the page's own on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageWidth {
    /// A screen or a sheet of paper: names stand beside what they name.
    Wide,
    /// A phone: they stand above it.
    Narrow,
}

impl PageWidth {
    /// The class by which one of the two is shown.
    fn class(self) -> &'static str {
        match self {
            PageWidth::Wide => "wide",
            PageWidth::Narrow => "narrow",
        }
    }
}

/// Steps of the job as bars, and how many containers ran.
#[derive(Serialize)]
pub struct PhaseChart {
    class: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    ticks: Vec<Tick>,
    rows: Vec<PhaseBar>,
    /// The path of the area.
    area: Option<String>,
    base: f64,
    most: u64,
    text: String,
}

/// A step.
#[derive(Serialize)]
struct PhaseBar {
    name: String,
    class: &'static str,
    x: String,
    y: f64,
    width: String,
    text: String,
    failed: String,
}

/// Steps at which an axis of time is marked, in seconds.
const STEPS: [i64; 20] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

fn coordinate(at: f64) -> String {
    format!("{at:.1}")
}

/// An axis from `left` to `right`.
struct Axis {
    left: f64,
    right: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let span = (self.to - self.from).max(f64::MIN_POSITIVE);
        self.left + (self.right - self.left) * ((value - self.from) / span).clamp(0.0, 1.0)
    }

    fn anchor(&self, at: f64) -> &'static str {
        if at > self.right - 30.0 {
            "end"
        } else if at < self.left + 20.0 {
            "start"
        } else {
            "middle"
        }
    }
}

/// The steps of a job, whose containers ran between these times; nothing where no time is known.
pub fn phases(
    report: &JobReport,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    room: PageWidth,
) -> Option<PhaseChart> {
    let (from, to) = from.zip(to)?;
    let known: Vec<&PhaseFigures> = report.phases.iter().filter(|phase| phase.from.is_some()).collect();
    if known.is_empty() {
        return None;
    }
    let (width, left, right, row, area_height) = match room {
        PageWidth::Wide => (960.0, 130.0, 690.0, 24.0, 64.0),
        PageWidth::Narrow => (360.0, 0.0, 360.0, 38.0, 48.0),
    };
    let seconds = |time: Timestamp| time.duration_since(from).as_secs_f64();
    let axis = Axis { left, right, from: 0.0, to: seconds(to).max(0.001) };
    let bar = |(at, phase): (usize, &&PhaseFigures)| {
        let (begin, end) = (axis.at(phase.from.map_or(0.0, seconds)), axis.at(phase.to.map_or(0.0, seconds)));
        PhaseBar {
            name: phase.phase.as_str().replace('_', " "),
            class: if phase.states.running > 0 { "on" } else { "" },
            x: coordinate(begin),
            y: at as f64 * row,
            width: coordinate((end - begin).max(2.0)),
            text: phase_words(phase),
            failed: failed_words(phase),
        }
    };
    let rows: Vec<PhaseBar> = known.iter().enumerate().map(bar).collect();
    let above = if room == PageWidth::Narrow { 30.0 } else { 12.0 };
    let base = rows.len() as f64 * row + above + area_height;
    let (area, most) = area(report, from, &axis, base, area_height);
    let said: Vec<String> = known
        .iter()
        .map(|phase| {
            let failed = failed_words(phase);
            let failed = if failed.is_empty() { failed } else { format!(", {failed}") };
            format!("{}: {}{failed}", phase.phase.as_str(), phase_words(phase))
        })
        .collect();
    Some(PhaseChart {
        class: room.class(),
        width,
        height: base + 22.0,
        left,
        right,
        ticks: time_ticks(from, &axis, if room == PageWidth::Wide { 6 } else { 3 }),
        rows,
        area,
        base,
        most,
        text: format!("Steps of the job. {}. At most {} ran at once.", said.join(". "), counted(most, "container")),
    })
}

fn phase_words(phase: &PhaseFigures) -> String {
    format!("{}, {}", phase.seconds.map(duration).unwrap_or_default(), counted(phase.containers, "container"))
}

fn failed_words(phase: &PhaseFigures) -> String {
    if phase.states.failed > 0 { format!("{} failed", thousands(phase.states.failed)) } else { String::new() }
}

fn time_ticks(from: Timestamp, axis: &Axis, most: i64) -> Vec<Tick> {
    let span = axis.to.ceil() as i64;
    let step = STEPS.into_iter().find(|step| span / step <= most).unwrap_or(span / most + 1).max(1);
    let first = (from.as_second().div_euclid(step) + 1) * step;
    let ticks = (0..=most).filter_map(|number| {
        let second = first.checked_add(number.checked_mul(step)?)?;
        let time = Timestamp::from_second(second).ok()?;
        let value = time.duration_since(from).as_secs_f64();
        let at = axis.at(value);
        (value <= axis.to).then(|| Tick { at: coordinate(at), text: clock(time), anchor: axis.anchor(at) })
    });
    ticks.collect()
}

/// How many containers ran, as the path of an area, and the most of it.
fn area(report: &JobReport, from: Timestamp, axis: &Axis, base: f64, height: f64) -> (Option<String>, u64) {
    const COLUMNS: usize = 240;
    let mut steps = vec![0i64; COLUMNS + 1];
    let column = |time: Timestamp| {
        let part = time.duration_since(from).as_secs_f64() / axis.to;
        ((part * COLUMNS as f64).floor().max(0.0) as usize).min(COLUMNS - 1)
    };
    let end = from.checked_add(SignedDuration::try_from_secs_f64(axis.to).unwrap_or_default()).unwrap_or(from);
    let mut some = false;
    for instance in report.containers.iter().flat_map(|container| &container.instances) {
        let Some(begin) = instance.from else { continue };
        let until = instance.to.or((instance.state == Standing::Running).then_some(end)).unwrap_or(begin);
        // One that ends within a column counts in it.
        steps[column(begin)] += 1;
        steps[column(until) + 1] -= 1;
        some = true;
    }
    let mut at_once = 0;
    let counts: Vec<i64> = steps[..COLUMNS]
        .iter()
        .map(|step| {
            at_once += step;
            at_once
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    if !some {
        return (None, 0);
    }
    let width = (axis.right - axis.left) / COLUMNS as f64;
    let mut path = format!("M{} {}", coordinate(axis.left), coordinate(base));
    for (number, count) in counts.iter().enumerate() {
        let y = coordinate(base - height * *count as f64 / most as f64);
        let x = axis.left + width * number as f64;
        path.push_str(&format!("L{} {y}L{} {y}", coordinate(x), coordinate(x + width)));
    }
    path.push_str(&format!("L{} {}Z", coordinate(axis.right), coordinate(base)));
    (Some(path), u64::try_from(most).unwrap_or_default())
}

/// How many batches took how long.
#[derive(Serialize)]
pub struct RuntimeChart {
    height: f64,
    base: f64,
    bars: Vec<RuntimeBar>,
    median_at: String,
    median_anchor: &'static str,
    ticks: Vec<Tick>,
    text: String,
    words: String,
}

#[derive(Serialize)]
struct RuntimeBar {
    x: String,
    y: String,
    width: String,
    height: String,
    /// Whether all in it are stragglers.
    late: bool,
    text: String,
}

/// The distribution of the batches' times.
pub fn runtimes(report: &JobReport) -> Option<RuntimeChart> {
    const BASE: f64 = 150.0;
    const TOP: f64 = 18.0;
    let of = report.runtimes.as_ref()?;
    let took: Vec<f64> =
        report.batches.iter().filter(|batch| batch.state == Standing::Done).filter_map(|batch| batch.seconds).collect();
    // From the shortest on, not from 0: what counts is how they differ. Times that are all alike are one bar in the middle.
    let room = ((of.max - of.min) * 0.02).max(of.max * 0.02).max(0.5);
    let axis = Axis { left: 0.0, right: 400.0, from: (of.min - room).max(0.0), to: of.max + room };
    let bins = ((took.len() as f64).sqrt().ceil() as usize).clamp(8, 30);
    let wide = (axis.to - axis.from) / bins as f64;
    let mut counts = vec![0u64; bins];
    for seconds in &took {
        counts[(((seconds - axis.from) / wide) as usize).min(bins - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, number)| {
        let (from, to) = (axis.from + wide * at as f64, axis.from + wide * (at + 1) as f64);
        // The least is still to be seen.
        let height = ((BASE - TOP) * *number as f64 / most as f64).max(2.0);
        RuntimeBar {
            x: coordinate(axis.at(from) + 0.5),
            y: coordinate(BASE - height),
            width: coordinate((axis.at(to) - axis.at(from) - 1.0).max(1.0)),
            height: coordinate(height),
            late: of.late_after.is_some_and(|late| from + wide / 2.0 > late),
            text: format!("{} to {}: {}", duration(from), duration(to), counted(*number, "batch")),
        }
    });
    let median = axis.at(of.median);
    Some(RuntimeChart {
        height: BASE + 22.0,
        base: BASE,
        bars: bars.collect(),
        median_at: coordinate(median),
        median_anchor: if median < 60.0 {
            "start"
        } else if median > 340.0 {
            "end"
        } else {
            "middle"
        },
        ticks: value_ticks(&axis, 4),
        text: format!("Distribution of the runtimes of {}. {}", counted(of.batches, "batch"), words(of)),
        words: format!("{} came to a good end. {}", counted(of.batches, "batch"), words(of)),
    })
}

fn words(of: &Runtimes) -> String {
    if of.batches == 1 {
        return format!("It took {}.", duration(of.max));
    }
    format!(
        "Half took no longer than {}, nine in ten no longer than {}; the shortest {}, the longest {}.",
        duration(of.median),
        duration(of.p90),
        duration(of.min),
        duration(of.max)
    )
}

/// Round values on an axis of seconds, at most about so many.
fn value_ticks(axis: &Axis, most: usize) -> Vec<Tick> {
    let span = axis.to - axis.from;
    let round = [0.1, 0.2, 0.5].into_iter().chain(STEPS.map(|step| step as f64));
    let step = round.into_iter().find(|step| span / step <= most as f64).unwrap_or(span / most as f64);
    let first = (axis.from / step).ceil();
    (0..=most)
        .map(|number| (first + number as f64) * step)
        .filter(|value| *value <= axis.to)
        .map(|value| {
            let at = axis.at(value);
            Tick { at: coordinate(at), text: round_words(value), anchor: axis.anchor(at) }
        })
        .collect()
}

/// A round value, without what is 0 in it: `30 s`, `2 min`, `1 h`.
fn round_words(seconds: f64) -> String {
    let text = duration(seconds);
    match text.strip_suffix(" 0 s").or(text.strip_suffix(" 0 min")) {
        Some(short) => short.to_owned(),
        None if text == "0.0 s" => "0".to_owned(),
        None => text.replace(".0 s", " s"),
    }
}

/// Shards beside one another.
#[derive(Serialize)]
pub struct ShardChart {
    class: &'static str,
    width: f64,
    height: f64,
    ticks: Vec<Tick>,
    rows: Vec<ShardBox>,
    left_out: u64,
    text: String,
}

#[derive(Serialize)]
struct ShardBox {
    name: String,
    y: f64,
    low: String,
    high: String,
    q1: String,
    width: String,
    median: String,
    late: Vec<String>,
}

/// Shards that are drawn: those that took longest.
const SHARDS: usize = 30;
/// Stragglers of a shard that are drawn.
const DRAWN: usize = 60;

/// A box for each shard; nothing where there is one alone.
pub fn shards(report: &JobReport, room: PageWidth) -> Option<ShardChart> {
    const ROW: f64 = 22.0;
    let mut known: Vec<(&ShardFigures, &Runtimes)> =
        report.shards.iter().filter_map(|shard| Some((shard, shard.runtimes.as_ref()?))).collect();
    let all = known.len();
    known.sort_by(|one, other| other.1.median.total_cmp(&one.1.median));
    known.truncate(SHARDS);
    known.sort_by(|one, other| one.0.shard.cmp(&other.0.shard));
    if known.len() < 2 {
        return None;
    }
    let longest = known.iter().map(|(_, of)| of.max).fold(0.0, f64::max);
    let (width, left, right, letters, ticks) = match room {
        PageWidth::Wide => (960.0, 130.0, 950.0, 20, 6),
        PageWidth::Narrow => (360.0, 64.0, 354.0, 9, 3),
    };
    let axis = Axis { left, right, from: 0.0, to: longest.max(0.001) };
    let row = |(at, (shard, of)): (usize, &(&ShardFigures, &Runtimes))| {
        let late = report.batches.iter().filter(|batch| batch.straggler && batch.shard == shard.shard);
        // The whisker ends where the usual ends.
        let usual = report
            .batches
            .iter()
            .filter(|batch| batch.shard == shard.shard && batch.state == Standing::Done && !batch.straggler);
        let high = usual.filter_map(|batch| batch.seconds).fold(of.min, f64::max);
        let at_of = |seconds: f64| coordinate(axis.at(seconds));
        ShardBox {
            name: short(&shard.shard, letters),
            y: at as f64 * ROW,
            low: at_of(of.min),
            high: at_of(high),
            q1: at_of(of.q1),
            width: coordinate((axis.at(of.q3) - axis.at(of.q1)).max(1.0)),
            median: at_of(of.median),
            late: late.filter_map(|batch| batch.seconds).take(DRAWN).map(at_of).collect(),
        }
    };
    let rows: Vec<ShardBox> = known.iter().enumerate().map(row).collect();
    let said = known
        .iter()
        .map(|(shard, of)| format!("{}: median {}, longest {}", shard.shard, duration(of.median), duration(of.max)));
    Some(ShardChart {
        class: room.class(),
        width,
        height: rows.len() as f64 * ROW + 24.0,
        ticks: value_ticks(&axis, ticks),
        left_out: all.saturating_sub(rows.len()) as u64,
        text: format!("Runtimes by shard. {}.", said.collect::<Vec<_>>().join("; ")),
        rows,
    })
}

/// A label that fits beside a row: its end, which tells one from another.
fn short(name: &str, most: usize) -> String {
    let length = name.chars().count();
    if length <= most {
        name.to_owned()
    } else {
        format!("…{}", name.chars().skip(length + 1 - most).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_values_are_short() {
        for (seconds, text) in [
            (0.0, "0"),
            (0.5, "0.5 s"),
            (30.0, "30 s"),
            (90.0, "1 min 30 s"),
            (120.0, "2 min"),
            (7200.0, "2 h"),
            (5400.0, "1 h 30 min"),
        ] {
            assert_eq!(round_words(seconds), text);
        }
    }

    #[test]
    fn ticks_are_round_and_on_the_axis() {
        for (from, to) in [(0.0, 0.5), (58.0, 460.0), (0.0, 86_400.0), (3.0, 3.01)] {
            let axis = Axis { left: 0.0, right: 400.0, from, to };
            let ticks = value_ticks(&axis, 4);
            assert!(
                ticks.len() <= 5 && ticks.iter().all(|tick| (0.0..=400.0).contains(&tick.at.parse::<f64>().unwrap()))
            );
        }
    }
}
