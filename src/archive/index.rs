//! [`Index`]: a job's index, read and extended.

use futures::{StreamExt, TryStreamExt, stream};

use super::{
    ArchiveError, JobKey, Store,
    record::Record,
    segment::{FAN, Layout, Parsed, Segment, parse},
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
        let (mut next, mut damaged) = (0, Vec::new());
        for _ in 0..RELISTINGS {
            match self.read_from(&mut next, &layout, &mut take, &mut damaged).await? {
                None => return Ok(Layout { damaged, ..layout }),
                // It was joined between the listing and the reading: the joined one is there now.
                Some(_) => layout = self.layout().await?,
            }
        }
        let lost = self.read_from(&mut next, &layout, &mut take, &mut damaged).await?;
        match lost {
            None => Ok(Layout { damaged, ..layout }),
            Some(segment) => Err(self.store.damaged(&self.path(&segment), "it is not there")),
        }
    }

    /// Reads on from commit `next`; returns the first segment that is not there.
    async fn read_from(
        &self,
        next: &mut u64,
        layout: &Layout,
        take: &mut impl FnMut(Record),
        damaged: &mut Vec<ArchiveError>,
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
            let records = match text {
                Ok(None) => return Ok(Some(segment)),
                Ok(Some(text)) => {
                    let Parsed { records, faults } = parse(&segment, &text);
                    damaged.extend(faults.into_iter().map(|why| self.store.damaged(&self.path(&segment), why)));
                    records
                }
                Err(error) => {
                    damaged.push(error);
                    Vec::new()
                }
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
