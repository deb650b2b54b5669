//! JOB → row → id, with what is to be said about either on stderr.

use super::{args::JobArgs, failure::Failure};
use crate::{
    job_id::JobId,
    resolve::{Resolution, resolve},
    row::{self, Row},
};

/// A job as its row tells it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The row; `None` when the id was given itself.
    pub row: Option<Row>,
    /// Where the id stands.
    pub resolution: Resolution,
}

impl Job {
    /// Reads the row that the command line names and looks for the id. Warnings go to stderr.
    pub fn read(args: &JobArgs) -> Result<Job, Failure> {
        let row = row::read(&args.target, args.job.as_deref())?;
        let resolution = match (&row, &args.target) {
            (None, row::JobArg::Id(id)) => Resolution::given(id.clone()),
            (Some(row), _) => resolve(row),
            (None, _) => return Err(Failure::Other(anyhow::anyhow!("the row could not be read"))),
        };
        for note in row.iter().flat_map(Row::notes).chain(resolution.warning().as_ref()) {
            eprintln!("warning: {note}");
        }
        Ok(Job { row, resolution })
    }

    /// The id.
    pub fn id(&self) -> Result<JobId, Failure> {
        match &self.row {
            Some(row) => Ok(self.resolution.require(row)?.clone()),
            None => self.resolution.id().cloned().ok_or_else(|| Failure::Other(anyhow::anyhow!("no id was given"))),
        }
    }

    /// The namespace to look in: the flag's or the context's, which `chosen` is; but `default`, which it also is when neither
    /// says anything, gives way to what the row says.
    pub fn namespace(&self, chosen: &str) -> String {
        match self.row.as_ref().and_then(Row::namespace) {
            Some(hint) if chosen == "default" => hint.to_owned(),
            _ => chosen.to_owned(),
        }
    }

    /// The row's status, when it says that the job has ended.
    pub fn ended(&self) -> Option<String> {
        let row = self.row.as_ref()?;
        row.is_terminal().then(|| row.status().unwrap_or_default().trim().to_lowercase())
    }
}
