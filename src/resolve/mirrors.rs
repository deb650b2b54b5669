//! The twelve places that hold a copy of the id, and what stands in each.

use serde::Serialize;
use serde_json::Value;

use crate::{job_id::JobId, row::Row};

/// The payload's mirrors, most trusted first.
const PAYLOAD: [&[&str]; 8] = [
    &["elastic_blast_job_id"],
    &["k8s_job_id"],
    &["_progress", "steps", "running", "k8s", "job_id"],
    &["_progress", "steps", "exporting_results", "k8s", "job_id"],
    &["_progress", "steps", "warming_up", "k8s", "job_id"],
    &["_progress", "steps", "staging_db", "k8s", "job_id"],
    // The only place for jobs that came through the sibling service.
    &["external", "elb_job_id"],
    &["external", "k8s", "job_id"],
];

/// The same names among the row's own columns; the last two are an external row's.
const COLUMNS: [&[&str]; 4] = [&["elastic_blast_job_id"], &["k8s_job_id"], &["elb_job_id"], &["k8s", "job_id"]];

/// What a mirror is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MirrorVerdict {
    /// The first id: the answer.
    Chosen,
    /// The same id again.
    Agrees,
    /// Another id than the chosen one.
    Conflicts,
    /// A text that is no ElasticBLAST id, e.g. the row's own UUID.
    NotAnId,
    /// Not a text, or something on the way to it is not an object.
    WrongType,
    /// Null or a blank text.
    Empty,
    /// Nothing stands there.
    Absent,
}

impl MirrorVerdict {
    /// The verdict as it stands in every view.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Agrees => "agrees",
            Self::Conflicts => "conflicts",
            Self::NotAnId => "not-an-id",
            Self::WrongType => "wrong-type",
            Self::Empty => "empty",
            Self::Absent => "absent",
        }
    }
}

/// One place and what stands there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mirror {
    /// The place, dotted: `payload.external.k8s.job_id`. The paths of a bare payload do not begin with `payload.`.
    pub path: String,
    /// What stands there, whole; `None` if nothing does.
    pub raw: Option<Value>,
    /// What it is worth.
    pub verdict: MirrorVerdict,
    /// Where the way to `path` ended at something that is no object; `raw` is that something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_at: Option<String>,
}

/// The first id with its path, and whether that is only what was left of a text that was cut off.
pub(super) struct ChosenId {
    pub id: JobId,
    pub path: String,
    pub is_doubtful: bool,
}

/// Looks at every mirror of `row`; also gives the first id, one that stands in broken text after all others.
pub(super) fn look(row: &Row) -> (Vec<Mirror>, Option<ChosenId>) {
    let ids: Vec<ChosenId> = places(row)
        .filter_map(|(root, prefix, keys)| match walk(root?, keys) {
            MirrorValue::Value(Value::String(text)) => Some(ChosenId {
                id: text.trim().parse().ok()?,
                path: join(prefix, keys),
                is_doubtful: row.is_broken() || (row.has_broken_payload() && prefix == "payload"),
            }),
            _ => None,
        })
        .collect();
    let first = ids.iter().position(|choice| !choice.is_doubtful).unwrap_or_default();
    let chosen = ids.into_iter().nth(first);
    let mirrors = places(row)
        .map(|(root, prefix, keys)| {
            let path = join(prefix, keys);
            let (raw, blocked) = match root.map_or(MirrorValue::Nothing, |root| walk(root, keys)) {
                MirrorValue::Nothing => {
                    return Mirror { path, raw: None, verdict: MirrorVerdict::Absent, blocked_at: None };
                }
                MirrorValue::Value(raw) => (raw, None),
                MirrorValue::Blocked(raw, depth) => (raw, Some(join(prefix, &keys[..depth]))),
            };
            let verdict = match (raw, &blocked) {
                (Value::Null, None) => MirrorVerdict::Empty,
                (Value::String(text), None) => judge(text.trim(), &path, chosen.as_ref()),
                _ => MirrorVerdict::WrongType,
            };
            Mirror { path, raw: Some(raw.clone()), verdict, blocked_at: blocked }
        })
        .collect();
    (mirrors, chosen)
}

/// The places in order of trust: root, the root's name, and the keys from there.
fn places(row: &Row) -> impl Iterator<Item = (Option<&Value>, &'static str, &'static [&'static str])> {
    let prefix = if row.is_bare_payload() { "" } else { "payload" };
    // The first two columns of a bare payload are its first two mirrors.
    let columns = COLUMNS.iter().filter(|keys| !(row.is_bare_payload() && PAYLOAD.contains(keys)));
    let payload = PAYLOAD.iter().map(move |keys| (row.payload(), prefix, *keys));
    payload.chain(columns.map(|keys| (Some(row.document()), "", *keys)))
}

/// The worth of a text beside the chosen one.
fn judge(text: &str, path: &str, chosen: Option<&ChosenId>) -> MirrorVerdict {
    if text.is_empty() {
        return MirrorVerdict::Empty;
    }
    match (text.parse::<JobId>(), chosen) {
        (Ok(_), Some(chosen)) if chosen.path == path => MirrorVerdict::Chosen,
        (Ok(id), Some(chosen)) if id == chosen.id => MirrorVerdict::Agrees,
        (Ok(_), _) => MirrorVerdict::Conflicts,
        (Err(_), _) => MirrorVerdict::NotAnId,
    }
}

/// Where the keys lead.
enum MirrorValue<'a> {
    /// A key, or an object on the way, is missing or null.
    Nothing,
    /// To this.
    Value(&'a Value),
    /// To this, which is no object, after so many keys.
    Blocked(&'a Value, usize),
}

fn walk<'a>(root: &'a Value, keys: &[&str]) -> MirrorValue<'a> {
    let mut value = root;
    for (depth, key) in keys.iter().enumerate() {
        value = match value {
            Value::Object(map) => match map.get(*key) {
                Some(next) => next,
                None => return MirrorValue::Nothing,
            },
            Value::Null => return MirrorValue::Nothing,
            other => return MirrorValue::Blocked(other, depth),
        };
    }
    MirrorValue::Value(value)
}

fn join(prefix: &str, keys: &[&str]) -> String {
    let prefix = (!prefix.is_empty()).then_some(prefix);
    prefix.into_iter().chain(keys.iter().copied()).collect::<Vec<_>>().join(".")
}
