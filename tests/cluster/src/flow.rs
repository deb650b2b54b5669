//! Running containers that print at a rate, for benchmarks of following.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock;
use crate::cluster::TestCluster;
use crate::load;
use crate::log::{InstanceLog, Stream};

/// How often lines are written: often enough that a line's age on arrival is the way's, not the writer's.
const TICK: Duration = Duration::from_millis(2);

/// Containers that print as many lines a second as [`Flow::rate`] says, one after the other.
#[derive(Debug, Clone)]
pub struct Flow {
    logs: Arc<[Arc<InstanceLog>]>,
    rate: Arc<AtomicUsize>,
}

impl Flow {
    /// Makes running pods of the job [`load::JOB_ID`]; every container has printed one line, `ready`.
    pub fn new(cluster: &TestCluster, pods: usize, containers_per_pod: usize) -> Flow {
        let mut logs = Vec::new();
        for (pod, names) in load::pods(cluster, pods, containers_per_pod) {
            for name in names {
                pod.print(&name, "ready");
                logs.extend(pod.log(&name));
            }
        }
        Flow { logs: logs.into(), rate: Arc::default() }
    }

    /// Prints so many lines a second in all from now on.
    pub fn rate(&self, lines: usize) {
        self.rate.store(lines, Relaxed);
    }

    /// Prints for ever. Every line holds the time of its writing: `t=` and nanoseconds since the Unix epoch.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(TICK);
        let (mut rate, mut since, mut printed, mut next) = (0, Instant::now(), 0, 0);
        loop {
            tick.tick().await;
            let now = self.rate.load(Relaxed);
            if now != rate {
                (rate, since, printed) = (now, Instant::now(), 0);
            }
            let due = (since.elapsed().as_secs_f64() * rate as f64) as usize;
            while printed < due {
                let at = clock::nanos(Timestamp::now());
                let text = format!(
                    "t={at} blastn: query batch_000.fa volume {:03} hits={printed:08} e-value=1e-50",
                    next % 997
                );
                self.logs[next].append(at, Stream::Stdout, text.as_bytes());
                printed += 1;
                next = (next + 1) % self.logs.len();
            }
        }
    }
}
