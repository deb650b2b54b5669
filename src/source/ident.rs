//! [`Ident`]: the name of a column or table, safe to stand in a statement.

use std::{fmt, str::FromStr};

/// The longest name, in bytes: Postgres cuts longer ones off in silence.
const MAX: usize = 63;

/// The name of a column, a table or a schema: letters, digits, `_`, `-` and `$`, not empty, 63 bytes at most.
///
/// It is quoted wherever it is used; that it holds no quote makes both together safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident(String);

/// Why a text is no [`Ident`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to {MAX} letters, digits, \"_\", \"-\" or \"$\"")]
pub struct IdentError;

impl Ident {
    /// The name as text, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ident {
    type Err = IdentError;

    fn from_str(text: &str) -> Result<Self, IdentError> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
        let ok = !text.is_empty() && text.len() <= MAX && text.chars().all(fits);
        if ok { Ok(Self(text.to_owned())) } else { Err(IdentError) }
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_end_a_quoted_name() {
        for good in ["jobstate", "PartitionKey", "job-state", "größe", "a$1"] {
            assert!(good.parse::<Ident>().is_ok(), "{good}");
        }
        for bad in ["", "a\"b", "a`b", "a'b", "a b", "a;b", "a.b", "a\\b", "a\0b", "a]b", &"x".repeat(64)] {
            assert_eq!(bad.parse::<Ident>(), Err(IdentError), "{bad}");
        }
    }
}
