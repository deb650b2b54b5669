//! The job's pods from the cluster: once, with [`list`], or as they come and go, with [`watch`].

use std::{
    collections::HashMap,
    fmt::Debug,
    pin::Pin,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, future, stream};
use k8s_openapi::api::batch::v1::Job;
use kube::{Api, Client, api::ListParams, core::Selector, runtime::watcher};
use serde::de::DeserializeOwned;

use super::{Match, Selection, job_of_job, judge, names_job, selectors_of_all};
use crate::{
    backoff::{DENIED_FOR, Pauses},
    cluster::{ClusterError, watching},
    job_id::JobId,
    k8s::{Pod, labels},
};

/// The pause between lists where pods may be listed but not watched.
const POLL: Duration = Duration::from_secs(2);
/// Lists after which the watch is tried again.
const POLLS: usize = 30;
/// Refusals further apart than this have nothing to do with each other: more than the longest pause between two attempts.
const DENIED_APART: Duration = Duration::from_secs(20);

/// Attempts to list before a busy server's answer is the answer.
const ATTEMPTS: u32 = 6;

/// The job's pods now. A server that is busy is asked again for a few seconds.
pub async fn list(client: &Client, namespace: &str, selection: &Selection) -> Result<Vec<Match>, ClusterError> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pods = list_of(&api, selection.selectors(), Pod::slim).await?;
    Ok(pods.into_iter().filter_map(|pod| matched(pod, selection)).collect())
}

/// All that one of `selectors` takes, page by page, with `keep` done to each; a server that is busy is asked again for a few
/// seconds.
pub(super) async fn list_of<K>(
    api: &Api<K>,
    selectors: [Selector; 2],
    keep: impl Fn(K) -> K + Copy,
) -> Result<Vec<K>, ClusterError>
where
    K: Clone + Debug + DeserializeOwned,
{
    list_with(api, selectors, keep, watching::pauses).await
}

async fn list_with<K>(
    api: &Api<K>,
    selectors: [Selector; 2],
    keep: impl Fn(K) -> K + Copy,
    pauses: impl Fn() -> Pauses + Copy,
) -> Result<Vec<K>, ClusterError>
where
    K: Clone + Debug + DeserializeOwned,
{
    let lists = selectors.map(|selector| async move {
        let mut pauses = pauses();
        loop {
            match watching::list(api, ListParams::default().labels_from(&selector), keep).await {
                Err(error) if is_busy(&error) && pauses.failures() + 1 < ATTEMPTS => {
                    let asked = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(pauses.after_failure_at_least(asked)).await;
                }
                listed => return listed,
            }
        }
    });
    Ok(future::try_join_all(lists).await?.into_iter().flatten().collect())
}

/// Whether the server answered, but had no time.
fn is_busy(error: &ClusterError) -> bool {
    matches!(error, ClusterError::Rejected(_) | ClusterError::Broken { .. }) && error.is_transient()
}

/// The Jobs that carry one of `ids`.
pub async fn jobs(client: &Client, namespace: &str, ids: &[JobId]) -> Result<Vec<Job>, ClusterError> {
    let api: Api<Job> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default().labels_from(&labels::of_jobs(ids));
    watching::list(&api, params, |job| job).await
}

/// The same Jobs, and those that say whose they are in another way: by what their pods are told, or by their names. They are those that
/// `elbtail jobs` counts.
pub async fn all_jobs(client: &Client, namespace: &str, ids: &[JobId]) -> Result<Vec<Job>, ClusterError> {
    let api: Api<Job> = Api::namespaced(client.clone(), namespace);
    let [_, without_id] = selectors_of_all();
    let all = list_of(&api, [labels::of_jobs(ids), without_id], |job| job).await?;
    let is_ours = |job: &Job| match job_of_job(job) {
        Some(id) => ids.contains(&id),
        None => ids.iter().any(|id| names_job(job, id)),
    };
    Ok(all.into_iter().filter(is_ours).collect())
}

fn matched(pod: Pod, selection: &Selection) -> Option<Match> {
    let evidence = judge(&pod, selection)?;
    Some(Match { pod, evidence })
}

/// What a watch tells.
#[derive(Debug)]
pub enum PodChange {
    /// A pod of the job, new or changed, and why it is the job's.
    Pod(Box<Match>),
    /// A pod of the job is gone, by its uid.
    Gone(String),
    /// One of the two questions has been answered in full for the first time.
    Listed,
    /// The pods may be listed but not watched, so they are listed every few seconds. Told once.
    Polling(ClusterError),
    /// The watch is interrupted and goes on by itself.
    Trouble(ClusterError),
    /// The watch could not begin, or is not permitted any more. It goes on, but that may be in vain.
    Failed(ClusterError),
}

/// The job's pods as they come and go, without end. It survives expired versions, resyncs and lost connections, and tells a
/// pod that vanished while it could not look. Where pods may not be watched, it lists them every few seconds.
pub fn watch(client: &Client, namespace: &str, selection: &Selection) -> impl Stream<Item = PodChange> + Send + use<> {
    watch_or_poll(client, namespace, selection, POLL)
}

fn watch_or_poll(
    client: &Client,
    namespace: &str,
    selection: &Selection,
    pause: Duration,
) -> impl Stream<Item = PodChange> + Send + use<> {
    let [by_label, others] = selection.selectors().map(|selector| {
        let source = PodQuestion::new(client, namespace, selector, pause);
        let mut known = Known::default();
        let selection = selection.clone();
        let heard = stream::unfold(source, |mut source| async move { Some((source.next().await, source)) });
        heard.flat_map(stream::iter).flat_map(move |heard| stream::iter(known.take(heard, &selection)))
    });
    let mut polls = false;
    stream::select(by_label, others).filter(move |change| {
        let told_before = matches!(change, PodChange::Polling(_)) && std::mem::replace(&mut polls, true);
        future::ready(!told_before)
    })
}

/// What one question brings.
enum PodAnswer {
    Event(Box<watcher::Event<Pod>>),
    /// Watching is not permitted, but listing is.
    MayOnlyList(ClusterError),
    Error(ClusterError),
}

type Watching = Pin<Box<dyn Stream<Item = watcher::Result<watcher::Event<Pod>>> + Send>>;

/// One question for pods, watched or polled.
struct PodQuestion {
    client: Client,
    namespace: String,
    selector: Selector,
    /// Between two lists where watching is not permitted.
    pause: Duration,
    /// `None` while watching is not permitted.
    watching: Option<Watching>,
    /// Lists since the watch was last tried.
    polls: usize,
}

impl PodQuestion {
    fn new(client: &Client, namespace: &str, selector: Selector, pause: Duration) -> PodQuestion {
        let (client, namespace) = (client.clone(), namespace.to_owned());
        let mut source = PodQuestion { client, namespace, selector, pause, watching: None, polls: 0 };
        source.watch();
        source
    }

    fn watch(&mut self) {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        (self.watching, self.polls) = (Some(watching::watch(api, &self.selector).boxed()), 0);
    }

    /// The list, asked for without what is watched.
    fn list(&self) -> impl Future<Output = Result<Vec<Pod>, ClusterError>> + Send + use<> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let selector = self.selector.clone();
        async move { watching::list(&api, ListParams::default().labels_from(&selector), Pod::slim).await }
    }

    async fn next(&mut self) -> Vec<PodAnswer> {
        let Some(watching) = &mut self.watching else { return self.poll().await };
        match watching.next().await {
            Some(Ok(event)) => vec![PodAnswer::Event(Box::new(event))],
            Some(Err(error)) => {
                let started = matches!(error, watcher::Error::WatchStartFailed(_));
                let error = ClusterError::from(&error);
                if started && matches!(error, ClusterError::Forbidden(_)) {
                    self.list_instead(error).await
                } else {
                    vec![PodAnswer::Error(error)]
                }
            }
            // A watcher has no end.
            None => {
                self.watching = None;
                Vec::new()
            }
        }
    }

    /// Finds out whether it is watching alone that is not permitted.
    async fn list_instead(&mut self, error: ClusterError) -> Vec<PodAnswer> {
        match self.list().await {
            Ok(pods) => {
                self.watching = None;
                [PodAnswer::MayOnlyList(error)].into_iter().chain(as_events(pods)).collect()
            }
            Err(error) => vec![PodAnswer::Error(error)],
        }
    }

    async fn poll(&mut self) -> Vec<PodAnswer> {
        tokio::time::sleep(self.pause).await;
        self.polls += 1;
        if self.polls > POLLS {
            self.watch();
            return Vec::new();
        }
        match self.list().await {
            Ok(pods) => as_events(pods).collect(),
            Err(error) => vec![PodAnswer::Error(error)],
        }
    }
}

/// A list as a watch would tell it.
fn as_events(pods: Vec<Pod>) -> impl Iterator<Item = PodAnswer> {
    let pods = pods.into_iter().map(watcher::Event::InitApply);
    [watcher::Event::Init]
        .into_iter()
        .chain(pods)
        .chain([watcher::Event::InitDone])
        .map(|event| PodAnswer::Event(Box::new(event)))
}

/// The pods one watch has told of, to notice those that a resync does not list any more.
#[derive(Default)]
struct Known {
    /// By uid; whether the resync in progress has listed it.
    pods: HashMap<String, bool>,
    listed_once: bool,
    /// The first and the latest of the refusals in a row.
    denied: Option<(Instant, Instant)>,
}

impl Known {
    fn take(&mut self, heard: PodAnswer, selection: &Selection) -> Vec<PodChange> {
        match heard {
            PodAnswer::Event(event) => self.take_event(*event, selection),
            PodAnswer::MayOnlyList(error) => vec![PodChange::Polling(error)],
            PodAnswer::Error(error) => vec![self.take_error(error, Instant::now())],
        }
    }

    fn take_event(&mut self, event: watcher::Event<Pod>, selection: &Selection) -> Vec<PodChange> {
        match event {
            watcher::Event::Init => {
                self.pods.values_mut().for_each(|listed| *listed = false);
                Vec::new()
            }
            watcher::Event::InitApply(pod) | watcher::Event::Apply(pod) => {
                let Some(found) = matched(pod.slim(), selection) else { return Vec::new() };
                self.pods.insert(found.pod.uid().to_owned(), true);
                vec![PodChange::Pod(Box::new(found))]
            }
            watcher::Event::Delete(pod) => {
                // Its last state may never have been told otherwise.
                let Some(uid) = self.pods.remove_entry(pod.uid()).map(|(uid, _)| uid) else { return Vec::new() };
                let last = matched(pod.slim(), selection);
                let last = last.map(|found| PodChange::Pod(Box::new(found)));
                last.into_iter().chain([PodChange::Gone(uid)]).collect()
            }
            watcher::Event::InitDone => {
                self.denied = None;
                let gone: Vec<String> = self.pods.extract_if(|_, listed| !*listed).map(|(uid, _)| uid).collect();
                let first = !std::mem::replace(&mut self.listed_once, true);
                gone.into_iter().map(PodChange::Gone).chain(first.then_some(PodChange::Listed)).collect()
            }
        }
    }

    /// At the start an unreachable server is the answer; one that is only busy, or cuts a connection, is not. Later only a
    /// permission that stays away is.
    fn take_error(&mut self, error: ClusterError, now: Instant) -> PodChange {
        let away = matches!(error, ClusterError::Unreachable { .. });
        let begun = self.listed_once || !self.pods.is_empty();
        let in_vain = if begun { self.stays_denied(&error, now) } else { away || !error.is_transient() };
        if in_vain { PodChange::Failed(error) } else { PodChange::Trouble(error) }
    }

    fn stays_denied(&mut self, error: &ClusterError, now: Instant) -> bool {
        if !error.is_final() {
            return false;
        }
        let before = self.denied.filter(|(_, last)| now.saturating_duration_since(*last) < DENIED_APART);
        let first = before.map_or(now, |(first, _)| first);
        self.denied = Some((first, now));
        now.saturating_duration_since(first) >= DENIED_FOR
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Deref;

    use testcluster::{Access, Action, Kind, Rule};

    use super::*;
    use crate::{
        backoff::Backoff,
        cluster::{Obstacle, Rejection, fixtures::Connected},
    };

    fn denied() -> ClusterError {
        let message = "pods is forbidden: User \"u\" cannot list resource \"pods\"".to_owned();
        ClusterError::from(Rejection { code: 403, reason: "Forbidden".to_owned(), message, retry_after: None })
    }

    fn away() -> ClusterError {
        ClusterError::Unreachable { host: "c:443".to_owned(), why: Obstacle::Refused }
    }

    fn fails(known: &mut Known, error: ClusterError, now: Instant) -> bool {
        matches!(known.take_error(error, now), PodChange::Failed(_))
    }

    #[test]
    fn what_was_never_permitted_is_not_tried_again() {
        let now = Instant::now();
        assert!(fails(&mut Known::default(), denied(), now));
        assert!(fails(&mut Known::default(), away(), now));
        let busy = Rejection { code: 503, reason: String::new(), message: String::new(), retry_after: None };
        assert!(!fails(&mut Known::default(), ClusterError::from(busy), now));
    }

    #[test]
    fn what_was_permitted_a_moment_ago_is_tried_for_two_minutes() {
        let (start, mut known) = (Instant::now(), Known { listed_once: true, ..Known::default() });
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!((0..24).all(|tried| !fails(&mut known, denied(), at(tried * 5))));
        assert!(fails(&mut known, denied(), at(120)));
    }

    const ID: &str = "job-429825360482416da20736cf3ed51a95";

    fn pod(uid: &str, id: &str) -> Pod {
        let labels = serde_json::json!({"elb-job-id": id});
        serde_json::from_value(serde_json::json!({"metadata": {"name": "p", "uid": uid, "labels": labels}})).unwrap()
    }

    /// What is told of these events, a word or two each.
    fn told(known: &mut Known, events: impl IntoIterator<Item = watcher::Event<Pod>>) -> Vec<String> {
        let selection = Selection { id: ID.parse().unwrap(), include_setup: false, labels: None };
        let told = |change| match change {
            PodChange::Pod(found) => format!("pod {}", found.pod.uid()),
            PodChange::Gone(uid) => format!("gone {uid}"),
            PodChange::Listed => "listed".to_owned(),
            change => format!("{change:?}"),
        };
        let take = |event| known.take(PodAnswer::Event(Box::new(event)), &selection);
        events.into_iter().flat_map(take).map(told).collect()
    }

    #[test]
    fn what_a_new_list_does_not_have_is_gone_once_the_list_is_complete() {
        use watcher::Event::{Apply, Init, InitApply, InitDone};
        let mut known = Known::default();
        let first = [Init, InitApply(pod("1", ID)), InitApply(pod("2", ID)), InitApply(pod("3", "")), InitDone];
        assert_eq!(told(&mut known, first), ["pod 1", "pod 2", "listed"]);
        assert_eq!(told(&mut known, [Apply(pod("4", ID)), Init, InitApply(pod("2", ID))]), ["pod 4", "pod 2"]);
        let mut gone = told(&mut known, [InitDone]);
        gone.sort();
        assert_eq!(gone, ["gone 1", "gone 4"], "it was listed in full before");
        assert_eq!(told(&mut known, [Init, InitApply(pod("2", ID)), InitDone]), ["pod 2"]);
    }

    #[test]
    fn a_pod_that_is_deleted_is_told_with_its_last_state_if_it_was_the_jobs() {
        use watcher::Event::{Apply, Delete};
        let mut known = Known::default();
        assert!(told(&mut known, [Apply(pod("1", "")), Delete(pod("1", "")), Delete(pod("2", ID))]).is_empty());
        assert_eq!(told(&mut known, [Apply(pod("3", ID)), Delete(pod("3", ID))]), ["pod 3", "pod 3", "gone 3"]);
        assert!(told(&mut known, [Delete(pod("3", ID))]).is_empty(), "once");
        assert_eq!(told(&mut known, [Apply(pod("4", ID)), Delete(pod("4", ""))]), ["pod 4", "gone 4"]);
    }

    #[test]
    fn a_pod_that_was_told_is_a_beginning_and_a_list_ends_a_row_of_refusals() {
        let (start, selection) =
            (Instant::now(), Selection { id: ID.parse().unwrap(), include_setup: false, labels: None });
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut known = Known::default();
        told(&mut known, [watcher::Event::Apply(pod("1", ID))]);
        assert!(!fails(&mut known, denied(), at(0)));
        assert!((1..24).all(|tried| !fails(&mut known, denied(), at(tried * 5))));
        told(&mut known, [watcher::Event::InitDone]);
        assert!(!fails(&mut known, denied(), at(120)), "the row begins anew");
        assert!(matches!(known.take(PodAnswer::MayOnlyList(denied()), &selection)[..], [PodChange::Polling(_)]));
        assert!(matches!(known.take(PodAnswer::Error(away()), &selection)[..], [PodChange::Trouble(_)]));
    }

    #[test]
    fn refusals_are_of_one_row_if_less_than_twenty_seconds_lie_between() {
        for (apart, failed) in [(19, true), (20, false)] {
            let (start, mut known) = (Instant::now(), Known { listed_once: true, ..Known::default() });
            let tried = (0..8).map(|tried| fails(&mut known, denied(), start + Duration::from_secs(tried * apart)));
            assert_eq!(tried.last(), Some(failed), "{apart}");
        }
    }

    #[test]
    fn a_server_is_busy_that_answered_so_or_broke_off() {
        let rejected = |code| {
            ClusterError::from(Rejection { code, reason: String::new(), message: String::new(), retry_after: None })
        };
        let broken = ClusterError::Broken { host: "c:443".to_owned(), why: "reset".to_owned() };
        for (error, busy) in [
            (rejected(429), true),
            (rejected(503), true),
            (rejected(404), false),
            (broken, true),
            (away(), false),
            (denied(), false),
        ] {
            assert_eq!(is_busy(&error), busy, "{error:?}");
        }
    }

    #[test]
    fn refusals_with_a_working_watch_between_do_not_add_up() {
        let (start, mut known) = (Instant::now(), Known { listed_once: true, ..Known::default() });
        let at = |seconds| start + Duration::from_secs(seconds);
        // A watch that is quiet works without a word.
        assert!((0..9).all(|hour| !fails(&mut known, denied(), at(hour * 3600))));
        assert!((0..100).all(|tried| !fails(&mut known, away(), at(40_000 + tried * 5))));
    }

    /// Short enough for a test, and long enough to be seen.
    const PAUSE: Duration = Duration::from_millis(20);

    /// A test cluster with a pod of the job and one of another, and a user's client.
    struct Scene(Connected);

    impl Deref for Scene {
        type Target = Connected;

        fn deref(&self) -> &Connected {
            &self.0
        }
    }

    impl Scene {
        async fn new(user: Access) -> Scene {
            let connected = Connected::new(user).await;
            for (name, id) in [("ours", ID), ("theirs", "job-00000000000000000000000000000000")] {
                let pod = connected.server.pod(name).label("app", "blast").label("elb-job-id", id);
                pod.container("blast").create();
            }
            Scene(connected)
        }

        async fn list(&self) -> Result<Vec<String>, ClusterError> {
            let found = list(&self.cluster.client(), "default", &selection()).await?;
            Ok(found.iter().map(|found| found.pod.name().to_owned()).collect())
        }

        /// The pods of both questions, tried again after `pause` each time.
        async fn list_after(&self, pause: Duration) -> Result<Vec<Pod>, ClusterError> {
            let api: Api<Pod> = Api::namespaced(self.cluster.client(), "default");
            list_with(&api, selection().selectors(), Pod::slim, || Pauses::new(Backoff::new(pause, pause, 1))).await
        }

        fn lists(&self) -> usize {
            self.server.counts().requests(Kind::List)
        }

        fn refuse(&self, code: u16, times: usize) {
            let refuse = Action::Answer { code, retry_after: None };
            self.server.faults().push(Rule::new(|call| call.kind == Kind::List, refuse).times(times));
        }

        fn question(&self) -> PodQuestion {
            PodQuestion::new(&self.cluster.client(), "default", labels::of_job(&ID.parse().unwrap()), PAUSE)
        }
    }

    fn selection() -> Selection {
        Selection { id: ID.parse().unwrap(), include_setup: false, labels: None }
    }

    /// In a word each.
    fn words(answers: &[PodAnswer]) -> Vec<&'static str> {
        let word = |answer: &PodAnswer| match answer {
            PodAnswer::Event(event) => match **event {
                watcher::Event::Init => "init",
                watcher::Event::InitApply(_) => "pod",
                watcher::Event::InitDone => "done",
                watcher::Event::Apply(_) => "changed",
                watcher::Event::Delete(_) => "gone",
            },
            PodAnswer::MayOnlyList(_) => "may only list",
            PodAnswer::Error(_) => "error",
        };
        answers.iter().map(word).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_has_the_jobs_pods_and_only_a_busy_server_is_asked_again() {
        let scene = Scene::new(Access::all()).await;
        assert_eq!(scene.list().await.unwrap(), ["ours"]);
        assert_eq!(scene.lists(), 2, "by the label, and all the others");
        scene.refuse(503, 1);
        assert_eq!(scene.list().await.unwrap(), ["ours"]);
        assert_eq!(scene.lists(), 2 + 3);
        scene.refuse(403, usize::MAX);
        assert!(scene.list().await.is_err());
        assert!(scene.lists() <= 5 + 2, "that is the answer");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_is_always_busy_is_asked_six_times() {
        let scene = Scene::new(Access::all()).await;
        let refuse = Action::Answer { code: 503, retry_after: None };
        let by_label = |call: &testcluster::Call| {
            call.kind == Kind::List
                && call.parameter("labelSelector").is_some_and(|label| label.contains("elb-job-id="))
        };
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = asked.clone();
        let rule = move |call: &testcluster::Call| {
            let is_asked = by_label(call);
            counted.fetch_add(usize::from(is_asked), std::sync::atomic::Ordering::Relaxed);
            is_asked
        };
        scene.server.faults().push(Rule::new(rule, refuse).times(usize::MAX));
        let began = Instant::now();
        assert!(scene.list_after(PAUSE).await.is_err());
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), ATTEMPTS as usize);
        assert!(began.elapsed() >= PAUSE / 2 * (ATTEMPTS - 1));
        // One that says how long it wants to be left alone is.
        let patient = Scene::new(Access::all()).await;
        let refuse = Action::Answer { code: 429, retry_after: Some(1) };
        patient.server.faults().push(Rule::new(|call| call.kind == Kind::List, refuse).times(1));
        let began = Instant::now();
        assert_eq!(patient.list_after(PAUSE).await.unwrap().len(), 1);
        assert!(began.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_jobs_of_an_id_are_listed_by_their_label_and_all_of_them_by_whatever_says_whose_they_are() {
        let scene = Scene::new(Access::all()).await;
        const THEIRS: &str = "job-00000000000000000000000000000000";
        for (name, id) in
            [("ours", Some(ID)), ("theirs", Some(THEIRS)), ("elb-finalizer-3ed51a95", None), ("other", None)]
        {
            let job = scene.server.job(name).label("app", "finalizer");
            id.map_or(job.clone(), |id| job.label("elb-job-id", id)).create();
        }
        let (client, ids) = (scene.cluster.client(), [ID.parse().unwrap()]);
        let names = |jobs: Vec<Job>| {
            let mut names: Vec<_> = jobs.iter().map(kube::ResourceExt::name_any).collect();
            names.sort();
            names
        };
        assert_eq!(names(jobs(&client, "default", &ids).await.unwrap()), ["ours"]);
        assert_eq!(names(all_jobs(&client, "default", &ids).await.unwrap()), ["elb-finalizer-3ed51a95", "ours"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_may_list_but_not_watch_is_told_so_once_and_sees_the_pods() {
        // Three lists: before the watch, in its place, and after a pause.
        for (user, polling, seen) in [(Access::all(), 0, 1), (Access::all().deny("watch", "pods"), 1, 3)] {
            let scene = Scene::new(user).await;
            let mut changes = watch_or_poll(&scene.cluster.client(), "default", &selection(), PAUSE).boxed();
            let (mut told, mut listed, mut pods) = (0, 0, 0);
            while listed < 2 || pods < seen {
                match changes.next().await.unwrap() {
                    PodChange::Polling(_) => told += 1,
                    PodChange::Listed => listed += 1,
                    PodChange::Pod(found) => pods += usize::from(found.pod.name() == "ours"),
                    change => panic!("{change:?}"),
                }
            }
            assert_eq!((told, pods), (polling, seen));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_watch_that_may_not_begin_is_replaced_by_lists() {
        let scene = Scene::new(Access::all().deny("watch", "pods")).await;
        let mut question = scene.question();
        assert_eq!(words(&question.next().await), ["init"]);
        let mut all = Vec::new();
        while question.watching.is_some() {
            all.extend(question.next().await);
        }
        assert!(words(&all).ends_with(&["may only list", "init", "pod", "done"]), "{:?}", words(&all));
        assert_eq!(question.polls, 0);
        let began = Instant::now();
        assert_eq!(words(&question.poll().await), ["init", "pod", "done"]);
        assert!(began.elapsed() >= PAUSE, "not at once");
        assert_eq!(question.polls, 1);
        question.polls = POLLS - 1;
        assert_eq!(words(&question.poll().await), ["init", "pod", "done"]);
        assert!(question.poll().await.is_empty(), "the watch is tried again");
        assert!(question.watching.is_some() && question.polls == 0);
        // A watch that does not begin for another reason goes on as one.
        let busy = Scene::new(Access::all()).await;
        let refuse = Action::Answer { code: 503, retry_after: None };
        busy.server.faults().push(Rule::new(|call| call.kind == Kind::Watch, refuse));
        let mut question = busy.question();
        let mut all = Vec::new();
        while !words(&all).contains(&"error") {
            all.extend(question.next().await);
        }
        assert!(question.watching.is_some() && !words(&all).contains(&"may only list"), "{:?}", words(&all));
        // One that says how long it wants to be left alone is.
        let patient = Scene::new(Access::all()).await;
        let refuse = Action::Answer { code: 429, retry_after: Some(1) };
        patient.server.faults().push(Rule::new(|call| call.kind == Kind::Watch, refuse).times(1));
        let mut question = patient.question();
        while !words(&question.next().await).contains(&"error") {}
        let began = Instant::now();
        patient.server.pod("late").label("elb-job-id", ID).container("blast").create();
        assert_eq!(words(&question.next().await), ["changed"]);
        assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
        // Neither is permitted: it goes on as a watch that fails.
        let nobody = Scene::new(Access::none()).await;
        let mut question = nobody.question();
        assert_eq!(words(&question.next().await), ["init"]);
        assert_eq!(words(&question.next().await), ["error"]);
        assert!(question.watching.is_some());
    }
}
