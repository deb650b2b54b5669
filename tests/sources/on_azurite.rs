//! Azure Table Storage: Azurite for the table, small servers for what gives out tokens.

use elbtail::source::{self, DbOptions, RowFilter, SourceEnvironment, SourceError};
use serde_json::json;

use crate::support::{
    PLANTED, all, args, azurite, fault, open, open_with,
    rows::{assert_all_there, samples},
    service::Service,
};

const LATER: &str = "2999-01-01T00:00:00Z";

#[tokio::test]
async fn every_row_is_read_with_key_connection_string_and_sas() {
    let server = azurite::shared();
    let samples = samples();
    server.load("jobstate", &samples).await;
    assert_all_there(&*open_with(&args(&server.url("jobstate")), &azurite::with_key()), &samples).await;
    let environment = SourceEnvironment {
        connection_string: Some(server.connection_string().into()),
        ..SourceEnvironment::nothing()
    };
    assert_all_there(&*open_with(&args(&server.url("")), &environment), &samples).await;
    assert_all_there(&*open(&server.sas_url("jobstate", LATER)), &samples).await;
    let development = SourceEnvironment {
        connection_string: Some("UseDevelopmentStorage=true".into()),
        ..SourceEnvironment::nothing()
    };
    assert_all_there(&*open_with(&args(&server.url("jobstate")), &development), &samples).await;
}

#[tokio::test]
async fn pages_are_followed_and_the_newest_found() {
    let server = azurite::shared();
    server.create("many").await;
    // More than the 1,000 rows of a page.
    let rows = 1100;
    let insert = |n: usize| {
        let status = if n.is_multiple_of(2) { "running" } else { "COMPLETED" };
        let time = format!("2026-05-{:02}T{:02}:{:02}:00+00:00", 1 + n / 1440, n / 60 % 24, n % 60);
        // The newest are not the last by their keys.
        let key = format!("{:06}-x", (n * 7919) % 1_000_003);
        let payload = json!({"elastic_blast_job_id": format!("job-{n:032}")}).to_string();
        server.insert(
            "many",
            json!({"PartitionKey": key, "RowKey": "current", "status": status, "created_at": time, "payload_json": payload}),
        )
    };
    for start in (0..rows).step_by(50) {
        futures::future::join_all((start..rows.min(start + 50)).map(insert)).await;
    }
    let source = open_with(&args(&server.url("many")), &azurite::with_key());
    let rows = source.list(&RowFilter { limit: 2000, ..all() }).await.unwrap();
    assert_eq!(rows.len(), 1100);
    let rows = source.list(&RowFilter { statuses: vec!["completed".into()], live: false, limit: 3 }).await.unwrap();
    let created: Vec<_> = rows.iter().map(|row| row.column("created_at").unwrap()).collect();
    assert_eq!(created, ["2026-05-01T18:19:00+00:00", "2026-05-01T18:17:00+00:00", "2026-05-01T18:15:00+00:00"]);
    assert!(rows.iter().all(|row| row.payload().is_some()));
    let latest = source.latest().await.unwrap();
    assert_eq!(latest.column("created_at"), Some("2026-05-01T18:18:00+00:00"));
}

#[tokio::test]
async fn keys_with_quotes_prefixes_and_old_states() {
    let server = azurite::shared();
    server.create("keys").await;
    let put = |key: &'static str, row: &'static str, status: &'static str| {
        server.insert("keys", json!({"PartitionKey": key, "RowKey": row, "status": status, "payload_json": "{}"}))
    };
    for (key, row, status) in [
        ("it's o'k", "current", "running"),
        ("abcdef-1", "current", "failed"),
        ("abcdef-1", "20260521", "running"),
        ("abcdef-2", "current", "running"),
        ("states", "1", "running"),
        ("states", "2", "running"),
    ] {
        put(key, row, status).await;
    }
    let source = open_with(&args(&server.url("keys")), &azurite::with_key());
    assert_eq!(source.fetch("it's o'k").await.unwrap().status(), Some("running"));
    assert_eq!(source.fetch("it's o'").await.unwrap().status(), Some("running"));
    assert_eq!(source.fetch("abcdef-1").await.unwrap().status(), Some("failed"));
    let error = fault(&*source, "abcdef").await;
    assert!(matches!(&error, SourceError::Several { candidates, .. } if candidates.len() == 2), "{error:?}");
    assert!(matches!(fault(&*source, "states").await, SourceError::Duplicate { .. }));
    assert!(matches!(fault(&*source, "' or PartitionKey ne '").await, SourceError::NoRow { .. }));
    let other = DbOptions { db_key: Some("status".parse().unwrap()), ..args(&server.url("keys")) };
    assert_eq!(
        open_with(&other, &azurite::with_key()).fetch("failed").await.unwrap().column("PartitionKey"),
        Some("abcdef-1")
    );
}

#[tokio::test]
async fn faults_are_told_apart() {
    let server = azurite::shared();
    server.create("faults").await;
    server.insert("faults", json!({"PartitionKey": "torn-1", "RowKey": "current", "payload_json": "{\"a\""})).await;
    let with_key = azurite::with_key();
    let error = fault(&*open_with(&args(&server.url("nowhere")), &with_key), "x").await;
    assert!(matches!(&error, SourceError::NoTable { what, .. } if what.contains("--db-table")), "{error:?}");
    let error = fault(&*open_with(&args(&server.url("faults")), &with_key), "torn-1").await;
    assert!(matches!(&error, SourceError::Payload { .. }), "{error:?}");
    assert!(matches!(
        fault(&*open_with(&args(&server.url("faults")), &with_key), "x").await,
        SourceError::NoRow { .. }
    ));
    let wrong = SourceEnvironment { storage_key: Some("cGw0bnRlZA==".into()), ..SourceEnvironment::nothing() };
    let error = fault(&*open_with(&args(&server.url("faults")), &wrong), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("AZURE_STORAGE_KEY")), "{error:?}");
    let error = fault(&*open(&server.sas_url("faults", "2020-01-01T00:00:00Z")), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("expired")), "{error:?}");
    let error = fault(&*open(&format!("{}xx", server.sas_url("faults", LATER))), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("SAS in the URL")), "{error:?}");
    let error = fault(&*open_with(&args("http://127.0.0.1:1/devstoreaccount1/jobstate"), &with_key), "x").await;
    assert!(error.is_transient() && error.to_string().contains("connection refused"), "{error}");
    // Entra over plain http would show the token to everyone on the way.
    let error = source::open(&args(&server.url("faults")), &SourceEnvironment::nothing()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("AZURE_STORAGE_KEY"), "{error}");
}

/// Nothing on this machine gives a token: each place that was asked is named.
#[tokio::test]
async fn credentials_that_are_nowhere_are_named() {
    let environment = SourceEnvironment {
        metadata_host: "http://127.0.0.1:1".to_owned(),
        az: "/nowhere/az".into(),
        ..SourceEnvironment::nothing()
    };
    let error = fault(&*open_with(&args("https://127.0.0.1:1/acc/jobstate?sv=x&sig="), &environment), "x").await;
    println!("{error}");
    let error = fault(&*open_with(&args("https://elbtail.table.core.windows.net/jobstate"), &environment), "x").await;
    for place in
        ["SAS", "AZURE_STORAGE_KEY", "workload identity", "managed identity", "az: is not installed", "az login"]
    {
        assert!(error.to_string().contains(place), "{place}: {error}");
    }
}

/// Entra's token from workload identity, over TLS. The roots come from the process's environment, so this runs the test
/// below in a process of its own.
#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_read_with_an_entra_token() {
    let server = azurite::Azurite::start_secure();
    server.load("jobstate", &samples()).await;
    let entra = Service::start(&[], Some(&azurite::Azurite::entra_token()), false).await;
    let directory = tempfile::tempdir().unwrap();
    let assertion = directory.path().join("token");
    std::fs::write(&assertion, PLANTED).unwrap();
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "on_azurite::reads_what_its_environment_names", "--ignored", "--nocapture"])
        .env_remove("AZURE_STORAGE_KEY")
        .env_remove("AZURE_STORAGE_CONNECTION_STRING")
        .env_remove("AZURE_STORAGE_SAS_TOKEN")
        .env("SSL_CERT_FILE", server.authority())
        .env("AZURE_AUTHORITY_HOST", entra.url(""))
        .env("AZURE_TENANT_ID", "ours")
        .env("AZURE_CLIENT_ID", "me")
        .env("AZURE_FEDERATED_TOKEN_FILE", &assertion)
        .env("ELBTAIL_DB", server.url("jobstate"));
    let output = child.output().await.unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    crate::support::assert_clean(&told);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn reads_what_its_environment_names() {
    let Ok(url) = std::env::var("ELBTAIL_DB") else { return };
    assert_all_there(&*open_with(&args(&url), &SourceEnvironment::of(&std::env::vars_os().collect())), &samples())
        .await;
}
