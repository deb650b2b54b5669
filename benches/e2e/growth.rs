//! How cost grows with the work: bar 7. A table in Markdown, for `docs/performance.md`.

use testcluster::load::JOB_ID;

use crate::{Plan, bars::median, measure::measure, server::Server};

/// Lines a container, and containers.
const STEPS: [(usize, usize); 8] =
    [(60, 1000), (60, 10_000), (60, 100_000), (10, 1000), (100, 1000), (1000, 100), (1000, 1000), (5000, 100)];

/// Reads more and more.
pub fn table(_: &Plan) {
    println!("| containers | lines each | order | wall s | CPU s | memory MB | CPU µs a line |");
    println!("|--:|--:|---|--:|--:|--:|--:|");
    for (containers, lines) in STEPS {
        let server = Server::load(containers, lines);
        for order in ["arrival", "time"] {
            let command = server.elbtail(&["logs", JOB_ID, "--order", order]);
            let costs: Vec<_> = (0..3).map(|_| measure(&command)).collect();
            assert!(costs.iter().all(|cost| cost.lines == containers * lines));
            let [wall, cpu, peak] = [
                median(costs.iter().map(|cost| cost.wall)),
                median(costs.iter().map(|cost| cost.cpu)),
                median(costs.iter().map(|cost| cost.peak)),
            ];
            let line = cpu * 1e6 / (containers * lines) as f64;
            println!("| {containers} | {lines} | {order} | {wall:.2} | {cpu:.2} | {peak:.0} | {line:.2} |");
        }
    }
    println!();
}
