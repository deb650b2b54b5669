//! Rows that change while their job is followed.

use crate::{
    jobs::JobPlan,
    stage::{ID, ROW, SHORT, Stage, text},
};
use serde_json::{Value, json};

fn row(status: &str, id: Option<&str>) -> String {
    let payload = json!({"elastic_blast_job_id": id, "program": "blastn"});
    json!({"job_id": "18b9edca-4d8a-41bc-9cd8-3a2f161259b6", "type": "blast", "status": status, "payload": payload})
        .to_string()
}

#[test]
fn an_id_that_comes_later_is_waited_for() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).counts("blast", 20);
    let path = stage.write("row.json", &row("queued", None));
    let elbtail = stage.start(&["logs", text(&path), "-f", "-o", "raw"]);
    elbtail.until_said("the row holds no ElasticBLAST id yet, waiting for it");
    stage.create(&job);
    stage.write("row.json", &row("running", Some(ID)));
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines(), job.expected());
    assert!(ended.stderr.contains(&format!("the row names its id now: {ID}")), "{}", ended.stderr);
}

#[test]
fn a_row_that_ends_ends_the_following() {
    let stage = Stage::new();
    // Only prepared: whether a search will follow nobody but the row can tell.
    let job = JobPlan::new(&format!("init-ssd-{SHORT}-0"), "setup").counts("get-blastdb", 20);
    let path = stage.write("row.json", &row("running", Some(ID)));
    let elbtail = stage.start(&["logs", text(&path), "-f", "-o", "raw", "--exit-code"]);
    stage.create(&job);
    elbtail.until_said("get-blastdb: ended: Completed, exit code 0");
    stage.write("row.json", &row("Failed", Some(ID)));
    let ended = elbtail.end().code(9);
    assert_eq!(ended.lines(), job.expected());
}

#[test]
fn a_row_that_is_half_written_is_read_again() {
    let stage = Stage::new();
    let job = JobPlan::new(&format!("init-ssd-{SHORT}-0"), "setup").counts("get-blastdb", 20);
    let path = stage.write("row.json", &row("running", Some(ID)));
    let elbtail = stage.start(&["logs", text(&path), "-f", "-o", "raw"]);
    stage.create(&job);
    elbtail.until_said("get-blastdb: ended: Completed, exit code 0");
    let whole = row("completed", Some(ID));
    stage.write("row.json", &whole[..whole.len() / 2]);
    elbtail.until_said("the row cannot be read at present");
    stage.write("row.json", &whole);
    assert_eq!(elbtail.end().code(0).lines(), job.expected());
}

#[test]
fn a_row_without_an_id_that_has_ended_is_not_waited_for() {
    let stage = Stage::new();
    let path = stage.write("row.json", &row("failed", None));
    let run = stage.run(&["logs", text(&path), "-f"]).code(4);
    assert!(crate::lines::stderr(&run).contains("holds no ElasticBLAST id"));
}

#[test]
fn an_id_itself_or_a_row_on_stdin_will_do() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).counts("blast", 5);
    stage.create(&job);
    stage.until_jobs_end();
    let run = stage.run(&["logs", ID, "-o", "raw", "-f"]).code(0);
    assert_eq!(crate::lines::stdout(&run), job.expected());
    let row: Value = serde_json::from_str(&std::fs::read_to_string(ROW).unwrap()).unwrap();
    for follow in [&[][..], &["-f"]] {
        let command = stage.command(&[&["logs", "-", "-o", "raw"], follow].concat());
        let run = assert_cmd::Command::from_std(command).write_stdin(row.to_string()).assert().code(0);
        assert_eq!(crate::lines::stdout(&run), job.expected());
    }
}
