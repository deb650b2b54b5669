//! [`Merged`]: lines of several instances in the order in which they are printed.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::k8s::{InstanceId, Line, Stream};

/// Lines of several instances, in order. Whose a line is stands once, in [`Merged::of`]: a line costs no more than a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// Whose lines they are.
    pub of: Vec<Origin>,
    /// The lines.
    pub lines: Vec<MergedLine>,
}

/// Whose lines they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The instance.
    pub instance: InstanceId,
    /// The stream they were written to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

/// A line and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedLine {
    /// Its place in [`Merged::of`].
    pub of: usize,
    /// The line.
    pub line: Line,
}

impl Merged {
    /// The lines, each with whose it is. A line of nobody, which only a damaged copy can hold, is passed over.
    pub fn iter(&self) -> impl Iterator<Item = (&Origin, &Line)> {
        self.lines.iter().filter_map(|MergedLine { of, line }| Some((self.of.get(*of)?, line)))
    }

    /// Brings the lines' texts near. They lie in as many places as there are logs, where another processor left them: it waits for
    /// many of them at the same time when it only looks at them, and for one after the other when it copies each.
    pub fn fetch(&self) {
        let ends = |line: &Line| Some(line.text.first()? ^ line.text.last()?);
        black_box(self.lines.iter().filter_map(|merged| ends(&merged.line)).fold(0, |all, byte| all ^ byte));
    }
}
