//! End to end: real Jobs, the real binary, every line counted.
//!
//! The scenarios run on a fresh test cluster each. With `ELBTAIL_E2E=1` the same scenarios run on the cluster of the current
//! kubeconfig, each in a namespace of its own that is removed at the end; containers use the image `ELBTAIL_E2E_IMAGE`
//! (default `busybox:1.36`). `local_faults`, `late_watch` and `demo` alone are about what only a test cluster can be made to
//! do, and use one in either case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../support/ground.rs"]
mod ground;
mod jobs;
mod lines;
#[path = "../support/lines_schema.rs"]
mod lines_schema;
mod running;
mod stage;
#[path = "../support/test_ground.rs"]
mod test_ground;

#[cfg(feature = "archive")]
mod all;
mod archived;
mod bytes;
mod deletion;
mod demo;
mod failures;
mod habits;
mod incident;
mod interrupt;
mod late_watch;
mod layouts;
mod local_faults;
mod many;
mod node_logs;
mod nothing;
mod order;
mod permissions;
mod restarts;
mod rows;
mod save;
mod screen;
mod secrets;
mod selection;
mod targets;
mod terminal;
mod waiting;
