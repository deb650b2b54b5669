//! [`Connection`]: one session with a database, read-only and bounded.

use std::{str::FromStr, time::Duration};

use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions, Connection as _, Database, Decode, Encode, Executor, IntoArguments,
    MySqlConnection, PgConnection, Row as _, Type, database::HasStatementCache, mysql::MySqlConnectOptions,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use url::Url;

use super::{
    Location, Secrets, SourceEnvironment, SourceError, SqlEngine, SqlRecord, Statement,
    parameters::{self, Honoured},
    sqlite::{self, File},
};
use crate::row::columns::text_of_bytes;

/// How to reach a database.
pub(super) enum Options {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<File>),
}

/// A session. TLS is as the URL says (`sslmode`, in MySQL `ssl-mode`); without a word, it is used where it is offered.
pub(super) enum Connection {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    Sqlite(sqlite::FileSession),
}

impl Options {
    /// Reads the URL, which may also say how long connecting may take. `secrets` gets what the environment adds.
    pub fn parse(
        engine: SqlEngine,
        location: &Location,
        environment: &SourceEnvironment,
        secrets: &mut Secrets,
        limit: Option<Duration>,
    ) -> Result<(Self, Option<Duration>), SourceError> {
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
        if engine == SqlEngine::Sqlite {
            let options = SqliteConnectOptions::from_str(text).map_err(|error| wrong(&error))?;
            return Ok((Self::Sqlite(Box::new(File::new(options, limit, &environment.temporary))), None));
        }
        let url = Url::parse(text).map_err(|error| wrong(&error))?;
        let Honoured { url, patience } = parameters::honoured(engine, &url)
            .map_err(|why| SourceError::Usage(format!("--db {}: {why}", location.shown)))?;
        if engine == SqlEngine::Postgres {
            let options = PgConnectOptions::from_url(&url).map_err(|error| wrong(&error))?;
            let named = options.get_application_name().is_some();
            let options = if named { options } else { options.application_name("elbtail") };
            return Ok((Self::Postgres(Box::new(options.disable_statement_logging())), patience));
        }
        let mut options = MySqlConnectOptions::from_url(&url).map_err(|error| wrong(&error))?;
        if let Some(ip) = parameters::ipv6(&url) {
            options = options.host(&ip.to_string());
        }
        if let (None, Some(password)) = (url.password(), &environment.mysql_password) {
            options = options.password(password.expose_secret());
            secrets.add(password.expose_secret());
        }
        Ok((Self::MySql(Box::new(options.disable_statement_logging())), patience))
    }

    /// Opens a session in which the server works on a statement no longer than `limit`.
    pub async fn connect(&self, limit: Option<Duration>) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Postgres(options) => Connection::Postgres(PgConnection::connect_with(options).await?),
            Self::MySql(options) => {
                let mut connection = MySqlConnection::connect_with(options).await?;
                sqlx::raw_sql("SET SESSION TRANSACTION READ ONLY").execute(&mut connection).await?;
                if let Some(limit) = limit {
                    // MariaDB's name, else MySQL's; old servers know neither, and our own limit has to do.
                    let seconds = format!("SET SESSION max_statement_time = {:.3}", limit.as_secs_f64());
                    if sqlx::raw_sql(AssertSqlSafe(seconds)).execute(&mut connection).await.is_err() {
                        let millis = format!("SET SESSION max_execution_time = {}", limit.as_millis());
                        let _ = sqlx::raw_sql(AssertSqlSafe(millis)).execute(&mut connection).await;
                    }
                }
                Connection::MySql(connection)
            }
            Self::Sqlite(file) => Connection::Sqlite(file.connect().await?),
        })
    }
}

impl Options {
    /// Whether what `connection` told is still what the database holds. Only a file that was taken for one that does not
    /// change can have changed.
    pub fn is_current(&self, connection: &Connection) -> bool {
        match (self, connection) {
            (Self::Sqlite(file), Connection::Sqlite(session)) => {
                session.unchanged.as_ref().is_none_or(|state| *state == file.state())
            }
            _ => true,
        }
    }

    /// Whether it is a SQLite database in WAL mode.
    pub fn is_wal(&self) -> bool {
        matches!(self, Self::Sqlite(file) if file.is_wal())
    }
}

impl Connection {
    /// Whether it may be asked again later.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Sqlite(session) if session.unchanged.is_some())
    }

    /// The records that `statement` gives.
    pub async fn run(&mut self, statement: &Statement, limit: Option<Duration>) -> Result<Vec<SqlRecord>, sqlx::Error> {
        match self {
            Self::Postgres(connection) => {
                // In the transaction, not the session: behind a pooler the session is other people's too.
                let limit = limit.map_or(0, |limit| limit.as_millis());
                let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}");
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await?;
                let records = fetch(&mut *connection, statement).await?;
                sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
                Ok(records)
            }
            Self::MySql(connection) => fetch(connection, statement).await,
            Self::Sqlite(session) => fetch(&mut session.connection, statement).await,
        }
    }
}

/// Runs `statement` once, as a statement of no name: poolers do not know named ones.
async fn fetch<'c, D, E>(executor: E, statement: &Statement) -> Result<Vec<SqlRecord>, sqlx::Error>
where
    D: Database + HasStatementCache,
    E: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
    for<'q> String: Encode<'q, D> + Decode<'q, D> + Type<D>,
    for<'q> Vec<u8>: Decode<'q, D>,
    usize: ColumnIndex<D::Row>,
{
    // Safe: `statement` holds quoted names and places for values, and no value.
    let mut query = sqlx::query::<D>(AssertSqlSafe(statement.sql.clone())).persistent(false);
    for value in &statement.values {
        query = query.bind(value.clone());
    }
    let rows = query.fetch_all(executor).await?;
    rows.iter().map(|row| (0..row.len()).map(|at| text::<D>(row, at)).collect()).collect()
}

/// A field as text. Bytes are read as those of a file are, so that what is no text in one field costs no other.
fn text<D>(row: &D::Row, at: usize) -> Result<Option<String>, sqlx::Error>
where
    D: Database,
    for<'q> String: Decode<'q, D> + Type<D>,
    for<'q> Vec<u8>: Decode<'q, D>,
    usize: ColumnIndex<D::Row>,
{
    match row.try_get::<Option<String>, usize>(at) {
        // Bytes, or a text that is no UTF-8: drivers say so in words of their own.
        Err(sqlx::Error::ColumnDecode { .. }) => {
            let bytes = row.try_get_unchecked::<Option<Vec<u8>>, usize>(at)?;
            Ok(bytes.map(text_of_bytes))
        }
        text => text,
    }
}
