//! `save -f`, killed at random moments, on each kind of store: what it leaves is the log, each line once.
//!
//! 50 containers print numbered lines, their logs are rotated by size, and they are started again; `elbtail save -f` is ended by
//! SIGKILL again and again. A container is started again only when the archive has the end of the instance before its
//! latest, for that is when a kubelet collects it, and prints no more than its node keeps until some of it is durable. So Kubernetes
//! still has every line that is not, and nothing may be missing, however slow the machine is. The ordinary suite kills a few times; `cargo test --test kills -- --ignored --nocapture` 200 times on each store,
//! and prints counts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../archive/backend.rs"]
#[allow(dead_code, unused_macros, reason = "shared with other tests")]
mod backend;
#[path = "../support/ground.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod ground;
#[path = "../e2e/jobs.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod jobs;
#[path = "../e2e/lines.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod lines;
#[path = "../e2e/running.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod running;
#[path = "../e2e/stage.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod stage;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/test_ground.rs"]
mod test_ground;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use elbtail::archive::{ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, JobKey};
use testcluster::{Options, PodHandle};
use tokio::runtime::Runtime;

use crate::{
    backend::{Backend, Kind},
    ground::patience,
    running::Running,
    stage::{ID, ROW, SHORT, Stage},
};

const PODS: usize = 10;
const CONTAINERS: [&str; 5] = ["c0", "c1", "c2", "c3", "c4"];

/// How often each container prints.
const BEAT: Duration = Duration::from_millis(50);

/// The longest time between a start and its kill, in milliseconds.
const LONGEST: u64 = 1500;

/// A file of a log, about 600 lines, of which the node keeps five.
const FILE: usize = 64_000;

/// Lines printed at once now and then: they fill more than a file.
const BURST: usize = 1000;

/// How old an instance is before they are: of a log that begins with its container nobody can tell that a whole file came before
/// its first line, and kubelets' files are larger than what is written in that moment.
const YOUTH: Duration = Duration::from_secs(3);

/// A container that has so many lines which are not durable yet prints no more, so that its node still has them all, however
/// slow the machine is.
const WAITING: u64 = 1000;

/// Kills in the ordinary suite, and when asked for.
const FEW: usize = 5;
const MANY: usize = 200;

#[test]
fn in_a_directory() {
    killed(Kind::Directory, FEW);
}

#[test]
fn on_azurite() {
    killed(Kind::Azure, FEW);
}

#[test]
fn on_moto() {
    killed(Kind::S3, FEW);
}

#[test]
#[ignore = "takes minutes"]
fn many_times_in_a_directory() {
    killed(Kind::Directory, MANY);
}

#[test]
#[ignore = "takes minutes"]
fn many_times_on_azurite() {
    killed(Kind::Azure, MANY);
}

#[test]
#[ignore = "takes minutes"]
fn many_times_on_moto() {
    killed(Kind::S3, MANY);
}

/// A container: its pod, its name and what each of its instances has printed.
struct Printer {
    pod: PodHandle,
    container: &'static str,
    printed: Vec<Vec<String>>,
    /// When the latest was started.
    since: Instant,
}

impl Printer {
    fn print(&mut self, lines: usize) {
        let restart = self.printed.len() - 1;
        for _ in 0..lines {
            let number = self.printed[restart].len();
            let line = format!("{} {} instance {restart} line {number}", self.pod.name(), self.container);
            self.pod.print(self.container, &line);
            self.printed[restart].push(line);
        }
    }

    fn restart(&mut self) {
        self.pod.restart(self.container);
        self.printed.push(Vec::new());
        self.since = Instant::now();
        // At once: a log that starts late may have lost its beginning, as far as anybody can tell.
        self.print(1);
    }

    fn instance(&self, restart: u32) -> ArchivedInstance {
        ArchivedInstance {
            namespace: self.pod.namespace().to_owned(),
            pod: self.pod.name().to_owned(),
            uid: self.pod.uid().to_owned(),
            container: self.container.to_owned(),
            restart,
        }
    }

    /// The instance before the latest, which the next start would take away, if its end is not durable.
    fn endangered(&self, saved: &Saved) -> Option<ArchivedInstance> {
        let instance = self.instance(self.printed.len().checked_sub(2)? as u32);
        let complete = saved.get(&instance).is_some_and(|(_, complete)| *complete);
        (!complete).then_some(instance)
    }

    /// Whether the node has room for more.
    fn has_room(&self, saved: &Saved) -> bool {
        let restart = self.printed.len() - 1;
        let durable = saved.get(&self.instance(restart as u32)).map_or(0, |(lines, _)| *lines);
        (self.printed[restart].len() as u64) < durable + WAITING
    }
}

/// How many lines of instances are durable, and whether their ends are.
type Saved = BTreeMap<ArchivedInstance, (u64, bool)>;

/// Looks what is durable.
struct Known {
    runtime: Runtime,
    backend: Backend,
}

impl Known {
    fn job(&self) -> Option<ArchivedJob> {
        self.runtime.block_on(async {
            let archive = self.backend.begun().await;
            match archive.job(&JobKey::new(ID).unwrap()).await {
                Ok(job) => Some(job),
                Err(ArchiveError::NoJob { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        })
    }

    fn saved(&self) -> Saved {
        let job = self.job();
        let logs = job.iter().flat_map(ArchivedJob::logs);
        logs.map(|(instance, kept)| (instance.clone(), (kept.lines(), kept.complete.is_some()))).collect()
    }
}

struct Scene {
    stage: Stage,
    backend: Backend,
    printers: Arc<Mutex<Vec<Printer>>>,
}

impl Scene {
    fn new(kind: Kind) -> Scene {
        // Before the containers start, for it takes its time.
        let backend = Runtime::new().unwrap().block_on(Backend::new(kind));
        let stage = Stage::local_with(Options {
            log_max_size: Some(FILE),
            collect_after: Duration::from_secs(3600),
            ..Options::default()
        });
        let mut printers = Vec::new();
        for shard in 0..PODS {
            let name = format!("blastn-batch-s{shard:02}-job-000-{SHORT}-xxxxx");
            let pod = stage.cluster().pod(&name).namespace(&stage.namespace).restart_policy("OnFailure");
            let pod = pod.label("app", "blast").label("elb-job-id", ID);
            let pod = CONTAINERS.iter().fold(pod, |pod, container| pod.container(container)).create();
            pod.start_all(&CONTAINERS);
            printers.extend(CONTAINERS.map(|container| Printer {
                pod: pod.clone(),
                container,
                printed: vec![Vec::new()],
                since: Instant::now(),
            }));
        }
        printers.iter_mut().for_each(|printer| printer.print(1));
        Scene { stage, backend, printers: Arc::new(Mutex::new(printers)) }
    }

    /// The binary, in an environment that holds the store's credentials.
    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.stage.command(arguments);
        command.envs(self.backend.environment.clone());
        command
    }

    fn save(&self) -> Running {
        let command = self.command(&["save", ROW, &self.backend.place, "-f", "--max-age", "100ms"]);
        Running::start(command, patience())
    }

    fn known(&self) -> Known {
        Known { runtime: Runtime::new().unwrap(), backend: self.backend.clone() }
    }
}

/// Prints, rotates and starts again until `stop`.
fn play(printers: &Mutex<Vec<Printer>>, known: &Known, stop: &AtomicBool) {
    let mut random = fastrand::Rng::new();
    let (mut saved, mut looked) = (Saved::new(), Instant::now());
    while !stop.load(Relaxed) {
        if looked.elapsed() > Duration::from_millis(500) {
            (saved, looked) = (known.saved(), Instant::now());
        }
        let mut printers = printers.lock().unwrap();
        for printer in printers.iter_mut().filter(|printer| printer.has_room(&saved)) {
            printer.print(1);
        }
        let one = random.usize(..printers.len());
        match random.u8(..32) {
            0 if printers[one].since.elapsed() > YOUTH && printers[one].has_room(&saved) => printers[one].print(BURST),
            1..4 if printers[one].endangered(&saved).is_none() => printers[one].restart(),
            _ => {}
        }
        drop(printers);
        thread::sleep(BEAT);
    }
}

fn killed(kind: Kind, kills: usize) {
    let scene = Scene::new(kind);
    let stop = Arc::new(AtomicBool::new(false));
    let playing = {
        let (printers, stop, known) = (scene.printers.clone(), stop.clone(), scene.known());
        thread::spawn(move || play(&printers, &known, &stop))
    };
    let mut random = fastrand::Rng::new();
    let began = Instant::now();
    for number in 0..kills {
        let save = scene.save();
        thread::sleep(Duration::from_millis(random.u64(0..LONGEST)));
        save.signal("-KILL");
        let ended = save.end();
        assert_eq!(ended.signal, Some(9), "kill {number}: it had ended by itself: {}", ended.stderr);
        assert!(!ended.stderr.contains("missing"), "kill {number}: {}", ended.stderr);
    }
    stop.store(true, Relaxed);
    playing.join().unwrap();

    let last = scene.save();
    let known = scene.known();
    let printers = scene.printers.lock().unwrap();
    let begun = Instant::now();
    loop {
        let saved = known.saved();
        let open: Vec<ArchivedInstance> = printers.iter().filter_map(|printer| printer.endangered(&saved)).collect();
        if open.is_empty() {
            break;
        }
        assert!(begun.elapsed() < patience(), "not read to their ends: {open:#?}");
        thread::sleep(BEAT);
    }
    for printer in &*printers {
        printer.pod.terminate(printer.container, 0);
    }
    let said = last.end().code(0).stderr;
    let took = began.elapsed();

    let verify = assert_cmd::Command::from_std(scene.command(&["verify", &scene.backend.place])).assert().code(0);
    let verified = String::from_utf8_lossy(&verify.get_output().stdout).into_owned();
    assert!(verified.starts_with(&format!("{ID}: complete; ")), "{verified}");
    let job = known.job().unwrap();
    let (mut instances, mut lines) = (0, 0);
    for printer in &*printers {
        for (restart, printed) in (0..).zip(&printer.printed) {
            let stream = ArchivedStream::Log(printer.instance(restart));
            let mut kept: Vec<String> = Vec::new();
            let take = |lines: Vec<elbtail::k8s::Line>| {
                kept.extend(lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()));
            };
            known.runtime.block_on(job.lines(&stream, take)).unwrap();
            let ends = (kept.first(), kept.last(), printed.last());
            assert!(kept == *printed, "{stream}: {} of {}, {ends:?}; {said}", kept.len(), printed.len());
            (instances, lines) = (instances + 1, lines + printed.len());
        }
    }
    assert_eq!(job.logs().count(), instances);
    println!(
        "{kind:?}: {kills} kills in {took:.0?}: {lines} lines of {instances} instances, each once; verify is clean"
    );
}
