//! Rows as people really have them, through the binary.

use std::io::Write;

use crate::{assert_fails, elbtail};

const ID: &str = "job-429825360482416da20736cf3ed51a95";
const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

fn row() -> String {
    serde_json::json!({"job_id": ROW, "payload": {"k8s_job_id": ID}}).to_string()
}

#[track_caller]
fn resolves(input: impl AsRef<[u8]>, arguments: &[&str]) -> String {
    let run = elbtail(&[&["resolve", "-", "-o", "name"], arguments].concat()).write_stdin(input.as_ref()).assert();
    let run = run.code(0).stdout(format!("{ID}\n"));
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

#[test]
fn wrapped_packed_and_sheets() {
    let row = row();
    for text in [
        format!("{{\"items\":[{row}],\"nextMarker\":{{}}}}"),
        format!("{{\"jobs\":[{row}],\"next_cursor\":null}}"),
        format!("{{\"job\":{row}}}"),
        serde_json::to_string(&row).unwrap(),
        format!("job_id,payload\n{ROW},\"{}\"\n", r#"{"k8s_job_id":"ID"}"#.replace("ID", ID).replace('"', "\"\"")),
    ] {
        assert_eq!(resolves(&text, &[]), "", "{text}");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        assert_eq!(resolves(gzip.finish().unwrap(), &["--job", &ROW.to_uppercase()]), "", "{text}");
    }
}

#[test]
fn a_row_among_other_words_is_used_and_they_are_told() {
    for before in ["WARNING: this command is in preview\n", "$ az storage entity show\n", "Here it is:\n\n```json\n"] {
        let said = resolves(format!("{before}{}\n", row()), &[]);
        assert!(said.contains("beside the row") && said.contains(before.lines().next().unwrap()), "{said}");
    }
    let coloured = row().replace("\"job_id\"", "\x1b[34;1m\"job_id\"\x1b[0m");
    assert!(resolves(coloured, &[]).contains("colours"));
}

#[test]
fn text_that_is_cut_off_gives_an_inferred_id_and_a_warning() {
    let whole = serde_json::json!({"payload": {"k8s_job_id": ID, "stdout": "long"}, "job_id": ROW}).to_string();
    let cut = &whole[..whole.find("ong").unwrap()];
    let said = resolves(cut, &[]);
    assert!(said.contains("ends in the middle") && said.contains("inferred"), "{said}");
    let entity = serde_json::json!({"PartitionKey": ROW, "payload_json": cut}).to_string();
    let said = resolves(entity, &[]);
    assert!(said.contains("payload_json is not valid JSON") && said.contains("inferred"), "{said}");
}

#[test]
fn what_is_no_row_is_a_row_that_cannot_be_read() {
    for (text, parts) in [
        (r#"{"hello": 1}"#, ["is no row", "hello"]),
        ("hello: x\nworld: y\n", ["looks like YAML", "give a row"]),
        ("{'job_id': None}", ["Python", "python3 -c"]),
        ("HTTP/1.1 200 OK\r\n\r\n{}", ["HTTP answer", "sed"]),
        (
            "18b9edca-4d8a-41bc-9cd8-3a2f161259b6\n",
            ["id of a row", "logs --db URL 18b9edca-4d8a-41bc-9cd8-3a2f161259b6"],
        ),
        ("curl: (7) Failed to connect to h\n", ["error message (curl: (7)", "get that command to work"]),
        ("Error: password=Secret is wrong\n", ["error message (Error: password=***", "get that command to work"]),
        (" a | b \n---+---\n 1 | 2\n", ["as psql", "FROM jobstate j"]),
    ] {
        let mut run = elbtail(&["logs", "-"]);
        run.write_stdin(text);
        assert_fails(run, 3, &parts);
    }
}

/// What a message says to type is typed.
#[test]
fn the_way_out_leads_out() {
    let row = row();
    let python = row.replace('"', "'").replacen('{', "{'x': None, ", 1);
    for (text, name) in [
        (format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{row}"), "an answer.txt"),
        (python, "it's.py"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        let run = elbtail(&["resolve", name]).current_dir(dir.path()).assert().code(3);
        let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
        let way = said.trim_end().split_once("; ").unwrap().1;
        let command = way.strip_prefix("leave -i out of curl, or: ").unwrap_or(way);
        let binary = assert_cmd::cargo::cargo_bin!("elbtail");
        let command = command.replace("elbtail resolve", &format!("{} resolve", binary.display()));
        let out = std::process::Command::new("sh").args(["-c", &command]).current_dir(dir.path()).output().unwrap();
        assert!(out.status.success(), "{command}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stdout).contains(ID), "{command}");
    }
}

#[test]
fn a_payload_that_is_no_json_shows_no_secret() {
    let row = serde_json::json!({"job_id": ROW, "payload": "postgres://me:hunter2secret@db/jobs"}).to_string();
    for format in ["json", "yaml", "table"] {
        let run = elbtail(&["resolve", "-", "-o", format]).write_stdin(row.clone()).assert().code(4);
        let out = [run.get_output().stdout.clone(), run.get_output().stderr.clone()].concat();
        assert!(!String::from_utf8_lossy(&out).contains("hunter2"), "{format}");
    }
}
