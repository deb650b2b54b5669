//! [`SeenGap`]: lines that are missing.

use serde::Serialize;

use crate::{
    follow::note::Note,
    k8s::{InstanceId, Stamp},
};

/// Lines of an instance that are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenGap {
    /// The instance.
    pub instance: InstanceId,
    /// When it was told.
    pub at: Stamp,
    /// Between which stamps, and why.
    pub note: Note,
    /// The same as a sentence, without the container's name.
    pub text: String,
}

impl SeenGap {
    pub(super) fn new(instance: &InstanceId, note: &Note, at: Stamp) -> SeenGap {
        SeenGap { instance: instance.clone(), at, note: note.clone(), text: note.to_string() }
    }
}
