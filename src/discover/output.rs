//! `elbtail targets JOB -o table|wide|name|json|yaml`: entries as text, once or as they change.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    TargetEntry,
    columns::{Lines, differ},
};
use crate::{
    job_id::JobId,
    render::{Headers, document},
};

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetsFormat {
    /// A line for each container.
    Table,
    /// The same with all there is to know.
    Wide,
    /// `<namespace>/<pod>/<container>` for each container.
    Name,
    /// One object; with `-w` one for each container, a line each.
    Json,
    /// The same object; with `-w` a document for each container.
    Yaml,
}

impl TargetsFormat {
    /// Whether `now` is worth a line after `before`.
    pub(super) fn shows(self, before: &TargetEntry, now: &TargetEntry) -> bool {
        match self {
            TargetsFormat::Table => differ(false, before, now),
            TargetsFormat::Wide => differ(true, before, now),
            // A name is news once.
            TargetsFormat::Name => false,
            TargetsFormat::Json | TargetsFormat::Yaml => before != now,
        }
    }
}

/// The object of `-o json` and `-o yaml`: a contract with scripts.
#[derive(Serialize)]
struct TargetsOutput<'a> {
    job: &'a JobId,
    targets: &'a [TargetEntry],
}

/// The whole list, with a line end. No entries give an empty table, and an object with an empty list.
///
/// # Errors
/// None is known; what the serializers can report is handed on.
pub fn render(
    format: TargetsFormat,
    job: &JobId,
    entries: &[TargetEntry],
    headers: Headers,
    now: Timestamp,
) -> anyhow::Result<String> {
    Ok(match format {
        TargetsFormat::Json => document::json(&TargetsOutput { job, targets: entries })?,
        TargetsFormat::Yaml => document::yaml(&TargetsOutput { job, targets: entries })?,
        _ => Printer::new(format, headers).print(entries, now)?,
    })
}

/// Writes entries as they come: what `-w` prints.
#[derive(Debug)]
pub struct Printer {
    format: TargetsFormat,
    lines: Lines,
}

impl Printer {
    /// A printer that has written nothing yet.
    pub fn new(format: TargetsFormat, headers: Headers) -> Printer {
        Printer { format, lines: Lines::new(format == TargetsFormat::Wide, headers) }
    }

    /// The text of some entries; a table's header comes before the first.
    ///
    /// # Errors
    /// None is known; what the serializers can report is handed on.
    pub fn print(&mut self, entries: &[TargetEntry], now: Timestamp) -> anyhow::Result<String> {
        match self.format {
            TargetsFormat::Table | TargetsFormat::Wide => Ok(self.lines.of(entries, now)),
            // A name stands for something that is there.
            TargetsFormat::Name => {
                Ok(entries.iter().filter(|entry| !entry.is_deleted()).map(|entry| entry.name() + "\n").collect())
            }
            TargetsFormat::Json => entries.iter().map(document::json_line).collect(),
            TargetsFormat::Yaml => {
                entries.iter().map(|entry| Ok("---\n".to_owned() + &document::yaml(entry)?)).collect()
            }
        }
    }
}
