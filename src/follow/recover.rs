//! [`Recovery`]: what the log API no longer has of a container, read from the files of its node.
//!
//! It stands between the follower and whoever takes the lines. Where the follower tells that lines are missing, or a log's
//! beginning may be, the files are read and their lines handed on at their place: before those that follow. What was recovered
//! is not told as missing; of what was not, it is told why.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use futures::StreamExt as _;
use tokio::sync::{Mutex, OnceCell};

use super::{
    beginning::LogBeginning,
    cursor::Cursor,
    drive::{Batch, DriverEvent},
    follower::{Output, ReadingStart, Scope},
    limiter::RequestLimiter,
    listener::{Listener, Unheard},
    note::{Note, Proof, Seal, WantedFrom},
    splice::{self, Splice, SpliceProgress},
};
use crate::{
    cluster::{Cluster, ClusterError, LogAnswer, LogQuery, review},
    k8s::{ContainerId, InstanceId, Line, Stamp, Stream, Target},
    node_logs::{self, Directory, FileName, LogOwner, NodeLine, NodeLog, NodePiece, Unreadable},
};

/// Whether lines that the log API no longer has are read from the files of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeLogs {
    /// Where that is permitted.
    #[default]
    Auto,
    /// Never.
    Never,
    /// Yes, and it is an error when it is not permitted.
    Always,
}

/// How far a stamp may fall behind the one before: see `follow::cursor`.
const SKEW: i64 = 1_000_000_000;

/// Enough of an answer to have its first line's stamp, in bytes.
const STAMP_BYTES: u64 = 64;

/// Lines held back at most, in bytes, until it shows that they belong before those that were read already.
const HELD: usize = 32 << 20;

/// The nodes of a run, as far as their files are concerned. Shared by all drivers.
#[derive(Debug)]
pub struct Nodes {
    cluster: Cluster,
    wanted: NodeLogs,
    allowed: OnceCell<bool>,
    /// What was told, so that it is told once.
    told: Mutex<BTreeSet<String>>,
}

impl Nodes {
    /// The nodes of a cluster.
    pub fn new(cluster: &Cluster, wanted: NodeLogs) -> Nodes {
        Nodes { cluster: cluster.clone(), wanted, allowed: OnceCell::new(), told: Mutex::default() }
    }

    /// Whether we may read their files. It is asked once.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn may_read(&self) -> Result<bool, ClusterError> {
        let ask = async || Ok(review(&self.cluster.client(), None, "get", "nodes/proxy", "").await?.0);
        self.allowed.get_or_try_init(ask).await.copied()
    }

    async fn is_news(&self, text: &str) -> bool {
        self.told.lock().await.insert(text.to_owned())
    }
}

/// Why the files of a node do not help.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotRecovered {
    /// They are not to be asked.
    Unwanted,
    NotPermitted,
    /// There are none of it any more.
    NotKept,
    /// They begin later.
    Older,
    /// Anything else.
    Other(String),
}

impl From<Unreadable> for NotRecovered {
    fn from(error: Unreadable) -> NotRecovered {
        match error {
            Unreadable::NotPermitted => NotRecovered::NotPermitted,
            Unreadable::NotKept => NotRecovered::NotKept,
            other => NotRecovered::Other(other.to_string()),
        }
    }
}

/// A part of an instance's log that is missing.
#[derive(Debug)]
struct Stretch {
    restart: u32,
    /// The newest file was read: with no other nothing is missing.
    knows_newest: bool,
    /// What was read before it.
    read: Cursor,
    /// The first lines that were read after it; none when nothing was.
    after: Vec<Line>,
    /// Only so many lines of it, from its end.
    last: Option<u64>,
}

/// What was found of a [`Stretch`].
#[derive(Debug, Clone, Default)]
struct RecoveredLines {
    /// The first line's stamp, and the last one's, of those handed on.
    stamps: Option<(Stamp, Stamp)>,
    /// The files begin after what was read before.
    begins_late: bool,
    /// The files that the node has of the log; none when that is not known. Of one, nothing can be missing.
    files: Vec<FileName>,
    /// They have lines from before what is wanted.
    reaches_back: bool,
    /// How many lines were handed on.
    count: u64,
    /// Why not all that comes after the last line was found.
    cut: Option<NotRecovered>,
}

impl RecoveredLines {
    fn nothing(why: NotRecovered) -> RecoveredLines {
        RecoveredLines { cut: Some(why), ..RecoveredLines::default() }
    }

    fn is_all(&self) -> bool {
        !self.begins_late && self.cut.is_none()
    }

    /// Why it is not all.
    fn why(&self) -> NotRecovered {
        self.cut.clone().unwrap_or(NotRecovered::Older)
    }
}

/// A log of which it is not known yet whether it was read from its first line on.
#[derive(Debug)]
struct Begun {
    start: ReadingStart,
    wanted: WantedFrom,
    /// `None` until a line came.
    beginning: Option<LogBeginning>,
    /// Why its node does not help; `None` when it was not asked.
    why: Option<NotRecovered>,
}

impl Begun {
    /// `None` when the container's start is not known.
    fn new(start: ReadingStart, since: Option<Stamp>) -> Option<Begun> {
        let started = start.started?;
        let since = since.filter(|since| *since > started);
        let wanted = since.map_or(WantedFrom::All(started), WantedFrom::Since);
        Some(Begun { start, wanted, beginning: None, why: None })
    }

    /// How it begins if its first line is stamped so.
    fn from(&self, first: Stamp) -> LogBeginning {
        // While a log lies open, nothing of it is rotated away unseen.
        let silent = i64::try_from(self.start.silent.as_nanos()).unwrap_or(i64::MAX);
        LogBeginning::new(self.wanted.from().back(-silent), first)
    }

    fn read(&mut self, lines: &[Line]) {
        if let (None, Some(first)) = (self.beginning, lines.first()) {
            self.beginning = Some(self.from(first.stamp));
        }
        if let Some(beginning) = &mut self.beginning {
            beginning.read(lines);
        }
    }
}

/// Hands on what one container says, with what its node still has at its place.
pub struct Recovery<L> {
    nodes: Arc<Nodes>,
    limiter: Arc<RequestLimiter>,
    target: Arc<Target>,
    id: Arc<ContainerId>,
    scope: Scope,
    /// Only lines stamped at or after this are handed on, whatever is read.
    shown: Option<Stamp>,
    told: L,
    /// The node, once it is known.
    node: Option<String>,
    /// The log that is read now, until it is known whether it was read from its first line on.
    begun: Option<Begun>,
    /// Whether any line was handed on.
    any: bool,
    /// Lines handed on, by instance, of those that are not complete.
    handed: BTreeMap<u32, u64>,
    /// Instances of which it was told that their end was not seen.
    open_ends: BTreeSet<u32>,
    /// Instances of which it was told that their log was gone, or was not checked.
    doubts: BTreeSet<u32>,
}

impl<L: Listener<DriverEvent>> Recovery<L> {
    /// Of one container. Of what is read, only lines stamped at or after `shown` are handed on.
    pub fn new(
        nodes: Arc<Nodes>,
        limiter: Arc<RequestLimiter>,
        target: Arc<Target>,
        scope: Scope,
        shown: Option<Stamp>,
        told: L,
    ) -> Self {
        Recovery {
            id: Arc::new(target.id()),
            nodes,
            limiter,
            target,
            scope,
            shown,
            told,
            node: None,
            begun: None,
            any: false,
            handed: BTreeMap::new(),
            open_ends: BTreeSet::new(),
            doubts: BTreeSet::new(),
        }
    }

    fn instance(&self, restart: u32) -> InstanceId {
        InstanceId { container: self.id.clone(), restart }
    }

    /// Tells that nothing more will come of an instance, unless it was told that its end was not seen. What the follower could not
    /// prove, the node's files may have.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn seal(&mut self, Seal { restart, proof }: Seal) -> Result<(), Unheard> {
        let lines = self.handed.remove(&restart).unwrap_or_default();
        let doubted = self.doubts.remove(&restart);
        if self.open_ends.remove(&restart) {
            return Ok(());
        }
        let proof = match proof {
            Some(Proof::Rotated | Proof::StreamEnded | Proof::GoneBefore) | None if !doubted => Proof::NodeFiles,
            Some(proof) => proof,
            None => return Ok(()),
        };
        self.told.hear(DriverEvent::Complete { instance: self.instance(restart), lines, proof }).await
    }

    /// Tells where the container runs.
    pub fn runs_on(&mut self, node: Option<&str>) {
        if let (None, Some(node)) = (&self.node, node) {
            self.node = Some(node.to_owned());
        }
    }

    /// Hands lines and notes on.
    ///
    /// # Errors
    /// When nobody takes them.
    pub async fn hand_on(&mut self, out: &mut Output) -> Result<(), Unheard> {
        let lines = std::mem::take(&mut out.lines);
        let read = std::mem::take(&mut out.read);
        let start = out.start.take();
        let mut later = Vec::new();
        // What the lines are about comes first: a container starts before it prints.
        // What is rare is boxed, here and below: else each driver has room for it all the time.
        for note in out.notes.drain(..) {
            if is_after(&note, out.restart) && !lines.is_empty() {
                later.push(note);
                continue;
            }
            Box::pin(self.note(note, &read, &lines)).await?;
        }
        if let Some(start) = start {
            Box::pin(self.begin(start, &lines)).await?;
        }
        if lines.is_empty() {
            return if self.told.is_gone() { Err(Unheard) } else { Ok(()) };
        }
        self.lines(out.restart, None, lines).await?;
        self.judge().await?;
        for note in later {
            Box::pin(self.note(note, &read, &[])).await?;
        }
        Ok(())
    }

    async fn tell(&mut self, note: Note) -> Result<(), Unheard> {
        self.open_ends.extend(note.open_end());
        if let Note::Gone { restart, .. } | Note::Unchecked { restart, .. } = note {
            self.doubts.insert(restart);
        }
        self.told.hear(DriverEvent::Note(self.id.clone(), note)).await
    }

    async fn lines(&mut self, restart: u32, stream: Option<Stream>, mut lines: Vec<Line>) -> Result<(), Unheard> {
        self.any = true;
        if let Some(begun) = self.begun.as_mut().filter(|begun| begun.start.restart == restart) {
            begun.read(&lines);
        }
        if let Some(shown) = self.shown {
            lines.retain(|line| line.stamp >= shown);
            if lines.is_empty() {
                return Ok(());
            }
        }
        *self.handed.entry(restart).or_default() += lines.len() as u64;
        let batch = Batch { instance: self.instance(restart), stream, lines };
        self.told.hear(DriverEvent::Lines(batch)).await
    }

    /// Hands on what the node has before the first lines of an instance that were read, and tells what may have been before them.
    async fn begin(&mut self, start: ReadingStart, after: &[Line]) -> Result<(), Unheard> {
        let restart = start.restart;
        self.begun = Begun::new(start, self.scope.since);
        if let (Some(begun), Some(line)) = (&self.begun, after.first()) {
            let mut beginning = begun.from(line.stamp);
            beginning.read(after);
            if !beginning.is_late() && !beginning.is_rapid() {
                return Ok(());
            }
        }
        let last = start.tail.filter(|_| !self.any);
        let mut stretch = Stretch { restart, knows_newest: true, read: Cursor::default(), after: first(after), last };
        if let (Some(tail), false) = (stretch.last, after.is_empty()) {
            match self.count_from(restart, after, tail).await {
                Some(count) if count < tail => stretch.last = Some(tail - count),
                _ => {
                    self.begun = None;
                    return Ok(());
                }
            }
        }
        let wanted = stretch.last;
        let found = self.recover(stretch).await?;
        if let (Some((_, last)), Some(why), Some(first)) = (found.stamps, &found.cut, after.first()) {
            self.tell(Note::Gap { restart, after: last, before: Some(first.stamp) }).await?;
            self.explain(why.clone()).await?;
        }
        let Some(mut begun) = self.begun.take() else { return Ok(()) };
        if found.files.is_empty() {
            let waited = start.waited && start.tail.is_none() && self.scope.since.is_none();
            begun.why = Some(found.why());
            let late = after.first().map(|line| begun.from(line.stamp)).filter(LogBeginning::is_late);
            match late {
                // It was elbtail that came late.
                Some(late) if waited => return self.starts_late(&begun, late).await,
                _ => self.begun = Some(begun),
            }
            return Ok(());
        }
        let first = begun.beginning.or_else(|| after.first().map(|line| begun.from(line.stamp)));
        let is_wanted = !found.reaches_back && wanted.is_none_or(|wanted| found.count < wanted);
        match first.filter(|first| is_wanted && first.by_files(&found.files)) {
            Some(first) => {
                begun.why = Some(found.why());
                self.starts_late(&begun, first).await
            }
            None => Ok(()),
        }
    }

    /// Tells of a log that it may have been rotated before its first line, once that shows.
    async fn judge(&mut self) -> Result<(), Unheard> {
        let Some(begun) = &self.begun else { return Ok(()) };
        let Some(beginning) = begun.beginning else { return Ok(()) };
        let Some(may_be_cut) = beginning.by_rate() else { return Ok(()) };
        let Some(mut begun) = self.begun.take() else { return Ok(()) };
        if !may_be_cut || begun.start.tail.is_some() {
            return Ok(());
        }
        if begun.why.is_none() {
            begun.why = Some(match Box::pin(self.open(begun.start.restart, None)).await {
                Ok(log) if log.is_whole() => return Ok(()),
                Ok(_) => NotRecovered::Other("it showed only when later lines had been printed".to_owned()),
                Err(why) => why,
            });
        }
        if let WantedFrom::Since(since) = begun.wanted
            && Box::pin(self.newest_begins(begun.start.previous)).await.is_some_and(|begins| begins < since)
        {
            return Ok(());
        }
        self.starts_late(&begun, beginning).await
    }

    async fn starts_late(&mut self, begun: &Begun, beginning: LogBeginning) -> Result<(), Unheard> {
        let (restart, wanted) = (begun.start.restart, begun.wanted);
        self.tell(Note::StartsLate { restart, wanted, first: beginning.first }).await?;
        self.explain(begun.why.clone().unwrap_or(NotRecovered::Older)).await
    }

    /// The stamp of the first line that the log API has, whatever lines are wanted.
    async fn newest_begins(&self, previous: bool) -> Option<Stamp> {
        let Target { namespace, pod, container, .. } = &*self.target;
        let query = LogQuery {
            container: container.clone(),
            previous,
            timestamps: true,
            limit_bytes: Some(STAMP_BYTES),
            ..LogQuery::default()
        };
        let _place = self.limiter.ask(false).await;
        let LogAnswer::Body(mut body) = self.nodes.cluster.log(namespace, pod, &query).await.ok()? else { return None };
        let mut text = Vec::new();
        while let Some(Ok(bytes)) = body.next().await {
            text.extend_from_slice(&bytes);
        }
        Stamp::parse(&text).map(|(stamp, _)| stamp)
    }

    /// Tells a note, or hands on the lines whose loss it is about.
    async fn note(&mut self, note: Note, read: &[(u32, Cursor)], after: &[Line]) -> Result<(), Unheard> {
        let known = |restart| read.iter().find(|(of, _)| *of == restart).map(|(_, read)| read.clone());
        let rest = |restart| Stretch {
            restart,
            knows_newest: false,
            read: known(restart).unwrap_or_default(),
            after: Vec::new(),
            last: None,
        };
        match note {
            Note::Gap { restart, after: last, before } => {
                let stretch = match before {
                    Some(_) => Stretch { after: first(after), ..rest(restart) },
                    None => rest(restart),
                };
                let found = self.recover(stretch).await?;
                if found.is_all() {
                    return Ok(());
                }
                self.tell(narrowed(restart, last, before, &found)).await?;
                self.explain(found.why()).await
            }
            Note::GoneBefore { count } => {
                let left = self.earlier(count).await?;
                if left > 0 { self.tell(Note::GoneBefore { count: left }).await } else { Ok(()) }
            }
            Note::Gone { restart, .. } | Note::Lost { restart, .. } => {
                let last = self.scope.tail.filter(|_| !self.any);
                let found = self.recover(Stretch { last, ..rest(restart) }).await?;
                let Some(why) = found.cut.clone() else { return self.tell_begin(restart, &found).await };
                let is_lost = matches!(note, Note::Lost { .. });
                match (found.stamps, note) {
                    (Some((_, last)), Note::Lost { reason, .. } | Note::Gone { reason, .. }) => {
                        self.tell(Note::Unverified { restart, last: Some(last), reason }).await?;
                    }
                    (_, note) => self.tell(note).await?,
                }
                if is_lost { self.explain(why).await } else { Ok(()) }
            }
            Note::Unverified { restart, last, .. } | Note::Unreadable { restart, last, .. } => {
                self.rest_of(note, rest(restart), last).await
            }
            Note::Unchecked { restart, .. } => {
                let read = rest(restart);
                let last = read.read.last();
                self.rest_of(note, read, last).await
            }
            note => self.tell(note).await,
        }
    }

    /// Hands on what comes after the last line read, or tells what the note does.
    async fn rest_of(&mut self, note: Note, stretch: Stretch, last: Option<Stamp>) -> Result<(), Unheard> {
        let restart = stretch.restart;
        let found = self.recover(stretch).await?;
        match (&found.cut, last) {
            (None, Some(last)) if found.begins_late => {
                self.tell(narrowed(restart, last, None, &found)).await?;
                return self.explain(NotRecovered::Older).await;
            }
            (None, Some(_)) => return Ok(()),
            (None, None) => return self.tell_begin(restart, &found).await,
            (Some(_), _) => {}
        }
        let reached = found.stamps.map(|(_, reached)| reached);
        let why = found.why();
        let note = match note {
            Note::Unverified { restart, last, reason } => Note::Unverified { restart, last: reached.or(last), reason },
            Note::Unreadable { restart, last, reason } => Note::Unreadable { restart, last: reached.or(last), reason },
            note => note,
        };
        self.tell(note).await?;
        self.explain(why).await
    }

    /// Tells where the log of an instance begins of which only files are left, when they may not be all there were.
    async fn tell_begin(&mut self, restart: u32, found: &RecoveredLines) -> Result<(), Unheard> {
        let (Some((first, _)), 2..) = (found.stamps, found.files.len()) else { return Ok(()) };
        let text = format!(
            "the log of instance {restart} was read from its node's files, which start at {}: earlier lines may have been rotated away",
            first.to_timestamp()
        );
        self.tell(Note::NodeFiles(text)).await
    }

    /// Tells why the node does not help, as far as it is news.
    async fn explain(&mut self, why: NotRecovered) -> Result<(), Unheard> {
        let node = self.node.as_deref().unwrap_or("its node");
        let (text, once) = match why {
            NotRecovered::Unwanted => return Ok(()),
            // Whoever may read one node's files may read all.
            NotRecovered::NotPermitted => {
                let once = "not permitted".to_owned();
                (format!("with permission to get nodes/proxy they could be read from node {node}"), Some(once))
            }
            NotRecovered::Older => (format!("they are older than the files that node {node} keeps"), None),
            // So it is wherever a pod was deleted: what is told besides says so.
            NotRecovered::NotKept => {
                let text = format!("node {node} keeps no file of it any more");
                (text.clone(), Some(text))
            }
            NotRecovered::Other(why) => {
                let text = format!("they cannot be read from node {node} either: {why}");
                (text.clone(), Some(text))
            }
        };
        match once {
            Some(once) if !self.nodes.is_news(&once).await => Ok(()),
            _ => self.tell(Note::NodeFiles(text)).await,
        }
    }

    /// Hands on the first `count` instances as far as the node has them. Returns of how many it does not.
    async fn earlier(&mut self, count: u32) -> Result<u32, Unheard> {
        let Ok(directory) = self.directory().await else { return Ok(count) };
        let Ok(files) = node_logs::files(&self.nodes.cluster, &directory).await else { return Ok(count) };
        let instances: BTreeSet<u32> = files.iter().map(|file| file.instance).filter(|it| *it < count).collect();
        let mut left = count;
        for restart in instances {
            let stretch =
                Stretch { restart, knows_newest: false, read: Cursor::default(), after: Vec::new(), last: None };
            let found = self.recover(stretch).await?;
            left -= u32::from(found.stamps.is_some() || found.cut.is_none());
        }
        Ok(left)
    }

    /// Where the container's files are, if we may ask.
    async fn directory(&mut self) -> Result<Directory, NotRecovered> {
        if self.nodes.wanted == NodeLogs::Never {
            return Err(NotRecovered::Unwanted);
        }
        if self.node.is_none() {
            // It was not scheduled yet when it was first seen.
            let (cluster, target) = (&self.nodes.cluster, &self.target);
            let pod = cluster.pod(&target.namespace, &target.pod).await.ok().flatten();
            self.node = pod.filter(|pod| pod.uid() == target.uid).and_then(|pod| pod.spec.node_name.clone());
        }
        // Where the question cannot be asked, the answer to a request tells.
        if !self.nodes.may_read().await.unwrap_or(true) {
            return Err(NotRecovered::NotPermitted);
        }
        let Some(node) = &self.node else { return Err(NotRecovered::Other("it is not known".to_owned())) };
        let Target { namespace, pod, uid, container, .. } = &*self.target;
        Directory::new(node, LogOwner { namespace, pod, uid, container })
            .map_err(|bad| NotRecovered::Other(bad.to_string()))
    }

    async fn open(&mut self, restart: u32, since: Option<Stamp>) -> Result<NodeLog, NotRecovered> {
        let directory = self.directory().await?;
        let _place = self.limiter.ask(false).await;
        Ok(NodeLog::open(&self.nodes.cluster, &directory, restart, since).await?)
    }

    /// How many lines there are from the first of `after` on, at most `enough`: the newest file may have fewer than are wanted.
    /// `None` when that cannot be told, or the log was never rotated.
    async fn count_from(&mut self, restart: u32, after: &[Line], enough: u64) -> Option<u64> {
        let first = after.first()?;
        let mut log = self.open(restart, Some(first.stamp)).await.ok().filter(|log| !log.is_whole())?;
        let mut count = 0;
        while let Some(piece) = log.next().await.ok()? {
            let lines = match piece {
                NodePiece::Lines(lines) => lines,
                NodePiece::Unfinished(line) => vec![line],
                NodePiece::Gone => continue,
            };
            for line in lines {
                let is_first = line.line == *first
                    || line.from_older_file > 0 && line.line.text.get(line.from_older_file..) == Some(&first.text[..]);
                count += u64::from(count > 0 || is_first);
                if count >= enough {
                    return Some(count);
                }
            }
        }
        (count > 0).then_some(count)
    }

    /// Reads what is missing and hands it on.
    async fn recover(&mut self, stretch: Stretch) -> Result<RecoveredLines, Unheard> {
        let Stretch { restart, knows_newest, mut read, after, last } = stretch;
        // Older files than were ever read are not what is looked for here.
        read.starts_inside();
        // With lines read before, all files are read: a clock that was set back hides nothing then.
        let since = self.scope.since;
        let mut log = match self.open(restart, since.filter(|_| read.count() == 0)).await {
            Ok(log) => log,
            Err(why) => return Ok(RecoveredLines::nothing(why)),
        };
        let mut found = RecoveredLines { files: log.files().to_vec(), ..RecoveredLines::default() };
        if log.is_whole() && knows_newest {
            return Ok(found);
        }
        let mut place = HeldLines::new(&after, last);
        let mut splice = Splice::new(&read, after);
        let mut missing = Vec::new();
        loop {
            let piece = match log.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => {
                    found.cut = Some(error.into());
                    break;
                }
            };
            let mut lines = match piece {
                NodePiece::Lines(lines) => lines,
                NodePiece::Unfinished(line) if place.is_open_end() => vec![line],
                NodePiece::Unfinished(_) => continue,
                NodePiece::Gone if splice.is_meeting() => {
                    splice.finish(&mut missing);
                    place.found = true;
                    break;
                }
                NodePiece::Gone => {
                    place.is_torn |= place.any || !missing.is_empty();
                    continue;
                }
            };
            if let Some(since) = since {
                let all = lines.len();
                lines.retain(|line| line.line.stamp >= since);
                found.reaches_back |= lines.len() < all;
            }
            if splice.take(lines, &mut missing) == SpliceProgress::Done {
                place.found = true;
                break;
            }
            if let Err(TooMuch) = place.take(&mut missing) {
                break;
            }
            let ready = place.ready();
            self.hand_on_found(restart, ready, &mut found).await?;
        }
        if found.cut.is_none() && !place.found {
            place.found = place.is_open_end() || splice.is_meeting();
            splice.finish(&mut missing);
        }
        let _ = place.take(&mut missing);
        let ready = place.end();
        self.hand_on_found(restart, ready, &mut found).await?;
        found.begins_late = !splice.reaches_back();
        if found.cut.is_none() && (place.is_torn || !place.found) {
            found.cut = Some(NotRecovered::Other("its files were rotated away while they were read".to_owned()));
        }
        Ok(found)
    }

    /// Hands on lines of files: those of one stream together.
    async fn hand_on_found(
        &mut self,
        restart: u32,
        lines: Vec<NodeLine>,
        found: &mut RecoveredLines,
    ) -> Result<(), Unheard> {
        if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
            let first = found.stamps.map_or(first.line.stamp, |(first, _)| first);
            found.stamps = Some((first, last.line.stamp));
            found.count += lines.len() as u64;
        }
        let mut rest = lines;
        while let Some(stream) = rest.first().map(|line| line.stream) {
            let count = rest.iter().take_while(|line| line.stream == stream).count();
            let later = rest.split_off(count);
            let together = std::mem::replace(&mut rest, later).into_iter().map(|found| found.line).collect();
            self.lines(restart, stream, together).await?;
        }
        Ok(())
    }
}

/// As many of the lines after a gap as are needed to recognise them.
fn first(lines: &[Line]) -> Vec<Line> {
    lines[..lines.len().min(splice::AFTER)].to_vec()
}

/// More lines than can be held back.
struct TooMuch;

/// Lines found, until it is sure that they come before those read after them.
struct HeldLines {
    /// The stamp of the first line after; `None` when nothing was read after.
    after: Option<Stamp>,
    last: Option<u64>,
    held: VecDeque<NodeLine>,
    /// Lines of which there is no doubt.
    sure: Vec<NodeLine>,
    bytes: usize,
    /// Whether those in `held` may come after the lines that were read already.
    is_doubtful: bool,
    /// Lines of the files are gone behind the first one found.
    is_torn: bool,
    /// The lines after came.
    found: bool,
    /// Whether any line was found.
    any: bool,
}

impl HeldLines {
    fn new(after: &[Line], last: Option<u64>) -> HeldLines {
        HeldLines {
            after: after.first().map(|line| line.stamp),
            last,
            held: VecDeque::new(),
            sure: Vec::new(),
            bytes: 0,
            is_doubtful: false,
            is_torn: false,
            found: false,
            any: false,
        }
    }

    fn is_open_end(&self) -> bool {
        self.after.is_none()
    }

    fn take(&mut self, missing: &mut Vec<NodeLine>) -> Result<(), TooMuch> {
        self.any |= !missing.is_empty();
        let (after, is_torn) = (self.after, self.is_torn);
        // The lines after may be among those that are gone, and then this one was read already.
        let is_doubtful = |line: &NodeLine| after.is_some_and(|after| is_torn || line.line.stamp > after.back(-SKEW));
        if self.last.is_none() && !self.is_doubtful && !missing.iter().any(is_doubtful) {
            splice::append(&mut self.sure, std::mem::take(missing));
            return Ok(());
        }
        for line in missing.drain(..) {
            self.is_doubtful |= is_doubtful(&line);
            self.bytes += line.line.text.len() + size_of::<NodeLine>();
            self.held.push_back(line);
            while self.last.is_some_and(|last| self.held.len() as u64 > last) {
                self.bytes -= self.held.pop_front().map_or(0, |line| line.line.text.len() + size_of::<NodeLine>());
            }
        }
        if self.is_doubtful && self.bytes > HELD { Err(TooMuch) } else { Ok(()) }
    }

    /// What can be handed on now.
    fn ready(&mut self) -> Vec<NodeLine> {
        std::mem::take(&mut self.sure)
    }

    /// What can be handed on in the end.
    fn end(&mut self) -> Vec<NodeLine> {
        if self.is_doubtful && !self.found {
            // Those before the doubt are among them; none is printed twice.
            let sure = self.after.map_or(0, |after| {
                let is_sure = |line: &&NodeLine| !self.is_torn && line.line.stamp <= after.back(-SKEW);
                self.held.iter().take_while(is_sure).count()
            });
            self.held.truncate(sure);
        }
        self.all()
    }

    fn all(&mut self) -> Vec<NodeLine> {
        self.bytes = 0;
        let mut all = std::mem::take(&mut self.sure);
        all.extend(self.held.drain(..));
        all
    }
}

/// What is still missing of a gap.
fn narrowed(restart: u32, last: Stamp, before: Option<Stamp>, found: &RecoveredLines) -> Note {
    match (found.stamps, &found.cut) {
        // Files begin inside the gap, and reach to its end.
        (Some((first, _)), None) => Note::Gap { restart, after: last, before: Some(first) },
        (Some((_, reached)), Some(_)) if !found.begins_late => Note::Gap { restart, after: reached, before },
        _ => Note::Gap { restart, after: last, before },
    }
}

/// Whether a note is about what comes after the lines of instance `restart` that are told with it.
fn is_after(note: &Note, restart: u32) -> bool {
    match note {
        Note::Gap { restart: of, before: None, .. }
        | Note::Gone { restart: of, .. }
        | Note::Lost { restart: of, .. }
        | Note::Unreadable { restart: of, .. }
        | Note::Unverified { restart: of, .. }
        | Note::Unchecked { restart: of, .. } => *of >= restart,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::k8s::Stream;

    fn line(seconds: i64) -> Line {
        Line { stamp: Stamp(seconds * 1_000_000_000), text: Bytes::from(seconds.to_string()) }
    }

    fn found(seconds: &[i64]) -> Vec<NodeLine> {
        let node = |line| NodeLine { line, stream: Some(Stream::Stdout), from_older_file: 0 };
        seconds.iter().map(|seconds| node(line(*seconds))).collect()
    }

    fn seconds(lines: &[NodeLine]) -> Vec<i64> {
        lines.iter().map(|line| line.line.stamp.0 / 1_000_000_000).collect()
    }

    /// What is handed on as it comes, and in the end.
    fn place(place: &mut HeldLines, lines: &[i64]) -> Vec<i64> {
        assert!(place.take(&mut found(lines)).is_ok());
        seconds(&place.ready())
    }

    #[test]
    fn lines_stamped_before_those_after_are_handed_on_as_they_come() {
        let mut gap = HeldLines::new(&[line(50)], None);
        assert_eq!(place(&mut gap, &[10, 9, 20]), [10, 9, 20]);
        assert_eq!(place(&mut gap, &[49]), [49]);
        assert!(gap.end().is_empty());
    }

    #[test]
    fn lines_stamped_later_wait_until_those_after_come() {
        let mut gap = HeldLines::new(&[line(50)], None);
        // A clock was set back in the gap, or these were read already.
        assert!(place(&mut gap, &[10, 60, 11]).is_empty());
        gap.found = true;
        assert_eq!(seconds(&gap.end()), [10, 60, 11]);

        let mut gap = HeldLines::new(&[line(50)], None);
        assert!(place(&mut gap, &[10, 60, 11]).is_empty());
        assert_eq!(seconds(&gap.end()), [10], "they never came");
    }

    #[test]
    fn behind_files_that_are_gone_nothing_is_sure() {
        let mut gap = HeldLines::new(&[line(50)], None);
        assert_eq!(place(&mut gap, &[10]), [10]);
        gap.is_torn = true;
        assert!(place(&mut gap, &[20]).is_empty());
        assert!(gap.end().is_empty());
    }

    #[test]
    fn nothing_after_makes_everything_missing() {
        let mut rest = HeldLines::new(&[], None);
        assert_eq!(place(&mut rest, &[10, 60, 11]), [10, 60, 11]);
        let mut tail = HeldLines::new(&[], Some(2));
        assert!(place(&mut tail, &[10, 60, 11]).is_empty());
        assert_eq!(seconds(&tail.end()), [60, 11]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut gap = HeldLines::new(&[line(50)], None);
        let mut big = found(&[60]);
        big[0].line.text = Bytes::from(vec![b'x'; HELD]);
        assert!(gap.take(&mut big).is_err());
    }

    #[test]
    fn a_note_is_narrowed_to_what_is_still_missing() {
        let (last, before) = (Stamp(10), Some(Stamp(50)));
        let gap = |after, before| Note::Gap { restart: 1, after: Stamp(after), before };
        let found = |stamps: Option<(i64, i64)>, begins_late, cut| RecoveredLines {
            stamps: stamps.map(|(first, last)| (Stamp(first), Stamp(last))),
            begins_late,
            cut,
            ..RecoveredLines::default()
        };
        for (found, expected) in [
            (found(Some((20, 40)), true, None), gap(10, Some(Stamp(20)))),
            (found(Some((20, 40)), false, Some(NotRecovered::NotKept)), gap(40, before)),
            (found(Some((20, 40)), true, Some(NotRecovered::NotKept)), gap(10, before)),
            (found(None, false, Some(NotRecovered::NotPermitted)), gap(10, before)),
        ] {
            assert_eq!(narrowed(1, last, before, &found), expected);
        }
    }
}
