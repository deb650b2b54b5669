//! Rows from real servers: PostgreSQL, MariaDB, SQLite, Azurite and a small HTTP service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails like one")]

#[path = "../support/mod.rs"]
mod support;

mod azure;
mod follow;
mod mariadb;
mod postgres;
mod secrets;
mod service;
mod sqlite;
