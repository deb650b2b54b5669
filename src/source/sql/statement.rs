//! The statements: every value bound, every name quoted, every column as text, or as its bytes.
//!
//! A driver that decodes each database's own types would have to know them all; a database knows how to write its own
//! values as text. But of bytes that are no text it would make none of the rows, or none of the value: those come as they are.

use super::{
    SqlEngine,
    table::{RowTable, TableColumn, TableName},
};
use crate::source::RowFilter;

/// The columns by which rows are sorted, the first one that there is.
const AGES: [&str; 3] = ["created_at", "updated_at", "Timestamp"];

/// A statement and the values that are bound to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub sql: String,
    pub values: Vec<String>,
}

/// Which rows.
pub(super) enum WantedRows<'a> {
    Exact { id: &'a str, limit: usize },
    Beginning { prefix: &'a str, limit: usize },
    Newest { filter: &'a RowFilter, unfiltered: usize },
}

impl SqlEngine {
    /// A name in the database's quotes; doubled if it holds one, as a column of the table may.
    pub(super) fn quoted(self, name: &str) -> String {
        let quote = if self == Self::MySql { '`' } else { '"' };
        let doubled = name.replace(quote, &[quote, quote].iter().collect::<String>());
        format!("{quote}{doubled}{quote}")
    }

    /// The place of the `n`th value, from 1.
    fn place(self, n: usize) -> String {
        if self == Self::Postgres { format!("${n}") } else { "?".to_owned() }
    }

    /// A column's value as text, whatever it is: bytes that are none are escaped, replaced or left out.
    fn text(self, column: &TableColumn) -> String {
        let name = self.quoted(&column.name);
        match self {
            // JSON's form of a time does not depend on the session's settings.
            Self::Postgres if column.is_time() => format!("to_json({name})#>>'{{}}'"),
            Self::Postgres if column.is_bytes(self) => format!("encode({name}, 'escape')"),
            Self::Postgres => format!("{name}::text"),
            Self::MySql => format!("CONVERT({name} USING utf8mb4)"),
            Self::Sqlite => format!("CAST({name} AS TEXT)"),
        }
    }

    /// A column's value as it is read: text, or the bytes where it is some.
    fn read(self, column: &TableColumn) -> String {
        let name = self.quoted(&column.name);
        match self {
            // Each value has a type of its own, whatever the column's is; and of its bytes SQLite would make UTF-16 in a
            // database that has that.
            Self::Sqlite => format!("CASE typeof({name}) WHEN 'blob' THEN {name} ELSE {} END", self.text(column)),
            Self::Postgres | Self::MySql if column.is_bytes(self) => name,
            Self::Postgres | Self::MySql => self.text(column),
        }
    }

    /// A column as it is compared with a text: by itself where it is one, so that an index is used.
    fn compared(self, column: &TableColumn) -> String {
        if column.is_text() { self.quoted(&column.name) } else { self.text(column) }
    }
}

/// The rows that `wanted` describes.
pub(super) fn select(engine: SqlEngine, name: &TableName, table: &RowTable, wanted: &WantedRows<'_>) -> Statement {
    let mut values = Vec::new();
    let mut bind = |value: String| {
        values.push(value);
        engine.place(values.len())
    };
    let key = engine.compared(table.key());
    let row_key = table.column("RowKey").map(|column| engine.compared(column));
    let mut conditions: Vec<String> = Vec::new();
    let (order, limit) = match wanted {
        WantedRows::Exact { id, limit } => {
            conditions.push(format!("{key} = {}", bind((*id).to_owned())));
            // Older states of the row may stand beside the current one.
            let order = row_key.map(|row_key| format!("CASE WHEN {row_key} = 'current' THEN 0 ELSE 1 END"));
            (order, *limit)
        }
        WantedRows::Beginning { prefix, limit } => {
            conditions.push(format!("{key} LIKE {} ESCAPE '!'", bind(pattern(prefix))));
            (Some(key), *limit)
        }
        WantedRows::Newest { filter, unfiltered } => {
            conditions.extend(row_key.map(|row_key| format!("{row_key} = 'current'")));
            let status = table.column("status").map(|column| engine.text(column));
            let limit = if status.is_some() || !is_filtering(filter) { filter.limit } else { *unfiltered };
            if let Some(status) = status {
                let mut among = |statuses: &mut dyn Iterator<Item = String>| {
                    let places: Vec<String> = statuses.map(&mut bind).collect();
                    places.join(", ")
                };
                if filter.live {
                    let ended = among(&mut crate::row::TERMINAL.iter().map(|status| (*status).to_owned()));
                    conditions.push(format!("({status} IS NULL OR LOWER(TRIM({status})) NOT IN ({ended}))"));
                }
                if !filter.statuses.is_empty() {
                    let wanted = among(&mut filter.statuses.iter().map(|status| status.to_lowercase()));
                    conditions.push(format!("LOWER(TRIM({status})) IN ({wanted})"));
                }
            }
            let age = AGES.iter().find_map(|age| table.column(age)).map(|age| {
                let last = if engine == SqlEngine::Postgres { " NULLS LAST" } else { "" };
                format!("{} DESC{last}", engine.quoted(&age.name))
            });
            (age, limit)
        }
    };
    let columns: Vec<String> = table.columns.iter().map(|column| engine.read(column)).collect();
    let mut sql = format!("SELECT {} FROM {}", columns.join(", "), name.quoted(engine));
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    if let Some(order) = order {
        sql += &format!(" ORDER BY {order}");
    }
    sql += &format!(" LIMIT {limit}");
    Statement { sql, values }
}

fn is_filtering(filter: &RowFilter) -> bool {
    filter.live || !filter.statuses.is_empty()
}

/// The `LIKE` pattern for texts that begin with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for c in prefix.chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[[&str; 2]]) -> RowTable {
        let columns = columns.iter().map(|pair| pair.iter().map(|text| Some((*text).to_owned())).collect()).collect();
        RowTable::new("db", &TableName::parse(None).unwrap(), columns, None, None).unwrap()
    }

    #[test]
    fn values_are_bound_and_names_quoted() {
        let table = table(&[["job_id", "text"], ["status", "varchar"], ["we\"ird`", "jsonb"], ["payload", "jsonb"]]);
        let name = TableName::parse(Some("s.jobs")).unwrap();
        let exact = select(SqlEngine::Postgres, &name, &table, &WantedRows::Exact { id: "x' OR 1=1", limit: 20 });
        assert_eq!(
            exact.sql,
            "SELECT \"job_id\"::text, \"status\"::text, \"we\"\"ird`\"::text, \"payload\"::text FROM \"s\".\"jobs\" \
             WHERE \"job_id\" = $1 LIMIT 20"
        );
        assert_eq!(exact.values, ["x' OR 1=1"]);
        let prefix = select(SqlEngine::MySql, &name, &table, &WantedRows::Beginning { prefix: "a_%!", limit: 3 });
        assert!(prefix.sql.contains("CONVERT(`we\"ird``` USING utf8mb4)"), "{}", prefix.sql);
        assert!(prefix.sql.ends_with("FROM `s`.`jobs` WHERE `job_id` LIKE ? ESCAPE '!' ORDER BY `job_id` LIMIT 3"));
        assert_eq!(prefix.values, ["a!_!%!!%"]);
        let filter = RowFilter { statuses: vec!["Running".into()], live: true, limit: 5 };
        let newest =
            select(SqlEngine::Sqlite, &name, &table, &WantedRows::Newest { filter: &filter, unfiltered: 1000 });
        assert!(newest.sql.contains("NOT IN (?, ?, ?, ?)") && newest.sql.contains(" IN (?)"), "{}", newest.sql);
        assert_eq!(newest.values.last().map(String::as_str), Some("running"));
    }

    #[test]
    fn a_key_that_is_no_text_is_made_one() {
        let table = table(&[["job_id", "uuid"], ["created_at", "timestamp with time zone"], ["payload", "json"]]);
        let name = TableName::parse(None).unwrap();
        let exact = select(SqlEngine::Postgres, &name, &table, &WantedRows::Exact { id: "x", limit: 1 });
        assert!(exact.sql.contains("WHERE \"job_id\"::text = $1"), "{}", exact.sql);
        assert!(exact.sql.contains("to_json(\"created_at\")#>>'{}'"), "{}", exact.sql);
    }
}
