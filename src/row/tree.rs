//! [`Tree`]: any JSON value, taken literally.
//!
//! `serde_json::Value`'s own `Deserialize` gives a meaning to the key `$serde_json::private::RawValue` when the feature
//! `raw_value` is on: it parses that key's string as JSON again, each time with a fresh recursion limit. A row is data
//! from elsewhere, so nothing in it may be more than data, and 128 levels stay 128 levels.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::render::plain;

/// Keys on the way to a copy of the id, and those that name a row.
const NOTED: [&str; 17] = [
    "job_id",
    "PartitionKey",
    "elastic_blast_job_id",
    "k8s_job_id",
    "elb_job_id",
    "k8s",
    "external",
    "payload",
    "payload_json",
    "_progress",
    "steps",
    "running",
    "exporting_results",
    "warming_up",
    "staging_db",
    "status",
    "namespace",
];

/// Builds a [`Value`]; of two equal keys the last wins, as with serde_json. One that matters and stands twice with different
/// values is noted.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a>(&'a RefCell<Vec<String>>);

/// Parses one document, with nothing but white space after it.
///
/// # Errors
/// As `serde_json::from_str`, the recursion limit included.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    parse_noting(text, &RefCell::default())
}

/// The same; what is odd is added to `notes`.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_noting(text: &str, notes: &RefCell<Vec<String>>) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Tree(notes).deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// The rest of an object whose `{` has been read.
pub(super) fn object<'de, A: MapAccess<'de>>(
    mut entries: A,
    notes: &RefCell<Vec<String>>,
) -> Result<Map<String, Value>, A::Error> {
    let mut map = Map::new();
    while let Some(key) = entries.next_key::<String>()? {
        let value = entries.next_value_seed(Tree(notes))?;
        if let Some(old) = map.get(&key)
            && *old != value
            && NOTED.contains(&key.as_str())
        {
            let shown =
                |value: &Value| if value.is_object() { "{…}".to_owned() } else { plain(&value.to_string(), 80) };
            let note = format!("{key} stands twice: {} and {}; the last is used", shown(old), shown(&value));
            notes.borrow_mut().push(note);
        }
        map.insert(key, value);
    }
    Ok(map)
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Value, A::Error> {
        object(entries, self.0).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_as_serde_json_does() {
        let text = r#"{"a":[1,-2,2.5,true,null,"x",{"b":{}}],"a2":18446744073709551615,"a":3}"#;
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn no_key_is_special() {
        let text = r#"{"$serde_json::private::RawValue":"[1]"}"#;
        assert_eq!(parse(text).unwrap()["$serde_json::private::RawValue"], "[1]");
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).unwrap_err().to_string().contains("recursion limit"));
    }
}
