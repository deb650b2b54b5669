//! Reading everything there is, once.

use testcluster::load::JOB_ID;

use crate::{
    Plan,
    bars::{bar, median, note},
    measure::{Cost, measure},
    peers::{self, Curl},
    server::Server,
};

const CONTAINERS: usize = 60;
const LINES: usize = 20_000;

/// 60 containers of 20,000 lines each: bar 1.
pub fn everything(plan: &Plan) {
    println!("read everything: {CONTAINERS} containers x {LINES} lines");
    let server = Server::load(CONTAINERS, LINES);
    let curl = Curl::new(&server);
    let rounds: Vec<[Cost; 3]> = (0..plan.rounds())
        .map(|_| {
            let logs = |order| {
                let cost = measure(&server.elbtail(&["logs", JOB_ID, "--order", order]));
                assert_eq!(cost.lines, CONTAINERS * LINES);
                cost
            };
            [measure(&curl.logs(CONTAINERS)), logs("arrival"), logs("time")]
        })
        .collect();
    let kubectl = measure(&peers::kubectl(&server, CONTAINERS));
    assert_eq!(kubectl.lines, CONTAINERS * LINES);
    let of = |which: usize, figure: fn(&Cost) -> f64| median(rounds.iter().map(|round| figure(&round[which])));
    let ratio = |which: usize| median(rounds.iter().map(|round| round[which].wall / round[0].wall));
    note("curl -Z --http2, wall", of(0, |cost| cost.wall), "s");
    note("curl -Z --http2, CPU", of(0, |cost| cost.cpu), "s");
    note("kubectl logs -l, wall (once)", kubectl.wall, "s");
    note("kubectl logs -l, CPU (once)", kubectl.cpu, "s");
    note("kubectl logs -l, memory (once)", kubectl.peak, "MB");
    for (which, order) in [(1, "arrival"), (2, "time")] {
        note(&format!("elbtail by {order}, wall"), of(which, |cost| cost.wall), "s");
        note(&format!("elbtail by {order}, CPU"), of(which, |cost| cost.cpu), "s");
        note(&format!("elbtail by {order}, memory"), of(which, |cost| cost.peak), "MB");
    }
    bar("by arrival: wall, elbtail / curl", ratio(1), "x", 2.0);
    bar("by time: wall, elbtail / curl", ratio(2), "x", 3.0);
    bar("by arrival: CPU, elbtail / kubectl", of(1, |cost| cost.cpu) / kubectl.cpu, "x", 0.5);
    note("by arrival: wall, kubectl / elbtail", kubectl.wall / of(1, |cost| cost.wall), "x");
    println!();
}
