//! `elbtail replay DEST [JOB]`.

use super::{args::ReplayArgs, choose, open};
use crate::{
    archive::{ArchivedJob, Saving},
    cli::{
        console::{self, Printing, StderrStyle, Verbosity, Whose},
        failure::Failure,
        interrupt::interruptible,
        logs, stderr, stdout,
    },
    discover::Match,
    exit::Exit,
    job_id::JobId,
    render::{ColorChoice, JobIds},
    session::{
        RunStats,
        filter::ContainerFilter,
        replay::{Replay, choices, replay},
        unchosen::Unchosen,
    },
};

/// Prints the lines of an archived job.
pub async fn run(args: &ReplayArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let work = async {
        tokio::select! {
            ended = print(args, color) => ended,
            // In time, a silent job would not notice by writing.
            () = stdout::closed() => Ok(Exit::Done),
        }
    };
    interruptible(work).await.unwrap_or_else(Ok)
}

async fn print(args: &ReplayArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let printing = Printing::of(&args.print, &args.lines, color)?;
    let since = args.lines.since()?;
    let archive = open(&args.dest.dest).await?;
    let job = choose(&archive, &args.job).await?;
    let saving = archive.saving(&job).await?;
    let short = job.key.as_str().parse().map(|id: JobId| id.short().to_owned()).unwrap_or_default();
    let wanted = Replay {
        filter: args.filter(&short),
        previous: args.previous,
        since,
        tail: args.lines.tail(),
        speed: args.speed,
        ..Replay::default()
    };
    let verbosity = if args.only_log_lines { Verbosity::Little } else { Verbosity::Some };
    let (console, out) = console::alone(printing, Whose::One(short.clone()), StderrStyle::of(verbosity, color))?;
    // When nobody listens any more, the next event shows it.
    let _ = out.send(JobIds { job: Some(job.key.as_str().to_owned()), row: job.state.row.clone() }).await;
    let stats = out.stats();
    let replayed = replay(&job, &wanted, out).await;
    console::finished(console).await?;
    replayed?;
    let stats = stats.now();
    if stats.containers == 0 {
        return Err(Failure::NoPods(if args.previous {
            "no container that is chosen was started again".to_owned()
        } else {
            nothing_wanted(&job, &[], &wanted.filter).await?
        }));
    }
    exit(&job, saving, &stats).await
}

/// The exit code of a run that has told an archived job.
pub async fn exit(job: &ArchivedJob, saving: Saving, stats: &RunStats) -> Result<Exit, Failure> {
    let mut exit = logs::exit(stats, false)?;
    // No line of a log is missing by that, but something that was saved is.
    for fault in job.lost_objects().await? {
        stderr::warn(&fault.to_string());
        exit = Exit::LinesMissing;
    }
    if saving == Saving::Ended {
        return Ok(exit);
    }
    stderr::warn(&saving.to_string());
    Ok(Exit::LinesMissing)
}

/// What there is here and in the job's cluster, when the filters admit none of it.
pub async fn nothing_wanted(job: &ArchivedJob, found: &[Match], filter: &ContainerFilter) -> Result<String, Failure> {
    let choices = choices(job).await?;
    if choices.is_empty() && found.is_empty() {
        return Ok(format!("the archive holds no logs of {} yet", job.key));
    }
    Ok(Unchosen::of_archive(choices, found, filter).to_string())
}
