//! As kubectl's plugin.

use std::{os::unix::fs::symlink, path::PathBuf, process::Command};

use crate::{Batch, ONE, Place};

/// The binary under the name that kubectl looks for.
fn plugin(place: &Place) -> PathBuf {
    let path = place.directory.path().join("kubectl-elbtail");
    symlink(assert_cmd::cargo::cargo_bin!("elbtail"), &path).unwrap();
    path
}

fn run(place: &Place, program: &PathBuf, words: &[&str]) -> (String, String, Option<i32>) {
    let template = place.command(words);
    let mut command = Command::new(program);
    command.args(words).env_clear();
    for (name, value) in template.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn usage_and_commands_show_the_name_it_was_called_by() {
    let place = Place::new();
    let program = plugin(&place);
    let (help, ..) = run(&place, &program, &["logs", "--help"]);
    assert!(help.contains("Usage: kubectl elbtail logs"), "{help}");
    assert!(help.contains("  kubectl elbtail logs -f row.json"), "{help}");
    let (_, said, code) = run(&place, &program, &["completion"]);
    assert!(code == Some(2) && said.contains("Usage: kubectl elbtail completion"), "{said}");
    let (_, said, code) = run(&place, &program, &["logs"]);
    assert!(code == Some(2) && said.contains("'kubectl elbtail jobs'"), "{said}");
    let (version, ..) = run(&place, &program, &["--version"]);
    assert_eq!(version, format!("elbtail {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_script_that_kubectl_runs_asks_the_plugin() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Runs);
    plugin(&place);
    let template = place.command(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/kubectl_complete-elbtail");
    let mut command = Command::new(script);
    command.args(["logs", "3ed"]).env_clear();
    for (name, value) in template.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command.env("PATH", format!("{}:/usr/bin:/bin", place.directory.path().display()));
    let out = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(out.starts_with("3ed51a95\t") && out.ends_with(":4\n"), "{out}");
}

#[test]
fn kubectl_is_answered_as_cobras_programs_answer() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Runs);
    let program = plugin(&place);
    let answer = |words: &[&str]| -> (Vec<String>, String) {
        let (out, _, code) = run(&place, &program, &[&["__complete"], words].concat());
        assert_eq!(code, Some(0));
        let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
        let directive = lines.pop().unwrap();
        (lines, directive)
    };
    let (commands, directive) = answer(&["lo"]);
    assert!(commands[0].starts_with("logs\t") && directive == ":4", "{commands:?} {directive}");
    let (jobs, _) = answer(&["logs", "3ed"]);
    assert!(jobs[0].starts_with("3ed51a95\t") && jobs[0].contains("blastn"), "{jobs:?}");
    let (namespaces, _) = answer(&["logs", "-n", "def"]);
    assert_eq!(namespaces, ["default"]);
    let (none, directive) = answer(&["logs", "--tail", ""]);
    assert!(none.iter().all(|word| word.starts_with('-')) && directive == ":4", "{none:?}");
}
