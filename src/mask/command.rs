//! [`value`]: what stands behind a flag of a command that is suggested, without its secrets.

use super::mask;
use crate::shell::quote;

/// What a command line may hold that is a secret, always or in some URLs, and the variable that stands for it in a command that is
/// suggested: the shell that it was typed in has it.
const SECRETS: [(&str, &str, Holds); 5] = [
    ("--token", "TOKEN", Holds::Secret),
    ("--password", "PASSWORD", Holds::Secret),
    ("--db-header", "DB_HEADER", Holds::Secret),
    ("--db", "ELBTAIL_DB", Holds::Url),
    (NO_FLAG, "JOB_URL", Holds::Url),
];

/// The flag of a word that has none: a job, or where it is.
pub(crate) const NO_FLAG: &str = "";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Secret,
    Url,
}

/// Whether what stands behind a flag can be a secret.
#[cfg(feature = "watch")]
pub(crate) fn takes_secret(flag: &str) -> bool {
    flag != NO_FLAG && SECRETS.iter().any(|(secret, ..)| *secret == flag)
}

/// What stands behind a flag, for a command that is suggested: quoted, or a variable in the place of a secret.
pub(crate) fn value(flag: &str, value: &str) -> String {
    match SECRETS.iter().find(|(secret, ..)| *secret == flag) {
        Some((_, variable, holds)) if *holds == Holds::Secret || !is_harmless(value) => format!("\"${variable}\""),
        _ => quote(value),
    }
}

/// Whether a word holds no secret: nothing that is masked elsewhere, and no URL with a user, whose password may look like anything.
fn is_harmless(word: &str) -> bool {
    mask(word) == word && !(word.contains('@') && word.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_for_what_is_or_may_be_a_secret() {
        for (flag, word, told) in [
            ("--token", "abc", "\"$TOKEN\""),
            ("--password", "", "\"$PASSWORD\""),
            ("--db-header", "X-Any: abc", "\"$DB_HEADER\""),
            ("--db", "sqlite:jobs.db", "sqlite:jobs.db"),
            ("--db", "postgres://me:pw@h/d", "\"$ELBTAIL_DB\""),
            ("--db", "me:pw@h/d", "\"$ELBTAIL_DB\""),
            (NO_FLAG, "https://h/j?sv=1&sig=abcdefgh1234%3D", "\"$JOB_URL\""),
            (NO_FLAG, "https://me:pw@h/j", "\"$JOB_URL\""),
            (NO_FLAG, "me@example.com", "me@example.com"),
            (NO_FLAG, "my row.json", "'my row.json'"),
            ("--context", "kind", "kind"),
        ] {
            assert_eq!(value(flag, word), told, "{flag} {word}");
        }
    }
}
