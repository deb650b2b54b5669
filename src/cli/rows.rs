//! The row while its job is followed: read again when its file changes.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::{sync::mpsc, time::sleep};

use super::{args::JobArgs, failure::Failure, job::Job};
use crate::{
    discover::Selection,
    resolve::{Outcome, Resolution, resolve},
    row::{self, JobArg, Row},
    session::{Update, follow::RowNews},
};

/// How often a row's file is looked at. A look is one `stat`.
const LOOK: Duration = Duration::from_secs(1);

/// What can be read again.
pub struct Rows {
    /// The file, unless the row came from stdin or the id was given.
    path: Option<PathBuf>,
    job: Option<String>,
    include_setup: bool,
}

impl Rows {
    /// The row that the command line names.
    pub fn of(args: &JobArgs, include_setup: bool) -> Rows {
        let path = match &args.target {
            JobArg::Path(path) => Some(path.clone()),
            JobArg::Stdin | JobArg::Id(_) => None,
        };
        Rows { path, job: args.job.clone(), include_setup }
    }

    /// Whether an id that is missing may still appear: the row can be read again, says nothing ambiguous, and its job has not
    /// ended.
    pub fn may_yet_tell(&self, job: &Job) -> bool {
        self.path.is_some() && matches!(job.resolution.outcome, Outcome::None) && job.ended().is_none()
    }

    /// Tells what `job` says now, then what changes, until nobody listens. A row that vanishes or breaks is told once and
    /// never fatal.
    pub async fn tell(self, job: Job, news: mpsc::Sender<RowNews>, out: mpsc::Sender<Update>) {
        let mut told = Told::default();
        if self.pass_on(job.row.as_ref(), &job.resolution, &mut told, &news, &out).await.is_none() {
            return;
        }
        let Some(path) = self.path.clone() else { return };
        let mut seen = stamp(&path);
        let mut broken = false;
        while !news.is_closed() {
            sleep(LOOK).await;
            let now = stamp(&path);
            if now == seen && !broken {
                continue;
            }
            seen = now;
            match self.read(&path) {
                Ok(row) => {
                    broken = false;
                    let resolution = resolve(&row);
                    if self.pass_on(Some(&row), &resolution, &mut told, &news, &out).await.is_none() {
                        return;
                    }
                }
                Err(failure) => {
                    if !std::mem::replace(&mut broken, true) {
                        let text = format!("the row cannot be read at present, going on with what it said: {failure}");
                        // The run ends when nobody listens.
                        let _ = out.send(Update::Warn(text)).await;
                    }
                }
            }
        }
    }

    fn read(&self, path: &Path) -> Result<Row, Failure> {
        let row = row::read(&JobArg::Path(path.to_owned()), self.job.as_deref())?;
        row.ok_or_else(|| Failure::Usage("the row is an id".to_owned()))
    }

    async fn pass_on(
        &self,
        row: Option<&Row>,
        resolution: &Resolution,
        told: &mut Told,
        news: &mpsc::Sender<RowNews>,
        out: &mpsc::Sender<Update>,
    ) -> Option<()> {
        match resolution.id() {
            Some(id) if told.id.as_ref() != Some(id) => {
                if let Some(before) = told.id.replace(id.clone()) {
                    let text = format!("the row's id changed from {before} to {id}; following both");
                    out.send(Update::Warn(text)).await.ok()?;
                } else if told.waiting {
                    out.send(Update::Say(format!("the row names its id now: {id}"))).await.ok()?;
                }
                let selection = Selection { id: id.clone(), include_setup: self.include_setup };
                news.send(RowNews::Id(Box::new(selection))).await.ok()?;
            }
            None if told.id.is_none() && !told.waiting => {
                told.waiting = true;
                let text = "the row holds no ElasticBLAST id yet, waiting for it".to_owned();
                out.send(Update::Say(text)).await.ok()?;
            }
            _ => {}
        }
        let status = row.filter(|row| row.is_terminal()).and_then(Row::status).map(|it| it.trim().to_lowercase());
        if let (Some(status), false) = (status, told.ended) {
            told.ended = true;
            news.send(RowNews::Ended(status)).await.ok()?;
        }
        Some(())
    }
}

/// What was told of the row.
#[derive(Default)]
struct Told {
    id: Option<crate::job_id::JobId>,
    waiting: bool,
    ended: bool,
}

/// What changes when a file is written.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
