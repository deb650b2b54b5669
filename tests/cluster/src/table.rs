//! Server-side tables, which kubectl asks for.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;

/// Turns an object or list into a table if the client prefers one.
pub(crate) fn negotiate(call: &Call, value: Value) -> (Value, &'static str) {
    let kind = value["kind"].as_str().unwrap_or_default();
    if !call.accept.contains("as=Table") || !matches!(kind.trim_end_matches("List"), "Pod" | "Job") {
        return (value, "application/json");
    }
    let items: Vec<&Value> = match value["items"].as_array() {
        Some(items) => items.iter().collect(),
        None => vec![&value],
    };
    let pods = kind.starts_with("Pod");
    let columns: &[&str] = if pods {
        &["Name", "Ready", "Status", "Restarts", "Age"]
    } else {
        &["Name", "Status", "Completions", "Duration", "Age"]
    };
    let columns: Vec<Value> = columns
        .iter()
        .map(|name| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": "string", "format": format, "description": name, "priority": 0})
        })
        .collect();
    let rows: Vec<Value> = items
        .into_iter()
        .map(|item| {
            let cells = if pods { pod_cells(item) } else { job_cells(item) };
            json!({"cells": cells, "object": {
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"],
            }})
        })
        .collect();
    let table = json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": value["metadata"]["resourceVersion"]},
        "columnDefinitions": columns,
        "rows": rows,
    });
    (table, "application/json")
}

fn pod_cells(pod: &Value) -> Vec<Value> {
    let statuses = pod["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let all = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    let restarts: u64 = statuses.iter().filter_map(|status| status["restartCount"].as_u64()).sum();
    let reason = |status: &Value| {
        let state = &status["state"];
        state["waiting"]["reason"].as_str().or(state["terminated"]["reason"].as_str()).map(str::to_owned)
    };
    let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
    let status = if pod["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".to_owned()
    } else {
        statuses.iter().rev().find_map(reason).unwrap_or_else(|| phase.to_owned())
    };
    vec![
        pod["metadata"]["name"].clone(),
        format!("{ready}/{all}").into(),
        status.into(),
        restarts.to_string().into(),
        age(&pod["metadata"]["creationTimestamp"], None).into(),
    ]
}

fn job_cells(job: &Value) -> Vec<Value> {
    let conditions = job["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    let has = |kind: &str| conditions.iter().any(|condition| condition["type"] == kind);
    let status = if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else {
        "Running"
    };
    let succeeded = job["status"]["succeeded"].as_u64().unwrap_or(0);
    let completions = job["spec"]["completions"].as_u64().unwrap_or(1);
    vec![
        job["metadata"]["name"].clone(),
        status.into(),
        format!("{succeeded}/{completions}").into(),
        age(&job["status"]["startTime"], job["status"]["completionTime"].as_str()).into(),
        age(&job["metadata"]["creationTimestamp"], None).into(),
    ]
}

fn age(from: &Value, to: Option<&str>) -> String {
    let parse = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    let Some(from) = from.as_str().and_then(parse) else { return "<unknown>".to_owned() };
    let seconds = to.and_then(parse).unwrap_or_else(|| Timestamp::now().as_second()) - from;
    match seconds {
        ..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}
