//! SQLite.

use std::path::Path;

use elbtail::row::source::{DbArgs, SourceError, Surroundings};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    all, args, fault, ids, open, open_with,
    rows::{Sample, assert_all_there, columns, samples},
};

async fn load(file: &Path, table: &str, payload: &str, kind: &str, samples: &[Sample]) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let names = columns(samples);
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let create = format!("CREATE TABLE {table} (job_id TEXT, {}, \"{payload}\" {kind})", quoted.join(", "));
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    for sample in samples {
        let places = vec!["?"; names.len() + 2].join(", ");
        let insert = format!("INSERT INTO {table} (job_id, {}, \"{payload}\") VALUES ({places})", quoted.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(insert)).bind(&sample.id);
        for name in &names {
            query = query.bind(sample.column(name));
        }
        query.bind(sample.payload()).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn every_row_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a b?.db");
    let samples = samples();
    load(&file, "jobstate", "payload_json", "TEXT", &samples).await;
    load(&file, "blobs", "payload", "BLOB", &samples).await;
    let url = |slashes: &str| format!("sqlite:{slashes}{}", file.display().to_string().replace('?', "%3F"));
    for slashes in ["", "//"] {
        assert_all_there(&*open(&url(slashes)), &samples).await;
    }
    let blobs = DbArgs { db_table: Some("main.blobs".to_owned()), ..args(&url("")) };
    assert_all_there(&*open_with(&blobs, &Surroundings::nothing()), &samples).await;
    let source = open(&url(""));
    assert_eq!(ids(&source.list(&all()).await.unwrap()).len(), samples.len());
    assert!(!source.latest().await.unwrap().is_terminal());
}

#[tokio::test]
async fn faults_are_told_apart_and_nothing_is_created() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let of = |name: &str| open(&format!("sqlite:{}", at(name).display()));
    let error = fault(&*of("missing.db"), "x").await;
    assert!(matches!(&error, SourceError::NoTable { .. }), "{error:?}");
    assert!(!at("missing.db").exists());
    let writing = open(&format!("sqlite:{}?mode=rwc", at("missing.db").display()));
    fault(&*writing, "x").await;
    assert!(!at("missing.db").exists());
    std::fs::write(at("text.db"), "not a database, but long enough to be taken for one").unwrap();
    let error = fault(&*of("text.db"), "x").await;
    assert!(matches!(&error, SourceError::NoTable { what, .. } if what.contains("not a database")), "{error:?}");
    load(&at("rows.db"), "other", "payload", "TEXT", &samples()[..1]).await;
    let error = fault(&*of("rows.db"), "x").await;
    assert!(matches!(&error, SourceError::NoTable { what, .. } if what.contains("jobstate")), "{error:?}");
    load(&at("rows.db"), "jobstate", "unrelated", "TEXT", &samples()[..1]).await;
    assert!(of("rows.db").fetch("404404").await.is_err());
}

#[tokio::test]
async fn a_database_that_is_being_written_to_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wal.db");
    let samples = samples();
    load(&file, "jobstate", "payload", "TEXT", &samples).await;
    let mut writer = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::raw_sql("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; UPDATE jobstate SET status = 'failed'")
        .execute(&mut writer)
        .await
        .unwrap();
    let source = open(&format!("sqlite:{}", file.display()));
    assert_all_there(&*source, &samples).await;
    sqlx::raw_sql("COMMIT").execute(&mut writer).await.unwrap();
    assert_eq!(source.fetch(&samples[0].id).await.unwrap().status(), Some("failed"));
}
