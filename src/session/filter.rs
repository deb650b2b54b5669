//! [`Filter`]: which containers are wanted.

use regex::Regex;

use crate::{
    discover::{Phase, Target},
    render::short_name,
};

/// A choice of containers. Empty lists admit everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these must match the container's whole name.
    pub containers: Vec<Regex>,
    /// One of these must match somewhere in the pod's name, or in the short one that is printed.
    pub pods: Vec<Regex>,
    /// What short names leave out: the job's `SHORT`, or nothing.
    pub short: String,
    /// The container must work on one of these.
    pub phases: Vec<Phase>,
}

impl Filter {
    /// Whether `target` is wanted.
    pub fn admits(&self, target: &Target) -> bool {
        let any = |patterns: &[Regex], name: &str| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name));
        any(&self.containers, &target.container)
            && (any(&self.pods, &target.pod) || any(&self.pods, &short_name(&target.pod, &self.short)))
            && (self.phases.is_empty() || self.phases.contains(&target.phase))
    }

    /// Whether it admits everything.
    pub fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.pods.is_empty() && self.phases.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::{Pod, targets};

    #[test]
    fn a_pod_is_chosen_by_either_of_its_names() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95-p9vp5"}, "spec": {"containers": [{"name": "blast"}]},
        }))
        .unwrap();
        for (pattern, admitted) in [
            ("blastn-s03-000-p9vp5", true),
            ("^blastn-s03-000-p9vp5$", true),
            ("^blastn-batch-s03-job-000-3ed51a95-p9vp5$", true),
            ("s03", true),
            ("3ed51a95", true),
            ("blastn-s04", false),
            ("^s03", false),
        ] {
            let pods = vec![Regex::new(pattern).unwrap()];
            let filter = Filter { pods, short: "3ed51a95".to_owned(), ..Filter::default() };
            assert_eq!(filter.admits(&targets(&pod)[0]), admitted, "{pattern}");
        }
    }
}
