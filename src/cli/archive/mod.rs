//! `elbtail save`, and `archives`, `verify`, `prune` and `replay`: what was saved, read again.

mod all;
mod archives;
pub mod args;
mod prune;
mod replay;
mod report;
mod save;
mod verify;

pub use self::{
    archives::run as archives,
    prune::run as prune,
    replay::{nothing_wanted, run as replay},
    report::read as read_for_report,
    save::run as save,
    verify::run as verify,
};
#[cfg(feature = "watch")]
pub use replay::exit;

use std::{ffi::OsStr, time::Duration};

use tokio::time::timeout;

use self::args::ArchivedJobArgs;
use super::{args::JobArgs, environment, failure::Failure, flags::LatestArgs, job};
use crate::{
    archive::{self, Access, Archive, ArchiveError, ArchivePlace, ArchivedJob, JobKey, JobSummary},
    job_id::JobId,
    numbers::counted,
    source::{self, JobArg},
};

/// The archive that is there.
pub async fn open(dest: &OsStr) -> Result<Archive, Failure> {
    Ok(Archive::open(archive::open(&place(dest)?, Access::Read, environment::variables())?).await?)
}

/// The archive that is there, or is begun.
async fn open_or_begin(dest: &OsStr) -> Result<Archive, Failure> {
    Ok(Archive::open_or_begin(archive::open(&place(dest)?, Access::Write, environment::variables())?).await?)
}

fn place(dest: &OsStr) -> Result<ArchivePlace, Failure> {
    match dest.to_str() {
        Some(text) => Ok(text.parse()?),
        // A URL is text.
        None => Ok(ArchivePlace::Directory(dest.into())),
    }
}

/// The job of an archive that the command line calls so; nothing if it names a file or nothing that is there.
pub async fn named(dest: &OsStr, args: &JobArgs) -> Option<JobArgs> {
    let word = match args.target.as_ref()? {
        JobArg::Id(id) => id.as_str(),
        other => source::row_id(other).filter(|_| args.job.is_none())?,
    };
    let found = open(dest).await.ok()?.find(word).await.ok()?;
    Some(JobArgs::of(JobArg::Id(found.key.id().parse().ok()?)))
}

/// That an archive holds the job whose pods were in `namespace`, when `ELBTAIL_ARCHIVE` names one that does: a line behind an error
/// that nothing can be read.
pub async fn hint(id: &JobId, namespace: &str) -> String {
    let Some(dest) = environment::variables().get("ELBTAIL_ARCHIVE") else { return String::new() };
    let holds = async {
        let archive = open(dest).await?;
        Ok::<_, Failure>(archive.job_in(&JobKey::new(id.as_str())?, namespace).await?.summary())
    };
    match timeout(HINT, holds).await {
        // By its name: a SAS may be in it.
        Ok(Ok(summary)) => {
            let JobSummary { lines, job, .. } = summary;
            format!("\n  the archive has {} of it: elbtail replay \"$ELBTAIL_ARCHIVE\" {job}", counted(lines, "line"))
        }
        Ok(Err(Failure::Archive(ArchiveError::NoJob { .. }))) => String::new(),
        Ok(Err(failure)) => format!("\n  ELBTAIL_ARCHIVE cannot be read: {failure}"),
        Err(_) => "\n  ELBTAIL_ARCHIVE does not answer".to_owned(),
    }
}

/// How long a hint is waited for.
const HINT: Duration = Duration::from_secs(10);

/// The job that is named, or the only one.
pub async fn choose(archive: &Archive, args: &ArchivedJobArgs) -> Result<ArchivedJob, Failure> {
    let Some(target) = &args.job else { return Ok(archive.only().await?) };
    let word = match (target, source::row_id(target)) {
        (JobArg::Id(id), _) => id.to_string(),
        (_, Some(word)) => word.to_owned(),
        _ => {
            let args = JobArgs {
                target: Some(target.clone()),
                job: None,
                latest: LatestArgs::default(),
                all_namespaces: false,
            };
            job::Job::read(&args)?.id()?.to_string()
        }
    };
    Ok(archive.find(&word).await?)
}
