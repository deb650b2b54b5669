//! PostgreSQL.

use elbtail::{
    exit::Exit,
    source::{DbOptions, RowFilter, SourceEnvironment, SourceError},
};

use crate::support::{
    PLANTED, all, args, fault, ids, open, open_with, postgres,
    rows::{assert_all_there, samples},
};

#[tokio::test]
async fn every_row_is_read_from_each_type_of_payload() {
    let server = postgres::shared();
    let samples = samples();
    for (table, payload, kind) in [
        ("jobs_jsonb", "payload", "jsonb"),
        ("jobs_json", "payload_json", "json"),
        ("jobs_text", "payload_json", "text"),
    ] {
        server.load(table, "job_id", payload, kind, &samples).await;
        let args = DbOptions { db_table: Some(table.to_owned()), ..args(&server.url()) };
        assert_all_there(&*open_with(&args, &SourceEnvironment::nothing()), &samples).await;
    }
}

#[tokio::test]
async fn a_table_like_azures_with_names_of_its_own() {
    let server = postgres::shared();
    let samples = samples();
    server.load("entities", "PartitionKey", "payload_json", "text", &samples).await;
    let flags = DbOptions { db_table: Some("public.entities".to_owned()), ..args(&server.url()) };
    assert_all_there(&*open_with(&flags, &SourceEnvironment::nothing()), &samples).await;
    server.load("own_names", "Nummer", "In-halt", "json", &samples).await;
    let flags = DbOptions {
        db_table: Some("own_names".to_owned()),
        db_key: Some("Nummer".parse().unwrap()),
        db_payload: Some("In-halt".parse().unwrap()),
        ..args(&server.url())
    };
    assert_all_there(&*open_with(&flags, &SourceEnvironment::nothing()), &samples).await;
}

#[tokio::test]
async fn tls_as_the_url_says() {
    let server = postgres::shared();
    let samples = samples();
    server.load("tls", "job_id", "payload", "jsonb", &samples[..1]).await;
    let with = |parameters: &str| {
        let args = DbOptions { db_table: Some("tls".to_owned()), ..args(&format!("{}?{parameters}", server.url())) };
        open_with(&args, &SourceEnvironment::nothing())
    };
    let verified = format!("sslmode=verify-full&sslrootcert={}", server.authority());
    for parameters in ["sslmode=disable", "sslmode=require", &verified] {
        with(parameters).fetch(&samples[0].id).await.unwrap_or_else(|error| panic!("{parameters}: {error}"));
    }
    let error = fault(&*with("sslmode=verify-full"), &samples[0].id).await;
    assert!(matches!(&error, SourceError::Unreachable { transient: false, .. }), "{error:?}");
    assert!(error.to_string().contains("TLS failed"), "{error}");
}

#[tokio::test]
async fn the_newest_and_the_list() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS listed; \
             CREATE TABLE listed (job_id uuid, status text, type text, created_at timestamptz, payload jsonb); \
             INSERT INTO listed SELECT md5(n::text)::uuid, (ARRAY['Running','COMPLETED','failed'])[1 + n % 3], 'blast', \
               timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', \
               jsonb_build_object('elastic_blast_job_id', 'job-' || md5(n::text)) FROM generate_series(1, 600) n; \
             INSERT INTO listed VALUES (md5('w')::uuid, 'running', 'warmup', '2027-01-01', NULL), \
               (md5('null')::uuid, NULL, NULL, NULL, NULL)",
        )
        .await;
    let source = open_with(
        &DbOptions { db_table: Some("listed".to_owned()), ..args(&server.url()) },
        &SourceEnvironment::nothing(),
    );
    let latest = source.latest().await.unwrap();
    // 600 is the newest that runs; the warm-up is newer and no search.
    assert_eq!(latest.column("created_at"), Some("2026-01-26T00:00:00+00:00"));
    assert_eq!(latest.status(), Some("Running"));
    let rows = source.list(&RowFilter { statuses: vec!["completed".into()], live: false, limit: 7 }).await.unwrap();
    assert_eq!(rows.len(), 7);
    assert!(rows.iter().all(|row| row.status() == Some("COMPLETED")));
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row.created_at())));
    let id = latest.id().unwrap().to_owned();
    assert_eq!(source.fetch(&id).await.unwrap().id(), Some(id.as_str()));
    assert_eq!(source.fetch(&id[..12]).await.unwrap().id(), Some(id.as_str()));
}

#[tokio::test]
async fn a_prefix_of_several_rows_lists_them() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS twins; CREATE TABLE twins (job_id text, status text, payload jsonb); \
             INSERT INTO twins VALUES ('abc_ef-1', 'running', '{}'), ('abc_ef-2', 'failed', '{}'), \
             ('abcdef-3', 'failed', '{}'), ('same', '', '{}'), ('same', 'failed', '{}'), ('alike', '', '{}'), ('alike', '', '{}')",
        )
        .await;
    let source = open_with(
        &DbOptions { db_table: Some("twins".to_owned()), ..args(&server.url()) },
        &SourceEnvironment::nothing(),
    );
    let error = fault(&*source, "abc_ef").await;
    let SourceError::Several { candidates, more, .. } = &error else { panic!("{error:?}") };
    assert_eq!((candidates.len(), *more, candidates[1].status.as_str()), (2, false, "failed"));
    assert!(error.to_string().ends_with("abc_ef-1   running   -\n  abc_ef-2   failed    -"), "{error}");
    assert_eq!(source.fetch("abcdef").await.unwrap().id(), Some("abcdef-3"));
    let error = fault(&*source, "same").await;
    assert!(matches!(&error, SourceError::Duplicate { count: 2, .. }), "{error:?}");
    assert!(error.to_string().contains("which differ in status (, failed); name a column"), "{error}");
    let alike = source.fetch("alike").await.unwrap();
    assert!(alike.notes().iter().any(|note| note.ends_with("holds the row alike 2 times, all alike")), "{alike:?}");
    assert!(matches!(fault(&*source, "abc_e").await, SourceError::NoRow { .. }));
    assert!(matches!(fault(&*source, "x' OR '1'='1").await, SourceError::NoRow { .. }));
}

#[tokio::test]
async fn faults_are_told_apart() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS odd; CREATE TABLE odd (nr text, payload text, status text); \
             DROP TABLE IF EXISTS torn; CREATE TABLE torn (job_id text, payload text, elb_job_id text); \
             INSERT INTO torn VALUES ('torn-1', '{\"a\": ', NULL), ('torn-2', '{\"a\": ', 'job-x1'), ('empty-1', '', NULL); \
             DROP TABLE IF EXISTS closed; CREATE TABLE closed (job_id text, payload text); \
             DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'pl4nted-guest'",
        )
        .await;
    let of = |url: &str, table: &str| {
        open_with(&DbOptions { db_table: Some(table.to_owned()), ..args(url) }, &SourceEnvironment::nothing())
    };
    let url = server.url();
    let mut errors = Vec::new();

    let error = fault(&*of(&url, "nowhere"), "x").await;
    assert!(
        matches!(&error, SourceError::NoTable { what, .. } if what.contains("nowhere") && what.contains("--db-table"))
    );
    errors.push(error);
    let error = fault(&*of(&format!("{}/nodb", url.strip_suffix("/postgres").unwrap()), "x"), "x").await;
    assert!(matches!(&error, SourceError::NoTable { what, .. } if what.contains("nodb")), "{error:?}");
    errors.push(error);
    let error = fault(&*of(&url, "odd"), "x").await;
    assert!(matches!(&error, SourceError::NoColumn { what, .. } if what.contains("--db-key: there are nr, payload")));
    errors.push(error);
    let error = fault(&*of(&url, "torn"), "torn-1").await;
    assert!(
        matches!(&error, SourceError::Payload { why, .. } if why.contains("payload is not valid JSON")),
        "{error:?}"
    );
    errors.push(error);
    assert_eq!(of(&url, "torn").fetch("torn-2").await.unwrap().notes().len(), 1);
    let empty = of(&url, "torn").fetch("empty-1").await.unwrap();
    assert_eq!((empty.id(), empty.payload()), (Some("empty-1"), None), "an empty payload is none");
    let wrong = url.replace("pl4nted", "pl4nted2");
    let error = fault(&*of(&wrong, "torn"), "x").await;
    assert!(matches!(&error, SourceError::Refused { .. }), "{error:?}");
    errors.push(error);
    let guest = format!("postgres://guest:pl4nted-guest@127.0.0.1:{}/postgres", server.port());
    let error = fault(&*of(&guest, "closed"), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("permission denied")), "{error:?}");
    errors.push(error);
    let error = fault(&*open("postgres://u:pl4nted@127.0.0.1:1/d"), "x").await;
    assert!(error.is_transient() && error.to_string().contains("connection refused"), "{error}");
    errors.push(error);
    let error = fault(&*open("postgres://u:pl4nted@no.such.host.invalid/d"), "x").await;
    assert!(error.to_string().contains("does not resolve"), "{error}");
    errors.push(error);
    assert!(errors.iter().all(|error| error.exit() == Exit::Row));
    assert!(errors.iter().all(|error| !error.to_string().contains('\n')));
}

/// A statement that would write fails, and one that would take for ever is ended by the server.
#[tokio::test]
async fn a_session_is_read_only_and_bounded() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS touched; CREATE TABLE touched (n int); \
             CREATE OR REPLACE FUNCTION touch() RETURNS text AS $$ INSERT INTO touched VALUES (1); SELECT 'x' $$ LANGUAGE sql; \
             CREATE OR REPLACE VIEW writes AS SELECT 'a'::text AS job_id, touch() AS payload; \
             CREATE OR REPLACE VIEW limits AS SELECT current_setting('statement_timeout') AS job_id, \
               current_setting('transaction_read_only') AS status, current_setting('application_name') AS db, '{}' AS payload",
        )
        .await;
    let of = |table: &str| {
        open_with(&DbOptions { db_table: Some(table.to_owned()), ..args(&server.url()) }, &SourceEnvironment::nothing())
    };
    let error = fault(&*of("writes"), "a").await;
    assert!(error.to_string().contains("read-only transaction"), "{error}");
    let row = of("limits").fetch("8s").await.unwrap();
    assert_eq!((row.status(), row.column("db")), (Some("on"), Some("elbtail")));
    assert_eq!(ids(&of("limits").list(&all()).await.unwrap()), ["8s"]);
}

#[tokio::test]
async fn nothing_is_asked_before_the_first_question() {
    let source = open(&format!("postgres://u:{}@127.0.0.1:1/d?sslmode=require", "pl4nted"));
    assert_eq!(source.describe(), "postgres://***@127.0.0.1:1/d?***");
}

#[tokio::test]
async fn the_schema_of_the_url_and_the_schemes_of_sqlalchemy() {
    let server = postgres::shared();
    server
        .run(
            "CREATE SCHEMA IF NOT EXISTS elb; DROP TABLE IF EXISTS elb.placed; \
             CREATE TABLE elb.placed (job_id text, payload jsonb); INSERT INTO elb.placed VALUES ('here', '{}')",
        )
        .await;
    let of = |url: &str| DbOptions { db_table: Some("placed".to_owned()), ..args(url) };
    let url = server.url();
    let error = fault(&*open_with(&of(&url), &SourceEnvironment::nothing()), "here").await;
    assert!(matches!(error, SourceError::NoTable { .. }), "{error}");
    for scheme in ["postgres", "postgresql+asyncpg", "postgresql+psycopg2", "postgresql+psycopg_async"] {
        for schema in ["options=-csearch_path=elb", "options=-c%20search_path%3Delb", "options[search_path]=elb"] {
            let url = format!("{}?{schema}", url.replace("postgres://", &format!("{scheme}://")));
            let row = open_with(&of(&url), &SourceEnvironment::nothing()).fetch("here").await;
            assert_eq!(row.unwrap_or_else(|error| panic!("{error}")).id(), Some("here"));
        }
    }
    let unknown = elbtail::source::open(&of(&format!("{url}?currentSchema=elb")), &SourceEnvironment::nothing());
    let error = unknown.map(|_| ()).unwrap_err();
    assert!(matches!(&error, SourceError::Usage(why) if why.contains("\"currentSchema\" is not honoured")), "{error}");
}

/// Nothing listens there, but it is an address and no name.
#[tokio::test]
async fn an_ipv6_address_is_not_looked_up() {
    for scheme in ["postgres", "mysql"] {
        let error = fault(&*open(&format!("{scheme}://u:pl4nted@[::1]:1/d")), "x").await;
        assert!(!error.to_string().contains("resolve") && !error.to_string().contains("lookup"), "{error}");
    }
}

/// Whatever one value is, all rows are there, and so are their other fields.
#[tokio::test]
async fn a_value_that_is_no_text_costs_no_other() {
    let server = postgres::shared();
    server
        .run(
            "DROP TABLE IF EXISTS odd_values; CREATE TABLE odd_values (job_id bytea, status bytea, created_at timestamptz, \
               titles bytea[], notes text[], share numeric, at interval, place point, bits bit(3), payload bytea); \
             INSERT INTO odd_values SELECT ('row-' || n)::bytea, 'running'::bytea, '2026-01-01', ARRAY['\\xff00'::bytea], \
               ARRAY['a', NULL], 'NaN', '1 day', '(1,2)', B'101', \
               '{\"elastic_blast_job_id\": \"job-429825360482416da20736cf3ed51a95\"}'::bytea FROM generate_series(1, 9) n; \
             UPDATE odd_values SET payload = '\\xff00fe' WHERE job_id = 'row-1'; \
             UPDATE odd_values SET status = '\\xc328' WHERE job_id = 'row-2'; \
             UPDATE odd_values SET created_at = 'infinity' WHERE job_id = 'row-3'; \
             UPDATE odd_values SET created_at = '4713-01-01 BC' WHERE job_id = 'row-4'; \
             UPDATE odd_values SET created_at = '294276-12-31' WHERE job_id = 'row-5'; \
             UPDATE odd_values SET job_id = '\\x726f77ff00' WHERE job_id = 'row-6';",
        )
        .await;
    let flags = DbOptions { db_table: Some("odd_values".to_owned()), ..args(&server.url()) };
    let source = open_with(&flags, &SourceEnvironment::nothing());
    let rows = source.list(&all()).await.unwrap();
    assert_eq!(rows.len(), 9);
    assert_eq!(rows.iter().filter(|row| row.status() == Some("running")).count(), 8);
    assert_eq!(rows.iter().filter(|row| elbtail::resolve::resolve(row).outcome.name() == "chosen").count(), 8);
    for id in ["row-2", "row-3", "row-4", "row-5", "row-7"] {
        assert_eq!(source.fetch(id).await.unwrap().id(), Some(id));
    }
    assert!(matches!(fault(&*source, "row-1").await, SourceError::Payload { .. }));
    assert_eq!(source.list(&RowFilter { live: true, ..all() }).await.unwrap().len(), 9);
}

/// A column that may not be read, of a table that may.
#[tokio::test]
async fn a_column_that_may_not_be_read_is_left_out() {
    let server = postgres::shared();
    server
        .run(&format!(
            "DROP TABLE IF EXISTS guarded; DROP TABLE IF EXISTS closed; DROP ROLE IF EXISTS reader; \
             CREATE ROLE reader LOGIN PASSWORD '{PLANTED}'; \
             CREATE TABLE guarded (job_id text, status text, owner_oid text, payload text); \
             CREATE TABLE closed (job_id text, payload text); \
             INSERT INTO guarded VALUES ('one', 'running', 'me', '{{}}'); \
             GRANT SELECT (job_id, status, payload) ON guarded TO reader"
        ))
        .await;
    let mut url = url::Url::parse(&server.url()).unwrap();
    url.set_username("reader").unwrap();
    url.set_password(Some(PLANTED)).unwrap();
    let of = |table: &str| {
        open_with(&DbOptions { db_table: Some(table.to_owned()), ..args(url.as_str()) }, &SourceEnvironment::nothing())
    };
    let row = of("guarded").fetch("one").await.unwrap();
    assert_eq!((row.status(), row.document().get("owner_oid")), (Some("running"), None));
    let error = fault(&*of("closed"), "one").await;
    assert!(matches!(&error, SourceError::Refused { .. }), "{error:?}");
}
