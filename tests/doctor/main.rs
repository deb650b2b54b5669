//! `elbtail doctor`: every incident an operator met, scripted on the test cluster, with the finding it must give; and healthy
//! jobs, which must give none. With `ELBTAIL_E2E=1` the scenarios of `jobs_api` run on a real cluster.
//!
//! `cargo test --test doctor -- --nocapture` prints a line `| incident | finding | output |` for each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod blast;
mod bundle;
mod cluster;
mod commands;
mod containers;
mod contract;
#[path = "../support/free_port.rs"]
mod free_port;
#[path = "../support/ground.rs"]
mod ground;
mod healthy;
mod hints;
mod id;
mod jobs;
mod jobs_api;
mod logs;
mod many;
mod pods;
mod quirks;
mod row;
mod stage;
#[path = "../support/test_ground.rs"]
mod test_ground;
mod unanswered;
mod whole;
