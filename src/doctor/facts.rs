//! [`Facts`]: everything a run of the doctor got to know. The rules read nothing else.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::{batch::v1::Job, core::v1::Event};

use super::{CommandWords, kept::KeptFacts, tail::LogFacts};
use crate::{
    cluster::ClusterError,
    discover::Match,
    exit::Exit,
    job_id::JobId,
    resolve::{MirrorVerdict, Outcome, Resolution},
    row::Row,
    shell::quote,
};

/// What is known at one moment.
#[derive(Debug)]
pub struct Facts {
    /// When it was looked.
    pub now: Timestamp,
    /// The row and the id in it.
    pub row: RowFacts,
    /// Where the job was looked for.
    pub place: SearchedPlace,
    /// What the cluster said.
    pub cluster: ClusterFacts,
}

/// The row and the id in it.
#[derive(Debug, Default)]
pub struct RowFacts {
    /// The row; `None` when the id was given itself, or when it cannot be read.
    pub row: Option<Row>,
    /// Why there is no row, and the exit code that goes with it.
    pub unreadable: Option<(String, Exit)>,
    /// Where the id stands.
    pub resolution: Option<Resolution>,
    /// Rows of the same file that were split from this one.
    pub children: Vec<Child>,
}

impl RowFacts {
    /// The id, if there is exactly one.
    pub fn id(&self) -> Option<&JobId> {
        self.resolution.as_ref()?.id()
    }

    /// Ids that other places of the row hold: what conflicts with the chosen one, or what captured output shows.
    pub fn other_ids(&self) -> Vec<JobId> {
        let Some(resolution) = &self.resolution else { return Vec::new() };
        let conflicts = resolution.mirrors.iter().filter(|mirror| mirror.verdict == MirrorVerdict::Conflicts);
        let mut ids: Vec<JobId> =
            conflicts.filter_map(|mirror| mirror.raw.as_ref()?.as_str()?.trim().parse().ok()).collect();
        if let Outcome::Ambiguous { ids: shown } = &resolution.outcome {
            ids.extend(shown.iter().cloned());
        }
        ids.sort();
        ids.dedup();
        ids
    }
}

/// A row that was split from the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The row's own id.
    pub row: String,
    /// Its job's.
    pub id: Option<JobId>,
    /// Its status.
    pub status: String,
}

/// Where the job was looked for.
#[derive(Debug, Clone, Default)]
pub struct SearchedPlace {
    /// The API server as `host:port`; empty without one.
    pub host: String,
    /// The namespace.
    pub namespace: String,
    /// The context's name and its cluster's, when a kubeconfig says them.
    pub names: Vec<String>,
    /// Other contexts of the kubeconfig.
    pub other_contexts: Vec<String>,
    /// Whether those were asked too.
    pub all_contexts: bool,
    /// How it was asked, for commands that ask the same.
    pub asked: CommandWords,
}

impl SearchedPlace {
    /// `kubectl [FLAGS] -n NAMESPACE WORDS`; `words` are quoted where they must be.
    pub fn kubectl(&self, words: &str) -> String {
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!(" -n {}", quote(&self.namespace)) };
        format!("kubectl{}{namespace} {words}", self.asked.connect)
    }

    /// `elbtail COMMAND JOB -n NAMESPACE MORE [FLAGS]`; `more` is empty or begins with a space.
    pub fn elbtail(&self, command: &str, job: &str, more: &str) -> String {
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!(" -n {}", quote(&self.namespace)) };
        let CommandWords { connect, db, .. } = &self.asked;
        format!("elbtail {command} {job}{namespace}{more}{connect}{db}")
    }

    /// The same for the row as it was named, before there is an id; the namespace is then the row's own.
    pub fn elbtail_row(&self, command: &str) -> String {
        let CommandWords { connect, db, job, .. } = &self.asked;
        format!("elbtail {command}{}{connect}{db}", if job.is_empty() { " -" } else { job })
    }
}

/// What the cluster said.
#[derive(Debug)]
pub enum ClusterFacts {
    /// It was not asked, and why.
    NotAsked(String),
    /// It did not answer, or refused us.
    Failed(ClusterError),
    /// It answered.
    Seen(Box<ClusterAnswers>),
}

/// Answers of the API server.
#[derive(Debug, Default)]
pub struct ClusterAnswers {
    /// The server's clock minus ours.
    pub skew: Option<Duration>,
    /// Whether the server's clock is behind ours.
    pub behind: bool,
    /// What we may do.
    pub grants: Vec<Grant>,
    /// The job's pods; `None` without an id.
    pub pods: Option<Result<Vec<Match>, ClusterError>>,
    /// The job's Jobs; `None` without an id.
    pub jobs: Option<Result<Vec<Job>, ClusterError>>,
    /// The namespace's events, those about pods and Jobs.
    pub events: Vec<Event>,
    /// Other jobs' pods in the namespace: the id and how many.
    pub others: Vec<(String, usize)>,
    /// Pods that look like the job's and are not, and why.
    pub near: Vec<(String, String)>,
    /// Where else pods of the job are.
    pub elsewhere: Vec<Elsewhere>,
    /// Whether all namespaces could be asked, if it was needed.
    pub asked_everywhere: bool,
    /// Pods of the row's other ids.
    pub of_other_ids: Vec<(JobId, usize)>,
    /// Logs that were looked at.
    pub logs: Vec<LogFacts>,
    /// What nodes hold of those of which lines are missing.
    pub kept: Vec<KeptFacts>,
    /// What else was asked and not answered, though nothing said that it is not permitted.
    pub failed: Vec<Failed>,
}

/// A question that was not answered.
#[derive(Debug, Clone)]
pub struct Failed {
    /// What it was for, such as `events`.
    pub what: String,
    /// The answer.
    pub error: ClusterError,
}

impl ClusterAnswers {
    /// The pods, as far as they are known.
    pub fn pods(&self) -> &[Match] {
        self.pods.as_ref().and_then(|pods| pods.as_ref().ok()).map_or(&[], Vec::as_slice)
    }

    /// The Jobs, as far as they are known.
    pub fn jobs(&self) -> &[Job] {
        self.jobs.as_ref().and_then(|jobs| jobs.as_ref().ok()).map_or(&[], Vec::as_slice)
    }
}

/// Where pods of the job are, other than where they were looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The context, if it is another.
    pub context: Option<String>,
    /// The namespace.
    pub namespace: String,
    /// How many pods.
    pub pods: usize,
}

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Such as `list`.
    pub verb: &'static str,
    /// Such as `pods/log`.
    pub resource: &'static str,
    /// What is not possible without it; `None` when it is only nice to have.
    pub needed_for: Option<&'static str>,
    /// The server's answer; `None` when it could not be asked.
    pub allowed: Option<bool>,
    /// Its reason.
    pub reason: String,
}
