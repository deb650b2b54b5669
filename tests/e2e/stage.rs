//! [`Stage`]: where a scenario plays, a test cluster or a real one.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use assert_cmd::assert::Assert;
use k8s_openapi::api::{
    authorization::v1::SelfSubjectAccessReview,
    batch::v1::Job,
    core::v1::{Namespace, Pod},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use tempfile::TempDir;
use testcluster::{Options, TestCluster};
use tokio::runtime::Runtime;

use crate::{
    ground::{self, is_real, patience},
    jobs::JobPlan,
    running::Running,
    test_ground::TestGround,
};

/// The ElasticBLAST id in `testdata/rows/incident.json`.
pub const ID: &str = "job-429825360482416da20736cf3ed51a95";
/// Its last 8 characters.
pub const SHORT: &str = "3ed51a95";
/// The row of the incident.
pub const ROW: &str = "testdata/rows/incident.json";

/// A cluster with a namespace for one scenario.
pub struct Stage {
    runtime: Runtime,
    client: Client,
    pub namespace: String,
    pub image: String,
    /// For rows and other files of the scenario.
    pub directory: TempDir,
    // Dropped last: the namespace is removed before.
    local: Option<TestGround>,
}

impl Stage {
    /// The cluster the suite runs on, with an empty namespace.
    pub fn new() -> Stage {
        if is_real() { Stage::set(None) } else { Stage::local() }
    }

    /// A test cluster whatever the suite runs on, for what a real one cannot be made to do.
    pub fn local() -> Stage {
        Stage::local_with(Options::default())
    }

    /// Such a cluster, set up in another way.
    pub fn local_with(options: Options) -> Stage {
        Stage::set(Some(TestGround::new(options)))
    }

    /// Whether the suite's own user may do this in the whole cluster.
    pub fn may(&self, verb: &str, resource: &str) -> bool {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = json!({"verb": verb, "resource": resource, "subresource": subresource});
        let review = serde_json::from_value(json!({"spec": {"resourceAttributes": attributes}})).unwrap();
        let api: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        let answer = self.runtime.block_on(api.create(&PostParams::default(), &review)).unwrap();
        answer.status.is_some_and(|status| status.allowed)
    }

    fn set(local: Option<TestGround>) -> Stage {
        let runtime = Runtime::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let client = runtime.block_on(ground::client(local.as_ref().map(|local| &*local.kubeconfig)));
        let namespace = runtime.block_on(ground::create_namespace(&client, "elbtail-e2e"));
        Stage { runtime, client, namespace, image: ground::image(), directory, local }
    }

    /// The test cluster under [`Stage::local`].
    pub fn cluster(&self) -> &TestCluster {
        &self.local.as_ref().expect("only a local stage has one").cluster
    }

    fn job_api(&self) -> Api<Job> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn pod_api(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Creates a Job.
    pub fn create(&self, plan: &JobPlan) {
        let job: Job = serde_json::from_value(plan.object(&self.image)).unwrap();
        self.runtime.block_on(self.job_api().create(&PostParams::default(), &job)).unwrap();
    }

    /// Makes another namespace. On a real cluster nobody removes it, so this is for a local stage.
    #[cfg(feature = "archive")]
    pub fn second_namespace(&self) -> String {
        assert!(self.local.is_some(), "only a local stage may have two");
        self.runtime.block_on(ground::create_namespace(&self.client, "elbtail-e2e-second"))
    }

    /// Creates a Job in another namespace.
    #[cfg(feature = "archive")]
    pub fn create_in(&self, namespace: &str, plan: &JobPlan) {
        let job: Job = serde_json::from_value(plan.object(&self.image)).unwrap();
        let api: Api<Job> = Api::namespaced(self.client.clone(), namespace);
        self.runtime.block_on(api.create(&PostParams::default(), &job)).unwrap();
    }

    /// Creates an event.
    #[cfg(feature = "archive")]
    pub fn create_event(&self, event: &serde_json::Value) {
        let event: k8s_openapi::api::core::v1::Event = serde_json::from_value(event.clone()).unwrap();
        let api = Api::namespaced(self.client.clone(), &self.namespace);
        self.runtime.block_on(api.create(&PostParams::default(), &event)).unwrap();
    }

    /// Lets a suspended Job begin.
    pub fn resume(&self, job: &str) {
        let patch = Patch::Merge(json!({"spec": {"suspend": false}}));
        self.runtime.block_on(self.job_api().patch(job, &PatchParams::default(), &patch)).unwrap();
    }

    /// Deletes a Job and, in the background, its pods.
    pub fn delete(&self, job: &str) {
        self.runtime.block_on(self.job_api().delete(job, &DeleteParams::background())).unwrap();
    }

    /// Deletes a pod.
    pub fn delete_pod(&self, name: &str) {
        self.runtime.block_on(self.pod_api().delete(name, &DeleteParams::default())).unwrap();
    }

    /// The pods of the namespace.
    pub fn pods(&self) -> Vec<Pod> {
        self.runtime.block_on(self.pod_api().list(&ListParams::default())).unwrap().items
    }

    /// The objects of a kind in the namespace.
    #[cfg(feature = "archive")]
    pub fn list<T>(&self) -> Vec<T>
    where
        T: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        T: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        let api: Api<T> = Api::namespaced(self.client.clone(), &self.namespace);
        self.runtime.block_on(api.list(&ListParams::default())).unwrap().items
    }

    /// Waits until all Jobs have completed or failed, but for those that are suspended.
    pub fn until_jobs_end(&self) {
        self.until("all Jobs ended", || {
            let jobs = self.runtime.block_on(self.job_api().list(&ListParams::default())).unwrap().items;
            jobs.iter().filter(|job| job.spec.as_ref().and_then(|spec| spec.suspend) != Some(true)).all(|job| {
                let conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
                conditions
                    .into_iter()
                    .any(|it| matches!(it.type_.as_str(), "Complete" | "Failed") && it.status == "True")
            })
        });
    }

    /// Waits until a container of the only pod of `job` has printed `text`, as the API itself says.
    pub fn until_printed(&self, job: &str, container: &str, text: &str) {
        self.until(&format!("{job}/{container} printed {text:?}"), || {
            let Some(pod) = self.pods().into_iter().find(|pod| pod.name_any().starts_with(job)) else { return false };
            let params = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
            // Not started yet is an error.
            self.runtime.block_on(self.pod_api().logs(&pod.name_any(), &params)).is_ok_and(|log| log.contains(text))
        });
    }

    /// Waits for a condition.
    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < patience(), "never came to be: {what}; pods: {:#?}", self.statuses());
            sleep(Duration::from_millis(50));
        }
    }

    fn statuses(&self) -> Vec<String> {
        let status = |pod: &Pod| format!("{} {}", pod.name_any(), json!(pod.status));
        self.pods().iter().map(status).collect()
    }

    /// The binary with `arguments`, in the scenario's namespace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(&self.namespace, arguments)
    }

    /// The binary with `arguments`, in another namespace.
    pub fn command_in(&self, namespace: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
        if let Some(local) = &self.local {
            command.env("KUBECONFIG", &local.kubeconfig);
        }
        command.args(arguments).args(["-n", namespace]);
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Assert {
        run(self.command(arguments))
    }

    /// Starts the binary.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), patience())
    }

    /// Writes a file of the scenario, whole at once as a careful writer does.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        let draft = path.with_extension("draft");
        std::fs::write(&draft, text).unwrap();
        std::fs::rename(&draft, &path).unwrap();
        path
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let deleted = self.runtime.block_on(async {
            let params = DeleteParams::default();
            tokio::time::timeout(Duration::from_secs(30), namespaces.delete(&self.namespace, &params)).await
        });
        match deleted {
            Ok(Ok(_)) => {}
            // A cluster that a scenario has taken down takes its namespaces with it.
            _ if self.local.is_some() => {}
            other if std::thread::panicking() => eprintln!("namespace {} is left behind: {other:?}", self.namespace),
            other => panic!("namespace {} is left behind: {other:?}", self.namespace),
        }
    }
}

/// Runs a command to its end.
pub fn run(command: Command) -> Assert {
    assert_cmd::Command::from_std(command).timeout(patience()).assert()
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
