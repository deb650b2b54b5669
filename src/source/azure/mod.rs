//! [`Azure`]: rows in Azure Table Storage, or in an emulator of it.
//!
//! One signed GET is all that is needed, and there is no maintained Rust crate for it.

mod account;
mod entra;
mod fault;
mod query;

use futures::{StreamExt, TryStreamExt, stream};
use http::{StatusCode, header};
use secrecy::ExposeSecret;
use url::Url;

use self::{account::StorageAccount, query::Query};
use super::{
    DbOptions, Ident, RowFilter, RowSource, SourceAnswer, SourceEnvironment, SourceError, choose,
    client::{self, Client, Reply},
    location::Location,
};
use crate::row::{Row, columns, tree};

/// The protocol's version: new enough for Entra tokens, old enough for emulators, which answer 400 to newer ones.
const VERSION: &str = "2020-12-06";
/// How many pages are read at most, of 1,000 rows each.
const PAGES: usize = 1000;
/// How many rows are fetched at a time.
const AT_ONCE: usize = 8;
/// The columns a list needs before it knows which rows are the newest.
const LIGHT: [&str; 8] =
    ["PartitionKey", "RowKey", "Timestamp", "status", "type", "created_at", "updated_at", "parent_job_id"];
/// The dashboard's table.
const TABLE: &str = "jobstate";
/// The `RowKey` of a job's row.
const CURRENT: &str = "RowKey eq 'current'";

/// A table of Azure's table service.
pub(super) struct Azure {
    at: String,
    client: Client,
    account: StorageAccount,
    warning: Option<String>,
    /// The URL of the query, without parameters.
    table: Url,
    key: Option<Ident>,
    payload: Option<Ident>,
}

impl Azure {
    /// Reads the URL and what the environment says about the account; connects to nothing.
    pub fn new(location: &Location, args: &DbOptions, environment: &SourceEnvironment) -> Result<Self, SourceError> {
        let usage = |why: &str| SourceError::Usage(format!("--db {}: {why}", location.shown));
        let url = Url::parse(location.url.expose_secret()).map_err(|error| usage(&error.to_string()))?;
        let mut secrets = location.secrets.clone();
        let (account, base, named) =
            StorageAccount::new(&url, environment, &location.shown, &mut secrets, args.request_timeout.0)?;
        let table = match (named, &args.db_table) {
            (Some(named), Some(flag)) if named != *flag => {
                return Err(usage(&format!("the URL names the table {named:?}, --db-table another one")));
            }
            (Some(table), _) => table,
            (None, flag) => flag.clone().unwrap_or_else(|| TABLE.to_owned()),
        };
        if !is_table(&table) {
            return Err(usage("a table's name has 3 to 63 letters and digits"));
        }
        let table = Url::parse(&format!("{}/{table}()", base.trim_end_matches('/')))
            .map_err(|error| usage(&error.to_string()))?;
        let client = Client::new(location.shown.clone(), secrets, true, args.request_timeout.0, environment);
        Ok(Self {
            at: location.shown.clone(),
            client,
            account,
            warning: client::in_plain_sight(&location.shown, &table),
            table,
            key: args.db_key.clone(),
            payload: args.db_payload.clone(),
        })
    }

    /// The column that holds a row's id.
    fn key(&self) -> &str {
        self.key.as_ref().map_or("PartitionKey", Ident::as_str)
    }

    /// Every row that passes `query`, page by page.
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, SourceError> {
        let mut rows = Vec::new();
        let mut next = None;
        for _ in 0..PAGES {
            let reply = self.page(&query.url(&self.table, next.as_ref())).await?;
            self.read(&reply, &mut rows)?;
            next = query::next(&reply.headers);
            let enough = query.top.is_some_and(|top| rows.len() >= top);
            if next.is_none() || enough {
                return Ok(rows);
            }
        }
        let why = format!("the table has more than {PAGES} pages of rows; name a row by its id");
        Err(SourceError::Rejected { at: self.at.clone(), why, transient: false })
    }

    /// One page. A token that the server does not take any more is replaced once.
    async fn page(&self, url: &Url) -> Result<Reply, SourceError> {
        let reply = self.request(url).await?;
        if reply.status != StatusCode::UNAUTHORIZED || !self.account.forget().await {
            return self.checked(reply);
        }
        let reply = self.request(url).await?;
        self.checked(reply)
    }

    async fn request(&self, url: &Url) -> Result<Reply, SourceError> {
        let signed = self.account.sign(&self.at, url).await?;
        let mut request = self
            .client
            .get(&signed.url)?
            .header(header::ACCEPT, "application/json;odata=nometadata")
            .header("DataServiceVersion", "3.0;NetFx")
            .header("x-ms-version", VERSION)
            .header("x-ms-date", &signed.date);
        if let Some(authorization) = signed.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.client.send(request).await
    }

    fn checked(&self, reply: Reply) -> Result<Reply, SourceError> {
        if reply.status == StatusCode::OK {
            return Ok(reply);
        }
        Err(fault::explain(&self.at, &self.account, &self.client, &reply))
    }

    fn read(&self, reply: &Reply, rows: &mut Vec<Row>) -> Result<(), SourceError> {
        let wrong = || SourceError::NotARow {
            at: self.at.clone(),
            why: "answers with something that is no list of entities; is it the URL of a table?".to_owned(),
        };
        let text = std::str::from_utf8(&reply.body).map_err(|_| wrong())?;
        let mut answer = tree::parse(text).map_err(|_| wrong())?;
        let list = answer.get_mut("value").and_then(|list| list.as_array_mut()).ok_or_else(wrong)?;
        let payload = self.payload.as_ref().map(Ident::as_str);
        for entity in std::mem::take(list) {
            let serde_json::Value::Object(entity) = entity else { return Err(wrong()) };
            rows.push(columns::row(entity, Some(self.key()), payload));
        }
        Ok(())
    }

    /// The newest rows: first all of them with few columns, because the service cannot sort, then the chosen ones whole.
    async fn newest(&self, filter: &RowFilter) -> Result<Vec<Row>, SourceError> {
        let mut select: Vec<String> = LIGHT.map(str::to_owned).to_vec();
        select.extend(self.key.iter().map(ToString::to_string));
        // Statuses are compared here: the service knows case, and leaves out a row without one.
        let light = Query { filter: CURRENT.to_owned(), select, top: None };
        let chosen = choose::newest(self.rows(&light).await?, filter);
        let whole = |row: Row| async move {
            let Some(id) = row.id() else { return Ok(None) };
            // It may have been deleted in between.
            Ok::<_, SourceError>(self.exact_rows(id).await?.into_iter().next())
        };
        let rows: Vec<Option<Row>> = stream::iter(chosen).map(whole).buffered(AT_ONCE).try_collect().await?;
        Ok(choose::newest(rows.into_iter().flatten().collect(), filter))
    }

    async fn exact_rows(&self, id: &str) -> Result<Vec<Row>, SourceError> {
        let filter = format!("{} eq {}", self.key(), query::literal(id));
        let current = Query { filter: format!("{filter} and {CURRENT}"), select: vec![], top: Some(2) };
        let rows = self.rows(&current).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        self.rows(&Query { filter, select: vec![], top: Some(2) }).await
    }
}

/// Whether Azure takes it as a table's name.
fn is_table(name: &str) -> bool {
    (3..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl RowSource for Azure {
    fn describe(&self) -> &str {
        &self.at
    }

    fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    fn exact<'a>(&'a self, id: &'a str) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(self.exact_rows(id))
    }

    fn beginning<'a>(&'a self, prefix: &'a str, limit: usize) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move {
            let (key, from) = (self.key(), query::literal(prefix));
            // The first text after all that begin so.
            let to = query::literal(&format!("{prefix}\u{ffff}"));
            let filter = format!("{key} ge {from} and {key} le {to}");
            self.rows(&Query { filter, select: vec![], top: Some(limit) }).await
        })
    }

    fn list<'a>(&'a self, filter: &'a RowFilter) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(self.newest(filter))
    }
}
