//! [`mask`]: text without secrets.
//!
//! Logs carry SAS tokens in URLs, environment dumps carry account keys, tracebacks carry connection strings. `rules` knows the
//! words and shapes that give a secret away, `names` which names hold one, `value` where it ends, and `prose` and
//! `reference` what is none. `assignment` has a name and its value, `sentence` what a sentence says of one. `entries` sees a name and its
//! value in two fields, `manifest` the values of a Secret of Kubernetes, `arguments` the passwords of programs, and `runs` long base64 that nothing announces. `url` is about URLs
//! before they are used, `command` about commands that are suggested. Sequences, digests, accessions and the tables of BLAST stay.
//!
//! A line without secrets costs a look at every second place of it, in `sieve`, and one at few of its bytes, in `runs`; one that
//! holds a word of a rule is looked at by an automaton for all words, and by the rules that it calls.

mod arguments;
mod assignment;
pub(crate) mod command;
mod entries;
mod manifest;
mod names;
mod prose;
mod reference;
mod rules;
mod runs;
mod sentence;
mod sieve;
pub(crate) mod url;
mod value;

use std::borrow::Cow;

use memchr::memchr;
use serde_json::Value;

use self::manifest::Manifest;
use crate::escape_sequence;

/// What stands for a secret.
pub const MASK: &str = "***";
/// What escape sequences begin with.
const ESC: u8 = 0x1b;

/// `text` with its secrets masked; borrowed when there are none.
pub fn mask(text: &str) -> Cow<'_, str> {
    match mask_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The same for a line that need not be UTF-8.
///
/// A colour hides no secret: where one is found only in what a terminal shows of the line, that is what is left of it.
pub fn mask_bytes(line: &[u8]) -> Cow<'_, [u8]> {
    if let Cow::Owned(shown) = escape_sequence::stripped(line)
        && let Cow::Owned(masked) = mask_plain(&shown)
    {
        return Cow::Owned(masked);
    }
    mask_plain(line)
}

fn mask_plain(line: &[u8]) -> Cow<'_, [u8]> {
    let mut line = Cow::Borrowed(line);
    // What is left of a line may read in another way, so it is looked at until nothing is found: then masking twice is masking
    // once. Each time there is less that is not masked, so it ends.
    while let Some(masked) = masked_once(&line) {
        line = Cow::Owned(masked);
    }
    line
}

fn masked_once(line: &[u8]) -> Option<Vec<u8>> {
    if !may_hold_any(line) {
        return None;
    }
    let mut masked = rules::apply(line);
    for apply in [runs::apply, manifest::apply] {
        if let Some(more) = apply(&masked) {
            masked = Cow::Owned(more);
        }
    }
    match masked {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    }
}

/// Whether `line` may hold a secret. Most lines do not, and asking is quick.
pub fn is_suspect(line: &[u8]) -> bool {
    may_hold_any(line) || memchr(ESC, line).is_some()
}

fn may_hold_any(line: &[u8]) -> bool {
    rules::may_apply(line) || runs::may_hold(line)
}

/// What stands for `secret`: no longer than it is.
fn stars(secret: &[u8]) -> &'static [u8] {
    &MASK.as_bytes()[..MASK.len().min(secret.len())]
}

/// Masks the lines of one text, one after the other: a private key begins on one line and ends on a later one, and a name has
/// its value on the next.
#[derive(Debug, Default)]
pub struct LineMasker {
    in_key: bool,
    /// The line before names a secret, and this one may have its value.
    announced: bool,
    /// Lines that are indented by more than this are a secret's value: a block of YAML.
    block: Option<usize>,
    /// The object of Kubernetes that is being printed.
    manifest: Option<Manifest>,
}

impl LineMasker {
    /// The next line without its secrets.
    pub fn mask<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        match self.mask_bytes(line.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(line),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The same for a line that need not be UTF-8.
    pub fn mask_bytes<'a>(&mut self, line: &'a [u8]) -> Cow<'a, [u8]> {
        match escape_sequence::stripped(line) {
            Cow::Borrowed(line) => self.mask_shown(line),
            Cow::Owned(shown) => match self.mask_shown(&shown) {
                Cow::Owned(masked) => Cow::Owned(masked),
                Cow::Borrowed(_) => mask_bytes(line),
            },
        }
    }

    fn mask_shown<'a>(&mut self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if let Some(owner) = self.block {
            let indent = line.iter().take_while(|byte| **byte == b' ').count();
            if line.trim_ascii().is_empty() {
                return Cow::Borrowed(line);
            }
            if indent > owner {
                return Cow::Owned([&line[..indent], stars(&line[indent..])].concat());
            }
        }
        let is_named = rules::may_apply(line);
        if let Some(masked) = self.of_manifest(line, is_named) {
            return Cow::Owned(mask_bytes(&masked).into_owned());
        }
        self.block = if is_named { entries::opens_block(line) } else { None };
        if self.in_key {
            let ends = rules::key_end(line).is_some();
            // One that is cut off takes nothing with it that is no part of a key.
            self.in_key = !ends && is_of_key(line);
            if ends || self.in_key {
                return Cow::Owned(stars(line).into());
            }
        }
        self.in_key = rules::opens_key(line);
        let value = if self.announced { entries::announced_value(line) } else { None };
        self.announced = is_named && entries::announces(line);
        match value {
            Some(value) => {
                let line = [&line[..value.start], stars(&line[value.clone()]), &line[value.end..]].concat();
                Cow::Owned(mask_bytes(&line).into_owned())
            }
            None => mask_bytes(line),
        }
    }

    /// `line` without the values of a Secret that is being printed, if it has any.
    fn of_manifest(&mut self, line: &[u8], is_named: bool) -> Option<Vec<u8>> {
        let Some(manifest) = &mut self.manifest else {
            self.manifest = if is_named { Manifest::begins(line) } else { None };
            return None;
        };
        let masked = manifest.mask(line);
        self.manifest = self.manifest.take().filter(Manifest::goes_on);
        masked
    }

    /// Whether how the next line is read depends on those before it.
    pub fn expects_more(&self) -> bool {
        self.in_key || self.announced || self.block.is_some() || self.manifest.is_some()
    }
}

/// Whether a line may stand within a private key: base64, perhaps behind what a logger writes before it, or one of its headers.
fn is_of_key(line: &[u8]) -> bool {
    /// A word of so many letters is none of a sentence.
    const WORD: usize = 16;
    let line = line.trim_ascii();
    let last = line.rsplit(u8::is_ascii_whitespace).next().unwrap_or(line);
    let is_base64 = last.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let alone = last.len() == line.len() || last.len() >= WORD || last.ends_with(b"=");
    let headers = ["Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Charset:", "Hash:", "MessageID:"];
    (is_base64 && alone) || headers.iter().any(|header| line.starts_with(header.as_bytes()))
}

/// Masks every text in a JSON value, whole values that stand under a name that speaks of a secret, as in an environment:
/// `{"name": "ACCOUNT_KEY", "value": "…"}`, and arguments behind a flag that asks for one.
pub fn mask_json(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = mask(text) {
                *text = masked;
            }
        }
        Value::Array(items) => {
            arguments::hide(items);
            items.iter_mut().for_each(mask_json);
        }
        Value::Object(fields) => {
            let called = ["name", "Name", "key", "Key"].iter().find_map(|field| fields.get(*field)?.as_str());
            let called = called.filter(|name| names::is_secret(name.as_bytes())).map(str::to_owned);
            let holds_secrets = fields.get("kind").is_some_and(|kind| kind == "Secret");
            for (name, value) in fields {
                match &called {
                    _ if holds_secrets && matches!(&**name, "data" | "stringData") => hide_all(value),
                    _ if names::is_secret(name.as_bytes()) => hide(name, value),
                    Some(called) if is_value(name) => hide(called, value),
                    _ => mask_json(value),
                }
            }
        }
        _ => {}
    }
}

/// Masks all values of a Secret's data.
fn hide_all(data: &mut Value) {
    for value in data.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        *value = Value::String(MASK.to_owned());
    }
}

/// Masks what stands under the secret name `name`. An object there is looked into: `secret: {secretName: …}` is none itself,
/// `secret: {value: …}` has one.
fn hide(name: &str, value: &mut Value) {
    match value {
        Value::String(text) if name.eq_ignore_ascii_case("sig") && names::is_signal(text.as_bytes()) => {}
        Value::String(text) if name.eq_ignore_ascii_case("secret") && reference::is_object_name(text.as_bytes()) => {}
        Value::String(text) if !text.is_empty() => *text = MASK.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(name, item)),
        Value::Number(_) if names::is_password(name.as_bytes()) => *value = Value::String(MASK.to_owned()),
        Value::Object(fields) => {
            for (_, value) in fields.iter_mut().filter(|(field, _)| is_value(field)) {
                hide(name, value);
            }
            mask_json(value);
        }
        other => mask_json(other),
    }
}

/// Whether a field of this name holds the value of what another one names.
fn is_value(field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    lower.ends_with("value") || lower.ends_with("values")
}

#[cfg(test)]
mod tests;
