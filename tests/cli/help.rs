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
fn the_version_is_printed() {
    elbtail(&["--version"]).assert().code(0).stdout(format!("elbtail {}\n", env!("CARGO_PKG_VERSION"))).stderr("");
}
