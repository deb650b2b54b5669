//! [`JobArg`]: what the user wrote for `JOB`.

use std::{
    convert::Infallible,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::job_id::JobId;

/// The number of hex digits ElasticBLAST writes after `job-`.
const HEX_DIGITS: usize = 32;

/// The `JOB` argument.
///
/// `-` is stdin. `job-` followed by exactly 32 lowercase hex digits is always an id, even beside a file of that name:
/// write `./job-…` for the file. Any other text is a path if it exists; otherwise it is an id if it could be one and has
/// no `.` in it (`job-1.json` that does not exist is a misspelt file, not an id no pod carries). What is left is a path
/// too, and reading it says what was tried.
///
/// Parsing never fails, and a path need not be UTF-8: [`From<OsString>`]. It looks at the file system (for existence only).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobArg {
    /// A file holding the row.
    Path(PathBuf),
    /// The row comes on stdin.
    Stdin,
    /// The ElasticBLAST id itself; there is no row.
    Id(JobId),
}

impl From<OsString> for JobArg {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("-") => Self::Stdin,
            Some(utf8) => as_id(utf8).map_or_else(|| Self::Path(text.into()), Self::Id),
            None => Self::Path(text.into()),
        }
    }
}

impl From<&OsStr> for JobArg {
    fn from(text: &OsStr) -> Self {
        Self::from(text.to_owned())
    }
}

impl FromStr for JobArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(OsString::from(text)))
    }
}

/// The id that `text` is meant as, if any.
fn as_id(text: &str) -> Option<JobId> {
    let id: JobId = text.parse().ok()?;
    (is_elastic_blast(text) || (!text.contains('.') && !Path::new(text).exists())).then_some(id)
}

/// Whether `text` is an id exactly as ElasticBLAST writes it.
fn is_elastic_blast(text: &str) -> bool {
    text.strip_prefix("job-")
        .is_some_and(|hex| hex.len() == HEX_DIGITS && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg(text: &str) -> JobArg {
        text.parse().unwrap()
    }

    #[test]
    fn tells_stdin_ids_and_paths_apart() {
        let id = "job-429825360482416da20736cf3ed51a95";
        assert_eq!(arg("-"), JobArg::Stdin);
        assert_eq!(arg(id), JobArg::Id(id.parse().unwrap()));
        assert_eq!(arg("job-short"), JobArg::Id("job-short".parse().unwrap()));
        for path in ["row.json", "", "job-1.json", "18b9edca-4d8a-41bc-9cd8-3a2f161259b6", "./job-x", "job-", "{}"] {
            assert_eq!(arg(path), JobArg::Path(path.into()), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let name = OsString::from_vec(vec![b'r', 0xff]);
        assert_eq!(JobArg::from(name.clone()), JobArg::Path(name.into()));
    }
}
