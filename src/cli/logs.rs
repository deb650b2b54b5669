//! `elbtail logs JOB [-f]`.

mod several;

use std::{io, time::Duration};

use tokio::sync::mpsc;

use super::{
    allow_node_logs,
    args::{self, LogsArgs, SelectArgs},
    beginning::ArchivedBeginning,
    connect,
    console::{self, Printing, StderrStyle, Verbosity, Whose},
    doctor::{self, Asker},
    failure::Failure,
    interrupt::interruptible,
    job::{Job, RowPlace},
    nothing,
    rows::Rows,
    stderr, stdout,
    which::Located,
};
use crate::{
    cluster::Cluster,
    discover::{Match, Selection, watch as pods},
    exit::Exit,
    follow::follower::Scope,
    job_id::JobId,
    numbers::counted,
    overview::SummaryOf,
    render::{ColorChoice, JobIds},
    session::{
        Outlet, RunStats, WantedLogs, asked, ending::Ending, fan_out::RunningSink, filter::ContainerFilter, follow,
        snapshot::Order,
    },
};

/// Prints the job's lines.
pub async fn run(mut args: LogsArgs, asker: Asker, place: RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    let mut wants = Wants::of(&args, color)?;
    args.refuse_detached_format()?;
    if wants.filter.labels.is_some() {
        // Read here: a server would not tell of the pods that have none of them that they are there.
        (args.select.selector, wants.select.selector) = (None, None);
    }
    if !args.more.is_empty() {
        return several::run(args, wants, asker, place).await;
    }
    let Located { args: which, job, cluster, found_in } = located(&args, &place, &asker).await?;
    args.job = which;
    let rows = Rows::of(&args.job, &place, &job, &args.select);
    let follow = wants.scope.follow;
    if !(follow && rows.may_yet_tell(&job)) {
        job.id()?;
    }
    let cluster = match cluster {
        Some(cluster) => cluster,
        None => connect(&asker.flags, args.job.target.as_ref())
            .await
            .map_err(|failure| args::blame_context(failure, asker.flags.context.as_deref()))?,
    };
    allow_node_logs(&cluster, args.node_logs).await?;
    let namespace = found_in.unwrap_or_else(|| job.namespace(cluster.namespace()));
    let short = job.resolution.id().map(|id| id.short().to_owned()).unwrap_or_default();
    let (ids, filter) = (job.ids(), ContainerFilter { short, ..wants.filter.clone() });
    let run = LogsRun { wants, ids, filter, cluster, asker, namespace };
    if follow { run.follow(job, rows).await } else { run.look(job).await }
}

/// The job, which the archive may know by a name that the cluster knows no more.
async fn located(args: &LogsArgs, place: &RowPlace, asker: &Asker) -> Result<Located, Failure> {
    let found = Located::find(&args.job, place, &asker.flags).await;
    #[cfg(feature = "archive")]
    if found
        .as_ref()
        .map_or(true, |found| matches!(&found.args.target, Some(crate::source::JobArg::Id(id)) if !id.is_whole()))
        && let Some(dest) = &args.archive
        && let Some(named) = super::archive::named(dest, &args.job).await
    {
        return Located::find(&named, place, &asker.flags).await;
    }
    found
}

/// What the flags ask for, whichever job it is of.
struct Wants {
    /// What is shown of lines; it is taken once.
    printing: Option<Printing>,
    /// The color of what is told.
    color: ColorChoice,
    /// How much is told, if that is said.
    verbosity: Option<Verbosity>,
    /// Whether only what concerns the lines is told.
    only_log_lines: bool,
    scope: Scope,
    select: SelectArgs,
    /// The containers, of whichever job.
    filter: ContainerFilter,
    order: Option<Order>,
    /// How long lines wait for earlier ones, where they come in the order of time.
    hold: Duration,
    #[cfg(feature = "archive")]
    archive: Option<std::ffi::OsString>,
    /// Whether the exit code tells that a job failed.
    exit_code: bool,
    /// What was done to lines that are counted.
    counted_as: &'static str,
}

impl Wants {
    fn of(args: &LogsArgs, color: ColorChoice) -> Result<Wants, Failure> {
        Ok(Wants {
            printing: Some(Printing::of(&args.print, &args.lines, color)?),
            color,
            verbosity: match (args.only_log_lines, args.verbose > 0) {
                (_, true) => Some(Verbosity::Verbose),
                (true, _) => Some(Verbosity::Little),
                _ => None,
            },
            only_log_lines: args.only_log_lines,
            scope: Scope {
                // What has ended before cannot be followed.
                follow: args.follow && !args.previous,
                since: args.lines.since()?,
                tail: args.lines.tail(),
                previous: args.previous,
                node_logs: args.node_logs,
            },
            select: args.select.clone(),
            filter: args.filter()?,
            order: args.order,
            hold: args.hold()?,
            #[cfg(feature = "archive")]
            archive: args.archive.clone(),
            exit_code: args.exit_code,
            counted_as: args.lines.what_happened(),
        })
    }
}

struct LogsRun {
    wants: Wants,
    ids: JobIds,
    filter: ContainerFilter,
    cluster: Cluster,
    /// How it was asked for, which suggested commands repeat.
    asker: Asker,
    namespace: String,
}

impl LogsRun {
    /// Reads what there is.
    async fn look(self, job: Job) -> Result<Exit, Failure> {
        let selection = self.wants.select.selection(job.id()?);
        let found = pods::list(&self.cluster.client(), &self.namespace, &selection).await?;
        let beginning = self.beginning(&selection.id, &found).await?;
        let order = self.wants.order.unwrap_or(Order::Time);
        self.read(job, selection, found, beginning, order).await
    }

    async fn beginning(&self, id: &JobId, found: &[Match]) -> Result<ArchivedBeginning, Failure> {
        #[cfg(feature = "archive")]
        if let Some(dest) = &self.wants.archive {
            let beginning =
                ArchivedBeginning::of(dest, id, &self.namespace, found, &self.filter, &self.wants.scope).await?;
            if beginning.is_nothing() && !self.wants.only_log_lines {
                stderr::say(&format!("the archive holds nothing of {id} yet"));
            }
            return Ok(beginning);
        }
        let _ = (id, found);
        Ok(ArchivedBeginning::default())
    }

    async fn read(
        mut self,
        job: Job,
        selection: Selection,
        found: Vec<Match>,
        beginning: ArchivedBeginning,
        order: Order,
    ) -> Result<Exit, Failure> {
        if found.is_empty() && beginning.is_nothing() {
            if let Some(text) = nothing::so_labelled(&selection, &self.namespace, &self.cluster).await {
                return Err(Failure::NoPods(text));
            }
            let text = nothing::found(&selection, &self.namespace, &self.cluster)
                + &nothing::but_archived(&selection.id, &self.namespace).await;
            return Err(Failure::NoPods(
                doctor::explain(text, &job, &self.cluster, &self.asker, &self.namespace).await,
            ));
        }
        let (console, out) = self.console(selection.id.short(), Verbosity::Some)?;
        self.say_whose(&out).await;
        let stats = out.stats();
        let wanted = self.wanted();
        let work = beginning.look(&self.cluster, &found, &wanted, order, out);
        let ended = interruptible(work).await;
        console::finished(console).await?;
        let stats = stats.now();
        match ended {
            Ok(read) => read?,
            Err(exit) => return Ok(exit),
        }
        if stats.containers == 0 {
            return Err(Failure::NoPods(if self.wants.scope.previous {
                "no container that is chosen has an instance before its latest whose log is kept: none was started again".to_owned()
            } else {
                beginning.nothing_wanted(&found, &self.filter).await?
            }));
        }
        let unread = !found.is_empty() && stats.lines == 0;
        if unread && stats.forbidden.is_empty() && self.filter.is_empty() && !self.wants.only_log_lines {
            doctor::tell(&job, &self.cluster, &self.asker, &self.namespace).await;
        }
        let failed = self.wants.exit_code
            && (asked::has_failed(&self.cluster, &self.namespace, &selection.id, &found).await
                || beginning.has_failed().await?);
        let exit = exit(&stats, failed)?;
        Ok(beginning.with_its_end(exit, found.len()))
    }

    /// Goes on until the job has ended.
    async fn follow(mut self, job: Job, rows: Rows) -> Result<Exit, Failure> {
        let id = job.resolution.id().cloned();
        let mut beginning = ArchivedBeginning::default();
        // Without an id yet, nobody can have saved anything of it.
        if let (Some(id), true) = (&id, self.wants_beginning()) {
            let selection = self.wants.select.selection(id.clone());
            let found = pods::list(&self.cluster.client(), &self.namespace, &selection).await?;
            beginning = self.beginning(id, &found).await?;
            if beginning.is_all(&found) {
                self.wants.scope.follow = false;
                let order = self.wants.order.unwrap_or(Order::Arrival);
                return self.read(job, selection, found, beginning, order).await;
            }
        }
        let (console, out) = self.console(id.as_ref().map_or("", |id| id.short()), Verbosity::Normal)?;
        self.say_whose(&out).await;
        let stats = out.stats();
        let done = self.wants.counted_as;
        let (sender, news) = mpsc::channel(4);
        let teller = tokio::spawn(rows.tell(job.clone(), sender, out.clone()));
        let progress = follow::Progress::default();
        let work = beginning.follow(&self.cluster, &self.namespace, self.wanted(), news, out, &progress);
        // A silent job would never show by a write that nobody reads it any more.
        let work = async {
            tokio::select! {
                ended = work => Some(ended),
                () = stdout::closed() => None,
            }
        };
        let ended = interruptible(work).await;
        teller.abort();
        console::finished(console).await?;
        let stats = stats.now();
        let ended = match ended {
            Ok(ended) => ended,
            Err(exit) => {
                stderr::say(&format!("interrupted: {progress}, {} {done}", counted(stats.lines, "line")));
                return Ok(exit);
            }
        };
        if let Some(ended) = ended {
            ended?;
        }
        // Else nobody reads it any more.
        let Some(Ending { failed, pods }) = stats.ended else { return Ok(Exit::Done) };
        if stats.containers == 0 {
            let Wants { select, .. } = &self.wants;
            let (cluster, namespace) = (&self.cluster, &self.namespace);
            return Err(Failure::NoPods(
                match nothing::chosen_of(id.as_ref(), pods, select, &self.filter, namespace, cluster).await {
                    Some(text) => text,
                    None => {
                        let text = nothing::left_of(id.as_ref(), namespace).await;
                        doctor::explain(text, &job, cluster, &self.asker, namespace).await
                    }
                },
            ));
        }
        let exit = exit(&stats, self.wants.exit_code && (failed || beginning.has_failed().await?))?;
        Ok(beginning.with_its_end(exit, pods))
    }

    fn wants_beginning(&self) -> bool {
        #[cfg(feature = "archive")]
        return self.wants.archive.is_some();
        #[cfg(not(feature = "archive"))]
        false
    }

    fn wanted(&self) -> WantedLogs {
        let Wants { scope, order, hold, .. } = &self.wants;
        let is_held = scope.follow && *order == Some(Order::Time);
        WantedLogs {
            filter: self.filter.clone(),
            scope: *scope,
            resume: None,
            hold: is_held.then_some(*hold),
            pods: None,
        }
    }

    async fn say_whose(&self, out: &Outlet) {
        // When nobody listens any more, the next event shows it.
        let _ = out.send(self.ids.clone()).await;
    }

    /// The one listener there is, and what it listens to.
    fn console(&mut self, short: &str, normal: Verbosity) -> Result<(RunningSink<io::Error>, Outlet), Failure> {
        self.console_of(Whose::One(short.to_owned()), normal)
    }

    /// One that marks whose each line is.
    fn marked_console(
        &mut self,
        ids: &[JobId],
        normal: Verbosity,
    ) -> Result<(RunningSink<io::Error>, Outlet), Failure> {
        self.console_of(Whose::Several(ids.iter().map(|id| id.short().to_owned()).collect()), normal)
    }

    fn console_of(&mut self, whose: Whose, normal: Verbosity) -> Result<(RunningSink<io::Error>, Outlet), Failure> {
        let Wants { printing, color, verbosity, scope, select, .. } = &mut self.wants;
        let is_whole = self.filter.is_empty() && select.selector.is_none();
        let extent = if is_whole { SummaryOf::Job } else { SummaryOf::Choice };
        let verbosity = verbosity.unwrap_or(normal);
        let printing =
            printing.take().ok_or_else(|| Failure::Other(anyhow::anyhow!("the lines are printed already")))?;
        // Of several jobs each ends at its own time.
        let is_told = scope.follow && verbosity >= Verbosity::Normal && matches!(whose, Whose::One(_));
        let printing = if is_told { printing.with_summary(extent) } else { printing };
        console::alone(printing, whose, StderrStyle::of(verbosity, *color))
    }
}

/// The exit code of a run that came to its end.
pub fn exit(stats: &RunStats, failed: bool) -> Result<Exit, Failure> {
    let incomplete = stats.incomplete();
    let all = counted(stats.containers, "container");
    if incomplete > 0 {
        stderr::warn(&format!("lines are missing from {incomplete} of {all}, see above"));
    }
    for (cause, count) in &stats.forbidden {
        stderr::error(&format!("the logs of {count} of {all} may not be read: {cause}"));
    }
    if !stats.forbidden.is_empty() {
        return Ok(Exit::Denied);
    }
    Ok(match (failed, incomplete) {
        (true, _) => Exit::ProblemFound,
        (false, 0) => Exit::Done,
        (false, _) => Exit::LinesMissing,
    })
}
