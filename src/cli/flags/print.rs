//! [`PrintArgs`]: how lines are printed.

use clap::{ArgAction, Args};
use jiff::tz::TimeZone;
use regex::bytes::Regex;

use crate::{
    cli::timezone,
    render::{Format, Highlight, Patterns, TimeFormat, Times},
};

/// The heading of these flags in `--help`.
const HEADING: &str = "Display";

/// How lines are printed.
#[derive(Debug, Clone, Default, Args)]
pub struct PrintArgs {
    /// Print the time of each line: default (RFC 3339), short, relative to the first line, or a strftime format such as %H:%M:%S
    #[arg(
        long, short = 't', value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "default",
        help_heading = HEADING
    )]
    timestamps: Option<TimeFormat>,
    /// The zone of these times: UTC, Local, +02:00, or a name such as Asia/Seoul [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = timezone::zone, help_heading = HEADING)]
    timezone: Option<TimeZone>,
    /// How to print lines
    #[arg(long, short = 'o', value_enum, default_value_t, value_name = "FORMAT", help_heading = HEADING)]
    pub output: Format,
    /// Let what matches stand out (regular expression), as what --include matches does; can be repeated
    #[arg(long, short = 'H', value_name = "PATTERN", value_parser = Regex::new, action = ArgAction::Append, help_heading = HEADING)]
    highlight: Vec<Regex>,
}

impl PrintArgs {
    /// Whether the time stands before each line.
    pub fn has_times(&self) -> bool {
        self.timestamps.is_some()
    }

    /// What that looks like.
    pub fn times(&self) -> Times {
        Times::new(self.timestamps.clone().unwrap_or_default(), self.timezone.clone().unwrap_or(TimeZone::UTC))
    }

    /// What stands out, when lines are chosen by `include`.
    pub fn highlight(&self, include: Patterns) -> Option<Highlight> {
        Highlight::new(include.and(self.highlight.iter().cloned()))
    }
}
