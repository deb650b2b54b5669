//! [`OfStream`]: lines of one stream.

use crate::{
    k8s::{InstanceId, Stream},
    numbers::counted,
    render::{ShownLine, Transform},
};

/// Only lines that were written to this stream, and those of which nobody knows: the log API does not tell, so that leaving them out
/// would hide nearly all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfStream {
    wanted: Stream,
    unknown: u64,
}

impl OfStream {
    /// Lines of this stream.
    pub fn new(wanted: Stream) -> OfStream {
        OfStream { wanted, unknown: 0 }
    }
}

impl Transform for OfStream {
    fn apply(&mut self, _: &InstanceId, lines: &mut Vec<ShownLine>) {
        lines.retain(|line| line.stream.is_none_or(|stream| stream == self.wanted));
        self.unknown += lines.iter().filter(|line| line.stream.is_none()).count() as u64;
    }

    fn last_word(&self) -> Option<String> {
        (self.unknown > 0).then(|| {
            format!(
                "of {} it is not known whether {} is their stream: the log API does not tell it, only the files of nodes do; they \
                 are shown",
                counted(self.unknown, "line"),
                self.wanted.as_str()
            )
        })
    }
}
