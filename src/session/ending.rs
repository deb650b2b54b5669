//! When a job has ended: pure rules on what is known of its row, its pods and its Jobs.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use serde::{Deserialize, Serialize};

use crate::k8s::{JobCondition, Pod, Role, is_batch, status::PodLife};

/// How a followed job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ending {
    /// Whether the job failed.
    pub failed: bool,
    /// Pods that were found.
    pub pods: usize,
}

/// What is known of one pod of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodFacts {
    /// Its part in the job.
    pub role: Role,
    /// Where it stands in its life.
    pub life: PodLife,
    /// Whether it ended as `Failed`.
    pub failed: bool,
}

impl PodFacts {
    /// The facts of a pod.
    pub fn of(pod: &Pod) -> PodFacts {
        PodFacts { role: Role::of(pod), life: pod.life(), failed: pod.status.phase.as_deref() == Some("Failed") }
    }

    fn is_over(&self) -> bool {
        matches!(self.life, PodLife::Finished | PodLife::Gone)
    }
}

/// What is known of the job's Kubernetes Jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobsStatus {
    /// How many there are.
    pub count: usize,
    /// How many have neither completed nor failed.
    pub unfinished: usize,
    /// How many have failed.
    pub failed: usize,
    /// Whether there is one that searches.
    pub has_batch: bool,
    /// The soonest that one is removed after its end, with its pods: the least `ttlSecondsAfterFinished`. `None` when none has it.
    pub removed_after: Option<Duration>,
}

impl JobsStatus {
    /// The facts of a list of Jobs.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> JobsStatus {
        let mut facts = JobsStatus::default();
        for job in jobs {
            let condition = JobCondition::of(job);
            facts.count += 1;
            facts.failed += usize::from(matches!(condition, JobCondition::Failed { .. }));
            facts.unfinished += usize::from(!condition.is_finished());
            let ttl = job.spec.as_ref().and_then(|spec| spec.ttl_seconds_after_finished);
            let ttl = ttl.map(|seconds| Duration::from_secs(seconds.max(0).unsigned_abs().into()));
            facts.removed_after = [facts.removed_after, ttl].into_iter().flatten().min();
            facts.has_batch |= is_batch(job);
        }
        facts
    }
}

/// ElasticBLAST's own `ttlSecondsAfterFinished`, for Jobs that cannot be asked.
const USUAL_TTL: Duration = Duration::from_secs(1800);

/// How long after the end of a container that is still unread its removal is told: when two thirds of its time are over, `None`
/// when nothing removes it. `jobs` is `None` when they could not be listed.
pub fn warn_after(jobs: Option<JobsStatus>) -> Option<Duration> {
    let removed_after = match jobs {
        Some(jobs) if jobs.count > 0 => jobs.removed_after?,
        _ => USUAL_TTL,
    };
    Some(removed_after * 2 / 3)
}

/// What the pods say about the job's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobVerdict {
    /// It goes on.
    Running,
    /// It has ended.
    Ended,
    /// No pod runs, but whether more will come is the Jobs' to say.
    AskJobs,
}

/// Judges from the pods alone. `row_ended`: the row's status is terminal.
///
/// The job has ended when no pod runs and its row says so, or its finalizer is done. Without either it depends on its Jobs: one
/// whose pod failed makes another after up to 6 minutes.
pub fn judge(pods: &[PodFacts], row_ended: bool) -> JobVerdict {
    if pods.is_empty() || !pods.iter().all(PodFacts::is_over) {
        return JobVerdict::Running;
    }
    let finalized = pods.iter().any(|pod| pod.role == Role::Finalizer);
    if row_ended || finalized { JobVerdict::Ended } else { JobVerdict::AskJobs }
}

/// Judges by the Jobs when no pod runs. Staging and submitting come before the search: while nothing has searched and nothing
/// has failed, more will come.
pub fn judge_jobs(pods: &[PodFacts], jobs: JobsStatus) -> bool {
    let searched =
        jobs.has_batch || pods.iter().any(|pod| !matches!(pod.role, Role::Setup | Role::Submit | Role::Warmup));
    jobs.unfinished == 0 && (searched || jobs.failed > 0 || (jobs.count == 0 && pods.iter().any(|pod| pod.failed)))
}

/// Whether the job failed, by what is known: a Job that failed, or, of pods without Jobs, one that failed.
pub fn has_failed(pods: &[PodFacts], jobs: Option<JobsStatus>) -> bool {
    match jobs {
        Some(jobs) if jobs.count > 0 => jobs.failed > 0,
        // A finalizer's failure is the job's; another pod's may have been made good by a retry nobody can see any more.
        _ => pods.iter().any(|pod| pod.failed),
    }
}

#[cfg(test)]
mod tests {
    use PodLife::{Active, Finished, Gone, Terminating};

    use super::*;

    #[test]
    fn a_removal_is_told_when_two_thirds_of_the_soonest_ttl_are_over() {
        let job = |ttl: Option<i32>| -> Job {
            serde_json::from_value(serde_json::json!({"spec": {"ttlSecondsAfterFinished": ttl, "template": {}}}))
                .unwrap()
        };
        let after = |jobs: &[Option<i32>]| {
            let jobs: Vec<Job> = jobs.iter().copied().map(job).collect();
            warn_after(Some(JobsStatus::of(&jobs))).map(|after| after.as_secs())
        };
        assert_eq!(after(&[Some(3600)]), Some(2400));
        assert_eq!(after(&[None, Some(3600), Some(90)]), Some(60));
        assert_eq!(after(&[Some(0)]), Some(0));
        assert_eq!(after(&[None]), None, "nothing removes it");
        assert_eq!(after(&[]), Some(1200), "pods without Jobs");
        assert_eq!(warn_after(None), Some(Duration::from_secs(1200)), "Jobs that may not be listed");
    }

    fn pod(role: Role, life: PodLife) -> PodFacts {
        PodFacts { role, life, failed: false }
    }

    #[test]
    fn jobs_are_counted_by_where_they_stand() {
        let job = |name: &str, condition: Option<&str>| -> Job {
            let conditions: Vec<_> =
                condition.iter().map(|kind| serde_json::json!({"type": kind, "status": "True"})).collect();
            serde_json::from_value(serde_json::json!({
                "metadata": {"name": name}, "spec": {"template": {}}, "status": {"conditions": conditions},
            }))
            .unwrap()
        };
        let (batch, setup) = ("blastn-batch-nt-job-000", "init-pv");
        for (jobs, count, unfinished, failed, has_batch) in [
            (vec![], 0, 0, 0, false),
            (vec![job(setup, None)], 1, 1, 0, false),
            (vec![job(setup, Some("Complete")), job(batch, None)], 2, 1, 0, true),
            (vec![job(batch, Some("Complete")), job(setup, Some("Complete"))], 2, 0, 0, true),
            (
                vec![job(setup, Some("Failed")), job(setup, Some("Failed")), job(setup, Some("Suspended"))],
                3,
                1,
                2,
                false,
            ),
        ] {
            let expected = JobsStatus { count, unfinished, failed, has_batch, removed_after: None };
            assert_eq!(JobsStatus::of(&jobs), expected);
        }
    }

    #[test]
    fn a_pod_is_over_when_it_has_finished_or_is_gone() {
        for (phase, deleted, expected) in [
            ("Running", false, PodFacts { role: Role::Finalizer, life: Active, failed: false }),
            ("Running", true, PodFacts { role: Role::Finalizer, life: Terminating, failed: false }),
            ("Succeeded", true, PodFacts { role: Role::Finalizer, life: Finished, failed: false }),
            ("Failed", false, PodFacts { role: Role::Finalizer, life: Finished, failed: true }),
        ] {
            let deleted = deleted.then_some("2026-11-24T12:00:00Z");
            let metadata = serde_json::json!({"name": "elb-finalizer-3ed51a95-7vvqw", "deletionTimestamp": deleted});
            let pod = serde_json::json!({"metadata": metadata, "status": {"phase": phase}});
            assert_eq!(PodFacts::of(&serde_json::from_value(pod).unwrap()), expected, "{phase}");
        }
        for (life, over) in [(Active, false), (Terminating, false), (Finished, true), (Gone, true)] {
            let verdict = if over { JobVerdict::AskJobs } else { JobVerdict::Running };
            assert_eq!(judge(&[pod(Role::Batch, Finished), pod(Role::Batch, life)], false), verdict, "{life:?}");
        }
    }

    #[test]
    fn a_pod_that_runs_keeps_the_job_going_whatever_the_row_says() {
        let pods = [pod(Role::Finalizer, Finished), pod(Role::Batch, Active)];
        assert_eq!(judge(&pods, true), JobVerdict::Running);
        assert_eq!(judge(&[], true), JobVerdict::Running, "nothing is known of any pod");
    }

    #[test]
    fn the_finalizer_or_the_row_ends_it() {
        let batch = pod(Role::Batch, Finished);
        assert_eq!(judge(&[batch, pod(Role::Finalizer, Finished)], false), JobVerdict::Ended);
        assert_eq!(judge(&[batch, pod(Role::Batch, Gone)], true), JobVerdict::Ended);
        assert_eq!(judge(&[batch], false), JobVerdict::AskJobs);
    }

    #[test]
    fn without_both_the_jobs_tell() {
        let jobs =
            |unfinished, failed, has_batch| JobsStatus { count: 2, unfinished, failed, has_batch, removed_after: None };
        let (setup, batch) = (pod(Role::Setup, Finished), pod(Role::Batch, Finished));
        assert!(judge_jobs(&[batch], jobs(0, 0, true)));
        assert!(!judge_jobs(&[batch], jobs(1, 0, true)), "a retry will come");
        assert!(!judge_jobs(&[setup], jobs(0, 0, false)), "the search is yet to come");
        assert!(judge_jobs(&[setup], jobs(0, 1, false)), "staging failed, so it never will");
        assert!(judge_jobs(&[batch], JobsStatus::default()), "a bare pod, or its Job is gone");
        assert!(!judge_jobs(&[setup], JobsStatus::default()));
        let failed = PodFacts { failed: true, ..setup };
        assert!(judge_jobs(&[setup, failed], JobsStatus::default()), "its Job is gone, so nobody makes another");
        assert!(!judge_jobs(&[failed], jobs(0, 0, false)), "its Job has not given up");
        for (role, searched) in [
            (Role::Setup, false),
            (Role::Submit, false),
            (Role::Warmup, false),
            (Role::Batch, true),
            (Role::Finalizer, true),
            (Role::Other, true),
        ] {
            assert_eq!(judge_jobs(&[setup, pod(role, Finished)], jobs(0, 0, false)), searched, "{role:?}");
        }
    }

    #[test]
    fn failure_is_a_job_that_failed_not_an_attempt_that_did() {
        let failed = PodFacts { failed: true, ..pod(Role::Batch, Finished) };
        assert!(!has_failed(&[failed], Some(JobsStatus { count: 1, ..JobsStatus::default() })), "a retry made it good");
        assert!(has_failed(&[failed], Some(JobsStatus { count: 1, failed: 1, ..JobsStatus::default() })));
        assert!(has_failed(&[failed], None));
        let good = pod(Role::Batch, Finished);
        assert!(has_failed(&[good, failed], Some(JobsStatus::default())), "its Job is gone");
        assert!(!has_failed(&[good], None) && !has_failed(&[good], Some(JobsStatus::default())));
        assert!(has_failed(&[good], Some(JobsStatus { count: 2, failed: 1, ..JobsStatus::default() })));
    }
}
