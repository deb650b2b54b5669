//! Deleting objects through the API.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock;
use crate::handle::{Answer, Outcome};
use crate::list::{Selection, scope, typed};
use crate::pod::PodHandle;
use crate::resource::{ALL, JOBS, NAMESPACES, PODS, Resource};
use crate::status::{Failure, details};
use crate::world::World;

pub(crate) fn delete(world: &Arc<World>, call: &Call, resource: &'static Resource, options: &Value) -> Outcome {
    if call.name.is_empty() {
        let selection = Selection::of(call, resource)?;
        let found: Vec<Arc<Value>> = world
            .lock()
            .store
            .list(resource, scope(call))
            .filter(|(_, kept)| selection.matches_kept(kept))
            .map(|(_, kept)| Arc::clone(&kept.object))
            .collect();
        for object in &found {
            remove(world, call, resource, object, options);
        }
        let items: Vec<&Value> = found.iter().map(|object| &**object).collect();
        return Ok(Answer::Json(
            StatusCode::OK,
            json!({
                "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(),
                "metadata": {"resourceVersion": world.lock().store.version().to_string()}, "items": items,
            }),
        ));
    }
    let found = world.get(resource, &call.namespace, &call.name);
    let object = found.ok_or_else(|| Failure::not_found(resource, &call.name))?;
    let wanted = &options["preconditions"];
    if let (Some(meant), there) = (wanted["uid"].as_str(), object["metadata"]["uid"].as_str().unwrap_or_default())
        && meant != there
    {
        return Err(Failure::uid_differs(resource, &call.name, meant, there));
    }
    if let (Some(meant), there) = (wanted["resourceVersion"].as_str(), &object["metadata"]["resourceVersion"])
        && there != meant
    {
        let there = there.as_str().unwrap_or_default();
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {meant}, ResourceVersion in object meta: {there}"
        );
        return Err(Failure::conflict(resource, &call.name, &why));
    }
    remove(world, call, resource, &object, options);
    if resource.kind == "Pod" {
        let left = world.get(resource, &call.namespace, &call.name).unwrap_or(object);
        return Ok(Answer::Json(StatusCode::OK, typed(&left, resource)));
    }
    let mut details = details(resource, Some(&call.name));
    details["uid"] = object["metadata"]["uid"].clone();
    Ok(Answer::Json(
        StatusCode::OK,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
    ))
}

fn remove(world: &Arc<World>, call: &Call, resource: &'static Resource, object: &Value, options: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let grace = call
        .parameter("gracePeriodSeconds")
        .and_then(|seconds| seconds.parse().ok())
        .or(options["gracePeriodSeconds"].as_u64());
    match resource.kind {
        "Pod" => PodHandle::of(world, object).delete_gracefully(grace),
        "Job" => {
            // Without a policy a Job of batch/v1 orphans its pods, for the sake of old clients.
            let policy = call
                .parameter("propagationPolicy")
                .or(options["propagationPolicy"].as_str())
                .unwrap_or(if options["orphanDependents"] == false { "Background" } else { "Orphan" });
            delete_job(world, object, policy != "Orphan");
        }
        "Namespace" => delete_namespace(world, name),
        _ => {
            world.change(|state| state.store.remove(resource, namespace, name));
        }
    }
}

/// Deletes a Job, and its pods unless they are to be orphaned.
pub(crate) fn delete_job(world: &Arc<World>, job: &Value, pods: bool) {
    let name = job["metadata"]["name"].as_str().unwrap_or_default();
    let namespace = job["metadata"]["namespace"].as_str().unwrap_or_default();
    world.change(|state| state.store.remove(&JOBS, namespace, name));
    if pods {
        for pod in pods_of(world, job) {
            PodHandle::of(world, &pod).delete_gracefully(None);
        }
    }
}

/// The pods a Job owns.
pub(crate) fn pods_of(world: &World, job: &Value) -> Vec<Arc<Value>> {
    let uid = &job["metadata"]["uid"];
    let owned = |pod: &Value| {
        pod["metadata"]["ownerReferences"]
            .as_array()
            .is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == *uid))
    };
    let state = world.lock();
    state
        .store
        .list(&PODS, job["metadata"]["namespace"].as_str())
        .filter(|(_, pod)| owned(&pod.object))
        .map(|(_, pod)| Arc::clone(&pod.object))
        .collect()
}

fn delete_namespace(world: &Arc<World>, name: &str) {
    world.edit(&NAMESPACES, "", name, |namespace| {
        namespace["metadata"]["deletionTimestamp"] = clock::seconds(Timestamp::now()).into();
        namespace["status"]["phase"] = "Terminating".into();
    });
    // Jobs go first, or their controllers would replace the pods.
    for resource in ALL.into_iter().rev().filter(|resource| resource.namespaced) {
        let objects: Vec<Arc<Value>> =
            world.lock().store.list(resource, Some(name)).map(|(_, kept)| Arc::clone(&kept.object)).collect();
        for object in objects {
            let object_name = object["metadata"]["name"].as_str().unwrap_or_default();
            if resource.kind == "Pod" {
                PodHandle::of(world, &object).delete_gracefully(None);
            } else {
                world.change(|state| state.store.remove(resource, name, object_name));
            }
        }
    }
    let (world, name) = (Arc::clone(world), name.to_owned());
    let runtime = world.runtime.clone();
    runtime.spawn(async move {
        let mut changed = world.changed.subscribe();
        // Pods leave one by one; the namespace goes last.
        while world.lock().store.list(&PODS, Some(&name)).next().is_some() {
            if changed.changed().await.is_err() {
                return;
            }
        }
        world.change(|state| {
            for resource in ALL.into_iter().filter(|resource| resource.namespaced) {
                let left: Vec<String> = state.store.list(resource, Some(&name)).map(|(key, _)| key.1.clone()).collect();
                for object in left {
                    state.store.remove(resource, &name, &object);
                }
            }
            state.store.remove(&NAMESPACES, "", &name);
        });
    });
}
