//! Pods: built, and driven from test code.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock;
use crate::dead;
use crate::log::{InstanceLog, LogBlock, Stream};
use crate::pod_status::{self, Sandbox, Turn, container_status};
use crate::resource::PODS;
use crate::world::{self, State, World};

/// A pod that exists in the cluster. Cheap to clone; every method does nothing once the pod is gone.
#[derive(Debug, Clone)]
pub struct PodHandle {
    world: Arc<World>,
    namespace: String,
    name: String,
    uid: String,
    clock: Option<Timestamp>,
}

impl PodHandle {
    pub(crate) fn of(world: &Arc<World>, pod: &Value) -> Self {
        let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name, uid) = (text("namespace"), text("name"), text("uid"));
        Self { world: Arc::clone(world), namespace, name, uid, clock: None }
    }

    /// The same pod with the clock standing at a moment: all it does bears that time.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> Self {
        Self { clock: Some(time), ..self.clone() }
    }

    /// The pod's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The pod's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The pod's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The pod as the API shows it, unless it is gone.
    pub fn object(&self) -> Option<Arc<Value>> {
        self.world.get(&PODS, &self.namespace, &self.name).filter(|pod| pod["metadata"]["uid"] == *self.uid)
    }

    /// The id of a container's current instance.
    pub fn container_id(&self, container: &str) -> Option<String> {
        let pod = self.object()?;
        container_status(&pod, container)?["containerID"].as_str().map(str::to_owned)
    }

    /// Changes the object at will: labels, annotations, anything.
    pub fn edit(&self, edit: impl FnOnce(&mut Value)) {
        self.change(|_, pod| edit(pod));
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    fn now(&self) -> Timestamp {
        self.clock.unwrap_or_else(Timestamp::now)
    }

    fn now_text(&self) -> String {
        clock::seconds(self.now())
    }

    /// One change of the object: one MODIFIED event.
    fn change<T>(&self, edit: impl FnOnce(&mut State, &mut Value) -> T) -> Option<T> {
        self.world.change(|state| {
            let pod = state.store.get(&PODS, &self.namespace, &self.name)?;
            if pod["metadata"]["uid"] != *self.uid {
                return None;
            }
            let mut pod = (**pod).clone();
            let result = edit(state, &mut pod);
            state.store.put(&PODS, pod);
            Some(result)
        })
    }

    /// The scheduler binds the pod, the kubelet accepts it and makes its sandbox.
    pub fn schedule(&self) -> &Self {
        self.schedule_on("node1")
    }

    /// Like [`schedule`](Self::schedule), on a node of this name.
    pub fn schedule_on(&self, node: &str) -> &Self {
        let now = self.now_text();
        self.world.ensure_node(node);
        self.change(|_, pod| pod_status::bind(pod, node, &now));
        self.change(|_, pod| pod_status::accept(pod, &now));
        self.change(|_, pod| pod_status::recompute(pod, &now, Sandbox::Ready));
        self
    }

    /// The scheduler finds no node.
    pub fn unschedulable(&self, message: &str) -> &Self {
        let now = self.now_text();
        self.change(|_, pod| pod_status::unschedulable(pod, &now, message));
        self.event("Warning", "FailedScheduling", message)
    }

    /// Starts a container; a pod that is not scheduled yet is scheduled first.
    pub fn start(&self, container: &str) -> &Self {
        self.start_all(&[container])
    }

    /// Starts several containers with a single change of the object.
    pub fn start_all(&self, containers: &[&str]) -> &Self {
        if self.object().is_some_and(|pod| pod["spec"]["nodeName"].is_null()) {
            self.schedule();
        }
        let now = self.now_text();
        self.change(|state, pod| {
            for container in containers {
                self.run(state, pod, container, &now);
            }
            pod_status::recompute(pod, &now, Sandbox::Ready);
        });
        self
    }

    /// Where the kubelet keeps a container's logs.
    fn directory(&self, container: &str) -> String {
        format!("/var/log/pods/{}_{}_{}/{container}/", self.namespace, self.name, self.uid)
    }

    /// A container is dead, and so may be several of its instances.
    fn died(&self, container: &str) {
        dead::collect_later(&self.world, self.directory(container));
    }

    fn run(&self, state: &mut State, pod: &mut Value, container: &str, now: &str) {
        let Some(status) = container_status(pod, container) else { return };
        let restarts = status["restartCount"].as_u64().unwrap_or(0);
        let id = world::container_id();
        let directory = self.directory(container);
        // With the new instance there are two at most: this one and the one before.
        dead::collect(state, &directory);
        let log = InstanceLog::new(format!("{directory}{restarts}.log"), self.world.options.log_max_size);
        state.logs.insert(id.clone(), log);
        pod_status::turn(pod, container, Turn::Running { id }, now);
    }

    /// Starts a container again, one restart later; a running instance ends with code 1 first.
    pub fn restart(&self, container: &str) -> &Self {
        let status = self.object().and_then(|pod| container_status(&pod, container).cloned());
        if status.is_some_and(|status| !status["state"]["running"].is_null()) {
            self.terminate(container, 1);
        }
        let now = self.now_text();
        self.change(|state, pod| {
            pod_status::count_restart(pod, container);
            self.run(state, pod, container, &now);
            pod_status::recompute(pod, &now, Sandbox::Ready);
        });
        self
    }

    /// Ends a container's instance: its followers read to the end and get EOF.
    ///
    /// When it was the last one, a second change brings the final phase, as the kubelet does it.
    pub fn terminate(&self, container: &str, exit_code: i32) -> &Self {
        let reason = match exit_code {
            0 => "Completed",
            _ => "Error",
        };
        self.terminate_with(container, exit_code, reason, None)
    }

    /// Like [`terminate`](Self::terminate), with a reason such as `OOMKilled` and a message.
    pub fn terminate_with(&self, container: &str, exit_code: i32, reason: &str, message: Option<&str>) -> &Self {
        let now = self.now_text();
        if let Some(log) = self.log(container) {
            log.finish();
        }
        let done = self.change(|_, pod| {
            let turn =
                Turn::Terminated { code: exit_code, reason: reason.to_owned(), message: message.map(str::to_owned) };
            pod_status::turn(pod, container, turn, &now);
            pod_status::recompute(pod, &now, Sandbox::Ready);
            matches!(pod_status::phase(pod), "Succeeded" | "Failed")
        });
        if done == Some(true) {
            self.change(|state, pod| {
                for container in pod_status::container_names(pod) {
                    dead::collect(state, &self.directory(container));
                }
                pod_status::recompute(pod, &now, Sandbox::Gone);
            });
        } else {
            self.died(container);
        }
        self
    }

    /// A container waits: `ImagePullBackOff`, `CrashLoopBackOff`, …
    pub fn waiting(&self, container: &str, reason: &str, message: Option<&str>) -> &Self {
        let now = self.now_text();
        self.change(|_, pod| {
            let turn = Turn::Waiting { reason: reason.to_owned(), message: message.map(str::to_owned) };
            pod_status::turn(pod, container, turn, &now);
            pod_status::recompute(pod, &now, Sandbox::Ready);
        });
        self.died(container);
        self
    }

    /// The log of the container's current (or last) instance.
    pub(crate) fn log(&self, container: &str) -> Option<Arc<InstanceLog>> {
        let id = self.container_id(container)?;
        self.world.lock().logs.get(&id).cloned()
    }

    /// What the node holds of a container's instances: their numbers, and the text of the first line that is left of each.
    pub fn kept(&self, container: &str) -> Vec<(u32, String)> {
        if self.object().is_none() {
            return Vec::new();
        }
        let directory = self.directory(container);
        let state = self.world.lock();
        let number = |path: &str| path.strip_prefix(&directory)?.strip_suffix(".log")?.parse().ok();
        state.logs.values().filter_map(|log| Some((number(&log.path)?, log.first_text()?))).collect()
    }

    fn with_log(&self, container: &str, write: impl FnOnce(&InstanceLog)) -> &Self {
        if let Some(log) = self.log(container) {
            write(&log);
        }
        self
    }

    /// Prints a line (or several) to stdout.
    pub fn print(&self, container: &str, text: impl AsRef<[u8]>) -> &Self {
        self.print_to(container, Stream::Stdout, text)
    }

    /// Prints a line (or several) to one of the streams.
    pub fn print_to(&self, container: &str, stream: Stream, text: impl AsRef<[u8]>) -> &Self {
        let now = clock::nanos(self.now());
        self.with_log(container, |log| log.append(now, stream, text.as_ref()))
    }

    /// Prints a line (or several) with a stamp of one's choice.
    pub fn print_at(&self, container: &str, time: Timestamp, stream: Stream, text: impl AsRef<[u8]>) -> &Self {
        self.with_log(container, |log| log.append(clock::nanos(time), stream, text.as_ref()))
    }

    /// Writes one raw CRI chunk; a partial one does not end its line.
    pub fn chunk(&self, container: &str, time: Timestamp, stream: Stream, partial: bool, text: &[u8]) -> &Self {
        self.with_log(container, |log| log.append_chunk(clock::nanos(time), stream, partial, text))
    }

    /// Appends many lines at once; the block may be shared by any number of containers.
    pub fn append(&self, container: &str, block: &Arc<LogBlock>) -> &Self {
        self.with_log(container, |log| log.append_block(block))
    }

    /// Starts a new log file: fresh reads see only it, followers move on to it.
    pub fn rotate(&self, container: &str) -> &Self {
        self.with_log(container, |log| log.rotate(self.now(), false))
    }

    /// Starts a new log file, and followers lose what they had not read of the old one.
    pub fn rotate_skipping(&self, container: &str) -> &Self {
        self.with_log(container, |log| log.rotate(self.now(), true))
    }

    /// Removes the log file from the node; followers keep theirs open.
    pub fn remove_log(&self, container: &str) -> &Self {
        self.with_log(container, InstanceLog::remove)
    }

    /// The kubelet collects the container's earlier instance: its log is gone.
    pub fn collect(&self, container: &str) -> &Self {
        let pod = self.object();
        let id = pod
            .as_ref()
            .and_then(|pod| container_status(pod, container))
            .and_then(|status| status["lastState"]["terminated"]["containerID"].as_str());
        if let Some(id) = id {
            self.world.lock().logs.remove(id);
        }
        self
    }

    /// Records an event about the pod.
    pub fn event(&self, kind: &str, reason: &str, message: &str) -> &Self {
        if let Some(pod) = self.object() {
            self.world.event(&pod, &PODS, kind, reason, message);
        }
        self
    }

    /// Deletes the pod at once: MODIFIED with a deletionTimestamp, then DELETED. Its logs go with it.
    pub fn delete(&self) {
        self.begin_delete(0);
        self.finish_delete();
    }

    /// The pod is going: it has a deletionTimestamp, but still runs.
    pub fn begin_delete(&self, grace_seconds: u64) {
        let now = self.now();
        let until = now.checked_add(std::time::Duration::from_secs(grace_seconds)).unwrap_or(now);
        self.change(|_, pod| {
            pod["metadata"]["generation"] = 2.into();
            pod["metadata"]["deletionTimestamp"] = clock::seconds(until).into();
            pod["metadata"]["deletionGracePeriodSeconds"] = grace_seconds.into();
        });
    }

    /// The pod is gone. Containers that still run are killed.
    pub fn finish_delete(&self) {
        let Some(pod) = self.object() else { return };
        let running: Vec<String> = pod_status::container_names(&pod)
            .into_iter()
            .filter(|name| container_status(&pod, name).is_some_and(|status| !status["state"]["running"].is_null()))
            .map(str::to_owned)
            .collect();
        for container in &running {
            self.terminate(container, 137);
        }
        self.world.change(|state| {
            state.store.remove(&PODS, &self.namespace, &self.name);
            let directory = self.directory("");
            let directory = directory.trim_end_matches('/');
            state.logs.retain(|_, log| {
                let stays = !log.path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
                if !stays {
                    log.finish();
                }
                stays
            });
        });
    }

    /// Deletes the way the API does: what the mini kubelet runs is stopped by it, the rest goes at once.
    pub(crate) fn delete_gracefully(&self, grace: Option<u64>) {
        let Some(pod) = self.object() else { return };
        let stop: Option<watch::Sender<Option<u64>>> = self.world.lock().running.get(&self.uid).cloned();
        let done = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let scheduled = pod["spec"]["nodeName"].is_string();
        let default = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
        match stop {
            Some(stop) if !done && scheduled => {
                let grace = grace.unwrap_or(default);
                self.begin_delete(grace);
                stop.send_replace(Some(grace));
            }
            stop => {
                self.delete();
                if let Some(stop) = stop {
                    stop.send_replace(Some(0));
                }
            }
        }
    }
}

/// Describes a pod that is to be created.
#[derive(Debug, Clone)]
pub struct PodBuilder {
    world: Arc<World>,
    pod: Value,
}

impl PodBuilder {
    pub(crate) fn new(world: &Arc<World>, name: &str) -> Self {
        let pod = json!({
            "metadata": {"name": name, "namespace": "default", "uid": "", "generation": 1, "creationTimestamp": ""},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1},
        });
        Self { world: Arc::clone(world), pod }
    }

    /// Puts it into a namespace, which is made if need be.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.pod["metadata"]["namespace"] = namespace.into();
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.pod["metadata"]["labels"][key] = value.into();
        self
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.pod["metadata"]["annotations"][key] = value.into();
        self
    }

    /// Adds an init container.
    #[must_use]
    pub fn init(self, name: &str) -> Self {
        self.add("initContainers", name)
    }

    /// Adds a container.
    #[must_use]
    pub fn container(self, name: &str) -> Self {
        self.add("containers", name)
    }

    /// Adds an ephemeral container.
    #[must_use]
    pub fn ephemeral(self, name: &str) -> Self {
        self.add("ephemeralContainers", name)
    }

    fn add(mut self, set: &str, name: &str) -> Self {
        let container = json!({"name": name, "image": "docker.io/lab/busybox:1"});
        match self.pod["spec"][set].as_array_mut() {
            Some(containers) => containers.push(container),
            None => self.pod["spec"][set] = json!([container]),
        }
        self
    }

    fn edit_container(mut self, name: &str, edit: impl Fn(&mut Value)) -> Self {
        for set in ["initContainers", "containers", "ephemeralContainers"] {
            for container in self.pod["spec"][set].as_array_mut().into_iter().flatten() {
                if container["name"] == name {
                    edit(container);
                }
            }
            if self.pod["spec"][set].is_null()
                && let Some(spec) = self.pod["spec"].as_object_mut()
            {
                spec.shift_remove(set);
            }
        }
        self
    }

    /// Gives a container an environment variable.
    #[must_use]
    pub fn env(self, container: &str, key: &str, value: &str) -> Self {
        self.edit_container(container, |container| {
            let variable = json!({"name": key, "value": value});
            match container["env"].as_array_mut() {
                Some(env) => env.push(variable),
                None => container["env"] = json!([variable]),
            }
        })
    }

    /// Gives a container an image.
    #[must_use]
    pub fn image(self, container: &str, image: &str) -> Self {
        self.edit_container(container, |container| container["image"] = image.into())
    }

    /// Makes an init container a sidecar.
    #[must_use]
    pub fn sidecar(self, container: &str) -> Self {
        self.edit_container(container, |container| container["restartPolicy"] = "Always".into())
    }

    /// `Never` (the default here), `OnFailure` or `Always`.
    #[must_use]
    pub fn restart_policy(mut self, policy: &str) -> Self {
        self.pod["spec"]["restartPolicy"] = policy.into();
        self
    }

    /// Sets any field of the spec.
    #[must_use]
    pub fn spec(mut self, key: &str, value: Value) -> Self {
        self.pod["spec"][key] = value;
        self
    }

    /// Makes it a Job's pod: owner reference and labels.
    #[must_use]
    pub fn owner(mut self, job: &crate::JobHandle) -> Self {
        let (name, uid) = (job.name(), job.uid());
        for prefix in ["", "batch.kubernetes.io/"] {
            self.pod["metadata"]["labels"][format!("{prefix}controller-uid")] = uid.into();
            self.pod["metadata"]["labels"][format!("{prefix}job-name")] = name.into();
        }
        self.pod["metadata"]["generateName"] = format!("{name}-").into();
        self.pod["metadata"]["namespace"] = job.namespace().into();
        self.pod["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid,
            "controller": true, "blockOwnerDeletion": true,
        }]);
        self
    }

    /// Sets the time of birth.
    #[must_use]
    pub fn created(mut self, time: Timestamp) -> Self {
        self.pod["metadata"]["creationTimestamp"] = clock::seconds(time).into();
        self
    }

    /// Creates the pod: pending, unscheduled.
    pub fn create(mut self) -> PodHandle {
        self.pod["metadata"]["uid"] = world::uid().into();
        if self.pod["metadata"]["creationTimestamp"] == "" {
            self.pod["metadata"]["creationTimestamp"] = clock::seconds(Timestamp::now()).into();
        }
        crate::write::default_pod(&mut self.pod);
        if let Some(namespace) = self.pod["metadata"]["namespace"].as_str() {
            self.world.ensure_namespace(namespace);
        }
        let stored = self.world.change(|state| state.store.put(&PODS, self.pod));
        PodHandle::of(&self.world, &stored)
    }
}
