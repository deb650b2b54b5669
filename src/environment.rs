//! [`Environment`]: the variables of a process, as a value.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// Names and values. `cli` alone reads those of the process, once; nothing below depends on it.
///
/// An empty variable is one that is not set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The value of a variable, of any bytes.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable as it is, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// The same without the spaces around it, for all but passwords.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.text(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether a terminal is one on which nothing but text can be shown: what `TERM` says, or that it says nothing.
    pub fn is_dumb(&self) -> bool {
        self.get("TERM").is_none_or(|term| term == "dumb")
    }

    /// All variables that are text, with their values.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Environment {
        Environment(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be passwords.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_not_set_and_a_password_keeps_its_spaces() {
        let environment: Environment = [("A", ""), ("B", "  "), ("C", " c ")].into_iter().collect();
        assert_eq!(["A", "B", "C", "D"].map(|name| environment.text(name)), [None, Some("  "), Some(" c "), None]);
        assert_eq!(["A", "B", "C", "D"].map(|name| environment.word(name)), [None, None, Some("c"), None]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_kept_for_paths() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(vec![b'/', 0xff]);
        let environment: Environment = [("P", value.clone())].into_iter().collect();
        assert_eq!((environment.get("P"), environment.text("P")), (Some(value.as_os_str()), None));
        assert_eq!(environment.texts().count(), 0);
    }

    #[test]
    fn no_value_is_shown() {
        let environment: Environment = [("AZURE_STORAGE_KEY", "planted")].into_iter().collect();
        let shown = format!("{environment:?}");
        assert!(shown.contains("AZURE_STORAGE_KEY") && !shown.contains("planted"), "{shown}");
    }
}
