//! `elbtail watch --archive DEST [JOB]`.

use std::{collections::BTreeMap, ffi::OsStr, future::pending, sync::Arc};

use serde_json::Value;

use super::{Show, until_left};
use crate::{
    archive::{ArchiveError, ArchivedJob, ObjectFate, ObjectLog},
    cli::{
        archive::{self, args::ArchivedJobArgs},
        args::WatchArgs,
        failure::Failure,
    },
    exit::Exit,
    job_id::JobId,
    k8s::{Pod, Stamp, status::PodLife},
    render::JobIds,
    row::Row,
    session::{
        RunEvent,
        filter::ContainerFilter,
        replay::{Replay, replay},
    },
    view::{Inbox, Moment, ViewNews, WhenFull},
};

/// Shows an archived job, until it is left.
pub(super) async fn run(args: &WatchArgs, dest: &OsStr) -> Result<Exit, Failure> {
    let filter = args.select.filter_of_archive("");
    let archive = archive::open(dest).await?;
    let job = archive::choose(&archive, &ArchivedJobArgs { job: args.job.target.clone() }).await?;
    let saving = archive.saving(&job).await?;
    let short = job.key.as_str().parse().map(|id: JobId| id.short().to_owned()).unwrap_or_default();
    let filter = ContainerFilter { short, ..filter };
    if job.logs().next().is_none() {
        return Err(Failure::NoPods(archive::nothing_wanted(&job, &[], &filter).await?));
    }
    let wanted = Replay { filter, since: args.since()?, tail: args.tail, ..Replay::default() };
    let Show { inbox, out, told: sink, stats, left, stop, asked, _words, .. } = Show::begin(args, WhenFull::Wait)?;
    let mut broken = None;
    let told = async {
        let read = async {
            let ids = JobIds { job: Some(job.key.id().to_owned()), row: job.state.row.clone() };
            // When nobody looks any more, the next event shows it.
            let _ = out.send(ids).await;
            history(&job, &wanted.filter, &inbox).await?;
            replay(&job, &wanted, out).await
        };
        let ended = read.await;
        // What was told is on its way yet. Who looks no more is told nothing.
        let _ = sink.finish().await;
        inbox.put(ViewNews::Over(ended.as_ref().map(|_| ()).map_err(ToString::to_string)));
        broken = ended.err();
        pending().await
    };
    let exit = until_left(left, &stop, &asked, told).await?;
    drop(_words);
    match (exit, broken) {
        (Exit::Done, Some(error)) => Err(error.into()),
        (Exit::Done, None) => archive::exit(&job, saving, &stats.now()).await,
        (exit, _) => Ok(exit),
    }
}

/// Tells how the job's objects were, and when; and which containers there were, also those that printed nothing.
async fn history(job: &ArchivedJob, filter: &ContainerFilter, inbox: &Inbox) -> Result<(), ArchiveError> {
    // Pods by uid, and whether more of them may come.
    let mut open: BTreeMap<String, bool> = job.logs().map(|(instance, _)| (instance.uid.clone(), true)).collect();
    job.objects(ObjectLog::Pods, |at, object, fate| {
        let Ok(pod) = serde_json::from_value::<Pod>(object) else { return };
        for target in filter.targets(&pod) {
            inbox.put(ViewNews::Event(RunEvent::Found(Arc::new(target))));
        }
        let (uid, has_ended) = (pod.uid().to_owned(), pod.life() == PodLife::Finished);
        inbox.put(ViewNews::At(at, Moment::Pod(Box::new(pod))));
        if fate == ObjectFate::Deleted {
            inbox.put(ViewNews::At(at, Moment::PodGone(uid.clone())));
        }
        open.insert(uid, !has_ended && fate == ObjectFate::There);
    })
    .await?;
    if let Some(saved) = job.saved.and_then(Stamp::from_timestamp).filter(|_| job.state.ended) {
        // Of pods whose end the archive does not hold nothing more is to come either.
        for (uid, _) in open.into_iter().filter(|(_, is_open)| *is_open) {
            inbox.put(ViewNews::At(saved, Moment::PodGone(uid)));
        }
    }
    job.objects(ObjectLog::Jobs, |at, object, _| {
        if let Ok(job) = serde_json::from_value(object) {
            inbox.put(ViewNews::At(at, Moment::Job(Box::new(job))));
        }
    })
    .await?;
    job.objects(ObjectLog::Row, |at, object, _| {
        let Value::Object(columns) = object else { return };
        let row = Row::new(columns);
        // It was so since it was written, whenever it was read.
        let since = row.updated_at().and_then(Stamp::from_timestamp).map_or(at, |since| since.min(at));
        inbox.put(ViewNews::At(since, Moment::Row(super::state_of(&row))));
    })
    .await
}
