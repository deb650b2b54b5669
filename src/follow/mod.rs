//! One container's log, every line exactly once.
//!
//! The logic is a state machine without I/O, [`follower::Follower`]: events in (an answer was opened, bytes, an end, a pod
//! status, the time), actions out (open this, wait, hand on these lines, done). Below it lies
//! [`cursor`]; [`drive`] connects it to the cluster, and [`recover`] puts in what only the node still has.

pub mod alarm;
mod answer_end;
mod beginning;
mod container;
pub mod cursor;
pub mod drive;
pub mod earlier;
pub mod end_proof;
pub mod event;
mod failure;
pub mod follower;
pub mod identity;
pub mod instance;
pub mod life;
pub mod listener;
pub mod note;
pub mod probe;
mod question;
pub mod reading;
pub mod recover;
pub mod refusal;
pub mod splice;
pub mod tries;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod model;
