//! Rows that cannot be read.

use crate::{assert_fails, elbtail};
use predicates::prelude::predicate::str;

const ROWS: &str = "testdata/rows/export.ndjson";

#[test]
fn a_file_that_is_not_there() {
    for command in ["logs", "resolve", "targets"] {
        assert_fails(elbtail(&[command, "no/such/row.json"]), 3, &["no/such/row.json: no such file", "job-<32 hex>"]);
    }
}

#[test]
fn a_directory() {
    assert_fails(elbtail(&["logs", "testdata/rows"]), 3, &["testdata/rows", "--job"]);
    assert_fails(elbtail(&["logs", "testdata"]), 3, &["testdata: is a directory"]);
    let name = "job-129825360482416da20736cf3ed51a95\n";
    let directory = tempfile::tempdir().unwrap();
    std::fs::copy(ROWS, directory.path().join("export.ndjson")).unwrap();
    std::fs::write(directory.path().join("one.yaml"), "job_id: a-row\nstatus: running\n").unwrap();
    let path = directory.path().to_str().unwrap();
    elbtail(&["resolve", path, "--job", "18b9ed", "-o", "name"]).assert().code(0).stdout(name).stderr("");
}

#[test]
fn nothing_at_all() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let path = empty.path().to_str().unwrap();
    assert_fails(elbtail(&["logs", path]), 3, &[path, "is empty"]);
    let mut stdin = elbtail(&["logs", "-"]);
    stdin.write_stdin("");
    assert_fails(stdin, 3, &["is empty"]);
}

#[test]
fn json_that_is_cut_off_or_wrong_with_its_place() {
    let whole = std::fs::read_to_string("testdata/rows/incident.json").unwrap();
    let cut = tempfile::NamedTempFile::new().unwrap();
    // In the middle of line 3.
    let end = whole.match_indices('\n').nth(1).unwrap().0 + 8;
    std::fs::write(cut.path(), &whole[..end]).unwrap();
    let place = format!("{}:3:", cut.path().display());
    assert_fails(elbtail(&["logs", cut.path().to_str().unwrap()]), 3, &[&place, "ends in the middle"]);
    std::fs::write(cut.path(), whole.replacen("\"type\": ", "\"type\" ", 1)).unwrap();
    assert_fails(
        elbtail(&["resolve", cut.path().to_str().unwrap()]),
        3,
        &[&place, "it shows job-429825360482416da20736cf3ed51a95"],
    );
}

#[test]
fn several_rows_want_a_choice() {
    let ids = ["08b9edca-4d8a-41bc-9cd8-3a2f161259b6", "18b9edca-4d8a-41bc-9cd8-3a2f161259b6"];
    assert_fails(elbtail(&["resolve", ROWS]), 3, &[ROWS, "holds 3 rows", "--job", ids[0], ids[1]]);
    assert_fails(elbtail(&["resolve", ROWS, "--job", "ffffffff"]), 3, &["ffffffff", ids[0]]);
    let name = "job-129825360482416da20736cf3ed51a95\n";
    for job in [ids[1], "18b9ed"] {
        elbtail(&["resolve", ROWS, "--job", job, "-o", "name"]).assert().code(0).stdout(name).stderr("");
    }
    let run =
        elbtail(&["resolve", "-", "--job", "18b9ed", "-o", "name"]).write_stdin(std::fs::read(ROWS).unwrap()).assert();
    run.code(0).stdout(str::diff(name));
}
