//! [`Filter`]: which containers are wanted.

use regex::Regex;

use crate::discover::{Phase, Target};

/// A choice of containers. Empty lists admit everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these must match the container's whole name.
    pub containers: Vec<Regex>,
    /// One of these must match somewhere in the pod's name.
    pub pods: Vec<Regex>,
    /// The container must work on one of these.
    pub phases: Vec<Phase>,
}

impl Filter {
    /// Whether `target` is wanted.
    pub fn admits(&self, target: &Target) -> bool {
        let any = |patterns: &[Regex], name: &str| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name));
        any(&self.containers, &target.container)
            && any(&self.pods, &target.pod)
            && (self.phases.is_empty() || self.phases.contains(&target.phase))
    }

    /// Whether it admits everything.
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.pods.is_empty() && self.phases.is_empty()
    }
}
