//! Bytes → rows: every shape in which rows come.
//!
//! One row; rows one after the other (NDJSON, or pretty-printed); an array of rows; an Azure list answer
//! `{"value": [row, …]}`; and any mixture. Rows are handed on one by one, so a large export costs no more memory than its
//! bytes and one row.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value};

use super::{Row, RowError, pick::Pick, tree};

/// UTF-8's byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Columns that a row, and no list answer, has beside a `value` of its own.
const ROW_COLUMNS: [&str; 5] = ["job_id", "PartitionKey", "payload", "payload_json", "_progress"];

/// The one row in `bytes`, or of several the one `job` names.
///
/// `origin` says in errors where the bytes are from. `job` is a row's id, its ElasticBLAST id, or the beginning of one
/// ([`PREFIX_MIN`](super::PREFIX_MIN) characters or more) that only one row has.
///
/// # Errors
/// Not JSON, not rows, no row, several rows, or none that `job` names.
pub fn row_from_bytes(origin: &str, bytes: &[u8], job: Option<&str>) -> Result<Row, RowError> {
    let mut pick = Pick::new(job);
    rows_from_bytes(origin, bytes, |row| pick.offer(row))?;
    pick.finish(origin)
}

/// Hands each row in `bytes` to `take`, in the order in which they stand. A list may hold none.
///
/// # Errors
/// Empty input, UTF-16, not JSON, cut off, nested too deeply, or something that is not an object where a row should be.
/// Rows before the fault have been handed on by then.
pub fn rows_from_bytes(origin: &str, bytes: &[u8], mut take: impl FnMut(Row)) -> Result<(), RowError> {
    let bytes = text(origin, bytes)?;
    let mut rest = bytes;
    while !rest.trim_ascii_start().is_empty() {
        // A parser for each document: one for all can only be asked for its end by letting it make an error, and an error
        // counts the lines from the start of its input, which takes minutes for a large export.
        let mut json = serde_json::Deserializer::from_slice(rest);
        Document { take: &mut take, list: true }.deserialize(&mut json).map_err(|error| {
            let before = &bytes[..bytes.len() - rest.len()];
            RowError::from_json(origin, before, &error)
        })?;
        rest = &rest[json.into_iter::<IgnoredAny>().byte_offset()..];
    }
    Ok(())
}

/// Whether `head`, the first bytes of an input, shows already that no row can follow; white space alone does not.
pub(super) fn is_hopeless(head: &[u8]) -> bool {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    head.trim_ascii_start().first().is_some_and(|first| !matches!(first, b'{' | b'['))
}

/// `bytes` without a byte order mark, if it can be UTF-8 and is not blank.
fn text<'a>(origin: &str, bytes: &'a [u8]) -> Result<&'a [u8], RowError> {
    // Without a mark, a zero beside the first character gives it away.
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if marked || matches!(bytes, [0, b'{' | b'[', ..] | [b'{' | b'[', 0, ..]) {
        return Err(RowError::Utf16 { origin: origin.to_owned() });
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() { Err(RowError::Empty { origin: origin.to_owned() }) } else { Ok(bytes) }
}

/// A document or, with `list` off, an element of one: hands on the row or rows it holds.
struct Document<'a, F> {
    take: &'a mut F,
    list: bool,
}

impl<F: FnMut(Row)> Document<'_, F> {
    /// Hands on the row that `object` is, or the rows of the list answer that it is.
    fn object<E: Error>(self, mut object: Map<String, Value>) -> Result<(), E> {
        let Some(rows) = self.list.then(|| listed(&mut object)).flatten() else {
            (self.take)(Row::new(object));
            return Ok(());
        };
        for row in rows {
            let Value::Object(row) = row else {
                return Err(E::invalid_type(Unexpected::Other("an element of \"value\""), &"a row (a JSON object)"));
            };
            (self.take)(Row::new(row));
        }
        Ok(())
    }
}

/// The elements of `value`, if the object is a list answer and not a row with such a column.
fn listed(object: &mut Map<String, Value>) -> Option<Vec<Value>> {
    if ROW_COLUMNS.iter().any(|column| object.contains_key(*column)) {
        return None;
    }
    match object.get_mut("value") {
        Some(Value::Array(rows)) => Some(std::mem::take(rows)),
        _ => None,
    }
}

impl<'de, F: FnMut(Row)> DeserializeSeed<'de> for Document<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Row)> Visitor<'de> for Document<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let object = tree::object(entries)?;
        self.object(object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if !self.list {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        while elements.next_element_seed(Document { take: &mut *self.take, list: false })?.is_some() {}
        Ok(())
    }
}
