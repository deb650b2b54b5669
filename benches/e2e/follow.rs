//! Following containers that go on printing.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use testcluster::load::JOB_ID;

use crate::{
    Plan,
    bars::{bar, note},
    process::Process,
    server::Server,
};

/// The value that so many of 100 sorted values do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// From the server to the pipe, 5,000 lines a second of 60 containers: bar 4.
pub fn latency(plan: &Plan) {
    println!("latency: 60 containers, 5,000 lines a second");
    let mut server = Server::flow(60);
    let elbtail = Process::start(server.elbtail(&["logs", JOB_ID, "-f"]));
    elbtail.until_lines(60, Duration::from_secs(20)).expect("all streams open");
    server.rate(5000);
    sleep(Duration::from_secs(1));
    elbtail.ages();
    let (cpu, began) = (elbtail.cpu(), Instant::now());
    sleep(Duration::from_secs(if plan.full { 20 } else { 6 }));
    let cpu = (elbtail.cpu() - cpu) / began.elapsed().as_secs_f64();
    let ages = elbtail.ages();
    note("lines a second", ages.len() as f64 / began.elapsed().as_secs_f64(), "");
    note("p50, from the line's writing to reading it from the pipe", percentile(&ages, 50), "ms");
    bar("p99", percentile(&ages, 99), "ms", 10.0);
    note("at the most", percentile(&ages, 100), "ms");
    note("CPU", cpu * 100.0, "% of a core");
    println!();
}

/// 1,000 containers, and 5,000 in full: bar 3.
pub fn many(plan: &Plan) {
    follow(1000, [3.0, 13.0, 40.0, 64.0]);
    if plan.full {
        follow(5000, [15.0, 63.0, 150.0, 150.0]);
    }
}

fn follow(containers: usize, [open, connections, idle, flowing]: [f64; 4]) {
    println!("follow {containers} containers, 2 a pod");
    let mut server = Server::flow(containers);
    let elbtail = Process::start(server.elbtail(&["logs", JOB_ID, "-f"]));
    let opened = elbtail.until_lines(containers, Duration::from_secs(60)).expect("all streams open");
    bar("every stream open and its first line printed", opened, "s", open);
    note("CPU until then", elbtail.cpu(), "s");
    sleep(Duration::from_secs(4));
    bar("connections", elbtail.connections() as f64, "", connections);
    bar("memory at the most, idle", elbtail.peak(), "MB", idle);
    let (cpu, began) = (elbtail.cpu(), Instant::now());
    sleep(Duration::from_secs(4));
    note("CPU, idle", (elbtail.cpu() - cpu) / began.elapsed().as_secs_f64() * 100.0, "% of a core");
    server.rate(20_000);
    sleep(Duration::from_secs(2));
    elbtail.ages();
    let (cpu, began) = (elbtail.cpu(), Instant::now());
    sleep(Duration::from_secs(6));
    let cpu = (elbtail.cpu() - cpu) / began.elapsed().as_secs_f64();
    let ages = elbtail.ages();
    note("lines a second", ages.len() as f64 / began.elapsed().as_secs_f64(), "");
    bar("CPU at 20,000 lines a second", cpu * 100.0, "%", 50.0);
    note("p99 of the lines' ages", percentile(&ages, 99), "ms");
    bar("memory at the most, then", elbtail.peak(), "MB", flowing);
    println!();
}
