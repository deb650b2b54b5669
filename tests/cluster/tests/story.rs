//! The incident's job is what it says it is, finished or played.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use std::collections::BTreeSet;
use std::time::Duration;

use client::Client;
use testcluster::incident::{self, Incident};
use testcluster::{Options, TestCluster, load};

async fn check(cluster: &TestCluster, told: &Incident) {
    let client = Client::new(cluster);
    let selector = format!("labelSelector=elb-job-id%3D{}", incident::JOB_ID);
    let pods = client.get(&format!("/api/v1/namespaces/default/pods?{selector}")).await.json();
    assert_eq!(pods["items"].as_array().unwrap().len(), 11);
    assert_eq!(told.logs.iter().filter(|log| !log.init).count(), 21);
    assert_eq!(told.logs.len(), 26);
    for log in &told.logs {
        let target = format!("/api/v1/namespaces/default/pods/{}/log?container={}", log.pod, log.container);
        let text = client.get(&target).await.text();
        assert_eq!(text.strip_suffix('\n').unwrap().split('\n').collect::<Vec<_>>(), log.lines);
    }
    let jobs = client.get(&format!("/apis/batch/v1/namespaces/default/jobs?{selector}")).await.json();
    let jobs = jobs["items"].as_array().unwrap();
    assert_eq!(jobs.len(), 11);
    assert!(jobs.iter().all(|job| job["status"]["conditions"][1]["type"] == "Complete"));
    let phases: BTreeSet<_> =
        pods["items"].as_array().unwrap().iter().map(|pod| pod["status"]["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, BTreeSet::from(["Succeeded"]));
}

#[tokio::test]
async fn finished() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let told = incident::finished(&cluster, 100);
    assert!(told.logs.iter().all(|log| log.lines.len() >= 100));
    check(&cluster, &told).await;
    load::foreign_pods(&cluster, 10);
    check(&cluster, &told).await;
}

#[tokio::test]
async fn live() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let told = incident::live(&cluster, Duration::from_secs(2)).await;
    check(&cluster, &told).await;
}

#[test]
fn without_a_runtime() {
    let cluster = TestCluster::start_blocking(Options::default()).unwrap();
    let told = incident::play(&cluster, Duration::from_millis(500), 10).finish_blocking();
    assert_eq!(told.jobs.len(), 11);
    cluster.kill_blocking();
    cluster.restart_blocking().unwrap();
}
