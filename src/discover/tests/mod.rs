//! What holds for recorded and made-up pods.

mod decoding;
mod evidence;
mod kubectl_status;
mod output;
mod roles;
mod status;

use std::{fs, path::Path};

use kube::core::{ObjectList, WatchEvent};
use serde_json::{Value, json};

use super::*;
use crate::{
    job_id::JobId,
    k8s::{ContainerKind, ID_ENV, ID_LABEL, Phase, Pod, Role, Target, label_selector, targets},
};

/// The recorded incident's id.
const ID: &str = "job-429825360482416da20736cf3ed51a95";
const OTHER: &str = "job-00000000000000000000000000000bad";

fn id(text: &str) -> JobId {
    text.parse().unwrap()
}

/// A recorded answer's body.
fn body(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/recordings/kubernetes-1.36/{name}.http"));
    let text = fs::read_to_string(path).unwrap();
    let at = text.find("\r\n\r\n").map(|at| at + 4).or_else(|| text.find("\n\n").map(|at| at + 2)).unwrap();
    text[at..].to_owned()
}

/// The pods of a recorded list.
fn listed(name: &str) -> Vec<Pod> {
    serde_json::from_str::<ObjectList<Pod>>(&body(name)).unwrap().items
}

/// The events of a recorded watch that carry a pod.
fn watched(name: &str) -> Vec<(&'static str, Pod)> {
    let event = |line: &str| match serde_json::from_str(line).unwrap() {
        WatchEvent::Added(pod) => Some(("ADDED", pod)),
        WatchEvent::Modified(pod) => Some(("MODIFIED", pod)),
        WatchEvent::Deleted(pod) => Some(("DELETED", pod)),
        WatchEvent::Bookmark(_) | WatchEvent::Error(_) => None,
    };
    body(name).lines().filter(|line| !line.is_empty()).filter_map(event).collect()
}

fn pod(value: Value) -> Pod {
    serde_json::from_value(value).unwrap()
}

/// A pod with a name, owned by a Job if there is one.
fn named(name: &str, job: Option<&str>) -> Pod {
    let owners = job.map(|job| json!([{"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": "u"}]));
    pod(json!({"metadata": {"name": name, "ownerReferences": owners}}))
}

/// The incident's matches.
fn incident() -> Vec<Match> {
    let selection = Selection { id: id(ID), include_setup: false, labels: None };
    let judged = |pod: Pod| judge(&pod, &selection).map(|evidence| Match { pod, evidence });
    listed("pods-list-selector").into_iter().filter_map(judged).collect()
}
