//! `elbtail jobs` with a cluster.

use serde_json::Value;
use testcluster::{Access, incident};

use crate::{Batch, ONE, OTHER, Place, stderr, stdout};

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_jobs_of_a_cluster_are_listed_without_a_row() {
    let place = Place::new();
    incident::finished(&place.cluster, 1);
    place.batch("default", OTHER, 0, Batch::Runs);
    place.batch("default", OTHER, 1, Batch::Done);
    place.batch("default", OTHER, 2, Batch::Failed);
    let run = place.run(&["jobs"]).code(0);
    let table = stdout(&run);
    let cells = |id: &str| -> Vec<String> {
        let line = table.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{id}: {table}"));
        line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    assert!(table.starts_with("ELASTIC-BLAST ID "), "{table}");
    assert_eq!(cells(ONE)[..8], [ONE, "blastn", "5 shards", "5/5", "0", "0", "completed", "1"].map(str::to_owned));
    assert_eq!(cells(OTHER)[..8], [OTHER, "blastn", "3 shards", "1/3", "1", "1", "running", "3"].map(str::to_owned));
    assert!(cells(OTHER)[8].starts_with("5m"), "{table}");
    let wide = stdout(&place.run(&["jobs", "-o", "wide"]).code(0));
    assert!(wide.contains("NAMESPACE") && wide.contains("node-0,node-1,node-2"), "{wide}");
    let names = stdout(&place.run(&["jobs", "-o", "name"]).code(0));
    assert_eq!(names.lines().count(), 2);
    let listed = json(&stdout(&place.run(&["jobs", "-o", "json"]).code(0)));
    let other = listed.iter().find(|job| job["elastic_blast_job_id"] == OTHER).unwrap();
    assert_eq!(other["id"], Value::Null);
    assert_eq!(other["cluster"]["phase"], "running");
    assert_eq!(
        other["cluster"]["batches"],
        serde_json::json!({"total": 3, "done": 1, "running": 1, "failed": 1, "waiting": 0})
    );
    let yaml: Vec<Value> =
        serde_saphyr::from_str(&stdout(&place.run(&["jobs", "-o", "yaml"]).code(0))).expect("the same as YAML");
    assert_eq!(yaml.len(), listed.len());
    assert_eq!(stdout(&place.run(&["jobs", "-o", "name", "--status", "running"]).code(0)), format!("{OTHER}\n"));
    assert_eq!(stdout(&place.run(&["jobs", "-o", "name", "--status", "completed"]).code(0)), format!("{ONE}\n"));
    let one = place.run(&["jobs", "-o", "name", "--limit", "1"]).code(0);
    assert_eq!(stdout(&one).lines().count(), 1);
    assert!(stderr(&one).contains("1 older"), "{}", stderr(&one));
}

#[test]
fn batches_are_counted_alike_whoever_counts_them() {
    let place = Place::new();
    // NCBI's layout: neither Jobs nor pods have the label, and pods may have no Job.
    let spec = serde_json::json!({"containers": [
        {"name": "blast", "env": [{"name": "BLAST_ELB_JOB_ID", "value": ONE}]},
    ]});
    for (number, state) in ["done", "failed", "runs", "waits", "job alone", "pod alone"].into_iter().enumerate() {
        let name = format!("blastn-batch-nt-job-{number:03}");
        let template = serde_json::json!({"metadata": {"labels": {"app": "blast"}}, "spec": spec});
        let job = || place.cluster.job(&name).spec("template", template.clone()).label("app", "blast").create();
        let made = |pod: testcluster::PodBuilder| {
            pod.label("app", "blast")
                .restart_policy("Never")
                .container("blast")
                .env("blast", "BLAST_ELB_JOB_ID", ONE)
                .create()
        };
        match state {
            "done" => drop(made(job().pod()).start("blast").terminate("blast", 0)),
            "failed" => {
                let job = job();
                made(job.pod()).start("blast").terminate("blast", 3);
                job.fail(jiff::Timestamp::now(), "BackoffLimitExceeded", "x");
            }
            "runs" => drop(made(job().pod()).start("blast")),
            "waits" => drop(made(job().pod())),
            "job alone" => drop(job()),
            _ => drop(made(place.cluster.pod(&format!("{name}-abcde"))).start("blast")),
        }
    }
    let listed = json(&stdout(&place.run(&["jobs", "-o", "json"]).code(0)));
    let batches = &listed[0]["cluster"]["batches"];
    assert_eq!(*batches, serde_json::json!({"total": 6, "done": 1, "running": 2, "failed": 1, "waiting": 2}));
    let report = stdout(&place.run(&["report", ONE, "-o", "json"]).code(0));
    let report: Value = serde_json::from_str(&report).unwrap();
    for (count, of) in
        [("total", "total"), ("done", "done"), ("running", "running"), ("failed", "failed"), ("waiting", "waiting")]
    {
        assert_eq!(report["totals"]["batches"][count], batches[of], "{count}: {:#}", report["totals"]);
    }
}

#[test]
fn all_namespaces_are_looked_through_with_a_flag() {
    let place = Place::new();
    let none = place.run(&["jobs"]).code(0);
    assert_eq!(stdout(&none), "");
    assert!(stderr(&none).contains("no ElasticBLAST jobs in namespace default"), "{}", stderr(&none));
    assert!(stderr(&none).contains("-A"), "{}", stderr(&none));
    assert_eq!(stdout(&place.run(&["jobs", "-o", "json"]).code(0)), "[]\n");
    place.batch("blast-2", ONE, 0, Batch::Runs);
    place.batch("default", OTHER, 0, Batch::Runs);
    assert_eq!(stdout(&place.run(&["jobs", "-o", "name"]).code(0)), format!("{OTHER}\n"));
    let all = stdout(&place.run(&["jobs", "-A"]).code(0));
    assert!(all.starts_with("NAMESPACE "), "{all}");
    assert!(all.lines().any(|line| line.starts_with("blast-2 ") && line.contains(ONE)), "{all}");
    assert_eq!(stdout(&place.run(&["jobs", "--all-namespaces", "-o", "name"]).code(0)).lines().count(), 2);
}

#[test]
fn who_may_not_list_jobs_is_told_and_sees_what_pods_say() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Done);
    place.batch("default", ONE, 1, Batch::Runs);
    place.cluster.add_user("viewer-token", "viewer", Access::none().allow("list", "pods"));
    let run = place.run(&["jobs", "--token", "viewer-token", "-o", "json"]).code(0);
    assert!(stderr(&run).contains("Jobs cannot be listed"), "{}", stderr(&run));
    let listed = json(&stdout(&run));
    assert_eq!(listed[0]["cluster"]["batches"]["done"], 1);
    assert_eq!(listed[0]["cluster"]["batches"]["running"], 1);
    place.cluster.add_user("nobody-token", "nobody", Access::none());
    place.run(&["jobs", "--token", "nobody-token"]).code(7).stdout("");
}

/// Rows in a file that is a database.
#[cfg(feature = "sql")]
pub fn database(place: &Place, rows: &[(&str, &str, &str)]) -> String {
    use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
    let file = place.directory.path().join("jobs.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let table = "CREATE TABLE jobstate (job_id TEXT, status TEXT, created_at TEXT, payload TEXT)";
        sqlx::raw_sql(table).execute(&mut connection).await.unwrap();
        for (number, (row, status, id)) in rows.iter().enumerate() {
            sqlx::query("INSERT INTO jobstate VALUES (?, ?, ?, ?)")
                .bind(*row)
                .bind(*status)
                .bind(format!("2026-11-24T12:00:{number:02}Z"))
                .bind(format!("{{\"k8s_job_id\": \"{id}\"}}"))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
    });
    format!("sqlite:{}", file.display())
}

#[cfg(feature = "sql")]
#[test]
fn rows_and_a_cluster_are_joined_and_what_disagrees_is_marked() {
    const GONE: &str = "job-629825360482416da20736cf00000000";
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Runs);
    place.batch("default", OTHER, 0, Batch::Runs);
    let url =
        database(&place, &[("row-one", "running", ONE), ("row-gone", "running", GONE), ("row-old", "completed", GONE)]);
    let listed = json(&stdout(&place.run(&["jobs", "--db", &url, "-o", "json"]).code(0)));
    let of =
        |key: &str, value: &str| listed.iter().find(|job| job[key] == value).unwrap_or_else(|| panic!("{listed:?}"));
    assert_eq!(of("id", "row-one")["disagreement"], Value::Null);
    assert_eq!(of("id", "row-one")["cluster"]["batches"]["total"], 1);
    assert_eq!(of("id", "row-gone")["disagreement"], "jobs-gone");
    assert_eq!(of("id", "row-old")["disagreement"], Value::Null);
    assert_eq!(of("elastic_blast_job_id", OTHER)["disagreement"], "no-row");
    let table = stdout(&place.run(&["jobs", "--db", &url]).code(0));
    assert!(table.contains("row running, Jobs gone") && table.contains("pods without a row"), "{table}");
    // A row that is not listed for itself is known all the same.
    let one = stdout(&place.run(&["jobs", "--db", &url, "--limit", "1"]).code(0));
    assert!(one.contains("row-one") && !one.contains("row-gone"), "{one}");
}

#[cfg(feature = "sql")]
#[test]
fn rows_are_listed_although_a_cluster_that_nobody_named_is_away() {
    let place = Place::new();
    let url = database(&place, &[("row-one", "running", ONE)]);
    place.cluster.kill_blocking();
    let run = place.run(&["jobs", "--db", &url, "-o", "name"]).code(0).stdout("row-one\n");
    assert!(stderr(&run).contains("rows are listed alone"), "{}", stderr(&run));
    place.run(&["jobs", "--db", &url, "-n", "default"]).code(6).stdout("");
}
