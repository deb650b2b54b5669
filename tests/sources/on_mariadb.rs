//! MariaDB, and MySQL as far as they are one.

use elbtail::source::{DbOptions, RowFilter, SourceEnvironment, SourceError};

use crate::support::{
    PLANTED, all, args, fault, mariadb, open, open_with,
    rows::{assert_all_there, samples},
};

#[tokio::test]
async fn every_row_is_read_from_each_type_of_payload() {
    let server = mariadb::shared();
    let samples = samples();
    for (table, key, payload, kind) in [
        ("jobs_json", "job_id", "payload", "json"),
        ("jobs_text", "PartitionKey", "payload_json", "longtext"),
        ("jobs_bytes", "job_id", "payload", "longblob"),
    ] {
        server.load(table, key, payload, kind, &samples).await;
        let args = DbOptions { db_table: Some(table.to_owned()), ..args(&server.url()) };
        assert_all_there(&*open_with(&args, &SourceEnvironment::nothing()), &samples).await;
    }
    let other =
        DbOptions { db_table: Some("jobs.jobs_json".to_owned()), ..args(&server.url_of("elb", "information_schema")) };
    assert_all_there(&*open_with(&other, &SourceEnvironment::nothing()), &samples).await;
}

#[tokio::test]
async fn tls_as_the_url_says_and_the_password_from_the_environment() {
    let server = mariadb::shared();
    let samples = samples();
    server.load("tls", "job_id", "payload", "json", &samples[..1]).await;
    let verified = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", server.authority());
    let bare = format!("mariadb://elb@127.0.0.1:{}/jobs", server.port());
    let environment = SourceEnvironment { mysql_password: Some(PLANTED.into()), ..SourceEnvironment::nothing() };
    for parameters in ["ssl-mode=DISABLED", "ssl-mode=REQUIRED", &verified] {
        let flags = DbOptions { db_table: Some("tls".to_owned()), ..args(&format!("{bare}?{parameters}")) };
        let row = open_with(&flags, &environment).fetch(&samples[0].id).await;
        row.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    let flags = args(&format!("{bare}?ssl-mode=VERIFY_IDENTITY"));
    let error = fault(&*open_with(&flags, &environment), "x").await;
    assert!(error.to_string().contains("TLS failed") && !error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn the_newest_the_list_and_prefixes() {
    let server = mariadb::shared();
    server
        .run(
            "DROP TABLE IF EXISTS listed; CREATE TABLE listed (job_id varchar(64), RowKey varchar(20), status text, \
               updated_at datetime, payload json); \
             INSERT INTO listed VALUES ('aaaaaa-1', 'current', ' running ', '2026-05-01 10:00:00', '{}'), \
               ('aaaaaa-2', 'current', 'Deleted', '2026-05-03', NULL), ('aaaaaa-2', 'old', 'running', '2026-06-01', NULL), \
               ('AAAAAA-3', 'current', 'queued', '2026-04-01', NULL), ('a%a_a!-4', 'current', NULL, NULL, NULL)",
        )
        .await;
    let source = open_with(
        &DbOptions { db_table: Some("listed".to_owned()), ..args(&server.url()) },
        &SourceEnvironment::nothing(),
    );
    assert_eq!(source.latest().await.unwrap().id(), Some("aaaaaa-1"));
    let rows = source.list(&RowFilter { statuses: vec![], live: true, limit: 10 }).await.unwrap();
    assert_eq!(rows.len(), 3);
    // One current row beside an old state.
    assert_eq!(source.fetch("aaaaaa-2").await.unwrap().status(), Some("Deleted"));
    assert_eq!(source.fetch("a%a_a!").await.unwrap().id(), Some("a%a_a!-4"));
    assert!(
        matches!(fault(&*source, "aaaaaa").await, SourceError::Several { candidates, .. } if candidates.len() == 2)
    );
    assert!(matches!(fault(&*source, "aaaaa").await, SourceError::NoRow { .. }));
}

#[tokio::test]
async fn faults_are_told_apart() {
    let server = mariadb::shared();
    server.run("CREATE TABLE IF NOT EXISTS odd (nr int, payload text)").await;
    server
        .run("CREATE TABLE IF NOT EXISTS numbers (job_id int, payload json); INSERT INTO numbers VALUES (0, '{}')")
        .await;
    let of = |url: &str, table: &str| {
        open_with(&DbOptions { db_table: Some(table.to_owned()), ..args(url) }, &SourceEnvironment::nothing())
    };
    let url = server.url();
    assert!(matches!(fault(&*of(&url, "nowhere"), "x").await, SourceError::NoTable { .. }));
    let error = fault(&*of(&server.url_of("elb", "nodb"), "x"), "x").await;
    assert!(matches!(&error, SourceError::Refused { .. } | SourceError::NoTable { .. }), "{error:?}");
    assert!(matches!(fault(&*of(&url, "odd"), "x").await, SourceError::NoColumn { .. }));
    // In MySQL 'x' = 0.
    assert!(matches!(fault(&*of(&url, "numbers"), "x").await, SourceError::NoRow { .. }));
    let error = fault(&*of(&url.replace("pl4nted", "pl4nted2"), "odd"), "x").await;
    assert!(matches!(&error, SourceError::Refused { .. }), "{error:?}");
    let error = fault(&*of(&server.url_of("nobody", "jobs"), "odd"), "x").await;
    assert!(matches!(&error, SourceError::Refused { .. }), "{error:?}");
    let error = fault(&*open("mysql://u:pl4nted@127.0.0.1:1/d"), "x").await;
    assert!(error.is_transient() && error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_session_is_read_only_and_bounded() {
    let server = mariadb::shared();
    server
        .run(
            "CREATE OR REPLACE VIEW limits AS SELECT variable_name AS job_id, variable_value AS status, '{}' AS payload \
             FROM information_schema.session_variables",
        )
        .await;
    let flags = DbOptions { db_table: Some("limits".to_owned()), ..args(&server.url()) };
    let source = open_with(&flags, &SourceEnvironment::nothing());
    for (name, value) in [("MAX_STATEMENT_TIME", "8.000000"), ("TX_READ_ONLY", "ON"), ("TIME_ZONE", "+00:00")] {
        assert_eq!(source.fetch(name).await.unwrap().status(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn the_schemes_of_sqlalchemy_and_parameters_that_are_not_dropped() {
    let server = mariadb::shared();
    let samples = samples();
    server.load("schemes", "job_id", "payload", "json", &samples[..1]).await;
    let url = server.url();
    let (_, rest) = url.split_once("://").unwrap();
    for scheme in ["mysql+pymysql", "mysql+aiomysql", "mariadb+mariadbconnector"] {
        let url = format!("{scheme}://{rest}?charset=utf8mb4&ssl_mode=required");
        let flags = DbOptions { db_table: Some("schemes".to_owned()), ..args(&url) };
        open_with(&flags, &SourceEnvironment::nothing()).fetch(&samples[0].id).await.unwrap();
    }
    for (query, word) in [("sslmode=require", "write ssl-mode=REQUIRED; there are DISABLED"), ("useSSL=true", "useSSL")]
    {
        let url = format!("{url}?{query}");
        let error = elbtail::source::open(&args(&url), &SourceEnvironment::nothing()).map(|_| ()).unwrap_err();
        assert!(matches!(&error, SourceError::Usage(why) if why.contains(word)), "{error}");
    }
}

/// Whatever one value is, all rows are there, and so are their other fields.
#[tokio::test]
async fn a_value_that_is_no_text_costs_no_other() {
    let server = mariadb::shared();
    server
        .run(
            "SET SESSION sql_mode = ''; DROP TABLE IF EXISTS odd_values; \
             CREATE TABLE odd_values (job_id varchar(64), status varbinary(64), created_at datetime, title blob, bits bit(9), \
               place point, shape geometry, kind enum('a', 'b'), kinds set('a', 'b'), share double, big bigint unsigned, \
               latin varchar(9) CHARACTER SET latin1, payload longblob); \
             INSERT INTO odd_values SELECT CONCAT('row-', seq), 'running', '2026-01-01', x'ff00fe', b'111111111', \
               POINT(1, 2), POINT(1, 2), 'a', 'a,b', 1e300, 18446744073709551615, 'é', \
               '{\"elastic_blast_job_id\": \"job-429825360482416da20736cf3ed51a95\"}' FROM seq_1_to_9; \
             UPDATE odd_values SET payload = x'ff00fe' WHERE job_id = 'row-1'; \
             UPDATE odd_values SET status = x'c328' WHERE job_id = 'row-2'; \
             UPDATE odd_values SET created_at = '0000-00-00' WHERE job_id = 'row-3'; \
             UPDATE odd_values SET created_at = '9999-12-31' WHERE job_id = 'row-4';",
        )
        .await;
    let flags = DbOptions { db_table: Some("odd_values".to_owned()), ..args(&server.url()) };
    let source = open_with(&flags, &SourceEnvironment::nothing());
    let rows = source.list(&all()).await.unwrap();
    assert_eq!(rows.len(), 9);
    assert_eq!(rows.iter().filter(|row| row.status() == Some("running")).count(), 8);
    assert_eq!(rows.iter().filter(|row| elbtail::resolve::resolve(row).outcome.name() == "chosen").count(), 8);
    assert!(rows.iter().all(|row| row.document()["latin"] == "é"), "{rows:?}");
    for id in (2..10).map(|n| format!("row-{n}")) {
        assert_eq!(source.fetch(&id).await.unwrap().id(), Some(id.as_str()));
    }
    assert!(matches!(fault(&*source, "row-1").await, SourceError::Payload { .. }));
}
