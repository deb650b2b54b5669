//! `elbtail report JOB|DEST [-o FILE|html|json|csv]`.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::{
    allow_node_logs,
    args::ReportArgs,
    doctor::{self, Asker},
    failure::Failure,
    flags::LatestAmong,
    interrupt::interruptible,
    job::{Job, RowPlace},
    logs, nothing, stderr, stdout,
    which::Located,
};
use crate::{
    discover::watch as pods,
    doctor::{Report as DoctorReport, SearchedPlace},
    exit::Exit,
    follow::follower::Scope,
    k8s::Stamp,
    numbers::{counted, thousands},
    overview::Standing,
    report::{
        About, Diagnosis, Gathered, Gathering, JobFacts, JobReport, LinesCommand, Redaction,
        csv::csv,
        figures,
        page::{PageWords, page},
    },
    row::Row,
    session::{
        Outlet, WantedLogs,
        fan_out::{FanOut, RunningSink, SinkRunner, Stats},
        snapshot::{Order, snapshot},
        unchosen::Unchosen,
    },
    whole_file::{self, Readers},
};

/// How long the doctor may take beside the logs.
const PATIENCE: Duration = Duration::from_secs(30);

/// In which form a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Json,
    Csv,
}

/// Where it goes.
#[derive(Debug)]
struct ReportOutput {
    form: Form,
    /// `None`: stdout.
    file: Option<PathBuf>,
}

/// What was read of a job, and the exit code.
pub struct ReadJob {
    pub gathered: Gathered,
    pub about: About,
    pub exit: Exit,
    /// The command that reads it again, without `-o`.
    pub again: String,
}

/// Makes the report.
pub async fn run(mut args: ReportArgs, asker: Asker, place: RowPlace) -> Result<Exit, Failure> {
    args.job.latest.among = LatestAmong::All;
    // What cannot be written is known before anything is asked.
    let output = ReportOutput::of(args.output.as_deref())?;
    let redaction = if args.no_redact { Redaction::Off } else { Redaction::On };
    let work = async {
        let read = read(args, &asker, &place, redaction).await?;
        let ReadJob { gathered, about, exit, again } = read;
        let lines = about.command.as_ref().map(|command| command.words.clone());
        let report = figures(gathered, about);
        output.write(&report, &PageWords { again, lines, is_masked: redaction == Redaction::On })?;
        Ok(exit)
    };
    interruptible(work).await.unwrap_or_else(Ok)
}

async fn read(args: ReportArgs, asker: &Asker, place: &RowPlace, redaction: Redaction) -> Result<ReadJob, Failure> {
    #[cfg(feature = "archive")]
    if let Some((dest, job)) = archive_of(&args) {
        return super::archive::read_for_report(&dest, job, &args.select, redaction).await;
    }
    read_cluster(args, asker, place, redaction).await
}

/// The archive that is meant, and the job in it.
#[cfg(feature = "archive")]
fn archive_of(args: &ReportArgs) -> Option<(std::ffi::OsString, Option<crate::source::JobArg>)> {
    use crate::{archive::ArchivePlace, source::JobArg};
    match (&args.archive, &args.job.target) {
        (Some(dest), target) => Some((
            dest.clone(),
            target.clone().or(args.job.job.clone().map(|job| JobArg::from(std::ffi::OsString::from(job)))),
        )),
        (None, Some(JobArg::Path(path))) if ArchivePlace::is_meant_by(path.as_os_str()) => Some((
            path.clone().into_os_string(),
            args.job.job.clone().map(|job| JobArg::from(std::ffi::OsString::from(job))),
        )),
        _ => None,
    }
}

/// Reads what the cluster has.
async fn read_cluster(
    args: ReportArgs,
    asker: &Asker,
    place: &RowPlace,
    redaction: Redaction,
) -> Result<ReadJob, Failure> {
    let Located { args: which, job, cluster, found_in } = Located::find(&args.job, place, &asker.flags).await?;
    let selection = args.select.selection(job.id()?);
    let cluster = Located::connected(cluster, &asker.flags, &which).await?;
    allow_node_logs(&cluster, args.node_logs).await?;
    let namespace = found_in.unwrap_or_else(|| job.namespace(cluster.namespace()));
    let filter = args.select.filter(selection.id.short());
    let found = pods::list(&cluster.client(), &namespace, &selection).await?;
    if found.is_empty() {
        if let Some(text) = nothing::so_labelled(&selection, &namespace, &cluster).await {
            return Err(Failure::NoPods(text));
        }
        let text =
            nothing::found(&selection, &namespace, &cluster) + &nothing::but_archived(&selection.id, &namespace).await;
        return Err(Failure::NoPods(doctor::explain(text, &job, &cluster, asker, &namespace).await));
    }
    let scope = Scope { follow: false, since: None, tail: None, previous: false, node_logs: args.node_logs };
    let wanted = WantedLogs { filter: filter.clone(), scope, resume: None, hold: None, pods: None };
    let Collecting { out, running, gathered, stats } = listen(redaction)?;
    // When nobody listens any more, the next event shows it.
    let _ = out.send(job.ids()).await;
    let (client, ids) = (cluster.client(), std::slice::from_ref(&selection.id));
    let (diagnosis, jobs, ()) = futures::join!(
        doctor::report_within(PATIENCE, &job, &cluster, asker, &namespace),
        pods::all_jobs(&client, &namespace, ids),
        snapshot(&cluster, &found, &wanted, Order::Arrival, out),
    );
    let mut gathered = taken(running, gathered).await?;
    let stats = stats.now();
    if stats.containers == 0 {
        return Err(Failure::NoPods(Unchosen::of(&found, &filter).to_string()));
    }
    let now = Timestamp::now();
    for found in &found {
        gathered.overview.pod(&found.pod, Stamp::from_timestamp(now).unwrap_or_default());
    }
    jobs.iter().flatten().for_each(|job| gathered.overview.job(job));
    let here = SearchedPlace { namespace: namespace.clone(), asked: asker.asked.clone(), ..SearchedPlace::default() };
    let id = selection.id.to_string();
    let source = format!("read from the cluster {}", cluster.host());
    let about = About {
        job: job_facts(job.row.as_ref(), Some(id.clone()), Some(namespace), source, redaction),
        outcome: outcome(&job),
        seen: now,
        generated: now,
        notices: diagnosis.is_none().then(|| "the doctor did not answer in time".to_owned()).into_iter().collect(),
        doctor: diagnosis.map(diagnosis_of),
        command: Some(LinesCommand { words: here.elbtail("logs", &id, "") }),
        redaction,
    };
    Ok(ReadJob { gathered, about, exit: logs::exit(&stats, false)?, again: here.elbtail("report", &id, "") })
}

/// A run's one listener, and what it listens to.
pub struct Collecting {
    pub out: Outlet,
    pub running: RunningSink<std::convert::Infallible>,
    pub gathered: oneshot::Receiver<Gathered>,
    pub stats: Stats,
}

/// Begins to listen.
pub fn listen(redaction: Redaction) -> Result<Collecting, Failure> {
    let (gathering, gathered) = Gathering::new(redaction);
    let mut fan = FanOut::default();
    let running = fan.add(gathering, SinkRunner::Task);
    let running = running.map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot listen")))?;
    let out = fan.open();
    let stats = out.stats();
    Ok(Collecting { out, running, gathered, stats })
}

/// What the listener kept, once the run is over.
pub async fn taken(
    running: RunningSink<std::convert::Infallible>,
    gathered: oneshot::Receiver<Gathered>,
) -> Result<Gathered, Failure> {
    let failed = |what: String| Failure::Other(anyhow::anyhow!(what));
    running.finish().await.map_err(|error| failed(error.to_string()))?;
    gathered.await.map_err(|error| failed(error.to_string()))
}

/// What the row says of the job.
pub fn job_facts(
    row: Option<&Row>,
    id: Option<String>,
    namespace: Option<String>,
    source: String,
    redaction: Redaction,
) -> JobFacts {
    let column = |name: &str| row.and_then(|row| row.column(name)).map(|text| redaction.text(text, 200));
    let row_id = row.and_then(Row::id).map(|id| redaction.text(id, 200));
    JobFacts {
        name: id.clone().or_else(|| row_id.clone()).unwrap_or_else(|| "a job without an id".to_owned()),
        id,
        row: row_id,
        title: column("job_title"),
        program: column("program"),
        database: column("db"),
        status: column("status"),
        namespace,
        source,
    }
}

/// How a row says that its job came out, if it does.
pub fn outcome_of(status: &str) -> Option<Standing> {
    match status.trim().to_lowercase().as_str() {
        "completed" => Some(Standing::Done),
        "failed" | "cancelled" | "deleted" => Some(Standing::Failed),
        _ => None,
    }
}

fn outcome(job: &Job) -> Option<Standing> {
    outcome_of(&job.ended()?)
}

/// What the doctor says, for a report.
pub fn diagnosis_of(report: DoctorReport) -> Diagnosis {
    Diagnosis { healthy: report.healthy, summary: report.summary, findings: report.findings }
}

impl ReportOutput {
    fn of(named: Option<&Path>) -> Result<ReportOutput, Failure> {
        // `-` is stdout, as everywhere, and what goes there without a word is the page.
        let Some(path) = named.filter(|path| *path != Path::new("-")) else {
            if stdout::is_terminal() {
                let text = "a page is nothing for a terminal: name a file with -o report.html, or redirect stdout";
                return Err(Failure::Usage(text.to_owned()));
            }
            return Ok(ReportOutput { form: Form::Html, file: None });
        };
        let word = path.to_str().and_then(Form::called);
        if let Some(form) = word {
            return Ok(ReportOutput { form, file: None });
        }
        let refuse = |why: String| {
            let text = format!(
                "-o {}: {why}; name a file that ends in .html, .json or .csv, or html, json or csv for stdout",
                path.display()
            );
            Failure::Usage(text)
        };
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).unwrap_or_default();
        let form = match ending.as_str() {
            "htm" => Some(Form::Html),
            ending => Form::called(ending),
        };
        let form = form.ok_or_else(|| refuse("its ending names no form".to_owned()))?;
        let file = whole_file::writable(path).map_err(refuse)?;
        Ok(ReportOutput { form, file: Some(file) })
    }

    fn write(&self, report: &JobReport, words: &PageWords) -> Result<(), Failure> {
        let text = match self.form {
            Form::Html => page(report, words)?.into_bytes(),
            Form::Json => {
                let mut text = serde_json::to_vec_pretty(report).context("the report as JSON")?;
                text.push(b'\n');
                text
            }
            Form::Csv => csv(report)?,
        };
        match &self.file {
            None => match std::str::from_utf8(&text) {
                // A terminal obeys nothing of it; into a pipe goes what it is.
                Ok(readable) if stdout::is_terminal() => stdout::print(readable).map(drop),
                _ => stdout::outcome(stdout::write(&text)).map(drop),
            },
            Some(path) => {
                let write = |mut file: std::fs::File| file.write_all(&text).map(|()| file);
                whole_file::replace(path, Readers::Usual, write)
                    .with_context(|| format!("-o {}: cannot write", path.display()))?;
                let totals = &report.totals;
                stderr::say(&format!(
                    "{}: {}, {}, {} of {} done",
                    path.display(),
                    counted(totals.containers, "container"),
                    counted(totals.lines, "line"),
                    thousands(totals.batches.done),
                    counted(totals.batches.total, "batch")
                ));
                Ok(())
            }
        }
    }
}

impl Form {
    fn called(word: &str) -> Option<Form> {
        match word {
            "html" => Some(Form::Html),
            "json" => Some(Form::Json),
            "csv" => Some(Form::Csv),
            _ => None,
        }
    }
}
