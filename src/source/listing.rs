//! `elbtail jobs --db URL -o table|json|name`: rows as text, so that people find the one they mean.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    job_id::JobId,
    render::{Headers, document, plain, table},
    resolve,
    row::{Row, RowSummary},
};

/// How many characters of a value a table shows.
const CELL: usize = 40;

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobsFormat {
    /// A line for each row.
    Table,
    /// An array, empty without rows.
    Json,
    /// The rows' ids alone.
    Name,
}

/// The text for stdout, with a line end; empty without rows but for [`JobsFormat::Json`].
///
/// # Errors
/// None is known; what the serializer can report is handed on.
pub fn render(format: JobsFormat, rows: &[Row], headers: Headers) -> anyhow::Result<String> {
    Ok(match format {
        JobsFormat::Name => rows.iter().filter_map(Row::id).map(|id| plain(id, usize::MAX) + "\n").collect(),
        JobsFormat::Json => {
            let views: Vec<RowOutput> = rows.iter().map(RowOutput::new).collect();
            document::json(&views)?
        }
        JobsFormat::Table => page(rows, headers),
    })
}

/// An element of `-o json`: a contract with scripts.
#[derive(Serialize)]
struct RowOutput<'a> {
    #[serde(flatten)]
    summary: RowSummary<'a>,
    program: Option<&'a str>,
    db: Option<&'a str>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    elastic_blast_job_id: Option<JobId>,
    inferred: bool,
    outcome: &'static str,
}

impl<'a> RowOutput<'a> {
    fn new(row: &'a Row) -> Self {
        let resolution = resolve::resolve(row);
        Self {
            summary: RowSummary::of(row),
            program: told(row, "program"),
            db: told(row, "db"),
            created_at: row.created_at(),
            updated_at: row.updated_at(),
            elastic_blast_job_id: resolution.id().cloned(),
            inferred: resolution.is_inferred(),
            outcome: resolution.outcome.name(),
        }
    }
}

/// A column of the row, else of its payload.
fn told<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    let payload = || row.payload()?.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    row.column(name).or_else(payload)
}

/// ID, STATUS, PHASE, PROGRAM, DB, UPDATED and the ElasticBLAST id; `?` after one that was only inferred.
fn page(rows: &[Row], headers: Headers) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = ["ID", "STATUS", "PHASE", "PROGRAM", "DB", "UPDATED", "ELASTIC-BLAST ID"].map(str::to_owned);
    let mut lines = Vec::from_iter((headers == Headers::Shown).then_some(heads.to_vec()));
    for output in rows.iter().map(RowOutput::new) {
        let cell = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| plain(text, CELL));
        let doubt = if output.inferred { "?" } else { "" };
        let id = match (&output.elastic_blast_job_id, output.outcome) {
            (Some(id), _) => format!("{id}{doubt}"),
            (None, "ambiguous") => "(ambiguous)".to_owned(),
            (None, _) => "-".to_owned(),
        };
        // To the second: the rest says nothing to a person.
        let updated = output.updated_at.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let [status, phase, program, db] =
            [output.summary.status, output.summary.phase, output.program, output.db].map(cell);
        lines.push(vec![
            cell(output.summary.id),
            status,
            phase,
            program,
            db,
            updated.unwrap_or_else(|| "-".to_owned()),
            id,
        ]);
    }
    table(&lines)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::row_from_bytes;

    fn samples() -> Vec<Row> {
        ["incident", "inferred", "none", "v1-job", "table-entity"]
            .iter()
            .map(|name| row_from_bytes(name, &fs::read(format!("testdata/rows/{name}.json")).unwrap(), None).unwrap())
            .collect()
    }

    #[test]
    fn rows_as_a_table_as_json_and_as_names() {
        let rows = samples();
        insta::assert_snapshot!("jobs_table", render(JobsFormat::Table, &rows, Headers::Shown).unwrap());
        insta::assert_snapshot!("jobs_json", render(JobsFormat::Json, &rows[..2], Headers::Shown).unwrap());
        assert_eq!(render(JobsFormat::Name, &rows[3..4], Headers::Shown).unwrap(), "607f122b1c0e\n");
        let (whole, bare) = (Headers::Shown, Headers::Hidden);
        let [whole, bare] = [whole, bare].map(|headers| render(JobsFormat::Table, &rows, headers).unwrap());
        assert_eq!(bare.lines().count() + 1, whole.lines().count());
        assert!(!bare.contains("ELASTIC-BLAST"));
        assert_eq!(render(JobsFormat::Table, &[], Headers::Shown).unwrap(), "");
        assert_eq!(render(JobsFormat::Json, &[], Headers::Shown).unwrap(), "[]\n");
    }

    #[test]
    fn a_hostile_row_stays_on_its_line() {
        let row = row_from_bytes("in", br#"{"job_id":"a\u001b[2J\nb","status":"x\ty"}"#, None).unwrap();
        let text = render(JobsFormat::Table, &[row], Headers::Shown).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains('\u{1b}'));
    }
}
