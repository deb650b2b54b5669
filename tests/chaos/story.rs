//! What happens in the cluster while it is followed: pods that print numbered lines, restart, rotate, are deleted and end.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use testcluster::{LogBlockBuilder, PodHandle, Stream, TestCluster};

use super::{PATIENCE, kept::Kept};

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Containers, two to a pod.
    pub containers: usize,
    /// Lines that each container prints, over all its instances.
    pub lines: u64,
    /// How long the printing takes.
    pub duration: Duration,
    /// Whether logs are also rotated, containers restarted and pods deleted, by which lines may become impossible to have.
    pub destroy: bool,
}

/// The id of the job that is followed.
pub const JOB: &str = "job-c4a05c4a05c4a05c4a05c4a05c4a05c4";
/// Its last 8 characters.
pub const SHORT: &str = "5c4a05c4";
/// The containers of a pod.
const NAMES: [&str; 2] = ["blast", "results-export"];
/// How often containers print.
const TICK: Duration = Duration::from_millis(100);

/// What a container printed: the number of lines of each instance.
pub type Printed = BTreeMap<(String, String), Vec<u64>>;

/// The text of a line: who, which instance, which line, filling, and a checksum over all of it.
pub fn text(pod: &str, container: &str, restart: usize, number: u64) -> String {
    let filling = "acgt".repeat((number % 17) as usize);
    let body = format!("{pod}/{container} r{restart} seq={number} {filling}");
    format!("{body} #{:08x}", checksum(&body))
}

/// FNV-1a: enough to show a torn line.
pub fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What may happen to a container besides printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Nothing,
    Restarts,
    Rotates,
}

struct Container {
    pod: usize,
    name: &'static str,
    fate: Fate,
    /// Lines still to print.
    left: u64,
    instances: Vec<u64>,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Played {
    /// What was printed.
    pub printed: Printed,
    /// What the nodes held of it meanwhile.
    pub kept: Kept,
}

/// The story, up to its end.
pub struct Story {
    pods: Vec<PodHandle>,
    /// Which of them are deleted.
    deleted: Vec<bool>,
    finalizer: PodHandle,
    containers: Vec<Container>,
    kept: Kept,
}

impl Story {
    /// Rotates a log while nobody can read it: what was printed meanwhile only its node has. The log has come out at the reader before.
    pub fn rotate_unseen(&mut self, cluster: &TestCluster, has_come: &dyn Fn(&str, &str) -> bool) {
        let deleted = &self.deleted;
        let mut can_be = self.containers.iter_mut().filter(|it| it.fate == Fate::Rotates && !deleted[it.pod]);
        let container = can_be.next().expect("four are rotated, and one pod is deleted");
        let pod = &self.pods[container.pod];
        let began = Instant::now();
        while !has_come(pod.name(), container.name) {
            assert!(began.elapsed() < PATIENCE, "nothing of {} was read", pod.name());
            thread::sleep(TICK);
        }
        cluster.kill_blocking();
        container.left = 100;
        print(pod, container, 50);
        pod.rotate(container.name);
        print(pod, container, 50);
        self.kept.look(pod, container.name);
        thread::sleep(Duration::from_millis(300));
        cluster.restart_blocking().unwrap();
    }

    /// Everything that still runs ends.
    pub fn end(self) -> Played {
        let Story { pods, deleted, finalizer, containers, mut kept } = self;
        for (pod, _) in pods.iter().zip(&deleted).filter(|(_, deleted)| !**deleted) {
            for name in NAMES {
                pod.terminate(name, 0);
            }
        }
        finalizer.terminate("finalizer", 0);
        for container in &containers {
            kept.look(&pods[container.pod], container.name);
        }
        let mut printed: Printed = containers
            .into_iter()
            .map(|container| ((pods[container.pod].name().to_owned(), container.name.to_owned()), container.instances))
            .collect();
        printed.insert((finalizer.name().to_owned(), "finalizer".to_owned()), vec![1]);
        Played { printed, kept }
    }
}

/// Plays the story up to its end. `has_come` says whether a container's lines (by pod and name) have come out at the reader.
///
/// No log is rotated before. A kubelet rotates none that is smaller than 1 MiB, which is how a reader tells a log that was
/// rotated before its first look from one that was silent at first; these logs are smaller.
pub fn play(cluster: &TestCluster, size: Size, seed: u64, has_come: &dyn Fn(&str, &str) -> bool) -> Story {
    let mut rng = StdRng::seed_from_u64(seed);
    let pods: Vec<PodHandle> = (0..size.containers.div_ceil(2)).map(|number| pod(cluster, number)).collect();
    let finalizer = cluster
        .pod(&format!("elb-finalizer-{SHORT}-zzzzz"))
        .label("app", "finalizer")
        .label("elb-job-id", JOB)
        .container("finalizer")
        .create();
    finalizer.start("finalizer").print("finalizer", text(finalizer.name(), "finalizer", 0, 1));
    let mut containers: Vec<Container> = (0..size.containers)
        .map(|number| Container {
            pod: number / 2,
            name: NAMES[number % 2],
            fate: match number % 10 {
                3 if size.destroy => Fate::Restarts,
                6 if size.destroy => Fate::Rotates,
                _ => Fate::Nothing,
            },
            left: size.lines,
            instances: vec![0],
        })
        .collect();
    let mut deleted = vec![false; pods.len()];
    let mut kept = Kept::default();
    let ticks = (size.duration.as_millis() / TICK.as_millis()).max(1) as u64;
    for tick in 0..ticks {
        for container in &mut containers {
            let pod = &pods[container.pod];
            if deleted[container.pod] || container.left == 0 {
                continue;
            }
            let share = size.lines / ticks + 1;
            let count =
                if tick + 1 == ticks { container.left } else { rng.random_range(0..=2 * share).min(container.left) };
            print(pod, container, count);
            let middle = tick > ticks / 4 && tick < ticks * 9 / 10;
            if middle && rng.random_ratio(1, ticks.max(2) as u32) {
                match container.fate {
                    Fate::Rotates if has_come(pod.name(), container.name) => {
                        pod.rotate(container.name);
                    }
                    Fate::Nothing | Fate::Rotates => {}
                    Fate::Restarts => {
                        pod.restart(container.name);
                        container.instances.push(0);
                    }
                }
            }
            if size.destroy {
                kept.look(pod, container.name);
            }
        }
        // One pod in 25 is deleted while it runs.
        let victim = rng.random_range(0..pods.len() * 2);
        if size.destroy && tick == ticks / 2 {
            for number in (0..pods.len()).filter(|number| number % 25 == victim % 25) {
                deleted[number] = true;
                pods[number].delete();
                NAMES.iter().for_each(|name| kept.look(&pods[number], name));
            }
        }
        thread::sleep(TICK);
    }
    Story { pods, deleted, finalizer, containers, kept }
}

fn pod(cluster: &TestCluster, number: usize) -> PodHandle {
    let pod = cluster
        .pod(&format!("blastn-batch-s{number:03}-job-000-{SHORT}-{number:05}"))
        .label("app", "blast")
        .label("elb-job-id", JOB)
        .restart_policy("OnFailure")
        .container(NAMES[0])
        .container(NAMES[1])
        .create();
    pod.start_all(&NAMES);
    pod
}

fn print(pod: &PodHandle, container: &mut Container, count: u64) {
    let restart = container.instances.len() - 1;
    let mut block = LogBlockBuilder::new();
    for _ in 0..count {
        container.instances[restart] += 1;
        let number = container.instances[restart];
        let stream = if number.is_multiple_of(5) { Stream::Stderr } else { Stream::Stdout };
        block.line(Timestamp::now(), stream, text(pod.name(), container.name, restart, number).as_bytes());
    }
    container.left -= count;
    if count > 0 {
        pod.append(container.name, &block.build());
    }
}
