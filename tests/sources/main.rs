//! Rows from real servers: PostgreSQL, MariaDB, SQLite, Azurite and a small HTTP service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper of a test fails like one")]

#[path = "../support/mod.rs"]
mod support;

mod binary;
mod follow;
mod on_azurite;
mod on_mariadb;
mod on_postgres;
mod over_tls;
mod secrets;
mod service;
mod sqlite;
