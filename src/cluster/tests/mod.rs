//! The transport against small servers of its own, with faults that a whole test cluster would only hide.

mod auth;
#[path = "../../../tests/support/free_port.rs"]
mod free_port;
mod kubeconfigs;
#[path = "../../../tests/support/listen.rs"]
mod listen;
mod network;
mod server;
mod streams;
