//! [`RowTable`]: which columns there are, and which of them say what.

use super::{SqlEngine, SqlRecord, Statement};
use crate::{
    render::plain,
    source::{Ident, SourceError},
};

/// The dashboard's table.
const DEFAULT: &str = "jobstate";
/// The columns that may hold a row's id, the usual one first.
const KEYS: [&str; 2] = ["job_id", "PartitionKey"];
/// How many columns an error lists.
const LISTED: usize = 40;

/// A table's name, perhaps with its schema (in MySQL: database).
pub(super) struct TableName {
    pub schema: Option<Ident>,
    pub name: Ident,
}

impl TableName {
    /// Reads `--db-table`.
    pub fn parse(text: Option<&str>) -> Result<Self, SourceError> {
        let text = text.unwrap_or(DEFAULT);
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        let ident = |part: &str| {
            part.parse::<Ident>()
                // A URL in its place may hold a password.
                .map_err(|error| match text.contains("://") {
                    true => SourceError::Usage(format!("--db-table: {error}; a URL is given with --db")),
                    false => SourceError::Usage(format!("--db-table {:?}: {error}", plain(text, 80))),
                })
        };
        Ok(Self { schema: schema.map(ident).transpose()?, name: ident(name)? })
    }

    /// The name as it stands in a statement.
    pub fn quoted(&self, engine: SqlEngine) -> String {
        let schema = self.schema.as_ref().map(|schema| engine.quoted(schema.as_str()) + ".");
        schema.unwrap_or_default() + &engine.quoted(self.name.as_str())
    }

    /// Asks for the names and types of the columns.
    pub fn describe(&self, engine: SqlEngine) -> Statement {
        let schema = self.schema.as_ref().map(|schema| schema.as_str().to_owned());
        let name = self.name.as_str().to_owned();
        match (engine, schema) {
            (SqlEngine::Postgres, _) => Statement {
                // Columns that may not be read are left out; where none may be, asking for all brings the server's own words.
                sql: "SELECT attname::text, format_type(atttypid, NULL)::text FROM pg_attribute \
                      WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped \
                      AND (has_column_privilege(attrelid, attnum, 'SELECT') \
                      OR NOT has_any_column_privilege(attrelid, 'SELECT')) ORDER BY attnum"
                    .to_owned(),
                values: vec![self.quoted(engine)],
            },
            (SqlEngine::MySql, schema) => Statement {
                sql: format!(
                    "SELECT CONVERT(column_name USING utf8mb4), CONVERT(data_type USING utf8mb4) \
                     FROM information_schema.columns WHERE table_name = ? AND table_schema = {} \
                     ORDER BY ordinal_position",
                    if schema.is_some() { "?" } else { "DATABASE()" }
                ),
                values: [name].into_iter().chain(schema).collect(),
            },
            (SqlEngine::Sqlite, schema) => Statement {
                sql: format!(
                    "SELECT CAST(name AS TEXT), CAST(type AS TEXT) FROM pragma_table_info(?{})",
                    if schema.is_some() { ", ?" } else { "" }
                ),
                values: [name].into_iter().chain(schema).collect(),
            },
        }
    }
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct TableColumn {
    pub name: String,
    /// Its type in the database's words, in lower case.
    pub kind: String,
}

impl TableColumn {
    fn kind_has(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.kind.contains(part))
    }

    /// Whether its values are compared as texts without a cast.
    pub fn is_text(&self) -> bool {
        self.kind_has(&["char", "text", "clob", "string"])
    }

    /// Whether its values are whole numbers.
    pub fn is_integer(&self) -> bool {
        self.kind_has(&["int", "serial"]) && !self.kind_has(&["interval", "point"])
    }

    /// Whether its values are times, which databases write in ways of their own.
    pub fn is_time(&self) -> bool {
        self.kind_has(&["timestamp", "date"])
    }

    /// Whether its values are bytes, which may be no text. A SQLite column has no say in what its values are.
    pub fn is_bytes(&self, engine: SqlEngine) -> bool {
        match engine {
            SqlEngine::Postgres => self.kind == "bytea",
            SqlEngine::MySql => {
                self.kind_has(&["blob", "binary", "geom", "point", "linestring", "polygon", "vector"])
                    || self.kind == "bit"
            }
            SqlEngine::Sqlite => false,
        }
    }
}

/// The columns, and which of them say what.
pub(super) struct RowTable {
    pub columns: Vec<TableColumn>,
    key: usize,
}

impl RowTable {
    /// Makes sense of the answer to [`TableName::describe`].
    pub fn new(
        at: &str,
        name: &TableName,
        columns: Vec<SqlRecord>,
        key: Option<&Ident>,
        payload: Option<&Ident>,
    ) -> Result<Self, SourceError> {
        let columns: Vec<TableColumn> = columns
            .into_iter()
            .filter_map(|record| match <[Option<String>; 2]>::try_from(record) {
                Ok([Some(name), kind]) => Some(TableColumn { name, kind: kind.unwrap_or_default().to_lowercase() }),
                _ => None,
            })
            .collect();
        let shown = name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default() + name.name.as_str();
        if columns.is_empty() {
            let what = format!(
                "there is no table {shown} that this user may see; name it with --db-table, or check the database in \
                 the URL"
            );
            return Err(SourceError::NoTable { at: at.to_owned(), what });
        }
        let absent = |what: &str, flag: &str| {
            let names: Vec<String> = columns.iter().take(LISTED).map(|column| plain(&column.name, 80)).collect();
            let names = names.join(", ");
            let what = format!("the table {shown} has no column {what}; name it with {flag}: there are {names}");
            SourceError::NoColumn { at: at.to_owned(), what }
        };
        let find = |name: &str| find(&columns, name);
        let key = match key {
            Some(key) => find(key.as_str()).ok_or_else(|| absent(key.as_str(), "--db-key"))?,
            None => KEYS.iter().find_map(|key| find(key)).ok_or_else(|| absent(&KEYS.join(" or "), "--db-key"))?,
        };
        // Without a payload the columns may still hold the id; a payload that was named must be there.
        if let Some(payload) = payload.map(Ident::as_str).filter(|payload| find(payload).is_none()) {
            return Err(absent(payload, "--db-payload"));
        }
        let known = ["payload", "payload_json", "elastic_blast_job_id", "k8s_job_id", "elb_job_id"];
        if payload.is_none() && !known.iter().any(|name| find(name).is_some()) {
            return Err(absent("payload or payload_json", "--db-payload"));
        }
        Ok(Self { columns, key })
    }

    /// The column that holds a row's id.
    pub fn key(&self) -> &TableColumn {
        &self.columns[self.key]
    }

    /// The column called so, exactly or but for case.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        find(&self.columns, name).map(|at| &self.columns[at])
    }
}

fn find(columns: &[TableColumn], name: &str) -> Option<usize> {
    let exact = columns.iter().position(|column| column.name == name);
    exact.or_else(|| columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)))
}
