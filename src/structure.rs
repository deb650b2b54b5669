//! What imports what, held against the picture in `docs/design.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Files that are compiled for tests alone.
const FOR_TESTS: [&str; 7] =
    ["tests", "tests.rs", "fixtures", "fixtures.rs", "model.rs", "properties.rs", "structure.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How far from the top each part stands in the picture.
fn picture() -> BTreeMap<String, usize> {
    let text = fs::read_to_string(root().join("docs/design.md")).unwrap();
    let (_, picture) = text.split_once("own tests may:\n\n").expect("the picture");
    let rows = picture.lines().take_while(|line| line.starts_with("    "));
    let words = |row: &str| -> Vec<String> { row.split([' ', ',']).map(str::to_owned).collect() };
    let parts = rows.enumerate().flat_map(|(at, row)| words(row).into_iter().map(move |part| (part, at)));
    parts.filter(|(part, _)| is_part(part)).collect()
}

fn is_part(name: &str) -> bool {
    let src = root().join("src");
    !name.is_empty() && (src.join(name).is_dir() || src.join(name).with_extension("rs").is_file())
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| !FOR_TESTS.contains(&path.file_name().unwrap().to_str().unwrap()));
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What is compiled of a file without its tests and comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let tests =
        text.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| text[*at..].lines().nth(1).unwrap().ends_with('{'));
    let code = &text[..tests.map_or(text.len(), |(at, _)| at)];
    code.lines().flat_map(|line| [line.split("//").next().unwrap_or_default(), "\n"]).collect()
}

/// The parts that a text names behind `crate::`, in a list of several or alone.
fn named(text: &str) -> BTreeSet<&str> {
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut named = BTreeSet::new();
    for (_, behind) in text.match_indices("crate::").map(|(at, found)| text.split_at(at + found.len())) {
        let Some(list) = behind.strip_prefix('{') else {
            named.insert(&behind[..word(behind)]);
            continue;
        };
        let (mut depth, mut is_first) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_first = true,
                c if c.is_whitespace() => {}
                _ if is_first => {
                    named.insert(&list[at..at + word(&list[at..])]);
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    named
}

#[test]
fn parts_are_found_in_lists_and_alone() {
    let text =
        "use crate::{\n    a::{self, x},\n    b,\n    c::y,\n};\nuse crate::d::{e, f};\nlet x = crate::g::h(crate::i);";
    assert_eq!(named(text), ["a", "b", "c", "d", "g", "i"].into());
}

/// `PROPTEST_CASES` says how often each property is tried, and a number in the code would outrank it.
#[test]
fn no_property_has_a_number_of_cases_of_its_own() {
    let all = |directory: &Path| -> Vec<PathBuf> {
        let mut all = Vec::new();
        let mut directories = vec![directory.to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { directories.push(path) } else { all.push(path) }
            }
        }
        all
    };
    let fixed = [concat!("with", "_cases("), concat!("Config { ", "cases")];
    let mut properties = 0;
    for file in all(&root().join("src")).into_iter().chain(all(&root().join("tests"))) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        properties += text.matches(concat!("proptest", "! {")).count();
        assert!(!fixed.iter().any(|fixed| text.contains(fixed)), "{}", file.display());
    }
    assert!(properties > 30, "only {properties} blocks of properties were found");
}

#[test]
fn the_rooms_of_the_middle_are_named_in_the_design() {
    let text = fs::read_to_string(root().join("docs/design.md")).unwrap();
    for part in ["k8s", "discover", "follow", "session"] {
        let directory = root().join("src").join(part);
        let rooms = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let rooms: Vec<String> = rooms.filter(|name| name.ends_with(".rs") && name != "mod.rs").collect();
        assert!(rooms.len() > 5, "{part}: {rooms:?}");
        for room in rooms.iter().filter(|name| !FOR_TESTS.contains(&name.as_str())) {
            let named = text.contains(&format!("`{room}`")) || text.contains(&format!("`{part}/{room}`"));
            assert!(named, "docs/design.md does not name src/{part}/{room}");
        }
    }
}

/// What of `k8s` knows of ElasticBLAST, by name: there is more in it that does not.
#[test]
fn the_cluster_does_not_know_elasticblast() {
    let files = files(&root().join("src/cluster"));
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let code = code(&file);
        let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let known =
            ["JobId", "job_id", "ID_LABEL", "ID_ENV", "of_job", "of_jobs", "Role", "Phase", "Target", "targets"];
        let known: Vec<&str> = words.filter(|word| known.contains(word)).collect();
        assert!(known.is_empty() && !code.contains("elb-"), "{} knows {known:?}", file.display());
    }
}

#[test]
fn a_part_imports_only_from_those_below_it() {
    let picture = picture();
    assert!(
        ["cli", "session", "follow", "k8s", "job_id"].iter().all(|part| picture.contains_key(*part)),
        "{picture:?}"
    );
    let lowest = picture.values().max().copied().unwrap();
    let level = |part: &str| picture.get(part).copied().unwrap_or(lowest);
    let mut seen = 0;
    for file in files(&root().join("src")) {
        let place = file.strip_prefix(root().join("src")).unwrap();
        let part = place.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&part.as_str()) {
            continue;
        }
        let code = code(&file);
        for other in named(&code).into_iter().filter(|other| *other != part && is_part(other)) {
            seen += 1;
            let is_below = level(&part) < level(other);
            assert!(
                is_below,
                "src/{} imports from {other}, which docs/design.md does not show below {part}",
                place.display()
            );
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
}
