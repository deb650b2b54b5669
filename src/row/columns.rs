//! From a record's columns to the document of a [`Row`].

use serde_json::{Map, Value};

use super::{Row, tree};

/// Columns whose names are not lower case. SQL databases fold names, so they are told by their letters alone.
const NAMES: [&str; 3] = ["PartitionKey", "RowKey", "Timestamp"];

/// The row that `columns` are; `key` and `payload` are the columns that the flags name, where they do.
pub(crate) fn row(columns: impl IntoIterator<Item = (String, Value)>, key: Option<&str>, payload: Option<&str>) -> Row {
    let mut document = Map::new();
    let (mut id, mut content) = (None, None);
    for (name, value) in columns {
        let is = |wanted: Option<&str>| wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(&name));
        if is(key) {
            id = Some(text(&value));
        }
        if is(payload) {
            content = Some(unquoted(value.clone()));
        }
        let name = canonical(&name);
        let value = if super::payload::COLUMNS.contains(&name.as_str()) { unquoted(value) } else { value };
        document.insert(name, value);
    }
    // The names by which a row is known win over columns that only happen to be called so.
    if let Some(id) = id {
        document.insert("job_id".to_owned(), id);
    }
    if let Some(content) = content {
        document.remove("payload_json");
        document.insert("payload".to_owned(), content);
    }
    Row::new(document)
}

/// The text that a column's bytes are, unpacked and decoded as those of a file; what is none of it is shown as `\u{fffd}`.
#[cfg(feature = "sql")]
pub(crate) fn text_of_bytes(bytes: Vec<u8>) -> String {
    use super::unpack;

    match unpack::unpack("", &bytes) {
        Ok((unpacked, _)) => String::from_utf8_lossy(&unpack::decode(&unpacked)).into_owned(),
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The name by which a row knows the column.
fn canonical(name: &str) -> String {
    NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)).map_or_else(|| name.to_lowercase(), |k| (*k).to_owned())
}

/// An id as text: the key may be a number.
fn text(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}

/// A payload that was written as text into a JSON column is a JSON text that holds JSON.
fn unquoted(value: Value) -> Value {
    match &value {
        Value::String(quoted) if quoted.trim_start().starts_with('"') => match tree::parse(quoted) {
            Ok(inner @ Value::String(_)) => inner,
            _ => value,
        },
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[cfg(feature = "sql")]
    #[test]
    fn bytes_are_the_text_that_a_file_of_them_would_be() {
        let text = r#"{"a": "é"}"#;
        let utf_16 = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [text.as_bytes().to_vec(), zstd::encode_all(text.as_bytes(), 0).unwrap(), utf_16] {
            assert_eq!(text_of_bytes(bytes), text);
        }
        for (bytes, shown) in [(&b"a\xffb\0"[..], "a\u{fffd}b\0"), (b"\x1f\x8bcut", "\x1f\u{fffd}cut"), (b"", "")] {
            assert_eq!(text_of_bytes(bytes.to_vec()), shown);
        }
    }

    #[test]
    fn columns_get_the_names_of_a_row() {
        let columns = |pairs: &[(&str, Value)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Vec<_>>()
        };
        let folded =
            columns(&[("partitionkey", json!("p")), ("rowkey", json!("current")), ("STATUS", json!("running"))]);
        let folded = row(folded, Some("PartitionKey"), None);
        assert_eq!((folded.id(), folded.status()), (Some("p"), Some("running")));
        let named = columns(&[("no", json!(7)), ("data", json!("\"{\\\"k8s_job_id\\\":\\\"job-x\\\"}\""))]);
        let named = row(named, Some("no"), Some("data"));
        assert_eq!((named.id(), named.payload()), (Some("7"), Some(&json!({"k8s_job_id": "job-x"}))));
    }
}
