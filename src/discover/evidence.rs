//! Whether a pod is the job's: [`judge`], and what the server is asked for, [`Selection`].

use k8s_openapi::api::batch::v1::Job;
use kube::core::Selector;
use serde::Serialize;

use crate::{
    job_id::JobId,
    k8s::{ID_ENV, ID_LABEL, MadeName, Pod, job_name, labels},
};

/// The values of `app` that ElasticBLAST gives its pods.
const APPS: [&str; 4] = ["blast", "setup", "submit", "finalizer"];
/// The `app` of pods that carry no id in NCBI's layout.
pub const SETUP_APPS: [&str; 2] = ["setup", "submit"];

/// Why a pod is taken for the job's, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Its label `elb-job-id` is the id.
    Label,
    /// A container's `BLAST_ELB_JOB_ID` is the id.
    Env,
    /// Its owner's name has the id's last 8 characters as a segment in a place where ElasticBLAST puts them.
    Owner,
    /// Its own name has.
    Name,
    /// It is a setup pod without any id, taken because of `--include-setup`.
    Setup,
}

impl Evidence {
    /// The word used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Label => "label",
            Evidence::Env => "env",
            Evidence::Owner => "owner",
            Evidence::Name => "name",
            Evidence::Setup => "setup",
        }
    }
}

/// A matched pod.
#[derive(Debug, Clone)]
pub struct Match {
    /// The pod.
    pub pod: Pod,
    /// Why it is the job's.
    pub evidence: Evidence,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The job.
    pub id: JobId,
    /// Take NCBI's setup pods too, which carry no id: right when the cluster runs a single search.
    pub include_setup: bool,
    /// What the pods' labels must match as well.
    pub labels: Option<Selector>,
}

impl Selection {
    /// The two questions asked: for the pods that carry the id, and for those of ElasticBLAST that carry none.
    pub fn selectors(&self) -> [Selector; 2] {
        [labels::of_job(&self.id), labels::without_id(&APPS)].map(|mut selector| {
            selector.extend(self.labels.iter().cloned().flatten());
            selector
        })
    }

    /// The same job's pods, whatever their labels.
    pub fn of_any_labels(&self) -> Selection {
        Selection { labels: None, ..self.clone() }
    }
}

/// The same for the pods of all jobs: those that carry an id, and those of ElasticBLAST that carry none in a label.
pub fn selectors_of_all() -> [Selector; 2] {
    [labels::with_id(), labels::without_id(&APPS)]
}

/// Which job a pod says that it belongs to, in its label or else in its environment.
pub fn job_of(pod: &Pod) -> Option<JobId> {
    match pod.label(ID_LABEL).filter(|label| !label.is_empty()) {
        Some(label) => label.parse().ok(),
        None => ids_in_env(pod).find_map(|id| id.parse().ok()),
    }
}

/// Which job a Job says that it belongs to: as [`job_of`], by the pods that it makes.
pub fn job_of_job(job: &Job) -> Option<JobId> {
    let label = job.metadata.labels.as_ref().and_then(|labels| labels.get(ID_LABEL)).filter(|label| !label.is_empty());
    if let Some(label) = label {
        return label.parse().ok();
    }
    let spec = job.spec.as_ref()?.template.spec.as_ref()?;
    let containers = spec.init_containers.iter().flatten().chain(&spec.containers);
    let named = containers.flat_map(|container| container.env.iter().flatten()).filter(|env| env.name == ID_ENV);
    named.filter_map(|env| env.value.as_deref()).find_map(|id| id.parse().ok())
}

/// Whether a Job that says no id has the job's in its name, in a place where ElasticBLAST puts it.
pub fn names_job(job: &Job, id: &JobId) -> bool {
    is_named_after(job_name(job), id.short())
}

fn ids_in_env(pod: &Pod) -> impl Iterator<Item = &str> {
    let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
    let named = containers.flat_map(|container| &container.env).filter(|env| env.name == ID_ENV);
    named.filter_map(|env| env.value.as_deref()).filter(|value| !value.is_empty())
}

/// Whether `pod` belongs to the job, and why.
///
/// A pod that carries another job's id, in its label or environment, is never taken: 8 hex digits turn up elsewhere.
pub fn judge(pod: &Pod, selection: &Selection) -> Option<Evidence> {
    let id = selection.id.as_str();
    if let Some(label) = pod.label(ID_LABEL).filter(|label| !label.is_empty()) {
        return (label == id).then_some(Evidence::Label);
    }
    let mut ids = ids_in_env(pod).peekable();
    if ids.peek().is_some() {
        return ids.any(|value| value == id).then_some(Evidence::Env);
    }
    let short = selection.id.short();
    if pod.jobs().any(|job| is_named_after(job, short)) {
        return Some(Evidence::Owner);
    }
    // A Job's name is whole; a pod's is made from it and may be cut, so it has no say where there is a Job.
    if pod.jobs().next().is_none() && without_suffix(pod.name()).is_some_and(|name| is_named_after(name, short)) {
        return Some(Evidence::Name);
    }
    let setup = selection.include_setup && is_setup_without_id(pod);
    setup.then_some(Evidence::Setup)
}

/// Whether `job` is a Job's name that ElasticBLAST makes from `short`.
fn is_named_after(job: &str, short: &str) -> bool {
    MadeName::of(job).and_then(MadeName::id) == Some(short)
}

/// A pod's name without the characters that the cluster appended to its Job's.
fn without_suffix(name: &str) -> Option<&str> {
    /// What the API server appends.
    const LENGTH: usize = 5;
    let (name, suffix) = name.rsplit_once('-')?;
    (suffix.len() == LENGTH && suffix.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(name)
}

/// Whether the pod is one of NCBI's that prepare a search and carry no id.
fn is_setup_without_id(pod: &Pod) -> bool {
    let job = pod.jobs().next().or_else(|| pod.label("job-name")).or_else(|| without_suffix(pod.name()));
    job.is_some_and(|job| setup_without_id(job, pod.label("app")))
}

/// Whether a Job of this name, with this label `app`, is one of NCBI's that prepare a search and carry no id: `init-ssd-<n>`,
/// `init-pv`, `submit-jobs`, `cloud-split-ssd`. The same names with an id in them are another job's.
pub fn setup_without_id(job: &str, app: Option<&str>) -> bool {
    use MadeName::{CloudSplitSsd, InitPv, InitSsd, SubmitJobs};
    let prepares =
        || matches!(MadeName::of(job), Some(InitSsd { id: None } | InitPv | CloudSplitSsd | SubmitJobs { id: None }));
    app.is_some_and(|app| SETUP_APPS.contains(&app)) && prepares()
}
