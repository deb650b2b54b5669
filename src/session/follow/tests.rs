//! Runs against the test cluster: what they say, and when they end.

use std::time::Duration;

use testcluster::{Access, Action, Kind};
use tokio::time::timeout;

use super::*;
use crate::{
    cluster::Rejection,
    follow::{drive::ContainerNews, follower::Scope},
    k8s::{
        Role, label_selector,
        status::{PodLife, Status},
    },
    session::fixtures::{ID, Said, Scene, outlet, selection, sorted_lines as lines, texts},
};

impl Scene {
    /// Follows with this news of the row, and returns how the job ended and all that was said.
    async fn follow(&self, filter: ContainerFilter, rows: Vec<RowNews>) -> (Ending, Vec<RunEvent>) {
        let (out, said) = outlet();
        let (row, news) = mpsc::channel(8);
        for told in rows {
            row.send(told).await.unwrap();
        }
        let wanted = wanted(filter);
        let progress = Progress::default();
        let run = follow(&self.cluster, "default", wanted, news, out, &progress);
        let ending = timeout(Duration::from_secs(120), run).await.expect("it ends").unwrap();
        (ending, said.all().await)
    }
}

fn wanted(filter: ContainerFilter) -> WantedLogs {
    let scope = Scope { follow: true, ..Scope::default() };
    WantedLogs { filter, scope, resume: None, hold: None, pods: None }
}

fn id() -> RowNews {
    RowNews::Id(Box::new(selection()))
}

fn row(status: &str) -> RowNews {
    RowNews::Ended(status.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_ended_when_its_finalizer_its_row_or_its_jobs_say_so_and_failed_when_any_does() {
    let all = Access::all;
    let no_jobs = || Access::all().deny("*", "jobs");
    for (user, finalizer, code, rows, failed) in [
        (all(), true, 0, vec![id()], false),
        (all(), true, 1, vec![id()], true),
        (all(), false, 0, vec![id(), row("completed")], false),
        (all(), false, 1, vec![row("completed"), id()], true),
        (all(), false, 0, vec![id(), row("failed")], true),
        // Pods alone, of which no Job is left, or of which nobody may know.
        (all(), false, 0, vec![id()], false),
        (all(), false, 1, vec![id()], true),
        (no_jobs(), false, 0, vec![id()], false),
        (no_jobs(), true, 1, vec![id()], true),
    ] {
        let scene = Scene::new(user).await;
        scene.ended("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast", code);
        let mut expected = vec!["line of blastn-batch-s03-job-000-3ed51a95-p9vp5".to_owned()];
        if finalizer {
            scene.ended("elb-finalizer-3ed51a95-7vvqw", "finalizer", 0);
            expected.push("line of elb-finalizer-3ed51a95-7vvqw".to_owned());
        }
        let (ending, events) = scene.follow(ContainerFilter::default(), rows.clone()).await;
        assert_eq!(ending, Ending { failed, pods: expected.len() }, "{finalizer} {code} {rows:?}");
        assert_eq!(events.last(), Some(&RunEvent::Ended(ending)));
        assert_eq!(lines(&events), expected, "everything was read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_pods_has_ended_when_its_row_says_so_and_has_said_which_it_is() {
    for (status, failed) in [("completed", false), ("failed", true)] {
        let scene = Scene::new(Access::all()).await;
        let (ending, events) = scene.follow(ContainerFilter::default(), vec![row(status), id()]).await;
        assert_eq!(ending, Ending { failed, pods: 0 });
        let none_yet =
            events.iter().filter(|event| matches!(event, RunEvent::Notice(Notice::NoPodsYet { .. }))).count();
        assert!(none_yet <= 1, "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_containers_that_are_wanted_are_found_and_the_job_ends_all_the_same() {
    let scene = Scene::new(Access::all()).await;
    scene.ended("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast", 0);
    scene.ended("elb-finalizer-3ed51a95-7vvqw", "finalizer", 0);
    let filter = ContainerFilter { pods: vec!["finalizer".parse().unwrap()], ..ContainerFilter::default() };
    let (ending, events) = scene.follow(filter, vec![id()]).await;
    assert_eq!(ending, Ending { failed: false, pods: 2 });
    let found = events.iter().filter(|event| matches!(event, RunEvent::Found(_))).count();
    assert_eq!((found, lines(&events)), (1, vec!["line of elb-finalizer-3ed51a95-7vvqw".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_while_a_pod_of_it_runs() {
    let scene = Scene::new(Access::all()).await;
    let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    scene.ended("elb-finalizer-3ed51a95-7vvqw", "finalizer", 0);
    let ends = async {
        while scene.server.counts().requests(testcluster::Kind::Log) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        pod.print("c", "more").terminate("c", 0);
    };
    let ((ending, events), ()) =
        futures::join!(scene.follow(ContainerFilter::default(), vec![id(), row("completed")]), ends);
    assert_eq!(ending, Ending { failed: false, pods: 2 });
    assert_eq!(lines(&events).len(), 3, "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_list_pods_is_told_so() {
    let scene = Scene::new(Access::none()).await;
    let (_row, news) = mpsc::channel(8);
    _row.send(id()).await.unwrap();
    let wanted = WantedLogs {
        filter: ContainerFilter::default(),
        scope: Scope::default(),
        resume: None,
        hold: None,
        pods: None,
    };
    let (out, _said) = outlet();
    let error = follow(&scene.cluster, "default", wanted, news, out, &Progress::default()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Forbidden(_)), "{error:?}");
}

fn by_pod(pattern: &str) -> ContainerFilter {
    ContainerFilter { pods: vec![pattern.parse().unwrap()], ..ContainerFilter::default() }
}

#[test]
fn what_is_waited_for_is_a_pod_or_a_container_that_is_wanted() {
    let (all, some) = (ContainerFilter::default(), by_pod("x"));
    for (pods, containers, filter, awaited) in [
        (0, 0, &all, Awaited::Pods),
        (0, 0, &some, Awaited::Pods),
        // It is gone again.
        (0, 1, &some, Awaited::Pods),
        (1, 0, &all, Awaited::Nothing),
        (1, 0, &some, Awaited::Choice),
        (2, 1, &some, Awaited::Nothing),
        (2, 1, &all, Awaited::Nothing),
    ] {
        assert_eq!(Awaited::of(pods, containers, filter), awaited, "{pods} {containers} {filter:?}");
    }
}

/// A run that is told things one by one.
struct Told<'a> {
    run: FollowRun<'a>,
    _reports: mpsc::UnboundedReceiver<DriverProgress>,
    said: Said,
}

impl<'a> Told<'a> {
    fn new(scene: &Scene, wanted: WantedLogs, progress: &'a Progress) -> Told<'a> {
        let (out, said) = outlet();
        let (mut run, reports) = FollowRun::new(&scene.cluster, "default", wanted, out, progress);
        run.selections.push(selection());
        Told { run, _reports: reports, said }
    }

    /// What it said, as texts.
    async fn texts(self) -> Vec<String> {
        drop(self.run);
        texts(&self.said.all().await)
    }
}

fn rejected(code: u16) -> Rejection {
    Rejection { code, reason: "Why".to_owned(), message: "why".to_owned(), retry_after: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_watch_is_told_once_and_so_is_its_end() {
    let scene = Scene::new(Access::all()).await;
    let progress = Progress::default();
    let mut told = Told::new(&scene, wanted(by_pod("none")), &progress);
    let error = || ClusterError::Rejected(rejected(500));
    let final_error = || ClusterError::Forbidden(rejected(403));
    let run = &mut told.run;
    assert!(
        matches!(run.take(PodChange::Failed(error())).await, Err(ClusterError::Rejected(_))),
        "nothing is followed"
    );
    scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    for change in [
        PodChange::Pod(Box::new(scene.pods().await.remove(0))),
        PodChange::Trouble(error()),
        PodChange::Failed(error()),
        PodChange::Listed,
        PodChange::Polling(final_error()),
    ] {
        assert!(run.take(change).await.unwrap());
    }
    assert!(matches!(run.take(PodChange::Failed(final_error())).await, Err(ClusterError::Forbidden(_))));
    let expected = [
        Notice::WatchInterrupted("why (Why, HTTP 500)".to_owned()),
        Notice::WatchWorksAgain,
        Notice::ListsOnly("why".to_owned()),
    ];
    assert_eq!(told.texts().await, expected.map(|notice| format!("notice: {notice}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_waited_for_is_told_when_all_was_listed() {
    let scene = Scene::new(Access::all()).await;
    let progress = Progress::default();
    let mut told = Told::new(&scene, wanted(by_pod("none")), &progress);
    let run = &mut told.run;
    assert!(run.take(PodChange::Listed).await.unwrap(), "the first of two questions");
    assert!(run.take(PodChange::Listed).await.unwrap());
    run.selections[0].labels = label_selector("app=none").ok();
    scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    assert!(run.take(PodChange::Listed).await.unwrap());
    run.selections[0].labels = None;
    assert!(run.take(PodChange::Pod(Box::new(scene.pods().await.remove(0)))).await.unwrap());
    for _ in 0..2 {
        assert!(run.take(PodChange::Listed).await.unwrap(), "it is told once");
    }
    let nothing = "notice: no container matches what is asked for yet, waiting for one; containers of 1 pod: c (running); pods: blastn-s03-000-3ed51a95-p9vp5";
    let expected = [
        format!("notice: no pods of {ID} in namespace default yet, waiting for them"),
        format!(
            "notice: no pods of {ID} in namespace default with the labels \"app=none\" yet, waiting for them; without these: 1 pod, labelled: app=blast"
        ),
        nothing.to_owned(),
    ];
    assert_eq!(told.texts().await, expected);
    let (out, said) = outlet();
    let (mut run, _reports) = FollowRun::new(&scene.cluster, "default", wanted(by_pod("none")), out.clone(), &progress);
    said.end(&out).await;
    assert!(!run.say_what_is_waited_for().await, "nobody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_containers_are_found_as_the_filter_wants_them_and_pods_are_handed_on() {
    let scene = Scene::new(Access::all()).await;
    let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    let found = || async { Box::new(scene.pods().await.remove(0)) };
    let states = |state| ContainerFilter { states: vec![state], ..ContainerFilter::default() };
    let fields = |text: &str| ContainerFilter { fields: text.parse().unwrap(), ..ContainerFilter::default() };
    for (filter, count) in [
        (ContainerFilter::default(), 1),
        (by_pod("other"), 0),
        (states(StateName::Running), 1),
        (states(StateName::Terminated), 0),
        (fields("status.phase=Running"), 1),
        (fields("status.phase=Failed"), 0),
    ] {
        let (sender, mut handed) = mpsc::unbounded_channel();
        let pods: PodListener = Arc::new(move |news| {
            sender
                .send(match news {
                    PodNews::There(pod) => format!("there {}", pod.uid()),
                    PodNews::Gone(uid) => format!("gone {uid}"),
                })
                .unwrap();
        });
        let progress = Progress::default();
        let mut told = Told::new(&scene, WantedLogs { pods: Some(pods), ..wanted(filter.clone()) }, &progress);
        for _ in 0..2 {
            assert!(told.run.take(PodChange::Pod(found().await)).await.unwrap());
        }
        assert!(told.run.take(PodChange::Gone(pod.uid().to_owned())).await.unwrap());
        assert_eq!(told.run.pods.facts()[0].life, PodLife::Gone);
        drop(told.run);
        let events = told.said.all().await;
        let is_found = |event: &&RunEvent| matches!(event, RunEvent::Found(_));
        assert_eq!(events.iter().filter(is_found).count(), count, "{filter:?}");
        let said = match count {
            0 => "no containers were found",
            _ => "1 of 1 container had not been read to the end",
        };
        assert_eq!(progress.to_string(), said, "{filter:?}");
        let mut all = Vec::new();
        while let Some(news) = handed.recv().await {
            all.push(news);
        }
        let uid = pod.uid();
        assert_eq!(all, [format!("there {uid}"), format!("there {uid}"), format!("gone {uid}")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_container_has_a_number_of_its_own() {
    let scene = Scene::new(Access::all()).await;
    scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    scene.pod("elb-finalizer-3ed51a95-7vvqw", "finalizer");
    let progress = Progress::default();
    let mut told = Told::new(&scene, wanted(ContainerFilter::default()), &progress);
    for found in scene.pods().await {
        assert!(told.run.take(PodChange::Pod(Box::new(found))).await.unwrap());
    }
    told.run.pods.take(DriverProgress::ended(0));
    drop(told);
    assert_eq!(progress.to_string(), "1 of 2 containers had not been read to the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_that_are_removed_before_they_are_read_are_warned_of() {
    for (ttl, warned) in [(Some(0), true), (Some(3600), false), (None, false)] {
        let scene = Scene::new(Access::all()).await;
        let job = scene.server.job("blastn-batch-s03-job-000-3ed51a95").label("elb-job-id", ID);
        match ttl {
            Some(seconds) => job.spec("ttlSecondsAfterFinished", seconds.into()).create(),
            None => job.create(),
        };
        scene.ended("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast", 0);
        let progress = Progress::default();
        let mut told = Told::new(&scene, wanted(ContainerFilter::default()), &progress);
        assert!(told.run.removal.at().is_none());
        told.run.look_for_lagging().await;
        assert!(told.run.take(PodChange::Pod(Box::new(scene.pods().await.remove(0)))).await.unwrap());
        assert!(told.run.removal.at().is_some(), "it has ended");
        told.run.look_for_lagging().await;
        assert_eq!(told.run.removal.at().is_some(), ttl == Some(3600), "{ttl:?}");
        let texts: Vec<_> = told.texts().await.into_iter().filter(|text| text.starts_with("notice")).collect();
        let expected = format!("notice: {}", Notice::RemovalSoon { unread: 1 });
        assert_eq!(texts, if warned { vec![expected] } else { vec![] }, "{ttl:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_believed_when_the_pods_are_listed_once_more_and_add_nothing() {
    let scene = Scene::new(Access::all()).await;
    let progress = Progress::default();
    let told = |row: Option<&str>, listed: usize| {
        let mut told = Told::new(&scene, wanted(ContainerFilter::default()), &progress);
        (told.run.row_ended, told.run.listed) = (row.map(str::to_owned), listed);
        told
    };
    // Until both questions were answered nothing is known.
    assert!(!told(Some("completed"), 0).run.has_ended().await);
    assert!(!told(Some("completed"), 1).run.has_ended().await);
    assert!(told(Some("completed"), 2).run.has_ended().await);
    let mut nameless = told(None, 0);
    nameless.run.selections.clear();
    assert!(!nameless.run.has_ended().await);
    let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    let mut late = told(Some("completed"), 2);
    assert!(!late.run.has_ended().await, "the list shows a pod that runs");
    assert_eq!(late.run.pods.len(), 1);
    // Its container's driver is told something new by the list, so that it is not read.
    pod.terminate("c", 0);
    let mut unread = told(Some("completed"), 2);
    let facts = PodFacts { role: Role::Batch, life: PodLife::Finished, failed: false };
    unread.run.pods.update(pod.uid(), facts);
    let (sender, _hears) =
        tokio::sync::watch::channel(ContainerNews { status: Status::default(), node: None, number: 0 });
    unread.run.pods.add(pod.uid(), "c".to_owned(), (0, sender));
    unread.run.pods.take(DriverProgress { driver: 0, settled: true, news: 0 });
    assert!(unread.run.pods.are_read() && unread.run.pods.facts() == [facts]);
    assert!(!unread.run.has_ended().await);
    assert!(!unread.run.pods.are_read());
}

/// Whatever the cluster is asked meanwhile: here for the pods once more, since the row says that the job has ended.
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_nobody_listens_any_more() {
    let scene = Scene::new(Access::all()).await;
    let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    let (out, said) = outlet();
    let (row, news) = mpsc::channel(8);
    let (cluster, outlet) = (scene.cluster.clone(), out.clone());
    let running = tokio::spawn(async move {
        follow(&cluster, "default", wanted(ContainerFilter::default()), news, outlet, &Progress::default()).await
    });
    // Each of the two questions for pods begins with a list; what is listed after them is asked of a job that seems to have ended.
    let (mut lists, (asked, mut is_asked)) = (0, tokio::sync::watch::channel(false));
    scene.server.faults().hook(move |call| {
        lists += usize::from(call.kind == Kind::List);
        (call.kind == Kind::List && lists > 2).then(|| {
            asked.send_replace(true);
            Action::Delay(Duration::from_secs(60))
        })
    });
    row.send(id()).await.unwrap();
    pod.terminate("c", 0);
    row.send(self::row("completed")).await.unwrap();
    is_asked.wait_for(|is_asked| *is_asked).await.unwrap();
    said.end(&out).await;
    let ending = timeout(Duration::from_secs(20), running).await.expect("it ends").unwrap();
    assert_eq!(ending.unwrap().pods, 1);
}

/// Of a container that was there, only what comes; of one that came later, all.
#[tokio::test(flavor = "multi_thread")]
async fn a_tail_is_of_what_was_there_at_the_start() {
    let scene = Scene::new(Access::all()).await;
    let progress = Progress::default();
    let scope = Scope { follow: true, tail: Some(0), ..Scope::default() };
    let mut told = Told::new(&scene, WantedLogs { scope, ..wanted(ContainerFilter::default()) }, &progress);
    for (listed, tail) in [(0, Some(0)), (1, Some(0)), (2, None), (3, None)] {
        told.run.listed = listed;
        assert_eq!(told.run.scope_now(), Scope { tail, ..scope }, "{listed}");
    }
}

/// Its pods have other labels than those asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_which_no_pod_has_the_labels_ends_all_the_same() {
    let labelled = |labels: &str| {
        let labels = Some(label_selector(labels).unwrap());
        RowNews::Id(Box::new(Selection { labels, ..selection() }))
    };
    let scene = Scene::new(Access::all()).await;
    scene.ended("elb-finalizer-3ed51a95-7vvqw", "finalizer", 0);
    let (ending, _) = scene.follow(ContainerFilter::default(), vec![labelled("app=nope")]).await;
    assert_eq!(ending, Ending { failed: false, pods: 0 });
    // One that runs may be followed by one that has them.
    let runs = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
    let progress = Progress::default();
    let mut told = Told::new(&scene, wanted(ContainerFilter::default()), &progress);
    let run = &mut told.run;
    run.listed = 2;
    run.selections[0].labels = Some(label_selector("app=nope").unwrap());
    let asked = Instant::now();
    assert!(run.is_quiet() && !run.has_ended().await && run.ask_at > asked + Duration::from_secs(5));
    runs.terminate("c", 0);
    assert!(!run.has_ended().await, "they were asked a moment ago");
    run.ask_at = asked;
    assert!(run.has_ended().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_have_not_ended_are_asked_again_after_a_while() {
    let scene = Scene::new(Access::all()).await;
    let job = scene.server.job("blastn-batch-s03-job-000-3ed51a95").label("elb-job-id", ID).label("app", "blast");
    let job = job.create();
    job.start(jiff::Timestamp::now());
    scene.ended("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast", 0);
    let progress = Progress::default();
    let mut told = Told::new(&scene, wanted(ContainerFilter::default()), &progress);
    let run = &mut told.run;
    run.listed = 2;
    assert!(!run.is_quiet(), "there is no pod");
    assert!(run.take(PodChange::Pod(Box::new(scene.pods().await.remove(0)))).await.unwrap());
    assert!(!run.is_quiet(), "it is not read");
    run.pods.take(DriverProgress::ended(0));
    assert!(run.is_quiet());
    let asked = Instant::now();
    assert!(!run.has_ended().await);
    assert!(run.ask_at > asked + Duration::from_secs(1), "not at once");
    assert_eq!(run.ask_jobs().await.map(|jobs| (jobs.count, jobs.unfinished)), Some((1, 1)));
    job.fail(jiff::Timestamp::now(), "BackoffLimitExceeded", "it has failed too often");
    assert!(!run.has_ended().await, "they were asked a moment ago");
    run.ask_at = asked;
    // The driver that was really started may not have ended, and is told what the list shows.
    while !run.has_ended().await {
        run.pods.take(DriverProgress::ended(0));
        run.ask_at = asked;
    }
    assert_eq!(run.ending(), Ending { failed: true, pods: 1 });
    run.row_ended = Some("completed".to_owned());
    assert!(!run.is_quiet(), "nobody need be asked");
}
