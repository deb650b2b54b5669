//! Jobs of two namespaces that have one id: `jobs/ID` is the first one's, `jobs/ID@NAMESPACE` the other's.

use super::{Archive, ArchiveError, ArchivedJob, JobKey};

impl Archive {
    /// The key under which the job `id` is kept, or is to be, whose pods are in `namespace`; and what is there.
    ///
    /// # Errors
    /// As [`Archive::job`].
    pub async fn kept_in(&self, id: &JobKey, namespace: &str) -> Result<(JobKey, Option<ArchivedJob>), ArchiveError> {
        let first = self.known(id).await?;
        if first.as_ref().is_none_or(|job| job.state.may_be_in(namespace)) {
            return Ok((id.clone(), first));
        }
        let key = id.in_namespace(namespace)?;
        let job = self.known(&key).await?;
        Ok((key, job))
    }

    /// The job `id` whose pods were in `namespace`; the only one of this id, wherever they were.
    ///
    /// # Errors
    /// As [`Archive::job`].
    pub async fn job_in(&self, id: &JobKey, namespace: &str) -> Result<ArchivedJob, ArchiveError> {
        match self.kept_in(id, namespace).await? {
            (_, Some(job)) => Ok(job),
            (_, None) => self.look_up(id).await,
        }
    }

    async fn known(&self, key: &JobKey) -> Result<Option<ArchivedJob>, ArchiveError> {
        match self.job(key).await {
            Ok(job) => Ok(Some(job)),
            Err(ArchiveError::NoJob { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
