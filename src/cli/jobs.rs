//! `elbtail jobs`: the jobs of a cluster, of a database, or of both.

use std::time::Duration;

use futures::join;
use jiff::Timestamp;

use super::{block_on, connect, failure::Failure, flags::JobsArgs, job::RowPlace, stderr, stdout};
use crate::{
    cluster::{Cluster, ClusterError, ConnectOptions, RequestTimeout},
    discover::{SearchScope, everywhere},
    exit::Exit,
    jobs::{self, FoundJob, JobsFormat, ListedJob, listing::Asked},
    name_list::NameList,
    numbers::counted,
    render::ColorChoice,
    source::{RowFilter, RowSource},
};

/// How long a question may take to a cluster that was not named, and is asked beside the database.
const ASIDE: Duration = Duration::from_secs(5);

/// Lists jobs.
pub fn run(args: &JobsArgs, flags: &ConnectOptions, place: &RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    block_on(async {
        let (asked, listed) = look(args, flags, place).await?;
        let text = jobs::listing::render(args.output, &listed, asked, args.headers(), Timestamp::now())?;
        match args.output {
            JobsFormat::Table | JobsFormat::Wide => stdout::print_page(&text, color)?,
            JobsFormat::Json | JobsFormat::Yaml | JobsFormat::Name => stdout::print(&text)?,
        };
        Ok(Exit::Done)
    })
}

/// The jobs that the flags ask for.
async fn look(args: &JobsArgs, flags: &ConnectOptions, place: &RowPlace) -> Result<(Asked, Vec<ListedJob>), Failure> {
    let filter = args.filter();
    let Some(source) = place.source() else {
        let cluster = connect(flags, None).await.map_err(|failure| match failure {
            Failure::Cluster(ClusterError::NoCluster(why)) => {
                Failure::Usage(format!("{why}; or list the rows of a database: --db URL"))
            }
            other => other,
        })?;
        let area = args.area(cluster.namespace());
        let found = in_cluster(&cluster, &area).await?;
        if found.is_empty() {
            let elsewhere = if area == SearchScope::Cluster { "" } else { "; -A looks in all namespaces" };
            stderr::say(&format!("no ElasticBLAST jobs in {area} at {}{elsewhere}", cluster.host()));
        }
        let mut listed: Vec<ListedJob> = found.into_iter().map(ListedJob::of_cluster).collect();
        let all = listed.len();
        listed.retain(|job| is_wanted(job, &filter));
        if listed.is_empty() && all > 0 {
            stderr::say(&format!("of {} none is {}", counted(all, "job"), filter.statuses.join(" or ")));
        }
        if listed.len() > filter.limit {
            stderr::say(&format!("--limit leaves out {}", counted(listed.len() - filter.limit, "older job")));
            listed.truncate(filter.limit);
        }
        return Ok((Asked::Cluster { everywhere: area == SearchScope::Cluster }, listed));
    };
    let (rows, found) = join!(source.list(&filter), beside(args, flags));
    let (rows, found) = (rows?, found?);
    if rows.is_empty() {
        stderr::say(&format!("no rows at {}", source.describe()));
    }
    let Some((area, found)) = found else {
        return Ok((Asked::Rows, rows.into_iter().map(ListedJob::of_row).collect()));
    };
    // A job's row may be older than those that are listed, or have another status.
    let others = match jobs::missing_rows(&rows, &found) {
        true => source.list(&args.every()).await?,
        false => Vec::new(),
    };
    let mut listed = jobs::join(rows, others, found, &area, Timestamp::now());
    listed.retain(|job| is_wanted(job, &filter));
    Ok((Asked::Both, listed))
}

/// The jobs of the cluster, beside those of a database: nothing without a cluster. One that nobody named need not answer.
async fn beside(args: &JobsArgs, flags: &ConnectOptions) -> Result<Option<(SearchScope, Vec<FoundJob>)>, Failure> {
    let is_meant = args.all_namespaces() || flags.name_a_cluster();
    let mut flags = flags.clone();
    if !is_meant {
        flags.request_timeout = RequestTimeout(flags.request_timeout.0.map(|limit| limit.min(ASIDE)));
    }
    let seen = async {
        let cluster = connect(&flags, None).await?;
        let area = args.area(cluster.namespace());
        let found = in_cluster(&cluster, &area).await?;
        Ok::<_, Failure>((area, found))
    };
    match seen.await {
        Ok(seen) => Ok(Some(seen)),
        Err(failure) if is_meant => Err(failure),
        Err(Failure::Cluster(ClusterError::NoCluster(_))) => Ok(None),
        Err(failure) => {
            stderr::warn(&format!("the cluster cannot be asked, so rows are listed alone: {failure}"));
            Ok(None)
        }
    }
}

/// The jobs of a cluster, the newest first; what they say of themselves goes to stderr.
pub async fn in_cluster(cluster: &Cluster, area: &SearchScope) -> Result<Vec<FoundJob>, Failure> {
    let everything = everywhere::look(&cluster.client(), area).await?;
    if let Err(error) = &everything.jobs {
        stderr::warn(&format!("Jobs cannot be listed, so batches are those that have pods: {error}"));
    }
    let grouped = jobs::group(&everything.pods, everything.jobs.as_deref().ok());
    if !grouped.nobodys.is_empty() {
        let names = NameList::sorted(grouped.nobodys);
        stderr::say(&format!("these Jobs prepare a search and do not say which: {names}"));
    }
    Ok(grouped.jobs)
}

/// The jobs of both, for a person who chooses one.
pub async fn all(
    source: Option<&dyn RowSource>,
    flags: &ConnectOptions,
    all_namespaces: bool,
) -> Result<Vec<ListedJob>, Failure> {
    let args = JobsArgs::usual(all_namespaces);
    match source {
        None => {
            let cluster = connect(flags, None).await?;
            let area = args.area(cluster.namespace());
            Ok(in_cluster(&cluster, &area).await?.into_iter().map(ListedJob::of_cluster).collect())
        }
        Some(source) => Ok(source.list(&args.filter()).await?.into_iter().map(ListedJob::of_row).collect()),
    }
}

/// Whether a job has one of the statuses that are asked for, by its row or by the cluster.
fn is_wanted(job: &ListedJob, filter: &RowFilter) -> bool {
    let by_row = || job.row.as_ref().is_some_and(|(row, _)| filter.takes(row));
    let by_cluster = || {
        let words = job.found.iter().flat_map(|found| [found.standing.status(), found.standing.as_str()]);
        words.into_iter().any(|word| filter.statuses.iter().any(|status| status.eq_ignore_ascii_case(word)))
    };
    filter.statuses.is_empty() || by_row() || by_cluster()
}
