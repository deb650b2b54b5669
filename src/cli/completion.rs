//! `elbtail completion SHELL`, and what the scripts that it prints ask for. clap's engine knows the command line, and [`offers`]
//! what there is beside it.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::Path,
};

use clap_complete::{
    CompleteEnv, CompletionCandidate, Shell,
    engine::complete,
    env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh},
};

use super::{args::CompletionArgs, environment, failure::Failure, offers::informed, stdout};
use crate::exit::Exit;

/// The variable by which a shell asks; clap's own.
const ASKED: &str = "COMPLETE";
/// The variables in which bash says what it takes for the line, and for the word.
const LINE: &str = "_ELBTAIL_LINE";
const WORD: &str = "_ELBTAIL_WORD";

/// How kubectl asks a plugin, as cobra's programs are asked: the words follow, the last of which is being typed.
pub const BY_KUBECTL: &str = "__complete";

/// Prints the script.
pub fn run(args: &CompletionArgs) -> Result<Exit, Failure> {
    stdout::outcome(stdout::write(&script(args.shell)))?;
    Ok(Exit::Done)
}

/// The script of a shell, which asks the program on the `PATH`.
pub fn script(shell: Shell) -> Vec<u8> {
    let of: &dyn EnvCompleter = match shell {
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::PowerShell => &Powershell,
        Shell::Zsh => &Zsh,
        _ => &BashLine,
    };
    let mut script = Vec::new();
    // A vector takes everything.
    let _ = of.write_registration(ASKED, "elbtail", "elbtail", "elbtail", &mut script);
    script
}

/// Answers the script of a shell, or kubectl, if that is who asks.
pub fn answer() -> Option<Exit> {
    let words: Vec<OsString> = env::args_os().collect();
    if words.get(1).is_some_and(|word| word == BY_KUBECTL) {
        return Some(done(for_kubectl(&words[2..])));
    }
    environment::variables().get(ASKED)?;
    let shells = Shells(&[&BashLine, &Elvish, &Fish, &Powershell, &Zsh]);
    let typed: Vec<OsString> = match variable(LINE) {
        Some(line) => split(&line).into_iter().map(OsString::from).collect(),
        None => words.iter().skip_while(|word| *word != "--").skip(1).cloned().collect(),
    };
    let asked = CompleteEnv::with_factory(move || informed(&typed)).shells(shells).bin("elbtail");
    match asked.try_complete(words, environment::directory().as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(Exit::Done),
        Err(_) => Some(Exit::Usage),
    }
}

fn variable(name: &str) -> Option<String> {
    environment::variables().text(name).map(str::to_owned)
}

fn done(written: io::Result<()>) -> Exit {
    if written.is_ok() { Exit::Done } else { Exit::Unexpected }
}

/// What cobra's programs answer: a candidate a line, with what it is behind a tab, then what the shell is to do.
fn for_kubectl(words: &[OsString]) -> io::Result<()> {
    /// The shell is not to offer files itself; and is to put no space behind what goes on.
    const NO_FILES: u8 = 4;
    const NO_SPACE: u8 = 2;
    let words: Vec<OsString> = [OsString::from("elbtail")].into_iter().chain(words.iter().cloned()).collect();
    let offered = offers(&words)?;
    let goes_on = |candidate: &CompletionCandidate| candidate.get_value().to_string_lossy().ends_with(['/', '=']);
    let more = if !offered.is_empty() && offered.iter().all(goes_on) { NO_SPACE } else { 0 };
    let mut text = String::new();
    for candidate in &offered {
        text += &candidate.get_value().to_string_lossy();
        if let Some(help) = candidate.get_help() {
            text.push('\t');
            text += help.to_string().lines().next().unwrap_or_default();
        }
        text.push('\n');
    }
    text += &format!(":{}\n", NO_FILES + more);
    stdout::write(text.as_bytes())
}

/// What is offered for the last of `words`.
fn offers(words: &[OsString]) -> io::Result<Vec<CompletionCandidate>> {
    let directory = environment::directory();
    let offered = complete(&mut informed(words), words.to_vec(), words.len() - 1, directory.as_deref())?;
    Ok(meant(offered, words.last().map(|word| word.to_string_lossy()).unwrap_or_default().as_ref()))
}

/// Without flags, unless the word that is typed begins as one.
fn meant(offered: Vec<CompletionCandidate>, typed: &str) -> Vec<CompletionCandidate> {
    let is_flag = |candidate: &CompletionCandidate| candidate.get_value().to_string_lossy().starts_with('-');
    offered.into_iter().filter(|candidate| typed.starts_with('-') || !is_flag(candidate)).collect()
}

/// bash, by the line as it was typed: the words that bash makes of it are cut at `=` and `:`, which are parts of ours.
struct BashLine;

impl EnvCompleter for BashLine {
    fn name(&self) -> &'static str {
        Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        Bash.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let mut script = Vec::new();
        Bash.write_registration(var, name, bin, completer, &mut script)?;
        let script = String::from_utf8_lossy(&script);
        let said = format!("{LINE}=\"${{COMP_LINE:0:COMP_POINT}}\" {WORD}=\"$2\" \\\n        {var}=\"bash\"");
        buf.write_all(script.replace(&format!("{var}=\"bash\""), &said).as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let words = match variable(LINE) {
            Some(line) => split(&line).into_iter().map(OsString::from).collect(),
            None => args,
        };
        let typed = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let begun = match variable(LINE) {
            Some(_) => known_to_bash(&typed, &variable(WORD).unwrap_or_default()),
            None => String::new(),
        };
        let at = words.len().saturating_sub(1);
        let ifs = variable("_CLAP_IFS").unwrap_or_else(|| "\n".to_owned());
        let offered = meant(complete(cmd, words, at, current_dir)?, &typed);
        let values = offered.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned());
        let open = variable(LINE).map(|line| Quote::open_at_the_end(&line));
        let values: Vec<String> = values
            // A shell would take the rest of such a name for its next line.
            .filter(|value| !value.contains(char::is_control))
            .map(|value| {
                let value = value.strip_prefix(&begun).unwrap_or(&value);
                open.map_or(value.to_owned(), |open| open.quoted(value))
            })
            .collect();
        buf.write_all(values.join(&ifs).as_bytes())
    }
}

/// What of bash's quoting is open where the cursor is. What is put there is quoted as it has to be, for names come from files,
/// rows and clusters, and bash would run what they hold. `shlex` puts a whole word into quotes, which nobody could go on typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

impl Quote {
    fn open_at_the_end(line: &str) -> Quote {
        let (mut open, mut chars) = (Quote::None, line.chars());
        while let Some(c) = chars.next() {
            open = match (open, c) {
                (Quote::None | Quote::Double, '\\') => {
                    chars.next();
                    open
                }
                (Quote::None, '\'') => Quote::Single,
                (Quote::None, '"') => Quote::Double,
                (Quote::Single, '\'') | (Quote::Double, '"') => Quote::None,
                _ => open,
            };
        }
        open
    }

    fn quoted(self, text: &str) -> String {
        let obeyed = |c: char| match self {
            Quote::None => c.is_ascii() && !c.is_ascii_alphanumeric() && !"_@%+=:,./-".contains(c),
            Quote::Double => "$`\"\\".contains(c),
            Quote::Single => false,
        };
        let quoted = |c: char| match c {
            '\'' if self == Quote::Single => "'\\''".to_owned(),
            c if obeyed(c) => format!("\\{c}"),
            c => c.to_string(),
        };
        text.chars().map(quoted).collect()
    }
}

/// The words of a line up to the cursor, of which the last is being typed and may be empty.
fn split(line: &str) -> Vec<String> {
    let is_new = line.ends_with(char::is_whitespace) && !line.ends_with("\\ ");
    // A quote that is still open ends with the line.
    let whole = ["", "'", "\""].iter().find_map(|end| shlex::split(&format!("{line}{end}")));
    let mut words = whole.unwrap_or_else(|| line.split_whitespace().map(str::to_owned).collect());
    if is_new || words.is_empty() {
        words.push(String::new());
    }
    words
}

/// What of a typed word bash has cut off, and leaves as it is: all that stands before what it takes for the word.
fn known_to_bash(typed: &str, word: &str) -> String {
    // Of `--flag=` bash says that the word is `=`.
    let word = if word == "=" || word == ":" { "" } else { word };
    typed.strip_suffix(word.trim_start_matches(['"', '\''])).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does_up_to_the_cursor() {
        for (line, words) in [
            ("elbtail ", &["elbtail", ""][..]),
            ("elbtail lo", &["elbtail", "lo"]),
            ("elbtail logs --phase=ru", &["elbtail", "logs", "--phase=ru"]),
            ("elbtail logs 'my ro", &["elbtail", "logs", "my ro"]),
            ("elbtail logs \"my ro", &["elbtail", "logs", "my ro"]),
            ("elbtail logs my\\ ", &["elbtail", "logs", "my "]),
            ("elbtail logs  -c  ", &["elbtail", "logs", "-c", ""]),
            ("", &[""]),
        ] {
            assert_eq!(split(line), words, "{line:?}");
        }
    }

    #[test]
    fn what_is_put_into_a_line_of_bash_is_one_word_of_it() {
        for name in [
            "row.json",
            "a b.json",
            "$(touch x)",
            "`x`",
            "it's",
            "a\"b",
            "a\\b",
            "a;b&c|d",
            "~root",
            "#x",
            "{a,b}*?[c]",
            "é ü",
            "!x",
        ] {
            for (open, close) in [("", ""), ("'", "'"), ("\"", "\"")] {
                let word = format!("{open}{}{close}", Quote::open_at_the_end(open).quoted(name));
                assert_eq!(shlex::split(&word), Some(vec![name.to_owned()]), "{word}");
            }
        }
        assert_eq!(Quote::None.quoted("$(x)"), "\\$\\(x\\)");
        for (line, open) in [
            ("elbtail logs a", Quote::None),
            ("elbtail logs 'a", Quote::Single),
            ("elbtail logs 'a' \"b'", Quote::Double),
            ("elbtail logs \\'a", Quote::None),
            ("elbtail logs \"a\\\"", Quote::Double),
        ] {
            assert_eq!(Quote::open_at_the_end(line), open, "{line}");
        }
    }

    #[test]
    fn bash_is_given_what_it_takes_for_the_word() {
        for (typed, word, begun) in [
            ("--phase=ru", "ru", "--phase="),
            ("--phase=", "=", "--phase="),
            ("--phase=", "", "--phase="),
            ("arn:aws:eks", "eks", "arn:aws:"),
            ("lo", "lo", ""),
            ("my ro", "\"my ro", ""),
            ("", "", ""),
        ] {
            assert_eq!(known_to_bash(typed, word), begun, "{typed} {word}");
        }
    }
}
