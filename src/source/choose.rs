//! Which row is meant: the same for every source.

use std::collections::HashSet;

use super::{Candidate, Differences, RowFilter, SourceAnswer, SourceError};
use crate::{
    render::plain,
    resolve,
    row::{PREFIX_MIN, Row},
};

/// How many rows an ambiguous beginning lists.
const LISTED: usize = 20;
/// How many rows are looked at for one that is no warm-up.
const LOOKED_AT: usize = 50;
/// The `RowKey` of a job's row beside which older states may stand.
const CURRENT: &str = "current";

/// The one row that `id` means.
pub(super) async fn fetch<'a>(
    at: &str,
    id: &'a str,
    exact: impl Fn(&'a str) -> SourceAnswer<'a, Vec<Row>>,
    beginning: impl Fn(&'a str, usize) -> SourceAnswer<'a, Vec<Row>>,
) -> Result<Row, SourceError> {
    let id = id.trim();
    if id.is_empty() {
        return Err(SourceError::Usage("JOB is empty; give the row's id, or --latest".to_owned()));
    }
    let mut rows = exact(id).await?;
    if rows.is_empty() && id.chars().count() >= PREFIX_MIN {
        rows = beginning(id, LISTED + 1).await?;
        // A database may compare without case.
        rows.retain(|row| row.id().is_some_and(|own| own.starts_with(id)));
        let ids: HashSet<&str> = rows.iter().filter_map(Row::id).collect();
        if ids.len() > 1 {
            return Err(several(at, id, distinct(rows)));
        }
    }
    only(at, id, rows).and_then(|row| usable(at, row))
}

/// Whether two ids are one; how a UUID is written means nothing.
#[cfg(feature = "http")]
pub(super) fn is_same(one: &str, other: &str) -> bool {
    use crate::row::ident;
    one == other || (ident::is_uuid(one) && ident::folded(one) == ident::folded(other))
}

/// The newest row, or the newest that is not terminal.
pub(super) async fn latest<'a>(
    at: &str,
    live: bool,
    list: impl Fn(&'a RowFilter) -> SourceAnswer<'a, Vec<Row>>,
) -> Result<Row, SourceError> {
    static LIVE: RowFilter = RowFilter { statuses: Vec::new(), live: true, limit: LOOKED_AT };
    static ALL: RowFilter = RowFilter { statuses: Vec::new(), live: false, limit: LOOKED_AT };
    let is_search = |row: &Row| !row.row_type().is_some_and(|kind| kind.eq_ignore_ascii_case("warmup"));
    let newest = list(if live { &LIVE } else { &ALL }).await?.into_iter().find(is_search);
    newest.ok_or_else(|| SourceError::NoneLive { at: at.to_owned() }).and_then(|row| usable(at, row))
}

/// One row for each id, newest first: `created_at`, because a job's age does not change while it is watched.
#[cfg(any(feature = "sql", feature = "azure", feature = "http"))]
pub(super) fn newest(rows: Vec<Row>, filter: &RowFilter) -> Vec<Row> {
    let mut rows = distinct(rows);
    rows.retain(|row| filter.takes(row));
    rows.sort_by_cached_key(|row| std::cmp::Reverse(row.created_at().or_else(|| row.updated_at())));
    rows.truncate(filter.limit);
    rows
}

/// One row for each id, the current one; in the order in which they came.
fn distinct(rows: Vec<Row>) -> Vec<Row> {
    let has_current: HashSet<String> =
        rows.iter().filter(|row| is_current(row)).filter_map(|row| row.id().map(str::to_owned)).collect();
    let mut seen = HashSet::new();
    let keep = |row: &Row| match row.id() {
        None => true,
        Some(id) => (is_current(row) || !has_current.contains(id)) && seen.insert(id.to_owned()),
    };
    let mut keep = keep;
    rows.into_iter().filter(|row| keep(row)).collect()
}

fn is_current(row: &Row) -> bool {
    row.column("RowKey") == Some(CURRENT)
}

/// The only row, or of several states the current one.
fn only(at: &str, id: &str, mut rows: Vec<Row>) -> Result<Row, SourceError> {
    if rows.len() > 1 && rows.iter().filter(|row| is_current(row)).count() == 1 {
        rows.retain(is_current);
    }
    // MySQL may compare without case.
    if rows.len() > 1 && rows.iter().any(|row| row.id() == Some(id)) {
        rows.retain(|row| row.id() == Some(id));
    }
    let (at, id, count) = (at.to_owned(), id.to_owned(), rows.len());
    let differ = Differences::among(&rows);
    match rows.pop() {
        None => Err(SourceError::NoRow { at, id }),
        Some(_) if count > 1 && !differ.is_empty() => Err(SourceError::Duplicate { at, id, count, differ }),
        Some(mut row) => {
            if count > 1 {
                row.note(format!("{at} holds the row {} {count} times, all alike", plain(&id, 80)));
            }
            Ok(row)
        }
    }
}

fn several(at: &str, prefix: &str, rows: Vec<Row>) -> SourceError {
    let dash = || "-".to_owned();
    let candidate = |row: &Row| Candidate {
        id: row.id().map_or_else(dash, str::to_owned),
        status: row.status().map_or_else(dash, str::to_owned),
        updated: row.updated_at().map_or_else(dash, |time| time.to_string()),
    };
    SourceError::Several {
        at: at.to_owned(),
        prefix: prefix.to_owned(),
        candidates: rows.iter().take(LISTED).map(candidate).collect(),
        more: rows.len() > LISTED,
    }
}

/// Refuses a row of which nothing can be made: its payload is malformed, and no other place holds an id.
///
/// A malformed payload beside an id is only a note: the row still answers the question.
fn usable(at: &str, row: Row) -> Result<Row, SourceError> {
    if (row.payload().is_none() || row.has_broken_payload())
        && !row.notes().is_empty()
        && resolve::resolve(&row).id().is_none()
    {
        let (at, id, why) = (at.to_owned(), row.id().unwrap_or("-").to_owned(), plain(&row.notes().join("; "), 300));
        return Err(SourceError::Payload { at, id, why });
    }
    Ok(row)
}
