//! `elbtail logs JOB JOB…`: several jobs read as one, each with its mark before the pod.

use std::collections::BTreeSet;

use futures::future::{join_all, try_join_all};
use tokio::sync::mpsc;

use super::{LogsRun, Wants, allow_node_logs, exit, nothing};
use crate::{
    cli::{
        args::{JobArgs, LogsArgs},
        beginning::ArchivedBeginning,
        console::{self, Verbosity},
        doctor::Asker,
        failure::Failure,
        flags::LatestArgs,
        interrupt::interruptible,
        job::{Job, RowPlace, no_url},
        rows::Rows,
        stderr, stdout,
        which::Located,
    },
    cluster::Cluster,
    discover::{Match, Selection, watch as pods},
    exit::Exit,
    job_id::JobId,
    numbers::counted,
    render::JobIds,
    session::{
        WantedLogs, asked,
        follow::{self, Progress},
        snapshot::Order,
        unchosen::Unchosen,
    },
    source::JobArg,
};

/// One of the jobs.
struct One {
    job: Job,
    rows: Rows,
    selection: Selection,
    namespace: String,
}

/// Prints the lines of all jobs that are named, until all have ended.
pub async fn run(args: LogsArgs, wants: Wants, asker: Asker, place: RowPlace) -> Result<Exit, Failure> {
    refuse(&args)?;
    let (jobs, cluster) = located(&args, &asker, &place).await?;
    allow_node_logs(&cluster, args.node_logs).await?;
    let follow = wants.scope.follow;
    // What pods' short names lack is another text for each job, so `--pod` sees whole names.
    let (filter, namespace) = (wants.filter.clone(), cluster.namespace().to_owned());
    let plan = LogsRun { wants, ids: JobIds::default(), filter, cluster, asker, namespace };
    if follow { plan.follow_all(jobs).await } else { plan.look_at_all(jobs).await }
}

/// What makes sense for one job only.
fn refuse(args: &LogsArgs) -> Result<(), Failure> {
    #[cfg(feature = "archive")]
    if args.archive.is_some() {
        return Err(Failure::Usage("--archive is of one job: name one JOB, or leave it out".to_owned()));
    }
    if args.follow && args.order == Some(Order::Time) {
        return Err(Failure::Usage(
            "--order time with -f is of one job: name one JOB, or leave one of the two out".to_owned(),
        ));
    }
    let jobs = || args.job.target.iter().chain(&args.more);
    jobs().try_for_each(|job| no_url(Some(job)))?;
    let stdin = jobs().filter(|job| **job == JobArg::Stdin).count();
    if stdin > 1 {
        return Err(Failure::Usage("stdin holds one row: name it once".to_owned()));
    }
    Ok(())
}

/// The jobs, each once, and the cluster.
async fn located(args: &LogsArgs, asker: &Asker, place: &RowPlace) -> Result<(Vec<One>, Cluster), Failure> {
    let (mut known, mut cluster) = (BTreeSet::new(), None);
    let mut jobs = Vec::new();
    let all_namespaces = args.job.all_namespaces;
    for target in args.job.target.iter().chain(&args.more) {
        let which = JobArgs { target: Some(target.clone()), job: None, latest: LatestArgs::default(), all_namespaces };
        let found = Located::find(&which, place, &asker.flags).await?;
        let rows = Rows::of(&found.args, place, &found.job, &args.select);
        let id = found.job.id()?;
        let connected = Located::connected(cluster.take().or(found.cluster), &asker.flags, &found.args).await?;
        let namespace = found.found_in.unwrap_or_else(|| found.job.namespace(connected.namespace()));
        cluster = Some(connected);
        if known.insert(id.clone()) {
            let selection = args.select.selection(id);
            jobs.push(One { job: found.job, rows, selection, namespace });
        }
    }
    let cluster = cluster.ok_or_else(|| Failure::Other(anyhow::anyhow!("no job was named")))?;
    Ok((jobs, cluster))
}

fn ids(jobs: &[One]) -> Vec<JobId> {
    jobs.iter().map(|one| one.selection.id.clone()).collect()
}

impl LogsRun {
    async fn look_at_all(mut self, jobs: Vec<One>) -> Result<Exit, Failure> {
        let client = self.cluster.client();
        let lists = jobs.iter().map(|one| pods::list(&client, &one.namespace, &one.selection));
        let lists: Vec<Vec<Match>> = try_join_all(lists).await?;
        for (one, _) in jobs.iter().zip(&lists).filter(|(_, found)| found.is_empty()) {
            let text = nothing::found_or_so_labelled(&one.selection, &one.namespace, &self.cluster).await;
            if lists.iter().all(Vec::is_empty) {
                return Err(Failure::NoPods(text));
            }
            stderr::warn(&text);
        }
        let (console, out) = self.marked_console(&ids(&jobs), Verbosity::Some)?;
        let stats = out.stats();
        let found: Vec<Match> = lists.iter().flatten().cloned().collect();
        for one in &jobs {
            // When nobody listens any more, the next event shows it.
            let _ = out.send(one.job.ids()).await;
        }
        let (wanted, order) = (self.wanted(), self.wants.order.unwrap_or(Order::Time));
        let ended = interruptible(ArchivedBeginning::default().look(&self.cluster, &found, &wanted, order, out)).await;
        console::finished(console).await?;
        match ended {
            Ok(read) => read?,
            Err(exit) => return Ok(exit),
        }
        let stats = stats.now();
        if stats.containers == 0 {
            return Err(Failure::NoPods(Unchosen::of(&found, &self.filter).to_string()));
        }
        let mut failed = false;
        if self.wants.exit_code {
            for (one, found) in jobs.iter().zip(&lists) {
                failed |= asked::has_failed(&self.cluster, &one.namespace, &one.selection.id, found).await;
            }
        }
        Ok(of_all(exit(&stats, failed)?, lists.iter().any(Vec::is_empty)))
    }

    async fn follow_all(mut self, jobs: Vec<One>) -> Result<Exit, Failure> {
        let (console, out) = self.marked_console(&ids(&jobs), Verbosity::Normal)?;
        let stats = out.stats();
        let runs = jobs.into_iter().map(|one| {
            let (sender, news) = mpsc::channel(4);
            let teller = tokio::spawn(one.rows.tell(one.job, sender, out.clone()));
            let (wanted, out) = (WantedLogs { hold: None, ..self.wanted() }, out.clone());
            let (cluster, namespace) = (&self.cluster, one.namespace);
            async move {
                let progress = Progress::default();
                let ended = follow::follow(cluster, &namespace, wanted, news, out, &progress).await;
                teller.abort();
                ended.map(|ended| (ended, one.selection, namespace))
            }
        });
        let runs: Vec<_> = runs.collect();
        drop(out);
        // A silent job would never show by a write that nobody reads it any more.
        let work = async {
            tokio::select! {
                ended = join_all(runs) => Some(ended),
                () = stdout::closed() => None,
            }
        };
        let ended = interruptible(work).await;
        console::finished(console).await?;
        let stats = stats.now();
        let ended = match ended {
            Ok(Some(ended)) => ended,
            Ok(None) => return Ok(Exit::Done),
            Err(exit) => {
                stderr::say(&format!("interrupted: {} {}", counted(stats.lines, "line"), self.wants.counted_as));
                return Ok(exit);
            }
        };
        let (mut pods, mut found, mut lacks_one) = (0, Vec::new(), false);
        for ended in ended {
            let (ended, selection, namespace) = ended?;
            pods += ended.pods;
            if stats.containers == 0 && ended.pods > 0 {
                // What cannot be asked any more is gone, as far as anybody can tell.
                found.extend(pods::list(&self.cluster.client(), &namespace, &selection).await.unwrap_or_default());
            }
            if ended.pods == 0 {
                lacks_one = true;
                stderr::warn(&nothing::found_or_so_labelled(&selection, &namespace, &self.cluster).await);
            }
        }
        if stats.containers == 0 && pods > 0 {
            let is_gone = found.is_empty();
            let text =
                if is_gone { nothing::chosen_of_gone(pods) } else { Unchosen::of(&found, &self.filter).to_string() };
            return Err(Failure::NoPods(text));
        }
        if stats.containers == 0 {
            return Err(Failure::NoPods("the jobs have ended, and no pods of them are left".to_owned()));
        }
        Ok(of_all(exit(&stats, self.wants.exit_code && stats.has_failed())?, lacks_one))
    }
}

/// The exit code of all jobs: one that has no pods was asked for as well, as kubectl means it of several names.
fn of_all(exit: Exit, lacks_one: bool) -> Exit {
    if exit == Exit::Done && lacks_one { Exit::NoPods } else { exit }
}
