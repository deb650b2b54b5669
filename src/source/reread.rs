//! [`Reread`]: the row again and again while a job is followed.

use std::{sync::Arc, time::Duration};

use super::{RowSource, SourceError};
use crate::row::Row;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads one row again through the same connection; survives a database that goes away for a while.
pub struct Reread {
    source: Arc<dyn RowSource>,
    id: String,
    every: Duration,
    /// How many tries in a row have failed.
    failed: u32,
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
        Self { source, id, every, failed: 0 }
    }

    /// Waits, then reads. Dropping the future loses nothing but the wait.
    ///
    /// # Errors
    /// What waiting does not mend: the row was deleted, a permission withdrawn. Asking again is allowed.
    pub async fn next(&mut self) -> Result<RereadRow, SourceError> {
        loop {
            tokio::time::sleep(self.pause()).await;
            match self.source.fetch(&self.id).await {
                Ok(row) if self.failed == 0 => return Ok(RereadRow::Row(row)),
                Ok(row) => {
                    self.failed = 0;
                    return Ok(RereadRow::Back(row));
                }
                Err(error) if error.is_transient() => {
                    self.failed = self.failed.saturating_add(1);
                    if self.failed == 1 {
                        return Ok(RereadRow::Lost(error));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn pause(&self) -> Duration {
        let longer = self.every.saturating_mul(2u32.saturating_pow(self.failed.min(16)));
        longer.min(LONGEST.max(self.every))
    }
}
