//! The writer killed at random moments.
//!
//! The child is this test binary, running [`child`]: it follows 50 containers that restart every 120 lines, from wherever
//! the archive is, and is killed. `ELBTAIL_KILLS` says how often.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use elbtail::archive::{Archive, Writer, verify};

use crate::{
    backend::{Backend, Kind},
    logs::{job, kept, lines, small, stream},
};

const CONTAINERS: u64 = 50;
/// Lines of an instance.
const INSTANCE: u64 = 120;
/// Lines pushed at a time.
const BATCH: u64 = 15;

const PLACE: &str = "ELBTAIL_TEST_PLACE";
const ENVIRONMENT: &str = "ELBTAIL_TEST_ENVIRONMENT";
const INSTANCES: &str = "ELBTAIL_TEST_INSTANCES";

/// Saves `ELBTAIL_TEST_INSTANCES` instances of each container; run by the tests below only.
#[tokio::test]
#[ignore = "a part of the tests beside it"]
async fn child() {
    let Ok(place) = env::var(PLACE) else { return };
    let environment = env::var(ENVIRONMENT).unwrap();
    let pairs = environment.lines().filter_map(|line| line.split_once('='));
    let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let instances: u32 = env::var(INSTANCES).unwrap().parse().unwrap();
    let backend = Backend::of(&place, environment);
    let archive = backend.begun().await;
    let mut writer = Writer::open(&archive, &job(), small()).await.unwrap();
    println!("\nopen");
    // Where each container is: instance and line, as the archive says.
    let mut places = Vec::new();
    for container in 0..CONTAINERS {
        let mut restart = 0;
        let next = loop {
            let id = writer.stream(stream(container, restart)).unwrap();
            let position = writer.position(id).await.unwrap();
            // What is durable is what was written.
            let from = position.lines - position.tail.len() as u64;
            assert_eq!(position.tail, lines(container, from..position.lines));
            if !position.complete {
                break position.lines;
            }
            restart += 1;
        };
        places.push((restart, next));
    }
    while places.iter().any(|(restart, _)| *restart < instances) {
        for (container, (restart, next)) in (0..).zip(&mut places).filter(|(_, (restart, _))| *restart < instances) {
            let id = writer.stream(stream(container, *restart)).unwrap();
            let end = (*next + BATCH).min(INSTANCE);
            writer.push(id, &lines(container, *next..end)).await.unwrap();
            *next = end;
            if *next == INSTANCE {
                writer.complete(id, "read").await.unwrap();
                (*restart, *next) = (*restart + 1, 0);
            }
            writer.tick().await.unwrap();
        }
    }
    writer.finish().await.unwrap();
    println!("\nfinished");
}

/// Starts [`child`], and kills it some time after it has begun, unless `after` is `None`.
fn run(backend: &Backend, instances: u32, after: Option<Duration>) {
    let pairs: Vec<String> = backend.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--ignored", "--nocapture"])
        .env(PLACE, &backend.place)
        .env(ENVIRONMENT, pairs.join("\n"))
        .env(INSTANCES, instances.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    match after {
        Some(after) => {
            assert!(said.any(|line| line.unwrap() == "open"), "it does not begin");
            std::thread::sleep(after);
            child.kill().unwrap();
            let status = child.wait().unwrap();
            assert!(status.code().is_none(), "it was to be killed: {status}");
        }
        None => {
            assert!(said.any(|line| line.unwrap() == "finished"), "it does not end");
            assert!(child.wait().unwrap().success());
        }
    }
}

async fn killed_and_gone_on_from(kind: Kind, kills: u64) {
    let kills = env::var("ELBTAIL_KILLS").map_or(kills, |kills| kills.parse().unwrap());
    let backend = Backend::new(kind).await;
    let mut random = fastrand::Rng::new();
    for _ in 0..kills {
        run(&backend, u32::MAX, Some(Duration::from_micros(random.u64(0..150_000))));
    }
    let archive = backend.archive().await;
    let so_far = reached(&archive).await;
    run(&backend, so_far + 1, None);

    let report = verify(&archive, &job()).await.unwrap();
    assert_eq!(report.faults, [], "after {kills} kills");
    let expected = CONTAINERS * u64::from(so_far + 1) * INSTANCE;
    assert_eq!(report.lines, expected);
    for container in 0..CONTAINERS {
        for restart in 0..=so_far {
            assert_eq!(kept(&archive, &stream(container, restart)).await, lines(container, 0..INSTANCE));
        }
    }
    println!("{kind:?}: {kills} kills, {expected} lines of {CONTAINERS} containers, {} chunks", report.chunks);
}

/// The latest instance that was begun.
async fn reached(archive: &Archive) -> u32 {
    let Ok(job) = archive.job(&job()).await else { return 0 };
    job.streams().filter_map(|stream| Some(stream.instance()?.restart)).max().unwrap_or(0)
}

#[tokio::test]
async fn in_a_directory() {
    killed_and_gone_on_from(Kind::Directory, 20).await;
}

#[tokio::test]
async fn on_azurite() {
    killed_and_gone_on_from(Kind::Azure, 10).await;
}

#[tokio::test]
async fn on_moto() {
    killed_and_gone_on_from(Kind::S3, 10).await;
}
