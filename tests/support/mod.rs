//! Real servers for the tests of the row sources: on loopback, with throw-away data, ended with the test binary.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod azurite;
pub mod azurite_blob;
pub mod faulty;
pub mod free_port;
pub mod listen;
pub mod mariadb;
pub mod moto;
pub mod pki;
pub mod postgres;
pub mod process;
pub mod rows;
pub mod service;

use elbtail::{
    row::Row,
    source::{self, DbOptions, RowFilter, RowSource, SourceEnvironment, SourceError},
};

/// Planted wherever a secret belongs; must come out nowhere.
pub const PLANTED: &str = "pl4nted/Secr3t+x";

/// What `--help` says to type when a server is missing.
pub const INSTALL: &str = "run .ci/servers (as root) to install it";

/// Flags with only a URL.
pub fn args(url: &str) -> DbOptions {
    DbOptions { db: Some(url.into()), ..DbOptions::default() }
}

/// The source at `url`, in an empty environment.
pub fn open(url: &str) -> Box<dyn RowSource> {
    open_with(&args(url), &SourceEnvironment::nothing())
}

/// The source that `args` name.
pub fn open_with(args: &DbOptions, environment: &SourceEnvironment) -> Box<dyn RowSource> {
    source::open(args, environment).unwrap_or_else(|error| panic!("{error}")).expect("--db is given")
}

/// Every row, newest first.
pub fn all() -> RowFilter {
    RowFilter { statuses: vec![], live: false, limit: 100 }
}

/// What `fetch` fails with; the message and the debug form hold nothing that was planted.
pub async fn fault(source: &dyn RowSource, id: &str) -> SourceError {
    let error = match source.fetch(id).await {
        Ok(row) => panic!("{} gave a row: {:?}", source.describe(), row.id()),
        Err(error) => error,
    };
    let told = format!("{error}\n{error:?}\n{}", source.describe());
    assert_clean(&told);
    println!("{error}");
    error
}

/// Fails if anything planted is in `text`, as it is or percent-encoded.
pub fn assert_clean(text: &str) {
    for secret in [PLANTED, &encoded(PLANTED), "pl4nted"] {
        assert!(!text.contains(secret), "a secret shows: {text}");
    }
}

/// As it stands in a URL.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The ids of `rows`.
pub fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().filter_map(Row::id).collect()
}
