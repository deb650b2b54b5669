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
    name_list::NameList,
    render::ColorChoice,
    session::{
        Outlet, RunEvent,
        piped::{Arrangement, PipedRun},
        snapshot::Order,
        unchosen::NOTHING,
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

impl Piped {
    /// Adds to `events` what a text tells: an object, or lines that are none.
    fn take(&mut self, text: &[u8], piped: &mut PipedRun, events: &mut Vec<RunEvent>, verbosity: Verbosity) {
        let lines = || text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let first = self.lines + 1;
        self.lines += lines().count() as u64;
        if lines().next().is_none() {
            return;
        }
        let Err(why) = piped.take(text, events) else { return };
        if self.foreign == 0 && verbosity > Verbosity::Little {
            stderr::warn(&format!(
                "line {first} of standard input is no object of a run: {why}; it is printed as it is"
            ));
        }
        let now = Stamp::from_timestamp(Timestamp::now()).unwrap_or_default();
        for line in lines() {
            self.foreign += 1;
            piped.foreign(line, now, events);
        }
    }
}

/// Puts together what `-o ppextjson` prints over several lines.
#[derive(Default)]
struct SpreadObject(Vec<u8>);

/// What a line is of an object.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// All of it, or none.
    Alone,
    /// A part; more is to come.
    Part,
    /// The last part. It may be no object, but one that was broken off.
    Whole(Vec<u8>),
}

impl SpreadObject {
    /// Takes a line.
    fn take(&mut self, line: &[u8]) -> Taken {
        let begins = line == b"{";
        let is_open = !self.0.is_empty();
        if !begins && !is_open {
            return Taken::Alone;
        }
        let broken = (begins && is_open).then(|| self.rest());
        if is_open && broken.is_none() {
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(line);
        match broken {
            Some(broken) => Taken::Whole(broken),
            None if line == b"}" || self.0.len() as u64 > LONGEST => Taken::Whole(self.rest()),
            None => Taken::Part,
        }
    }

    /// What there is of one that did not end.
    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Prints the lines that a run has printed.
pub async fn run(args: LogsArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let printing = Printing::of(&args.print, &args.lines, color)?.of_pieces();
    let piped = PipedRun::new(args.filter()?, args.lines.since()?);
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
        let text = format!("{}; standard input has lines of: {}", NOTHING, NameList::sorted(unwanted));
        return Err(Failure::NoPods(text));
    }
    if foreign > 1 && verbosity > Verbosity::Little {
        stderr::warn(&format!(
            "{foreign} of {lines} lines of standard input are no objects of a run; they are printed as they are"
        ));
    }
    let stats = stats.now();
    if args.exit_code && stats.ended.is_none() {
        stderr::warn(
            "standard input does not say how the job ended, by which --exit-code goes; 'elbtail logs -f -o json --events' does",
        );
    }
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
    let mut spread = SpreadObject::default();
    loop {
        line.clear();
        let length = (&mut input).take(LONGEST).read_until(b'\n', &mut line).await;
        let length =
            length.map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot read standard input")))?;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        match spread.take(text) {
            _ if length == 0 => read.take(&spread.rest(), &mut piped, &mut events, verbosity),
            Taken::Alone => read.take(text, &mut piped, &mut events, verbosity),
            Taken::Whole(object) => read.take(&object, &mut piped, &mut events, verbosity),
            Taken::Part => {}
        }
        if length == 0 {
            break;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_over_several_lines_is_put_together_and_one_that_is_broken_off_is_left() {
        let mut spread = SpreadObject::default();
        let whole = |text: &str| Taken::Whole(text.as_bytes().to_vec());
        for (line, taken) in [
            ("{\"a\":1}", Taken::Alone),
            ("text", Taken::Alone),
            ("}", Taken::Alone),
            ("{", Taken::Part),
            ("  \"a\": {", Taken::Part),
            ("  }", Taken::Part),
            ("}", whole("{\n  \"a\": {\n  }\n}")),
            ("{", Taken::Part),
            ("  \"a\": 1", Taken::Part),
            ("{", whole("{\n  \"a\": 1")),
            ("}", whole("{\n}")),
            ("text", Taken::Alone),
            ("{", Taken::Part),
        ] {
            assert_eq!(spread.take(line.as_bytes()), taken, "{line}");
        }
        assert_eq!(spread.rest(), b"{");
    }
}
