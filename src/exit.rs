//! The exit codes: a contract with scripts, documented in the README.

use std::process::ExitCode;

/// How a run ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something elbtail did not expect.
    Unexpected = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The row cannot be read or was not found.
    Row = 3,
    /// The row holds no ElasticBLAST id, or an ambiguous one.
    NoId = 4,
    /// No pods match the job.
    NoPods = 5,
    /// The cluster cannot be reached.
    Unreachable = 6,
    /// Credentials are missing, expired or refused, or a permission is missing.
    Denied = 7,
    /// Lines are missing, and elbtail knows it.
    LinesMissing = 8,
    /// The job failed (with `--exit-code`), or doctor found a problem.
    ProblemFound = 9,
    /// The terminal was closed (SIGHUP).
    HungUp = 129,
    /// Interrupted by the user (SIGINT).
    Interrupted = 130,
    /// Asked to end (SIGTERM).
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
