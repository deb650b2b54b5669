//! [`LineArgs`]: which lines of a container.

use clap::{ArgAction, Args};
use jiff::{SignedDuration, Timestamp};
use regex::bytes::Regex;

use crate::{
    cli::{duration::positive, failure::Failure},
    k8s::{Stamp, Stream},
    render::{
        Patterns, Transforms,
        choice::{ByteLimit, Context, Groups, LineFilter, OfStream, Until},
    },
};

/// The heading of these flags in `--help`.
const HEADING: &str = "Lines";

/// Lines around a chosen one at most: what is held of each container while nothing is chosen.
const MOST_CONTEXT: u32 = 10_000;

/// Which lines of a container. All but the first three leave out what was read: what is missing is told, and what is kept is kept,
/// whatever is shown.
#[derive(Debug, Clone, Args)]
pub struct LineArgs {
    /// Only the last N lines of each container; -1 for all
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = tail, default_value_t = -1, help_heading = HEADING)]
    tail: i64,
    /// Only lines newer than this, such as 5s, 2h30m, 1d
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true, conflicts_with = "since_time", help_heading = HEADING)]
    since: Option<SignedDuration>,
    /// Only lines at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = HEADING)]
    since_time: Option<Timestamp>,
    /// Only lines older than this, such as 5s, 2h30m, 1d
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true, conflicts_with = "until_time", help_heading = HEADING)]
    until: Option<SignedDuration>,
    /// Only lines at or before this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = HEADING)]
    until_time: Option<Timestamp>,
    /// Only lines that match (regular expression, (?i) ignores case), can be repeated
    #[arg(long, short = 'i', value_name = "PATTERN", value_parser = pattern, action = ArgAction::Append, help_heading = HEADING)]
    include: Vec<Regex>,
    /// No lines that match (regular expression), can be repeated; it beats --include
    #[arg(long, short = 'e', value_name = "PATTERN", value_parser = pattern, action = ArgAction::Append, help_heading = HEADING)]
    exclude: Vec<Regex>,
    /// With --include or --errors: also the N lines of the container before and after each (--context is kubectl's)
    #[arg(long = "context-lines", short = 'C', value_name = "N", allow_negative_numbers = true, value_parser = around, help_heading = HEADING)]
    around: Option<u32>,
    /// With --include or --errors: also the N lines before each
    #[arg(long = "before-context", short = 'B', value_name = "N", allow_negative_numbers = true, value_parser = around, help_heading = HEADING)]
    before: Option<u32>,
    /// With --include or --errors: also the N lines after each
    #[arg(long = "after-context", short = 'A', value_name = "N", allow_negative_numbers = true, value_parser = around, help_heading = HEADING)]
    after: Option<u32>,
    /// Only lines written to this stream, where that is known: the log API does not tell, the files of nodes do
    #[arg(long, value_name = "STREAM", value_enum, help_heading = HEADING)]
    stream: Option<Stream>,
    /// At most so many bytes of each container, in whole lines; 0: all
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, value_parser = bytes, help_heading = HEADING)]
    limit_bytes: Option<u64>,
}

/// Why an empty pattern is none.
pub const EMPTY: &str = "it is empty, which would match everything";

/// A pattern of lines.
fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err(EMPTY.to_owned());
    }
    Regex::new(text).map_err(|error| error.to_string())
}

fn tail(text: &str) -> Result<i64, String> {
    let lines = text.trim().parse().ok().filter(|lines| *lines >= -1);
    lines.ok_or_else(|| "it is no number of lines; write it as 100, or -1 for all".to_owned())
}

fn around(text: &str) -> Result<u32, String> {
    let lines = text.trim().parse().ok().filter(|lines| *lines <= MOST_CONTEXT);
    lines.ok_or_else(|| format!("it is no number of lines from 0 to {MOST_CONTEXT}; write it as 3"))
}

fn bytes(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "it is no number of bytes without a unit; write it as 1000000".to_owned())
}

/// A moment, which has a zone.
fn time(text: &str) -> Result<Timestamp, String> {
    text.trim()
        .parse()
        .map_err(|_| "it is no time with its zone (RFC 3339); write it as 2026-11-24T12:58:25Z".to_owned())
}

impl LineArgs {
    /// How many lines from the end; `None`: all.
    pub fn tail(&self) -> Option<u64> {
        u64::try_from(self.tail).ok()
    }

    /// The earliest stamp that is wanted.
    ///
    /// # Errors
    /// When no log is of that time.
    pub fn since(&self) -> Result<Option<Stamp>, Failure> {
        // 0 is what kubectl takes for no such flag.
        let ago = self.since.filter(|since| !since.is_zero());
        let since = moment(ago, self.since_time, "--since-time")?;
        let is_empty = match (ago, self.until) {
            // Both count from now.
            (Some(since), Some(until)) => since <= until,
            _ => since.zip(self.latest()?).is_some_and(|(since, until)| since > until),
        };
        if is_empty {
            let text = "--until is no later than --since: no line is between the two";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(since)
    }

    /// The latest stamp that is wanted.
    fn latest(&self) -> Result<Option<Stamp>, Failure> {
        moment(self.until, self.until_time, "--until-time")
    }

    /// What chooses lines after they were read, and after what is done to them `first`, with `groups` of lines around them.
    ///
    /// # Errors
    /// When no log is of a time that is given.
    pub fn transforms(&self, first: Transforms, groups: Groups) -> Result<Transforms, Failure> {
        let until = self.latest()?;
        let context = self.context().unwrap_or_default();
        let filter = LineFilter::new(self.include(), self.exclude.iter().cloned().collect(), context);
        Ok(first
            .and(until.map(Until))
            .and(self.stream.map(OfStream::new))
            .and(filter.map(|filter| filter.with_groups(groups)))
            .and(self.limit_bytes.filter(|bytes| *bytes > 0).map(ByteLimit::new)))
    }

    /// How many lines are shown around chosen ones, if that is said.
    fn context(&self) -> Option<Context> {
        let is_said = [self.around, self.before, self.after].iter().any(Option::is_some);
        let lines = |own: Option<u32>| own.or(self.around).unwrap_or_default() as usize;
        is_said.then(|| Context { before: lines(self.before), after: lines(self.after) })
    }

    /// [`LineArgs::context`], when problems are chosen or not.
    ///
    /// # Errors
    /// When it is said, and no lines are chosen around which others could be.
    pub fn context_of(&self, problems: bool) -> Result<Option<Context>, Failure> {
        let context = self.context();
        if context.is_some() && self.include.is_empty() && !problems {
            let text = "-C, -B and -A show lines around others: choose these with --include or --errors";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(context)
    }

    /// What is done to lines that are counted: when some are chosen, not all that are read are printed.
    pub fn what_happened(&self) -> &'static str {
        let chosen = self.transforms(Transforms::default(), Groups::Joined);
        if chosen.is_ok_and(|transforms| transforms.is_empty()) { "printed" } else { "read" }
    }

    /// What lines must match.
    pub fn include(&self) -> Patterns {
        self.include.iter().cloned().collect()
    }
}

/// The moment that is so long `ago`, or the `time`.
pub fn moment(ago: Option<SignedDuration>, time: Option<Timestamp>, flag: &str) -> Result<Option<Stamp>, Failure> {
    let time = match ago {
        // What reaches back further than time does leaves nothing out.
        Some(ago) => Timestamp::now().checked_sub(ago).ok().filter(|time| Stamp::from_timestamp(*time).is_some()),
        None => time,
    };
    let Some(time) = time else { return Ok(None) };
    let stamp = Stamp::from_timestamp(time)
        .ok_or_else(|| Failure::Usage(format!("{flag} {time}: no log is from before 1678 or after 2262")))?;
    Ok(Some(stamp))
}
