//! Reading what only the nodes still have.

use std::env;

use serde_json::Value;
use testcluster::load::JOB_ID;

use crate::{
    Plan,
    bars::{bar, median, note},
    measure::{Cost, measure, measure_unread},
    peers::Curl,
    server::Server,
};

const CONTAINERS: usize = 60;

/// Files of a log that a kubelet keeps: three compressed ones, one rotated, and the newest, which the log API reads.
const FILES: usize = 5;

/// Lines a file, 10 MiB of them; `NODE_LINES` sets another number.
const LINES: usize = 91_000;

/// 60 logs of five files each, 3 GB: every line, with curl on the same files beside it.
pub fn files(plan: &Plan) {
    let lines = env::var("NODE_LINES").map_or(LINES, |lines| lines.parse().unwrap());
    println!("read from node files: {CONTAINERS} containers x {FILES} files x {lines} lines");
    let server = Server::start(&format!("rotated --pods {} --containers 2 --lines {lines}", CONTAINERS / 2));
    let curl = Curl::new(&server);
    let paths = paths(&curl);
    assert_eq!(paths.len(), CONTAINERS * FILES);
    // The server renders and compresses files when they are first asked for.
    measure(&curl.read_at_once(&paths, CONTAINERS));
    let arguments = ["logs", JOB_ID, "--order", "arrival"];
    assert_eq!(measure(&server.elbtail(&arguments)).lines, CONTAINERS * FILES * lines);
    // Neither hands its bytes on: a pipe for gigabytes costs as much again.
    let rounds: Vec<[Cost; 2]> = (0..plan.rounds().min(5))
        .map(|_| {
            let elbtail = measure_unread(&server.elbtail(&arguments));
            [measure_unread(&curl.read_at_once(&paths, CONTAINERS)), elbtail]
        })
        .collect();
    let tenth = measure(&server.elbtail(&["logs", JOB_ID, "--order", "arrival", "--pod", "s000"]));
    let of = |which: usize, figure: fn(&Cost) -> f64| median(rounds.iter().map(|round| figure(&round[which])));
    note("curl -Z --http2 on the same files, wall", of(0, |cost| cost.wall), "s");
    note("curl -Z --http2 on the same files, CPU", of(0, |cost| cost.cpu), "s");
    note("elbtail, wall", of(1, |cost| cost.wall), "s");
    note("elbtail, CPU", of(1, |cost| cost.cpu), "s");
    note("elbtail, memory", of(1, |cost| cost.peak), "MB");
    note("elbtail, memory, two of the containers", tenth.peak, "MB");
    bar("wall, elbtail / curl", median(rounds.iter().map(|round| round[1].wall / round[0].wall)), "x", 2.0);
    println!();
}

/// The paths of all files: those of the node, and for the newest the log API's.
fn paths(curl: &Curl) -> Vec<String> {
    let list = curl.fetch(&format!("/api/v1/namespaces/default/pods?labelSelector=elb-job-id%3D{JOB_ID}"));
    let pods: Value = serde_json::from_str(&list).unwrap();
    let mut paths = Vec::new();
    for pod in pods["items"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, uid) = (text(&pod["metadata"]["name"]), text(&pod["metadata"]["uid"]));
        let node = text(&pod["spec"]["nodeName"]);
        for container in pod["spec"]["containers"].as_array().unwrap() {
            let container = text(&container["name"]);
            let directory = format!("/api/v1/nodes/{node}/proxy/logs/pods/default_{name}_{uid}/{container}/");
            let html = curl.fetch(&directory);
            let files = html.split("href=\"").skip(1).filter_map(|entry| entry.split('"').next());
            paths.extend(files.filter(|file| *file != "0.log").map(|file| format!("{directory}{file}")));
            paths.push(format!("/api/v1/namespaces/default/pods/{name}/log?container={container}&timestamps=true"));
        }
    }
    paths
}
