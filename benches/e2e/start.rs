//! How long it takes until something is there.

use std::{
    io::Read,
    process::{Command, Stdio},
    time::Instant,
};

use testcluster::load::JOB_ID;

use crate::{
    Plan,
    bars::{bar, median, note},
    measure::{Cost, measure},
    peers::Curl,
    server::Server,
};

/// Resolving a row from a file: bar 6.
pub fn resolve(plan: &Plan) {
    println!("resolve a file");
    let row = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/rows/incident.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_elbtail"));
    command.args(["resolve", row]);
    let costs: Vec<Cost> = (0..plan.rounds() * 4).map(|_| measure(&command)).collect();
    bar("wall", median(costs.iter().map(|cost| cost.wall * 1e3)), "ms", 10.0);
    bar("memory", median(costs.iter().map(|cost| cost.peak)), "MB", 15.0);
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_elbtail")).unwrap().len() as f64 / 1e6;
    note("the binary as built for this benchmark", size, "MB");
    println!();
}

/// Seconds until a command's first byte on stdout.
fn first_byte(command: &mut Command) -> f64 {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let took = began.elapsed().as_secs_f64();
    child.kill().unwrap();
    child.wait().unwrap();
    took
}

/// Seconds that a command takes.
fn whole(command: &mut Command) -> f64 {
    let began = Instant::now();
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
    began.elapsed().as_secs_f64()
}

/// The first line of 60 containers: bar 2.
pub fn first_line(plan: &Plan) {
    println!("the first line: 60 containers x 1,000 lines");
    let server = Server::load(60, 1000);
    let curl = Curl::new(&server);
    let rounds: Vec<[f64; 4]> = (0..plan.rounds() * 2)
        .map(|_| {
            [
                whole(&mut curl.list()) + whole(&mut curl.logs(1)),
                first_byte(&mut server.elbtail(&["logs", JOB_ID, "--order", "arrival"])),
                first_byte(&mut server.elbtail(&["logs", JOB_ID])),
                first_byte(&mut server.elbtail(&["logs", JOB_ID, "-f"])),
            ]
        })
        .collect();
    note("curl for the list + curl for a log", median(rounds.iter().map(|round| round[0] * 1e3)), "ms");
    for (which, name) in [(1, "by arrival"), (2, "by time"), (3, "-f")] {
        note(&format!("elbtail {name}"), median(rounds.iter().map(|round| round[which] * 1e3)), "ms");
        bar(&format!("elbtail {name} / curl"), median(rounds.iter().map(|round| round[which] / round[0])), "x", 2.0);
    }
    println!();
}

/// 30 of our containers among 5,000 foreign pods: bar 5.
pub fn foreign_pods(plan: &Plan) {
    println!("30 containers, alone and among 5,000 foreign pods");
    let servers = [0, 5000].map(|foreign| Server::start(&format!("load --pods 15 --lines 10 --foreign {foreign}")));
    let rounds: Vec<[Cost; 2]> = (0..plan.rounds() * 2)
        .map(|_| servers.each_ref().map(|server| measure(&server.elbtail(&["logs", JOB_ID]))))
        .collect();
    let of = |which: usize, figure: fn(&Cost) -> f64| median(rounds.iter().map(|round| figure(&round[which])));
    let curls = servers.each_ref().map(Curl::new);
    let lists: Vec<[f64; 2]> =
        (0..plan.rounds() * 2).map(|_| curls.each_ref().map(|curl| whole(&mut curl.list()))).collect();
    let list = |which: usize| median(lists.iter().map(|list| list[which] * 1e3));
    note("curl for the list, alone", list(0), "ms");
    note("curl for the list, among them", list(1), "ms");
    note("elbtail, alone", of(0, |cost| cost.wall * 1e3), "ms");
    note("elbtail, among them", of(1, |cost| cost.wall * 1e3), "ms");
    bar("wall, among them / alone", median(rounds.iter().map(|round| round[1].wall / round[0].wall)), "x", 1.2);
    bar("memory, among them - alone", of(1, |cost| cost.peak) - of(0, |cost| cost.peak), "MB", 5.0);
    println!();
}

/// What the doctor takes for a healthy job of 1,000 pods among 500 foreign ones.
pub fn doctor(plan: &Plan) {
    println!("doctor: 1,000 pods of ours, 500 foreign ones");
    let server = Server::start("load --pods 1000 --containers 2 --lines 50 --foreign 500");
    let curl = Curl::new(&server);
    let rounds: Vec<(f64, Cost)> =
        (0..plan.rounds()).map(|_| (whole(&mut curl.list()), measure(&server.elbtail(&["doctor", JOB_ID])))).collect();
    note("curl for the list", median(rounds.iter().map(|(curl, _)| curl * 1e3)), "ms");
    note("elbtail / curl", median(rounds.iter().map(|(curl, cost)| cost.wall / curl)), "x");
    bar("elbtail", median(rounds.iter().map(|(_, cost)| cost.wall)), "s", 2.0);
    note("memory", median(rounds.iter().map(|(_, cost)| cost.peak)), "MB");
    println!();
}
