//! Pods as the API writes them, and as it should not.

use super::*;

#[test]
fn every_recorded_pod_is_decoded() {
    for (name, count) in [
        ("pods-list-selector", 11),
        ("pods-list-paged", 4),
        ("pods-list-quirks", 9),
        ("pods-list-crashloop", 1),
        ("pods-list-empty", 0),
        ("namespace-missing", 0),
    ] {
        let pods = listed(name);
        assert_eq!(pods.len(), count, "{name}");
        for pod in pods {
            assert!(!pod.name().is_empty() && !pod.uid().is_empty() && pod.namespace() == "default");
            assert!(pod.created().is_some() && pod.metadata.resource_version.is_some());
            assert!(!pod.spec.containers.is_empty());
        }
    }
    assert_eq!(watched("pods-watch-bookmarks").len(), 11);
    assert_eq!(watched("pods-watch-lifecycle").len(), 14);
    assert!(watched("pods-watch-too-old").is_empty());
}

#[test]
fn a_bookmarks_object_is_a_pod_without_anything() {
    let all = body("pods-watch-bookmarks");
    let bookmark: Value = serde_json::from_str(all.lines().next_back().unwrap()).unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(bookmark["object"]["spec"]["containers"], Value::Null);
    let pod = pod(bookmark["object"].clone());
    assert!(pod.spec.containers.is_empty());
    assert_eq!(pod.metadata.resource_version.as_deref(), Some("1129"));
    assert!(targets(&pod).is_empty());
    assert_eq!(super::kubectl_status::ready_column(&KubectlStatus::of(&pod)), "0/0");
}

#[test]
fn null_is_as_good_as_nothing() {
    for value in [json!({}), json!({"metadata": null, "spec": null, "status": null})] {
        assert!(pod(value).name().is_empty());
    }
    let pod = pod(json!({
        "metadata": {
            "name": null, "namespace": null, "uid": null, "labels": {"app": null}, "ownerReferences": null,
            "creationTimestamp": null, "deletionTimestamp": null,
        },
        "spec": {
            "initContainers": null, "ephemeralContainers": null, "nodeName": null, "restartPolicy": null,
            "containers": [{"name": "blast", "env": null}, {"name": "x", "env": [{"name": null, "value": null}]}, {}],
        },
        "status": {
            "phase": null, "reason": null, "conditions": null, "initContainerStatuses": null,
            "containerStatuses": [
                {"name": "blast", "state": {"terminated": {"exitCode": null, "reason": null, "startedAt": null,
                    "finishedAt": null, "containerID": null}}, "lastState": null, "ready": null, "restartCount": null},
                {"name": "x", "state": {"running": {"startedAt": null}}, "started": null},
                {"name": null, "state": null},
            ],
        },
    }));
    assert_eq!(pod.label("app"), Some(""));
    assert_eq!(targets(&pod).len(), 3);
    assert_eq!(pod.status_of("blast").unwrap().state.terminated.as_ref().unwrap().started_at, None);
    assert!(pod.status_of("x").unwrap().state.running.is_some());
}

#[test]
fn what_is_not_read_may_be_anything() {
    let pod = pod(json!({
        "kind": 7, "apiVersion": [], "extra": {"a": 1},
        "metadata": {
            "name": "p", "generation": "seven", "annotations": ["no", "map"], "managedFields": "none", "finalizers": 3,
            "ownerReferences": [{"kind": "Job", "name": "j", "controller": "yes", "uid": 5}], "selfLink": {},
        },
        "spec": {
            "volumes": 1, "tolerations": "many", "activeDeadlineSeconds": "soon", "terminationGracePeriodSeconds": [],
            "containers": [{
                "name": "blast", "image": 3, "resources": "big", "ports": {}, "command": 5,
                "env": [{"name": "X", "valueFrom": 12}],
            }],
        },
        "status": {
            "podIPs": 5, "qosClass": 1, "startTime": "yesterday", "hostIP": [],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": 0, "lastProbeTime": "x"}],
            "containerStatuses": [{"name": "blast", "imageID": 1, "user": [], "resources": 3, "allocatedResources": "x"}],
        },
    }));
    assert_eq!(pod.jobs().collect::<Vec<_>>(), ["j"]);
    assert!(pod.has_condition("Ready"));
}

#[test]
fn a_slim_pod_keeps_what_is_read() {
    for pod in listed("pods-list-selector") {
        let slim = pod.clone().slim();
        assert_eq!(KubectlStatus::of(&slim), KubectlStatus::of(&pod));
        assert_eq!(targets(&slim), targets(&pod));
        let kept: Vec<_> = slim.spec.containers.iter().flat_map(|c| &c.env).map(|env| env.name.as_str()).collect();
        assert!(kept.iter().all(|name| *name == ID_ENV));
    }
}
