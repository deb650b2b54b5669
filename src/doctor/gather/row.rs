//! The row, and the rows beside it.

use std::{fs::File, io, sync::Arc};

use crate::{
    doctor::{Child, RowFacts},
    resolve::{Resolution, resolve},
    row::{self, MAX_BYTES, Row, RowError},
    source::{self, JobArg, RowFilter, RowSource, SourceError},
};

/// How many of a database's newest rows are looked through for children.
const NEWEST: usize = 1000;

/// Reads the row that `arg` names, and, if it has no id, the rows of the same input that were split from it.
pub fn row(arg: &JobArg, job: Option<&str>) -> RowFacts {
    match read(arg, job) {
        Ok((Some(row), bytes)) => {
            let resolution = resolve(&row);
            let children = if resolution.id().is_none() { children(arg, bytes, &row) } else { Vec::new() };
            RowFacts { row: Some(row), unreadable: None, resolution: Some(resolution), children }
        }
        Ok((None, _)) => {
            let resolution = match arg {
                JobArg::Id(id) => Some(Resolution::given(id.clone())),
                JobArg::Path(_) | JobArg::Stdin => None,
            };
            RowFacts { resolution, ..RowFacts::default() }
        }
        Err(error) => RowFacts { unreadable: Some((error.to_string(), error.exit())), ..RowFacts::default() },
    }
}

/// The row that a database gave, and, if it has no id, the rows there that were split from it.
pub async fn row_from(source: &Arc<dyn RowSource>, row: Result<Row, SourceError>) -> RowFacts {
    let row = match row {
        Ok(row) => row,
        Err(error) => {
            return RowFacts { unreadable: Some((error.to_string(), error.exit())), ..RowFacts::default() };
        }
    };
    let resolution = resolve(&row);
    let mut children = Vec::new();
    if resolution.id().is_none() {
        // What cannot be listed is no finding: the row itself could be read.
        let newest = RowFilter { statuses: Vec::new(), live: false, limit: NEWEST };
        let rows = source.list(&newest).await.unwrap_or_default();
        let of_ours = rows.iter().filter(|child| row.id().is_some() && child.parent_job_id() == row.id());
        children.extend(of_ours.map(child_of));
    }
    RowFacts { row: Some(row), unreadable: None, resolution: Some(resolution), children }
}

/// The row, and the bytes of an input that can be read only once.
fn read(arg: &JobArg, job: Option<&str>) -> Result<(Option<Row>, Vec<u8>), RowError> {
    let JobArg::Stdin = arg else { return Ok((source::read(arg, job)?, Vec::new())) };
    let mut kept = CopyingReader { from: io::stdin().lock(), bytes: Vec::new() };
    let row = source::read_from("stdin", &mut kept, job)?;
    Ok((Some(row), kept.bytes))
}

/// Keeps what is read through it.
struct CopyingReader<R> {
    from: R,
    bytes: Vec<u8>,
}

impl<R: io::Read> io::Read for CopyingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.bytes.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

fn child_of(row: &Row) -> Child {
    Child {
        row: row.id().unwrap_or_default().to_owned(),
        id: resolve(row).id().cloned(),
        status: row.status().unwrap_or_default().to_owned(),
    }
}

fn children(arg: &JobArg, mut bytes: Vec<u8>, parent: &Row) -> Vec<Child> {
    let Some(parent) = parent.id().map(str::to_owned) else { return Vec::new() };
    if let JobArg::Path(path) = arg {
        // It was read a moment ago; if that is not possible any more, the children stay unknown.
        let read =
            File::open(path).and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, MAX_BYTES), &mut bytes));
        if read.is_err() {
            return Vec::new();
        }
    }
    let mut children: Vec<Child> = Vec::new();
    let take = |row: Row| {
        if row.parent_job_id() == Some(&parent) {
            let child = child_of(&row);
            children.retain(|known| known.row != child.row);
            children.push(child);
        }
    };
    // What comes before a fault counts.
    let _ = row::rows_from_bytes("rows", &bytes, take);
    children
}
