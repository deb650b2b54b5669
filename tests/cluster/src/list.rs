//! Lists and single objects.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::handle::{Answer, Outcome};
use crate::resource::Resource;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Failure, TOKEN_EXPIRED};
use crate::store::{Kept, Key, of_namespace};
use crate::world::World;

/// Both selectors of a request.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
    name: Option<String>,
}

impl Selection {
    pub(crate) fn of(call: &Call, resource: &Resource) -> Result<Self, Failure> {
        let text = |name| call.parameter(name).unwrap_or_default();
        let labels = LabelSelector::parse(text("labelSelector")).map_err(|error| Failure::bad_request(&error))?;
        let fields = text("fieldSelector");
        let fields = FieldSelector::parse(fields, resource.plural).map_err(|error| {
            Failure::bad_request(&format!(
                "Unable to find \"{}, Resource={}\" that match label selector \"{}\", field selector \"{fields}\": {error}",
                resource.api_version(),
                resource.plural,
                text("labelSelector"),
            ))
        })?;
        Ok(Self { labels, fields, name: (!call.name.is_empty()).then(|| call.name.clone()) })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.matches_unlabelled(object)
    }

    /// The same of an object whose labels are at hand, which spares the look into most objects.
    pub(crate) fn matches_kept(&self, kept: &Kept) -> bool {
        self.labels.matches_labels(|key| kept.label(key)) && self.matches_unlabelled(&kept.object)
    }

    fn matches_unlabelled(&self, object: &Value) -> bool {
        self.name.as_deref().is_none_or(|name| object["metadata"]["name"] == name) && self.fields.matches(object)
    }

    fn selects_all(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
}

/// `None` stands for all namespaces.
pub(crate) fn scope(call: &Call) -> Option<&str> {
    (!call.namespace.is_empty()).then_some(call.namespace.as_str())
}

pub(crate) fn get(world: &Arc<World>, call: &Call, resource: &'static Resource) -> Outcome {
    let found = world.get(resource, &call.namespace, &call.name);
    let object = found.ok_or_else(|| Failure::not_found(resource, &call.name))?;
    Ok(Answer::Json(StatusCode::OK, typed(&object, resource)))
}

pub(crate) fn list(world: &Arc<World>, call: &Call, resource: &'static Resource) -> Outcome {
    let selection = Selection::of(call, resource)?;
    let limit = call.parameter("limit").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0);
    // The lock is held for the snapshot only, so that lists run beside each other.
    let (snapshot, current, floor) = {
        let state = world.lock();
        (state.store.snapshot(resource), state.store.version(), state.store.floor())
    };
    if let Some(wanted) = call.parameter("resourceVersion").and_then(|version| version.parse::<u64>().ok())
        && wanted > current
        && call.parameter("continue").is_none()
    {
        let message = format!("Too large resource version: {wanted}, current: {current}");
        let mut failure = Failure::injected(504, None);
        failure.body["message"] = format!("Timeout: {message}").into();
        return Err(failure);
    }
    let (version, start) = match call.parameter("continue") {
        None => (current, None),
        Some(token) => {
            let (version, start) = Token::decode(token)
                .ok_or_else(|| Failure::bad_request("continue key is not valid: illegal base64 data"))?;
            if version < floor {
                return Err(Failure::expired(TOKEN_EXPIRED));
            }
            (version, Some(start))
        }
    };
    let mut found = of_namespace(&snapshot, scope(call))
        .filter(|(key, _)| start.as_ref().is_none_or(|start| Token::place(key, call, resource) >= *start))
        .filter(|(_, kept)| selection.matches_kept(kept));
    let page: Vec<(&Key, &Kept)> = found.by_ref().take(limit.unwrap_or(usize::MAX)).collect();
    let rest = found.count();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if rest > 0
        && let Some((last, _)) = page.last()
    {
        metadata["continue"] = Token::encode(version, &Token::place(last, call, resource)).into();
        if selection.selects_all() {
            metadata["remainingItemCount"] = rest.into();
        }
    }
    let items: Vec<Value> = page.into_iter().map(|(_, kept)| (*kept.object).clone()).collect();
    Ok(Answer::Json(
        StatusCode::OK,
        json!({
            "kind": format!("{}List", resource.kind),
            "apiVersion": resource.api_version(),
            "metadata": metadata,
            "items": items,
        }),
    ))
}

/// An object with `kind` and `apiVersion`, which items of a list lack.
pub(crate) fn typed(object: &Value, resource: &Resource) -> Value {
    let mut typed = Map::new();
    typed.insert("kind".into(), resource.kind.into());
    typed.insert("apiVersion".into(), resource.api_version().into());
    for (key, value) in object.as_object().into_iter().flatten() {
        typed.insert(key.clone(), value.clone());
    }
    Value::Object(typed)
}

/// The opaque `continue` of a paged list.
struct Token;

impl Token {
    /// Where the next page starts: right after a key, with the leading slash the watch cache's tokens have.
    fn place(key: &Key, call: &Call, resource: &Resource) -> String {
        let (namespace, name) = key;
        let place = match (resource.namespaced && call.namespace.is_empty(), namespace) {
            (true, namespace) => format!("{namespace}/{name}"),
            (false, _) => name.clone(),
        };
        if resource.plural == "events" { place } else { format!("/{place}") }
    }

    fn encode(version: u64, place: &str) -> String {
        let start = Value::String(format!("{place}\u{0}"));
        STANDARD_NO_PAD.encode(format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{version},\"start\":{start}}}"))
    }

    fn decode(token: &str) -> Option<(u64, String)> {
        let bytes = STANDARD_NO_PAD.decode(token.trim_end_matches('=')).ok()?;
        let fields: HashMap<String, Value> = serde_json::from_slice(&bytes).ok()?;
        Some((fields.get("rv")?.as_u64()?, fields.get("start")?.as_str()?.to_owned()))
    }
}
