//! Whether a pod is the job's: [`judge`], and what the server is asked for, [`Selection`].

use serde::Serialize;

use super::Pod;
use crate::job_id::JobId;

/// The label that carries the ElasticBLAST id (Azure layout).
pub const ID_LABEL: &str = "elb-job-id";
/// The environment variable that carries it in both layouts.
pub const ID_ENV: &str = "BLAST_ELB_JOB_ID";
/// The values of `app` that ElasticBLAST gives its pods.
const APPS: &str = "blast,setup,submit,finalizer";
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

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The job.
    pub id: JobId,
    /// Take NCBI's setup pods too, which carry no id: right when the cluster runs a single search.
    pub include_setup: bool,
}

impl Selection {
    /// The label selectors of the two questions asked: the pods that carry the id, and those of ElasticBLAST that carry none.
    pub fn selectors(&self) -> [String; 2] {
        [format!("{ID_LABEL}={}", self.id), format!("!{ID_LABEL},app in ({APPS})")]
    }
}

/// Whether `pod` belongs to the job, and why.
///
/// A pod that carries another job's id, in its label or environment, is never taken: 8 hex digits turn up elsewhere.
pub fn judge(pod: &Pod, selection: &Selection) -> Option<Evidence> {
    let id = selection.id.as_str();
    if let Some(label) = pod.label(ID_LABEL) {
        return (label == id).then_some(Evidence::Label);
    }
    let containers = pod.spec.init_containers.iter().chain(&pod.spec.containers);
    let ids: Vec<&str> = containers
        .flat_map(|container| &container.env)
        .filter(|env| env.name == ID_ENV)
        .filter_map(|env| env.value.as_deref())
        .collect();
    if !ids.is_empty() {
        return ids.contains(&id).then_some(Evidence::Env);
    }
    let short = selection.id.short();
    if pod.owners().any(|owner| is_named_after(owner, short, false)) {
        return Some(Evidence::Owner);
    }
    if is_named_after(pod.name(), short, true) {
        return Some(Evidence::Name);
    }
    let setup = selection.include_setup && is_unlabelled_setup(pod);
    setup.then_some(Evidence::Setup)
}

/// Whether `name` is one that ElasticBLAST makes from `short`: `<prog>-batch-<db>-job-<NNN>-SHORT`, `init-ssd-SHORT-<node>`,
/// `submit-jobs-SHORT` or `elb-finalizer-SHORT`, and for a pod with a suffix of its own behind it.
fn is_named_after(name: &str, short: &str, with_suffix: bool) -> bool {
    let segments: Vec<&str> = name.split('-').collect();
    let body = match (with_suffix, segments.split_last()) {
        (true, Some((_, body))) => body,
        _ => &segments[..],
    };
    match body {
        ["init", "ssd", id, node] => *id == short && is_number(node),
        ["submit", "jobs", id] | ["elb", "finalizer", id] => *id == short,
        [program, "batch", _, middle @ .., "job", number, id] => {
            // A database's label may itself hold hyphens.
            *id == short && is_number(number) && program.contains("blast") && middle.iter().all(|part| !part.is_empty())
        }
        _ => false,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the pod is one of NCBI's that prepare a search and carry no id: `init-ssd-<n>`, `init-pv`, `submit-jobs`,
/// `cloud-split-ssd`.
fn is_unlabelled_setup(pod: &Pod) -> bool {
    let job = pod.label("job-name").unwrap_or_else(|| pod.name());
    let node = job.strip_prefix("init-ssd-").is_some_and(|rest| is_number(rest.split('-').next().unwrap_or_default()));
    node || ["init-pv", "submit-jobs", "cloud-split-ssd"]
        .iter()
        .any(|name| job.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}
