//! [`Supervisor`]: the loop that looks at jobs and Leases, and starts, stops and restarts what keeps a job.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, future::LocalBoxFuture, stream};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::runtime::watcher::Event;
use tokio::{
    sync::{oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    board::{Board, Party, Standing},
    jobs::{self, Heard, Jobs, wanted},
    lease,
    leases::Leases,
    rows::{self, Rows},
    share::{Share, Step, Term, Why},
    streak::Streak,
};
use crate::{
    backoff::Backoff,
    cluster::{Cluster, ClusterError},
    job_id::JobId,
    row::Row,
    source::{RowSource, SourceError},
};

/// Requests for Leases under way at a time.
const AT_ONCE: usize = 16;

/// The pause before a job is tried again whose archive another still has the right to write.
const BUSY: Duration = Duration::from_secs(5);

/// The pauses before a job is taken again that could not be kept.
const RESTS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// So long a job was kept, what failed before has nothing to do with what fails now.
const WELL: Duration = Duration::from_secs(300);

/// How long the end may take in all; a container is killed 30 s after it was asked to end, unless its pod says otherwise.
const END: Duration = Duration::from_millis(9500);

/// Keeps one job.
pub trait Keeper: 'static {
    /// Keeps a job until it has ended, or the end is asked for.
    fn keep(self: Arc<Self>, charge: Charge) -> LocalBoxFuture<'static, Outcome>;

    /// Tells the operator something.
    fn say(&self, said: &Said);
}

/// A job to be kept.
pub struct Charge {
    /// Which.
    pub id: JobId,
    /// Its row, where jobs are those of a database.
    pub row: Option<Row>,
    /// Who held its Lease before and let it end.
    pub from: Option<String>,
    /// Says something, or is closed, when the end is asked for.
    pub stop: oneshot::Receiver<()>,
}

/// How keeping a job came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The job has ended, and everything of it is durable.
    Ended,
    /// It was asked to.
    Stopped,
    /// Another still has the right to write it; with who.
    Busy(String),
    /// Something went wrong; with what.
    Failed(String),
}

/// What there is to tell besides what is told of each job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A job is let go whose Lease could not be renewed in time.
    Unrenewed(JobId),
    /// A job is let go whose Lease another has taken.
    Lost(JobId),
    /// Another has the right to write a job; with who. It is tried again and again.
    Busy(JobId, String),
    /// A job could not be kept, and is tried again later; with why.
    Failed(JobId, String, Duration),
    /// A part of what is needed does not answer; with why. It is tried again and again.
    Away(Party, String),
    /// It answers again.
    Back(Party),
    /// There are more rows than are looked at.
    ManyRows,
}

impl Said {
    /// Whether something is not as it should be.
    pub fn is_warning(&self) -> bool {
        !matches!(self, Said::Busy(..) | Said::Back(_))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Unrenewed(id) => write!(f, "{id}: let go, for its Lease could not be renewed in time"),
            Said::Lost(id) => write!(f, "{id}: let go, for another has taken its Lease"),
            Said::Busy(id, by) => write!(f, "{id}: waiting for the right to write it: {by}"),
            Said::Failed(id, why, rest) => write!(f, "{id}: {why}; tried again in {} s", rest.as_secs()),
            Said::Away(party, why) => write!(f, "{party} does not answer as it should, trying on: {why}"),
            Said::Back(party) => write!(f, "{party} answers again"),
            Said::ManyRows => {
                write!(f, "more than {} rows have not ended: only the newest of them are kept", rows::LIVE)
            }
        }
    }
}

/// Why it cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum CannotBegin {
    /// The Leases or pods cannot be listed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Nor the rows.
    #[error(transparent)]
    Rows(#[from] SourceError),
}

/// What is kept, for how long a Lease, and as who.
pub struct Plan {
    /// The cluster.
    pub cluster: Cluster,
    /// Where the Leases are, and without a database the jobs.
    pub namespace: String,
    /// Whose rows name the jobs; `None`: those that have pods.
    pub rows: Option<Arc<dyn RowSource>>,
    /// How long a Lease lasts.
    pub term: Term,
    /// Who holds them: no two replicas may be called alike, nor one before and after it was started again.
    pub identity: String,
    /// Where everything is counted.
    pub board: Board,
}

/// One replica at work.
pub struct Supervisor<K> {
    keeper: Arc<K>,
    board: Board,
    term: Term,
    identity: String,
    share: Share,
    leases: Leases,
    jobs: Jobs,
    /// How the watch on pods is.
    watching: Streak,
    pods: Pin<Box<dyn Stream<Item = Heard> + Send>>,
    rows: Option<watch::Receiver<Result<Rows, SourceError>>>,
    wanted: BTreeMap<JobId, Option<Row>>,
    running: BTreeMap<JobId, Task>,
    tasks: JoinSet<Outcome>,
    /// When a job is tried again that another still writes.
    waiting: BTreeMap<JobId, Waiting>,
    failures: BTreeMap<JobId, u32>,
    rests: Backoff,
    /// Jobs of which it was told that another writes them.
    busy: BTreeSet<JobId>,
    /// Who does not answer at present.
    away: BTreeSet<Party>,
    many: bool,
}

/// A job that another still has the right to write.
struct Waiting {
    until: Instant,
    from: Option<String>,
}

/// A job that is kept.
struct Task {
    id: Id,
    from: Option<String>,
    since: Instant,
    /// Dropped, it asks for the end.
    stop: Option<oneshot::Sender<()>>,
}

impl<K: Keeper> Supervisor<K> {
    /// Looks once, so that what can never work is told at once.
    ///
    /// # Errors
    /// When the Leases or pods cannot be listed, or the rows not be had.
    pub async fn begin(plan: Plan, keeper: Arc<K>) -> Result<Supervisor<K>, CannotBegin> {
        let Plan { cluster, namespace, rows: source, term, identity, board } = plan;
        let client = cluster.client();
        let leases = Leases::new(client.clone(), &namespace, cluster.host());
        let mut share = Share::new(identity.clone(), term);
        share.observe(leases.list().await?, Instant::now());
        jobs::ask(&client, &namespace).await?;
        let rows = match source {
            Some(source) => {
                let first = rows::ask(&*source).await?;
                Some(rows::poll(source, first))
            }
            None => None,
        };
        let seed = Timestamp::now().as_nanosecond() as u64;
        Ok(Supervisor {
            keeper,
            board,
            term,
            identity,
            share,
            leases: leases.within(term.renewed_after()),
            jobs: Jobs::default(),
            watching: Streak::default(),
            pods: jobs::watch(&client, &namespace).boxed(),
            rows,
            wanted: BTreeMap::new(),
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            waiting: BTreeMap::new(),
            failures: BTreeMap::new(),
            rests: Backoff::new(RESTS.0, RESTS.1, seed),
            busy: BTreeSet::new(),
            away: BTreeSet::new(),
            many: false,
        })
    }

    /// Works until `asked` is there; then everything is made durable, and the Leases are given up.
    pub async fn run<T>(mut self, asked: impl Future<Output = T>) -> T {
        let asked = tokio::select! {
            asked = asked => asked,
            never = self.work() => match never {},
        };
        self.end().await;
        asked
    }

    async fn work(&mut self) -> Infallible {
        let mut looks = interval(self.term.look());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => self.look().await,
                Some((question, heard)) = self.pods.next() => match heard {
                    Ok(event) => {
                        // A list that begins anew says nothing yet.
                        let works = !matches!(event, Event::Init);
                        if works && self.watching.is_over(works, Instant::now()) {
                            self.back(&Party::Pods);
                        }
                        self.jobs.take(question, event);
                    }
                    Err(error) => {
                        if let Some(since) = self.watching.fails(Instant::now()) {
                            self.away(Party::Pods, &error.to_string(), since);
                        }
                    }
                },
                Some(joined) = self.tasks.join_next_with_id() => self.joined(joined).await,
            }
        }
    }

    /// Looks at all Leases and jobs, and does what is to be done.
    async fn look(&mut self) {
        match self.leases.list().await {
            Ok(leases) => {
                self.share.observe(leases, Instant::now());
                self.back(&Party::Leases);
            }
            Err(error) => self.away(Party::Leases, &error.to_string(), Instant::now()),
        }
        if self.watching.is_over(false, Instant::now()) {
            self.back(&Party::Pods);
        }
        self.look_at_rows();
        let (wanted, running) = (&self.wanted, &self.running);
        self.share.retain(|id| wanted.contains_key(id) || running.contains_key(id));
        self.failures.retain(|id, _| wanted.contains_key(id));
        let now = Instant::now();
        let free = wanted.keys().filter(|id| !running.contains_key(*id));
        let steps = self.share.steps(free, now);
        let acts = stream::iter(steps).map(|(id, step)| act(&self.leases, &self.identity, self.term, id, step));
        let acts: Vec<Acted> = acts.buffer_unordered(AT_ONCE).collect().await;
        for acted in acts {
            self.take_note(acted);
        }
        let due: Vec<(JobId, Waiting)> = self.waiting.extract_if(.., |_, waiting| waiting.until <= now).collect();
        due.into_iter().for_each(|(id, waiting)| self.start(id, waiting.from));
        self.board.stand(self.standing(now));
    }

    fn look_at_rows(&mut self) {
        let with_pods = self.jobs.ids();
        let Some(rows) = &self.rows else {
            self.wanted = wanted(None, &with_pods);
            return;
        };
        let read = match &*rows.borrow() {
            Ok(read) => Ok((wanted(Some(&read.rows), &with_pods), read.more)),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok((wanted, more)) => {
                self.wanted = wanted;
                self.back(&Party::Rows);
                if more && !std::mem::replace(&mut self.many, true) {
                    self.keeper.say(&Said::ManyRows);
                }
            }
            // What it said last still holds.
            Err(why) => self.away(Party::Rows, &why, Instant::now()),
        }
    }

    fn take_note(&mut self, Acted { id, sent, done }: Acted) {
        match done {
            Done::Taken(lease, from) => {
                self.share.hold(id.clone(), *lease, sent);
                self.start(id, from);
            }
            Done::Renewed(lease) => self.share.hold(id, *lease, sent),
            Done::LetGo(why) => {
                self.share.let_go(&id);
                self.waiting.remove(&id);
                if let Some(task) = self.running.get_mut(&id) {
                    task.stop = None;
                }
                self.keeper.say(&match why {
                    Why::Unrenewed => Said::Unrenewed(id),
                    Why::Lost => Said::Lost(id),
                });
            }
            Done::Overtaken => {}
            Done::Failed(error) => self.away(Party::Leases, &error.to_string(), Instant::now()),
        }
    }

    fn start(&mut self, id: JobId, from: Option<String>) {
        let (asks, stop) = oneshot::channel();
        let row = self.wanted.get(&id).cloned().flatten();
        let charge = Charge { id: id.clone(), row, from: from.clone(), stop };
        let handle = self.tasks.spawn_local(self.keeper.clone().keep(charge));
        self.running.insert(id, Task { id: handle.id(), from, since: Instant::now(), stop: Some(asks) });
    }

    async fn joined(&mut self, joined: Result<(Id, Outcome), JoinError>) {
        let (task, outcome) = match joined {
            Ok(joined) => joined,
            Err(error) => (error.id(), Outcome::Failed(format!("it ended unexpectedly: {error}"))),
        };
        let Some((id, task)) = self.running.extract_if(.., |_, running| running.id == task).next() else { return };
        if !matches!(outcome, Outcome::Busy(_)) {
            self.busy.remove(&id);
        }
        match outcome {
            Outcome::Ended => {
                self.failures.remove(&id);
                self.share.finish(id.clone());
                if let Some(lease) = self.share.let_go(&id) {
                    // One that stays is of no harm: whoever takes it finds that the job has ended.
                    let _ = self.leases.delete(&lease).await;
                }
            }
            Outcome::Stopped => self.release(&id).await,
            Outcome::Busy(by) => {
                if self.share.holds(&id) {
                    self.waiting.insert(id.clone(), Waiting { until: Instant::now() + BUSY, from: task.from });
                }
                if self.busy.insert(id.clone()) {
                    self.keeper.say(&Said::Busy(id, by));
                }
            }
            Outcome::Failed(why) => {
                let failures = self.failures.entry(id.clone()).or_default();
                *failures = if task.since.elapsed() > WELL { 1 } else { failures.saturating_add(1) };
                let rest = self.rests.after(*failures);
                self.share.rest(id.clone(), Instant::now() + rest);
                self.release(&id).await;
                self.keeper.say(&Said::Failed(id, why, rest));
            }
        }
    }

    /// Lets others take a job at once.
    async fn release(&mut self, id: &JobId) {
        if let Some(lease) = self.share.let_go(id) {
            // One that cannot be given up ends by itself.
            let _ = self.leases.write(&lease::released(&lease, Timestamp::now())).await;
        }
    }

    /// Stops everything, and gives up the Leases.
    async fn end(&mut self) {
        self.running.values_mut().for_each(|task| task.stop = None);
        let all = async {
            let waiting: Vec<JobId> = std::mem::take(&mut self.waiting).into_keys().collect();
            for id in waiting {
                self.release(&id).await;
            }
            while let Some(joined) = self.tasks.join_next_with_id().await {
                self.joined(joined).await;
            }
        };
        // What takes longer was told by whoever keeps it.
        let _ = timeout(END, all).await;
    }

    fn away(&mut self, party: Party, why: &str, since: Instant) {
        self.board.away(party.clone(), why, since);
        if self.away.insert(party.clone()) {
            self.keeper.say(&Said::Away(party, why.to_owned()));
        }
    }

    fn back(&mut self, party: &Party) {
        if self.away.remove(party) {
            self.board.back(party);
            self.keeper.say(&Said::Back(party.clone()));
        }
    }

    fn standing(&self, now: Instant) -> Standing {
        let mut standing = Standing { kept: self.running.len(), waiting: self.waiting.len(), ..Standing::default() };
        for id in self.wanted.keys().filter(|id| !self.running.contains_key(*id) && !self.waiting.contains_key(*id)) {
            if self.share.is_done(id) {
                standing.complete += 1;
            } else if self.share.other(id, now).is_some() {
                standing.elsewhere += 1;
            } else {
                standing.free += 1;
            }
        }
        standing
    }
}

/// What came of a step.
struct Acted {
    id: JobId,
    /// When its request was sent.
    sent: Instant,
    done: Done,
}

enum Done {
    /// The Lease is ours; who held it before, if anybody did.
    Taken(Box<Lease>, Option<String>),
    Renewed(Box<Lease>),
    LetGo(Why),
    /// Somebody else was faster; the next look shows who.
    Overtaken,
    Failed(ClusterError),
}

async fn act(leases: &Leases, me: &str, term: Term, id: JobId, step: Step) -> Acted {
    let (sent, now) = (Instant::now(), Timestamp::now());
    let written = |written| match written {
        Ok(Some(lease)) => Ok(Box::new(lease)),
        Ok(None) => Err(Done::Overtaken),
        Err(error) => Err(Done::Failed(error)),
    };
    let done = match step {
        Step::Take(there) => {
            let from = there.as_deref().and_then(lease::holder).filter(|holder| *holder != me).map(str::to_owned);
            let lease = lease::taken(&id, there.as_deref(), me, term.lasts(), now);
            written(leases.write(&lease).await).map_or_else(|done| done, |lease| Done::Taken(lease, from))
        }
        Step::Renew(lease) => {
            written(leases.write(&lease::renewed(&lease, now)).await).map_or_else(|done| done, Done::Renewed)
        }
        Step::LetGo(why) => Done::LetGo(why),
    };
    Acted { id, sent, done }
}
