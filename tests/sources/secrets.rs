//! No secret in anything that is told: every kind of failure of every source, with secrets planted everywhere.

use std::net::SocketAddr;

use elbtail::source::{DbOptions, SourceEnvironment, open};

use crate::support::{PLANTED, args, assert_clean, encoded, free_port::free_port, service::Service};

/// An environment in which everything is planted.
fn planted() -> SourceEnvironment {
    SourceEnvironment {
        mysql_password: Some(PLANTED.into()),
        http_token: Some(PLANTED.into()),
        storage_key: Some("cGw0bnRlZA==".into()),
        connection_string: Some(format!("AccountName=acc;SharedAccessSignature=sv=1&sig={}", encoded(PLANTED)).into()),
        sas_token: Some(format!("sv=1&sig={PLANTED}").into()),
        identity_endpoint: Some(("http://127.0.0.1:1/token".to_owned(), PLANTED.into())),
        az: "false".into(),
        ..SourceEnvironment::nothing()
    }
}

/// URLs that fail in every way, each with a secret in it: nothing listens on `port`, and `echo` repeats what it gets.
pub fn urls(port: u16, echo: SocketAddr) -> Vec<String> {
    let secret = encoded(PLANTED);
    vec![
        format!("postgres://u:{secret}@127.0.0.1:{port}/d?sslpassword={secret}&password={secret}"),
        format!("postgres://u:{secret}@127.0.0.1:{port}/d?sslmode={secret}"),
        format!("postgres://u:{secret}@127.0.0.1:{port}/d?port={secret}"),
        format!("postgres://u:{secret}@{echo}/d"),
        format!("postgres://u:{secret}@127.0.0.1:99999/d"),
        format!("mysql://u:{secret}@127.0.0.1:{port}/d?ssl-mode={secret}"),
        format!("mysql://u:{secret}@127.0.0.1:{port}/d?ssl-ca=/nowhere"),
        format!("http://127.0.0.1:{port}/devstoreaccount1/jobs?sv=1&sig={secret}"),
        format!("http://{echo}/devstoreaccount1/jobs?sv=1&sig={secret}"),
        format!("http://u:{secret}@{echo}/devstoreaccount1/jobs"),
        "https://acc.table.core.windows.net.invalid/jobs?sv=1&sig=".to_owned() + &secret,
        format!("http://u:{secret}@{echo}/"),
        format!("http://{secret}@{echo}/"),
        format!("http://{echo}/?token={secret}"),
        format!("http://{echo}/v1/jobs?code={secret}"),
        format!("https://{echo}/?token={secret}"),
        format!("http://{echo}/moved/{{id}}?http://127.0.0.1:{port}/{secret}"),
        format!("mysql://me:99/{PLANTED}@{echo}/jobs"),
        format!("postgres://me:/{PLANTED}@{echo}/d"),
        format!("postgresql+asyncpg://me:p@ss/{PLANTED}@{echo}/jobs"),
        format!("http://{PLANTED}@{echo}/v1/jobs"),
        format!("http://{echo}/v1/jobs?user={PLANTED}@corp"),
        format!("http://me:x\\{PLANTED}@{echo}/devstoreaccount1/jobs"),
        format!("sqlite://me:{PLANTED}@{echo}/jobs"),
        format!("jdbc:postgresql://{echo}/d?password={PLANTED}"),
        format!("postgres://{echo}/d?{PLANTED}"),
        format!("ftp://u:{secret}@h/"),
        format!("u:{secret}"),
        format!("http://u:{secret}@"),
        format!("sqlite:/nowhere/rows.db?mode={secret}"),
        format!("sqlite:/nowhere/rows.db?key={secret}"),
    ]
}

#[tokio::test]
async fn nothing_planted_is_told() {
    let service = Service::start(&[], Some("other"), true).await;
    let port = free_port();
    let echo = service.address;
    for url in urls(port, echo) {
        for environment in [planted(), SourceEnvironment { az: "false".into(), ..SourceEnvironment::nothing() }] {
            let flags = args(&url);
            assert_clean(&format!("{flags:?} {environment:?}"));
            let source = match open(&flags, &environment) {
                Ok(source) => source.unwrap(),
                Err(error) => {
                    assert_clean(&format!("{error} {error:?}"));
                    continue;
                }
            };
            let error = source.fetch("some-row").await.map(|row| panic!("{:?}", row.id())).unwrap_err();
            let list = source.latest().await.map(|row| panic!("{:?}", row.id())).unwrap_err();
            println!("{error}");
            assert_clean(&format!("{error} {error:?} {list} {list:?} {}", source.describe()));
        }
    }
    assert_clean(&format!("{:?}", DbOptions::default()));
}

/// A password that a parser would take for a host or a path: the service at that host hears nothing.
#[tokio::test]
async fn nobody_is_asked_when_it_is_unclear_where_a_password_ends() {
    let service = Service::start(&[], None, true).await;
    let echo = service.address;
    for scheme in ["postgres", "postgresql+psycopg2", "mysql", "mariadb", "http", "https", "sqlite"] {
        for password in ["99/pl4nted", "/pl4nted", "p@ss/pl4nted", "pl4nted?x", "x#pl4nted"] {
            let url = format!("{scheme}://{echo}/{password}@{echo}/jobs");
            let error = open(&args(&url), &SourceEnvironment::nothing()).map(|_| ()).unwrap_err();
            assert_eq!(error.exit(), elbtail::exit::Exit::Usage, "{error}");
            assert!(!error.to_string().contains(&echo.to_string()), "{error}");
            assert_clean(&error.to_string());
        }
    }
    assert!(service.state.lock().unwrap().seen.is_empty());
}
