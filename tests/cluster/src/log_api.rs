//! The log endpoint: what the API server checks, what the kubelet answers.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::body;
use crate::call::Call;
use crate::clock;
use crate::counts::Inside;
use crate::handle::{Answer, Outcome};
use crate::log::{Read, ReadOptions, Reader};
use crate::pod_status::{container_names, container_spec, container_status};
use crate::resource::PODS;
use crate::status::Failure;
use crate::world::World;

pub(crate) fn log(world: &Arc<World>, call: &Call) -> Outcome {
    let options = Options::parse(call)?;
    let pod = world.get(&PODS, &call.namespace, &call.name).ok_or_else(|| Failure::not_found(&PODS, &call.name))?;
    let container = choose_container(&pod, call.container(), &call.name)?;
    let Some(node) = pod["spec"]["nodeName"].as_str().filter(|node| !node.is_empty()) else {
        return Ok(Answer::Nothing);
    };
    let state = world.lock();
    if state.nodes_down.contains(node) {
        let place = format!("{}/{}/{container}{}", call.namespace, call.name, options.kubelet_query());
        return Err(Failure::internal(&format!(
            "Get \"https://{node}:10250/containerLogs/{place}\": dial tcp 127.0.0.1:10250: connect: connection refused"
        )));
    }
    let id = choose_instance(&pod, &container, &call.name, options.previous)?;
    let epoch = state.node_epochs.get(node).copied().unwrap_or(0);
    let instance = state.logs.get(&id).cloned();
    drop(state);
    // The headers are sent before the log is opened: from here on errors are text in the body.
    let opened = instance
        .ok_or_else(|| format!("unable to retrieve container logs for {id}"))
        .and_then(|log| log.open(options.read.clone()));
    let reader = match opened {
        Ok(reader) => reader,
        Err(text) => {
            let text = futures::stream::once(std::future::ready(Bytes::from(text)));
            return Ok(Answer::Text(body::stream(text)));
        }
    };
    let reading = Reading {
        reader,
        kubelets: world.kubelets.subscribe(),
        world: Arc::clone(world),
        node: node.to_owned(),
        epoch,
        left: options.limit.unwrap_or(u64::MAX),
        _inside: world.counters.logs.enter(),
    };
    Ok(Answer::Text(body::stream(futures::stream::unfold(reading, |mut reading| async move {
        let bytes = reading.next().await?;
        Some((bytes, reading))
    }))))
}

struct Reading {
    reader: Reader,
    kubelets: tokio::sync::watch::Receiver<u64>,
    world: Arc<World>,
    node: String,
    epoch: u64,
    left: u64,
    _inside: Inside,
}

impl Reading {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.left == 0 || self.kubelet_gone() {
                return None;
            }
            match self.reader.read() {
                Read::Data(mut data) => {
                    data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.left -= data.len() as u64;
                    return Some(data);
                }
                Read::End => return None,
                Read::Wait => {
                    tokio::select! {
                        () = self.reader.wait() => {}
                        _ = self.kubelets.changed() => {}
                    }
                }
            }
        }
    }

    /// A kubelet that stops takes its streams with it.
    fn kubelet_gone(&self) -> bool {
        if !self.kubelets.has_changed().unwrap_or(true) && *self.kubelets.borrow() == 0 {
            return false;
        }
        let state = self.world.lock();
        state.node_epochs.get(&self.node).copied().unwrap_or(0) != self.epoch
    }
}

#[derive(Debug)]
struct Options {
    previous: bool,
    limit: Option<u64>,
    read: ReadOptions,
    query: Vec<(&'static str, String)>,
}

impl Options {
    fn parse(call: &Call) -> Result<Self, Failure> {
        let pod = &call.name;
        let number = |name: &str| {
            let parse = |text: &str| {
                text.parse::<i64>()
                    .map_err(|_| Failure::bad_request(&format!("strconv.ParseInt: parsing \"{text}\": invalid syntax")))
            };
            call.parameter(name).map(parse).transpose()
        };
        let (tail, limit, seconds) = (number("tailLines")?, number("limitBytes")?, number("sinceSeconds")?);
        let since = call.parameter("sinceTime").map(parse_time).transpose()?;
        let at_least = |field: &str, value: Option<i64>, least: i64| match value {
            Some(value) if value < least => {
                let bound = if least == 0 { "greater than or equal to 0" } else { "greater than 0" };
                let problem = format!("Invalid value: {value}: must be {bound}");
                Err(Failure::invalid_log_option(pod, field, "FieldValueInvalid", &problem))
            }
            _ => Ok(()),
        };
        at_least("tailLines", tail, 0)?;
        at_least("limitBytes", limit, 1)?;
        if seconds.is_some() && since.is_some() {
            let problem = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
            return Err(Failure::invalid_log_option(pod, "sinceSeconds", "FieldValueForbidden", problem));
        }
        at_least("sinceSeconds", seconds, 1)?;
        if call.parameter("stream").is_some_and(|stream| stream != "All") {
            let problem = "Forbidden: may not be specified";
            return Err(Failure::invalid_log_option(pod, "stream", "FieldValueForbidden", problem));
        }
        let from = match (since, seconds) {
            // `metav1.Time` holds whole seconds.
            (Some(since), _) => since.div_euclid(1_000_000_000) * 1_000_000_000,
            (None, Some(seconds)) => clock::now_nanos().saturating_sub(seconds.saturating_mul(1_000_000_000)),
            (None, None) => i64::MIN,
        };
        let mut query = Vec::new();
        for flag in ["follow", "previous", "timestamps"] {
            if call.flag(flag) {
                query.push((flag, "true".to_owned()));
            }
        }
        for name in ["limitBytes", "sinceSeconds", "sinceTime", "tailLines"] {
            if let Some(value) = call.parameter(name) {
                query.push((name, value.replace(':', "%3A")));
            }
        }
        query.sort_unstable();
        Ok(Self {
            previous: call.flag("previous"),
            limit: limit.and_then(|limit| u64::try_from(limit).ok()),
            read: ReadOptions {
                timestamps: call.flag("timestamps"),
                follow: call.flag("follow"),
                since: from,
                tail: tail.and_then(|tail| usize::try_from(tail).ok()),
            },
            query,
        })
    }

    /// The query the API server sends to the kubelet.
    fn kubelet_query(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
    }
}

fn parse_time(text: &str) -> Result<i64, Failure> {
    text.parse::<Timestamp>().map(clock::nanos).map_err(|_| {
        Failure::bad_request(&format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
        ))
    })
}

fn choose_container(pod: &Value, named: &str, pod_name: &str) -> Result<String, Failure> {
    if !named.is_empty() {
        return match container_spec(pod, named) {
            Some(_) => Ok(named.to_owned()),
            None => Err(Failure::bad_request(&format!("container {named} is not valid for pod {pod_name}"))),
        };
    }
    let names = container_names(pod);
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => Err(Failure::bad_request(&format!(
            "a container name must be specified for pod {pod_name}, choose one of: [{}]",
            names.join(" ")
        ))),
    }
}

/// The kubelet's `validateContainerLogStatus`.
fn choose_instance(pod: &Value, container: &str, pod_name: &str, previous: bool) -> Result<String, Failure> {
    let about = format!("container \"{container}\" in pod \"{pod_name}\"");
    let status =
        container_status(pod, container).ok_or_else(|| Failure::bad_request(&format!("{about} is not available")))?;
    let last = status["lastState"]["terminated"]["containerID"].as_str().filter(|id| !id.is_empty());
    if previous {
        let problem = || Failure::bad_request(&format!("previous terminated {about} not found"));
        return last.map(str::to_owned).ok_or_else(problem);
    }
    let state = &status["state"];
    if !state["running"].is_null() {
        return Ok(status["containerID"].as_str().unwrap_or_default().to_owned());
    }
    if let Some(ended) = state["terminated"]["containerID"].as_str().filter(|id| !id.is_empty()) {
        return Ok(ended.to_owned());
    }
    if let Some(last) = last {
        return Ok(last.to_owned());
    }
    let why = match state["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => "is waiting to start: image can't be pulled".to_owned(),
        Some("ImagePullBackOff") => "is waiting to start: trying and failing to pull image".to_owned(),
        Some(reason) => format!("is waiting to start: {reason}"),
        None if !state["terminated"].is_null() => "is terminated".to_owned(),
        None => "is waiting to start - no logs yet".to_owned(),
    };
    Err(Failure::bad_request(&format!("{about} {why}")))
}
