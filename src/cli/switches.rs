//! Switches as kubectl takes them: `--follow=true` is `--follow`, and `--follow=false` takes back one before it.

use std::{borrow::Cow, ffi::OsString};

use clap::{Arg, ArgAction, Command};

/// The words for yes and no that kubectl knows.
const YES: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
const NO: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];

/// Whether a flag takes no value.
pub fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// A command line's words with switches as clap takes them. Those of `kept`, by their ids, stay as they are.
pub fn plain<'a>(words: &'a [OsString], command: impl FnOnce() -> Command, kept: &[&str]) -> Cow<'a, [OsString]> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    if !words[..end].iter().any(|word| said(word).is_some()) {
        return Cow::Borrowed(words);
    }
    let command = command();
    let mut plain: Vec<OsString> = Vec::new();
    for word in &words[..end] {
        let Some((name, is)) = said(word).filter(|(name, _)| names_switch(&command, name, kept)) else {
            plain.push(word.clone());
            continue;
        };
        if is {
            plain.push(name.into());
        } else {
            plain.retain(|word| word != name);
        }
    }
    plain.extend_from_slice(&words[end..]);
    Cow::Owned(plain)
}

/// The flag of `--flag=true`, or of `-f=true`, and what is said of it.
fn said(word: &OsString) -> Option<(&str, bool)> {
    let (name, value) = word.to_str()?.split_once('=')?;
    let is_flag = name.starts_with("--") || (name.starts_with('-') && name.chars().count() == 2);
    let is = YES.contains(&value);
    (is_flag && (is || NO.contains(&value))).then_some((name, is))
}

/// Whether `name` is a switch of a command, and nothing else of another.
fn names_switch(command: &Command, name: &str, kept: &[&str]) -> bool {
    let is_named = |arg: &&Arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| name[1..].chars().eq([short])),
    };
    let mut named = all(command).into_iter().filter(is_named).peekable();
    named.peek().is_some() && named.all(|arg| is_switch(arg) && !kept.contains(&arg.get_id().as_str()))
}

/// The flags of a command and of all below it.
fn all(command: &Command) -> Vec<&Arg> {
    command.get_arguments().chain(command.get_subcommands().flat_map(all)).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_switch_is_said_as_kubectl_takes_it() {
        for (line, plain) in [
            ("elbtail logs --follow=true x", "elbtail logs --follow x"),
            ("elbtail logs --follow=1 -p=T x", "elbtail logs --follow -p x"),
            ("elbtail logs --follow=false x", "elbtail logs x"),
            ("elbtail logs --follow x --follow=F", "elbtail logs x"),
            ("elbtail logs -f x -f=0", "elbtail logs x"),
            ("elbtail --insecure-skip-tls-verify=false jobs", "elbtail jobs"),
            ("elbtail jobs --match-server-version=True", "elbtail jobs --match-server-version"),
            // What is no switch, or no word for yes or no.
            ("elbtail logs --follow=maybe x", "elbtail logs --follow=maybe x"),
            ("elbtail logs --tail=1 x", "elbtail logs --tail=1 x"),
            ("elbtail logs --context=true x", "elbtail logs --context=true x"),
            ("elbtail logs --nothing=true x", "elbtail logs --nothing=true x"),
            ("elbtail logs -- --follow=false", "elbtail logs -- --follow=false"),
            ("elbtail logs x=true", "elbtail logs x=true"),
            // What the settings have made one with a value.
            ("elbtail logs --events=false x", "elbtail logs --events=false x"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let expected: Vec<OsString> = plain.split(' ').map(OsString::from).collect();
            assert_eq!(*super::plain(&words, Cli::command, &["events"]), expected, "{line}");
        }
    }
}
