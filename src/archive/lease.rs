//! [`Lease`]: one writer at a time.
//!
//! In a directory it is a locked file, which the system frees when its holder dies. In an object store it is an object that
//! is replaced under the condition that nobody else has, and that names its own end. What a lease that was wrongly taken
//! can do is little: a commit is created by one of two, so the other finds out and stops (`index.rs`).

use std::{
    fs::{File, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Seek, Write},
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use object_store::{PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use super::{
    ArchiveError, JobKey, Store,
    open::make,
    plain::{self, FileId},
};
use crate::render::plain as shown;

/// How long a lease lasts that is not renewed.
const LASTS: Duration = Duration::from_secs(60);

/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// How much later than its end another's lease is taken: machines' clocks may differ by this much.
const SKEW: Duration = Duration::from_secs(10);

/// Who a writer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// Which run: a host and a process may be the same again.
    pub id: String,
    /// The machine or pod.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Among which processes it has this number: see [`processes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Holder {
    /// This process.
    fn own() -> Holder {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let id = format!("{}-{}", *PROCESS, RUNS.fetch_add(1, Ordering::Relaxed));
        let (pid, since) = (std::process::id(), Timestamp::now());
        Holder { id, host: host(), pid, among: processes(), since, until: None }
    }

    /// As a commit names it.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.host, self.pid, self.id)
    }

    /// As it is told.
    fn told(&self) -> String {
        // Anybody may have written it there.
        format!("process {} on {} since {:.0}", self.pid, shown(&self.host, HOST), self.since)
    }

    /// Whether its lease has not ended.
    fn is_at_work(&self) -> bool {
        self.until.is_some_and(is_to_come) && !self.is_dead()
    }

    /// Whether it is known to be gone, though its lease has not ended: a process that would be seen from here, and is not. Hosts may
    /// have equal names, and containers of one pod or of one node have processes of their own each.
    fn is_dead(&self) -> bool {
        let seen = self.among.is_some() && self.among == processes() && self.host == host();
        // Where this process has its number now.
        let replaced = || self.pid == std::process::id() && !self.id.starts_with(PROCESS.as_str());
        seen && (replaced() || !Path::new(&format!("/proc/{}", self.pid)).exists())
    }
}

/// Which processes are seen from here: those of this PID namespace, since this kernel was started. `None` where that is not told.
fn processes() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// What tells this process from an earlier one with its number.
static PROCESS: LazyLock<String> =
    LazyLock::new(|| format!("{:016x}", RandomState::new().hash_one(std::process::id())));

/// Characters of a host's name that are told: what DNS permits.
const HOST: usize = 253;

const UNKNOWN: &str = "an unknown host";

/// The name of this machine, or of the pod.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The right to write a job, until it is dropped or lost.
pub(super) struct Lease {
    /// Who holds it.
    pub holder: Holder,
    kept: LeaseHold,
}

enum LeaseHold {
    /// The locked file.
    Locked { _file: File, anchor: Anchor },
    /// Renewed by a task, which tells until when it holds; `None`: it is lost.
    Renewed { store: Store, path: String, holds: watch::Receiver<Option<Instant>>, renewal: Renewal },
}

/// Where a job's lock lies. A directory that was moved, deleted or unmounted would be made again by the next put, and what
/// was saved would lie in two places.
#[derive(Clone)]
pub(super) struct Anchor {
    own: Arc<Path>,
    file: FileId,
    /// The directories that hold what was saved.
    parts: [FileId; 2],
    at: Arc<str>,
}

/// What a job's directory holds beside its lock.
const PARTS: [&str; 2] = ["index", "chunks"];

impl Anchor {
    /// Where the job in the directory `own` lies, whose lock `file` is. Its parts are made if they are not there.
    fn new(own: &Path, file: &File, at: &str) -> io::Result<Anchor> {
        let part = |name: &str| {
            make(&own.join(name))?;
            std::fs::symlink_metadata(own.join(name)).map(|metadata| FileId::of(&metadata))
        };
        let parts = [part(PARTS[0])?, part(PARTS[1])?];
        Ok(Anchor { own: own.into(), file: FileId::of(&file.metadata()?), parts, at: at.into() })
    }

    /// Checks that the lock and the directories beside it are where they were.
    ///
    /// # Errors
    /// [`ArchiveError::Gone`] if one is not there, [`ArchiveError::Taken`] if the lock is another's, or what the system says.
    pub async fn holds(&self) -> Result<(), ArchiveError> {
        let anchor = self.clone();
        let checked = tokio::task::spawn_blocking(move || anchor.check()).await;
        match checked.map_err(io::Error::other).flatten() {
            Ok(held) => held,
            Err(error) => Err(Refused::Failed(error).error(&self.at)),
        }
    }

    fn check(&self) -> io::Result<Result<(), ArchiveError>> {
        match plain::named(&self.own.join(LOCK))? {
            Some(file) if file == self.file => {}
            Some(_) => return Ok(Err(ArchiveError::Taken { at: self.at.to_string() })),
            None => return Ok(Err(ArchiveError::Gone { at: self.at.to_string() })),
        }
        for (name, part) in PARTS.iter().zip(self.parts) {
            if plain::named(&self.own.join(name))? != Some(part) {
                return Ok(Err(ArchiveError::Gone { at: format!("{}/{name}", self.at) }));
            }
        }
        Ok(Ok(()))
    }
}

/// The task, ended with the lease.
struct Renewal(JoinHandle<()>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Lease {
    /// Takes the lease of a job. `gone` is a host that is known to hold it no more, though in an object store nothing has ended
    /// its lease.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] when another writer has it.
    pub async fn take(store: &Store, job: &JobKey, gone: Option<&str>) -> Result<Lease, ArchiveError> {
        let holder = Holder::own();
        match store.directory() {
            Some(directory) => {
                let (own, at) = (directory.join("jobs").join(job.as_str()), store.call(&format!("jobs/{job}")));
                let failed = |refused: Refused| refused.error(&at);
                let file = lock(&own, &holder).map_err(failed)?;
                let anchor = Anchor::new(&own, &file, &at).map_err(|error| failed(error.into()))?;
                Ok(Lease { holder, kept: LeaseHold::Locked { _file: file, anchor } })
            }
            None => Self::take_object(store, job, holder, gone).await,
        }
    }

    /// Asks whether somebody has the lease of a job, and changes nothing.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] when another writer has it.
    pub async fn ask(store: &Store, job: &JobKey) -> Result<(), ArchiveError> {
        let at = store.call(&format!("jobs/{job}"));
        let Some(directory) = store.directory() else {
            return match read(store, &format!("jobs/{job}/lease.json")).await? {
                Some(other) if other.is_at_work() => Err(busy(at, &other)),
                _ => Ok(()),
            };
        };
        match locked(&directory.join("jobs").join(job.as_str()).join(LOCK)) {
            Err(Refused::Failed(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            asked => asked.map_err(|refused| refused.error(&at)),
        }
    }

    async fn take_object(
        store: &Store,
        job: &JobKey,
        holder: Holder,
        gone: Option<&str>,
    ) -> Result<Lease, ArchiveError> {
        let path = format!("jobs/{job}/lease.json");
        let mode = match store.get_versioned(&path).await? {
            None => PutMode::Create,
            Some(there) => {
                match serde_json::from_slice::<Holder>(&there.bytes) {
                    Ok(other) if other.is_at_work() && gone != Some(&other.host) => {
                        return Err(busy(store.call(&format!("jobs/{job}")), &other));
                    }
                    // Ended; or no lease at all, which nobody can keep.
                    _ => PutMode::Update(there.version),
                }
            }
        };
        let taken = Instant::now();
        let Some(version) = put(store, &path, &holder, mode).await? else {
            let error = busy(store.call(&format!("jobs/{job}")), &read(store, &path).await?.unwrap_or(Holder::own()));
            return Err(error);
        };
        let (told, holds) = watch::channel(Some(taken + LASTS));
        let renewal = Renewal(tokio::spawn(renew(store.clone(), path.clone(), holder.clone(), version, told)));
        Ok(Lease { holder, kept: LeaseHold::Renewed { store: store.clone(), path, holds, renewal } })
    }

    /// Waits until the lease surely holds; that is at once, unless the store is away. `false` when another has it.
    ///
    /// # Errors
    /// As [`Anchor::holds`].
    pub async fn holds(&self) -> Result<bool, ArchiveError> {
        let holds = match &self.kept {
            LeaseHold::Locked { anchor, .. } => return anchor.holds().await.map(|()| true),
            LeaseHold::Renewed { holds, .. } => holds,
        };
        let mut holds = holds.clone();
        let sure = |until: &Option<Instant>| until.is_none_or(|until| Instant::now() < until);
        Ok(holds.wait_for(sure).await.is_ok_and(|until| until.is_some()))
    }

    /// In a directory, where the job must still lie.
    pub fn anchor(&self) -> Option<&Anchor> {
        match &self.kept {
            LeaseHold::Locked { anchor, .. } => Some(anchor),
            LeaseHold::Renewed { .. } => None,
        }
    }

    /// Gives it up, so that the next writer need not wait for its end.
    pub async fn release(self) {
        let LeaseHold::Renewed { store, path, renewal, .. } = self.kept else { return };
        drop(renewal);
        let ended = Holder { until: Some(Timestamp::UNIX_EPOCH), ..self.holder.clone() };
        if let Ok(Some(there)) = store.get_versioned(&path).await
            && serde_json::from_slice::<Holder>(&there.bytes).is_ok_and(|now| now.id == self.holder.id)
        {
            // If it fails, the lease ends by itself.
            let _ = put(&store, &path, &ended, PutMode::Update(there.version)).await;
        }
    }
}

impl Lease {
    /// Whether a writer has the lease of a job. Of one that was killed on another host, an object store says so until its end.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_held(store: &Store, job: &JobKey) -> Result<bool, ArchiveError> {
        match Self::ask(store, job).await {
            // What is no lock is held by nobody.
            Ok(()) | Err(ArchiveError::Usage(_)) => Ok(false),
            Err(ArchiveError::Busy { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Gives it up together with the job that it was for, which is deleted.
    pub async fn end(self, store: &Store, job: &JobKey) -> Result<(), ArchiveError> {
        drop(self.kept);
        if let Some(directory) = store.directory() {
            let directory = directory.join("jobs").join(job.as_str());
            // Empty directories are no objects; what holds something foreign stays.
            remove_empty(&directory);
        }
        store.delete(vec![format!("jobs/{job}/lease.json")]).await
    }
}

fn remove_empty(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    // Fails when something is left in it, as it should.
    let _ = std::fs::remove_dir(directory);
}

fn is_to_come(until: Timestamp) -> bool {
    let skew = SignedDuration::from_secs(SKEW.as_secs() as i64);
    until.checked_add(skew).is_ok_and(|end| Timestamp::now() < end)
}

fn busy(at: String, other: &Holder) -> ArchiveError {
    let until = other.until.map(|until| format!("; if it is gone, its lease ends at {until:.0}")).unwrap_or_default();
    ArchiveError::Busy { at, by: other.told(), until }
}

async fn read(store: &Store, path: &str) -> Result<Option<Holder>, ArchiveError> {
    Ok(store.get(path).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Puts the lease with a new end. A condition that fails may be our own put, the answer to which was lost.
async fn put(store: &Store, path: &str, holder: &Holder, mode: PutMode) -> Result<Option<UpdateVersion>, ArchiveError> {
    let lasts = SignedDuration::from_secs(LASTS.as_secs() as i64);
    let until = holder.until.map_or_else(|| Timestamp::now().checked_add(lasts).ok(), Some);
    let text = serde_json::to_vec(&Holder { until, ..holder.clone() })
        .map_err(|error| ArchiveError::Usage(format!("a lease: {error}")))?;
    if let Some(version) = store.put_if(path, text.into(), mode).await? {
        return Ok(Some(version));
    }
    let there = store.get_versioned(path).await?;
    Ok(there
        .filter(|there| serde_json::from_slice::<Holder>(&there.bytes).is_ok_and(|now| now.id == holder.id))
        .map(|there| there.version))
}

/// Renews a lease until it is lost. While the store is away it is tried again: nobody else can take it then either.
async fn renew(
    store: Store,
    path: String,
    holder: Holder,
    mut version: UpdateVersion,
    told: watch::Sender<Option<Instant>>,
) {
    loop {
        sleep(RENEWED).await;
        let begun = Instant::now();
        match put(&store, &path, &holder, PutMode::Update(version.clone())).await {
            Ok(Some(next)) => {
                version = next;
                told.send_replace(Some(begun + LASTS));
            }
            Ok(None) => {
                told.send_replace(None);
                return;
            }
            Err(_) => {}
        }
    }
}

/// Why a file cannot be locked.
enum Refused {
    Held(Option<Holder>),
    /// Something stands there that is not elbtail's: which, and what it is.
    Odd(&'static str, &'static str),
    Failed(io::Error),
}

impl Refused {
    fn error(self, at: &str) -> ArchiveError {
        match self {
            Refused::Held(by) => {
                let by = by.map_or_else(|| "another process".to_owned(), |by| by.told());
                ArchiveError::Busy { at: at.to_owned(), by, until: String::new() }
            }
            Refused::Odd(name, "a link") => ArchiveError::Usage(format!(
                "{at}{name}: is a link, and what it leads to is no part of the archive; remove it, or put what it leads to in its place"
            )),
            Refused::Odd(name, odd) => {
                ArchiveError::Usage(format!("{at}{name}: is {odd}, which elbtail did not write; move it away"))
            }
            Refused::Failed(error) => {
                let source = Box::new(error);
                ArchiveError::of(at, &object_store::Error::Generic { store: "lock", source })
            }
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Failed(error)
    }
}

/// The file that is locked, in the job's directory.
const LOCK: &str = "writer.lock";

/// Locks `writer.lock` in the job's directory, and writes into it who has done so.
fn lock(directory: &Path, holder: &Holder) -> Result<File, Refused> {
    // What is written behind a link is found by no reader.
    for (path, name) in
        [(directory.to_owned(), ""), (directory.join("index"), "/index"), (directory.join("chunks"), "/chunks")]
    {
        if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(Refused::Odd(name, "a link"));
        }
    }
    make(directory)?;
    let mut file = plain::open_own(&directory.join(LOCK))?.map_err(|odd| Refused::Odd("/writer.lock", odd))?;
    let asked = file.try_lock();
    held(&mut file, asked)?;
    let text = serde_json::to_vec(holder).map_err(io::Error::from)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)?;
    Ok(file)
}

/// Fails if the lock is held: a lock of one's own, for a moment and beside others of the kind, shows it.
fn locked(path: &Path) -> Result<(), Refused> {
    if let Some(odd) = plain::odd(path) {
        return Err(Refused::Odd("/writer.lock", odd));
    }
    let mut file = File::open(path)?;
    let asked = file.try_lock_shared();
    held(&mut file, asked)
}

/// Who holds the lock, where it was not got.
fn held(file: &mut File, asked: Result<(), TryLockError>) -> Result<(), Refused> {
    match asked {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.read_to_string(&mut text);
            Err(Refused::Held(read.ok().and_then(|_| serde_json::from_str(&text).ok())))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn only_a_process_that_would_be_seen_from_here_is_known_to_be_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let (dead, me) = (child.id(), std::process::id());
        let elsewhere = Some("0b5c pid:[1]".to_owned());
        for (pid, id, host_name, among, is_dead) in [
            (dead, "other-0", host(), processes(), true),
            (me, "other-0", host(), processes(), true),
            (me, PROCESS.as_str(), host(), processes(), false),
            (1, "other-0", host(), processes(), false),
            // Another node or pod of the same name, or another container of this pod.
            (dead, "other-0", host(), elsewhere.clone(), false),
            (me, "other-0", host(), elsewhere, false),
            // One that does not say.
            (dead, "other-0", host(), None, false),
            (dead, "other-0", "elsewhere".to_owned(), processes(), false),
        ] {
            let holder = Holder { pid, id: id.to_owned(), host: host_name, among, ..Holder::own() };
            assert_eq!(holder.is_dead(), is_dead, "{holder:?}");
        }
    }
}
