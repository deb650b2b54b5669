//! What outlives the API server: objects, logs, nodes and users.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::access::{Access, User};
use crate::clock;
use crate::counts::Counters;
use crate::faults::Faults;
use crate::log::InstanceLog;
use crate::node_logs::NodeLogs;
use crate::options::Options;
use crate::resource::{EVENTS, NAMESPACES, NODES, Resource};
use crate::store::Store;

/// Everything but sockets.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
    /// Told at every change of an object.
    pub(crate) changed: watch::Sender<u64>,
    /// Told whenever a kubelet goes down or restarts.
    pub(crate) kubelets: watch::Sender<u64>,
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    pub(crate) runtime: Handle,
    users: Mutex<Users>,
}

/// What the big lock guards.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    /// Logs by container id; an id without a log was collected.
    pub(crate) logs: HashMap<String, Arc<InstanceLog>>,
    pub(crate) nodes_down: HashSet<String>,
    /// Kubelet restarts by node: a stream that began under an older count ends.
    pub(crate) node_epochs: HashMap<String, u64>,
    /// What kubelets serve of their files, where it is not the usual.
    pub(crate) node_logs: HashMap<String, NodeLogs>,
    /// Pods the mini kubelet runs, by uid; sending a grace period stops one.
    pub(crate) running: HashMap<String, watch::Sender<Option<u64>>>,
}

#[derive(Debug, Default)]
struct Users {
    by_token: HashMap<String, User>,
    by_certificate: HashMap<Vec<u8>, User>,
}

impl World {
    pub(crate) fn new(options: Options, runtime: Handle) -> Arc<Self> {
        let mut store = Store::new(options.history);
        let now = clock::seconds(Timestamp::now());
        for name in ["default", "kube-system"] {
            store.put(&NAMESPACES, namespace(name, &now));
        }
        store.put(&NODES, node("node1", &now));
        let state = State {
            store,
            logs: HashMap::new(),
            nodes_down: HashSet::new(),
            node_epochs: HashMap::new(),
            node_logs: HashMap::new(),
            running: HashMap::new(),
        };
        let world = Arc::new(Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            kubelets: watch::Sender::new(0),
            options,
            counters: Counters::default(),
            faults: Faults::default(),
            runtime,
            users: Mutex::default(),
        });
        world.add_user("admin-token", "admin", Access::all());
        world
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something and wakes the watches if an object was touched.
    pub(crate) fn change<T>(&self, edit: impl FnOnce(&mut State) -> T) -> T {
        let (result, before, after) = {
            let mut state = self.lock();
            let before = state.store.version();
            let result = edit(&mut state);
            (result, before, state.store.version())
        };
        if before != after {
            self.changed.send_modify(|version| *version = (*version).max(after));
        }
        result
    }

    /// Edits one object in place; says whether it exists.
    pub(crate) fn edit(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        edit: impl FnOnce(&mut Value),
    ) -> bool {
        self.change(|state| {
            let Some(object) = state.store.get(resource, namespace, name) else { return false };
            let mut object = (**object).clone();
            edit(&mut object);
            state.store.put(resource, object);
            true
        })
    }

    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.lock().store.get(resource, namespace, name).cloned()
    }

    pub(crate) fn ensure_namespace(&self, name: &str) {
        self.change(|state| {
            if state.store.get(&NAMESPACES, "", name).is_none() {
                state.store.put(&NAMESPACES, namespace(name, &clock::seconds(Timestamp::now())));
            }
        });
    }

    pub(crate) fn ensure_node(&self, name: &str) {
        self.change(|state| {
            if state.store.get(&NODES, "", name).is_none() {
                state.store.put(&NODES, node(name, &clock::seconds(Timestamp::now())));
            }
        });
    }

    /// Records an event about an object, as controllers do.
    pub(crate) fn event(&self, about: &Value, resource: &Resource, kind: &str, reason: &str, message: &str) {
        let now = Timestamp::now();
        let metadata = &about["metadata"];
        let (component, host) = match resource.kind {
            "Pod" if reason.ends_with("Scheduled") || reason == "FailedScheduling" => ("default-scheduler", None),
            "Pod" => ("kubelet", about["spec"]["nodeName"].as_str()),
            _ => ("job-controller", None),
        };
        let mut source = json!({"component": component});
        if let Some(host) = host {
            source["host"] = host.into();
        }
        let suffix: u64 = rand::rng().random();
        let event = json!({
            "metadata": {
                "name": format!("{}.{suffix:016x}", metadata["name"].as_str().unwrap_or_default()),
                "namespace": metadata["namespace"],
                "uid": uid(),
                "creationTimestamp": clock::seconds(now),
            },
            "involvedObject": {
                "kind": resource.kind,
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": resource.api_version(),
                "resourceVersion": metadata["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": clock::seconds(now),
            "lastTimestamp": clock::seconds(now),
            "count": 1,
            "type": kind,
            "eventTime": null,
            "reportingComponent": component,
            "reportingInstance": host.unwrap_or_default(),
        });
        self.change(|state| state.store.put(&EVENTS, event));
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_user(&self, token: &str, name: &str, access: Access) {
        self.users().by_token.insert(token.to_owned(), User { name: name.to_owned(), access });
    }

    pub(crate) fn add_certificate(&self, der: Vec<u8>, user: User) {
        self.users().by_certificate.insert(der, user);
    }

    pub(crate) fn expire_token(&self, token: &str) {
        self.users().by_token.remove(token);
    }

    pub(crate) fn user_by_token(&self, token: &str) -> Option<User> {
        self.users().by_token.get(token).cloned()
    }

    pub(crate) fn user_by_certificate(&self, der: &[u8]) -> Option<User> {
        self.users().by_certificate.get(der).cloned()
    }

    pub(crate) fn user_by_name(&self, name: &str) -> Option<User> {
        self.users().by_token.values().find(|user| user.name == name).cloned()
    }

    pub(crate) fn token_of(&self, name: &str) -> Option<String> {
        self.users().by_token.iter().find(|(_, user)| user.name == name).map(|(token, _)| token.clone())
    }
}

fn namespace(name: &str, now: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": uid(), "creationTimestamp": now,
            "labels": {"kubernetes.io/metadata.name": name},
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

fn node(name: &str, now: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": uid(), "creationTimestamp": now,
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "spec": {},
        "status": {
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "kubelet is posting ready status",
                "lastHeartbeatTime": now, "lastTransitionTime": now,
            }],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.2"}],
        },
    })
}

/// A fresh random UUID.
pub(crate) fn uid() -> String {
    let bits: u128 = rand::rng().random();
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A fresh container id.
pub(crate) fn container_id() -> String {
    let halves: (u128, u128) = rand::rng().random();
    format!("containerd://{:032x}{:032x}", halves.0, halves.1)
}

/// The five characters Kubernetes ends generated names with.
pub(crate) fn suffix() -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rng = rand::rng();
    (0..5).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}
