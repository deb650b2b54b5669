//! [`Around`]: chosen lines, with those around them of the same container.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    k8s::{ContainerId, InstanceId, Line},
    render::ShownLine,
};

/// How many lines are shown around a chosen one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// Before it.
    pub before: usize,
    /// After it.
    pub after: usize,
}

/// What stands between lines that were not neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Groups {
    /// Nothing: whoever reads it wants lines alone.
    #[default]
    Joined,
    /// A row with grep's `--`.
    Separated,
}

/// Leaves chosen lines and those around them.
pub(super) struct Around {
    context: Context,
    groups: Groups,
    places: HashMap<Arc<ContainerId>, Place>,
}

/// Where a container's lines are, seen from the chosen ones.
#[derive(Default)]
struct Place {
    restart: u32,
    /// The latest lines that were not shown.
    before: VecDeque<ShownLine>,
    /// How many more are shown whatever they say.
    after: usize,
    /// Whether some were shown, and whether some were not since then.
    has_shown: bool,
    has_dropped: bool,
}

impl Around {
    pub(super) fn new(context: Context) -> Around {
        Around { context, groups: Groups::Joined, places: HashMap::new() }
    }

    pub(super) fn with_groups(self, groups: Groups) -> Around {
        Around { groups, ..self }
    }

    /// Leaves of neighbouring lines of one instance what is shown.
    pub(super) fn choose(
        &mut self,
        of: &InstanceId,
        lines: &mut Vec<ShownLine>,
        is_chosen: impl Fn(&ShownLine) -> bool,
    ) {
        if self.context == Context::default() {
            return lines.retain(is_chosen);
        }
        let place = self.places.entry(of.container.clone()).or_default();
        if place.restart != of.restart {
            // What another instance printed is not around.
            let (restart, has_shown) = (of.restart, place.has_shown);
            *place = Place { restart, has_shown, has_dropped: true, ..Place::default() };
        }
        let mut shown = Vec::new();
        for line in lines.drain(..) {
            if is_chosen(&line) {
                if self.groups == Groups::Separated && place.has_shown && place.has_dropped {
                    shown.push(separator(place.before.front().unwrap_or(&line)));
                }
                (place.has_shown, place.has_dropped) = (true, false);
                shown.extend(place.before.drain(..));
                shown.push(line);
                place.after = self.context.after;
            } else if place.after > 0 {
                shown.push(line);
                place.after -= 1;
            } else if self.context.before > 0 {
                if place.before.len() == self.context.before {
                    place.before.pop_front();
                    place.has_dropped = true;
                }
                place.before.push_back(kept(line));
            } else {
                place.has_dropped = true;
            }
        }
        *lines = shown;
    }
}

/// What stands before `line`, at its time.
fn separator(line: &ShownLine) -> ShownLine {
    let text = Bytes::from_static(b"--");
    ShownLine { stream: None, written: text.clone(), line: Line { text, ..line.line } }
}

/// A line that may wait for long, so that it must not hold the whole buffer that it was received in.
fn kept(mut line: ShownLine) -> ShownLine {
    let text = Bytes::copy_from_slice(&line.line.text);
    line.written = if line.written == text { text.clone() } else { Bytes::copy_from_slice(&line.written) };
    line.line.text = text;
    line
}
