//! Where the bytes come from: a file or stdin, once, and not without bound.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use memchr::memmem;

use super::{JobArg, pick::Pick, row_from_bytes};
use crate::{
    render::plain,
    row::{FoundBeside, MAX_BYTES, Row, RowError, is_hopeless, is_packed, walk},
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

/// The one row in the files of a directory, or of several the one that `job` names. What is no row is passed over, and so is what
/// cannot be read of a file that is not meant to hold any.
fn directory(origin: &str, path: &Path, job: Option<&str>) -> Result<Row, RowError> {
    let mut pick = Pick::new(job);
    let mut all = FoundBeside::default();
    let mut left = MAX_BYTES;
    for file in files(path).map_err(|error| failed(origin, error))? {
        let origin = name(&file);
        let meant = Meant::by_name(&file);
        let input = File::open(&file).map_err(|error| failed(&origin, error));
        let bytes = match input.and_then(|input| bytes(&origin, input, left)) {
            Ok(bytes) => bytes,
            Err(_) if meant == Meant::OtherThings => continue,
            Err(error) => return Err(error),
        };
        if is_hopeless(&bytes) {
            continue;
        }
        left = left.saturating_sub(bytes.len() as u64);
        match walk(&origin, &bytes, &mut |row| pick.offer(row)) {
            Ok(mut found) => {
                found.faults.retain(|fault| meant.matters(fault, &bytes));
                found.other = found.other.take().filter(|fault| meant.matters(fault, &bytes));
                all.add(found);
            }
            Err(fault) if meant.matters(&fault, &bytes) => all.add_fault(fault),
            Err(_) => {}
        }
    }
    if all.rows == 0 && all.faults.is_empty() {
        return Err(RowError::Directory { origin: origin.to_owned() });
    }
    pick.finish(origin, all)
}

/// What a file of a directory is meant to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    /// Rows, or nobody knows.
    Rows,
    /// Other things: notes, logs, programs.
    OtherThings,
}

impl Meant {
    /// By the ending of its name.
    fn by_name(file: &Path) -> Meant {
        const ROWS: [&str; 7] = ["json", "jsonl", "ndjson", "csv", "tsv", "yaml", "yml"];
        const PACKED: [&str; 3] = ["gz", "zst", "zstd"];
        let ending = |file: &Path| file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let of = match ending(file) {
            Some(packed) if PACKED.contains(&packed.as_str()) => ending(&file.with_extension("")),
            of => of,
        };
        let is_rows = of.is_none_or(|ending| ROWS.contains(&ending.as_str()));
        if is_rows { Meant::Rows } else { Meant::OtherThings }
    }

    /// Whether a fault of a file may hide a row. JSON of other programs is no fault of a row.
    fn matters(self, fault: &RowError, bytes: &[u8]) -> bool {
        match fault {
            RowError::Empty { .. } | RowError::LooksLike { .. } | RowError::NoColumns { .. } => false,
            RowError::Syntax { .. } | RowError::NotARow { .. } => names_columns(bytes) && self.begins(bytes),
            RowError::Truncated { .. } => self == Meant::Rows || (names_columns(bytes) && self.begins(bytes)),
            _ => self == Meant::Rows,
        }
    }

    /// Whether it begins as rows do, if its name does not say that it holds some.
    fn begins(self, bytes: &[u8]) -> bool {
        let mut shown = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
        let first = (shown.next(), shown.next());
        self == Meant::Rows || matches!(first, (Some(b'{'), Some(b'"')) | (Some(b'['), Some(b'{')))
    }
}

/// Whether text has a column that only rows have. What is packed may have.
fn names_columns(bytes: &[u8]) -> bool {
    const COLUMNS: [&str; 3] = ["job_id", "PartitionKey", "payload_json"];
    is_packed(bytes) || COLUMNS.iter().any(|column| memmem::find(bytes, column.as_bytes()).is_some())
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

    const ROW: &str = r#"{"job_id": "a", "elb_job_id": "job-429825360482416da20736cf3ed51a95"}"#;

    /// A directory with a row, and another file.
    fn beside(name: &str, text: &[u8]) -> Result<Row, RowError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("row.json"), ROW).unwrap();
        fs::write(directory.path().join(name), text).unwrap();
        read(&JobArg::Path(directory.path().to_owned()), None).map(Option::unwrap)
    }

    #[test]
    fn what_lies_beside_rows_and_is_none_is_passed_over() {
        for (name, text) in [
            ("ci.md", "# CI\n\n```json\n{\"job_id\": 1, \n```\n"),
            ("notes.md", "see {\"job_id\": \"x\" in the dashboard\n"),
            ("badge.md", "[![CI](https://x/badge.svg)](https://x)\n{\"job_id\" oops\n"),
            ("links.md", "[\"job_id\": a link]\n"),
            ("run.log", "{\"level\":\"info\"}\n{\"level\":\n"),
            ("run.txt", "\"job_id\" is the row's id\n"),
            ("main.py", "{'job_id': x, # not JSON\n"),
            ("style.css", "{ color: red }"),
            ("tsconfig.json", "{\n  // comments\n  \"strict\": true,\n}\n"),
            ("list.json", "[\"a\", \"b\"]"),
            ("number.json", "42"),
            ("words", "\"just a text\""),
            ("Makefile", "all: build\n\tcargo build\n"),
            ("page.html", "<html>{\"job_id\": 1</html>"),
            ("archive.tar.gz", "\x1f\u{8b}\u{8}broken"),
            ("data.parquet", "PAR1\u{0}\u{0}{\"job_id\""),
            ("empty.json", ""),
            ("bom.txt", "\u{feff}{"),
        ] {
            // What is written as a character here is a byte there.
            let bytes: Vec<u8> = text
                .chars()
                .flat_map(|c| u8::try_from(c).map_or_else(|_| c.to_string().into_bytes(), |byte| vec![byte]))
                .collect();
            let row = beside(name, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(row.id(), Some("a"), "{name}");
        }
    }

    #[test]
    fn a_broken_row_is_told_whatever_lies_beside_it() {
        for (name, text) in [
            ("other.json", r#"{"job_id": "b", "status""#),
            ("other.ndjson", "{\"job_id\": \"b\"}\n{\"job_id\" \"c\"}\n"),
            ("other", r#"{"PartitionKey": "b","#),
            ("export.txt", r#"[{"job_id": "b", "#),
            ("export.bak", "{ \"payload_json\": \"{\" "),
            ("cut.json", r#"{"sta"#),
        ] {
            let told =
                beside(name, text.as_bytes()).map_or_else(|error| error.to_string(), |row| row.notes().join("; "));
            assert!(told.contains(name), "{name}: {told}");
        }
    }

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
