//! What a Kubernetes Job is to the search, and where it stands.

use jiff::Timestamp;
use k8s_openapi::{api::batch::v1::Job, apimachinery::pkg::apis::meta::v1::Time};

use super::Role;

/// Where a Job stands, by its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobCondition {
    /// It makes pods, or will.
    Active,
    /// It makes none until it is resumed.
    Suspended,
    /// It has done what it is for.
    Complete {
        /// When.
        at: Option<Timestamp>,
    },
    /// It has given up. One that says both has failed.
    Failed {
        /// When.
        at: Option<Timestamp>,
        /// Such as `BackoffLimitExceeded`.
        reason: String,
        /// In words.
        message: String,
    },
}

impl JobCondition {
    /// Where `job` stands. Conditions that are to come, such as `FailureTarget`, are none yet.
    pub fn of(job: &Job) -> JobCondition {
        let conditions = job.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let holds = |kind: &str| conditions.clone().find(|it| it.type_ == kind && it.status == "True");
        let time = |time: Option<&Time>| time.map(|time| time.0);
        if let Some(failed) = holds("Failed") {
            return JobCondition::Failed {
                at: time(failed.last_transition_time.as_ref()),
                reason: failed.reason.clone().unwrap_or_default(),
                message: failed.message.clone().unwrap_or_default(),
            };
        }
        if let Some(complete) = holds("Complete") {
            let at = job.status.as_ref().and_then(|status| status.completion_time.as_ref());
            return JobCondition::Complete { at: time(at.or(complete.last_transition_time.as_ref())) };
        }
        let suspended = job.spec.as_ref().and_then(|spec| spec.suspend).unwrap_or(false);
        if suspended { JobCondition::Suspended } else { JobCondition::Active }
    }

    /// Whether it goes on no more.
    pub fn is_finished(&self) -> bool {
        matches!(self, JobCondition::Complete { .. } | JobCondition::Failed { .. })
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            JobCondition::Complete { at } | JobCondition::Failed { at, .. } => *at,
            JobCondition::Active | JobCondition::Suspended => None,
        }
    }
}

/// A Job's name.
pub fn job_name(job: &Job) -> &str {
    job.metadata.name.as_deref().unwrap_or_default()
}

impl Role {
    /// The role of a Job: that of its pods.
    pub fn of_job(job: &Job) -> Role {
        let labels = job.metadata.labels.as_ref();
        Role::by(job_name(job), labels.and_then(|labels| labels.get("app")).map(String::as_str))
    }
}

/// Whether a Job searches a batch of queries: the rule by which its pods have [`Role::Batch`].
pub fn is_batch(job: &Job) -> bool {
    Role::of_job(job) == Role::Batch
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(value: Value) -> Job {
        serde_json::from_value(value).unwrap()
    }

    fn condition(kind: &str, status: &str) -> Value {
        json!({"type": kind, "status": status, "lastTransitionTime": "2026-11-24T12:00:00Z", "reason": "R", "message": "m"})
    }

    #[test]
    fn a_job_stands_where_its_conditions_say() {
        let at = "2026-11-24T12:00:00Z".parse().ok();
        let completion = "2026-11-24T11:59:00Z".parse().ok();
        let failed = JobCondition::Failed { at, reason: "R".into(), message: "m".into() };
        let complete = JobCondition::Complete { at };
        for (status, suspend, expected) in [
            (json!(null), json!(null), JobCondition::Active),
            (json!({"active": 1}), json!(false), JobCondition::Active),
            (json!({}), json!(true), JobCondition::Suspended),
            (json!({"conditions": [condition("Suspended", "True")]}), json!(true), JobCondition::Suspended),
            (json!({"conditions": [condition("Complete", "True")]}), json!(null), complete.clone()),
            (json!({"conditions": [condition("Complete", "True")]}), json!(true), complete.clone()),
            (
                json!({"conditions": [condition("Complete", "True")], "completionTime": "2026-11-24T11:59:00Z"}),
                json!(null),
                JobCondition::Complete { at: completion },
            ),
            (json!({"conditions": [condition("Complete", "False")]}), json!(null), JobCondition::Active),
            (json!({"conditions": [condition("Failed", "Unknown")]}), json!(null), JobCondition::Active),
            (json!({"conditions": [condition("FailureTarget", "True")]}), json!(null), JobCondition::Active),
            (json!({"conditions": [condition("SuccessCriteriaMet", "True")]}), json!(null), JobCondition::Active),
            (json!({"conditions": [condition("Failed", "True")]}), json!(null), failed.clone()),
            (
                json!({"conditions": [condition("Complete", "True"), condition("Failed", "True")]}),
                json!(null),
                failed.clone(),
            ),
        ] {
            let text = status.to_string();
            let condition =
                JobCondition::of(&job(json!({"spec": {"suspend": suspend, "template": {}}, "status": status})));
            let is_finished = matches!(condition, JobCondition::Complete { .. } | JobCondition::Failed { .. });
            assert_eq!(condition, expected, "{text}");
            assert_eq!((condition.is_finished(), condition.ended_at().is_some()), (is_finished, is_finished), "{text}");
        }
    }

    #[test]
    fn only_jobs_that_search_are_batches() {
        for (name, app, is) in [
            ("blastn-batch-s03-job-000-3ed51a95", Some("blast"), true),
            ("blastn-batch-nt-job-000", None, true),
            ("rpstblastn-batch-a-batch-b-job-007-3ed51a95", None, true),
            ("renamed-by-someone", Some("blast"), true),
            ("warm-my-batch-db-0", Some("elb-db-warmup"), false),
            ("warm-my-batch-db-0", None, false),
            ("submit-jobs-3ed51a95", Some("submit"), false),
            ("submit-jobs", Some("submit"), false),
            ("init-ssd-3ed51a95-0", Some("setup"), false),
            ("init-pv", Some("setup"), false),
            ("elb-finalizer-3ed51a95", Some("finalizer"), false),
            ("batch", None, false),
            ("", None, false),
        ] {
            let labels = app.map(|app| json!({"app": app}));
            let job = job(json!({"metadata": {"name": name, "labels": labels}}));
            assert_eq!((is_batch(&job), job_name(&job)), (is, name), "{name} {app:?}");
        }
    }
}
