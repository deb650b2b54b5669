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

/// What bash offers for a line that ends where the cursor is, in a directory with `notes.txt`, `row.json` and `other/`.
fn bash_offers(line: &str) -> Vec<String> {
    // Words as bash itself cuts them: at blanks, and at `=`, which is a word of its own.
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let mut parts = word.split('=');
        words.extend(parts.next().map(str::to_owned));
        for part in parts {
            words.push("=".to_owned());
            if !part.is_empty() {
                words.push(part.to_owned());
            }
        }
    }
    let (current, before) = (words.last().unwrap().clone(), words[words.len() - 2].clone());
    let current = if current == "=" { String::new() } else { current };
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "{}\nCOMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({}); COMP_CWORD={}\n\
         _clap_complete_elbtail elbtail '{current}' '{before}' 2>/dev/null; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        String::from_utf8(elbtail::cli::completion_script(Shell::Bash)).unwrap(),
        quoted.join(" "),
        words.len() - 1,
    );
    let directory = tempfile::tempdir().unwrap();
    for name in ["notes.txt", "row.json"] {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    std::fs::create_dir(directory.path().join("other")).unwrap();
    let programs = Path::new(assert_cmd::cargo::cargo_bin!("elbtail")).parent().unwrap();
    let run = std::process::Command::new("bash")
        .args(["--norc", "-c", &script])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .current_dir(directory.path())
        .output()
        .unwrap();
    String::from_utf8(run.stdout).unwrap().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_offers_files_for_a_job_those_of_rows_first_and_flags_for_a_dash() {
    for command in ["logs", "resolve", "targets", "doctor"] {
        for line in [format!("elbtail {command} "), format!("elbtail {command} -o json ")] {
            assert_eq!(bash_offers(&line), ["row.json", "notes.txt", "other/"], "{line}");
        }
        assert_eq!(bash_offers(&format!("elbtail {command} r")), ["row.json"]);
        let flags = bash_offers(&format!("elbtail {command} -"));
        assert!(flags.contains(&"-o".to_owned()) && flags.contains(&"-n".to_owned()), "{flags:?}");
        assert_eq!(bash_offers(&format!("elbtail {command} --kubec")), ["--kubeconfig"]);
    }
    assert_eq!(bash_offers("elbtail lo"), ["logs"]);
    assert_eq!(bash_offers("elbtail completion "), ["bash", "elvish", "fish", "powershell", "zsh"]);
    for command in ["logs", "targets"] {
        assert_eq!(bash_offers(&format!("elbtail {command} --phase=ru")), ["running"]);
        assert_eq!(bash_offers(&format!("elbtail {command} --phase running,ex")), ["running,exporting_results"]);
        assert_eq!(
            bash_offers(&format!("elbtail {command} --phase=running,warming_up,st")),
            ["running,warming_up,staging_db"]
        );
        assert_eq!(bash_offers(&format!("elbtail {command} --phase running,")).len(), 5);
    }
    let commands = bash_offers("elbtail ");
    assert!(
        commands.contains(&"logs".to_owned()) && !commands.iter().any(|word| word.starts_with('-')),
        "{commands:?}"
    );
    for command in ["", "completion "] {
        assert!(bash_offers(&format!("elbtail {command}--kubec")) == ["--kubeconfig"], "{command}");
    }
}

#[test]
fn bash_completes_a_flags_value_in_either_form() {
    for (line, offered) in [
        ("elbtail logs --phase ru", &["running"][..]),
        ("elbtail logs --phase=ru", &["running"]),
        ("elbtail logs -o js", &["json"]),
        ("elbtail logs --output=", &["default", "raw", "json", "extjson", "ppextjson", "logfmt"]),
        ("elbtail targets row.json --output=w", &["wide"]),
        ("elbtail doctor --output=te", &["text"]),
        ("elbtail logs --color=al", &["always"]),
        ("elbtail jobs --status ", &["queued", "running", "completed", "failed", "cancelled"]),
        ("elbtail jobs --status=run", &["running"]),
        ("elbtail jobs --status running,fa", &["running,failed"]),
        ("elbtail logs --timestamps=", &["default", "short", "relative"]),
        ("elbtail replay DEST --timestamps=s", &["short"]),
        ("elbtail watch --timezone ", &["UTC", "Local"]),
    ] {
        assert_eq!(bash_offers(line), offered, "{line}");
    }
}
