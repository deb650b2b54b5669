//! [`Row`]: one job's row, whole, with typed views that trust nothing.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Map, Value};

use super::payload::{self, Payload};
use crate::namespace::is_namespace;

/// Statuses after which nothing more happens to a job.
pub(crate) const TERMINAL: [&str; 4] = ["completed", "failed", "cancelled", "deleted"];
/// The steps whose `k8s` object names a namespace, the one with the most pods first.
const STEPS: [&str; 4] = ["running", "exporting_results", "warming_up", "staging_db"];
/// Keys of which a row, a table entity, an external row or a payload has at least one.
const KNOWN: [&str; 13] = [
    "job_id",
    "PartitionKey",
    "RowKey",
    "status",
    "phase",
    "type",
    "payload",
    "payload_json",
    "elb_job_id",
    "elastic_blast_job_id",
    "k8s_job_id",
    "_progress",
    "external",
];

/// A row in any of its shapes: the dashboard's export, the table entity, an external row or a bare payload.
///
/// Every object is a row; any field may be missing, null or of the wrong type, and then its view is `None`. Texts are
/// trimmed, and an empty text counts as missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    document: Value,
    payload: Payload,
    notes: Vec<String>,
    /// Its own id, also one that is a number.
    id: Option<String>,
    /// What the document was made out of, if that was cut off.
    broken: Option<String>,
}

impl Row {
    /// The row that `document` is.
    pub fn new(document: Map<String, Value>) -> Self {
        let mut notes = Vec::new();
        let payload = payload::find(&document, &mut notes);
        if !KNOWN.iter().any(|key| document.contains_key(*key)) {
            notes.push("the object has none of a row's columns; is it a row?".to_owned());
        }
        let number = |key: &str| document.get(key).filter(|id| id.is_number()).map(ToString::to_string);
        let id = ["job_id", "PartitionKey"]
            .into_iter()
            .find_map(|key| text(document.get(key)).map(str::to_owned).or_else(|| number(key)));
        Self { document: Value::Object(document), payload, notes, id, broken: None }
    }

    /// The row of which `document` is left; `text` is what it was read from.
    pub(super) fn broken(document: Map<String, Value>, text: &str) -> Self {
        Self { broken: Some(text.to_owned()), ..Self::new(document) }
    }

    /// Whether the whole row is only what was left of one.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Whether the payload is only what was left of one, so that what it says is no more than a sign.
    pub fn has_broken_payload(&self) -> bool {
        self.is_broken() || matches!(self.payload, Payload::Broken { .. })
    }

    /// The text that could not be read whole, and where it stands.
    pub fn broken_text(&self) -> Option<(&str, &str)> {
        match &self.payload {
            Payload::Broken { column, .. } => Some((column, text(self.document.get(*column))?)),
            _ => Some(("the row", self.broken.as_deref()?)),
        }
    }

    /// The whole document as it was read.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The payload, an object, wherever it stood: `payload`, `payload_json` or (a bare payload) the document itself.
    pub fn payload(&self) -> Option<&Value> {
        match &self.payload {
            Payload::Column(column) => self.document.get(*column),
            Payload::Decoded(value) | Payload::Broken { value, .. } => Some(value),
            Payload::Document => Some(&self.document),
            Payload::Missing => None,
        }
    }

    /// Whether the document itself is the payload, so that its paths do not begin with `payload.`.
    pub fn is_bare_payload(&self) -> bool {
        self.payload == Payload::Document
    }

    /// What is odd about the row but does not stop elbtail, e.g. a malformed `payload_json`; a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a sentence to the [notes](Self::notes).
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A column of the row itself, if it is a text.
    pub fn column(&self, name: &str) -> Option<&str> {
        text(self.document.get(name))
    }

    /// The row's own id (`job_id`, in a table `PartitionKey`); not the ElasticBLAST id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// `blast`, `warmup`, ….
    pub fn row_type(&self) -> Option<&str> {
        self.column("type")
    }

    /// `queued`, `running`, `completed`, … as written.
    pub fn status(&self) -> Option<&str> {
        self.column("status")
    }

    /// Whether the status says that the job has ended, compared without case. No status: not ended.
    pub fn is_terminal(&self) -> bool {
        self.status().is_some_and(|status| TERMINAL.iter().any(|terminal| status.eq_ignore_ascii_case(terminal)))
    }

    /// The step the job is in; the column, else the payload's `_progress.phase`.
    pub fn phase(&self) -> Option<&str> {
        self.column("phase").or_else(|| text(self.payload()?.get("_progress")?.get("phase")))
    }

    /// The AKS cluster the job runs on.
    pub fn cluster_name(&self) -> Option<&str> {
        self.column("cluster_name").or_else(|| text(self.payload()?.get("cluster_name")))
    }

    /// The job this one was split from.
    pub fn parent_job_id(&self) -> Option<&str> {
        self.column("parent_job_id").or_else(|| text(self.payload()?.get("parent_job_id")))
    }

    /// When the row was created.
    pub fn created_at(&self) -> Option<Timestamp> {
        self.column("created_at").and_then(time)
    }

    /// When the row last changed; the column, else the table's own `Timestamp`.
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.column("updated_at").and_then(time).or_else(|| self.column("Timestamp").and_then(time))
    }

    /// The steps of `_progress`, in the document's order, with whatever stands there.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &Value)> {
        let steps = self.payload().and_then(|p| p.get("_progress")?.get("steps")?.as_object());
        steps.into_iter().flatten().map(|(name, step)| (name.as_str(), step))
    }

    /// A hint at the namespace: the first `k8s.namespace` of a step, of `external`, or of the row that is a valid name.
    pub fn namespace(&self) -> Option<&str> {
        let step = |name: &str| self.payload()?.get("_progress")?.get("steps")?.get(name);
        let known = STEPS.iter().filter_map(|name| step(name));
        let other = self.steps().filter(|(name, _)| !STEPS.contains(name)).map(|(_, step)| step);
        let outer = self.payload().and_then(|p| p.get("external")).into_iter().chain([&self.document]);
        known.chain(other).chain(outer).find_map(|holder| namespace(holder.get("k8s")?.get("namespace")))
    }
}

/// A value as a trimmed text, if there is one in it.
fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A value as a namespace.
fn namespace(value: Option<&Value>) -> Option<&str> {
    text(value).filter(|name| is_namespace(name))
}

/// RFC 3339, or the same without an offset, which the dashboard's code means as UTC.
fn time(text: &str) -> Option<Timestamp> {
    let naive = || text.parse::<civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(naive)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(document: Value) -> Row {
        Row::new(document.as_object().unwrap().clone())
    }

    #[test]
    fn views_a_row() {
        let row = row(json!({
            "job_id": " r1 ", "type": "blast", "status": " Completed\n", "phase": "running", "cluster_name": "c",
            "parent_job_id": "p", "updated_at": "2026-05-21T02:31:40+00:00", "created_at": "2026-05-21T02:11:09.5",
            "payload": {"_progress": {"steps": {
                "submitting": {"k8s": {"namespace": "later"}},
                "running": {"k8s": {"namespace": "Not_Valid"}},
                "staging_db": {"k8s": {"namespace": "elb"}},
            }}},
        }));
        assert_eq!(row.id(), Some("r1"));
        assert_eq!(row.status(), Some("Completed"));
        assert!(row.is_terminal());
        assert_eq!(row.phase(), Some("running"));
        assert_eq!(row.row_type(), Some("blast"));
        assert_eq!(row.cluster_name(), Some("c"));
        assert_eq!(row.parent_job_id(), Some("p"));
        assert_eq!(row.namespace(), Some("elb"));
        assert_eq!(row.updated_at(), Some("2026-05-21T02:31:40Z".parse().unwrap()));
        assert_eq!(row.created_at(), Some("2026-05-21T02:11:09.5Z".parse().unwrap()));
        assert!(row.notes().is_empty());
    }

    #[test]
    fn a_table_entity_names_itself_by_its_keys() {
        let row = row(json!({"PartitionKey": "p", "RowKey": "current", "Timestamp": "2026-05-21T02:31:40Z"}));
        assert_eq!(row.id(), Some("p"));
        assert_eq!(row.updated_at(), Some("2026-05-21T02:31:40Z".parse().unwrap()));
        assert_eq!(row.payload(), None);
    }

    #[test]
    fn wrong_types_are_missing() {
        let row = row(json!({
            "job_id": [], "PartitionKey": {}, "status": {}, "phase": null, "type": true, "cluster_name": "  ",
            "updated_at": "yesterday", "payload": {"_progress": {"phase": 3, "steps": "none"}, "external": 1}, "k8s": "x",
        }));
        assert_eq!((row.id(), row.status(), row.phase(), row.row_type()), (None, None, None, None));
        assert_eq!((row.cluster_name(), row.updated_at(), row.namespace()), (None, None, None));
        assert!(!row.is_terminal());
        assert_eq!(row.steps().count(), 0);
    }

    #[test]
    fn finds_the_payload_in_each_shape() {
        let inner = json!({"k8s_job_id": "job-x"});
        let cases = [
            (json!({"job_id": "r", "payload": inner}), 0),
            (json!({"job_id": "r", "payload": inner.to_string()}), 0),
            (json!({"job_id": "r", "payload_json": inner.to_string()}), 0),
            (json!({"job_id": "r", "payload_json": inner}), 0),
            (json!({"job_id": "r", "payload": null, "payload_json": inner.to_string()}), 0),
            (json!({"job_id": "r", "payload": {}, "payload_json": inner.to_string()}), 0),
            (json!({"job_id": "r", "payload": "{\"k8s", "payload_json": inner.to_string()}), 1),
            (json!({"job_id": "r", "payload": 4, "payload_json": inner.to_string()}), 1),
        ];
        for (document, notes) in cases {
            let row = row(document.clone());
            assert_eq!(row.payload(), Some(&inner), "{document}");
            assert_eq!(row.notes().len(), notes, "{document}");
            assert!(!row.is_bare_payload());
        }
    }

    #[test]
    fn recognises_a_bare_payload() {
        for bare in [
            json!({"_progress": {}}),
            json!({"external": {}, "status": "running"}),
            json!({"k8s_job_id": "job-x"}),
            json!({"job_id": "r", "_progress": {}}),
            json!({"job_id": "r", "payload_json": "{", "_progress": {}}),
        ] {
            assert!(row(bare.clone()).is_bare_payload(), "{bare}");
        }
        for other in [json!({"job_id": "r", "k8s_job_id": "job-x"}), json!({"job_id": "r", "payload": {}}), json!({})] {
            assert!(!row(other.clone()).is_bare_payload(), "{other}");
        }
    }

    #[test]
    fn a_payload_that_cannot_be_used_is_a_note() {
        let notes = |document| row(document).notes().join("; ");
        assert_eq!(
            notes(json!({"job_id": "r", "payload_json": "{\"a\": "})),
            "payload_json is not valid JSON: EOF while parsing a value at line 1 column 6; it was cut off"
        );
        assert_eq!(
            notes(json!({"job_id": "r", "payload": "[1]"})),
            "payload is text that holds an array, not an object"
        );
        assert_eq!(notes(json!({"job_id": "r", "payload_json": true})), "payload_json is a boolean, not an object");
        assert_eq!(notes(json!({"job_id": "r", "payload_json": " "})), "");
        assert_eq!(notes(json!({"detail": "Not Found"})), "the object has none of a row's columns; is it a row?");
    }
}
