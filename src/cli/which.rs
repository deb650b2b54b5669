//! [`Located`]: the job that the command line means, by its row, by a name that it has in the cluster, by `--latest`, or by what
//! a person picks from a list.

use dialoguer::{FuzzySelect, theme::SimpleTheme};
use jiff::Timestamp;

use super::{
    args::JobArgs,
    connect, environment,
    failure::Failure,
    flags::LatestArgs,
    job::{Job, RowPlace},
    jobs::{all, in_cluster},
    stderr,
};
use crate::{
    cluster::{Cluster, ClusterError, ConnectOptions},
    discover::Area,
    job_id::JobId,
    jobs::{self, FoundJob, ListedJob, NameInCluster, NotFound},
    row::RowError,
    source::{self, JobArg, SourceError},
};

/// A job, how it is named, and the cluster if it was asked for it.
pub struct Located {
    /// As if it had been named by its row or its id.
    pub args: JobArgs,
    /// What is known of it.
    pub job: Job,
    /// The connection to the cluster that was asked.
    pub cluster: Option<Cluster>,
}

impl Located {
    /// Finds the job. A file and a row come before what the cluster calls so.
    pub async fn find(args: &JobArgs, place: &RowPlace, flags: &ConnectOptions) -> Result<Located, Failure> {
        let (args, cluster) = match chosen(args, place, flags).await? {
            Some((target, cluster)) => (named(target), cluster),
            None => (args.clone(), None),
        };
        match Job::find(&args, place).await {
            Ok(job) => Ok(Located { args, job, cluster }),
            Err(failure) => match (name(&args), is_unknown(&failure)) {
                (Some(name), true) => Located::by_name(&name, flags, failure).await,
                _ => Err(failure),
            },
        }
    }

    /// Finds the job that the cluster calls so; `failure` is what else is wrong with the name.
    async fn by_name(name: &NameInCluster, flags: &ConnectOptions, failure: Failure) -> Result<Located, Failure> {
        let cluster = match connect(flags, None).await {
            Err(Failure::Cluster(ClusterError::NoCluster(_))) => return Err(failure),
            connected => connected?,
        };
        let id = in_it(name, &cluster).await?;
        let args = named(JobArg::Id(id));
        Ok(Located { job: Job::read(&args)?, args, cluster: Some(cluster) })
    }

    /// The connection, made now unless the cluster was asked already.
    pub async fn connected(
        cluster: Option<Cluster>,
        flags: &ConnectOptions,
        args: &JobArgs,
    ) -> Result<Cluster, Failure> {
        match cluster {
            Some(cluster) => Ok(cluster),
            None => connect(flags, args.target.as_ref()).await,
        }
    }
}

/// What takes the place of JOB where it is no file, no row and no whole id: the words that name a row stay as they are.
pub async fn decided(args: JobArgs, place: &RowPlace, flags: &ConnectOptions) -> Result<JobArgs, Failure> {
    if let Some((target, _)) = chosen(&args, place, flags).await? {
        return Ok(named(target));
    }
    match name(&args).filter(|_| place.source_of(&args).is_none()) {
        Some(name) => {
            let cluster = connect(flags, None).await?;
            Ok(named(JobArg::Id(in_it(&name, &cluster).await?)))
        }
        None => Ok(args),
    }
}

fn named(target: JobArg) -> JobArgs {
    JobArgs { target: Some(target), job: None, latest: LatestArgs::default() }
}

/// The name in a cluster that JOB may be.
fn name(args: &JobArgs) -> Option<NameInCluster> {
    match args.target.as_ref()? {
        target if args.job.is_none() => NameInCluster::of(source::row_id(target)?),
        _ => None,
    }
}

/// Whether a failure says only that there is no such file or row.
fn is_unknown(failure: &Failure) -> bool {
    matches!(failure, Failure::Row(RowError::NotFound { .. }) | Failure::Source(SourceError::NoRow { .. }))
}

/// The job that is meant without being named: the newest of a cluster, the one of which the id's beginning was given, or the one
/// that is picked.
async fn chosen(
    args: &JobArgs,
    place: &RowPlace,
    flags: &ConnectOptions,
) -> Result<Option<(JobArg, Option<Cluster>)>, Failure> {
    match &args.target {
        None if args.latest.latest && place.source().is_none() => {
            let cluster = connect(flags, None).await.map_err(|failure| match failure {
                Failure::Cluster(ClusterError::NoCluster(why)) => Failure::Usage(format!(
                    "--latest asks a database for its newest row, or the cluster for its newest job: {why}; or name a database with --db URL"
                )),
                other => other,
            })?;
            let id = newest(&cluster).await?;
            Ok(Some((JobArg::Id(id), Some(cluster))))
        }
        None if !args.latest.latest && environment::asks_a_person() => {
            let source = place.source().map(AsRef::as_ref);
            if source.is_some_and(|source| source.named().is_some()) {
                return Ok(None);
            }
            match pick(all(source, flags).await?)? {
                Some(target) => Ok(Some((target, None))),
                None => Err(Failure::NoPods(
                    "there are no jobs to choose from; 'elbtail jobs -A' looks in all namespaces".to_owned(),
                )),
            }
        }
        Some(JobArg::Id(id)) if !id.is_whole() && args.job.is_none() => {
            let Some(name) = NameInCluster::of(id.as_str()) else { return Ok(None) };
            let cluster = connect(flags, None).await?;
            let found = found(&cluster).await?;
            match jobs::find(&name, &found) {
                Ok(job) => Ok(Some((JobArg::Id(job.id.clone()), Some(cluster)))),
                Err(NotFound::None) => Ok(Some((JobArg::Id(id.clone()), Some(cluster)))),
                Err(NotFound::Several(ids)) => Err(several(&name, &ids)),
            }
        }
        _ => Ok(None),
    }
}

async fn found(cluster: &Cluster) -> Result<Vec<FoundJob>, Failure> {
    in_cluster(cluster, &Area::Namespace(cluster.namespace().to_owned())).await
}

async fn newest(cluster: &Cluster) -> Result<JobId, Failure> {
    let found = found(cluster).await?;
    let Some(job) = jobs::latest(&found) else {
        let text = format!(
            "no job runs in namespace {} at {}; 'elbtail jobs -A' lists those of all namespaces",
            cluster.namespace(),
            cluster.host()
        );
        return Err(Failure::NoPods(text));
    };
    stderr::say(&format!("the newest job that has not ended: {}", job.id));
    Ok(job.id.clone())
}

async fn in_it(name: &NameInCluster, cluster: &Cluster) -> Result<JobId, Failure> {
    match jobs::find(name, &found(cluster).await?) {
        Ok(job) => Ok(job.id.clone()),
        Err(NotFound::Several(ids)) => Err(several(name, &ids)),
        Err(NotFound::None) => Err(Failure::NoPods(format!(
            "{name}: no file, and no job in namespace {} at {} has a pod, a Job or an id that is called so; 'elbtail jobs -A' \
             lists the jobs there are",
            cluster.namespace(),
            cluster.host()
        ))),
    }
}

fn several(name: &NameInCluster, ids: &[JobId]) -> Failure {
    let ids = super::logs::listing(ids.iter().map(JobId::to_string).collect());
    Failure::Usage(format!("{name} may be any of these; give more of the id: {ids}"))
}

/// Lets a person choose; nothing where there is nothing to choose from.
fn pick(jobs: Vec<ListedJob>) -> Result<Option<JobArg>, Failure> {
    let target = |job: &ListedJob| match (&job.row, job.id()) {
        (Some((row, _)), _) => row.id().map(|id| JobArg::Path(id.into())),
        (None, Some(id)) => Some(JobArg::Id(id.clone())),
        (None, None) => None,
    };
    let (targets, lines): (Vec<JobArg>, Vec<String>) =
        jobs.iter().filter_map(|job| Some((target(job)?, jobs::listing::line(job, Timestamp::now())))).unzip();
    if targets.len() < 2 {
        if let Some(line) = lines.first() {
            stderr::say(&format!("the only job: {line}"));
        }
        return Ok(targets.into_iter().next());
    }
    let choice = FuzzySelect::with_theme(&SimpleTheme).with_prompt("Which job").items(&lines).default(0).interact_opt();
    match choice {
        Ok(Some(at)) => Ok(targets.into_iter().nth(at)),
        Ok(None) => Err(Failure::Usage("no job was chosen".to_owned())),
        Err(dialoguer::Error::IO(error)) => {
            Err(Failure::Other(anyhow::Error::new(error).context("the terminal cannot show a list to choose from")))
        }
    }
}
