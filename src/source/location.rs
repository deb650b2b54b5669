//! [`Location`]: a `--db` URL, taken apart once: which kind of source it names, and what of it may be shown.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{SourceEnvironment, SourceError, secrets::Secrets, typed::Typed};
use crate::render::plain;

/// Hosts of Azure's table service, and of Cosmos DB's.
const TABLE_HOSTS: [&str; 6] = [
    ".table.core.windows.net",
    ".table.core.usgovcloudapi.net",
    ".table.core.chinacloudapi.cn",
    ".table.storage.azure.net",
    ".table.cosmos.azure.com",
    ".table.cosmosdb.azure.com",
];
/// The account of the storage emulators.
pub(super) const EMULATOR: &str = "devstoreaccount1";
/// What there is to choose from.
const KNOWN: &str = "postgres://, mysql://, sqlite:, or the https:// URL of an Azure table or of a /v1/jobs service";

/// A SQL database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqlEngine {
    Postgres,
    MySql,
    Sqlite,
}

/// What kind of source a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceKind {
    Sql(SqlEngine),
    Azure,
    Http,
}

impl SourceKind {
    /// The Cargo feature that this kind is part of.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Sql(_) => "sql",
            Self::Azure => "azure",
            Self::Http => "http",
        }
    }
}

/// Where rows are.
pub(super) struct Location {
    pub kind: SourceKind,
    /// The URL as it may be shown: userinfo and query are `***`.
    pub shown: String,
    /// The whole URL.
    #[cfg_attr(not(any(feature = "sql", feature = "azure", feature = "http")), allow(dead_code))]
    pub url: SecretString,
    /// What in it is secret.
    #[cfg_attr(not(any(feature = "sql", feature = "azure", feature = "http")), allow(dead_code))]
    pub secrets: Secrets,
}

impl Location {
    /// Takes `url` apart. Its text is in no error.
    pub fn parse(url: &SecretString, environment: &SourceEnvironment) -> Result<Self, SourceError> {
        let text = url.expose_secret().trim();
        let usage = |why: String| SourceError::Usage(format!("--db: {why}; give {KNOWN}"));
        // What is said about the text as it was typed is the whole advice.
        let typed = Typed::read(text).map_err(|why| {
            let next = if why == "it is no URL" { format!("; give {KNOWN}") } else { String::new() };
            SourceError::Usage(format!("--db: {why}{next}"))
        })?;
        if typed.is_sqlite() {
            let file = typed.sqlite();
            let shown = format!("sqlite:{}", plain(file.split('?').next().unwrap_or_default(), 200));
            let kind = SourceKind::Sql(SqlEngine::Sqlite);
            return Ok(Self { kind, shown, url: format!("sqlite:{file}").into(), secrets: Secrets::default() });
        }
        let text = format!("{}:{}", typed.scheme, typed.rest);
        // A parser's words name the fault and do not repeat the text.
        let parsed = Url::parse(&text).map_err(|error| usage(format!("it is no URL ({error})")))?;
        let kind = match parsed.scheme() {
            "postgres" | "postgresql" => SourceKind::Sql(SqlEngine::Postgres),
            "mysql" | "mariadb" => SourceKind::Sql(SqlEngine::MySql),
            "http" | "https" if typed.driver => return Err(usage("a driver has no place in a URL of http".to_owned())),
            "http" | "https" if is_table(&parsed, environment) => SourceKind::Azure,
            "http" | "https" => SourceKind::Http,
            other => return Err(usage(format!("{:?} is no scheme that is known", plain(other, 20)))),
        };
        let mut secrets = Secrets::default();
        for (key, value) in parsed.query_pairs() {
            // What only chooses is not secret, and masking it would make messages unreadable.
            if ["password", "sig", "token", "key", "code", "secret", "pwd"].iter().any(|part| key.contains(part)) {
                secrets.add(&value);
            }
        }
        // As they were typed: a `+` is read as a space above.
        for pair in parsed.query().unwrap_or_default().split('&') {
            if let Some(("sig" | "password", value)) = pair.split_once('=') {
                secrets.add(value);
            }
        }
        if let Some(password) = parsed.password() {
            secrets.add(password);
        } else if matches!(kind, SourceKind::Http | SourceKind::Azure) {
            // A token may stand where a user's name does.
            secrets.add(parsed.username());
        }
        Ok(Self { kind, shown: shown(&parsed), url: text.into(), secrets })
    }
}

impl Location {
    /// Whether it is a table or a database, whatever else its URL says.
    pub fn is_table(&self) -> bool {
        let host = Url::parse(self.url.expose_secret()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let is_host = host.is_some_and(|host| TABLE_HOSTS.iter().any(|suffix| host.ends_with(suffix)));
        is_host || matches!(self.kind, SourceKind::Sql(_))
    }
}

/// Whether an `http(s)` URL is one of a table service.
fn is_table(url: &Url, environment: &SourceEnvironment) -> bool {
    let host = url.host_str().unwrap_or_default();
    let has = |name: &str| url.query_pairs().any(|(key, _)| key == name);
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    TABLE_HOSTS.iter().any(|suffix| host.ends_with(suffix))
        || first == EMULATOR
        || (has("sv") && has("sig"))
        || endpoint(environment).is_some_and(|endpoint| endpoint.host() == url.host() && endpoint.port() == url.port())
}

/// The table endpoint that the connection string names: an emulator's or a private one.
pub(super) fn endpoint(environment: &SourceEnvironment) -> Option<Url> {
    let text = environment.connection_string.as_ref()?.expose_secret();
    text.split(';').find_map(|part| part.trim().strip_prefix("TableEndpoint=")).and_then(|url| url.parse().ok())
}

/// A URL without its secrets.
fn shown(url: &Url) -> String {
    let user = if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = if url.query().is_some() { "?***" } else { "" };
    let host = url.host_str().unwrap_or_default();
    // The parser escapes the place of the id.
    let path = url.path().replace("%7Bid%7D", "{id}");
    plain(&format!("{}://{user}{host}{port}{path}{query}", url.scheme()), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Result<Location, SourceError> {
        Location::parse(&url.into(), &SourceEnvironment::nothing())
    }

    #[test]
    fn a_url_says_what_it_is() {
        for (url, kind) in [
            ("postgres://u@h/d", SourceKind::Sql(SqlEngine::Postgres)),
            ("postgresql:///d", SourceKind::Sql(SqlEngine::Postgres)),
            ("mysql://h/d", SourceKind::Sql(SqlEngine::MySql)),
            ("mariadb://h/d", SourceKind::Sql(SqlEngine::MySql)),
            ("sqlite:rows.db", SourceKind::Sql(SqlEngine::Sqlite)),
            ("sqlite:///var/rows.db", SourceKind::Sql(SqlEngine::Sqlite)),
            ("https://stelb01.table.core.windows.net/jobstate", SourceKind::Azure),
            ("http://127.0.0.1:10002/devstoreaccount1/jobstate", SourceKind::Azure),
            ("https://tables.internal/jobstate?sv=2020-12-06&sig=x", SourceKind::Azure),
            ("https://elb.example.org/v1/jobs/{id}", SourceKind::Http),
            ("http://elb", SourceKind::Http),
        ] {
            assert_eq!(at(url).map(|location| location.kind).ok(), Some(kind), "{url}");
        }
        let environment = SourceEnvironment {
            connection_string: Some("AccountName=a;TableEndpoint=http://tables:10002/a;AccountKey=eA==".into()),
            ..SourceEnvironment::nothing()
        };
        let location = Location::parse(&"http://tables:10002/a/jobstate".into(), &environment);
        assert_eq!(location.map(|location| location.kind).ok(), Some(SourceKind::Azure));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let location = at("postgres://me:planted@db:5433/jobs?password=planted2").unwrap();
        assert_eq!(location.shown, "postgres://***@db:5433/jobs?***");
        assert_eq!(location.secrets.told("planted planted2"), "*** ***");
        assert_eq!(
            at("https://a.table.core.windows.net/t?sig=planted").unwrap().shown,
            "https://a.table.core.windows.net/t?***"
        );
        for wrong in ["planted", "ftp://planted@h", "http://planted:planted", "postgres://u:planted@h:x/d", ""] {
            let error = at(wrong).map(|location| location.shown).unwrap_err();
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}
