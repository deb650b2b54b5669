//! kubectl's global flags, as `kubectl options` of 1.36 lists them.

use std::{collections::BTreeSet, fs};

use crate::{assert_fails, elbtail};

/// Each flag and its default, as they are printed: `--v=0:`.
fn options() -> Vec<(String, String)> {
    let text = fs::read_to_string("testdata/kubectl-1.36-options.txt").unwrap();
    let flags = text.lines().filter_map(|line| line.trim().strip_suffix(':')?.split_once("--")?.1.split_once('='));
    flags.map(|(name, default)| (name.to_owned(), default.trim_matches('\'').to_owned())).collect()
}

#[test]
fn every_one_is_taken_with_its_default_and_with_a_value() {
    let options = options();
    assert!(options.len() >= 29, "{options:?}");
    for (name, default) in &options {
        let values = match (name.as_str(), default.as_str()) {
            ("as-user-extra", _) => &["a=b"][..],
            // Without a user, there is nothing that it is the password of.
            ("password", _) => &[][..],
            (_, "false") => &["false", "true", "T", "0"],
            (_, "[]") => &["", "one"],
            (_, default) => &[default],
        };
        for value in values {
            let flag = format!("--{name}={value}");
            elbtail(&["resolve", "-o", "name", "testdata/rows/incident.json", &flag])
                .assert()
                .code(0)
                .stdout("job-429825360482416da20736cf3ed51a95\n")
                .stderr("");
        }
    }
}

/// Without a cluster: a command line that is wrong would be told before that is missed.
#[test]
fn flags_of_kubectl_logs_are_taken() {
    for flag in [
        "--all-containers",
        "--all-containers=true",
        "--all-pods=false",
        "--prefix",
        "--ignore-errors",
        "--max-log-requests=50",
        "--pod-running-timeout=20s",
        "--timestamps=true",
        "--timestamps=false",
        "--follow=false",
        "--previous=true",
        "--tail=-1",
        "--since=5m",
        "-f=true",
    ] {
        assert_fails(elbtail(&["logs", "testdata/rows/incident.json", flag]), 2, &["no cluster configuration"]);
    }
}

#[test]
fn the_table_lists_each_once_and_no_other() {
    let text = fs::read_to_string("docs/kubectl.md").unwrap();
    let table = text.split_once("## kubectl's global flags").unwrap().1.split_once("\nBeside them").unwrap().0;
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |").map(|(cell, _)| cell));
    let listed: Vec<&str> =
        cells.flat_map(|cell| cell.split(['`', ','])).filter_map(|word| word.strip_prefix("--")).collect();
    let names: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(names.len(), listed.len(), "{listed:?}");
    let options = options();
    assert_eq!(names, options.iter().map(|(name, _)| name.as_str()).collect());
}

/// A script whose variable is empty means none, where kubectl takes it so; what chooses nothing is a mistake, and is told before anything is asked.
#[test]
fn what_chooses_by_nothing_is_a_mistake() {
    const ROW: &str = "testdata/rows/incident.json";
    const NONE: &str = "https://127.0.0.1:1";
    for (arguments, says) in [
        (&["logs", ROW, "-c", ""][..], "invalid value '' for '--container"),
        (&["targets", ROW, "-c", ""], "it is empty; leave it out, or say a name"),
        (&["logs", ROW, "--pod", ""], "it is empty; leave it out, or say a name"),
        (&["logs", ROW, "--exclude-pod", ""], "which would match everything"),
        (&["logs", ROW, "-l", ""], "a value is required for '--selector"),
        (&["targets", ROW, "--field-selector", ""], "a value is required for '--field-selector"),
        (&["targets", ROW, "--field-selector", "x=y"], "pods cannot be selected by \"x\""),
        (&["resolve", ROW, "--job", ""], "a value is required for '--job"),
        (&["logs", ROW, "--since", ""], "it is no duration"),
        (&["jobs", "--limit", "-1"], "invalid value '-1' for '--limit"),
        (&["jobs", "--request-timeout", "-1s"], "invalid value '-1s' for '--request-timeout"),
        (&["logs", ROW, "-i", "x", "-C", "-1"], "it is no number of lines"),
        (&["logs", ROW, "--limit-bytes", "-1"], "it is no number of bytes"),
    ] {
        assert_fails(elbtail(&[arguments, &["--server", NONE]].concat()), 2, &[says]);
    }
}

/// `--job` chooses among the rows of a file, and nothing else.
#[test]
fn a_choice_among_no_rows_is_a_mistake() {
    const DB: &str = "sqlite:no/such.db";
    for (arguments, says) in [
        (&["logs", "--latest", "--job", "18b9edca"][..], "'--latest' cannot be used with '--job"),
        (&["doctor", "--latest", "--db", DB, "--job", "18b9edca"], "cannot be used with"),
        (&["logs", "--job", "18b9edca"], "name the file, or give 18b9edca itself as JOB"),
        (&["resolve", "--db", DB, "--job", "18b9edca"], "name the file, or give 18b9edca itself as JOB"),
        (
            &["targets", "00c0ffee", "--db", DB, "--job", "18b9edca"],
            "00c0ffee is none; to read the row 00c0ffee of --db",
        ),
        (&["report", "00c0ffee", "--db", DB, "--job", "x"], "leave --job out"),
    ] {
        assert_fails(elbtail(arguments), 2, &[says]);
    }
    let picked = ["resolve", "testdata/rows/incident.json", "--job", "18b9edca", "--db", DB, "-o", "name"];
    elbtail(&picked).assert().code(0).stdout("job-429825360482416da20736cf3ed51a95\n");
}
