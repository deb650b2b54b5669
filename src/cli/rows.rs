//! The row while its job is followed: read again when its file changes, and every few seconds from a database.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::{sync::mpsc, time::sleep};

use super::{
    args::{JobArgs, SelectArgs},
    failure::Failure,
    job::{Job, RowPlace, ended, ids},
};
use crate::{
    resolve::{Outcome, Resolution, resolve},
    row::Row,
    session::{Notice, Outlet, follow::RowNews},
    source::{self, JobArg, Reread, RereadRow},
};

/// How often a row's file is looked at. A look is one `stat`.
const LOOK: Duration = Duration::from_secs(1);

/// How often a row in a database is read again.
const ASK: Duration = Duration::from_secs(5);

/// The row, and how to read it again.
pub struct Rows {
    again: RowOrigin,
    select: SelectArgs,
    /// Who wants each row that is read.
    heard_by: Option<mpsc::UnboundedSender<Row>>,
}

enum RowOrigin {
    /// It came from stdin, or the id was given itself.
    Never,
    File {
        path: PathBuf,
        job: Option<String>,
        seen: Option<(SystemTime, u64)>,
        broken: bool,
    },
    Source {
        reread: Reread,
        refused: bool,
    },
}

/// What a look at the row brought.
enum Look {
    Same,
    Row(Box<Row>),
    /// To be told once.
    Trouble(String),
    Back(Box<Row>),
}

impl Rows {
    /// The row that the command line names, which was found as `job`.
    pub fn of(args: &JobArgs, place: &RowPlace, job: &Job, select: &SelectArgs) -> Rows {
        let id = job.row.as_ref().and_then(Row::id);
        let again = match (place.source_of(args), id, &args.target) {
            (Some(source), Some(id), _) => {
                RowOrigin::Source { reread: Reread::new(source.clone(), id.to_owned(), ASK), refused: false }
            }
            (None, _, Some(JobArg::Path(path))) => {
                RowOrigin::File { path: path.clone(), job: args.job.clone(), seen: stamp(path), broken: false }
            }
            _ => RowOrigin::Never,
        };
        Rows { again, select: select.clone(), heard_by: None }
    }

    /// Hands each row that is read to `listener` too.
    #[cfg(any(feature = "archive", feature = "watch"))]
    pub fn heard_by(self, listener: mpsc::UnboundedSender<Row>) -> Rows {
        Rows { heard_by: Some(listener), ..self }
    }

    /// Whether an id that is missing may still appear: the row can be read again, says nothing ambiguous, and its job has not
    /// ended.
    pub fn may_yet_tell(&self, job: &Job) -> bool {
        let again = !matches!(self.again, RowOrigin::Never);
        again && matches!(job.resolution.outcome, Outcome::None) && job.ended().is_none()
    }

    /// Waits until the row names an id, or never will; returns the job as the row tells it then. What happens to the row
    /// meanwhile is told.
    #[cfg(feature = "archive")]
    pub async fn until_named(&mut self, mut job: Job) -> Job {
        if !self.may_yet_tell(&job) {
            return job;
        }
        let tell = super::stderr::notice;
        tell(&Notice::NoIdYet);
        while self.may_yet_tell(&job) {
            let row = match self.again.look().await {
                None => break,
                Some(Look::Same) => continue,
                Some(Look::Trouble(why)) => {
                    tell(&Notice::RowUnreadable(why));
                    continue;
                }
                Some(Look::Row(row)) => row,
                Some(Look::Back(row)) => {
                    tell(&Notice::RowReadable);
                    row
                }
            };
            job = Job { resolution: resolve(&row), row: Some(*row) };
        }
        if let Some(id) = job.resolution.id() {
            tell(&Notice::IdNamed(id.to_string()));
        }
        job
    }

    /// Tells what `job` says now, then what changes, until nobody listens. A row that vanishes or breaks is told once and
    /// never fatal.
    pub async fn tell(mut self, job: Job, news: mpsc::Sender<RowNews>, out: Outlet) {
        let mut told = RowNotices::default();
        if self.pass_on(job.row.as_ref(), &job.resolution, &mut told, &news, &out).await.is_none() {
            return;
        }
        while !news.is_closed() {
            let notice = match self.again.look().await {
                None => return,
                Some(Look::Same) => continue,
                Some(Look::Trouble(text)) => Notice::RowUnreadable(text),
                Some(Look::Row(row)) => {
                    if self.pass_on(Some(&row), &resolve(&row), &mut told, &news, &out).await.is_none() {
                        return;
                    }
                    continue;
                }
                Some(Look::Back(row)) => {
                    if self.pass_on(Some(&row), &resolve(&row), &mut told, &news, &out).await.is_none() {
                        return;
                    }
                    Notice::RowReadable
                }
            };
            if out.send(notice).await.is_err() {
                return;
            }
        }
    }

    async fn pass_on(
        &self,
        row: Option<&Row>,
        resolution: &Resolution,
        told: &mut RowNotices,
        news: &mpsc::Sender<RowNews>,
        out: &Outlet,
    ) -> Option<()> {
        if let (Some(row), Some(listener)) = (row, &self.heard_by) {
            // Who does not listen any more misses nothing.
            let _ = listener.send(row.clone());
        }
        match resolution.id() {
            Some(id) if told.id.as_ref() != Some(id) => {
                if let Some(before) = told.id.replace(id.clone()) {
                    let (from, to) = (before.to_string(), id.to_string());
                    out.send(Notice::IdChanged { from, to }).await.ok()?;
                } else if told.waiting {
                    out.send(Notice::IdNamed(id.to_string())).await.ok()?;
                }
                out.send(ids(Some(id), row)).await.ok()?;
                let selection = self.select.selection(id.clone());
                news.send(RowNews::Id(Box::new(selection))).await.ok()?;
            }
            None if told.id.is_none() && !told.waiting => {
                told.waiting = true;
                out.send(Notice::NoIdYet).await.ok()?;
            }
            _ => {}
        }
        if let (Some(status), false) = (row.and_then(ended), told.ended) {
            told.ended = true;
            news.send(RowNews::Ended(status)).await.ok()?;
        }
        Some(())
    }
}

impl RowOrigin {
    /// Waits a while and looks; `None` when there is nothing to look at.
    async fn look(&mut self) -> Option<Look> {
        match self {
            RowOrigin::Never => None,
            RowOrigin::Source { reread, refused } => Some(match reread.next().await {
                Ok(RereadRow::Row(row)) if !std::mem::take(refused) => Look::Row(Box::new(row)),
                Ok(RereadRow::Row(row) | RereadRow::Back(row)) => Look::Back(Box::new(row)),
                Ok(RereadRow::Lost(error)) => Look::Trouble(error.to_string()),
                // The row is gone, or a permission: waiting may not mend it, but the next look costs little.
                Err(_) if std::mem::replace(refused, true) => Look::Same,
                Err(error) => Look::Trouble(error.to_string()),
            }),
            RowOrigin::File { path, job, seen, broken } => {
                sleep(LOOK).await;
                let now = stamp(path);
                if now == *seen {
                    return Some(Look::Same);
                }
                *seen = now;
                Some(match read(path, job.as_deref()) {
                    Ok(row) if std::mem::take(broken) => Look::Back(Box::new(row)),
                    Ok(row) => Look::Row(Box::new(row)),
                    Err(_) if std::mem::replace(broken, true) => Look::Same,
                    Err(failure) => Look::Trouble(failure.to_string()),
                })
            }
        }
    }
}

fn read(path: &Path, job: Option<&str>) -> Result<Row, Failure> {
    let row = source::read(&JobArg::Path(path.to_owned()), job)?;
    row.ok_or_else(|| Failure::Usage("the row is an id".to_owned()))
}

/// What was told of the row.
#[derive(Default)]
struct RowNotices {
    id: Option<crate::job_id::JobId>,
    waiting: bool,
    ended: bool,
}

/// What changes when a file, or one of a directory, is written.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    let own = (metadata.modified().ok()?, metadata.len());
    if !metadata.is_dir() {
        return Some(own);
    }
    let files = source::files(path).ok()?;
    let stamps = files.iter().filter_map(|file| stamp(file));
    Some(stamps.fold(own, |(latest, length), (modified, more)| (latest.max(modified), length.wrapping_add(more))))
}
