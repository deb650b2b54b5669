//! The rows of `testdata/rows`, each with an id of its own.

use std::{collections::BTreeSet, fs};

use elbtail::{
    resolve::{self, Outcome},
    row::{Row, rows_from_bytes},
    source::RowSource,
};
use serde_json::{Map, Value};

/// The id that most of the files have.
const SHARED: &str = "18b9edca";

/// A row and what it is to come out as.
pub struct Sample {
    pub name: String,
    pub id: String,
    pub document: Map<String, Value>,
}

impl Sample {
    /// The row as it stands in the file.
    pub fn row(&self) -> Row {
        Row::new(self.document.clone())
    }

    /// The payload as JSON text, if there is one.
    pub fn payload(&self) -> Option<String> {
        let payload = self.document.get("payload").or_else(|| self.document.get("payload_json"))?;
        Some(payload.as_str().map_or_else(|| payload.to_string(), str::to_owned))
    }

    /// A column as text.
    pub fn column(&self, name: &str) -> Option<String> {
        match self.document.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Every row of every file. The ids of the files that share one differ in their first two digits, everywhere in the row.
pub fn samples() -> Vec<Sample> {
    let mut files: Vec<_> = fs::read_dir("testdata/rows").unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut samples = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let own = if name == "export" { SHARED.to_owned() } else { format!("{:02x}{}", 0x40 + at, &SHARED[2..]) };
        let text = fs::read_to_string(file).unwrap().replace(SHARED, &own);
        rows_from_bytes(&name, text.as_bytes(), |row| {
            let id = row.id().unwrap().to_owned();
            samples.push(Sample { name: name.clone(), id, document: row.document().as_object().unwrap().clone() });
        })
        .unwrap();
    }
    let ids: BTreeSet<&str> = samples.iter().map(|sample| sample.id.as_str()).collect();
    assert_eq!(ids.len(), samples.len());
    assert!(samples.len() > 12);
    samples
}

/// The names of the columns that any of the samples has, without the payload and the table's own.
pub fn columns(samples: &[Sample]) -> Vec<String> {
    let own = ["payload", "payload_json", "job_id", "PartitionKey", "RowKey", "Timestamp", "odata.etag"];
    let names: BTreeSet<&str> = samples.iter().flat_map(|sample| sample.document.keys()).map(String::as_str).collect();
    names.into_iter().filter(|name| !own.contains(name)).map(str::to_owned).collect()
}

/// Each sample comes out of `source` with the id, the status and the resolution that it has in its file.
pub async fn assert_all_there(source: &dyn RowSource, samples: &[Sample]) {
    for sample in samples {
        let row = source.fetch(&sample.id).await.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_same(&row, sample);
        // The first eight digits are a sample's own, and the longer id of another source is whole here.
        let row = source.fetch(&sample.id[..8]).await.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_same(&row, sample);
    }
}

/// `row` says what `sample` says.
pub fn assert_same(row: &Row, sample: &Sample) {
    let file = sample.row();
    assert_eq!(row.id(), Some(sample.id.as_str()));
    assert_eq!((row.status(), row.phase(), row.row_type()), (file.status(), file.phase(), file.row_type()));
    assert_eq!(row.created_at(), file.created_at(), "{}", sample.name);
    // A table knows a time of its own for a row without one.
    if file.updated_at().is_some() {
        assert_eq!(row.updated_at(), file.updated_at(), "{}", sample.name);
    }
    let outcome = |row: &Row| -> Outcome { resolve::resolve(row).outcome };
    assert_eq!(outcome(row), outcome(&file), "{}", sample.name);
    assert_eq!(row.payload(), file.payload(), "{}", sample.name);
}
