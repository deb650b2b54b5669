//! [`page`]: a report as one HTML page that needs nothing else.
//!
//! What matters stands in the HTML; the script draws the timeline, filters, and completes long tables. Every text is escaped by
//! minijinja, or goes to the script as JSON in which no tag can stand; the policy in the page lets no other script run.

use jiff::Timestamp;
use minijinja::{Environment, Value};
use serde::Serialize;

use super::{
    chart::{self, PageWidth, PhaseChart, RuntimeChart, ShardChart},
    data::{
        BatchFigures, ContainerFigures, Counts, Diagnosis, Errors, GapFigures, JobFacts, JobReport, NodeFigures,
        PhaseFigures, Runtimes, ShardFigures, Totals,
    },
    packed::packed,
    words::{clock, moment, percent},
};
use crate::{
    numbers::{counted, thousands},
    overview::{Standing, duration},
    render::bytes,
};

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Their SHA-256, by which the page's policy knows them. A test says what they must be.
const STYLE_HASH: &str = "mJNHuPmAe3Wc7dMdKD4/iNLQDz2LfazWiLyvqiUwQD8=";
const SCRIPT_HASH: &str = "AKccOUxv3ERzclscV1sUOjTUrY4bxBB92ZcMy+386Bw=";

/// Rows of a long table that stand in the HTML; the script has all.
const ROWS: usize = 200;
/// Stragglers that are named.
const NAMED: usize = 8;
/// Containers that are named for their lines.
const LOUDEST: usize = 8;
/// What drawings are made for; the style shows one of the two.
const ROOMS: [PageWidth; 2] = [PageWidth::Wide, PageWidth::Narrow];
/// What stands for a time that is not known.
const NONE: &str = "–";

/// What else a page says.
#[derive(Debug, Clone, Default)]
pub struct PageWords {
    /// The command that made it, without `-o`.
    pub again: String,
    /// The command that prints the job's lines.
    pub lines: Option<String>,
    /// Whether secrets are masked in it.
    pub is_masked: bool,
}

/// What the template reads of a report: not its long lists.
#[derive(Serialize)]
struct Head<'a> {
    elbtail: &'a str,
    generated: Timestamp,
    job: &'a JobFacts,
    state: Standing,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    seconds: Option<f64>,
    phases: &'a [PhaseFigures],
    runtimes: &'a Option<Runtimes>,
    nodes: &'a [NodeFigures],
    errors: &'a Errors,
    gaps: &'a [GapFigures],
    gaps_left_out: u64,
    doctor: &'a Option<Diagnosis>,
    notices: &'a [String],
}

impl<'a> Head<'a> {
    fn of(report: &'a JobReport) -> Head<'a> {
        Head {
            elbtail: report.elbtail,
            generated: report.generated,
            job: &report.job,
            state: report.state,
            from: report.from,
            to: report.to,
            seconds: report.seconds,
            phases: &report.phases,
            runtimes: &report.runtimes,
            nodes: &report.nodes,
            errors: &report.errors,
            gaps: &report.gaps,
            gaps_left_out: report.gaps_left_out,
            doctor: &report.doctor,
            notices: &report.notices,
        }
    }
}

/// All that the template reads.
#[derive(Serialize)]
struct PageData<'a> {
    report: Head<'a>,
    totals: &'a Totals,
    policy: String,
    style: &'a str,
    script: &'a str,
    data: String,
    verdict: String,
    batch_words: String,
    container_words: String,
    phases: Vec<PhaseChart>,
    runtimes: Option<RuntimeChart>,
    shards: Vec<ShardChart>,
    shard_table: Vec<ShardRow<'a>>,
    stragglers: Vec<StragglerRow<'a>>,
    stragglers_left_out: u64,
    containers: PageTable<ContainerRow<'a>>,
    batches: PageTable<BatchRow<'a>>,
    loudest: Vec<LoudRow>,
    masked: bool,
    again: &'a str,
}

#[derive(Serialize)]
struct PageTable<T> {
    caption: String,
    rows: Vec<T>,
}

#[derive(Serialize)]
struct ContainerRow<'a> {
    index: usize,
    pod: &'a str,
    container: &'a str,
    phase: &'static str,
    state: Standing,
    why: &'a str,
    node: &'a str,
    restarts: u32,
    waited: String,
    started: String,
    ran: String,
    lines: u64,
}

#[derive(Serialize)]
struct BatchRow<'a> {
    name: &'a str,
    shard: &'a str,
    state: Standing,
    late: bool,
    pods: u64,
    restarts: u64,
    node: &'a str,
    started: String,
    took: String,
    lines: u64,
}

#[derive(Serialize)]
struct ShardRow<'a> {
    shard: &'a str,
    batches: u64,
    failed: u64,
    min: Option<f64>,
    median: Option<f64>,
    max: Option<f64>,
    stragglers: u64,
    lines: u64,
}

#[derive(Serialize)]
struct StragglerRow<'a> {
    name: &'a str,
    took: String,
    times: String,
    node: &'a str,
}

#[derive(Serialize)]
struct LoudRow {
    name: String,
    lines: u64,
    bytes: u64,
}

/// The page of a report.
///
/// # Errors
/// None that is known: the template is the program's own.
pub fn page(report: &JobReport, words: &PageWords) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.add_filter("thousands", thousands);
    environment.add_filter("counted", |number: u64, noun: &str| counted(number, noun));
    environment.add_filter("duration", |seconds: Option<f64>| seconds.map_or_else(|| NONE.to_owned(), duration));
    environment.add_filter("clock", |time: Option<String>| time_words(time, clock));
    environment.add_filter("moment", |time: Option<String>| time_words(time, moment));
    environment.add_filter("percent", |share: Option<f64>| share.map_or_else(|| NONE.to_owned(), percent));
    environment.add_filter("size", bytes);
    environment.add_filter("shape", |state: &str| Value::from_safe_string(shape(state)));
    environment.add_filter("state", |state: &str| {
        let word = standing(state);
        Value::from_safe_string(format!("<span class=\"state\">{}{word}</span>", shape(word)))
    });
    // Its name says that it is HTML, and what HTML is escaped.
    environment.add_template("page.html", TEMPLATE)?;
    let late: Vec<&BatchFigures> = {
        let mut late: Vec<_> = report.batches.iter().filter(|batch| batch.straggler).collect();
        late.sort_by(|one, other| other.seconds.unwrap_or_default().total_cmp(&one.seconds.unwrap_or_default()));
        late
    };
    let until = report.from.and(report.to.or(Some(report.seen)));
    let view = PageData {
        report: Head::of(report),
        totals: &report.totals,
        policy: format!(
            "default-src 'none'; style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'"
        ),
        style: STYLE,
        script: SCRIPT,
        data: packed(report, words.lines.clone()).json()?,
        verdict: verdict(report),
        batch_words: counts_words(&report.totals.batches),
        container_words: counts_words(&report.totals.states),
        phases: ROOMS.iter().filter_map(|room| chart::phases(report, report.from, until, *room)).collect(),
        runtimes: chart::runtimes(report),
        shards: ROOMS.iter().filter_map(|room| chart::shards(report, *room)).collect(),
        shard_table: shard_table(report),
        stragglers_left_out: late.len().saturating_sub(NAMED) as u64,
        stragglers: late.into_iter().take(NAMED).map(|batch| straggler(report, batch)).collect(),
        containers: containers(report),
        batches: batches(report),
        loudest: loudest(report),
        masked: words.is_masked,
        again: &words.again,
    };
    Ok(environment.get_template("page.html")?.render(minijinja::value::Serde(view))?)
}

/// A time as the template has it, which is a text.
fn time_words(time: Option<String>, words: fn(Timestamp) -> String) -> String {
    time.and_then(|time| time.parse().ok()).map_or_else(|| NONE.to_owned(), words)
}

/// The word for a state, which is one of five whoever asks.
fn standing(state: &str) -> &'static str {
    [Standing::Waiting, Standing::Running, Standing::Done, Standing::Failed]
        .into_iter()
        .map(Standing::as_str)
        .find(|word| *word == state)
        .unwrap_or(Standing::Lost.as_str())
}

fn shape(state: &str) -> String {
    let word = standing(state);
    format!("<svg class=\"shape {word}\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><use href=\"#s-{word}\"/></svg>")
}

fn verdict(report: &JobReport) -> String {
    let Totals { batches, gaps, containers, .. } = &report.totals;
    let mut said = Vec::new();
    if batches.total > 0 {
        said.push(format!("{} of {} done", thousands(batches.done), counted(batches.total, "batch")));
    }
    if batches.failed > 0 {
        said.push(format!("{} failed", thousands(batches.failed)));
    }
    if let Some(doctor) = &report.doctor
        && !doctor.healthy
    {
        let problems = doctor.findings.iter().filter(|finding| finding.is_problem()).count() as u64;
        said.push(format!("the doctor found {}", counted(problems, "problem")));
    }
    said.push(match gaps {
        0 => format!("all lines of {} were read, as far as is known", counted(*containers, "container")),
        _ => format!("lines are missing in {}", counted(*gaps, "place")),
    });
    said.join(", ")
}

/// What is not done, in words.
fn counts_words(counts: &Counts) -> String {
    let Counts { total, waiting, running, done: _, failed, lost } = counts;
    let all = [(failed, "failed"), (running, "running"), (waiting, "waiting"), (lost, "without an end that was seen")];
    let said: Vec<String> = all
        .into_iter()
        .filter(|(number, _)| **number > 0)
        .map(|(number, word)| format!("{} {word}", thousands(*number)))
        .collect();
    match (total, said.is_empty()) {
        (0, _) => "none was found".to_owned(),
        (_, true) => "none failed".to_owned(),
        _ => said.join(", "),
    }
}

fn took(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| NONE.to_owned(), duration)
}

fn straggler<'a>(report: &JobReport, batch: &'a BatchFigures) -> StragglerRow<'a> {
    let median = report.runtimes.as_ref().map(|runtimes| runtimes.median).filter(|median| *median > 0.0);
    let times = batch.seconds.zip(median).map(|(took, median)| format!("{:.1} ×", took / median));
    StragglerRow {
        name: &batch.name,
        took: took(batch.seconds),
        times: times.unwrap_or_default(),
        node: batch.node.as_deref().unwrap_or(NONE),
    }
}

fn shard_table(report: &JobReport) -> Vec<ShardRow<'_>> {
    fn row(shard: &ShardFigures) -> ShardRow<'_> {
        let of = shard.runtimes.as_ref();
        ShardRow {
            shard: &shard.shard,
            batches: shard.batches,
            failed: shard.failed,
            min: of.map(|of| of.min),
            median: of.map(|of| of.median),
            max: of.map(|of| of.max),
            stragglers: shard.stragglers,
            lines: shard.lines,
        }
    }
    // One alone says what the whole says.
    if report.shards.len() < 2 { Vec::new() } else { report.shards.iter().take(ROWS).map(row).collect() }
}

/// The places of at most [`ROWS`] items: those that are most worth seeing, in their order.
fn worth_seeing<T>(items: &[T], worth: impl Fn(&T) -> u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..items.len()).collect();
    if items.len() > ROWS {
        places.sort_by_key(|at| (std::cmp::Reverse(worth(&items[*at])), *at));
        places.truncate(ROWS);
        places.sort_unstable();
    }
    places
}

fn caption(shown: usize, all: usize, what: &str) -> String {
    if shown == all {
        format!("All of {}", counted(all, what))
    } else {
        format!(
            "{} of {}: those that failed, were tried again, or took longest; with a script the page shows all, and so does -o csv",
            thousands(shown as u64),
            counted(all, what)
        )
    }
}

fn containers(report: &JobReport) -> PageTable<ContainerRow<'_>> {
    let worth = |container: &ContainerFigures| {
        let failed = u64::from(matches!(container.state, Standing::Failed | Standing::Lost));
        let took = container.instances.iter().filter_map(|instance| instance.seconds).sum::<f64>();
        (failed << 40) + (container.gaps.min(1) << 39) + (u64::from(container.restarts.min(1)) << 38) + took as u64
    };
    let places = worth_seeing(&report.containers, worth);
    let rows = places.into_iter().map(|index| {
        let container = &report.containers[index];
        let first = container.instances.iter().find_map(|instance| instance.from);
        let waited = container.created.zip(first).map(|(from, to)| to.duration_since(from).as_secs_f64().max(0.0));
        let ran: f64 = container.instances.iter().filter_map(|instance| instance.seconds).sum();
        ContainerRow {
            index,
            pod: &container.name,
            container: &container.container,
            phase: container.phase.as_str(),
            state: container.state,
            why: container.reason.as_deref().unwrap_or_default(),
            node: container.node.as_deref().unwrap_or(NONE),
            restarts: container.restarts,
            waited: took(waited),
            started: first.map_or_else(|| NONE.to_owned(), clock),
            ran: took(first.map(|_| ran)),
            lines: container.lines,
        }
    });
    let rows: Vec<_> = rows.collect();
    PageTable { caption: caption(rows.len(), report.containers.len(), "container"), rows }
}

fn batches(report: &JobReport) -> PageTable<BatchRow<'_>> {
    let worth = |batch: &BatchFigures| {
        let failed = u64::from(matches!(batch.state, Standing::Failed | Standing::Lost));
        let again = u64::from(batch.pods > 1 || batch.restarts > 0);
        (failed << 40) + (again << 39) + batch.seconds.unwrap_or_default() as u64
    };
    let rows = worth_seeing(&report.batches, worth).into_iter().map(|at| {
        let batch = &report.batches[at];
        BatchRow {
            name: &batch.name,
            shard: &batch.shard,
            state: batch.state,
            late: batch.straggler,
            pods: batch.pods,
            restarts: batch.restarts,
            node: batch.node.as_deref().unwrap_or(NONE),
            started: batch.from.map_or_else(|| NONE.to_owned(), clock),
            took: took(batch.seconds),
            lines: batch.lines,
        }
    });
    let rows: Vec<_> = rows.collect();
    PageTable { caption: caption(rows.len(), report.batches.len(), "batch"), rows }
}

fn loudest(report: &JobReport) -> Vec<LoudRow> {
    let mut all: Vec<&ContainerFigures> = report.containers.iter().filter(|container| container.lines > 0).collect();
    all.sort_by_key(|container| std::cmp::Reverse(container.bytes));
    let row = |container: &ContainerFigures| LoudRow {
        name: format!("{} {}", container.name, container.container),
        lines: container.lines,
        bytes: container.bytes,
    };
    all.into_iter().take(LOUDEST).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "archive")]
    fn the_policy_knows_the_pages_own_style_and_script() {
        use base64::{Engine, prelude::BASE64_STANDARD};

        for (text, hash) in [(STYLE, STYLE_HASH), (SCRIPT, SCRIPT_HASH)] {
            let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
            assert_eq!(BASE64_STANDARD.encode(digest), hash, "{}", &text[..80]);
            assert!(!text.contains("</"), "it would end where it should not");
        }
    }

    #[test]
    fn a_long_table_shows_what_is_most_worth_seeing_in_its_order() {
        let items: Vec<u64> = (0..1000).collect();
        let shown = worth_seeing(&items, |item| if item % 7 == 3 { 1000 + item } else { *item });
        assert_eq!(shown.len(), ROWS);
        assert!(shown.is_sorted() && shown.contains(&3) && shown.contains(&999) && !shown.contains(&1));
        assert_eq!(worth_seeing(&items[..ROWS], |_| 0), (0..ROWS).collect::<Vec<_>>());
    }
}
