//! Which pods belong to a job, what each of their containers is for, and how each is.
//!
//! [`judge`] decides whether a [`Pod`] is the job's, [`Target`] is what one of its containers is, [`Reading`] is how
//! `kubectl` would call its state, and [`Entry`] is all of that in one line of a list, which [`view`] writes and [`Changes`]
//! follows: all pure. [`watch`] brings pods from the cluster.

pub mod age;
mod changes;
mod columns;
mod entry;
mod evidence;
mod metadata;
pub mod pod;
mod reading;
mod target;
#[cfg(test)]
mod tests;
pub mod view;
pub mod watch;

pub use changes::Changes;
pub use entry::{Entry, entries};
pub use evidence::{Evidence, ID_ENV, ID_LABEL, SETUP_APPS, Selection, job_of, judge, selectors_of_all};
pub use pod::Pod;
pub use reading::{Reading, word};
pub use target::{Kind, Match, Phase, Role, Target, targets};
pub use view::{Headers, TargetsFormat};
