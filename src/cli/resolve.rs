//! `elbtail resolve JOB`.

use std::io::Write;

use super::{args::ResolveArgs, failure::Failure, job::Job};
use crate::{exit::Exit, resolve::view};

/// Prints the id and where it stands. Without an id the places are printed all the same, and the exit code is 4.
pub fn run(args: &ResolveArgs) -> Result<Exit, Failure> {
    let job = Job::read(&args.job)?;
    let text = view::render(args.output, job.row.as_ref(), &job.resolution)?;
    // A closed pipe ends it quietly.
    let _ = std::io::stdout().write_all(text.as_bytes());
    job.id()?;
    Ok(Exit::Done)
}
