//! `elbtail verify DEST [JOB]`.

use super::{
    args::{VerifyArgs, VerifyFormat},
    choose, open,
};
use crate::{
    archive::{ArchiveError, Saving, VerifiedJob, verify},
    cli::{
        failure::Failure,
        interrupt::interruptible,
        stderr,
        stdout::{self, Reader},
    },
    exit::Exit,
    numbers::counted,
    render::{ColorChoice, document},
};

/// Checks all that is in an archive.
pub async fn run(args: &VerifyArgs, color: ColorChoice) -> Result<Exit, Failure> {
    interruptible(check(args, color)).await.unwrap_or_else(Ok)
}

async fn check(args: &VerifyArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let archive = open(&args.dest.dest).await?;
    let keys = match args.job.job {
        Some(_) => vec![choose(&archive, &args.job).await?.key],
        None => archive.jobs().await?,
    };
    let mut reports = Vec::new();
    let mut exit = Exit::Done;
    for key in keys {
        let report = match verify(&archive, &key).await {
            Ok(report) => report,
            // A directory that is not a job's.
            Err(ArchiveError::NoJob { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        if !report.is_complete() {
            exit = Exit::LinesMissing;
        }
        match args.output {
            // Job by job: each may take its time.
            VerifyFormat::Text => {
                if stdout::print_page(&text(&report), color)? == Reader::Gone {
                    return Ok(Exit::Done);
                }
                reports.push(VerifiedJob { faults: Vec::new(), ..report });
            }
            VerifyFormat::Json => reports.push(report),
        }
    }
    if reports.is_empty() {
        stderr::say("the archive holds no jobs yet");
    }
    if args.output == VerifyFormat::Json {
        stdout::print(&document::json(&reports)?)?;
    }
    Ok(exit)
}

fn text(report: &VerifiedJob) -> String {
    let VerifiedJob { job, lines, objects, chunks, saving, faults } = report;
    let objects = if *objects > 0 { format!(" and {}", counted(*objects, "object")) } else { String::new() };
    let read = format!("{}{objects} in {} as written", counted(*lines, "line"), counted(*chunks, "chunk"));
    let count = counted(faults.len(), "fault");
    let found = match (faults.len(), saving) {
        (0, Saving::Ended) => "complete".to_owned(),
        (0, saving) => saving.to_string(),
        (_, Saving::Ended) => count,
        (_, saving) => format!("{count}; {saving}"),
    };
    let mut text = format!("{job}: {found}; {read}\n");
    for fault in faults {
        // One line each, whatever an archive's own words hold.
        text += &format!("    {}\n", fault.to_string().replace(['\n', '\r'], " "));
    }
    text
}
