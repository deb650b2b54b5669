//! Which pods belong to a job, and how each of their containers is.
//!
//! [`judge`] decides whether a pod is the job's, [`Reading`] is how `kubectl` would call its state, and [`Entry`] is all that is
//! known of a container in one line of a list, which [`view`] writes and [`Changes`] follows: all pure. [`watch`] brings pods
//! from the cluster.

pub mod age;
mod changes;
mod columns;
mod entry;
mod evidence;
mod reading;
#[cfg(test)]
mod tests;
pub mod view;
pub mod watch;

pub use changes::Changes;
pub use entry::{Entry, entries};
pub use evidence::{Evidence, Match, SETUP_APPS, Selection, job_of, judge, selectors_of_all};
pub use reading::{Reading, word};
pub use view::TargetsFormat;
