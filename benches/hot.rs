//! The hot path once, for a profiler that counts instructions: see `.ci/instructions`. Prints the number of lines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run shall say why")]

mod support;

use elbtail::render::RenderOptions;

fn main() {
    let log = support::log();
    let frames = support::frames(&log);
    let (mut renderer, mut follower) = support::opened(RenderOptions::default());
    let printed = support::hot_path(&mut follower, &mut renderer, &frames);
    assert!(printed > log.len() / 2);
    println!("{}", support::LINES);
}
