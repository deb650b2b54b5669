//! [`Differences`]: how rows of one id differ, in words.

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

use crate::{mask::mask, render::plain, row::Row};

/// Columns whose values are told; of more only how many there are.
const TOLD: usize = 4;
/// Characters of a value that is told.
const SHORT: usize = 40;
/// Rows whose values are told.
const ROWS: usize = 4;
/// Columns of which many rows have the same value, or a database writes the value in another way than we do: no row is named by them.
const SHARED: [&str; 22] = [
    "type",
    "status",
    "phase",
    "owner_oid",
    "owner_upn",
    "tenant_id",
    "parent_job_id",
    "error_code",
    "created_at",
    "updated_at",
    "Timestamp",
    "job_title",
    "program",
    "db",
    "query_label",
    "subscription_id",
    "resource_group",
    "cluster_name",
    "storage_account",
    "submission_source",
    "schema_version",
    "queue_origin",
];

/// The columns in which rows differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// Each column with what the rows have there; no values where they are long.
    columns: Vec<(String, Option<Vec<String>>)>,
    /// A column by which each of the rows can be named.
    key: Option<usize>,
}

/// The columns in which two rows differ.
pub(super) fn between(one: &Row, other: &Row) -> BTreeSet<String> {
    let [one, other] = [one, other].map(Row::document);
    let names = [one, other].into_iter().filter_map(Value::as_object).flat_map(|columns| columns.keys());
    names.filter(|name| one.get(name) != other.get(name)).cloned().collect()
}

impl Differences {
    /// Of rows with one id.
    pub(super) fn among(rows: &[Row]) -> Self {
        let Some((first, others)) = rows.split_first() else { return Self::default() };
        let names: BTreeSet<String> = others.iter().flat_map(|other| between(first, other)).collect();
        let values = |name: &String| {
            let of = |row: &Row| short(row.document().get(name));
            (rows.len() <= ROWS).then(|| rows.iter().map(of).collect::<Option<Vec<String>>>()).flatten()
        };
        let columns: Vec<_> = names.into_iter().map(|name| (name.clone(), values(&name))).collect();
        let key = columns.iter().position(|(name, values)| {
            let values = values.as_deref().unwrap_or_default();
            let is_own =
                values.iter().collect::<BTreeSet<_>>().len() == rows.len() && values.iter().all(|it| it != NONE);
            is_own && !SHARED.contains(&name.as_str())
        });
        Self { columns, key }
    }

    /// Whether the rows are alike.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// What stands for a value that is not there.
const NONE: &str = "none";

/// A value that fits into a sentence.
fn short(value: Option<&Value>) -> Option<String> {
    let text = match value {
        None | Some(Value::Null) => NONE.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(scalar @ (Value::Bool(_) | Value::Number(_))) => scalar.to_string(),
        Some(Value::Array(_) | Value::Object(_)) => return None,
    };
    (text.chars().count() <= SHORT).then(|| plain(&mask(&text), SHORT))
}

/// Follows `holds 2 rows with the id …`.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, values)) in self.columns.iter().take(TOLD).enumerate() {
            f.write_str(if at == 0 { ", which differ in " } else { ", " })?;
            f.write_str(&plain(name, SHORT))?;
            if let Some(values) = values {
                write!(f, " ({})", values.join(", "))?;
            }
        }
        match self.columns.len().saturating_sub(TOLD) {
            0 => {}
            1 => f.write_str(" and another column")?,
            more => write!(f, " and {more} more columns")?,
        }
        match self.key.and_then(|at| self.columns.get(at)) {
            Some((name, Some(values))) => {
                let (name, values) = (plain(name, SHORT), values.join(" or "));
                write!(f, "; to read one of them by that column: --db-key {name}, and {values} as JOB")
            }
            _ => f.write_str(
                "; name a column that tells rows apart with --db-key, or give the id (job-<32 hex>) itself as JOB",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_of_one_id_are_told_apart() {
        let rows = |rows: &[Value]| -> Vec<Row> {
            rows.iter().map(|row| Row::new(row.as_object().unwrap().clone())).collect()
        };
        let told = |values: &[Value]| Differences::among(&rows(values)).to_string();
        let next = "; name a column that tells rows apart with --db-key, or give the id (job-<32 hex>) itself as JOB";
        for (values, expected) in [
            (
                vec![json!({"job_id": "a", "status": "running", "no": 1}), json!({"job_id": "a", "status": "failed", "no": 2})],
                ", which differ in no (1, 2), status (running, failed); to read one of them by that column: --db-key no, and 1 or 2 \
                 as JOB"
                    .to_owned(),
            ),
            (
                vec![json!({"job_id": "a", "status": "running"}), json!({"job_id": "a", "payload": {"x": 1}})],
                format!(", which differ in payload, status (running, none){next}"),
            ),
            (
                vec![json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}), json!({}), json!({})],
                format!(", which differ in a (1, none, none), b (1, none, none), c (1, none, none), d (1, none, none) and 2 more columns{next}"),
            ),
            (
                vec![json!({"note": "\u{1b}[2J".repeat(9)}), json!({"note": "sig=AbCdEfGhIjKlMnOpQrStUvWx0123456789%3D"})],
                format!(", which differ in note{next}"),
            ),
        ] {
            assert_eq!(told(&values), expected);
        }
        assert!(Differences::among(&rows(&[json!({"a": 1}), json!({"a": 1})])).is_empty());
        assert!(Differences::among(&[]).is_empty());
    }
}
