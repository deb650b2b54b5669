//! Faults do what they are named after.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use client::Client;
use serde_json::Value;
use testcluster::{Access, Action, Chaos, Cut, Kind, Options, Rule, TestCluster};

const LOG: &str = "/api/v1/namespaces/default/pods/p/log";

async fn cluster(http2: bool) -> TestCluster {
    let cluster = TestCluster::start(Options { http2, ..Options::default() }).await.unwrap();
    let pod = cluster.pod("p").container("c").create();
    pod.start("c").print("c", "0123456789\n".repeat(2000)).terminate("c", 0);
    cluster
}

fn once(cluster: &TestCluster, kind: Kind, action: Action) {
    cluster.faults().push(Rule::new(move |call| call.kind == kind, action).times(1));
}

#[tokio::test]
async fn cuts_over_http1_too() {
    let cluster = cluster(false).await;
    for (how, complete) in [(Cut::End, true), (Cut::Reset, false), (Cut::Fin, false), (Cut::StreamReset, false)] {
        once(&cluster, Kind::Log, Action::Cut { after: 5000, how });
        let answer = Client::new(&cluster).get(LOG).await;
        assert_eq!((answer.complete, answer.body.len()), (complete, 5000), "{how:?}");
    }
}

#[tokio::test]
async fn a_stall_says_nothing_more() {
    let cluster = cluster(true).await;
    once(&cluster, Kind::Log, Action::Cut { after: 5000, how: Cut::Stall });
    let client = Client::new(&cluster);
    let answer = client.open(LOG).await.at_least(5000 / 11).await;
    assert_eq!((answer.complete, answer.body.len()), (false, 5000));
    assert_eq!(client.get(LOG).await.body.len(), 22_000, "others go on, on the same connection");
    assert_eq!(cluster.counts().connections, 1);
}

#[tokio::test]
async fn errors_in_band_and_instead() {
    let cluster = cluster(true).await;
    let client = Client::new(&cluster);
    once(&cluster, Kind::Log, Action::InBand { after: 22, text: "failed to create fsnotify watcher".to_owned() });
    assert_eq!(client.get(LOG).await.text(), "0123456789\n0123456789\nfailed to create fsnotify watcher");
    once(&cluster, Kind::List, Action::Answer { code: 429, retry_after: Some(1) });
    let answer = client.get("/api/v1/pods").await;
    assert_eq!((answer.status, answer.headers.get("retry-after").unwrap().to_str().unwrap()), (429, "1"));
    once(&cluster, Kind::Watch, Action::ExpireWatch { after: 10 });
    let answer = client.get("/api/v1/pods?watch=true").await;
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["type"].as_str().unwrap()).collect::<Vec<_>>(), ["ADDED", "ERROR"]);
    assert_eq!(lines[1]["object"]["code"], 410);
    let fired = cluster.faults_fired();
    assert_eq!(fired.into_iter().collect::<Vec<_>>(), [("answer", 1), ("expire-watch", 1), ("in-band", 1)]);
}

#[tokio::test]
async fn goaway_moves_the_client_on() {
    let cluster = cluster(true).await;
    let client = Client::new(&cluster);
    once(&cluster, Kind::Log, Action::GoAway);
    assert_eq!(client.get(LOG).await.body.len(), 22_000);
    assert_eq!(client.get(LOG).await.body.len(), 22_000);
    assert_eq!(cluster.counts().connections, 2);
}

#[tokio::test]
async fn a_kubelet_that_goes_down_ends_its_streams() {
    let cluster = cluster(true).await;
    let pod = cluster.pod("q").container("c").create();
    pod.start("c").print("c", "one");
    let client = Client::new(&cluster);
    let target = "/api/v1/namespaces/default/pods/q/log?follow=true&tailLines=5";
    let follow = client.open(target).await;
    cluster.kubelet_down("node1", true);
    assert!(follow.rest().await.complete);
    let down = client.get(target).await;
    assert_eq!(down.status, 500);
    assert!(down.text().contains("/default/q/c?follow=true&tailLines=5\\\": dial tcp"), "{}", down.text());
    cluster.kubelet_down("node1", false);
    assert_eq!(client.open(target).await.at_least(1).await.text(), "one\n");
}

#[tokio::test]
async fn users_come_and_go() {
    let cluster = cluster(true).await;
    cluster.add_user("t", "eve", Access::none().allow_in("default", "list", "pods"));
    let client = Client::with_token(&cluster, "t");
    assert_eq!(client.get("/api/v1/namespaces/default/pods").await.status, 200);
    assert_eq!(client.get("/api/v1/namespaces/other/pods").await.status, 403);
    assert_eq!(client.get("/api/v1/pods").await.status, 403);
    assert_eq!(client.get(LOG).await.status, 403);
    cluster.expire_token("t");
    assert_eq!(client.get("/api/v1/namespaces/default/pods").await.status, 401);
}

#[tokio::test]
async fn chaos_strikes_and_every_line_can_still_be_had() {
    let cluster = cluster(true).await;
    let mut chaos = Chaos::new(1).most_bytes(30_000).cuts(&[Cut::Reset, Cut::End, Cut::StreamReset, Cut::Fin]);
    cluster.faults().hook(move |call| chaos.decide(call));
    let mut whole = 0;
    for _ in 0..40 {
        let answer = Client::new(&cluster).try_get(LOG).await;
        whole += usize::from(answer.is_ok_and(|answer| answer.status == 200 && answer.body.len() == 22_000));
    }
    assert!(whole > 5, "{whole}");
    assert!(cluster.faults_fired().len() > 3, "{:?}", cluster.faults_fired());
}
