//! [`Supervisor`]: the loop that looks at jobs and Leases, and starts, stops and restarts what keeps a job.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use kube::runtime::watcher::Event;
use tokio::{
    sync::{oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    act::{Acted, Done, Me, act},
    board::{Board, JobCounts, Party},
    jobs::{self, Heard, Jobs, wanted},
    keeper::{Charge, Keeper, KeptEnd},
    lease::{self, Mark},
    leases::Leases,
    name::JobName,
    rows::{self, DatabaseRows},
    said::Said,
    share::{Share, Term, Why},
    streak::Streak,
};
use crate::{
    backoff::Backoff,
    cluster::{Cluster, ClusterError},
    discover::SearchScope,
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
pub struct KeepingPlan {
    /// The cluster.
    pub cluster: Cluster,
    /// Where the Leases are.
    pub namespace: String,
    /// Whose pods are looked at.
    pub area: SearchScope,
    /// Whose rows name the jobs; `None`: those that have pods.
    pub rows: Option<Arc<dyn RowSource>>,
    /// The archive they are kept in, as all replicas call it.
    pub archive: String,
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
    me: Me,
    share: Share,
    leases: Leases,
    area: SearchScope,
    jobs: Jobs,
    /// How the watch on pods is.
    watching: Streak,
    pods: Pin<Box<dyn Stream<Item = Heard> + Send>>,
    rows: Option<watch::Receiver<Result<DatabaseRows, SourceError>>>,
    /// The jobs that had pods at the last look.
    with_pods: BTreeSet<JobName>,
    wanted: BTreeMap<JobName, Option<Row>>,
    running: BTreeMap<JobName, Task>,
    tasks: JoinSet<KeptEnd>,
    /// When a job is tried again that another still writes.
    waiting: BTreeMap<JobName, WaitingJob>,
    failures: BTreeMap<JobName, u32>,
    rests: Backoff,
    /// Jobs of which it was told that another writes them.
    busy: BTreeSet<JobName>,
    /// Who does not answer at present.
    away: BTreeSet<Party>,
    many: bool,
}

/// A job that another still has the right to write.
struct WaitingJob {
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
    pub async fn begin(plan: KeepingPlan, keeper: Arc<K>) -> Result<Supervisor<K>, CannotBegin> {
        let KeepingPlan { cluster, namespace, area, rows: source, archive, term, identity, board } = plan;
        let me = Me { identity, mark: Mark::of(&archive), term };
        let client = cluster.client();
        let leases = Leases::new(client.clone(), &namespace, &me.mark, cluster.host());
        let mut share = Share::new(me.identity.clone(), me.mark.clone(), term);
        share.observe(leases.list().await?, Instant::now());
        jobs::ask(&client, &area).await?;
        let rows = match source {
            Some(source) => {
                let first = rows::ask(&*source).await?;
                Some(rows::poll(source, first))
            }
            None => None,
        };
        Ok(Supervisor {
            keeper,
            board,
            me,
            share,
            leases: leases.within(term.renewed_after()),
            jobs: Jobs::of(area.clone()),
            watching: Streak::default(),
            pods: jobs::watch(&client, &area).boxed(),
            area,
            rows,
            with_pods: BTreeSet::new(),
            wanted: BTreeMap::new(),
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            waiting: BTreeMap::new(),
            failures: BTreeMap::new(),
            rests: Backoff::at_random(RESTS.0, RESTS.1),
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
        let mut looks = interval(self.me.term.look());
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
        // Before anything is waited for: others may take them soon.
        for id in self.share.late(Instant::now()) {
            self.let_go(id, Why::Unrenewed);
        }
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
        let acts = stream::iter(steps).map(|(id, step)| act(&self.leases, &self.me, id, step));
        let acts: Vec<Acted> = acts.buffer_unordered(AT_ONCE).collect().await;
        for acted in acts {
            self.take_note(acted);
        }
        let due: Vec<(JobName, WaitingJob)> = self.waiting.extract_if(.., |_, waiting| waiting.until <= now).collect();
        due.into_iter().for_each(|(id, waiting)| self.start(id, waiting.from));
        let (wanted, share) = (&self.wanted, &self.share);
        self.board.retain(|id| wanted.contains_key(id) && share.other(id, now).is_none());
        self.board.stand(self.counts(now));
    }

    fn look_at_rows(&mut self) {
        let with_pods = self.jobs.names();
        let Some(rows) = &mut self.rows else {
            self.wanted = wanted(None, &with_pods, &self.area);
            return;
        };
        // Looking for ids in a thousand rows takes a while.
        let same_pods = std::mem::replace(&mut self.with_pods, with_pods.clone()) == with_pods;
        if same_pods && !rows.has_changed().unwrap_or(false) {
            return;
        }
        let read = match &*rows.borrow_and_update() {
            Ok(read) => Ok((wanted(Some(&read.rows), &with_pods, &self.area), read.more)),
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
            Done::LetGo(why) => self.let_go(id, why),
            Done::Overtaken => {}
            Done::Failed(error) => self.away(Party::Leases, &error.to_string(), Instant::now()),
        }
    }

    fn let_go(&mut self, id: JobName, why: Why) {
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

    fn start(&mut self, id: JobName, from: Option<String>) {
        let (asks, stop) = oneshot::channel();
        let row = self.wanted.get(&id).cloned().flatten();
        let charge = Charge { name: id.clone(), row, from: from.clone(), stop };
        let handle = self.tasks.spawn_local(self.keeper.clone().keep(charge));
        self.running.insert(id, Task { id: handle.id(), from, since: Instant::now(), stop: Some(asks) });
    }

    async fn joined(&mut self, joined: Result<(Id, KeptEnd), JoinError>) {
        let (task, outcome) = match joined {
            Ok(joined) => joined,
            Err(error) => (error.id(), KeptEnd::Failed(format!("it ended unexpectedly: {error}"))),
        };
        let Some((id, task)) = self.running.extract_if(.., |_, running| running.id == task).next() else { return };
        if !matches!(outcome, KeptEnd::Busy(_)) {
            self.busy.remove(&id);
        }
        match outcome {
            KeptEnd::Ended => {
                self.failures.remove(&id);
                self.share.finish(id.clone());
                if let Some(lease) = self.share.let_go(&id) {
                    // One that stays is of no harm: whoever takes it finds that the job has ended.
                    let _ = self.leases.delete(&lease).await;
                }
            }
            KeptEnd::Stopped => self.release(&id).await,
            KeptEnd::Busy(by) => {
                if self.share.holds(&id) {
                    self.waiting.insert(id.clone(), WaitingJob { until: Instant::now() + BUSY, from: task.from });
                }
                if self.busy.insert(id.clone()) {
                    self.keeper.say(&Said::Busy(id, by));
                }
            }
            KeptEnd::Failed(why) => {
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
    async fn release(&mut self, id: &JobName) {
        if let Some(lease) = self.share.let_go(id) {
            // One that cannot be given up ends by itself.
            let _ = self.leases.write(&lease::released(&lease, Timestamp::now())).await;
        }
    }

    /// Stops everything, and gives up the Leases.
    async fn end(&mut self) {
        self.running.values_mut().for_each(|task| task.stop = None);
        let all = async {
            let waiting: Vec<JobName> = std::mem::take(&mut self.waiting).into_keys().collect();
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

    fn counts(&self, now: Instant) -> JobCounts {
        let mut counts = JobCounts { kept: self.running.len(), waiting: self.waiting.len(), ..JobCounts::default() };
        for id in self.wanted.keys().filter(|id| !self.running.contains_key(*id) && !self.waiting.contains_key(*id)) {
            if self.share.is_done(id) {
                counts.ended += 1;
            } else if self.share.other(id, now).is_some() {
                counts.elsewhere += 1;
            } else {
                counts.free += 1;
            }
        }
        counts
    }
}
