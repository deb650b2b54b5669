//! The configuration file.

use std::fs;

use assert_cmd::Command;
use predicates::prelude::predicate::str::contains;
use tempfile::TempDir;

use crate::{assert_fails, elbtail, lines};

/// A directory for configurations with this file in it.
fn with(text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("elbtail")).unwrap();
    fs::write(directory.path().join("elbtail/config.toml"), text).unwrap();
    directory
}

fn configured(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = elbtail(arguments);
    command.env("XDG_CONFIG_HOME", directory.path());
    command
}

/// What `logs --stdin` prints of one line.
fn printed(directory: &TempDir, flags: &[&str]) -> String {
    let arguments = [&["logs", "--stdin"], flags].concat();
    let run = configured(directory, &arguments).write_stdin(lines::line("blast", 1, "an error")).assert().code(0);
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

#[test]
fn the_file_says_what_flags_do_not() {
    let directory = with(
        "output = \"raw\"\ntimestamps = \"%H:%M\"\ntimezone = \"+02:00\"\ncolor = \"always\"\nhighlight = [\"err.r\"]\n",
    );
    assert_eq!(printed(&directory, &[]), "14:58 an \x1b[7merror\x1b[27m\n");
    assert_eq!(printed(&directory, &["-t=short"]), "11-24 14:58:26 an \x1b[7merror\x1b[27m\n");
    assert_eq!(printed(&directory, &["--timezone", "UTC", "--color", "never"]), "12:58 an error\n");
    assert_eq!(
        printed(&directory, &["-t=false", "-H", "an"]),
        "\x1b[7man\x1b[27m error\n",
        "a list is replaced, not added to"
    );
    assert!(printed(&directory, &["-o", "json"]).starts_with("{\"timestamp\":"));
}

#[test]
fn the_environment_beats_the_file_in_colours_too() {
    let shown = |color: &str, variable: (&str, &str), flags: &[&str]| {
        let directory = with(&format!("output = \"raw\"\nhighlight = [\"error\"]\ncolor = \"{color}\"\n"));
        let mut command = configured(&directory, &[&["logs", "--stdin"], flags].concat());
        let run = command.env(variable.0, variable.1).write_stdin(lines::line("blast", 1, "an error")).assert().code(0);
        String::from_utf8_lossy(&run.get_output().stdout).contains('\u{1b}')
    };
    assert!(shown("always", ("NO_COLOR", ""), &[]), "an empty variable is not set");
    assert!(!shown("always", ("NO_COLOR", "1"), &[]) && !shown("always", ("CLICOLOR", "0"), &[]));
    assert!(shown("always", ("NO_COLOR", "1"), &["--color", "always"]));
    assert!(shown("never", ("CLICOLOR_FORCE", "1"), &[]) && !shown("never", ("NO_COLOR", ""), &[]));
}

#[test]
fn a_switch_of_the_file_can_be_switched_off() {
    let directory = with("output = \"json\"\nevents = true\n");
    assert_eq!(printed(&directory, &[]).lines().count(), 2, "found, and the line");
    assert_eq!(printed(&directory, &["--events=false"]).lines().count(), 1);
    assert_eq!(printed(&with("output = \"json\"\nevents = false\n"), &[]).lines().count(), 1);
    assert_eq!(printed(&with("output = \"json\"\nevents = false\n"), &["--events"]).lines().count(), 2);
}

#[test]
fn what_does_not_fit_is_without_effect_when_the_file_says_it() {
    for file in
        ["events = true\n", "events = true\noutput = \"raw\"\n", "events = true\ntemplate = \"{{ message }}\"\n"]
    {
        let directory = with(file);
        assert_eq!(printed(&directory, &[]).lines().count(), 1, "{file}");
        assert_eq!(printed(&directory, &["-o", "json"]).lines().count(), 2, "{file}");
        configured(&directory, &["config", "show"]).assert().code(0).stdout(contains("config.toml:1"));
        let mut asked = configured(&directory, &["logs", "--stdin", "--events"]);
        asked.write_stdin("");
        assert_fails(asked, 2, &["--events prints objects"]);
    }
}

#[test]
fn a_template_of_the_file_is_checked_where_it_stands() {
    let wrong = with("color = \"never\"\ntemplate = \"{{ foo }}\"\n");
    for arguments in [&["config", "show"][..], &["logs", "--stdin"]] {
        assert_fails(configured(&wrong, arguments), 2, &["config.toml:2: template: ", "no field \"foo\""]);
    }
    let directory = with("template-file = \"line.tmpl\"\n");
    let path = directory.path().join("elbtail/line.tmpl");
    assert_fails(
        configured(&directory, &["config", "show"]),
        2,
        &["config.toml:1: template-file: ", path.to_str().unwrap()],
    );
    fs::write(&path, "<{{ message }}>\n").unwrap();
    assert_eq!(printed(&directory, &[]), "<an error>\n", "from where the file is");
}

#[test]
fn a_wrong_file_keeps_no_shell_from_its_script() {
    let directory = with("colr = 1\n");
    for shell in ["bash", "zsh", "fish"] {
        let run = configured(&directory, &["completion", shell]).assert().code(0).stderr("");
        assert!(!run.get_output().stdout.is_empty());
    }
    assert_fails(configured(&directory, &["completion", "nosuch"]), 2, &["colr"]);
}

#[test]
fn a_flag_beats_its_rival_in_the_file() {
    let directory = with("template = \"<{{ message }}>\"\n");
    assert_eq!(printed(&directory, &[]), "<an error>\n");
    assert_eq!(printed(&directory, &["-o", "raw"]), "an error\n");
    assert_eq!(printed(&with("output = \"json\"\n"), &["--template", "{{ message }}!"]), "an error!\n");
    // A switch and the one that takes it back.
    let secret = |directory: &TempDir, flags: &[&str]| {
        let input = lines::line("blast", 1, "password=planted-s3cret");
        let arguments = [&["logs", "--stdin", "-o", "raw"], flags].concat();
        let run = configured(directory, &arguments).write_stdin(input).assert().code(0);
        String::from_utf8_lossy(&run.get_output().stdout).contains("planted")
    };
    let (masked, bare) = (with("redact = true\n"), with("no-redact = true\n"));
    assert_eq!([secret(&masked, &[]), secret(&masked, &["--no-redact"])], [false, true]);
    assert_eq!([secret(&bare, &[]), secret(&bare, &["--redact"])], [true, false]);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line_and_help_is_given_all_the_same() {
    let directory = with("color = \"never\"\ncolr = 1\n");
    let place = directory.path().join("elbtail/config.toml:2: no setting \"colr\" (did you mean \"color\"?)");
    for arguments in [&["logs", "job-429825360482416da20736cf3ed51a95"][..], &["config", "show"], &["jobs"]] {
        assert_fails(configured(&directory, arguments), 2, &[place.to_str().unwrap()]);
    }
    configured(&directory, &["logs", "--help"]).assert().code(0).stderr("");
    let mut named = elbtail(&["config", "show"]);
    named.env("ELBTAIL_CONFIG", "no/such/file.toml");
    assert_fails(named, 2, &["no/such/file.toml: ", "named by ELBTAIL_CONFIG"]);
}

#[test]
fn a_password_of_the_file_is_never_shown() {
    for text in [
        "db = \"postgres://me:planted@h/d\"\n",
        "db = [\"postgres://me:planted@h/d\", \"x\"]\n",
        "db-header = [\"X: planted\"]\n",
    ] {
        for arguments in [&["config", "show"][..], &["logs", "--help"], &["jobs", "--help"], &["--help"]] {
            let run = configured(&with(text), arguments).assert();
            let output = run.get_output();
            let said = [&output.stdout[..], &output.stderr].concat();
            assert!(!String::from_utf8_lossy(&said).contains("planted"), "{text} {arguments:?}");
        }
    }
}

#[test]
fn a_database_that_cannot_be_is_in_the_way_of_what_needs_one_only() {
    let directory = with("db = \"nonsense://x\"\n");
    assert_fails(configured(&directory, &["jobs"]), 2, &["nonsense"]);
    for arguments in [&["config", "show"][..], &["completion", "bash"]] {
        configured(&directory, arguments).assert().code(0).stderr("");
    }
    assert!(printed(&directory, &[]).contains("an error"));
}

#[test]
fn config_show_says_where_each_value_comes_from() {
    let directory = with("# mine\ncolor = \"never\"\ndb = \"sqlite:a.db\"\ndb-table = \"mine\"\n");
    let mut command = configured(&directory, &["config", "show", "-o", "json", "--db-table", "flags"]);
    let run = command.env("ELBTAIL_DB", "sqlite:b.db").assert().code(0).stderr("");
    let shown = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let of = |name: &str| -> Vec<&str> {
        let line = shown
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("{name}: {shown}"));
        line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
    };
    let file = |line: usize| format!("{}:{line}", directory.path().join("elbtail/config.toml").display());
    assert_eq!(of("color"), ["color", "never", &file(2)]);
    assert_eq!(of("output"), ["output", "json", "flag"]);
    assert_eq!(of("db"), ["db", "sqlite:b.db", "ELBTAIL_DB"]);
    assert_eq!(of("db-table"), ["db-table", "flags", "flag"]);
    assert_eq!(of("timezone"), ["timezone", "-", "default"]);
    // The database of the file is used where nothing else names one.
    assert_fails(configured(&directory, &["jobs"]), 3, &["a.db"]);
    elbtail(&["config", "show"]).assert().code(0).stdout(contains("default"));
}
