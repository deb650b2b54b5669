//! The server serves: a first look over real TLS.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use testcluster::{Action, Cut, Kind, Options, Rule, TestCluster};

#[tokio::test]
async fn a_pods_story() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let pod = cluster.pod("p").label("app", "blast").init("import").container("blast").create();
    pod.schedule();
    pod.start("import").print("import", "Downloading").terminate("import", 0);
    pod.start("blast").print("blast", "one");
    let client = client::Client::new(&cluster);
    let follow = client.open("/api/v1/namespaces/default/pods/p/log?container=blast&follow=true").await;
    pod.print("blast", "two\nthree").terminate("blast", 0);
    assert_eq!(follow.rest().await.text(), "one\ntwo\nthree\n");
    let list = client.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dblast").await.json();
    assert_eq!(list["items"][0]["status"]["phase"], "Succeeded");
    assert_eq!(cluster.counts().connections, 1);
    assert_eq!(cluster.counts().logs_open, 0);
}

#[tokio::test]
async fn every_cut_is_what_it_says() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let pod = cluster.pod("p").container("c").create();
    pod.start("c").print("c", "0123456789\n".repeat(2000)).terminate("c", 0);
    for (how, ok) in [(Cut::End, true), (Cut::Reset, false), (Cut::Fin, false), (Cut::StreamReset, false)] {
        let client = client::Client::new(&cluster);
        cluster.faults().push(Rule::new(|call| call.kind == Kind::Log, Action::Cut { after: 5000, how }).times(1));
        let answer = client.get("/api/v1/namespaces/default/pods/p/log").await;
        assert_eq!(answer.complete, ok, "{how:?}");
        assert_eq!(answer.body.len(), 5000, "{how:?}");
        assert_eq!(client.get("/api/v1/namespaces/default/pods/p/log").await.body.len(), 22_000, "{how:?}");
    }
    assert_eq!(cluster.faults_fired().len(), 4);
}

#[tokio::test]
async fn killed_and_back_with_everything_as_it_was() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let pod = cluster.pod("p").container("c").create();
    pod.start("c").print("c", "one");
    let client = client::Client::new(&cluster);
    let follow = client.open("/api/v1/namespaces/default/pods/p/log?follow=true").await;
    cluster.kill().await;
    pod.print("c", "two");
    assert!(!follow.rest().await.complete);
    assert!(client.try_get("/version").await.is_err());
    cluster.restart().await.unwrap();
    assert_eq!(client.get("/api/v1/namespaces/default/pods/p/log").await.text(), "one\ntwo\n");
    cluster.graceful_shutdown(std::time::Duration::from_secs(5)).await;
}
