//! Archives in a directory, in Azurite's blob service and in moto's S3: one suite for all of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails like one")]

#[path = "../e2e/lines.rs"]
#[allow(dead_code, reason = "scenarios need more of it")]
mod lines;
#[path = "../e2e/running.rs"]
#[allow(dead_code, reason = "scenarios need more of it")]
mod running;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/test_ground.rs"]
mod test_ground;

mod backend;
mod commands;
mod crash;
mod daemon;
mod dashboard;
mod faults;
mod foreign;
mod full;
mod logs;
mod suite;
