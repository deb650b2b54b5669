//! [`ContainerFilter`]: which containers are wanted.

use std::str::FromStr;

use kube::core::{Selector, SelectorExt};
use regex::Regex;

use crate::{
    k8s::{FieldSelector, Phase, Pod, StateName, Target, targets},
    render::short_name,
};

/// How kubectl names a pod's kind in `KIND/NAME`.
const KINDS: [&str; 3] = ["pod", "pods", "po"];

/// A choice of containers. Empty lists admit everything.
#[derive(Debug, Clone, Default)]
pub struct ContainerFilter {
    /// One of these must match the container's whole name.
    pub containers: Vec<Regex>,
    /// One of these must match the container's pod.
    pub pods: Vec<PodPattern>,
    /// What short names leave out: the job's `SHORT`, or nothing.
    pub short: String,
    /// The container must work on one of these.
    pub phases: Vec<Phase>,
    /// None of these may match anywhere in the container's name.
    pub without_containers: Vec<Regex>,
    /// None of these may match the container's pod.
    pub without_pods: Vec<PodPattern>,
    /// The pod must have been scheduled to one of these nodes.
    pub nodes: Vec<String>,
    /// When it is found, the container must be in one of these states.
    pub states: Vec<StateName>,
    /// When its container is found, the pod must be so.
    pub fields: FieldSelector,
    /// And have these labels. A cluster is asked for them itself, so that this is what an archive is asked for.
    pub labels: Option<Selector>,
}

impl ContainerFilter {
    /// Whether `target` is wanted, if not for the state it is in. One that was not scheduled yet may be wanted later.
    pub fn admits(&self, target: &Target) -> bool {
        let any = |patterns: &[Regex], name: &str| patterns.is_empty() || patterns.iter().any(|p| p.is_match(name));
        any(&self.containers, &target.container)
            && (self.pods.is_empty() || self.pods.iter().any(|pods| pods.admits(target, &self.short)))
            && (self.phases.is_empty() || self.phases.contains(&target.phase))
            && !self.is_left_out(target)
            && (self.nodes.is_empty() || self.nodes.iter().any(|node| Some(node) == target.node.as_ref()))
    }

    fn is_left_out(&self, target: &Target) -> bool {
        self.without_containers.iter().any(|containers| containers.is_match(&target.container))
            || self.without_pods.iter().any(|pods| pods.admits(target, &self.short))
    }

    /// Whether `target` would be wanted, were it not left out.
    pub fn excludes(&self, target: &Target) -> bool {
        let chosen = ContainerFilter { without_containers: Vec::new(), without_pods: Vec::new(), ..self.clone() };
        self.is_left_out(target) && chosen.admits(target)
    }

    /// Whether it chooses something, and not only leaves out.
    pub fn chooses(&self) -> bool {
        let chosen = ContainerFilter { without_containers: Vec::new(), without_pods: Vec::new(), ..self.clone() };
        !chosen.is_empty()
    }

    /// Whether the containers of a pod that is so are wanted. One that is not may be later, and one that was stays wanted.
    pub fn admits_pod(&self, pod: &Pod) -> bool {
        self.fields.admits(pod) && self.labels.as_ref().is_none_or(|labels| labels.matches(pod.labels()))
    }

    /// The containers of a pod that are wanted, whatever state they are in.
    pub fn targets(&self, pod: &Pod) -> Vec<Target> {
        let is_wanted = |target: &Target| self.admits(target) && self.admits_pod(pod);
        targets(pod).into_iter().filter(is_wanted).collect()
    }

    /// Whether a container in this state is wanted.
    pub fn admits_state(&self, state: StateName) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// Whether it admits everything.
    pub fn is_empty(&self) -> bool {
        let ContainerFilter {
            containers,
            pods,
            short: _,
            phases,
            without_containers,
            without_pods,
            nodes,
            states,
            fields,
            labels,
        } = self;
        containers.is_empty()
            && pods.is_empty()
            && phases.is_empty()
            && without_containers.is_empty()
            && without_pods.is_empty()
            && nodes.is_empty()
            && states.is_empty()
            && fields.is_empty()
            && labels.is_none()
    }
}

/// Pods by their names, and perhaps one of their containers: `POD`, `POD/CONTAINER` as a line's prefix has it, or `pod/NAME` as
/// kubectl has it. No name of a pod or container holds a `/`.
#[derive(Debug, Clone)]
pub struct PodPattern {
    /// It must match somewhere in the pod's name, or in the short one that is printed.
    pod: Regex,
    /// It must match the container's whole name.
    container: Option<Regex>,
}

impl PodPattern {
    fn admits(&self, target: &Target, short: &str) -> bool {
        (self.pod.is_match(&target.pod) || self.pod.is_match(&short_name(&target.pod, short)))
            && self.container.as_ref().is_none_or(|container| container.is_match(&target.container))
    }
}

impl FromStr for PodPattern {
    type Err = regex::Error;

    fn from_str(text: &str) -> Result<Self, regex::Error> {
        match text.split_once('/') {
            Some((kind, name)) if KINDS.contains(&kind) => Ok(Self { pod: Regex::new(name)?, container: None }),
            Some((pod, container)) => Ok(Self { pod: Regex::new(pod)?, container: Some(whole(container)?) }),
            None => Ok(Self { pod: Regex::new(text)?, container: None }),
        }
    }
}

/// A pattern that must match a whole name, so that `blast` is not `get-blastdb`.
///
/// # Errors
/// When it is no regular expression.
pub fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    // The pattern alone first: its error shows the pattern as it was given.
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::targets;

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
            // As a line's prefix names a container.
            ("blastn-s03-000-p9vp5/blast", true),
            ("blastn-batch-s03-job-000-3ed51a95-p9vp5/blast", true),
            ("s03/bl.*", true),
            ("s03/", false),
            ("s03/results-export", false),
            ("s03/las", false),
            ("s04/blast", false),
            // As kubectl names a pod.
            ("pod/blastn-batch-s03-job-000-3ed51a95-p9vp5", true),
            ("pods/s03", true),
            ("po/^blastn", true),
            ("pod/s04", false),
        ] {
            let filter = ContainerFilter {
                pods: vec![pattern.parse().unwrap()],
                short: "3ed51a95".to_owned(),
                ..ContainerFilter::default()
            };
            assert_eq!(filter.admits(&targets(&pod)[0]), admitted, "{pattern}");
        }
        for wrong in ["(", "a/(", "pod/("] {
            assert!(wrong.parse::<PodPattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_choice_must_admit_a_container_and_each_makes_the_filter_one() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95-p9vp5"},
            "spec": {"nodeName": "node-1", "containers": [{"name": "blast"}]},
        }))
        .unwrap();
        let target = targets(&pod).remove(0);
        let default = ContainerFilter { short: "3ed51a95".to_owned(), ..ContainerFilter::default() };
        assert!(default.is_empty() && default.admits(&target));
        let containers = |text: &[&str]| text.iter().map(|text| whole(text).unwrap()).collect::<Vec<_>>();
        let pods = |text: &[&str]| text.iter().map(|text| text.parse().unwrap()).collect::<Vec<PodPattern>>();
        for (filter, admitted) in [
            (ContainerFilter { containers: containers(&["x", "blast"]), ..default.clone() }, true),
            (ContainerFilter { containers: containers(&["x", "las"]), ..default.clone() }, false),
            (ContainerFilter { pods: pods(&["s04", "s03"]), ..default.clone() }, true),
            (ContainerFilter { pods: pods(&["s04"]), ..default.clone() }, false),
            (ContainerFilter { phases: vec![Phase::Submitting, Phase::Running], ..default.clone() }, true),
            (ContainerFilter { phases: vec![Phase::Submitting], ..default.clone() }, false),
            (ContainerFilter { without_containers: containers(&["x", "blast"]), ..default.clone() }, false),
            (ContainerFilter { without_pods: pods(&["s04", "s03"]), ..default.clone() }, false),
            (ContainerFilter { nodes: vec!["node-2".to_owned(), "node-1".to_owned()], ..default.clone() }, true),
            (ContainerFilter { nodes: vec!["node-2".to_owned()], ..default.clone() }, false),
            // One that admits it does not outweigh one that does not.
            (ContainerFilter { containers: containers(&["blast"]), pods: pods(&["s04"]), ..default.clone() }, false),
            (ContainerFilter { containers: containers(&["x"]), pods: pods(&["s03"]), ..default.clone() }, false),
            (ContainerFilter { pods: pods(&["s03"]), phases: vec![Phase::Submitting], ..default.clone() }, false),
            (ContainerFilter { phases: vec![Phase::Running], without_pods: pods(&["s03"]), ..default.clone() }, false),
        ] {
            assert_eq!(filter.admits(&target), admitted, "{filter:?}");
            assert!(!filter.is_empty(), "{filter:?}");
        }
        assert!(!ContainerFilter { states: vec![StateName::Running], ..default }.is_empty());
    }

    #[test]
    fn a_container_is_left_out_by_its_name_its_pod_its_node_and_its_state() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95-p9vp5"},
            "spec": {"nodeName": "node-1", "containers": [{"name": "blast"}]},
        }))
        .unwrap();
        let target = targets(&pod).remove(0);
        let patterns = |text: &str| vec![whole(text).unwrap()];
        let default = ContainerFilter { short: "3ed51a95".to_owned(), ..ContainerFilter::default() };
        for (filter, admitted) in [
            (ContainerFilter { without_containers: patterns("blast"), ..default.clone() }, false),
            (ContainerFilter { without_containers: patterns("las"), ..default.clone() }, true),
            (
                ContainerFilter {
                    without_containers: patterns(".*"),
                    containers: patterns("blast"),
                    ..default.clone()
                },
                false,
            ),
            (ContainerFilter { without_pods: vec!["^blastn-s03".parse().unwrap()], ..default.clone() }, false),
            (ContainerFilter { without_pods: vec!["s03/results".parse().unwrap()], ..default.clone() }, true),
            (ContainerFilter { nodes: vec!["node-1".to_owned()], ..default.clone() }, true),
            (ContainerFilter { nodes: vec!["node".to_owned(), "node-10".to_owned()], ..default.clone() }, false),
        ] {
            assert_eq!(filter.admits(&target), admitted, "{filter:?}");
            assert!(!filter.is_empty());
        }
        let unscheduled = Target { node: None, ..target };
        assert!(!ContainerFilter { nodes: vec!["node-1".to_owned()], ..default.clone() }.admits(&unscheduled));
        let states = ContainerFilter { states: vec![StateName::Waiting, StateName::Running], ..default.clone() };
        assert!(states.admits_state(StateName::Running) && !states.admits_state(StateName::Terminated));
        assert!(default.admits_state(StateName::Terminated) && default.is_empty());
    }

    #[test]
    fn what_is_left_out_is_told_from_what_was_not_chosen() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "blastn-batch-s03-job-000-3ed51a95-p9vp5"}, "spec": {"containers": [{"name": "blast"}]},
        }))
        .unwrap();
        let target = targets(&pod).remove(0);
        let patterns = |text: &str| vec![whole(text).unwrap()];
        let pods = |text: &str| vec![text.parse::<PodPattern>().unwrap()];
        let default = ContainerFilter { short: "3ed51a95".to_owned(), ..ContainerFilter::default() };
        let left_out = ContainerFilter { without_containers: patterns("blast"), ..default.clone() };
        for (filter, excludes, chooses) in [
            (default.clone(), false, false),
            (left_out.clone(), true, false),
            (ContainerFilter { without_pods: pods("s03"), ..default.clone() }, true, false),
            (ContainerFilter { without_pods: pods("s04"), ..default.clone() }, false, false),
            (ContainerFilter { containers: patterns("blast"), ..default.clone() }, false, true),
            (ContainerFilter { containers: patterns("blast"), ..left_out.clone() }, true, true),
            (ContainerFilter { containers: patterns("other"), ..left_out }, false, true),
        ] {
            assert_eq!((filter.excludes(&target), filter.chooses()), (excludes, chooses), "{filter:?}");
        }
    }

    #[test]
    fn a_pod_is_admitted_by_its_fields() {
        let pod: Pod =
            serde_json::from_value(serde_json::json!({"metadata": {"name": "p"}, "spec": {"nodeName": "node-1"}}))
                .unwrap();
        for (fields, admitted) in [("spec.nodeName=node-1", true), ("spec.nodeName=node-2", false), ("", true)] {
            let fields = if fields.is_empty() { FieldSelector::default() } else { fields.parse().unwrap() };
            assert_eq!(ContainerFilter { fields, ..ContainerFilter::default() }.admits_pod(&pod), admitted);
        }
    }
}
