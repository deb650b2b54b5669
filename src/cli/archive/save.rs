//! `elbtail save JOB DEST [-f]`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, pin_mut};
use jiff::Timestamp;
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    time::timeout,
};

use super::{
    all,
    args::{AllArgs, SaveArgs},
    open_or_begin,
};
use crate::{
    archive::{
        Archive, ArchiveError, ArchivedJob, Budget, ChunkCheck, Fault, JobKey, JobState, Limits, ObjectLog, Positions,
        Trouble, Writer, Written,
    },
    cli::{
        allow_node_logs,
        args::{JobArgs, SelectArgs},
        console::{self, Console, StderrStyle, Verbosity, Whose},
        failure::Failure,
        flags::{LatestArgs, PrintArgs},
        interrupt::interruptible,
        job::{Job, RowPlace},
        logs,
        rows::Rows,
        stderr,
        which::Located,
    },
    cluster::{Cluster, ConnectOptions},
    discover::{Match, Selection, watch as pods},
    exit::Exit,
    follow::follower::Scope,
    numbers::counted,
    render::{ColorChoice, Transforms},
    resolve::{ResolveFormat, output, resolve},
    row::Row,
    session::{
        Outlet, Resume, RunEvent, RunStats, Sink, WantedLogs, asked, dashboard,
        fan_out::{FanOut, SinkError, SinkRunner},
        filter::ContainerFilter,
        follow::{self, Progress},
        objects::{self, ObjectEvent},
        refill::{Refilled, refill},
        save::{Saver, SecretHandling, SharedSaver, earlier},
        sink::Stop,
        snapshot::{self, Order},
    },
};

/// Chunks that are named at most.
const TOLD: usize = 10;

/// How long an interrupted run may take to make durable what it has read.
const LAST_WORD: Duration = Duration::from_secs(8);

/// Keeps the job's lines and objects.
pub async fn run(args: SaveArgs, flags: ConnectOptions, place: RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    if args.all.all {
        return all::run(args, flags, place, color).await;
    }
    let which = JobArgs {
        target: args.job.clone(),
        job: args.pick.clone(),
        latest: LatestArgs::default(),
        all_namespaces: false,
    };
    let Located { args: which, job, cluster, .. } = Located::find(&which, &place, &flags).await?;
    let select = SelectArgs::all(args.include_setup);
    let (heard, rows_read) = mpsc::unbounded_channel();
    let mut rows = Rows::of(&which, &place, &job, &select).heard_by(heard);
    if !(args.follow && rows.may_yet_tell(&job)) {
        job.id()?;
    }
    let archive = open_or_begin(&args.dest.dest).await?;
    let cluster = Located::connected(cluster, &flags, &which).await?;
    allow_node_logs(&cluster, args.node_logs).await?;
    let job = match interruptible(rows.until_named(job)).await {
        Ok(job) => job,
        Err(exit) => {
            stderr::say("interrupted: the row named no id yet, and nothing was saved");
            return Ok(exit);
        }
    };
    let selection = select.selection(job.id()?);
    let namespace = job.namespace(cluster.namespace());
    let plan = WriterPlan { archive: &archive, budget: &Budget::new(Limits::default()), gone: None };
    let (run, trouble) = SaveRun::begin(plan, cluster, namespace, selection, args, color).await?;
    if run.secrets == SecretHandling::Kept {
        stderr::say(SECRETS_INCLUDED);
    }
    let none = format!(
        "no pods of {} in namespace {}: nothing was saved but what is known of the job{}",
        run.selection.id,
        run.namespace,
        if run.is_begun { "; the archive of it remains unfinished, 'elbtail verify' says what is missing" } else { "" }
    );
    let progress = Progress::default();
    let subject = SavedJob { job, rows, rows_read };
    let kept = run.run(subject, trouble, FanOut::default(), &progress, SaveUntil::Signal).await?;
    match kept.end {
        SaveEnd::Interrupted(exit, LastRead::Unwritten) => {
            stderr::warn("what was read last could not be written in time: the next save reads it again");
            Ok(exit)
        }
        SaveEnd::Interrupted(exit, LastRead::Durable) => {
            stderr::say(&format!("interrupted: {progress}, {} saved", counted(kept.stats.lines, "line")));
            Ok(exit)
        }
        SaveEnd::NoPods => Err(Failure::NoPods(none)),
        SaveEnd::Job { .. } => {
            stderr::say(&format!(
                "saved: {} of {}",
                counted(kept.stats.lines, "line"),
                counted(kept.stats.containers, "container")
            ));
            match logs::exit(&kept.stats, false)? {
                Exit::Done if kept.lost > 0 => Ok(Exit::LinesMissing),
                exit => Ok(exit),
            }
        }
    }
}

/// What is said once to whoever does not mask.
pub(super) const SECRETS_INCLUDED: &str =
    "the archive holds what the pods wrote, secrets included; --redact masks them";

/// Where a job is written, and by whom before.
pub(super) struct WriterPlan<'a> {
    pub archive: &'a Archive,
    pub budget: &'a Arc<Budget>,
    /// A host whose writer is known to have ended.
    pub gone: Option<&'a str>,
}

/// Keeps one job, until it has ended or somebody asks for an end.
pub(super) struct SaveRun {
    /// Where the dashboard's own chunks go, if they are wanted.
    dashboard: Option<Archive>,
    /// What the job is called in the archive.
    key: JobKey,
    args: SaveArgs,
    color: ColorChoice,
    cluster: Cluster,
    namespace: String,
    selection: Selection,
    saver: Arc<Mutex<Saver>>,
    secrets: SecretHandling,
    positions: Positions,
    written: watch::Receiver<Written>,
    /// What was there before, until it was looked at.
    known: Option<ArchivedJob>,
    /// When the archive was written to last.
    saved: Option<Timestamp>,
    /// Whether the archive holds a part of the job already, and not its end.
    is_begun: bool,
}

/// The job, and its row as it is read again.
pub(super) struct SavedJob {
    pub job: Job,
    pub rows: Rows,
    /// Each row that `rows` reads.
    pub rows_read: mpsc::UnboundedReceiver<Row>,
}

/// Who may ask for an end.
pub(super) enum SaveUntil {
    /// Whoever sends the process a signal.
    Signal,
    /// Whoever holds the other end, by saying so or letting go of it.
    Told(oneshot::Receiver<()>),
}

impl SaveUntil {
    async fn interrupt<T>(self, work: impl Future<Output = T>) -> Result<T, Exit> {
        match self {
            SaveUntil::Signal => interruptible(work).await,
            SaveUntil::Told(told) => tokio::select! {
                biased;
                _ = told => Err(Exit::Terminated),
                ended = work => Ok(ended),
            },
        }
    }
}

/// What came of it.
pub(super) struct Kept {
    pub end: SaveEnd,
    pub stats: RunStats,
    /// What is missing beside that which this run has read: chunks of earlier runs that cannot be read any more, nor filled, and
    /// gaps.
    pub lost: usize,
}

/// How it came to its end.
pub(super) enum SaveEnd {
    /// The job has ended, or not.
    Job { ended: bool },
    /// There is nothing to read.
    NoPods,
    /// It was asked to, which is this exit code.
    Interrupted(Exit, LastRead),
}

/// What became of that which was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastRead {
    /// It is durable.
    Durable,
    /// It could not be written in time.
    Unwritten,
}

impl SaveRun {
    /// Takes the right to write the job, and reads how far it is kept.
    pub(super) async fn begin(
        WriterPlan { archive, budget, gone }: WriterPlan<'_>,
        cluster: Cluster,
        namespace: String,
        selection: Selection,
        args: SaveArgs,
        color: ColorChoice,
    ) -> Result<(SaveRun, Trouble), Failure> {
        let age = Duration::try_from(args.max_age).unwrap_or_default();
        let secrets = if args.redact { SecretHandling::Masked } else { SecretHandling::Kept };
        let limits = Limits { age, ..Limits::default() };
        let id = JobKey::new(selection.id.as_str())?;
        let (key, known, writer) = loop {
            let (mut key, mut known) = archive.kept_in(&id, &namespace).await?;
            // A namespace that has none of its pods is not the other's: `-n` may be mistyped.
            let aside = key != id && known.is_none() && has_none(&cluster, &namespace, &selection).await;
            if aside {
                (key, known) = (id.clone(), Some(archive.job(&id).await?));
            }
            let masked = known.as_ref().map(|known| known.state.masked);
            if masked.is_some_and(|masked| masked != args.redact) {
                let how =
                    if args.redact { "without --redact: go on without it" } else { "with --redact: go on with it" };
                return Err(Failure::Usage(format!("{key} is kept in this archive already, and was saved {how}")));
            }
            let writer = Writer::open_within(archive, &key, limits, budget, gone).await?;
            // Another may have begun it meanwhile, for a job of another namespace.
            if aside || writer.state().may_be_in(&namespace) {
                break (key, known, writer);
            }
            writer.finish().await?;
        };
        if known.is_none()
            && let Some(ArchiveError::Damaged { at, why, .. }) = archive.remains(&key).await?
        {
            stderr::warn(&format!("{at}: {why}: it is begun anew"));
        }
        let trouble = writer.trouble();
        let (positions, written) = (writer.positions(), writer.written());
        let saver = Saver::new(writer, known.as_ref(), secrets, &cluster.host()).await?;
        let dashboard = args.dashboard_chunks.then(|| archive.clone());
        let run = SaveRun {
            dashboard,
            key,
            namespace,
            cluster,
            selection,
            saver: Arc::new(Mutex::new(saver)),
            secrets,
            positions,
            written,
            saved: known.as_ref().and_then(|known| known.saved),
            is_begun: known.as_ref().is_some_and(|known| !known.state.ended),
            known,
            args,
            color,
        };
        Ok((run, trouble))
    }

    /// How much of it has become durable.
    pub(super) fn written(&self) -> watch::Receiver<Written> {
        self.written.clone()
    }

    /// What the job is called in the archive.
    pub(super) fn key(&self) -> &JobKey {
        &self.key
    }

    /// What the operator is told: with the job's name, where there are several.
    fn named(&self, text: &str) -> String {
        let id = &self.selection.id;
        match &self.args.all {
            AllArgs { all: false, .. } => text.to_owned(),
            AllArgs { all_namespaces: false, .. } => format!("{id}: {text}"),
            _ => format!("{}/{id}: {text}", self.namespace),
        }
    }

    /// Keeps the job until it has ended, or `until` says so. `listeners` are told everything as well.
    pub(super) async fn run(
        mut self,
        subject: SavedJob,
        mut trouble: Trouble,
        mut listeners: FanOut,
        progress: &Progress,
        until: SaveUntil,
    ) -> Result<Kept, Failure> {
        let SavedJob { job, rows, mut rows_read } = subject;
        let (known, lost) = (self.known.take(), AtomicUsize::new(0));
        self.keep_row(job.row.as_ref()).await?;
        let verbosity = match (self.args.verbose, self.args.follow) {
            (true, _) => Verbosity::Verbose,
            // Of many jobs, what is out of the ordinary.
            _ if self.args.all.all => Verbosity::Some,
            (false, true) => Verbosity::Normal,
            (false, false) => Verbosity::Some,
        };
        let print = PrintArgs::default();
        // What pods' names leave out tells the jobs apart.
        let short = if self.args.all.all { String::new() } else { self.selection.id.short().to_owned() };
        let style = StderrStyle::of(verbosity, self.color);
        let console =
            Console::new(console::renderer(&print, self.color), Transforms::default(), Whose::One(short), style);
        let started = |error| Failure::Other(anyhow::Error::new(error).context("cannot start a listener"));
        let notes = listeners.add(Notes(console), SinkRunner::Thread).map_err(started)?;
        let kept = listeners.add(SharedSaver(self.saver.clone()), SinkRunner::Task).map_err(started)?;
        let out = listeners.open();
        let stats = out.stats();
        let (unread, mut failed) = mpsc::channel(1);
        let resume = self.resume(unread);
        let beside = async {
            loop {
                tokio::select! {
                    Some(error) = failed.recv() => return Err(error),
                    Some(row) = rows_read.recv() => self.keep_row(Some(&row)).await?,
                    Ok(()) = trouble.changed() => self.say_trouble(&trouble),
                    else => std::future::pending().await,
                }
            }
        };
        let work = async {
            if self.args.follow && known.is_none() {
                return self.follow(job, rows, out, resume, progress).await;
            }
            let found = pods::list(&self.cluster.client(), &self.namespace, &self.selection).await;
            if let Some(known) = known {
                let there = found.as_deref().unwrap_or_default();
                lost.store(self.refill(known, there).await?, Ordering::Relaxed);
            }
            match self.args.follow {
                true => self.follow(job, rows, out, resume, progress).await,
                false => self.look(found?, out, resume).await,
            }
        };
        let work = async {
            tokio::select! {
                ended = work => ended,
                error = beside => error.map_err(|error: ArchiveError| Failure::from(error)),
            }
        };
        let ended = until.interrupt(work).await;
        let interrupted = ended.is_err();
        let name = self.named("");
        let last = async {
            let kept = kept.finish().await;
            // What is told stands on stderr before the last word.
            let _ = notes.finish().await;
            match kept {
                Ok(()) => {}
                Err(SinkError::Failed(error)) => return Err(Failure::from(error)),
                Err(SinkError::Vanished) => {
                    return Err(Failure::Other(anyhow::anyhow!("the saver ended unexpectedly")));
                }
            }
            let Some(saver) = Arc::into_inner(self.saver).map(Mutex::into_inner) else {
                return Err(Failure::Other(anyhow::anyhow!("somebody still tells the saver something")));
            };
            let mut saver = saver;
            let state = saver.state().clone();
            if let Ok(Ok(end)) = &ended {
                if !matches!(end, SaveEnd::Job { ended: false }) {
                    let absent = saver.close_absent(&self.namespace).await?;
                    say_lost(&name, &absent);
                    lost.fetch_add(absent.len(), Ordering::Relaxed);
                }
                saver
                    .tell(JobState { ended: state.ended || matches!(end, SaveEnd::Job { ended: true }), ..state })
                    .await?;
            }
            saver.finish().await?;
            if let Some(archive) = &self.dashboard {
                dashboard::write(archive, &self.key).await?;
            }
            Ok(())
        };
        let last = if interrupted { timeout(LAST_WORD, last).await } else { Ok(last.await) };
        let stats = stats.now();
        let end = match (last, ended) {
            (Err(_), Err(exit)) => SaveEnd::Interrupted(exit, LastRead::Unwritten),
            (Ok(Ok(())), Err(exit)) => SaveEnd::Interrupted(exit, LastRead::Durable),
            // Why the saver ended is why the run did.
            (Ok(Err(failure)), _) => return Err(failure),
            // What has ended by itself is waited for.
            (Err(_) | Ok(Ok(())), Ok(ended)) => ended?,
        };
        Ok(Kept { end, stats, lost: lost.into_inner() })
    }

    /// Fills what cannot be read any more of what was kept before, as far as `found` have it, and says what else it lacks; returns
    /// how much is lost.
    async fn refill(&self, known: ArchivedJob, found: &[Match]) -> Result<usize, ArchiveError> {
        // Of many jobs, each that is taken over would be read once more.
        let check = if self.args.all.all { ChunkCheck::Sizes } else { ChunkCheck::Contents };
        let Refilled { filled, lost } = refill(&self.cluster, &known, found, check, self.secrets.kept_as()).await?;
        for chunk in filled.iter().take(TOLD) {
            stderr::say(&self.named(&format!("{chunk} could not be read, and are filled again from Kubernetes")));
        }
        for (chunk, why) in lost.iter().take(TOLD) {
            stderr::warn(&self.named(&format!("{chunk} cannot be read any more: {why}")));
        }
        if filled.len().max(lost.len()) > TOLD {
            let text = format!(
                "in all {} filled again, and {} that cannot be read; to see which: {}",
                counted(filled.len(), "chunk"),
                lost.len(),
                known.verify_command()
            );
            stderr::say(&self.named(&text));
        }
        let mut faults = known.lost_objects().await?;
        // What was gone before the first look is no loss, but nothing fills it any more.
        let (gone, gaps): (Vec<_>, Vec<_>) = known.gaps().partition(|(_, gap)| gap.gone_before);
        for (instance, gap) in gone.iter().take(TOLD) {
            stderr::say(&self.named(&Fault::missing(instance, gap).to_string()));
        }
        faults.extend(gaps.iter().map(|(instance, gap)| Fault::missing(instance, gap)));
        say_lost(&self.named(""), &faults);
        if gone.len().max(faults.len()) > TOLD {
            stderr::say(&self.named(&format!("more of it is missing; to see all: {}", known.verify_command())));
        }
        Ok(lost.len() + faults.len())
    }

    /// Goes on until the job has ended.
    async fn follow(
        &self,
        job: Job,
        rows: Rows,
        out: Outlet,
        resume: Resume,
        progress: &Progress,
    ) -> Result<SaveEnd, Failure> {
        self.keep_first().await?;
        let (sender, news) = mpsc::channel(4);
        let teller = rows.tell(job, sender, out.clone()).fuse();
        let work = follow::follow(&self.cluster, &self.namespace, self.wanted(resume), news, out, progress);
        let beside = async {
            let objects = self.keep_objects();
            pin_mut!(teller, objects);
            loop {
                tokio::select! {
                    () = &mut teller => {}
                    failed = &mut objects => return failed,
                }
            }
        };
        // What is under way beside ends with it: it may hold the saver.
        tokio::select! {
            ended = work => drop(ended?),
            failed = beside => return Err(failed.into()),
        }
        self.keep_list().await?;
        Ok(SaveEnd::Job { ended: true })
    }

    /// Reads what there is.
    async fn look(&self, found: Vec<Match>, out: Outlet, resume: Resume) -> Result<SaveEnd, Failure> {
        if found.is_empty() {
            return Ok(SaveEnd::NoPods);
        }
        self.keep_first().await?;
        snapshot::snapshot(&self.cluster, &found, &self.wanted(resume), Order::Arrival, out).await;
        self.keep_list().await?;
        let ended = asked::has_ended(&self.cluster, &self.namespace, &self.selection.id, &found).await;
        Ok(SaveEnd::Job { ended })
    }

    /// Everything, after what is kept already.
    fn wanted(&self, resume: Resume) -> WantedLogs {
        let scope = Scope { follow: self.args.follow, node_logs: self.args.node_logs, ..Scope::default() };
        WantedLogs { filter: ContainerFilter::default(), scope, resume: Some(resume), hold: None, pods: None }
    }

    /// What followers go on from. Why that cannot be had goes to `failed`.
    fn resume(&self, failed: mpsc::Sender<ArchiveError>) -> Resume {
        let (positions, saved, secrets) = (self.positions.clone(), self.saved, self.secrets);
        Arc::new(move |target| {
            let (positions, failed) = (positions.clone(), failed.clone());
            let away = saved.and_then(|saved| Duration::try_from(Timestamp::now().duration_since(saved)).ok());
            let away = away.unwrap_or_default();
            async move {
                match earlier(positions, target, away, secrets).await {
                    Ok(earlier) => Some(earlier),
                    Err(error) => {
                        // One error is enough.
                        let _ = failed.try_send(error);
                        None
                    }
                }
            }
            .boxed()
        })
    }

    /// Keeps the row as it is, and where the id stands in it.
    async fn keep_row(&self, row: Option<&Row>) -> Result<(), ArchiveError> {
        let mut saver = self.saver.lock().await;
        let state = saver.state().clone();
        let Some(row) = row else { return saver.tell(state).await };
        saver
            .tell(JobState { row: row.id().map(str::to_owned), status: row.status().map(str::to_owned), ..state })
            .await?;
        saver.object(ObjectLog::Row, row.document().clone()).await?;
        let resolution = output::render(ResolveFormat::Json, Some(row), &resolve(row));
        match resolution.ok().and_then(|text| serde_json::from_str(&text).ok()) {
            Some(resolution) => saver.object(ObjectLog::Resolution, resolution).await,
            None => Ok(()),
        }
    }

    /// Keeps the job's objects as they change, without end.
    async fn keep_objects(&self) -> ArchiveError {
        let watch = objects::watch(&self.cluster.client(), &self.namespace, &self.selection);
        pin_mut!(watch);
        let mut untold = ObjectLog::ALL.to_vec();
        loop {
            match watch.next().await {
                Some(ObjectEvent::Object(change, object)) => {
                    if let Err(error) = self.saver.lock().await.object(change, object).await {
                        return error;
                    }
                }
                Some(ObjectEvent::Trouble(change, error)) => {
                    if untold.contains(&change) {
                        untold.retain(|other| *other != change);
                        stderr::say(&self.named(&format!("{change} cannot be kept at present, trying on: {error}")));
                    }
                }
                // A watch has no end.
                None => std::future::pending().await,
            }
        }
    }

    /// Keeps which pods and Jobs there are before anything is read of them, so that one that goes unread is told.
    async fn keep_first(&self) -> Result<(), ArchiveError> {
        let first = [ObjectLog::Pods, ObjectLog::Jobs];
        let listed = objects::list(&self.cluster.client(), &self.namespace, &self.selection, &first).await;
        let mut saver = self.saver.lock().await;
        for told in listed {
            // What cannot be had is told when it is asked for again.
            if let ObjectEvent::Object(change, object) = told {
                saver.object(change, object).await?;
            }
        }
        saver.seal_objects().await
    }

    /// Keeps the job's objects as they are.
    async fn keep_list(&self) -> Result<(), ArchiveError> {
        for told in objects::list(&self.cluster.client(), &self.namespace, &self.selection, &ObjectLog::ALL).await {
            match told {
                ObjectEvent::Object(change, object) => self.saver.lock().await.object(change, object).await?,
                ObjectEvent::Trouble(change, error) => {
                    stderr::warn(&self.named(&format!("{change} cannot be kept: {error}")));
                }
            }
        }
        Ok(())
    }

    fn say_trouble(&self, trouble: &Trouble) {
        match &*trouble.borrow() {
            Some(error) => {
                stderr::warn(&self.named(&format!("the archive cannot be written at present, trying on: {error}")));
            }
            None => stderr::say(&self.named("the archive can be written again")),
        }
    }
}

/// Warns of what an archive lacks.
fn say_lost(name: &str, faults: &[Fault]) {
    for fault in faults.iter().take(TOLD) {
        stderr::warn(&format!("{name}{fault}"));
    }
}

/// Whether it is known that there are no pods of the job.
async fn has_none(cluster: &Cluster, namespace: &str, selection: &Selection) -> bool {
    pods::list(&cluster.client(), namespace, selection).await.is_ok_and(|found| found.is_empty())
}

/// A console that is told everything but the lines.
struct Notes(Console);

impl Sink for Notes {
    type Error = io::Error;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<io::Error>> {
        match event {
            // It names pods in its own way, which tells those of several jobs apart.
            RunEvent::Job(_) => Ok(()),
            event if event.lines() > 0 => Ok(()),
            event => self.0.event(event).await,
        }
    }

    async fn pause(&mut self) -> Result<Option<Duration>, Stop<io::Error>> {
        self.0.pause().await
    }

    async fn silence(&mut self) -> Result<(), Stop<io::Error>> {
        self.0.silence().await
    }

    async fn finish(self) -> Result<(), Stop<io::Error>> {
        self.0.finish().await
    }
}
