//! Jobs driven from test code.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock;
use crate::delete;
use crate::pod::PodBuilder;
use crate::resource::JOBS;
use crate::world::{self, World};

/// A Job in the cluster that no controller minds: test code says what becomes of it.
#[derive(Debug, Clone)]
pub struct JobHandle {
    world: Arc<World>,
    namespace: String,
    name: String,
    uid: String,
    labels: Vec<(String, String)>,
}

impl JobHandle {
    /// The Job's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Job's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The Job's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// A pod of this Job: named after it, owned by it, with its labels.
    pub fn pod(&self) -> PodBuilder {
        let name = format!("{}-{}", self.name, world::suffix());
        let pod = PodBuilder::new(&self.world, &name).owner(self);
        self.labels.iter().fold(pod, |pod, (key, value)| pod.label(key, value))
    }

    /// Changes the Job at will.
    pub fn edit(&self, edit: impl FnOnce(&mut Value)) {
        self.world.edit(&JOBS, &self.namespace, &self.name, edit);
    }

    /// The Job has started: one pod is active.
    pub fn start(&self, time: Timestamp) {
        let now = clock::seconds(time);
        self.edit(|job| {
            job["status"] = json!({
                "startTime": now, "active": 1, "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0,
            });
        });
    }

    /// The Job turns Complete.
    pub fn complete(&self, time: Timestamp) {
        let now = clock::seconds(time);
        self.edit(|job| succeed(job, &now));
    }

    /// The Job turns Failed, e.g. for `BackoffLimitExceeded`.
    pub fn fail(&self, time: Timestamp, reason: &str, message: &str) {
        let now = clock::seconds(time);
        self.edit(|job| fail(job, &now, reason, message));
    }

    /// Deletes the Job and, unless they are to be orphaned, its pods.
    pub fn delete(&self, pods: bool) {
        if let Some(job) = self.world.get(&JOBS, &self.namespace, &self.name) {
            delete::delete_job(&self.world, &job, pods);
        }
    }
}

fn condition(kind: &str, now: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now,
        "reason": reason, "message": message,
    })
}

pub(crate) fn succeed(job: &mut Value, now: &str) {
    let completions = job["spec"]["completions"].as_u64().unwrap_or(1);
    let (reason, message) = ("CompletionsReached", "Reached expected number of succeeded pods");
    let mut status = json!({
        "conditions": [
            condition("SuccessCriteriaMet", now, reason, message),
            condition("Complete", now, reason, message),
        ],
        "startTime": job["status"]["startTime"].as_str().unwrap_or(now),
        "completionTime": now,
        "succeeded": completions,
    });
    if let Some(failed) = job["status"]["failed"].as_u64().filter(|failed| *failed > 0) {
        status["failed"] = failed.into();
    }
    close(job, status);
}

pub(crate) fn fail(job: &mut Value, now: &str, reason: &str, message: &str) {
    let failed = job["status"]["failed"].as_u64().unwrap_or(0).max(1);
    let status = json!({
        "conditions": [
            condition("FailureTarget", now, reason, message),
            condition("Failed", now, reason, message),
        ],
        "startTime": job["status"]["startTime"].as_str().unwrap_or(now),
        "failed": failed,
    });
    close(job, status);
}

fn close(job: &mut Value, mut status: Value) {
    status["terminating"] = 0.into();
    status["uncountedTerminatedPods"] = json!({});
    status["ready"] = 0.into();
    job["status"] = status;
}

/// Describes a Job that is to be created.
#[derive(Debug, Clone)]
pub struct JobBuilder {
    world: Arc<World>,
    job: Value,
    labels: Vec<(String, String)>,
}

impl JobBuilder {
    pub(crate) fn new(world: &Arc<World>, name: &str) -> Self {
        let job = json!({
            "metadata": {"name": name, "namespace": "default", "uid": "", "generation": 1, "creationTimestamp": ""},
            "spec": {"template": {"spec": {"containers": []}}},
        });
        Self { world: Arc::clone(world), job, labels: Vec::new() }
    }

    /// Puts it into a namespace, which is made if need be.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.job["metadata"]["namespace"] = namespace.into();
        self
    }

    /// Adds a label to the Job and its pods.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.job["metadata"]["labels"][key] = value.into();
        self.job["spec"]["template"]["metadata"]["labels"][key] = value.into();
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets any field of the spec.
    #[must_use]
    pub fn spec(mut self, key: &str, value: Value) -> Self {
        self.job["spec"][key] = value;
        self
    }

    /// Sets the time of birth.
    #[must_use]
    pub fn created(mut self, time: Timestamp) -> Self {
        self.job["metadata"]["creationTimestamp"] = clock::seconds(time).into();
        self
    }

    /// Creates the Job.
    pub fn create(mut self) -> JobHandle {
        let uid = world::uid();
        self.job["metadata"]["uid"] = uid.clone().into();
        if self.job["metadata"]["creationTimestamp"] == "" {
            self.job["metadata"]["creationTimestamp"] = clock::seconds(Timestamp::now()).into();
        }
        crate::write::default_job(&mut self.job);
        let text = |key: &str| self.job["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        self.world.ensure_namespace(&namespace);
        self.world.change(|state| state.store.put(&JOBS, self.job));
        JobHandle { world: self.world, namespace, name, uid, labels: self.labels }
    }
}
