//! [`Begun`]: a log's beginning, of which lines may be missing.

use super::{
    super::{
        beginning::LogBeginning,
        cursor::Cursor,
        drive::DriverEvent,
        follower::ReadingStart,
        listener::{Listener, Unheard},
        note::{Note, WantedFrom},
        splice,
    },
    Recovery,
    stretch::{NotRecovered, Stretch, first},
};
use crate::{
    cluster::LogQuery,
    k8s::{Line, Stamp, Target},
    node_logs::NodePiece,
};

/// Enough of an answer to have its first line's stamp, in bytes.
const STAMP_BYTES: u64 = 64;

/// A log of which it is not known yet whether it was read from its first line on.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) start: ReadingStart,
    pub(super) wanted: WantedFrom,
    /// `None` until a line came.
    pub(super) beginning: Option<LogBeginning>,
    /// Why its node does not help; `None` when it was not asked.
    pub(super) why: Option<NotRecovered>,
}

impl Begun {
    /// `None` when the container's start is not known.
    pub(super) fn new(start: ReadingStart, since: Option<Stamp>) -> Option<Begun> {
        let started = start.started?;
        let since = since.filter(|since| *since > started);
        let wanted = since.map_or(WantedFrom::All(started), WantedFrom::Since);
        Some(Begun { start, wanted, beginning: None, why: None })
    }

    /// How it begins if its first line is stamped so.
    pub(super) fn from(&self, first: Stamp) -> LogBeginning {
        // While a log lies open, nothing of it is rotated away unseen.
        let silent = i64::try_from(self.start.silent.as_nanos()).unwrap_or(i64::MAX);
        LogBeginning::new(self.wanted.from().back(-silent), first)
    }

    pub(super) fn read(&mut self, lines: &[Line]) {
        if let (None, Some(first)) = (self.beginning, lines.first()) {
            self.beginning = Some(self.from(first.stamp));
        }
        if let Some(beginning) = &mut self.beginning {
            beginning.read(lines);
        }
    }
}

impl<L: Listener<DriverEvent>> Recovery<L> {
    /// Hands on what the node has before the first lines of an instance that were read, and tells what may have been before them.
    pub(super) async fn begin(&mut self, start: ReadingStart, after: &[Line]) -> Result<(), Unheard> {
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
    pub(super) async fn judge(&mut self) -> Result<(), Unheard> {
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

    pub(super) async fn starts_late(&mut self, begun: &Begun, beginning: LogBeginning) -> Result<(), Unheard> {
        let (restart, wanted) = (begun.start.restart, begun.wanted);
        self.tell(Note::StartsLate { restart, wanted, first: beginning.first }).await?;
        self.explain(begun.why.clone().unwrap_or(NotRecovered::Older)).await
    }

    /// The stamp of the first line that the log API has, whatever lines are wanted.
    pub(super) async fn newest_begins(&self, previous: bool) -> Option<Stamp> {
        let Target { namespace, pod, container, .. } = &*self.target;
        let query = LogQuery {
            container: container.clone(),
            previous,
            timestamps: true,
            limit_bytes: Some(STAMP_BYTES),
            ..LogQuery::default()
        };
        let cluster = &self.nodes.cluster;
        let head = async { cluster.log(namespace, pod, &query).await.ok()?.whole().await };
        let head = cluster.limiter().in_time(false, head).await.flatten()?;
        Stamp::parse(&head).map(|(stamp, _)| stamp)
    }

    /// How many lines there are from the first of `after` on, at most `enough`: the newest file may have fewer than are wanted.
    /// `None` when that cannot be told, or the log was never rotated.
    pub(super) async fn count_from(&mut self, restart: u32, after: &[Line], enough: u64) -> Option<u64> {
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
                let is_first = line.line == *first || splice::is_rest(&line, first);
                count += u64::from(count > 0 || is_first);
                if count >= enough {
                    return Some(count);
                }
            }
        }
        (count > 0).then_some(count)
    }
}
