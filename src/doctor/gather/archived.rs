//! What an archive knows of a job, as if its cluster had answered when it was saved last.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::{batch::v1::Job, core::v1::Event};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::logs;
use crate::{
    archive::{ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, ObjectLog},
    discover::{Evidence, Match},
    doctor::{ClusterAnswers, ClusterFacts, Facts, LogFacts, RowFacts, SearchedPlace, TailAnswer, TailLine, TailPart},
    k8s::{Line, Pod},
    resolve::{Resolution, resolve},
    row::Row,
};

/// Lines of a log that are looked at.
const LINES: usize = 200;

/// The facts of an archived job, as of when it was saved last: its row, pods, Jobs and events as they were last, and the last lines of
/// containers that were in trouble.
///
/// # Errors
/// What the store says. What is damaged is left out.
pub async fn archived(job: &ArchivedJob) -> Result<Facts, ArchiveError> {
    let pods = latest::<Pod>(job, ObjectLog::Pods).await?;
    let jobs = latest::<Job>(job, ObjectLog::Jobs).await?;
    let events = latest::<Event>(job, ObjectLog::Events).await?;
    let mut row = None;
    job.objects(ObjectLog::Row, |_, object, _| row = object.as_object().cloned().map(Row::new).or(row.take())).await?;
    let found: Vec<Match> = pods.into_iter().map(|pod| Match { pod, evidence: Evidence::Label }).collect();
    let cluster = if found.is_empty() && jobs.is_empty() {
        ClusterFacts::NotAsked("the archive holds neither pods nor Jobs".to_owned())
    } else {
        let logs = tails(job, &found).await?;
        ClusterFacts::Seen(Box::new(ClusterAnswers {
            pods: Some(Ok(found)),
            jobs: Some(Ok(jobs)),
            events,
            logs,
            ..Default::default()
        }))
    };
    let resolution = match &row {
        Some(row) => Some(resolve(row)),
        None => job.key.id().parse().ok().map(Resolution::given),
    };
    let place = SearchedPlace { namespace: job.state.namespace().unwrap_or_default().to_owned(), ..Default::default() };
    let now = job.saved.unwrap_or_else(Timestamp::now);
    Ok(Facts { now, row: RowFacts { row, resolution, ..RowFacts::default() }, place, cluster })
}

/// The objects of a kind as they were last, in order of their uids.
async fn latest<T: DeserializeOwned>(job: &ArchivedJob, kind: ObjectLog) -> Result<Vec<T>, ArchiveError> {
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    job.objects(kind, |_, object, _| {
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        latest.insert(uid, object);
    })
    .await?;
    Ok(latest.into_values().filter_map(|object| serde_json::from_value(object).ok()).collect())
}

/// The last lines that the cluster would have been asked for.
async fn tails(job: &ArchivedJob, pods: &[Match]) -> Result<Vec<LogFacts>, ArchiveError> {
    let mut tails = Vec::new();
    for ask in logs::plan(pods).into_iter().filter(|ask| ask.part != TailPart::Head) {
        let target = &ask.target;
        let status =
            pods.iter().find(|found| found.pod.uid() == target.uid).map(|found| found.pod.container(&target.container));
        let latest = status.map_or(0, |status| status.restart);
        let restart = if ask.part == TailPart::Previous { latest.saturating_sub(1) } else { latest };
        let stream = ArchivedStream::Log(ArchivedInstance {
            namespace: target.namespace.clone(),
            pod: target.pod.clone(),
            uid: target.uid.clone(),
            container: target.container.clone(),
            restart,
        });
        let lines = match job.last_lines(&stream, LINES).await {
            Ok(lines) => lines,
            Err(ArchiveError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        let shown = lines[lines.len().saturating_sub(LINES)..].iter().map(tail_line).collect();
        tails.push(LogFacts { target: ask.target, node: ask.node, part: ask.part, answer: TailAnswer::Lines(shown) });
    }
    Ok(tails)
}

fn tail_line(line: &Line) -> TailLine {
    TailLine { stamp: Some(line.stamp.to_timestamp()), text: String::from_utf8_lossy(&line.text).into_owned() }
}
