//! The transport against small servers of its own, with faults that a whole test cluster would only hide.

mod auth;
mod kubeconfigs;
mod network;
mod server;
mod streams;
