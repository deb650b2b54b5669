//! [`Content`]: whether an object is a row, or something that rows are wrapped in.
//!
//! Azure's CLI prints `{"items": [row, …], "nextMarker": …}`, the table service `{"value": […]}`, the sibling service
//! `{"jobs": […], "next_cursor": …}`, others `{"data": {"job": row}}` or a row as a text. What they have in common is that
//! the wrapping has none of a row's columns and what is in it has.

use serde_json::{Map, Value};

use super::tree;

/// Columns of which a row has at least one, and a wrapping none.
const OWN: [&str; 10] = [
    "job_id",
    "PartitionKey",
    "payload",
    "payload_json",
    "_progress",
    "elb_job_id",
    "elastic_blast_job_id",
    "k8s_job_id",
    "external",
    "k8s",
];
/// Columns that a wrapping may have as well.
const SHARED: [&str; 4] = ["status", "phase", "type", "RowKey"];
/// Keys of lists: empty they hold no rows, but are lists of rows all the same.
const LISTS: [&str; 11] =
    ["value", "items", "jobs", "rows", "results", "result", "data", "entities", "records", "Items", "hits"];
/// Keys under which a row's own answer repeats it.
const SINGLE: [&str; 6] = ["job", "row", "entity", "item", "data", "result"];
/// Steps of `_progress` that name a job.
const STEPS: [&str; 4] = ["running", "exporting_results", "warming_up", "staging_db"];
/// Keys that say there is a next page.
const NEXT: [&str; 15] = [
    "nextMarker",
    "next_marker",
    "next_cursor",
    "nextCursor",
    "nextLink",
    "@odata.nextLink",
    "odata.nextLink",
    "next_page",
    "nextPage",
    "next_page_token",
    "nextPageToken",
    "continuationToken",
    "continuation_token",
    "NextToken",
    "next",
];
/// How deep rows may be wrapped.
const DEPTH: usize = 6;

/// What an object is.
pub(super) enum Content {
    Row(Map<String, Value>),
    /// Rows, and the key that says that more of them are elsewhere.
    Rows(Vec<Map<String, Value>>, Option<String>),
    /// A list under this key holds something that is no row.
    Wrong(&'static str),
    /// Neither.
    Other(Map<String, Value>),
}

/// Looks into `object`.
pub(super) fn open(mut object: Map<String, Value>) -> Content {
    if is_row(&object) {
        return match repeated(&mut object) {
            Some(row) => Content::Row(row),
            None => Content::Row(object),
        };
    }
    if let Some(row) = progress(&mut object) {
        return Content::Row(row);
    }
    let wrong = LISTS.into_iter().find(|key| {
        let is_none = |element: &Value| matches!(element, Value::Null | Value::Bool(_) | Value::Number(_));
        matches!(object.get(*key), Some(Value::Array(list)) if list.iter().any(is_none))
    });
    let more = next(&object);
    let mut rows = Vec::new();
    for value in object.values_mut() {
        collect(value, DEPTH, &mut rows);
    }
    // Among rows what is none is passed over.
    if let Some(key) = wrong.filter(|_| rows.is_empty()) {
        return Content::Wrong(key);
    }
    let is_list = || LISTS.iter().any(|key| matches!(object.get(*key), Some(Value::Array(list)) if list.is_empty()));
    if !rows.is_empty() || is_list() {
        return Content::Rows(rows, more);
    }
    if SHARED.iter().any(|key| matches!(object.get(*key), Some(Value::String(_)))) {
        return Content::Row(object);
    }
    Content::Other(object)
}

/// Whether `value` is a row that can be nothing else, or holds one. Logs have a `k8s` as well.
pub(super) fn holds_rows(mut value: Value) -> bool {
    let mut rows = Vec::new();
    collect(&mut value, DEPTH, &mut rows);
    rows.iter().any(|row| OWN[..8].iter().any(|key| row.contains_key(*key)))
}

/// A `_progress` that was saved alone, or its steps, put where they stand in a payload.
fn progress(object: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    let is_object = |key: &&str| matches!(object.get(*key), Some(Value::Object(_)));
    let progress = if is_object(&"steps") {
        Value::Object(std::mem::take(object))
    } else if STEPS.iter().any(is_object) {
        Value::Object(Map::from_iter([("steps".to_owned(), Value::Object(std::mem::take(object)))]))
    } else {
        return None;
    };
    Some(Map::from_iter([("_progress".to_owned(), progress)]))
}

/// The rows in a text that holds JSON; `None` if it holds none.
pub(super) fn text(text: &str) -> Option<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    collect(&mut Value::String(text.to_owned()), DEPTH, &mut rows);
    (!rows.is_empty()).then_some(rows)
}

fn is_row(object: &Map<String, Value>) -> bool {
    OWN.iter().any(|key| object.contains_key(*key))
}

/// The row in `{"job_id": …, "job": {…}}`.
fn repeated(object: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    if OWN[1..].iter().any(|key| object.contains_key(*key)) {
        return None;
    }
    let key = SINGLE.into_iter().find(|key| matches!(object.get(*key), Some(Value::Object(inner)) if is_row(inner)))?;
    match object.remove(key) {
        Some(Value::Object(row)) => Some(row),
        _ => None,
    }
}

fn collect(value: &mut Value, depth: usize, rows: &mut Vec<Map<String, Value>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(object) if is_row(object) => rows.push(std::mem::take(object)),
        Value::Object(object) => object.values_mut().for_each(|value| collect(value, depth, rows)),
        Value::Array(list) => list.iter_mut().for_each(|value| collect(value, depth, rows)),
        Value::String(text) if text.trim_start().starts_with(['{', '[', '"']) => {
            if let Ok(mut inner) = tree::parse(text) {
                collect(&mut inner, depth, rows);
            }
        }
        _ => {}
    }
}

/// The key that says that the list goes on elsewhere, at the top or one below (`links.next`).
fn next(object: &Map<String, Value>) -> Option<String> {
    let here = |object: &Map<String, Value>| NEXT.into_iter().find(|key| object.get(*key).is_some_and(says_something));
    here(object)
        .map(str::to_owned)
        .or_else(|| object.iter().find_map(|(name, inner)| here(inner.as_object()?).map(|key| format!("{name}.{key}"))))
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Object(map) => map.values().any(says_something),
        Value::Array(list) => list.iter().any(says_something),
        _ => true,
    }
}
