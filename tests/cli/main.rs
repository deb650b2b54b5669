//! The command line without a cluster: what bad input is answered with, help, completions.
//!
//! After a change of the command line, `INSTA_UPDATE=always cargo test --test cli` brings the snapshots in
//! `tests/cli/snapshots/` and the scripts in `completions/` up to date.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[cfg(feature = "archive")]
mod all;
mod colors;
mod completions;
mod config;
mod connection;
mod help;
mod ids;
mod kubectl;
mod lines;
#[path = "../support/lines_schema.rs"]
mod lines_schema;
mod output;
mod packaging;
mod rows;
mod shapes;
mod terminal;
#[path = "../support/tmux.rs"]
mod tmux;

use assert_cmd::Command;
use predicates::{Predicate, prelude::predicate::str};

/// The binary, in an environment that says nothing.
fn elbtail(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    for name in [
        "KUBECONFIG",
        "ELBTAIL_DB",
        "ELBTAIL_CONFIG",
        "XDG_CONFIG_HOME",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "TZ",
    ] {
        command.env_remove(name);
    }
    command.env("COLUMNS", "100").env("HOME", "/nonexistent").args(arguments);
    command
}

/// Checks that the binary ends with `code`, prints nothing and says an error with all `parts`.
#[track_caller]
fn assert_fails(mut command: Command, code: i32, parts: &[&str]) {
    let run = command.assert().code(code).stdout("").stderr(str::contains("error: "));
    for part in parts {
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(str::contains(*part).eval(&said), "{part:?} is not in\n{said}");
    }
}
