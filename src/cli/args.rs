//! The command line as clap reads it. kubectl's and stern's names where they exist.

use std::{path::Path, time::Duration};

use clap::{
    Args, Parser, Subcommand, ValueHint,
    builder::{NonEmptyStringValueParser, TypedValueParser},
};
use jiff::SignedDuration;
use kube::core::Selector;
use regex::Regex;
use secrecy::ExposeSecret;

use super::{
    duration::positive,
    examples,
    failure::Failure,
    flags::{ConnectArgs, DbArgs, EMPTY, JobsArgs, LatestArgs, LineArgs, PrintArgs, StateWord},
};
use crate::{
    discover::Selection,
    exit::Exit,
    job_id::JobId,
    k8s::{FieldSelector, Phase},
    node_logs::NodeLogs,
    render::{Headers, plain},
    resolve::ResolveFormat,
    session::{
        filter::{ContainerFilter, PodPattern, whole},
        snapshot::Order,
    },
    source::{DbOptions, JobArg, JobUrl},
};

/// Every log line of an ElasticBLAST job on Kubernetes, found from the job's row.
///
/// JOB is a file with the job's row (JSON, an export, an Azure Table entity), - for stdin, an ElasticBLAST id itself
/// (job-429825360482416da20736cf3ed51a95), or with --db the id of a row, or the first 6 or more characters of one. What the
/// cluster knows needs no row: the command jobs lists it, and JOB may be the id's last 8 or first characters, pod/NAME or job/NAME.
#[derive(Debug, Parser)]
#[command(name = "elbtail", version, about, long_about, max_term_width = 100, after_help = examples::ELBTAIL)]
// The last of a flag counts, as for kubectl: wrappers and aliases append theirs.
#[command(args_override_self = true)]
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
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: crate::render::ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the lines of all containers of a job; with -f until the job has ended
    #[command(after_help = examples::LOGS)]
    Logs(LogsArgs),
    /// Show a job on the whole screen: how far it is, its pods and batches, and the log of what is chosen
    ///
    /// It needs a terminal: without one, with TERM=dumb or NO_COLOR it ends with 2 and names the command that prints the lines. '?' lists
    /// the keys. Exit codes are those of logs -f; leaving it early with q is no failure.
    #[cfg(feature = "watch")]
    #[command(after_help = examples::WATCH)]
    Watch(WatchArgs),
    /// Print the ElasticBLAST id of a job, and which mirror field says so
    #[command(after_help = examples::RESOLVE)]
    Resolve(ResolveArgs),
    /// List the pods and containers of a job with their state
    #[command(after_help = examples::TARGETS)]
    Targets(TargetsArgs),
    /// List the jobs of the cluster, with --db those of a database, or of both with what they disagree on
    #[command(after_help = examples::JOBS)]
    Jobs(JobsArgs),
    /// Say why a job has no logs or does not go on, with the evidence and the next command to type
    ///
    /// It walks from the row over the id, the cluster and the permissions to Jobs, pods, containers and logs, and names the first
    /// cause first. Exit codes: 0 no problem; of a problem, what the contract says of the first cause (3 row, 4 id, 5 no pods,
    /// 6 cluster not reachable, 7 not permitted), else 9. Each code is explained in docs/findings.md.
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Make a page of a job, running, ended or archived: what ran where and when, stragglers, errors, findings, missing lines
    ///
    /// Reads all that there is, as logs does. JOB may be an archive too, a directory or a URL, of which --job picks a job. What -o names is
    /// a file to replace (.html, .json or .csv), or a format to print: json and csv are the numbers behind the page (docs/report.md).
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),
    /// Keep all lines of a job, and its objects, in a directory or an object store; with -f until it has ended
    ///
    /// Interrupted anywhere, it goes on after the last line that is kept, as long as Kubernetes has what follows.
    #[cfg(feature = "archive")]
    #[command(after_help = examples::SAVE)]
    Save(super::archive::args::SaveArgs),
    /// List the jobs of an archive with their size, and whether they are complete
    #[cfg(feature = "archive")]
    #[command(after_help = examples::ARCHIVES)]
    Archives(super::archive::args::ArchivesArgs),
    /// Print the lines of an archived job by time, as logs prints those of a cluster
    ///
    /// What is missing is told at its place, and ends it with 8.
    #[cfg(feature = "archive")]
    #[command(after_help = examples::REPLAY)]
    Replay(super::archive::args::ReplayArgs),
    /// Check every hash, count and gap of an archive, and say what is missing and why
    ///
    /// Exit code 8 when something is missing or damaged.
    #[cfg(feature = "archive")]
    #[command(after_help = examples::VERIFY)]
    Verify(super::archive::args::VerifyArgs),
    /// Delete old jobs from an archive
    ///
    /// What elbtail did not write stays, and so does a job that is being saved or whose index cannot be read.
    #[cfg(feature = "archive")]
    #[command(after_help = examples::PRUNE)]
    Prune(super::archive::args::PruneArgs),
    /// Say what the configuration file, the environment and flags come to
    #[command(after_help = examples::CONFIG)]
    Config(super::config::ConfigArgs),
    /// Print the completion script of a shell
    #[command(after_help = examples::COMPLETION)]
    Completion(CompletionArgs),
    /// Print the version of elbtail and of the cluster
    #[command(after_help = examples::VERSION)]
    Version(VersionArgs),
}

impl Command {
    /// Whether each request to a cluster shall be told.
    pub fn tells_requests(&self) -> bool {
        matches!(self, Command::Logs(args) if args.verbose > 1)
    }

    /// Makes a URL in the place of JOB the one where the row is.
    pub fn take_url(&mut self, db: &mut DbOptions) -> Result<(), Failure> {
        match self {
            Command::Logs(args) => args.job.take_url(db),
            #[cfg(feature = "watch")]
            Command::Watch(args) => args.job.take_url(db),
            Command::Resolve(args) => args.job.take_url(db),
            Command::Targets(args) => args.job.take_url(db),
            Command::Doctor(args) => args.job.take_url(db),
            Command::Report(args) => args.job.take_url(db),
            #[cfg(feature = "archive")]
            Command::Save(args) => {
                let (target, job) = (args.job.take(), args.pick.take());
                let mut which = JobArgs { target, job, latest: LatestArgs::default(), all_namespaces: false };
                let taken = which.take_url(db);
                (args.job, args.pick) = (which.target, which.job);
                taken
            }
            _ => Ok(()),
        }
    }
}

/// Which row.
#[derive(Debug, Clone, Args)]
pub struct JobArgs {
    /// The job: a file with its row, - for stdin, an ElasticBLAST id or 6 or more characters of it, pod/NAME, job/NAME, or with
    /// --db a row's id; without it a terminal lists jobs to choose from
    #[arg(value_name = "JOB", value_hint = ValueHint::FilePath, conflicts_with = "latest")]
    pub target: Option<JobArg>,
    /// Which of several rows, by its id or the first 6 or more characters of it
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "latest")]
    pub job: Option<String>,
    /// Instead of naming one.
    #[command(flatten)]
    pub latest: LatestArgs,
    /// Look for the job in all namespaces of the cluster
    // Without kubectl's -A, which to `logs` means what it does to grep.
    #[arg(long)]
    pub all_namespaces: bool,
}

impl JobArgs {
    /// The job that is named so, and nothing else.
    pub fn of(target: JobArg) -> JobArgs {
        JobArgs { target: Some(target), job: None, latest: LatestArgs::default(), all_namespaces: false }
    }

    /// Makes a URL in the place of JOB the one where the row is. Its text is in no error: it may hold a password.
    fn take_url(&mut self, db: &mut DbOptions) -> Result<(), Failure> {
        let path = match &self.target {
            Some(JobArg::Path(path)) => path,
            Some(JobArg::Stdin | JobArg::Id(_)) => return Ok(()),
            None => return self.job.as_deref().map_or(Ok(()), |job| Err(idle(job, None))),
        };
        let Some(url) = path.to_str().filter(|text| is_url(text) && !path.exists()) else {
            return match &self.job {
                Some(job) if db.db.is_some() && !path.exists() => Err(idle(job, Some(path))),
                _ => Ok(()),
            };
        };
        let from_environment = super::environment::variables().text("ELBTAIL_DB");
        if db.db.as_ref().is_some_and(|given| Some(given.expose_secret()) != from_environment) {
            let text = "JOB is a URL, and --db is one too: leave --db out, or give the row's id as JOB";
            return Err(Failure::Usage(text.to_owned()));
        }
        db.db = Some(url.into());
        db.job = Some(JobUrl { pick: self.job.take() });
        self.target = None;
        Ok(())
    }
}

/// That `--job` has nothing to choose from.
fn idle(job: &str, target: Option<&Path>) -> Failure {
    let job = plain(job, 80);
    let text = match target {
        None => format!("--job {job} chooses among the rows of a file: name the file, or give {job} itself as JOB"),
        Some(path) => {
            let shown = plain(&path.to_string_lossy(), 200);
            format!(
                "--job {job} chooses among the rows of a file, and {shown} is none; to read the row {shown} of --db, leave --job out"
            )
        }
    };
    Failure::Usage(text)
}

/// Whether a text is a URL from which a row can be had.
fn is_url(text: &str) -> bool {
    let lower = text.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The heading of the flags below in `--help`.
pub const SELECTION: &str = "Selection";

/// Which containers, by what they are called and do.
#[derive(Debug, Clone, Args)]
pub struct ChoiceArgs {
    /// Only containers of this name (regular expression on the whole name), can be repeated
    #[arg(long, short = 'c', value_name = "NAME", value_parser = container_pattern, help_heading = SELECTION)]
    container: Vec<Regex>,
    /// Only pods with this in their name, or in the short one that is printed (regular expression), can be repeated;
    /// POD/CONTAINER as lines begin and pod/NAME are understood
    #[arg(long, value_name = "NAME", value_parser = one_pod_pattern, help_heading = SELECTION)]
    pod: Vec<PodPattern>,
    /// Only containers that work on this step, can be repeated
    #[arg(long, value_name = "PHASE", value_enum, value_delimiter = ',', help_heading = SELECTION)]
    phase: Vec<Phase>,
    /// No containers with this in their name (regular expression), can be repeated
    #[arg(long, short = 'E', value_name = "NAME", value_parser = name_pattern, help_heading = SELECTION)]
    exclude_container: Vec<Regex>,
    /// No pods with this in their name, as --pod understands it, can be repeated
    #[arg(long, value_name = "NAME", value_parser = pod_pattern, help_heading = SELECTION)]
    exclude_pod: Vec<PodPattern>,
    /// Only pods on this node, can be repeated
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = SELECTION)]
    node: Vec<String>,
    /// Only containers that are in this state when they are found, can be repeated; with -f also later
    #[arg(long, value_name = "STATE", value_enum, value_delimiter = ',', help_heading = SELECTION)]
    container_state: Vec<StateWord>,
}

/// A pattern of names that leaves out. An empty one would leave out everything.
/// What to say of an empty name, by which nothing is chosen.
const NO_NAME: &str = "it is empty; leave it out, or say a name";

fn container_pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err(NO_NAME.to_owned());
    }
    whole(text).map_err(|error| error.to_string())
}

fn one_pod_pattern(text: &str) -> Result<PodPattern, String> {
    if text.is_empty() {
        return Err(NO_NAME.to_owned());
    }
    pod_pattern(text)
}

fn name_pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err(EMPTY.to_owned());
    }
    Regex::new(text).map_err(|error| error.to_string())
}

fn pod_pattern(text: &str) -> Result<PodPattern, String> {
    if text.is_empty() {
        return Err(EMPTY.to_owned());
    }
    text.parse().map_err(|error: regex::Error| error.to_string())
}

impl ChoiceArgs {
    /// All of a job.
    #[cfg(feature = "archive")]
    pub const ALL: ChoiceArgs = ChoiceArgs {
        container: Vec::new(),
        pod: Vec::new(),
        phase: Vec::new(),
        exclude_container: Vec::new(),
        exclude_pod: Vec::new(),
        node: Vec::new(),
        container_state: Vec::new(),
    };

    /// The filter these flags describe; `short` is what pods' short names leave out.
    pub fn filter(&self, short: &str) -> ContainerFilter {
        ContainerFilter {
            containers: self.container.clone(),
            pods: self.pod.clone(),
            short: short.to_owned(),
            phases: self.phase.clone(),
            without_containers: self.exclude_container.clone(),
            without_pods: self.exclude_pod.clone(),
            nodes: self.node.clone(),
            states: StateWord::states(&self.container_state),
            fields: FieldSelector::default(),
            labels: None,
        }
    }
}

/// Which containers of a cluster.
#[derive(Debug, Clone, Args)]
pub struct SelectArgs {
    /// By what they are called and do.
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Only pods of the job with these labels, such as app=blast,shard!=03
    #[arg(long, short = 'l', value_name = "SELECTOR", value_parser = label_selector(), help_heading = SELECTION)]
    pub selector: Option<Selector>,
    /// Only pods that are so when they are found, such as status.phase=Running,spec.nodeName!=node-1; with -f also later
    #[arg(long, value_name = "SELECTOR", value_parser = field_selector(), help_heading = SELECTION)]
    field_selector: Option<FieldSelector>,
    /// Take NCBI's setup pods too, which carry no id: right when the cluster runs a single search
    #[arg(long, help_heading = SELECTION)]
    include_setup: bool,
}

/// Reads a selector of labels.
pub fn label_selector() -> impl TypedValueParser<Value = Selector> {
    NonEmptyStringValueParser::new().try_map(|text| crate::k8s::label_selector(&text))
}

/// Reads a selector of fields.
pub fn field_selector() -> impl TypedValueParser<Value = FieldSelector> {
    NonEmptyStringValueParser::new().try_map(|text| text.parse::<FieldSelector>())
}

impl SelectArgs {
    /// All of a job.
    #[cfg(feature = "archive")]
    pub fn all(include_setup: bool) -> SelectArgs {
        SelectArgs { choice: ChoiceArgs::ALL, selector: None, field_selector: None, include_setup }
    }

    /// The filter these flags describe; `short` is what pods' short names leave out.
    pub fn filter(&self, short: &str) -> ContainerFilter {
        let fields = self.field_selector.clone().unwrap_or_default();
        ContainerFilter { fields, ..self.choice.filter(short) }
    }

    /// The same for an archive, which has no server that knows labels.
    #[cfg(feature = "archive")]
    pub fn filter_of_archive(&self, short: &str) -> ContainerFilter {
        ContainerFilter { labels: self.selector.clone(), ..self.filter(short) }
    }

    /// The first flag that chooses by what a line's object does not have, and what that is.
    fn beyond_objects(&self) -> Option<(&'static str, &'static str)> {
        let flags = [
            (self.selector.is_some(), ("-l", "the labels of their pods")),
            (self.field_selector.is_some(), ("--field-selector", "the fields of their pods")),
            (!self.choice.container_state.is_empty(), ("--container-state", "the states of their containers")),
        ];
        flags.into_iter().find_map(|(is_given, flag)| is_given.then_some(flag))
    }

    /// What the cluster is asked for.
    pub fn selection(&self, id: JobId) -> Selection {
        Selection { id, include_setup: self.include_setup, labels: self.selector.clone() }
    }
}

/// Grep's `--context N` is kubectl's name of a context here: whoever meant lines hears of it.
pub fn blame_context(failure: Failure, context: Option<&str>) -> Failure {
    match (&failure, context) {
        (Failure::Cluster(error), Some(number)) if number.parse::<u32>().is_ok() && failure.exit() == Exit::Usage => {
            Failure::Usage(format!("{error}; --context is kubectl's, lines around a hit are -C {number}"))
        }
        _ => failure,
    }
}

/// `elbtail logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// More jobs, whose lines come among those of the first, each with its short id before the pod
    #[arg(value_name = "JOB", value_hint = ValueHint::FilePath, conflicts_with_all = ["latest", "job"])]
    pub more: Vec<JobArg>,
    /// Go on until the job has ended, through restarts and new pods
    #[arg(long, short = 'f', overrides_with = "no_follow")]
    pub follow: bool,
    /// Print what there is and end: what happens without -f, and takes back one before it
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
    /// Only the instance before the latest of each container that was started again; -f has no effect on it
    #[arg(long, short = 'p')]
    pub previous: bool,
    /// Which containers.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Which of their lines.
    #[command(flatten)]
    pub lines: LineArgs,
    /// How to print them.
    #[command(flatten)]
    pub print: PrintArgs,
    /// Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub node_logs: NodeLogs,
    /// In which order lines of different containers come [default: time, with -f arrival]; see --hold
    #[arg(long, value_enum, value_name = "ORDER")]
    pub order: Option<Order>,
    /// With -f and --order time: how long a line waits at most for earlier ones of other containers [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true)]
    hold: Option<SignedDuration>,
    /// Read an archive of 'elbtail save' and the cluster as one sequence: each line once, also those whose pods are gone
    // A word, not a place: what clap says of a wrong one would repeat a SAS that is in it.
    #[cfg(feature = "archive")]
    #[arg(long, value_name = "DEST", value_hint = ValueHint::DirPath, conflicts_with = "stdin")]
    pub archive: Option<std::ffi::OsString>,
    /// Print log lines only: nothing on stderr but errors and what is missing
    #[arg(long, short = 'q', visible_alias = "quiet")]
    pub only_log_lines: bool,
    /// Exit with 9 when the job failed
    #[arg(long)]
    pub exit_code: bool,
    /// Print what 'elbtail logs -o json' has printed, of one run or several, read from standard input, as if it were read now
    #[arg(long, conflicts_with_all = STDIN_EXCLUDES)]
    pub stdin: bool,
    /// Tell on stderr what happens underneath, such as streams that are opened again; -vv also each request
    #[arg(long, short = 'v', action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What is so anyhow.
    #[command(flatten)]
    always: AlwaysArgs,
}

/// Flags of `kubectl logs` and stern for what elbtail does without being told. They are accepted, for hands that know them.
#[derive(Debug, Args)]
struct AlwaysArgs {
    /// All containers are read.
    #[arg(long, hide = true)]
    all_containers: bool,
    /// And all pods.
    #[arg(long, hide = true)]
    all_pods: bool,
    /// Whether lines begin with their pod and container.
    #[arg(
        long, hide = true, value_name = "BOOL", value_parser = super::switches::yes_or_no, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", overrides_with = "prefix"
    )]
    prefix: Option<bool>,
    /// What cannot be read of one container does not end the others.
    #[arg(long, hide = true)]
    ignore_errors: bool,
    /// Any number of logs is read at once.
    #[arg(long, hide = true, value_name = "N")]
    max_log_requests: Option<u32>,
    /// Containers of every kind are read.
    #[arg(long, hide = true)]
    init_containers: bool,
    /// These too.
    #[arg(long, hide = true)]
    ephemeral_containers: bool,
    /// Pods that do not run yet are waited for.
    #[arg(long, hide = true, value_name = "DURATION")]
    pod_running_timeout: Option<String>,
}

/// What has no meaning for lines that were printed.
const STDIN_EXCLUDES: [&str; 9] =
    ["target", "job", "latest", "follow", "previous", "include_setup", "hold", "node_logs", "all_namespaces"];

impl LogsArgs {
    /// Prints the text of lines alone, if kubectl's `--prefix=false` asks for that.
    #[must_use]
    pub fn without_prefix(mut self) -> LogsArgs {
        if self.always.prefix == Some(false) {
            self.print.output = self.print.output.without_prefix();
        }
        self
    }

    /// The containers that are wanted; which job they are of is not known yet.
    ///
    /// # Errors
    /// When there is nobody who could tell: printed objects do not have what is chosen by.
    pub fn filter(&self) -> Result<ContainerFilter, Failure> {
        #[cfg(feature = "archive")]
        if self.archive.is_some() {
            return Ok(self.select.filter_of_archive(""));
        }
        match self.select.beyond_objects().filter(|_| self.stdin) {
            Some((flag, what)) => Err(Failure::Usage(format!(
                "{flag} cannot choose with --stdin, since lines of -o json do not tell {what}; they do tell pod, container, phase \
                 and node: choose with --pod, -c, --phase or --node"
            ))),
            None => Ok(self.select.filter("")),
        }
    }

    /// How long a line waits at most for earlier ones.
    ///
    /// # Errors
    /// When that is said and no line waits.
    pub fn hold(&self) -> Result<Duration, Failure> {
        /// Longer than lines are under way, shorter than somebody who looks at them notices.
        const HOLD: Duration = Duration::from_secs(2);
        if self.hold.is_some() && !(self.follow && self.order == Some(Order::Time)) {
            let text =
                "--hold goes with -f and --order time: only then a line waits for earlier ones of other containers";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(self.hold.map_or(HOLD, |hold| hold.unsigned_abs()))
    }

    /// Refuses what is meant as the format of times, and stands where JOB does: `-t short`.
    ///
    /// # Errors
    /// Which word, and how it is written.
    pub fn refuse_detached_format(&self) -> Result<(), Failure> {
        let words = self.job.target.iter().chain(&self.more).filter_map(|job| match job {
            JobArg::Path(path) if !path.exists() => path.to_str(),
            _ => None,
        });
        let is_format = |word: &&str| ["default", "short", "relative"].contains(word) || word.starts_with('%');
        match words.filter(|_| self.print.has_times()).find(is_format) {
            Some(word) => Err(Failure::Usage(format!(
                "{word}: no such file; a format of times is written behind =, as in -t={word} or --timestamps={word}"
            ))),
            None => Ok(()),
        }
    }
}

/// `elbtail watch`. What it shares with `logs` has the same names, so that one stands for the other.
#[cfg(feature = "watch")]
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Which containers.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Only the last N lines that each container has already printed
    #[arg(long, value_name = "N")]
    pub tail: Option<u64>,
    /// Only lines newer than this, such as 5s, 2h30m, 1d
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true)]
    since: Option<SignedDuration>,
    /// Mask secrets in lines, such as SAS signatures, tokens and keys: what happens without it
    #[arg(long, overrides_with = "no_redact", help_heading = super::flags::DISPLAY)]
    redact: bool,
    /// Show lines as the pods wrote them, secrets included
    #[arg(long, overrides_with = "redact", help_heading = super::flags::DISPLAY)]
    no_redact: bool,
    /// The zone of times: UTC, Local, +02:00, or a name such as Asia/Seoul [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = super::timezone::zone, allow_hyphen_values = true, help_heading = super::flags::DISPLAY)]
    timezone: Option<jiff::tz::TimeZone>,
    /// Which colours
    #[arg(long, value_enum, default_value_t, value_name = "THEME", help_heading = super::flags::DISPLAY)]
    pub color_theme: crate::render::Theme,
    /// Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub node_logs: NodeLogs,
    /// Show a job of an archive of 'elbtail save' instead, at any time of it: space lets time pass
    // A word, not a place: what clap says of a wrong one would repeat a SAS that is in it.
    #[cfg(feature = "archive")]
    #[arg(long, value_name = "DEST", value_hint = ValueHint::DirPath, conflicts_with_all = ["latest", "all_namespaces"])]
    pub archive: Option<std::ffi::OsString>,
    /// Exit with 9 when the job failed
    #[arg(long)]
    pub exit_code: bool,
}

#[cfg(feature = "watch")]
impl WatchArgs {
    /// The earliest stamp that is wanted.
    ///
    /// # Errors
    /// When no log is of that time.
    pub fn since(&self) -> Result<Option<crate::k8s::Stamp>, Failure> {
        super::flags::moment(self.since, None, "--since")
    }

    /// What masks secrets, if they are masked.
    pub fn masking(&self) -> Option<crate::render::Masking> {
        (self.redact || !self.no_redact).then(crate::render::Masking::default)
    }

    /// The zone of times.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        self.timezone.clone().unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The archive, if it is one's job.
    pub fn archive(&self) -> Option<&std::ffi::OsStr> {
        #[cfg(feature = "archive")]
        return self.archive.as_deref();
        #[cfg(not(feature = "archive"))]
        None
    }
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
    /// Print no line of headers above a table
    #[arg(long)]
    no_headers: bool,
}

impl TargetsArgs {
    /// Whether a table has headers.
    pub fn headers(&self) -> Headers {
        if self.no_headers { Headers::Hidden } else { Headers::Shown }
    }
}

/// `elbtail doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// How to print it; json follows docs/doctor.schema.json
    #[arg(long, short = 'o', value_enum, default_value = "text", value_name = "FORMAT")]
    pub output: crate::doctor::output::DoctorFormat,
    /// If the job's pods are not here, look in all contexts of the kubeconfig
    #[arg(long)]
    pub all_contexts: bool,
    /// Pack row, findings, pods, Jobs, events and last lines into FILE.tar.zst, secrets masked, to attach to a ticket; - is stdout,
    /// and the report goes to stderr then
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub bundle: Option<std::path::PathBuf>,
    /// Name the other searches of the namespace
    #[arg(long, short = 'v')]
    pub verbose: bool,
    /// Look again until the job has pods and no problem, at most so long, such as 2m
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true)]
    pub wait_healthy: Option<SignedDuration>,
}

/// `elbtail report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The job, or an archive that holds it.
    #[command(flatten)]
    pub job: JobArgs,
    /// Which containers.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Where it goes: a file that ends in .html, .json or .csv, or one of these words for stdout [default: html]
    #[arg(long, short = 'o', value_name = "FILE|html|json|csv", value_hint = ValueHint::FilePath)]
    pub output: Option<std::path::PathBuf>,
    /// Read an archive of 'elbtail save' instead of a cluster; JOB is then as 'elbtail replay' takes it
    #[cfg(feature = "archive")]
    #[arg(long, value_name = "DEST", value_hint = ValueHint::DirPath)]
    pub archive: Option<std::ffi::OsString>,
    /// Show lines as the pods wrote them, secrets included
    #[arg(long)]
    pub no_redact: bool,
    /// Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub node_logs: NodeLogs,
}

/// `elbtail completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `elbtail version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// How to print it
    #[arg(long, short = 'o', value_enum, value_name = "FORMAT")]
    pub output: Option<VersionFormat>,
    /// elbtail's own version alone, without asking the cluster
    #[arg(long)]
    pub client: bool,
}

/// What `version -o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum VersionFormat {
    /// One object.
    Json,
    /// The same object.
    Yaml,
}
