//! What completions offer beyond the command line's own words: contexts, namespaces, containers, pods and jobs of the cluster, and
//! rows of the database, as the words that are typed already name them.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use clap::FromArgMatches;
use clap_complete::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, engine::ValueCompleter,
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::ListParams, core::PartialObjectMeta};
use tokio::time::{Instant, timeout_at};

use super::{
    environment,
    flags::{ConnectArgs, DbArgs},
};
use crate::{
    cluster::{Cluster, ConnectOptions, ContextNames, RequestTimeout, watching},
    discover::{SearchScope, everywhere},
    jobs::{self, FoundJob, ListedJob},
    k8s::targets,
    row::Row,
    source::{self, DbOptions, RowFilter},
};

/// How long a cluster and a database may take, unless [`LONGER`] says otherwise. A shell waits for the answer, and 300 ms is what a
/// person takes for at once.
const PATIENCE: Duration = Duration::from_millis(250);

/// The variable that gives more time, such as `2s`, for a cluster that is far away.
const LONGER: &str = "ELBTAIL_COMPLETION_TIMEOUT";

fn patience() -> Duration {
    let longer = environment::variables().word(LONGER).and_then(|text| text.parse::<RequestTimeout>().ok());
    longer.and_then(|timeout| timeout.0).unwrap_or(PATIENCE)
}

/// By when all must have answered. What the process did before counts: a shell has waited for that too.
fn deadline() -> Instant {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    *BEGAN + patience()
}

/// At most so many rows are offered.
const ROWS: usize = 50;

/// How the names of files end that hold rows, unpacked or not.
const ROW_FILES: [&str; 9] = [".json", ".ndjson", ".jsonl", ".yaml", ".yml", ".csv", ".tsv", ".gz", ".zst"];

/// The commands whose jobs are an archive's, and not the cluster's.
const OF_ARCHIVES: [&str; 4] = ["archives", "replay", "verify", "prune"];

/// What the dashboard writes as a row's status.
const STATUSES: [&str; 5] = ["queued", "running", "completed", "failed", "cancelled"];

/// Where is looked, by the words that are typed already.
struct Known {
    flags: ConnectOptions,
    db: DbOptions,
    seen: OnceLock<Seen>,
}

/// What there is.
#[derive(Default)]
struct Seen {
    jobs: Vec<FoundJob>,
    pods: Vec<String>,
    containers: Vec<String>,
    rows: Vec<Row>,
}

/// The command line, which knows what there is to offer for `words`; the last of them is being typed.
pub fn informed(words: &[OsString]) -> clap::Command {
    deadline();
    let typed = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let known = Arc::new(Known::of(words));
    let completer = |offers: fn(&Known) -> Vec<CompletionCandidate>| {
        let known = known.clone();
        ArgValueCompleter::new(move |current: &OsStr| beginning(offers(&known), current))
    };
    let job = {
        let known = known.clone();
        ArgValueCompleter::new(move |current: &OsStr| known.jobs(current))
    };
    let mut command = super::command();
    // Flags between files would be noise.
    if !typed.starts_with('-') {
        command = quiet(command);
    }
    command = command
        .mut_arg("context", |arg| arg.add(completer(Known::contexts)))
        .mut_arg("namespace", |arg| arg.add(completer(Known::namespaces)));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let is_of_archives = OF_ARCHIVES.contains(&name.as_str());
        command.mut_subcommand(name, |sub| {
            sub.mut_args(|arg| match (arg.get_id().as_str(), arg.is_positional()) {
                ("status", false) => arg.add(spoken(&STATUSES)),
                ("timestamps", false) => arg.add(spoken(&["default", "short", "relative"])),
                ("timezone", false) => arg.add(spoken(&["UTC", "Local"])),
                _ if is_of_archives => arg,
                ("target" | "more" | "job", true) => arg.add(job.clone()),
                ("container" | "exclude_container", _) => arg.add(completer(Known::containers)),
                ("pod" | "exclude_pod", _) => arg.add(completer(Known::pods)),
                _ => arg,
            })
        })
    })
}

/// The words that a flag takes among others.
fn spoken(words: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(|| words.iter().map(CompletionCandidate::new).collect())
}

/// Without flags, unless there is nothing else.
fn quiet(command: clap::Command) -> clap::Command {
    let command = command.disable_help_flag(true).disable_version_flag(true);
    let command = command.mut_args(|arg| if arg.is_positional() { arg } else { arg.hide(true) });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, quiet))
}

/// Those that begin with what is typed.
fn beginning(candidates: Vec<CompletionCandidate>, current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let begins = |candidate: &CompletionCandidate| candidate.get_value().to_string_lossy().starts_with(&*current);
    candidates.into_iter().filter(begins).collect()
}

fn plain(names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).collect()
}

impl Known {
    /// What the flags among `words` say, whatever else is wrong with these.
    fn of(words: &[OsString]) -> Known {
        let matches = super::command().ignore_errors(true).try_get_matches_from(words).ok();
        let matches = matches.as_ref();
        let flags = matches.and_then(|it| ConnectArgs::from_arg_matches(it).ok()).map(ConnectArgs::plan);
        let mut flags = flags.unwrap_or_default();
        flags.request_timeout = RequestTimeout(Some(patience()));
        let db = matches.and_then(|it| DbArgs::from_arg_matches(it).ok());
        let db = db.map(|db| db.plan(flags.request_timeout)).unwrap_or_default();
        Known { flags, db, seen: OnceLock::new() }
    }

    fn contexts(&self) -> Vec<CompletionCandidate> {
        let flags = ConnectOptions { context: None, ..self.flags.clone() };
        let Ok(names) = ContextNames::read(&flags, &environment::silent()) else { return Vec::new() };
        plain(names.current.into_iter().chain(names.others))
    }

    fn namespaces(&self) -> Vec<CompletionCandidate> {
        // What is typed of it is no name yet.
        let flags = ConnectOptions { namespace: None, ..self.flags.clone() };
        let asked = in_time(async {
            let cluster = Cluster::connect(&flags, &environment::silent()).await.ok()?;
            let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(cluster.client());
            let names = watching::list(&namespaces, ListParams::default(), |it| it.metadata.name).await.ok()?;
            Some(names.into_iter().flatten().collect::<Vec<_>>())
        });
        plain(asked.flatten().unwrap_or_default())
    }

    fn containers(&self) -> Vec<CompletionCandidate> {
        plain(self.seen().containers.clone())
    }

    fn pods(&self) -> Vec<CompletionCandidate> {
        plain(self.seen().pods.clone())
    }

    /// Files of rows, jobs of the cluster, rows of the database, then other files.
    fn jobs(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let ordered = |candidate: CompletionCandidate, order: usize| candidate.display_order(Some(order));
        let files = PathCompleter::file().complete(current).into_iter().map(|file| {
            let name = file.get_value().to_string_lossy().to_lowercase();
            let order = if ROW_FILES.iter().any(|end| name.ends_with(end)) { 0 } else { 2 };
            ordered(file, order)
        });
        let mut offered: Vec<CompletionCandidate> = files.collect();
        let typed = current.to_string_lossy();
        let is_path =
            Path::new(&*typed).components().count() > 1 && !typed.starts_with("pod/") && !typed.starts_with("job/");
        if is_path || typed.starts_with('.') {
            return offered;
        }
        let seen = self.seen();
        let by_name = |kind: &str, names: &mut dyn Iterator<Item = &String>| -> Vec<CompletionCandidate> {
            names.map(|name| CompletionCandidate::new(format!("{kind}/{name}"))).collect()
        };
        let named = match () {
            () if typed.starts_with("pod/") => by_name("pod", &mut seen.pods.iter()),
            () if typed.starts_with("job/") => by_name("job", &mut seen.jobs.iter().flat_map(|job| &job.jobs)),
            () => seen.jobs.iter().flat_map(|job| names(job, &typed)).chain(seen.rows.iter().filter_map(row)).collect(),
        };
        offered.extend(beginning(named, current).into_iter().map(|name| ordered(name, 1)));
        offered
    }

    /// What the cluster and the database have, if they say so in time. They are asked once.
    fn seen(&self) -> &Seen {
        self.seen.get_or_init(|| {
            let rows = async {
                let source = source::open(&self.db, &environment::of_rows()).ok()??;
                let filter = RowFilter { statuses: Vec::new(), live: false, limit: ROWS };
                timeout_at(deadline(), source.list(&filter)).await.ok()?.ok()
            };
            let cluster = async {
                let cluster = Cluster::connect(&self.flags, &environment::silent()).await.ok()?;
                let area = SearchScope::Namespace(cluster.namespace().to_owned());
                everywhere::look(&cluster.client(), &area).await.ok()
            };
            let cluster = async { timeout_at(deadline(), cluster).await.ok().flatten() };
            let (everything, rows) = in_time(async { tokio::join!(cluster, rows) }).unwrap_or_default();
            let rows = rows.unwrap_or_default();
            let Some(everything) = everything else { return Seen { rows, ..Seen::default() } };
            let sorted = |mut names: Vec<String>| {
                names.sort();
                names.dedup();
                names
            };
            let containers = everything.pods.iter().flat_map(targets).map(|target| target.container).collect();
            let pods = everything.pods.iter().map(|pod| pod.name().to_owned()).collect();
            let jobs = jobs::group(&everything.pods, everything.jobs.as_deref().ok()).jobs;
            Seen { jobs, pods: sorted(pods), containers: sorted(containers), rows }
        })
    }
}

/// What a job is offered as: its short id, and as what was begun.
fn names(job: &FoundJob, typed: &str) -> Vec<CompletionCandidate> {
    let line = jobs::listing::line(&ListedJob::of_cluster(job.clone()), Timestamp::now());
    let id = job.id.as_str();
    let digits = id.strip_prefix("job-").unwrap_or(id);
    let name = match typed {
        typed if !typed.is_empty() && id.starts_with(typed) => id,
        typed if !typed.is_empty() && digits.starts_with(typed) => digits,
        _ => job.id.short(),
    };
    vec![CompletionCandidate::new(name).help(Some(line.into()))]
}

fn row(row: &Row) -> Option<CompletionCandidate> {
    let words = [row.status(), row.phase(), row.column("program"), row.column("db")];
    let help: Vec<String> = words.iter().flatten().map(|word| crate::render::plain(word, 40)).collect();
    // What a terminal would obey is no name to type.
    let id = row.id().filter(|id| crate::render::plain(id, usize::MAX) == **id)?;
    Some(CompletionCandidate::new(id).help(Some(help.join(" ").into())))
}

/// What `work` brings, if it does in time.
fn in_time<T>(work: impl Future<Output = T>) -> Option<T> {
    crate::crypto::choose();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let done = runtime.block_on(async { timeout_at(deadline(), work).await.ok() });
    runtime.shutdown_background();
    done
}
