//! `elbtail save -f --all DEST`.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::LocalBoxFuture};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::LocalSet,
};

use super::{
    args::{AllArgs, SaveArgs},
    open_or_begin, place as place_of,
    save::{SECRETS_INCLUDED, SaveEnd, SaveRun, SaveUntil, SavedJob, WriterPlan},
};
use crate::{
    archive::{Archive, ArchiveError, Budget, ChunkCheck, JobKey, Limits, Trouble, Written, host},
    cli::{
        allow_node_logs,
        args::{JobArgs, SelectArgs},
        connect,
        failure::Failure,
        flags::LatestArgs,
        interrupt::asked_to_end,
        job::{self, Job, RowPlace},
        rows::Rows,
        stderr,
    },
    cluster::{Cluster, ClusterError, ConnectOptions},
    daemon::{
        Term,
        board::{Board, Party},
        keeper::{Charge, Keeper, KeptEnd},
        name::JobName,
        said::Said,
        serve,
        supervise::{CannotBegin, KeepingPlan, Supervisor},
    },
    discover::SearchScope,
    exit::Exit,
    numbers::counted,
    resolve::{Resolution, resolve},
    session::{
        fan_out::{FanOut, SinkRunner},
        follow::Progress,
    },
    shell::place,
    source::JobArg,
};

/// The shortest time a Lease may last: what is shorter costs more requests than it is worth.
const SHORTEST: Duration = Duration::from_secs(2);

/// Bytes of text in the open chunks of all jobs together.
const MEMORY: usize = 128 << 20;

/// Where it listens unless told: nobody else's machine is let in.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Keeps every job, until a signal asks for an end.
pub(super) async fn run(
    args: SaveArgs,
    flags: ConnectOptions,
    place: RowPlace,
    color: crate::render::ColorChoice,
) -> Result<Exit, Failure> {
    let AllArgs { listen, lease_duration, all_namespaces, .. } = args.all.clone();
    let lasts = Duration::try_from(lease_duration).unwrap_or_default();
    if lasts < SHORTEST {
        let text = format!("--lease-duration {lease_duration:#}: a Lease must last {} s or longer", SHORTEST.as_secs());
        return Err(Failure::Usage(text));
    }
    let (listener, address) = listening(listen).await?;
    let archive = open_or_begin(&args.dest.dest).await?;
    let cluster = connect(&flags, None).await?;
    allow_node_logs(&cluster, args.node_logs).await?;
    let board = Board::default();
    let area =
        if all_namespaces { SearchScope::Cluster } else { SearchScope::Namespace(cluster.namespace().to_owned()) };
    let plan = KeepingPlan {
        namespace: cluster.namespace().to_owned(),
        area,
        cluster: cluster.clone(),
        rows: place.source().cloned(),
        archive: place_of(&args.dest.dest)?.to_string(),
        term: Term::new(lasts),
        identity: identity(),
        board: board.clone(),
    };
    let of = match (place.source(), &plan.area) {
        (Some(source), _) => source.describe().to_owned(),
        (None, area @ SearchScope::Namespace(_)) => area.to_string(),
        (None, SearchScope::Cluster) => "all namespaces".to_owned(),
    };
    let budget = Budget::new(Limits { memory: MEMORY, ..Limits::default() });
    let all = Arc::new(All { archive, budget, cluster, place, board: board.clone(), args, color });
    let supervisor = Supervisor::begin(plan, all.clone()).await.map_err(|error| match error {
        CannotBegin::Cluster(error) => {
            if all_namespaces && matches!(error, ClusterError::Forbidden(_)) {
                stderr::say("-A asks for the pods of all namespaces: deploy/all-namespaces.yaml has the role for it");
            }
            Failure::from(error)
        }
        CannotBegin::Rows(error) => Failure::from(error),
    })?;
    if !all.args.redact {
        stderr::say(SECRETS_INCLUDED);
    }
    stderr::say(&format!("keeping every job of {of}; /healthz and /metrics on http://{address}"));
    let server = tokio::spawn(serve::serve(listener, board));
    // One thread does it all: see `block_on`.
    let exit = LocalSet::new().run_until(supervisor.run(asked_to_end())).await;
    server.abort();
    Ok(exit)
}

/// Listens where it is asked to; else at the usual place, and not at all costs: what is saved matters more than who asks how it goes.
async fn listening(wanted: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), Failure> {
    let refused = |at: SocketAddr, error: std::io::Error| {
        Failure::Usage(format!("--listen {at}: {error}; give another address or port"))
    };
    if let Some(wanted) = wanted {
        return serve::listen(wanted).await.map_err(|error| refused(wanted, error));
    }
    let free = SocketAddr::new(USUAL.ip(), 0);
    match serve::listen(USUAL).await {
        Err(_) => serve::listen(free).await.map_err(|error| refused(free, error)),
        listens => listens.map_err(|error| refused(USUAL, error)),
    }
}

/// Who holds a Lease: as with client-go, the host, which is the pod's name, and something that no other run has.
fn identity() -> String {
    format!("{}_{:016x}", host(), RandomState::new().hash_one(std::process::id()))
}

/// The host in an [`identity`].
fn host_of(identity: &str) -> Option<&str> {
    identity.rsplit_once('_').map(|(host, _)| host)
}

/// What the keepers of all jobs share.
struct All {
    archive: Archive,
    budget: Arc<Budget>,
    cluster: Cluster,
    place: RowPlace,
    board: Board,
    args: SaveArgs,
    color: crate::render::ColorChoice,
}

/// A keeper that is shared.
impl Keeper for All {
    fn keep(self: Arc<Self>, charge: Charge) -> LocalBoxFuture<'static, KeptEnd> {
        async move {
            let name = charge.name.clone();
            let kept = self.kept(charge).await;
            match kept {
                Ok(outcome) => {
                    self.board.back(&Party::Refusing(name));
                    outcome
                }
                Err(Failure::Archive(error @ ArchiveError::Busy { .. })) => {
                    self.board.back(&Party::Refusing(name));
                    KeptEnd::Busy(error.to_string())
                }
                Err(failure) => {
                    let party = match &failure {
                        Failure::Archive(ArchiveError::Taken { .. }) => None,
                        Failure::Archive(error @ ArchiveError::Unreachable { .. }) => Some((Party::Store(name), error)),
                        // Tried again and again, it is no better until something is durable.
                        Failure::Archive(error) => Some((Party::Refusing(name), error)),
                        _ => None,
                    };
                    if let Some((party, error)) = party {
                        self.board.away(party, &error.to_string(), Instant::now());
                    }
                    KeptEnd::Failed(failure.to_string())
                }
            }
        }
        .boxed_local()
    }

    fn say(&self, said: &Said) {
        if said.is_warning() { stderr::warn(&said.to_string()) } else { stderr::say(&said.to_string()) }
    }
}

impl All {
    async fn kept(&self, Charge { name, row, from, stop }: Charge) -> Result<KeptEnd, Failure> {
        let id = &name.id;
        let namespace = name.namespace.clone();
        let namespace = namespace.unwrap_or_else(|| job::namespace(row.as_ref(), self.cluster.namespace()));
        let (_, known) = self.archive.kept_in(&JobKey::new(id.as_str())?, &namespace).await?;
        if let Some(known) = known.filter(|known| known.state.ended) {
            // Of a job that cannot be read, nobody knows that it is complete.
            if let Some(fault) = known.index_fault() {
                return Err(fault.into());
            }
            if known.lost_chunks(ChunkCheck::Sizes, |_| true).await?.is_empty() {
                return Ok(KeptEnd::Ended);
            }
        }
        let (target, resolution) = match &row {
            // The row is read again where all rows are.
            Some(row) => (None, resolve(row)),
            None => (Some(JobArg::Id(id.clone())), Resolution::given(id.clone())),
        };
        let job = Job { row, resolution };
        let which = JobArgs { target, job: None, latest: LatestArgs::default(), all_namespaces: false };
        let select = SelectArgs::all(false);
        let (heard, rows_read) = mpsc::unbounded_channel();
        let rows = Rows::of(&which, &self.place, &job, &select).heard_by(heard);
        let selection = select.selection(id.clone());
        let (args, color) = (self.args.clone(), self.color);
        let gone = from.as_deref().and_then(host_of);
        let plan = WriterPlan { archive: &self.archive, budget: &self.budget, gone };
        let (run, trouble) = SaveRun::begin(plan, self.cluster.clone(), namespace, selection, args, color).await?;
        stderr::say(&match from {
            Some(from) => format!("{name}: taken over from {from}, which has not renewed its Lease"),
            None => format!("{name}: kept from now on"),
        });
        let age = Duration::try_from(self.args.max_age).unwrap_or_default();
        let keeping = self.board.keep(&name, run.written(), age);
        let mut listeners = FanOut::default();
        let started = |error| Failure::Other(anyhow::Error::new(error).context("cannot start a listener"));
        listeners.add(keeping.listener(), SinkRunner::Task).map_err(started)?;
        let progress = Progress::default();
        let subject = SavedJob { job, rows, rows_read };
        let (written, key) = (run.written(), run.key().clone());
        let run = run.run(subject, trouble.clone(), listeners, &progress, SaveUntil::Told(stop));
        let kept = tokio::select! {
            kept = run => kept?,
            never = watch_store(&self.board, &name, trouble, written) => match never {},
        };
        if kept.stats.incomplete() > 0 || kept.lost > 0 {
            stderr::warn(&format!(
                "{name}: lines of it are missing; to see which and why: elbtail verify {} {key}",
                place(&place_of(&self.args.dest.dest)?.to_string())
            ));
        }
        match kept.end {
            SaveEnd::Job { .. } | SaveEnd::NoPods => {
                stderr::say(&format!(
                    "{name}: it has ended; saved: {} of {}",
                    counted(kept.stats.lines, "line"),
                    counted(kept.stats.containers, "container")
                ));
                Ok(KeptEnd::Ended)
            }
            SaveEnd::Interrupted(_, rest) => {
                stderr::say(&format!("{name}: let go: {progress}, {} saved", counted(kept.stats.lines, "line")));
                if rest == super::save::LastRead::Unwritten {
                    stderr::warn(&format!(
                        "{name}: what was read last could not be written in time: whoever goes on reads it again"
                    ));
                }
                Ok(KeptEnd::Stopped)
            }
        }
    }
}

/// Tells the board how the store is, without end.
async fn watch_store(
    board: &Board,
    name: &JobName,
    mut trouble: Trouble,
    mut written: watch::Receiver<Written>,
) -> std::convert::Infallible {
    let party = Party::Store(name.clone());
    board.back(&party);
    loop {
        tokio::select! {
            Ok(()) = trouble.changed() => {
                let why = trouble.borrow().as_ref().map(ToString::to_string);
                match why {
                    Some(why) => board.away(party.clone(), &why, Instant::now()),
                    None => board.back(&party),
                }
            }
            Ok(()) = written.changed() => board.back(&Party::Refusing(name.clone())),
            else => return std::future::pending().await,
        }
    }
}
