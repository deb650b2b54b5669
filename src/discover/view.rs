//! `elbtail targets JOB -o table|wide|name|json|yaml`: entries as text, once or as they change.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Entry,
    columns::{Table, differ},
};
use crate::job_id::JobId;

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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
    pub(super) fn shows(self, before: &Entry, now: &Entry) -> bool {
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
struct View<'a> {
    job: &'a JobId,
    targets: &'a [Entry],
}

/// The whole list, with a line end. No entries give an empty table, and an object with an empty list.
///
/// # Errors
/// None is known; what the serializers can report is handed on.
pub fn render(format: TargetsFormat, job: &JobId, entries: &[Entry], now: Timestamp) -> anyhow::Result<String> {
    Ok(match format {
        TargetsFormat::Json => serde_json::to_string_pretty(&View { job, targets: entries })? + "\n",
        TargetsFormat::Yaml => yaml(&View { job, targets: entries })?,
        _ => Printer::new(format).print(entries, now)?,
    })
}

/// Writes entries as they come: what `-w` prints.
#[derive(Debug)]
pub struct Printer {
    format: TargetsFormat,
    table: Table,
}

impl Printer {
    /// A printer that has written nothing yet.
    pub fn new(format: TargetsFormat) -> Printer {
        Printer { format, table: Table::new(format == TargetsFormat::Wide) }
    }

    /// The text of some entries; a table's header comes before the first.
    ///
    /// # Errors
    /// None is known; what the serializers can report is handed on.
    pub fn print(&mut self, entries: &[Entry], now: Timestamp) -> anyhow::Result<String> {
        match self.format {
            TargetsFormat::Table | TargetsFormat::Wide => Ok(self.table.lines(entries, now)),
            // A name stands for something that is there.
            TargetsFormat::Name => {
                Ok(entries.iter().filter(|entry| !entry.is_deleted()).map(|entry| entry.name() + "\n").collect())
            }
            TargetsFormat::Json => entries.iter().map(|entry| Ok(serde_json::to_string(entry)? + "\n")).collect(),
            TargetsFormat::Yaml => entries.iter().map(|entry| Ok("---\n".to_owned() + &yaml(entry)?)).collect(),
        }
    }
}

fn yaml(value: &impl Serialize) -> anyhow::Result<String> {
    // Folded and block texts are for people; a value that comes back as it went is for scripts.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    Ok(serde_saphyr::to_string_with_options(value, options)?)
}
