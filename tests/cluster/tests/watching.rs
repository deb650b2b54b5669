//! Watches: selections that change, old versions, bookmarks, timeouts.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use std::time::Duration;

use client::Client;
use serde_json::Value;
use testcluster::{Options, TestCluster};

const PODS: &str = "/api/v1/namespaces/default/pods";

fn events(body: &[u8]) -> Vec<(String, String)> {
    body.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<Value>(line).unwrap())
        .map(|event| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&event["type"]), text(&event["object"]["metadata"]["name"]))
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn an_object_enters_and_leaves_the_selection() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let (a, b) = (cluster.pod("a").label("x", "1").create(), cluster.pod("b").create());
    let client = Client::new(&cluster);
    let target = format!("{PODS}?watch=true&labelSelector=x%3D1&timeoutSeconds=1");
    let watch = client.open(&target).await;
    b.edit(|pod| pod["metadata"]["labels"]["x"] = "1".into());
    a.edit(|pod| pod["metadata"]["labels"]["x"] = "2".into());
    a.edit(|pod| pod["metadata"]["labels"]["y"] = "3".into());
    b.delete();
    cluster.pod("c").namespace("other").label("x", "1").create();
    let answer = watch.rest().await;
    assert!(answer.complete, "timeoutSeconds ends it");
    let wanted = [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a"), ("MODIFIED", "b"), ("DELETED", "b")];
    assert_eq!(events(&answer.body), pairs(&wanted));
}

#[tokio::test]
async fn a_watch_goes_on_from_a_version_or_is_told_that_it_cannot() {
    let options = Options { history: 20, bookmark_interval: Duration::from_millis(100), ..Options::default() };
    let cluster = TestCluster::start(options).await.unwrap();
    let client = Client::new(&cluster);
    let version = client.get(PODS).await.json()["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let pod = cluster.pod("a").create();
    let target = format!("{PODS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={version}");
    let answer = client.get(&target).await;
    let found = events(&answer.body);
    assert_eq!(found[0], ("ADDED".to_owned(), "a".to_owned()));
    assert_eq!(found[1].0, "BOOKMARK");
    for _ in 0..50 {
        pod.edit(|_| ());
    }
    assert_eq!(events(&client.get(&target).await.body), pairs(&[("ERROR", "")]));
    let now = format!("{PODS}?watch=true&resourceVersion=0");
    assert_eq!(events(&client.open(&now).await.at_least(1).await.body), pairs(&[("ADDED", "a")]));
    cluster.compact();
    let all = client.get("/api/v1/pods").await.json();
    let here =
        format!("/api/v1/pods?watch=true&resourceVersion={}", all["metadata"]["resourceVersion"].as_str().unwrap());
    assert!(events(&client.open(&here).await.at_least(0).await.body).is_empty());
}

#[tokio::test]
async fn pages_are_the_list() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    for number in 0..25 {
        cluster.pod(&format!("p{number:02}")).create();
    }
    let client = Client::new(&cluster);
    for all in [PODS, "/api/v1/pods"] {
        let (mut names, mut next, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = client.get(&format!("{all}?limit=7{next}")).await.json();
            pages += 1;
            names.extend(page["items"].as_array().unwrap().iter().map(|pod| pod["metadata"]["name"].clone()));
            match page["metadata"]["continue"].as_str() {
                Some(token) => next = format!("&continue={token}"),
                None => break,
            }
        }
        assert_eq!((names.len(), pages), (25, 4));
        names.dedup();
        assert_eq!(names.len(), 25);
    }
}
