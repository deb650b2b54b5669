//! Runs a test cluster until interrupted: `testcluster [empty|incident|live|load] [--pods N] [--lines M] [--port P]`.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use testcluster::{Options, TestCluster, incident, load};
use tokio::io::AsyncReadExt as _;

struct Arguments {
    scenario: String,
    pods: usize,
    containers: usize,
    lines: usize,
    seconds: u64,
    port: u16,
}

impl Arguments {
    fn parse() -> Result<Self> {
        let mut arguments =
            Self { scenario: "empty".to_owned(), pods: 30, containers: 2, lines: 20_000, seconds: 60, port: 0 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> { Ok(words.next().unwrap_or_default().parse()?) };
            match word.as_str() {
                "--pods" => arguments.pods = usize::try_from(number()?)?,
                "--containers" => arguments.containers = usize::try_from(number()?)?,
                "--lines" => arguments.lines = usize::try_from(number()?)?,
                "--seconds" => arguments.seconds = number()?,
                "--port" => arguments.port = u16::try_from(number()?)?,
                "empty" | "incident" | "live" | "load" => arguments.scenario = word,
                _ => bail!(
                    "usage: testcluster [empty|incident|live|load] [--pods N] [--containers N] [--lines N] [--seconds N] [--port N]"
                ),
            }
        }
        Ok(arguments)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse()?;
    let cluster = TestCluster::start(Options { port: arguments.port, ..Options::default() }).await?;
    let directory = tempfile::tempdir()?;
    let kubeconfig = cluster.write_kubeconfig(directory.path())?;
    match arguments.scenario.as_str() {
        "incident" => drop(incident::finished(&cluster, arguments.lines)),
        "load" => load::load(&cluster, arguments.pods, arguments.containers, arguments.lines),
        _ => {}
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", kubeconfig.display())?;
    stdout.flush()?;
    let story = async {
        if arguments.scenario == "live" {
            incident::live(&cluster, Duration::from_secs(arguments.seconds)).await;
        }
        std::future::pending::<()>().await;
    };
    let closed = async {
        let mut nothing = [0; 64];
        while matches!(tokio::io::stdin().read(&mut nothing).await, Ok(1..)) {}
    };
    tokio::select! {
        () = story => {}
        () = closed => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}
