//! [`Jobs`]: which jobs there are, by their pods; [`wanted`]: which of them are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{Stream, StreamExt, stream};
use kube::{Client, api::ListParams, runtime::watcher::Event};

use super::name::JobName;
use crate::{
    cluster::{ClusterError, watching},
    discover::{SearchScope, job_of, selectors_of_all},
    job_id::JobId,
    k8s::Pod,
    resolve::resolve,
    row::Row,
};

/// Asks for a pod, so that what does not permit it is told at once.
///
/// # Errors
/// What the API server says.
#[expect(clippy::disallowed_methods, reason = "one is enough")]
pub(super) async fn ask(client: &Client, area: &SearchScope) -> Result<(), ClusterError> {
    let [labels, _] = selectors_of_all();
    let asked = area.api::<Pod>(client).list(&ListParams::default().labels_from(&labels).limit(1)).await;
    asked.map(drop).map_err(|error| ClusterError::from(&error))
}

/// What one of the two questions for pods brings.
pub(super) type Heard = (usize, Result<Event<Pod>, ClusterError>);

/// The pods of all jobs as they come and go, without end.
pub(super) fn watch(client: &Client, area: &SearchScope) -> impl Stream<Item = Heard> + Send + use<> {
    let watches = selectors_of_all().into_iter().enumerate().map(|(question, labels)| {
        let heard = watching::watch(area.api::<Pod>(client), &labels);
        heard.map(move |event| (question, event.map_err(|error| ClusterError::from(&error)))).boxed()
    });
    stream::select_all(watches)
}

/// The jobs whose pods there are.
#[derive(Debug)]
pub(super) struct Jobs {
    area: SearchScope,
    questions: [Pods; 2],
}

/// The pods that answer one question, by uid.
#[derive(Debug, Default)]
struct Pods {
    now: HashMap<String, JobName>,
    /// Those of a list that is not complete yet.
    coming: Option<HashMap<String, JobName>>,
}

impl Jobs {
    /// None yet, of one namespace or of all.
    pub fn of(area: SearchScope) -> Jobs {
        Jobs { area, questions: Default::default() }
    }

    /// Takes note of what a watch told.
    pub fn take(&mut self, question: usize, event: Event<Pod>) {
        let Some(pods) = self.questions.get_mut(question) else { return };
        let is_named = self.area == SearchScope::Cluster;
        let mut known = |pod: &Pod| {
            let listed = pods.coming.as_mut();
            let pods = listed.unwrap_or(&mut pods.now);
            match job_of(pod) {
                Some(id) => {
                    let namespace = is_named.then(|| pod.namespace().to_owned());
                    pods.insert(pod.uid().to_owned(), JobName { namespace, id });
                }
                None => drop(pods.remove(pod.uid())),
            }
        };
        match event {
            Event::Init => pods.coming = Some(HashMap::new()),
            Event::InitApply(pod) | Event::Apply(pod) => known(&pod),
            Event::Delete(pod) => drop(pods.now.remove(pod.uid())),
            Event::InitDone => {
                if let Some(listed) = pods.coming.take() {
                    pods.now = listed;
                }
            }
        }
    }

    /// Their names.
    pub fn names(&self) -> BTreeSet<JobName> {
        self.questions.iter().flat_map(|pods| pods.now.values()).cloned().collect()
    }
}

/// Which jobs are kept, with their rows: those that have pods; with a database, those of its rows that have not ended, or whose
/// pods are still there. `rows` are in the order in which they count: of two that name one job, the first.
pub(super) fn wanted(
    rows: Option<&[Row]>,
    with_pods: &BTreeSet<JobName>,
    area: &SearchScope,
) -> BTreeMap<JobName, Option<Row>> {
    let Some(rows) = rows else { return with_pods.iter().map(|name| (name.clone(), None)).collect() };
    let mut wanted = BTreeMap::new();
    for row in rows {
        let resolution = resolve(row);
        let Some(id) = resolution.id() else { continue };
        for name in places(row, id, with_pods, area) {
            if !row.is_terminal() || with_pods.contains(&name) {
                wanted.entry(name).or_insert_with(|| Some(row.clone()));
            }
        }
    }
    wanted
}

/// The job that a row is of. Where jobs of all namespaces are kept, it is where the row says, or else where its pods are.
fn places(row: &Row, id: &JobId, with_pods: &BTreeSet<JobName>, area: &SearchScope) -> Vec<JobName> {
    match (area, row.namespace()) {
        (SearchScope::Namespace(_), _) => vec![id.clone().into()],
        (SearchScope::Cluster, Some(said)) => vec![JobName { namespace: Some(said.to_owned()), id: id.clone() }],
        (SearchScope::Cluster, None) => with_pods.iter().filter(|name| name.id == *id).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::row_from_bytes;

    const ONE: &str = "job-429825360482416da20736cf3ed51a95";
    const OTHER: &str = "job-529825360482416da20736cf3ed51a96";

    fn pod(uid: &str, label: Option<&str>, env: Option<&str>) -> Pod {
        let labels = label.map_or(json!({}), |label| json!({"elb-job-id": label}));
        let env = env.map_or(json!([]), |env| json!([{"name": "BLAST_ELB_JOB_ID", "value": env}]));
        serde_json::from_value(json!({
            "metadata": {"name": uid, "uid": uid, "labels": labels},
            "spec": {"containers": [{"name": "blast", "env": env}]},
        }))
        .unwrap()
    }

    fn ids(jobs: &Jobs) -> Vec<String> {
        jobs.names().iter().map(ToString::to_string).collect()
    }

    fn one() -> SearchScope {
        SearchScope::Namespace("default".to_owned())
    }

    #[test]
    fn a_job_is_what_its_pods_say_by_label_or_environment() {
        for (label, env, id) in [
            (Some(ONE), None, Some(ONE)),
            (None, Some(OTHER), Some(OTHER)),
            (Some(""), Some(OTHER), Some(OTHER)),
            (Some(ONE), Some(OTHER), Some(ONE)),
            (Some("18b9edca-4d8a"), Some(OTHER), None),
            (None, Some(""), None),
            (None, Some("nonsense"), None),
            (None, None, None),
        ] {
            let mut jobs = Jobs::of(one());
            jobs.take(0, Event::Apply(pod("1", label, env)));
            assert_eq!(ids(&jobs), Vec::from_iter(id), "{label:?} {env:?}");
        }
    }

    #[test]
    fn a_job_is_there_as_long_as_one_of_its_pods_is() {
        let mut jobs = Jobs::of(one());
        jobs.take(0, Event::Apply(pod("1", Some(ONE), None)));
        jobs.take(0, Event::Apply(pod("2", Some(ONE), None)));
        jobs.take(1, Event::Apply(pod("3", None, Some(OTHER))));
        assert_eq!(ids(&jobs), [ONE, OTHER]);
        jobs.take(0, Event::Delete(pod("1", Some(ONE), None)));
        assert_eq!(ids(&jobs), [ONE, OTHER]);
        jobs.take(0, Event::Delete(pod("2", Some(ONE), None)));
        assert_eq!(ids(&jobs), [OTHER]);
    }

    #[test]
    fn a_new_list_counts_when_it_is_complete() {
        let mut jobs = Jobs::of(one());
        jobs.take(0, Event::Apply(pod("1", Some(ONE), None)));
        jobs.take(0, Event::Init);
        jobs.take(0, Event::InitApply(pod("2", Some(OTHER), None)));
        assert_eq!(ids(&jobs), [ONE], "half a list says nothing of what is not in it");
        jobs.take(0, Event::InitDone);
        assert_eq!(ids(&jobs), [OTHER]);
    }

    #[test]
    fn of_all_namespaces_a_job_is_its_id_and_where_its_pods_are() {
        let in_namespace = |uid: &str, namespace: &str, id: &str| {
            let mut pod = pod(uid, Some(id), None);
            pod.metadata.namespace = Some(namespace.to_owned());
            Event::Apply(pod)
        };
        let mut jobs = Jobs::of(SearchScope::Cluster);
        jobs.take(0, in_namespace("1", "a", ONE));
        jobs.take(0, in_namespace("2", "b", ONE));
        jobs.take(0, in_namespace("3", "b", OTHER));
        assert_eq!(ids(&jobs), [format!("a/{ONE}"), format!("b/{ONE}"), format!("b/{OTHER}")]);
        let names = |rows: Option<&[Row]>| -> Vec<String> {
            wanted(rows, &jobs.names(), &SearchScope::Cluster).keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(None).len(), 3);
        let silent = row("r", ONE, "completed");
        assert_eq!(names(Some(&[silent])), [format!("a/{ONE}"), format!("b/{ONE}")], "where its pods are");
        let says = |namespace: &str, status: &str| {
            let payload = json!({"elastic_blast_job_id": ONE, "_progress": {"steps": {"running": {"k8s": {"namespace": namespace}}}}});
            let text = json!({"job_id": "r", "status": status, "payload": payload}).to_string();
            row_from_bytes("in", text.as_bytes(), None).unwrap()
        };
        assert_eq!(names(Some(&[says("b", "completed")])), [format!("b/{ONE}")]);
        assert_eq!(names(Some(&[says("c", "running")])), [format!("c/{ONE}")], "its pods may come later");
        assert!(names(Some(&[says("c", "completed")])).is_empty());
    }

    fn row(name: &str, id: &str, status: &str) -> Row {
        let text = json!({"job_id": name, "status": status, "payload": {"elastic_blast_job_id": id}}).to_string();
        row_from_bytes("in", text.as_bytes(), None).unwrap()
    }

    #[test]
    fn of_a_database_the_jobs_that_run_or_still_have_pods_are_kept() {
        let pods = [ONE, OTHER].map(|id| id.parse::<JobId>().unwrap().into());
        let with_pods: BTreeSet<JobName> = BTreeSet::from_iter(pods.clone());
        let none = BTreeSet::new();
        let kept = |rows: &[Row], pods: &BTreeSet<JobName>| -> Vec<(String, Option<String>)> {
            let id = |row: Option<Row>| row.and_then(|row| row.id().map(str::to_owned));
            wanted(Some(rows), pods, &one()).into_iter().map(|(job, row)| (job.to_string(), id(row))).collect()
        };
        let a = || (ONE.to_owned(), Some("a".to_owned()));
        assert_eq!(kept(&[row("a", ONE, "running")], &none), [a()], "its pods may come later");
        assert_eq!(kept(&[row("a", ONE, "completed")], &none), [], "nothing is left of it");
        assert_eq!(kept(&[row("a", ONE, "failed")], &with_pods), [a()], "it ended a moment ago");
        assert_eq!(kept(&[row("a", "", "running")], &with_pods), [], "it has no id yet");
        assert_eq!(kept(&[row("a", ONE, "running"), row("b", ONE, "running")], &none), [a()]);
        assert_eq!(wanted(None, &with_pods, &one()).len(), 2, "without a database, all that have pods");
    }
}
