//! Every shape, every fault, every choice, from bytes and from files.

use std::{
    fs,
    io::{self, Cursor, Read},
    path::Path,
};

use proptest::prelude::*;

use super::*;
use crate::{
    exit::Exit,
    row::{MAX_BYTES, Row, RowError},
};

const A: &str = "08b9edca-4d8a-41bc-9cd8-3a2f161259b6";
const B: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

fn one(text: impl AsRef<[u8]>) -> Result<Row, RowError> {
    row_from_bytes("in", text.as_ref(), None)
}

fn chosen(text: impl AsRef<[u8]>, job: &str) -> Result<Row, RowError> {
    row_from_bytes("in", text.as_ref(), Some(job))
}

fn fault(text: impl AsRef<[u8]>) -> String {
    let error = one(text).unwrap_err();
    assert_eq!(error.exit(), Exit::Row);
    error.to_string()
}

/// A reader that gives endlessly much and counts what was taken.
struct Endless<'a>(&'a [u8], u64);

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for (at, byte) in into.iter_mut().enumerate() {
            *byte = self.0[at % self.0.len()];
        }
        self.1 += into.len() as u64;
        Ok(into.len())
    }
}

#[test]
fn reads_one_row_from_each_list_shape() {
    let row = format!(r#"{{"job_id":"{A}"}}"#);
    for text in [
        row.clone(),
        format!("\u{feff}{row}"),
        format!(" \r\n{row}\r\n"),
        format!("[{row}]"),
        format!(r#"{{"odata.metadata":"x","value":[{row}]}}"#),
        format!("{row}\n{row}"),
        format!("\u{feff}[{row},{row}]\n"),
    ] {
        assert_eq!(one(&text).unwrap().id(), Some(A), "{text}");
    }
    let own_value = one(r#"{"job_id":"x","value":[1]}"#).unwrap();
    assert_eq!(own_value.id(), Some("x"));
}

#[test]
fn the_last_of_two_equal_keys_wins_and_two_copies_of_an_id_are_noted() {
    assert_eq!(one(r#"{"job_id":"x","job_id":"y"}"#).unwrap().id(), Some("y"));
    for text in [
        r#"{"job_id":"x","payload":{"k8s_job_id":"job-a","k8s_job_id":"job-b"}}"#.to_owned(),
        serde_json::json!({"job_id": "x", "payload_json": r#"{"k8s_job_id":"job-a","k8s_job_id":"job-b"}"#})
            .to_string(),
    ] {
        let row = one(text).unwrap();
        assert_eq!(row.notes(), ["k8s_job_id stands twice: \"job-a\" and \"job-b\"; the last is used"]);
        assert_eq!(id_of(&row).as_deref(), Some("job-b"));
    }
    assert!(one(r#"{"job_id":"x","job_id":"x","note":1,"note":2}"#).unwrap().notes().is_empty());
}

fn id_of(row: &Row) -> Option<String> {
    crate::resolve::resolve(row).id().map(ToString::to_string)
}

const ID: &str = "job-429825360482416da20736cf3ed51a95";

#[test]
fn rows_are_found_in_whatever_wraps_them() {
    let row = format!(r#"{{"job_id":"{A}","payload":{{"k8s_job_id":"{ID}"}}}}"#);
    let text = |json: &str| serde_json::to_string(json).unwrap();
    for wrapped in [
        format!(r#"{{"items":[{row}],"nextMarker":null}}"#),
        format!(r#"{{"jobs":[{row}],"next_cursor":""}}"#),
        format!(r#"{{"job":{row}}}"#),
        format!(r#"{{"status":"ok","data":{{"job":{row}}}}}"#),
        format!(r#"{{"result":{{"rows":[{row}]}}}}"#),
        format!(r#"{{"data":{{"jobs":{{"edges":[{{"node":{row}}}]}}}}}}"#),
        format!(r#"{{"hits":{{"hits":[{{"_source":{row}}}]}}}}"#),
        format!(r#"{{"job_id":"{A}","job":{row}}}"#),
        format!("[[{row}]]"),
        text(&row),
        text(&text(&row)),
        format!("[{}]", text(&row)),
        format!(r#"{{"statusCode":200,"body":{}}}"#, text(&row)),
        format!(r#"{{"job_id":"{A}","payload_json":{}}}"#, text(&text(&format!(r#"{{"k8s_job_id":"{ID}"}}"#)))),
        format!("job_id,status,payload\n{A},running,\"{{\"\"k8s_job_id\"\":\"\"{ID}\"\"}}\"\n"),
        format!("PartitionKey;RowKey;payload_json\r\n{A};current;\"{{\n\"\"k8s_job_id\"\":\"\"{ID}\"\"}}\"\r\n"),
        format!("\u{feff}\"PartitionKey\"\t\"k8s_job_id\"\n\"{A}\"\t\"{ID}\"\n"),
        format!("sep=;\njob_id;k8s_job_id\n{A};{ID}\n"),
        format!("job_id,payload.external.k8s.job_id\n{A},{ID}\n"),
        format!("job_id|k8s_job_id\n{A}|{ID}\n(1 row)\n"),
    ] {
        let row = one(&wrapped).unwrap_or_else(|error| panic!("{wrapped}: {error}"));
        assert_eq!((row.id(), id_of(&row).as_deref()), (Some(A), Some(ID)), "{wrapped}");
        assert!(row.notes().is_empty(), "{wrapped}: {:?}", row.notes());
        assert!(chosen(&wrapped, A).is_ok() && chosen(&wrapped, B).is_err(), "{wrapped}");
    }
}

#[test]
fn a_typed_sheet_has_its_types() {
    let text = format!(
        "PartitionKey,RowKey,schema_version,schema_version@type,status,status@type\n{A},current,3,Edm.Int32,running,Edm.String\n"
    );
    let row = one(text).unwrap();
    assert_eq!((row.id(), row.status()), (Some(A), Some("running")));
    assert_eq!(row.document()["schema_version"], 3);
    assert!(row.document().get("status@type").is_none());
}

#[test]
fn packed_rows_and_rows_in_utf_16_and_utf_32_are_read() {
    use std::io::Write;
    let row = format!(r#"{{"job_id":"{A}"}}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(row.as_bytes()).unwrap();
    let zstd = zstd::encode_all(row.as_bytes(), 1).unwrap();
    let units = |mark: &[u16]| mark.iter().copied().chain(row.encode_utf16()).collect::<Vec<u16>>();
    let little: Vec<u8> = units(&[]).into_iter().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units(&[0xfeff]).into_iter().flat_map(u16::to_be_bytes).collect();
    let wide = |mark: &str| format!("{mark}{row}").chars().map(u32::from).collect::<Vec<u32>>();
    let wide_little = |mark| wide(mark).into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let wide_big = |mark| wide(mark).into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>();
    let wides = [wide_little(""), wide_little("\u{feff}"), wide_big(""), wide_big("\u{feff}")];
    for bytes in [gzip.finish().unwrap(), zstd, little, big].into_iter().chain(wides) {
        assert_eq!(read_from("in", bytes.as_slice(), None).unwrap().id(), Some(A));
    }
    assert!(fault(b"\x1f\x8b\x08\0garbage").contains("cannot be unpacked"));
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut io::repeat(b' ').take(MAX_BYTES + 2), &mut bomb).unwrap();
    assert!(fault(bomb.finish().unwrap()).contains("is larger than 256 MiB"));
}

#[test]
fn a_row_among_other_words_is_found_and_they_are_told() {
    let row = format!(r#"{{"job_id":"{A}","payload":{{"k8s_job_id":"{ID}"}}}}"#);
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&row).unwrap()).unwrap();
    for (text, told) in [
        (format!("WARNING: The behavior of this command will change.\n{pretty}\n"), "WARNING: The behavior"),
        (format!("WARNING: one\nWARNING: two\n{row}\n"), "2 lines beside the row"),
        (format!("2026-11-25 10:00:00,123 INFO azure.core: asked\n{row}\n"), "2026-11-25 10:00:00,123 INFO"),
        (format!("2026-11-25T10:00:00Z INFO the row is {row}\n"), "2026-11-25T10:00:00Z INFO"),
        (format!("[2026-11-25 10:00:00] [INFO] asked\n{pretty}\n"), "[2026-11-25 10:00:00]"),
        (format!("[INFO] row: {row}\n"), "[INFO] row:"),
        (format!("[1] 12345\n{row}\n"), "[1] 12345"),
        (format!("INFO:root:{row}\n"), "INFO:root:"),
        (format!("const row = {row};\n"), "const row ="),
        (format!("row = json.loads({row})\n"), "row = json.loads("),
        (format!("Here is the row you asked for:\n\n```json\n{pretty}\n```\n\nDoes it help?\n"), "Here is the row"),
        (format!("```json\n{pretty}\n```\n"), "json"),
        (format!("me@host:~$ az storage entity show --table-name jobstate\n{pretty}\nme@host:~$ "), "me@host:~$ az"),
        (format!("$ cat row.json\n{row}"), "cat row.json"),
        (format!("+ curl -s http://api/jobs/x\n{row}\n"), "+ curl -s"),
        (
            format!(
                "*   Trying 10.0.0.1:80...\n> GET /jobs/x HTTP/1.1\n> Authorization: Bearer abcdefghijklmnop\n>\n\
                 < HTTP/1.1 200 OK\n<\n{{ [56 bytes data]\n{row}\n* Connection #0 left intact\n"
            ),
            "lines beside the row",
        ),
        (format!("  % Total    % Received\n100    56  100    56    0     0   {row}"), "% Total"),
        (format!(" row_to_json\n-------------\n {row}\n(1 row)\n"), "row_to_json"),
        (format!("{{\"level\":\"info\"}}\nstarted\n{row}\n"), "2 lines beside"),
        (format!("\x1b[1;39m{{\n  \x1b[0m{}\x1b[0m\n", &row[1..]), "colours"),
        (format!("\x1b[33mWARNING: old\x1b[0m\n{row}\n"), "WARNING: old"),
    ] {
        let row = one(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((row.id(), id_of(&row).as_deref()), (Some(A), Some(ID)), "{text}");
        let notes = row.notes().join("; ");
        assert!(notes.contains(told) && !notes.contains("abcdefgh") && !notes.contains('\x1b'), "{text}: {notes}");
        assert!(chosen(&text, A).is_ok() && chosen(&text, B).is_err(), "{text}");
    }
    let other = row.replace(A, B);
    let two = format!("WARNING: x\n{row}\n{other}\n");
    assert!(fault(&two).contains("2 rows to choose from"), "{}", fault(&two));
    assert_eq!(chosen(&two, B).unwrap().id(), Some(B));
    let separated = format!("\x1e{row}\n\x1e{other}\n");
    assert!(chosen(&separated, B).unwrap().notes().is_empty());
    let cut = one(format!("WARNING: x\n{}", &row[..row.len() - 3])).unwrap();
    assert_eq!(id_of(&cut).as_deref(), Some(ID));
    assert!(crate::resolve::resolve(&cut).is_inferred() && cut.notes().join(";").contains("ends in the middle"));
}

#[test]
fn a_cell_of_a_table_is_not_taken_for_the_row() {
    for text in [
        format!("      job_id = {A}\n      status = running\npayload_json = {{\"k8s_job_id\": \"{ID}\"}}\n"),
        format!("job_id|{A}\nstatus|running\npayload|{{\"k8s_job_id\": \"{ID}\"}}\n"),
        format!("-[ RECORD 1 ]-----\njob_id  | {A}\npayload | {{\"k8s_job_id\": \"{ID}\"}}\n"),
        format!(" job_id | payload\n--------+--------\n {A} | {{\"k8s_job_id\": \"{ID}\"}}\n(1 row)\n"),
    ] {
        let message = fault(&text);
        assert!(message.contains("looks like"), "{text}: {message}");
    }
}

#[test]
fn a_part_of_a_row_that_was_saved_alone_is_used_without_a_word() {
    let steps = format!(
        r#"{{"submitting":{{"phase":"x"}},"running":{{"phase":"running","k8s":{{"namespace":"n","job_id":"{ID}"}}}}}}"#
    );
    let progress = format!(r#"{{"phase":"running","status":"running","steps":{steps}}}"#);
    for text in [
        steps.clone(),
        progress.clone(),
        format!(r#"{{"_progress":{progress}}}"#),
        format!(r#"{{"payload":{{"_progress":{progress}}}}}"#),
        format!(r#"{{"program":"blastn","db":"nt","k8s_job_id":"{ID}"}}"#),
        format!(r#"{{"program":"blastn","status":"running","elastic_blast_job_id":"{ID}","cluster_name":"c"}}"#),
        format!(r#"{{"external":{{"elb_job_id":"{ID}"}}}}"#),
    ] {
        let row = one(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(id_of(&row).as_deref(), Some(ID), "{text}");
        let resolution = crate::resolve::resolve(&row);
        assert!(row.notes().is_empty() && resolution.warning().is_none(), "{text}: {:?}", row.notes());
    }
    assert_eq!(one(&progress).unwrap().namespace(), Some("n"));
    assert_eq!(one(&progress).unwrap().phase(), Some("running"));
}

#[test]
fn a_packed_row_that_is_cut_off_gives_what_can_be_unpacked() {
    use std::io::Write;
    // Noise, so that packing does not make it short.
    let mut state = 1u32;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 24) as u8 % 26)
    };
    let noise: String = (0..400_000).map(|_| letter()).collect();
    let row = format!(r#"{{"job_id":"{A}","payload":{{"k8s_job_id":"{ID}","stdout":"{noise}"}}}}"#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(row.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(row.as_bytes(), 1).unwrap();
    for packed in [&gzip[..gzip.len() / 2], &gzip[..gzip.len() * 3 / 4], &zstd[..zstd.len() * 3 / 4]] {
        let row = one(packed).unwrap();
        assert_eq!(id_of(&row).as_deref(), Some(ID));
        assert!(crate::resolve::resolve(&row).is_inferred());
        assert!(row.notes().iter().any(|note| note.contains("cannot be unpacked to its end")), "{:?}", row.notes());
    }
    // All of the row is there, only the checksum is not.
    let whole = one(&gzip[..gzip.len() - 4]).unwrap();
    assert!(!crate::resolve::resolve(&whole).is_inferred() && whole.notes().join(";").contains("unpacked to its end"));
}

#[test]
fn a_next_page_is_told_when_the_row_is_not_on_this_one() {
    let list = |marker: &str| format!(r#"{{"items":[{{"job_id":"{A}"}}],"nextMarker":{marker}}}"#);
    let more = r#"{"nextpartitionkey":"1!8!eA--"}"#;
    assert!(chosen(list(more), B).unwrap_err().to_string().contains("the list goes on elsewhere (nextMarker)"));
    assert!(chosen(list(more), A).unwrap().notes().is_empty());
    assert!(one(list(more)).unwrap().notes()[0].contains("the list goes on elsewhere"));
    for none in ["null", "{}", "\"\"", r#"{"nextpartitionkey":null}"#] {
        assert!(!chosen(list(none), B).unwrap_err().to_string().contains("goes on"), "{none}");
    }
    let two = fault(format!(r#"{{"items":[{{"job_id":"{A}"}},{{"job_id":"{B}"}}],"nextMarker":"x"}}"#));
    assert!(two.contains("2 rows to choose from") && two.contains("the list goes on elsewhere (nextMarker)"), "{two}");
    assert!(fault(r#"{"jobs":[],"next_cursor":"x"}"#).contains("(next_cursor)"));
}

#[test]
fn what_pythons_writer_makes_of_a_row_is_read() {
    let text =
        format!(r#"{{"job_id":"{A}","n":NaN,"m":[Infinity,-Infinity],"job_title":"a\ud83db","k8s_job_id":"{ID}"}}"#);
    let in_payload =
        serde_json::json!({"job_id": A, "payload_json": text.replacen(&format!(r#""job_id":"{A}","#), "", 1)});
    for text in [text.clone(), format!("[{text}]"), format!("{text}\n{text}"), in_payload.to_string()] {
        let row = one(&text).unwrap();
        assert_eq!(id_of(&row).as_deref(), Some(ID), "{text}");
        assert!(!crate::resolve::resolve(&row).is_inferred(), "{text}");
    }
    assert_eq!(one(&text).unwrap().column("job_title"), Some("a\u{fffd}b"));
}

#[test]
fn an_id_in_text_that_is_cut_off_is_inferred() {
    let payload = format!(r#"{{"k8s_job_id":"{ID}","stdout":"a lot of te"#);
    let whole = format!(r#"{{"job_id":"{A}","payload":{payload}"#);
    let row = |payload: &str| serde_json::json!({"job_id": A, "payload_json": payload}).to_string();
    for text in [
        whole.clone(),
        format!("[{whole}"),
        row(&payload),
        row(&format!(r#"{{"k8s_job_id":"{ID}"#)),
        row(&format!("{{'k8s_job_id': '{ID}', 'x': None}}")),
        format!(r#"{{"job_id":"{A}","k8s_job_id":"{ID}"#),
    ] {
        let row = one(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let resolution = crate::resolve::resolve(&row);
        assert_eq!(resolution.id().map(ToString::to_string).as_deref(), Some(ID), "{text}");
        assert!(resolution.is_inferred() && resolution.warning().is_some() && !row.notes().is_empty(), "{text}");
    }
    // Half an id is none, and a whole one elsewhere is better than one in broken text.
    assert_eq!(id_of(&one(row(r#"{"k8s_job_id":"job-429825360482416da20736"#)).unwrap()), None);
    let beside = one(serde_json::json!({"job_id": A, "payload_json": payload, "elb_job_id": "job-beside"}).to_string());
    assert_eq!(id_of(&beside.unwrap()).as_deref(), Some("job-beside"));
}

#[test]
fn a_broken_line_is_told_where_it_is_and_keeps_its_neighbours() {
    let row = |id: &str| format!(r#"{{"job_id":"{id}"}}"#);
    for (broken, place) in [
        (r#"{"job_id":"x","payload":{"a":"b"#, "in:2:31"),
        (r#"{"job_id" "x"}"#, "in:2:11"),
        (r#"{"job_id":"x","#, "in:2:14"),
    ] {
        let text = format!("{}\n{broken}\n{}\n", row(A), row(B));
        assert!(fault(&text).starts_with(place), "{}", fault(&text));
        for id in [A, B] {
            let row = chosen(&text, id).unwrap();
            assert_eq!(row.id(), Some(id));
            assert!(row.notes()[0].starts_with(place), "{:?}", row.notes());
        }
        assert!(chosen(&text, "no-such-row").unwrap_err().to_string().contains(place));
    }
    let after = one(format!("{}\nDone in 3 s.\n", row(A))).unwrap();
    assert_eq!(after.id(), Some(A));
    assert!(after.notes()[0].starts_with("in:2:1: is not JSON"), "{:?}", after.notes());
}

#[test]
fn ids_are_compared_as_people_write_them() {
    let text = format!(r#"[{{"job_id":12345}},{{"job_id":"{A}"}},{{"job_id":"{B}"}}]"#);
    assert_eq!(chosen(&text, "12345").unwrap().id(), Some("12345"));
    let long = "123456789012345678901234567890";
    let numbers = format!("[{{\"job_id\":{long}}},{{\"job_id\":1{long}}},{{\"job_id\":-{long}}}]");
    for id in [long, &format!("1{long}"), &format!("-{long}")] {
        assert_eq!(chosen(&numbers, id).unwrap().id(), Some(id));
    }
    for job in
        [A.to_uppercase(), format!(" {A} "), A.replace('-', ""), "08B9EDCA-4d8a".to_owned(), "08b9edca4d".to_owned()]
    {
        assert_eq!(chosen(&text, &job).unwrap().id(), Some(A), "{job}");
    }
}

#[test]
fn what_is_no_row_is_named() {
    for (text, what, way) in [
        ("hello: x\nworld: y\n", "YAML", "give a row"),
        ("- a: x\n  b: y\n", "YAML", "give a row"),
        ("job_id: x\nstatus: [running\n", "YAML with a fault", "export the row as JSON"),
        ("job_id: x\n\tstatus: running\n", "YAML with a fault", "mend it"),
        ("job_id: x\nstatus: a\njob_id: y\n", "(line 3, column 1: the key job_id is there a second time;", "mend it"),
        (
            "job_id: x\npayload:\n  a: {b: 1, b: 2}\n",
            "(line 3, column 13: the key b is there a second time;",
            "mend it",
        ),
        ("- job_id: x\n- {job_id: y, job_id: z}\n", "(line 2, column 15: the key job_id is there a", "mend it"),
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"job_id\":1}", "an HTTP answer", "sed"),
        (" job_id | status\n--------+--------\n x      | y\n(1 row)\n", "psql", "row_to_json"),
        ("-[ RECORD 1 ]---\njob_id | x\n", "psql", "--db"),
        ("   job_id = x\n   status = y\n", ".mode line", "sqlite3 -json"),
        ("job_id|x\nstatus|y\n", ".mode line or psql's \\x", "--db"),
        ("id,name,created\n1,x,y\n2,z,w\n", "a sheet (CSV) with the columns id, name, created", "export job_id"),
        ("id;name\n1;job-429825360482416da20736cf3ed51a95\n", "the columns id, name", "elbtail logs job-4298"),
        ("+--------+\n| job_id |\n+--------+\n| x      |\n", "mysql", "--db"),
        ("{'job_id': None, 'status': 'running'}", "Python", "ast.literal_eval"),
        ("[{'job_id': None}]", "Python", "python3 -c"),
        ("<!DOCTYPE html><html>", "a web page", "API"),
        ("apiVersion: v1\nkind: Config\nclusters: []\n", "a kubeconfig", "--kubeconfig in"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    elb-job-id: job-429825360482416da20736cf3ed51a95\n",
            "Kubernetes",
            "elbtail logs job-4298",
        ),
        (r#"{"apiVersion":"v1","kind":"Pod","status":{"phase":"Running"}}"#, "Kubernetes object, Pod", "by its row"),
        (r#"{"detail":"Not Found"}"#, "says Not Found", "ask again"),
        (r#"{"hello":1}"#, "none of its keys is a row's (hello)", "give a row"),
        ("{}", "an empty object", "give a row"),
        ("SQLite format 3\0x", "a SQLite database", "--db sqlite:in"),
        ("\x7fELF\x02", "a program", "row"),
        ("```json\n{}\n```", "Markdown", "sed"),
        (">q1\nACGT\n", "FASTA", "row"),
        ("eyJqb2JfaWQiOiJ4In0=", "base64", "base64 -d"),
        ("see job-429825360482416da20736cf3ed51a95", "plain text", "elbtail logs job-429825360482416da20736cf3ed51a95"),
    ] {
        let message = fault(text);
        assert!(message.contains(what) && message.contains(way), "{text}: {message}");
    }
}

#[test]
fn each_fault_is_told_with_its_place() {
    for (text, message) in [
        ("", "in: is empty; a row was expected: check the command that wrote it"),
        ("\u{feff} \n", "in: is empty; a row was expected: check the command that wrote it"),
        ("[]", "in: holds a list without rows; check the query that wrote it"),
        (r#"{"value":[]}"#, "in: holds a list without rows; check the query that wrote it"),
        (
            "42",
            "in:1:2: is not a row: invalid type: integer `42`, expected a row (a JSON object); \
             give a row, an array of rows, or one row a line",
        ),
        (
            "{}\n{}\n  \"x\"",
            "in:3:5: is not a row: invalid type: string \"x\", expected a row (a JSON object); \
             give a row, an array of rows, or one row a line",
        ),
        (
            "[{},[]]",
            "in:1:6: is not a row: invalid type: sequence, expected a row (a JSON object); \
             give a row, an array of rows, or one row a line",
        ),
        (
            r#"{"value":[null]}"#,
            "in:1:16: is not a row: invalid type: an element of \"value\", expected a row (a JSON object); \
             give a row, an array of rows, or one row a line",
        ),
        ("{\"a\": 1,\n \"b\" 2}", "in:2:6: is not JSON: expected `:`; give a row, an array of rows, or one row a line"),
        (
            "{\"a\":1}\n{\"b\":1}\nError: no such table\n",
            "in:3:1: is not JSON: expected value; give a row, an array of rows, or one row a line",
        ),
        (
            "{\"job_id\":\"x\",\n\"payload\":{",
            "in:2:11: the JSON ends in the middle; it was cut off or is still being written: export it again",
        ),
    ] {
        assert_eq!(fault(text), message);
    }
    assert!(fault("[".repeat(100_000)).contains("is not a row"));
    assert!(fault(format!(r#"{{"a":{}"#, "[".repeat(100_000))).contains("recursion limit exceeded"));
    assert!(fault(format!("[\"{}\"]", "x\u{1b}".repeat(10_000))).len() < 400);
}

#[test]
fn of_several_rows_job_chooses() {
    let text = fs::read_to_string("testdata/rows/export.ndjson").unwrap();
    assert_eq!(
        fault(&text),
        format!("in: holds 3 rows to choose from; name one with --job ID: {A}, {B}, 2{}", &B[1..])
    );
    for job in [B, "18b9ed", "job-129825360482416da20736cf3ed51a95", "job-129", &format!(" {B}\n")] {
        assert_eq!(chosen(&text, job).unwrap().id(), Some(B), "{job}");
    }
    let not_there = |job| chosen(&text, job).unwrap_err().to_string();
    assert!(not_there("18b9e").contains("--job takes a whole id or its first 6 or more characters"));
    assert!(not_there("99b9edca").starts_with("in: holds no row 99b9edca; it holds 08b9edca"));
    assert!(not_there("job-329").contains("holds no row job-329"));
    assert!(matches!(chosen("[]", "18b9edca"), Err(RowError::NoRows { .. })));
}

/// With work per row that grows with the input this takes minutes.
#[test]
fn a_large_export_is_searched_to_its_last_row() {
    let rows: String = (0..100_000).map(|n| format!("{{\"job_id\":\"{n:08}\",\"db\":\"core_nt\"}}\n")).collect();
    assert_eq!(chosen(&rows, "00099999").unwrap().id(), Some("00099999"));
}

#[test]
fn a_prefix_must_be_unique_and_a_whole_id_beats_it() {
    let text = r#"[{"job_id":"abcdef"},{"job_id":"abcdef1"},{"PartitionKey":"abcdef2"}]"#;
    assert_eq!(chosen(text, "abcdef").unwrap().id(), Some("abcdef"));
    assert_eq!(chosen(text, "abcdef2").unwrap().id(), Some("abcdef2"));
    let text = r#"[{"job_id":"abcdef0"},{"job_id":"abcdef1"}]"#;
    assert!(matches!(chosen(text, "abcdef"), Err(RowError::Several { count: 2, .. })));
}

#[test]
fn a_single_row_must_be_the_one_job_names() {
    let text = format!(r#"{{"job_id":"{A}","payload":{{"k8s_job_id":"job-x1y2"}}}}"#);
    assert!(chosen(&text, A).is_ok());
    assert!(chosen(&text, "job-x1y2").is_ok());
    assert_eq!(
        chosen(&text, B).unwrap_err().to_string(),
        format!("in: holds no row {B}; it holds {A}; check the id, or leave --job out")
    );
}

#[test]
fn one_row_several_times_is_one_row_the_newest() {
    let text = r#"
        {"job_id":"a","updated_at":"2026-05-21T02:31:41Z","status":"newest"}
        {"job_id":"a","updated_at":"2026-05-21T02:31:40Z","status":"old"}"#;
    let row = one(text).unwrap();
    assert_eq!(row.status(), Some("newest"));
    assert_eq!(
        row.notes(),
        [
            "in holds the row a 2 times, which differ in status, updated_at; the newest, of 2026-05-21T02:31:41Z, is used"
        ]
    );
    let alike =
        one(r#"[{"job_id":"a","status":"1"},{"job_id":"a","status":"1"},{"status":"1","job_id":"a"}]"#).unwrap();
    assert_eq!(alike.notes(), ["in holds the row a 3 times, all alike"]);
    assert_eq!(chosen(text, "a").unwrap().status(), Some("newest"));
    let same_age = r#"[{"job_id":"a","status":"1"},{"job_id":"a","status":"2"}]"#;
    let last = one(same_age).unwrap();
    assert_eq!(last.status(), Some("2"));
    assert_eq!(last.notes(), ["in holds the row a 2 times, which differ in status; the last is used"]);
}

#[test]
fn many_ids_are_cut_and_shown_harmless() {
    let rows: String = (0..25).map(|n| format!("{{\"job_id\":\"\\u001b{n}\"}}\n")).collect();
    let message = fault(rows);
    assert!(message.ends_with("\\u{1b}19 and 5 more"), "{message}");
    assert!(!message.contains('\u{1b}'));
    let message = fault(r#"[{"status":"running"},{"payload":{"k8s_job_id":"job-x"}}]"#);
    assert!(message.ends_with("(row 1, without an id), job-x"), "{message}");
}

#[test]
fn reads_files_and_says_what_is_wrong_with_others() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &Path| read(&JobArg::Path(path.into()), None).unwrap_err().to_string();
    let row = dir.path().join("row.json");
    fs::write(&row, format!(r#"{{"job_id":"{A}"}}"#)).unwrap();
    assert_eq!(read(&JobArg::Path(row.clone()), None).unwrap().unwrap().id(), Some(A));

    assert_eq!(
        message(Path::new(B)),
        format!(
            "{B}: no such file, and not an ElasticBLAST id (job-<32 hex>); a row's id needs --db URL (or ELBTAIL_DB)"
        )
    );
    assert!(message(&row.join("x")).contains("no such file"));
    for empty in ["", " "] {
        assert!(message(Path::new(empty)).starts_with("JOB is empty"));
    }
    assert!(message(Path::new("{\"job_id\":")).contains("pass \"-\""));
    assert!(message(Path::new(&"x".repeat(5000))).contains("no such file"));
    assert!(message(Path::new("a\0b\u{1b}")).starts_with("a\\u{0}b\\u{1b}: no such file"));
    assert!(message(Path::new("job-XYZ.")).contains("check the spelling"));
}

#[test]
fn of_a_directory_the_one_row_in_its_files_is_taken_or_the_one_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let of = |job: Option<&str>| read(&JobArg::Path(dir.path().into()), job);
    let id = |job: Option<&str>| of(job).unwrap().unwrap().id().unwrap().to_owned();
    assert!(of(None).unwrap_err().to_string().contains("none of its files holds a row"));
    for (name, text) in [
        ("README.md", "# Rows\n\nof yesterday\n"),
        ("empty", ""),
        ("other.json", r#"{"hello": 1}"#),
        (".hidden.json", r#"{"job_id":"hidden"}"#),
        ("one.json", &format!(r#"{{"job_id":"{A}"}}"#)),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::create_dir(dir.path().join("deeper")).unwrap();
    fs::write(dir.path().join("deeper/row.json"), r#"{"job_id":"deeper"}"#).unwrap();
    assert_eq!(id(None), A);
    fs::write(dir.path().join("two.yaml"), format!("job_id: {B}\nstatus: running\n")).unwrap();
    let several = of(None).unwrap_err().to_string();
    assert!(several.contains("--job") && several.contains(A) && several.contains(B), "{several}");
    assert_eq!((id(Some(A)), id(Some(&B[..8]))), (A.to_owned(), B.to_owned()));
    assert!(of(Some("ffffffff")).unwrap_err().to_string().contains("ffffffff"));
    // Which row a broken file holds nobody knows; the others can be named all the same.
    fs::write(dir.path().join("broken.json"), "{\"job_id\": \"x").unwrap();
    assert_eq!(id(Some(B)), B);
}

#[test]
fn rows_in_yaml_are_those_in_json() {
    let row = serde_json::json!({
        "job_id": A, "status": "running", "created_at": "2026-05-21T02:11:09Z",
        "payload": {"_progress": {"steps": {"running": {"k8s": {"job_id": ID}, "last_output": "a: b\n# c\n"}}}},
    });
    let other = serde_json::json!({"job_id": B, "payload_json": format!("{{\"k8s_job_id\": \"{ID}\"}}")});
    let yaml = |value: &serde_json::Value| serde_saphyr::to_string(value).unwrap();
    let [one, two] = [&row, &other].map(yaml);
    for text in [
        one.clone(),
        two.clone(),
        format!("# saved at noon\n---\n{one}"),
        format!("\u{feff}{one}"),
        one.replace('\n', "\r\n"),
        format!("job_id: {A}\npayload: {{\"k8s_job_id\": \"{ID}\"}}\n"),
        format!("job_id: {A}\npayload: &p\n  k8s_job_id: {ID}\ncopy: *p\n"),
        format!("- {{job_id: {A}, payload: {{k8s_job_id: {ID}}}}}\n"),
        format!("{{job_id: {A}, payload: {{k8s_job_id: {ID}}}}}\n"),
        format!("# saved\n--- \n[{{job_id: {A}, payload: {{\n    k8s_job_id: {ID}}}}}]\n"),
        format!("- &row\n  job_id: {A}\n  payload: {{k8s_job_id: {ID}}}\n- *row\n"),
        format!("job_id: {A}\npayload_json: >-\n  {{\"k8s_job_id\":\n  \"{ID}\"}}\n"),
        yaml(&serde_json::json!({"items": [row], "nextMarker": null})),
        format!("job_id: {A}\ntitle: !!binary /wD/\npayload: {{k8s_job_id: {ID}}}\n"),
    ] {
        let found = row_from_bytes("in", text.as_bytes(), None).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(id_of(&found).as_deref(), Some(ID), "{text}");
    }
    for text in [
        format!("{one}---\n{two}"),
        yaml(&serde_json::json!([row, other])),
        yaml(&serde_json::json!({"jobs": [row, other]})),
    ] {
        assert_eq!(chosen(&text, B).unwrap().id(), Some(B), "{text}");
        assert_eq!(chosen(&text, A).unwrap().created_at(), "2026-05-21T02:11:09Z".parse().ok());
    }
    // Beyond what is read to see whether the rest is worth it.
    let long = format!("{one}title: {}\n", "x".repeat(200_000));
    assert_eq!(read_from("in", long.as_bytes(), None).unwrap().id(), Some(A));
    // A byte that is no UTF-8 costs its character.
    let text = [b"job_id: x\ntitle: \"a\xff\"\n", format!("payload: {{k8s_job_id: {ID}}}\n").as_bytes()].concat();
    assert_eq!(id_of(&row_from_bytes("in", &text, None).unwrap()).as_deref(), Some(ID));
}

#[test]
fn aliases_that_unfold_without_end_are_told_and_end() {
    let doubled = |levels: usize, item: &dyn Fn(&str) -> String| -> String {
        let name = |at: usize| format!("n{at}");
        let level = |at: usize| format!("k{at}: &{} {}\n", name(at + 1), item(&name(at)));
        format!("job_id: {A}\nk: &n0 [x, x, x, x]\n") + &(0..levels).map(level).collect::<String>()
    };
    let list = |name: &str| format!("[{}]", vec![format!("*{name}"); 9].join(", "));
    let object = |name: &str| format!("{{a: *{name}, b: *{name}, c: *{name}}}");
    let block = |name: &str| vec![format!("\n  - *{name}"); 9].concat();
    let long =
        format!("long: &long {}\n{}", "x".repeat(100_000), "- *long\n".repeat(500)).replacen("\n-", "\nall:\n-", 1);
    let documents = vec![doubled(30, &list); 4].join("---\n");
    let flow = format!(
        "{{job_id: {A}, k: &n0 [x], {}}}",
        (0..30).map(|at| format!("k{at}: &n{} {}", at + 1, list(&format!("n{at}")))).collect::<Vec<_>>().join(", ")
    );
    for bomb in [
        flow,
        doubled(30, &list),
        doubled(30, &object),
        doubled(30, &block),
        long,
        documents,
        format!("--- &all\n{}", doubled(60, &list)),
    ] {
        let told = fault(&bomb);
        let shown = &bomb[..50];
        assert!(told.contains("its aliases (*NAME) unfold to more than is read"), "{shown}: {told}");
        assert!(told.contains("line ") && told.contains("export the row as JSON"), "{shown}: {told}");
    }
}

#[test]
fn long_exports_in_yaml_are_read_whatever_their_rows_share() {
    let row = |number: usize| format!("{{job_id: row-{number:06}, status: running, cluster: *shared}}\n");
    let shared = format!("- {{job_id: {A}, cluster: &shared {{name: elb, k8s: [a, b, c]}}}}\n");
    let many = shared + &(0..2_000).map(|number| format!("- {}", row(number))).collect::<String>();
    assert_eq!(chosen(&many, "row-001999").unwrap().id(), Some("row-001999"));
    let documents: String = (0..2_000).map(|number| format!("---\njob_id: row-{number:06}\nstatus: x\n")).collect();
    assert_eq!(chosen(&documents, "row-001999").unwrap().id(), Some("row-001999"));
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("row.json");
    fs::write(&file, r#"{"job_id":"x"}"#).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // root may read everything.
    if let Err(error) = read(&JobArg::Path(file), None) {
        assert!(matches!(error, RowError::Denied { .. }));
    }
}

#[test]
fn an_id_needs_no_row_and_takes_no_choice() {
    let id = JobArg::Id("job-x".parse().unwrap());
    assert!(matches!(read(&id, None), Ok(None)));
    assert!(matches!(read(&id, Some("a")), Err(RowError::NothingToChoose { .. })));
}

#[test]
fn garbage_is_given_up_at_its_first_bytes() {
    for garbage in [&b"\0"[..], b"\x7fELF", b"y\n", b"\xff\xfea\0"] {
        let mut input = Endless(garbage, 0);
        assert!(read_from("in", &mut input, None).is_err());
        assert!(input.1 <= 1 << 20, "{} bytes read", input.1);
    }
}

#[test]
fn an_error_while_reading_is_handed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let error = read_from("in", Cursor::new("{").chain(Broken), None).unwrap_err();
    assert!(matches!(&error, RowError::Io { .. }));
    assert!(error.to_string().starts_with("in: cannot be read: the disk is gone;"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, job in proptest::option::of("[a-z0-9-]{0,10}")) {
        let _ = row_from_bytes("in", &bytes, job.as_deref());
    }

    /// Nearly JSON gets further into the parser than noise does.
    #[test]
    fn any_mangled_row_is_read_or_refused(at in 0usize..1300, byte: u8, cut in 0usize..1400) {
        let mut bytes = fs::read("testdata/rows/incident.json").unwrap();
        bytes[at] = byte;
        bytes.truncate(cut);
        if let Ok(row) = row_from_bytes("in", &bytes, None) {
            let _ = (row.namespace(), row.updated_at(), row.phase(), crate::resolve::resolve(&row));
        }
    }
}

/// A value that no number is, or nothing where a row should be, takes no row away.
#[test]
fn what_is_odd_in_one_row_costs_no_other() {
    let row = format!(r#"{{"job_id":"{A}","k8s_job_id":"{ID}"}}"#);
    for text in [
        format!(r#"[{row},{{"job_id":"other","created_at":1e400}}]"#),
        format!(r#"{{"jobs":[{{"job_id":"other","n":-1e999,"s":"\ud800"}},{row}]}}"#),
        format!("{{\"job_id\":\"other\",\"n\":1E400}}\n{row}\n"),
        format!("[null,{row},null]"),
        format!(r#"{{"value":[null,1,true,"x",[],{{}},{row}]}}"#),
    ] {
        let found = row_from_bytes("in", text.as_bytes(), Some(A)).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(id_of(&found).as_deref(), Some(ID), "{text}");
        assert!(found.notes().is_empty(), "{text}: {:?}", found.notes());
    }
    for none in ["null", "[null]", r#"{"value":[null]}"#] {
        assert!(row_from_bytes("in", none.as_bytes(), None).is_err(), "{none}");
    }
}
