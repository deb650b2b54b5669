//! A database that goes away while a job is followed: told once, survived.

use std::{sync::Arc, time::Duration};

use elbtail::source::{DbOptions, Reread, RereadRow, RowSource, SourceEnvironment};

use crate::support::{
    args, azurite, mariadb, open, open_with, postgres,
    rows::{Sample, samples},
    service::Service,
};

const EVERY: Duration = Duration::from_millis(100);
/// Enough tries for "once" to mean something.
const AWAY: Duration = Duration::from_secs(2);

/// Reads the first sample: there, lost and back, with `down` and `up` between.
async fn survives<S>(
    source: Box<dyn RowSource>,
    sample: &Sample,
    mut server: S,
    down: impl AsyncFn(&mut S),
    up: impl AsyncFn(&mut S),
) {
    let mut reread = Reread::new(Arc::from(source), sample.id.clone(), EVERY);
    for _ in 0..3 {
        assert!(matches!(reread.next().await, Ok(RereadRow::Row(row)) if row.id() == Some(&sample.id)));
    }
    down(&mut server).await;
    match reread.next().await {
        Ok(RereadRow::Lost(error)) => {
            println!("{error}");
            crate::support::assert_clean(&format!("{error} {error:?}"));
        }
        other => panic!("{other:?}"),
    }
    let silent = tokio::time::timeout(AWAY, reread.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    up(&mut server).await;
    let back = tokio::time::timeout(Duration::from_secs(60), reread.next()).await.unwrap();
    assert!(matches!(&back, Ok(RereadRow::Back(row)) if row.id() == Some(&sample.id)), "{back:?}");
    assert!(matches!(reread.next().await, Ok(RereadRow::Row(_))));
    down(&mut server).await;
    assert!(matches!(reread.next().await, Ok(RereadRow::Lost(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_and_comes_on_postgres() {
    let samples = samples();
    let server = postgres::Postgres::start();
    server.load("jobstate", "job_id", "payload", "jsonb", &samples).await;
    let source = open(&server.url());
    survives(source, &samples[0], server, async |server| server.down(), async |server| server.up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_and_comes_on_mariadb() {
    let samples = samples();
    let server = mariadb::MariaDb::start();
    server.load("jobstate", "job_id", "payload", "json", &samples).await;
    let source = open(&server.url());
    survives(source, &samples[0], server, async |server| server.down(), async |server| server.up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_and_comes_on_azurite() {
    let samples = samples();
    let server = azurite::Azurite::start();
    server.load("jobstate", &samples).await;
    let source = open_with(&args(&server.url("jobstate")), &azurite::with_key());
    survives(source, &samples[0], server, async |server| server.down(), async |server| server.up()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_goes_and_comes() {
    let samples = samples();
    let server = Service::start(&samples, None, false).await;
    let source = open(&server.url(""));
    survives(source, &samples[0], server, Service::down, Service::up).await;
}

/// A row that is gone is no database that is away.
#[tokio::test]
async fn a_deleted_row_is_told_on_postgres() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS fleeting; CREATE TABLE fleeting (job_id text, payload jsonb); \
             INSERT INTO fleeting VALUES ('here', '{}')",
        )
        .await;
    let flags = DbOptions { db_table: Some("fleeting".to_owned()), ..args(&server.url()) };
    let source = open_with(&flags, &SourceEnvironment::nothing());
    let mut reread = Reread::new(Arc::from(source), "here".to_owned(), EVERY);
    assert!(matches!(reread.next().await, Ok(RereadRow::Row(_))));
    server.run("DELETE FROM fleeting").await;
    assert!(reread.next().await.is_err_and(|error| !error.is_transient()));
}

/// One session for all questions, and a new one without a word when an idle one was closed.
#[tokio::test]
async fn the_connection_is_used_again_on_postgres() {
    let server = postgres::shared();
    server
        .run(
            "DROP VIEW IF EXISTS session; \
             CREATE VIEW session AS SELECT 'this'::text AS job_id, pg_backend_pid()::text AS status, '{}' AS payload",
        )
        .await;
    let flags = DbOptions { db_table: Some("session".to_owned()), ..args(&server.url()) };
    let source = open_with(&flags, &SourceEnvironment::nothing());
    let pid = async || source.fetch("this").await.unwrap().status().unwrap().to_owned();
    let first = pid().await;
    assert_eq!(pid().await, first);
    server.run(&format!("SELECT pg_terminate_backend({first})")).await;
    let another = async {
        while pid().await == first {
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), another).await.expect("the ended session is not used any more");
}
