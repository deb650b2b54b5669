//! The whole tool against a test cluster in a process of its own, beside `curl` and `kubectl` in the same run.
//!
//! ```sh
//! cargo bench --bench e2e                      # all bars, a few rounds each
//! cargo bench --bench e2e -- --full            # more rounds, 5,000 containers, node files, and how cost grows
//! cargo bench --bench e2e -- read latency      # some of them
//! cargo bench --profile release --bench e2e    # the binary that is shipped
//! ```
//!
//! Timings are of this machine, server and clients together; the ratios are what counts. `docs/performance.md` has the
//! figures of one machine and what they are held against.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot run shall say why")]

mod bars;
mod follow;
mod growth;
mod measure;
mod node;
mod peers;
mod process;
mod read;
mod server;
mod start;
#[cfg(feature = "watch")]
mod watch;

use std::env;

/// What to run, and how thoroughly.
#[derive(Debug)]
pub struct Plan {
    names: Vec<String>,
    /// Everything, with more rounds.
    pub full: bool,
}

impl Plan {
    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// How often to repeat a measurement, the median of which counts.
    pub fn rounds(&self) -> usize {
        if self.full { 9 } else { 5 }
    }
}

/// Measures and prints.
type Run = fn(&Plan);

fn main() {
    let mut words: Vec<String> = env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some(server::WORD) => return server::serve(words.split_off(1)),
        Some(measure::WORD) => return measure::run(&words[1..]),
        _ => {}
    }
    let full = words.iter().any(|word| word == "--full");
    words.retain(|word| !word.starts_with("--"));
    let plan = Plan { names: words, full };
    peers::install();
    println!("elbtail against curl and kubectl: {} cores for server and clients together\n", measure::cores());
    let runs: Vec<(&str, Run)> = vec![
        ("start", start::resolve),
        ("read", read::everything),
        ("node", node::files),
        ("first", start::first_line),
        ("foreign", start::foreign_pods),
        ("doctor", start::doctor),
        ("latency", follow::latency),
        ("follow", follow::many),
        #[cfg(feature = "watch")]
        ("watch", watch::beside_logs),
        ("growth", growth::table),
    ];
    for (name, run) in runs {
        let takes_long = matches!(name, "growth" | "node");
        if plan.wants(name) && (!takes_long || full || !plan.names.is_empty()) {
            run(&plan);
        }
    }
}
