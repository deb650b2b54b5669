//! The command line as clap reads it. kubectl's and stern's names where they exist.

use clap::{Args, Parser, Subcommand, ValueHint};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::{
    cluster::ConnectArgs,
    discover::Phase,
    resolve::ResolveFormat,
    row::{
        JobArg,
        listing::JobsArgs,
        source::{DbArgs, LatestArgs},
    },
    session::{filter::Filter, snapshot::Order},
};

/// Every log line of an ElasticBLAST job on Kubernetes, found from the job's row.
///
/// JOB is a file with the job's row (JSON, an export, an Azure Table entity), - for stdin, an ElasticBLAST id itself
/// (job-429825360482416da20736cf3ed51a95), or with --db the id of a row, or the first 6 or more characters of one.
#[derive(Debug, Parser)]
#[command(name = "elbtail", version, about, long_about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Which cluster to talk to.
    #[command(flatten)]
    pub connect: ConnectArgs,
    /// Where rows are.
    #[command(flatten)]
    pub db: DbArgs,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 unexpected, 2 usage, 3 row not readable, 4 no id in the row, 5 no pods match,
6 cluster not reachable, 7 not authenticated or forbidden, 8 lines are missing and elbtail knows it,
9 the job failed (with --exit-code) or doctor found a problem, 130 interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the lines of all containers of a job; with -f until the job has ended
    Logs(LogsArgs),
    /// Print the ElasticBLAST id of a job, and which mirror field says so
    Resolve(ResolveArgs),
    /// List the pods and containers of a job with their state
    Targets(TargetsArgs),
    /// List the rows of a database, the newest first
    Jobs(JobsArgs),
    /// Say why a job has no logs or does not go on, with the evidence and the next command to type
    ///
    /// It walks from the row over the id, the cluster and the permissions to Jobs, pods, containers and logs, and names the first
    /// cause first. Exit codes: 0 no problem; of a problem, what the contract says of the first cause (3 row, 4 id, 5 no pods,
    /// 6 cluster not reachable, 7 not permitted), else 9. Each code is explained in docs/findings.md.
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    Completion(CompletionArgs),
}

/// Which row.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The job: a file with its row, - for stdin, job-<32 hex digits>, or with --db a row's id
    #[arg(value_name = "JOB", value_hint = ValueHint::FilePath, conflicts_with = "latest")]
    pub target: Option<JobArg>,
    /// Which of several rows, by its id or the first 6 or more characters of it
    #[arg(long, value_name = "ID")]
    pub job: Option<String>,
    /// Instead of naming one.
    #[command(flatten)]
    pub latest: LatestArgs,
}

/// The heading of the flags below in `--help`.
const SELECTION: &str = "Selection";

/// Which containers.
#[derive(Debug, Args)]
pub struct SelectArgs {
    /// Only containers of this name (regular expression on the whole name), can be repeated
    #[arg(long, short = 'c', value_name = "NAME", value_parser = whole, help_heading = SELECTION)]
    container: Vec<Regex>,
    /// Only pods with this in their name (regular expression), can be repeated
    #[arg(long, value_name = "NAME", value_parser = Regex::new, help_heading = SELECTION)]
    pod: Vec<Regex>,
    /// Only containers that work on this step, can be repeated
    #[arg(long, value_name = "PHASE", value_enum, value_delimiter = ',', help_heading = SELECTION)]
    phase: Vec<Phase>,
    /// Take NCBI's setup pods too, which carry no id: right when the cluster runs a single search
    #[arg(long, help_heading = SELECTION)]
    pub include_setup: bool,
}

impl SelectArgs {
    /// The filter these flags describe.
    pub fn filter(&self) -> Filter {
        Filter { containers: self.container.clone(), pods: self.pod.clone(), phases: self.phase.clone() }
    }
}

/// A pattern that must match a whole name, so that `blast` is not `get-blastdb`.
fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    // The pattern alone first: its error shows the pattern as it was given.
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$"))
}

/// `elbtail logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Go on until the job has ended, through restarts and new pods
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// Which containers.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Only the last N lines of each container; -1 for all
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..), default_value_t = -1)]
    pub tail: i64,
    /// Only lines newer than this, such as 5s, 2m, 3h
    #[arg(long, value_name = "DURATION", value_parser = positive, conflicts_with = "since_time")]
    pub since: Option<SignedDuration>,
    /// Only lines at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub since_time: Option<Timestamp>,
    /// Print the time of each line
    #[arg(long, short = 't')]
    pub timestamps: bool,
    /// How to print lines
    #[arg(long, short = 'o', value_enum, default_value_t, value_name = "FORMAT")]
    pub output: crate::render::Format,
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: crate::render::ColorChoice,
    /// In which order lines of different containers come [default: time, with -f arrival]
    #[arg(long, value_enum, value_name = "ORDER")]
    pub order: Option<Order>,
    /// Print log lines only: nothing on stderr but errors and what is missing
    #[arg(long)]
    pub only_log_lines: bool,
    /// Exit with 9 when the job failed
    #[arg(long)]
    pub exit_code: bool,
    /// Tell on stderr what happens underneath, such as streams that are opened again
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

fn positive(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text.parse().map_err(|error| format!("{error}; write it as 30s, 5m or 2h"))?;
    if duration.is_negative() { Err("must not be negative".to_owned()) } else { Ok(duration) }
}

/// `elbtail resolve`.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// How to print it; name prints the id alone
    #[arg(long, short = 'o', value_enum, default_value = "table", value_name = "FORMAT")]
    pub output: ResolveFormat,
}

/// `elbtail targets`.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Which containers.
    #[command(flatten)]
    pub select: SelectArgs,
    /// How to print them
    #[arg(long, short = 'o', value_enum, default_value = "table", value_name = "FORMAT")]
    pub output: crate::discover::TargetsFormat,
    /// Go on and print what changes, until interrupted
    #[arg(long, short = 'w')]
    pub watch: bool,
}

/// `elbtail doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// How to print it; json follows docs/doctor.schema.json
    #[arg(long, short = 'o', value_enum, default_value = "text", value_name = "FORMAT")]
    pub output: crate::doctor::view::DoctorFormat,
    /// If the job's pods are not here, look in all contexts of the kubeconfig
    #[arg(long)]
    pub all_contexts: bool,
    /// Pack row, findings, pods, Jobs, events and last lines into FILE.tar.zst, secrets masked, to attach to a ticket
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub bundle: Option<std::path::PathBuf>,
    /// Look again until the job has pods and no problem, at most so long, such as 2m
    #[arg(long, value_name = "DURATION", value_parser = positive)]
    pub wait_healthy: Option<SignedDuration>,
}

/// `elbtail completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}
