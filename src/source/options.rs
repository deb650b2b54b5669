//! [`DbOptions`]: where rows are.

use secrecy::SecretString;

use super::Ident;
use crate::cluster::RequestTimeout;

/// What stands beside a URL in the place of JOB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobUrl {
    /// Which of several rows, by its id or the beginning of one: `--job`.
    pub pick: Option<String>,
}

/// Where the row is, when it is in a database. Each field is what the flag of its name says.
#[derive(Debug, Clone, Default)]
pub struct DbOptions {
    /// The URL. Secret, because it may hold a password or a SAS token.
    pub db: Option<SecretString>,
    /// The table that holds the rows; `None`: `jobstate`.
    pub db_table: Option<String>,
    /// The column that holds a row's id; `None`: `job_id`, else `PartitionKey`.
    pub db_key: Option<Ident>,
    /// The column that holds the payload; `None`: `payload`, else `payload_json`.
    pub db_payload: Option<Ident>,
    /// Headers for a `/v1/jobs` service, as `NAME: VALUE`. Secret, because they may hold a token.
    pub db_headers: Vec<SecretString>,
    /// The URL was JOB: it is that of a row or an export, of which this says which row is meant.
    pub job: Option<JobUrl>,
    /// How long a question may take.
    pub request_timeout: RequestTimeout,
}
