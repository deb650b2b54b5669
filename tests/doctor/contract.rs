//! The contract: the JSON Schema, the list of codes and their page.

use std::{collections::BTreeSet, sync::LazyLock};

use elbtail::doctor::Code;
use serde_json::Value;

/// The schema, compiled.
struct Contract {
    schemas: boon::Schemas,
    root: boon::SchemaIndex,
}

impl Contract {
    /// What of `report` the schema does not allow.
    fn check(&self, report: &Value) -> Result<(), String> {
        self.schemas.validate(report, self.root).map_err(|error| format!("{error:#}"))
    }
}

static SCHEMA: LazyLock<Contract> = LazyLock::new(|| {
    const PLACE: &str = "https://elbtail.invalid/doctor.schema.json";
    let schema: Value = serde_json::from_str(include_str!("../../docs/doctor.schema.json")).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource(PLACE, schema).unwrap();
    let root = compiler.compile(PLACE, &mut schemas).unwrap();
    Contract { schemas, root }
});

/// Every report of every scenario goes through here.
pub fn validate(report: &Value) {
    if let Err(errors) = SCHEMA.check(report) {
        panic!("{errors}\n{report:#}");
    }
    crate::whole::record(report);
}

#[test]
fn the_schema_refuses_what_is_none() {
    assert!(SCHEMA.check(&serde_json::json!({"healthy": true})).is_err());
    let unknown = serde_json::json!({"code": "ELB-X-Y"});
    assert!(SCHEMA.check(&serde_json::json!({"findings": [unknown]})).is_err());
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let page = include_str!("../../docs/findings.md");
    let pages: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, pages);
    for section in page.split("\n### ").skip(1) {
        for part in ["- Symptom: ", "- Evidence: ", "- Cause: ", "- Remedy: ", "- Exit code: "] {
            assert!(section.contains(part), "{part} is missing in {section}");
        }
        let code = Code::ALL.iter().find(|code| section.starts_with(code.as_str())).unwrap();
        let exit = format!("- Exit code: {}", code.exit() as u8);
        assert!(section.contains(&exit), "{exit} expected in {section}");
    }
}

#[test]
fn the_schema_knows_every_code() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/doctor.schema.json")).unwrap();
    let listed = schema["$defs"]["code"]["enum"].as_array().unwrap().iter().map(|code| code.as_str().unwrap());
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed.collect::<Vec<_>>(), codes);
}
