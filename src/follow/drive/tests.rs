//! A driver against the test cluster: what it asks for, and what it makes of the answers.

use futures::StreamExt;
use testcluster::{Access, Action as Fault, Kind, Rule};

use super::{
    super::fixtures::{FOLLOW, LOOK, OnePod},
    *,
};
use crate::{k8s::status::InstanceState, node_logs::NodeLogs};

/// A driver of the pod's container, and who hears it.
struct Driven {
    driver: Driver<mpsc::Sender<DriverEvent>>,
    news: watch::Sender<ContainerNews>,
    heard: mpsc::Receiver<DriverEvent>,
    reports: mpsc::UnboundedReceiver<DriverProgress>,
}

impl Driven {
    async fn new(scene: &OnePod, scope: Scope) -> Driven {
        let target = scene.target().await;
        let pod = scene.cluster.pod("default", scene.pod.name()).await.unwrap().unwrap();
        let known = ContainerNews { status: pod.container("blast"), ..ContainerNews::default() };
        let (news, told) = watch::channel(known);
        let (listener, heard) = mpsc::channel(1000);
        let (report, reports) = mpsc::unbounded_channel();
        let driver = Driver {
            cluster: scene.cluster.clone(),
            was_read: Arc::default(),
            nodes: Arc::new(Nodes::new(&scene.cluster, NodeLogs::Auto)),
            began: Instant::now(),
            target,
            number: 7,
            scope,
            earlier: None,
            news: told,
            listener,
            report,
        };
        Driven { driver, news, heard, reports }
    }
}

async fn scene() -> OnePod {
    OnePod::started(Access::all(), jiff::Timestamp::now()).await
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8(line.text.to_vec()).unwrap()).collect()
}

async fn body(opened: Result<LogBody, Refusal>) -> Vec<String> {
    let mut body = opened.unwrap();
    let mut text = Vec::new();
    while let Some(bytes) = body.next().await {
        text.extend_from_slice(&bytes.unwrap());
    }
    texts(&lines::lines_of(&text))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_handed_on_and_the_end_is_the_last_report() {
    let scene = scene().await;
    scene.pod.print("blast", "one").print("blast", "two");
    scene.pod.terminate("blast", 0);
    let Driven { driver, news: _news, mut heard, mut reports } = Driven::new(&scene, LOOK).await;
    driver.run().await;
    let mut lines = Vec::new();
    let mut complete = None;
    while let Ok(event) = heard.try_recv() {
        match event {
            DriverEvent::Lines(batch) => lines.extend(texts(&batch.lines)),
            DriverEvent::Complete { lines, proof, .. } => complete = Some((lines, proof)),
            DriverEvent::Note(..) => {}
        }
    }
    assert_eq!((lines, complete), (vec!["one".to_owned(), "two".to_owned()], Some((2, Proof::Checked))));
    let mut told = Vec::new();
    while let Ok(report) = reports.try_recv() {
        told.push(report);
    }
    assert_eq!(told.pop(), Some(DriverProgress { driver: 7, settled: true, news: u64::MAX }));
    // What has not changed is not reported again: it would wake whoever counts them.
    assert_eq!(told, [DriverProgress { driver: 7, settled: false, news: 0 }]);
}

/// Whatever it waits for: here for an answer that does not come.
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_nobody_listens_any_more() {
    let scene = scene().await;
    let is_log = |call: &testcluster::Call| matches!(call.kind, Kind::Log);
    scene.server.faults().push(Rule::new(is_log, Fault::Delay(Duration::from_secs(60))));
    let Driven { driver, news: _news, heard, .. } = Driven::new(&scene, FOLLOW).await;
    let running = tokio::spawn(driver.run());
    while scene.server.faults().fired().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(heard);
    tokio::time::timeout(Duration::from_secs(20), running).await.expect("it ends").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_when_it_is_not_known_what_an_earlier_run_has_read() {
    let scene = scene().await;
    scene.pod.print("blast", "one").terminate("blast", 0);
    let Driven { mut driver, news: _news, mut heard, .. } = Driven::new(&scene, LOOK).await;
    driver.earlier = Some(async { None }.boxed());
    driver.run().await;
    assert!(heard.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_asks_for_what_it_says() {
    let scene = scene().await;
    scene.pod.print("blast", "old").restart("blast");
    scene.pod.print("blast", "one").print("blast", "two").print("blast", "three");
    let Driven { driver, .. } = Driven::new(&scene, FOLLOW).await;
    let latest = Request::default();
    for (request, expected) in [
        (latest, &["one", "two", "three"][..]),
        (Request { tail: Some(2), ..latest }, &["two", "three"]),
        (Request { previous: true, ..latest }, &["old"]),
        (Request { since: Some(crate::k8s::Stamp(i64::MAX / 2)), ..latest }, &[]),
    ] {
        assert_eq!(body(driver.open(request).await).await, expected, "{request:?}");
        assert!(driver.was_read.load(Relaxed));
        let probed = driver.probe(request).await.unwrap();
        assert_eq!(texts(&probed), expected, "{request:?}");
    }
    let previous = Driven::new(&scene, Scope { previous: true, ..LOOK }).await;
    assert_eq!(body(previous.driver.open(latest).await).await, ["old"]);
    assert!(query(&driver.target, Request { follow: true, ..latest }, FOLLOW).follow);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_refused_and_probes_nothing() {
    let scene = scene().await;
    let Driven { driver, .. } = Driven::new(&scene, FOLLOW).await;
    let previous = Request { previous: true, ..Request::default() };
    assert!(matches!(driver.open(previous).await, Err(Refusal::NoInstance(_))));
    assert_eq!(driver.probe(previous).await, None);
    assert!(!driver.was_read.load(Relaxed));
}

/// What a driver asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asks {
    Open,
    Probe,
    Confirm,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_answered_with_a_wish_to_be_left_alone_nobody_asks_on() {
    let latest = Request::default();
    for (asks, kind) in [(Asks::Open, Kind::Log), (Asks::Probe, Kind::Log), (Asks::Confirm, Kind::List)] {
        let scene = scene().await;
        // Two jobs of one cluster.
        let (one, other) = (Driven::new(&scene, FOLLOW).await, Driven::new(&scene, FOLLOW).await);
        let other = &other.driver.cluster;
        assert!(other.limiter().enter(true).now_or_never().is_some());
        let busy = Fault::Answer { code: 429, retry_after: Some(30) };
        scene.server.faults().push(Rule::new(move |call| call.kind == kind, busy));
        match asks {
            Asks::Open => {
                let refused = one.driver.open(latest).await.err();
                assert!(
                    matches!(refused, Some(Refusal::Passing(_, Some(asked))) if asked == Duration::from_secs(30)),
                    "{refused:?}"
                );
            }
            Asks::Probe => assert_eq!(one.driver.probe(latest).await, None),
            Asks::Confirm => assert_eq!(one.driver.confirm(Duration::ZERO).await, None),
        }
        for urgent in [false, true] {
            assert!(other.limiter().enter(urgent).now_or_never().is_none(), "{asks:?}");
            assert!(other.limiter().in_time(urgent, async {}).now_or_never().is_none(), "{asks:?}");
        }
    }
}

/// Whatever time requests have: a driver hands nothing on while it asks how its pod stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_question_is_given_up_when_its_answer_does_not_come() {
    let scene = scene().await;
    let Driven { mut driver, .. } = Driven::new(&scene, FOLLOW).await;
    driver.cluster = scene.cluster.impatient();
    let began = Instant::now();
    let is_asked = |call: &testcluster::Call| matches!(call.kind, Kind::Log | Kind::List);
    scene.server.faults().push(Rule::new(is_asked, Fault::Delay(Duration::from_secs(60))));
    assert_eq!(driver.confirm(Duration::ZERO).await, None);
    assert_eq!(driver.probe(Request::default()).await, None);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_of_the_same_name_is_another_one() {
    let scene = scene().await;
    let Driven { mut driver, .. } = Driven::new(&scene, FOLLOW).await;
    let running = driver.confirm(Duration::ZERO).await.unwrap();
    assert!(matches!(running.state, InstanceState::Running { .. }) && running.pod == PodLife::Active, "{running:?}");
    Arc::make_mut(&mut driver.target).uid = "another".to_owned();
    let gone = driver.confirm(Duration::ZERO).await;
    assert_eq!(gone, Some(Status { pod: PodLife::Gone, ..running.clone() }), "in the state last told");
    driver.scope = Scope { previous: true, ..LOOK };
    assert_eq!(driver.confirm(Duration::ZERO).await, None, "there is no instance before");
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_pause_each_in_its_own_step() {
    let target = scene().await.target().await;
    let of = |uid: &str, container: &str| {
        seed(&Target { uid: uid.to_owned(), container: container.to_owned(), ..(*target).clone() })
    };
    assert!(of("1", "a") != of("1", "b") && of("1", "a") != of("2", "a"));
}
