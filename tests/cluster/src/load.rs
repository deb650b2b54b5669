//! Load for benchmarks, and pods that are none of our business.

use std::ops::Range;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cluster::TestCluster;
use crate::log::{LogBlock, LogBlockBuilder, Stream};
use crate::pod::PodHandle;

/// The id of the job whose pods [`load`] makes.
pub const JOB_ID: &str = "job-10adf00d10adf00d10adf00d10adf00d";

/// A finished log of so many lines of about a hundred bytes, a hundred lines a second, ending about now.
pub fn block(lines: usize) -> Arc<LogBlock> {
    part(0..lines, Timestamp::now() - span(lines))
}

/// How long it takes to write so many lines.
fn span(lines: usize) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(lines).unwrap_or(0) * 10)
}

/// Some lines of such a log, which was begun then.
fn part(lines: Range<usize>, began: Timestamp) -> Arc<LogBlock> {
    let mut builder = LogBlockBuilder::new();
    let step = span(1);
    let mut at = began + span(lines.start);
    for line in lines {
        let text = format!(
            "[{line:07}] blastn: query batch_000.fa volume {:03} hits={:06} e-value=1e-50",
            line % 997,
            line * 7 % 999_983
        );
        builder.line(at, Stream::Stdout, text.as_bytes());
        at += step;
    }
    builder.build()
}

/// Makes finished pods of the job [`JOB_ID`], every container with the same log of so many lines.
///
/// The memory is that of a single log, however many containers there are.
pub fn load(cluster: &TestCluster, pods: usize, containers_per_pod: usize, lines: usize) {
    let block = block(lines);
    for (pod, names) in self::pods(cluster, pods, containers_per_pod) {
        for name in names {
            pod.append(&name, &block).terminate(&name, 0);
        }
    }
}

/// How many files of a log a kubelet keeps.
const FILES: usize = 5;

/// Finished pods of the job [`JOB_ID`], every container with the same log, which was rotated so often that its node holds as many
/// files as a kubelet keeps, of so many lines each: the older ones compressed, and nothing missing.
///
/// The memory is that of a single log, however many containers there are.
pub fn rotated(cluster: &TestCluster, pods: usize, containers_per_pod: usize, lines: usize) {
    let began = Timestamp::now() - span(FILES * lines);
    let parts: Vec<Arc<LogBlock>> = (0..FILES).map(|file| part(file * lines..(file + 1) * lines, began)).collect();
    for (pod, names) in self::pods_of(cluster, pods, containers_per_pod, began) {
        for name in names {
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    pod.rotate(&name);
                }
                pod.append(&name, part);
            }
            pod.terminate(&name, 0);
        }
    }
}

/// Running pods of the job [`JOB_ID`], each with the names of its containers.
pub(crate) fn pods(
    cluster: &TestCluster,
    pods: usize,
    containers_per_pod: usize,
) -> impl Iterator<Item = (PodHandle, Vec<String>)> {
    pods_of(cluster, pods, containers_per_pod, Timestamp::now())
}

/// The same, started then.
fn pods_of(
    cluster: &TestCluster,
    pods: usize,
    containers_per_pod: usize,
    started: Timestamp,
) -> impl Iterator<Item = (PodHandle, Vec<String>)> {
    (0..pods).map(move |pod| {
        let names: Vec<String> =
            (0..containers_per_pod).map(|n| if n == 0 { "blast".to_owned() } else { format!("side-{n}") }).collect();
        let mut builder = cluster
            .pod(&format!("blastn-batch-s{pod:04}-job-000-10adf00d-{:05}", pod + 10_000))
            .label("app", "blast")
            .label("elb-job-id", JOB_ID);
        for name in &names {
            builder = builder.container(name);
        }
        let handle = builder.create();
        handle.schedule();
        handle.at(started).start_all(&names.iter().map(String::as_str).collect::<Vec<_>>());
        (handle, names)
    })
}

/// Makes running pods of other people: no label, name or environment of theirs is ElasticBLAST's.
pub fn foreign_pods(cluster: &TestCluster, count: usize) {
    for number in 0..count {
        let pod = cluster.pod(&format!("web-{number:05}")).label("app", "web").container("nginx").create();
        pod.start("nginx").print("nginx", "GET / 200");
    }
}
