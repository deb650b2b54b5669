//! Logs to keep, and how they are compared.

use std::time::{Duration, Instant};

use elbtail::{
    archive::{Archive, ArchiveError, ArchivedInstance, ArchivedStream, JobKey, Limits, Writer},
    k8s::{Line, Stamp},
};

/// How long anything may take before it is taken for hanging.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The job.
pub fn job() -> JobKey {
    JobKey::new("job-429825360482416da20736cf3ed51a95").unwrap()
}

/// An instance of a container.
pub fn instance(container: u64, restart: u32) -> ArchivedInstance {
    ArchivedInstance {
        namespace: "default".to_owned(),
        pod: format!("blastn-batch-s00-job-{container:03}-3ed51a95-x"),
        uid: format!("00000000-0000-0000-0000-{container:012}"),
        container: "blast".to_owned(),
        restart,
    }
}

/// Its stream.
pub fn stream(container: u64, restart: u32) -> ArchivedStream {
    ArchivedStream::Log(instance(container, restart))
}

/// Line `number` of a container: numbered, sometimes odd bytes, stamps that stand still or go back a little.
pub fn line(container: u64, number: u64) -> Line {
    const START: i64 = 1_764_000_000_000_000_000;
    let jitter = (number * 7919 + container * 104_729) % 5;
    let stamp = Stamp(START + (number * 1_000_000) as i64 - (jitter * 300_000) as i64);
    let mut text = format!("container {container} line {number} ").into_bytes();
    match number % 17 {
        0 => text.clear(),
        1 => text.extend_from_slice(b"caf\xe9 \xff\x00\r"),
        2 => text.extend_from_slice("x".repeat(300).as_bytes()),
        _ => {}
    }
    Line { stamp, text: text.into() }
}

/// Some lines of a container.
pub fn lines(container: u64, numbers: std::ops::Range<u64>) -> Vec<Line> {
    numbers.map(|number| line(container, number)).collect()
}

/// Small chunks and little memory, so that few lines go through everything.
pub fn small() -> Limits {
    Limits { chunk: 8 << 10, age: Duration::from_millis(20), memory: 64 << 10, uploads: 4 }
}

/// A writer of the job, as soon as the tasks of the one before it have ended, and as no program that is being started beside the test
/// holds its lock any more.
pub async fn next_writer(archive: &Archive) -> Writer {
    let began = Instant::now();
    loop {
        match Writer::open(archive, &job(), small()).await {
            Ok(writer) => return writer,
            Err(busy @ ArchiveError::Busy { .. }) => {
                assert!(began.elapsed() < PATIENCE, "{busy}");
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Everything kept of a stream.
pub async fn kept(archive: &Archive, stream: &ArchivedStream) -> Vec<Line> {
    let mut all = Vec::new();
    archive.job(&job()).await.unwrap().lines(stream, |lines| all.extend(lines)).await.unwrap();
    all
}
