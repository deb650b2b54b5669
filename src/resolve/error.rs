//! [`ResolveError`]: what to tell when a row gives no id, and the warning when it gives a doubtful one.

use std::fmt::{self, Write};

use serde_json::Value;

use super::{Mirror, MirrorVerdict, Outcome, Resolution, output};
use crate::{exit::Exit, job_id::JobId, render::plain, row::Row};

/// How many ids or places a message lists.
const LISTED: usize = 20;
/// How many characters of a path or value a message shows.
const SHOWN: usize = 120;

/// Why a row gives no id. The message has a line for what was found at each place, and one for what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No place holds an id.
    #[error("{row} holds no ElasticBLAST id\n{looked_at}{next}")]
    NoId {
        /// The row, as it is called in messages.
        row: String,
        /// A line for each place at which something stands, and one for the others.
        looked_at: String,
        /// What to do next.
        next: String,
    },
    /// No mirror holds an id, and captured output shows several.
    #[error(
        "{row} holds no ElasticBLAST id of its own, and its captured output shows {} different ids\n{looked_at}\
         check which one is this job's and give it (job-<32 hex>) instead of the row", ids.len()
    )]
    Ambiguous {
        /// The row, as it is called in messages.
        row: String,
        /// The different ids.
        ids: Vec<JobId>,
        /// A line for each place at which one stands.
        looked_at: String,
    },
}

impl ResolveError {
    /// Why `resolution`, which has no id, has none.
    pub(super) fn new(row: &Row, resolution: &Resolution) -> Self {
        let name = row.id().map_or_else(|| "the row".to_owned(), |id| format!("row {}", plain(id, SHOWN)));
        match &resolution.outcome {
            Outcome::Ambiguous { ids } => {
                Self::Ambiguous { row: name, ids: ids.clone(), looked_at: candidates(resolution) }
            }
            _ => Self::NoId { row: name, looked_at: looked_at(row, resolution), next: next(row).to_owned() },
        }
    }

    /// The exit code: always [`Exit::NoId`].
    pub fn exit(&self) -> Exit {
        Exit::NoId
    }
}

/// See [`Resolution::warning`].
pub(super) fn warning(resolution: &Resolution) -> Option<String> {
    match &resolution.outcome {
        Outcome::Chosen { id, path } => {
            let others: Vec<String> = resolution
                .mirrors
                .iter()
                .filter(|mirror| mirror.verdict == MirrorVerdict::Conflicts)
                .map(|mirror| format!("{} says {}", mirror.path, value(mirror)))
                .collect();
            (!others.is_empty()).then(|| {
                format!("the row's copies of the id disagree: using {id} from {path}, but {}", others.join(", "))
            })
        }
        Outcome::Inferred { id, path } => {
            let path = plain(path, SHOWN);
            if resolution.mirrors.iter().any(|mirror| mirror.verdict == MirrorVerdict::Chosen) {
                return Some(format!("{id} is inferred from {path}, which stands in text that is cut off or broken"));
            }
            Some(format!("no field of the row holds the ElasticBLAST id: {id} is inferred from the output in {path}"))
        }
        Outcome::Given { .. } | Outcome::Ambiguous { .. } | Outcome::None => None,
    }
}

/// A line for each place of a row without an id.
fn looked_at(row: &Row, resolution: &Resolution) -> String {
    let (absent, present): (Vec<&Mirror>, Vec<&Mirror>) =
        resolution.mirrors.iter().partition(|mirror| mirror.verdict == MirrorVerdict::Absent);
    let mut text = String::new();
    let mut blocked: Vec<&str> = Vec::new();
    for mirror in &present {
        let Some(raw) = &mirror.raw else { continue };
        match (&mirror.blocked_at, mirror.verdict) {
            (Some(at), _) if blocked.contains(&at.as_str()) => {}
            (Some(at), _) => {
                blocked.push(at);
                line(&mut text, format_args!("{at}: {} (wrong type: an object was expected)", output::json_cell(raw)));
            }
            (None, verdict) => {
                line(&mut text, format_args!("{}: {} ({})", mirror.path, output::cell(raw), why(verdict, raw)))
            }
        }
    }
    match (present.is_empty(), absent.len()) {
        (_, 0) => {}
        (true, all) => line(&mut text, format_args!("all {all} places that may hold it are absent")),
        (false, 1) => line(&mut text, format_args!("{}: absent", absent[0].path)),
        (false, some) => line(&mut text, format_args!("{some} other places are absent")),
    }
    line(&mut text, format_args!("captured output shows none"));
    for skipped in resolution.skipped.iter().take(LISTED) {
        let (path, owner) = (plain(&skipped.path, SHOWN), plain(&skipped.owner, SHOWN));
        line(&mut text, format_args!("{path}: {} is under the results of another row, {owner}", skipped.id));
    }
    for note in row.notes() {
        line(&mut text, format_args!("{note}"));
    }
    text
}

/// Why what stands at a place is no id.
fn why(verdict: MirrorVerdict, raw: &Value) -> String {
    match (verdict, raw.as_str().map(|text| text.trim().parse::<JobId>())) {
        (MirrorVerdict::NotAnId, Some(Err(error))) => format!("not an ElasticBLAST id: it {error}"),
        (MirrorVerdict::WrongType, _) => "wrong type: a text was expected".to_owned(),
        _ => "empty".to_owned(),
    }
}

/// A line for each place that shows an id.
fn candidates(resolution: &Resolution) -> String {
    let mut text = String::new();
    for found in resolution.inferred.iter().take(LISTED) {
        line(&mut text, format_args!("{}: {}", plain(&found.path, SHOWN), found.id));
    }
    if let Some(more) = resolution.inferred.len().checked_sub(LISTED).filter(|more| *more > 0) {
        line(&mut text, format_args!("and {more} more"));
    }
    text
}

/// What the user can do about a row without an id.
fn next(row: &Row) -> &'static str {
    if row.row_type().is_some_and(|kind| kind.eq_ignore_ascii_case("warmup")) {
        "it is a warm-up row, which has no ElasticBLAST job; name the row of a search"
    } else if row.is_terminal() {
        "the job has ended without one being written; if you know the id, give it (job-<32 hex>) instead of the row"
    } else {
        "the id is written once `elastic-blast submit` has run: try again later, or give the id (job-<32 hex>) itself"
    }
}

fn value(mirror: &Mirror) -> String {
    mirror.raw.as_ref().map_or_else(|| "-".to_owned(), output::cell)
}

fn line(text: &mut String, line: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {line}");
}
