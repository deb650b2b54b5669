//! Where the bytes come from: a file or stdin, once, and not without bound.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use super::{JobArg, row_from_bytes};
use crate::{
    render::plain,
    row::{MAX_BYTES, Row, RowError, is_hopeless},
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
            let file = File::open(path).map_err(|error| failed(&origin, error))?;
            read_from(&origin, file, job).map(Some)
        }
    }
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
