//! Which pods belong to a job, and how each of their containers is.
//!
//! [`judge`] decides whether a pod is the job's, [`KubectlStatus`] is how `kubectl` would call its state, and [`TargetEntry`] is all that is
//! known of a container in one line of a list, which [`output`] writes and [`Changes`] follows: all pure. [`watch`] brings pods
//! from the cluster.

pub mod age;
mod changes;
mod columns;
mod entry;
mod evidence;
mod kubectl_status;
pub mod output;
#[cfg(test)]
mod tests;
pub mod watch;

pub use changes::Changes;
pub use entry::{TargetEntry, entries};
pub use evidence::{Evidence, Match, SETUP_APPS, Selection, job_of, judge, selectors_of_all};
pub use kubectl_status::{KubectlStatus, word};
pub use output::TargetsFormat;
