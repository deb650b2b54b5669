//! Many streams: how many connections they take, and what happens when those die.

use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt, future::join_all};
use http::Version;
use tokio::time::timeout;

use super::{
    super::{
        Cluster, ClusterError, ConnectEnvironment, ConnectOptions, Counters, LogAnswer, LogQuery, RequestTimeout,
        connection::Keepalive, node_file,
    },
    server::{Server, Speech, get, log, next, relay, until},
};

async fn open(cluster: &Cluster, pods: impl IntoIterator<Item = &'static str>) -> Vec<super::super::LogBody> {
    let opened = join_all(pods.into_iter().map(|pod| log(cluster, pod))).await;
    opened.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_300_streams_takes_4_connections() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let mut bodies = open(&cluster, vec!["drip"; 300]).await;
    for body in &mut bodies {
        assert_eq!(next(body).await.unwrap().unwrap(), "first\n");
    }
    assert_eq!(server.accepted(), 4);
    assert_eq!(cluster.counters(), Counters { opened: 4, open: 4, streams: 300 });
    get(&cluster, "/version").await.unwrap();
    assert_eq!(server.accepted(), 4, "a short request shares a connection");

    drop(bodies);
    let mut bodies = open(&cluster, vec!["drip"; 300]).await;
    next(&mut bodies[299]).await.unwrap().unwrap();
    assert_eq!(server.accepted(), 4, "freed places are used again");
    assert!(server.versions().iter().all(|version| *version == Version::HTTP_2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_take_13_connections() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let began = Instant::now();
    let bodies = open(&cluster, vec!["drip"; 1000]).await;
    println!("1000 streams: {:?} in {:?}", cluster.counters(), began.elapsed());
    assert_eq!(server.accepted(), 13);
    drop(bodies);
    assert_eq!(cluster.counters().streams, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_fewer_streams_gets_fewer() {
    let server = Server::start(Speech { max_streams: 7, ..Speech::default() }).await;
    let cluster = server.cluster().await;
    let mut bodies = open(&cluster, vec!["drip"; 50]).await;
    for body in &mut bodies {
        next(body).await.unwrap().unwrap();
    }
    assert_eq!(server.accepted(), 50usize.div_ceil(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_streams_do_not_stop_the_others() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let mut unread = open(&cluster, vec!["flood"; 79]).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut read = open(&cluster, ["flood"]).await;
    assert_eq!(server.accepted(), 1, "they share one connection");
    let mut bytes = 0;
    while bytes < 20 * 1024 * 1024 {
        bytes += next(&mut read[0]).await.unwrap().unwrap().len();
    }
    get(&cluster, "/version").await.unwrap();
    next(&mut unread[3]).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_wait_come_on_connections_that_hold_back_less() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    get(&cluster, "/version").await.unwrap();
    // So few may hold back what they usually do.
    cluster.expect_waiting_logs(5);
    drop(open(&cluster, vec!["drip"; 5]).await);
    assert_eq!(server.accepted(), 1);
    cluster.expect_waiting_logs(100);
    let mut bodies = open(&cluster, vec!["drip"; 100]).await;
    for body in &mut bodies {
        assert_eq!(next(body).await.unwrap().unwrap(), "first\n");
    }
    assert_eq!(server.accepted(), 3, "the first is of no more use");
    drop(bodies);
    get(&cluster, "/version").await.unwrap();
    assert_eq!(server.accepted(), 3);
    assert_eq!(cluster.counters(), Counters { opened: 3, open: 2, streams: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn http1_takes_a_connection_a_stream() {
    for tls in [true, false] {
        let server = Server::start(Speech { tls, http2: false, ..Speech::default() }).await;
        let cluster = server.cluster().await;
        let mut bodies = open(&cluster, vec!["drip"; 200]).await;
        for body in &mut bodies {
            assert_eq!(next(body).await.unwrap().unwrap(), "first\n");
        }
        assert_eq!((server.accepted(), cluster.counters().open), (200, 200));
        for _ in 0..5 {
            get(&cluster, "/version").await.unwrap();
        }
        assert_eq!(server.accepted(), 201, "short requests reuse one connection");
        assert!(server.versions().iter().all(|version| *version == Version::HTTP_11));
        drop(bodies);
        until(|| cluster.counters() == Counters { opened: 201, open: 1, streams: 0 }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_fails_its_streams_and_is_replaced_once() {
    for http2 in [true, false] {
        let server = Server::start(Speech { http2, ..Speech::default() }).await;
        let cluster = server.cluster().await;
        let mut bodies = open(&cluster, vec!["drip"; 60]).await;
        for body in &mut bodies {
            next(body).await.unwrap().unwrap();
        }
        server.kill();
        for body in &mut bodies {
            let error = next(body).await.unwrap().unwrap_err();
            assert!(matches!(error, ClusterError::Broken { .. }), "{error}");
            assert!(next(body).await.is_none());
        }
        let before = server.accepted();
        let mut bodies = open(&cluster, vec!["drip"; 60]).await;
        next(&mut bodies[0]).await.unwrap().unwrap();
        assert_eq!(server.accepted() - before, if http2 { 1 } else { 60 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_goaway_streams_run_on_and_new_ones_go_elsewhere() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let mut bodies = open(&cluster, vec!["drip"; 10]).await;
    server.go_away();
    let mut more = Vec::new();
    // It takes a moment to arrive.
    while server.accepted() == 1 && more.len() < 50 {
        more.extend(open(&cluster, ["drip"]).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    more.extend(open(&cluster, vec!["drip"; 10]).await);
    for body in bodies.iter_mut().chain(&mut more) {
        assert_eq!(next(body).await.unwrap().unwrap(), "first\n");
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_found_and_given_up() {
    let server = Server::start(Speech::default()).await;
    let (address, freeze) = relay(server.address).await;
    let args = super::server::args(address, Some(server.ca()), true);
    let keepalive = Keepalive(Duration::from_secs(1));
    let cluster = Cluster::with_keepalive(&args, &ConnectEnvironment::nothing(), keepalive).await.unwrap();
    let mut body = log(&cluster, "drip").await.unwrap();
    next(&mut body).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(cluster.counters().open, 1, "a quiet stream on a living connection stays");

    freeze.notify_waiters();
    let error = next(&mut body).await.unwrap().unwrap_err();
    assert!(matches!(error, ClusterError::Broken { .. }), "{error}");
    let mut body = log(&cluster, "drip").await.unwrap();
    next(&mut body).await.unwrap().unwrap();
    assert_eq!(cluster.counters().opened, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_answer_keeps_the_next_from_the_same_silent_connection() {
    let server = Server::start(Speech::default()).await;
    let (address, freeze) = relay(server.address).await;
    let timeout = RequestTimeout(Some(Duration::from_secs(2)));
    let args = ConnectOptions { request_timeout: timeout, ..super::server::args(address, Some(server.ca()), true) };
    let cluster = Cluster::connect(&args, &ConnectEnvironment::nothing()).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    freeze.notify_waiters();
    get(&cluster, "/version").await.unwrap_err();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(cluster.counters().opened, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_answer_is_an_error_and_a_complete_one_is_not() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let mut short = log(&cluster, "short").await.unwrap();
    assert_eq!(next(&mut short).await.unwrap().unwrap(), "one\n");
    assert_eq!(next(&mut short).await.unwrap().unwrap(), "two\n");
    let end = next(&mut short).await;
    assert!(end.is_none(), "{end:?}");
    for pod in ["reset-cleanly", "reset-badly"] {
        let mut body = log(&cluster, pod).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "first\n");
        let error = next(&mut body).await.expect(pod).unwrap_err();
        assert!(matches!(error, ClusterError::Broken { .. }), "{pod}: {error}");
    }
    let http1 = Server::start(Speech { http2: false, ..Speech::default() }).await;
    let mut body = log(&http1.cluster().await, "reset-badly").await.unwrap();
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "first\n");
    assert!(next(&mut body).await.unwrap().is_err());
}

#[tokio::test]
async fn all_who_ask_about_logs_share_their_places_and_what_the_server_wants() {
    let server = Server::start(Speech::default()).await;
    let (cluster, other) = (server.cluster().await, server.cluster().await);
    let clone = cluster.clone();
    let places = join_all((0..128).map(|_| cluster.limiter().enter(false))).await;
    assert!(clone.limiter().enter(false).now_or_never().is_none(), "128 logs are opened at a time");
    assert!(other.limiter().enter(false).now_or_never().is_some(), "another cluster's are others");
    drop(places);
    assert!(clone.limiter().enter(false).now_or_never().is_some());
    cluster.log("default", "busy", &LogQuery::default()).await.unwrap_err();
    assert!(clone.limiter().enter(true).now_or_never().is_none());
    assert!(other.limiter().enter(true).now_or_never().is_some());
    // Whoever asks without a place waits too.
    let soon = Duration::from_millis(200);
    assert!(timeout(soon, clone.log("default", "short", &LogQuery::default())).await.is_err());
    assert!(timeout(soon, clone.pod("default", "short")).await.is_err());
    assert!(timeout(soon, clone.node_file("node1", "pods/", &node_file::Bytes::All)).await.is_err());
}

#[tokio::test]
async fn a_log_has_four_kinds_of_answer() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let ask = async |pod: &str| cluster.log("default", pod, &LogQuery::default()).await;
    let LogAnswer::Body(body) = ask("short").await.unwrap() else { panic!() };
    assert_eq!(body.map(|bytes| bytes.unwrap().len()).fold(0, async |sum, len| sum + len).await, 8);
    assert!(matches!(ask("unscheduled").await.unwrap(), LogAnswer::NotScheduled));
    let busy = ask("busy").await.unwrap_err();
    let rejection = busy.rejection().unwrap();
    assert_eq!((rejection.code, rejection.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!((rejection.reason.as_str(), rejection.message.as_str()), ("TooManyRequests", "slow down"));
    assert!(busy.is_transient());
    let error = ask("forbidden").await.unwrap_err();
    assert_eq!(
        (error.exit(), error.to_string()),
        (crate::exit::Exit::Denied, r#"pods "forbidden" is forbidden"#.to_owned())
    );
}

#[tokio::test]
async fn the_kubelets_certificate_goes_unchecked_only_when_asked_for() {
    let server = Server::start(Speech::default()).await;
    for skip in [false, true] {
        let args = ConnectOptions { insecure_skip_tls_verify_backend: skip, ..server.args() };
        let cluster = Cluster::connect(&args, &ConnectEnvironment::nothing()).await.unwrap();
        drop(log(&cluster, "short").await.unwrap());
        let requests = server.requests.lock().unwrap();
        let query = requests.last().unwrap().uri.query().unwrap_or_default();
        assert_eq!(query.split('&').any(|it| it == "insecureSkipTLSVerifyBackend=true"), skip, "{query}");
    }
}
