//! Runs against the test cluster: what they say, and when they end.

use std::time::Duration;

use testcluster::{Access, Options, PodHandle, TestCluster};
use tokio::time::timeout;

use super::*;
use crate::{
    cluster::{ConnectEnvironment, ConnectOptions},
    follow::follower::Scope,
    session::{
        Sink,
        fan_out::{FanOut, SinkRunner, Want},
        sink::Stop,
    },
};

const ID: &str = "job-429825360482416da20736cf3ed51a95";

struct Scene {
    server: TestCluster,
    cluster: Cluster,
    _home: tempfile::TempDir,
}

/// Keeps all that a run says.
struct Kept(mpsc::UnboundedSender<RunEvent>);

impl Sink for Kept {
    type Error = std::convert::Infallible;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<Self::Error>> {
        self.0.send(event.clone()).map_err(|_| Stop::Enough)
    }

    async fn finish(self) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
}

impl Scene {
    async fn new(user: Access) -> Scene {
        let server = TestCluster::start(Options::default()).await.unwrap();
        server.add_user("user", "user", user);
        let home = tempfile::tempdir().unwrap();
        let kubeconfig = server.write_kubeconfig_of("user", home.path()).unwrap();
        let options = ConnectOptions { kubeconfig: Some(kubeconfig), ..Default::default() };
        let cluster = Cluster::connect(&options, &ConnectEnvironment::nothing()).await.unwrap();
        Scene { server, cluster, _home: home }
    }

    /// A pod that has printed a line.
    fn pod(&self, name: &str, app: &str) -> PodHandle {
        let pod = self.server.pod(name).label("app", app).label("elb-job-id", ID).restart_policy("Never");
        let pod = pod.container("c").create();
        pod.start("c").print("c", format!("line of {name}"));
        pod
    }

    /// One that has ended with this code.
    fn ended(&self, name: &str, app: &str, code: i32) {
        self.pod(name, app).terminate("c", code);
    }

    /// Follows with this news of the row, and returns how the job ended and all that was said.
    async fn follow(&self, filter: ContainerFilter, rows: Vec<RowNews>) -> (Ending, Vec<RunEvent>) {
        let (kept, mut said) = mpsc::unbounded_channel();
        let mut fan_out = FanOut::default();
        let sink = fan_out.add(Kept(kept), Want::All, SinkRunner::Task).unwrap();
        let (row, news) = mpsc::channel(8);
        for told in rows {
            row.send(told).await.unwrap();
        }
        let scope = Scope { follow: true, ..Scope::default() };
        let wanted = WantedLogs { filter, scope, resume: None, hold: None, pods: None };
        let progress = Progress::default();
        let run = follow(&self.cluster, "default", wanted, news, fan_out.open(), &progress);
        let ending = timeout(Duration::from_secs(120), run).await.expect("it ends").unwrap();
        sink.finish().await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = said.recv().await {
            events.push(event);
        }
        (ending, events)
    }
}

fn id() -> RowNews {
    RowNews::Id(Box::new(Selection { id: ID.parse().unwrap(), include_setup: false, labels: None }))
}

fn row(status: &str) -> RowNews {
    RowNews::Ended(status.to_owned())
}

fn lines(events: &[RunEvent]) -> Vec<String> {
    let batches = events.iter().filter_map(|event| match event {
        RunEvent::Lines(batch) => Some(&batch.lines),
        _ => None,
    });
    let mut lines: Vec<String> = batches.flatten().map(|line| String::from_utf8(line.text.to_vec()).unwrap()).collect();
    lines.sort();
    lines
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
    let mut fan_out = FanOut::default();
    let (kept, _said) = mpsc::unbounded_channel();
    let _sink = fan_out.add(Kept(kept), Want::All, SinkRunner::Task).unwrap();
    let error =
        follow(&scene.cluster, "default", wanted, news, fan_out.open(), &Progress::default()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Forbidden(_)), "{error:?}");
}
