//! [`Index`]: a job's index, read and extended.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::{
    ArchiveError, JobKey, Store,
    record::Record,
    segment::{FAN, Layout, Parsed, Segment, by_commit, lacking, missing, parse},
    store::{AT_ONCE, Created},
};

/// How often a listing is made again when what it named was joined meanwhile.
const RELISTINGS: usize = 5;

/// The index of one job.
#[derive(Clone)]
pub(super) struct Index {
    store: Store,
    directory: String,
}

/// What reading shows of segments.
#[derive(Default)]
struct Found {
    damaged: Vec<ArchiveError>,
    replaced: Vec<Segment>,
}

impl Found {
    fn told_by(self, layout: Layout) -> Layout {
        Layout { damaged: self.damaged, replaced: self.replaced, ..layout }
    }
}

impl Index {
    pub fn new(store: &Store, job: &JobKey) -> Index {
        Index { store: store.clone(), directory: format!("jobs/{job}/index") }
    }

    fn path(&self, segment: &Segment) -> String {
        format!("{}/{}", self.directory, segment.name())
    }

    /// What there is.
    pub async fn layout(&self) -> Result<Layout, ArchiveError> {
        let listed = self.store.list(&self.directory).await?;
        let names = listed.iter().filter_map(|object| object.path.rsplit('/').next());
        Ok(Layout::of(names.filter_map(Segment::parse).collect()))
    }

    /// Hands every record to `take`, in order, and returns the layout it was read by. A writer may be at work.
    ///
    /// # Errors
    /// Any of the store's. Commits that are missing, and objects that are not what was written, are no error: the layout
    /// tells them.
    pub async fn read(&self, mut take: impl FnMut(Record)) -> Result<Layout, ArchiveError> {
        let mut layout = self.layout().await?;
        let (mut next, mut found) = (0, Found::default());
        for _ in 0..RELISTINGS {
            match self.read_from(&mut next, &layout, &mut take, &mut found).await? {
                None => return Ok(found.told_by(layout)),
                // It was joined between the listing and the reading: the joined one is there now.
                Some(_) => layout = self.layout().await?,
            }
        }
        let lost = self.read_from(&mut next, &layout, &mut take, &mut found).await?;
        match lost {
            None => Ok(found.told_by(layout)),
            Some(segment) => Err(self.store.damaged(&self.path(&segment), "it is not there")),
        }
    }

    /// Reads on from commit `next`; returns the first segment that is not there.
    async fn read_from(
        &self,
        next: &mut u64,
        layout: &Layout,
        take: &mut impl FnMut(Record),
        found: &mut Found,
    ) -> Result<Option<Segment>, ArchiveError> {
        let from = *next;
        let wanted = layout.whole.iter().filter(|segment| *segment.0.end() >= from).cloned();
        let get = |segment: Segment| async move {
            match self.store.get(&self.path(&segment)).await {
                Err(error @ ArchiveError::Damaged { .. }) => Ok((segment, Err(error))),
                Err(error) => Err(error),
                Ok(text) => Ok((segment, Ok(text))),
            }
        };
        let mut texts = stream::iter(wanted).map(get).buffered(AT_ONCE);
        while let Some((segment, text)) = texts.try_next().await? {
            // One that is damaged does not hide the others.
            let (records, faults) = match text {
                Ok(None) => return Ok(Some(segment)),
                Ok(Some(text)) => {
                    let Parsed { records, faults } = parse(&segment, &text);
                    let damaged = |why| self.store.damaged(&self.path(&segment), why);
                    (records, faults.into_iter().map(damaged).collect())
                }
                Err(error) => (Vec::new(), vec![error]),
            };
            let records = match faults.is_empty() {
                true => records,
                false => self.read_parts(&segment, records, faults, layout, found).await?,
            };
            let mut number = 0;
            for record in records {
                if let Record::Commit { number: own, .. } = &record {
                    number = *own;
                }
                // A segment read after a new listing may begin with commits that were read before.
                if number >= from {
                    take(record);
                }
            }
            *next = segment.0.end().saturating_add(1);
        }
        Ok(None)
    }

    /// The records of a damaged segment: its own, and those of the objects that it was joined from, as far as these are still there.
    async fn read_parts(
        &self,
        segment: &Segment,
        own: Vec<Record>,
        mut faults: Vec<ArchiveError>,
        layout: &Layout,
        found: &mut Found,
    ) -> Result<Vec<Record>, ArchiveError> {
        let mut parts = BTreeMap::new();
        for part in layout.spent.iter().filter(|part| segment.covers(part)) {
            match self.store.get(&self.path(part)).await {
                Ok(Some(text)) => parts.extend(by_commit(parse(part, &text).records)),
                Ok(None) | Err(ArchiveError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if parts.is_empty() {
            found.damaged.append(&mut faults);
            return Ok(own);
        }
        if lacking(segment, &parts).is_empty() {
            found.replaced.push(segment.clone());
        } else {
            parts.extend(by_commit(own));
            faults.truncate(1);
            let lacking = lacking(segment, &parts).into_iter();
            faults.extend(lacking.map(|commits| self.store.damaged(&self.path(segment), missing(&commits))));
            found.damaged.append(&mut faults);
        }
        Ok(parts.into_values().flatten().collect())
    }

    /// Deletes segments in whose place others are read, so that nothing takes these for spent. Called by whoever holds the lease.
    pub async fn remove(&self, replaced: &[Segment]) -> Result<(), ArchiveError> {
        self.store.delete(replaced.iter().map(|segment| self.path(segment)).collect()).await
    }

    /// Creates a commit.
    pub async fn append(&self, number: u64, text: Vec<u8>) -> Result<Created, ArchiveError> {
        self.store.create(&self.path(&Segment::of(number)), text.into()).await
    }

    /// Joins what is due after commit `number`. What was joined the time before is deleted only now, so that a writer that
    /// was replaced without knowing it still finds the commits it would make taken.
    pub async fn tidy(&self, number: u64) -> Result<(), ArchiveError> {
        if !(number + 1).is_multiple_of(FAN) {
            return Ok(());
        }
        let layout = self.layout().await?;
        if let Some((joined, parts)) = layout.due(number) {
            let get = |part: Segment| async move { self.store.get(&self.path(&part)).await };
            let texts: Vec<_> = stream::iter(parts).map(get).buffered(AT_ONCE).try_collect().await?;
            // One that is not there: another listing will show why.
            let Some(texts) = texts.into_iter().collect::<Option<Vec<_>>>() else { return Ok(()) };
            self.store.create(&self.path(&joined), texts.concat().into()).await?;
        }
        let recent = number.saturating_sub(FAN);
        let old = layout.spent.iter().filter(|segment| *segment.0.end() <= recent);
        self.store.delete(old.map(|segment| self.path(segment)).collect()).await
    }
}
