//! By what ElasticBLAST marks its pods and Jobs, and the questions for those that are marked so.

use kube::core::{Expression, Selector};

use crate::job_id::JobId;

/// The label that carries the ElasticBLAST id (Azure layout).
pub const ID_LABEL: &str = "elb-job-id";
/// The environment variable that carries it in both layouts.
pub const ID_ENV: &str = "BLAST_ELB_JOB_ID";

/// What carries the id of a job.
pub fn of_job(id: &JobId) -> Selector {
    Expression::Equal(ID_LABEL.to_owned(), id.to_string()).into()
}

/// What carries the id of one of these jobs.
pub fn of_jobs(ids: &[JobId]) -> Selector {
    Expression::In(ID_LABEL.to_owned(), ids.iter().map(JobId::to_string).collect()).into()
}

/// What does not carry this id.
pub fn of_others(id: &JobId) -> Selector {
    Expression::NotEqual(ID_LABEL.to_owned(), id.to_string()).into()
}

/// What carries the id of any job.
pub fn with_id() -> Selector {
    Expression::Exists(ID_LABEL.to_owned()).into()
}

/// What carries no id, and has one of these labels `app`.
pub fn without_id(apps: &[&str]) -> Selector {
    let apps = apps.iter().map(|app| (*app).to_owned()).collect();
    [Expression::DoesNotExist(ID_LABEL.to_owned()), Expression::In("app".to_owned(), apps)].into_iter().collect()
}
