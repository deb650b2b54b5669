//! [`Reread`]: the row again and again while a job is followed.

use std::{sync::Arc, time::Duration};

use xxhash_rust::xxh3::xxh3_64;

use super::{RowSource, SourceError};
use crate::{
    backoff::{Backoff, Pauses},
    row::Row,
};

/// The longest pause between two tries of a database that is away, if the pause is not longer anyway.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads one row again through the same connection; survives a database that goes away for a while.
pub struct Reread {
    source: Arc<dyn RowSource>,
    id: String,
    every: Duration,
    /// The pauses while it is away; `None` while it answers.
    away: Option<Pauses>,
}

/// What became of one reading.
#[derive(Debug, Clone, PartialEq)]
pub enum RereadRow {
    /// The row as it is now.
    Row(Row),
    /// The database does not answer; told once, however long it stays away.
    Lost(SourceError),
    /// It answers again, and this is the row.
    Back(Row),
}

impl Reread {
    /// Will read the row `id` (a whole id) after each pause of `every`; longer ones while the database is away.
    pub fn new(source: Arc<dyn RowSource>, id: String, every: Duration) -> Self {
        Self { source, id, every, away: None }
    }

    /// Waits, then reads. Dropping the future loses nothing but the wait.
    ///
    /// # Errors
    /// What waiting does not mend: the row was deleted, a permission withdrawn. Asking again is allowed.
    pub async fn next(&mut self) -> Result<RereadRow, SourceError> {
        loop {
            tokio::time::sleep(self.pause()).await;
            match self.source.fetch(&self.id).await {
                Ok(row) => {
                    let was_away = self.away.take().is_some();
                    return Ok(if was_away { RereadRow::Back(row) } else { RereadRow::Row(row) });
                }
                Err(error) if error.is_transient() => {
                    if self.away.is_none() {
                        self.away = Some(self.pauses());
                        return Ok(RereadRow::Lost(error));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn pause(&mut self) -> Duration {
        self.away.as_mut().map_or(self.every, |pauses| pauses.after_failure_at_least(self.every))
    }

    fn pauses(&self) -> Pauses {
        let longest = LONGEST.max(self.every);
        Pauses::new(Backoff::new(self.every.saturating_mul(2).min(longest), longest, xxh3_64(self.id.as_bytes())))
    }
}
