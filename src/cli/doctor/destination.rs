//! [`Destination`]: where `--bundle` writes to.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::super::stdout;
use crate::{
    doctor::bundle::{self, Page},
    whole_file::{self, Readers},
};

/// Where a bundle goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into a pipe or a redirected file.
    Stdout,
    /// A regular file, or one that does not exist yet; links are followed already.
    File(PathBuf),
}

impl Destination {
    /// What `--bundle` names. Nothing is written yet.
    ///
    /// # Errors
    /// Why it cannot be written to: it is no regular file, read-only, or in a directory that is not there.
    pub fn of(path: &Path) -> Result<Destination, String> {
        let refuse =
            |why: String| Err(format!("--bundle {}: {why}; name a regular file, or - for stdout", path.display()));
        if path == Path::new("-") {
            if stdout::is_terminal() {
                return refuse("a bundle is no text for a terminal: redirect stdout".to_owned());
            }
            return Ok(Destination::Stdout);
        }
        whole_file::writable(path).map(Destination::File).or_else(refuse)
    }

    /// Writes the archive: a file whole or not at all, and for its owner's eyes only.
    ///
    /// # Errors
    /// When it cannot be written. What stood there before is then as it was.
    pub fn write(&self, pages: &[Page]) -> anyhow::Result<()> {
        match self {
            Destination::Stdout => (stdout::file())
                .and_then(|stdout| bundle::pack(stdout, pages))
                .map(drop)
                .context("--bundle -: cannot write to stdout"),
            Destination::File(path) => whole_file::replace(path, Readers::Owner, |file| bundle::pack(file, pages))
                .with_context(|| format!("--bundle {}", path.display())),
        }
    }
}
