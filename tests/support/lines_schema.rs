//! `docs/lines.schema.json`, which objects are held against.

use std::sync::LazyLock;

use serde_json::Value;

/// The schema, compiled.
static SCHEMA: LazyLock<(boon::Schemas, boon::SchemaIndex)> = LazyLock::new(|| {
    const PLACE: &str = "https://elbtail.invalid/lines.schema.json";
    let schema: Value = serde_json::from_str(include_str!("../../docs/lines.schema.json")).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource(PLACE, schema).unwrap();
    let root = compiler.compile(PLACE, &mut schemas).unwrap();
    (schemas, root)
});

/// What of an object the schema does not allow.
pub fn check(object: &Value) -> Result<(), String> {
    SCHEMA.0.validate(object, SCHEMA.1).map_err(|error| format!("{error:#}\n{object:#}"))
}
