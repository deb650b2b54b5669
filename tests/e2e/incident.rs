//! The incident: a row whose first mirror is empty, and 26 containers that it stands for.

use crate::{
    jobs::{JobPlan, incident},
    lines::{assert_all_once, assert_in_order, stderr, stdout},
    stage::{ID, ROW, SHORT, Stage, text},
};
use elbtail::render::short_name;
use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::ResourceExt;
use std::collections::{BTreeMap, BTreeSet};

const LINES: usize = 40;

fn expected(jobs: &[JobPlan]) -> Vec<String> {
    jobs.iter().flat_map(JobPlan::expected).collect()
}

#[test]
fn every_line_of_all_containers_is_printed_once() {
    let stage = Stage::new();
    let jobs = incident(LINES);
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    stage.resume(&jobs.last().unwrap().name);
    stage.until_jobs_end();

    // Bare text into a pipe: every line once, and nothing to complain about.
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_all_once(&stdout(&run), &expected(&jobs));
    assert_in_order(&stdout(&run));
    assert_eq!(stderr(&run), "");

    // Merged by time: the stamps of all containers together rise.
    let run = stage.run(&["logs", ROW, "-o", "raw", "-t"]).code(0);
    let (stamps, lines): (Vec<Timestamp>, Vec<String>) = stdout(&run)
        .iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(stamp, line)| (stamp.parse::<Timestamp>().unwrap(), line.to_owned()))
        .unzip();
    assert_all_once(&lines, &expected(&jobs));
    assert!(stamps.is_sorted(), "{stamps:?}");

    // With prefixes: each line's is its own container's.
    let run = stage.run(&["logs", ROW]).code(0);
    let names: BTreeMap<String, String> =
        stage.pods().iter().map(|pod| (short_name(&pod.name_any(), SHORT), pod.labels()["job-name"].clone())).collect();
    let mut seen = BTreeSet::new();
    let lines: Vec<String> = stdout(&run)
        .iter()
        .map(|line| {
            let (prefix, line) = line.split_once(" | ").unwrap();
            let [pod, container, _phase] = prefix.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("{prefix}")
            };
            let tag = format!("{}/{container}", names[pod]);
            assert!(line.starts_with(&format!("{tag} line ")), "{prefix}: {line}");
            seen.insert(tag);
            line.to_owned()
        })
        .collect();
    assert_all_once(&lines, &expected(&jobs));
    assert_eq!(seen.len(), 26);

    // `elbtail targets` lists them all.
    let rows = stdout(&stage.run(&["targets", ROW]).code(0));
    assert!(rows[0].starts_with("POD ") && rows[0].contains(" CONTAINER "), "{}", rows[0]);
    assert_eq!(rows[1..].iter().filter(|row| row.contains(" Completed ")).count(), 26, "{rows:#?}");
    assert_eq!(rows.len(), 27);

    // `elbtail resolve` says what all of this is found by.
    let run = stage.run(&["resolve", ROW, "-o", "name"]).code(0);
    assert_eq!(stdout(&run), [ID]);
}

#[test]
fn following_from_before_the_first_pod_ends_with_the_job() {
    let stage = Stage::new();
    let jobs = incident(LINES);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said(&format!("no pods of {ID} in namespace {} yet, waiting for them", stage.namespace));
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    stage.resume(&jobs.last().unwrap().name);
    let ended = elbtail.end().code(0);
    assert_all_once(&ended.lines(), &expected(&jobs));
    assert_in_order(&ended.lines());
    // Each container's start and end are told, with its name.
    let told = |what: &str| ended.stderr.lines().filter(|line| line.ends_with(what)).count();
    assert_eq!((told(": started"), told(": ended: Completed, exit code 0")), (26, 26), "{}", ended.stderr);
}

#[test]
fn the_top_level_field_alone_would_have_found_nothing() {
    let stage = Stage::new();
    let jobs = incident(1);
    jobs.iter().for_each(|job| stage.create(job));
    stage.resume(&jobs.last().unwrap().name);
    stage.until_jobs_end();

    // What a reader of the first field alone has of the row: everything but the other mirrors.
    let mut row: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(ROW).unwrap()).unwrap();
    assert!(row["payload"]["elastic_blast_job_id"].is_null());
    row["payload"].as_object_mut().unwrap().retain(|key, _| key == "elastic_blast_job_id");
    let first_field_only = stage.write("first-field-only.json", &row.to_string());
    let run = stage.run(&["logs", text(&first_field_only), "-o", "raw"]).code(4);
    assert_eq!(stdout(&run).len(), 0);
    let run = stage.run(&["targets", text(&first_field_only), "-o", "name"]).code(4);
    assert_eq!(stdout(&run).len(), 0);

    let run = stage.run(&["targets", ROW, "-o", "name"]).code(0);
    let mut expected_names: Vec<String> = stage.pods().iter().flat_map(names).collect();
    let mut found = stdout(&run);
    expected_names.sort();
    found.sort();
    assert_eq!(found, expected_names);
    assert_eq!(found.len(), 21 + 5);
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_all_once(&stdout(&run), &expected(&jobs));
}

/// `<namespace>/<pod>/<container>` of a pod's containers.
fn names(pod: &Pod) -> Vec<String> {
    let spec = pod.spec.as_ref().unwrap();
    let place = format!("{}/{}", pod.namespace().unwrap(), pod.name_any());
    let containers = spec.init_containers.iter().flatten().chain(&spec.containers);
    containers.map(|container| format!("{place}/{}", container.name)).collect()
}
