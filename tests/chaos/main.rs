//! The chaos test: a job is followed while everything on the way breaks, and an oracle counts lines.
//!
//! A short run with a fixed seed is part of the test suite. The long one, with its comparison:
//!
//! ```sh
//! cargo test --release --test chaos -- --ignored --nocapture
//! ```
//!
//! `CHAOS_SEED` replays a run; `CHAOS_CONTAINERS`, `CHAOS_LINES` and `CHAOS_SECONDS` set its size.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may end at once when its own stage breaks.

#[path = "../support/free_port.rs"]
mod free_port;
mod kept;
mod oracle;
mod relay;
mod story;
mod written;

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use oracle::{Instance, LineCounts, Oracle};
use serde_json::json;
use story::{JOB, Played, Size};
use testcluster::{Access, Chaos, Cut, Kind, Options, TestCluster};
use written::{Hole, Object, Written};

/// All ways of breaking a connection.
const CUTS: [Cut; 5] = [Cut::Reset, Cut::Fin, Cut::End, Cut::StreamReset, Cut::Stall];

/// The end of one run of elbtail.
struct Run {
    played: Played,
    counts: LineCounts,
    exit: Option<i32>,
    stderr: String,
    /// When each line that it printed was printed by its container.
    stamps: BTreeMap<Instance, BTreeMap<u64, Timestamp>>,
    /// How many lines came from the files of a node.
    of_nodes: usize,
    /// What it told besides lines.
    told: Vec<Object>,
    faults: usize,
}

impl Run {
    /// Each hole in what was read, and what was told of it first, if anything.
    fn holes(&self) -> impl Iterator<Item = (&Instance, Hole, Option<&Object>)> {
        self.counts.losses.iter().flat_map(move |(instance, numbers)| {
            let stamp = |number| self.stamps.get(instance)?.get(&number).copied();
            let told = move |hole| self.told.iter().find(|told| told.excuses(instance, hole));
            Hole::all(numbers, stamp).into_iter().map(move |hole| (instance, hole, told(hole)))
        })
    }

    /// How many of the missing lines their node still had when they were told to be missing.
    fn missing_and_kept(&self) -> usize {
        let told = self.holes().filter_map(|(instance, hole, told)| Some((instance, hole, told?.timestamp)));
        let had = told.map(|(instance, hole, at)| {
            (hole.first..=hole.last).filter(|number| self.played.kept.had(instance, *number, at)).count()
        });
        had.sum()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { counts, exit, of_nodes, faults, .. } = self;
        write!(f, "{faults} faults, {counts}, {of_nodes} from nodes, exit {exit:?}")
    }
}

/// How long elbtail may go on when nothing disturbs it any more.
const PATIENCE: Duration = Duration::from_secs(180);

/// Whoever may do everything.
fn admin() -> Access {
    Access::all()
}

/// Whoever may not read the files of nodes.
fn viewer() -> Access {
    Access::all().deny("*", "nodes/proxy")
}

/// Follows the story while faults fire, and judges what elbtail printed.
fn run(size: Size, seed: u64, outages: usize, access: fn() -> Access) -> Run {
    let cluster = TestCluster::start_blocking(Options { history: 200, ..Options::default() }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let relay = relay::Relay::start(cluster.port());
    let kubeconfig = credentials(&cluster, directory.path(), relay.port(), access());
    let most_bytes = size.lines * 120 / 3;
    let mut chaos = Chaos::new(seed).log_rate(0.7).watch_rate(0.5).answer_rate(0.15).most_bytes(most_bytes).cuts(&CUTS);
    cluster.faults().hook(move |call| chaos.decide(call));

    let [stdout, stderr] = ["stdout", "stderr"].map(|name| directory.path().join(name));
    let mut elbtail = Command::new(env!("CARGO_BIN_EXE_elbtail"))
        .args(["logs", "-f", JOB, "-o", "json", "--events", "-v"])
        .env("KUBECONFIG", &kubeconfig)
        .stdin(Stdio::null())
        .stdout(File::create(&stdout).unwrap())
        .stderr(File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    let text = || fs::read_to_string(&stderr).unwrap();
    let has_come = |pod: &str, container: &str| has_line(&stdout, pod, container);
    let played = thread::scope(|scope| {
        let story = scope.spawn(|| story::play(&cluster, size, seed, &has_come));
        // A server that is away at the start would be the answer.
        let began = Instant::now();
        while cluster.counts().requests(Kind::Log) == 0 && elbtail.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "no log was asked for:\n{}", text());
            thread::sleep(Duration::from_millis(20));
        }
        disturb(&cluster, directory.path(), &relay, size, outages, access);
        let mut story = story.join().unwrap();
        if size.destroy {
            story.rotate_unseen(&cluster, &has_come);
        }
        story.end()
    });
    // The rest is read in peace; faults that began go on.
    let faults = cluster.faults_fired().values().sum();
    eprintln!("faults: {:?}", cluster.faults_fired());
    cluster.faults().clear();
    let began = Instant::now();
    let exit = loop {
        if let Some(status) = elbtail.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > PATIENCE {
            elbtail.kill().unwrap();
            elbtail.wait().unwrap();
            panic!("it does not end:\n{}", text());
        }
        thread::sleep(Duration::from_millis(20));
    };
    let Written { lines, stamps, of_nodes, told } = written::read(File::open(stdout).unwrap());
    let counts = lines.compare(&played.printed);
    Run { played, counts, exit, stderr: text(), stamps, of_nodes, told, faults }
}

/// Whether a line of the container stands in what was printed so far.
fn has_line(stdout: &Path, pod: &str, container: &str) -> bool {
    let words = format!(r#""message":"{pod}/{container} "#);
    BufReader::new(File::open(stdout).unwrap()).lines().map_while(Result::ok).any(|line| line.contains(&words))
}

/// Server restarts, SIGKILLs of what stands before it, expired tokens, expired versions.
fn disturb(
    cluster: &TestCluster,
    directory: &Path,
    relay: &relay::Relay,
    size: Size,
    outages: usize,
    access: fn() -> Access,
) {
    let pause = size.duration / (outages as u32 + 1);
    for outage in 0..outages {
        thread::sleep(pause);
        match outage % 3 {
            0 => {
                cluster.kill_blocking();
                thread::sleep(Duration::from_millis(700));
                cluster.restart_blocking().unwrap();
            }
            1 => {
                let token = format!("token-{outage}");
                fs::write(directory.join("token"), &token).unwrap();
                cluster.add_user(&token, "admin", access());
                cluster.expire_token(&if outage == 1 { "token".to_owned() } else { format!("token-{}", outage - 3) });
                cluster.compact();
            }
            _ => relay.kill_and_return(Duration::from_millis(500)),
        }
    }
}

/// A kubeconfig whose token comes from a plugin, which reads a file that changes.
fn credentials(cluster: &TestCluster, directory: &Path, port: u16, access: Access) -> std::path::PathBuf {
    fs::write(directory.join("token"), "token").unwrap();
    cluster.add_user("token", "admin", access);
    let script = format!(
        r#"printf '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"%s"}}}}' "$(cat {}/token)""#,
        directory.display()
    );
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", script],
        "interactiveMode": "Never",
    }});
    let path = directory.join("kubeconfig");
    let yaml = cluster.kubeconfig_with("admin", &user);
    fs::write(&path, yaml.replace(&format!(":{}", cluster.port()), &format!(":{port}"))).unwrap();
    path
}

/// Fails unless every line is there, or its loss was told of its instance, with exit code 8 where it is certain.
fn expect_honesty(run: &Run) {
    let LineCounts { repeated, torn, reordered, .. } = &run.counts;
    assert_eq!((*repeated, *torn, *reordered), (0, 0, 0), "{}\n{}", run.counts, run.stderr);
    for (instance, hole, told) in run.holes() {
        let of_it = || run.told.iter().filter(|told| told.is_of(instance)).collect::<Vec<_>>();
        let said = &run.stderr;
        assert!(told.is_some(), "of {instance:?} it does not say that {hole:?} is lost: {:#?}\n{said}", of_it());
    }
    let is_incomplete = run.told.iter().any(Object::is_gap);
    assert_eq!(run.exit, Some(if is_incomplete { 8 } else { 0 }), "{}\n{}", run.counts, run.stderr);
    assert_eq!(is_incomplete, run.stderr.contains("warning: lines are missing"), "{}", run.stderr);
}

/// Nothing is destroyed, so every line can be had.
fn expect_everything(run: &Run) {
    expect_honesty(run);
    assert_eq!((run.counts.lost, run.exit), (0, Some(0)), "{}\n{}", run.counts, run.stderr);
}

#[test]
fn every_line_once_whatever_breaks() {
    let size = Size { containers: 40, lines: 800, duration: Duration::from_secs(8), destroy: false };
    let seed = setting("CHAOS_SEED", 7);
    let run = run(size, seed, 3, admin);
    eprintln!("seed {seed}: {run}");
    expect_everything(&run);
    assert!(run.faults > 50, "only {} faults", run.faults);
}

#[test]
fn what_cannot_be_had_is_named() {
    let size = Size { containers: 40, lines: 800, duration: Duration::from_secs(8), destroy: true };
    let seed = setting("CHAOS_SEED", 7);
    let run = run(size, seed, 3, viewer);
    eprintln!("seed {seed}: {run}");
    expect_honesty(&run);
    assert!(run.faults > 50, "only {} faults", run.faults);
    assert!(run.counts.lost > 0, "nothing was lost: {run}");
}

/// Whoever may read the nodes' files misses only what no node has any more.
#[test]
fn what_a_node_still_has_is_not_missing() {
    let size = Size { containers: 40, lines: 800, duration: Duration::from_secs(8), destroy: true };
    let seed = setting("CHAOS_SEED", 7);
    let run = run(size, seed, 3, admin);
    eprintln!("seed {seed}: {run}");
    expect_honesty(&run);
    expect_what_nodes_have(&run);
}

fn expect_what_nodes_have(run: &Run) {
    let kept = run.missing_and_kept();
    assert_eq!(kept, 0, "lines are missing that their node had: {:?}\n{}", run.counts.losses, run.stderr);
    assert!(run.of_nodes > 0, "nothing was read from a node: {run}\n{}", run.stderr);
}

/// The long runs, and the same for `kubectl logs -f`, for comparison.
#[test]
#[ignore = "takes minutes; see the module's description"]
fn long() {
    let size = Size {
        containers: setting("CHAOS_CONTAINERS", 200) as usize,
        lines: setting("CHAOS_LINES", 5_500),
        duration: Duration::from_secs(setting("CHAOS_SECONDS", 60)),
        destroy: false,
    };
    let seed = setting("CHAOS_SEED", 1);
    println!("seed {seed}, {size:?}");
    let kept = run(size, seed, 9, admin);
    println!("elbtail: {kept}");
    let without = run(Size { destroy: true, ..size }, seed, 9, viewer);
    println!("elbtail, logs destroyed, log API alone: {without}");
    let destroyed = run(Size { destroy: true, ..size }, seed, 9, admin);
    println!("elbtail, logs destroyed, node files too: {destroyed}");
    for (name, run) in [("log API alone", &without), ("node files too", &destroyed)] {
        let (lost, kept) = (run.counts.lost, run.missing_and_kept() as u64);
        println!("{name}: {lost} lines are missing, of which the node still had {kept} and no longer {}", lost - kept);
    }
    for line in destroyed.stderr.lines().filter(|line| line.starts_with("warning: ")) {
        println!("  {line}");
    }
    kubectl(size, seed);
    expect_everything(&kept);
    expect_honesty(&without);
    assert!(without.counts.lost > 0, "nothing was lost");
    expect_honesty(&destroyed);
    expect_what_nodes_have(&destroyed);
    assert!(kept.faults >= 1_000, "only {} faults", kept.faults);
    assert!(kept.counts.printed > 1_000_000 || size.containers < 200);
}

/// The same story through `kubectl logs -f`, with the same faults but no outage, which would end it at once.
fn kubectl(size: Size, seed: u64) {
    let cluster = TestCluster::start_blocking(Options::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let kubeconfig = cluster.write_kubeconfig(directory.path()).unwrap();
    let stdout = directory.path().join("stdout");
    let (printed, exit) = thread::scope(|scope| {
        let story = scope.spawn(|| story::play(&cluster, size, seed, &|_, _| true));
        thread::sleep(Duration::from_secs(1));
        let mut chaos = Chaos::new(seed).log_rate(0.7).watch_rate(0.0).answer_rate(0.0).most_bytes(size.lines * 40);
        cluster.faults().hook(move |call| chaos.decide(call));
        let child = Command::new("kubectl")
            .args(["logs", "-f", "-l", &format!("elb-job-id={JOB}"), "--all-containers", "--tail=-1"])
            .args(["--max-log-requests", "1000", "--ignore-errors"])
            .env("KUBECONFIG", &kubeconfig)
            .stdout(File::create(&stdout).unwrap())
            .stderr(Stdio::null())
            .spawn();
        let printed = story.join().unwrap().end().printed;
        cluster.faults().clear();
        let exit = child.map(|mut child| {
            // It may sit on a stalled stream for ever.
            for _ in 0..200 {
                if let Ok(Some(status)) = child.try_wait() {
                    return status.code();
                }
                thread::sleep(Duration::from_millis(100));
            }
            let _ = child.kill();
            let _ = child.wait();
            None
        });
        (printed, exit)
    });
    match exit {
        Ok(exit) => {
            let counts = Oracle::read(File::open(stdout).unwrap()).compare(&printed);
            println!("kubectl: {counts}, exit {exit:?} (None: still waiting 20 s after the end)");
        }
        Err(error) => println!("kubectl: cannot be run ({error}); apt-get install kubernetes-client"),
    }
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}
