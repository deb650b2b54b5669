//! `save -f --all` into object stores: replicas that die, and a store that goes away.

use std::time::{Duration, Instant};

use elbtail::{
    archive::{Archive, ArchivedStream, JobKey, JobState, object_store::ObjectStoreExt, verify},
    k8s::Line,
};
use testcluster::{Options, PodHandle, TestCluster};

use crate::{
    backend::{Backend, Kind},
    logs::{PATIENCE, job, lines, next_writer, stream},
    running::Running,
    suite::objects,
    support::faulty::{Fault, Faulty},
    test_ground::TestGround,
};

/// A cluster with one job of one pod.
struct Scene {
    ground: TestGround,
    pod: PodHandle,
}

/// A pod that searches for a job.
fn pod(cluster: &TestCluster, job: &str) -> PodHandle {
    let name = format!("blastn-batch-s00-job-000-{}-x7k2p", &job[job.len() - 8..]);
    let pod = cluster.pod(&name).label("app", "blast").label("elb-job-id", job).container("blast").create();
    pod.schedule();
    pod.start("blast");
    pod
}

impl Scene {
    fn new() -> Scene {
        let ground = TestGround::new(Options::default());
        let pod = pod(&ground.cluster, job().as_str());
        Scene { ground, pod }
    }

    /// The pod prints numbered lines.
    fn print(&self, lines: std::ops::Range<usize>) {
        for number in lines {
            self.pod.print("blast", format!("line {number}"));
        }
    }

    /// Starts a replica that saves into `backend`, and waits until it looks for jobs.
    fn replica(&self, backend: &Backend) -> Running {
        let mut command = self.ground.command(&["save", "-f", "--all", &backend.place, "--listen", "127.0.0.1:0"]);
        command.args(["--lease-duration", "3s", "--max-age", "100ms"]).envs(backend.environment.clone());
        let running = Running::start(command, PATIENCE);
        running.until_said("/metrics on http://");
        running
    }
}

/// What the archive holds of the job.
async fn kept(archive: &Archive) -> Vec<String> {
    kept_of(archive, &job()).await
}

async fn kept_of(archive: &Archive, job: &JobKey) -> Vec<String> {
    let Ok(job) = archive.job(job).await else { return Vec::new() };
    let mut lines: Vec<Line> = Vec::new();
    for stream in job.streams().filter(|stream| matches!(stream, ArchivedStream::Log(_))) {
        job.lines(stream, |more| lines.extend(more)).await.unwrap();
    }
    lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
}

async fn until_kept(archive: &Archive, count: usize) {
    let start = Instant::now();
    while kept(archive).await.len() < count {
        assert!(start.elapsed() < PATIENCE, "{count} lines never became durable");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("line {number}")).collect()
}

async fn one_that_is_killed_is_replaced(kind: Kind) {
    let (backend, scene) = (Backend::new(kind).await, Scene::new());
    let first = scene.replica(&backend);
    let archive = backend.archive().await;
    scene.print(0..100);
    until_kept(&archive, 100).await;
    let second = scene.replica(&backend);
    scene.print(100..150);
    first.signal("-KILL");
    assert_eq!(first.end().signal, Some(9));
    scene.print(150..200);
    second.until_said("taken over from ");
    scene.print(200..250);
    scene.pod.terminate("blast", 0);
    second.until_said("it has ended");
    second.signal("-TERM");
    second.end().code(143);
    assert_eq!(kept(&archive).await, numbered(250));
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}

async fn one_whose_store_is_away_ends_in_time_and_nothing_is_lost(kind: Kind) {
    let (backend, scene) = (Backend::new(kind).await, Scene::new());
    let proxy = Faulty::start(backend.port.unwrap(), |_| Fault::None).await;
    let first = scene.replica(&backend.through(proxy.port));
    let archive = backend.archive().await;
    scene.print(0..100);
    until_kept(&archive, 100).await;
    proxy.down(true);
    scene.print(100..200);
    let before = proxy.made();
    let start = Instant::now();
    while proxy.made() == before {
        assert!(start.elapsed() < PATIENCE, "it never tries");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A Deployment's replica is killed when it does not end: the time is what is promised.
    let asked = Instant::now();
    first.signal("-TERM");
    let said = first.end().code(143).stderr;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(said.contains("could not be written in time: whoever goes on reads it again"), "{said}");
    proxy.down(false);
    let second = scene.replica(&backend.through(proxy.port));
    scene.print(200..250);
    scene.pod.terminate("blast", 0);
    second.until_said("it has ended");
    assert_eq!(kept(&archive).await, numbered(250));
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_jobs_are_shared_and_all_go_on_when_one_of_two_replicas_dies() {
    const JOBS: usize = 40;
    let (backend, scene) = (Backend::new(Kind::Directory).await, Scene::new());
    scene.pod.terminate("blast", 0);
    let replicas = [scene.replica(&backend), scene.replica(&backend)];
    let ids: Vec<String> = (0..JOBS).map(|number| format!("job-{number:032x}")).collect();
    let pods: Vec<PodHandle> = ids.iter().map(|id| pod(&scene.ground.cluster, id)).collect();
    let print = |range: std::ops::Range<usize>| {
        for number in range {
            for pod in &pods {
                pod.print("blast", format!("line {number}"));
            }
        }
    };
    print(0..20);
    let keeps = |replica: &Running, id: &String| replica.said().contains(&format!("{id}: kept from now on"));
    let start = Instant::now();
    while !ids.iter().all(|id| replicas.iter().any(|replica| keeps(replica, id))) {
        assert!(start.elapsed() < PATIENCE, "not all are kept: {:#?}", replicas.map(|replica| replica.said()));
        print(20..21);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let [first, second] = replicas;
    let share = ids.iter().filter(|id| keeps(&first, id)).count();
    assert!(share > 0 && share < JOBS, "one of them keeps {share} of {JOBS}");
    first.signal("-KILL");
    first.end();
    print(21..40);
    for pod in &pods {
        pod.terminate("blast", 0);
    }
    for id in &ids {
        second.until_said(&format!("{id}: it has ended"));
    }
    let archive = backend.archive().await;
    for id in &ids {
        let key = JobKey::new(id).unwrap();
        let mut kept = kept_of(&archive, &key).await;
        assert_eq!(verify(&archive, &key).await.unwrap().faults, [], "{id}");
        // How often it was printed depends on the machine.
        kept.dedup_by(|one, other| one == other && one == "line 20");
        assert_eq!(kept, numbered(40), "{id}");
    }
}

/// What `/metrics` says of this name.
async fn metric(replica: &Running, name: &str) -> String {
    let said = replica.said();
    let (_, url) = said.split_once("/metrics on ").unwrap();
    let url = format!("{}/metrics", url.lines().next().unwrap());
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().to_owned()
}

/// A job that cannot be kept, whoever tries it how often, is no health, until it can be kept again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_archive_that_takes_nothing_is_no_health_until_it_does() {
    let (backend, scene) = (Backend::new(Kind::Directory).await, Scene::new());
    let archive = backend.begun().await;
    let own = backend.directory().unwrap().join("jobs").join(job().as_str());
    std::fs::create_dir_all(own.join("index")).unwrap();
    std::fs::write(own.join("index/000000000000-000000000000.ndjson"), "").unwrap();
    let replica = scene.replica(&backend);
    scene.print(0..100);
    let tries = || replica.said().matches("tried again in ").count();
    let start = Instant::now();
    while tries() < 2 {
        assert!(start.elapsed() < PATIENCE, "it is not tried again: {}", replica.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
        if tries() > 0 {
            assert_eq!(metric(&replica, "elbtail_reachable").await, "0", "{}", replica.said());
        }
    }
    std::fs::rename(&own, backend.directory().unwrap().join("damaged")).unwrap();
    until_kept(&archive, 100).await;
    while metric(&replica, "elbtail_reachable").await != "1" {
        assert!(start.elapsed() < 2 * PATIENCE, "{}", replica.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    replica.signal("-TERM");
    replica.end().code(143);
}

/// A job that had ended is not complete by that: its index must be whole, and its chunks there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_had_ended_and_is_damaged_is_told() {
    for (part, told) in [("/index/000000000000", "tried again in "), ("/chunks/logs/", "cannot be read any more: ")] {
        let (backend, scene) = (Backend::new(Kind::Directory).await, Scene::new());
        let archive = backend.begun().await;
        for container in 0..2 {
            let mut writer = next_writer(&archive).await;
            let id = writer.stream(stream(container, 0)).unwrap();
            writer.push(id, &lines(container, 0..20)).await.unwrap();
            writer.complete(id, "read").await.unwrap();
            writer.tell(JobState { ended: true, ..JobState::default() }).await.unwrap();
            writer.finish().await.unwrap();
        }
        backend.raw().delete(&objects(&backend, part).await[0]).await.unwrap();
        scene.pod.terminate("blast", 0);
        let replica = scene.replica(&backend);
        replica.until_said(told);
        if part.starts_with("/index") {
            assert_eq!(metric(&replica, "elbtail_reachable").await, "0", "{}", replica.said());
        }
        replica.signal("-TERM");
        replica.end().code(143);
        assert!(!verify(&archive, &job()).await.unwrap().faults.is_empty());
    }
}

/// The test cluster's server and the waiting for a process need a thread each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_is_killed_is_replaced_in_a_directory() {
    one_that_is_killed_is_replaced(Kind::Directory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_is_killed_is_replaced_on_azurite() {
    one_that_is_killed_is_replaced(Kind::Azure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_is_killed_is_replaced_on_moto() {
    one_that_is_killed_is_replaced(Kind::S3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_whose_store_is_away_ends_in_time_on_azurite() {
    one_whose_store_is_away_ends_in_time_and_nothing_is_lost(Kind::Azure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_whose_store_is_away_ends_in_time_on_moto() {
    one_whose_store_is_away_ends_in_time_and_nothing_is_lost(Kind::S3).await;
}
