//! [`Archive`] and [`ArchivedJob`]: what was written, read again.

use std::{cmp::Ordering, collections::BTreeMap, ops::RangeInclusive, pin::pin, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ArchiveError, ArchivedInstance, ArchivedStream, JobKey, ObjectLog, Store, chunk,
    index::Index,
    lease::Lease,
    prune::is_ours,
    record::{Chunk, Complete, Gap, JobState, Record},
    segment::missing,
    store::Created,
};
use crate::{
    k8s::{Line, Stamp},
    name_list::NameList,
    numbers::counted,
    shell::place,
};

/// The format that this elbtail writes, and the newest that it reads.
const VERSION: u32 = 1;

/// The object that says that this is an archive.
pub(super) const MARKER: &str = "elbtail-archive.json";

/// What is enough in it.
const WHOLE: &str = r#"{"format":"elbtail archive","version":1}"#;

#[derive(Serialize, Deserialize)]
struct Marker {
    format: String,
    version: u32,
}

/// An archive.
#[derive(Clone)]
pub struct Archive {
    pub(super) store: Store,
}

impl Archive {
    /// The archive that is in `store`.
    ///
    /// # Errors
    /// [`ArchiveError::NoArchive`], [`ArchiveError::Newer`], or what the store says.
    pub async fn open(store: Store) -> Result<Archive, ArchiveError> {
        let at = store.call("");
        // Without it nothing else is looked at.
        let damaged = |why: String| {
            let next = format!("if {at} is an archive, make it a file that holds {WHOLE}");
            ArchiveError::Damaged { at: store.call(MARKER), why, next }
        };
        let text = match store.get(MARKER).await {
            Ok(Some(text)) => text,
            Ok(None) => return Err(ArchiveError::NoArchive { at }),
            Err(ArchiveError::Damaged { why, .. }) => return Err(damaged(why)),
            Err(error) => return Err(error),
        };
        let marker: Marker = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if marker.version > VERSION {
            return Err(ArchiveError::Newer { at, version: marker.version, known: VERSION });
        }
        Ok(Archive { store })
    }

    /// The archive in `store`, begun if there is none.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub async fn open_or_begin(store: Store) -> Result<Archive, ArchiveError> {
        match Self::open(store.clone()).await {
            Err(ArchiveError::NoArchive { .. }) => {}
            other => return other,
        }
        let marker = Marker { format: "elbtail archive, see docs/archive.md".to_owned(), version: VERSION };
        let text = serde_json::to_vec(&marker).map_err(|error| ArchiveError::Usage(error.to_string()))?;
        match store.create(MARKER, text.into()).await? {
            Created::Ours => Ok(Archive { store }),
            Created::Other => Self::open(store).await,
        }
    }

    /// Puts an object that is no part of the archive beside its jobs, replacing one that is there.
    ///
    /// # Errors
    /// What the store says.
    pub async fn put_beside(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        self.store.put(path, bytes).await
    }

    /// The jobs it holds, by id.
    ///
    /// # Errors
    /// What the store says.
    pub async fn jobs(&self) -> Result<Vec<JobKey>, ArchiveError> {
        let mut jobs: Vec<JobKey> =
            self.store.directories("jobs").await?.iter().filter_map(|name| JobKey::new(name).ok()).collect();
        jobs.sort();
        Ok(jobs)
    }

    /// The job that `word` means: its id, its row's id, the last 8 characters of its id, as in pods' names, or the first 6 or more
    /// characters of any of these.
    ///
    /// # Errors
    /// [`ArchiveError::NoJob`], [`ArchiveError::Usage`] when several begin so, or as [`Archive::job`].
    pub async fn find(&self, word: &str) -> Result<ArchivedJob, ArchiveError> {
        let keys = self.jobs().await?;
        if let Some(key) = keys.iter().find(|key| key.as_str() == word) {
            return self.look_up(key).await;
        }
        let mut found = Vec::new();
        for key in keys {
            match self.job(&key).await {
                Ok(job) if job.is_called(word) => found.push(job),
                // One that cannot be read is not known to be meant.
                Ok(_) | Err(ArchiveError::NoJob { .. } | ArchiveError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match found.len() {
            0 => Err(ArchiveError::NoJob { at: self.store.call(""), job: word.to_owned() }),
            1 => Ok(found.remove(0)),
            count => {
                let names = NameList::of(found.iter().map(|job| job.key.as_str()), NAMED);
                Err(ArchiveError::Usage(format!("{count} jobs begin with {word}: {names}")))
            }
        }
    }

    /// The only job there is.
    ///
    /// # Errors
    /// [`ArchiveError::Usage`] when there are more or none, or as [`Archive::job`].
    pub async fn only(&self) -> Result<ArchivedJob, ArchiveError> {
        let (at, keys) = (self.store.call(""), self.jobs().await?);
        match keys.as_slice() {
            [] => Err(ArchiveError::Usage(format!("the archive {at} holds no job yet"))),
            [key] => self.look_up(key).await,
            keys => Err(ArchiveError::Usage(format!(
                "the archive {at} holds {} jobs: name one; to see them: elbtail archives {}",
                keys.len(),
                place(&at)
            ))),
        }
    }

    /// As [`Archive::job`], for whoever only reads: a job that cannot be read is damaged, though no index says that there is one.
    ///
    /// # Errors
    /// As [`Archive::job`]; [`ArchiveError::Damaged`] where chunks have no index, or a link stands in the job's place.
    pub async fn look_up(&self, key: &JobKey) -> Result<ArchivedJob, ArchiveError> {
        let path = format!("jobs/{key}");
        if self.store.is_link(&path) {
            return Err(self.store.damaged(&path, "it is a link: put there what it leads to"));
        }
        match self.job(key).await {
            // One that has just begun has an index soon.
            Err(ArchiveError::NoJob { .. }) if !Lease::is_held(&self.store, key).await? => {
                let none = ArchiveError::NoJob { at: self.store.call(""), job: key.to_string() };
                Err(self.remains(key).await?.unwrap_or(none))
            }
            read => read,
        }
    }

    /// That chunks of a job are there which has no index: it was lost, or a writer was killed before its first commit.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remains(&self, key: &JobKey) -> Result<Option<ArchiveError>, ArchiveError> {
        let listed = self.store.list(&format!("jobs/{key}/chunks")).await?;
        let chunks = listed.iter().filter(|object| !object.is_link && is_ours(&object.path)).count();
        let chunks_there = counted(chunks, "chunk");
        let why = format!("it has {chunks_there} but no index, so what was saved of the job is not known");
        Ok((chunks > 0).then(|| self.store.damaged(&format!("jobs/{key}"), why)))
    }

    /// A job: its whole index is read, none of its chunks.
    ///
    /// # Errors
    /// [`ArchiveError::NoJob`], [`ArchiveError::Damaged`], or what the store says.
    pub async fn job(&self, key: &JobKey) -> Result<ArchivedJob, ArchiveError> {
        let mut job = ArchivedJob {
            store: self.store.clone(),
            key: key.clone(),
            state: JobState::default(),
            saved: None,
            streams: BTreeMap::new(),
            missing: Vec::new(),
            damaged: Vec::new(),
        };
        let layout = Index::new(&self.store, key).read(|record| job.take(record)).await?;
        if layout.whole.is_empty() {
            return Err(ArchiveError::NoJob { at: self.store.call(""), job: key.to_string() });
        }
        job.missing = layout.missing;
        job.damaged = layout.damaged;
        Ok(job)
    }
}

/// One job's index.
#[derive(Clone)]
pub struct ArchivedJob {
    pub(super) store: Store,
    /// The job.
    pub key: JobKey,
    /// What is known of it.
    pub state: JobState,
    /// When the latest commit was made.
    pub saved: Option<Timestamp>,
    /// What is kept.
    pub(super) streams: BTreeMap<ArchivedStream, IndexedStream>,
    /// Commits that are missing in the index.
    pub(super) missing: Vec<RangeInclusive<u64>>,
    /// Objects of the index that cannot be read.
    pub(super) damaged: Vec<ArchiveError>,
}

/// What the index says of a stream.
#[derive(Debug, Clone, Default)]
pub struct IndexedStream {
    /// Its chunks, in order.
    pub chunks: Vec<Chunk>,
    /// Where lines are missing, and why.
    pub gaps: Vec<Gap>,
    /// That it has ended, and how that is known.
    pub complete: Option<Complete>,
}

impl IndexedStream {
    /// Where lines are named by no commit that can be read, though later ones are.
    pub fn holes(&self) -> impl Iterator<Item = Gap> {
        let mut next = 0;
        self.chunks.iter().filter_map(move |chunk| {
            let expected = std::mem::replace(&mut next, chunk.first_line.saturating_add(chunk.lines));
            let reason = match chunk.first_line.cmp(&expected) {
                Ordering::Equal => return None,
                Ordering::Greater if chunk.first_line == expected + 1 => {
                    format!("no commit that can be read names line {expected}")
                }
                Ordering::Greater => {
                    format!("no commit that can be read names lines {expected} to {}", chunk.first_line - 1)
                }
                Ordering::Less => format!("a chunk begins with line {} where line {expected} comes", chunk.first_line),
            };
            Some(Gap { after_line: expected, reason, gone_before: false })
        })
    }

    /// How many lines it has.
    pub fn lines(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.lines).sum()
    }
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectFate {
    /// It was there.
    There,
    /// It was deleted: this is how it was last.
    Deleted,
}

/// A job in a few numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobSummary {
    /// The ElasticBLAST id.
    pub job: String,
    /// The row's id.
    pub row: Option<String>,
    /// The row's last status.
    pub status: Option<String>,
    /// The namespace in which its pods were found.
    pub namespace: Option<String>,
    /// Whether the job has ended, so that nothing is to come.
    pub ended: bool,
    /// Whether the job has ended and every line of it is here.
    pub complete: bool,
    /// When something was saved last.
    pub saved: Option<Timestamp>,
    /// Container instances.
    pub instances: usize,
    /// Those that are not known to be complete.
    pub incomplete: usize,
    /// Known gaps.
    pub gaps: usize,
    /// Whether a part of the index is missing.
    pub damaged: bool,
    /// Lines of logs.
    pub lines: u64,
    /// Bytes of their text, stamps included.
    pub bytes: u64,
    /// Bytes of all chunks.
    pub size: u64,
}

/// Chunks of a stream that are read ahead.
const AHEAD: usize = 4;

/// Characters of an id that are enough.
const ENOUGH: usize = 6;

/// Characters at an id's end that pods' names hold.
const SHORT: usize = 8;

/// Jobs that are named at most.
const NAMED: usize = 10;

impl ArchivedJob {
    /// Whether `word` is one of its ids, or the beginning of one.
    fn is_called(&self, word: &str) -> bool {
        let row = self.state.row.as_deref();
        let id = self.key.id();
        let short = &id[id.len().saturating_sub(SHORT)..];
        let begins_so = |name: &str| name.starts_with(word);
        row == Some(word)
            || (word.len() >= ENOUGH
                && (begins_so(self.key.as_str()) || begins_so(short) || row.is_some_and(begins_so)))
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Commit { at, .. } => self.saved = Some(at),
            Record::Chunk { stream, chunk } => self.streams.entry(stream).or_default().chunks.push(chunk),
            Record::Gap { stream, gap } => self.streams.entry(stream).or_default().gaps.push(gap),
            Record::Complete { stream, complete } => self.streams.entry(stream).or_default().complete = Some(complete),
            Record::Job(state) => self.state = state,
            Record::Unknown => {}
        }
    }

    /// What is kept, in order of the streams' names.
    pub fn streams(&self) -> impl Iterator<Item = &ArchivedStream> {
        self.streams.keys()
    }

    /// What is kept of each instance, in order of their names.
    pub fn logs(&self) -> impl Iterator<Item = (&ArchivedInstance, &IndexedStream)> {
        self.streams.iter().filter_map(|(stream, kept)| Some((stream.instance()?, kept)))
    }

    /// The command that says what is missing of it.
    pub fn verify_command(&self) -> String {
        self.command("verify")
    }

    /// `elbtail VERB DEST JOB`, as a shell reads it.
    pub fn command(&self, verb: &str) -> String {
        format!("elbtail {verb} {} {}", place(&self.store.call("")), self.key)
    }

    /// Where it is, without secrets.
    pub fn place(&self) -> String {
        self.store.call("")
    }

    /// The first part of the index that is missing or cannot be read.
    pub fn index_fault(&self) -> Option<ArchiveError> {
        let at = format!("jobs/{}/index", self.key);
        let missing = self.missing.first().map(|commits| self.store.damaged(&at, missing(commits)));
        self.damaged.first().cloned().or(missing)
    }

    /// Whether a part of the index is missing, so that there may be more than is known.
    pub fn is_damaged(&self) -> bool {
        !(self.missing.is_empty() && self.damaged.is_empty())
    }

    /// The job in a few numbers.
    pub fn summary(&self) -> JobSummary {
        let logs = || self.logs().map(|(_, kept)| kept);
        let incomplete = logs().filter(|kept| kept.complete.is_none()).count();
        let gaps = logs().map(|kept| kept.gaps.len()).sum();
        JobSummary {
            ended: self.state.ended,
            complete: self.state.ended && incomplete == 0 && gaps == 0 && !self.is_damaged(),
            damaged: self.is_damaged(),
            job: self.key.to_string(),
            row: self.state.row.clone(),
            status: self.state.status.clone(),
            namespace: self.state.namespace().map(str::to_owned),
            saved: self.saved,
            instances: logs().count(),
            incomplete,
            gaps,
            lines: logs().map(IndexedStream::lines).sum(),
            bytes: logs().flat_map(|kept| &kept.chunks).map(|chunk| chunk.bytes).sum(),
            size: self.streams.values().flat_map(|kept| &kept.chunks).map(|chunk| chunk.size).sum(),
        }
    }

    /// The last lines of a stream: so many, or all there are, and those before them in the same chunk.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`], or what the store says.
    pub async fn last_lines(&self, stream: &ArchivedStream, count: usize) -> Result<Vec<Line>, ArchiveError> {
        let mut last = Vec::new();
        for chunk in self.streams.get(stream).into_iter().flat_map(|kept| kept.chunks.iter().rev()) {
            if last.len() >= count {
                break;
            }
            let mut lines = read(&self.store, &self.key, stream, chunk).await?;
            lines.append(&mut last);
            last = lines;
        }
        Ok(last)
    }

    /// Hands on the objects of a kind as they changed, in order: each with when that was seen, and whether it was deleted then. What is none is passed over, and
    /// so is what cannot be read, which is of no account to lines.
    ///
    /// # Errors
    /// What the store says.
    pub async fn objects(
        &self,
        kind: ObjectLog,
        mut take: impl FnMut(Stamp, Value, ObjectFate),
    ) -> Result<(), ArchiveError> {
        let stream = ArchivedStream::Changes(kind);
        let read = self.lines(&stream, |lines| {
            for line in lines {
                let Ok(object) = serde_json::from_slice::<Value>(&line.text) else { continue };
                let fate = if object["deleted"] == true { ObjectFate::Deleted } else { ObjectFate::There };
                take(line.stamp, object, fate);
            }
        });
        match read.await {
            Ok(()) | Err(ArchiveError::Damaged { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Hands on the lines of a stream, chunk by chunk; memory is four chunks.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`], or what the store says.
    pub async fn lines(&self, of: &ArchivedStream, mut take: impl FnMut(Vec<Line>)) -> Result<(), ArchiveError> {
        let chunks = self.streams.get(of).into_iter().flat_map(|kept| &kept.chunks);
        let mut read = pin!(read_all(&self.store, &self.key, of, chunks.cloned().collect(), AHEAD));
        while let Some(lines) = read.try_next().await? {
            take(lines);
        }
        Ok(())
    }
}

/// The lines of chunks, one chunk after the other; `ahead` are read at a time.
pub(super) fn read_all(
    store: &Store,
    job: &JobKey,
    of: &ArchivedStream,
    chunks: Vec<Chunk>,
    ahead: usize,
) -> impl futures::Stream<Item = Result<Vec<Line>, ArchiveError>> + use<> {
    let whose = Arc::new((store.clone(), job.clone(), of.clone()));
    let lines = move |chunk: Chunk| {
        let whose = whose.clone();
        async move {
            let (store, job, of) = &*whose;
            read(store, job, of, &chunk).await
        }
    };
    stream::iter(chunks).map(lines).buffered(ahead)
}

/// The lines of a chunk, checked.
pub(super) async fn read(
    store: &Store,
    job: &JobKey,
    stream: &ArchivedStream,
    chunk: &Chunk,
) -> Result<Vec<Line>, ArchiveError> {
    let path = chunk.path(job, stream);
    let damaged = |why: String| store.damaged(&path, why);
    let bytes = store.get(&path).await?.ok_or_else(|| damaged("it is not there".to_owned()))?;
    let own = chunk.clone();
    tokio::task::spawn_blocking(move || chunk::read(&own, &bytes))
        .await
        .map_err(|error| damaged(error.to_string()))?
        .map_err(damaged)
}
