//! [`Sql`]: rows in PostgreSQL, MySQL or MariaDB, and SQLite.

mod connection;
mod fault;
mod parameters;
mod sqlite;
mod statement;
mod table;

use std::time::Duration;

use serde_json::Value;
use tokio::{sync::Mutex, time::timeout};

use self::{
    connection::{Connection, Options},
    statement::{Statement, WantedRows},
    table::{RowTable, TableName},
};
use super::{
    DbOptions, Ident, RowFilter, RowSource, SourceAnswer, SourceEnvironment, SourceError, choose,
    location::{Location, SqlEngine},
    secrets::Secrets,
};
use crate::row::{Row, columns};

/// The part of the time for an answer in which the server is to give up by itself: then it says why.
const OF_SERVER: f64 = 0.8;
/// How often a file is read again that changed while it was read.
const CHANGES: usize = 5;
/// How many states of one row are looked at.
const STATES: usize = 20;
/// How many rows are looked at when the server cannot filter them.
const UNFILTERED: usize = 1000;

/// A table in a SQL database.
pub(super) struct Sql {
    at: String,
    engine: SqlEngine,
    options: Options,
    secrets: Secrets,
    table: TableName,
    key: Option<Ident>,
    payload: Option<Ident>,
    /// How long a connection and an answer may take.
    limit: Option<Duration>,
    /// How long a connection may take, as the URL says.
    patience: Option<Duration>,
    session: Mutex<Session>,
}

/// What is kept between questions.
#[derive(Default)]
struct Session {
    /// Taken out while a question is asked: an answer that was not waited for must not be taken for the next one's.
    connection: Option<Connection>,
    table: Option<RowTable>,
}

impl Sql {
    /// Reads the URL; connects to nothing.
    pub fn new(
        engine: SqlEngine,
        location: &Location,
        args: &DbOptions,
        environment: &SourceEnvironment,
    ) -> Result<Self, SourceError> {
        let mut secrets = location.secrets.clone();
        let (options, patience) = Options::parse(engine, location, environment, &mut secrets, args.request_timeout.0)?;
        Ok(Self {
            at: location.shown.clone(),
            engine,
            options,
            secrets,
            table: TableName::parse(args.db_table.as_deref())?,
            key: args.db_key.clone(),
            payload: args.db_payload.clone(),
            limit: args.request_timeout.0,
            patience,
            session: Mutex::default(),
        })
    }

    /// Asks for the rows that `wanted` describes.
    async fn rows(&self, wanted: &WantedRows<'_>) -> Result<Vec<Row>, SourceError> {
        let mut session = self.session.lock().await;
        let kept = session.connection.take();
        let reused = kept.is_some();
        let answer = match self.asked(&mut session, kept, wanted).await {
            // The server may have closed an idle connection; that is no news.
            Err(error) if reused && error.is_transient() => self.asked(&mut session, None, wanted).await,
            answer => answer,
        };
        if answer.is_err() {
            // What was learnt about the table may be what is wrong.
            session.table = None;
        }
        answer
    }

    /// Asks, and once more if the answer was no longer true when it came.
    async fn asked(
        &self,
        session: &mut Session,
        mut connection: Option<Connection>,
        wanted: &WantedRows<'_>,
    ) -> Result<Vec<Row>, SourceError> {
        for _ in 0..CHANGES {
            let mut opened = match connection.take() {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let answer = self.ask(session, &mut opened, wanted).await;
            if !self.options.is_current(&opened) {
                session.table = None;
                continue;
            }
            if answer.is_ok() && opened.is_lasting() {
                session.connection = Some(opened);
            }
            return answer;
        }
        let why = "the file changes faster than it can be read; try again".to_owned();
        Err(SourceError::Unreachable { at: self.at.clone(), why, transient: true })
    }

    /// A new connection, in the shorter of the two times it may take.
    async fn connect(&self) -> Result<Connection, SourceError> {
        let connecting = self.in_time("connecting", self.options.connect(self.of_server()));
        match self.patience.filter(|patience| self.limit.is_none_or(|limit| *patience < limit)) {
            None => connecting.await,
            Some(patience) => timeout(patience, connecting).await.unwrap_or_else(|_| {
                let why = format!("connecting took longer than {patience:?}, the URL's limit (connect_timeout)");
                Err(SourceError::Unreachable { at: self.at.clone(), why, transient: true })
            }),
        }
    }

    async fn ask(
        &self,
        session: &mut Session,
        connection: &mut Connection,
        wanted: &WantedRows<'_>,
    ) -> Result<Vec<Row>, SourceError> {
        let table = match &session.table {
            Some(table) => table,
            None => {
                let columns = self.run(connection, &self.table.describe(self.engine)).await?;
                let (key, payload) = (self.key.as_ref(), self.payload.as_ref());
                session.table.insert(RowTable::new(&self.at, &self.table, columns, key, payload)?)
            }
        };
        let statement = statement::select(self.engine, &self.table, table, wanted);
        let records = self.run(connection, &statement).await?;
        Ok(records.into_iter().map(|record| self.row(table, record)).collect())
    }

    async fn run(&self, connection: &mut Connection, statement: &Statement) -> Result<Vec<SqlRecord>, SourceError> {
        self.in_time("the answer", connection.run(statement, self.of_server())).await
    }

    /// How long the server may work on one statement; told to it.
    fn of_server(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.mul_f64(OF_SERVER))
    }

    /// The result of `work` in words of ours, unless it takes too long.
    async fn in_time<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        let explained = |error| {
            let wal = self.options.is_wal();
            fault::explain(&self.at, self.engine, &self.secrets, &error, wal)
        };
        match self.limit {
            None => work.await.map_err(explained),
            Some(limit) => match timeout(limit, work).await {
                Ok(result) => result.map_err(explained),
                Err(_) => Err(fault::late(&self.at, what, limit)),
            },
        }
    }

    fn row(&self, table: &RowTable, record: SqlRecord) -> Row {
        let values = table.columns.iter().zip(record).map(|(column, text)| {
            let value = match text {
                None => Value::Null,
                Some(text) => match text.parse::<i64>() {
                    Ok(number) if column.is_integer() => number.into(),
                    _ => Value::String(text),
                },
            };
            (column.name.clone(), value)
        });
        columns::row(values, Some(&table.key().name), self.payload.as_ref().map(Ident::as_str))
    }
}

/// One record, each column as text.
type SqlRecord = Vec<Option<String>>;

impl RowSource for Sql {
    fn describe(&self) -> &str {
        &self.at
    }

    fn exact<'a>(&'a self, id: &'a str) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move { self.rows(&WantedRows::Exact { id, limit: STATES }).await })
    }

    fn beginning<'a>(&'a self, prefix: &'a str, limit: usize) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move { self.rows(&WantedRows::Beginning { prefix, limit }).await })
    }

    fn list<'a>(&'a self, filter: &'a RowFilter) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move {
            let rows = self.rows(&WantedRows::Newest { filter, unfiltered: UNFILTERED }).await?;
            Ok(choose::newest(rows, filter))
        })
    }
}
