//! [`RowError`]: why there is no row.

use std::io;

use serde_json::{Map, Value};

use super::{
    PREFIX_MIN,
    lookalike::{self, Likeness},
};
use crate::{exit::Exit, name_list::NameList, render::plain};

/// Why no row could be read. Each message names what went wrong, where, and what to do next.
///
/// `origin` is where the bytes came from: a path as the user wrote it, or `stdin`. Lines count from 1, columns are bytes
/// and count from 1, as serde_json gives them.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// `JOB` is neither a file nor an id.
    #[error("{}{}", if job.trim().is_empty() { String::new() } else { format!("{job}: ") }, not_found(job))]
    NotFound {
        /// What the user wrote.
        job: String,
    },
    /// The path is a directory without rows.
    #[error("{origin}: is a directory, and none of its files holds a row; name the file that does")]
    Directory {
        /// The path.
        origin: String,
    },
    /// The file may not be read.
    #[error("{origin}: permission denied; make the file readable, or pipe the row in and pass \"-\"")]
    Denied {
        /// The path.
        origin: String,
    },
    /// Reading failed in another way.
    #[error("{origin}: cannot be read: {error}; check the file or the command that feeds it")]
    Io {
        /// The path or `stdin`.
        origin: String,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// More bytes than elbtail is willing to hold.
    #[error("{origin}: is larger than {} MiB; export fewer rows", limit >> 20)]
    TooLarge {
        /// The path or `stdin`.
        origin: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Nothing but white space.
    #[error("{origin}: is empty; a row was expected: check the command that wrote it")]
    Empty {
        /// The path or `stdin`.
        origin: String,
    },
    /// Packed, and broken at its beginning.
    #[error("{origin}: is packed, and cannot be unpacked: {error}; copy it again")]
    Packed {
        /// The path or `stdin`.
        origin: String,
        /// What the unpacker said.
        #[source]
        error: io::Error,
    },
    /// Something that is known, and no row.
    #[error("{origin}: looks like {what}, not like a row; {way}")]
    LooksLike {
        /// The path or `stdin`.
        origin: String,
        /// What it looks like.
        what: String,
        /// What to do next.
        way: String,
    },
    /// A JSON object without a column of a row.
    #[error("{origin}: document {document} is no row: {what}; give a row, an array of rows, or one row a line")]
    NoColumns {
        /// The path or `stdin`.
        origin: String,
        /// Which document of the input it is, from 1.
        document: usize,
        /// What it has instead.
        what: String,
    },
    /// Not JSON.
    #[error("{origin}:{line}:{column}: is not JSON: {message}; give a row, an array of rows, or one row a line")]
    Syntax {
        /// The path or `stdin`.
        origin: String,
        /// The line in the whole input.
        line: usize,
        /// The byte in that line.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// JSON that stops in the middle.
    #[error(
        "{origin}:{line}:{column}: the JSON ends in the middle; it was cut off or is still being written: export it again"
    )]
    Truncated {
        /// The path or `stdin`.
        origin: String,
        /// The line in the whole input.
        line: usize,
        /// The byte in that line.
        column: usize,
    },
    /// JSON, but not an object where a row should be.
    #[error("{origin}:{line}:{column}: is not a row: {message}; give a row, an array of rows, or one row a line")]
    NotARow {
        /// The path or `stdin`.
        origin: String,
        /// The line in the whole input.
        line: usize,
        /// The byte in that line.
        column: usize,
        /// What stands there.
        message: String,
    },
    /// A list without rows.
    #[error("{origin}: holds a list without rows; check the query that wrote it{beside}")]
    NoRows {
        /// The path or `stdin`.
        origin: String,
        /// What else is to be said.
        beside: String,
    },
    /// Several rows, and nothing says which.
    #[error("{origin}: holds {count} rows to choose from; name one with --job ID: {}{beside}", listing(ids, *count))]
    Several {
        /// The path or `stdin`.
        origin: String,
        /// The first ids, escaped for display.
        ids: Vec<String>,
        /// How many different rows there are.
        count: usize,
        /// What else is to be said.
        beside: String,
    },
    /// `--job` names a row that is not there.
    #[error("{origin}: holds no row {}; it holds {}{}{beside}", plain(job, 80), listing(ids, *count), short(job))]
    NotThere {
        /// The path or `stdin`.
        origin: String,
        /// What `--job` said.
        job: String,
        /// The first ids that are there, escaped for display.
        ids: Vec<String>,
        /// How many different rows are there.
        count: usize,
        /// What else is to be said.
        beside: String,
    },
    /// `--job` beside a literal id: there are no rows to choose from.
    #[error("--job {} chooses among a file's rows, but JOB is the id {id} itself; leave --job out", plain(job, 80))]
    NothingToChoose {
        /// What `--job` said.
        job: String,
        /// The literal id.
        id: String,
    },
}

impl RowError {
    /// The exit code: always [`Exit::Row`].
    pub fn exit(&self) -> Exit {
        Exit::Row
    }

    /// The same, with the id that the broken text shows.
    pub(super) fn showing(mut self, id: Option<String>) -> Self {
        if let (Self::Syntax { message, .. }, Some(id)) = (&mut self, id) {
            *message += &format!(" (it shows {id}, which can be given instead of the row)");
        }
        self
    }

    /// What `origin` looks like.
    pub(super) fn looks_like(origin: &str, likeness: Likeness) -> Self {
        Self::LooksLike { origin: origin.to_owned(), what: likeness.what, way: likeness.way }
    }

    /// The object of the `document`th document is no row.
    pub(super) fn no_row(origin: &str, document: usize, object: &Map<String, Value>) -> Self {
        if let Some(likeness) = lookalike::of_object(object) {
            return Self::looks_like(origin, likeness);
        }
        let keys: Vec<String> = object.keys().take(6).map(|key| plain(key, 40)).collect();
        let what = match keys.len() {
            0 => "an empty object".to_owned(),
            _ => format!("none of its keys is a row's ({})", keys.join(", ")),
        };
        Self::NoColumns { origin: origin.to_owned(), document, what }
    }

    /// Sorts a parser's error into syntax, cut-off and not-a-row; `before` is the input before `parsed`.
    pub(super) fn from_json(origin: &str, before: &[u8], error: &serde_json::Error, parsed: &[u8]) -> Self {
        use serde_json::error::Category;
        let (mut line, mut column, origin) = (error.line(), error.column(), origin.to_owned());
        let text = error.to_string();
        // serde_json appends the place, which stands at the front here; an offending string is quoted in full.
        let message = plain(text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text), 160);
        // A line feed where none may be counts as the start of the next line, but the fault is at the end of its own.
        if column == 0 && line > 1 {
            line -= 1;
            column = parsed.split(|byte| *byte == b'\n').nth(line - 1).map_or(0, <[u8]>::len).max(1);
        }
        let same_line = before.len() - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let column = if line == 1 { same_line + column } else { column };
        let line = memchr::memchr_iter(b'\n', before).count() + line;
        match error.classify() {
            Category::Eof => Self::Truncated { origin, line, column },
            Category::Data => Self::NotARow { origin, line, column, message },
            Category::Syntax | Category::Io => Self::Syntax { origin, line, column, message },
        }
    }
}

/// What was tried with a `JOB` that is nothing, and what it was perhaps meant as.
fn not_found(job: &str) -> &'static str {
    if job.trim().is_empty() {
        "JOB is empty; give a file, \"-\" for stdin, or an ElasticBLAST id (job-<32 hex>)"
    } else if job.trim_start().starts_with(['{', '[']) {
        "no such file; pipe the JSON in and pass \"-\""
    } else if job.trim().to_ascii_lowercase().starts_with("job-") {
        "no such file, and not an ElasticBLAST id (job-<32 lowercase hex>); check the spelling"
    } else {
        "no such file, and not an ElasticBLAST id (job-<32 hex>); a row's id needs --db URL (or ELBTAIL_DB)"
    }
}

/// The ids, comma-separated, and how many more there are.
fn listing(ids: &[String], count: usize) -> String {
    if ids.is_empty() {
        return "none".to_owned();
    }
    NameList { names: ids.to_vec(), more: count.saturating_sub(ids.len()) }.to_string()
}

/// The hint for a prefix that is too short to be one.
fn short(job: &str) -> String {
    if job.chars().count() < PREFIX_MIN {
        format!("; --job takes a whole id or its first {PREFIX_MIN} or more characters")
    } else {
        "; check the id, or leave --job out".to_owned()
    }
}
