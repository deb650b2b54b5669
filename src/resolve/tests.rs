//! The sample rows, each with its answer, and the views as they are printed.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::{
    exit::Exit,
    source::{JobArg, read, row_from_bytes},
};

const ID: &str = "job-429825360482416da20736cf3ed51a95";
const BAD: &str = "job-00000000000000000000000000000bad";
const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

fn sample(name: &str) -> Row {
    read(&JobArg::Path(format!("testdata/rows/{name}").into()), None).unwrap().unwrap()
}

fn row(document: Value) -> Row {
    Row::new(document.as_object().unwrap().clone())
}

fn answer(row: &Row) -> (Option<String>, Option<String>, bool) {
    let resolution = resolve(row);
    (resolution.id().map(ToString::to_string), resolution.source().map(str::to_owned), resolution.is_inferred())
}

fn text(format: ResolveFormat, row: &Row) -> String {
    output::render(format, Some(row), &resolve(row)).unwrap()
}

#[test]
fn each_sample_row_has_its_answer() {
    let running = "payload._progress.steps.running.k8s.job_id";
    for (name, id, source, inferred) in [
        ("conflict.json", Some(BAD), Some("payload.k8s_job_id"), false),
        ("external-elb-job-id.json", Some(ID), Some("payload.external.elb_job_id"), false),
        ("external-k8s.json", Some(ID), Some("payload.external.k8s.job_id"), false),
        ("incident.json", Some(ID), Some(running), false),
        ("inferred.json", Some(ID), Some("payload._progress.steps.submitting.last_output"), true),
        ("none.json", None, None, false),
        ("table-entity.json", Some(ID), Some(running), false),
        ("top-level.json", Some(ID), Some("payload.elastic_blast_job_id"), false),
        ("uuid-in-k8s.json", Some(ID), Some("payload._progress.steps.exporting_results.k8s.job_id"), false),
        ("v1-job.json", Some(ID), Some("elb_job_id"), false),
        ("wrong-types.json", None, None, false),
    ] {
        let expected = (id.map(str::to_owned), source.map(str::to_owned), inferred);
        assert_eq!(answer(&sample(name)), expected, "{name}");
    }
}

#[test]
fn the_incident_row_needs_more_than_its_top_level_field() {
    let row = sample("incident.json");
    let top_level = row.payload().and_then(|payload| payload.get("elastic_blast_job_id"));
    assert_eq!(top_level.and_then(Value::as_str), None, "a reader of this field alone finds no id");
    assert_eq!(resolve(&row).id().map(JobId::as_str), Some(ID));
}

#[test]
fn the_order_is_the_order_of_trust() {
    let paths = |row: &Row| resolve(row).mirrors.into_iter().map(|mirror| mirror.path).collect::<Vec<_>>();
    let step = |step: &str| format!("_progress.steps.{step}.k8s.job_id");
    let mut payload = vec!["elastic_blast_job_id".to_owned(), "k8s_job_id".to_owned()];
    payload.extend(["running", "exporting_results", "warming_up", "staging_db"].map(step));
    payload.extend(["external.elb_job_id", "external.k8s.job_id"].map(str::to_owned));
    let own = ["elastic_blast_job_id", "k8s_job_id", "elb_job_id", "k8s.job_id"].map(str::to_owned);

    let whole: Vec<String> = payload.iter().map(|path| format!("payload.{path}")).chain(own.clone()).collect();
    assert_eq!(paths(&row(json!({"job_id": "r"}))), whole);
    let bare: Vec<String> = payload.into_iter().chain(own[2..].to_vec()).collect();
    assert_eq!(paths(&row(json!({"_progress": {}}))), bare);
}

#[test]
fn each_verdict_is_given_where_it_belongs() {
    let row = row(json!({
        "job_id": ROW,
        "elastic_blast_job_id": " ",
        "payload": {
            "elastic_blast_job_id": null,
            "k8s_job_id": format!(" {ID}\n"),
            "_progress": {"steps": {
                "running": {"k8s": {"job_id": ROW}},
                "exporting_results": {"k8s": {"job_id": 4}},
                "warming_up": {"k8s": "job-x"},
                "staging_db": {"k8s": {"job_id": ID}},
            }},
            "external": {"elb_job_id": BAD},
        },
    }));
    let resolution = resolve(&row);
    let verdicts: Vec<&str> = resolution.mirrors.iter().map(|mirror| mirror.verdict.as_str()).collect();
    let expected = [
        "empty",
        "chosen",
        "not-an-id",
        "wrong-type",
        "wrong-type",
        "agrees",
        "conflicts",
        "absent",
        "empty",
        "absent",
        "absent",
        "absent",
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(resolution.mirrors[4].blocked_at.as_deref(), Some("payload._progress.steps.warming_up.k8s"));
    assert_eq!(
        resolution.warning().unwrap(),
        format!(
            "the row's copies of the id disagree: using {ID} from payload.k8s_job_id, \
             but payload.external.elb_job_id says {BAD}"
        )
    );
    for verdict in [MirrorVerdict::NotAnId, MirrorVerdict::WrongType, MirrorVerdict::Chosen] {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
    }
}

#[test]
fn captured_output_is_read_wherever_it_stands() {
    let text = format!("submitted {ID} ok");
    for (document, path) in [
        (
            json!({"payload": {"_progress": {"steps": {"odd": {"last_output": text}}}}}),
            "payload._progress.steps.odd.last_output",
        ),
        (json!({"payload": {"submit": {"lines": ["", text]}}}), "payload.submit.lines[1]"),
        (json!({"payload": {"external": {"stdout": text}}}), "payload.external.stdout"),
        (json!({"payload": {"a": [{"STDERR_tail": text}]}}), "payload.a[0].STDERR_tail"),
        (json!({"payload_json": json!({"submit_output": text}).to_string()}), "payload.submit_output"),
        (json!({"_progress": {}, "stdout": text}), "stdout"),
        (json!({"job_id": "r", "stdout": text}), "stdout"),
    ] {
        assert_eq!(answer(&row(document.clone())), (Some(ID.into()), Some(path.into()), true), "{document}");
    }
    for elsewhere in
        [json!({"payload": {"title": text}}), json!({"job_title": text}), json!({"payload": {"stdout": 4}})]
    {
        assert_eq!(answer(&row(elsewhere.clone())).0, None, "{elsewhere}");
    }
}

#[test]
fn two_inferred_ids_are_no_answer() {
    let row = row(json!({"job_id": ROW, "payload": {
        "stdout": format!("/results/2026/05/21/{ROW}/{ID}/ {ID} {ID}"),
        "stderr": format!("see {BAD}"),
    }}));
    let resolution = resolve(&row);
    assert_eq!(resolution.outcome, Outcome::Ambiguous { ids: vec![ID.parse().unwrap(), BAD.parse().unwrap()] });
    assert_eq!(resolution.inferred.len(), 2);
    assert_eq!(resolution.inferred[0].evidence, TextEvidence::ResultsPath);
    let error = resolution.require(&row).unwrap_err();
    assert_eq!(error.exit(), Exit::NoId);
    insta::assert_snapshot!("ambiguous_error", error.to_string());
    insta::assert_snapshot!("ambiguous_table", text(ResolveFormat::Table, &row));
    assert_eq!(text(ResolveFormat::Name, &row), "");
}

#[test]
fn a_message_lists_twenty_places_and_counts_the_rest() {
    for (ids, more) in [(2, None), (20, None), (21, Some("  and 1 more")), (45, Some("  and 25 more"))] {
        let text: Vec<String> = (0..ids).map(|number| format!("job-{number:032x}")).collect();
        let row = row(json!({"job_id": ROW, "stdout": text.join(" ")}));
        let error = resolve(&row).require(&row).unwrap_err().to_string();
        assert_eq!(error.lines().filter(|line| line.starts_with("  stdout: job-")).count(), ids.min(20), "{error}");
        assert_eq!(error.lines().find(|line| line.contains("more")), more, "{error}");
    }
}

#[test]
fn a_table_is_aligned_where_a_path_has_wide_characters() {
    use unicode_width::UnicodeWidthStr;
    for step in ["測試", "gro\u{308}ße", "🧬", "👩‍🔬", "ﾃｽﾄ", "plain"] {
        let output = format!("Results: az://x/results/{ROW}/{ID}/batch");
        let row = row(json!({"job_id": ROW, "payload": {"_progress": {"steps": {step: {"last_output": output}}}}}));
        let text = text(ResolveFormat::Table, &row);
        let shown = |word: &str| {
            let line = text.lines().find(|line| line.contains(word)).unwrap();
            line[..line.find(word).unwrap()].width()
        };
        assert!(text.contains(step), "{text}");
        assert_eq!((shown("inferred"), shown(ID)), (shown("VERDICT"), shown("VALUE")), "{text}");
    }
}

#[test]
fn another_rows_results_are_no_evidence() {
    let with =
        |output: String| row(json!({"job_id": ROW, "payload": {"stdout": output, "external": {"job_id": "607f"}}}));
    let other = with(format!("{BAD} uses /results/other/{BAD}/"));
    let resolution = resolve(&other);
    assert_eq!(resolution.outcome, Outcome::None);
    assert_eq!(resolution.skipped.len(), 1);
    insta::assert_snapshot!("other_rows_results_error", resolution.require(&other).unwrap_err().to_string());
    insta::assert_snapshot!("other_rows_results_table", text(ResolveFormat::Table, &other));

    let both = with(format!("/results/other/{BAD}/ and {ID}"));
    assert_eq!(answer(&both).0.as_deref(), Some(ID));
    let shared = with(format!("/results/other/{ID}/ and /results/{ROW}/{ID}/"));
    assert_eq!(answer(&shared).0.as_deref(), Some(ID));
    let sibling = with(format!("/results/607F/{ID}/"));
    assert_eq!(answer(&sibling).0.as_deref(), Some(ID));
}

#[test]
fn a_results_path_says_more_than_the_same_id_as_a_word_before_it() {
    let row = row(json!({"job_id": ROW, "payload": {
        "stdout": format!("submitted {ID}: not /results/other/{ID}/ but /results/{ROW}/{ID}/"),
    }}));
    let resolution = resolve(&row);
    assert_eq!(resolution.id().map(JobId::as_str), Some(ID), "{resolution:?}");
    assert_eq!((resolution.inferred.len(), resolution.inferred[0].evidence), (1, TextEvidence::ResultsPath));
}

#[test]
fn what_stands_in_text_that_is_cut_off_is_doubtful_and_comes_after_all_else() {
    let payload = format!(r#"{{"k8s_job_id":"{ID}","status":"runn"#);
    let columns = |more: &str| format!(r#"{{"job_id":"{ROW}",{more}"payload_json":{}}}"#, json!(payload));
    let read = |text: String| answer(&row_from_bytes("in", text.as_bytes(), None).unwrap());
    let other = format!(r#""elb_job_id":"{BAD}","#);
    for (text, id, source, inferred) in [
        (columns(""), ID, "payload.k8s_job_id", true),
        (columns(&other), BAD, "elb_job_id", false),
        (format!(r#"{{"job_id":"{ROW}","elb_job_id":"{ID}","title":"cut o"#), ID, "elb_job_id", true),
        (format!(r#"{{"job_id":"{ROW}","elb_job_id":"{ID}"}}"#), ID, "elb_job_id", false),
    ] {
        assert_eq!(read(text.clone()), (Some(id.to_owned()), Some(source.to_owned()), inferred), "{text}");
    }
}

#[test]
fn errors_say_where_was_looked_and_what_to_do() {
    for name in ["none", "wrong-types"] {
        let row = sample(&format!("{name}.json"));
        let error = resolve(&row).require(&row).unwrap_err();
        assert_eq!(error.exit(), Exit::NoId);
        insta::assert_snapshot!(format!("{name}_error"), error.to_string());
    }
    let next = |document| {
        let row = row(document);
        resolve(&row).require(&row).unwrap_err().to_string().lines().last().unwrap().to_owned()
    };
    assert!(next(json!({"type": "warmup"})).contains("warm-up row"));
    assert!(next(json!({"status": "FAILED"})).contains("has ended"));
    let uuid = row(json!({"payload": {"k8s_job_id": ROW}}));
    assert!(
        resolve(&uuid).require(&uuid).unwrap_err().to_string().contains(&format!(
            "  payload.k8s_job_id: {ROW} (not an ElasticBLAST id: it does not start with \"job-\")\n"
        ))
    );
    let broken = row(json!({"job_id": "r", "payload_json": "{"}));
    assert!(resolve(&broken).require(&broken).unwrap_err().to_string().contains("payload_json is not valid JSON"));
}

#[test]
fn views_of_rows() {
    for name in ["incident", "conflict", "inferred", "none", "wrong-types", "v1-job"] {
        let row = sample(&format!("{name}.json"));
        insta::assert_snapshot!(format!("{name}_table"), text(ResolveFormat::Table, &row));
        if ["incident", "none", "inferred"].contains(&name) {
            insta::assert_snapshot!(format!("{name}_json"), text(ResolveFormat::Json, &row));
            insta::assert_snapshot!(format!("{name}_yaml"), text(ResolveFormat::Yaml, &row));
        }
    }
    assert_eq!(text(ResolveFormat::Name, &sample("incident.json")), format!("{ID}\n"));
}

#[test]
fn views_of_a_given_id() {
    let given = Resolution::given(ID.parse().unwrap());
    let text = |format| output::render(format, None, &given).unwrap();
    assert_eq!(text(ResolveFormat::Name), format!("{ID}\n"));
    insta::assert_snapshot!("given_table", text(ResolveFormat::Table));
    insta::assert_snapshot!("given_json", text(ResolveFormat::Json));
}

#[test]
fn an_export_resolves_row_by_row() {
    let bytes = fs::read("testdata/rows/export.ndjson").unwrap();
    for digit in ["0", "1", "2"] {
        let row = row_from_bytes("in", &bytes, Some(&format!("{digit}8b9edca"))).unwrap();
        assert_eq!(answer(&row).0, Some(format!("job-{digit}29825360482416da20736cf3ed51a95")));
    }
}
