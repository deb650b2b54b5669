//! Where the bytes come from: a file or stdin, once, and not without bound.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::{JobArg, pick::Pick, row_from_bytes};
use crate::{
    render::plain,
    row::{FoundBeside, MAX_BYTES, Row, RowError, is_hopeless, walk},
};

/// How many bytes are read before deciding whether the rest is worth it.
const HEAD_BYTES: u64 = 64 << 10;

/// Reads the row that `arg` names; of several, the one that `job` (`--job`) names. `None`: `arg` is an id itself.
///
/// Stdin is read to its end, so call this once.
///
/// # Errors
/// Any [`RowError`].
pub fn read(arg: &JobArg, job: Option<&str>) -> Result<Option<Row>, RowError> {
    match arg {
        JobArg::Id(id) => match job {
            Some(job) => Err(RowError::NothingToChoose { job: job.to_owned(), id: id.to_string() }),
            None => Ok(None),
        },
        JobArg::Stdin => read_from("stdin", io::stdin().lock(), job).map(Some),
        JobArg::Path(path) => {
            let origin = name(path);
            if path.is_dir() {
                return directory(&origin, path, job).map(Some);
            }
            let file = File::open(path).map_err(|error| failed(&origin, error))?;
            read_from(&origin, file, job).map(Some)
        }
    }
}

/// The one row in the files of a directory, or of several the one that `job` names. What is no row is passed over.
fn directory(origin: &str, path: &Path, job: Option<&str>) -> Result<Row, RowError> {
    let mut pick = Pick::new(job);
    let mut all = FoundBeside::default();
    let mut left = MAX_BYTES;
    for file in files(path).map_err(|error| failed(origin, error))? {
        let origin = name(&file);
        let input = File::open(&file).map_err(|error| failed(&origin, error))?;
        let bytes = bytes(&origin, input, left)?;
        left -= bytes.len() as u64;
        if is_hopeless(&bytes) {
            continue;
        }
        match walk(&origin, &bytes, &mut |row| pick.offer(row)) {
            Ok(found) => all.add(found),
            Err(RowError::Empty { .. } | RowError::LooksLike { .. } | RowError::NoColumns { .. }) => {}
            Err(error) => all.add_fault(error),
        }
    }
    if all.rows == 0 && all.faults.is_empty() {
        return Err(RowError::Directory { origin: origin.to_owned() });
    }
    pick.finish(origin, all)
}

/// The files of a directory by name, but for those that are hidden.
pub(crate) fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads `input` to its end (at most [`MAX_BYTES`]) and finds the row in it; `origin` names it in errors.
///
/// An input that cannot be JSON rows is given up at its first bytes.
///
/// # Errors
/// Any [`RowError`] but `NotFound` and `NothingToChoose`.
pub fn read_from(origin: &str, input: impl Read, job: Option<&str>) -> Result<Row, RowError> {
    row_from_bytes(origin, &bytes(origin, input, MAX_BYTES)?, job)
}

/// The bytes of `input`; only its first few if they show that it holds no row.
fn bytes(origin: &str, input: impl Read, limit: u64) -> Result<Vec<u8>, RowError> {
    let mut input = input.take(limit + 1);
    let mut bytes = Vec::new();
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes).map_err(|error| failed(origin, error))?;
    if is_hopeless(&bytes) {
        return Ok(bytes);
    }
    input.read_to_end(&mut bytes).map_err(|error| failed(origin, error))?;
    if bytes.len() as u64 > limit {
        return Err(RowError::TooLarge { origin: origin.to_owned(), limit });
    }
    Ok(bytes)
}

/// What an error of the system means for the user.
fn failed(origin: &str, error: io::Error) -> RowError {
    let origin = origin.to_owned();
    match error.kind() {
        // A name that no file can have is a JOB that is no file.
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename => {
            RowError::NotFound { job: origin }
        }
        ErrorKind::IsADirectory => RowError::Directory { origin },
        ErrorKind::PermissionDenied => RowError::Denied { origin },
        _ => RowError::Io { origin, error },
    }
}

/// A path as it stands in messages.
fn name(path: &Path) -> String {
    plain(&path.to_string_lossy(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_bounded() {
        let limit = 2 * HEAD_BYTES;
        for byte in [b' ', b'{'] {
            let of = |size| bytes("in", io::repeat(byte).take(size), limit);
            assert_eq!(of(limit).map(|bytes| bytes.len() as u64).ok(), Some(limit));
            assert!(matches!(of(limit + 1), Err(RowError::TooLarge { .. })));
        }
        let endless = bytes("in", io::repeat(b'{'), 1 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "in: is larger than 1 MiB; export fewer rows");
    }
}
