//! A test cluster as a process: it prints the path of a kubeconfig, and runs until it is interrupted or its stdin ends.
//!
//! `testcluster flow` makes running pods that print as many lines a second as the last line on stdin says; the other
//! scenarios are told in [`incident`] and [`load`].

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{Flow, Options, TestCluster, incident, load};

struct Arguments {
    scenario: String,
    pods: usize,
    containers: usize,
    foreign: usize,
    lines: usize,
    seconds: u64,
    file_size: Option<usize>,
    metrics: bool,
    port: u16,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self {
            scenario: "empty".to_owned(),
            pods: 30,
            containers: 2,
            foreign: 0,
            lines: 20_000,
            seconds: 60,
            file_size: None,
            metrics: false,
            port: 0,
        };
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> { Ok(words.next().unwrap_or_default().parse()?) };
            match word.as_str() {
                "--pods" => arguments.pods = usize::try_from(number()?)?,
                "--containers" => arguments.containers = usize::try_from(number()?)?,
                "--foreign" => arguments.foreign = usize::try_from(number()?)?,
                "--lines" => arguments.lines = usize::try_from(number()?)?,
                "--seconds" => arguments.seconds = number()?,
                "--file-size" => arguments.file_size = Some(usize::try_from(number()?)?),
                "--metrics" => arguments.metrics = true,
                "--port" => arguments.port = u16::try_from(number()?)?,
                "empty" | "flow" | "incident" | "live" | "load" | "rotated" => arguments.scenario = word,
                _ => bail!(
                    "usage: testcluster [empty|flow|incident|live|load|rotated] [--pods N] [--containers N] [--foreign N] [--lines N] \
                     [--seconds N] [--file-size BYTES] [--metrics] [--port N]"
                ),
            }
        }
        Ok(arguments)
    }
}

/// Runs what the words of a command line say.
///
/// # Errors
/// When they cannot be understood, or the cluster cannot be started.
pub async fn run(words: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse(words)?;
    let options = Options {
        port: arguments.port,
        log_max_size: arguments.file_size,
        metrics: arguments.metrics,
        ..Options::default()
    };
    let cluster = TestCluster::start(options).await?;
    let directory = tempfile::tempdir()?;
    let kubeconfig = cluster.write_kubeconfig(directory.path())?;
    load::foreign_pods(&cluster, arguments.foreign);
    let mut flow = None;
    match arguments.scenario.as_str() {
        "flow" => flow = Some(Flow::new(&cluster, arguments.pods, arguments.containers)),
        "incident" => drop(incident::finished(&cluster, arguments.lines)),
        "rotated" => load::rotated(&cluster, arguments.pods, arguments.containers, arguments.lines),
        "load" => load::load(&cluster, arguments.pods, arguments.containers, arguments.lines),
        _ => {}
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", kubeconfig.display())?;
    stdout.flush()?;
    let story = async {
        match flow.clone() {
            Some(flow) => flow.run().await,
            None if arguments.scenario == "live" => {
                incident::live(&cluster, Duration::from_secs(arguments.seconds)).await;
            }
            None => {}
        }
        std::future::pending::<()>().await;
    };
    let closed = async {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let (Some(flow), Ok(rate)) = (&flow, line.trim().parse()) {
                flow.rate(rate);
            }
        }
    };
    tokio::select! {
        () = story => {}
        () = closed => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}
