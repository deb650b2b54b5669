//! `elbtail archives`, `verify`, `prune` and `replay`: what was saved, read again.

mod archives;
pub mod args;
mod prune;
mod replay;
mod verify;

pub use self::{archives::run as archives, prune::run as prune, replay::run as replay, verify::run as verify};

use self::args::{ArchivedJobArgs, DestArgs};
use super::{args::JobArgs, failure::Failure, job};
use crate::{
    archive::{self, Access, Archive, Environment, Job, Place},
    row::{
        JobArg,
        source::{self, LatestArgs},
    },
};

/// The archive that is there.
async fn open(args: &DestArgs) -> Result<Archive, Failure> {
    let place = match args.dest.to_str() {
        Some(text) => text.parse()?,
        // A URL is text.
        None => Place::Directory(args.dest.clone().into()),
    };
    Ok(Archive::open(archive::open(&place, Access::Read, &environment())?).await?)
}

/// The process's environment, in which credentials are.
fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The job that is named, or the only one.
async fn choose(archive: &Archive, args: &ArchivedJobArgs) -> Result<Job, Failure> {
    let Some(target) = &args.job else { return Ok(archive.only().await?) };
    let word = match (target, source::row_id(target)) {
        (JobArg::Id(id), _) => id.to_string(),
        (_, Some(word)) => word.to_owned(),
        _ => {
            let args = JobArgs { target: Some(target.clone()), job: None, latest: LatestArgs::default() };
            job::Job::read(&args)?.id()?.to_string()
        }
    };
    Ok(archive.find(&word).await?)
}
