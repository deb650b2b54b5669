//! `elbtail resolve JOB`.

use super::{
    args::ResolveArgs,
    block_on,
    failure::Failure,
    job::{Job, RowPlace},
    stdout,
    which::Located,
};
use crate::{
    cluster::ConnectOptions,
    exit::Exit,
    render::ColorChoice,
    resolve::{ResolveFormat, output},
};

/// Prints the id and where it stands. Without an id the places are printed all the same, and the exit code is 4.
pub fn run(args: &ResolveArgs, flags: &ConnectOptions, place: &RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    block_on(async { print(args, &Located::find(&args.job, place, flags).await?.job, color) })
}

fn print(args: &ResolveArgs, job: &Job, color: ColorChoice) -> Result<Exit, Failure> {
    let text = output::render(args.output, job.row.as_ref(), &job.resolution)?;
    match args.output {
        ResolveFormat::Table => stdout::print_page(&text, color)?,
        ResolveFormat::Name | ResolveFormat::Json | ResolveFormat::Yaml => stdout::print(&text)?,
    };
    job.id()?;
    Ok(Exit::Done)
}
