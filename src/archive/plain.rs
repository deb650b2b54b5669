//! Plain files and directories: what may be opened in a DEST that others can write into as well.
//!
//! A fifo would be waited for without end, and a link leads to what is not the archive's.

use std::{
    fs::{self, File, Metadata},
    io,
    path::Path,
};

/// What stands where a regular file should; `None` for one, and for nothing at all.
pub(super) fn odd(path: &Path) -> Option<&'static str> {
    fs::metadata(path).ok().filter(|metadata| !metadata.is_file()).map(|metadata| kind(&metadata))
}

fn kind(metadata: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a fifo";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if metadata.is_dir() { "a directory" } else { "something else" }
}

/// Opens a file to be locked and rewritten, made if it is not there. `Err(Err(…))` says what else stands there.
pub(super) fn open_own(path: &Path) -> io::Result<Result<File, &'static str>> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        return Ok(Err("a link"));
    }
    if let Some(odd) = odd(path) {
        return Ok(Err(odd));
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // What was put there since is neither followed nor waited for.
        options.custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() { Ok(file) } else { Err(kind(&metadata)) })
}

/// Which file has this name; `None` if there is none.
pub(super) fn named(path: &Path) -> io::Result<Option<FileId>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(FileId::of(&metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Which file it is, whatever it is called. Only that it is there is known where files have no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    #[cfg(unix)]
    numbers: (u64, u64),
}

impl FileId {
    #[cfg_attr(not(unix), expect(unused_variables))]
    pub fn of(metadata: &Metadata) -> FileId {
        FileId {
            #[cfg(unix)]
            numbers: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino())
            },
        }
    }
}
