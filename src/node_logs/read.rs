//! [`NodeLog`]: the log of one instance from all the files its node holds, oldest line first.
//!
//! While they are read, files are rotated, compressed and removed. Rotated ones keep the time of their rotation as a mark in
//! their names, compressed or not. The newest has none: its name passes to the next one. So it is opened first, and the list
//! read once more: if no rotated file has come in between, the right one was opened. One that moved under a download that was
//! cut off is found again by how it begins: the stamp and text of its first record.

use std::time::Duration;

use bytes::BytesMut;

use super::{
    Unreadable, fetch,
    fetch::{FetchFault, PlainFile},
    files,
    listing::{Age, FileName},
    path::Directory,
    record::{EndlessRecord, NodeLine, Records},
};
use crate::{
    cluster::{Cluster, ClusterError},
    k8s::Stamp,
};

/// How often the files may change while one of them is opened.
const CHANGES: u32 = 20;

/// The pause after a change. A newest file that was rotated is missing until the runtime has made the next one.
const PAUSE: Duration = Duration::from_millis(50);

/// How far a line's stamp may be behind that of a line before it: see `follow::cursor`.
const SKEW: i64 = 1_000_000_000;

/// What a node's files say, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodePiece {
    /// Lines.
    Lines(Vec<NodeLine>),
    /// The last line of all, which has no line end: its container ended in it, or goes on writing it.
    Unfinished(NodeLine),
    /// Here lines are missing: a file was removed before it could be read (to its end).
    Gone,
}

/// Reads the log of one instance.
#[derive(Debug)]
pub struct NodeLog {
    cluster: Cluster,
    directory: Directory,
    instance: u32,
    /// The file that was read last; older ones are read too, or passed over.
    passed: Option<Age>,
    file: Option<PlainFile>,
    records: Records,
    /// The rotated files that were there when the list was read the last time.
    listed: Vec<Age>,
    /// How the file begins that comes after the last rotated one, as long as that one is read.
    successor: Option<BytesMut>,
    gone: bool,
    ended: bool,
    /// The files of the first list.
    first: Vec<FileName>,
}

impl NodeLog {
    /// Opens the log of the instance that was started after `instance` restarts.
    ///
    /// With `since`, older files are passed over as far as they surely hold no line of that stamp or a later one; lines
    /// before it still come.
    ///
    /// # Errors
    /// When the node's files cannot be read, or it has none of this instance.
    pub async fn open(
        cluster: &Cluster,
        directory: &Directory,
        instance: u32,
        since: Option<Stamp>,
    ) -> Result<Self, Unreadable> {
        let mut log = Self {
            cluster: cluster.clone(),
            directory: directory.clone(),
            instance,
            passed: None,
            file: None,
            records: Records::default(),
            listed: Vec::new(),
            successor: None,
            gone: false,
            ended: false,
            first: Vec::new(),
        };
        let files = log.list().await?;
        if files.is_empty() {
            return Err(Unreadable::NotKept);
        }
        log.first.clone_from(&files);
        if let Some(since) = since {
            log.pass_before(&files, since.back(SKEW)).await?;
        }
        Ok(log)
    }

    /// Its files when it was opened, oldest first; never none.
    pub fn files(&self) -> &[FileName] {
        &self.first
    }

    /// Whether the node surely holds the log from its first line on: it was never rotated.
    pub fn is_whole(&self) -> bool {
        self.first.len() == 1 && self.listed.is_empty()
    }

    /// Passes over the files before the last one that begins before `from`.
    async fn pass_before(&mut self, files: &[FileName], from: Stamp) -> Result<(), Unreadable> {
        for (at, file) in files.iter().enumerate().rev() {
            let head = fetch::head(&self.cluster, &self.directory, *file).await?;
            if head.and_then(|head| Stamp::parse(&head)).is_some_and(|(first, _)| first < from) {
                self.passed = at.checked_sub(1).and_then(|before| files.get(before)).map(|before| before.age);
                break;
            }
        }
        Ok(())
    }

    /// What comes next, or `None` when all is read that was there when the newest file was opened.
    ///
    /// # Errors
    /// When the files cannot be read on. What came before holds.
    pub async fn next(&mut self) -> Result<Option<NodePiece>, Unreadable> {
        loop {
            // The rest of a line that began in what is gone is not joined to what came before.
            if (self.gone || self.ended)
                && let Some(unfinished) = self.records.unfinished()
            {
                return Ok(Some(NodePiece::Unfinished(unfinished)));
            }
            if std::mem::take(&mut self.gone) {
                return Ok(Some(NodePiece::Gone));
            }
            if self.ended {
                return Ok(None);
            }
            let Some(file) = &mut self.file else {
                self.file = self.choose().await?;
                self.ended = self.file.is_none();
                continue;
            };
            match file.next().await {
                Ok(Some(bytes)) => {
                    let broken = |error: EndlessRecord| Unreadable::Broken { file: file.name, why: error.to_string() };
                    let mut lines = Vec::new();
                    self.records.take(bytes, &mut lines).map_err(broken)?;
                    if !lines.is_empty() {
                        return Ok(Some(NodePiece::Lines(lines)));
                    }
                }
                Ok(None) => {
                    self.records.end_of_file();
                    self.ended = file.name.age == Age::Newest;
                    self.passed = Some(file.name.age);
                    self.file = None;
                }
                Err(FetchFault::Moved) => self.find_again().await?,
                Err(FetchFault::Unreadable(why)) => return Err(why),
            }
        }
    }

    /// The instance's files now, oldest first. Notices when one is gone that was to be read.
    async fn list(&mut self) -> Result<Vec<FileName>, Unreadable> {
        let mut files = files(&self.cluster, &self.directory).await?;
        files.retain(|file| file.instance == self.instance);
        let is_next = |age: &Age| self.passed.is_none_or(|passed| *age > passed);
        let lost = self.listed.iter().filter(|age| is_next(age)).any(|age| !files.iter().any(|file| file.age == *age));
        self.gone |= lost;
        self.listed = files.iter().map(|file| file.age).filter(|age| *age != Age::Newest).collect();
        Ok(files)
    }

    /// Opens the file after the one that was read last.
    async fn choose(&mut self) -> Result<Option<PlainFile>, Unreadable> {
        for _ in 0..CHANGES {
            let files = match self.list().await {
                // The pod was deleted meanwhile.
                Err(Unreadable::NotKept) => {
                    self.gone = true;
                    return Ok(None);
                }
                files => files?,
            };
            let mut next = files.iter().filter(|file| self.passed.is_none_or(|passed| file.age > passed));
            let Some(name) = next.next().copied() else {
                // The instance was collected meanwhile.
                self.gone = true;
                return Ok(None);
            };
            // What is there now must go on where the last rotated file ended.
            if let Some(successor) = self.successor.take() {
                match fetch::head(&self.cluster, &self.directory, name).await? {
                    Some(head) if begins_alike(&head, &successor) => {}
                    Some(_) => self.gone = true,
                    None => {
                        self.successor = Some(successor);
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                }
            }
            let mut file = PlainFile::new(&self.cluster, &self.directory, name);
            match file.open().await {
                Ok(()) => {}
                Err(FetchFault::Moved) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(FetchFault::Unreadable(why)) => return Err(why),
            }
            if next.next().is_some_and(|after| after.age != Age::Newest) {
                return Ok(Some(file));
            }
            // It is the newest, or the last before it.
            let newest = FileName { instance: self.instance, age: Age::Newest, gzip: false };
            let successor = match name.age {
                Age::Newest => None,
                Age::Rotated(_) => fetch::head(&self.cluster, &self.directory, newest).await?,
            };
            let last = self.listed.last().copied();
            let files = match self.list().await {
                Err(Unreadable::NotKept) => Vec::new(),
                files => files?,
            };
            // What was opened can be read even if it was collected meanwhile.
            if files.is_empty()
                || (files.last().map(|file| file.age) == Some(Age::Newest) && self.listed.last().copied() == last)
            {
                self.successor = successor.filter(|head| !head.is_empty());
                return Ok(Some(file));
            }
            tokio::time::sleep(PAUSE).await;
        }
        let why = "its log files are rotated faster than they can be read".to_owned();
        Err(Unreadable::Cluster(ClusterError::Unexpected(why)))
    }

    /// The file that is read has another name now, or is gone.
    async fn find_again(&mut self) -> Result<(), Unreadable> {
        let Some(file) = self.file.take() else { return Ok(()) };
        if file.head().is_empty() {
            // Nothing came of it, so it may as well be chosen anew.
            return Ok(());
        }
        let files = match self.list().await {
            Err(Unreadable::NotKept) => Vec::new(),
            files => files?,
        };
        // Nothing is older than what is read, but what was read.
        for name in files.into_iter().filter(|name| self.passed.is_none_or(|passed| name.age > passed)) {
            let head = fetch::head(&self.cluster, &self.directory, name).await?;
            if head.is_some_and(|head| begins_alike(&head, file.head())) {
                self.file = Some(file.renamed(&self.cluster, &self.directory, name));
                return Ok(());
            }
        }
        self.records.end_of_file();
        if let Age::Rotated(_) = file.name.age {
            self.passed = Some(file.name.age);
        }
        self.gone = true;
        Ok(())
    }
}

/// Whether two starts are of one file: the shorter may have been read when there was no more of it.
fn begins_alike(one: &[u8], other: &[u8]) -> bool {
    let length = one.len().min(other.len());
    length > 0 && one[..length] == other[..length]
}
