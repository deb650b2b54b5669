//! [`File`]: a SQLite database, read without leaving anything beside it.
//!
//! In WAL mode even a reader makes the files `-wal` and `-shm`, as its own user, and the next writer who is someone else
//! cannot open them. So a database that nobody writes to is read as one that does not change, and what a crash left
//! unfinished is read in a copy.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sqlx::{ConnectOptions, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// How long SQLite waits for a writer, at most.
const BUSY: Duration = Duration::from_secs(5);

/// A SQLite database.
pub(in crate::source) struct File {
    options: SqliteConnectOptions,
    path: PathBuf,
    /// Where it is copied to if need be.
    temporary: PathBuf,
}

/// A session with a [`File`].
pub(in crate::source) struct FileSession {
    pub connection: SqliteConnection,
    /// What was read is only right while the database stays as it was when the session began.
    pub unchanged: Option<FileState>,
    /// Where the copy is, which goes with the session.
    _copy: Option<Copy>,
}

/// When the files of a database were changed.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::source) struct FileState([Option<(u64, SystemTime)>; 2]);

/// How a database can be read now.
enum Way {
    /// As SQLite does: there is no WAL, or a writer has made its files.
    Plain,
    /// As a file that does not change.
    Immutable,
    /// In a copy, since the changes in `-wal` are to be read and there is no `-shm`.
    Copied,
}

impl File {
    /// The database that `options` name; nothing is opened.
    pub fn new(options: SqliteConnectOptions, limit: Option<Duration>, temporary: &Path) -> Self {
        let busy = limit.map_or(BUSY, |limit| limit.min(BUSY));
        let options = options.read_only(true).create_if_missing(false).busy_timeout(busy).disable_statement_logging();
        Self { path: options.get_filename().to_owned(), options, temporary: temporary.to_owned() }
    }

    /// Opens a session.
    pub async fn connect(&self) -> Result<FileSession, sqlx::Error> {
        // SQLite waits for ever for a pipe's writer, and calls a directory an I/O error.
        if let Ok(found) = fs::metadata(&self.path)
            && !found.is_file()
        {
            let kind = if found.is_dir() { "a directory" } else { "a pipe or a device" };
            return Err(sqlx::Error::Configuration(format!("is {kind}, not a SQLite file").into()));
        }
        // What SQLite says of it is that it cannot open the file, as of one that is not there.
        if let Err(error) = fs::File::open(&self.path)
            && error.kind() == io::ErrorKind::PermissionDenied
        {
            return Err(sqlx::Error::Io(error));
        }
        let unchanged = Some(self.state());
        match self.way() {
            Way::Plain => {
                let connection = SqliteConnection::connect_with(&self.options).await?;
                Ok(FileSession { connection, unchanged: None, _copy: None })
            }
            Way::Immutable => {
                let connection = SqliteConnection::connect_with(&self.options.clone().immutable(true)).await?;
                Ok(FileSession { connection, unchanged, _copy: None })
            }
            Way::Copied => {
                let copy = Copy::of(&self.path, &self.temporary).map_err(sqlx::Error::Io)?;
                let options = self.options.clone().filename(copy.directory.join(Copy::NAME));
                let connection = SqliteConnection::connect_with(&options).await?;
                Ok(FileSession { connection, unchanged, _copy: Some(copy) })
            }
        }
    }

    /// Whether the database is in WAL mode: the two bytes of its header that say so are 2.
    pub fn is_wal(&self) -> bool {
        // To open a pipe is to wait for its writer.
        if !fs::metadata(&self.path).is_ok_and(|found| found.is_file()) {
            return false;
        }
        let mut header = [0; 20];
        fs::File::open(&self.path)
            .and_then(|mut file| file.read_exact(&mut header))
            .is_ok_and(|()| header[18..] == [2, 2])
    }

    /// How the files are now.
    pub fn state(&self) -> FileState {
        let of = |path: &Path| fs::metadata(path).and_then(|file| Ok((file.len(), file.modified()?))).ok();
        // An empty `-wal` is one that holds nothing to read.
        FileState([of(&self.path), of(&beside(&self.path, "-wal")).filter(|(bytes, _)| *bytes > 0)])
    }

    fn way(&self) -> Way {
        if !self.is_wal() {
            return Way::Plain;
        }
        // What cannot be looked at is left to SQLite, which says why.
        let wal = fs::metadata(beside(&self.path, "-wal")).map(|file| file.len());
        let has_shm = beside(&self.path, "-shm").exists();
        match wal {
            Ok(_) if has_shm => Way::Plain,
            Ok(bytes) if bytes > 0 => Way::Copied,
            _ => Way::Immutable,
        }
    }
}

/// The file that SQLite puts beside a database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// A database and its `-wal` in a directory of ours.
struct Copy {
    directory: PathBuf,
}

impl Copy {
    const NAME: &str = "rows.db";

    fn of(path: &Path, temporary: &Path) -> std::io::Result<Self> {
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let directory = temporary.join(format!("elbtail-{}-{nanos}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails if it exists: it is ours alone.
        builder.create(&directory)?;
        let copy = Self { directory };
        let into = copy.directory.join(Self::NAME);
        fs::copy(path, &into)?;
        fs::copy(beside(path, "-wal"), beside(&into, "-wal"))?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
