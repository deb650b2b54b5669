//! What `--help` prints, as snapshots.

use crate::elbtail;

/// The path of each command, the program itself first.
fn commands(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
    found.push(path.to_vec());
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set()) {
        commands(sub, &[path, &[sub.get_name().to_owned()]].concat(), found);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut all = Vec::new();
    commands(&elbtail::cli::command(), &[], &mut all);
    assert!(all.len() > 4);
    for path in all {
        let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = [&["elbtail"][..], &words].concat().join("-");
        words.push("--help");
        let run = elbtail(&words).assert().code(0).stderr("");
        insta::assert_snapshot!(name, String::from_utf8_lossy(&run.get_output().stdout));
    }
}

#[test]
fn help_can_be_read_on_a_narrow_terminal() {
    for columns in ["40", "60", "63", "64", "80"] {
        for words in [&["logs", "-h"][..], &["logs", "--help"], &["-h"], &["save", "-h"]] {
            let run = elbtail(words).env("COLUMNS", columns).assert().code(0);
            let text = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
            // A word a row, as clap has it where there is no room beside the flags.
            let rows: Vec<&str> = text.lines().map(str::trim).filter(|row| !row.is_empty()).collect();
            let is_word =
                |row: &&&str| row.len() < 12 && !row.starts_with('-') && !row.contains(' ') && !row.ends_with(':');
            let words_alone = rows.windows(3).filter(|rows| rows.iter().all(|row| is_word(&row))).count();
            assert_eq!(words_alone, 0, "{words:?} at {columns}:\n{text}");
        }
    }
}

/// The examples that a command's help ends with.
fn examples(command: &clap::Command) -> Vec<Vec<String>> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| line.starts_with("elbtail")));
    lines.map(|line| shlex::split(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn every_command_has_examples_that_can_be_typed() {
    let root = elbtail::cli::command();
    let all: Vec<&clap::Command> = root.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    let all = all.iter().flat_map(|sub| std::iter::once(*sub).chain(sub.get_subcommands()));
    let directory = tempfile::tempdir().unwrap();
    for name in ["incident.json", "export.ndjson"] {
        let to = directory.path().join(name.replace("incident", "row"));
        std::fs::copy(format!("testdata/rows/{name}"), to).unwrap();
    }
    let mut ran = 0;
    for command in std::iter::once(&root).chain(all) {
        let examples = examples(command);
        assert!((2..=3).contains(&examples.len()), "{}: {examples:?}", command.get_name());
        for words in examples {
            // What a shell does with the output is the shell's.
            let words: Vec<String> = words.into_iter().take_while(|word| word != ">").collect();
            let parsed = root.clone().try_get_matches_from(&words);
            let parsed = parsed.unwrap_or_else(|error| panic!("{words:?}: {error}"));
            let (name, inner) = parsed.subcommand().unwrap();
            let is_its = [Some(name), inner.subcommand_name(), Some("elbtail")].contains(&Some(command.get_name()));
            assert!(is_its, "{}: {words:?}", command.get_name());
            let needs_nothing = ["resolve", "completion", "config"].contains(&words[1].as_str())
                || words.contains(&"--client".to_owned());
            if needs_nothing {
                let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
                elbtail(&words).current_dir(directory.path()).assert().code(0).stderr("");
                ran += 1;
            }
        }
    }
    assert!(ran > 4, "{ran}");
}

#[test]
fn every_command_has_a_manual_page_with_its_examples() {
    let directory = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(elbtail::cli::command(), directory.path()).unwrap();
    let mut all = Vec::new();
    commands(&elbtail::cli::command(), &[], &mut all);
    for path in all {
        let name = [&["elbtail".to_owned()], &path[..]].concat().join("-");
        let page = std::fs::read_to_string(directory.path().join(format!("{name}.1"))).unwrap_or_default();
        assert!(page.contains(".SH NAME") && page.contains("Examples:"), "{name}: {page}");
    }
}

#[test]
fn the_version_is_printed() {
    elbtail(&["--version"]).assert().code(0).stdout(format!("elbtail {}\n", env!("CARGO_PKG_VERSION"))).stderr("");
}
