//! Whoever reads slowly loses nothing, and costs no memory.

#![allow(clippy::unwrap_used, clippy::expect_used)] // A test may end at once when its own stage breaks.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use testcluster::{Options, TestCluster, load};

/// Containers and their lines: about 150 MB in all.
const CONTAINERS: usize = 24;
const LINES: usize = 60_000;

/// What it may hold at most while nobody reads: far less than there is to read.
const MOST_MIB: u64 = 80;

fn resident_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn read_slowly(order: &str) {
    let cluster = TestCluster::start_blocking(Options::default()).unwrap();
    load::load(&cluster, CONTAINERS / 2, 2, LINES);
    let directory = tempfile::tempdir().unwrap();
    let mut elbtail = Command::new(env!("CARGO_BIN_EXE_elbtail"))
        .args(["logs", load::JOB_ID, "-o", "raw", "--order", order])
        .env("KUBECONFIG", cluster.write_kubeconfig(directory.path()).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(elbtail.stdout.take().unwrap()).lines();
    // The first line shows that it has begun; then it fills what it may fill.
    lines.next().unwrap().unwrap();
    thread::sleep(Duration::from_secs(3));
    let held = resident_mib(elbtail.id());
    assert!(held <= MOST_MIB, "{held} MiB while nobody reads");
    assert_eq!(1 + lines.map(Result::unwrap).count(), CONTAINERS * LINES);
    assert!(elbtail.wait().unwrap().success());
}

#[test]
fn by_arrival() {
    read_slowly("arrival");
}

#[test]
fn by_time() {
    read_slowly("time");
}
