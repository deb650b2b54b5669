//! Where a row's payload stands: in `payload`, as text in `payload_json`, or the document itself.

use serde_json::{Map, Value};

use super::{plain, tree};

/// The columns that may hold the payload, the dashboard's shape before the table's.
pub(super) const COLUMNS: [&str; 2] = ["payload", "payload_json"];

/// Keys that only a payload has.
const ONLY_IN_PAYLOAD: [&str; 2] = ["_progress", "external"];
/// Keys that a payload has and a row may have too.
const IDS: [&str; 2] = ["elastic_blast_job_id", "k8s_job_id"];
/// Columns that say which row this is; a payload has none of them.
const IDENTITY: [&str; 4] = ["job_id", "PartitionKey", "RowKey", "elb_job_id"];

/// Where the payload was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Payload {
    /// An object in this column.
    Column(&'static str),
    /// Decoded from a column that held it as text.
    Decoded(Value),
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
    for column in COLUMNS {
        match document.get(column) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(Value::String(text)) => match tree::parse(text) {
                Ok(value @ Value::Object(_)) => return Payload::Decoded(value),
                Ok(other) => notes.push(format!("{column} is text that holds {}, not an object", kind(&other))),
                Err(error) => {
                    notes.push(format!("{column} is not valid JSON: {}", plain(&error.to_string(), 160)));
                }
            },
            Some(Value::Object(map)) if map.is_empty() => empty = Payload::Column(column),
            Some(Value::Object(_)) => return Payload::Column(column),
            Some(other) => notes.push(format!("{column} is {}, not an object", kind(other))),
        }
    }
    let has = |keys: &[&str]| keys.iter().any(|key| document.contains_key(*key));
    if has(&ONLY_IN_PAYLOAD) || (has(&IDS) && !has(&IDENTITY) && !has(&COLUMNS)) { Payload::Document } else { empty }
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
