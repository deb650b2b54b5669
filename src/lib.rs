//! elbtail: every log line of an ElasticBLAST job, found from the job's row.
//!
//! Data flows one way: `source` → `row` → `resolve` → `discover` → `follow` → `merge` → `session` → `render`. Rows and the
//! rules of a log (`row`, `resolve`, and in `follow` all but its drivers) are decided without I/O. `cli` alone prints or exits. `docs/design.md` tells the story.

// What is printed goes through `cli::stdout` and `cli::stderr`, so that a terminal obeys nothing of what a cluster or a row says. The
// environment is read in `cli::environment`, and passed on as a value. `clippy.toml` lists both.
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

// Test code that unit tests share with those under `tests/` names the crate.
#[cfg(test)]
extern crate self as elbtail;

#[cfg(feature = "archive")]
pub mod archive;
pub mod backoff;
mod causes;
pub mod cli;
pub mod cluster;
pub mod crypto;
#[cfg(feature = "archive")]
pub mod daemon;
pub mod discover;
pub mod doctor;
pub mod environment;
mod escape_sequence;
pub mod exit;
pub mod follow;
mod foreign;
pub mod job_id;
pub mod jobs;
pub mod k8s;
pub mod mask;
pub mod merge;
pub mod name_list;
pub mod namespace;
pub mod node_logs;
pub mod numbers;
pub mod overview;
pub mod render;
pub mod report;
pub mod resolve;
pub mod row;
pub mod session;
mod shell;
pub mod source;
#[cfg(test)]
mod structure;
mod trust;
#[cfg(feature = "watch")]
pub mod view;
mod whole_file;
mod yaml;
