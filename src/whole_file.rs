//! Files that are written whole or not at all.

use std::{
    fs::{self, File, FileType, OpenOptions},
    io,
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

/// Who may read a file that did not exist before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Whoever the process's umask lets; one that is replaced keeps its mode.
    Usual,
}

/// The file that a flag names, with its links followed. Nothing is written yet.
///
/// # Errors
/// Why it cannot be written to: it is no regular file, read-only, or in a directory that is not there.
pub(crate) fn writable(path: &Path) -> Result<PathBuf, String> {
    if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err("names no file".to_owned());
    }
    match (fs::metadata(path), fs::symlink_metadata(path)) {
        (Ok(found), _) if !found.is_file() => Err(format!("is {}", kind(found.file_type()))),
        // Whoever made it read-only wants to keep it, and root could write to it all the same.
        (Ok(found), _) if found.permissions().readonly() => Err("is read-only".to_owned()),
        (Ok(_), _) => {
            // Opening it for writing changes nothing, and shows whether it is ours to change.
            let opened = OpenOptions::new().write(true).open(path).and_then(|_| fs::canonicalize(path));
            opened.map_err(|error| error.to_string()).and_then(beside)
        }
        (Err(error), Ok(_)) => Err(format!("is a link that leads nowhere ({error})")),
        (Err(error), Err(_)) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if parent.is_dir() {
                beside(path.to_owned())
            } else {
                Err(format!("there is no directory {}", parent.display()))
            }
        }
        (Err(error), Err(_)) => Err(error.to_string()),
    }
}

/// The file, if another can be written beside it, which takes its place.
fn beside(path: PathBuf) -> Result<PathBuf, String> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match access(parent, Access::WRITE_OK | Access::EXEC_OK) {
        Err(error) => Err(format!("nothing can be written into the directory {}: {error}", parent.display())),
        Ok(()) => Ok(path),
    }
}

fn kind(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe (fifo)",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "no regular file",
    }
}

/// Puts what `write` writes into the place of a file.
///
/// # Errors
/// When it cannot be written. What stood there before is then as it was.
pub(crate) fn replace(path: &Path, readers: Readers, write: impl FnOnce(File) -> io::Result<File>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Beside the target, so that it can take its place; new, so that nothing that stands there is written through.
    let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
    let kept = fs::metadata(path).ok().filter(|_| readers == Readers::Usual).map(|found| found.permissions());
    let written = write(file).and_then(|file| {
        kept.map_or(Ok(()), |mode| file.set_permissions(mode))?;
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    if written.is_err() {
        // What is half written helps nobody.
        let _ = fs::remove_file(&partial);
    }
    written
}
