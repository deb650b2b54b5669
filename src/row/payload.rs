//! Where a row's payload stands: in `payload`, as text in `payload_json`, or the document itself.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::{mend::mend, tree};
use crate::render::plain;

/// The columns that may hold the payload, the dashboard's shape before the table's.
pub(super) const COLUMNS: [&str; 2] = ["payload", "payload_json"];

/// Keys that only a payload has.
const ONLY_IN_PAYLOAD: [&str; 2] = ["_progress", "external"];
/// Keys that a payload has and a row may have too.
const IDS: [&str; 2] = ["elastic_blast_job_id", "k8s_job_id"];
/// How often a payload may have been written as a text in a text.
const TWICE: usize = 3;
/// Columns that say which row this is; a payload has none of them.
const IDENTITY: [&str; 4] = ["job_id", "PartitionKey", "RowKey", "elb_job_id"];

/// Where the payload was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Payload {
    /// An object in this column.
    Column(&'static str),
    /// Decoded from a column that held it as text.
    Decoded(Value),
    /// What could be made out of a column whose text is broken.
    Broken {
        /// The column.
        column: &'static str,
        /// What was left of it, an object.
        value: Value,
    },
    /// The document is the payload.
    Document,
    /// Nowhere.
    Missing,
}

/// Finds the payload of `document`; what stands in the way of one is told in `notes`.
///
/// The first column with something in it wins. A null, an empty text and an empty object are not something: another code
/// path may have filled the other column.
pub(super) fn find(document: &Map<String, Value>, notes: &mut Vec<String>) -> Payload {
    let mut empty = Payload::Missing;
    let mut broken = None;
    for column in COLUMNS {
        match document.get(column) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(Value::String(text)) => match decoded(text, notes) {
                Ok(value @ Value::Object(_)) => return Payload::Decoded(value),
                Ok(other) => notes.push(format!("{column} is text that holds {}, not an object", kind(&other))),
                Err(error) => {
                    let value = mended(text);
                    let cut = if value.is_some() { "; it was cut off" } else { "" };
                    notes.push(format!("{column} is not valid JSON: {}{cut}", plain(&error.to_string(), 160)));
                    if broken.is_none() {
                        broken = Some((column, value.unwrap_or_else(|| Value::Object(Map::new()))));
                    }
                }
            },
            Some(Value::Object(map)) if map.is_empty() => empty = Payload::Column(column),
            Some(Value::Object(_)) => return Payload::Column(column),
            Some(other) => notes.push(format!("{column} is {}, not an object", kind(other))),
        }
    }
    let has = |keys: &[&str]| keys.iter().any(|key| document.contains_key(*key));
    if has(&ONLY_IN_PAYLOAD) || (has(&IDS) && !has(&IDENTITY) && !has(&COLUMNS)) {
        Payload::Document
    } else {
        broken.map_or(empty, |(column, value)| Payload::Broken { column, value })
    }
}

/// The value of a text that is JSON, written perhaps with Python's liberties, perhaps twice.
fn decoded(text: &str, notes: &mut Vec<String>) -> Result<Value, serde_json::Error> {
    let odd = RefCell::default();
    let read = |text: &str| {
        tree::parse_noting(text, &odd).or_else(|error| {
            let mended = text.trim_start().starts_with(['{', '[']).then(|| mend(text.trim_start().as_bytes()));
            match mended.filter(|mended| mended.whole).map(|mended| tree::parse_noting(&mended.text, &odd)) {
                Some(Ok(value)) => Ok(value),
                _ => Err(error),
            }
        })
    };
    let mut value = read(text)?;
    for _ in 0..TWICE {
        match &value {
            Value::String(inner) if inner.trim_start().starts_with(['{', '"']) => match read(inner) {
                Ok(inner) => value = inner,
                Err(_) => break,
            },
            _ => break,
        }
    }
    notes.append(&mut odd.into_inner());
    Ok(value)
}

/// What is left of an object that was cut off.
fn mended(text: &str) -> Option<Value> {
    let text = text.trim_start();
    let mended = text.starts_with('{').then(|| mend(text.as_bytes()))?;
    tree::parse(&mended.text).ok().filter(Value::is_object)
}

/// The JSON type of a value, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
