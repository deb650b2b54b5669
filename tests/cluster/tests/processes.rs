//! Jobs and pods created through the API run as processes.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod client;

use std::time::Duration;

use client::Client;
use serde_json::{Value, json};
use testcluster::{Options, TestCluster};

const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";
const PODS: &str = "/api/v1/namespaces/default/pods";

async fn cluster() -> (TestCluster, Client) {
    let options = Options { restart_backoff: Duration::from_millis(100), ..Options::default() };
    let cluster = TestCluster::start(options).await.unwrap();
    let client = Client::new(&cluster);
    (cluster, client)
}

fn job(name: &str, policy: &str, backoff: u64, script: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": {"app": "blast"}},
        "spec": {"backoffLimit": backoff, "template": {
            "metadata": {"labels": {"app": "blast"}},
            "spec": {"restartPolicy": policy, "containers": [
                {"name": "blast", "image": "busybox", "command": ["/bin/sh", "-c", script]},
            ]},
        }},
    })
}

async fn until(client: &Client, target: &str, done: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let value = client.get(target).await.json();
        if done(&value) {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{target} never came to be: {:#}", client.get(target).await.json());
}

/// Creates a Job and waits until it is complete.
async fn complete(client: &Client, job: &Value) -> Value {
    assert_eq!(client.send("POST", JOBS, job).await.status, 201);
    let target = format!("{JOBS}/{}", job["metadata"]["name"].as_str().unwrap());
    until(client, &target, |job| has_condition(job, "Complete")).await
}

fn has_condition(job: &Value, kind: &str) -> bool {
    job["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == kind))
}

fn first_name(list: &Value) -> &str {
    list["items"][0]["metadata"]["name"].as_str().unwrap()
}

fn first_status(list: &Value) -> &Value {
    &list["items"][0]["status"]["containerStatuses"][0]
}

#[tokio::test]
async fn a_job_runs_to_its_end() {
    let (_cluster, client) = cluster().await;
    let script = "echo one; head -c 40000 /dev/zero | tr '\\0' L; echo; printf end";
    let job = complete(&client, &job("hello", "Never", 0, script)).await;
    assert_eq!(job["status"]["succeeded"], 1);
    let pods = client.get(&format!("{PODS}?labelSelector=job-name%3Dhello,app%3Dblast")).await.json();
    let pod = first_name(&pods);
    assert_eq!(pods["items"][0]["status"]["phase"], "Succeeded");
    let log = client.get(&format!("{PODS}/{pod}/log")).await.text();
    // The last line has no newline, and gets none.
    assert_eq!(log, format!("one\n{}\nend", "L".repeat(40_000)));
}

#[tokio::test]
async fn a_log_holds_both_streams_each_in_its_order() {
    let (_cluster, client) = cluster().await;
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    complete(&client, &job("both", "Never", 0, script)).await;
    let pods = client.get(PODS).await.json();
    let pod = first_name(&pods);
    let log = client.get(&format!("{PODS}/{pod}/log")).await.text();
    // Each stream has a pipe of its own, so which one is read first is open, as in a real runtime.
    for stream in ["out", "err"] {
        let lines: Vec<&str> = log.lines().filter(|line| line.starts_with(stream)).collect();
        assert_eq!(lines, [1, 2, 3].map(|number| format!("{stream} {number}")));
    }
    assert_eq!(log.lines().count(), 6);
}

#[tokio::test]
async fn never_makes_new_pods_until_the_limit() {
    let (_cluster, client) = cluster().await;
    client.send("POST", JOBS, &job("bad", "Never", 1, "echo no; exit 7")).await;
    let job = until(&client, &format!("{JOBS}/bad"), |job| has_condition(job, "Failed")).await;
    assert_eq!(job["status"]["failed"], 2);
    let pods = client.get(PODS).await.json();
    assert_eq!(pods["items"].as_array().unwrap().len(), 2);
    assert_eq!(first_status(&pods)["state"]["terminated"]["exitCode"], 7);
}

#[tokio::test]
async fn on_failure_restarts_in_place() {
    let (_cluster, client) = cluster().await;
    let script = "if [ -e again ]; then echo second; else touch again; echo first; exit 1; fi";
    complete(&client, &job("flaky", "OnFailure", 3, script)).await;
    let pods = client.get(PODS).await.json();
    assert_eq!(first_status(&pods)["restartCount"], 1);
    let pod = first_name(&pods);
    assert_eq!(client.get(&format!("{PODS}/{pod}/log")).await.text(), "second\n");
    // The pod is over, so its dead instances were collected but for the last.
    let previous = client.get(&format!("{PODS}/{pod}/log?previous=true")).await.text();
    assert!(previous.starts_with("unable to retrieve container logs for containerd://"), "{previous}");
}

#[tokio::test]
async fn a_suspended_job_waits_until_it_is_resumed() {
    let (cluster, client) = cluster().await;
    let mut held = job("held", "Never", 0, "echo now");
    held["spec"]["suspend"] = true.into();
    client.send("POST", JOBS, &held).await;
    // Both Jobs are minded in the same way, so when one's pod is over the other's would have begun.
    complete(&client, &job("free", "Never", 0, "true")).await;
    assert_eq!(cluster.pods("default").len(), 1);
    let answer = client.send("PATCH", &format!("{JOBS}/held"), &json!({"spec": {"suspend": false}})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["spec"]["backoffLimit"], 0);
    until(&client, &format!("{JOBS}/held"), |job| has_condition(job, "Complete")).await;
    let missing = client.send("PATCH", &format!("{JOBS}/none"), &json!({})).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn a_missing_image_and_a_missing_node_wait() {
    let (_cluster, client) = cluster().await;
    let pod = |name: &str, more: Value| {
        let mut spec = json!({"containers": [{"name": "c", "image": "x/missing:1", "command": ["true"]}]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"metadata": {"name": name}, "spec": spec})
    };
    client.send("POST", PODS, &pod("pull", json!({}))).await;
    client.send("POST", PODS, &pod("nowhere", json!({"nodeSelector": {"gpu": "yes"}}))).await;
    until(&client, &format!("{PODS}/pull"), |pod| {
        pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ImagePullBackOff"
    })
    .await;
    let nowhere = until(&client, &format!("{PODS}/nowhere"), |pod| pod["status"]["conditions"].is_array()).await;
    assert_eq!(nowhere["status"]["conditions"][0]["reason"], "Unschedulable");
    assert_eq!(client.get(&format!("{PODS}/nowhere/log")).await.status, 204);
    assert_eq!(client.get(&format!("{PODS}/pull/log")).await.status, 400);
    client.send("DELETE", &format!("{PODS}/nowhere"), &json!({})).await;
    client.send("DELETE", &format!("{PODS}/pull"), &json!({"gracePeriodSeconds": 0})).await;
    until(&client, PODS, |list| list["items"].as_array().unwrap().is_empty()).await;
}

#[tokio::test]
async fn deletion_ends_processes_and_streams() {
    let (cluster, client) = cluster().await;
    client
        .send(
            "POST",
            JOBS,
            &job("long", "Never", 0, "trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.05; done"),
        )
        .await;
    let pods = until(&client, PODS, |list| !first_status(list)["state"]["running"].is_null()).await;
    let pod = first_name(&pods);
    let mut log = client.open(&format!("{PODS}/{pod}/log?follow=true")).await;
    // By now it listens for the signal.
    log.until(b"hi\n").await;
    let deleted = client.send("DELETE", &format!("{JOBS}/long"), &json!({"propagationPolicy": "Background"})).await;
    assert_eq!(log.rest().await.text(), "hi\nbye\n");
    assert_eq!(deleted.status, 200);
    until(&client, PODS, |list| list["items"].as_array().unwrap().is_empty()).await;
    assert!(cluster.object("Job", "default", "long").is_none());
}

#[tokio::test]
async fn a_namespace_takes_everything_with_it() {
    let (cluster, client) = cluster().await;
    let missing =
        client.send("POST", "/api/v1/namespaces/team/pods", &json!({"metadata": {"name": "p"}, "spec": {}})).await;
    assert_eq!(missing.status, 404);
    client.send("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "team"}})).await;
    client.send("POST", "/apis/batch/v1/namespaces/team/jobs", &job("j", "Never", 0, "sleep 60")).await;
    until(&client, "/api/v1/namespaces/team/pods", |list| !first_status(list)["state"]["running"].is_null()).await;
    client.send("DELETE", "/api/v1/namespaces/team", &json!({})).await;
    until(&client, "/api/v1/namespaces/team", |status| status["code"] == 404).await;
    assert!(cluster.pods("team").is_empty());
}

#[tokio::test]
async fn a_ttl_removes_the_job_and_its_pods() {
    let (_cluster, client) = cluster().await;
    let mut short = job("short", "Never", 0, "true");
    short["spec"]["ttlSecondsAfterFinished"] = 0.into();
    client.send("POST", JOBS, &short).await;
    until(&client, JOBS, |list| list["items"].as_array().unwrap().is_empty()).await;
    until(&client, PODS, |list| list["items"].as_array().unwrap().is_empty()).await;
}

#[tokio::test]
async fn no_process_outlives_the_cluster() {
    let (cluster, client) = cluster().await;
    client.send("POST", JOBS, &job("left", "Never", 0, "echo $$; sleep 61")).await;
    let pods = until(&client, PODS, |list| !first_status(list)["state"]["running"].is_null()).await;
    let pod = first_name(&pods);
    let log = client.open(&format!("{PODS}/{pod}/log?follow=true")).await;
    let id = log.at_least(1).await.text().trim().to_owned();
    let process = std::path::Path::new("/proc").join(&id);
    assert!(!id.is_empty() && process.exists());
    drop(cluster);
    // It may not have been scheduled since it was killed; and then it waits for its parent.
    let is_dead = || std::fs::read_to_string(process.join("stat")).map_or(true, |state| state.contains(") Z "));
    for _ in 0..600 {
        if is_dead() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it lives on: {:?}", std::fs::read_to_string(process.join("stat")));
}
