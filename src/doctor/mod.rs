//! Why there are no logs: facts of a job's row, cluster, pods and logs → [`Finding`]s.
//!
//! [`gather`] asks (I/O), [`Facts`] is what came back, [`examine`] judges (pure), and a [`Report`] is what is said about it.
//! `docs/findings.md` explains every [`Code`].

mod area;
mod asked;
pub mod bundle;
mod code;
mod facts;
mod finding;
pub mod gather;
mod kept;
mod report;
mod rules;
mod tail;
#[cfg(test)]
mod tests;
pub mod view;

pub use area::{Area, Check, State};
pub use asked::Asked;
pub use code::Code;
pub use facts::{Child, ClusterFacts, Elsewhere, Facts, Failed, Grant, Place, RowFacts, Seen};
pub use finding::{Finding, Severity};
pub use kept::{Kept, KeptFacts};
pub use report::{Report, examine};
pub use tail::{Answer, Line, LogFacts, Part};
