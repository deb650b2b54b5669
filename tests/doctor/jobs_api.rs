//! Scenarios made of real Jobs through the API: on the test cluster, or with `ELBTAIL_E2E=1` on the cluster of the current
//! kubeconfig, in a namespace of their own; containers use the image `ELBTAIL_E2E_IMAGE` (default `busybox:1.36`).

use std::{
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use k8s_openapi::api::{batch::v1::Job, core::v1::Namespace};
use kube::{
    Api, Client,
    api::{DeleteParams, PostParams},
};
use serde_json::{Value, json};
use testcluster::Options;
use tokio::runtime::Runtime;

use crate::{
    ground::{self, is_real, patience},
    stage::*,
    test_ground::TestGround,
};

/// Where kubectl looks when nothing is set.
fn default_kubeconfig() -> PathBuf {
    std::env::home_dir().expect("a home directory").join(".kube/config")
}

struct Real {
    runtime: Runtime,
    client: Client,
    namespace: String,
    kubeconfig: PathBuf,
    _local: Option<TestGround>,
}

impl Real {
    fn new() -> Real {
        let local = (!is_real()).then(|| TestGround::new(Options::default()));
        let kubeconfig = match &local {
            Some(local) => local.kubeconfig.clone(),
            None => std::env::var_os("KUBECONFIG").map_or_else(default_kubeconfig, PathBuf::from),
        };
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(ground::client(local.is_some().then_some(kubeconfig.as_path())));
        let namespace = runtime.block_on(ground::create_namespace(&client, "elbtail-doctor"));
        Real { runtime, client, namespace, kubeconfig, _local: local }
    }

    /// Creates a Job; containers are names with the script they run.
    fn job(
        &self,
        name: &str,
        app: &str,
        policy: &str,
        backoff: u32,
        init: &[(&str, &str)],
        all: &[(&str, &str)],
    ) -> Value {
        let image = ground::image();
        let list = |parts: &[(&str, &str)]| -> Vec<Value> {
            let part = |(name, script): &(&str, &str)| json!({"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": ["/bin/sh", "-c", script]});
            parts.iter().map(part).collect()
        };
        let labels = json!({"app": app, "elb-job-id": ID});
        let _ = self;
        json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"backoffLimit": backoff, "template": {"metadata": {"labels": labels}, "spec": {
                "restartPolicy": policy, "terminationGracePeriodSeconds": 0,
                "initContainers": list(init), "containers": list(all),
            }}},
        })
    }

    fn create(&self, job: &Value) {
        let job: Job = serde_json::from_value(job.clone()).unwrap();
        let jobs: Api<Job> = Api::namespaced(self.client.clone(), &self.namespace);
        self.runtime.block_on(jobs.create(&PostParams::default(), &job)).unwrap();
    }

    /// Waits until the doctor names `code` first.
    fn must_be(&self, incident: &str, code: &str) -> Said {
        let start = Instant::now();
        loop {
            let said = examine_moving(&self.kubeconfig, &[ID, "-n", &self.namespace]);
            let late = start.elapsed() > patience();
            if let Some(said) = said.filter(|said| late || said.report["findings"][0]["code"] == code) {
                return said.must_be(incident, code, 9);
            }
            assert!(!late, "{incident}: the doctor never said the same twice");
            sleep(Duration::from_millis(300));
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        if is_real() {
            let namespaces: Api<Namespace> = Api::all(self.client.clone());
            // What cannot be removed must not hide why the test failed.
            let _ = self.runtime.block_on(namespaces.delete(&self.namespace, &DeleteParams::default()));
        }
    }
}

fn batch_name() -> String {
    format!("blastn-batch-s00-job-000-{SHORT}")
}

#[test]
fn init_container_fails() {
    let real = Real::new();
    let init = [("import-query-batches", "echo no such blob; exit 3")];
    real.create(&real.job(&batch_name(), "blast", "Never", 0, &init, &[("blast", "echo never")]));
    let said = real.must_be("real Job: init container failed", "ELB-POD-INIT-FAILED");
    assert!(said.evidence().contains("| no such blob"), "{}", said.text);
}

#[test]
fn container_crashes_again_and_again() {
    let real = Real::new();
    let script = "echo cannot open the workspace; exit 2";
    real.create(&real.job(&format!("init-ssd-{SHORT}-0"), "setup", "OnFailure", 6, &[], &[("get-blastdb", script)]));
    let said = real.must_be("real Job: crash loop", "ELB-POD-CRASH-LOOP");
    assert!(said.evidence().contains("| cannot open the workspace"), "{}", said.text);
}

#[test]
fn image_is_missing() {
    let real = Real::new();
    let mut job = real.job(&batch_name(), "blast", "Never", 0, &[], &[("blast", "echo")]);
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/missing:1".into();
    real.create(&job);
    real.must_be("real Job: image cannot be pulled", "ELB-POD-IMAGE");
}

#[test]
fn no_node_has_the_label() {
    let real = Real::new();
    let mut job = real.job(&batch_name(), "blast", "Never", 0, &[], &[("blast", "echo")]);
    job["spec"]["template"]["spec"]["nodeSelector"] = json!({"no-such-label": "x"});
    real.create(&job);
    real.must_be("real Job: no node has the label", "ELB-POD-UNSCHEDULABLE");
}

#[test]
fn blast_fails_and_its_job_gives_up() {
    let real = Real::new();
    let blast = "echo 'run start 000 blastn x'; echo 'BLAST Database error: No alias'; echo 'run end 000 2'; exit 2";
    real.create(&real.job(&batch_name(), "blast", "Never", 0, &[], &[("blast", blast)]));
    let said = real.must_be("real Job: BLAST failed", "ELB-LOG-BLAST-FAILED");
    assert!(said.evidence().contains("BLAST Database error"), "{}", said.text);
}

#[test]
fn export_waits() {
    let real = Real::new();
    let blast = "echo 'run start 000 blastn x'; echo 'run end 000 1'";
    real.create(&real.job(
        &batch_name(),
        "blast",
        "Never",
        0,
        &[],
        &[("blast", blast), ("results-export", "sleep 600")],
    ));
    let said = real.must_be("real Job: results-export waits for a dead BLAST", "ELB-LOG-BLAST-FAILED");
    assert_eq!(said.consequences(), ["ELB-LOG-EXPORT-WAITS"]);
}

#[test]
fn submitting_fails() {
    let real = Real::new();
    let name = format!("submit-jobs-{SHORT}");
    real.create(&real.job(&name, "submit", "Never", 0, &[], &[("submit-jobs", "echo forbidden; exit 1")]));
    real.must_be("real Job: submit-jobs failed", "ELB-LOG-SUBMIT-FAILED");
}

#[test]
fn the_finalizer_reports() {
    let real = Real::new();
    real.create(&real.job(&batch_name(), "blast", "Never", 0, &[], &[("blast", "echo run start 000; sleep 600")]));
    let script = format!("echo 'FAILURE: jobs failed: {}'; exit 1", batch_name());
    real.create(&real.job(&format!("elb-finalizer-{SHORT}"), "finalizer", "Never", 0, &[], &[("finalizer", &script)]));
    real.must_be("real Job: finalizer FAILURE", "ELB-LOG-FINALIZER");
}
