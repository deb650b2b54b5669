//! What an archive in a directory takes, beside zstd at the same level on the same bytes in the same run.
//!
//! ```sh
//! cargo bench --bench archive           # 1 GB in 50 streams
//! cargo bench --bench archive -- 10     # GB
//! ```
//!
//! The directory is in `$ELBTAIL_BENCH_DIR`, or in the one for temporary files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run shall say why")]

use std::{
    env,
    io::{Read, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use elbtail::{
    archive::{Access, Archive, ArchivePlace, ArchivedInstance, ArchivedStream, JobKey, Limits, Writer, open, verify},
    environment::Environment,
    k8s::{Line, Stamp},
};

const STREAMS: usize = 50;
/// Lines pushed at a time, as many as a read of a stream brings.
const BATCH: usize = 512;

fn main() {
    let size: f64 = env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run((size * 1e9) as usize));
}

/// Lines as BLAST pods write them: half of them alike, half of them with numbers and sequences.
fn log() -> Vec<Line> {
    let mut random = 1u64;
    let mut next = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    let line = |at: u64| {
        let text = match next() % 4 {
            0 => format!("INFO: azcopy {} of {} files, throughput {} Mb/s", next() % 10_000, 10_000, next() % 900),
            1 => format!(
                "query_{} hit gi|{}| score {} evalue {}e-{}",
                at,
                next(),
                next() % 2000,
                next() % 10,
                next() % 180
            ),
            2 => (0..12).map(|_| ["ACGT", "TTGA", "CCAG", "GATC"][(next() % 4) as usize]).collect(),
            _ => "run start 000 blastn core_nt_shard_00".to_owned(),
        };
        Line { stamp: Stamp(1_764_000_000_000_000_000 + at as i64 * 1_000_123), text: text.into() }
    };
    (0..200_000).map(line).collect()
}

async fn run(size: usize) {
    let log = log();
    let text_of = |line: &Line| line.text.len() + 32;
    let (batches, bytes): (Vec<&[Line]>, usize) = (log.chunks(BATCH).collect(), log.iter().map(text_of).sum());
    let directory = tempfile::Builder::new()
        .prefix("elbtail-bench-")
        .tempdir_in(env::var("ELBTAIL_BENCH_DIR").map_or_else(|_| env::temp_dir(), Into::into))
        .unwrap();
    let place = ArchivePlace::Directory(directory.path().join("archive"));
    let archive = Archive::open_or_begin(open(&place, Access::Write, &Environment::default()).unwrap()).await.unwrap();
    let job = JobKey::new("job-429825360482416da20736cf3ed51a95").unwrap();
    let begun = Instant::now();
    let mut writer = Writer::open(&archive, &job, Limits::default()).await.unwrap();
    let ids: Vec<_> =
        (0..STREAMS).map(|number| writer.stream(ArchivedStream::Log(instance(number))).unwrap()).collect();
    let (mut pushed, mut count) = (0, 0);
    while pushed < size {
        let batch = batches[count % batches.len()];
        writer.push(ids[count % STREAMS], batch).await.unwrap();
        pushed += batch.iter().map(text_of).sum::<usize>();
        count += 1;
    }
    writer.finish().await.unwrap();
    let taken = begun.elapsed();
    let rate = |bytes: usize, time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let summary = archive.job(&job).await.unwrap().summary();
    println!(
        "archive: {:.0} MB of text in {taken:.2?}: {:.0} MB/s, {:.1} % of its size; most memory {} MB",
        pushed as f64 / 1e6,
        rate(pushed, taken),
        summary.size as f64 * 100.0 / pushed as f64,
        peak() / 1000,
    );
    let begun = Instant::now();
    let report = verify(&archive, &job).await.unwrap();
    println!("verify: {} chunks, {} lines: {:.0} MB/s", report.chunks, report.lines, rate(pushed, begun.elapsed()));
    zstd(&log, bytes, size);
}

/// `zstd -3` from a pipe into a file, synced.
fn zstd(log: &[Line], bytes: usize, size: usize) {
    let mut text = Vec::with_capacity(bytes);
    for line in log {
        write!(text, "{:.9} ", line.stamp.to_timestamp()).unwrap();
        text.extend_from_slice(&line.text);
        text.push(b'\n');
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let begun = Instant::now();
    let child =
        Command::new("zstd").args(["-3", "-q", "-c"]).stdin(Stdio::piped()).stdout(file.reopen().unwrap()).spawn();
    let Ok(mut child) = child else { return println!("zstd: not installed (apt-get install zstd)") };
    let mut pipe = child.stdin.take().unwrap();
    let mut pushed = 0;
    while pushed < size {
        pipe.write_all(&text).unwrap();
        pushed += text.len();
    }
    drop(pipe);
    child.wait().unwrap();
    file.as_file().sync_all().unwrap();
    let taken = begun.elapsed();
    println!(
        "zstd -3: {:.0} MB in {taken:.2?}: {:.0} MB/s",
        pushed as f64 / 1e6,
        pushed as f64 / 1e6 / taken.as_secs_f64()
    );
}

fn instance(number: usize) -> ArchivedInstance {
    let [namespace, container] = ["default", "blast"].map(str::to_owned);
    ArchivedInstance { namespace, pod: format!("blastn-{number}"), uid: format!("{number:036}"), container, restart: 0 }
}

/// The most memory this process had, in kB; 0 where that is not told.
fn peak() -> u64 {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open("/proc/self/status") {
        let _ = file.read_to_string(&mut text);
    }
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
