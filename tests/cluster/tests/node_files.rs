//! What a kubelet keeps of its containers' logs, and how it serves that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::io::Read as _;
use std::time::Duration;

use client::{Answer, Client};
use jiff::Timestamp;
use serde_json::json;
use testcluster::{Access, NodeLogs, Options, PodHandle, Stream, TestCluster};

async fn cluster(options: Options) -> (TestCluster, PodHandle) {
    let cluster = TestCluster::start(options).await.unwrap();
    let pod = cluster.pod("blast-0").restart_policy("OnFailure").container("blast").container("sidecar").create();
    pod.start_all(&["blast", "sidecar"]);
    (cluster, pod)
}

fn directory(pod: &PodHandle) -> String {
    format!("/api/v1/nodes/node1/proxy/logs/pods/default_{}_{}/blast/", pod.name(), pod.uid())
}

async fn names(cluster: &TestCluster, pod: &PodHandle) -> Vec<String> {
    let list = Client::new(cluster).get(&directory(pod)).await;
    let name = |line: &str| Some(line.strip_prefix("<a href=\"")?.split_once('"')?.0.to_owned());
    list.text().lines().filter_map(name).collect()
}

async fn previous(cluster: &TestCluster, pod: &PodHandle) -> Answer {
    let target = format!("/api/v1/namespaces/default/pods/{}/log?container=blast&previous=true", pod.name());
    Client::new(cluster).get(&target).await
}

async fn file(cluster: &TestCluster, pod: &PodHandle, name: &str) -> Vec<u8> {
    let answer = Client::new(cluster).get(&format!("{}{name}", directory(pod))).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    if name.ends_with(".gz") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap();
        return plain;
    }
    answer.body
}

#[tokio::test]
async fn a_running_container_has_one_earlier_instance() {
    let (cluster, pod) = cluster(Options::default()).await;
    for instance in 0..3 {
        pod.print("blast", format!("instance {instance}")).terminate("blast", 1).restart("blast");
    }
    assert_eq!(previous(&cluster, &pod).await.text(), "instance 2\n");
    assert_eq!(names(&cluster, &pod).await, ["2.log", "3.log"]);
}

#[tokio::test]
async fn a_dead_container_has_one_instance() {
    // The pod is over.
    let (whole, pod) = cluster(Options::default()).await;
    pod.print("blast", "first").terminate("blast", 1).restart("blast").print("blast", "second");
    pod.terminate("blast", 0);
    assert_eq!(previous(&whole, &pod).await.text(), "first\n", "the pod goes on, so it is not collected at once");
    pod.terminate("sidecar", 0);
    assert!(previous(&whole, &pod).await.text().starts_with("unable to retrieve container logs for containerd://"));
    assert_eq!(names(&whole, &pod).await, ["1.log"]);
    // The pod goes on, and the kubelet collects.
    let (goes_on, pod) = cluster(Options { collect_after: Duration::ZERO, ..Options::default() }).await;
    pod.print("blast", "first").terminate("blast", 1).restart("blast").print("blast", "second");
    pod.terminate("blast", 1);
    let answer = previous(&goes_on, &pod).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("unable to retrieve container logs for containerd://"), "{}", answer.text());
    pod.waiting("blast", "CrashLoopBackOff", None);
    assert_eq!(previous(&goes_on, &pod).await.text(), "second\n", "the newest one is the last now");
    assert_eq!(names(&goes_on, &pod).await, ["1.log"]);
}

#[tokio::test]
async fn the_kubelet_collects_in_its_own_time() {
    let (cluster, pod) = cluster(Options { collect_after: Duration::from_millis(50), ..Options::default() }).await;
    pod.print("blast", "first").terminate("blast", 1).restart("blast").terminate("blast", 1);
    while names(&cluster, &pod).await != ["1.log"] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(previous(&cluster, &pod).await.text().starts_with("unable to retrieve"));
}

#[tokio::test]
async fn files_are_rotated_by_size_compressed_and_removed() {
    let (cluster, pod) = cluster(Options { log_max_size: Some(2000), ..Options::default() }).await;
    for number in 0..400 {
        pod.print_to("blast", if number % 3 == 0 { Stream::Stderr } else { Stream::Stdout }, format!("line {number}"));
    }
    let names = names(&cluster, &pod).await;
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(names[0], "0.log");
    assert!(names[1..4].iter().all(|name| name.starts_with("0.log.") && name.ends_with(".gz")), "{names:?}");
    assert!(!names[4].ends_with(".gz"), "the one rotated last is not compressed: {names:?}");
    let mut lines = Vec::new();
    for name in names[1..].iter().chain(&names[..1]) {
        let records = String::from_utf8(file(&cluster, &pod, name).await).unwrap();
        assert!(records.len() < 2200, "{name}: {}", records.len());
        for record in records.lines() {
            let fields: Vec<&str> = record.splitn(4, ' ').collect();
            let number: usize = fields[3].strip_prefix("line ").unwrap().parse().unwrap();
            assert_eq!((fields[1], fields[2]), (if number.is_multiple_of(3) { "stderr" } else { "stdout" }, "F"));
            lines.push((fields[0].parse::<Timestamp>().unwrap(), number));
        }
    }
    let first = lines[0].1;
    assert!(first > 0 && lines.iter().map(|line| line.1).eq(first..400), "oldest first, none is missing between");
    // The API reads the newest file, and has the same stamps.
    let target = format!("/api/v1/namespaces/default/pods/{}/log?container=blast&timestamps=true", pod.name());
    let api = Client::new(&cluster).get(&target).await.text();
    let api: Vec<Timestamp> = api.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(!api.is_empty() && api.len() < 60, "{}", api.len());
    assert!(lines.iter().map(|line| line.0).skip(lines.len() - api.len()).eq(api));
}

#[tokio::test]
async fn long_lines_are_parts_of_16_kib() {
    let (cluster, pod) = cluster(Options::default()).await;
    let at: Timestamp = "2026-11-25T17:00:00.5Z".parse().unwrap();
    pod.print_at("blast", at, Stream::Stdout, "x".repeat(40_000));
    let records = String::from_utf8(file(&cluster, &pod, "0.log").await).unwrap();
    let head = "2026-11-25T17:00:00.5Z stdout P ".len();
    let parts: Vec<(&str, usize)> = records.lines().map(|line| (&line[..head], line.len() - head)).collect();
    let stamp = "2026-11-25T17:00:00.5Z stdout";
    let (part, last) = (format!("{stamp} P "), format!("{stamp} F "));
    assert_eq!(parts, [(&*part, 16_384), (&part, 16_384), (&last, 7232)]);
}

#[tokio::test]
async fn a_file_that_is_read_may_be_rotated_meanwhile() {
    let (cluster, pod) = cluster(Options::default()).await;
    pod.print("blast", "before");
    let client = Client::new(&cluster);
    let open = client.open(&format!("{}0.log", directory(&pod))).await;
    for _ in 0..6 {
        pod.rotate("blast").print("blast", "after");
    }
    assert!(open.rest().await.text().ends_with(" stdout F before\n"));
    assert_eq!(names(&cluster, &pod).await.len(), 5);
}

#[tokio::test]
async fn kubelets_that_serve_no_such_files() {
    let (cluster, pod) = cluster(Options::default()).await;
    let client = Client::new(&cluster);
    for (served, status, text) in
        [(NodeLogs::Disabled, 405, "logs endpoint is disabled.\n"), (NodeLogs::Elsewhere, 404, "404 page not found\n")]
    {
        cluster.node_logs("node1", served);
        let answer = client.get(&directory(&pod)).await;
        assert_eq!((answer.status, &*answer.text()), (status, text));
    }
    cluster.node_logs("node1", NodeLogs::Served);
    cluster.kubelet_down("node1", true);
    assert_eq!(client.get(&directory(&pod)).await.status, 500);
    cluster.remove_node("node1");
    assert_eq!(client.get(&directory(&pod)).await.status, 404);
}

#[tokio::test]
async fn a_review_says_who_may_read_them() {
    let (cluster, _pod) = cluster(Options::default()).await;
    cluster.add_user("viewer-token", "viewer", Access::all().deny("*", "nodes/proxy"));
    let review = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "nodes", "subresource": "proxy"}}});
    for (token, allowed) in [("admin-token", true), ("viewer-token", false)] {
        let client = Client::with_token(&cluster, token);
        let answer = client.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await;
        assert_eq!(answer.json()["status"]["allowed"], allowed);
    }
}
