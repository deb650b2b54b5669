//! Creating and patching objects through the API.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock;
use crate::handle::{Answer, Outcome};
use crate::list::typed;
use crate::pod::PodHandle;
use crate::resource::Resource;
use crate::status::Failure;
use crate::world::{self, World};
use crate::{job_controller, kubelet};

pub(crate) fn create(world: &Arc<World>, call: &Call, resource: &'static Resource, mut object: Value) -> Outcome {
    if !object.is_object() {
        return Err(Failure::bad_request("the object provided is not an object"));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("kind");
        fields.shift_remove("apiVersion");
    }
    identify(&mut object, resource, &call.namespace)?;
    match resource.kind {
        "Pod" => default_pod(&mut object),
        "Job" => default_job(&mut object),
        "Namespace" => object["status"] = json!({"phase": "Active"}),
        _ => {}
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if call.flag("dryRun") || call.parameter("dryRun") == Some("All") {
        return Ok(Answer::Json(StatusCode::CREATED, typed(&object, resource)));
    }
    let stored = world.change(|state| {
        if state.store.get(resource, &call.namespace, &name).is_some() {
            return Err(Failure::already_exists(resource, &name));
        }
        if resource.namespaced && state.store.get(&crate::resource::NAMESPACES, "", &call.namespace).is_none() {
            return Err(Failure::not_found(&crate::resource::NAMESPACES, &call.namespace));
        }
        Ok(state.store.put(resource, object))
    })?;
    match resource.kind {
        "Pod" => kubelet::run(PodHandle::of(world, &stored)),
        "Job" => job_controller::run(world, &stored),
        _ => {}
    }
    Ok(Answer::Json(StatusCode::CREATED, typed(&stored, resource)))
}

/// Puts an object in the place of the one that it was made from, by its `resourceVersion`.
///
/// A Lease may also be created so. One that names the uid of an object that is gone, or was created anew, is in conflict.
pub(crate) fn update(world: &Arc<World>, call: &Call, resource: &'static Resource, mut object: Value) -> Outcome {
    if !object.is_object() {
        return Err(Failure::bad_request("the object provided is not an object"));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("kind");
        fields.shift_remove("apiVersion");
    }
    if object["metadata"]["name"] != call.name.as_str() {
        let message = "the name of the object does not match the name on the URL";
        return Err(Failure::bad_request(message));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (uid, version) = (text(&object["metadata"]["uid"]), text(&object["metadata"]["resourceVersion"]));
    if world.get(resource, &call.namespace, &call.name).is_none() {
        if !uid.is_empty() {
            return Err(Failure::uid_differs(resource, &call.name, &uid, ""));
        }
        return match resource.kind {
            "Lease" => create(world, call, resource, object),
            _ => Err(Failure::not_found(resource, &call.name)),
        };
    }
    let stored = world.change(|state| {
        let there = state.store.get(resource, &call.namespace, &call.name);
        let there = &there.ok_or_else(|| Failure::not_found(resource, &call.name))?["metadata"];
        if !uid.is_empty() && there["uid"] != uid.as_str() {
            return Err(Failure::uid_differs(resource, &call.name, &uid, &text(&there["uid"])));
        }
        if version.is_empty() {
            return Err(Failure::no_version(resource, &call.name));
        }
        if there["resourceVersion"] != version.as_str() {
            return Err(Failure::conflict(resource, &call.name, MODIFIED));
        }
        for kept in ["namespace", "uid", "creationTimestamp"] {
            object["metadata"][kept] = there[kept].clone();
        }
        Ok(state.store.put(resource, object))
    })?;
    Ok(Answer::Json(StatusCode::OK, typed(&stored, resource)))
}

const MODIFIED: &str = "the object has been modified; please apply your changes to the latest version and try again";

/// Changes an object by a merge patch (RFC 7386), which also does for a strategic one without lists.
pub(crate) fn patch(world: &Arc<World>, call: &Call, resource: &'static Resource, patch: &Value) -> Outcome {
    let patched = world.change(|state| {
        let mut object = (**state.store.get(resource, &call.namespace, &call.name)?).clone();
        merge(&mut object, patch);
        Some(state.store.put(resource, object))
    });
    let patched = patched.ok_or_else(|| Failure::not_found(resource, &call.name))?;
    Ok(Answer::Json(StatusCode::OK, typed(&patched, resource)))
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    let Some(fields) = object.as_object_mut() else { return };
    for (key, change) in changes {
        if change.is_null() {
            fields.shift_remove(key);
        } else {
            merge(fields.entry(key).or_insert(Value::Null), change);
        }
    }
}

/// Name, namespace, uid and time of birth.
fn identify(object: &mut Value, resource: &Resource, namespace: &str) -> Result<(), Failure> {
    let metadata = &mut object["metadata"];
    if metadata["name"].as_str().unwrap_or_default().is_empty() {
        let Some(prefix) = metadata["generateName"].as_str() else {
            return Err(Failure::bad_request("metadata.name: Required value: name or generateName is required"));
        };
        metadata["name"] = format!("{prefix}{}", world::suffix()).into();
    }
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    metadata["uid"] = world::uid().into();
    if resource.kind != "Lease" {
        metadata["generation"] = 1.into();
    }
    metadata["creationTimestamp"] = clock::seconds(Timestamp::now()).into();
    Ok(())
}

fn default_to(object: &mut Value, key: &str, value: Value) {
    if object[key].is_null() {
        object[key] = value;
    }
}

fn default_pod_spec(spec: &mut Value) {
    for set in ["initContainers", "containers"] {
        for container in spec[set].as_array_mut().into_iter().flatten() {
            default_to(container, "resources", json!({}));
            default_to(container, "terminationMessagePath", "/dev/termination-log".into());
            default_to(container, "terminationMessagePolicy", "File".into());
            default_to(container, "imagePullPolicy", "IfNotPresent".into());
        }
        if spec[set].is_null()
            && let Some(fields) = spec.as_object_mut()
        {
            fields.shift_remove(set);
        }
    }
    default_to(spec, "restartPolicy", "Always".into());
    default_to(spec, "terminationGracePeriodSeconds", 30.into());
    default_to(spec, "dnsPolicy", "ClusterFirst".into());
    default_to(spec, "securityContext", json!({}));
    default_to(spec, "schedulerName", "default-scheduler".into());
}

/// What admission and defaulting add to a pod.
pub(crate) fn default_pod(pod: &mut Value) {
    default_pod_spec(&mut pod["spec"]);
    let toleration = |key: &str| {
        json!({
            "key": format!("node.kubernetes.io/{key}"),
            "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
        })
    };
    let spec = &mut pod["spec"];
    default_to(spec, "tolerations", json!([toleration("not-ready"), toleration("unreachable")]));
    default_to(spec, "priority", 0.into());
    default_to(spec, "enableServiceLinks", true.into());
    default_to(spec, "preemptionPolicy", "PreemptLowerPriority".into());
    pod["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"});
}

/// What defaulting and the Job strategy add to a Job.
pub(crate) fn default_job(job: &mut Value) {
    let (name, uid) = (job["metadata"]["name"].clone(), job["metadata"]["uid"].clone());
    let spec = &mut job["spec"];
    default_to(spec, "parallelism", 1.into());
    let parallelism = spec["parallelism"].clone();
    default_to(spec, "completions", parallelism);
    default_to(spec, "backoffLimit", 6.into());
    default_to(spec, "selector", json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    default_to(spec, "manualSelector", false.into());
    default_to(spec, "completionMode", "NonIndexed".into());
    default_to(spec, "suspend", false.into());
    default_to(spec, "podReplacementPolicy", "TerminatingOrFailed".into());
    let labels = &mut spec["template"]["metadata"]["labels"];
    for prefix in ["", "batch.kubernetes.io/"] {
        labels[format!("{prefix}controller-uid")] = uid.clone();
        labels[format!("{prefix}job-name")] = name.clone();
    }
    default_pod_spec(&mut spec["template"]["spec"]);
    let labels = spec["template"]["metadata"]["labels"].clone();
    let metadata = &mut job["metadata"];
    if metadata["labels"].is_null() {
        metadata["labels"] = labels;
    }
    job["status"] = json!({});
}
