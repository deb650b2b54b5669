//! Words as a shell reads them, for commands that messages suggest.

/// A word, quoted where it must be. What no command line can hold becomes an empty word.
pub(crate) fn quote(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |quoted| quoted.into_owned())
}
