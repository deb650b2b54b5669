//! SQLite.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use elbtail::source::{DbOptions, SourceEnvironment, SourceError};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    all, args, fault, ids, open, open_with, process,
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
    let blobs = DbOptions { db_table: Some("main.blobs".to_owned()), ..args(&url("")) };
    assert_all_there(&*open_with(&blobs, &SourceEnvironment::nothing()), &samples).await;
    let source = open(&url(""));
    assert_eq!(ids(&source.list(&all()).await.unwrap()).len(), samples.len());
    assert!(!source.latest().await.unwrap().is_terminal());
}

/// People copy a UUID in any case, and with or without its hyphens, and so do the tools that write it.
#[tokio::test]
async fn a_uuid_is_found_in_whatever_way_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.db");
    let mut connection =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file).create_if_missing(true))
            .await
            .unwrap();
    let written = [
        "18b9edca-4d8a-41bc-9cd8-3a2f161259b6",
        "28B9EDCA-4D8A-41BC-9CD8-3A2F161259B6",
        "38b9edca4d8a41bc9cd83a2f161259b6",
    ];
    sqlx::raw_sql("CREATE TABLE jobstate (job_id TEXT, status TEXT, payload_json TEXT)")
        .execute(&mut connection)
        .await
        .unwrap();
    for id in written.into_iter().chain(["12345"]) {
        sqlx::query("INSERT INTO jobstate VALUES (?, 'running', '{}')")
            .bind(id)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let source = open(&format!("sqlite:{}", file.display()));
    for (first, id) in ["1", "2", "3"].into_iter().zip(written) {
        let uuid = format!("{first}8b9edca-4d8a-41bc-9cd8-3a2f161259b6");
        for asked in [uuid.clone(), uuid.to_uppercase(), uuid.replace('-', ""), uuid[..11].to_uppercase()] {
            let row = source.fetch(&asked).await.unwrap_or_else(|error| panic!("{asked}: {error}"));
            assert_eq!(row.id(), Some(id), "{asked}");
        }
    }
    assert_eq!(source.fetch("12345").await.unwrap().id(), Some("12345"));
    let error = fault(&*source, "99B9EDCA-4D8A-41BC-9CD8-3A2F161259B6").await;
    assert!(error.to_string().contains("99B9EDCA-4D8A"), "{error}");
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
    std::fs::create_dir(at("directory.db")).unwrap();
    std::os::unix::net::UnixListener::bind(at("socket.db")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("fifo.db")).status().unwrap().success());
    for (name, kind) in [("directory.db", "a directory"), ("socket.db", "a pipe"), ("fifo.db", "a pipe")] {
        let error = fault(&*of(name), "x").await;
        assert!(matches!(&error, SourceError::Usage(why) if why.contains(kind)), "{error:?}");
    }
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

/// The names in a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// A database in WAL mode whose changes are all in it.
async fn in_wal_mode(file: &Path, samples: &[Sample]) {
    load(file, "jobstate", "payload", "TEXT", samples).await;
    run(file, "PRAGMA journal_mode = WAL; UPDATE jobstate SET status = 'failed'").await;
}

async fn run(file: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_look_leaves_nothing_beside_a_database_in_wal_mode() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wal.db");
    let samples = samples();
    in_wal_mode(&file, &samples).await;
    assert_eq!(names(directory.path()), BTreeSet::from(["wal.db".to_owned()]));
    let source = open(&format!("sqlite:{}", file.display()));
    let status = |row: elbtail::row::Row| row.status().map(str::to_owned);
    assert_eq!(status(source.fetch(&samples[0].id).await.unwrap()).as_deref(), Some("failed"));
    assert_eq!(names(directory.path()), BTreeSet::from(["wal.db".to_owned()]));
    // What is written afterwards is seen, by the same source.
    run(&file, "UPDATE jobstate SET status = 'running'").await;
    assert_eq!(status(source.fetch(&samples[0].id).await.unwrap()).as_deref(), Some("running"));
    assert_eq!(names(directory.path()), BTreeSet::from(["wal.db".to_owned()]));
}

/// What a killed writer leaves: changes that are only in `-wal`, and perhaps no `-shm`.
#[tokio::test]
async fn changes_that_a_killed_writer_left_are_read_and_left() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wal.db");
    let samples = samples();
    in_wal_mode(&file, &samples).await;
    let mut writer = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::raw_sql("UPDATE jobstate SET status = 'cancelled'").execute(&mut writer).await.unwrap();
    let left = tempfile::tempdir().unwrap();
    for name in ["wal.db", "wal.db-wal"] {
        fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
    }
    let before = names(left.path());
    let source = open(&format!("sqlite:{}/wal.db", left.path().display()));
    assert_eq!(source.fetch(&samples[0].id).await.unwrap().status(), Some("cancelled"));
    assert_eq!(names(left.path()), before);
}

/// Runs the binary as `nobody`, who is neither the owner nor root.
fn as_nobody(directory: &Path, arguments: &[&str]) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;

    assert!(process::is_root(), "only root can be another user; .ci/test leaves out the tests named as_root");
    // The test's own directory may be closed to others.
    let binary = directory.join("elbtail");
    // Copied by a process of its own: what another thread starts meanwhile would hold it open for writing, and it could not run.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_elbtail")).arg(&binary).status().unwrap().success());
    // As `sudo -u` leaves it: the home of somebody else, which is closed.
    let home = directory.join("home");
    fs::create_dir_all(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary)
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn as_root_a_look_of_another_user_does_not_keep_the_owner_from_writing() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let binary = tempfile::tempdir().unwrap();
    fs::set_permissions(binary.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let samples = samples();
    for mode in [0o777, 0o555] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wal.db");
        in_wal_mode(&file, &samples).await;
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        let url = format!("sqlite:{}", file.display());
        let output = as_nobody(binary.path(), &["jobs", "--db", &url]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for name in names(directory.path()) {
            assert_eq!(fs::metadata(directory.path().join(&name)).unwrap().uid(), 0, "{name}");
        }
        run(&file, "INSERT INTO jobstate (job_id) VALUES ('after')").await;

        // While the owner writes: its files are used, and what cannot be read is told.
        let mut writer = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
        sqlx::raw_sql("UPDATE jobstate SET status = 'running'").execute(&mut writer).await.unwrap();
        let output = as_nobody(binary.path(), &["jobs", "--db", &url]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("running"), "{output:?}");
        fs::set_permissions(directory.path().join("wal.db-wal"), fs::Permissions::from_mode(0o600)).unwrap();
        let output = as_nobody(binary.path(), &["jobs", "--db", &url]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(3) && said.contains("WAL mode"), "{said}");
    }
}

#[tokio::test]
async fn urls_of_sqlalchemy_name_the_same_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("me@corp.db");
    let samples = samples();
    load(&file, "jobstate", "payload", "TEXT", &samples).await;
    for url in ["sqlite", "sqlite+aiosqlite"].map(|scheme| format!("{scheme}:///{}", file.display())) {
        assert_all_there(&*open(&url), &samples).await;
    }
}

/// Whatever one value is, all rows are there, and so are their other fields.
#[tokio::test]
async fn a_value_that_is_no_text_costs_no_other() {
    const ODD: [&str; 15] = [
        "NULL",
        "''",
        "x''",
        "x'ff00fec3'",
        "x'1f8b00'",
        "zeroblob(3)",
        "CAST(x'6162ff' AS TEXT)",
        "'a' || char(0) || 'b'",
        "9e999",
        "-9e999",
        "9223372036854775807",
        "-1",
        "1e300",
        "'99999-99-99T99:99:99Z'",
        "'{\"a\": '",
    ];
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rows.db");
        let columns = ["status", "created_at", "db", "payload_json"];
        let payload: String = r#"{"elastic_blast_job_id": "job-429825360482416da20736cf3ed51a95"}"#
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut sql = format!(
            "PRAGMA encoding = '{encoding}'; CREATE TABLE jobstate (job_id TEXT, status, created_at, db, payload_json);"
        );
        for (at, column) in columns.iter().enumerate() {
            for (nth, odd) in ODD.iter().enumerate() {
                let payload = format!("x'{payload}'");
                let mut values = ["'running'", "'2026-01-01T00:00:00Z'", "'core_nt'", &payload];
                values[at] = odd;
                sql += &format!("INSERT INTO jobstate VALUES ('{column}-{nth}-row', {});", values.join(", "));
            }
        }
        run_new(&file, &sql).await;
        let source = open(&format!("sqlite:{}", file.display()));
        let rows = source.list(&all()).await.unwrap();
        assert_eq!(rows.len(), columns.len() * ODD.len());
        for row in rows {
            let id = row.id().unwrap();
            // Of a broken payload alone nothing can be made, which is told of its row.
            let fetched = match source.fetch(id).await {
                Err(SourceError::Payload { .. }) if id.starts_with("payload_json") => None,
                fetched => Some(fetched.unwrap()),
            };
            for row in [Some(&row), fetched.as_ref()].into_iter().flatten() {
                let is_odd = |column: &str| id.starts_with(column);
                assert!(is_odd("status") || row.status() == Some("running"), "{id}: {row:?}");
                assert!(is_odd("created_at") || row.created_at().is_some(), "{id}: {row:?}");
                assert!(is_odd("db") || row.document()["db"] == "core_nt", "{id}: {row:?}");
                let found = elbtail::resolve::resolve(row).outcome.name() == "chosen";
                assert!(is_odd("payload_json") || found, "{id}: {row:?}");
            }
        }
        let url = format!("sqlite:{}", file.display());
        for output in [&[][..], &["-o", "wide"], &["-o", "json"], &["-o", "yaml"], &["-o", "name"]] {
            let run = Command::new(env!("CARGO_BIN_EXE_elbtail"))
                .args(["jobs", "--db", &url, "--limit", "100"])
                .args(output)
                .env("KUBECONFIG", "/nowhere")
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(0), "{output:?}: {told}");
            let shown = String::from_utf8(run.stdout).unwrap();
            let missing = (0..ODD.len()).filter(|nth| !shown.contains(&format!("payload_json-{nth}-row"))).count();
            assert_eq!(missing, 0, "{output:?}: {shown}");
        }
    }
}

async fn run_new(file: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

/// Rows that share an id are told apart by what they differ in, and what is suggested works.
#[tokio::test]
async fn rows_of_one_id_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.db");
    let payload = r#"{"elastic_blast_job_id": "job-429825360482416da20736cf3ed51a95"}"#;
    run_new(
        &file,
        &format!(
            "CREATE TABLE jobstate (no INTEGER, job_id TEXT, status TEXT, payload_json TEXT); \
             INSERT INTO jobstate VALUES (7, 'same-row', 'running', '{payload}'), (8, 'same-row', 'failed', '{payload}'), \
             (9, 'alike-row', 'failed', '{payload}')"
        ),
    )
    .await;
    let url = format!("sqlite:{}", file.display());
    let error = fault(&*open(&url), "same-row").await.to_string();
    assert!(
        error.contains("2 rows with the id same-row, which differ in no (7, 8), status (running, failed);"),
        "{error}"
    );
    assert!(error.ends_with("to read one of them by that column: --db-key no, and 7 or 8 as JOB"), "{error}");
    for (no, status) in [("7", "running"), ("8", "failed")] {
        let flags = DbOptions { db_key: Some("no".parse().unwrap()), ..args(&url) };
        assert_eq!(open_with(&flags, &SourceEnvironment::nothing()).fetch(no).await.unwrap().status(), Some(status));
    }
}

/// What this user may not read or write is told as that, before anything else is asked.
#[cfg(unix)]
#[tokio::test]
async fn as_root_what_is_closed_to_a_user_is_told_as_that() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    mode(directory.path(), 0o755);
    let at = |name: &str| directory.path().join(name);
    let path = |name: &str| at(name).display().to_string();
    run_new(&at("rows.db"), "CREATE TABLE jobstate (job_id TEXT, payload TEXT)").await;
    mode(&at("rows.db"), 0o600);
    fs::create_dir(at("closed")).unwrap();
    fs::copy(at("rows.db"), at("closed/rows.db")).unwrap();
    mode(&at("closed/rows.db"), 0o644);
    mode(&at("closed"), 0o700);
    fs::write(at("config"), "apiVersion: v1\n").unwrap();
    mode(&at("config"), 0o600);
    fs::write(at("theirs.html"), "").unwrap();
    mode(&at("theirs.html"), 0o666);
    let server = ["--server", "https://127.0.0.1:1"];
    let job = "job-429825360482416da20736cf3ed51a95";
    for (arguments, code, says) in [
        (vec!["jobs", "--db", &format!("sqlite:{}", path("rows.db"))], 3, "may not be read"),
        (vec!["resolve", "18b9edca", "--db", &format!("sqlite:{}", path("closed/rows.db"))], 3, "may not be read"),
        (vec!["jobs", "--kubeconfig", &path("config")], 2, "name a file that can be read with --kubeconfig"),
        (vec!["jobs", "--kubeconfig", &path("")], 2, "name a file that can be read with --kubeconfig"),
        (vec!["doctor", job, "--bundle", &path("x.tar.zst")], 2, "nothing can be written into the directory"),
        (vec!["report", job, "-o", &path("x.html")], 2, "nothing can be written into the directory"),
        (vec!["report", job, "-o", &path("theirs.html")], 2, "nothing can be written into the directory"),
    ] {
        let connect = if arguments.contains(&job) { &server[..] } else { &[] };
        let run = as_nobody(directory.path(), &[&arguments[..], connect].concat());
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.code() == Some(code) && said.contains(says), "{arguments:?}: {said}");
    }
}

/// Whatever a database's file is called, what is suggested for it can be pasted.
#[tokio::test]
async fn the_command_that_is_suggested_for_a_database_works() {
    let directory = tempfile::tempdir().unwrap();
    for name in
        ["rows.db", "a b.db", "it's.db", "a?b%20c #d.db", "-x.db", "日本.db", "50%.db", "#", "a\\b.db", "$HOME.db"]
    {
        run_new(
            &directory.path().join(name),
            "CREATE TABLE jobstate (job_id TEXT, payload TEXT); INSERT INTO jobstate VALUES ('one-row', '{}')",
        )
        .await;
        let elbtail = |script: &str| {
            Command::new("sh")
                .args(["-c", script, "sh", env!("CARGO_BIN_EXE_elbtail"), &format!("./{name}")])
                .env("KUBECONFIG", "/nowhere")
                .current_dir(directory.path())
                .stdin(Stdio::null())
                .output()
                .unwrap()
        };
        let told = String::from_utf8(elbtail("\"$1\" resolve \"$2\"").stderr).unwrap();
        let (_, suggested) =
            told.trim_end().split_once("name it with --db: ").unwrap_or_else(|| panic!("{name}: {told}"));
        let run = elbtail(&format!("\"$1\" jobs {suggested} -o name"));
        assert_eq!(String::from_utf8_lossy(&run.stdout), "one-row\n", "{name}: {suggested}: {run:?}");
    }
}
