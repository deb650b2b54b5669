//! Building what was woven, without the mutants that do not build.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    run::Fate,
    sources::{self, Mutant},
};

/// The test program.
pub fn until_it_builds(root: &Path, mutants: &[Mutant], fates: &mut BTreeMap<u32, Fate>) -> PathBuf {
    let mut by_file: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        by_file.entry(&mutant.file).or_default().push(mutant);
    }
    let originals: HashMap<&str, String> =
        by_file.keys().map(|file| (*file, std::fs::read_to_string(root.join(file)).expect("a source"))).collect();
    loop {
        let mut places: HashMap<&str, Vec<(Range<usize>, u32)>> = HashMap::new();
        for (file, mutants) in &by_file {
            let alive: Vec<&Mutant> =
                mutants.iter().copied().filter(|mutant| !fates.contains_key(&mutant.id)).collect();
            let woven = sources::weave(&originals[file], &alive);
            for id in woven.left {
                fates.insert(id, Fate::NoPlace);
            }
            std::fs::write(root.join(file), woven.text).expect("written");
            places.insert(file, woven.places);
        }
        match build(root, &places) {
            Ok(binary) => return binary,
            Err(faults) => {
                eprintln!("{} do not build", faults.len());
                fates.extend(faults.into_iter().map(|(id, why)| (id, Fate::Unviable(why))));
            }
        }
    }
}

fn build(root: &Path, places: &HashMap<&str, Vec<(Range<usize>, u32)>>) -> Result<PathBuf, BTreeMap<u32, String>> {
    let output = Command::new("cargo")
        .args(["test", "--offline", "--all-features", "--lib", "--no-run", "--message-format=json"])
        .current_dir(root)
        .stderr(Stdio::piped())
        .output()
        .expect("cargo");
    let messages: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    if output.status.success() {
        let binary = messages.iter().rev().find_map(|message| message["executable"].as_str()).expect("a test program");
        return Ok(PathBuf::from(binary));
    }
    let mut faults = BTreeMap::new();
    let mut others = Vec::new();
    for message in messages.iter().map(|message| &message["message"]).filter(|message| message["level"] == "error") {
        let code = message["code"]["code"].as_str().unwrap_or("-").to_owned();
        let spans = message["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |span: &Value| {
            let (file, start) = (span["file_name"].as_str()?, span["byte_start"].as_u64()? as usize);
            let end = span["byte_end"].as_u64()? as usize;
            let inside = |(range, _): &&(Range<usize>, u32)| range.start <= start && end <= range.end;
            let here: Vec<_> = places.get(file)?.iter().filter(inside).collect();
            let smallest = here.iter().map(|(range, _)| range.len()).min()?;
            Some(here.into_iter().filter(|(range, _)| range.len() == smallest).map(|(_, id)| *id).collect::<Vec<_>>())
        };
        let primary = spans.iter().filter(|span| span["is_primary"] == true).find_map(of);
        match primary.or_else(|| spans.iter().find_map(of)) {
            Some(ids) => faults.extend(ids.into_iter().map(|id| (id, code.clone()))),
            None => others.push(message["rendered"].as_str().unwrap_or_default().to_owned()),
        }
    }
    if faults.is_empty() {
        eprintln!("{}\n{}", others.join("\n"), String::from_utf8_lossy(&output.stderr));
        panic!("does not build, and no mutant is to blame");
    }
    Err(faults)
}
