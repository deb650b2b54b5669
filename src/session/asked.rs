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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use testcluster::Access;

    use super::*;
    use crate::session::fixtures::{ID, Scene};

    /// What the one Job of the search is.
    #[derive(Debug, Clone, Copy)]
    enum Of {
        Running,
        Complete,
        Failed,
        /// It may not be listed.
        Denied,
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_cluster_is_asked_for_its_jobs_where_the_pods_do_not_say() {
        for (of, code, finalizer, ended, failed) in [
            (Of::Running, None, false, false, false),
            (Of::Complete, None, false, false, false),
            (Of::Running, Some(0), false, false, false),
            (Of::Running, Some(0), true, true, false),
            (Of::Complete, Some(1), false, true, false),
            (Of::Failed, Some(0), false, true, true),
            (Of::Denied, Some(0), false, false, false),
            (Of::Denied, Some(1), false, false, true),
            (Of::Denied, Some(1), true, true, true),
        ] {
            let access = if matches!(of, Of::Denied) { Access::all().deny("list", "jobs") } else { Access::all() };
            let scene = Scene::new(access).await;
            let job = scene.server.job("blastn-batch-s03-job-000-3ed51a95");
            let job = job.label("elb-job-id", ID).label("app", "blast").create();
            match of {
                Of::Running | Of::Denied => job.start(Timestamp::now()),
                Of::Complete => job.complete(Timestamp::now()),
                Of::Failed => job.fail(Timestamp::now(), "BackoffLimitExceeded", "it has failed too often"),
            }
            let pod = scene.pod("blastn-batch-s03-job-000-3ed51a95-p9vp5", "blast");
            if let Some(code) = code {
                pod.terminate("c", code);
            }
            if finalizer {
                scene.ended("elb-finalizer-3ed51a95-7vvqw", "finalizer", 0);
            }
            let (found, id) = (scene.pods().await, ID.parse().unwrap());
            let said = format!("{of:?} {code:?} {finalizer}");
            assert_eq!(has_ended(&scene.cluster, "default", &id, &found).await, ended, "{said}");
            assert_eq!(has_failed(&scene.cluster, "default", &id, &found).await, failed, "{said}");
        }
    }
}
