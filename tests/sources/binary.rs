//! The binary on rows in databases.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use testcluster::{Options, TestCluster};

use crate::{
    secrets,
    support::{PLANTED, assert_clean, free_port::free_port, postgres, service::Service},
};

const JOB: &str = "job-429825360482416da20736cf3ed51a95";
const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

fn elbtail(arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elbtail"));
    command
        .args(arguments)
        .env_remove("KUBECONFIG")
        .env("HOME", "/nowhere")
        .env("ELBTAIL_DB", url)
        .stdin(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_tells_a_secret() {
    let service = Service::start(&[], Some("other"), true).await;
    for url in secrets::urls(free_port(), service.address) {
        for arguments in [&["resolve", "some-row", "-o", "json"][..], &["jobs"], &["logs", "some-row", "-v"]] {
            let Output { status, stdout, stderr } = elbtail(arguments, &url)
                .env("ELBTAIL_HTTP_TOKEN", PLANTED)
                .env("AZURE_STORAGE_SAS_TOKEN", format!("sv=1&sig={PLANTED}"))
                .env("MYSQL_PWD", PLANTED)
                .output()
                .unwrap();
            let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
            assert!(matches!(status.code(), Some(2 | 3)), "{arguments:?}: {status}\n{told}");
            assert!(!stderr.is_empty() && stdout.is_empty(), "{told}");
            assert_clean(&told);
        }
    }
}

/// A URL where it does not belong is refused, whichever word it is taken for.
#[test]
fn a_misplaced_url_is_not_repeated() {
    let url = format!("mysql://me:99/{PLANTED}@db.example/jobs");
    let option = format!("--nonsense={url}");
    for arguments in [
        &["jobs", &url][..],
        &["logs", &url],
        &["resolve", &url],
        &["targets", &url],
        &["doctor", &url],
        &["logs", "x", &url],
        &["logs", &url, "x", "y"],
        &["jobs", &option],
        &["jobs", "--limit", &url],
        &["jobs", "--db-key", &url],
        &["jobs", "--db", "sqlite:x", "--db-table", &url],
    ] {
        let Output { status, stderr, .. } = elbtail(arguments, "").output().unwrap();
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(2), "{arguments:?}: {told}");
        assert_clean(&told);
    }
}

/// Waits until `file` holds `text`.
fn until_said(child: &mut Child, file: &Path, text: &str) {
    let began = Instant::now();
    while !fs::read_to_string(file).unwrap().contains(text) {
        let said = fs::read_to_string(file).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it ended before it said {text:?}: {said}");
        assert!(began.elapsed() < Duration::from_secs(60), "it never said {text:?}: {said}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_followed_while_its_database_goes_and_comes_on_postgres() {
    let mut server = postgres::Postgres::start();
    let table = "CREATE TABLE jobstate (job_id text, status text, payload jsonb)";
    let row = format!("INSERT INTO jobstate VALUES ('{ROW}', 'queued', '{{}}')");
    server.run(&format!("{table}; {row}")).await;
    let cluster = TestCluster::start_blocking(Options::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (stdout, stderr) = (directory.path().join("stdout"), directory.path().join("stderr"));
    let mut child = elbtail(&["logs", "-f", &ROW[..8], "-o", "raw"], &server.url())
        .env("KUBECONFIG", cluster.write_kubeconfig(directory.path()).unwrap())
        .stdout(File::create(&stdout).unwrap())
        .stderr(File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    until_said(&mut child, &stderr, "holds no ElasticBLAST id yet");
    server.run(&format!("UPDATE jobstate SET payload = '{{\"k8s_job_id\": \"{JOB}\"}}', status = 'running'")).await;
    until_said(&mut child, &stderr, JOB);
    let pod =
        cluster.pod("blastn-batch-s00-job-000-3ed51a95-x7k2p").label("elb-job-id", JOB).container("blast").create();
    pod.start("blast").print("blast", "before");
    until_said(&mut child, &stdout, "before\n");
    server.down();
    until_said(&mut child, &stderr, "cannot be read at present");
    pod.print("blast", "while the database is away");
    server.up();
    until_said(&mut child, &stderr, "can be read again");
    pod.print("blast", "after").terminate("blast", 0);
    server.run("UPDATE jobstate SET status = 'completed'").await;
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", fs::read_to_string(&stderr).unwrap());
    assert_eq!(fs::read_to_string(&stdout).unwrap(), "before\nwhile the database is away\nafter\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rows_id_cannot_speak_to_the_terminal() {
    use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
    const EVIL: &str = "18b9\u{1b}]0;title\u{7}\u{9b}2J\u{202e}edca";
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jobs.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("CREATE TABLE jobstate (job_id TEXT, status TEXT, updated_at TEXT, payload TEXT)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("INSERT INTO jobstate VALUES (?, 'running', '2026-11-24T12:00:00Z', ?)")
        .bind(EVIL)
        .bind(format!("{{\"k8s_job_id\": \"{JOB}\"}}"))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let url = format!("sqlite:{}", file.display());
    for arguments in [
        &["resolve", "--latest"][..],
        &["resolve", "--latest", "-o", "json"],
        &["resolve", "--latest", "-o", "yaml"],
        &["jobs"],
        &["jobs", "-o", "json"],
        &["jobs", "-o", "name"],
        &["logs", "--latest", "--server", "https://127.0.0.1:1"],
        &["doctor", "--latest", "--server", "https://127.0.0.1:1"],
    ] {
        let Output { stdout, stderr, .. } = elbtail(arguments, &url).output().unwrap();
        let told = format!("{}{}", String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert!(told.contains("18b9") || arguments[0] == "doctor", "{told}");
        assert!(!told.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{arguments:?}: {told:?}");
    }
}

/// The database's host is not to blame for a proxy that is away.
#[test]
fn a_proxy_that_is_away_is_named_with_where_it_comes_from() {
    let port = free_port();
    for (name, proxy, url) in [
        ("HTTPS_PROXY", format!("http://me:s3cret@127.0.0.1:{port}"), "https://rows.example"),
        ("https_proxy", format!("127.0.0.1:{port}"), "https://stelb01.table.core.windows.net/jobstate?sv=1&sig=x"),
        ("HTTP_PROXY", format!("http://127.0.0.1:{port}"), "http://rows.example"),
        ("ALL_PROXY", format!("http://127.0.0.1:{port}"), "https://rows.example"),
    ] {
        let mut command = elbtail(&["resolve", "some-row"], url);
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY"] {
            command.env_remove(name);
        }
        let output = command.env(name, &proxy).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{name} {url}: {told}");
        assert!(told.contains(&format!("proxy 127.0.0.1:{port} ({name}): connection refused")), "{name} {url}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

/// A limit in the URL holds beside `--request-timeout`, and is named.
#[test]
fn connecting_takes_no_longer_than_the_url_says() {
    // Accepts connections into its backlog and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for url in [
        format!("postgres://me@{address}/d?connect_timeout=1&sslmode=disable"),
        format!("mysql://me@{address}/d?connectTimeout=900"),
    ] {
        let output = elbtail(&["resolve", "some-row", "--request-timeout", "300s"], &url).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("the URL's limit (connect_timeout)"), "{told}");
        assert_eq!(output.status.code(), Some(3), "{told}");
    }
}
