//! [`refill`]: chunks of an archive that cannot be read any more, made again of what Kubernetes still has.

use std::collections::BTreeMap;

use futures::StreamExt;

use crate::{
    archive::{ArchiveError, ArchivedInstance, ArchivedJob, ChunkCheck, LostChunk},
    cluster::{Cluster, ClusterError, LogAnswer, LogQuery},
    discover::Match,
    follow::cursor::KeptAs,
    k8s::{
        Line,
        lines::{LogPiece, Splitter},
        status::LogPlace,
    },
};

/// How much earlier than a chunk's first line a log is read from: later lines may be stamped earlier.
const REACH: i64 = 2_000_000_000;

/// What became of the chunks that could not be read.
#[derive(Default)]
pub struct Refilled {
    /// They are there again.
    pub filled: Vec<LostChunk>,
    /// They are not: their lines are missing, with why they cannot be read again.
    pub lost: Vec<(LostChunk, String)>,
}

/// Looks for chunks of the pods that are still there, and fills those that cannot be read with the lines that they were made of.
/// `kept_as` is what was made of lines before they were kept.
///
/// # Errors
/// What the store says.
pub async fn refill(
    cluster: &Cluster,
    job: &ArchivedJob,
    pods: &[Match],
    check: ChunkCheck,
    kept_as: Option<KeptAs>,
) -> Result<Refilled, ArchiveError> {
    let place = |instance: &ArchivedInstance| place(pods, instance);
    // Only what can be filled is worth to be read; what else is lost is told where that costs nothing.
    let is_read = |instance: &ArchivedInstance| check == ChunkCheck::Contents && place(instance).is_some();
    let mut lost = job.lost_chunks(ChunkCheck::Sizes, |instance| !is_read(instance)).await?;
    lost.extend(job.lost_chunks(ChunkCheck::Contents, is_read).await?);
    let mut by_instance: BTreeMap<ArchivedInstance, Vec<LostChunk>> = BTreeMap::new();
    for chunk in lost {
        by_instance.entry(chunk.instance().clone()).or_default().push(chunk);
    }
    let mut refilled = Refilled::default();
    for (instance, mut chunks) in by_instance {
        let why = match place(&instance) {
            None => "Kubernetes does not have its log any more".to_owned(),
            Some(place) => match read(cluster, job, place, &mut chunks, kept_as, &mut refilled).await {
                Ok(()) => "Kubernetes does not have these lines any more as they were written".to_owned(),
                Err(error) => error.to_string(),
            },
        };
        refilled.lost.extend(chunks.into_iter().map(|chunk| (chunk, why.clone())));
    }
    Ok(refilled)
}

/// Where the log of an instance can be read: its query, without a beginning.
fn place(pods: &[Match], instance: &ArchivedInstance) -> Option<LogQuery> {
    let pod = &pods.iter().find(|found| found.pod.uid() == instance.uid)?.pod;
    let previous = match pod.container(&instance.container).place(instance.restart) {
        LogPlace::Live | LogPlace::Latest => false,
        LogPlace::Previous => true,
        LogPlace::Future | LogPlace::Nowhere => return None,
    };
    Some(LogQuery { container: instance.container.clone(), previous, timestamps: true, ..LogQuery::default() })
}

/// Reads a log, and moves what is made of it to `refilled`.
async fn read(
    cluster: &Cluster,
    job: &ArchivedJob,
    place: LogQuery,
    chunks: &mut Vec<LostChunk>,
    kept_as: Option<KeptAs>,
    refilled: &mut Refilled,
) -> Result<(), ClusterError> {
    let Some(instance) = chunks.first().map(|chunk| chunk.instance().clone()) else { return Ok(()) };
    let first = chunks.iter().filter_map(LostChunk::first).min();
    let query = LogQuery { since_time: first.map(|first| first.back(REACH).to_timestamp()), ..place };
    let mut body = match cluster.log(&instance.namespace, &instance.pod, &query).await? {
        LogAnswer::Body(body) => body,
        LogAnswer::NotScheduled => return Ok(()),
    };
    let mut splitter = Splitter::default();
    while let Some(bytes) = body.next().await {
        splitter.push(bytes?);
        for piece in splitter.by_ref() {
            if let LogPiece::Line(line) = piece {
                take(job, &line, chunks, kept_as, refilled).await;
            }
        }
        if chunks.is_empty() {
            return Ok(());
        }
    }
    // A container's last line need not have an end.
    if let Some(line) = Line::parse(splitter.rest()) {
        take(job, &line, chunks, kept_as, refilled).await;
    }
    Ok(())
}

/// Hands a line to all chunks, and puts those that it completes.
async fn take(
    job: &ArchivedJob,
    line: &Line,
    chunks: &mut Vec<LostChunk>,
    kept_as: Option<KeptAs>,
    refilled: &mut Refilled,
) {
    let kept = kept_as.map(|kept_as| Line { stamp: line.stamp, text: kept_as(&line.text).into_owned().into() });
    let line = kept.as_ref().unwrap_or(line);
    let mut at = 0;
    while at < chunks.len() {
        // What cannot be compressed cannot be filled.
        match chunks[at].take(line).ok().flatten() {
            Some(object) => {
                let chunk = chunks.remove(at);
                // What cannot be put, such as where something odd stands in its place, does not keep the rest from being saved.
                match job.refill(&chunk, object).await {
                    Ok(()) => refilled.filled.push(chunk),
                    Err(error) => refilled.lost.push((chunk, error.to_string())),
                }
            }
            None => at += 1,
        }
    }
}
