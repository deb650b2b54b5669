//! [`RowSummary`]: what every view of a row begins with.

use serde::Serialize;

use super::Row;

/// The first fields of a row in JSON and YAML: a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RowSummary<'a> {
    /// The row's own id.
    pub id: Option<&'a str>,
    /// What kind of job it is of.
    #[serde(rename = "type")]
    pub kind: Option<&'a str>,
    /// The dashboard's word for how it is.
    pub status: Option<&'a str>,
    /// Where the job stands.
    pub phase: Option<&'a str>,
}

impl<'a> RowSummary<'a> {
    /// That of a row.
    pub fn of(row: &'a Row) -> RowSummary<'a> {
        RowSummary { id: row.id(), kind: row.row_type(), status: row.status(), phase: row.phase() }
    }
}
