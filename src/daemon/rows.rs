//! [`poll`]: the rows of a database, again and again.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use crate::{
    row::Row,
    source::{RowFilter, RowSource, SourceError},
};

/// The pause between two questions.
const PAUSE: Duration = Duration::from_secs(10);

/// Rows of jobs that have not ended, at most.
pub(super) const LIVE: usize = 1000;

/// The newest rows, ended or not, that are looked at: their pods may still be there.
const NEWEST: usize = 200;

/// What a database says.
pub(super) struct DatabaseRows {
    /// The rows that may name a job to keep, those that have not ended first.
    pub rows: Vec<Row>,
    /// There may be more that have not ended.
    pub more: bool,
}

/// Asks once.
///
/// # Errors
/// What the database says.
pub(super) async fn ask(source: &dyn RowSource) -> Result<DatabaseRows, SourceError> {
    let filter = |live, limit| RowFilter { statuses: Vec::new(), live, limit };
    let mut rows = source.list(&filter(true, LIVE)).await?;
    let more = rows.len() >= LIVE;
    rows.extend(source.list(&filter(false, NEWEST)).await?);
    Ok(DatabaseRows { rows, more })
}

/// Asks until nobody listens; what the last question brought.
pub(super) fn poll(
    source: Arc<dyn RowSource>,
    first: DatabaseRows,
) -> watch::Receiver<Result<DatabaseRows, SourceError>> {
    let (told, mut rows) = watch::channel(Ok(first));
    // Nobody has looked at the first ones yet.
    rows.mark_changed();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = told.closed() => return,
                () = sleep(PAUSE) => {}
            }
            // What was told before is out of date.
            drop(told.send_replace(ask(&*source).await));
        }
    });
    rows
}
