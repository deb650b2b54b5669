//! Which pods belong to a job, and what each of their containers is for.
//!
//! [`evidence`](judge) decides whether a pod is the job's, [`Target`] is what one of its containers is, [`Pod`] is the part of
//! a pod that either needs: all pure. [`watch`] brings pods from the cluster.

mod evidence;
pub mod pod;
mod target;
pub mod watch;

pub use evidence::{Evidence, ID_ENV, ID_LABEL, SETUP_APPS, Selection, judge};
pub use pod::Pod;
pub use target::{Kind, Match, Phase, Role, Target, targets};
