//! [`Store`]: an object store whose answers mean what an archive needs.
//!
//! A put that has succeeded is durable: object stores promise it, and in a directory file and directory are synced. A
//! creation is won by one of two. Whether a lost answer had followed a success shows when the object is looked at.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion, path::Path};
use tokio::sync::watch;

use super::{ArchiveError, plain, walk};
use crate::{
    backoff::{Backoff, Pauses},
    shell::place,
};

/// Objects asked for at a time.
pub(super) const AT_ONCE: usize = 16;

/// The pause after the first failure, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// An object store, or a directory that serves as one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
    /// As it is called in messages.
    at: Arc<str>,
    /// The directory, if it is one.
    directory: Option<Arc<std::path::Path>>,
}

/// What became of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    /// The object is there, with these bytes.
    Ours,
    /// Another object is there.
    Other,
}

/// An object and which version of it.
pub(super) struct Versioned {
    pub bytes: Bytes,
    pub version: UpdateVersion,
}

/// An object of a listing.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// Below the store's own prefix.
    pub path: String,
    pub size: u64,
    /// Whether it leads elsewhere: then it is not elbtail's, whatever it is called.
    pub is_link: bool,
}

impl Store {
    /// A store below `prefix` of an object store. `at` is how messages call it.
    pub fn new(inner: Arc<dyn ObjectStore>, prefix: Path, at: &str) -> Store {
        Store { inner, prefix, at: at.into(), directory: None }
    }

    /// The same, in a directory, where one writer at a time is a matter of locking a file.
    pub(super) fn in_directory(inner: Arc<dyn ObjectStore>, directory: &std::path::Path, at: &str) -> Store {
        Store { inner, prefix: Path::default(), at: at.into(), directory: Some(directory.into()) }
    }

    /// The directory, if it is one.
    pub(super) fn directory(&self) -> Option<&std::path::Path> {
        self.directory.as_deref()
    }

    /// How messages call the object at `path`.
    pub(super) fn call(&self, path: &str) -> String {
        if path.is_empty() { self.at.to_string() } else { format!("{}/{path}", self.at.trim_end_matches('/')) }
    }

    fn path(&self, path: &str) -> Path {
        path.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// That the object at `path` is not what was written.
    pub(super) fn damaged(&self, path: &str, why: impl Into<String>) -> ArchiveError {
        let next = format!("to see what else is damaged: elbtail verify {}", place(&self.at));
        ArchiveError::Damaged { at: self.call(path), why: why.into(), next }
    }

    fn error(&self, path: &str, error: &Error) -> ArchiveError {
        ArchiveError::of(self.call(path), error)
    }

    /// Puts an object, replacing one that is there.
    pub(super) async fn put(&self, path: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        self.inner.put(&self.path(path), bytes.into()).await.map(drop).map_err(|error| self.error(path, &error))
    }

    /// Creates an object. When there is one already it is compared: the answer to an earlier try may have been lost.
    pub(super) async fn create(&self, path: &str, bytes: Bytes) -> Result<Created, ArchiveError> {
        match self.put_if(path, bytes.clone(), PutMode::Create).await? {
            Some(_) => Ok(Created::Ours),
            None => match self.get(path).await? {
                Some(there) if there == bytes => Ok(Created::Ours),
                _ => Ok(Created::Other),
            },
        }
    }

    /// Puts an object under a condition. `None` if the condition does not hold.
    pub(super) async fn put_if(
        &self,
        path: &str,
        bytes: Bytes,
        mode: PutMode,
    ) -> Result<Option<UpdateVersion>, ArchiveError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.inner.put_opts(&self.path(path), PutPayload::from(bytes), options).await {
            Ok(put) => Ok(Some(put.into())),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => Ok(None),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    /// An object; `None` if it is not there.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Bytes>, ArchiveError> {
        Ok(self.get_versioned(path).await?.map(|object| object.bytes))
    }

    /// An object and its version; `None` if it is not there.
    pub(super) async fn get_versioned(&self, path: &str) -> Result<Option<Versioned>, ArchiveError> {
        if let Some(root) = &self.directory
            && let Some(odd) = plain::odd(&root.join(path))
        {
            return Err(self.damaged(path, format!("it is {odd}, not a file")));
        }
        let read = async {
            let answer = self.inner.get(&self.path(path)).await?;
            let version = UpdateVersion { e_tag: answer.meta.e_tag.clone(), version: answer.meta.version.clone() };
            Ok(Versioned { version, bytes: answer.bytes().await? })
        };
        match read.await {
            Ok(object) => Ok(Some(object)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    async fn walk<T: Send + 'static>(
        &self,
        path: &str,
        walk: impl FnOnce(&str) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let below = path.to_owned();
        let walked = tokio::task::spawn_blocking(move || walk(&below)).await;
        walked
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| self.error(path, &Error::Generic { store: "directory", source: error.into() }))
    }

    /// Everything below `path`.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<Listed>, ArchiveError> {
        if let Some(root) = self.directory.clone() {
            return self.walk(path, move |path| walk::files(&root, path)).await;
        }
        let below = self.path(path);
        let skip = self.prefix.parts().count();
        let listed = self.inner.list(Some(&below)).map_ok(|object| Listed {
            path: object.location.parts().skip(skip).map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"),
            size: object.size,
            is_link: false,
        });
        match listed.try_collect().await {
            Ok(all) => Ok(all),
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    /// Whether `path` leads elsewhere: what is there was not written by elbtail. No object does.
    pub(super) fn is_link(&self, path: &str) -> bool {
        let Some(root) = &self.directory else { return false };
        std::fs::symlink_metadata(root.join(path)).is_ok_and(|metadata| metadata.is_symlink())
    }

    /// The names of the directories below `path`; links to directories, or to nothing, are among them.
    pub(super) async fn directories(&self, path: &str) -> Result<Vec<String>, ArchiveError> {
        if let Some(root) = self.directory.clone() {
            return self.walk(path, move |path| walk::directories(&root, path)).await;
        }
        match self.inner.list_with_delimiter(Some(&self.path(path))).await {
            Ok(list) => Ok(list.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect()),
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    /// Deletes objects; one that is not there is as good as deleted.
    pub(super) async fn delete(&self, paths: Vec<String>) -> Result<(), ArchiveError> {
        let delete = |path: String| async move {
            match self.inner.delete(&self.path(&path)).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(self.error(&path, &error)),
            }
        };
        stream::iter(paths).map(delete).buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// Tells how a store is that is tried again and again; `None`: well.
pub(super) type TroubleSender = watch::Sender<Option<ArchiveError>>;

/// Tries until it succeeds, or fails for good: a store that is away comes back, and until then its writer waits.
pub(super) async fn patiently<T, F>(trouble: &TroubleSender, mut work: impl FnMut() -> F) -> Result<T, ArchiveError>
where
    F: Future<Output = Result<T, ArchiveError>>,
{
    let mut pauses = Pauses::new(Backoff::at_random(PAUSES.0, PAUSES.1));
    loop {
        match work().await {
            Err(error) if error.is_transient() => {
                trouble.send_replace(Some(error));
                tokio::time::sleep(pauses.after_failure()).await;
            }
            done => {
                if done.is_ok() {
                    trouble.send_if_modified(|told| told.take().is_some());
                }
                return done;
            }
        }
    }
}
