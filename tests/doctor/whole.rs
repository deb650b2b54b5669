//! What all scenarios together must show. Its name comes last, as its test does: those of a program are started by name.

use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io::Write,
    process::{Command, Stdio},
    sync::Mutex,
};

use elbtail::doctor::Code;
use serde_json::Value;

/// The codes that were found so far.
static FOUND: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// Names the file to which a run of all scenarios writes the codes that it finds.
const FILE: &str = "ELBTAIL_TEST_FOUND_CODES";

/// Takes note of the codes in a report, of consequences as well.
pub fn record(report: &Value) {
    let mut codes = Vec::new();
    let mut findings: Vec<&Value> = report["findings"].as_array().into_iter().flatten().collect();
    while let Some(finding) = findings.pop() {
        codes.extend(finding["code"].as_str().map(str::to_owned));
        findings.extend(finding["consequences"].as_array().into_iter().flatten());
    }
    if let Some(file) = std::env::var_os(FILE) {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        // At once, so that scenarios side by side do not write into each other's lines.
        file.write_all(codes.iter().map(|code| format!("{code}\n")).collect::<String>().as_bytes()).unwrap();
    }
    FOUND.lock().unwrap().extend(codes);
}

#[test]
fn every_code_is_found_by_a_scenario() {
    let missing = |found: &BTreeSet<String>| -> Vec<&str> {
        // No server of ours can have another clock: a unit test does.
        let codes = Code::ALL.iter().filter(|code| **code != Code::K8sClockSkew).map(|code| code.as_str());
        codes.filter(|code| !found.contains(*code)).collect()
    };
    let known = missing(&FOUND.lock().unwrap());
    if known.is_empty() {
        return;
    }
    // Not all scenarios have ended, or this test runs alone: then they are run for it.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("codes");
    let mut all = Command::new(std::env::current_exe().unwrap());
    all.args(["--skip", "whole::"]).env(FILE, &file).stdout(Stdio::null()).stderr(Stdio::null());
    // Whether they succeed is told by the run that they belong to.
    all.status().unwrap();
    let found = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    assert!(missing(&found).is_empty(), "no scenario finds {:?}", missing(&found));
}
