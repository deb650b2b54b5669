//! The command line: flags → a validated plan → calls into the library. The only part that prints or exits.

#[cfg(feature = "archive")]
mod archive;
mod args;
mod beginning;
mod causes;
mod completion;
mod config;
mod console;
mod doctor;
mod duration;
mod environment;
mod examples;
mod failure;
mod flags;
mod flags_first;
mod interrupt;
mod job;
mod jobs;
mod live;
mod logs;
mod nothing;
mod offers;
mod piped;
mod program;
mod report;
mod resolve;
mod rows;
mod stderr;
mod stdout;
mod suggestions;
mod switches;
mod targets;
mod terminal;
mod timezone;
mod version;
#[cfg(feature = "watch")]
mod watch;
mod which;

use std::{ffi::OsString, future::Future, process::ExitCode};

use clap::CommandFactory;

use self::{
    args::Command,
    config::{ConfigArgs, ConfigCommand, Unparsed},
    doctor::Asker,
    failure::Failure,
    job::RowPlace,
};
use crate::{
    cluster::{Cluster, ConnectOptions},
    exit::Exit,
    follow::recover::Nodes,
    node_logs::NodeLogs,
    render::{ColorChoice, plain_lines},
    source::JobArg,
};

pub use args::Cli;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if let Some(exit) = completion::answer() {
        return exit.into();
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = match config::parse(&words, environment::variables(), environment::home().as_deref()) {
        Ok(cli) => cli,
        Err(wrong) => {
            return match *wrong {
                Unparsed::CommandLine(error) => explain(error),
                Unparsed::File(error) => tell(&Failure::Usage(error.to_string())),
            }
            .into();
        }
    };
    let exit = run(cli).unwrap_or_else(|failure| tell(&failure));
    interrupt::die_of(exit);
    exit.into()
}

/// Says what a run ended with.
fn tell(failure: &Failure) -> Exit {
    stderr::error(&failure.to_string());
    failure.exit()
}

/// Prints help that was asked for, or says what is wrong with the command line.
fn explain(mut error: clap::Error) -> Exit {
    suggestions::prune(&mut error);
    if !error.use_stderr() {
        let text = error.render();
        let color = ColorChoice::Auto.decide(environment::variables(), stdout::is_terminal());
        let text = if color { text.ansi().to_string() } else { text.to_string() };
        return match stdout::outcome(stdout::write(text.as_bytes())) {
            Ok(_) => Exit::Done,
            Err(failure) => tell(&failure),
        };
    }
    let styled = error.render();
    let text = styled.to_string();
    let fit = without_urls(&text, std::env::args_os());
    // clap shows the command line's words as they are, in colour; ones that a terminal would obey, or that hold a password, are
    // worth more than colour.
    if plain_lines(&fit) == text {
        let color = ColorChoice::Auto.decide(environment::variables(), stderr::is_terminal());
        stderr::page(&if color { styled.ansi().to_string() } else { text });
    } else {
        stderr::say(fit.trim_end());
    }
    Exit::Usage
}

/// `text` without what stands behind `://` in a word of the command line, if there is an `@`: a misplaced URL of a database
/// has its password there.
fn without_urls(text: &str, words: impl Iterator<Item = OsString>) -> String {
    words.fold(text.to_owned(), |text, word| match word.to_string_lossy().split_once("://") {
        Some((_, rest)) if rest.contains('@') => text.replace(&format!("://{rest}"), "://***"),
        _ => text,
    })
}

/// The command line's definition, from which completions are made.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The completion script of a shell, as in `completions/`.
pub fn completion_script(shell: clap_complete::Shell) -> Vec<u8> {
    completion::script(shell)
}

/// Runs a parsed command line.
///
/// # Errors
/// `Failure`: the one error to print, with its exit code.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    let Cli { mut command, connect, db, color } = cli;
    let connect = connect.plan();
    let mut db = db.plan(connect.request_timeout);
    command.take_url(&mut db)?;
    // What looks at no rows is there also for whoever has to mend what a setting says of them.
    let place = match &command {
        Command::Config(_) | Command::Completion(_) => RowPlace::nowhere(),
        Command::Logs(args) if args.stdin => RowPlace::nowhere(),
        _ => RowPlace::of(&db)?,
    };
    if command.tells_requests() {
        environment::tell_requests();
    }
    let asker = |connect: ConnectOptions, job| Asker { asked: doctor::asked(&connect, job, &db), flags: connect };
    match command {
        Command::Resolve(args) => resolve::run(&args, &connect, &place, color),
        Command::Jobs(args) => jobs::run(&args, &connect, &place, color),
        Command::Completion(args) => completion::run(&args),
        Command::Config(ConfigArgs { command: ConfigCommand::Show(args) }) => config::show(&args, color),
        Command::Doctor(args) => block_on(doctor::run(args, connect, place, db, color)),
        Command::Targets(args) => {
            let asker = asker(connect, &args.job);
            block_on(targets::run(args, asker, place, color))
        }
        #[cfg(feature = "watch")]
        Command::Watch(args) => {
            let asker = asker(connect, &args.job);
            block_on(watch::run(args, asker, place))
        }
        Command::Report(args) => {
            let asker = asker(connect, &args.job);
            block_on(report::run(args, asker, place))
        }
        Command::Logs(args) if args.stdin => block_on(piped::run(args.without_prefix(), color)),
        Command::Logs(args) => {
            let asker = asker(connect, &args.job);
            block_on(logs::run(args.without_prefix(), asker, place, color))
        }
        #[cfg(feature = "archive")]
        Command::Save(args) => block_on(archive::save(args, connect, place, color)),
        #[cfg(feature = "archive")]
        Command::Archives(args) => block_on(archive::archives(&args, color)),
        #[cfg(feature = "archive")]
        Command::Replay(args) => block_on(archive::replay(&args, color)),
        #[cfg(feature = "archive")]
        Command::Verify(args) => block_on(archive::verify(&args, color)),
        #[cfg(feature = "archive")]
        Command::Prune(args) => block_on(archive::prune(&args)),
        Command::Version(args) => block_on(version::run(&args, &connect)),
    }
}

/// Runs `work` on a runtime of its own, made only for what talks to a cluster or a database.
fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    crate::crypto::choose();
    // One thread: what there is to do is small next to waking another thread for it, which with logs that print a line now and
    // then was most of the cost. The console, which may block, has a thread of its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot start the runtime")))?;
    let exit = runtime.block_on(work);
    // Whatever is still being read is of no use any more.
    runtime.shutdown_background();
    exit
}

/// Whether the files of nodes can be read, for whoever insists on it.
async fn allow_node_logs(cluster: &Cluster, wanted: NodeLogs) -> Result<(), Failure> {
    if wanted == NodeLogs::Always && !Nodes::new(cluster, wanted).may_read().await? {
        let text = "--node-logs always: permission to get nodes/proxy is missing; without the flag elbtail reads what the log API has";
        return Err(Failure::Denied(text.to_owned()));
    }
    Ok(())
}

/// Connects; `job` is the JOB of the command line, if there is one.
async fn connect(args: &ConnectOptions, job: Option<&JobArg>) -> Result<Cluster, Failure> {
    Ok(Cluster::connect(args, &environment::of_cluster(job)).await?)
}
