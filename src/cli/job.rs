//! JOB → row → id, with what is to be said about either on stderr.

use std::sync::Arc;

use super::{args::JobArgs, environment, failure::Failure, flags::LatestAmong, stderr};
use crate::{
    job_id::JobId,
    render::JobIds,
    resolve::{Resolution, resolve},
    row::{Row, Wait},
    source::{self, DbOptions, RowSource, SourceError},
};

/// A job as its row tells it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The row; `None` when the id was given itself.
    pub row: Option<Row>,
    /// Where the id stands.
    pub resolution: Resolution,
}

/// Where rows are.
pub struct RowPlace(Option<Arc<dyn RowSource>>);

impl RowPlace {
    /// In no database.
    pub fn nowhere() -> RowPlace {
        RowPlace(None)
    }

    /// As the flags say.
    pub fn of(args: &DbOptions) -> Result<RowPlace, Failure> {
        let source: Option<Arc<dyn RowSource>> = source::open(args, &environment::of_rows())?.map(Arc::from);
        if let Some(warning) = source.as_ref().and_then(|source| source.warning()) {
            stderr::warn(&warning);
        }
        Ok(RowPlace(source))
    }

    /// The database, if there is one.
    pub fn source(&self) -> Option<&Arc<dyn RowSource>> {
        self.0.as_ref()
    }

    /// The row of the database that the command line means by its id, or that the URL itself names.
    pub async fn fetch(&self, args: &JobArgs) -> Result<Result<Row, SourceError>, Failure> {
        no_url(args.target.as_ref())?;
        let source = self.source().ok_or_else(no_job)?;
        let id = args.target.as_ref().and_then(source::row_id).or(source.named()).ok_or_else(no_job)?;
        Ok(source.fetch(id).await)
    }

    /// The database that holds the row which the command line means: not for a file, stdin or an ElasticBLAST id.
    pub fn source_of(&self, args: &JobArgs) -> Option<&Arc<dyn RowSource>> {
        self.0.as_ref().filter(|_| args.target.as_ref().is_none_or(|target| source::row_id(target).is_some()))
    }
}

/// The newest row that is meant, which is told.
async fn latest(source: &Arc<dyn RowSource>, among: LatestAmong) -> Result<Row, SourceError> {
    let (row, which) = match source.latest().await {
        Err(SourceError::NoneLive { .. }) if among == LatestAmong::All => {
            (source.newest().await?, "no row has not ended; the newest that has")
        }
        latest => (latest?, "the newest row that has not ended"),
    };
    stderr::say(&format!("{which}: {}", row.id().unwrap_or("without an id")));
    Ok(row)
}

impl Job {
    /// Finds the row that the command line names, and looks for the id in it. Warnings go to stderr.
    pub async fn find(args: &JobArgs, place: &RowPlace) -> Result<Job, Failure> {
        let Some(source) = place.source_of(args) else { return Job::read(args) };
        let row = if args.latest.latest { latest(source, args.latest.among).await } else { place.fetch(args).await? }?;
        let resolution = resolve(&row);
        Ok(Job { row: Some(row), resolution }.warned())
    }

    /// Reads the row from a file or stdin, or takes the id that was given itself.
    pub fn read(args: &JobArgs) -> Result<Job, Failure> {
        if args.latest.latest {
            return Err(Failure::Usage("--latest asks a database, or the cluster".to_owned()));
        }
        no_url(args.target.as_ref())?;
        let target = args.target.as_ref().ok_or_else(no_job)?;
        let row = source::read(target, args.job.as_deref())?;
        let resolution = match (&row, target) {
            (None, source::JobArg::Id(id)) => Resolution::given(id.clone()),
            (Some(row), _) => resolve(row),
            (None, _) => return Err(Failure::Other(anyhow::anyhow!("the row could not be read"))),
        };
        Ok(Job { row, resolution }.warned())
    }

    fn warned(self) -> Job {
        for note in self.row.iter().flat_map(Row::notes).chain(self.resolution.warning().as_ref()) {
            stderr::warn(note);
        }
        self
    }

    /// Whose lines its are, as far as is known.
    pub fn ids(&self) -> JobIds {
        ids(self.resolution.id(), self.row.as_ref())
    }

    /// The id.
    pub fn id(&self) -> Result<JobId, Failure> {
        match &self.row {
            Some(row) => self.resolution.require(row).cloned().map_err(|error| {
                match Wait::of(row, jiff::Timestamp::now()).filter(|wait| !wait.is_overdue()) {
                    Some(wait) => Failure::Waits(error, wait.to_string()),
                    None => error.into(),
                }
            }),
            None => self.resolution.id().cloned().ok_or_else(|| Failure::Other(anyhow::anyhow!("no id was given"))),
        }
    }

    /// The namespace to look in: the flag's or the context's, which `chosen` is; but `default`, which it also is when neither
    /// says anything, gives way to what the row says.
    pub fn namespace(&self, chosen: &str) -> String {
        namespace(self.row.as_ref(), chosen)
    }

    /// The row's status, when it says that the job has ended.
    pub fn ended(&self) -> Option<String> {
        self.row.as_ref().and_then(ended)
    }
}

/// [`Job::namespace`], for a row that may not have been made out.
pub fn namespace(row: Option<&Row>, chosen: &str) -> String {
    match row.and_then(Row::namespace) {
        Some(hint) if chosen == "default" => hint.to_owned(),
        _ => chosen.to_owned(),
    }
}

/// Whose lines a job's are.
pub fn ids(id: Option<&JobId>, row: Option<&Row>) -> JobIds {
    JobIds { job: id.map(ToString::to_string), row: row.and_then(Row::id).map(str::to_owned) }
}

/// The row's status, when it says that the job has ended.
pub fn ended(row: &Row) -> Option<String> {
    row.is_terminal().then(|| row.status().unwrap_or_default().trim().to_lowercase())
}

/// Refuses a URL in the place of JOB, without repeating it: it may hold a password.
pub fn no_url(job: Option<&source::JobArg>) -> Result<(), Failure> {
    match job {
        Some(source::JobArg::Path(path)) if path.to_string_lossy().contains("://") && !path.exists() => {
            Err(Failure::Usage(match path.to_string_lossy().starts_with("file://") {
                true => "JOB is the URL of a file; give the file's path".to_owned(),
                false => "JOB is a URL; give it with --db, and as JOB the row's id".to_owned(),
            }))
        }
        _ => Ok(()),
    }
}

fn no_job() -> Failure {
    Failure::Usage(
        "name the job: a file with its row, - for stdin, an ElasticBLAST id, or with --db a row's id; 'elbtail jobs' lists jobs"
            .to_owned(),
    )
}
