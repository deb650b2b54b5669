//! The incident's job: 5 shards, 11 pods, 21 containers and 5 init containers, told as a story.
//!
//! ```no_run
//! # async fn f(cluster: &testcluster::TestCluster) {
//! use std::time::Duration;
//! let over = testcluster::incident::finished(cluster, 1000);
//! for log in &over.logs { println!("{}/{}: {} lines", log.pod, log.container, log.lines.len()); }
//!
//! // In real time: `play` begins at once and in the background, `live` waits for the end.
//! let playing = testcluster::incident::play(cluster, Duration::from_secs(10), 200);
//! let told = playing.finish().await;
//! # }
//! ```

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cluster::TestCluster;
use crate::job::{JobBuilder, JobHandle};
use crate::log::{LogBlockBuilder, Stream};
use crate::pod::PodHandle;
use crate::world::World;

mod script;

/// The ElasticBLAST id of the job.
pub const JOB_ID: &str = "job-429825360482416da20736cf3ed51a95";
/// Its last eight characters, which its Jobs are named with.
pub const SHORT: &str = "3ed51a95";
/// How many shards it has.
pub const SHARDS: usize = 5;

/// Lines of `blast` in [`live`].
const LIVE_LINES: usize = 200;
/// How long ago a finished job began, and how long it took.
const AGO: SignedDuration = SignedDuration::from_mins(20);
const TOOK: SignedDuration = SignedDuration::from_mins(12);

/// One container's whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerLog {
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Whether it is an init container.
    pub init: bool,
    /// Every line it printed, in order.
    pub lines: Vec<String>,
}

/// What was printed, by which container.
#[derive(Debug, Clone, Default)]
pub struct Incident {
    /// The Jobs' names.
    pub jobs: Vec<String>,
    /// All logs, init containers' too.
    pub logs: Vec<ContainerLog>,
}

impl Incident {
    /// The lines of one container.
    pub fn lines(&self, pod: &str, container: &str) -> Option<&[String]> {
        self.logs.iter().find(|log| log.pod == pod && log.container == container).map(|log| log.lines.as_slice())
    }
}

/// The job as it is some minutes after its end: all logs are there, stamped in the past.
///
/// Every container has about so many lines, or the few that its story needs at least.
pub fn finished(cluster: &TestCluster, lines_per_container: usize) -> Incident {
    let mut stage = Stage::new(cluster.world(), script::write(lines_per_container, true));
    stage.bulk = true;
    let start = Timestamp::now() - AGO;
    for scene in std::mem::take(&mut stage.script.scenes) {
        let into = SignedDuration::from_secs_f64(TOOK.as_secs_f64() * scene.at);
        stage.perform(scene.act, start + into);
    }
    stage.told
}

/// Plays the job's life within a duration, and returns when it is over.
pub async fn live(cluster: &TestCluster, duration: Duration) -> Incident {
    play(cluster, duration, LIVE_LINES).finish().await
}

/// Begins to play the job's life within a duration, with so many lines of every `blast`.
pub fn play(cluster: &TestCluster, duration: Duration, lines: usize) -> Playing {
    let mut stage = Stage::new(cluster.world(), script::write(lines, false));
    let (send, receive) = tokio::sync::oneshot::channel();
    cluster.world().runtime.spawn(async move {
        let start = tokio::time::Instant::now();
        for scene in std::mem::take(&mut stage.script.scenes) {
            tokio::time::sleep_until(start + duration.mul_f64(scene.at)).await;
            stage.perform(scene.act, Timestamp::now());
        }
        // Whoever waited for the end may have left.
        let _ = send.send(stage.told);
    });
    Playing(receive)
}

/// A story that is being played.
#[derive(Debug)]
pub struct Playing(tokio::sync::oneshot::Receiver<Incident>);

impl Playing {
    /// Waits for its end.
    pub async fn finish(self) -> Incident {
        self.0.await.unwrap_or_default()
    }

    /// [`finish`](Self::finish) for tests without a runtime.
    pub fn finish_blocking(self) -> Incident {
        self.0.blocking_recv().unwrap_or_default()
    }
}

/// A Job with its one pod, before it exists.
#[derive(Debug, Clone)]
struct Role {
    job: String,
    labels: Vec<(&'static str, String)>,
    init: Option<&'static str>,
    containers: Vec<&'static str>,
    restart_policy: &'static str,
    backoff: u64,
    ttl: bool,
}

#[derive(Debug)]
enum Act {
    Create,
    Schedule,
    Start(Vec<&'static str>),
    Print(&'static str, Stream, String),
    Terminate(&'static str),
    Complete,
}

#[derive(Debug)]
struct Scene {
    /// When, from 0 to 1.
    at: f64,
    act: (usize, Act),
}

#[derive(Debug)]
struct Script {
    roles: Vec<Role>,
    scenes: Vec<Scene>,
}

/// The script with the actors that have entered so far.
struct Stage {
    world: Arc<World>,
    script: Script,
    actors: HashMap<usize, (JobHandle, PodHandle)>,
    bulk: bool,
    blocks: HashMap<(usize, &'static str), LogBlockBuilder>,
    told: Incident,
}

impl Stage {
    fn new(world: &Arc<World>, script: Script) -> Self {
        let (actors, blocks) = (HashMap::new(), HashMap::new());
        Self { world: Arc::clone(world), script, actors, bulk: false, blocks, told: Incident::default() }
    }

    fn perform(&mut self, (role, act): (usize, Act), at: Timestamp) {
        if matches!(act, Act::Create) {
            self.enter(role, at);
            return;
        }
        let Some((job, pod)) = self.actors.get(&role) else { return };
        let pod_at = pod.at(at);
        match act {
            Act::Create => {}
            Act::Schedule => {
                pod_at.schedule();
            }
            Act::Start(containers) => {
                pod_at.start_all(&containers);
            }
            Act::Print(container, stream, line) => {
                if self.bulk {
                    self.blocks.entry((role, container)).or_default().line(at, stream, line.as_bytes());
                } else {
                    pod.print_to(container, stream, &line);
                }
                let log = self.told.logs.iter_mut().find(|log| log.pod == pod.name() && log.container == container);
                if let Some(log) = log {
                    log.lines.push(line);
                }
            }
            Act::Terminate(container) => {
                if let Some(block) = self.blocks.remove(&(role, container)) {
                    pod.append(container, &block.build());
                }
                pod_at.terminate(container, 0);
            }
            Act::Complete => job.complete(at),
        }
    }

    fn enter(&mut self, number: usize, at: Timestamp) {
        let Some(role) = self.script.roles.get(number).cloned() else { return };
        let mut job = JobBuilder::new(&self.world, &role.job).spec("backoffLimit", role.backoff.into()).created(at);
        for (key, value) in &role.labels {
            job = job.label(key, value);
        }
        if role.ttl {
            job = job.spec("ttlSecondsAfterFinished", 1800.into());
        }
        let job = job.create();
        job.start(at);
        let mut pod = job.pod().created(at).restart_policy(role.restart_policy);
        if let Some(name) = role.init {
            pod = pod.init(name).image(name, script::IMAGE);
        }
        for name in &role.containers {
            pod = pod.container(name).image(name, script::IMAGE);
            match *name {
                "blast" | "finalizer" => pod = pod.env(name, "BLAST_ELB_JOB_ID", JOB_ID),
                _ => {}
            }
            if matches!(*name, "blast" | "results-export") {
                pod = pod.env(name, "JOB_NUM", "000").env(name, "ELB_BLAST_PROGRAM", "blastn");
            }
        }
        let pod = pod.spec("volumes", json!([{"name": "shared", "emptyDir": {}}])).create();
        self.told.jobs.push(role.job.clone());
        for (name, init) in
            role.init.into_iter().map(|name| (name, true)).chain(role.containers.iter().map(|name| (*name, false)))
        {
            self.told.logs.push(ContainerLog {
                pod: pod.name().to_owned(),
                container: name.to_owned(),
                init,
                lines: Vec::new(),
            });
        }
        self.actors.insert(number, (job, pod));
    }
}
