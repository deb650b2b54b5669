//! [`Download`]: one file of a node, to its end however often it is cut off; [`PlainFile`]: what it holds, decompressed.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use tokio::time::timeout;

use super::{
    Unreadable,
    again::Again,
    gunzip::{self, Gunzip, Unpacking},
    listing::FileName,
    path::Directory,
};
use crate::cluster::{
    Cluster, ClusterError, LogBody,
    node_file::{Bytes as Range, FilePart},
};

/// A download that brings nothing for so long has stalled: a file is there, so there is nothing to wait for.
const STALLED: Duration = Duration::from_secs(30);

/// How much of a file's start tells it from others: its first stamp and the start of its first line.
const HEAD: usize = 96;

/// How much of a compressed file is enough to have its [`HEAD`].
const COMPRESSED_HEAD: u64 = 4 << 10;

/// Why a file cannot be read on.
#[derive(Debug)]
pub(super) enum FetchFault {
    /// Under its name there is nothing now, or another file: it was rotated, compressed or removed.
    Moved,
    /// Anything else.
    Unreadable(Unreadable),
}

impl From<ClusterError> for FetchFault {
    fn from(error: ClusterError) -> Self {
        match error.rejection().map(|rejection| rejection.code) {
            Some(404 | 416) => FetchFault::Moved,
            _ => FetchFault::Unreadable(error.into()),
        }
    }
}

/// How far a file came, told from other files by how it begins.
#[derive(Debug, Clone, Default)]
struct Came {
    /// The place of the next byte.
    at: u64,
    /// How many bytes are still to come that came before.
    skip: u64,
    /// The first bytes, at most [`HEAD`].
    head: BytesMut,
}

impl Came {
    /// What is new of the next bytes, which is noted; `None` if nothing is.
    fn take(&mut self, mut bytes: Bytes) -> Option<Bytes> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        // No more than there are.
        let new = bytes.split_off(usize::try_from(skipped).unwrap_or(bytes.len()));
        self.at += new.len() as u64;
        let head = HEAD.saturating_sub(self.head.len()).min(new.len());
        self.head.extend_from_slice(&new[..head]);
        (!new.is_empty()).then_some(new)
    }
}

/// One file of a node: its bytes as they lie there.
#[derive(Debug)]
struct Download {
    cluster: Cluster,
    node: String,
    path: String,
    /// Where the file ended when it was opened.
    end: Option<u64>,
    /// How far it came. A server that knows no ranges sends the file from its start, and what came before comes again.
    came: Came,
    body: Option<LogBody>,
    again: Again,
}

impl Download {
    fn new(cluster: &Cluster, directory: &Directory, file: FileName) -> Self {
        let path = directory.file(file);
        Self {
            cluster: cluster.clone(),
            node: directory.node().to_owned(),
            again: Again::new(&path),
            path,
            end: None,
            came: Came::default(),
            body: None,
        }
    }

    async fn ask(&self, range: Range) -> Result<FilePart, ClusterError> {
        self.cluster.node_file(&self.node, &self.path, &range).await
    }

    /// Has the kubelet open the file: from then on it may be rotated, but what comes is still this file.
    async fn open(&mut self) -> Result<&mut LogBody, FetchFault> {
        loop {
            match self.ask(Range::From(self.came.at)).await {
                Ok(file) => {
                    // Names move from file to file. One that is still this file's was so when it was opened.
                    if self.came.at > 0 && !self.is_same().await? {
                        return Err(FetchFault::Moved);
                    }
                    let skip = self.came.at.checked_sub(file.from);
                    self.came.skip =
                        skip.ok_or_else(|| unexpected(format!("{}: another part than asked for", self.path)))?;
                    self.end = file.end;
                    return Ok(self.body.insert(file.body));
                }
                Err(error) if error.is_transient() => self.failed(error).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the file of this name still begins as the one that is read.
    async fn is_same(&mut self) -> Result<bool, FetchFault> {
        let Some(last) = (self.came.head.len() as u64).checked_sub(1) else { return Ok(true) };
        loop {
            match self.ask(Range::Within(0..=last)).await {
                Ok(file) => match start(file, self.came.head.len()).await {
                    Ok(start) => return Ok(start == self.came.head),
                    Err(error) => self.failed(error).await?,
                },
                Err(error) if error.is_transient() => self.failed(error).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits before the next try, if there is one.
    async fn failed(&mut self, error: ClusterError) -> Result<(), FetchFault> {
        self.again.after(error).await.map_err(|error| FetchFault::Unreadable(error.into()))
    }

    /// The next bytes, or `None` at the end that the file had when it was opened.
    async fn next(&mut self) -> Result<Option<Bytes>, FetchFault> {
        loop {
            let body = match &mut self.body {
                Some(body) => body,
                None => self.open().await?,
            };
            let cut = match timeout(STALLED, body.next()).await {
                Ok(Some(Ok(bytes))) => {
                    let Some(new) = self.came.take(bytes) else { continue };
                    self.again.worked();
                    return Ok(Some(new));
                }
                // Where no length was announced, an end is all there is to go by.
                Ok(None) if self.end.is_none_or(|end| self.came.at >= end) => return Ok(None),
                Ok(None) => format!("{} ended after {} bytes", self.path, self.came.at),
                Ok(Some(Err(error))) => error.to_string(),
                Err(_) => format!("{}: nothing came for {STALLED:?}", self.path),
            };
            self.body = None;
            self.failed(ClusterError::Broken { host: self.cluster.host(), why: cut }).await?;
        }
    }
}

fn unexpected(what: String) -> FetchFault {
    FetchFault::Unreadable(ClusterError::Unexpected(what).into())
}

/// The first `length` bytes of an answer, or all of it if it has fewer.
async fn start(mut file: FilePart, length: usize) -> Result<BytesMut, ClusterError> {
    let mut start = BytesMut::new();
    while start.len() < length
        && let Some(bytes) = file.body.next().await
    {
        start.extend_from_slice(&bytes?);
    }
    start.truncate(length);
    Ok(start)
}

/// One file of a node: the records it holds, compressed or not.
#[derive(Debug)]
pub(super) struct PlainFile {
    download: Download,
    gunzip: Option<Unpacking>,
    /// Which file it is.
    pub(super) name: FileName,
    /// How far its records came; those that came from the same file under another name are passed over.
    came: Came,
    ended: bool,
}

impl PlainFile {
    pub(super) fn new(cluster: &Cluster, directory: &Directory, name: FileName) -> Self {
        Self {
            download: Download::new(cluster, directory, name),
            gunzip: name.gzip.then(|| Unpacking::new(gunzip::MOST)),
            name,
            came: Came::default(),
            ended: false,
        }
    }

    /// The same file under another name, from where the reading stopped.
    pub(super) fn renamed(self, cluster: &Cluster, directory: &Directory, name: FileName) -> Self {
        let mut new = Self::new(cluster, directory, name);
        new.came = Came { skip: 0, ..self.came };
        if name.gzip {
            new.came.skip = new.came.at;
        } else {
            new.download.came = new.came.clone();
        }
        new
    }

    /// The start of its records, as far as it came: what it is recognised by.
    pub(super) fn head(&self) -> &[u8] {
        &self.came.head
    }

    /// Has the kubelet open it.
    pub(super) async fn open(&mut self) -> Result<(), FetchFault> {
        self.download.open().await.map(drop)
    }

    /// The next bytes of records, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, FetchFault> {
        loop {
            let Some(bytes) = self.records().await? else { return Ok(None) };
            if let Some(new) = self.came.take(bytes) {
                return Ok(Some(new));
            }
        }
    }

    async fn records(&mut self) -> Result<Option<Bytes>, FetchFault> {
        let Some(gunzip) = &mut self.gunzip else { return self.download.next().await };
        let broken = |error| FetchFault::Unreadable(Unreadable::Broken { file: self.name, why: format!("{error}") });
        loop {
            if self.ended {
                return Ok(None);
            }
            if let Some(bytes) = gunzip.next().await.map_err(broken)? {
                return Ok(Some(bytes));
            }
            match self.download.next().await? {
                Some(bytes) => gunzip.push(bytes),
                None => {
                    self.ended = true;
                    gunzip.end().map_err(broken)?;
                }
            }
        }
    }
}

/// The start of a file's records, [`HEAD`] bytes if it has so many; `None` when there is no such file any more.
pub(super) async fn head(
    cluster: &Cluster,
    directory: &Directory,
    name: FileName,
) -> Result<Option<BytesMut>, Unreadable> {
    let mut download = Download::new(cluster, directory, name);
    let length = if name.gzip { COMPRESSED_HEAD } else { HEAD as u64 };
    let start = loop {
        let answer = match download.ask(Range::Within(0..=length - 1)).await {
            Ok(file) => start(file, usize::try_from(length).unwrap_or(HEAD)).await,
            Err(error) => Err(error),
        };
        let fault = match answer {
            Ok(start) => break start,
            Err(error) if error.is_transient() => match download.failed(error).await {
                Ok(()) => continue,
                Err(fault) => fault,
            },
            Err(error) => error.into(),
        };
        return match fault {
            FetchFault::Moved => Ok(None),
            FetchFault::Unreadable(why) => Err(why),
        };
    };
    if !name.gzip {
        return Ok(Some(start));
    }
    let mut gunzip = Gunzip::new(gunzip::MOST);
    gunzip.push(start.freeze());
    let mut head = BytesMut::new();
    while head.len() < HEAD
        && let Some(bytes) = gunzip.next().map_err(|error| Unreadable::Broken { file: name, why: error.to_string() })?
    {
        head.extend_from_slice(&bytes);
    }
    head.truncate(HEAD);
    Ok(Some(head))
}

/// How large a file is on the node, in bytes; `None` when it is gone, or nobody says.
pub(super) async fn size(cluster: &Cluster, directory: &Directory, name: FileName) -> Result<Option<u64>, Unreadable> {
    match Download::new(cluster, directory, name).ask(Range::Within(0..=0)).await {
        Ok(file) => Ok(file.size),
        Err(error) => match FetchFault::from(error) {
            FetchFault::Moved => Ok(None),
            FetchFault::Unreadable(why) => Err(why),
        },
    }
}
