//! `elbtail logs --stdin`.

use jiff::Timestamp;
use memchr::memchr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use super::{
    args::LogsArgs,
    console::{self, Printing, StderrStyle, Verbosity, Whose},
    failure::Failure,
    interrupt::interruptible,
    logs, stderr, stdout,
};
use crate::{
    exit::Exit,
    k8s::Stamp,
    render::ColorChoice,
    session::{
        Outlet, RunEvent,
        piped::{Arrangement, PipedRun},
        snapshot::Order,
    },
};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// Lines handed on together at most.
const RUN: usize = 512;

/// Longer than any object that elbtail prints: the longest line of a log is 16 MiB, and a byte has six characters at most.
const LONGEST: u64 = 128 << 20;

/// What was read.
#[derive(Default)]
struct Piped {
    lines: u64,
    /// Those that are no objects of a run.
    foreign: u64,
    /// Containers of which none is chosen.
    unwanted: Option<Vec<String>>,
}

/// Prints the lines that a run has printed.
pub async fn run(args: LogsArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let printing = Printing::of(&args.print, &args.lines, color)?.of_pieces();
    let piped = PipedRun::new(args.select.filter(""), args.lines.since()?);
    let arrangement = Arrangement { tail: args.lines.tail(), by_time: args.order == Some(Order::Time) };
    let verbosity = match (args.only_log_lines, args.verbose > 0) {
        (_, true) => Verbosity::Verbose,
        (true, _) => Verbosity::Little,
        _ => Verbosity::Normal,
    };
    let (console, out) = console::alone(printing, Whose::AsTold(Vec::new()), StderrStyle::of(verbosity, color))?;
    let stats = out.stats();
    let work = async {
        tokio::select! {
            read = read(piped, arrangement, out, verbosity) => read,
            () = stdout::closed() => Ok(Piped::default()),
        }
    };
    let ended = interruptible(work).await;
    console::finished(console).await?;
    let Piped { lines, foreign, unwanted } = match ended {
        Ok(read) => read?,
        Err(exit) => return Ok(exit),
    };
    if foreign > 0 && foreign == lines {
        let text = "standard input holds nothing that 'elbtail logs -o json' has printed; pipe its output here";
        return Err(Failure::Usage(text.to_owned()));
    }
    if let Some(unwanted) = unwanted {
        stderr::warn(&format!("{}; standard input has lines of: {}", logs::NOTHING, logs::listing(unwanted)));
    }
    if foreign > 1 && verbosity > Verbosity::Little {
        stderr::warn(&format!(
            "{foreign} of {lines} lines of standard input are no objects of a run; they are printed as they are"
        ));
    }
    let stats = stats.now();
    logs::exit(&stats, args.exit_code && stats.ended.is_some_and(|ending| ending.failed))
}

/// Tells everything that is piped in.
async fn read(
    mut piped: PipedRun,
    arrangement: Arrangement,
    out: Outlet,
    verbosity: Verbosity,
) -> Result<Piped, Failure> {
    let mut input = BufReader::with_capacity(BUFFER, tokio::io::stdin());
    let (mut read, mut line, mut events) = (Piped::default(), Vec::new(), Vec::new());
    loop {
        line.clear();
        let length = (&mut input).take(LONGEST).read_until(b'\n', &mut line).await;
        let length =
            length.map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot read standard input")))?;
        if length == 0 {
            break;
        }
        read.lines += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if text.trim_ascii().is_empty() {
            read.lines -= 1;
        } else if let Err(why) = piped.take(text, &mut events) {
            read.foreign += 1;
            if read.foreign == 1 && verbosity > Verbosity::Little {
                stderr::warn(&format!(
                    "line {} of standard input is no object of a run: {why}; it is printed as it is",
                    read.lines
                ));
            }
            let now = Stamp::from_timestamp(Timestamp::now()).unwrap_or_default();
            piped.foreign(text, now, &mut events);
        }
        // Which lines are the last, and in which order all are, is known at the end.
        if arrangement.is_one() {
            continue;
        }
        // What is at hand is told together, and what is at hand waits for nothing.
        let lines: usize = events.iter().map(RunEvent::lines).sum();
        if lines >= RUN || memchr(b'\n', input.buffer()).is_none() {
            for event in events.drain(..) {
                if out.send(event).await.is_err() {
                    return Ok(read);
                }
            }
        }
    }
    read.unwanted = piped.all_unwanted();
    for event in arrangement.of(events) {
        if out.send(event).await.is_err() {
            break;
        }
    }
    Ok(read)
}
