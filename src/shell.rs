//! Words as a shell reads them, for commands that messages suggest.

/// A path or URL as an argument, quoted where it must be: one that begins as a flag does is a path from here.
#[cfg(any(feature = "archive", feature = "watch"))]
pub(crate) fn place(place: &str) -> String {
    if place.starts_with('-') { quote(&format!("./{place}")) } else { quote(place) }
}

/// A word, quoted where it must be. What no command line can hold becomes an empty word.
pub(crate) fn quote(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |quoted| quoted.into_owned())
}
