//! Weaker evidence: ids that captured output shows.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use memchr::memmem;
use serde::Serialize;
use serde_json::Value;

use crate::{job_id::JobId, row::Row};

/// What an id begins with.
const PREFIX: &str = "job-";
/// `job-` and the 32 hex digits ElasticBLAST writes.
const ID_BYTES: usize = PREFIX.len() + 32;
/// The columns that hold the payload, which is searched under its own name.
const PAYLOAD_COLUMNS: [&str; 2] = ["payload", "payload_json"];

/// How a text shows an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextEvidence {
    /// In a results path: `/results/[YYYY/MM/DD/]<row id>/job-<hex>`.
    ResultsPath,
    /// As a word of its own.
    Text,
}

/// An id that captured output shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Inferred {
    /// The text that shows it, dotted.
    pub path: String,
    /// The id.
    pub id: JobId,
    /// How it shows.
    pub evidence: TextEvidence,
}

/// An id that stands under another row's results, so that it says nothing about this one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Skipped {
    /// The text that shows it, dotted.
    pub path: String,
    /// The id.
    pub id: JobId,
    /// The row whose results path it is.
    pub owner: String,
}

/// Searches the captured output of `row`: each id once a text.
///
/// An id that stands under another row's results path counts nowhere, not as a bare word either, unless it also stands
/// under this row's.
pub(super) fn search(row: &Row) -> (Vec<Inferred>, Vec<Skipped>) {
    let mut search = Search { own: own_ids(row), inferred: Vec::new(), skipped: Vec::new(), seen: HashMap::new() };
    if let (Some(payload), false) = (row.payload(), row.is_bare_payload()) {
        search.look("payload", payload, false);
    }
    for (key, value) in row.document().as_object().into_iter().flatten() {
        if row.is_bare_payload() || !PAYLOAD_COLUMNS.contains(&key.as_str()) {
            search.look(key, value, is_captured(key));
        }
    }
    // In plain sight, but in a text of which nothing else is known.
    if let (Some((place, text)), true) = (row.broken_text(), search.inferred.is_empty()) {
        search.read(place, text);
    }
    let Search { mut inferred, skipped, .. } = search;
    let foreign: HashSet<&JobId> = skipped.iter().map(|skipped| &skipped.id).collect();
    let confirmed: HashSet<JobId> =
        inferred.iter().filter(|i| i.evidence == TextEvidence::ResultsPath).map(|i| i.id.clone()).collect();
    inferred.retain(|i| !foreign.contains(&i.id) || confirmed.contains(&i.id));
    (inferred, skipped)
}

/// The names under which this row's results may stand: its own, and the sibling service's for the same job.
fn own_ids(row: &Row) -> Vec<String> {
    let payload = |keys: &[&str]| keys.iter().try_fold(row.payload()?, |value, key| value.get(key))?.as_str();
    [row.column("job_id"), row.column("PartitionKey"), payload(&["job_id"]), payload(&["external", "job_id"])]
        .into_iter()
        .flatten()
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect()
}

/// Whether a key names what a command printed: `last_output`, `stdout`, `stderr_tail`, `submit`, ….
fn is_captured(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "submit" || ["stdout", "stderr", "output"].iter().any(|name| key.contains(name))
}

struct Search {
    own: Vec<String>,
    inferred: Vec<Inferred>,
    skipped: Vec<Skipped>,
    /// A text, an id and the other row it is shown as, and where in the list of findings that stands.
    seen: HashMap<(String, JobId, Option<String>), usize>,
}

impl Search {
    /// Looks through `value`; `captured`: a key above says that texts here are captured output.
    ///
    /// Recursion is bounded by the parser's limit on nesting.
    fn look(&mut self, path: &str, value: &Value, captured: bool) {
        match value {
            Value::String(text) if captured => self.read(path, text),
            Value::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    self.look(&format!("{path}[{at}]"), element, captured);
                }
            }
            Value::Object(map) => {
                for (key, value) in map {
                    self.look(&format!("{path}.{key}"), value, captured || is_captured(key));
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, path: &str, text: &str) {
        for (at, id) in ids(text) {
            let owner = owner(&text[..at]);
            let is_own =
                |owner: &&str| self.own.is_empty() || self.own.iter().any(|own| own.eq_ignore_ascii_case(owner));
            let (evidence, foreign) = match owner {
                None => (TextEvidence::Text, None),
                Some(owner) if is_own(&owner) => (TextEvidence::ResultsPath, None),
                Some(owner) => (TextEvidence::ResultsPath, Some(owner.to_owned())),
            };
            let place = if foreign.is_none() { self.inferred.len() } else { self.skipped.len() };
            match (self.seen.entry((path.to_owned(), id.clone(), foreign.clone())), foreign) {
                (Entry::Vacant(new), foreign) => {
                    new.insert(place);
                    let path = path.to_owned();
                    match foreign {
                        Some(owner) => self.skipped.push(Skipped { path, id, owner }),
                        None => self.inferred.push(Inferred { path, id, evidence }),
                    }
                }
                // A results path says more than a word, and may come second.
                (Entry::Occupied(old), None) if evidence == TextEvidence::ResultsPath => {
                    self.inferred[*old.get()].evidence = evidence;
                }
                _ => {}
            }
        }
    }
}

/// Every `job-` with exactly 32 lowercase hex digits that is not part of a longer word, and where it starts.
fn ids(text: &str) -> impl Iterator<Item = (usize, JobId)> {
    memmem::find_iter(text.as_bytes(), PREFIX).filter_map(|at| {
        let id = text.get(at..at + ID_BYTES)?;
        let hex = id[PREFIX.len()..].bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = text[at + ID_BYTES..].chars().next().is_some_and(char::is_alphanumeric);
        if hex && !before && !after { Some((at, id.parse().ok()?)) } else { None }
    })
}

/// The row whose results path ends `before` an id, if it ends in `/results/[YYYY/MM/DD/]<row id>/`.
fn owner(before: &str) -> Option<&str> {
    let mut parts = before.strip_suffix('/')?.rsplit('/');
    let owner = parts.next().filter(|owner| !owner.is_empty() && !owner.contains(char::is_whitespace))?;
    let mut above = parts.next()?;
    if let (Some(month), Some(year)) = (parts.clone().next(), parts.clone().nth(1))
        && is_number(above, 2)
        && is_number(month, 2)
        && is_number(year, 4)
    {
        above = parts.nth(2)?;
    }
    // The container's name may be the first word of a relative path.
    let container = above.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next()?;
    (container == "results").then_some(owner)
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "job-429825360482416da20736cf3ed51a95";

    fn found(text: &str) -> Vec<String> {
        ids(text).map(|(_, id)| id.to_string()).collect()
    }

    #[test]
    fn an_id_is_a_whole_word() {
        for text in [ID.to_owned(), format!("x {ID}."), format!("({ID})"), format!("a/{ID}/b"), format!("é-{ID}\n")] {
            assert_eq!(found(&text), [ID], "{text}");
        }
        for text in [
            format!("x{ID}"),
            format!("{ID}0"),
            format!("é{ID}"),
            format!("{ID}é"),
            ID[..35].to_owned(),
            ID.to_ascii_uppercase(),
            "job-429825360482416da20736cf3ed51a9G".to_owned(),
            "job-job-é".to_owned(),
        ] {
            assert!(found(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn knows_whose_results_a_path_names() {
        for (before, whose) in [
            ("https://s.blob.core.windows.net/results/r1/", Some("r1")),
            ("https://s.blob.core.windows.net/results/2026/05/21/r1/", Some("r1")),
            ("wrote to results/r1/", Some("r1")),
            ("--dest=results/r1/", Some("r1")),
            ("/results/2026/05/21/", None),
            ("/results/", None),
            ("/myresults/r1/", None),
            ("/results/a/b/", None),
            ("/results//", None),
            ("/results/a b/", None),
            // Only a whole date stands in between.
            ("/results/2026/5/21/r1/", None),
            ("/results/2026/05/2a/r1/", None),
            ("/results/202x/05/21/r1/", None),
            ("/results/026/05/21/r1/", None),
            ("/results/05/21/r1/", None),
            ("/", None),
            ("r1", None),
            ("//", None),
        ] {
            assert_eq!(owner(before), whose, "{before}");
        }
    }
}
