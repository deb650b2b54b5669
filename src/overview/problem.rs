//! [`Problems`]: what lines said that went wrong.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    k8s::{ContainerId, InstanceId, Line, Stamp, shared},
    render::Meaning,
};

/// Problems that are kept whole; the rest is counted.
const KEPT: usize = 1000;
/// Bytes of a line that are kept.
const TEXT: usize = 400;

/// A line that tells of a problem; see [`Meaning::is_problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Whose line it is.
    #[serde(with = "shared")]
    pub container: Arc<ContainerId>,
    /// Of which of its instances.
    pub restart: u32,
    /// When it was written.
    pub stamp: Stamp,
    /// The number of the line among those of its instance, from 0.
    pub line: u64,
    /// The line, cut after 400 bytes; what is no UTF-8 is replaced.
    pub text: String,
    /// Whether it is tried again.
    pub is_retried: bool,
}

/// What lines said that went wrong: the first thousand, and how many there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problems {
    /// How many there were.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Problem>,
    /// The latest one.
    pub latest: Option<Problem>,
}

impl Problems {
    pub(super) fn add(&mut self, of: &InstanceId, number: u64, line: &Line, meaning: Meaning) {
        self.count += 1;
        let text = &line.text[..line.text.len().min(TEXT)];
        let problem = Problem {
            container: of.container.clone(),
            restart: of.restart,
            stamp: line.stamp,
            line: number,
            text: String::from_utf8_lossy(text).into_owned(),
            is_retried: meaning == Meaning::Trouble,
        };
        if self.first.len() < KEPT {
            self.first.push(problem.clone());
        }
        self.latest = Some(problem);
    }
}
