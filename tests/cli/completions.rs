//! The scripts in `completions/` are those of the command line as it is.

use clap_complete::Shell;
use std::path::Path;

use crate::elbtail;

#[test]
fn scripts_are_up_to_date() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [
        (Shell::Bash, "elbtail.bash"),
        (Shell::Zsh, "_elbtail"),
        (Shell::Fish, "elbtail.fish"),
        (Shell::PowerShell, "_elbtail.ps1"),
    ] {
        let path = directory.join(name);
        let script = elbtail::cli::completion_script(shell);
        // Snapshots and scripts change together, so one word updates both.
        if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&path, &script).unwrap();
        }
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(
            stored == script,
            "completions/{name} is not up to date: run `INSTA_UPDATE=always cargo test --test cli` and commit what it changes"
        );
    }
}

#[test]
fn the_binary_prints_them() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
        let script = elbtail::cli::completion_script(shell);
        elbtail(&["completion", &shell.to_string()]).assert().code(0).stdout(script).stderr("");
    }
}
