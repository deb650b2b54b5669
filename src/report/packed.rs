//! [`packed`]: containers and batches as the page's script reads them: arrays in place of objects, words by number.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::data::{ContainerFigures, InstanceFigures, JobReport};
use crate::overview::Standing;

/// Data of the script. What each place of an array means stands at the beginning of `page.js`.
#[derive(Serialize)]
pub struct Packed {
    /// The first time, in milliseconds since 1970; all other times count from it, and -1 is none.
    t0: i64,
    t1: i64,
    words: Vec<String>,
    pods: Vec<String>,
    names: Vec<String>,
    batches: Vec<Value>,
    containers: Vec<Value>,
    command: Option<String>,
}

/// Words that are numbered.
#[derive(Default)]
struct Words<'a> {
    all: Vec<String>,
    numbers: HashMap<&'a str, i64>,
}

impl<'a> Words<'a> {
    fn number(&mut self, word: &'a str) -> i64 {
        if word.is_empty() {
            return -1;
        }
        *self.numbers.entry(word).or_insert_with(|| {
            self.all.push(word.to_owned());
            self.all.len() as i64 - 1
        })
    }
}

/// What the script draws.
pub fn packed(report: &JobReport, command: Option<String>) -> Packed {
    let all = report.containers.iter().flat_map(|container| &container.instances);
    let ends = all.flat_map(|instance| [instance.from, instance.to]).flatten();
    let begin = report.from.unwrap_or(report.seen);
    let end = ends.chain(report.to).max().unwrap_or(report.seen).max(begin);
    let end = if report.to.is_none() { end.max(report.seen) } else { end };
    let t0 = begin.as_millisecond();
    let since = |time: Option<Timestamp>| time.map_or(-1, |time| (time.as_millisecond() - t0).max(0));
    let mut words = Words::default();
    let mut pods = Words::default();
    let mut names: Vec<String> = Vec::new();
    let batches = report.batches.iter().map(|batch| {
        json!([
            batch.name,
            words.number(&batch.shard),
            number(batch.state),
            batch.pods,
            batch.restarts,
            since(batch.from),
            since(batch.to),
            batch.lines,
            i32::from(batch.straggler),
            words.number(batch.node.as_deref().unwrap_or_default()),
        ])
    });
    let batches = batches.collect();
    let mut containers = Vec::with_capacity(report.containers.len());
    for container in &report.containers {
        let pod = pods.number(&container.pod).max(0);
        if names.len() < pods.all.len() {
            names.push(container.name.clone());
        }
        let instances: Vec<Value> = container.instances.iter().map(|it| instance(it, &mut words, since)).collect();
        containers.push(json!([
            pod,
            words.number(&container.container),
            words.number(container.phase.as_str()),
            words.number(container.node.as_deref().unwrap_or_default()),
            container.batch.map_or(-1, |batch| batch as i64),
            number(container.state),
            container.restarts,
            since(container.created),
            container.lines,
            container.bytes,
            container.errors,
            container.gaps,
            instances,
            words.number(said(container)),
        ]));
    }
    Packed { t0, t1: end.as_millisecond(), words: words.all, pods: pods.all, names, batches, containers, command }
}

fn said(container: &ContainerFigures) -> &str {
    container.reason.as_deref().unwrap_or_default()
}

fn instance<'a>(
    instance: &'a InstanceFigures,
    words: &mut Words<'a>,
    since: impl Fn(Option<Timestamp>) -> i64,
) -> Value {
    json!([
        instance.restart,
        number(instance.state),
        since(instance.from),
        since(instance.to),
        instance.exit_code,
        words.number(instance.reason.as_deref().unwrap_or_default()),
    ])
}

/// The place of a state among the script's words.
fn number(state: Standing) -> u8 {
    match state {
        Standing::Waiting => 0,
        Standing::Running => 1,
        Standing::Done => 2,
        Standing::Failed => 3,
        Standing::Lost => 4,
    }
}

impl Packed {
    /// As JSON that may stand in a `<script>`: nothing in it ends that, or begins a comment.
    ///
    /// # Errors
    /// None that is known.
    pub fn json(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(self)?;
        Ok(text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
    }
}
