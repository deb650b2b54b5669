//! `elbtail watch JOB`.

#[cfg(feature = "archive")]
mod archived;
mod driver;
mod feeds;
mod screen;
mod signals;
mod spill;
#[cfg(test)]
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../tests/support/tmux.rs"]
mod tmux;
mod words;

use std::{
    convert::Infallible,
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use signal_hook::{consts::SIGQUIT, low_level::emulate_default_handler};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use self::spill::TemporaryFile;
use super::{
    allow_node_logs,
    args::WatchArgs,
    doctor::Asker,
    environment::variables,
    failure::Failure,
    flags::LatestAmong,
    interrupt::interruptible,
    job::{Job, RowPlace},
    logs, nothing,
    rows::Rows,
    stderr, stdout,
    which::Located,
};
use crate::{
    cluster::Cluster,
    exit::Exit,
    follow::follower::Scope,
    job_id::JobId,
    overview::RowState,
    render::{Transforms, is_utf8},
    row::Row,
    session::{
        Outlet, PodNews, WantedLogs,
        ending::Ending,
        fan_out::{FanOut, RunningSink, SinkRunner, Stats},
        follow::{self, RowNews},
    },
    view::{Inbox, Look, Scrollback, ScrollbackLimits, Signs, View, ViewEnd, ViewNews, ViewSink, WhenFull},
};

/// How long a line waits at most for earlier ones of other containers: what ran before is shown in the order of time.
const HOLD: Duration = Duration::from_secs(1);

/// How long the terminal may take to be given back.
const LEAVE: Duration = Duration::from_secs(2);

/// Shows the job on the whole screen, until it is left.
pub async fn run(mut args: WatchArgs, asker: Asker, place: RowPlace) -> Result<Exit, Failure> {
    args.job.latest.among = LatestAmong::All;
    if let Some(why) = refusal() {
        return Err(Failure::Usage(words::refused(why, args.archive())));
    }
    #[cfg(feature = "archive")]
    if let Some(dest) = &args.archive {
        return archived::run(&args, dest).await;
    }
    live(args, asker, place).await
}

/// Why no screen can be drawn, if that is so.
fn refusal() -> Option<&'static str> {
    match () {
        () if !stdout::is_terminal() => Some("standard output is none"),
        () if variables().is_dumb() => Some("TERM says that this one cannot be drawn on"),
        () if variables().get("NO_COLOR").is_some() => Some("NO_COLOR asks for plain text"),
        () => None,
    }
}

/// A run, and the screen that it is told to.
struct Show {
    inbox: Inbox,
    out: Outlet,
    /// Who hands on what the run says.
    #[cfg_attr(not(feature = "archive"), expect(dead_code, reason = "a replay alone waits for it"))]
    told: RunningSink<Infallible>,
    stats: Stats,
    /// How the screen was left.
    left: oneshot::Receiver<io::Result<Option<ViewEnd>>>,
    stop: Arc<AtomicBool>,
    /// What signals ask for.
    asked: signals::SignalRequests,
    /// The doctor is asked for.
    examine: mpsc::UnboundedReceiver<()>,
    _words: stderr::HeldWords,
}

impl Show {
    /// Takes the terminal, and draws there what is told.
    fn begin(args: &WatchArgs, when_full: WhenFull) -> Result<Show, Failure> {
        let inbox = Inbox::new(when_full);
        let mut listeners = FanOut::default();
        let cannot = |error| Failure::Other(anyhow::Error::new(error).context("cannot start the view"));
        // It never blocks, and another thread would have to be woken for each line.
        let told = listeners.add(ViewSink::new(inbox.clone()), SinkRunner::Task).map_err(cannot)?;
        let out = listeners.open();
        let view = view(args, when_full);
        let (sender, left) = oneshot::channel();
        let (examine, examined) = mpsc::unbounded_channel();
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), signals::SignalRequests::default());
        let outside = driver::Outside { inbox: inbox.clone(), stop: stop.clone(), asked: asked.clone(), examine };
        let words = stderr::hold();
        thread::Builder::new()
            .name("view".to_owned())
            .spawn(move || {
                let left = driver::run(view, &outside);
                outside.inbox.close();
                // The run may not ask any more.
                let _ = sender.send(left);
            })
            .map_err(cannot)?;
        let stats = out.stats();
        Ok(Show { inbox, out, told, stats, left, stop, asked, examine: examined, _words: words })
    }
}

/// Waits until the screen is left, while `told` goes on; a signal ends it too.
async fn until_left(
    left: oneshot::Receiver<io::Result<Option<ViewEnd>>>,
    stop: &AtomicBool,
    asked: &signals::SignalRequests,
    told: impl Future<Output = Infallible>,
) -> Result<Exit, Failure> {
    let mut left = left;
    let ended = tokio::select! {
        ended = interruptible(&mut left) => ended.map_err(Some),
        () = signals::quit() => Err(None),
        never = asked.hear() => match never {},
        never = told => match never {},
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(signal) => {
            stop.store(true, Relaxed);
            // A terminal that takes nothing any more is given back as far as that goes.
            let _ = timeout(LEAVE, left).await;
            screen::leave();
            return signal.ok_or_else(|| {
                // It does not return, and leaves a core where one is wanted.
                let _ = emulate_default_handler(SIGQUIT);
                Failure::Other(anyhow::anyhow!("SIGQUIT"))
            });
        }
    };
    match ended {
        Ok(Ok(Some(ViewEnd::Interrupted))) => Ok(Exit::Interrupted),
        Ok(Ok(Some(ViewEnd::Quit) | None)) => Ok(Exit::Done),
        Ok(Err(error)) => Err(Failure::Other(anyhow::Error::new(error).context("the terminal cannot be drawn on"))),
        Err(_) => Err(Failure::Other(anyhow::anyhow!("the view ended unexpectedly"))),
    }
}

fn view(args: &WatchArgs, when_full: WhenFull) -> View {
    let (limits, spill, trouble) = match TemporaryFile::new() {
        Ok(file) => (ScrollbackLimits::default(), Some(Box::new(file) as Box<_>), None),
        Err(error) => (ScrollbackLimits::default(), None, Some(error)),
    };
    let transforms = Transforms::default().and(args.masking());
    let signs = if is_utf8(variables()) { Signs::Unicode } else { Signs::Ascii };
    let look = Look { theme: args.color_theme, signs };
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    let view = View::new(Scrollback::new(limits, spill), transforms, look, size);
    let mut view = if when_full == WhenFull::Wait { view.of_archive() } else { view };
    view.zone = args.zone();
    if let Some(error) = trouble {
        view.say(format!("without a temporary file only the latest lines are held: {error}"));
    }
    view
}

/// Follows the job.
async fn live(args: WatchArgs, asker: Asker, place: RowPlace) -> Result<Exit, Failure> {
    let Located { args: which, job, cluster, found_in } = Located::find(&args.job, &place, &asker.flags).await?;
    let (heard, read) = mpsc::unbounded_channel();
    let rows = Rows::of(&which, &place, &job, &args.select).heard_by(heard);
    if !rows.may_yet_tell(&job) {
        job.id()?;
    }
    let cluster = Located::connected(cluster, &asker.flags, &which).await?;
    allow_node_logs(&cluster, args.node_logs).await?;
    let namespace = found_in.unwrap_or_else(|| job.namespace(cluster.namespace()));
    let show = Show::begin(&args, WhenFull::Drop)?;
    let Show { inbox, out, stats, left, stop, asked, examine, _words, .. } = show;
    if let Some(row) = &job.row {
        inbox.put(ViewNews::Row(state_of(row)));
    }
    // When nobody looks any more, the next event shows it.
    let _ = out.send(job.ids()).await;
    let (ids_told, ids) = watch::channel(job.resolution.id().into_iter().cloned().collect());
    let mut broken = None;
    let told = async {
        let run = async {
            let ended = follow_job(&args, &job, rows, &cluster, &namespace, &inbox, out, ids_told).await;
            let nothing_is_shown = stats.now().containers == 0;
            let ended = match ended {
                Ok(ending) if nothing_is_shown => {
                    Err(Failure::NoPods(none_shown(&args, &job, ending, &cluster, &namespace).await))
                }
                ended => ended.map(|_| ()),
            };
            let said = ended.as_ref().err().map(ToString::to_string);
            broken = ended.err();
            inbox.put(ViewNews::Over(said.map_or(Ok(()), Err)));
            // There is nothing to look at: the error is told where the command was typed.
            if nothing_is_shown && broken.is_some() {
                stop.store(true, Relaxed);
            }
        };
        tokio::join!(
            run,
            tell_rows(read, &inbox),
            feeds::jobs(cluster.clone(), namespace.clone(), ids.clone(), inbox.clone()),
            feeds::usage(cluster.clone(), namespace.clone(), ids, inbox.clone()),
            feeds::doctor(job.clone(), cluster.clone(), &asker, namespace.clone(), examine, inbox.clone()),
        );
        pending().await
    };
    let exit = until_left(left, &stop, &asked, told).await?;
    drop(_words);
    let stats = stats.now();
    match (exit, broken) {
        (Exit::Done, Some(failure)) => Err(failure),
        (Exit::Done, None) => logs::exit(&stats, args.exit_code && stats.has_failed()),
        (exit, _) => Ok(exit),
    }
}

/// Why a job that has ended has nothing to show.
async fn none_shown(args: &WatchArgs, job: &Job, ending: Ending, cluster: &Cluster, namespace: &str) -> String {
    let id = job.resolution.id();
    let filter = args.select.filter(id.map_or("", JobId::short));
    match nothing::chosen_of(id, ending.pods, &args.select, &filter, namespace, cluster).await {
        Some(text) => text,
        None => nothing::left_of(id, namespace).await,
    }
}

/// Reads the job's logs until it has ended.
#[allow(clippy::too_many_arguments)] // Each is one thing that a run needs.
async fn follow_job(
    args: &WatchArgs,
    job: &Job,
    rows: Rows,
    cluster: &Cluster,
    namespace: &str,
    inbox: &Inbox,
    out: Outlet,
    ids: watch::Sender<Vec<JobId>>,
) -> Result<Ending, Failure> {
    let short = job.resolution.id().map(|id| id.short().to_owned()).unwrap_or_default();
    let pods = inbox.clone();
    let wanted = WantedLogs {
        filter: args.select.filter(&short),
        scope: Scope {
            follow: true,
            since: args.since()?,
            tail: args.tail,
            previous: false,
            node_logs: args.node_logs,
        },
        resume: None,
        hold: Some(HOLD),
        pods: Some(Arc::new(move |news: PodNews<'_>| {
            pods.put(match news {
                PodNews::There(pod) => ViewNews::Pod(Box::new(pod.clone())),
                PodNews::Gone(uid) => ViewNews::PodGone(uid.to_owned()),
            });
        })),
    };
    let (sender, mut told) = mpsc::channel(4);
    let (handed_on, news) = mpsc::channel(4);
    let teller = tokio::spawn(rows.tell(job.clone(), sender, out.clone()));
    // Whoever asks for Jobs and usage hears of the ids too.
    let relay = tokio::spawn(async move {
        while let Some(news) = told.recv().await {
            if let RowNews::Id(selection) = &news {
                ids.send_modify(|ids| ids.push(selection.id.clone()));
            }
            if handed_on.send(news).await.is_err() {
                return;
            }
        }
    });
    let ended = follow::follow(cluster, namespace, wanted, news, out, &follow::Progress::default()).await;
    teller.abort();
    relay.abort();
    Ok(ended?)
}

/// Tells what the row says, as often as it is read.
async fn tell_rows(mut read: mpsc::UnboundedReceiver<Row>, inbox: &Inbox) {
    while let Some(row) = read.recv().await {
        inbox.put(ViewNews::Row(state_of(&row)));
    }
}

fn state_of(row: &Row) -> RowState {
    RowState { status: row.status().map(str::to_owned), phase: row.phase().map(str::to_owned) }
}
