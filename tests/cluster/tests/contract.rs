//! The test cluster answers as Kubernetes 1.36 did: every recorded request is replayed over real TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use client::{Answer, Client};
use jiff::Timestamp;
use serde_json::{Value, json};
use testcluster::{Access, CHUNK, Options, PodHandle, Stream, TestCluster};

const RMRFH: &str = "blastn-batch-s00-job-000-3ed51a95-rmrfh";
/// The headers whose values are compared too.
const VALUES: [&str; 6] =
    ["accept-ranges", "cache-control", "content-range", "content-type", "location", "x-content-type-options"];
/// The headers whose presence is compared.
const HEADERS: [&str; 11] = [
    "accept-ranges",
    "audit-id",
    "cache-control",
    "content-type",
    "content-length",
    "content-range",
    "last-modified",
    "location",
    "x-content-type-options",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/recordings/kubernetes-1.36")
}

struct Recording {
    name: String,
    method: String,
    target: String,
    range: Option<String>,
    request_body: Option<Value>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Recording {
    fn load(name: &str) -> Self {
        let request = std::fs::read_to_string(directory().join(format!("{name}.request"))).unwrap();
        let (request, range) =
            request.split_once("\nRange: ").map_or((&*request, None), |(line, range)| (line, Some(range)));
        let mut words = request.trim_end().splitn(3, ' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let request_body = words.next().map(|body| serde_json::from_str(body).unwrap());
        let raw = std::fs::read(directory().join(format!("{name}.http"))).unwrap();
        let split = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(raw[..split].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned()));
        Self {
            name: name.to_owned(),
            method,
            target,
            range: range.map(|range| range.trim_end().to_owned()),
            request_body,
            status,
            headers: headers.collect(),
            body: raw[split + 4..].to_vec(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn items(&self) -> Vec<Value> {
        self.json()["items"].as_array().unwrap().clone()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn events(&self) -> Vec<Value> {
        events(&self.body)
    }

    fn goes_on(&self) -> bool {
        ["watch=", "follow="].iter().any(|flag| self.target.contains(flag))
    }

    fn lines(&self) -> usize {
        self.body.iter().filter(|byte| **byte == b'\n').count()
    }
}

fn events(body: &[u8]) -> Vec<Value> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Splits a stamped body into lines; the stamp tells them from the rest of a long one.
fn stamped_lines(body: &[u8]) -> Vec<(Timestamp, &[u8])> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.split(|byte| *byte == b'\n')
        .map(|line| (std::str::from_utf8(&line[..30]).unwrap().parse().unwrap(), &line[31..]))
        .collect()
}

/// Writes a recorded stamped log as the runtime had stored it.
fn write_stamped(pod: &PodHandle, container: &str, body: &[u8]) {
    let mut lines = stamped_lines(body).into_iter().peekable();
    while let Some((at, text)) = lines.next() {
        // A last line without newline is stored as a partial one.
        let unfinished = lines.peek().is_none() && !body.ends_with(b"\n");
        let mut chunks = text.chunks(CHUNK).peekable();
        if chunks.peek().is_none() {
            pod.chunk(container, at, Stream::Stdout, false, b"");
        }
        while let Some(chunk) = chunks.next() {
            pod.chunk(container, at, Stream::Stdout, chunks.peek().is_some() || unfinished, chunk);
        }
    }
}

/// The cluster as it was when most was recorded.
async fn recorded() -> TestCluster {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    for (kind, name) in [
        ("Pod", "pods-list-selector"),
        ("Pod", "pods-list-quirks"),
        ("Job", "jobs-list-selector"),
        ("Event", "events-list"),
    ] {
        for object in Recording::load(name).items() {
            cluster.load(kind, object);
        }
    }
    let pod = |name: &str| cluster.find_pod("default", name).unwrap();
    write_stamped(&pod(RMRFH), "blast", &Recording::load("log-timestamps").body);
    pod(RMRFH).print("import-query-batches", Recording::load("log-init-container").body);
    write_stamped(&pod("q-weird"), "blast", &Recording::load("log-weird-bytes-timestamps").body);
    write_stamped(&pod("q-crashloop"), "blast", &Recording::load("log-crashloop-current").body);
    pod("q-crashloop").collect("blast");
    pod("q-initfail").print("import-query-batches", Recording::load("log-initfailed-init").body);
    pod("q-oom").print("blast", Recording::load("log-oom").body);
    // Between the list and the log requests the first pull's failure became a back-off.
    pod("q-pullfail").waiting("blast", "ImagePullBackOff", None);
    cluster.add_user("nobody-token", "nobody", Access::none());
    cluster.add_user("nologs-token", "nologs", Access::all().deny("*", "pods/log"));
    cluster
}

/// A node with the files of two containers, as large as they were.
async fn node_files() -> TestCluster {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let viewer = Access::all().deny("*", "pods/log").deny("*", "nodes/proxy");
    cluster.add_user("nologs-token", "nologs", viewer);
    for (name, uid) in
        [("q-rotate", "e74f94c8-a5fb-4d84-8e45-7b9aa1dd390f"), ("q-weird", "151b73b6-cea0-4765-9b0a-777a9589818e")]
    {
        let status = json!({"name": "blast", "restartCount": 0, "containerID": uid, "state": {"running": {}}});
        let pod = json!({
            "metadata": {"name": name, "namespace": "default", "uid": uid},
            "spec": {"nodeName": "node1", "containers": [{"name": "blast"}]},
            "status": {"phase": "Running", "containerStatuses": [status]},
        });
        cluster.load("Pod", pod);
    }
    let pod = |name: &str| cluster.find_pod("default", name).unwrap();
    let rotate = |at: &str| {
        pod("q-rotate").at(at.parse().unwrap()).rotate("blast");
    };
    pod("q-rotate").print("blast", "rotated and compressed");
    rotate("2026-11-25T17:57:32Z");
    store_file(&pod("q-rotate"), &Recording::load("node-logs-rotated"), b"\n");
    rotate("2026-11-25T17:57:50Z");
    store_file(&pod("q-rotate"), &Recording::load("node-logs-range"), &Recording::load("node-logs-range-end").body);
    store_file(&pod("q-weird"), &Recording::load("node-logs-weird"), b"\n");
    cluster
}

/// Writes a file of which the start and the end were recorded: what lies between is one long record.
fn store_file(pod: &PodHandle, start: &Recording, end: &[u8]) {
    let size: usize = start.header("content-range").unwrap().rsplit('/').next().unwrap().parse().unwrap();
    let mut file = start.body.clone();
    if file.ends_with(b" ") || file.ends_with(b"stdout") {
        file.truncate(file.trim_ascii_end().len());
        file.extend_from_slice(b" F ");
    }
    file.resize(size - end.len(), b'-');
    file.extend_from_slice(end);
    for record in file.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n') {
        let mut fields = record.splitn(4, |byte| *byte == b' ');
        let mut word = || std::str::from_utf8(fields.next().unwrap()).unwrap();
        let (at, stream, partial) = (word().parse().unwrap(), word(), word() == "P");
        let stream = if stream == "stderr" { Stream::Stderr } else { Stream::Stdout };
        pod.chunk("blast", at, stream, partial, fields.next().unwrap());
    }
}

fn client_of(cluster: &TestCluster, recording: &Recording) -> Client {
    let token = match recording.name.as_str() {
        "forbidden-pods-list" => "nobody-token",
        "forbidden-log" | "access-review-denied" | "node-logs-forbidden" => "nologs-token",
        "unauthorized" => "wrong",
        _ => "admin-token",
    };
    Client::with_token(cluster, token)
}

async fn replay(cluster: &TestCluster, recording: &Recording) -> Answer {
    let client = client_of(cluster, recording);
    if let Some(range) = &recording.range {
        return client.get_range(&recording.target, range).await;
    }
    match &recording.request_body {
        Some(body) => client.send(&recording.method, &recording.target, body).await,
        // A watch never ends of itself, nor does the log of what runs.
        None if recording.goes_on() => client.open(&recording.target).await.at_least(recording.lines()).await,
        None => client.get(&recording.target).await,
    }
}

fn same_head(recording: &Recording, answer: &Answer) {
    let name = &recording.name;
    assert_eq!(answer.status, recording.status, "{name}: status");
    for header in HEADERS {
        let found = answer.headers.get(header).map(|value| value.to_str().unwrap());
        assert_eq!(found.is_some(), recording.header(header).is_some(), "{name}: presence of {header}");
        if VALUES.contains(&header) {
            assert_eq!(found, recording.header(header), "{name}: {header}");
        }
    }
}

fn same_bytes(recording: &Recording, answer: &Answer) {
    same_head(recording, answer);
    let (found, wanted) = (String::from_utf8_lossy(&answer.body), String::from_utf8_lossy(&recording.body));
    assert!(answer.body == recording.body, "{}: found\n{found:.800}\nwanted\n{wanted:.800}", recording.name);
}

/// Every key path with the type found there; arrays are united.
fn shape(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            paths.insert(format!("{path}: object"));
            for (key, value) in fields {
                shape(value, &format!("{path}.{key}"), paths);
            }
        }
        Value::Array(items) => {
            paths.insert(format!("{path}: array"));
            for item in items {
                shape(item, &format!("{path}[]"), paths);
            }
        }
        Value::Null => drop(paths.insert(format!("{path}: null"))),
        Value::Bool(_) => drop(paths.insert(format!("{path}: bool"))),
        Value::Number(_) => drop(paths.insert(format!("{path}: number"))),
        Value::String(_) => drop(paths.insert(format!("{path}: string"))),
    }
}

fn shape_of(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    shape(value, "", &mut paths);
    paths
}

fn same_shape(name: &str, found: &Value, wanted: &Value) {
    let (found, wanted) = (shape_of(found), shape_of(wanted));
    let missing: Vec<_> = wanted.difference(&found).collect();
    let extra: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{name}: missing {missing:#?}, too much {extra:#?}");
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn same_list(recording: &Recording, answer: &Answer) {
    same_head(recording, answer);
    let (found, wanted) = (answer.json(), recording.json());
    assert_eq!(names(&found), names(&wanted), "{}", recording.name);
    same_shape(&recording.name, &found, &wanted);
}

#[tokio::test]
async fn every_recording_is_answered_alike() {
    let mut names: Vec<String> = std::fs::read_dir(directory())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".request").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 40, "the recordings are there");
    let common = recorded().await;
    let files = node_files().await;
    for name in names {
        let recording = Recording::load(&name);
        match name.as_str() {
            "access-review-denied" | "version" => {
                let answer = replay(&common, &recording).await;
                same_head(&recording, &answer);
                same_shape(&name, &answer.json(), &recording.json());
                if name == "version" {
                    same_bytes(&recording, &answer);
                }
            }
            "namespace-missing" | "pods-list-empty" | "pods-list-selector" | "pods-list-paged"
            | "jobs-list-selector" => same_list(&recording, &replay(&common, &recording).await),
            "pods-list-quirks" => list_of("Pod", &recording).await,
            "pods-list-crashloop" | "pod-completed-after-restarts" => list_of("Pod", &recording).await,
            "events-list" => events_list(&recording).await,
            "pods-watch-bookmarks" => watch_bookmarks(&common, &recording).await,
            "pods-watch-future" => {
                let answer = replay(&common, &recording).await;
                same_bytes(&recording, &answer);
                assert!(!answer.complete, "it stays open");
            }
            "pods-watch-too-old" => {
                let cluster = recorded().await;
                cluster.compact_to(577);
                same_bytes(&recording, &replay(&cluster, &recording).await);
            }
            "pods-watch-lifecycle" => lifecycle(&recording).await,
            "log-follow-restart" => follow_restart(&recording).await,
            "log-follow-rotating" => follow_rotating(&common, &recording).await,
            "log-file-missing" => {
                let cluster = recorded().await;
                cluster.find_pod("default", "q-weird").unwrap().remove_log("blast");
                same_bytes(&recording, &replay(&cluster, &recording).await);
            }
            "log-kubelet-down" => {
                let cluster = recorded().await;
                cluster.pod("t1").container("c").create().start("c");
                cluster.kubelet_down("node1", true);
                same_bytes(&recording, &replay(&cluster, &recording).await);
            }
            "log-deleted-pod" => {
                let cluster = recorded().await;
                let pod = cluster.pod("t1").container("c").create();
                pod.start("c");
                pod.delete();
                same_bytes(&recording, &replay(&cluster, &recording).await);
            }
            "log-previous-collected" => previous_collected(&recording).await,
            "log-previous-collected-after-completion" => {
                let cluster = TestCluster::start(Options::default()).await.unwrap();
                for pod in Recording::load("pod-completed-after-restarts").items() {
                    cluster.load("Pod", pod);
                }
                same_bytes(&recording, &replay(&cluster, &recording).await);
            }
            "node-logs-rotated-gz" => {
                // No two compressors make the same bytes.
                let answer = replay(&files, &recording).await;
                assert_eq!((answer.status, &answer.body[..3]), (recording.status, &recording.body[..3]));
                assert_eq!(answer.headers["content-type"], recording.header("content-type").unwrap());
            }
            "node-logs-forbidden"
            | "node-logs-list"
            | "node-logs-list-no-slash"
            | "node-logs-missing-file"
            | "node-logs-missing-pod"
            | "node-logs-range"
            | "node-logs-range-end"
            | "node-logs-range-past-end"
            | "node-logs-rotated"
            | "node-logs-unknown-node"
            | "node-logs-weird" => same_bytes(&recording, &replay(&files, &recording).await),
            "forbidden-log"
            | "forbidden-pods-list"
            | "unauthorized"
            | "log-container-removed"
            | "log-crashloop-current"
            | "log-crashloop-previous"
            | "log-follow-waiting"
            | "log-init-container"
            | "log-initfailed-init"
            | "log-invalid-sincetime"
            | "log-invalid-tail"
            | "log-limitbytes"
            | "log-no-container"
            | "log-oom"
            | "log-plain"
            | "log-previous-none"
            | "log-sincetime-nanos"
            | "log-sincetime-seconds"
            | "log-stream-stderr"
            | "log-tail0"
            | "log-tail3-timestamps"
            | "log-timestamps"
            | "log-unknown-container"
            | "log-unknown-pod"
            | "log-unschedulable"
            | "log-unschedulable-follow"
            | "log-waiting-errimageneverpull"
            | "log-waiting-imagepullbackoff"
            | "log-waiting-initfailed"
            | "log-waiting-podinitializing"
            | "log-weird-bytes"
            | "log-weird-bytes-timestamps" => same_bytes(&recording, &replay(&common, &recording).await),
            _ => panic!("{name}: nothing says how this recording is to be answered"),
        }
    }
}

/// A list replayed in a world that holds just what it shows.
async fn list_of(kind: &str, recording: &Recording) {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    for object in recording.items() {
        cluster.load(kind, object);
    }
    same_list(recording, &replay(&cluster, recording).await);
}

async fn events_list(recording: &Recording) {
    let cluster = recorded().await;
    let mut last = recording.items().pop().unwrap();
    last["metadata"]["name"] = "zzz".into();
    cluster.load("Event", last);
    let answer = replay(&cluster, recording).await;
    same_list(recording, &answer);
    let next = format!("{}&continue={}", recording.target, answer.json()["metadata"]["continue"].as_str().unwrap());
    let rest = Client::new(&cluster).get(&next).await.json();
    assert_eq!(names(&rest), ["zzz"]);
}

async fn watch_bookmarks(cluster: &TestCluster, recording: &Recording) {
    let answer = replay(cluster, recording).await;
    same_head(recording, &answer);
    let (found, wanted) = (events(&answer.body), recording.events());
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found["type"], wanted["type"]);
        assert_eq!(found["object"]["metadata"]["name"], wanted["object"]["metadata"]["name"]);
        same_shape(&recording.name, found, wanted);
    }
}

/// What an event says of a pod's life.
fn state(event: &Value) -> Value {
    let object = &event["object"];
    let containers = |set: &str| -> Vec<Value> {
        let keys = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
        let statuses = object["status"][set].as_array().into_iter().flatten();
        statuses
            .map(|status| {
                let mut fields = status.clone();
                for key in ["containerID", "imageID", "image", "state", "lastState", "volumeMounts"] {
                    fields.as_object_mut().unwrap().shift_remove(key);
                }
                let state = &status["state"];
                json!({
                    "fields": fields,
                    "keys": keys(status).map(|keys| keys.into_iter().filter(|key| key != "volumeMounts").collect::<BTreeSet<_>>()),
                    "state": keys(state),
                    "reason": state["waiting"]["reason"].as_str().or(state["terminated"]["reason"].as_str()),
                    "exit": state["terminated"]["exitCode"],
                    "last": status["lastState"]["terminated"]["exitCode"],
                })
            })
            .collect()
    };
    let conditions: Vec<Value> = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|condition| {
            let mut condition = condition.clone();
            condition.as_object_mut().unwrap().shift_remove("lastTransitionTime");
            condition
        })
        .collect();
    let keys: BTreeSet<&String> = object["status"].as_object().into_iter().flatten().map(|(key, _)| key).collect();
    json!({
        "type": event["type"],
        "phase": object["status"]["phase"],
        "node": object["spec"]["nodeName"],
        "generation": object["metadata"]["generation"],
        "deleting": object["metadata"]["deletionGracePeriodSeconds"],
        "initial": object["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "init": containers("initContainerStatuses"),
        "containers": containers("containerStatuses"),
        "conditions": conditions,
        "status": keys,
    })
}

async fn lifecycle(recording: &Recording) {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let watch = client_of(&cluster, recording).open(&recording.target).await;
    let pod = cluster
        .pod("life")
        .label("app", "blast")
        .label("elb-job-id", "job-11111111111111111111111111111111")
        .restart_policy("OnFailure")
        .init("import-query-batches")
        .container("blast")
        .container("results-export")
        .create();
    pod.schedule();
    pod.start("import-query-batches").terminate("import-query-batches", 0);
    pod.start_all(&["blast", "results-export"]);
    pod.terminate("blast", 1).restart("blast").terminate("blast", 0);
    pod.terminate("results-export", 0);
    pod.delete();
    let answer = watch.at_least(recording.lines()).await;
    same_head(recording, &answer);
    let (found, wanted) = (events(&answer.body), recording.events());
    for (number, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        let (found, wanted) = (state(found), state(wanted));
        assert_eq!(found, wanted, "event {number}\nfound {found:#}\nwanted {wanted:#}");
    }
    assert_eq!(found.len(), wanted.len());
}

async fn follow_restart(recording: &Recording) {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let pod = cluster.pod("life").restart_policy("OnFailure").container("blast").container("results-export").create();
    pod.start_all(&["blast", "results-export"]);
    pod.print("blast", "the first run").terminate("blast", 1).restart("blast");
    let mut follow = client_of(&cluster, recording).open(&recording.target).await;
    for (at, text) in stamped_lines(&recording.body) {
        pod.print_at("blast", at, Stream::Stdout, text);
        follow.until(&[text, b"\n"].concat()).await;
    }
    pod.terminate("blast", 0);
    let answer = follow.rest().await;
    assert!(answer.complete, "a container's end ends its stream");
    same_bytes(recording, &answer);
}

async fn follow_rotating(cluster: &TestCluster, recording: &Recording) {
    let pod = cluster.find_pod("default", "q-rotate").unwrap();
    // The recording stops somewhere.
    let end = recording.body.iter().rposition(|byte| *byte == b'\n').unwrap();
    let lines = stamped_lines(&recording.body[..end]);
    pod.print_at("blast", "2026-11-24T13:00:24Z".parse().unwrap(), Stream::Stdout, "before the tail");
    let print = |lines: &[(Timestamp, &[u8])]| {
        for (at, text) in lines {
            pod.print_at("blast", *at, Stream::Stdout, text);
        }
    };
    print(&lines[..5]);
    let mut follow = client_of(cluster, recording).open(&recording.target).await;
    for part in lines[5..].chunks(20) {
        pod.rotate("blast");
        print(part);
        // A reader that lags behind two rotations loses the file between them.
        follow.until(&[part[part.len() - 1].1, b"\n"].concat()).await;
    }
    let answer = follow.at_least(lines.len()).await;
    same_head(recording, &answer);
    assert_eq!(answer.text(), String::from_utf8_lossy(&recording.body[..=end]));
}

async fn previous_collected(recording: &Recording) {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let pod = cluster.pod("q-restarts").restart_policy("OnFailure").container("blast").create();
    pod.start("blast").terminate("blast", 1).restart("blast").collect("blast");
    let text = String::from_utf8(recording.body.clone()).unwrap();
    let id = text.rsplit(' ').next().unwrap();
    pod.edit(|pod| pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["containerID"] = id.into());
    same_bytes(recording, &replay(&cluster, recording).await);
}
