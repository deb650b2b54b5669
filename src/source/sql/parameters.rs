//! The parameters of a database URL: each one is honoured or refused. A driver drops those that it does not know.

use std::{borrow::Cow, net::IpAddr, time::Duration};

use url::Url;

use super::SqlEngine;

/// What the driver of PostgreSQL honours as it stands.
const POSTGRES: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// What the driver of MySQL does.
const MYSQL: [&str; 8] = ["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "charset", "collation", "socket", "timezone"];
/// The ways to use TLS, from none to all checks; the same place in both is the same way.
const POSTGRES_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const MYSQL_MODES: [&str; 6] = ["DISABLED", "PREFERRED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// What a URL says, each word of it honoured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Honoured {
    /// The URL with the parameters under the names of the driver.
    pub url: Url,
    /// How long connecting may take, which no driver knows.
    pub patience: Option<Duration>,
}

/// The parameters of `url`, or why one of them cannot be honoured.
pub(super) fn honoured(engine: SqlEngine, url: &Url) -> Result<Honoured, String> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut patience = None;
    for (key, value) in url.query_pairs() {
        if let Some(unit) = unit(engine, &key) {
            patience = wait(&key, &value, unit)?;
        } else if let Some(key) = name(engine, &key) {
            let value = if key.ends_with("mode") { mode(engine, &key, &value)? } else { value.into_owned() };
            pairs.push((key.into_owned(), value));
        } else if !is_met(engine, &key, &value) {
            return Err(unknown(engine, &key));
        }
    }
    if engine == SqlEngine::Postgres {
        if pairs.iter().any(|(key, value)| key == "sslrootcert" && value == "system") {
            system_roots(&mut pairs)?;
        }
        // The driver would look up the brackets too.
        if let (Some(ip), false) = (ipv6(url), pairs.iter().any(|(key, _)| key.starts_with("host"))) {
            pairs.push(("host".to_owned(), ip.to_string()));
        }
    }
    let mut url = url.clone();
    url.set_query(None);
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(Honoured { url, patience })
}

/// The unit of a parameter that limits how long connecting takes: libpq and Python's drivers count seconds, Java's do not.
fn unit(engine: SqlEngine, key: &str) -> Option<Duration> {
    match (engine, key) {
        (_, "connect_timeout") => Some(Duration::from_secs(1)),
        (SqlEngine::MySql, "connectTimeout") => Some(Duration::from_millis(1)),
        _ => None,
    }
}

/// A limit in whole units; none or less is no limit, as libpq has it.
fn wait(key: &str, value: &str, unit: Duration) -> Result<Option<Duration>, String> {
    let units: i64 = value.trim().parse().map_err(|_| format!("{key} is no whole number"))?;
    Ok(u32::try_from(units).ok().filter(|units| *units > 0).map(|units| unit * units))
}

/// The host, if it is an IPv6 address.
pub(super) fn ipv6(url: &Url) -> Option<IpAddr> {
    let inner = url.host_str()?.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok()
}

/// The driver's name of a parameter, of the names that libpq, asyncpg, MySQL's clients and PyMySQL have for it.
fn name(engine: SqlEngine, key: &str) -> Option<Cow<'_, str>> {
    let dashed = key.to_ascii_lowercase().replace('_', "-");
    let known: &str = match (engine, dashed.as_str()) {
        (SqlEngine::Postgres, _) if key.starts_with("options[") && key.ends_with(']') => return Some(key.into()),
        (SqlEngine::Postgres, "ssl" | "ssl-mode" | "sslmode") => "sslmode",
        (SqlEngine::Postgres, "ssl-root-cert" | "ssl-ca" | "sslrootcert") => "sslrootcert",
        (SqlEngine::Postgres, "ssl-cert") => "sslcert",
        (SqlEngine::Postgres, "ssl-key") => "sslkey",
        (SqlEngine::Postgres, "database") => "dbname",
        (SqlEngine::MySql, "ssl" | "ssl-mode" | "sslmode") => "ssl-mode",
        (SqlEngine::MySql, "sslca" | "ssl-ca" | "sslrootcert") => "ssl-ca",
        (SqlEngine::MySql, "sslcert" | "ssl-cert") => "ssl-cert",
        (SqlEngine::MySql, "sslkey" | "ssl-key") => "ssl-key",
        (SqlEngine::MySql, "socket" | "unix-socket") => "socket",
        (SqlEngine::MySql, "timezone" | "time-zone") => "timezone",
        _ => known(engine).iter().find(|known| **known == key)?,
    };
    Some(known.to_owned().into())
}

fn known(engine: SqlEngine) -> &'static [&'static str] {
    if engine == SqlEngine::MySql { &MYSQL } else { &POSTGRES }
}

/// Whether a parameter asks for what is the case anyway.
fn is_met(engine: SqlEngine, key: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match (engine, key) {
        // There is no GSSAPI and no channel binding, and these do not insist on it.
        (SqlEngine::Postgres, "gssencmode" | "channel_binding") => matches!(value.as_str(), "disable" | "prefer"),
        // There is one host, and what is asked of it only reads.
        (SqlEngine::Postgres, "target_session_attrs") => matches!(value.as_str(), "any" | "prefer-standby"),
        (SqlEngine::Postgres, "load_balance_hosts") => value == "disable",
        // They bound how soon a dead server is noticed, and each answer has its limit here (--request-timeout).
        (
            SqlEngine::Postgres,
            "keepalives" | "keepalives_idle" | "keepalives_interval" | "keepalives_count" | "tcp_user_timeout",
        ) => value.parse::<i64>().is_ok(),
        (SqlEngine::Postgres, "sslnegotiation") => value == "postgres",
        (SqlEngine::Postgres, "client_encoding") => matches!(value.as_str(), "utf8" | "utf-8" | "auto"),
        // No statement has a name.
        (SqlEngine::Postgres, "pgbouncer") => value == "true",
        (
            SqlEngine::Postgres,
            "prepared_statement_cache_size" | "statement_cache_size" | "statement-cache-capacity",
        ) => value == "0",
        _ => false,
    }
}

fn unknown(engine: SqlEngine, key: &str) -> String {
    let known = [known(engine), &["connect_timeout"]].concat().join(", ");
    let key = shown(key).map_or_else(|| "one of its parameters".to_owned(), |key| format!("the parameter {key:?}"));
    format!("{key} is not honoured, so it would be dropped; leave it out; those that are honoured: {known}")
}

/// A word that can hardly be a secret: what is misplaced may be a password.
fn shown(word: &str) -> Option<&str> {
    let harmless = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '_' | '.');
    (!word.is_empty() && word.len() <= 32 && word.chars().all(harmless)).then_some(word)
}

/// The mode of TLS in the words of the driver.
fn mode(engine: SqlEngine, key: &str, value: &str) -> Result<String, String> {
    let (own, other) =
        if engine == SqlEngine::MySql { (MYSQL_MODES, POSTGRES_MODES) } else { (POSTGRES_MODES, MYSQL_MODES) };
    if let Some(mode) = own.iter().find(|mode| mode.eq_ignore_ascii_case(value)) {
        return Ok((*mode).to_owned());
    }
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => return Ok(own[3].to_owned()),
        "false" | "0" | "off" => return Ok(own[0].to_owned()),
        _ => {}
    }
    let mut choices = own.to_vec();
    choices.dedup();
    let choices = choices.join(", ");
    let meant = other.iter().position(|mode| mode.eq_ignore_ascii_case(value)).map(|at| own[at]);
    let next = meant.map_or_else(String::new, |meant| format!("write {key}={meant}; "));
    Err(match shown(value).filter(|value| value.len() <= 20) {
        Some(value) => format!("{key} has no value {value:?}; {next}there are {choices}"),
        None => format!("{key} has a value that is not known; there are {choices}"),
    })
}

/// The system's roots, which are what the driver takes when no file is named. As with libpq they want all checks.
fn system_roots(pairs: &mut Vec<(String, String)>) -> Result<(), String> {
    pairs.retain(|(key, value)| !(key == "sslrootcert" && value == "system"));
    match pairs.iter().find(|(key, _)| key == "sslmode") {
        None => pairs.push(("sslmode".to_owned(), "verify-full".to_owned())),
        Some((_, mode)) if mode == "verify-full" => {}
        Some((_, mode)) => {
            return Err(format!("sslmode={mode} is weak beside sslrootcert=system; write sslmode=verify-full"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(engine: SqlEngine, query: &str) -> Result<String, String> {
        let url = Url::parse(&format!("x://h/d?{query}")).unwrap();
        honoured(engine, &url).map(|read| read.url.query().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_parameter_is_honoured_or_refused() {
        for (engine, query, expected) in [
            (SqlEngine::Postgres, "options=-csearch_path=elb", "options=-csearch_path%3Delb"),
            (SqlEngine::Postgres, "options[search_path]=elb", "options%5Bsearch_path%5D=elb"),
            (SqlEngine::Postgres, "ssl=require", "sslmode=require"),
            (SqlEngine::Postgres, "ssl=true", "sslmode=require"),
            (SqlEngine::Postgres, "sslrootcert=system", "sslmode=verify-full"),
            (SqlEngine::Postgres, "sslmode=verify-full&sslrootcert=system", "sslmode=verify-full"),
            (SqlEngine::Postgres, "gssencmode=disable&channel_binding=prefer", ""),
            (SqlEngine::Postgres, "connect_timeout=3&keepalives=1&keepalives_idle=30&keepalives_interval=5", ""),
            (SqlEngine::Postgres, "keepalives_count=3&tcp_user_timeout=0&load_balance_hosts=disable", ""),
            (SqlEngine::Postgres, "target_session_attrs=any&application_name=me", "application_name=me"),
            (
                SqlEngine::Postgres,
                "sslcert=/c&sslkey=/k&sslrootcert=/r&sslmode=verify-ca",
                "sslcert=%2Fc&sslkey=%2Fk&sslrootcert=%2Fr&sslmode=verify-ca",
            ),
            (SqlEngine::MySql, "connectTimeout=3000&charset=utf8mb4", "charset=utf8mb4"),
            (SqlEngine::MySql, "ssl_mode=verify_ca&ssl_ca=/x", "ssl-mode=VERIFY_CA&ssl-ca=%2Fx"),
            (SqlEngine::MySql, "charset=utf8mb4&unix_socket=/x", "charset=utf8mb4&socket=%2Fx"),
        ] {
            assert_eq!(read(engine, query), Ok(expected.to_owned()), "{query}");
        }
        for (engine, query, expected) in [
            (SqlEngine::Postgres, "currentSchema=elb", "\"currentSchema\" is not honoured"),
            (SqlEngine::Postgres, "channel_binding=require", "\"channel_binding\" is not honoured"),
            (SqlEngine::Postgres, "sslmode=REQUIRED", "write sslmode=require; there are disable, "),
            (SqlEngine::Postgres, "sslmode=prefer&sslrootcert=system", "sslmode=prefer is weak"),
            (SqlEngine::Postgres, "connect_timeout=soon", "connect_timeout is no whole number"),
            (SqlEngine::Postgres, "keepalives=yes", "\"keepalives\" is not honoured"),
            (SqlEngine::Postgres, "target_session_attrs=read-write", "\"target_session_attrs\" is not honoured"),
            (SqlEngine::Postgres, "connectTimeout=3000", "\"connectTimeout\" is not honoured"),
            (SqlEngine::MySql, "useSSL=true", "\"useSSL\" is not honoured"),
            (SqlEngine::MySql, "characterEncoding=utf8", "\"characterEncoding\" is not honoured"),
            (SqlEngine::MySql, "serverTimezone=UTC", "\"serverTimezone\" is not honoured"),
            (SqlEngine::MySql, "allowPublicKeyRetrieval=true", "\"allowPublicKeyRetrieval\" is not honoured"),
            (SqlEngine::MySql, "socketTimeout=5", "\"socketTimeout\" is not honoured"),
            (SqlEngine::MySql, "read_timeout=5", "\"read_timeout\" is not honoured"),
            (SqlEngine::MySql, "autoReconnect=true", "\"autoReconnect\" is not honoured"),
            (
                SqlEngine::MySql,
                "sslmode=require",
                "ssl-mode has no value \"require\"; write ssl-mode=REQUIRED; there are DISABLED, PREFERRED, REQUIRED, \
                 VERIFY_CA, VERIFY_IDENTITY",
            ),
            (SqlEngine::MySql, "ssl-mode=requird", "no value \"requird\"; there are DISABLED"),
            (SqlEngine::MySql, "ssl-mode=s3cret", "a value that is not known"),
            (SqlEngine::MySql, "s3cret", "one of its parameters"),
        ] {
            let why = read(engine, query).unwrap_err();
            assert!(why.contains(expected) && !why.contains("s3cret"), "{query}: {why}");
        }
    }

    #[test]
    fn how_long_connecting_may_take_is_in_the_unit_of_who_writes_it_so() {
        let patience =
            |engine, query: &str| honoured(engine, &Url::parse(&format!("x://h/d?{query}")).unwrap()).unwrap().patience;
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(patience(SqlEngine::Postgres, "connect_timeout=3"), seconds(3));
        assert_eq!(patience(SqlEngine::MySql, "connect_timeout=3"), seconds(3));
        assert_eq!(patience(SqlEngine::MySql, "connectTimeout=3000"), seconds(3));
        for none in ["connect_timeout=0", "connect_timeout=-1", "connect_timeout=9999999999", ""] {
            assert_eq!(patience(SqlEngine::Postgres, none), None, "{none}");
        }
    }

    #[test]
    fn an_ipv6_address_is_named_without_brackets() {
        let url = Url::parse("postgres://u@[::1]:5433/d").unwrap();
        assert_eq!(honoured(SqlEngine::Postgres, &url).unwrap().url.query(), Some("host=%3A%3A1"));
        assert_eq!(ipv6(&Url::parse("mysql://[fd00::2]/d").unwrap()), "fd00::2".parse().ok());
    }
}
