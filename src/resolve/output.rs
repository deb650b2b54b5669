//! `elbtail resolve JOB -o name|json|yaml|table`: a [`Resolution`] as text.

use std::io;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Inferred, Mirror, Outcome, Resolution, Skipped};
use crate::{
    job_id::JobId,
    mask::{mask, mask_json},
    render::{document, plain, table},
    row::{Row, RowSummary},
};

/// How many characters of a value a table shows.
const CELL: usize = 60;
/// How many bytes of JSON are made of a value to be shown; enough for [`CELL`] characters.
const CELL_BYTES: usize = 4 * (CELL + 1);

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveFormat {
    /// The id alone.
    Name,
    /// One object, valid also without an id.
    Json,
    /// The same object.
    Yaml,
    /// Each place, its verdict and what stands there.
    Table,
}

/// The text for stdout, with a line end. [`ResolveFormat::Name`] without an id gives an empty text.
///
/// `row` is `None` for an id that was given instead of a row.
///
/// # Errors
/// None is known; what the serializers can report is handed on.
pub fn render(format: ResolveFormat, row: Option<&Row>, resolution: &Resolution) -> anyhow::Result<String> {
    Ok(match format {
        ResolveFormat::Name => resolution.id().map(|id| format!("{id}\n")).unwrap_or_default(),
        ResolveFormat::Json => document::json(&ResolutionOutput::new(row, resolution))?,
        ResolveFormat::Yaml => document::yaml(&ResolutionOutput::new(row, resolution))?,
        ResolveFormat::Table => table(&lines(resolution)),
    })
}

/// The object of `-o json` and `-o yaml`: a contract with scripts.
#[derive(Serialize)]
struct ResolutionOutput<'a> {
    id: Option<&'a JobId>,
    inferred: bool,
    source: Option<&'a str>,
    outcome: &'static str,
    warning: Option<String>,
    row: Option<ResolvedRow<'a>>,
    mirrors: Vec<Mirror>,
    candidates: &'a [Inferred],
    skipped: &'a [Skipped],
    notes: &'a [String],
}

#[derive(Serialize)]
struct ResolvedRow<'a> {
    #[serde(flatten)]
    summary: RowSummary<'a>,
    cluster_name: Option<&'a str>,
    namespace: Option<&'a str>,
    parent_job_id: Option<&'a str>,
    updated_at: Option<Timestamp>,
}

impl<'a> ResolutionOutput<'a> {
    fn new(row: Option<&'a Row>, resolution: &'a Resolution) -> Self {
        Self {
            id: resolution.id(),
            inferred: resolution.is_inferred(),
            source: resolution.source(),
            outcome: resolution.outcome.name(),
            warning: resolution.warning(),
            row: row.map(|row| ResolvedRow {
                summary: RowSummary::of(row),
                cluster_name: row.cluster_name(),
                namespace: row.namespace(),
                parent_job_id: row.parent_job_id(),
                updated_at: row.updated_at(),
            }),
            mirrors: resolution.mirrors.iter().map(masked).collect(),
            candidates: &resolution.inferred,
            skipped: &resolution.skipped,
            notes: row.map(Row::notes).unwrap_or_default(),
        }
    }
}

/// PATH, VERDICT, VALUE: the mirrors, then what captured output shows (`inferred`, or `other-row`).
fn lines(resolution: &Resolution) -> Vec<Vec<String>> {
    let mut lines = vec![vec!["PATH".to_owned(), "VERDICT".to_owned(), "VALUE".to_owned()]];
    if let Outcome::Given { id } = &resolution.outcome {
        lines.push(vec![super::COMMAND_LINE.to_owned(), "chosen".to_owned(), id.to_string()]);
    }
    for mirror in &resolution.mirrors {
        let value = match (&mirror.raw, &mirror.blocked_at) {
            (None, _) => "-".to_owned(),
            (Some(raw), None) => cell(raw),
            (Some(raw), Some(at)) => format!("{at} is {}", json_cell(raw)),
        };
        lines.push(vec![mirror.path.clone(), mirror.verdict.as_str().to_owned(), value]);
    }
    for Inferred { path, id, .. } in &resolution.inferred {
        lines.push(vec![plain(path, 2 * CELL), "inferred".to_owned(), id.to_string()]);
    }
    for Skipped { path, id, owner } in &resolution.skipped {
        let value = format!("{id} of row {}", plain(owner, CELL));
        lines.push(vec![plain(path, 2 * CELL), "other-row".to_owned(), value]);
    }
    lines
}

/// A mirror for scripts and tickets: what stands on the way to it may be anything, a secret too.
fn masked(mirror: &Mirror) -> Mirror {
    let mut mirror = mirror.clone();
    mirror.raw.iter_mut().for_each(mask_json);
    mirror
}

/// A value for a person: a plain word as it is, anything else as JSON; one line, cut, nothing a terminal would obey.
pub(super) fn cell(value: &Value) -> String {
    if let Value::String(word) = value
        && is_word(word)
    {
        return plain(&mask(word), CELL);
    }
    json_cell(value)
}

/// A value as JSON, so that its type shows; as harmless as a [`cell`].
pub(super) fn json_cell(value: &Value) -> String {
    let mut head = FirstBytes(Vec::new());
    // A value that does not fit ends the writing early; that is the point.
    let _ = serde_json::to_writer(&mut head, value);
    plain(&mask(&String::from_utf8_lossy(&head.0)), CELL)
}

/// Whether a text cannot be taken for anything but a text.
fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(plain) && serde_json::from_str::<Value>(text).is_err()
}

/// A writer that takes the first bytes and refuses the rest.
struct FirstBytes(Vec<u8>);

impl io::Write for FirstBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CELL_BYTES.saturating_sub(self.0.len()).min(bytes.len());
        self.0.extend_from_slice(&bytes[..room]);
        // 0 is "full": the serializer's `write_all` turns it into an error.
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_is_one_short_harmless_line() {
        for (value, shown) in [
            (json!("job-x"), "job-x"),
            (json!(""), r#""""#),
            (json!(" job-x"), r#"" job-x""#),
            (json!("null"), r#""null""#),
            (json!("12"), r#""12""#),
            (json!(null), "null"),
            (json!(42), "42"),
            (json!(["job-x"]), r#"["job-x"]"#),
            (json!("a\u{1b}[31m\n\u{9b}"), r#""a\u001b[31m\n\u{9b}""#),
        ] {
            assert_eq!(cell(&value), shown);
        }
        let long = cell(&json!(vec!["é"; 100_000]));
        assert_eq!(long.chars().count(), CELL + 1);
        assert!(long.ends_with('…'));
        // Characters of four bytes fill the cell as others do.
        assert_eq!(cell(&json!("🧬".repeat(100))), format!("\"{}…", "🧬".repeat(CELL - 1)));
    }
}
