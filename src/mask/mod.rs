//! [`mask`]: text without secrets.
//!
//! Logs carry SAS tokens in URLs, environment dumps carry account keys, tracebacks carry connection strings. What is masked is
//! in three parts: `rules` knows the words and shapes that give a secret away, `names` which names hold one, `value` where it
//! ends, and `runs` finds long base64 that nothing announces. `url` is about URLs before they are used. Sequences, digests, accessions and the tables of BLAST stay.
//!
//! A line without secrets costs two passes over its bytes: one automaton looks for all words of all rules, and a counter for
//! long runs.

mod names;
mod rules;
mod runs;
pub(crate) mod url;
mod value;

use std::borrow::Cow;

use memchr::memmem;
use serde_json::Value;

/// What stands for a secret.
pub const MASK: &str = "***";
/// How a PEM block ends.
const PEM_END: &[u8] = b"-----END";

/// `text` with its secrets masked; borrowed when there are none.
pub fn mask(text: &str) -> Cow<'_, str> {
    match mask_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The same for a line that need not be UTF-8.
pub fn mask_bytes(line: &[u8]) -> Cow<'_, [u8]> {
    let line = rules::apply(line);
    match runs::apply(&line) {
        Some(masked) => Cow::Owned(masked),
        None => line,
    }
}

/// Masks the lines of one text, one after the other: a private key begins on one line and ends on a later one.
#[derive(Debug, Default)]
pub struct LineMasker {
    in_key: bool,
}

impl LineMasker {
    /// The next line without its secrets.
    pub fn mask<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        if self.in_key {
            self.in_key = memmem::find(line.as_bytes(), PEM_END).is_none();
            return Cow::Owned(MASK.to_owned());
        }
        self.in_key = rules::opens_key(line.as_bytes());
        mask(line)
    }
}

/// Masks every text in a JSON value, and whole values that stand under a name that speaks of a secret, as in an environment:
/// `{"name": "ACCOUNT_KEY", "value": "…"}`.
pub fn mask_json(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = mask(text) {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_json),
        Value::Object(fields) => {
            let called = ["name", "Name", "key", "Key"].iter().find_map(|field| fields.get(*field)?.as_str());
            let is_secret = called.is_some_and(|name| names::is_secret(name.as_bytes()));
            for (name, value) in fields {
                if names::is_secret(name.as_bytes()) || (is_secret && name.eq_ignore_ascii_case("value")) {
                    hide(name, value);
                } else {
                    mask_json(value);
                }
            }
        }
        _ => {}
    }
}

/// Masks what stands under the secret name `name`. An object there is looked into: `secret: {secretName: …}` is none itself.
fn hide(name: &str, value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() => *text = MASK.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(name, item)),
        Value::Number(_) if names::is_password(name.as_bytes()) => *value = Value::String(MASK.to_owned()),
        other => mask_json(other),
    }
}

#[cfg(test)]
mod tests;
