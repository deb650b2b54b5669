//! What a cluster says of a job's end when it is asked: [`has_failed`] and [`has_ended`] after a single look, [`job_facts`] whenever
//! the pods alone do not say.

use super::ending::{self, JobVerdict, JobsStatus, PodFacts};
use crate::{
    cluster::Cluster,
    discover::{Match, watch as pods},
    job_id::JobId,
};

/// What is known of the Jobs of these ids; `None` when they cannot be listed.
pub async fn job_facts(cluster: &Cluster, namespace: &str, ids: &[JobId]) -> Option<JobsStatus> {
    let jobs = pods::jobs(&cluster.client(), namespace, ids).await.ok()?;
    Some(JobsStatus::of(&jobs))
}

/// Whether a job of which these pods were found has failed.
pub async fn has_failed(cluster: &Cluster, namespace: &str, id: &JobId, found: &[Match]) -> bool {
    let jobs = job_facts(cluster, namespace, std::slice::from_ref(id)).await;
    ending::has_failed(&pod_facts(found), jobs)
}

/// Whether a job of which these pods were found has ended. What cannot be asked has not.
pub async fn has_ended(cluster: &Cluster, namespace: &str, id: &JobId, found: &[Match]) -> bool {
    let facts = pod_facts(found);
    match ending::judge(&facts, false) {
        JobVerdict::Running => false,
        JobVerdict::Ended => true,
        JobVerdict::AskJobs => {
            let jobs = job_facts(cluster, namespace, std::slice::from_ref(id)).await;
            jobs.is_some_and(|jobs| ending::judge_jobs(&facts, jobs))
        }
    }
}

fn pod_facts(found: &[Match]) -> Vec<PodFacts> {
    found.iter().map(|found| PodFacts::of(&found.pod)).collect()
}
