//! [`DbOptions`]: where rows are.

use secrecy::SecretString;

use super::Ident;
use crate::cluster::RequestTimeout;

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
    /// How long a question may take.
    pub request_timeout: RequestTimeout,
}
