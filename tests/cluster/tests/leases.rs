//! Leases are written by version, as an API server does it: of two who write, one is told of the other.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use serde_json::{Value, json};
use testcluster::{Options, TestCluster};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

fn lease(holder: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "one", "labels": {"kept": "by-us"}},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": "2026-11-24T12:58:26.123456Z"},
    })
}

#[tokio::test]
async fn of_two_who_write_one_is_told_of_the_other() {
    let cluster = TestCluster::start(Options::default()).await.unwrap();
    let client = client::Client::new(&cluster);
    let one = format!("{LEASES}/one");
    let created = client.send("POST", LEASES, &lease("a")).await;
    assert_eq!(created.status, 201);
    let created = created.json();
    assert_eq!((&created["kind"], &created["apiVersion"]), (&json!("Lease"), &json!("coordination.k8s.io/v1")));
    assert_eq!(created["spec"], lease("a")["spec"], "to the microsecond");
    assert!(created["metadata"]["generation"].is_null());

    let again = client.send("POST", LEASES, &lease("b")).await;
    assert_eq!((again.status, &again.json()["reason"]), (409, &json!("AlreadyExists")));
    assert_eq!(again.json()["message"], "leases.coordination.k8s.io \"one\" already exists");

    let unversioned = client.send("PUT", &one, &lease("b")).await;
    assert_eq!((unversioned.status, &unversioned.json()["reason"]), (422, &json!("Invalid")));

    let mut taken = created.clone();
    taken["spec"]["holderIdentity"] = "b".into();
    let updated = client.send("PUT", &one, &taken).await;
    assert_eq!((updated.status, &updated.json()["spec"]["holderIdentity"]), (200, &json!("b")));
    assert_ne!(updated.json()["metadata"]["resourceVersion"], created["metadata"]["resourceVersion"]);
    let late = client.send("PUT", &one, &created).await;
    assert_eq!((late.status, &late.json()["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        late.json()["message"],
        "Operation cannot be fulfilled on leases.coordination.k8s.io \"one\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );
    assert_eq!(late.json()["details"], json!({"name": "one", "group": "coordination.k8s.io", "kind": "leases"}));

    let list = client.get(&format!("{LEASES}?labelSelector=kept%3Dby-us")).await.json();
    assert_eq!((&list["kind"], list["items"].as_array().map(Vec::len)), (&json!("LeaseList"), Some(1)));

    let of = |lease: &Value| json!({"preconditions": {"resourceVersion": lease["metadata"]["resourceVersion"]}});
    let refused = client.send("DELETE", &one, &of(&created)).await;
    assert_eq!((refused.status, &refused.json()["reason"]), (409, &json!("Conflict")));
    let deleted = client.send("DELETE", &one, &of(&updated.json())).await;
    assert_eq!((deleted.status, &deleted.json()["status"]), (200, &json!("Success")));
    assert_eq!(client.send("DELETE", &one, &json!({})).await.status, 404);
    let gone = client.send("PUT", &one, &updated.json()).await;
    assert_eq!((gone.status, &gone.json()["reason"]), (409, &json!("Conflict")), "its uid is no more");
    let fresh = client.send("PUT", &one, &lease("c")).await;
    assert_eq!(fresh.status, 201, "a Lease may be created by an update");
}
