//! [`DbArgs`]: where rows are.

use clap::Args;
use secrecy::SecretString;

use crate::{
    cluster::RequestTimeout,
    source::{DbOptions, Ident},
};

/// The heading of these flags in `--help`.
pub const HEADING: &str = "Database";

/// Where the row is, when it is in a database.
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    /// Where rows are: postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service;
    /// JOB is the row's id then
    // Secret, because it may hold a password or a SAS token.
    #[arg(
        long, global = true, value_name = "URL", env = "ELBTAIL_DB", hide_env_values = true, help_heading = HEADING
    )]
    db: Option<SecretString>,
    /// The table that holds the rows [default: jobstate]
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    db_table: Option<String>,
    /// The column that holds a row's id [default: job_id, else PartitionKey]
    #[arg(long, global = true, value_name = "COLUMN", help_heading = HEADING)]
    db_key: Option<Ident>,
    /// The column that holds the payload [default: payload, else payload_json]
    #[arg(long, global = true, value_name = "COLUMN", help_heading = HEADING)]
    db_payload: Option<Ident>,
    /// A header for the /v1/jobs service, can be repeated; it replaces what ELBTAIL_HTTP_TOKEN makes of the same name
    // Secret, because it may hold a token. In the environment each line is one.
    #[arg(
        long = "db-header", global = true, value_name = "NAME: VALUE", env = "ELBTAIL_DB_HEADER", hide_env_values = true,
        value_delimiter = '\n', help_heading = HEADING
    )]
    db_headers: Vec<SecretString>,
}

impl DbArgs {
    /// What they say; `request_timeout` holds for databases too.
    pub fn plan(self, request_timeout: RequestTimeout) -> DbOptions {
        let DbArgs { db, db_table, db_key, db_payload, db_headers } = self;
        DbOptions { db, db_table, db_key, db_payload, db_headers, job: None, request_timeout }
    }
}

/// Instead of an id.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct LatestArgs {
    /// Take the newest row that has not ended, or without --db the newest job of the cluster, instead of naming one
    #[arg(long, help_heading = HEADING)]
    pub latest: bool,
    /// Among which, as the command has it.
    #[arg(skip)]
    pub among: LatestAmong,
}

/// Among which jobs `--latest` takes the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LatestAmong {
    /// Those that have not ended.
    #[default]
    Running,
    /// These, or where there are none all of them: an ended job can be looked at as well.
    All,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Tool {
        #[command(flatten)]
        db: DbArgs,
        #[command(flatten)]
        latest: LatestArgs,
    }

    #[test]
    fn the_url_is_never_shown() {
        let line = ["t", "--db", "postgres://u:planted@h/d", "--db-key", "id", "--latest"];
        let tool = Tool::try_parse_from(line).unwrap();
        assert!(tool.latest.latest);
        assert!(!format!("{:?}", tool.db).contains("planted"));
        let command = Tool::command();
        assert!(command.get_arguments().any(|arg| arg.get_id() == "db" && arg.is_hide_env_values_set()));
        assert!(Tool::try_parse_from(["t", "--db-key", "a\"b"]).is_err());
    }
}
