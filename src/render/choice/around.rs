//! [`Around`]: chosen lines, with those around them of the same container.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    k8s::{ContainerId, InstanceId},
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

/// Leaves chosen lines and those around them.
pub(super) struct Around {
    context: Context,
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
}

impl Around {
    pub(super) fn new(context: Context) -> Around {
        Around { context, places: HashMap::new() }
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
            *place = Place { restart: of.restart, ..Place::default() };
        }
        let mut shown = Vec::new();
        for line in lines.drain(..) {
            if is_chosen(&line) {
                shown.extend(place.before.drain(..));
                shown.push(line);
                place.after = self.context.after;
            } else if place.after > 0 {
                shown.push(line);
                place.after -= 1;
            } else if self.context.before > 0 {
                if place.before.len() == self.context.before {
                    place.before.pop_front();
                }
                place.before.push_back(kept(line));
            }
        }
        *lines = shown;
    }
}

/// A line that may wait for long, so that it must not hold the whole buffer that it was received in.
fn kept(mut line: ShownLine) -> ShownLine {
    line.line.text = Bytes::copy_from_slice(&line.line.text);
    line
}
