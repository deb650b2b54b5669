//! A report as data.

use elbtail::{
    overview::Standing,
    report::{
        About, Gathered, JobFacts, JobReport, LinesCommand, Redaction,
        csv::csv,
        figures,
        page::{PageWords, page},
    },
};
use serde_json::Value;

use crate::made_job::{JOB, Size, going_on, hostile, made};

const SMALL: Size = Size { batches: 25, shards: 5, nodes: 5 };

/// What a report of a made job says besides what was told.
fn about(redaction: Redaction) -> About {
    let now = "2026-11-24T14:00:00Z".parse().unwrap();
    About {
        job: JobFacts {
            name: JOB.to_owned(),
            id: Some(JOB.to_owned()),
            source: "a made job".to_owned(),
            ..JobFacts::default()
        },
        outcome: None,
        seen: now,
        generated: now,
        doctor: None,
        notices: Vec::new(),
        command: Some(LinesCommand { words: "elbtail replay DEST".to_owned() }),
        redaction,
    }
}

pub fn report(size: Size) -> JobReport {
    figures(made(size, Redaction::On), about(Redaction::On))
}

pub fn of(gathered: fn(Redaction) -> Gathered) -> JobReport {
    figures(gathered(Redaction::On), about(Redaction::On))
}

pub fn words() -> PageWords {
    PageWords {
        again: "elbtail report DEST".to_owned(),
        lines: Some("elbtail replay DEST".to_owned()),
        is_masked: true,
    }
}

/// `docs/report.schema.json`, against which a report is held.
#[track_caller]
pub fn assert_valid(report: &Value) {
    const PLACE: &str = "https://elbtail.invalid/report.schema.json";
    let schema: Value = serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource(PLACE, schema).unwrap();
    let root = compiler.compile(PLACE, &mut schemas).unwrap();
    if let Err(error) = schemas.validate(report, root) {
        panic!("{error:#}");
    }
}

#[test]
fn the_numbers_are_those_of_what_was_told() {
    let report = report(SMALL);
    assert_eq!((report.totals.containers, report.totals.states.total), (86, 86));
    let batches = report.totals.batches;
    assert_eq!((batches.total, batches.done, batches.failed), (25, 24, 1));
    assert_eq!(report.state, Standing::Failed, "one batch has failed");
    assert_eq!(report.from.unwrap().to_string(), "2026-11-24T12:00:00Z");
    let sum = |of: fn(&elbtail::report::ContainerFigures) -> u64| report.containers.iter().map(of).sum::<u64>();
    assert_eq!((sum(|it| it.lines), sum(|it| it.bytes)), (report.totals.lines, report.totals.bytes));
    assert!(report.totals.bytes > report.totals.lines);
    // A batch takes from the start of its first container to the end of its last, whenever its pod was made.
    let batch = report.batches.iter().find(|batch| batch.name == "blastn-s00-000").unwrap();
    assert_eq!((batch.shard.as_str(), batch.number, batch.pods), ("s00", Some(0), 1));
    let of_batch: Vec<_> = report
        .containers
        .iter()
        .filter(|it| it.batch.is_some_and(|at| report.batches[at].name == batch.name))
        .collect();
    assert_eq!(
        of_batch.iter().map(|it| it.container.as_str()).collect::<Vec<_>>(),
        ["import-query-batches", "blast", "results-export"]
    );
    let export = of_batch[2].instances[0].to;
    assert_eq!((batch.from, batch.to), (of_batch[1].instances[0].from, export));
    assert!(of_batch.iter().all(|it| it.created < it.instances[0].from));
    // What failed says how.
    let failed = report.containers.iter().find(|it| it.state == Standing::Failed).unwrap();
    assert_eq!((failed.instances[0].exit_code, failed.reason.as_deref()), (Some(2), Some("Error")));
    // Nodes.
    assert_eq!(report.nodes.len(), 5);
    for node in &report.nodes {
        assert!(node.busy_seconds <= node.container_seconds && node.busy.unwrap() <= 1.0 && node.peak >= 2, "{node:?}");
    }
    assert_eq!(report.nodes.iter().map(|node| node.containers).sum::<u64>(), 86);
}

#[test]
fn of_a_job_that_goes_on_what_runs_has_no_end_and_what_waits_says_why() {
    let report = of(going_on);
    assert_valid(&serde_json::to_value(&report).unwrap());
    assert_eq!((report.state, report.to), (Standing::Running, None));
    let batches = report.totals.batches;
    assert_eq!((batches.total, batches.done, batches.running, batches.waiting), (7, 4, 1, 2));
    let running = report.batches.iter().find(|batch| batch.state == Standing::Running).unwrap();
    assert_eq!((running.to, running.straggler), (None, true), "it takes longer than any other did");
    assert_eq!(running.seconds, Some(7000.0), "until it was looked at");
    let blast = |batch: &str| {
        let named = report.containers.iter().filter(|it| it.container == "blast");
        named.into_iter().find(|it| it.batch.is_some_and(|at| report.batches[at].name == batch)).unwrap()
    };
    assert_eq!((blast("blastn-s00-004").instances[0].to, blast("blastn-s00-004").state), (None, Standing::Running));
    let waits = blast("blastn-s00-005");
    assert_eq!((waits.state, waits.reason.as_deref()), (Standing::Waiting, Some("ImagePullBackOff")));
    assert_eq!((waits.instances.len(), blast("blastn-s00-006").node.as_deref()), (0, None));
    let node = report.nodes.iter().find(|node| node.node == "node-2").unwrap();
    assert_eq!((node.busy_seconds, node.peak), (7000.0, 2));
}

#[test]
fn stragglers_restarts_and_gaps_are_named() {
    let report = report(Size { batches: 600, shards: 6, nodes: 10 });
    let late: Vec<&str> =
        report.batches.iter().filter(|batch| batch.straggler).map(|batch| batch.name.as_str()).collect();
    assert!((4..12).contains(&late.len()), "{late:?}");
    let runtimes = report.runtimes.as_ref().unwrap();
    for batch in &report.batches {
        let took = batch.seconds.unwrap();
        let is_late = took > runtimes.late_after.unwrap() && batch.state == Standing::Done;
        assert_eq!(batch.straggler, is_late, "{batch:?}");
    }
    assert_eq!(report.shards.iter().map(|shard| shard.stragglers).sum::<u64>(), late.len() as u64);
    assert_eq!((report.totals.restarts, report.totals.retried), (3, 3));
    let again = report.containers.iter().find(|it| it.restarts > 0).unwrap();
    let codes: Vec<_> = again.instances.iter().map(|it| (it.exit_code, it.reason.clone().unwrap())).collect();
    assert_eq!(codes, [(Some(137), "OOMKilled".to_owned()), (Some(0), "Completed".to_owned())]);
    assert_eq!((report.totals.gaps, report.gaps.len()), (2, 2));
    assert_eq!(report.containers[report.gaps[0].index].gaps, 1);
    assert_eq!(report.gaps[0].message, "rotated away before they could be read");
}

#[test]
fn errors_have_their_lines_around_them_and_the_command_to_their_place() {
    let report = report(SMALL);
    let kind = &report.errors.kinds[0];
    assert!(kind.message.starts_with("BLAST Database error"), "{kind:?}");
    let place = &kind.places[0];
    assert_eq!((place.before.len(), place.after.len()), (3, 2));
    assert!(place.before[2].text.contains("?***") && !place.before[2].text.contains("Planted"), "{:?}", place.before);
    let container = &report.containers[place.index];
    let command = place.command.as_ref().unwrap();
    let words = shlex::split(command).unwrap();
    assert!(words.contains(&container.pod) && words.contains(&"blast".to_owned()), "{command}");
    // The command is one that can be typed.
    elbtail::cli::command().try_get_matches_from(&words).unwrap();
    let shown = figures(made(SMALL, Redaction::Off), about(Redaction::Off));
    assert!(shown.errors.kinds[0].places[0].before[2].text.contains("Planted"), "--no-redact shows what was written");
}

#[test]
fn reports_are_as_their_schema_says() {
    for report in [report(SMALL), report(Size { batches: 300, shards: 3, nodes: 4 }), of(hostile), of(Gathered::new)] {
        assert_valid(&serde_json::to_value(&report).unwrap());
    }
}

#[test]
fn csv_has_a_line_for_each_instance_and_no_formulas() {
    let report = report(Size { batches: 300, shards: 3, nodes: 4 });
    let text = csv(&report).unwrap();
    let mut reader = ::csv::Reader::from_reader(text.as_slice());
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let lines: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(lines.len() as u64, report.totals.instances);
    let sum: u64 = lines.iter().map(|line| line[place("lines")].parse::<u64>().unwrap()).sum();
    assert_eq!(sum, report.totals.lines);
    let failed = lines.iter().filter(|line| &line[place("state")] == "failed").count();
    assert!(failed >= 2, "{failed}");
    let mut evil = of(hostile);
    evil.containers[0].reason = Some("=HYPERLINK(\"x\")".to_owned());
    evil.containers[0].instances.clear();
    let text = String::from_utf8(csv(&evil).unwrap()).unwrap();
    assert!(text.contains("'=HYPERLINK") && !text.contains(",=HYPERLINK") && !text.contains("\"=HYPERLINK"), "{text}");
}

#[test]
fn a_page_needs_nothing_else_and_says_what_matters_without_a_script() {
    let html = page(&report(SMALL), &words()).unwrap();
    for foreign in ["src=", "href=\"http", "url(", "@import", "<link", "<iframe"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let (shown, _) = html.split_once("<script").unwrap();
    for part in [
        "BLAST Database error",
        "blastn-s02-003",
        "24 of 25 batches done, 1 failed",
        "vmss000004",
        "elbtail replay DEST --pod",
    ] {
        assert!(shown.contains(part), "{part}");
    }
    assert!(!html.contains("Planted"), "secrets are masked");
}

#[test]
fn no_text_is_markup() {
    let html = page(&of(hostile), &words()).unwrap();
    assert_eq!(html.matches("<img").count(), 0);
    // The page's own: its data and its script.
    assert_eq!((html.matches("<script").count(), html.matches("</script>").count()), (2, 2));
    assert!(html.contains("&lt;img src=x onerror=") && html.contains("\\u003cimg src=x"));
    assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'));
}

#[test]
fn a_run_that_told_nothing_has_a_page() {
    let report = of(Gathered::new);
    assert_eq!((report.state, report.runtimes.is_none(), report.seconds), (Standing::Waiting, true, None));
    let html = page(&report, &words()).unwrap();
    assert!(html.contains("No batch was found") && html.contains("No line tells of an error"));
}
