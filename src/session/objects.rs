//! [`watch`] and [`list`]: a job's pods, Jobs and events as the API has them, whole, and as they change.
//!
//! What is followed is decided elsewhere, from less; this is for whoever asks later how it was.

use std::collections::{HashSet, VecDeque};

use futures::{Stream, StreamExt, future, stream};
use k8s_openapi::api::{batch::v1::Job, core::v1};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams, TypeMeta},
    core::Selector,
    runtime::watcher::Event,
};
use serde_json::Value;

use crate::{
    archive::ObjectLog,
    cluster::{ClusterError, watching},
    discover::{Selection, judge},
    k8s::{Pod, labels},
};

/// Events that wait to be known as the job's, at most: an event may come before its object does.
const UNKNOWN: usize = 1000;

/// The kinds of objects whose events may be the job's.
const OF: [&str; 2] = ["Pod", "Job"];

/// What a watch tells.
#[derive(Debug)]
pub enum ObjectEvent {
    /// An object, new or changed. One that was deleted says so in `deleted`.
    Object(ObjectLog, Value),
    /// Objects of a kind cannot be had at present; the watch goes on by itself.
    Trouble(ObjectLog, ClusterError),
}

/// The four questions: what, of which kind, with which labels.
fn questions(
    client: &Client,
    namespace: &str,
    selection: &Selection,
) -> [(ObjectLog, Api<DynamicObject>, Selector); 4] {
    let [by_label, others] = selection.selectors();
    let api = |resource: ApiResource| Api::namespaced_with(client.clone(), namespace, &resource);
    [
        (ObjectLog::Pods, api(ApiResource::erase::<v1::Pod>(&())), by_label),
        (ObjectLog::Pods, api(ApiResource::erase::<v1::Pod>(&())), others),
        (ObjectLog::Jobs, api(ApiResource::erase::<Job>(&())), labels::of_job(&selection.id)),
        (ObjectLog::Events, api(ApiResource::erase::<v1::Event>(&())), Selector::default()),
    ]
}

/// The job's objects as they come and change, without end.
pub fn watch(
    client: &Client,
    namespace: &str,
    selection: &Selection,
) -> impl Stream<Item = ObjectEvent> + Send + use<> {
    let watches = questions(client, namespace, selection).map(|(change, api, labels)| {
        watching::watch(api, &labels).filter_map(move |heard| future::ready(object_event(change, heard))).boxed()
    });
    let mut ours = Ours::new(selection);
    stream::select_all(watches).flat_map(move |event| stream::iter(ours.take(event)))
}

/// The job's objects as they are, of these kinds.
pub async fn list(client: &Client, namespace: &str, selection: &Selection, wanted: &[ObjectLog]) -> Vec<ObjectEvent> {
    let mut ours = Ours::new(selection);
    let mut all = Vec::new();
    let questions = questions(client, namespace, selection).into_iter();
    for (change, api, labels) in questions.filter(|(change, ..)| wanted.contains(change)) {
        let params = ListParams::default().labels_from(&labels);
        // Pods and Jobs are asked for before events, of which there may be many that are not theirs.
        let kept = |object| whole(change, object, false).filter(|event| ours.may_take(event));
        match watching::list(&api, params, kept).await {
            Ok(listed) => all.extend(listed.into_iter().flatten().flat_map(|event| ours.take(event))),
            Err(error) => all.push(ObjectEvent::Trouble(change, error)),
        }
    }
    all
}

fn object_event(
    change: ObjectLog,
    heard: Result<Event<DynamicObject>, kube::runtime::watcher::Error>,
) -> Option<ObjectEvent> {
    match heard {
        Ok(Event::InitApply(object) | Event::Apply(object)) => whole(change, object, false),
        Ok(Event::Delete(object)) => whole(change, object, true),
        Ok(Event::Init | Event::InitDone) => None,
        Err(error) => Some(ObjectEvent::Trouble(change, ClusterError::from(&error))),
    }
}

fn whole(change: ObjectLog, mut object: DynamicObject, deleted: bool) -> Option<ObjectEvent> {
    // Who wrote which field is half of an object, and nobody's question.
    object.managed_fields_mut().clear();
    // In a list only the list itself says what it is of.
    object.types.get_or_insert_with(|| match change {
        ObjectLog::Jobs => TypeMeta::resource::<Job>(),
        ObjectLog::Events => TypeMeta::resource::<v1::Event>(),
        _ => TypeMeta::resource::<v1::Pod>(),
    });
    let mut value = serde_json::to_value(object).ok()?;
    if deleted {
        value["deleted"] = Value::Bool(true);
    }
    Some(ObjectEvent::Object(change, value))
}

/// Which objects are the job's.
struct Ours {
    selection: Selection,
    /// The uids of its pods and Jobs.
    known: HashSet<String>,
    /// Events of objects that are not known, by the object's uid, the latest last. As text: a tree takes five times as much memory, and
    /// each of many jobs has its own.
    unknown: VecDeque<(String, String)>,
}

impl Ours {
    fn new(selection: &Selection) -> Ours {
        Ours { selection: selection.clone(), known: HashSet::new(), unknown: VecDeque::new() }
    }

    /// Whether it is no event of an object that is not known.
    fn may_take(&self, event: &ObjectEvent) -> bool {
        match event {
            ObjectEvent::Object(ObjectLog::Events, event) => self.known.contains(text(&event["involvedObject"]["uid"])),
            _ => true,
        }
    }

    fn take(&mut self, event: ObjectEvent) -> Vec<ObjectEvent> {
        let ObjectEvent::Object(change, object) = event else { return vec![event] };
        match change {
            ObjectLog::Events if self.known.contains(text(&object["involvedObject"]["uid"])) => {
                vec![ObjectEvent::Object(change, object)]
            }
            ObjectLog::Events if OF.contains(&text(&object["involvedObject"]["kind"])) => {
                if self.unknown.len() >= UNKNOWN {
                    self.unknown.pop_front();
                }
                self.unknown.push_back((text(&object["involvedObject"]["uid"]).to_owned(), object.to_string()));
                Vec::new()
            }
            ObjectLog::Events => Vec::new(),
            ObjectLog::Pods if !self.is_ours(&object) => Vec::new(),
            _ => {
                let uid = text(&object["metadata"]["uid"]).to_owned();
                let about = self.unknown.iter().filter(|(of, _)| *of == uid);
                let events: Vec<Value> = about.filter_map(|(_, event)| serde_json::from_str(event).ok()).collect();
                self.unknown.retain(|(of, _)| *of != uid);
                self.known.insert(uid);
                let events = events.into_iter().map(|event| ObjectEvent::Object(ObjectLog::Events, event));
                [ObjectEvent::Object(change, object)].into_iter().chain(events).collect()
            }
        }
    }

    fn is_ours(&self, pod: &Value) -> bool {
        serde_json::from_value::<Pod>(pod.clone()).is_ok_and(|pod| judge(&pod, &self.selection).is_some())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testcluster::{Access, Action, Kind, Rule};

    use super::*;
    use crate::{
        cluster::watching::PAGE,
        session::fixtures::{ID, Scene, selection},
    };

    fn ours() -> Ours {
        let id = "job-429825360482416da20736cf3ed51a95".parse().unwrap();
        Ours::new(&Selection { id, include_setup: false, labels: None })
    }

    fn event(of: &str) -> ObjectEvent {
        ObjectEvent::Object(
            ObjectLog::Events,
            json!({"metadata": {"name": of}, "involvedObject": {"kind": "Pod", "uid": of}}),
        )
    }

    fn kept(events: Vec<ObjectEvent>) -> Vec<(ObjectLog, String)> {
        let kept = |event| match event {
            ObjectEvent::Object(change, object) => (change, text(&object["metadata"]["name"]).to_owned()),
            ObjectEvent::Trouble(..) => panic!("no trouble"),
        };
        events.into_iter().map(kept).collect()
    }

    #[test]
    fn events_are_the_jobs_when_their_object_is_whichever_comes_first() {
        let mut ours = ours();
        assert_eq!(kept(ours.take(event("p"))), []);
        assert_eq!(kept(ours.take(event("other"))), []);
        let label = json!({"elb-job-id": "job-429825360482416da20736cf3ed51a95"});
        let pod = json!({"metadata": {"name": "pod", "uid": "p", "labels": label}});
        let taken = kept(ours.take(ObjectEvent::Object(ObjectLog::Pods, pod)));
        assert_eq!(taken, [(ObjectLog::Pods, "pod".to_owned()), (ObjectLog::Events, "p".to_owned())]);
        assert_eq!(kept(ours.take(event("p"))), [(ObjectLog::Events, "p".to_owned())]);
        assert_eq!(kept(ours.take(event("other"))), []);
        // It changes: what was told of it is not told again, and what is not known waits on.
        let pod = json!({"metadata": {"name": "pod", "uid": "p", "labels": {"elb-job-id": "job-429825360482416da20736cf3ed51a95"}}});
        assert_eq!(kept(ours.take(ObjectEvent::Object(ObjectLog::Pods, pod))), [(ObjectLog::Pods, "pod".to_owned())]);
        assert_eq!(ours.unknown.len(), 2);
    }

    #[test]
    fn events_of_what_no_job_consists_of_are_left_out() {
        let mut ours = ours();
        let node = json!({"metadata": {"name": "e"}, "involvedObject": {"kind": "Node", "uid": "n"}});
        assert_eq!(kept(ours.take(ObjectEvent::Object(ObjectLog::Events, node))), []);
        assert!(ours.unknown.is_empty() && ours.known.is_empty());
    }

    #[test]
    fn an_object_says_what_it_is_and_whether_it_was_deleted() {
        let object = || -> DynamicObject {
            let manager = json!([{"manager": "kubelet"}]);
            serde_json::from_value(json!({"metadata": {"name": "n", "managedFields": manager}, "spec": {"a": 1}}))
                .unwrap()
        };
        let of = |kind, version, deleted: bool| {
            let mut value = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "n", "managedFields": []}, "spec": {"a": 1}});
            if deleted {
                value["deleted"] = true.into();
            }
            value
        };
        for (log, event, expected) in [
            (ObjectLog::Pods, Event::Apply(object()), Some(of("Pod", "v1", false))),
            (ObjectLog::Pods, Event::InitApply(object()), Some(of("Pod", "v1", false))),
            (ObjectLog::Jobs, Event::Delete(object()), Some(of("Job", "batch/v1", true))),
            (ObjectLog::Events, Event::Apply(object()), Some(of("Event", "v1", false))),
            (ObjectLog::Events, Event::Init, None),
            (ObjectLog::Events, Event::InitDone, None),
        ] {
            let told = object_event(log, Ok(event)).map(|told| match told {
                ObjectEvent::Object(known, value) if known == log => value,
                other => panic!("{other:?}"),
            });
            assert_eq!(told, expected);
        }
        let error = kube::runtime::watcher::Error::NoResourceVersion;
        assert!(matches!(object_event(ObjectLog::Jobs, Err(error)), Some(ObjectEvent::Trouble(ObjectLog::Jobs, _))));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_is_of_the_kinds_that_are_wanted_and_of_this_job_whole() {
        let scene = Scene::new(Access::all().deny("list", "jobs")).await;
        let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
        let other = scene.server.pod("other").label("elb-job-id", "job-529825360482416da20736cf3ed51a95");
        other.container("c").create().event("Normal", "Of", "another");
        // More than a page.
        for number in 0..PAGE + 1 {
            pod.event("Normal", "Number", &number.to_string());
        }
        let client = scene.cluster.client();
        let listed = async |wanted: &[ObjectLog]| {
            let mut counts: Vec<(ObjectLog, usize, usize)> = Vec::new();
            for event in list(&client, "default", &selection(), wanted).await {
                let (kind, objects, troubles) = match event {
                    ObjectEvent::Object(kind, _) => (kind, 1, 0),
                    ObjectEvent::Trouble(kind, _) => (kind, 0, 1),
                };
                match counts.last_mut() {
                    Some((known, all, failed)) if *known == kind => {
                        (*all, *failed) = (*all + objects, *failed + troubles)
                    }
                    _ => counts.push((kind, objects, troubles)),
                }
            }
            counts
        };
        assert_eq!(listed(&[ObjectLog::Pods]).await, [(ObjectLog::Pods, 1, 0)]);
        let all = [(ObjectLog::Pods, 1, 0), (ObjectLog::Jobs, 0, 1), (ObjectLog::Events, PAGE as usize + 1, 0)];
        assert_eq!(listed(&ObjectLog::ALL).await, all);
        let expired = Action::Answer { code: 410, retry_after: None };
        let continued = |call: &testcluster::Call| call.kind == Kind::List && call.parameter("continue").is_some();
        scene.server.faults().push(Rule::new(continued, expired).times(1));
        assert_eq!(listed(&ObjectLog::ALL).await, all, "a token that has expired costs nothing");
        let scene = Scene::new(Access::all()).await;
        scene.server.job("ours").label("elb-job-id", ID).create();
        scene.server.job("another").label("elb-job-id", "job-529825360482416da20736cf3ed51a95").create();
        let jobs = list(&scene.cluster.client(), "default", &selection(), &[ObjectLog::Jobs]).await;
        assert_eq!(kept(jobs), [(ObjectLog::Jobs, "ours".to_owned())]);
    }

    #[test]
    fn pods_of_other_jobs_are_left_out() {
        let mut ours = ours();
        let label = json!({"elb-job-id": "job-529825360482416da20736cf3ed51a95"});
        let pod = json!({"metadata": {"name": "blastn-batch-s0-job-000-3ed51a95-x", "uid": "q", "labels": label}});
        assert_eq!(kept(ours.take(ObjectEvent::Object(ObjectLog::Pods, pod))), []);
        assert_eq!(kept(ours.take(event("q"))), []);
    }

    #[test]
    fn events_that_are_nobodys_do_not_fill_the_memory() {
        let mut ours = ours();
        (0..3 * UNKNOWN).for_each(|number| drop(ours.take(event(&number.to_string()))));
        assert_eq!(ours.unknown.len(), UNKNOWN);
    }
}
