//! [`mask`]: text without secrets.
//!
//! Logs carry SAS tokens in URLs, environment dumps carry account keys. What is masked: the query of a SAS URL, `sig=`,
//! bearer tokens and JWTs, `DefaultEndpointsProtocol=…`, values assigned to a name that speaks of a password, secret, token or
//! key, and long base64 with a digit, a capital and a small letter in it, so that sequences and digests survive.

use std::{borrow::Cow, sync::LazyLock};

use regex::bytes::{Captures, Regex};
use serde_json::Value;

/// What stands for a secret.
pub const MASK: &str = "***";
/// The shortest run of base64 that is taken for a key: 30 bytes of one.
const RUN: usize = 40;

/// Words without which no line needs a closer look; long base64 apart.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)sig=|[?&]s[vrp]=|bearer|key|secret|token|passw|pwd|credential|endpointsprotocol|eyJ").ok()
});

/// Every form of secret that shows by the words around it. Group 1 is what stays.
static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const FORMS: [&str; 6] = [
        // A SAS URL: its whole query, whatever the order of its parts.
        r#"(?P<a>\?)[^\s"'<>]*?\b(?:sig|sv)=[^\s"'<>]*"#,
        r#"(?P<b>\bDefaultEndpointsProtocol=)[^\s"'<>]+"#,
        r#"(?P<c>\bsig=)[^\s"'<>&]+"#,
        r"(?P<d>\bbearer\s+)[A-Z0-9._~+/=-]{16,}",
        concat!(
            r#"(?P<e>[A-Z0-9_.-]*(?:passw(?:or)?d|pwd|secret|token|credential|(?:account|access|storage|shared|api|private|sas)[_-]?key)"#,
            r#"[A-Z0-9_-]*["']?\s*[=:]\s*["']?)[^\s"'&,;]+"#
        ),
        r"(?P<f>)\beyJ[A-Z0-9_-]{10,}(?:\.[A-Z0-9_-]*){1,2}",
    ];
    Regex::new(&format!("(?i-u){}", FORMS.join("|"))).ok()
});

static BASE64: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?-u)[A-Za-z0-9+/]{{{RUN},}}={{0,2}}")).ok());

/// `text` with its secrets masked; borrowed when there are none.
pub fn mask(text: &str) -> Cow<'_, str> {
    match mask_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The same for a line that need not be UTF-8.
pub fn mask_bytes(line: &[u8]) -> Cow<'_, [u8]> {
    let (Some(hint), Some(secret), Some(base64)) = (&*HINT, &*SECRET, &*BASE64) else {
        // Cannot happen, as the tests show; if it did, no secret must slip out.
        return Cow::Owned(MASK.into());
    };
    let mut line = Cow::Borrowed(line);
    if hint.is_match(&line)
        && let Cow::Owned(masked) = secret.replace_all(&line, keep_the_name)
    {
        line = Cow::Owned(masked);
    }
    if has_key(&line)
        && let Cow::Owned(masked) = base64.replace_all(&line, |found: &Captures<'_>| {
            let run = found.get(0).map_or(&b""[..], |run| run.as_bytes());
            if is_key(run) { MASK.as_bytes().to_vec() } else { run.to_vec() }
        })
    {
        line = Cow::Owned(masked);
    }
    line
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
            let is_secret = fields.get("name").and_then(Value::as_str).is_some_and(names_a_secret);
            for (name, value) in fields {
                match value {
                    Value::String(text) if names_a_secret(name) || (is_secret && name == "value") => {
                        *text = MASK.to_owned();
                    }
                    value => mask_json(value),
                }
            }
        }
        _ => {}
    }
}

/// Whether a variable or field of this name holds a secret. Names of secrets are none.
fn names_a_secret(name: &str) -> bool {
    const WORDS: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "connection_string"];
    let lower = name.to_ascii_lowercase();
    let named = WORDS.iter().any(|word| lower.contains(word));
    let key = lower.ends_with("key") && lower.len() > "key".len();
    (named || key) && !lower.ends_with("name")
}

fn keep_the_name(found: &Captures<'_>) -> Vec<u8> {
    let name = ["a", "b", "c", "d", "e", "f"].iter().find_map(|name| found.name(name));
    let mut text = name.map_or(&b""[..], |name| name.as_bytes()).to_vec();
    text.extend_from_slice(MASK.as_bytes());
    text
}

/// Whether some run of base64 in `line` looks like a key.
fn has_key(line: &[u8]) -> bool {
    line.len() >= RUN && line.split(|byte| !is_base64(*byte)).any(|run| run.len() >= RUN && is_key(run))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Sequences have no digits, digests no capitals, and both stay.
fn is_key(run: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| run.iter().any(test);
    has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests;
