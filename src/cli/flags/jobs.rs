//! The flags of `elbtail jobs`.

use clap::Args;

use crate::{discover::SearchScope, jobs::JobsFormat, render::Headers, source::RowFilter};

/// The most rows that can be asked for.
const MOST: u32 = 10_000;

/// How many are listed unless told.
const USUAL: u32 = 20;

/// Which jobs to list, and how.
#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Output format
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = JobsFormat::Table)]
    pub output: JobsFormat,
    /// Print no line of headers above a table
    #[arg(long)]
    no_headers: bool,
    /// Look for jobs in all namespaces of the cluster
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Only jobs with this status, such as running; several with commas
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,
    /// At most so many jobs, the newest
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = USUAL, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    limit: u32,
}

impl JobsArgs {
    /// What is listed unless told.
    pub fn usual(all_namespaces: bool) -> JobsArgs {
        let output = JobsFormat::Table;
        JobsArgs { output, no_headers: false, all_namespaces, status: Vec::new(), limit: USUAL }
    }

    /// Whether a table has headers.
    pub fn headers(&self) -> Headers {
        if self.no_headers { Headers::Hidden } else { Headers::Shown }
    }

    /// Where the cluster is asked; `chosen` is the namespace that the flags or the context name.
    pub fn area(&self, chosen: &str) -> SearchScope {
        if self.all_namespaces { SearchScope::Cluster } else { SearchScope::Namespace(chosen.to_owned()) }
    }

    /// Whether all namespaces are asked for.
    pub fn all_namespaces(&self) -> bool {
        self.all_namespaces
    }

    /// What to ask the source for, to know the rows of all jobs that a cluster may have.
    pub fn every(&self) -> RowFilter {
        RowFilter { statuses: Vec::new(), live: false, limit: usize::try_from(MOST).unwrap_or(usize::MAX) }
    }

    /// What to ask the source for.
    pub fn filter(&self) -> RowFilter {
        let statuses = self.status.iter().map(|status| status.trim().to_owned()).filter(|status| !status.is_empty());
        RowFilter {
            statuses: statuses.collect(),
            live: false,
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
        }
    }
}
