//! Where the row comes from: a file or stdin, or where jobs really live, a SQL database, Azure Table Storage, or the service
//! that serves them over HTTP.
//!
//! `read` fetches the bytes of a file or stdin, and `pick` chooses the row that was asked for. For all others, [`open`] decides from the URL which [`RowSource`] it is and connects to nothing: the first question does. A source
//! answers three small questions (exactly this id, ids that begin so, the newest); which row is meant is decided in one
//! place for all of them, `choose`. A source that was compiled out says so.

mod arg;
#[cfg(feature = "azure")]
mod azure;
mod choose;
#[cfg(any(feature = "azure", feature = "http"))]
mod client;
mod differences;
mod environment;
mod error;
#[cfg(feature = "http")]
mod http;
mod ident;
mod location;
mod options;
mod pick;
mod read;
mod reread;
#[cfg_attr(not(any(feature = "sql", feature = "azure", feature = "http")), allow(dead_code))]
mod secrets;
#[cfg(feature = "sql")]
mod sql;
mod typed;

use futures::future::BoxFuture;
use secrecy::ExposeSecret;

pub use arg::JobArg;
pub use differences::Differences;
pub use environment::SourceEnvironment;
pub use error::{Candidate, SourceError};
pub use ident::{Ident, IdentError};
use location::Location;
pub use options::{DbOptions, JobUrl};
pub use pick::row_from_bytes;
pub(crate) use read::files;
pub use read::{read, read_from};
pub use reread::{Reread, RereadRow};

use crate::row::{Row, ident as row_ident};

/// What a source gives, later.
pub type SourceAnswer<'a, T> = BoxFuture<'a, Result<T, SourceError>>;

/// A place that holds rows.
///
/// One connection, opened at the first question and used again for the next ones; opened anew when it was lost.
pub trait RowSource: Send + Sync {
    /// The place as it is called in messages; nothing secret is in it.
    fn describe(&self) -> &str;

    /// Every row whose id is exactly `id`: normally one or none.
    fn exact<'a>(&'a self, id: &'a str) -> SourceAnswer<'a, Vec<Row>>;

    /// Rows whose id begins with `prefix`, at most `limit` of them.
    fn beginning<'a>(&'a self, prefix: &'a str, limit: usize) -> SourceAnswer<'a, Vec<Row>>;

    /// The newest rows that pass `filter`, newest first. A row that cannot be made out is among them all the same.
    fn list<'a>(&'a self, filter: &'a RowFilter) -> SourceAnswer<'a, Vec<Row>>;

    /// The id of the row that the URL itself names, if it names one: then no `JOB` is needed.
    fn named(&self) -> Option<&str> {
        None
    }

    /// What is to be said before the first question is asked: credentials that anyone on the way can read.
    fn warning(&self) -> Option<String> {
        None
    }

    /// The row `id`: a whole id, or the beginning of one
    /// ([`PREFIX_MIN`](crate::row::PREFIX_MIN) characters or more) that only one row has.
    ///
    /// # Errors
    /// Any [`SourceError`].
    fn fetch<'a>(&'a self, id: &'a str) -> SourceAnswer<'a, Row> {
        Box::pin(async move {
            let ask = async |id: &str| {
                choose::fetch(self.describe(), id, |id| self.exact(id), |id, limit| self.beginning(id, limit)).await
            };
            let found = ask(id).await;
            if !matches!(found, Err(SourceError::NoRow { .. })) {
                return found;
            }
            // People copy UUIDs in any case, and with or without hyphens.
            for form in row_ident::forms(id) {
                match ask(&form).await {
                    Err(SourceError::NoRow { .. }) => {}
                    other => return other,
                }
            }
            found
        })
    }

    /// The newest row that is not terminal. Warm-up rows have no ElasticBLAST job and are passed over.
    ///
    /// # Errors
    /// Any [`SourceError`]; [`SourceError::NoneLive`] if every job has ended.
    fn latest(&self) -> SourceAnswer<'_, Row> {
        Box::pin(choose::latest(self.describe(), true, |filter| self.list(filter)))
    }

    /// The same, terminal or not.
    ///
    /// # Errors
    /// Any [`SourceError`]; [`SourceError::NoneLive`] if there is no job.
    fn newest(&self) -> SourceAnswer<'_, Row> {
        Box::pin(choose::latest(self.describe(), false, |filter| self.list(filter)))
    }
}

/// Which rows a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFilter {
    /// Only these statuses, compared without case; empty: all.
    pub statuses: Vec<String>,
    /// Only rows that are not terminal.
    pub live: bool,
    /// At most so many rows.
    pub limit: usize,
}

impl RowFilter {
    /// Whether `row` is wanted.
    pub fn takes(&self, row: &Row) -> bool {
        let status = row.status().unwrap_or_default();
        let among = self.statuses.is_empty() || self.statuses.iter().any(|one| one.eq_ignore_ascii_case(status));
        among && !(self.live && row.is_terminal())
    }
}

/// The source that `args` name, or `None` without a URL; `environment` is where credentials are looked for.
///
/// # Errors
/// [`SourceError::Usage`] for a URL or flags that make no sense, [`SourceError::CompiledOut`].
pub fn open(args: &DbOptions, environment: &SourceEnvironment) -> Result<Option<Box<dyn RowSource>>, SourceError> {
    located(args, environment).map_err(|error| match error {
        // The word of the command line that is wrong.
        SourceError::Usage(why) if args.job.is_some() => SourceError::Usage(why.replacen("--db", "JOB", 1)),
        error => error,
    })
}

fn located(args: &DbOptions, environment: &SourceEnvironment) -> Result<Option<Box<dyn RowSource>>, SourceError> {
    // An empty variable is one that is not set.
    let Some(url) = args.db.as_ref().filter(|url| !url.expose_secret().trim().is_empty()) else { return Ok(None) };
    let mut location = Location::parse(url, environment)?;
    if args.job.is_some() && !location.is_table() {
        // A SAS is also what a blob is read with.
        location.kind = location::SourceKind::Http;
    }
    if location.kind != location::SourceKind::Http
        && args.db_headers.iter().any(|line| !line.expose_secret().trim().is_empty())
    {
        let why = format!("--db-header is for a /v1/jobs service, and {} is none; leave it out", location.shown);
        return Err(SourceError::Usage(why));
    }
    let source: Result<Box<dyn RowSource>, SourceError> = match location.kind {
        #[cfg(feature = "sql")]
        location::SourceKind::Sql(engine) => sql::Sql::new(engine, &location, args, environment).map(boxed),
        #[cfg(feature = "azure")]
        location::SourceKind::Azure => azure::Azure::new(&location, args, environment).map(boxed),
        #[cfg(feature = "http")]
        location::SourceKind::Http => http::Http::new(&location, args, environment).map(boxed),
        #[allow(unreachable_patterns)]
        kind => Err(SourceError::CompiledOut { at: location.shown, feature: kind.feature() }),
    };
    source.map(Some)
}

#[cfg(any(feature = "sql", feature = "azure", feature = "http"))]
fn boxed(source: impl RowSource + 'static) -> Box<dyn RowSource> {
    Box::new(source)
}

/// The row's id that `JOB` is when there is a database to look it up in.
///
/// A file that exists stays a file: `ELBTAIL_DB` may be set for good.
pub fn row_id(job: &JobArg) -> Option<&str> {
    match job {
        JobArg::Path(path) if !path.exists() => path.to_str().map(str::trim).filter(|id| !id.is_empty()),
        JobArg::Path(_) | JobArg::Stdin | JobArg::Id(_) => None,
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod opening {
    use super::*;

    #[test]
    fn without_a_url_there_is_no_source() {
        for db in [None, Some(" ".into())] {
            let args = DbOptions { db, ..DbOptions::default() };
            assert!(open(&args, &SourceEnvironment::nothing()).is_ok_and(|source| source.is_none()));
        }
    }

    #[test]
    fn a_source_that_is_compiled_out_says_so() {
        for (url, built) in [
            ("postgres://u:planted@h/d", cfg!(feature = "sql")),
            ("https://acc.table.core.windows.net/jobs", cfg!(feature = "azure")),
            ("https://h", cfg!(feature = "http")),
        ] {
            let args = DbOptions { db: Some(url.into()), ..DbOptions::default() };
            match open(&args, &SourceEnvironment::nothing()) {
                Ok(source) => assert!(built && source.is_some(), "{url}"),
                Err(error) => {
                    assert!(!built && error.to_string().contains("built without the feature"), "{error}");
                    assert!(!error.to_string().contains("planted"), "{error}");
                }
            }
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_url_that_is_job_is_called_so() {
        for url in ["https://", "http://h:99999/x", "https://me:p/Secret@h/x"] {
            let args = DbOptions { db: Some(url.into()), job: Some(JobUrl { pick: None }), ..DbOptions::default() };
            let Err(SourceError::Usage(why)) = open(&args, &SourceEnvironment::nothing()) else { panic!("{url}") };
            assert!(why.starts_with("JOB") && !why.contains("--db") && !why.contains("Secret"), "{url}: {why}");
        }
    }

    #[test]
    fn a_file_stays_a_file() {
        let job = |text: &str| JobArg::from(std::ffi::OsStr::new(text));
        assert_eq!(row_id(&job("18b9edca-4d8a")), Some("18b9edca-4d8a"));
        for other in ["-", "Cargo.toml", "job-429825360482416da20736cf3ed51a95", ""] {
            assert_eq!(row_id(&job(other)), None, "{other}");
        }
    }
}
