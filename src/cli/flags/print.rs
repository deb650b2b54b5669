//! [`PrintArgs`]: how lines are printed.

use std::{fs, path::PathBuf};

use clap::{ArgAction, Args, ValueHint};
use jiff::tz::TimeZone;
use regex::bytes::Regex;

use super::ScreenArgs;
use crate::{
    cli::{
        console::{EventLayout, EventStyle},
        failure::Failure,
        timezone,
    },
    render::{Format, Highlight, LineTemplate, Patterns, TemplateStyle, TimeFormat, Times, choice::Groups},
};

/// The heading of these flags in `--help`.
pub const HEADING: &str = "Display";

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
    #[arg(long, value_name = "ZONE", value_parser = timezone::zone, allow_hyphen_values = true, help_heading = HEADING)]
    timezone: Option<TimeZone>,
    /// How to print lines
    #[arg(long, short = 'o', value_enum, default_value_t, value_name = "FORMAT", help_heading = HEADING)]
    pub output: Format,
    /// Let what matches stand out (regular expression), as what --include matches does; can be repeated
    #[arg(long, short = 'H', value_name = "PATTERN", value_parser = Regex::new, action = ArgAction::Append, help_heading = HEADING)]
    highlight: Vec<Regex>,
    /// Print lines as a template in Jinja's syntax makes them, such as '{{ pod }}: {{ message }}'; docs/templates.md has the fields
    #[arg(long, value_name = "TEMPLATE", conflicts_with_all = ["template_file", "output"], help_heading = HEADING)]
    template: Option<String>,
    /// The same, from a file
    #[arg(long, short = 'T', value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "output", help_heading = HEADING)]
    template_file: Option<PathBuf>,
    /// With -o json, extjson or ppextjson: also print what is told besides lines as objects, such as started, ended, gap
    #[arg(long, help_heading = HEADING)]
    events: bool,
    /// What is done to them for whoever looks at them.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

impl PrintArgs {
    /// Whether the time stands before each line.
    pub fn has_times(&self) -> bool {
        self.timestamps.as_ref().is_some_and(|format| *format != TimeFormat::Off)
    }

    /// What that looks like.
    pub fn times(&self) -> Times {
        Times::new(self.timestamps.clone().unwrap_or_default(), self.zone())
    }

    fn zone(&self) -> TimeZone {
        self.timezone.clone().unwrap_or(TimeZone::UTC)
    }

    /// The template that makes lines, if one does.
    ///
    /// # Errors
    /// When it cannot be read or is wrong.
    pub fn template(&self, color: bool, terminal: bool) -> Result<Option<LineTemplate>, Failure> {
        let (name, text) = match (&self.template, &self.template_file) {
            (Some(text), _) => ("--template".to_owned(), text.clone()),
            (None, Some(path)) => {
                let name = path.display().to_string();
                let text = fs::read_to_string(path)
                    .map_err(|error| Failure::Usage(format!("--template-file {name}: {error}")))?;
                (name, text)
            }
            (None, None) => return Ok(None),
        };
        let template = LineTemplate::new(&text, TemplateStyle { color, terminal, zone: self.zone() });
        template.map(Some).map_err(|error| {
            Failure::Usage(format!("{name}, {error}; docs/templates.md has the fields, filters and examples"))
        })
    }

    /// What stands between lines that were not neighbours: where a line is a row for a person, what grep writes.
    pub fn groups(&self) -> Groups {
        let has_template = self.template.is_some() || self.template_file.is_some();
        if self.output == Format::Default && !has_template { Groups::Separated } else { Groups::Joined }
    }

    /// How what is told besides lines is printed among them, if it is.
    ///
    /// # Errors
    /// When lines are no JSON.
    pub fn events(&self) -> Result<Option<EventStyle>, Failure> {
        let has_template = self.template.is_some() || self.template_file.is_some();
        let layout = match self.output {
            _ if !self.events => return Ok(None),
            Format::Json | Format::ExtJson if !has_template => EventLayout::Line,
            Format::PpExtJson if !has_template => EventLayout::Pretty,
            _ => {
                let text = "--events prints objects: it goes with -o json, extjson or ppextjson";
                return Err(Failure::Usage(text.to_owned()));
            }
        };
        // Objects are masked whoever reads them.
        let is_masked = self.screen.masking(self.output, false).is_some();
        Ok(Some(EventStyle { layout, is_masked }))
    }

    /// What stands out, when lines are chosen by `include`.
    pub fn highlight(&self, include: Patterns) -> Option<Highlight> {
        Highlight::new(include.and(self.highlight.iter().cloned()))
    }
}
