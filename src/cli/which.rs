//! [`Located`]: the job that the command line means, by its row, by a name that it has in the cluster, by `--latest`, or by what
//! a person picks from a list.

use std::{io::ErrorKind, time::Duration};

use dialoguer::{FuzzySelect, console::Term, theme::SimpleTheme};
use jiff::Timestamp;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    args::JobArgs,
    connect, environment,
    failure::Failure,
    flags::LatestAmong,
    interrupt::{die_of, interruptible},
    job::{Job, RowPlace},
    jobs::{all, in_cluster},
    stderr,
};
use crate::{
    cluster::{Cluster, ClusterError, ConnectOptions},
    discover::SearchScope,
    doctor::CommandWords,
    exit::Exit,
    job_id::JobId,
    jobs::{self, FoundJob, ListedJob, NameInCluster, NotFound},
    name_list::NameList,
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
    /// The namespace in which it was found, when all were looked through.
    pub found_in: Option<String>,
}

/// How a job is named, without what is known of it.
pub struct Decided {
    /// As in [`Located`].
    pub args: JobArgs,
    /// As in [`Located`].
    pub found_in: Option<String>,
}

impl Located {
    /// Finds the job. A file and a row come before what the cluster calls so.
    pub async fn find(args: &JobArgs, place: &RowPlace, flags: &ConnectOptions) -> Result<Located, Failure> {
        let everywhere = args.all_namespaces;
        let (args, found) = match chosen(args, place, flags).await? {
            Some((target, found)) => (JobArgs::of(target), found),
            None => (args.clone(), None),
        };
        let (args, job, found) = match Job::find(&args, place).await {
            Ok(job) => (args, job, found),
            Err(failure) => match (name(&args), is_unknown(&failure)) {
                (Some(name), true) => {
                    let (id, found) = by_name(&name, flags, everywhere, failure).await?;
                    let args = JobArgs::of(JobArg::Id(id));
                    let job = Job::read(&args)?;
                    (args, job, Some(found))
                }
                _ => return Err(failure),
            },
        };
        let found = match (found, job.resolution.id()) {
            (None, Some(id)) if everywhere => Some(somewhere(id, flags, &args).await?),
            (found, _) => found,
        };
        let (cluster, found_in) = found.map(|found| (found.cluster, found.namespace)).unzip();
        Ok(Located { args, job, cluster, found_in: found_in.filter(|_| everywhere) })
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
pub async fn decided(args: JobArgs, place: &RowPlace, flags: &ConnectOptions) -> Result<Decided, Failure> {
    let everywhere = args.all_namespaces;
    if let Some((target, found)) = chosen(&args, place, flags).await? {
        let found_in = found.map(|found| found.namespace).filter(|_| everywhere);
        return Ok(Decided { args: JobArgs::of(target), found_in });
    }
    if let Some(name) = name(&args).filter(|_| place.source_of(&args).is_none()) {
        let cluster = connect(flags, None).await?;
        let (id, found) = in_it(&name, cluster, flags, everywhere).await?;
        let found_in = everywhere.then_some(found.namespace);
        return Ok(Decided { args: JobArgs::of(JobArg::Id(id)), found_in });
    }
    // Of stdin the row can be read once, and doctor looks through namespaces itself.
    let found_in = match &args.target {
        Some(JobArg::Id(id)) if everywhere => Some(somewhere(id, flags, &args).await?.namespace),
        _ => None,
    };
    Ok(Decided { args, found_in })
}

/// Where a job was found.
struct Found {
    cluster: Cluster,
    namespace: String,
}

/// The job that the cluster calls so; `failure` is what else is wrong with the name.
async fn by_name(
    name: &NameInCluster,
    flags: &ConnectOptions,
    everywhere: bool,
    failure: Failure,
) -> Result<(JobId, Found), Failure> {
    match connect(flags, None).await {
        // A database has said that there is none, and nobody has named a cluster.
        Err(Failure::Cluster(ClusterError::NoCluster(_)))
            if matches!(failure, Failure::Source(_)) && !environment::names_a_cluster(flags) =>
        {
            Err(failure)
        }
        Err(Failure::Cluster(ClusterError::NoCluster(why))) => {
            Err(Failure::Usage(format!("{failure}; nor can the cluster be asked for a job of that name: {why}")))
        }
        connected => in_it(name, connected?, flags, everywhere).await,
    }
}

/// The namespace in which a job has pods or Jobs.
async fn somewhere(id: &JobId, flags: &ConnectOptions, args: &JobArgs) -> Result<Found, Failure> {
    let cluster = connect(flags, args.target.as_ref()).await?;
    let jobs = found(&cluster, true).await?;
    match jobs.into_iter().find(|job| job.id == *id) {
        Some(job) => Ok(Found { cluster, namespace: job.namespace }),
        None => {
            let text = format!("{id} has no pods and no Jobs in any namespace at {}", cluster.host());
            Err(Failure::NoPods(text))
        }
    }
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
) -> Result<Option<(JobArg, Option<Found>)>, Failure> {
    match &args.target {
        None if args.latest.latest && place.source().is_none() => {
            let cluster = connect(flags, None).await.map_err(|failure| match failure {
                Failure::Cluster(ClusterError::NoCluster(why)) => Failure::Usage(format!(
                    "--latest asks a database for its newest row, or the cluster for its newest job: {why}; or name a database with --db URL"
                )),
                other => other,
            })?;
            let (id, found) = newest(cluster, flags, args.all_namespaces, args.latest.among).await?;
            Ok(Some((JobArg::Id(id), Some(found))))
        }
        None if !args.latest.latest && environment::asks_a_person() => {
            let source = place.source().map(AsRef::as_ref);
            if source.is_some_and(|source| source.named().is_some()) {
                return Ok(None);
            }
            match pick(all(source, flags, args.all_namespaces).await?).await? {
                Some(target) => Ok(Some((target, None))),
                None => Err(Failure::NoPods(format!(
                    "there are no jobs to choose from; to look in all namespaces: {}",
                    jobs_everywhere(flags)
                ))),
            }
        }
        Some(JobArg::Id(id)) if !id.is_whole() && args.job.is_none() => {
            let Some(name) = NameInCluster::of(id.as_str()) else { return Ok(None) };
            let cluster = connect(flags, None).await?;
            match jobs::find(&name, &found(&cluster, args.all_namespaces).await?) {
                Ok(job) => {
                    let namespace = job.namespace.clone();
                    Ok(Some((JobArg::Id(job.id.clone()), Some(Found { cluster, namespace }))))
                }
                // An id of another form than ElasticBLAST's.
                Err(NotFound::None) => Ok(None),
                Err(NotFound::Several(ids)) => Err(several(&name, &ids)),
            }
        }
        _ => Ok(None),
    }
}

async fn found(cluster: &Cluster, everywhere: bool) -> Result<Vec<FoundJob>, Failure> {
    let area = if everywhere { SearchScope::Cluster } else { SearchScope::Namespace(cluster.namespace().to_owned()) };
    in_cluster(cluster, &area).await
}

/// What is looked through, for a message.
fn looked(cluster: &Cluster, everywhere: bool) -> String {
    let host = cluster.host();
    match everywhere {
        true => format!("in any namespace at {host}"),
        false => format!("in namespace {} at {host}", cluster.namespace()),
    }
}

async fn newest(
    cluster: Cluster,
    flags: &ConnectOptions,
    everywhere: bool,
    among: LatestAmong,
) -> Result<(JobId, Found), Failure> {
    let jobs = found(&cluster, everywhere).await?;
    let running = jobs::latest(&jobs).map(|job| (job, "the newest job that has not ended"));
    let ended = || jobs::newest(&jobs).map(|job| (job, "no job runs; the newest that has ended"));
    let Some((job, which)) = running.or_else(|| ended().filter(|_| among == LatestAmong::All)) else {
        let looked = looked(&cluster, everywhere);
        let command = jobs_everywhere(flags);
        return Err(Failure::NoPods(format!("no job runs {looked}; to see those of all namespaces: {command}")));
    };
    stderr::say(&format!("{which}: {}", job.id));
    Ok((job.id.clone(), Found { cluster, namespace: job.namespace.clone() }))
}

/// The command that lists the jobs of all namespaces of the same cluster.
fn jobs_everywhere(flags: &ConnectOptions) -> String {
    format!("elbtail jobs -A{}", CommandWords::of(flags).connect)
}

async fn in_it(
    name: &NameInCluster,
    cluster: Cluster,
    flags: &ConnectOptions,
    everywhere: bool,
) -> Result<(JobId, Found), Failure> {
    match jobs::find(name, &found(&cluster, everywhere).await?) {
        Ok(job) => Ok((job.id.clone(), Found { namespace: job.namespace.clone(), cluster })),
        Err(NotFound::Several(ids)) => Err(several(name, &ids)),
        Err(NotFound::None) => Err(Failure::NoPods(format!(
            "{name}: no file, and no job {} has a pod, a Job or an id that is called so; to see the jobs there are: {}",
            looked(&cluster, everywhere),
            jobs_everywhere(flags)
        ))),
    }
}

fn several(name: &NameInCluster, ids: &[JobId]) -> Failure {
    let ids = NameList::sorted(ids.iter().map(JobId::to_string));
    Failure::Usage(format!("{name} may be any of these; give one of them, or more of its beginning: {ids}"))
}

/// What a terminal has shown by then, once it was written.
const DRAWN: Duration = Duration::from_millis(50);

/// Lets a person choose; nothing where there is nothing to choose from.
async fn pick(jobs: Vec<ListedJob>) -> Result<Option<JobArg>, Failure> {
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
    let nothing = || Failure::Usage("no job was chosen".to_owned());
    let broken_off = |exit| {
        // The list hides it. A terminal that takes nothing any more needs none.
        let _ = Term::stderr().show_cursor();
        die_of(exit);
        Err(nothing())
    };
    let ask =
        move || FuzzySelect::with_theme(&SimpleTheme).with_prompt("Which job").items(&lines).default(0).interact_opt();
    let choice = match interruptible(spawn_blocking(ask)).await {
        Ok(choice) => choice.map_err(|error| Failure::Other(error.into()))?,
        Err(exit) => {
            // The list that is being drawn at this moment would hide the cursor again.
            sleep(DRAWN).await;
            return broken_off(exit);
        }
    };
    match choice {
        Ok(Some(at)) => Ok(targets.into_iter().nth(at)),
        Ok(None) => Err(nothing()),
        // Ctrl-C, of which the signal may still be on its way.
        Err(dialoguer::Error::IO(error)) if error.kind() == ErrorKind::Interrupted => broken_off(Exit::Interrupted),
        Err(dialoguer::Error::IO(error)) => {
            Err(Failure::Other(anyhow::Error::new(error).context("the terminal cannot show a list to choose from")))
        }
    }
}
