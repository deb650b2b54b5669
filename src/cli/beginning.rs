//! [`ArchivedBeginning`]: what is read before a job's cluster: the part of it that `--archive` holds.

use tokio::sync::mpsc;

use super::failure::Failure;
use crate::{
    cluster::Cluster,
    discover::Match,
    exit::Exit,
    k8s::status::PodLife,
    session::{
        Outlet, WantedLogs,
        filter::ContainerFilter,
        follow::{self, Progress, RowNews},
        snapshot::{self, Order},
        unchosen::Unchosen,
    },
};

#[cfg(feature = "archive")]
use {
    crate::{
        archive::{ArchiveError, JobKey, Saving},
        follow::follower::Scope,
        job_id::JobId,
        session::archived::Archived,
    },
    std::ffi::OsStr,
};

/// What is read before the cluster, which may be nothing.
#[derive(Default)]
pub struct ArchivedBeginning {
    #[cfg(feature = "archive")]
    archived: Option<(Archived, Saving)>,
}

impl ArchivedBeginning {
    /// What the archive at `dest` holds of a job. `found` are the pods that the cluster has.
    #[cfg(feature = "archive")]
    pub async fn of(
        dest: &OsStr,
        id: &JobId,
        namespace: &str,
        found: &[Match],
        filter: &ContainerFilter,
        scope: &Scope,
    ) -> Result<ArchivedBeginning, Failure> {
        let archive = super::archive::open(dest).await?;
        let archived = match archive.job_in(&JobKey::new(id.as_str())?, namespace).await {
            Ok(job) => {
                let saving = archive.saving(&job).await?;
                Some((Archived::of(job, found, filter, scope).await?, saving))
            }
            Err(ArchiveError::NoJob { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(ArchivedBeginning { archived })
    }

    /// Whether there is none.
    pub fn is_nothing(&self) -> bool {
        #[cfg(feature = "archive")]
        return self.archived.is_none();
        #[cfg(not(feature = "archive"))]
        true
    }

    /// Whether nothing is to come: the job had ended when it was saved, and so have the pods that are left of it.
    pub fn is_all(&self, found: &[Match]) -> bool {
        #[cfg(feature = "archive")]
        return self.archived.as_ref().is_some_and(|(archived, _)| archived.job().state.ended)
            && found.iter().all(|found| matches!(found.pod.life(), PodLife::Finished | PodLife::Gone));
        #[cfg(not(feature = "archive"))]
        {
            let _ = (found, PodLife::Gone);
            false
        }
    }

    /// The exit code of a run that would end with `exit`, when the cluster had so many pods. The archive may be without its end; what
    /// pods are left of is there, but with none left nobody knows what came after it.
    pub fn with_its_end(&self, exit: Exit, pods: usize) -> Exit {
        #[cfg(feature = "archive")]
        if let Some((_, saving @ (Saving::Stopped | Saving::UnderWay))) = &self.archived
            && pods == 0
        {
            super::stderr::warn(&format!("the archive: {saving}; and no pods are left in the cluster"));
            return if exit == Exit::Done { Exit::LinesMissing } else { exit };
        }
        let _ = pods;
        exit
    }

    /// Whether the job is known to have failed.
    pub async fn has_failed(&self) -> Result<bool, Failure> {
        #[cfg(feature = "archive")]
        if let Some((archived, _)) = &self.archived {
            return Ok(archived.has_failed().await?);
        }
        Ok(false)
    }

    /// What there is here and in the cluster, when the filters admit none of it.
    pub async fn nothing_wanted(&self, found: &[Match], filter: &ContainerFilter) -> Result<String, Failure> {
        #[cfg(feature = "archive")]
        if let Some((archived, _)) = &self.archived {
            return super::archive::nothing_wanted(archived.job(), found, filter).await;
        }
        Ok(Unchosen::of(found, filter).to_string())
    }

    /// Reads what there is.
    pub async fn look(
        &self,
        cluster: &Cluster,
        found: &[Match],
        wanted: &WantedLogs,
        order: Order,
        out: Outlet,
    ) -> Result<(), Failure> {
        #[cfg(feature = "archive")]
        if let Some((archived, _)) = &self.archived {
            return Ok(archived.look(cluster, found, wanted, order, out).await?);
        }
        snapshot::snapshot(cluster, found, wanted, order, out).await;
        Ok(())
    }

    /// Reads on until the job has ended.
    pub async fn follow(
        &self,
        cluster: &Cluster,
        namespace: &str,
        wanted: WantedLogs,
        rows: mpsc::Receiver<RowNews>,
        out: Outlet,
        progress: &Progress,
    ) -> Result<(), Failure> {
        #[cfg(feature = "archive")]
        if let Some((archived, _)) = &self.archived {
            let unfinished = archived.before(out.clone()).await?;
            let followed = async |wanted| {
                follow::follow(cluster, namespace, wanted, rows, out.clone(), progress).await.map_err(Failure::from)
            };
            archived.beside(&wanted, followed).await?;
            archived.after(unfinished, &out).await;
            return Ok(());
        }
        follow::follow(cluster, namespace, wanted, rows, out, progress).await?;
        Ok(())
    }
}
