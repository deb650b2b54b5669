//! Discovery, version and health: enough for kubectl and client libraries.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::body;
use crate::call::Call;
use crate::handle::{Answer, Outcome};
use crate::resource::{ALL, Resource};
use crate::status::Failure;

const VERBS: [&str; 6] = ["create", "delete", "deletecollection", "get", "list", "watch"];

pub(crate) fn discover(call: &Call) -> Outcome {
    let value = match call.path.trim_end_matches('/') {
        "/version" => version(),
        "/api" => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
        }),
        "/apis" => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [group("authorization.k8s.io"), group("batch"), group("coordination.k8s.io")],
        }),
        "/apis/batch" => api_group("batch"),
        "/apis/coordination.k8s.io" => api_group("coordination.k8s.io"),
        "/api/v1" => resources("", "v1"),
        "/apis/batch/v1" => resources("batch", "batch/v1"),
        "/apis/coordination.k8s.io/v1" => resources("coordination.k8s.io", "coordination.k8s.io/v1"),
        "/apis/authorization.k8s.io/v1" => json!({
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": "authorization.k8s.io/v1",
            "resources": [{
                "name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview",
                "namespaced": false, "kind": "SelfSubjectAccessReview", "verbs": ["create"],
            }],
        }),
        "/openapi/v3" => json!({"paths": {
            "api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=1"},
            "apis/batch/v1": {"serverRelativeURL": "/openapi/v3/apis/batch/v1?hash=1"},
            "apis/coordination.k8s.io/v1": {"serverRelativeURL": "/openapi/v3/apis/coordination.k8s.io/v1?hash=1"},
        }}),
        "/openapi/v3/api/v1" => openapi(""),
        "/openapi/v3/apis/batch/v1" => openapi("batch"),
        "/openapi/v3/apis/coordination.k8s.io/v1" => openapi("coordination.k8s.io"),
        "/healthz" | "/readyz" | "/livez" => {
            let ok = futures::stream::once(std::future::ready(Bytes::from_static(b"ok")));
            return Ok(Answer::Text(body::stream(ok)));
        }
        _ => return Err(Failure::no_such_path()),
    };
    Ok(Answer::Json(StatusCode::OK, value))
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2",
        "gitCommit": "$Format:%H$",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.6",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn api_group(name: &str) -> Value {
    let mut group = group(name);
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    group
}

fn resources(group: &str, version: &str) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for resource in of_group(group) {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if resource.kind == "Lease" {
            entry["verbs"] = json!(VERBS.into_iter().chain(["update"]).collect::<Vec<_>>());
        }
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        list.push(entry);
        if resource.kind == "Pod" {
            list.push(json!({
                "name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"],
            }));
        }
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list})
}

fn of_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    ALL.into_iter().filter(move |resource| resource.group == group)
}

/// Says no more than that the server validates fields itself, so that kubectl does not try to.
fn openapi(group: &str) -> Value {
    let mut paths = Map::new();
    for resource in of_group(group) {
        let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
        let namespace = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        paths.insert(
            format!("{root}{namespace}/{}/{{name}}", resource.plural),
            json!({"patch": {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                "responses": {},
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": {"group": group, "kind": resource.kind, "version": "v1"},
            }}),
        );
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": {}},
    })
}
