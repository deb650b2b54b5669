//! A pod's metadata without what makes most of its size.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use serde::{Deserialize, Deserializer};

/// The part of `ObjectMeta` that is read. The rest is skipped undecoded: managed fields alone are half of a pod.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Lean {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, Option<String>>>,
    owner_references: Option<Vec<OwnerMetadata>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OwnerMetadata {
    kind: Option<String>,
    name: Option<String>,
}

/// Decodes that part into the type that kube wants; `null` is an empty one.
pub(super) fn lean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let lean: Lean = Option::deserialize(deserializer)?.unwrap_or_default();
    let owner = |owner: OwnerMetadata| OwnerReference {
        kind: owner.kind.unwrap_or_default(),
        name: owner.name.unwrap_or_default(),
        ..Default::default()
    };
    let label = |(key, value): (String, Option<String>)| (key, value.unwrap_or_default());
    Ok(ObjectMeta {
        name: lean.name,
        namespace: lean.namespace,
        uid: lean.uid,
        resource_version: lean.resource_version,
        creation_timestamp: lean.creation_timestamp,
        deletion_timestamp: lean.deletion_timestamp,
        labels: lean.labels.map(|labels| labels.into_iter().map(label).collect()),
        owner_references: lean.owner_references.map(|owners| owners.into_iter().map(owner).collect()),
        ..Default::default()
    })
}
