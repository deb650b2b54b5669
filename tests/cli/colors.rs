//! Whether there are colours: by the flag, the variables that speak of them, and what stdout is.

use std::{fs, process::Stdio};

/// A line that has a colour where there are any.
const LINE: &str = concat!(
    r#"{"timestamp":"2026-11-24T12:58:26Z","namespace":"default","pod":"blastn-batch-s03-job-000-3ed51a95-p9vp5","container":"blast","#,
    r#""role":"batch","phase":"running","message":"run end 000 1"}"#,
);

/// Where stdout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdout {
    Terminal,
    Pipe,
}

/// Whether `logs --stdin` prints colours there, with these variables and nothing else said of colours.
fn is_coloured(stdout: Stdout, flags: &str, variables: &[(&str, &str)]) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("lines.ndjson");
    fs::write(&input, format!("{LINE}\n")).unwrap();
    let binary = assert_cmd::cargo::cargo_bin!("elbtail").display();
    let command = format!("exec {binary} logs --stdin -q {flags} < {}", input.display());
    let mut shell = match stdout {
        Stdout::Pipe => std::process::Command::new("sh"),
        // util-linux's `script` runs a command on a terminal of its own. It sets no TERM.
        Stdout::Terminal => std::process::Command::new("script"),
    };
    match stdout {
        Stdout::Pipe => shell.args(["-c", &command]),
        Stdout::Terminal => shell.args(["--quiet", "--return", "--command", &command, "/dev/null"]),
    };
    shell.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", "/nonexistent");
    shell.envs(variables.iter().copied().filter(|(_, value)| *value != UNSET)).stdin(Stdio::null());
    let output = shell.output().expect("sh, and script of util-linux, are needed");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains("run end 000 1"), "{command}: {printed:?}");
    printed.contains("\x1b[")
}

/// In the place of a value: the variable is not set.
const UNSET: &str = "(unset)";

/// Variables, and whether there are colours on a terminal and in a pipe where no flag says so.
type Case<'a> = (&'a [(&'a str, &'a str)], bool, bool);

#[test]
fn colours_go_by_the_flag_then_the_variables_then_what_stdout_is() {
    use Stdout::{Pipe, Terminal};
    let cases: [Case; 17] = [
        (&[], true, false),
        (&[("COLORTERM", "truecolor")], true, false),
        (&[("TERM", "dumb")], false, false),
        (&[("TERM", "dumb"), ("COLORTERM", "truecolor")], false, false),
        (&[("TERM", "")], false, false),
        (&[("TERM", UNSET)], false, false),
        (&[("TERM", "linux")], true, false),
        (&[("NO_COLOR", "1")], false, false),
        (&[("NO_COLOR", "")], true, false),
        (&[("CLICOLOR", "0")], false, false),
        (&[("CLICOLOR", "1")], true, false),
        (&[("CLICOLOR_FORCE", "1")], true, true),
        (&[("CLICOLOR_FORCE", "0")], true, false),
        (&[("FORCE_COLOR", "1"), ("CLICOLOR", "0")], true, true),
        (&[("FORCE_COLOR", "3"), ("TERM", "dumb")], true, true),
        (&[("FORCE_COLOR", "0")], true, false),
        (&[("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
    ];
    for (variables, on_terminal, in_pipe) in cases {
        let is_given = variables.iter().any(|(name, _)| *name == "TERM");
        let term = if is_given { &[][..] } else { &[("TERM", "xterm-256color")] };
        let variables = [variables, term].concat();
        for (stdout, auto) in [(Terminal, on_terminal), (Pipe, in_pipe)] {
            for (flags, expected) in
                [("", auto), ("--color auto", auto), ("--color always", true), ("--color never", false)]
            {
                let coloured = is_coloured(stdout, flags, &variables);
                assert_eq!(coloured, expected, "{stdout:?} {flags:?} {variables:?}");
            }
        }
    }
}

#[test]
fn a_usage_error_is_coloured_by_the_same_variables() {
    for (variable, value, coloured) in [
        ("CLICOLOR_FORCE", "1", true),
        ("CLICOLOR_FORCE", "0", false),
        ("FORCE_COLOR", "1", true),
        ("FORCE_COLOR", "0", false),
        ("CLICOLOR", "1", false),
        ("NO_COLOR", "1", false),
    ] {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
        let output = command.args(["logs", "x", "-c"]).env_clear().env(variable, value).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("a value is required"), "{said:?}");
        assert_eq!(said.contains("\x1b["), coloured, "{variable}={value}: {said:?}");
    }
}

#[test]
fn each_theme_colours_a_terminal_and_changes_no_text() {
    for theme in ["default", "color-blind"] {
        let flags = format!("--color-theme {theme}");
        for (term, expected) in [("xterm-256color", true), ("dumb", false)] {
            assert_eq!(is_coloured(Stdout::Terminal, &flags, &[("TERM", term)]), expected, "{theme} {term}");
        }
        assert!(!is_coloured(Stdout::Pipe, &flags, &[("TERM", "xterm-256color")]), "{theme}");
    }
}
