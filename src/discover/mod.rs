//! Which pods belong to a job, and how each of their containers is.
//!
//! [`judge`] decides whether a pod is the job's, [`KubectlStatus`] is how `kubectl` would call its state, and [`TargetEntry`] is all that is
//! known of a container in one line of a list, which [`output`] writes and [`Changes`] follows: all pure. [`watch`] brings a job's pods
//! from the cluster, [`everywhere`] those of all jobs.

pub mod age;
mod changes;
mod columns;
mod entry;
pub mod everywhere;
mod evidence;
mod kubectl_status;
pub mod output;
#[cfg(test)]
mod tests;
pub mod watch;

#[cfg(feature = "watch")]
pub use age::human;
pub use changes::Changes;
pub use entry::{TargetEntry, entries};
pub use everywhere::{Everything, SearchScope};
pub use evidence::{
    Evidence, Match, SETUP_APPS, Selection, job_of, job_of_job, judge, names_job, selectors_of_all, setup_without_id,
};
pub use kubectl_status::{KubectlStatus, word};
pub use output::TargetsFormat;
