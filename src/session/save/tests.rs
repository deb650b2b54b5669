use serde_json::json;

use super::*;
use crate::{
    follow::{drive::Batch, note::WantedFrom},
    k8s::Stream,
    merge::{Merged, MergedLine, Origin},
    session::{
        Notice,
        fixtures::{MemoryArchive, instance, line},
        replay::target,
    },
};

const HOST: &str = "https://cluster:6443";

/// A saver of what an archive has, that has found these containers.
async fn saver(kept: &MemoryArchive, secrets: SecretHandling, found: &[&str]) -> Saver {
    let writer = kept.writer().await;
    let job = kept.archive.job(&kept.key).await.ok();
    let mut saver = Saver::new(writer, job.as_ref(), secrets, HOST).await.unwrap();
    for name in found {
        saver.take(&RunEvent::Found(found_container(name))).await.unwrap();
    }
    saver
}

fn found_container(name: &str) -> Arc<Target> {
    Arc::new(target(&instance(name, 0), &HashMap::new()))
}

fn batch(name: &str, restart: u32, texts: &[&str]) -> RunEvent {
    let lines = texts.iter().map(|text| line(1, text)).collect();
    RunEvent::Lines(Batch { instance: instance(name, restart).id(), stream: Some(Stream::Stdout), lines })
}

fn note(name: &str, note: Note) -> RunEvent {
    RunEvent::Note { container: Arc::new(instance(name, 0).container_id()), note }
}

fn gap(name: &str, restart: u32, note: Note) -> RunEvent {
    RunEvent::Gap { instance: instance(name, restart).id(), note }
}

async fn logs(kept: &MemoryArchive, name: &str, restart: u32) -> Vec<String> {
    kept.kept(&ArchivedStream::Log(instance(name, restart))).await
}

/// A pod, whose container of its name was started so often.
fn pod(name: &str, version: &str, restarts: u32) -> Value {
    let ArchivedInstance { namespace, pod, uid, .. } = instance(name, 0);
    json!({
        "metadata": {"namespace": namespace, "name": pod, "uid": uid, "resourceVersion": version},
        "spec": {"containers": [{"name": name}]},
        "status": {"containerStatuses": [
            {"name": name, "restartCount": restarts, "state": {"running": {}}},
        ]},
    })
}

#[tokio::test]
async fn lines_are_kept_however_they_come_and_of_those_that_were_found() {
    let kept = MemoryArchive::new().await;
    let mut saver = saver(&kept, SecretHandling::Kept, &["a", "b"]).await;
    let origin = |name, restart| Origin { instance: instance(name, restart).id(), stream: None };
    let merged = |of: usize, text: &str| MergedLine { of, line: line(1, text) };
    for event in [
        batch("a", 0, &["one", "API_TOKEN=pl4nted0Secr3t"]),
        batch("unknown", 0, &["of nobody"]),
        RunEvent::Merged(Merged {
            of: vec![origin("b", 2), origin("a", 1), origin("unknown", 0)],
            lines: vec![
                merged(0, "two"),
                merged(1, "three"),
                merged(2, "of nobody"),
                merged(7, "of nobody"),
                merged(0, "four"),
            ],
        }),
        RunEvent::Complete { instance: instance("a", 0).id(), lines: 2, proof: Proof::Checked },
        RunEvent::Complete { instance: instance("unknown", 0).id(), lines: 2, proof: Proof::Checked },
        RunEvent::Notice(Notice::RowReadable),
    ] {
        saver.take(&event).await.unwrap();
    }
    saver.finish().await.unwrap();
    assert_eq!(logs(&kept, "a", 0).await, ["one", "API_TOKEN=pl4nted0Secr3t"]);
    assert_eq!(logs(&kept, "a", 1).await, ["three"]);
    assert_eq!(logs(&kept, "b", 2).await, ["two", "four"]);
    let job = kept.job().await;
    assert_eq!(job.logs().count(), 3);
    let checked = "2, it has ended, and the log's last line is the last one read";
    assert_eq!(kept.said_of(&instance("a", 0)).await, [checked]);
    assert!(kept.said_of(&instance("b", 2)).await.is_empty());
    assert_eq!((job.state.at.as_deref(), job.state.masked), (Some("https://cluster:6443 default"), false));
}

#[tokio::test]
async fn what_is_masked_is_masked_in_lines_and_objects_and_said_so() {
    let kept = MemoryArchive::new().await;
    let mut saver = saver(&kept, SecretHandling::Masked, &["a"]).await;
    saver.take(&batch("a", 0, &["one", "API_TOKEN=pl4nted0Secr3t"])).await.unwrap();
    let mut told = pod("b", "1", 0);
    told["spec"]["containers"][0]["env"] = json!([{"name": "API_TOKEN", "value": "pl4nted0Secr3t"}]);
    saver.object(ObjectLog::Pods, told).await.unwrap();
    saver.tell(JobState { status: Some("running".to_owned()), ..saver.state().clone() }).await.unwrap();
    saver.finish().await.unwrap();
    let lines = logs(&kept, "a", 0).await;
    assert!(lines[0] == "one" && lines[1].starts_with("API_TOKEN=") && !lines[1].contains("Secr3t"), "{lines:?}");
    let pods = kept.changes(ObjectLog::Pods).await;
    assert!(pods.len() == 1 && pods[0].contains("API_TOKEN") && !pods[0].contains("Secr3t"), "{pods:?}");
    let state = kept.job().await.state;
    assert_eq!((state.masked, state.status.as_deref()), (true, Some("running")));
    assert_eq!(SecretHandling::Kept.kept_as().map(|kept_as| kept_as(b"a").into_owned()), None);
}

#[tokio::test]
async fn an_object_is_kept_when_it_is_another_than_before_also_than_in_an_earlier_run() {
    let kept = MemoryArchive::new().await;
    let no_version = |status: &str| json!({"status": status});
    let mut deleted = pod("a", "2", 0);
    deleted["deleted"] = true.into();
    let all = [
        (ObjectLog::Pods, pod("a", "1", 0)),
        (ObjectLog::Pods, pod("a", "1", 0)),
        (ObjectLog::Pods, pod("b", "1", 0)),
        (ObjectLog::Jobs, pod("a", "1", 0)),
        (ObjectLog::Pods, pod("a", "2", 0)),
        (ObjectLog::Pods, deleted),
        (ObjectLog::Row, no_version("running")),
        (ObjectLog::Row, no_version("running")),
        (ObjectLog::Row, no_version("completed")),
    ];
    let mut first = saver(&kept, SecretHandling::Kept, &[]).await;
    for (kind, object) in all.clone() {
        first.object(kind, object).await.unwrap();
    }
    first.finish().await.unwrap();
    let counts = async || {
        let mut counts = Vec::new();
        for kind in ObjectLog::ALL {
            counts.push(kept.changes(kind).await.len());
        }
        counts
    };
    assert_eq!(counts().await, [2, 0, 4, 1, 0]);
    let mut second = saver(&kept, SecretHandling::Kept, &[]).await;
    for (kind, object) in [&all[2], &all[3], &all[5], &all[8]].into_iter().cloned() {
        second.object(kind, object).await.unwrap();
    }
    second.finish().await.unwrap();
    assert_eq!(counts().await, [2, 0, 4, 1, 0], "as they were last");
}

#[tokio::test]
async fn objects_that_cannot_be_read_any_more_are_kept_once_more() {
    let kept = MemoryArchive::new().await;
    let mut first = saver(&kept, SecretHandling::Kept, &[]).await;
    first.object(ObjectLog::Jobs, pod("a", "1", 0)).await.unwrap();
    first.finish().await.unwrap();
    for chunk in kept.paths("/chunks/").await {
        kept.remove(&chunk).await;
    }
    let mut second = saver(&kept, SecretHandling::Kept, &[]).await;
    second.object(ObjectLog::Jobs, pod("a", "1", 0)).await.unwrap();
    second.finish().await.unwrap();
    assert_eq!(kept.paths("/chunks/").await.len(), 1);
}

#[tokio::test]
async fn where_pods_are_is_said_by_those_that_are_there() {
    let mut deleted = pod("a", "1", 0);
    deleted["deleted"] = true.into();
    let mut without = pod("a", "1", 0);
    without["metadata"].as_object_mut().unwrap().remove("namespace");
    for (kind, object, at) in [
        (ObjectLog::Pods, pod("a", "1", 0), Some("https://cluster:6443 default")),
        (ObjectLog::Jobs, pod("a", "1", 0), None),
        (ObjectLog::Pods, deleted, None),
        (ObjectLog::Pods, without, None),
    ] {
        let kept = MemoryArchive::new().await;
        let mut saver = saver(&kept, SecretHandling::Kept, &[]).await;
        saver.object(kind, object).await.unwrap();
        assert_eq!(saver.state().at.as_deref(), at, "{kind}");
    }
}

#[tokio::test]
async fn what_is_missing_is_kept_as_it_was_told() {
    let (restart, last) = (1, None);
    let why = || "why".to_owned();
    let at = Stamp(0);
    let rest = "2, what was left of it was read".to_owned();
    for (event, expected) in [
        // Of the first line on.
        (
            note("a", Note::StartsLate { restart, wanted: WantedFrom::All(at), first: at }),
            vec!["0 before: the log of instance 1 starts at 1970-01-01T00:00:00Z, but the container at 1970-01-01T00:00:00Z: earlier lines may have been rotated away".to_owned()],
        ),
        (
            note("a", Note::Gone { restart, reason: why() }),
            vec!["2 before: the log of instance 1 was gone before elbtail started: why".to_owned()],
        ),
        (note("a", Note::Started(restart)), vec![]),
        (note("a", Note::Unchecked { restart, reason: why() }), vec![]),
        (
            gap("a", 1, Note::Gap { restart, after: at, before: Some(at) }),
            vec!["2: lines of instance 1 are missing between 1970-01-01T00:00:00Z and 1970-01-01T00:00:00Z: rotated away before they could be read".to_owned()],
        ),
        (gap("a", 1, Note::Missing { restart, reason: why() }), vec!["2: instance 1: why".to_owned()]),
        (
            gap("a", 1, Note::Gap { restart, after: at, before: None }),
            vec!["2: lines of instance 1 after 1970-01-01T00:00:00Z may be missing: the log was rotated away".to_owned(), rest.clone()],
        ),
        (
            gap("a", 1, Note::Lost { restart, reason: why() }),
            vec!["2: the log of instance 1 is lost: why".to_owned(), rest.clone()],
        ),
        // The next run tries again.
        (gap("a", 1, Note::Unreadable { restart, last, reason: why() }), vec![]),
    ] {
        let kept = MemoryArchive::new().await;
        let mut saver = saver(&kept, SecretHandling::Kept, &["a"]).await;
        for event in [batch("a", 1, &["one", "two"]), event.clone()] {
            saver.take(&event).await.unwrap();
        }
        saver.finish().await.unwrap();
        assert_eq!(kept.said_of(&instance("a", 1)).await, expected, "{event:?}");
    }
}

#[tokio::test]
async fn instances_that_were_gone_before_are_the_first_ones_of_which_nothing_was_read() {
    let gone = || {
        let before = "0 before: the logs of its first 2 instances were gone before elbtail started".to_owned();
        vec![before, "0, its log was gone before it could be read".to_owned()]
    };
    let kept = MemoryArchive::new().await;
    let mut saver = saver(&kept, SecretHandling::Kept, &["a"]).await;
    for event in [
        // The node still had this one.
        batch("a", 1, &["one"]),
        note("a", Note::GoneBefore { count: 2 }),
        note("unknown", Note::GoneBefore { count: 2 }),
    ] {
        saver.take(&event).await.unwrap();
    }
    saver.finish().await.unwrap();
    for (restart, said) in [(0, gone()), (1, vec![]), (2, gone()), (3, vec![])] {
        assert_eq!(kept.said_of(&instance("a", restart)).await, said, "{restart}");
    }
}

#[tokio::test]
async fn pods_that_are_gone_are_told_as_missing_where_they_were_looked_for() {
    for (found, namespace, elsewhere, expected) in [
        (&[][..], "default", false, &["a#1 1", "b#0 0", "b#1 0"][..]),
        (&["a"], "default", false, &["b#0 0", "b#1 0"]),
        (&["a", "b"], "default", false, &[]),
        (&[], "other", false, &[]),
        (&[], "default", true, &[]),
    ] {
        let kept = MemoryArchive::new().await;
        let mut first = saver(&kept, SecretHandling::Kept, &["a"]).await;
        for event in [
            batch("a", 0, &["one"]),
            RunEvent::Complete { instance: instance("a", 0).id(), lines: 1, proof: Proof::Checked },
            batch("a", 1, &["two"]),
        ] {
            first.take(&event).await.unwrap();
        }
        first.object(ObjectLog::Pods, pod("b", "1", 1)).await.unwrap();
        first.finish().await.unwrap();
        let mut second = saver(&kept, SecretHandling::Kept, found).await;
        if elsewhere {
            second.host = "https://another:6443".to_owned();
        }
        let lost = second.close_absent(namespace).await.unwrap();
        assert!(second.close_absent(namespace).await.unwrap().is_empty(), "it is told once");
        second.finish().await.unwrap();
        let mut told = Vec::new();
        for name in ["a", "b"] {
            for restart in 0..3 {
                let said = kept.said_of(&instance(name, restart)).await;
                if let [gap, _] = &*said {
                    let (at, why) = gap.split_once(": ").unwrap();
                    assert_eq!(why, if at == "0" { DELETED_UNREAD } else { DELETED });
                    told.push(format!("{name}#{restart} {at}"));
                }
            }
        }
        assert_eq!(told, expected, "{found:?} {namespace} {elsewhere}");
        assert_eq!(lost.len(), told.len());
    }
}

#[test]
fn an_instance_has_started_when_it_runs_has_ended_or_waits_to_be_started_again() {
    let ended = json!({"terminated": {"exitCode": 0, "containerID": "containerd://1"}});
    let waiting = json!({"waiting": {"reason": "x"}});
    for (restarts, state, last, count) in [
        (0, waiting.clone(), json!({}), 0),
        (0, json!({"running": {}}), json!({}), 1),
        (0, ended.clone(), json!({}), 1),
        (0, waiting.clone(), ended.clone(), 1),
        (2, waiting, ended.clone(), 3),
        (2, json!({"running": {}}), ended, 3),
    ] {
        let mut told = pod("a", "1", restarts);
        told["status"]["containerStatuses"][0]["state"] = state;
        told["status"]["containerStatuses"][0]["lastState"] = last;
        assert_eq!(instances(&told), [(instance("a", 0), count)], "{told}");
    }
    assert_eq!(instances(&json!({"spec": 1})), []);
}

#[test]
fn an_object_is_known_by_its_uid_and_another_by_its_version_or_its_end() {
    let of = |object: Value| version_of(ObjectLog::Jobs, &object);
    let known = |uid: &str, version: &str| ((ObjectLog::Jobs, uid.to_owned()), version.to_owned());
    let metadata = json!({"uid": "u", "resourceVersion": "7"});
    assert_eq!(of(json!({"metadata": metadata})), known("u", "7"));
    assert_eq!(of(json!({"metadata": metadata, "deleted": true})), known("u", "7 deleted"));
    assert_eq!(of(json!({"metadata": metadata, "deleted": false})), known("u", "7"));
    assert_eq!(of(json!({"metadata": {"uid": "u"}})), known("", r#"{"metadata":{"uid":"u"}}"#));
    assert_eq!(of(json!({"id": 1})), known("", r#"{"id":1}"#));
}

/// How many chunks of objects are durable.
async fn durable(kept: &MemoryArchive, count: usize) -> usize {
    // A chunk is on its way for a moment.
    for _ in 0..1000 {
        if kept.paths("/chunks/").await.len() == count {
            return count;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    kept.paths("/chunks/").await.len()
}

#[tokio::test]
async fn that_an_instance_has_started_is_durable_soon_though_nothing_else_comes() {
    let long_ago = |saver: &mut Saver| {
        saver.ticked -= TICK;
        saver.unsealed = saver.unsealed.map(|since| since - KNOWN);
    };
    let kept = MemoryArchive::new().await;
    // Nothing is large or old enough by itself.
    let writer = kept.writer_of_chunks(1 << 20).await;
    let mut saver = Saver::new(writer, None, SecretHandling::Kept, HOST).await.unwrap();
    saver.object(ObjectLog::Jobs, pod("a", "1", 0)).await.unwrap();
    assert!(saver.unsealed.is_none(), "a Job starts nothing");
    saver.object(ObjectLog::Pods, pod("a", "1", 0)).await.unwrap();
    let since = saver.unsealed.unwrap();
    saver.object(ObjectLog::Pods, pod("a", "2", 1)).await.unwrap();
    assert_eq!(saver.unsealed, Some(since), "the first of them");
    // It is asked too soon; then the start is too new.
    saver.unsealed = Some(since - KNOWN);
    saver.tick().await.unwrap();
    assert!(saver.unsealed.is_some());
    saver.unsealed = Some(Instant::now());
    saver.ticked -= TICK;
    let asked = saver.ticked;
    saver.tick().await.unwrap();
    assert!(saver.unsealed.is_some() && saver.ticked > asked);
    assert_eq!(kept.paths("/chunks/").await.len(), 0);
    long_ago(&mut saver);
    saver.take(&RunEvent::Notice(Notice::RowReadable)).await.unwrap();
    assert!(saver.unsealed.is_none());
    assert_eq!(durable(&kept, 2).await, 2, "the pods and the Jobs");
    saver.object(ObjectLog::Pods, pod("a", "3", 1)).await.unwrap();
    assert!(saver.unsealed.is_none(), "no more have started");
    saver.object(ObjectLog::Pods, pod("a", "4", 2)).await.unwrap();
    assert!(saver.unsealed.is_some());
    // Whoever shares it has the time pass too.
    long_ago(&mut saver);
    let mut shared = SharedSaver(Arc::new(Mutex::new(saver)));
    assert_eq!(shared.pause().await.unwrap(), Some(TICK));
    shared.silence().await.unwrap();
    assert_eq!(durable(&kept, 3).await, 3);
    let other = shared.0.clone();
    shared.event(&RunEvent::Found(found_container("a"))).await.unwrap();
    assert_eq!(other.lock().await.containers.len(), 1);
    shared.finish().await.unwrap();
}

#[tokio::test]
async fn a_follower_goes_on_after_what_is_kept_of_each_instance() {
    let kept = MemoryArchive::new().await;
    let mut saver = saver(&kept, SecretHandling::Kept, &["a", "b"]).await;
    for event in [
        batch("a", 0, &["one"]),
        RunEvent::Complete { instance: instance("a", 0).id(), lines: 1, proof: Proof::Checked },
        batch("a", 2, &["two", "three"]),
        batch("b", 0, &["four"]),
    ] {
        saver.take(&event).await.unwrap();
    }
    saver.finish().await.unwrap();
    let positions = kept.job().await.positions();
    let of = async |name: &str| {
        let away = Duration::from_secs(7);
        earlier(positions.clone(), found_container(name), away, SecretHandling::Kept).await.unwrap()
    };
    let mut a = of("a").await;
    assert_eq!((a.away, a.first()), (Duration::from_secs(7), Some(2)));
    let (first, latest) = (a.take(0).unwrap(), a.take(2).unwrap());
    assert_eq!((first.sealed, first.cursor.count()), (true, 1));
    assert_eq!((latest.sealed, latest.cursor.count()), (false, 2));
    assert!(latest.cursor.ends_with(&[line(1, "two"), line(1, "three")]) && a.is_empty());
    assert_eq!(of("b").await.first(), Some(0));
    assert!(of("c").await.is_empty());
}
