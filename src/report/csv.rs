//! [`csv()`]: a line for each instance of each container.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::data::{ContainerFigures, InstanceFigures, JobReport};
use crate::{
    k8s::{ContainerKind, Phase, Role},
    overview::Standing,
};

/// One line. The names are the headers.
#[derive(Serialize)]
struct CsvLine<'a> {
    job_id: &'a str,
    namespace: &'a str,
    pod: Cow<'a, str>,
    container: Cow<'a, str>,
    kind: ContainerKind,
    role: Role,
    phase: Phase,
    batch: Cow<'a, str>,
    shard: Cow<'a, str>,
    straggler: Option<bool>,
    node: Cow<'a, str>,
    created: Option<Timestamp>,
    restart: Option<u32>,
    state: Standing,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    seconds: Option<f64>,
    exit_code: Option<i32>,
    reason: Cow<'a, str>,
    lines: u64,
    container_lines: u64,
    container_bytes: u64,
    container_errors: u64,
    container_gaps: u64,
}

/// The instances of all containers as CSV, with headers; a container that was never started has a line too.
///
/// # Errors
/// None that is known: it is written into memory.
pub fn csv(report: &JobReport) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for container in &report.containers {
        if container.instances.is_empty() {
            writer.serialize(line(report, container, None))?;
        }
        for instance in &container.instances {
            writer.serialize(line(report, container, Some(instance)))?;
        }
    }
    Ok(writer.into_inner()?)
}

fn line<'a>(
    report: &'a JobReport,
    container: &'a ContainerFigures,
    instance: Option<&'a InstanceFigures>,
) -> CsvLine<'a> {
    let batch = container.batch.and_then(|at| report.batches.get(at));
    let reason = instance.map_or(container.reason.as_deref(), |instance| instance.reason.as_deref());
    CsvLine {
        job_id: report.job.id.as_deref().unwrap_or_default(),
        namespace: &container.namespace,
        pod: harmless(&container.pod),
        container: harmless(&container.container),
        kind: container.kind,
        role: container.role,
        phase: container.phase,
        batch: harmless(batch.map_or("", |batch| &batch.name)),
        shard: harmless(batch.map_or("", |batch| &batch.shard)),
        straggler: batch.map(|batch| batch.straggler),
        node: harmless(container.node.as_deref().unwrap_or_default()),
        created: container.created,
        restart: instance.map(|instance| instance.restart),
        state: instance.map_or(container.state, |instance| instance.state),
        from: instance.and_then(|instance| instance.from),
        to: instance.and_then(|instance| instance.to),
        seconds: instance.and_then(|instance| instance.seconds),
        exit_code: instance.and_then(|instance| instance.exit_code),
        reason: harmless(reason.unwrap_or_default()),
        lines: instance.map_or(0, |instance| instance.lines),
        container_lines: container.lines,
        container_bytes: container.bytes,
        container_errors: container.errors,
        container_gaps: container.gaps,
    }
}

/// A text that no spreadsheet takes for a formula. Kubernetes lets no name begin so.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}
