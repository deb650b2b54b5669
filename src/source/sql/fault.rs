//! A driver's errors in words that help.

use std::{io, time::Duration};

use sqlx::{error::DatabaseError, mysql::MySqlDatabaseError};

use super::{Secrets, SourceError, SqlEngine};
use crate::{
    causes::{chain, find},
    trust,
};

/// What is wrong, whatever the database calls it.
enum SqlFault {
    Refused,
    NoDatabase,
    NoTable,
    NoColumn,
    Slow,
    Busy,
    Other,
}

/// What `error` means for the user; `wal`: of a SQLite database in WAL mode.
pub(super) fn explain(at: &str, engine: SqlEngine, secrets: &Secrets, error: &sqlx::Error, wal: bool) -> SourceError {
    if wal && let Some(words) = of_wal(error) {
        let why = format!(
            "the database is in WAL mode, and it or the -wal beside it cannot be read ({}); check the permissions of both",
            secrets.told(&words)
        );
        return SourceError::Refused { at: at.to_owned(), why };
    }
    let at = at.to_owned();
    let unreachable = |why: String, transient| SourceError::Unreachable { at: at.clone(), why, transient };
    match error {
        sqlx::Error::Io(error) if engine == SqlEngine::Sqlite && error.kind() == io::ErrorKind::PermissionDenied => {
            let why =
                "the file may not be read; make it and the directories above it readable for this user".to_owned();
            SourceError::Refused { at, why }
        }
        sqlx::Error::Database(error) => database(at.clone(), engine, secrets, error.as_ref()),
        sqlx::Error::Tls(error) => unreachable(tls(engine, secrets, error.as_ref()), false),
        sqlx::Error::Io(error) => match find::<rustls::Error>(error) {
            Some(error) => unreachable(tls(engine, secrets, error), false),
            None => unreachable(network(secrets, error), true),
        },
        // The driver could encrypt a password without TLS, with a key that anyone on the way can replace.
        sqlx::Error::Configuration(error) if error.to_string().contains("RSA") => SourceError::Refused {
            at,
            why: "the server takes this password only over TLS; add ?ssl-mode=REQUIRED to the URL".to_owned(),
        },
        sqlx::Error::Configuration(error) => SourceError::Usage(format!(
            "--db {at}: {}; check the URL and the files it names",
            secrets.told(&chain(error.as_ref()))
        )),
        sqlx::Error::ColumnDecode { index, source } => SourceError::NotARow {
            at,
            why: format!("column {index} is no text ({}); is it the right table?", secrets.told(&source.to_string())),
        },
        sqlx::Error::WorkerCrashed => unreachable("the driver stopped; try again".to_owned(), true),
        // A server that goes away in the middle of a packet, or one that is no such database.
        sqlx::Error::Protocol(words) => unreachable(
            format!("the answer is not understood ({}); is the port that of the database?", secrets.told(words)),
            true,
        ),
        error => SourceError::Rejected { at, why: secrets.told(&chain(error)), transient: false },
    }
}

/// The words of an error that says that a file of a SQLite database cannot be read.
fn of_wal(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Io(error) => Some(error.to_string()),
        // Read-only, not permitted, an I/O error, a file that cannot be opened.
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<u32>().ok())?;
            matches!(code & 0xff, 3 | 8 | 10 | 14 | 23).then(|| error.message().to_owned())
        }
        _ => None,
    }
}

/// A handshake that failed.
fn tls(engine: SqlEngine, secrets: &Secrets, error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(rustls::Error::InvalidCertificate(wrong)) = find::<rustls::Error>(error)
        && trust::is_of_a_ca(wrong)
    {
        return "TLS failed: the server's certificate is that of a CA (CA:TRUE), which the driver takes for no server's; let the CA \
                sign one for the server"
            .to_owned();
    }
    let words = secrets.told(&chain(error));
    let names = if engine == SqlEngine::MySql { "ssl-mode and ssl-ca" } else { "sslmode and sslrootcert" };
    format!("TLS failed: {words}; check the server's certificate, or {names} in the URL")
}

/// An answer that did not come in time.
pub(super) fn late(at: &str, what: &str, limit: Duration) -> SourceError {
    let why = format!(
        "{what} took longer than {limit:?}; check the address and the network, or give more time with --request-timeout"
    );
    SourceError::Unreachable { at: at.to_owned(), why, transient: true }
}

fn database(at: String, engine: SqlEngine, secrets: &Secrets, error: &dyn DatabaseError) -> SourceError {
    let fault = match engine {
        SqlEngine::Postgres => postgres(error.code().unwrap_or_default().as_ref()),
        SqlEngine::MySql => mysql(error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number)),
        SqlEngine::Sqlite => sqlite(error.code().unwrap_or_default().as_ref()),
    };
    let words = secrets.told(error.message());
    match fault {
        SqlFault::Refused => {
            let why = format!("{words}; check the user, its password and its right to read the table");
            SourceError::Refused { at, why }
        }
        SqlFault::NoDatabase if engine == SqlEngine::Sqlite => {
            let what = format!(
                "there is no SQLite database there ({words}); check the path (sqlite:///x.db is \
                 /x.db, sqlite:x.db is here), it is never created"
            );
            SourceError::NoTable { at, what }
        }
        SqlFault::NoDatabase => SourceError::NoTable { at, what: format!("{words}; check the database in the URL") },
        SqlFault::NoTable => SourceError::NoTable { at, what: format!("{words}; name the table with --db-table") },
        SqlFault::NoColumn => {
            SourceError::NoColumn { at, what: format!("{words}; name columns with --db-key and --db-payload") }
        }
        SqlFault::Slow => SourceError::Unreachable {
            at,
            why: format!("the database gave up ({words}); has the table an index on the id?"),
            transient: true,
        },
        SqlFault::Busy => SourceError::Unreachable { at, why: format!("{words}; try again"), transient: true },
        SqlFault::Other => SourceError::Rejected { at, why: words, transient: false },
    }
}

/// SQLSTATE.
fn postgres(code: &str) -> SqlFault {
    match code {
        "28000" | "28P01" | "42501" => SqlFault::Refused,
        "3D000" => SqlFault::NoDatabase,
        "42P01" | "3F000" => SqlFault::NoTable,
        "42703" => SqlFault::NoColumn,
        "57014" => SqlFault::Slow,
        // Class 08: connection; 53: resources; 57P: shutting down, starting up.
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => SqlFault::Busy,
        // A standby that had to give way to its primary.
        "40001" => SqlFault::Busy,
        _ => SqlFault::Other,
    }
}

/// Error numbers, because SQLSTATE puts too much under 42000 and HY000.
fn mysql(number: u16) -> SqlFault {
    match number {
        1044 | 1045 | 1142 | 1143 | 1227 | 1251 | 1524 | 1698 | 1820 | 3118 | 4151 => SqlFault::Refused,
        1049 => SqlFault::NoDatabase,
        1146 => SqlFault::NoTable,
        1054 => SqlFault::NoColumn,
        1969 | 3024 => SqlFault::Slow,
        1040 | 1053 | 1077..=1080 | 1129 | 1152 | 1158..=1161 | 1203 | 1205 | 1213 | 1226 | 1317 | 1927 | 4031 => {
            SqlFault::Busy
        }
        _ => SqlFault::Other,
    }
}

/// Extended result codes; the lowest byte is the primary one.
fn sqlite(code: &str) -> SqlFault {
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => SqlFault::Busy,
        Ok(3 | 23) => SqlFault::Refused,
        Ok(14 | 26) => SqlFault::NoDatabase,
        _ => SqlFault::Other,
    }
}

/// What a failed connection means.
fn network(secrets: &Secrets, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "connection refused; is the database running, and are host and port right?".to_owned()
        }
        io::ErrorKind::NotFound => {
            "a file that the URL names, a socket or a certificate, is not there; check its path".to_owned()
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the connection broke; is the database being restarted?".to_owned()
        }
        _ if error.to_string().contains("lookup") => {
            format!(
                "the host's name does not resolve ({}); check it, your DNS and VPN",
                secrets.told(&error.to_string())
            )
        }
        _ => format!("{}; check the address and the network", secrets.told(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{CertificateError, OtherError};

    use super::*;

    #[test]
    fn a_certificate_of_a_ca_is_told_in_words() {
        let of_a_ca = CertificateError::Other(OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity)));
        let tls = |error| {
            let tls = rustls::Error::InvalidCertificate(error);
            [sqlx::Error::Tls(Box::new(tls.clone())), sqlx::Error::Io(io::Error::other(tls))]
        };
        for engine in [SqlEngine::Postgres, SqlEngine::MySql] {
            for (wrong, says) in
                [(of_a_ca.clone(), "(CA:TRUE)"), (CertificateError::UnknownIssuer, "UnknownIssuer; check")]
            {
                for error in tls(wrong) {
                    let told = explain("db", engine, &Secrets::default(), &error, false);
                    assert!(matches!(&told, SourceError::Unreachable { transient: false, .. }), "{told:?}");
                    assert!(told.to_string().contains(says) && !told.to_string().contains("OtherError"), "{told}");
                }
            }
        }
    }
}
