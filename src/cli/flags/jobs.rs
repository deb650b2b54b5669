//! The flags of `elbtail jobs`.

use clap::Args;

use crate::{
    render::Headers,
    source::{RowFilter, listing::JobsFormat},
};

/// The most rows that can be asked for.
const MOST: u32 = 10_000;

/// Which rows to list, and how.
#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Output format
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = JobsFormat::Table)]
    pub output: JobsFormat,
    /// Print no line of headers above a table
    #[arg(long)]
    no_headers: bool,
    /// Only rows with this status, such as running; several with commas
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,
    /// At most so many rows, the newest
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    limit: u32,
}

impl JobsArgs {
    /// Whether a table has headers.
    pub fn headers(&self) -> Headers {
        if self.no_headers { Headers::Hidden } else { Headers::Shown }
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
