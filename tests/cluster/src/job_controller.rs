//! A mini Job controller for Jobs created through the API.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock;
use crate::delete::{delete_job, pods_of};
use crate::job;
use crate::kubelet;
use crate::pod::PodHandle;
use crate::resource::{JOBS, PODS};
use crate::world::{self, World};

/// Minds a Job until it is finished and, if it has a TTL, deleted.
pub(crate) fn run(world: &Arc<World>, job: &Value) {
    let text = |key: &str| job["metadata"][key].as_str().unwrap_or_default().to_owned();
    let controller = Controller {
        world: Arc::clone(world),
        namespace: text("namespace"),
        name: text("name"),
        uid: text("uid"),
        seen_failures: 0,
    };
    world.runtime.spawn(controller.run());
}

struct Controller {
    world: Arc<World>,
    namespace: String,
    name: String,
    uid: String,
    seen_failures: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    active: u64,
    ready: u64,
    succeeded: u64,
    failed: u64,
    restarts: u64,
}

impl Tally {
    fn of(pods: &[Arc<Value>]) -> Self {
        let mut tally = Self::default();
        for pod in pods {
            match pod["status"]["phase"].as_str() {
                Some("Succeeded") => tally.succeeded += 1,
                Some("Failed") => tally.failed += 1,
                _ if pod["metadata"]["deletionTimestamp"].is_string() => {}
                _ => {
                    tally.active += 1;
                    tally.ready += u64::from(is_ready(pod));
                }
            }
            for set in ["initContainerStatuses", "containerStatuses"] {
                let statuses = pod["status"][set].as_array().into_iter().flatten();
                tally.restarts += statuses.filter_map(|status| status["restartCount"].as_u64()).sum::<u64>();
            }
        }
        tally
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

impl Controller {
    fn job(&self) -> Option<Arc<Value>> {
        self.world.get(&JOBS, &self.namespace, &self.name).filter(|job| job["metadata"]["uid"] == *self.uid)
    }

    async fn run(mut self) {
        let mut changed = self.world.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let Some(job) = self.job() else { return };
            let pods = pods_of(&self.world, &job);
            if self.settle(&job, &pods) {
                break;
            }
            if self.refill(&job, &pods).await {
                continue;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
        let Some(job) = self.job() else { return };
        if let Some(seconds) = job["spec"]["ttlSecondsAfterFinished"].as_u64() {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            if let Some(job) = self.job() {
                delete_job(&self.world, &job, true);
            }
        }
    }

    /// Brings the status up to date; says whether the Job is finished.
    fn settle(&self, job: &Value, pods: &[Arc<Value>]) -> bool {
        let tally = Tally::of(pods);
        let limit = job["spec"]["backoffLimit"].as_u64().unwrap_or(6);
        let completions = job["spec"]["completions"].as_u64().unwrap_or(1);
        let in_place = job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure";
        let now = clock::seconds(Timestamp::now());
        if tally.succeeded >= completions {
            self.edit(|job| job::succeed(job, &now));
            self.event("Normal", "Completed", "Job completed");
            return true;
        }
        if tally.failed > limit || (in_place && tally.restarts > limit) {
            for pod in pods.iter().filter(|pod| pod["status"]["phase"] != "Failed") {
                PodHandle::of(&self.world, pod).delete_gracefully(None);
            }
            let message = "Job has reached the specified backoff limit";
            self.edit(|job| {
                job["status"]["failed"] = tally.failed.into();
                job::fail(job, &now, "BackoffLimitExceeded", message);
            });
            self.event("Warning", "BackoffLimitExceeded", message);
            return true;
        }
        let mut status = json!({"startTime": job["status"]["startTime"].as_str().unwrap_or(&now)});
        for (key, count) in [("active", tally.active), ("succeeded", tally.succeeded), ("failed", tally.failed)] {
            if count > 0 {
                status[key] = count.into();
            }
        }
        status["terminating"] = 0.into();
        status["uncountedTerminatedPods"] = json!({});
        status["ready"] = tally.ready.into();
        if status != job["status"] {
            self.edit(|job| job["status"] = status);
        }
        false
    }

    /// Makes the pods that are missing; says whether it made any.
    async fn refill(&mut self, job: &Value, pods: &[Arc<Value>]) -> bool {
        if job["spec"]["suspend"] == true {
            return false;
        }
        let tally = Tally::of(pods);
        let parallelism = job["spec"]["parallelism"].as_u64().unwrap_or(1);
        let completions = job["spec"]["completions"].as_u64().unwrap_or(1);
        let wanted = parallelism.min(completions.saturating_sub(tally.succeeded));
        if tally.active >= wanted {
            return false;
        }
        if tally.failed > self.seen_failures {
            self.seen_failures = tally.failed;
            let doubled = 1 << (tally.failed - 1).min(4);
            tokio::time::sleep(self.world.options.restart_backoff * doubled).await;
            if self.job().is_none() {
                return true;
            }
        }
        for _ in tally.active..wanted {
            self.create_pod(job);
        }
        true
    }

    fn create_pod(&self, job: &Value) {
        let template = &job["spec"]["template"];
        let name = format!("{}-{}", self.name, world::suffix());
        let mut pod = json!({
            "metadata": {
                "name": name,
                "generateName": format!("{}-", self.name),
                "namespace": self.namespace,
                "uid": world::uid(),
                "generation": 1,
                "creationTimestamp": clock::seconds(Timestamp::now()),
                "labels": template["metadata"]["labels"],
                "ownerReferences": [{
                    "apiVersion": "batch/v1", "kind": "Job", "name": self.name, "uid": self.uid,
                    "controller": true, "blockOwnerDeletion": true,
                }],
            },
            "spec": template["spec"],
        });
        if !template["metadata"]["annotations"].is_null() {
            pod["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
        }
        crate::write::default_pod(&mut pod);
        // One look and one write: a Job that was just deleted must not leave a pod behind.
        let stored = self.world.change(|state| {
            let job = state.store.get(&JOBS, &self.namespace, &self.name)?;
            (job["metadata"]["uid"] == *self.uid).then(|| state.store.put(&PODS, pod))
        });
        let Some(stored) = stored else { return };
        self.event("Normal", "SuccessfulCreate", &format!("Created pod: {name}"));
        kubelet::run(PodHandle::of(&self.world, &stored));
    }

    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        self.world.edit(&JOBS, &self.namespace, &self.name, edit);
    }

    fn event(&self, kind: &str, reason: &str, message: &str) {
        if let Some(job) = self.job() {
            self.world.event(&job, &JOBS, kind, reason, message);
        }
    }
}
