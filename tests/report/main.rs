//! `elbtail report`: the numbers, the page in a browser, and the command.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails like one")]

#[path = "../support/made_job.rs"]
mod made_job;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/test_ground.rs"]
mod test_ground;

mod browser;
mod command;
mod numbers;
