//! `elbtail resolve JOB`.

use std::io::Write;

use super::{
    args::ResolveArgs,
    block_on,
    failure::Failure,
    job::{Job, RowPlace},
};
use crate::{exit::Exit, resolve::view};

/// Prints the id and where it stands. Without an id the places are printed all the same, and the exit code is 4.
pub fn run(args: &ResolveArgs, place: &RowPlace) -> Result<Exit, Failure> {
    if place.source_of(&args.job).is_none() {
        return print(args, &Job::read(&args.job)?);
    }
    block_on(async { print(args, &Job::find(&args.job, place).await?) })
}

fn print(args: &ResolveArgs, job: &Job) -> Result<Exit, Failure> {
    let text = view::render(args.output, job.row.as_ref(), &job.resolution)?;
    // A closed pipe ends it quietly.
    let _ = std::io::stdout().write_all(text.as_bytes());
    job.id()?;
    Ok(Exit::Done)
}
