//! [`Writer`]: lines in, durable chunks and commits out.
//!
//! Lines gather in open chunks. A chunk that is large or old enough, or that must make room, is closed: compressed on a
//! thread beside, put, and then named by a commit. Commits happen in the order in which chunks were closed, so that the
//! index is at any time the exact beginning of what was pushed. All memory is bounded, also of many writers together: open chunks
//! by [`Limits::memory`], closed ones by [`Limits::uploads`]; when both are used up, [`Writer::push`] waits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{
    Archive, ArchiveError, ArchivedInstance, ArchivedStream, Budget, JobKey, Store,
    budget::BudgetShare,
    chunk::ChunkLines,
    index::Index,
    lease::{Anchor, Lease},
    leftovers,
    position::{Durable, Position, Positions},
    record::{Chunk, Complete, Gap, JobState, Record},
    segment::{commit, missing},
    store::{Created, patiently},
    written::Written,
};
use crate::{
    k8s::{Line, Stamp},
    render::StampText,
};

/// Records that a commit holds at most.
const COMMIT: usize = 1000;

/// Closed chunks and other records that wait for their commit at most.
const QUEUE: usize = 1024;

/// How much a writer may hold back, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A chunk is closed when its text has so many bytes.
    pub chunk: usize,
    /// A chunk is closed when its first line has waited so long.
    pub age: Duration,
    /// Bytes of text in all open chunks together; see [`Budget`].
    pub memory: usize,
    /// Closed chunks that are compressed or put at a time.
    pub uploads: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { chunk: 4 << 20, age: Duration::from_secs(60), memory: 64 << 20, uploads: 8 }
    }
}

/// A stream of this writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId(usize);

/// How the store is, as long as it is tried again and again; `None`: well.
pub type Trouble = watch::Receiver<Option<ArchiveError>>;

/// The one that writes a job.
pub struct Writer {
    store: Store,
    job: JobKey,
    limits: Limits,
    /// Where it must still lie.
    anchor: Option<Anchor>,
    streams: Vec<OpenStream>,
    ids: HashMap<ArchivedStream, StreamId>,
    stamps: StampText,
    /// Bytes in open chunks.
    share: BudgetShare,
    queue: mpsc::Sender<Pending>,
    committer: Option<JoinHandle<Result<(), ArchiveError>>>,
    failed: Option<ArchiveError>,
    trouble: Arc<watch::Sender<Option<ArchiveError>>>,
    written: watch::Receiver<Written>,
    state: JobState,
}

/// A stream and its open chunk.
struct OpenStream {
    stream: ArchivedStream,
    /// Lines in closed chunks.
    closed: u64,
    lines: ChunkLines,
    /// When the open chunk got its first line.
    since: Option<Instant>,
    /// After which line the last gap is.
    gap: Option<u64>,
    /// What was durable when the writer was opened.
    durable: Durable,
}

impl OpenStream {
    fn new(stream: ArchivedStream) -> OpenStream {
        OpenStream {
            stream,
            closed: 0,
            lines: ChunkLines::default(),
            since: None,
            gap: None,
            durable: Durable::default(),
        }
    }

    /// Takes a chunk that is durable.
    fn resume(&mut self, chunk: Chunk) {
        self.closed = chunk.first_line.saturating_add(chunk.lines);
        self.durable.resume(chunk);
    }
}

/// What is to be committed, in this order.
enum Pending {
    Ready(Record),
    /// A chunk that is on its way.
    Upload(JoinHandle<Result<Option<Record>, ArchiveError>>),
    /// Somebody waits for all that came before.
    Flushed(oneshot::Sender<()>),
}

impl Writer {
    /// Takes the right to write `job`, and reads how far it is.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] while another writes it, [`ArchiveError::Damaged`] when its index cannot be gone on with, or
    /// what the store says.
    pub async fn open(archive: &Archive, job: &JobKey, limits: Limits) -> Result<Writer, ArchiveError> {
        Self::open_after(archive, job, limits, None).await
    }

    /// As [`Writer::open`], in the place of a writer on the host `gone`, of which it is known otherwise that it has ended. Should it
    /// go on all the same, it finds out at its next commit, and stops.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub async fn open_after(
        archive: &Archive,
        job: &JobKey,
        limits: Limits,
        gone: Option<&str>,
    ) -> Result<Writer, ArchiveError> {
        Self::open_within(archive, job, limits, &Budget::new(limits), gone).await
    }

    /// As [`Writer::open_after`], one of all writers that have this budget together.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub async fn open_within(
        archive: &Archive,
        job: &JobKey,
        limits: Limits,
        budget: &Arc<Budget>,
        gone: Option<&str>,
    ) -> Result<Writer, ArchiveError> {
        let store = archive.store.clone();
        let lease = Lease::take(&store, job, gone).await?;
        let index = Index::new(&store, job);
        let (queue, pending) = mpsc::channel(QUEUE);
        let trouble = Arc::new(watch::channel(None).0);
        let (told, written) = watch::channel(Written::default());
        let mut writer = Writer {
            store,
            job: job.clone(),
            limits,
            anchor: lease.anchor().cloned(),
            streams: Vec::new(),
            ids: HashMap::new(),
            stamps: StampText::default(),
            share: BudgetShare::new(budget),
            queue,
            committer: None,
            failed: None,
            trouble,
            written,
            state: JobState::default(),
        };
        let begun = async {
            leftovers::sweep(&writer.store, job).await?;
            writer.read(&index).await
        };
        let next = match begun.await {
            Ok(next) => next,
            Err(error) => {
                lease.release().await;
                return Err(error);
            }
        };
        let at = writer.store.call(&format!("jobs/{job}"));
        let committer = Committer { index, lease, next, trouble: writer.trouble.clone(), written: told, at };
        writer.committer = Some(tokio::spawn(committer.run(pending)));
        Ok(writer)
    }

    /// Reads how far the job is; returns the number of the next commit.
    async fn read(&mut self, index: &Index) -> Result<u64, ArchiveError> {
        let mut broken = None;
        let layout = index
            .read(|record| broken = broken.take().or_else(|| self.resume(record).err()))
            .await
            .map_err(|error| self.cannot_go_on(error))?;
        let damaged = layout.damaged.first().map(|error| self.cannot_go_on(error.clone()));
        if let Some(error) = damaged {
            return Err(error);
        }
        let why = match (layout.missing.first(), broken) {
            (Some(commits), _) => missing(commits),
            (None, Some(why)) => why,
            (None, None) => {
                index.remove(&layout.replaced).await?;
                return Ok(layout.next());
            }
        };
        Err(self.cannot_go_on(self.store.damaged(&format!("jobs/{}/index", self.job), why)))
    }

    /// What is damaged is read on, but not written on: nobody knows where it ends.
    fn cannot_go_on(&self, error: ArchiveError) -> ArchiveError {
        let ArchiveError::Damaged { at, why, next } = error else { return error };
        let job = self.store.call(&format!("jobs/{}", self.job));
        let next = format!("what is whole can be read, but to save, give another DEST or move {job} away; {next}");
        ArchiveError::Damaged { at, why, next }
    }

    /// Takes a record that is durable.
    fn resume(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Chunk { stream, chunk } => {
                let open = self.entry(stream);
                if chunk.first_line != open.closed || chunk.lines == 0 {
                    return Err(format!(
                        "{}: a chunk begins with line {} where line {} comes",
                        open.stream, chunk.first_line, open.closed
                    ));
                }
                open.resume(chunk);
            }
            Record::Complete { stream, .. } => self.entry(stream).durable.complete = true,
            Record::Job(state) => self.state = state,
            Record::Gap { stream, gap } => self.entry(stream).gap = Some(gap.after_line),
            Record::Commit { .. } | Record::Unknown => {}
        }
        Ok(())
    }

    fn entry(&mut self, stream: ArchivedStream) -> &mut OpenStream {
        let id = *self.ids.entry(stream.clone()).or_insert_with(|| {
            self.streams.push(OpenStream::new(stream));
            StreamId(self.streams.len() - 1)
        });
        &mut self.streams[id.0]
    }

    /// The number of a stream, for [`Writer::push`].
    ///
    /// # Errors
    /// [`ArchiveError::Usage`] for names that Kubernetes does not give.
    pub fn stream(&mut self, stream: ArchivedStream) -> Result<StreamId, ArchiveError> {
        let stream = stream.checked()?;
        self.entry(stream.clone());
        Ok(self.ids[&stream])
    }

    /// How far a stream was when the writer was opened.
    ///
    /// # Errors
    /// What the store says.
    pub async fn position(&self, id: StreamId) -> Result<Position, ArchiveError> {
        let open = &self.streams[id.0];
        open.durable.position(&self.store, &self.job, &open.stream).await
    }

    /// How far all streams were when the writer was opened, for whoever asks while it writes.
    pub fn positions(&self) -> Positions {
        let durable = self.streams.iter().map(|open| (open.stream.clone(), open.durable.clone()));
        Positions { store: self.store.clone(), job: self.job.clone(), streams: durable.collect() }
    }

    /// What was last said of the job.
    pub fn state(&self) -> &JobState {
        &self.state
    }

    /// How the store is.
    pub fn trouble(&self) -> Trouble {
        self.trouble.subscribe()
    }

    /// How much has become durable.
    pub fn written(&self) -> watch::Receiver<Written> {
        self.written.clone()
    }

    /// Takes the next lines of a stream; waits while there is no room for them.
    ///
    /// # Errors
    /// Whatever has ended the writer, at this or an earlier call: [`ArchiveError::Full`], [`ArchiveError::Taken`],
    /// [`ArchiveError::Denied`].
    pub async fn push(&mut self, id: StreamId, lines: &[Line]) -> Result<(), ArchiveError> {
        for line in lines {
            let open = &mut self.streams[id.0];
            let grown = open.lines.push(line, &mut self.stamps, &self.share.budget().blocks);
            self.share.add(grown);
            if open.since.is_none() {
                open.since = Some(Instant::now());
            }
            if open.lines.len() >= self.limits.chunk {
                self.close(id).await?;
            }
            self.make_room().await?;
        }
        Ok(())
    }

    /// Adds an object as it is now.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn change(
        &mut self,
        change: super::ObjectLog,
        at: Stamp,
        object: &serde_json::Value,
    ) -> Result<(), ArchiveError> {
        let id = self.stream(ArchivedStream::Changes(change))?;
        self.push(id, &[Line { stamp: at, text: object.to_string().into() }]).await
    }

    /// Closes the chunk of objects of a kind, so that what is there of them is durable before all that is pushed afterwards.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn close_changes(&mut self, change: super::ObjectLog) -> Result<(), ArchiveError> {
        match self.ids.get(&ArchivedStream::Changes(change)) {
            Some(id) => self.close(*id).await,
            None => Ok(()),
        }
    }

    /// The instances of which more may come.
    pub fn unfinished(&self) -> Vec<(StreamId, ArchivedInstance)> {
        let open = self.streams.iter().enumerate().filter(|(_, open)| !open.durable.complete);
        open.filter_map(|(at, open)| Some((StreamId(at), open.stream.instance()?.clone()))).collect()
    }

    /// Whether anything is known of a stream.
    pub fn knows(&self, stream: &ArchivedStream) -> bool {
        self.ids.contains_key(stream)
    }

    /// How many lines a stream has, those included that are not durable yet.
    pub fn lines(&self, id: StreamId) -> u64 {
        let open = &self.streams[id.0];
        open.closed + open.lines.count()
    }

    /// Says that lines are missing after the last one pushed, unless that was said before.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn gap(&mut self, id: StreamId, reason: &str) -> Result<(), ArchiveError> {
        self.close(id).await?;
        let (after_line, reason) = (self.streams[id.0].closed, reason.to_owned());
        self.tell_gap(id, Gap { after_line, reason, gone_before: false }).await
    }

    /// As [`Writer::gap`], of lines that were gone before anybody could have read them.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn gone_before(&mut self, id: StreamId, reason: &str) -> Result<(), ArchiveError> {
        self.close(id).await?;
        let (after_line, reason) = (self.streams[id.0].closed, reason.to_owned());
        self.tell_gap(id, Gap { after_line, reason, gone_before: true }).await
    }

    /// Says that lines before the first one were gone before anybody could have read them.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn gap_at_start(&mut self, id: StreamId, reason: &str) -> Result<(), ArchiveError> {
        self.tell_gap(id, Gap { after_line: 0, reason: reason.to_owned(), gone_before: true }).await
    }

    async fn tell_gap(&mut self, id: StreamId, gap: Gap) -> Result<(), ArchiveError> {
        let after_line = gap.after_line;
        // Whoever was interrupted behind it finds it again.
        if self.streams[id.0].gap == Some(after_line) {
            return Ok(());
        }
        let record = Record::Gap { stream: self.streams[id.0].stream.clone(), gap };
        self.send(Pending::Ready(record)).await?;
        self.streams[id.0].gap = Some(after_line);
        Ok(())
    }

    /// Says that the stream has ended and that everything of it was pushed.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn complete(&mut self, id: StreamId, proof: &str) -> Result<(), ArchiveError> {
        self.close(id).await?;
        let open = &self.streams[id.0];
        let complete = Complete { lines: open.closed, proof: proof.to_owned() };
        let record = Record::Complete { stream: open.stream.clone(), complete };
        self.send(Pending::Ready(record)).await?;
        self.streams[id.0].durable.complete = true;
        Ok(())
    }

    /// Says what is known of the job, if it is something new.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn tell(&mut self, state: JobState) -> Result<(), ArchiveError> {
        if state == self.state {
            return Ok(());
        }
        self.send(Pending::Ready(Record::Job(state.clone()))).await?;
        self.state = state;
        Ok(())
    }

    /// Closes the chunks that are old enough. To be called about every second.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn tick(&mut self) -> Result<(), ArchiveError> {
        // Of a log that is silent nothing is pushed that would show it.
        if self.queue.is_closed() {
            return Err(self.failure().await);
        }
        let age = self.limits.age;
        let old = |open: &OpenStream| open.since.is_some_and(|since| since.elapsed() >= age);
        let old: Vec<usize> = (0..self.streams.len()).filter(|at| old(&self.streams[*at])).collect();
        for at in old {
            self.close(StreamId(at)).await?;
        }
        // Others may need it.
        self.make_room().await
    }

    /// Makes everything that was pushed durable, and returns when it is.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn flush(&mut self) -> Result<(), ArchiveError> {
        for at in 0..self.streams.len() {
            self.close(StreamId(at)).await?;
        }
        let (told, flushed) = oneshot::channel();
        self.send(Pending::Flushed(told)).await?;
        match flushed.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Makes everything durable and lets the next writer in.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn finish(mut self) -> Result<(), ArchiveError> {
        self.flush().await?;
        let committer = self.committer.take();
        drop(self.queue);
        match committer {
            Some(committer) => committer.await.unwrap_or_else(|error| Err(stopped(&error.to_string()))),
            None => Ok(()),
        }
    }

    /// Closes the largest open chunks, where the memory of all is used up and this writer holds more than its part.
    async fn make_room(&mut self) -> Result<(), ArchiveError> {
        let mut surplus = self.share.surplus();
        if surplus == 0 {
            return Ok(());
        }
        let mut largest: Vec<usize> = (0..self.streams.len()).filter(|at| self.streams[*at].since.is_some()).collect();
        largest.sort_by_key(|at| usize::MAX - self.streams[*at].lines.len());
        for at in largest {
            if surplus == 0 {
                break;
            }
            surplus = surplus.saturating_sub(self.streams[at].lines.len());
            self.close(StreamId(at)).await?;
        }
        Ok(())
    }

    /// Closes the open chunk of a stream, if it has one.
    async fn close(&mut self, id: StreamId) -> Result<(), ArchiveError> {
        if self.streams[id.0].since.is_none() {
            return Ok(());
        }
        let permit = tokio::select! {
            permit = self.share.budget().uploads.clone().acquire_owned() => permit.map_err(|error| stopped(&error.to_string())),
            () = self.queue.closed() => Err(stopped("the committer has ended")),
        };
        let Ok(permit) = permit else { return Err(self.failure().await) };
        // A place in the queue before anything is changed: whoever calls may be dropped while it waits.
        let Ok(place) = self.queue.clone().reserve_owned().await else { return Err(self.failure().await) };
        let open = &mut self.streams[id.0];
        open.since = None;
        let lines = std::mem::take(&mut open.lines);
        self.share.give_back(lines.len());
        let first_line = open.closed;
        open.closed += lines.count();
        let upload = Upload {
            store: self.store.clone(),
            job: self.job.clone(),
            anchor: self.anchor.clone(),
            stream: open.stream.clone(),
            trouble: self.trouble.clone(),
            budget: self.share.budget().clone(),
        };
        let upload = tokio::spawn(upload.run(lines, first_line, permit));
        place.send(Pending::Upload(upload));
        Ok(())
    }

    async fn send(&mut self, pending: Pending) -> Result<(), ArchiveError> {
        match self.queue.send(pending).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Why the committer has ended.
    async fn failure(&mut self) -> ArchiveError {
        if let Some(committer) = self.committer.take() {
            self.failed = match committer.await {
                Ok(Err(error)) => Some(error),
                Ok(Ok(())) => None,
                Err(error) => Some(stopped(&error.to_string())),
            };
        }
        self.failed.clone().unwrap_or_else(|| stopped("it has ended before"))
    }
}

fn stopped(why: &str) -> ArchiveError {
    ArchiveError::Unreachable { at: "the archive's writer".to_owned(), why: why.to_owned() }
}

/// A closed chunk on its way.
struct Upload {
    store: Store,
    job: JobKey,
    anchor: Option<Anchor>,
    stream: ArchivedStream,
    trouble: Arc<watch::Sender<Option<ArchiveError>>>,
    budget: Arc<Budget>,
}

impl Upload {
    /// Compresses and puts it. The permit is given back when its bytes are let go.
    async fn run(
        self,
        lines: ChunkLines,
        first_line: u64,
        _permit: OwnedSemaphorePermit,
    ) -> Result<Option<Record>, ArchiveError> {
        let turn = self.budget.compressing.acquire().await.map_err(|error| stopped(&error.to_string()))?;
        let budget = self.budget.clone();
        let closed = tokio::task::spawn_blocking(move || budget.close(lines, first_line)).await;
        drop(turn);
        let closed =
            closed.map_err(|error| stopped(&error.to_string()))?.map_err(|error| stopped(&error.to_string()))?;
        let Some((chunk, bytes)) = closed else { return Ok(None) };
        let path = chunk.path(&self.job, &self.stream);
        let put = patiently(&self.trouble, || async {
            if let Some(anchor) = &self.anchor {
                anchor.holds().await?;
            }
            self.store.put(&path, bytes.clone()).await
        });
        put.await?;
        Ok(Some(Record::Chunk { stream: self.stream, chunk }))
    }
}

/// Makes commits.
struct Committer {
    index: Index,
    lease: Lease,
    /// The next commit's number.
    next: u64,
    trouble: Arc<watch::Sender<Option<ArchiveError>>>,
    written: watch::Sender<Written>,
    at: String,
}

impl Committer {
    async fn run(mut self, mut queue: mpsc::Receiver<Pending>) -> Result<(), ArchiveError> {
        let mut waiting = None;
        loop {
            let first = match waiting.take() {
                Some(pending) => Some(pending),
                None => queue.recv().await,
            };
            let Some(first) = first else { break };
            let (mut records, mut flushed) = (Vec::new(), Vec::new());
            settle(first, &mut records, &mut flushed).await?;
            // What is ready behind it goes with it; what is not does not hold it back.
            while records.len() < COMMIT && flushed.is_empty() {
                match queue.try_recv() {
                    Ok(Pending::Upload(upload)) if !upload.is_finished() => {
                        waiting = Some(Pending::Upload(upload));
                        break;
                    }
                    Ok(pending) => settle(pending, &mut records, &mut flushed).await?,
                    Err(_) => break,
                }
            }
            if !records.is_empty() {
                self.commit(&records).await?;
            }
            for told in flushed {
                // Whoever waited may have gone.
                let _ = told.send(());
            }
        }
        // What was moved away behind the last commit was not saved either.
        if let Some(anchor) = self.lease.anchor() {
            anchor.holds().await?;
        }
        self.lease.release().await;
        Ok(())
    }

    async fn commit(&mut self, records: &[Record]) -> Result<(), ArchiveError> {
        let taken = || ArchiveError::Taken { at: self.at.clone() };
        let number = self.next;
        let writer = self.lease.holder.name();
        let text = commit(number, writer, Timestamp::now(), records)?;
        let index = &self.index;
        let created = patiently(&self.trouble, || async {
            // Asked each time: meanwhile it may have ended.
            if !self.lease.holds().await? {
                return Ok(Created::Other);
            }
            index.append(number, text.clone()).await
        });
        if created.await? == Created::Other {
            return Err(taken());
        }
        self.next += 1;
        let now = Timestamp::now();
        self.written.send_modify(|written| records.iter().for_each(|record| written.take(record, now)));
        // Joining is a matter of order, not of safety: what fails now is due again the next time.
        match self.index.tidy(number).await {
            Err(error) if !error.is_transient() && !matches!(error, ArchiveError::Damaged { .. }) => Err(error),
            _ => Ok(()),
        }
    }
}

async fn settle(
    pending: Pending,
    records: &mut Vec<Record>,
    flushed: &mut Vec<oneshot::Sender<()>>,
) -> Result<(), ArchiveError> {
    match pending {
        Pending::Ready(record) => records.push(record),
        Pending::Upload(upload) => {
            records.extend(upload.await.map_err(|error| stopped(&error.to_string()))??);
        }
        Pending::Flushed(told) => flushed.push(told),
    }
    Ok(())
}
