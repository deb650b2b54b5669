//! [`JobName`]: what a job is called where there are many.

use std::fmt;

use crate::job_id::JobId;

/// A job, told apart from all others that are kept. `Display` is what the operator is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName {
    /// Where its pods are, where jobs of all namespaces are kept: two of them may have jobs with the same id.
    pub namespace: Option<String>,
    /// The ElasticBLAST id.
    pub id: JobId,
}

impl From<JobId> for JobName {
    fn from(id: JobId) -> JobName {
        JobName { namespace: None, id }
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}", self.id)
    }
}
