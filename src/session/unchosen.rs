//! What there is to choose from, where a choice leaves nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::filter::ContainerFilter;
use crate::{
    cluster::Cluster,
    discover::{Match, Selection, watch as pods},
    k8s::{StateName, Target, targets},
    render::short_name,
};

/// Names listed at most.
const LISTED: usize = 20;

/// How what follows says that nothing is chosen.
pub const NOTHING: &str = "no container matches the flags";

/// Labels that tell a pod from its like, or that all of a job have: nobody chooses by them.
const OF_ONE: [&str; 4] = ["controller-uid", "job-name", "pod-template-hash", "elb-job-id"];

/// A container that could be chosen.
#[derive(Debug, Clone)]
pub struct Choosable {
    /// It.
    pub target: Target,
    /// The state it is in.
    pub state: StateName,
    /// Its pod's phase, as Kubernetes says it.
    pub pod_phase: Option<String>,
    /// Its pod's labels.
    pub labels: BTreeMap<String, String>,
}

impl Choosable {
    /// Those of a cluster's pods.
    fn of(found: &[Match]) -> Vec<Choosable> {
        let of_pod = |found: &Match| {
            let pod = found.pod.clone();
            let choice = move |target: Target| Choosable {
                state: StateName::of(&pod.container(&target.container).state),
                pod_phase: pod.status.phase.clone(),
                labels: pod.labels().clone(),
                target,
            };
            targets(&found.pod).into_iter().map(choice).collect::<Vec<_>>()
        };
        found.iter().flat_map(of_pod).collect()
    }
}

/// That nothing was chosen of what is gone.
pub fn nothing_chosen(pods: usize) -> String {
    format!("{NOTHING}; the job had {pods} pods, which are gone")
}

/// What there is, when `filter` admits none of it: of what it chooses by, what there is to choose from.
pub fn nothing_wanted(found: &[Match], filter: &ContainerFilter) -> String {
    said(NOTHING, "have", &Choosable::of(found), filter)
}

/// The same of an archive, with the labels that there are if some were asked for.
pub fn nothing_wanted_of_archive(choices: &[Choosable], filter: &ContainerFilter, by_labels: bool) -> String {
    let text = said(NOTHING, "are archived, with", choices, filter);
    if !by_labels {
        return text;
    }
    format!("{text}\n  labels: {}", listing(of_many(choices.iter().map(|choice| &choice.labels))))
}

/// The same of a job that is followed: what is found later may match.
pub fn nothing_wanted_yet(found: &[Match], filter: &ContainerFilter) -> String {
    let heading = format!("{NOTHING} yet, waiting for one");
    said(&heading, "have", &Choosable::of(found), filter)
}

/// The pods that would be chosen without the labels that are asked for, and which labels they have; `None` when none are asked for,
/// there are no such pods, or they cannot be listed.
pub async fn without_labels(cluster: &Cluster, namespace: &str, selection: &Selection) -> Option<String> {
    selection.labels.as_ref()?;
    let all = Selection { labels: None, ..selection.clone() };
    let found = pods::list(&cluster.client(), namespace, &all).await.unwrap_or_default();
    (!found.is_empty()).then(|| {
        format!("{} pods, labelled: {}", found.len(), listing(of_many(found.iter().map(|found| found.pod.labels()))))
    })
}

/// Names in order, each once.
pub fn listing(mut names: Vec<String>) -> String {
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    names[..names.len() - more].join(", ") + &rest
}

/// Labels that more than one pod can have.
fn of_many<'a>(labels: impl Iterator<Item = &'a BTreeMap<String, String>>) -> Vec<String> {
    let is_of_one = |name: &str| OF_ONE.iter().any(|one| name.ends_with(one));
    let labels = labels.flatten().filter(|(name, _)| !is_of_one(name));
    labels.map(|(name, value)| format!("{name}={value}")).collect()
}

fn said(heading: &str, have: &str, choices: &[Choosable], filter: &ContainerFilter) -> String {
    let containers = choices.iter().map(|Choosable { target, state, .. }| {
        let is = if filter.states.is_empty() { target.phase.as_str() } else { state.as_str() };
        format!("{} ({is})", target.container)
    });
    let pods = choices.iter().map(|Choosable { target, pod_phase, .. }| {
        let name = short_name(&target.pod, &filter.short);
        if filter.fields.is_empty() { name } else { format!("{name} ({})", pod_phase.as_deref().unwrap_or("Unknown")) }
    });
    let nodes = choices.iter().filter_map(|choice| choice.target.node.clone());
    let count = choices.iter().map(|choice| &choice.target.uid).collect::<BTreeSet<_>>().len();
    let lists: [(String, Vec<String>); 3] = [
        (format!("{count} pods {have}"), containers.collect()),
        ("pods".to_owned(), pods.collect()),
        ("nodes".to_owned(), if filter.nodes.is_empty() { Vec::new() } else { nodes.collect() }),
    ];
    let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
    let lists: Vec<_> = lists.map(|(heading, names)| format!("{heading}: {}", listing(names))).collect();
    let is_excluded = choices.iter().any(|choice| filter.excludes(&choice.target));
    let why = match (is_excluded, filter.chooses()) {
        (false, _) => "",
        (true, false) => ": -E, --exclude-container and --exclude-pod leave none",
        (true, true) => ": -E, --exclude-container and --exclude-pod leave none of what the others choose",
    };
    format!("{heading}{why}; {}", lists.join("\n  "))
}
