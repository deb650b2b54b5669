//! [`Until`]: lines up to a moment.

use crate::{
    k8s::{InstanceId, Stamp},
    render::{ShownLine, Transform},
};

/// Only lines stamped at this or before. They are not looked for behind the first later one alone: stamps need not rise along a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until(pub Stamp);

impl Transform for Until {
    fn apply(&mut self, _: &InstanceId, lines: &mut Vec<ShownLine>) {
        lines.retain(|line| line.line.stamp <= self.0);
    }
}
