//! `elbtail archives DEST`.

use super::{args::ArchivesArgs, open};
use crate::{
    archive::{
        ArchiveError,
        output::{self, ArchivesFormat},
    },
    cli::{failure::Failure, stderr, stdout},
    exit::Exit,
    render::ColorChoice,
};

/// Lists the jobs of an archive.
pub async fn run(args: &ArchivesArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let archive = open(&args.dest.dest).await?;
    let (mut jobs, mut exit) = (Vec::new(), Exit::Done);
    for key in archive.jobs().await? {
        match archive.look_up(&key).await {
            Ok(job) => jobs.push(job.summary()),
            // A directory that is not a job's, or of one that has just begun.
            Err(ArchiveError::NoJob { .. }) => {}
            // It does not hide the others.
            Err(error @ ArchiveError::Damaged { .. }) => {
                stderr::error(&error.to_string());
                exit = error.exit();
            }
            Err(error) => return Err(error.into()),
        }
    }
    if jobs.is_empty() && exit == Exit::Done {
        stderr::say("the archive holds no jobs yet");
    }
    let text = output::render(args.output, &jobs, args.headers())?;
    match args.output {
        ArchivesFormat::Table | ArchivesFormat::Wide => stdout::print_page(&text, color)?,
        ArchivesFormat::Name | ArchivesFormat::Json | ArchivesFormat::Yaml => stdout::print(&text)?,
    };
    Ok(exit)
}
