//! [`Pick`]: of many rows the one that was asked for, holding only what it may still need.

use std::collections::{BTreeSet, HashSet};

use super::differences::between;
use crate::{
    numbers::counted,
    render::plain,
    resolve,
    row::{FoundBeside, PREFIX_MIN, Row, RowError, ident, walk},
};

/// How many ids an error lists.
const LISTED: usize = 20;

/// The one row in `bytes`, or of several the one `job` names.
///
/// `origin` says in errors where the bytes are from. `job` is a row's id, its ElasticBLAST id, or the beginning of one
/// ([`PREFIX_MIN`](crate::row::PREFIX_MIN) characters or more) that only one row has.
///
/// # Errors
/// Not JSON, not rows, no row, several rows, or none that `job` names.
pub fn row_from_bytes(origin: &str, bytes: &[u8], job: Option<&str>) -> Result<Row, RowError> {
    let mut pick = Pick::new(job);
    let found = walk(origin, bytes, &mut |row| pick.offer(row))?;
    pick.finish(origin, found)
}

/// Takes rows one by one and keeps the one that `--job` names, or the only one.
pub(super) struct Pick<'a> {
    job: Option<&'a str>,
    all: Shortlist,
    exact: Shortlist,
    /// But for case and the hyphens of a UUID.
    alike: Shortlist,
    prefix: Shortlist,
    offered: usize,
}

impl<'a> Pick<'a> {
    /// A choice by `job`, or of the only row there is.
    pub(super) fn new(job: Option<&'a str>) -> Self {
        let [all, exact, alike, prefix] = std::array::from_fn(|_| Shortlist::default());
        Self { job: job.map(str::trim), all, exact, alike, prefix, offered: 0 }
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
        let names = [row.id(), row.column("PartitionKey"), elb.as_deref()];
        let wanted = ident::folded(job);
        let folded: Vec<String> = names.iter().flatten().map(|name| ident::folded(name)).collect();
        if names.iter().flatten().any(|name| *name == job) {
            self.exact.add(key, Some(row));
        } else if folded.contains(&wanted) {
            self.alike.add(key, Some(row));
        } else if job.chars().count() >= PREFIX_MIN && folded.iter().any(|name| ident::begins(name, &wanted)) {
            self.prefix.add(key, Some(row));
        }
    }

    /// The row that was asked for.
    ///
    /// # Errors
    /// No row, several, or none that `--job` names.
    pub(super) fn finish(self, origin: &str, found: FoundBeside) -> Result<Row, RowError> {
        let FoundBeside { rows, documents, other, mut faults, left_out, words, notes, more } = found;
        if rows == 0
            && let Some(fault) = other.or_else(|| faults.pop())
        {
            return Err(fault);
        }
        // Which row a broken line holds nobody knows, so without --job there is a choice to make.
        let is_choice = documents > 1 && faults.len() + left_out > words;
        if self.job.is_none() && is_choice && !faults.is_empty() {
            return Err(faults.swap_remove(0));
        }
        let page = more.map(|key| format!("the list goes on elsewhere ({key}), and those rows are not in {origin}"));
        let others = (left_out > 0).then(|| format!("{} in {origin} cannot be read", counted(left_out, "more place")));
        let told: Vec<String> =
            faults.iter().map(ToString::to_string).chain(others).chain(notes).chain(page.clone()).collect();
        let beside: String = told.iter().map(|text| format!("; {text}")).collect();
        let origin_ = || origin.to_owned();
        let row = match self.job {
            None => self
                .all
                .only(origin, &beside)?
                .ok_or_else(|| RowError::NoRows { origin: origin_(), beside: beside.clone() })?,
            Some(job) => {
                let named = self.exact.only(origin, &beside)?;
                let named = named.map_or_else(|| self.alike.only(origin, &beside), |row| Ok(Some(row)))?;
                let named = named.map_or_else(|| self.prefix.only(origin, &beside), |row| Ok(Some(row)))?;
                let (ids, count) = (self.all.listed, self.all.keys.len());
                match named {
                    Some(row) => row,
                    None if count == 0 => return Err(RowError::NoRows { origin: origin_(), beside }),
                    None => {
                        return Err(RowError::NotThere { origin: origin_(), job: job.to_owned(), ids, count, beside });
                    }
                }
            }
        };
        // What is left of a row helps only if it shows the id.
        if row.is_broken() && resolve::resolve(&row).id().is_none() && !faults.is_empty() {
            return Err(faults.swap_remove(0));
        }
        let tell = if self.job.is_some() { told.len() - usize::from(page.is_some()) } else { told.len() };
        Ok(told.into_iter().take(tell).fold(row, |mut row, note| {
            row.note(note);
            row
        }))
    }
}

/// Different rows: the first one's newest version, and the names of the others.
#[derive(Default)]
struct Shortlist {
    kept: Option<(String, Row)>,
    versions: usize,
    /// The columns in which the versions differ.
    differ: BTreeSet<String>,
    keys: HashSet<String>,
    listed: Vec<String>,
}

impl Shortlist {
    /// Adds a row, or with `None` only its name.
    fn add(&mut self, key: String, row: Option<Row>) {
        match (&mut self.kept, row) {
            (None, Some(row)) if self.keys.is_empty() => self.kept = Some((key.clone(), row)),
            // An export may hold one row several times; of equally old ones the last was written last.
            (Some((kept, old)), Some(row)) if *kept == key => {
                self.differ.append(&mut between(old, &row));
                if row.updated_at() >= old.updated_at() {
                    *old = row;
                }
            }
            _ => {}
        }
        self.versions += 1;
        if self.keys.len() < LISTED && !self.keys.contains(&key) {
            self.listed.push(plain(&key, 80));
        }
        self.keys.insert(key);
    }

    /// The row, if there is exactly one; `beside` is what else is to be said if there are several.
    fn only(self, origin: &str, beside: &str) -> Result<Option<Row>, RowError> {
        let count = self.keys.len();
        if count > 1 {
            return Err(RowError::Several {
                origin: origin.to_owned(),
                ids: self.listed,
                count,
                beside: beside.to_owned(),
            });
        }
        let told = (self.versions > 1).then(|| self.told(origin));
        Ok(self.kept.map(|(_, mut row)| {
            told.into_iter().for_each(|note| row.note(note));
            row
        }))
    }

    /// That there are several versions of the row, and which is used.
    fn told(&self, origin: &str) -> String {
        let (key, updated) =
            self.kept.as_ref().map(|(key, row)| (plain(key, 80), row.updated_at())).unwrap_or_default();
        let held = format!("{origin} holds the row {key} {} times", self.versions);
        let columns: Vec<String> = self.differ.iter().take(LISTED).map(|column| plain(column, 40)).collect();
        match (columns.as_slice(), updated) {
            ([], _) => format!("{held}, all alike"),
            (columns, Some(updated)) => {
                format!("{held}, which differ in {}; the newest, of {updated}, is used", columns.join(", "))
            }
            (columns, None) => format!("{held}, which differ in {}; the last is used", columns.join(", ")),
        }
    }
}
