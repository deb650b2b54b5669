//! [`verify`]: every hash, count, order and gap of a job.

use std::fmt;

use futures::{StreamExt, stream};
use serde::Serialize;

use super::{
    Archive, ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, Chunk, Gap, JobKey, Saving, job::read,
    segment::missing,
};
use crate::numbers::counted;

/// Chunks checked at a time.
const AT_ONCE: usize = 4;

/// Something that is missing, damaged or not proven.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Of which stream; `None`: of the index.
    pub stream: Option<ArchivedStream>,
    /// What, and why.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stream {
            None => write!(f, "the index: {}", self.what),
            Some(ArchivedStream::Log(it)) => {
                write!(f, "{} {} instance {}: {}", it.pod, it.container, it.restart, self.what)
            }
            Some(stream) => write!(f, "{stream}: {}", self.what),
        }
    }
}

/// What was found in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedJob {
    /// Which.
    pub job: JobKey,
    /// Lines of logs that are there and as they were written.
    pub lines: u64,
    /// Objects that are: pods, Jobs, events and rows as they were.
    pub objects: u64,
    /// Chunks that were read.
    pub chunks: u64,
    /// Whether more of it may come.
    pub saving: Saving,
    /// Everything that is not as it should be.
    pub faults: Vec<Fault>,
}

impl VerifiedJob {
    /// Whether the job has ended and everything of it is here.
    pub fn is_complete(&self) -> bool {
        self.faults.is_empty() && self.saving == Saving::Ended
    }
}

/// Reads and checks everything of a job.
///
/// # Errors
/// What the store says when it cannot be asked; whatever is missing or damaged is a [`Fault`].
pub async fn verify(archive: &Archive, key: &JobKey) -> Result<VerifiedJob, ArchiveError> {
    let mut report =
        VerifiedJob { job: key.clone(), lines: 0, objects: 0, chunks: 0, saving: Saving::Stopped, faults: Vec::new() };
    let job = match archive.look_up(key).await {
        Ok(job) => job,
        Err(ArchiveError::Damaged { at, why, .. }) => {
            report.faults.push(Fault { stream: None, what: format!("{at}: {why}") });
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    report.saving = archive.saving(&job).await?;
    report.faults.extend(job.missing.iter().map(|commits| Fault { stream: None, what: missing(commits) }));
    for damaged in &job.damaged {
        if let ArchiveError::Damaged { at, why, .. } = damaged {
            report.faults.push(Fault { stream: None, what: format!("{at}: {why}") });
        }
    }
    report.faults.extend(told(&job, report.saving));
    let chunks = job.streams.iter().flat_map(|(stream, kept)| kept.chunks.iter().map(move |chunk| (stream, chunk)));
    let check = |(stream, chunk)| {
        let job = &job;
        async move { (stream, chunk, read(&job.store, &job.key, stream, chunk).await.map(drop)) }
    };
    let mut checks = stream::iter(chunks).map(check).buffered(AT_ONCE);
    while let Some((stream, chunk, checked)) = checks.next().await {
        report.chunks += 1;
        match checked {
            Ok(()) => {
                let counted = if stream.instance().is_some() { &mut report.lines } else { &mut report.objects };
                *counted += chunk.lines;
            }
            Err(ArchiveError::Damaged { at, why, .. }) => {
                report.faults.push(Fault::unreadable(stream, chunk, &at, &why));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

impl Fault {
    fn unreadable(stream: &ArchivedStream, chunk: &Chunk, at: &str, why: &str) -> Fault {
        let last = (chunk.first_line + chunk.lines).saturating_sub(1);
        let what = format!("lines {} to {last} cannot be read: {at}: {why}", chunk.first_line);
        Fault { stream: Some(stream.clone()), what }
    }

    /// That lines of an instance are missing.
    pub fn missing(instance: &ArchivedInstance, gap: &Gap) -> Fault {
        Fault { stream: Some(ArchivedStream::Log(instance.clone())), what: missing_after(gap) }
    }
}

fn missing_after(gap: &Gap) -> String {
    format!("lines after line {} are missing: {}", gap.after_line, gap.reason)
}

impl ArchivedJob {
    /// The chunks of the objects beside the logs that cannot be read any more. All are read for that; they are few.
    ///
    /// # Errors
    /// What the store says.
    pub async fn lost_objects(&self) -> Result<Vec<Fault>, ArchiveError> {
        let objects = self.streams.iter().filter(|(stream, _)| stream.instance().is_none());
        let mut lost = Vec::new();
        for (stream, chunk) in objects.flat_map(|(stream, kept)| kept.chunks.iter().map(move |chunk| (stream, chunk))) {
            match read(&self.store, &self.key, stream, chunk).await {
                Ok(_) => {}
                Err(ArchiveError::Damaged { at, why, .. }) => lost.push(Fault::unreadable(stream, chunk, &at, &why)),
                Err(error) => return Err(error),
            }
        }
        Ok(lost)
    }

    /// The gaps in its logs, and whether the lines were there when they were looked for first.
    pub fn gaps(&self) -> impl Iterator<Item = (&ArchivedInstance, &Gap)> {
        self.logs().flat_map(|(instance, kept)| kept.gaps.iter().map(move |gap| (instance, gap)))
    }
}

/// What the index itself tells.
fn told(job: &ArchivedJob, saving: Saving) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (stream, kept) in &job.streams {
        let mut fault = |what| faults.push(Fault { stream: Some(stream.clone()), what });
        kept.holes().for_each(|hole| fault(hole.reason));
        let next = kept.chunks.last().map_or(0, |chunk| chunk.first_line.saturating_add(chunk.lines));
        for gap in &kept.gaps {
            fault(missing_after(gap));
        }
        match &kept.complete {
            Some(complete) if complete.lines != next => {
                fault(format!("it holds {}, but had {}", counted(next, "line"), complete.lines));
            }
            Some(_) => {}
            None if stream.instance().is_some() && saving == Saving::UnderWay => {
                fault("is not known to be complete: its end has not been read yet".to_owned());
            }
            None if stream.instance().is_some() => {
                fault("is not known to be complete: saving stopped before its end was read".to_owned());
            }
            None => {}
        }
    }
    faults
}
