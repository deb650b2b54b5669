//! A pod's status as the kubelet would report it. Pure functions on the pod's JSON.

use serde_json::{Map, Value, json};

const IMAGE_ID: &str = "sha256:5c85cdf4248d37b180a4ed07481ca65aae56718cd17a18f7a6f0ea30e16bb906";

/// The arrays of a pod's spec and the status arrays that answer to them.
const SETS: [(&str, &str); 3] = [
    ("initContainers", "initContainerStatuses"),
    ("containers", "containerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
];

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Names of all containers: init, regular, ephemeral.
pub(crate) fn container_names(pod: &Value) -> Vec<&str> {
    SETS.iter().flat_map(|(set, _)| array(&pod["spec"], set)).filter_map(|spec| spec["name"].as_str()).collect()
}

/// A container's spec.
pub(crate) fn container_spec<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    SETS.iter().flat_map(|(set, _)| array(&pod["spec"], set)).find(|spec| spec["name"] == name)
}

/// A container's status, if the kubelet has reported one.
pub(crate) fn container_status<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    SETS.iter().flat_map(|(_, set)| array(&pod["status"], set)).find(|status| status["name"] == name)
}

fn container_status_mut<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let set =
        SETS.iter().map(|(_, set)| *set).find(|set| array(&pod["status"], set).iter().any(|s| s["name"] == name))?;
    pod["status"][set].as_array_mut()?.iter_mut().find(|status| status["name"] == name)
}

/// The scheduler's binding.
pub(crate) fn bind(pod: &mut Value, node: &str, now: &str) {
    set_after(&mut pod["spec"], "nodeName", node.into());
    pod["status"]["conditions"] = json!([{
        "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
    }]);
}

/// The scheduler's refusal.
pub(crate) fn unschedulable(pod: &mut Value, now: &str, message: &str) {
    pod["status"]["conditions"] = json!([{
        "type": "PodScheduled", "status": "False", "lastProbeTime": null, "lastTransitionTime": now,
        "reason": "Unschedulable", "message": message,
    }]);
}

/// `nodeName` stands before `securityContext` in real pods, but nobody minds its place.
fn set_after(object: &mut Value, key: &str, value: Value) {
    object[key] = value;
}

/// The kubelet has seen the pod: every container waits.
pub(crate) fn accept(pod: &mut Value, now: &str) {
    let reason = if array(&pod["spec"], "initContainers").is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let mut status = Map::new();
    status.insert("observedGeneration".into(), 1.into());
    status.insert("phase".into(), "Pending".into());
    status.insert("conditions".into(), pod["status"]["conditions"].take());
    status.insert("hostIP".into(), "192.0.2.2".into());
    status.insert("hostIPs".into(), json!([{"ip": "192.0.2.2"}]));
    status.insert("startTime".into(), now.into());
    for (set, statuses) in SETS {
        let specs = array(&pod["spec"], set);
        if !specs.is_empty() {
            let waiting = specs.iter().map(|spec| waiting_status(spec, reason)).collect();
            status.insert(statuses.into(), Value::Array(waiting));
        }
    }
    status.insert("qosClass".into(), "BestEffort".into());
    status.insert("resources".into(), json!({}));
    pod["status"] = Value::Object(status);
    recompute(pod, now, Sandbox::Starting);
}

fn waiting_status(spec: &Value, reason: &str) -> Value {
    let mut status = json!({
        "name": spec["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": false,
        "restartCount": 0,
        "image": spec["image"],
        "imageID": "",
        "started": false,
    });
    let mounts = array(spec, "volumeMounts");
    if !mounts.is_empty() {
        status["volumeMounts"] = Value::Array(mounts.to_vec());
    }
    status
}

/// What a container turns into.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    Running { id: String },
    Terminated { code: i32, reason: String, message: Option<String> },
    Waiting { reason: String, message: Option<String> },
}

/// Turns one container's state over; conditions and phase are [`recompute`]d apart.
pub(crate) fn turn(pod: &mut Value, name: &str, turn: Turn, now: &str) {
    if pod["status"]["podIP"].is_null() && matches!(turn, Turn::Running { .. }) {
        pod["status"]["podIP"] = "10.88.0.49".into();
        pod["status"]["podIPs"] = json!([{"ip": "10.88.0.49"}]);
    }
    let init = array(&pod["spec"], "initContainers").iter().any(|spec| spec["name"] == name);
    let Some(status) = container_status_mut(pod, name) else { return };
    match turn {
        Turn::Running { id } => {
            bury(status);
            status["imageID"] = IMAGE_ID.into();
            status["containerID"] = id.into();
            status["state"] = json!({"running": {"startedAt": now}});
            status["ready"] = (!init).into();
            status["started"] = true.into();
            status["resources"] = json!({});
            status["user"] = json!({"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0]}});
        }
        Turn::Terminated { code, reason, message } => {
            let started = status["state"]["running"]["startedAt"].as_str().unwrap_or(now);
            let mut terminated = json!({"exitCode": code, "reason": reason});
            if let Some(message) = message {
                terminated["message"] = message.into();
            }
            terminated["startedAt"] = started.into();
            terminated["finishedAt"] = now.into();
            terminated["containerID"] = status["containerID"].clone();
            status["state"] = json!({"terminated": terminated});
            status["ready"] = (init && code == 0).into();
            status["started"] = false.into();
        }
        Turn::Waiting { reason, message } => {
            bury(status);
            let mut waiting = json!({"reason": reason});
            if let Some(message) = message {
                waiting["message"] = message.into();
            }
            status["state"] = json!({"waiting": waiting});
            status["ready"] = false.into();
            status["started"] = false.into();
        }
    }
}

/// The state of an instance that ended becomes the last state.
fn bury(status: &mut Value) {
    if !status["state"]["terminated"].is_null() {
        let ended = status["state"]["terminated"].take();
        status["lastState"] = json!({"terminated": ended});
    }
}

/// One more restart.
pub(crate) fn count_restart(pod: &mut Value, name: &str) {
    if let Some(status) = container_status_mut(pod, name) {
        status["restartCount"] = (status["restartCount"].as_u64().unwrap_or(0) + 1).into();
    }
}

/// How far the pod's sandbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sandbox {
    Starting,
    Ready,
    /// Torn down: only now does the kubelet report a final phase.
    Gone,
}

/// Conditions and phase from the containers' states, as the kubelet computes them.
pub(crate) fn recompute(pod: &mut Value, now: &str, sandbox: Sandbox) {
    let phase = phase(pod);
    let done = matches!(phase, "Succeeded" | "Failed");
    if !done || sandbox == Sandbox::Gone {
        pod["status"]["phase"] = phase.into();
    }
    let uninitialized: Vec<&str> = array(&pod["status"], "initContainerStatuses")
        .iter()
        .filter(|status| status["ready"] != true && !is_sidecar_up(pod, status))
        .filter_map(|status| status["name"].as_str())
        .collect();
    let unready: Vec<&str> = array(&pod["status"], "containerStatuses")
        .iter()
        .filter(|status| status["ready"] != true)
        .filter_map(|status| status["name"].as_str())
        .collect();
    let unready = if done {
        (false, Some(if phase == "Failed" { "PodFailed" } else { "PodCompleted" }), None)
    } else if unready.is_empty() {
        (true, None, None)
    } else {
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        (false, Some("ContainersNotReady"), Some(message))
    };
    let initialized = if phase == "Succeeded" {
        (true, Some("PodCompleted"), None)
    } else if uninitialized.is_empty() {
        (true, None, None)
    } else {
        let message = format!("containers with incomplete status: [{}]", uninitialized.join(" "));
        (false, Some("ContainersNotInitialized"), Some(message))
    };
    let conditions: Vec<Value> = [
        ("PodReadyToStartContainers", (sandbox == Sandbox::Ready, None, None)),
        ("Initialized", initialized),
        ("Ready", unready.clone()),
        ("ContainersReady", unready),
        ("PodScheduled", (true, None, None)),
    ]
    .into_iter()
    .map(|(kind, (holds, reason, message))| condition(pod, now, kind, holds, reason, message))
    .collect();
    pod["status"]["conditions"] = Value::Array(conditions);
}

fn condition(pod: &Value, now: &str, kind: &str, holds: bool, reason: Option<&str>, message: Option<String>) -> Value {
    let status = if holds { "True" } else { "False" };
    let since = array(&pod["status"], "conditions")
        .iter()
        .find(|before| before["type"] == kind && before["status"] == status)
        .and_then(|before| before["lastTransitionTime"].as_str())
        .unwrap_or(now);
    let mut condition = json!({
        "type": kind, "observedGeneration": 1, "status": status, "lastProbeTime": null, "lastTransitionTime": since,
    });
    if let Some(reason) = reason {
        condition["reason"] = reason.into();
    }
    if let Some(message) = message {
        condition["message"] = message.into();
    }
    condition
}

fn is_sidecar_up(pod: &Value, status: &Value) -> bool {
    status["started"] == true
        && array(&pod["spec"], "initContainers")
            .iter()
            .any(|spec| spec["name"] == status["name"] && spec["restartPolicy"] == "Always")
}

/// The kubelet's `getPhase`.
pub(crate) fn phase(pod: &Value) -> &'static str {
    let policy = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always");
    let mut initializing = false;
    for status in array(&pod["status"], "initContainerStatuses") {
        let ended = ended(status);
        match ended {
            Some(0) => {}
            Some(_) if policy == "Never" => return "Failed",
            _ => initializing |= !is_sidecar_up(pod, status),
        }
    }
    let (mut running, mut waiting, mut stopped, mut failed) = (0, 0, 0, 0);
    for status in array(&pod["status"], "containerStatuses") {
        match ended(status) {
            _ if !status["state"]["running"].is_null() => running += 1,
            Some(code) => {
                stopped += 1;
                failed += u32::from(code != 0);
            }
            None => waiting += 1,
        }
    }
    if initializing || waiting > 0 || running + stopped == 0 {
        "Pending"
    } else if running > 0 || policy == "Always" {
        "Running"
    } else if failed == 0 {
        "Succeeded"
    } else if policy == "Never" {
        "Failed"
    } else {
        "Running"
    }
}

/// The exit code of the newest instance, unless one runs or none ever did.
fn ended(status: &Value) -> Option<i64> {
    let now = &status["state"]["terminated"]["exitCode"];
    let before = &status["lastState"]["terminated"]["exitCode"];
    match (now.as_i64(), status["state"]["running"].is_null()) {
        (Some(code), _) => Some(code),
        (None, true) => before.as_i64(),
        (None, false) => None,
    }
}
