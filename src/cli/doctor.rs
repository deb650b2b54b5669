//! `elbtail doctor JOB`, and the one line in which other commands hand on what it would say.

mod destination;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout};

use self::destination::Destination;
use super::{
    args::{DoctorArgs, JobArgs},
    environment,
    failure::Failure,
    interrupt::interruptible,
    job::{self, Job, RowPlace, namespace},
    program, stderr, stdout,
    which::{self, Decided},
};
use crate::{
    cluster::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, Obstacle, RequestTimeout},
    doctor::{
        Area, ClusterFacts, CommandWords, Facts, Report, RowFacts, SearchedPlace, bundle, examine, gather, output,
    },
    exit::Exit,
    numbers::counted,
    render::ColorChoice,
    source::{DbOptions, JobArg},
};

/// The pause between two looks of `--wait-healthy`.
const LOOK: Duration = Duration::from_secs(2);
/// What one look may take at least, however short the wait is to be.
const LEAST_LOOK: Duration = Duration::from_secs(3);
/// How long a command that found nothing spends on saying why.
const HINT: Duration = Duration::from_secs(5);

/// How a command was asked: the flags it connects with, and the words that suggested commands repeat.
pub struct Asker {
    pub flags: ConnectOptions,
    pub asked: CommandWords,
}

/// Examines the job and prints what there is to say, unless the user loses patience.
pub async fn run(
    args: DoctorArgs,
    flags: ConnectOptions,
    rows: RowPlace,
    db: DbOptions,
    color: ColorChoice,
) -> Result<Exit, Failure> {
    job::no_url(args.job.target.as_ref())?;
    interruptible(look(args, flags, rows, db, color)).await.unwrap_or_else(Ok)
}

async fn look(
    mut args: DoctorArgs,
    mut flags: ConnectOptions,
    rows: RowPlace,
    db: DbOptions,
    color: ColorChoice,
) -> Result<Exit, Failure> {
    // What cannot be written is known before anything is asked.
    let bundle = args.bundle.as_deref().map(Destination::of).transpose().map_err(Failure::Usage)?;
    let detail = if args.verbose { output::Explained::Verbose } else { output::Explained::Usual };
    let asked = asked(&flags, &args.job, &db);
    let wait = args.wait_healthy.map(|wait| wait.unsigned_abs());
    let until = wait.map(|wait| Instant::now() + wait);
    let longest = wait.map(|wait| wait.max(LEAST_LOOK));
    let limit = match (flags.request_timeout.0, longest) {
        (Some(limit), Some(longest)) => Some(limit.min(longest)),
        (limit, longest) => limit.or(longest),
    };
    // The whole walk takes less than what one request may: each gets its part.
    flags.request_timeout = RequestTimeout(limit.map(|limit| limit.mul_f64(0.8)));
    let budget = limit.map(|limit| limit.mul_f64(0.9));
    let decided = match decided(args.job, &rows, &flags, until, longest).await {
        Ok(decided) => decided,
        Err(failure) => {
            // What reads reports gets one of this as well.
            if args.output != output::DoctorFormat::Text
                && let Some(report) = not_found(&failure, asked)
            {
                stdout::print(&output::render(args.output, &report, detail)?)?;
            }
            return Err(failure);
        }
    };
    args.job = decided.args;
    flags.namespace = decided.found_in.or(flags.namespace);
    let mut row = row_of(&args, &rows).await?;
    let environment = environment::of_cluster(args.job.target.as_ref());
    let mut cluster = within(longest, Cluster::connect(&flags, &environment)).await;
    loop {
        let facts = facts(row, &cluster, &flags, &environment, args.all_contexts, &asked, budget).await;
        let report = examine(&facts);
        // For a smoke test no pod yet is no success yet.
        let good = report.healthy && (until.is_none() || report.has_pods);
        let again = until.and_then(pause).filter(|_| !good && report.exit != Exit::Usage);
        let Some(again) = again else {
            let text = output::render(args.output, &report, detail)?;
            match (&bundle, args.output) {
                // Stdout is the bundle's then.
                (Some(Destination::Stdout), _) => stderr::say(text.trim_end()),
                (_, output::DoctorFormat::Text) => drop(stdout::print_page(&program::spoken(&text), color)?),
                (_, output::DoctorFormat::Json | output::DoctorFormat::Junit) => drop(stdout::print(&text)?),
            }
            if let Some(to) = &bundle {
                let pages = bundle::collect(cluster.as_ref().ok(), &facts, &report).await?;
                to.write(&pages)?;
                if let Destination::File(path) = to {
                    stderr::say(&format!("{}: {}", path.display(), counted(pages.len(), "file")));
                }
            }
            return Ok(match (good, report.exit) {
                (false, Exit::Done) => Exit::NoPods,
                (_, exit) => exit,
            });
        };
        sleep(again).await;
        row = match &args.job.target {
            // Stdin can be read only once.
            Some(JobArg::Stdin) => facts.row,
            _ => row_of(&args, &rows).await?,
        };
        if cluster.is_err() {
            cluster = within(longest, Cluster::connect(&flags, &environment.without_notice())).await;
        }
    }
}

/// What JOB means; where that is not there yet, it may come until `until`. One look takes `longest` at most.
async fn decided(
    job: JobArgs,
    rows: &RowPlace,
    flags: &ConnectOptions,
    until: Option<Instant>,
    longest: Option<Duration>,
) -> Result<Decided, Failure> {
    loop {
        match within(longest, which::decided(job.clone(), rows, flags)).await {
            Err(failure) if matches!(failure.exit(), Exit::NoPods | Exit::Unreachable) => {
                let Some(pause) = until.and_then(pause) else { return Err(failure) };
                sleep(pause).await;
            }
            decided => return decided,
        }
    }
}

/// How long to wait for the next look; nothing when the time is over.
fn pause(until: Instant) -> Option<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| left.min(LOOK))
}

/// What is asked, unless it takes longer: a plugin for credentials has no limit of its own.
async fn within<T, E: From<ClusterError>>(
    longest: Option<Duration>,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(longest) = longest else { return asked.await };
    timeout(longest, asked).await.unwrap_or_else(|_| {
        let why = Obstacle::Timeout { what: "finding the cluster and the job in it", after: longest };
        Err(ClusterError::Unreachable { host: "the cluster".to_owned(), why }.into())
    })
}

/// What there is to say when no job was found to be looked at; nothing where the command line is wrong.
fn not_found(failure: &Failure, asked: CommandWords) -> Option<Report> {
    match failure {
        Failure::Cluster(error) => {
            let place = SearchedPlace { asked, ..SearchedPlace::default() };
            let cluster = ClusterFacts::Failed(error.clone());
            Some(examine(&Facts { now: Timestamp::now(), row: RowFacts::default(), place, cluster }))
        }
        Failure::NoPods(text) => Some(Report::not_found(text)),
        _ => None,
    }
}

/// How the command line asks, for commands that ask the same.
pub fn asked(flags: &ConnectOptions, args: &JobArgs, db: &DbOptions) -> CommandWords {
    let from_environment = environment::variables()
        .text("ELBTAIL_DB")
        .is_some_and(|url| db.db.as_ref().is_some_and(|db| db.expose_secret() == url));
    let JobArgs { target, job, latest, all_namespaces: _ } = args;
    CommandWords::of(flags).row(target.as_ref(), job.as_deref(), latest.latest, db, from_environment)
}

/// The row that the command line names, or why it cannot be had.
async fn row_of(args: &DoctorArgs, rows: &RowPlace) -> Result<RowFacts, Failure> {
    let JobArgs { target, job, latest, all_namespaces: _ } = &args.job;
    match (rows.source_of(&args.job), target) {
        (Some(source), _) => {
            let row = if latest.latest { Ok(source.latest().await) } else { rows.fetch(&args.job).await };
            Ok(gather::row_from(source, row?).await)
        }
        (None, Some(target)) if !latest.latest => Ok(gather::row(target, job.as_deref())),
        // Says what is missing on the command line.
        (None, _) => Job::read(&args.job).map(|_| RowFacts::default()),
    }
}

/// Everything there is to know now.
async fn facts(
    row: RowFacts,
    cluster: &Result<Cluster, ClusterError>,
    flags: &ConnectOptions,
    environment: &ConnectEnvironment,
    all_contexts: bool,
    asked: &CommandWords,
    budget: Option<Duration>,
) -> Facts {
    let mut place = SearchedPlace { all_contexts, ..SearchedPlace::default() };
    gather::contexts_of(flags, environment, &mut place);
    place.asked = asked.clone();
    let answer = match cluster {
        Err(error) => ClusterFacts::Failed(error.clone()),
        Ok(cluster) => {
            place.host = cluster.host();
            place.namespace = namespace(row.row.as_ref(), cluster.namespace());
            let ask = gather::cluster(cluster, flags, environment, &row, &place);
            match budget {
                None => ask.await,
                Some(budget) => timeout(budget, ask).await.unwrap_or_else(|_| {
                    let why = Obstacle::Timeout { what: "the examination", after: budget };
                    ClusterFacts::Failed(ClusterError::Unreachable { host: cluster.host(), why })
                }),
            }
        }
    };
    Facts { now: Timestamp::now(), row, place, cluster: answer }
}

/// What the doctor says of a job; nothing when it takes too long.
#[cfg(feature = "watch")]
pub async fn report(job: &Job, cluster: &Cluster, asker: &Asker, namespace: &str) -> Option<Report> {
    report_within(HINT, job, cluster, asker, namespace).await
}

/// The same with a patience of one's own.
pub async fn report_within(
    patience: Duration,
    job: &Job,
    cluster: &Cluster,
    asker: &Asker,
    namespace: &str,
) -> Option<Report> {
    let Asker { flags, asked } = asker;
    let row = RowFacts { row: job.row.clone(), resolution: Some(job.resolution.clone()), ..RowFacts::default() };
    let (host, namespace) = (cluster.host(), namespace.to_owned());
    let place = SearchedPlace { host, namespace, asked: asked.clone(), ..SearchedPlace::default() };
    let answer =
        timeout(patience, gather::cluster(cluster, flags, &environment::of_cluster(None), &row, &place)).await.ok()?;
    Some(examine(&Facts { now: Timestamp::now(), row, place, cluster: answer }))
}

/// What the doctor says first of a job that a command has nothing to show of: one line, or nothing when it knows no better.
async fn hint(job: &Job, cluster: &Cluster, asker: &Asker, namespace: &str) -> Option<String> {
    one_line(&report_within(HINT, job, cluster, asker, namespace).await?)
}

/// The text of a failure, followed by what the doctor says first.
pub async fn explain(text: String, job: &Job, cluster: &Cluster, asker: &Asker, namespace: &str) -> String {
    match hint(job, cluster, asker, namespace).await {
        Some(hint) => format!("{text}\n{hint}"),
        None => text,
    }
}

/// The same on stderr, after a command that printed nothing.
pub async fn tell(job: &Job, cluster: &Cluster, asker: &Asker, namespace: &str) {
    if let Some(hint) = hint(job, cluster, asker, namespace).await {
        stderr::say(&hint);
    }
}

fn one_line(report: &Report) -> Option<String> {
    report.findings.iter().find(|finding| finding.code.area() != Area::Permission || finding.is_problem())?;
    report.one_line().map(|line| format!("doctor: {line}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::flags::{ConnectArgs, DbArgs};

    #[derive(Debug, Parser)]
    struct Tool {
        #[command(flatten)]
        connect: ConnectArgs,
        #[command(flatten)]
        db: DbArgs,
        job: Option<JobArg>,
    }

    impl Tool {
        fn asked(words: impl IntoIterator<Item = String>) -> CommandWords {
            let Tool { connect, db, job } = Tool::parse_from(words);
            let connect = connect.plan();
            let db = db.plan(connect.request_timeout);
            CommandWords::of(&connect).row(job.as_ref(), None, false, &db, false)
        }
    }

    fn words(line: &[&str]) -> Vec<String> {
        ["t"].iter().chain(line).map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn what_was_given_is_repeated_and_reads_back_the_same() {
        for line in [
            &["--context", "my context", "--as", "o'brien", "--as-group", "a b", "--as-group", "$x"][..],
            &["--kubeconfig", "/a dir/k;rm", "-s", "https://h:1/x?y&z", "--tls-server-name", "n"],
            &["--cluster", "c", "--user", "u", "--insecure-skip-tls-verify", "--certificate-authority", "ca.pem"],
            &["--db", "sqlite:/my jobs.db", "--db-table", "t", "row 'x'.json"],
            &["--context=-odd"],
        ] {
            let asked = Tool::asked(words(line));
            let again = shlex::split(&format!("t{}{}{}", asked.connect, asked.db, asked.job)).unwrap();
            assert_eq!(asked, Tool::asked(again), "{line:?}");
            assert!(!asked.connect.is_empty() || !asked.db.is_empty(), "{line:?}");
        }
    }

    #[test]
    fn secrets_stay_with_the_shell() {
        let asked = Tool::asked(words(&["--token", "planted", "--db", "postgres://me:planted@h/d"]));
        assert!(!format!("{asked:?}").contains("planted"), "{asked:?}");
        assert!(asked.connect.contains("--token \"$TOKEN\"") && asked.db.contains("$ELBTAIL_DB"), "{asked:?}");
    }
}
