//! Pods recorded from a real Kubernetes 1.36, one at a time, taken for the job's.

use serde_json::Value;

use crate::stage::*;

fn recorded() -> Vec<Value> {
    let raw = std::fs::read("testdata/recordings/kubernetes-1.36/pods-list-quirks.http").unwrap();
    let split = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let list: Value = serde_json::from_slice(&raw[split + 4..]).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn stage(name: &str) -> Stage {
    let stage = Stage::new();
    let mut pod = recorded().into_iter().find(|pod| pod["metadata"]["name"] == name).unwrap();
    pod["metadata"]["labels"]["elb-job-id"] = ID.into();
    stage.cluster.load("Pod", pod);
    stage
}

#[test]
fn recorded_pods_in_trouble() {
    for (pod, code) in [
        ("q-badimage", "ELB-POD-IMAGE"),
        ("q-pullfail", "ELB-POD-IMAGE"),
        ("q-initfail", "ELB-POD-INIT-FAILED"),
        ("q-oom", "ELB-POD-OOM"),
        ("q-unschedulable", "ELB-POD-UNSCHEDULABLE"),
        ("q-crashloop", "ELB-POD-CRASH-LOOP"),
    ] {
        stage(pod).must_be(&format!("recorded pod {pod}"), code);
    }
}

#[test]
fn recorded_pods_in_health() {
    for pod in ["q-initwait", "q-weird"] {
        stage(pod).must_be_healthy(&format!("recorded pod {pod}"), &[ID]);
    }
}
