//! One container's log, every line exactly once.
//!
//! The logic is a state machine without I/O, [`follower::Follower`]: events in (an answer was opened, bytes, an end, a pod
//! status, the time), actions out (open, close, probe, confirm), and what to hand on. Below it lies
//! [`cursor`]; [`drive`] connects it to the cluster, and [`recover`] puts in what only the node still has.

mod alarm;
mod answer_end;
mod beginning;
mod container;
pub mod cursor;
pub mod drive;
pub mod earlier;
mod end_proof;
pub mod event;
mod failure;
pub mod follower;
mod identity;
mod instance;
mod life;
pub mod listener;
pub mod note;
mod probe;
mod question;
mod reading;
pub mod recover;
pub mod refusal;
mod splice;
mod tries;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod model;
