//! Why there are no logs: facts of a job's row, cluster, pods and logs → [`Finding`]s.
//!
//! [`gather`] asks (I/O), [`Facts`] is what came back, [`examine`] judges (pure), and a [`Report`] is what is said about it.
//! `docs/findings.md` explains every [`Code`].

mod area;
pub mod bundle;
mod code;
mod command_words;
mod facts;
mod finding;
pub mod gather;
mod junit;
mod kept;
pub mod output;
mod report;
mod rules;
mod tail;
#[cfg(test)]
mod tests;

pub use area::{Area, Check, CheckState};
pub use code::Code;
pub use command_words::CommandWords;
pub use facts::{Child, ClusterAnswers, ClusterFacts, Elsewhere, Facts, Failed, Grant, RowFacts, SearchedPlace};
pub use finding::{Finding, Severity};
pub use kept::{KeptFacts, NodeHolds};
pub use report::{Report, examine};
pub use tail::{LogFacts, TailAnswer, TailLine, TailPart};
