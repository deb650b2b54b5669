//! Switches as kubectl takes them: `--follow=true` is `--follow`, and `--follow=false` takes back one before it, whichever of its
//! names that has.

use std::{borrow::Cow, ffi::OsString};

use clap::{Arg, ArgAction, Command};

/// The words for yes and no that kubectl knows.
const YES: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
const NO: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];

/// A value of a flag that is no switch, as kubectl says yes and no.
///
/// # Errors
/// When it is none of its words.
pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        yes if YES.contains(&yes) => Ok(true),
        no if NO.contains(&no) => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

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
        let told = said(word).and_then(|(name, is)| Some((names_switch(&command, name, kept)?, name, is)));
        match told {
            Some((_, name, true)) => plain.push(name.into()),
            Some((switch, _, false)) => {
                plain = plain.iter().filter_map(|word| without(&command, word, switch)).collect()
            }
            None => plain.push(word.clone()),
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

/// The switch of some command that `name` is, if it is nothing else of another.
fn names_switch<'a>(command: &'a Command, name: &str, kept: &[&str]) -> Option<&'a Arg> {
    let named: Vec<&Arg> = all(command).into_iter().filter(|arg| is_named(arg, name)).collect();
    let are_switches = named.iter().all(|arg| is_switch(arg) && !kept.contains(&arg.get_id().as_str()));
    named.first().copied().filter(|_| are_switches)
}

/// Whether `name` is one of a flag's, with its dashes.
fn is_named(arg: &Arg, name: &str) -> bool {
    match name.strip_prefix("--") {
        Some(long) => {
            arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
        }
        None => arg.get_short().is_some_and(|short| name[1..].chars().eq([short])),
    }
}

/// A word without a switch: `-fp` without `-f` is `-p`, and of `-f` nothing is left.
fn without(command: &Command, word: &OsString, switch: &Arg) -> Option<OsString> {
    let Some(text) = word.to_str() else { return Some(word.clone()) };
    if is_named(switch, text) && text.starts_with('-') {
        return None;
    }
    // Letters behind one dash are switches up to the first flag that takes a value, which is what follows it.
    let (Some(letters), Some(short)) = (text.strip_prefix('-').filter(|_| !text.starts_with("--")), switch.get_short())
    else {
        return Some(word.clone());
    };
    let is_short_switch = |letter: &char| {
        let mut named = all(command).into_iter().filter(|arg| arg.get_short() == Some(*letter)).peekable();
        named.peek().is_some() && named.all(|arg| !arg.get_action().takes_values())
    };
    let switches = letters.chars().take_while(is_short_switch).count();
    let left: String = letters
        .chars()
        .enumerate()
        .filter(|(at, letter)| *at >= switches || *letter != short)
        .map(|(_, letter)| letter)
        .collect();
    (!left.is_empty()).then(|| format!("-{left}").into())
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
            // Whichever name it has.
            ("elbtail logs -f x --follow=false", "elbtail logs x"),
            ("elbtail logs --follow x -f=false", "elbtail logs x"),
            ("elbtail logs -fp x --follow=false", "elbtail logs -p x"),
            ("elbtail logs -fqc fpq x --follow=false", "elbtail logs -qc fpq x"),
            ("elbtail logs -cf x --follow=false", "elbtail logs -cf x"),
            ("elbtail logs -q x --quiet=false", "elbtail logs x"),
            ("elbtail logs --quiet=true x --only-log-lines=false", "elbtail logs x"),
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
