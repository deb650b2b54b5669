//! The kubelet's own files: `/var/log` under `/logs/`, as the API server hands it through.
//!
//! It is Go's `http.FileServer` with all its ways: lists in HTML, redirects to a slash, byte ranges.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, LAST_MODIFIED, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use jiff::Timestamp;

use crate::body::Body;
use crate::call::Call;
use crate::handle::{Answer, Outcome};
use crate::log::{InstanceLog, NodeFile};
use crate::resource::{NODES, PODS};
use crate::status::Failure;
use crate::world::{State, World};

/// What a kubelet serves of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeLogs {
    /// All under `/var/log`.
    #[default]
    Served,
    /// Nothing: `enableSystemLogHandler: false`.
    Disabled,
    /// All under `/var/log`, but pods log elsewhere: another `podLogsDir`, or Windows.
    Elsewhere,
}

/// The longest start of a file that tells its type.
const SNIFFED: usize = 512;

pub(crate) fn serve(world: &Arc<World>, call: &Call) -> Outcome {
    let state = world.lock();
    if state.store.get(&NODES, "", &call.name).is_none() {
        return Err(Failure::not_found(&NODES, &call.name));
    }
    if state.nodes_down.contains(&call.name) {
        return Err(Failure::internal("dial tcp 127.0.0.1:10250: connect: connection refused"));
    }
    let served = state.node_logs.get(&call.name).copied().unwrap_or_default();
    let Some(path) = call.proxied.strip_prefix("/logs").filter(|path| path.starts_with('/')) else {
        return Ok(Answer::Proxied(not_found()));
    };
    let logs = match served {
        NodeLogs::Disabled => {
            let disabled = text(StatusCode::METHOD_NOT_ALLOWED, "logs endpoint is disabled.\n");
            return Ok(Answer::Proxied(disabled));
        }
        NodeLogs::Served => logs_on(&state, &call.name),
        NodeLogs::Elsewhere => return Ok(Answer::Proxied(not_found())),
    };
    drop(state);
    let path = format!("/var/log{path}");
    let answer = logs
        .iter()
        .find_map(|log| log.node_file(&path))
        .map(|(bytes, modified)| file(&path, &call.range, bytes, modified))
        .or_else(|| directory(&path, &logs))
        .unwrap_or_else(not_found);
    Ok(Answer::Proxied(answer))
}

/// The logs of a node's pods.
fn logs_on(state: &State, node: &str) -> Vec<Arc<InstanceLog>> {
    let mut logs = Vec::new();
    for (_, pod) in state.store.list(&PODS, None).filter(|(_, pod)| pod.object["spec"]["nodeName"] == node) {
        let text = |key: &str| pod.object["metadata"][key].as_str().unwrap_or_default();
        let directory = format!("/var/log/pods/{}_{}_{}/", text("namespace"), text("name"), text("uid"));
        logs.extend(state.logs.values().filter(|log| log.path.starts_with(&directory)).cloned());
    }
    logs
}

/// The list of what lies in a directory, or the way to it when the slash is missing.
fn directory(path: &str, logs: &[Arc<InstanceLog>]) -> Option<Response<Body>> {
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let mut entries: BTreeMap<String, Timestamp> = BTreeMap::new();
    for NodeFile { path, modified } in logs.iter().flat_map(|log| log.node_files()) {
        let Some(rest) = path.strip_prefix(&prefix) else { continue };
        let name = rest.split_inclusive('/').next().unwrap_or_default();
        let newest = entries.entry(name.to_owned()).or_insert(modified);
        *newest = modified.max(*newest);
    }
    // Pods come and go, but their directory is there.
    if entries.is_empty() && !"/var/log/pods/".starts_with(&prefix) {
        return None;
    }
    if !path.ends_with('/') {
        let name = path.rsplit('/').next().unwrap_or_default();
        return Some(answer(StatusCode::MOVED_PERMANENTLY, &[(LOCATION, &format!("{name}/"))], Bytes::new()));
    }
    let mut html = "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n".to_owned();
    for name in entries.keys() {
        html.push_str(&format!("<a href=\"{name}\">{name}</a>\n"));
    }
    html.push_str("</pre>\n");
    let modified = entries.values().max().copied().unwrap_or_default();
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (LAST_MODIFIED, &http_date(modified))];
    Some(answer(StatusCode::OK, &headers, Bytes::from(html)))
}

/// Go's `http.ServeContent`.
fn file(path: &str, range: &str, bytes: Bytes, modified: Timestamp) -> Response<Body> {
    let size = bytes.len();
    let kind = match path.rsplit('.').next() {
        Some("log") => "text/x-log; charset=utf-8",
        Some("gz") => "application/gzip",
        _ if bytes.iter().take(SNIFFED).any(|byte| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31)) => {
            "application/octet-stream"
        }
        _ => "text/plain; charset=utf-8",
    };
    let common = [(ACCEPT_RANGES, "bytes"), (CONTENT_TYPE, kind), (LAST_MODIFIED, &http_date(modified))];
    let wanted = match ranges(range, size) {
        // A range of an empty file is taken for a client's habit.
        Wanted::Nothing { .. } if size == 0 => Wanted::All,
        wanted => wanted,
    };
    match wanted {
        Wanted::All => answer(StatusCode::OK, &common, bytes),
        Wanted::Part(part) => {
            let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            let headers = [&common[..], &[(CONTENT_RANGE, &place)]].concat();
            answer(StatusCode::PARTIAL_CONTENT, &headers, bytes.slice(part))
        }
        Wanted::Nothing { why } => {
            let mut refusal = text(StatusCode::RANGE_NOT_SATISFIABLE, &format!("{why}\n"));
            if let Ok(place) = HeaderValue::from_str(&format!("bytes */{size}")) {
                refusal.headers_mut().insert(CONTENT_RANGE, place);
            }
            refusal
        }
    }
}

/// What a `Range` asks for.
enum Wanted {
    All,
    Part(Range<usize>),
    Nothing { why: &'static str },
}

/// One range only: who asks for several gets it all, as servers may.
fn ranges(header: &str, size: usize) -> Wanted {
    if header.is_empty() || header.contains(',') {
        return Wanted::All;
    }
    let invalid = Wanted::Nothing { why: "invalid range" };
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return invalid;
    };
    let (first, last) = (first.trim().parse::<usize>().ok(), last.trim().parse::<usize>().ok());
    match (first, last) {
        (None, None) => invalid,
        (None, Some(length)) => Wanted::Part(size.saturating_sub(length)..size),
        (Some(first), _) if first >= size => Wanted::Nothing { why: "invalid range: failed to overlap" },
        (Some(first), None) => Wanted::Part(first..size),
        (Some(first), Some(last)) if first <= last => Wanted::Part(first..size.min(last.saturating_add(1))),
        _ => invalid,
    }
}

fn not_found() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// Go's `http.Error`.
fn text(status: StatusCode, text: &str) -> Response<Body> {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    answer(status, &headers, Bytes::copy_from_slice(text.as_bytes()))
}

fn answer(status: StatusCode, headers: &[(HeaderName, &str)], body: Bytes) -> Response<Body> {
    // Go says this length too, hyper only those of bodies there are.
    let empty = body.is_empty().then_some((CONTENT_LENGTH, "0"));
    let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    for (name, value) in headers.iter().chain(&empty) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
