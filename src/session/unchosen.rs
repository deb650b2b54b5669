//! [`Unchosen`]: what there is to choose from, where a choice leaves nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::filter::ContainerFilter;
use crate::{
    cluster::Cluster,
    discover::{Match, Selection, watch as pods},
    k8s::{StateName, Target, targets},
    name_list::NameList,
    numbers::counted,
    render::short_name,
};

/// How what follows says that nothing is chosen.
pub const NOTHING: &str = "no container matches what is asked for";

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

/// What there is, when a choice leaves none of it: of what is chosen by, what there is to choose from. `Display` is a sentence, with
/// lists below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unchosen {
    /// How many pods there are.
    pub pods: usize,
    /// Where they are.
    pub place: PodsIn,
    /// What is left out of it.
    pub excluded: Excluded,
    /// Their containers, with the phases or states they are in.
    pub containers: NameList,
    /// Their short names, with their phases where these are chosen by.
    pub names: NameList,
    /// Their nodes, where these are chosen by.
    pub nodes: NameList,
    /// Their labels, where these are chosen by.
    pub labels: NameList,
}

/// Where pods are that a choice leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodsIn {
    /// In a cluster, or some of them.
    Cluster,
    /// In an archive alone.
    Archive,
}

/// What is left out, where nothing is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Excluded {
    /// Nothing that would be chosen else.
    Nothing,
    /// All there is.
    All,
    /// All that is chosen.
    AllChosen,
}

impl Unchosen {
    /// Of the pods of a cluster, which `filter` admits no container of.
    pub fn of(found: &[Match], filter: &ContainerFilter) -> Unchosen {
        Unchosen::of_choices(PodsIn::Cluster, &Choosable::of(found), filter)
    }

    /// Of an archive, and of what its job's cluster has besides.
    pub fn of_archive(archived: Vec<Choosable>, found: &[Match], filter: &ContainerFilter) -> Unchosen {
        let known: BTreeSet<_> = archived.iter().map(|choice| choice.target.id()).collect();
        let mut choices = archived;
        choices.extend(Choosable::of(found).into_iter().filter(|choice| !known.contains(&choice.target.id())));
        let place = if choices.len() > known.len() { PodsIn::Cluster } else { PodsIn::Archive };
        Unchosen::of_choices(place, &choices, filter)
    }

    fn of_choices(place: PodsIn, choices: &[Choosable], filter: &ContainerFilter) -> Unchosen {
        let containers = choices.iter().map(|Choosable { target, state, .. }| {
            let is = if filter.states.is_empty() { target.phase.as_str() } else { state.as_str() };
            format!("{} ({is})", target.container)
        });
        let names = choices.iter().map(|Choosable { target, pod_phase, .. }| {
            let name = short_name(&target.pod, &filter.short);
            if filter.fields.is_empty() {
                name
            } else {
                format!("{name} ({})", pod_phase.as_deref().unwrap_or("Unknown"))
            }
        });
        let nodes = choices.iter().filter(|_| !filter.nodes.is_empty()).filter_map(|choice| choice.target.node.clone());
        let labels = choices.iter().filter(|_| filter.labels.is_some()).map(|choice| &choice.labels);
        Unchosen {
            pods: choices.iter().map(|choice| &choice.target.uid).collect::<BTreeSet<_>>().len(),
            place,
            excluded: match (choices.iter().any(|choice| filter.excludes(&choice.target)), filter.chooses()) {
                (false, _) => Excluded::Nothing,
                (true, false) => Excluded::All,
                (true, true) => Excluded::AllChosen,
            },
            containers: NameList::sorted(containers),
            names: NameList::sorted(names),
            nodes: NameList::sorted(nodes),
            labels: NameList::sorted(of_many(labels)),
        }
    }

    /// One sentence, of a job that is followed: what is found later may match.
    pub(super) fn yet(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            write!(f, "{NOTHING} yet, waiting for one")?;
            self.rest(f, "; ")
        })
    }

    fn rest(&self, f: &mut fmt::Formatter<'_>, between: &str) -> fmt::Result {
        f.write_str(match self.excluded {
            Excluded::Nothing => "",
            Excluded::All => ": all are excluded",
            Excluded::AllChosen => ": all that match otherwise are excluded",
        })?;
        let archived = match self.place {
            PodsIn::Cluster => "",
            PodsIn::Archive => "archived ",
        };
        write!(f, "; {archived}containers of {}: {}", counted(self.pods, "pod"), self.containers)?;
        for (heading, names) in [("pods", &self.names), ("nodes", &self.nodes), ("labels", &self.labels)] {
            if !names.is_empty() {
                write!(f, "{between}{heading}: {names}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Unchosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOTHING)?;
        self.rest(f, "\n  ")
    }
}

/// Pods that would be chosen without the labels that are asked for. `Display` is `1 pod, labelled: app=blast`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherwiseLabelled {
    /// How many.
    pub pods: usize,
    /// Their labels.
    pub labels: NameList,
}

impl OtherwiseLabelled {
    /// Asks for them; `None` when no labels are asked for, there are no such pods, or they cannot be listed.
    pub async fn find(cluster: &Cluster, namespace: &str, selection: &Selection) -> Option<OtherwiseLabelled> {
        selection.labels.as_ref()?;
        let found = pods::list(&cluster.client(), namespace, &selection.of_any_labels()).await.unwrap_or_default();
        let labels = NameList::sorted(of_many(found.iter().map(|found| found.pod.labels())));
        (!found.is_empty()).then_some(OtherwiseLabelled { pods: found.len(), labels })
    }
}

impl fmt::Display for OtherwiseLabelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, labelled: {}", counted(self.pods, "pod"), self.labels)
    }
}

/// Labels that more than one pod can have.
fn of_many<'a>(labels: impl Iterator<Item = &'a BTreeMap<String, String>>) -> Vec<String> {
    let is_of_one = |name: &str| OF_ONE.iter().any(|one| name.ends_with(one));
    let labels = labels.flatten().filter(|(name, _)| !is_of_one(name));
    labels.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use kube::core::Expression;
    use serde_json::json;
    use testcluster::Access;

    use super::*;
    use crate::{
        discover::Evidence,
        k8s::label_selector,
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
        let containers = "containers of 2 pods: blast (running), results-export (exporting_results)";
        let names = "pods: blastn-s03-000-p9vp5, blastn-s04-000-p9vp5";
        let without = || vec![whole("blast").unwrap(), whole("results-export").unwrap()];
        for (filter, said) in [
            (by.clone(), format!("no container matches what is asked for; {containers}\n  {names}")),
            (
                ContainerFilter { states: vec![StateName::Terminated], ..by.clone() },
                format!(
                    "no container matches what is asked for; containers of 2 pods: blast (running), results-export (waiting)\n  {names}"
                ),
            ),
            (
                ContainerFilter { nodes: vec!["node-2".to_owned()], ..by.clone() },
                format!("no container matches what is asked for; {containers}\n  {names}\n  nodes: node-1"),
            ),
            (
                ContainerFilter { fields: "status.phase=Failed".parse().unwrap(), ..by.clone() },
                format!(
                    "no container matches what is asked for; {containers}\n  pods: blastn-s03-000-p9vp5 (Running), blastn-s04-000-p9vp5 (Pending)"
                ),
            ),
            (
                ContainerFilter { without_containers: without(), ..by.clone() },
                format!("no container matches what is asked for: all are excluded; {containers}\n  {names}"),
            ),
            (
                ContainerFilter {
                    without_containers: without(),
                    containers: vec![whole("blast").unwrap()],
                    ..by.clone()
                },
                format!(
                    "no container matches what is asked for: all that match otherwise are excluded; {containers}\n  {names}"
                ),
            ),
        ] {
            let of = Unchosen::of(&pods, &filter);
            assert_eq!(of.to_string(), said);
            let yet = said.replacen("asked for", "asked for yet, waiting for one", 1).replace("\n  ", "; ");
            assert_eq!(of.yet().to_string(), yet);
            assert_eq!(serde_json::from_str::<Unchosen>(&serde_json::to_string(&of).unwrap()).unwrap(), of);
            let of_archive = |archived: &[Choosable], found: &[Match]| {
                Unchosen::of_archive(archived.to_vec(), found, &filter).to_string()
            };
            let choices = Choosable::of(&pods);
            let archived = said.replacen("; containers of", "; archived containers of", 1);
            assert_eq!(of_archive(&choices, &[]), archived);
            assert_eq!(of_archive(&choices, &pods), archived, "each once");
            assert_eq!(of_archive(&[], &pods), said);
            // Labels choose too.
            let labelled = archived.replace("all are excluded", "all that match otherwise are excluded");
            let labelled = format!("{labelled}\n  labels: app=blast, shard=s03, shard=s04");
            let filter = ContainerFilter {
                labels: Some([Expression::Exists("none".to_owned())].into_iter().collect()),
                ..filter
            };
            assert_eq!(Unchosen::of_archive(choices, &[], &filter).to_string(), labelled);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn pods_that_the_labels_leave_out_are_told_with_the_labels_they_have() {
        let scene = Scene::new(Access::all()).await;
        let with = |labels: &str| Selection { labels: label_selector(labels).ok(), ..selection() };
        let told = async |selection: &Selection| OtherwiseLabelled::find(&scene.cluster, "default", selection).await;
        assert_eq!(told(&with("app=none")).await, None, "there is no pod");
        scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
        assert_eq!(told(&selection()).await, None, "no labels are asked for");
        assert_eq!(told(&with("app=none")).await.unwrap().to_string(), "1 pod, labelled: app=blast");
    }
}
