//! `elbtail watch --archive DEST [JOB]`.

use std::{ffi::OsStr, future::pending};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Show, until_left};
use crate::{
    archive::{ArchiveError, ArchivedJob, ArchivedStream, ObjectLog},
    cli::{
        archive::{self, args::ArchivedJobArgs},
        args::WatchArgs,
        failure::Failure,
    },
    exit::Exit,
    job_id::JobId,
    k8s::{Line, Pod},
    overview::RowState,
    render::JobIds,
    session::replay::{Replay, replay},
    view::{Inbox, Moment, News, WhenFull},
};

/// Shows an archived job, until it is left.
pub(super) async fn run(args: &WatchArgs, dest: &OsStr) -> Result<Exit, Failure> {
    let archive = archive::open(dest).await?;
    let job = archive::choose(&archive, &ArchivedJobArgs { job: args.job.target.clone() }).await?;
    let saving = archive.saving(&job).await?;
    let short = job.key.as_str().parse().map(|id: JobId| id.short().to_owned()).unwrap_or_default();
    if job.logs().next().is_none() {
        return Err(Failure::NoPods(archive::nothing_wanted(&job, &args.select.filter(&short)).await?));
    }
    let wanted =
        Replay { filter: args.select.filter(&short), since: args.since()?, tail: args.tail, ..Replay::default() };
    let Show { inbox, out, told: sink, stats, left, stop, _words, .. } = Show::begin(args, WhenFull::Wait)?;
    let mut broken = None;
    let told = async {
        let read = async {
            let ids = JobIds { job: Some(job.key.id().to_owned()), row: job.state.row.clone() };
            // When nobody looks any more, the next event shows it.
            let _ = out.send(ids).await;
            history(&job, &inbox).await?;
            replay(&job, &wanted, out).await
        };
        let ended = read.await;
        // What was told is on its way yet. Who looks no more is told nothing.
        let _ = sink.finish().await;
        inbox.put(News::Over(ended.as_ref().map(|_| ()).map_err(ToString::to_string)));
        broken = ended.err();
        pending().await
    };
    let exit = until_left(left, &stop, told).await?;
    drop(_words);
    match (exit, broken) {
        (Exit::Done, Some(error)) => Err(error.into()),
        (Exit::Done, None) => archive::exit(&job, saving, &stats.now()).await,
        (exit, _) => Ok(exit),
    }
}

/// Tells how the job's objects were, and when.
async fn history(job: &ArchivedJob, inbox: &Inbox) -> Result<(), ArchiveError> {
    tell(job, ObjectLog::Pods, inbox, |pod: Pod| Moment::Pod(Box::new(pod))).await?;
    tell(job, ObjectLog::Jobs, inbox, |job| Moment::Job(Box::new(job))).await?;
    tell(job, ObjectLog::Row, inbox, |row: Value| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Moment::Row(RowState { status: text("status"), phase: text("phase") })
    })
    .await
}

/// Tells the objects of a kind, as far as they can be read.
async fn tell<T: DeserializeOwned>(
    job: &ArchivedJob,
    kind: ObjectLog,
    inbox: &Inbox,
    moment: impl Fn(T) -> Moment,
) -> Result<(), ArchiveError> {
    let take = |lines: Vec<Line>| {
        for line in lines {
            if let Ok(object) = serde_json::from_slice(&line.text) {
                inbox.put(News::Told(line.stamp, moment(object)));
            }
        }
    };
    match job.lines(&ArchivedStream::Changes(kind), take).await {
        Ok(()) | Err(ArchiveError::Damaged { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
