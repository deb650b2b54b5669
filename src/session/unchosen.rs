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

/// The same of an archive, and of what its job's cluster has besides.
pub fn nothing_wanted_of_archive(archived: Vec<Choosable>, found: &[Match], filter: &ContainerFilter) -> String {
    let known: BTreeSet<_> = archived.iter().map(|choice| choice.target.id()).collect();
    let mut choices = archived;
    choices.extend(Choosable::of(found).into_iter().filter(|choice| !known.contains(&choice.target.id())));
    let have = if choices.len() > known.len() { "have" } else { "are archived, with" };
    said(NOTHING, have, &choices, filter)
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
    let labels = choices.iter().map(|choice| &choice.labels);
    let lists: [(String, Vec<String>); 4] = [
        (format!("{count} pods {have}"), containers.collect()),
        ("pods".to_owned(), pods.collect()),
        ("nodes".to_owned(), if filter.nodes.is_empty() { Vec::new() } else { nodes.collect() }),
        ("labels".to_owned(), if filter.labels.is_none() { Vec::new() } else { of_many(labels) }),
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

#[cfg(test)]
mod tests {
    use kube::core::Expression;
    use serde_json::json;
    use testcluster::Access;

    use super::*;
    use crate::{
        discover::Evidence,
        session::{
            filter::whole,
            fixtures::{ID, Scene, selection},
        },
    };

    fn found(shard: &str, phase: &str) -> Match {
        let pod = json!({
            "metadata": {
                "name": format!("blastn-batch-{shard}-job-000-3ed51a95-p9vp5"), "uid": shard,
                "labels": {"app": "blast", "shard": shard, "batch.kubernetes.io/job-name": "x", "elb-job-id": ID},
            },
            "spec": {"nodeName": "node-1", "containers": [{"name": "blast"}, {"name": "results-export"}]},
            "status": {"phase": phase, "containerStatuses": [{"name": "blast", "state": {"running": {}}}]},
        });
        Match { pod: serde_json::from_value(pod).unwrap(), evidence: Evidence::Label }
    }

    #[test]
    fn what_there_is_to_choose_from_is_told_by_what_the_choice_goes_by() {
        let pods = [found("s03", "Running"), found("s04", "Pending")];
        let by = ContainerFilter { short: "3ed51a95".to_owned(), ..ContainerFilter::default() };
        let containers = "2 pods have: blast (running), results-export (exporting_results)";
        let names = "pods: blastn-s03-000-p9vp5, blastn-s04-000-p9vp5";
        let without = || vec![whole("blast").unwrap(), whole("results-export").unwrap()];
        for (filter, said) in [
            (by.clone(), format!("no container matches the flags; {containers}\n  {names}")),
            (
                ContainerFilter { states: vec![StateName::Terminated], ..by.clone() },
                format!(
                    "no container matches the flags; 2 pods have: blast (running), results-export (waiting)\n  {names}"
                ),
            ),
            (
                ContainerFilter { nodes: vec!["node-2".to_owned()], ..by.clone() },
                format!("no container matches the flags; {containers}\n  {names}\n  nodes: node-1"),
            ),
            (
                ContainerFilter { fields: "status.phase=Failed".parse().unwrap(), ..by.clone() },
                format!(
                    "no container matches the flags; {containers}\n  pods: blastn-s03-000-p9vp5 (Running), blastn-s04-000-p9vp5 (Pending)"
                ),
            ),
            (
                ContainerFilter { without_containers: without(), ..by.clone() },
                format!(
                    "no container matches the flags: -E, --exclude-container and --exclude-pod leave none; {containers}\n  {names}"
                ),
            ),
            (
                ContainerFilter {
                    without_containers: without(),
                    containers: vec![whole("blast").unwrap()],
                    ..by.clone()
                },
                format!(
                    "no container matches the flags: -E, --exclude-container and --exclude-pod leave none of what the others choose; {containers}\n  {names}"
                ),
            ),
        ] {
            assert_eq!(nothing_wanted(&pods, &filter), said);
            let yet = said.replacen("the flags", "the flags yet, waiting for one", 1);
            assert_eq!(nothing_wanted_yet(&pods, &filter), yet);
            let choices = Choosable::of(&pods);
            let archived = said.replacen("pods have", "pods are archived, with", 1);
            assert_eq!(nothing_wanted_of_archive(choices.clone(), &[], &filter), archived);
            assert_eq!(nothing_wanted_of_archive(choices.clone(), &pods, &filter), archived, "each once");
            assert_eq!(nothing_wanted_of_archive(Vec::new(), &pods, &filter), said);
            // Labels choose too.
            let labelled = archived.replace("leave none;", "leave none of what the others choose;");
            let labelled = format!("{labelled}\n  labels: app=blast, shard=s03, shard=s04");
            let filter = ContainerFilter {
                labels: Some([Expression::Exists("none".to_owned())].into_iter().collect()),
                ..filter
            };
            assert_eq!(nothing_wanted_of_archive(choices, &[], &filter), labelled);
        }
        assert_eq!(nothing_chosen(3), "no container matches the flags; the job had 3 pods, which are gone");
    }

    #[test]
    fn a_listing_has_each_name_once_in_order_and_says_how_many_are_left_out() {
        let names = |count: usize| (0..count).map(|number| format!("n{number:02}")).collect::<Vec<_>>();
        assert_eq!(listing(Vec::new()), "");
        assert_eq!(listing(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]), "a, b");
        assert_eq!(listing(names(LISTED)), names(LISTED).join(", "));
        assert_eq!(listing(names(LISTED + 2)), names(LISTED).join(", ") + " and 2 more");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn pods_that_the_labels_leave_out_are_told_with_the_labels_they_have() {
        let scene = Scene::new(Access::all()).await;
        let with = |labels: &str| Selection { labels: Some(labels.to_owned()), ..selection() };
        let told = async |selection: &Selection| without_labels(&scene.cluster, "default", selection).await;
        assert_eq!(told(&with("app=none")).await, None, "there is no pod");
        scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
        assert_eq!(told(&selection()).await, None, "no labels are asked for");
        assert_eq!(told(&with("app=none")).await.as_deref(), Some("1 pods, labelled: app=blast"));
    }
}
