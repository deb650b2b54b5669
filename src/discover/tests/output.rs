//! Entries as text.

use super::{
    super::output::{Printer, render},
    *,
};
use crate::render::Headers;

fn now() -> jiff::Timestamp {
    "2026-11-24T13:00:00Z".parse().unwrap()
}

fn taken(pods: Vec<Pod>) -> Vec<Match> {
    pods.into_iter().map(|pod| Match { pod, evidence: Evidence::Label }).collect()
}

fn text(format: TargetsFormat, matches: &[Match]) -> String {
    render(format, &id(ID), &entries(matches), Headers::Shown, now()).unwrap()
}

#[test]
fn a_table_of_the_incident() {
    let table = text(TargetsFormat::Table, &incident());
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 27);
    let batch = "blastn-batch-s00-job-000-3ed51a95-rmrfh";
    for (at, line) in [
        (
            0,
            "POD                                       CONTAINER              PHASE               STATUS      RESTARTS   AGE",
        ),
        (
            1,
            "init-ssd-3ed51a95-0-7vvqw                 get-blastdb            staging_db          Completed   0          96s",
        ),
        (
            2,
            "init-ssd-3ed51a95-0-7vvqw                 import-query-batches   staging_db          Completed   0          96s",
        ),
        (11, &format!("{batch}   import-query-batches   running             Completed   0          96s")),
        (12, &format!("{batch}   blast                  running             Completed   0          96s")),
        (13, &format!("{batch}   results-export         exporting_results   Completed   0          96s")),
        (
            26,
            "elb-finalizer-3ed51a95-kb79l              finalizer              exporting_results   Completed   0          96s",
        ),
    ] {
        assert_eq!(lines[at], line);
    }
    assert!(table.ends_with('\n') && lines.iter().all(|line| !line.ends_with(' ')));
}

#[test]
fn a_table_of_the_quirks() {
    let expected = "\
POD               CONTAINER              PHASE     STATUS              RESTARTS      AGE
q-badimage        blast                  running   ErrImageNeverPull   0             44s
q-crashloop       blast                  running   Error               3 (26s ago)   44s
q-initfail        import-query-batches   running   Error               0             44s
q-initfail        blast                  running   Init:Error          0             44s
q-initwait        import-query-batches   running   Running             0             44s
q-initwait        blast                  running   Init:0/1            0             44s
q-oom             blast                  running   OOMKilled           0             44s
q-pullfail        blast                  running   ErrImagePull        0             44s
q-rotate          blast                  running   Running             0             44s
q-unschedulable   blast                  running   Pending             0             44s
q-weird           blast                  running   Completed           0             44s
";
    assert_eq!(text(TargetsFormat::Table, &taken(listed("pods-list-quirks"))), expected);
}

#[test]
fn a_wide_table() {
    let mut pods = listed("pods-list-quirks");
    pods.retain(|pod| ["q-crashloop", "q-rotate", "q-unschedulable"].contains(&pod.name()));
    let expected = "\
NAMESPACE   POD               CONTAINER   READY   PHASE     STATUS    RESTARTS      AGE   EXIT   ROLE    KIND      NODE    EVIDENCE
default     q-crashloop       blast       false   running   Error     3 (26s ago)   44s   2      batch   regular   node1   label
default     q-rotate          blast       true    running   Running   0             44s   -      batch   regular   node1   label
default     q-unschedulable   blast       false   running   Pending   0             44s   -      batch   regular   -       label
";
    assert_eq!(text(TargetsFormat::Wide, &taken(pods)), expected);
}

#[test]
fn names_are_lines_for_scripts() {
    let names = text(TargetsFormat::Name, &incident());
    assert_eq!(names.lines().count(), 26);
    assert!(names.starts_with("default/init-ssd-3ed51a95-0-7vvqw/get-blastdb\n"));
    assert!(names.ends_with("default/elb-finalizer-3ed51a95-kb79l/finalizer\n"));
}

#[test]
fn json_is_a_contract() {
    let mut pods = listed("pods-list-quirks");
    pods.retain(|pod| ["q-crashloop", "q-initwait"].contains(&pod.name()));
    let uids: Vec<String> = pods.iter().map(|pod| pod.uid().to_owned()).collect();
    let text = text(TargetsFormat::Json, &taken(pods));
    let expected = json!({"job": ID, "targets": [
        {
            "namespace": "default", "pod": "q-crashloop", "uid": uids[0], "container": "blast", "kind": "regular",
            "role": "batch", "phase": "running", "evidence": "label", "status": "Error", "podStatus": "Error",
            "ready": false, "restarts": 3, "exitCode": 2, "reason": "Error", "startedAt": "2026-11-24T12:59:56Z",
            "finishedAt": "2026-11-24T12:59:57Z", "node": "node1",
        },
        {
            "namespace": "default", "pod": "q-initwait", "uid": uids[1], "container": "import-query-batches",
            "kind": "init", "role": "batch", "phase": "running", "evidence": "label", "status": "Running",
            "podStatus": "Init:0/1", "ready": false, "restarts": 0, "exitCode": null, "reason": null,
            "startedAt": "2026-11-24T12:59:17Z", "finishedAt": null, "node": "node1",
        },
        {
            "namespace": "default", "pod": "q-initwait", "uid": uids[1], "container": "blast", "kind": "regular",
            "role": "batch", "phase": "running", "evidence": "label", "status": "Init:0/1", "podStatus": "Init:0/1",
            "ready": false, "restarts": 0, "exitCode": null, "reason": "PodInitializing", "startedAt": null,
            "finishedAt": null, "node": "node1",
        },
    ]});
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    // Pretty, and in this order.
    let keys = text.lines().filter_map(|line| line.strip_prefix("      \"")?.split('"').next()).take(17);
    assert_eq!(
        keys.collect::<Vec<_>>().join(" "),
        "namespace pod uid container kind role phase node evidence status podStatus ready restarts exitCode reason \
         startedAt finishedAt"
    );
}

#[test]
fn yaml_says_what_json_says() {
    for matches in [incident(), taken(listed("pods-list-quirks")), vec![]] {
        let json: Value = serde_json::from_str(&text(TargetsFormat::Json, &matches)).unwrap();
        let yaml: Value = serde_saphyr::from_str(&text(TargetsFormat::Yaml, &matches)).unwrap();
        assert_eq!(json, yaml);
    }
}

#[test]
fn nothing_is_an_empty_table_and_an_empty_list() {
    for format in [TargetsFormat::Table, TargetsFormat::Wide, TargetsFormat::Name] {
        assert_eq!(text(format, &[]), "");
    }
    assert_eq!(text(TargetsFormat::Json, &[]), format!("{{\n  \"job\": \"{ID}\",\n  \"targets\": []\n}}\n"));
}

#[test]
fn a_crash_loop_tells_how_it_crashed() {
    let mut pods = listed("pods-list-crashloop");
    let blast = &mut pods[0].status.container_statuses[0];
    blast.last_state = std::mem::take(&mut blast.state);
    blast.state = serde_json::from_value(json!({"waiting": {"reason": "CrashLoopBackOff"}})).unwrap();
    let entry = entries(&taken(pods)).remove(0);
    assert_eq!(
        (entry.status.as_str(), entry.exit_code, entry.reason.as_deref()),
        ("CrashLoopBackOff", Some(2), Some("Error"))
    );
    assert_eq!(entry.finished_at, Some("2026-11-24T13:48:25Z".parse().unwrap()));
}

#[test]
fn of_a_container_that_was_started_again_the_latest_instance_is_told() {
    let before = json!({"terminated": {
        "exitCode": 2, "reason": "Error", "startedAt": "2026-11-24T12:00:00Z", "finishedAt": "2026-11-24T12:01:00Z",
    }});
    let runs = json!({"running": {"startedAt": "2026-11-24T12:02:00Z"}});
    let waits = |reason: &str| json!({"waiting": {"reason": reason}});
    let done = json!({"terminated": {
        "exitCode": 0, "reason": "Completed", "startedAt": "2026-11-24T12:02:00Z", "finishedAt": "2026-11-24T12:03:00Z",
    }});
    for (state, last, exit, reason, started, finished) in [
        (&runs, &before, None, None, Some("02"), None),
        (&waits("CrashLoopBackOff"), &before, Some(2), Some("Error"), Some("00"), Some("01")),
        (&done, &before, Some(0), Some("Completed"), Some("02"), Some("03")),
        (&waits("ImagePullBackOff"), &json!({}), None, Some("ImagePullBackOff"), None, None),
        (&waits(""), &json!({}), None, None, None, None),
    ] {
        let status = json!({"name": "c", "restartCount": 1, "state": state, "lastState": last});
        let spec = json!({"containers": [{"name": "c"}]});
        let pod = pod(json!({"metadata": {"name": "p"}, "spec": spec, "status": {"containerStatuses": [status]}}));
        let entry = entries(&taken(vec![pod])).remove(0);
        let at = |minute: Option<&str>| minute.map(|minute| format!("2026-11-24T12:{minute}:00Z").parse().unwrap());
        assert_eq!((entry.exit_code, entry.reason.as_deref()), (exit, reason), "{state}");
        assert_eq!((entry.started_at, entry.finished_at), (at(started), at(finished)), "{state}");
        assert_eq!(entry.last_restart.is_some(), *last == before, "{state}");
    }
}

#[test]
fn the_order_is_the_jobs_and_does_not_depend_on_the_lists() {
    let job = |name: &str| named(name, None);
    let names = [
        "submit-jobs-x",
        "warm-a-0",
        "init-ssd-0",
        "blastn-batch-a-job-000",
        "blastn-batch-b-job-000",
        "elb-finalizer-x",
    ];
    let mut pods: Vec<Pod> = names.iter().map(|name| job(name)).collect();
    for pod in &mut pods {
        let pair =
            json!({"initContainers": [{"name": "z"}], "containers": [{"name": "results-export"}, {"name": "a"}]});
        pod.spec = serde_json::from_value(pair).unwrap();
    }
    let expected: Vec<String> = entries(&taken(pods.clone())).iter().map(TargetEntry::name).collect();
    let in_order: Vec<String> =
        names.iter().flat_map(|name| ["z", "results-export", "a"].map(|c| format!("/{name}/{c}"))).collect();
    assert_eq!(expected, in_order);
    pods.reverse();
    assert_eq!(entries(&taken(pods)).iter().map(TargetEntry::name).collect::<Vec<_>>(), in_order);
}

#[test]
fn a_cell_cannot_move_the_cursor() {
    let pod = pod(json!({
        "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        "status": {"containerStatuses": [
            {"name": "a", "state": {"waiting": {"reason": "x\u{1b}[2J\n"}}},
            {"name": "b", "state": {"waiting": {"reason": "漢字"}}},
        ]},
    }));
    // A wide character takes two columns.
    let expected = "\
POD   CONTAINER   PHASE     STATUS         RESTARTS   AGE
p     a           running   x\\u{1b}[2J\\n   0          <unknown>
p     b           running   漢字           0          <unknown>
";
    assert_eq!(text(TargetsFormat::Table, &taken(vec![pod])), expected);
}

/// Every line that a watch of the recorded life prints.
fn life(format: TargetsFormat) -> String {
    let (mut changes, mut printer) = (Changes::new(format), Printer::new(format, Headers::Shown));
    let mut out = String::new();
    for (kind, pod) in watched("pods-watch-lifecycle") {
        let matched = taken(vec![pod]).remove(0);
        let news = match kind {
            "DELETED" => changes.remove(matched.pod.uid()),
            _ => changes.apply(&matched),
        };
        out += &printer.print(&news, "2026-11-24T13:50:00Z".parse().unwrap()).unwrap();
    }
    out
}

#[test]
fn a_watch_prints_a_header_and_what_changed() {
    let expected = "\
POD    CONTAINER              PHASE               STATUS    RESTARTS   AGE
life   import-query-batches   running             Pending   0          14s
life   blast                  running             Pending   0          14s
life   results-export         exporting_results   Pending   0          14s
life   import-query-batches   running             Init:0/1   0          14s
life   blast                  running             Init:0/1   0          14s
life   results-export         exporting_results   Init:0/1   0          14s
life   import-query-batches   running             Running    0          14s
life   import-query-batches   running             Completed         0          14s
life   blast                  running             PodInitializing   0          14s
life   results-export         exporting_results   PodInitializing   0          14s
life   blast                  running             Running           0          14s
life   results-export         exporting_results   Running           0          14s
life   blast                  running             Error             0          14s
life   blast                  running             Running           1 (10s ago)   14s
life   blast                  running             Completed         1 (10s ago)   14s
life   results-export         exporting_results   Completed         0             14s
life   import-query-batches   running             Deleted           0             14s
life   blast                  running             Deleted           1 (10s ago)   14s
life   results-export         exporting_results   Deleted           0             14s
";
    assert_eq!(life(TargetsFormat::Table), expected);
}

#[test]
fn a_watch_in_json_prints_an_object_a_line() {
    let text = life(TargetsFormat::Json);
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for pair in objects.iter().filter(|object| object["container"] == "blast").collect::<Vec<_>>().windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
    let last = objects.last().unwrap();
    assert_eq!(
        (&last["status"], &last["podStatus"], &last["exitCode"]),
        (&json!("Deleted"), &json!("Deleted"), &json!(0))
    );
    // A table does not show the node; the object does.
    assert_eq!(objects.iter().filter(|object| object["status"] == "Pending").count(), 6);
    let documents = life(TargetsFormat::Yaml);
    assert_eq!(documents.lines().filter(|line| *line == "---").count(), objects.len());
}

#[test]
fn a_watch_of_names_prints_each_once() {
    let names = "default/life/import-query-batches\ndefault/life/blast\ndefault/life/results-export\n";
    assert_eq!(life(TargetsFormat::Name), names);
}

#[test]
fn a_new_list_tells_what_is_gone_and_what_is_news() {
    let mut changes = Changes::new(TargetsFormat::Table);
    let all = incident();
    assert_eq!(changes.replace(&all), entries(&all));
    assert_eq!(changes.replace(&all), []);
    assert_eq!(changes.apply(&all[0]), []);

    // One is gone, and one of the same name is another pod.
    let mut next = all[1..].to_vec();
    next[0].pod.metadata.uid = Some("new".to_owned());
    let news = changes.replace(&next);
    let told: Vec<(String, &str)> = news.iter().map(|entry| (entry.name(), entry.status.as_str())).collect();
    let of = |matched: &Match, status: &'static str| {
        TargetEntry::of(matched).iter().map(|entry| (entry.name(), status)).collect::<Vec<_>>()
    };
    assert_eq!(told, [of(&all[0], "Deleted"), of(&all[1], "Deleted"), of(&next[0], "Completed")].concat());
    assert_eq!(changes.remove("no such pod"), []);
    assert_eq!(changes.replace(&[]).len(), 25 - 2);
}

#[test]
fn a_debug_container_is_news() {
    let mut changes = Changes::new(TargetsFormat::Wide);
    let mut matched = incident().remove(0);
    changes.apply(&matched);
    matched.pod.spec.ephemeral_containers = vec![serde_json::from_value(json!({"name": "debug"})).unwrap()];
    let news = changes.apply(&matched);
    assert_eq!(
        news.iter().map(TargetEntry::name).collect::<Vec<_>>(),
        [format!("default/{}/debug", matched.pod.name())]
    );
}

#[test]
fn a_pod_is_known_from_when_it_appeared_until_it_is_gone() {
    let matches = incident();
    let uid = matches[0].pod.uid();
    let mut changes = Changes::new(TargetsFormat::Table);
    assert!(!changes.knows(uid));
    changes.apply(&matches[0]);
    assert!(changes.knows(uid) && !changes.knows(matches[1].pod.uid()));
    changes.remove(uid);
    assert!(!changes.knows(uid));
}
