//! [`Secrets`]: what must not reach any output, and the last gate that keeps it in.

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use crate::render::plain;

/// What stands where a secret stood.
const MASK: &str = "***";
/// Shorter texts are not looked for: masking every `a` would hide the message and show the secret.
const SHORTEST: usize = 3;

/// The secrets that were given for one source.
///
/// Messages are made so that they hold none. What a server or a driver says is not ours, so it passes through
/// [`told`](Self::told).
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Remembers `secret`, also as it reads percent-decoded.
    pub fn add(&mut self, secret: &str) {
        let decoded = percent_decode_str(secret).decode_utf8_lossy();
        for form in [secret, &decoded] {
            if form.len() >= SHORTEST && !self.0.iter().any(|known| known.expose_secret() == form) {
                self.0.push(form.into());
            }
        }
        // A secret inside another is only found after the longer one.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
    }

    /// Words from outside, fit for a message: no secret, one line, bounded.
    pub fn told(&self, words: &str) -> String {
        let mut text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in &self.0 {
            text = text.replace(secret.expose_secret(), MASK);
        }
        plain(&text, 300)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_in_each_form() {
        let mut secrets = Secrets::default();
        secrets.add("ab%2Fcd");
        secrets.add("ab%2Fcdef");
        secrets.add("x");
        assert_eq!(secrets.told("ab%2Fcd\nab/cd ab/cdef x\u{1b}"), "*** *** *** x\\u{1b}");
    }
}
