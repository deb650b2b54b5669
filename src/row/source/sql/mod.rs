//! [`Sql`]: rows in PostgreSQL, MySQL or MariaDB, and SQLite.

mod connection;
mod fault;
mod statement;
mod table;

use std::time::Duration;

use serde_json::Value;
use tokio::{sync::Mutex, time::timeout};

use self::{
    connection::{Connection, Options},
    statement::{Statement, Wanted},
    table::{Table, TableName},
};
use super::{
    Answer, DbArgs, Filter, Ident, RowSource, SourceError, Surroundings, choose, columns,
    location::{Engine, Location},
    secrets::Secrets,
};
use crate::row::Row;

/// How long the server may take to let us in.
const CONNECT: Duration = Duration::from_secs(10);
/// How long it may work on one statement; told to it as well.
const STATEMENT: Duration = Duration::from_secs(15);
/// How long an answer may take altogether, for a server that does not keep its own limit.
const ANSWER: Duration = Duration::from_secs(20);
/// How many states of one row are looked at.
const STATES: usize = 20;
/// How many rows are looked at when the server cannot filter them.
const UNFILTERED: usize = 1000;

/// A table in a SQL database.
pub(super) struct Sql {
    at: String,
    engine: Engine,
    options: Options,
    secrets: Secrets,
    table: TableName,
    key: Option<Ident>,
    payload: Option<Ident>,
    session: Mutex<Session>,
}

/// What is kept between questions.
#[derive(Default)]
struct Session {
    /// Taken out while a question is asked: an answer that was not waited for must not be taken for the next one's.
    connection: Option<Connection>,
    table: Option<Table>,
}

impl Sql {
    /// Reads the URL; connects to nothing.
    pub fn new(engine: Engine, location: &Location, args: &DbArgs, around: &Surroundings) -> Result<Self, SourceError> {
        let mut secrets = location.secrets.clone();
        let options = Options::parse(engine, location, around, &mut secrets)?;
        Ok(Self {
            at: location.shown.clone(),
            engine,
            options,
            secrets,
            table: TableName::parse(args.db_table.as_deref())?,
            key: args.db_key.clone(),
            payload: args.db_payload.clone(),
            session: Mutex::default(),
        })
    }

    /// Asks for the rows that `wanted` describes.
    async fn rows(&self, wanted: &Wanted<'_>) -> Result<Vec<Row>, SourceError> {
        let mut session = self.session.lock().await;
        let kept = session.connection.take();
        let reused = kept.is_some();
        let answer = match self.ask(&mut session, kept, wanted).await {
            // The server may have closed an idle connection; that is no news.
            Err(error) if reused && error.is_transient() => self.ask(&mut session, None, wanted).await,
            answer => answer,
        };
        if answer.is_err() {
            // What was learnt about the table may be what is wrong.
            session.table = None;
        }
        answer
    }

    async fn ask(
        &self,
        session: &mut Session,
        connection: Option<Connection>,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<Row>, SourceError> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => self.in_time(CONNECT, "connecting", self.options.connect(STATEMENT)).await?,
        };
        let table = match &session.table {
            Some(table) => table,
            None => {
                let columns = self.run(&mut connection, &self.table.describe(self.engine)).await?;
                let (key, payload) = (self.key.as_ref(), self.payload.as_ref());
                session.table.insert(Table::new(&self.at, &self.table, columns, key, payload)?)
            }
        };
        let statement = statement::select(self.engine, &self.table, table, wanted);
        let records = self.run(&mut connection, &statement).await?;
        let rows = records.into_iter().map(|record| self.row(table, record)).collect();
        session.connection = Some(connection);
        Ok(rows)
    }

    async fn run(&self, connection: &mut Connection, statement: &Statement) -> Result<Vec<Record>, SourceError> {
        self.in_time(ANSWER, "the answer", connection.run(statement, STATEMENT)).await
    }

    /// The result of `work` in words of ours, unless it takes too long.
    async fn in_time<T>(
        &self,
        limit: Duration,
        what: &str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        match timeout(limit, work).await {
            Ok(result) => result.map_err(|error| fault::explain(&self.at, self.engine, &self.secrets, &error)),
            Err(_) => Err(fault::late(&self.at, what, limit)),
        }
    }

    fn row(&self, table: &Table, record: Record) -> Row {
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
type Record = Vec<Option<String>>;

impl RowSource for Sql {
    fn describe(&self) -> &str {
        &self.at
    }

    fn exact<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { self.rows(&Wanted::Exact { id, limit: STATES }).await })
    }

    fn beginning<'a>(&'a self, prefix: &'a str, limit: usize) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { self.rows(&Wanted::Beginning { prefix, limit }).await })
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> Answer<'a, Vec<Row>> {
        Box::pin(async move {
            let rows = self.rows(&Wanted::Newest { filter, unfiltered: UNFILTERED }).await?;
            Ok(choose::newest(rows, filter))
        })
    }
}
