use serde_json::json;

use crate::stage::*;

const NO_NODE: [(&str, &str, &str); 3] = [
    (
        "Pending: no node has the label",
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available",
        "no node has the labels",
    ),
    ("Pending: not enough memory", "0/3 nodes are available: 3 Insufficient memory.", "not enough memory"),
    ("Pending: taints", "0/1 nodes are available: 1 node(s) had untolerated taint {sku: gpu}.", "taints keep pods off"),
];

#[test]
fn unschedulable() {
    for (incident, message, why) in NO_NODE {
        let stage = Stage::new();
        for shard in 0..3 {
            stage.batch(shard).unschedulable(message);
        }
        let said = stage.must_be(incident, "ELB-POD-UNSCHEDULABLE");
        assert!(said.first_line().contains(why) && said.first_line().contains("3 pods"), "{}", said.text);
        assert_eq!(said.problems().len(), 1);
    }
}

#[test]
fn a_node_is_being_added() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.unschedulable("0/1 nodes are available: 1 Insufficient cpu.");
    pod.event("Normal", "TriggeredScaleUp", "pod triggered scale-up: [{aks-blast 1->2 (max: 10)}]");
    let said = stage.must_be_healthy("Pending while the autoscaler adds a node", &[ID]);
    assert_eq!(said.notes(), ["ELB-POD-UNSCHEDULABLE"]);
}

#[test]
fn evicted() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.edit(|pod| {
        pod["status"]["phase"] = "Failed".into();
        pod["status"]["reason"] = "Evicted".into();
        pod["status"]["message"] = "The node was low on resource: ephemeral-storage.".into();
    });
    let said = stage.must_be("evicted: the node's disk was full", "ELB-POD-EVICTED");
    assert!(said.evidence().contains("ephemeral-storage"));
}

#[test]
fn node_lost() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.edit(|pod| {
        for condition in pod["status"]["conditions"].as_array_mut().unwrap() {
            if condition["type"] == "Ready" {
                condition["status"] = "Unknown".into();
            }
        }
        pod["status"]["reason"] = "NodeLost".into();
    });
    stage.cluster.kubelet_down("node1", true);
    let said = stage.must_be("node lost", "ELB-POD-NODE-LOST");
    assert_eq!(said.consequences(), ["ELB-LOG-KUBELET"]);
}

#[test]
fn spot_reclaim_with_successor() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let first = batch_pod(&job).create();
    search(&first);
    stage.event_about_job(&job, "Normal", "SuccessfulCreate", &format!("Created pod: {}", first.name()));
    first.event("Warning", "NodeNotReady", "Node is not ready");
    first.delete();
    let alone = stage.must_be("Spot node reclaimed, no successor yet", "ELB-POD-RECLAIMED");
    assert!(alone.evidence().contains("NodeNotReady"), "{}", alone.text);
    let second = batch_pod(&job).create();
    search(&second);
    stage.event_about_job(&job, "Normal", "SuccessfulCreate", &format!("Created pod: {}", second.name()));
    let said = stage.must_be_healthy("Spot node reclaimed, another pod took over", &[ID]);
    assert_eq!(said.notes(), ["ELB-POD-RECLAIMED"]);
    assert!(said.text.contains(second.name()), "{}", said.text);
}

#[test]
fn disruption_of_a_pod_that_is_left() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.edit(|pod| {
        pod["status"]["phase"] = "Failed".into();
        pod["status"]["conditions"].as_array_mut().unwrap().push(json!({
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }));
    });
    stage.must_be("node tainted away, the failed pod is left", "ELB-POD-RECLAIMED");
}

#[test]
fn refused_by_the_node() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.edit(|pod| {
        pod["spec"]["nodeName"] = "node1".into();
        pod["status"] = json!({"phase": "Failed", "reason": "OutOfmemory", "message": "Pod was rejected"});
    });
    stage.must_be("node refused the pod", "ELB-POD-REJECTED");
}

#[test]
fn volume() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.schedule();
    pod.event(
        "Warning",
        "FailedMount",
        "MountVolume.SetUp failed for volume \"creds\" : secret \"azure-creds\" not found",
    );
    let said = stage.must_be("volume cannot be mounted", "ELB-POD-VOLUME");
    assert!(said.evidence().contains("azure-creds"), "{}", said.text);
}

#[test]
fn sandbox() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.schedule();
    pod.event("Warning", "FailedCreatePodSandBox", "failed to assign an IP address to container");
    stage.must_be("no address for the pod", "ELB-POD-SANDBOX");
}

#[test]
fn slow_start() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    batch_pod(&job).created(ago(20)).create().schedule();
    let said = stage.must_be_healthy("ContainerCreating for 20 minutes, no event left", &[ID]);
    assert_eq!(said.notes(), ["ELB-POD-SLOW-START"]);
}

#[test]
fn near_misses_are_told_and_not_taken() {
    let stage = Stage::new();
    stage.searching(0);
    stage.cluster.pod(&format!("web-{SHORT}-abcde")).label("app", "web").container("nginx").create().start("nginx");
    let other = stage.cluster.pod(&format!("blastn-batch-x-job-000-{SHORT}-abcde")).label("app", "blast");
    other.label("elb-job-id", OTHER).container("blast").create();
    let said = stage.must_be_healthy("pods that only look like the job's", &[ID]);
    assert!(said.notes().contains(&"ELB-POD-NOT-TAKEN".to_owned()));
    assert!(said.text.contains(&format!("its label elb-job-id says {OTHER}")), "{}", said.text);
}
