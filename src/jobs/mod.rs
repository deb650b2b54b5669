//! Which jobs there are: those of which a cluster has pods or Jobs ([`FoundJob`]), those that have rows, and both joined
//! ([`ListedJob`]). Pure; `discover` looks into the cluster, and `source` into the database.

mod found;
mod joined;
pub mod listing;
mod named;
mod search;

pub use found::{Batches, FoundJob, Grouped, JobStanding, group};
pub use joined::{Disagreement, ListedJob, join, missing_rows};
pub use listing::JobsFormat;
pub use named::{NameInCluster, NotFound, find, latest, newest};
