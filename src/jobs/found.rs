//! [`FoundJob`]: a job as its pods and Jobs tell it, and [`group`], which finds out whose those are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;

use super::search::{self, Database};
use crate::{
    discover::{Selection, job_of, job_of_job, judge, names_job, setup_without_id},
    job_id::JobId,
    k8s::{ID_LABEL, JobCondition, Phase, Pod, PodEnds, Role, Standing, is_batch, job_name, job_standing},
    session::ending::{self, JobVerdict, JobsStatus, PodFacts},
};

/// How many batches there are, and how each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Batches {
    /// All that are known. Those whose Jobs were removed after their end are not any more.
    pub total: usize,
    /// Searched, and their results uploaded.
    pub done: usize,
    /// Being searched.
    pub running: usize,
    /// Given up.
    pub failed: usize,
    /// Waiting for a node, or to be let go on.
    pub waiting: usize,
}

/// Where a job stands, by what its cluster has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStanding {
    /// It works on this step.
    At(Phase),
    /// It has ended well.
    Completed,
    /// It has ended, and failed.
    Failed,
}

impl JobStanding {
    /// The word for it: the dashboard's name of the step, `completed` or `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStanding::At(phase) => phase.as_str(),
            JobStanding::Completed => "completed",
            JobStanding::Failed => "failed",
        }
    }

    /// What the row's status should be.
    pub fn status(self) -> &'static str {
        match self {
            JobStanding::At(_) => "running",
            ended => ended.as_str(),
        }
    }

    /// Whether it goes on no more.
    pub fn has_ended(self) -> bool {
        !matches!(self, JobStanding::At(_))
    }
}

/// A job that a cluster knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundJob {
    /// Its id.
    pub id: JobId,
    /// Where it runs.
    pub namespace: String,
    /// The BLAST programs that search: one, as a rule.
    pub programs: BTreeSet<String>,
    /// The databases that are searched.
    pub databases: BTreeSet<String>,
    /// In how many shards, when the database is split.
    pub shards: usize,
    /// Its batches.
    pub batches: Batches,
    /// Where it stands.
    pub standing: JobStanding,
    /// The names of its pods.
    pub pods: BTreeSet<String>,
    /// The names of its Jobs, also of those that only its pods name.
    pub jobs: BTreeSet<String>,
    /// The nodes that its pods are or were on.
    pub nodes: BTreeSet<String>,
    /// When the first of all that was made.
    pub created: Option<Timestamp>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Grouped {
    /// The jobs, the newest first.
    pub jobs: Vec<FoundJob>,
    /// The names of setup Jobs that carry no id and may be any search's: NCBI's layout.
    pub nobodys: BTreeSet<String>,
}

/// Whose pods and Jobs these are: by their labels, their environment, their names, and at last because there is nobody else.
///
/// `jobs` is `None` when they could not be listed; then the pods tell what they can.
pub fn group(pods: &[Pod], jobs: Option<&[Job]>) -> Grouped {
    let mut groups = Groups::default();
    let all_jobs = jobs.unwrap_or_default();
    let (told, untold): (Vec<_>, Vec<_>) =
        all_jobs.iter().map(|job| (job, job_of_job(job))).partition(|(_, id)| id.is_some());
    for (job, id) in told {
        groups.of(namespace(job), id).iter_mut().for_each(|members| members.jobs.push(job));
    }
    let (told, unnamed): (Vec<_>, Vec<_>) = pods.iter().map(|pod| (pod, job_of(pod))).partition(|(_, id)| id.is_some());
    for (pod, id) in told {
        groups.of(pod.namespace(), id).iter_mut().for_each(|members| members.pods.push(pod));
    }
    let mut nobodys = BTreeSet::new();
    for (job, _) in untold.into_iter().filter(|(job, _)| !carries_another_id(job.metadata.labels.as_ref())) {
        let app = job.metadata.labels.as_ref().and_then(|labels| labels.get("app")).map(String::as_str);
        let is_setup = setup_without_id(job_name(job), app);
        match groups.whose(namespace(job), is_setup, |id| names_job(job, id)) {
            Some(members) => members.jobs.push(job),
            None if is_setup => nobodys.extend([job_name(job).to_owned()]),
            None => {}
        }
    }
    for (pod, _) in unnamed.into_iter().filter(|(pod, _)| !carries_another_id(pod.metadata.labels.as_ref())) {
        let owner = pod.jobs().next().map(str::to_owned);
        let is_setup = owner.as_deref().is_some_and(|job| setup_without_id(job, pod.label("app")));
        let by_name =
            |id: &JobId| judge(pod, &Selection { id: id.clone(), include_setup: false, labels: None }).is_some();
        match groups.whose(pod.namespace(), is_setup, by_name) {
            Some(members) => members.pods.push(pod),
            None if is_setup => nobodys.extend(owner),
            None => {}
        }
    }
    let found = groups.members.into_iter();
    let mut found: Vec<FoundJob> =
        found.map(|((namespace, id), members)| members.tell(namespace, id, jobs.is_some())).collect();
    found.sort_by_key(|job| std::cmp::Reverse(job.created));
    Grouped { jobs: found, nobodys }
}

/// Whether the label of an id is there and holds what is none: nobody knows whose that is.
fn carries_another_id(labels: Option<&BTreeMap<String, String>>) -> bool {
    labels.and_then(|labels| labels.get(ID_LABEL)).is_some_and(|label| !label.is_empty())
}

fn namespace(job: &Job) -> &str {
    job.metadata.namespace.as_deref().unwrap_or_default()
}

#[derive(Default)]
struct Groups<'a> {
    members: BTreeMap<(String, JobId), Members<'a>>,
}

/// What belongs to one job.
#[derive(Default)]
struct Members<'a> {
    pods: Vec<&'a Pod>,
    jobs: Vec<&'a Job>,
}

impl<'a> Groups<'a> {
    fn of(&mut self, namespace: &str, id: Option<JobId>) -> Option<&mut Members<'a>> {
        id.map(|id| self.members.entry((namespace.to_owned(), id)).or_default())
    }

    /// The one job of the namespace that `is_named` takes; of what prepares a search without an id, that of the only search there is,
    /// if it has NCBI's layout.
    fn whose(
        &mut self,
        namespace: &str,
        is_setup: bool,
        is_named: impl Fn(&JobId) -> bool,
    ) -> Option<&mut Members<'a>> {
        let here = |key: &&(String, JobId)| key.0 == namespace;
        let mut named = self.members.keys().filter(here).filter(|(_, id)| is_named(id));
        let key = match (named.next(), named.next()) {
            (Some(key), None) => key.clone(),
            (None, _) if is_setup => {
                let mut all = self.members.iter().filter(|(key, _)| here(key));
                let (key, only) = all.next().filter(|_| all.next().is_none())?;
                if only.are_labelled() {
                    return None;
                }
                key.clone()
            }
            _ => return None,
        };
        self.members.get_mut(&key)
    }
}

impl Members<'_> {
    /// Whether any of it has the label of an id, which NCBI's layout does not know.
    fn are_labelled(&self) -> bool {
        let jobs = self.jobs.iter().any(|job| carries_another_id(job.metadata.labels.as_ref()));
        jobs || self.pods.iter().any(|pod| carries_another_id(pod.metadata.labels.as_ref()))
    }

    fn tell(self, namespace: String, id: JobId, are_jobs_known: bool) -> FoundJob {
        let names = self.jobs.iter().map(|job| job_name(job)).chain(self.pods.iter().flat_map(|pod| pod.jobs()));
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        let batches = self.jobs.iter().filter(|job| is_batch(job)).map(|job| job_name(job));
        let of_pods = self.pods.iter().filter(|pod| Role::of(pod) == Role::Batch).map(|pod| pod.job());
        let batch_names: BTreeSet<&str> = batches.chain(of_pods).collect();
        let mut searched = Database::default();
        self.jobs.iter().filter(|job| is_batch(job)).for_each(|job| searched.take_job(job));
        self.pods.iter().filter(|pod| Role::of(pod) == Role::Batch).for_each(|pod| searched.take_pod(pod));
        let made = self.jobs.iter().filter_map(|job| Some(job.metadata.creation_timestamp.as_ref()?.0));
        let counted = self.batches(&batch_names);
        FoundJob {
            standing: self.standing(counted, are_jobs_known),
            programs: batch_names.iter().filter_map(|name| search::program(name)).map(str::to_owned).collect(),
            shards: searched.shards(),
            databases: searched.names(),
            batches: counted,
            pods: self.pods.iter().map(|pod| pod.name().to_owned()).collect(),
            nodes: self.pods.iter().filter_map(|pod| pod.spec.node_name.clone()).filter(|it| !it.is_empty()).collect(),
            created: made.chain(self.pods.iter().filter_map(|pod| pod.created())).min(),
            jobs: names,
            namespace,
            id,
        }
    }

    /// Each batch is what its Job and its pods say.
    fn batches(&self, names: &BTreeSet<&str>) -> Batches {
        let jobs: HashMap<&str, JobCondition> =
            self.jobs.iter().map(|job| (job_name(job), JobCondition::of(job))).collect();
        let mut pods: HashMap<&str, Vec<PodEnds>> = HashMap::new();
        for pod in &self.pods {
            pods.entry(pod.job()).or_default().push(PodEnds::of(pod));
        }
        let mut batches = Batches { total: names.len(), ..Batches::default() };
        for name in names {
            let pods = pods.get(name).map(Vec::as_slice).unwrap_or_default();
            let count = match job_standing(jobs.get(name), pods.iter()) {
                Standing::Done => &mut batches.done,
                Standing::Running => &mut batches.running,
                Standing::Waiting => &mut batches.waiting,
                Standing::Failed | Standing::Lost => &mut batches.failed,
            };
            *count += 1;
        }
        batches
    }

    /// The rules by which a followed job ends, then the latest step that is worked on.
    fn standing(&self, batches: Batches, are_jobs_known: bool) -> JobStanding {
        let pods: Vec<PodFacts> = self.pods.iter().map(|pod| PodFacts::of(pod)).collect();
        let jobs = JobsStatus::of(self.jobs.iter().copied());
        let has_ended = match ending::judge(&pods, false) {
            JobVerdict::Ended => true,
            JobVerdict::AskJobs => ending::judge_jobs(&pods, jobs),
            JobVerdict::Running => pods.is_empty() && ending::judge_jobs(&pods, jobs),
        };
        if has_ended {
            let failed = ending::has_failed(&pods, are_jobs_known.then_some(jobs));
            return if failed { JobStanding::Failed } else { JobStanding::Completed };
        }
        let is_there = |role: Role| {
            let job = |job: &&Job| Role::of_job(job) == role && !JobCondition::of(job).is_finished();
            let pod =
                |pod: &&Pod| Role::of(pod) == role && !matches!(pod.life(), crate::k8s::status::PodLife::Finished);
            self.jobs.iter().any(job) || self.pods.iter().any(pod)
        };
        JobStanding::At(match () {
            () if batches.running + batches.waiting > 0 => Phase::Running,
            () if batches.total > 0 => Phase::ExportingResults,
            () if is_there(Role::Setup) => Phase::StagingDb,
            () if is_there(Role::Submit) => Phase::Submitting,
            () if is_there(Role::Warmup) => Phase::WarmingUp,
            () if is_there(Role::Other) => Phase::Running,
            () => Phase::StagingDb,
        })
    }
}

#[cfg(test)]
mod tests;
