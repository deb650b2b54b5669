//! [`Pick`]: of many rows the one that was asked for, holding only what it may still need.

use std::collections::HashSet;

use super::{Row, RowError, plain};
use crate::resolve;

/// The fewest characters of an id that `--job` takes as its beginning.
pub const PREFIX_MIN: usize = 6;
/// How many ids an error lists.
const LISTED: usize = 20;

/// Takes rows one by one and keeps the one that `--job` names, or the only one.
pub(super) struct Pick<'a> {
    job: Option<&'a str>,
    all: Shortlist,
    exact: Shortlist,
    prefix: Shortlist,
    offered: usize,
}

impl<'a> Pick<'a> {
    /// A choice by `job`, or of the only row there is.
    pub(super) fn new(job: Option<&'a str>) -> Self {
        let [all, exact, prefix] = std::array::from_fn(|_| Shortlist::default());
        Self { job: job.map(str::trim), all, exact, prefix, offered: 0 }
    }

    /// Considers one more row.
    pub(super) fn offer(&mut self, row: Row) {
        self.offered += 1;
        // A row without an id of its own can still be told apart, by the job it is about or by its place.
        let elb = if self.job.is_some_and(|job| job.starts_with("job-")) || row.id().is_none() {
            resolve::resolve(&row).id().map(ToString::to_string)
        } else {
            None
        };
        let key = row.id().map(str::to_owned).or_else(|| elb.clone());
        let key = key.unwrap_or_else(|| format!("(row {}, without an id)", self.offered));
        let Some(job) = self.job else {
            return self.all.add(key, Some(row));
        };
        self.all.add(key.clone(), None);
        let names = [row.column("job_id"), row.column("PartitionKey"), elb.as_deref()];
        let mut names = names.iter().flatten();
        if names.clone().any(|name| *name == job) {
            self.exact.add(key, Some(row));
        } else if job.chars().count() >= PREFIX_MIN && names.any(|name| name.starts_with(job)) {
            self.prefix.add(key, Some(row));
        }
    }

    /// The row that was asked for.
    ///
    /// # Errors
    /// No row, several, or none that `--job` names.
    pub(super) fn finish(self, origin: &str) -> Result<Row, RowError> {
        let Some(job) = self.job else {
            return self.all.only(origin)?.ok_or_else(|| RowError::NoRows { origin: origin.to_owned() });
        };
        if let Some(row) = self.exact.only(origin)? {
            return Ok(row);
        }
        if let Some(row) = self.prefix.only(origin)? {
            return Ok(row);
        }
        let (ids, count) = (self.all.listed, self.all.keys.len());
        if count == 0 {
            return Err(RowError::NoRows { origin: origin.to_owned() });
        }
        Err(RowError::NotThere { origin: origin.to_owned(), job: job.to_owned(), ids, count })
    }
}

/// Different rows: the first one's newest version, and the names of the others.
#[derive(Default)]
struct Shortlist {
    kept: Option<(String, Row)>,
    versions: usize,
    keys: HashSet<String>,
    listed: Vec<String>,
}

impl Shortlist {
    /// Adds a row, or with `None` only its name.
    fn add(&mut self, key: String, row: Option<Row>) {
        match (&mut self.kept, row) {
            (None, Some(row)) if self.keys.is_empty() => self.kept = Some((key.clone(), row)),
            // An export may hold one row several times; of equally old ones the last was written last.
            (Some((kept, old)), Some(row)) if *kept == key && row.updated_at() >= old.updated_at() => *old = row,
            _ => {}
        }
        self.versions += 1;
        if self.keys.len() < LISTED && !self.keys.contains(&key) {
            self.listed.push(plain(&key, 80));
        }
        self.keys.insert(key);
    }

    /// The row, if there is exactly one.
    fn only(self, origin: &str) -> Result<Option<Row>, RowError> {
        let count = self.keys.len();
        if count > 1 {
            return Err(RowError::Several { origin: origin.to_owned(), ids: self.listed, count });
        }
        Ok(self.kept.map(|(_, mut row)| {
            if self.versions > 1 {
                row.note(format!("{origin} holds this row {} times; the newest is used", self.versions));
            }
            row
        }))
    }
}
