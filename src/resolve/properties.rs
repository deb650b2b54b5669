//! What holds for any row.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::source::row_from_bytes;

const ID: &str = "job-429825360482416da20736cf3ed51a95";
const OTHER: &str = "job-00000000000000000000000000000bad";
const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";

/// The mirrors in order of trust, spelt out a second time.
const PATHS: [&str; 12] = [
    "payload.elastic_blast_job_id",
    "payload.k8s_job_id",
    "payload._progress.steps.running.k8s.job_id",
    "payload._progress.steps.exporting_results.k8s.job_id",
    "payload._progress.steps.warming_up.k8s.job_id",
    "payload._progress.steps.staging_db.k8s.job_id",
    "payload.external.elb_job_id",
    "payload.external.k8s.job_id",
    "elastic_blast_job_id",
    "k8s_job_id",
    "elb_job_id",
    "k8s.job_id",
];

/// Keys that mean something, so that arbitrary objects look like rows.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(PATHS.join(".").split('.').map(str::to_owned).collect::<Vec<_>>()),
        proptest::sample::select(vec![
            "last_output",
            "stdout",
            "payload_json",
            "job_id",
            "value",
            "namespace",
            "status"
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Halves: serde_json's own reading of longer fractions is off by a bit now and then.
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 2.0)),
        ".{0,12}".prop_map(Value::from),
        Just(json!(ID)),
        Just(json!(format!("/results/2026/05/21/{ROW}/{OTHER}/ job-"))),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// What may stand in a mirror that holds no id.
fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!(" \n")),
        Just(json!(ROW)),
        Just(json!(42)),
        Just(json!(true)),
        Just(json!([ID])),
        Just(json!({"id": ID})),
        Just(json!(format!("see {ID}"))),
        Just(json!("job-")),
        Just(json!("JOB-429825360482416da20736cf3ed51a95")),
        "[^j]{0,20}".prop_map(Value::from),
    ]
}

/// Puts `value` at a dotted path, making the objects on the way.
fn put(row: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            row.insert(path.to_owned(), value);
        }
        Some((head, tail)) => {
            let next = row.entry(head).or_insert_with(|| json!({}));
            put(next.as_object_mut().unwrap(), tail, value);
        }
    }
}

fn row_with(values: impl IntoIterator<Item = (usize, Value)>) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("job_id".to_owned(), json!(ROW));
    for (at, value) in values {
        put(&mut row, PATHS[at], value);
    }
    row
}

proptest! {
    #[test]
    fn any_json_is_resolved_and_shown(document in any_json()) {
        let Value::Object(object) = document else { return Ok(()) };
        let row = Row::new(object);
        let resolution = resolve(&row);
        prop_assert_eq!(resolution.id().is_some(), resolution.source().is_some());
        prop_assert_eq!(resolution.require(&row).is_ok(), resolution.id().is_some());
        let _ = (resolution.warning(), row.namespace(), row.phase(), row.updated_at(), row.is_terminal());

        let show = |format| output::render(format, Some(&row), &resolution).unwrap();
        let json: Value = serde_json::from_str(&show(ResolveFormat::Json)).unwrap();
        prop_assert_eq!(json["id"].as_str(), resolution.id().map(JobId::as_str));
        let table = show(ResolveFormat::Table);
        let lines = 1 + resolution.mirrors.len() + resolution.inferred.len() + resolution.skipped.len();
        prop_assert_eq!(table.lines().count(), lines);
        prop_assert!(!table.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn yaml_says_what_json_says(document in any_json()) {
        let Value::Object(object) = document else { return Ok(()) };
        let row = Row::new(object);
        let resolution = resolve(&row);
        let show = |format| output::render(format, Some(&row), &resolution).unwrap();
        let json: Value = serde_json::from_str(&show(ResolveFormat::Json)).unwrap();
        let text = show(ResolveFormat::Yaml);
        let yaml: Value = serde_saphyr::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(yaml, json);
    }

    #[test]
    fn an_id_in_one_mirror_is_found_among_junk(
        at in 0..PATHS.len(),
        junk in proptest::collection::vec(proptest::option::of(junk()), PATHS.len()),
    ) {
        let values = junk.into_iter().enumerate().filter_map(|(n, junk)| {
            if n == at { Some((n, json!(format!(" {ID}\n")))) } else { junk.map(|junk| (n, junk)) }
        });
        let resolution = resolve(&Row::new(row_with(values)));
        prop_assert_eq!(resolution.id().map(JobId::as_str), Some(ID));
        prop_assert_eq!(resolution.source(), Some(PATHS[at]));
        prop_assert!(!resolution.is_inferred());
    }

    #[test]
    fn a_way_that_is_blocked_blocks_only_itself(block in junk(), at in prop_oneof![Just(0usize), Just(1), 8usize..11]) {
        let mut row = row_with([(at, json!(ID))]);
        put(&mut row, "payload._progress", block.clone());
        put(&mut row, "payload.external", block);
        let resolution = resolve(&Row::new(row));
        prop_assert_eq!(resolution.source(), Some(PATHS[at]));
    }

    #[test]
    fn of_two_mirrors_the_more_trusted_wins((a, b) in (1..PATHS.len()).prop_flat_map(|b| (0..b, Just(b)))) {
        let resolution = resolve(&Row::new(row_with([(b, json!(OTHER)), (a, json!(ID))])));
        prop_assert_eq!(resolution.source(), Some(PATHS[a]));
        prop_assert_eq!(resolution.id().map(JobId::as_str), Some(ID));
        let warning = resolution.warning().unwrap();
        prop_assert!(warning.contains(PATHS[a]) && warning.contains(PATHS[b]) && warning.contains(OTHER));
        prop_assert!(!warning.contains('\n'));
    }

    #[test]
    fn output_counts_only_when_every_mirror_is_empty(
        mirror in proptest::option::of(0..PATHS.len()),
        junk in proptest::collection::vec(junk(), PATHS.len()),
    ) {
        let values = junk.into_iter().enumerate().map(|(n, junk)| (n, if Some(n) == mirror { json!(ID) } else { junk }));
        let mut row = row_with(values);
        put(&mut row, "payload._progress.steps.submitting.last_output", json!(format!("/results/{ROW}/{OTHER}/")));
        let resolution = resolve(&Row::new(row));
        prop_assert_eq!(resolution.is_inferred(), mirror.is_none());
        prop_assert_eq!(resolution.inferred.is_empty(), mirror.is_some());
        prop_assert_eq!(resolution.id().map(JobId::as_str), Some(if mirror.is_some() { ID } else { OTHER }));
    }

    #[test]
    fn every_wrapping_resolves_alike(
        at in proptest::option::of(0usize..8),
        other in 0usize..8,
        junk in junk(),
        output in proptest::bool::ANY,
    ) {
        let mut row = row_with([(other, junk)].into_iter().chain(at.map(|at| (at, json!(ID)))));
        if output {
            put(&mut row, "payload.submit.stdout", json!(format!("/results/{ROW}/{OTHER}/")));
        }
        let plain = Value::Object(row.clone());
        let payload = row.remove("payload").unwrap();
        let mut text = row.clone();
        text.insert("payload".to_owned(), json!(payload.to_string()));
        let mut entity = row;
        entity.insert("PartitionKey".to_owned(), json!(ROW));
        entity.insert("payload_json".to_owned(), json!(payload.to_string()));
        let (text, entity) = (Value::Object(text), Value::Object(entity));

        let expected = resolve(&row_from_bytes("in", plain.to_string().as_bytes(), None).unwrap());
        for wrapped in [
            format!("\u{feff}{plain}"),
            format!("{plain:#}"),
            format!("[{plain}]"),
            format!("{{\"job_id\":\"another\"}}\r\n{plain}\r\n"),
            json!({"value": [plain]}).to_string(),
            text.to_string(),
            entity.to_string(),
            format!("[{entity}]"),
        ] {
            let row = row_from_bytes("in", wrapped.as_bytes(), Some(ROW)).unwrap();
            prop_assert_eq!(&resolve(&row), &expected, "{}", wrapped);
        }
    }
}
