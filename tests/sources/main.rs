//! Rows from real servers: PostgreSQL, MariaDB, SQLite, Azurite and a small HTTP service.

#[path = "../support/mod.rs"]
mod support;

mod azure;
mod follow;
mod mariadb;
mod postgres;
mod secrets;
mod service;
mod sqlite;
