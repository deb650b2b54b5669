//! [`Connection`]: one session with a database, read-only and bounded.

use std::{str::FromStr, time::Duration};

use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions, Connection as _, Database, Decode, Encode, Executor, IntoArguments,
    MySqlConnection, PgConnection, Row as _, SqliteConnection, Type, database::HasStatementCache,
    mysql::MySqlConnectOptions, postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use url::Url;

use super::{Engine, Location, Record, Secrets, SourceError, Statement, Surroundings};

/// The parameters of a URL that a driver gets. It logs those it does not know, values and all.
const POSTGRES: [&str; 13] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
];
/// As [`POSTGRES`], but secret.
const POSTGRES_PASSWORD: &str = "password";
/// How long SQLite waits for a writer.
const BUSY: Duration = Duration::from_secs(5);

/// How to reach a database.
pub(super) enum Options {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// A session. TLS is as the URL says (`sslmode`, in MySQL `ssl-mode`); without a word, it is used where it is offered.
pub(super) enum Connection {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

impl Options {
    /// Reads the URL. `secrets` gets what the environment adds.
    pub fn parse(
        engine: Engine,
        location: &Location,
        around: &Surroundings,
        secrets: &mut Secrets,
    ) -> Result<Self, SourceError> {
        let text = location.url.expose_secret();
        let mut values = secrets.clone();
        // A driver repeats a value that it does not know, and what is misplaced may be a password.
        for (_, value) in form_urlencoded::parse(text.split_once('?').unwrap_or_default().1.as_bytes()) {
            values.add(&value);
        }
        let wrong = |error: &dyn std::fmt::Display| {
            let why = values.told(&error.to_string());
            SourceError::Usage(format!("--db {}: the URL is not understood: {why}", location.shown))
        };
        if engine == Engine::Sqlite {
            let options = SqliteConnectOptions::from_str(text).map_err(|error| wrong(&error))?;
            return Ok(Self::Sqlite(Box::new(
                options.read_only(true).create_if_missing(false).busy_timeout(BUSY).disable_statement_logging(),
            )));
        }
        let mut url = Url::parse(text).map_err(|error| wrong(&error))?;
        if engine == Engine::Postgres {
            let known = |key: &str| POSTGRES.contains(&key) || key == POSTGRES_PASSWORD;
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| known(key)).collect();
            url.set_query(None);
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            let options = PgConnectOptions::from_url(&url).map_err(|error| wrong(&error))?;
            let options = options.application_name("elbtail").disable_statement_logging();
            return Ok(Self::Postgres(Box::new(options)));
        }
        let mut options = MySqlConnectOptions::from_url(&url).map_err(|error| wrong(&error))?;
        if let (None, Some(password)) = (url.password(), &around.mysql_password) {
            options = options.password(password.expose_secret());
            secrets.add(password.expose_secret());
        }
        Ok(Self::MySql(Box::new(options.disable_statement_logging())))
    }

    /// Opens a session in which the server works on a statement no longer than `limit`.
    pub async fn connect(&self, limit: Duration) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Postgres(options) => Connection::Postgres(PgConnection::connect_with(options).await?),
            Self::MySql(options) => {
                let mut connection = MySqlConnection::connect_with(options).await?;
                sqlx::raw_sql("SET SESSION TRANSACTION READ ONLY").execute(&mut connection).await?;
                // MariaDB's name, else MySQL's; old servers know neither, and our own limit has to do.
                let seconds = format!("SET SESSION max_statement_time = {}", limit.as_secs());
                if sqlx::raw_sql(AssertSqlSafe(seconds)).execute(&mut connection).await.is_err() {
                    let millis = format!("SET SESSION max_execution_time = {}", limit.as_millis());
                    let _ = sqlx::raw_sql(AssertSqlSafe(millis)).execute(&mut connection).await;
                }
                Connection::MySql(connection)
            }
            Self::Sqlite(options) => Connection::Sqlite(SqliteConnection::connect_with(options).await?),
        })
    }
}

impl Connection {
    /// The records that `statement` gives.
    pub async fn run(&mut self, statement: &Statement, limit: Duration) -> Result<Vec<Record>, sqlx::Error> {
        match self {
            Self::Postgres(connection) => {
                // In the transaction, not the session: behind a pooler the session is other people's too.
                let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {}", limit.as_millis());
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await?;
                let records = fetch(&mut *connection, statement).await?;
                sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
                Ok(records)
            }
            Self::MySql(connection) => fetch(connection, statement).await,
            Self::Sqlite(connection) => fetch(connection, statement).await,
        }
    }
}

/// Runs `statement` once, as a statement of no name: poolers do not know named ones.
async fn fetch<'c, D, E>(executor: E, statement: &Statement) -> Result<Vec<Record>, sqlx::Error>
where
    D: Database + HasStatementCache,
    E: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
    for<'q> String: Encode<'q, D> + Decode<'q, D> + Type<D>,
    usize: ColumnIndex<D::Row>,
{
    // Safe: `statement` holds quoted names and places for values, and no value.
    let mut query = sqlx::query::<D>(AssertSqlSafe(statement.sql.clone())).persistent(false);
    for value in &statement.values {
        query = query.bind(value.clone());
    }
    let rows = query.fetch_all(executor).await?;
    rows.iter().map(|row| (0..row.len()).map(|at| row.try_get::<Option<String>, usize>(at)).collect()).collect()
}
