//! The flags of the commands about archives.

use std::{ffi::OsString, net::SocketAddr};

use clap::{Args, ValueHint};
use jiff::SignedDuration;

use crate::{
    archive::output::ArchivesFormat,
    cli::{
        args::{ChoiceArgs, SELECTION, field_selector, label_selector},
        duration::positive,
        flags::{LineArgs, PrintArgs},
    },
    k8s::FieldSelector,
    node_logs::NodeLogs,
    render::Headers,
    session::filter::ContainerFilter,
    source::JobArg,
};

/// Where an archive is.
#[derive(Debug, Clone, Args)]
pub struct DestArgs {
    /// The archive: a directory, or a URL such as az://CONTAINER/PATH, abfss://…, s3://BUCKET/PATH, gs://BUCKET/PATH, file:///PATH
    // A word, not a place: what clap says of a wrong one would repeat a SAS that is in it.
    #[arg(value_name = "DEST", value_hint = ValueHint::DirPath)]
    pub dest: OsString,
}

/// Which of its jobs.
#[derive(Debug, Args)]
pub struct ArchivedJobArgs {
    /// The job: its ElasticBLAST id, its row's id, the first 6 or more characters of either, or a file with its row
    #[arg(value_name = "JOB", value_hint = ValueHint::FilePath)]
    pub job: Option<JobArg>,
}

/// `elbtail save`.
#[derive(Debug, Clone, Args)]
#[command(allow_missing_positional = true)]
pub struct SaveArgs {
    /// The job: a file with its row, - for stdin, job-<32 hex digits>, or with --db a row's id
    #[arg(value_name = "JOB", value_hint = ValueHint::FilePath, required_unless_present = "all")]
    pub job: Option<JobArg>,
    /// Where it is kept.
    #[command(flatten)]
    pub dest: DestArgs,
    /// Which of several rows, by its id or the first 6 or more characters of it
    #[arg(long = "job", value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new(), conflicts_with = "all")]
    pub pick: Option<String>,
    /// Instead of one job.
    #[command(flatten)]
    pub all: AllArgs,
    /// Go on until the job has ended, through restarts and new pods
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// Mask secrets before lines and objects are kept
    #[arg(long)]
    pub redact: bool,
    /// At the end, also write the last lines of each container as the dashboard keeps them, masked: ROW/execution-steps/logs in DEST
    #[arg(long)]
    pub dashboard_chunks: bool,
    /// How long a line may wait for others before it is made durable: less means more and smaller files
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true, default_value = "60s")]
    pub max_age: SignedDuration,
    /// Take NCBI's setup pods too, which carry no id: right when the cluster runs a single search
    #[arg(long, conflicts_with = "all")]
    pub include_setup: bool,
    /// Whether to read from the files of a node what the log API no longer has; auto: where nodes/proxy is permitted
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub node_logs: NodeLogs,
    /// Tell on stderr what happens underneath, such as streams that are opened again
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

/// `elbtail save --all`.
#[derive(Debug, Clone, Args)]
pub struct AllArgs {
    /// Keep every job that runs: those whose rows --db has, else those that have pods in the namespace, or with -A in any; until it
    /// is asked to end
    ///
    /// Several at once share the jobs by Leases (coordination.k8s.io): one that dies is replaced by another. deploy/ has what a
    /// cluster needs for it.
    #[arg(long, requires = "follow", conflicts_with = "job")]
    pub all: bool,
    /// With --all: the jobs of all namespaces; -n is where the Leases are
    #[arg(long, short = 'A', requires = "all", conflicts_with = "job")]
    pub all_namespaces: bool,
    /// With --all: where /healthz and /metrics (Prometheus) are answered [default: 127.0.0.1:8080, or a free port if it is in use]
    #[arg(long, requires = "all", conflicts_with = "job", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// With --all: how long a job is left alone whose Lease is not renewed
    #[arg(long, requires = "all", conflicts_with = "job", value_name = "DURATION", value_parser = positive, allow_hyphen_values = true, default_value = "15s")]
    pub lease_duration: SignedDuration,
}

/// `elbtail archives`.
#[derive(Debug, Args)]
pub struct ArchivesArgs {
    /// The archive.
    #[command(flatten)]
    pub dest: DestArgs,
    /// How to print them
    #[arg(long, short = 'o', value_enum, default_value = "table", value_name = "FORMAT")]
    pub output: ArchivesFormat,
    /// Print no line of headers above a table
    #[arg(long)]
    no_headers: bool,
}

impl ArchivesArgs {
    /// Whether a table has headers.
    pub fn headers(&self) -> Headers {
        if self.no_headers { Headers::Hidden } else { Headers::Shown }
    }
}

/// `elbtail verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The archive.
    #[command(flatten)]
    pub dest: DestArgs,
    /// Only this job.
    #[command(flatten)]
    pub job: ArchivedJobArgs,
    /// How to print it
    #[arg(long, short = 'o', value_enum, default_value = "text", value_name = "FORMAT")]
    pub output: VerifyFormat,
}

/// What `verify -o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum VerifyFormat {
    /// A line for each job, and one for each fault.
    Text,
    /// An array with an object for each job.
    Json,
}

/// `elbtail prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// The archive.
    #[command(flatten)]
    pub dest: DestArgs,
    /// Delete jobs to which nothing was added for so long, such as 30d
    #[arg(long, value_name = "DURATION", value_parser = positive, allow_hyphen_values = true)]
    pub older_than: SignedDuration,
    /// Only tell what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

/// `elbtail replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The archive.
    #[command(flatten)]
    pub dest: DestArgs,
    /// The job, which need not be named when there is only one.
    #[command(flatten)]
    pub job: ArchivedJobArgs,
    /// Only the instance before the latest of each container that was started again
    #[arg(long, short = 'p')]
    pub previous: bool,
    /// Which containers.
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Only pods that had these labels when they were saved last, such as app=blast,shard!=03
    #[arg(long, short = 'l', value_name = "SELECTOR", value_parser = label_selector(), help_heading = SELECTION)]
    selector: Option<kube::core::Selector>,
    /// Only pods that were so when they were saved last, such as status.phase=Failed,spec.nodeName!=node-1
    #[arg(long, value_name = "SELECTOR", value_parser = field_selector(), help_heading = SELECTION)]
    field_selector: Option<FieldSelector>,
    /// Which of their lines.
    #[command(flatten)]
    pub lines: LineArgs,
    /// How to print them.
    #[command(flatten)]
    pub print: PrintArgs,
    /// Let time pass between lines as it did, so many times faster: 1 is as it was [default: no waiting]
    #[arg(long, value_name = "TIMES", allow_negative_numbers = true, value_parser = speed)]
    pub speed: Option<f64>,
    /// Print log lines only: nothing on stderr but errors and what is missing
    #[arg(long, short = 'q', visible_alias = "quiet")]
    pub only_log_lines: bool,
}

impl ReplayArgs {
    /// The filter these flags describe; `short` is what pods' short names leave out.
    pub fn filter(&self, short: &str) -> ContainerFilter {
        ContainerFilter {
            labels: self.selector.clone(),
            fields: self.field_selector.clone().unwrap_or_default(),
            ..self.choice.filter(short)
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['x', '×']).parse::<f64>().ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "write how many times faster, such as 10 or 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_numbers_above_nothing() {
        for (text, number) in [("10", 10.0), ("0.5", 0.5), ("10x", 10.0), (" 1 ", 1.0), ("1e3", 1000.0)] {
            assert_eq!(speed(text), Ok(number));
        }
        for text in ["0", "-1", "fast", "", "NaN", "inf", "x"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }
}
