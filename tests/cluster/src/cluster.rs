//! The cluster as tests hold it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::access::{Access, User};
use crate::counts::Counts;
use crate::dead;
use crate::faults::Faults;
use crate::job::JobBuilder;
use crate::log::InstanceLog;
use crate::node_logs::NodeLogs;
use crate::options::Options;
use crate::pki::{ClientCertificate, Pki};
use crate::pod::{PodBuilder, PodHandle};
use crate::pod_status::{container_names, container_status};
use crate::resource::{NODES, PODS, Resource};
use crate::server::{self, Server};
use crate::world::World;

/// How long a kill or shutdown waits for connections to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A pocket Kubernetes cluster on a TLS socket of its own.
///
/// It serves on threads of its own, so blocking tests can use it as well as asynchronous ones.
/// Dropping it ends everything, processes of its pods included.
#[derive(Debug)]
pub struct TestCluster {
    world: Arc<World>,
    pki: Pki,
    tls: Arc<rustls::ServerConfig>,
    server: Mutex<Arc<Server>>,
    port: u16,
    _reserved: socket2::Socket,
    runtime: Option<Runtime>,
}

impl TestCluster {
    /// Starts a cluster; the token `admin-token` of user `admin` may do everything.
    ///
    /// # Errors
    /// When the port is taken or threads cannot be started.
    pub async fn start(options: Options) -> Result<Self> {
        Self::start_blocking(options)
    }

    /// Like [`start`](Self::start), for tests without a runtime.
    ///
    /// # Errors
    /// When the port is taken or threads cannot be started.
    pub fn start_blocking(options: Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("testcluster")
            .enable_all()
            .build()?;
        let pki = Pki::new()?;
        let tls = Arc::new(pki.server(options.http2)?);
        let (reserved, port) = server::reserve(options.port)?;
        let world = World::new(options, runtime.handle().clone());
        let server = Arc::new(Server::start(&world, &tls, port)?);
        Ok(Self { world, pki, tls, server: Mutex::new(server), port, _reserved: reserved, runtime: Some(runtime) })
    }

    fn current(&self) -> MutexGuard<'_, Arc<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self) -> Arc<Server> {
        Arc::clone(&self.current())
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The port, the same over all restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the cluster's authority.
    pub fn ca_pem(&self) -> String {
        self.pki.ca_pem()
    }

    /// A certificate for a user, whom it makes known.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn client_cert_pem(&self, user: &str, access: Access) -> Result<ClientCertificate> {
        let client = self.pki.client(user)?;
        self.world.add_certificate(client.der.clone(), User { name: user.to_owned(), access });
        Ok(client)
    }

    /// A kubeconfig for a user, with the namespace `default`.
    pub fn kubeconfig_yaml(&self, user: &str) -> String {
        let token = self.world.token_of(user).unwrap_or_else(|| "no-such-token".to_owned());
        self.kubeconfig_with(user, &json!({"token": token}))
    }

    /// A kubeconfig with credentials of one's choice (the `user` object of a kubeconfig).
    pub fn kubeconfig_with(&self, user: &str, credentials: &Value) -> String {
        use base64::Engine as _;
        let ca = base64::engine::general_purpose::STANDARD.encode(self.ca_pem());
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "testcluster",
            "clusters": [{
                "name": "testcluster",
                "cluster": {"server": self.url(), "certificate-authority-data": ca},
            }],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{
                "name": "testcluster",
                "context": {"cluster": "testcluster", "user": user, "namespace": "default"},
            }],
        });
        // JSON is YAML.
        format!("{config:#}\n")
    }

    /// Writes the admin's kubeconfig into a directory.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_kubeconfig(&self, directory: &Path) -> Result<PathBuf> {
        self.write_kubeconfig_of("admin", directory)
    }

    /// Writes a user's kubeconfig into a directory.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_kubeconfig_of(&self, user: &str, directory: &Path) -> Result<PathBuf> {
        let path = directory.join(format!("{user}.kubeconfig"));
        std::fs::write(&path, self.kubeconfig_yaml(user)).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Makes a user known by a bearer token; the same token again replaces the user.
    pub fn add_user(&self, token: &str, name: &str, access: Access) {
        self.world.add_user(token, name, access);
    }

    /// From now on the token is answered with 401.
    pub fn expire_token(&self, token: &str) {
        self.world.expire_token(token);
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// A pod to be created and driven from test code.
    pub fn pod(&self, name: &str) -> PodBuilder {
        PodBuilder::new(&self.world, name)
    }

    /// A Job to be created and driven from test code.
    pub fn job(&self, name: &str) -> JobBuilder {
        JobBuilder::new(&self.world, name)
    }

    /// A handle on a pod that exists.
    pub fn find_pod(&self, namespace: &str, name: &str) -> Option<PodHandle> {
        self.world.get(&PODS, namespace, name).map(|pod| PodHandle::of(&self.world, &pod))
    }

    /// All pods of a namespace.
    pub fn pods(&self, namespace: &str) -> Vec<PodHandle> {
        let state = self.world.lock();
        let pods: Vec<Arc<Value>> =
            state.store.list(&PODS, Some(namespace)).map(|(_, pod)| Arc::clone(&pod.object)).collect();
        drop(state);
        pods.iter().map(|pod| PodHandle::of(&self.world, pod)).collect()
    }

    /// Puts an object into the store as it is, e.g. one recorded from a real cluster.
    ///
    /// `kind` is needed, for items of lists have none. Every instance a pod's status names gets an empty log.
    pub fn load(&self, kind: &str, mut object: Value) {
        let Some(resource) = Resource::of_kind(kind) else { return };
        if let Some(fields) = object.as_object_mut() {
            fields.shift_remove("kind");
            fields.shift_remove("apiVersion");
        }
        self.world.change(|state| {
            let stored = state.store.put(resource, object);
            if resource.kind != "Pod" {
                return;
            }
            let text = |key: &str| stored["metadata"][key].as_str().unwrap_or_default();
            let directory = format!("/var/log/pods/{}_{}_{}", text("namespace"), text("name"), text("uid"));
            for container in container_names(&stored) {
                let Some(status) = container_status(&stored, container) else { continue };
                let restarts = status["restartCount"].as_u64().unwrap_or(0);
                let ended = status["state"]["running"].is_null();
                let instances = [
                    (&status["containerID"], restarts, ended),
                    (&status["lastState"]["terminated"]["containerID"], restarts.saturating_sub(1), true),
                ];
                for (id, number, ended) in instances {
                    if let Some(id) = id.as_str().filter(|id| !state.logs.contains_key(*id)) {
                        let path = format!("{directory}/{container}/{number}.log");
                        let log = InstanceLog::new(path, self.world.options.log_max_size);
                        if ended {
                            log.finish();
                        }
                        state.logs.insert(id.to_owned(), log);
                    }
                }
                if matches!(stored["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
                    dead::collect(state, &format!("{directory}/{container}/"));
                }
            }
        });
    }

    /// An object as the API shows it.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.world.get(Resource::of_kind(kind)?, namespace, name)
    }

    /// Forgets the history of changes: a watch from any earlier version is expired.
    pub fn compact(&self) {
        self.world.lock().store.compact(None);
    }

    /// Like [`compact`](Self::compact), but the oldest version that is left is given.
    pub fn compact_to(&self, version: u64) {
        self.world.lock().store.compact(Some(version));
    }

    /// A kubelet is not reachable any more, or is again. Going down ends all its log streams.
    pub fn kubelet_down(&self, node: &str, down: bool) {
        if down {
            self.world.lock().nodes_down.insert(node.to_owned());
            self.kubelet_restart(node);
        } else {
            self.world.lock().nodes_down.remove(node);
        }
    }

    /// A kubelet restarts: all its log streams end, cleanly.
    pub fn kubelet_restart(&self, node: &str) {
        *self.world.lock().node_epochs.entry(node.to_owned()).or_default() += 1;
        self.world.kubelets.send_modify(|epoch| *epoch += 1);
    }

    /// A node leaves the cluster; its pods stay as they are.
    pub fn remove_node(&self, node: &str) {
        self.world.change(|state| state.store.remove(&NODES, "", node));
    }

    /// What a node's kubelet serves of its files from now on.
    pub fn node_logs(&self, node: &str, served: NodeLogs) {
        self.world.lock().node_logs.insert(node.to_owned(), served);
    }

    /// The plan of faults.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// How many faults fired, by name.
    pub fn faults_fired(&self) -> BTreeMap<&'static str, usize> {
        self.world.faults.fired()
    }

    /// What the server has seen so far.
    pub fn counts(&self) -> Counts {
        self.world.counters.snapshot()
    }

    /// Every request so far, as `METHOD target`.
    pub fn requests(&self) -> Vec<String> {
        self.world.counters.seen()
    }

    /// What a user has asked for so far, allowed or not, as RBAC knows it: verb, API group and resource.
    pub fn asked(&self, user: &str) -> BTreeSet<[String; 3]> {
        self.world.counters.asked(user)
    }

    /// Resets every connection, but goes on listening.
    pub fn reset_connections(&self) {
        self.server().reset_connections();
    }

    /// Resets every connection and stops listening. Pods live on.
    pub async fn kill(&self) {
        let server = self.server();
        server.kill();
        wait(PATIENCE, || server.ended()).await;
    }

    /// [`kill`](Self::kill) for tests without a runtime.
    pub fn kill_blocking(&self) {
        let server = self.server();
        server.kill();
        wait_blocking(PATIENCE, || server.ended());
    }

    /// Listens again on the same port, with everything as it was left; a server that still runs is killed first.
    ///
    /// # Errors
    /// When somebody else took the port meanwhile.
    pub async fn restart(&self) -> Result<()> {
        self.kill().await;
        self.serve()
    }

    /// [`restart`](Self::restart) for tests without a runtime.
    ///
    /// # Errors
    /// When somebody else took the port meanwhile.
    pub fn restart_blocking(&self) -> Result<()> {
        self.kill_blocking();
        self.serve()
    }

    fn serve(&self) -> Result<()> {
        *self.current() = Arc::new(Server::start(&self.world, &self.tls, self.port)?);
        Ok(())
    }

    /// Stops listening and says GOAWAY; streams under way may end in peace, but not longer than `patience`.
    pub async fn graceful_shutdown(&self, patience: Duration) {
        let server = self.server();
        server.go_away();
        wait(patience, || server.ended()).await;
        self.kill().await;
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.server().kill();
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own, for a runtime must not be shut down inside another one; and waited for,
            // so that no process of a pod outlives the test.
            let end = std::thread::spawn(move || runtime.shutdown_timeout(PATIENCE));
            drop(end.join());
        }
    }
}

const STEP: Duration = Duration::from_millis(1);

async fn wait(patience: Duration, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < patience {
        tokio::time::sleep(STEP).await;
    }
}

fn wait_blocking(patience: Duration, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < patience {
        std::thread::sleep(STEP);
    }
}
