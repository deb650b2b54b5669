//! What a view that cannot be drawn is refused with: the command that prints the lines instead, with the words that were typed.

use std::ffi::{OsStr, OsString};

use crate::{
    mask::command::{self, NO_FLAG},
    shell,
};

/// Why there is no view, and what to type instead.
pub(super) fn refused(why: &str, archive: Option<&OsStr>) -> String {
    let typed = std::env::args_os().skip(1);
    let words: Vec<String> = typed.map(|word: OsString| word.to_string_lossy().into_owned()).collect();
    let archive = archive.map(|archive| archive.to_string_lossy().into_owned());
    format!(
        "watch draws on a terminal, and {why}; for its lines alone: elbtail {}",
        instead(&words, archive.as_deref())
    )
}

/// The command in the place of `watch`.
fn instead(words: &[String], archive: Option<&str>) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut words = words.iter().peekable();
    let mut is_command = true;
    while let Some(word) = words.next() {
        match word.as_str() {
            "watch" if is_command => {
                is_command = false;
                match archive {
                    Some(dest) => out.extend(["replay".to_owned(), shell::place(dest)]),
                    None => out.extend(["logs".to_owned(), "-f".to_owned()]),
                }
            }
            "--archive" => drop(words.next()),
            word if word.starts_with("--archive=") => {}
            word => {
                let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
                if !command::takes_secret(flag) {
                    out.push(command::value(NO_FLAG, word));
                    continue;
                }
                let value = value.map(str::to_owned).or_else(|| words.next().cloned()).unwrap_or_default();
                out.extend([flag.to_owned(), command::value(flag, &value)]);
            }
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_repeated_as_the_command_that_prints() {
        for (typed, archive, told) in [
            ("watch row.json", None, "logs -f row.json"),
            ("--context kind watch 3ed51a95 -c blast -n a", None, "--context kind logs -f 3ed51a95 -c blast -n a"),
            ("watch 'my row.json' --since 10m", None, "logs -f 'my row.json' --since 10m"),
            ("watch x --token abc --password=abc", None, "logs -f x --token \"$TOKEN\" --password \"$PASSWORD\""),
            ("watch --db postgres://me:pw@h/d x", None, "logs -f --db \"$ELBTAIL_DB\" x"),
            ("watch --db sqlite:jobs.db --latest", None, "logs -f --db sqlite:jobs.db --latest"),
            ("watch --archive /var/x watch", Some("/var/x"), "replay /var/x watch"),
            ("watch --archive=-x job-1", Some("-x"), "replay ./-x job-1"),
            ("watch 'https://h/j?sv=1&sig=abcdefgh1234%3D'", None, "logs -f \"$JOB_URL\""),
            ("watch https://me:abc@h/j", None, "logs -f \"$JOB_URL\""),
        ] {
            let words = shlex::split(typed).unwrap();
            let told_now = instead(&words, archive);
            assert_eq!(told_now, told, "{typed}");
            assert!(!told_now.contains("abc"), "{told_now}");
        }
    }
}
