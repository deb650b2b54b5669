//! What a page of a job costs: `cargo bench --bench report`.
//!
//! Prints, by number of batches, how long what was told is folded and made a page, the page's size, and how long Chromium takes until all
//! is drawn, where it is installed (`.ci/servers`): the slowest of four looks, at 390 and 1,400 pixels, light and dark.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark prints, and fails like a test")]

use std::{path::Path, process::Command, time::Instant};

use elbtail::report::{
    About, JobFacts, Redaction, figures,
    page::{PageWords, page},
};

#[path = "../tests/support/made_job.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod made_job;

use made_job::{Size, made};

fn main() {
    println!("{:>8} {:>12} {:>10} {:>10} {:>10} {:>12}", "batches", "containers", "told", "page", "bytes", "drawn");
    for batches in [100, 1000, 5000] {
        let size = Size { batches, shards: 10, nodes: 50 };
        let begun = Instant::now();
        let gathered = made(size, Redaction::On);
        let told = begun.elapsed();
        let now = "2026-11-24T14:00:00Z".parse().unwrap();
        let about = About {
            job: JobFacts::default(),
            outcome: None,
            seen: now,
            generated: now,
            doctor: None,
            notices: Vec::new(),
            command: None,
            redaction: Redaction::On,
        };
        let begun = Instant::now();
        let report = figures(gathered, about);
        let html = page(&report, &PageWords::default()).unwrap();
        let made = begun.elapsed();
        println!(
            "{batches:>8} {:>12} {:>7} ms {:>7} ms {:>10} {:>12}",
            report.containers.len(),
            told.as_millis(),
            made.as_millis(),
            html.len(),
            drawn(&html).map_or_else(|| "no browser".to_owned(), |millis| format!("{millis:.0} ms"))
        );
    }
}

/// Milliseconds until a browser has drawn it.
fn drawn(html: &str) -> Option<f64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = tempfile::Builder::new().suffix(".html").tempfile().unwrap();
    std::fs::write(file.path(), html).unwrap();
    let mut node = Command::new("node");
    node.arg(root.join("tests/report/browser.mjs")).arg(file.path()).arg(root.join("target/servers/browser"));
    let seen = node.arg("/usr/bin/chromium").output().ok()?;
    let seen: serde_json::Value = serde_json::from_slice(&seen.stdout).ok()?;
    seen["looks"].as_array()?.iter().filter_map(|look| look["drawn"].as_f64()).reduce(f64::max)
}
