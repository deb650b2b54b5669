//! Flags between words of which the first may be left out, as in `save JOB -f DEST`: clap takes a word that a flag follows for the
//! last of them, so it is given the flags first.

use std::{borrow::Cow, ffi::OsString};

use clap::{Arg, Command};
use clap_lex::{ParsedArg, RawArgs};

/// A command line's words, with those that are no flags behind the flags where their command lets the first of them be left out.
pub fn flags_first<'a>(words: Cow<'a, [OsString]>, command: &Command) -> Cow<'a, [OsString]> {
    let line = RawArgs::new(words.iter());
    let mut cursor = line.cursor();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let mut called: Option<&Command> = None;
    // The program's name.
    first.extend(line.next_os(&mut cursor).map(ToOwned::to_owned));
    while let Some(word) = line.next(&mut cursor) {
        let text = word.to_value_os().to_owned();
        match called {
            _ if word.is_escape() => {
                last.push(text);
                last.extend(line.remaining(&mut cursor).map(ToOwned::to_owned));
            }
            _ if word.is_long() || word.is_short() => {
                first.push(text);
                if goes_on(&word, command, called) {
                    first.extend(line.next_os(&mut cursor).map(ToOwned::to_owned));
                }
            }
            None => match command.find_subcommand(&text) {
                Some(found) if found.is_allow_missing_positional_set() => {
                    called = Some(found);
                    first.push(text);
                }
                _ => return words,
            },
            Some(_) => last.push(text),
        }
    }
    first.append(&mut last);
    Cow::Owned(first)
}

/// Whether the next word is the value of the last flag in this one.
fn goes_on(word: &ParsedArg, command: &Command, called: Option<&Command>) -> bool {
    let takes_value = |is_meant: &dyn Fn(&Arg) -> bool| {
        let mut args = command.get_arguments().chain(called.into_iter().flat_map(Command::get_arguments));
        args.find(|arg| is_meant(arg))
            .is_some_and(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set())
    };
    if let Some((Ok(name), value)) = word.to_long() {
        return value.is_none() && takes_value(&|arg| arg.get_long() == Some(name));
    }
    let Some(mut letters) = word.to_short() else { return false };
    while let Some(Ok(letter)) = letters.next_flag() {
        if takes_value(&|arg| arg.get_short() == Some(letter)) {
            return letters.next_value_os().is_none();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[cfg(feature = "archive")]
    #[test]
    fn words_come_behind_the_flags_where_the_first_may_be_left_out() {
        for (line, sorted) in [
            ("elbtail save JOB -f DEST", "elbtail save -f JOB DEST"),
            ("elbtail save JOB -n default DEST", "elbtail save -n default JOB DEST"),
            ("elbtail save JOB -ndefault DEST -v", "elbtail save -ndefault -v JOB DEST"),
            ("elbtail save JOB -fn default DEST", "elbtail save -fn default JOB DEST"),
            ("elbtail save JOB --max-age 5s DEST --job -f", "elbtail save --max-age 5s --job -f JOB DEST"),
            ("elbtail save JOB --max-age=5s DEST", "elbtail save --max-age=5s JOB DEST"),
            ("elbtail -n x save - --redact DEST", "elbtail -n x save --redact - DEST"),
            ("elbtail save JOB -f -- -DEST -v", "elbtail save -f JOB -- -DEST -v"),
            ("elbtail save JOB --wrong DEST", "elbtail save --wrong JOB DEST"),
            ("elbtail save -f --all DEST", "elbtail save -f --all DEST"),
            // What needs no help, or means no such command.
            ("elbtail logs JOB -f JOB", "elbtail logs JOB -f JOB"),
            ("elbtail logs save -f JOB", "elbtail logs save -f JOB"),
            ("elbtail -n save logs JOB -f JOB", "elbtail -n save logs JOB -f JOB"),
            ("elbtail save", "elbtail save"),
            ("elbtail", "elbtail"),
        ] {
            let [words, expected] = [line, sorted].map(|line| line.split(' ').map(OsString::from).collect::<Vec<_>>());
            assert_eq!(*flags_first(Cow::Owned(words), &Cli::command()), expected, "{line}");
        }
    }
}
