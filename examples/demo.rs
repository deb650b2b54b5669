//! The incident, live: a job of 5 shards whose row keeps its id where a reader of the first field does not look.
//!
//! `cargo run --example demo` needs no cluster: it starts the test cluster, plays the job on it within 18 seconds, and runs
//! elbtail's own command line on `testdata/rows/incident.json`.

use std::{process::ExitCode, sync::mpsc, thread, time::Duration};

use anyhow::Context;
use clap::Parser;
use elbtail::{
    cli::{self, Cli},
    exit::Exit,
};
use testcluster::{Options, TestCluster, incident};

/// How long the job takes.
const LENGTH: Duration = Duration::from_secs(18);
/// Lines of each `blast`.
const LINES: usize = 60;
const ROW: &str = "testdata/rows/incident.json";

fn main() -> anyhow::Result<ExitCode> {
    let cluster = TestCluster::start_blocking(Options::default()).context("cannot start the test cluster")?;
    let directory = tempfile::tempdir()?;
    let kubeconfig = cluster.write_kubeconfig(directory.path())?;
    let row = format!("{}/{ROW}", env!("CARGO_MANIFEST_DIR"));
    let words = ["elbtail", "logs", "-f", &row, "--kubeconfig", kubeconfig.to_str().unwrap_or_default()];
    let cli = Cli::try_parse_from(words)?;

    let (done, story) = mpsc::channel();
    let playing = incident::play(&cluster, LENGTH, LINES);
    thread::spawn(move || done.send(playing.finish_blocking()));
    // What is not a log line goes to stderr, as with elbtail itself.
    eprintln!("$ elbtail logs -f {ROW}");
    let exit = match cli::run(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit()
        }
    };

    // Interrupted, or nobody reads any more: then there is no end to tell of.
    let told = story.recv_timeout(Duration::from_secs(2)).ok().filter(|_| exit == Exit::Done);
    if let Some(told) = told {
        let lines: usize = told.logs.iter().map(|log| log.lines.len()).sum();
        let init = told.logs.iter().filter(|log| log.init).count();
        let regular = told.logs.len() - init;
        eprintln!();
        eprintln!(
            "{lines} lines of {regular} containers and {init} init containers, each of them once: exit code 0 says so."
        );
        eprintln!("The row's first field for the id is null: whoever reads that one alone finds no container at all.");
        eprintln!("Where the id was: cargo run -- resolve {ROW}");
        eprintln!(
            "For a cluster of your own: cargo install --path . --locked, then `elbtail logs -f ROW`; the README has the rest."
        );
    }
    Ok(exit.into())
}
