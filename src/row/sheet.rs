//! Rows as a sheet: CSV as Azure Storage Explorer, databases and spreadsheets export it.

use serde_json::{Map, Value};

use super::{Row, columns, unpack};
use crate::{name_list::NameList, render::plain};

/// Columns that a sheet of rows has at least one of.
const COLUMNS: [&str; 9] = [
    "job_id",
    "partitionkey",
    "payload",
    "payload_json",
    "elb_job_id",
    "elastic_blast_job_id",
    "k8s_job_id",
    "rowkey",
    "payload.k8s_job_id",
];
/// What may stand between cells.
const DELIMITERS: [u8; 4] = *b",\t;|";
/// How Storage Explorer and OData call the column that says the type of another.
const TYPES: [&str; 3] = ["@type", "@odata.type", "@OData.Type"];
/// How much of an input is looked at for its head.
const HEAD: usize = 16 << 10;
/// How many lines are looked at for columns that stand in lines of their own.
const TURNED: usize = 40;

/// What stands between the cells, if `text` begins with the head of a sheet of rows.
pub(super) fn delimiter(text: &[u8]) -> Option<u8> {
    let (text, said) = preface(text);
    let head = &text[..text.len().min(HEAD)];
    // A table as psql draws it has a line under its head; its cells are padded and broken.
    let drawn = |line: &[u8]| !line.is_empty() && line.iter().all(|byte| b"-+| \r".contains(byte));
    if head.split(|byte| *byte == b'\n').nth(1).is_some_and(drawn) {
        return None;
    }
    said.into_iter().chain(DELIMITERS).find(|delimiter| {
        let mut reader = reader(head, *delimiter);
        let Ok(names) = reader.byte_headers().cloned() else { return false };
        let known = |name: &[u8]| {
            let name = String::from_utf8_lossy(name).trim().to_lowercase();
            COLUMNS.contains(&name.as_str())
        };
        // psql's `\\x` puts one column in each line.
        let turned = names.len() == 2
            && names.get(0).is_some_and(known)
            && reader.byte_records().take(TURNED).flatten().any(|record| {
                record.get(0).is_some_and(|name| known(name) || [&b"status"[..], b"phase", b"type"].contains(&name))
            });
        (names.len() > 1 || head.contains(&b'\n')) && names.iter().any(known) && !turned
    })
}

/// The names of the columns of a sheet that has none of a row's.
pub(super) fn other_columns(text: &[u8]) -> Option<String> {
    let (text, said) = preface(text);
    let head = &text[..text.len().min(HEAD)];
    said.into_iter().chain(DELIMITERS).find_map(|delimiter| {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(head);
        let names = reader.headers().ok()?.clone();
        let is_name =
            |name: &str| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "{}[]:=".contains(c));
        // A reader that is not flexible refuses lines of another length.
        let even = matches!(reader.records().next(), Some(Ok(_)));
        (names.len() > 1 && names.iter().all(is_name) && even)
            .then(|| NameList::of(names.iter().map(|name| plain(name, 40)), 8).to_string())
    })
}

/// Excel's `sep=;` in the first line.
fn preface(text: &[u8]) -> (&[u8], Option<u8>) {
    match text {
        [b's', b'e', b'p', b'=', delimiter, rest @ ..] => (rest.trim_ascii_start(), Some(*delimiter)),
        _ => (text, None),
    }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::Headers).from_reader(text)
}

/// Hands on each row of the sheet.
pub(super) fn rows(text: &[u8], delimiter: u8, mut take: impl FnMut(Row)) {
    let (text, _) = preface(text);
    let mut reader = reader(text, delimiter);
    let Ok(names) = reader.byte_headers() else { return };
    let names: Vec<String> =
        names.iter().map(|name| String::from_utf8_lossy(unpack::decode(name).as_ref()).into_owned()).collect();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        // psql's `(1 row)`.
        if names.len() > 1 && record.len() == 1 {
            continue;
        }
        take(row(&names, &record));
    }
}

fn row(names: &[String], record: &csv::ByteRecord) -> Row {
    let cell = |name: &str| {
        let at = names.iter().position(|known| known == name)?;
        Some(String::from_utf8_lossy(record.get(at)?).into_owned())
    };
    let mut nested = Map::new();
    let mut cells = Vec::new();
    for (name, text) in names.iter().zip(record) {
        if TYPES.iter().any(|mark| name.ends_with(mark)) {
            continue;
        }
        let kind = TYPES.iter().find_map(|mark| cell(&format!("{name}{mark}"))).unwrap_or_default();
        let value = value(&String::from_utf8_lossy(text), &kind);
        match name.split_once('.') {
            // pandas writes an object's fields as columns of their own.
            Some((root @ ("payload" | "_progress" | "external" | "k8s"), path)) => put(&mut nested, root, path, value),
            _ => cells.push((name.clone(), value)),
        }
    }
    columns::row(cells.into_iter().chain(nested), None, None)
}

/// A cell of the type that the column beside it says.
fn value(text: &str, kind: &str) -> Value {
    let is_null = text.is_empty() || text == "\\N" || text == "NULL";
    match kind.trim() {
        _ if is_null => Value::Null,
        "Edm.Int32" | "Edm.Int64" | "Edm.Double" | "Edm.Boolean" => {
            serde_json::from_str(&text.trim().to_lowercase()).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
        _ => Value::String(text.to_owned()),
    }
}

fn put(map: &mut Map<String, Value>, root: &str, path: &str, value: Value) {
    if value.is_null() {
        return;
    }
    let mut place = map.entry(root).or_insert_with(|| Value::Object(Map::new()));
    for key in path.split('.') {
        if !place.is_object() {
            return;
        }
        place = &mut place[key];
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
    }
    *place = value;
}
