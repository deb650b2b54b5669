//! What the program is called: `elbtail`, or `kubectl elbtail` where kubectl runs it as its plugin.

use std::{borrow::Cow, env, ffi::OsStr, path::Path, sync::LazyLock};

use clap::CommandFactory;
use regex::Regex;

use super::{Cli, environment::variables};

/// The name by which kubectl finds its plugin, and what a person types for it.
const PLUGIN: &str = "kubectl-elbtail";
const TYPED: &str = "kubectl elbtail";

/// Whether kubectl runs it.
fn is_plugin() -> bool {
    static IS: LazyLock<bool> = LazyLock::new(|| env::args_os().next().is_some_and(|name| names_plugin(&name)));
    *IS
}

fn names_plugin(name: &OsStr) -> bool {
    Path::new(name).file_stem().is_some_and(|stem| stem == PLUGIN)
}

/// In fewer columns help has its texts below the flags: the longest flag takes as many.
const NARROW: u16 = 64;

/// The definition of the command line, by the name that was called.
pub fn command() -> clap::Command {
    let columns = terminal_size::terminal_size().map(|(width, _)| width.0);
    let columns = columns.or_else(|| variables().word("COLUMNS")?.parse().ok());
    // Beside the longest flags there would be no room but for a word.
    let command = Cli::command().next_line_help(columns.is_some_and(|columns| columns < NARROW));
    if is_plugin() { as_plugin(command).bin_name(TYPED) } else { command }
}

/// With examples as they are typed.
fn as_plugin(command: clap::Command) -> clap::Command {
    let command = match command.get_after_help().map(ToString::to_string) {
        Some(text) => command.after_help(typed(&text).into_owned()),
        None => command,
    };
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, as_plugin))
}

/// `text` with its commands as they are typed here.
pub fn spoken(text: &str) -> Cow<'_, str> {
    if is_plugin() { typed(text) } else { Cow::Borrowed(text) }
}

/// `text` with `elbtail COMMAND` as kubectl takes it.
fn typed(text: &str) -> Cow<'_, str> {
    static COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let names: Vec<String> = Cli::command().get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        Regex::new(&format!(r"(kubectl )?\belbtail ({})\b", names.join("|"))).ok()
    });
    match COMMAND.as_ref() {
        Some(command) => command.replace_all(text, format!("{TYPED} $2")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_finds_its_plugin_by_name() {
        for (name, is) in [
            ("kubectl-elbtail", true),
            ("/home/me/.krew/bin/kubectl-elbtail", true),
            ("kubectl-elbtail.exe", true),
            ("elbtail", false),
            ("/usr/bin/elbtail", false),
            ("kubectl_complete-elbtail", false),
            ("", false),
        ] {
            assert_eq!(names_plugin(OsStr::new(name)), is, "{name}");
        }
    }

    #[test]
    fn commands_are_told_as_they_are_typed() {
        for (text, told) in [
            ("next: elbtail logs -f row.json", "next: kubectl elbtail logs -f row.json"),
            ("'elbtail jobs -A' lists", "'kubectl elbtail jobs -A' lists"),
            ("x | elbtail resolve -", "x | kubectl elbtail resolve -"),
            ("kubectl elbtail logs a", "kubectl elbtail logs a"),
            ("this elbtail was built without", "this elbtail was built without"),
            ("elbtail logsearch", "elbtail logsearch"),
        ] {
            assert_eq!(typed(text), told);
        }
    }
}
