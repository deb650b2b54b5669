//! Archives in a directory, in Azurite's blob service and in moto's S3: one suite for all of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails like one")]

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod commands;
mod crash;
mod dashboard;
mod faults;
mod full;
mod logs;
mod suite;
