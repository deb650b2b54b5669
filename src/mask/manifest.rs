//! Secrets of Kubernetes, as `kubectl get secret -o yaml` prints them: any name may stand before their values, a line for each.
//!
//! What an object is may come behind its data (`apiVersion`, `data`, `kind`: the order of the alphabet). Until it is known, what is
//! encoded as a Secret's values are is masked, and the rest stays, as a ConfigMap's data does.

use std::{ops::Range, sync::LazyLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use memchr::{memchr, memmem};
use regex::bytes::Regex;

use super::{
    reference, stars,
    value::{self, Extent},
};

/// Lines that are no part of an object, one after the other, until it is taken to have ended: something else may be told meanwhile.
const STRANGERS: u8 = 3;
/// Lines of an object besides its data. Nobody manages the fields of a Secret with more.
const LINES: u16 = 2000;
/// The longest name of a field: that of a Kubernetes object, and its longest prefix.
const NAME: usize = 253;

/// That an object in a line is of a kind.
static KIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)["']kind\\*["'][ \t]{0,8}:[ \t]{0,8}\\*["'](?P<kind>[A-Za-z]{1,63})\\*["']"#).ok()
});
/// The same right behind data.
static KIND_BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?-u)\}[ ]?,[ ]?(?:\\*["']immutable\\*["'][ ]?:[ ]?[a-zA-Z]{4,5}[ ]?,[ ]?)?\\*["']kind\\*["'][ ]?:"#)
        .ok()
});
/// The data of an object in a line, up to its fields.
static DATA: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?-u)["'](?P<name>data|string_?[dD]ata)\\*["'][ \t]{0,8}:[ \t]{0,8}\{"#).ok());

/// What is masked of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    /// All: it is a Secret's.
    Secret,
    /// What is encoded as a Secret's values are: whose it is comes later.
    Encoded,
    /// Nothing: it is another object's.
    Open,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Yaml,
    /// JSON, or a dictionary of Python.
    Json,
}

/// A block of data that has begun.
#[derive(Debug, Clone, Copy)]
struct Block {
    data: Data,
    form: Form,
    /// How far the line is indented that opened it.
    indent: usize,
    /// How far its names are indented, when the first came: what is further in goes on with a value.
    names: Option<usize>,
}

/// What is known of the object that is being printed.
#[derive(Debug)]
pub(super) struct Manifest {
    /// How far its own fields are indented.
    indent: usize,
    data: Data,
    block: Option<Block>,
    strangers: u8,
    lines: u16,
}

impl Manifest {
    /// The object that begins in `line`, if one does.
    pub(super) fn begins(line: &[u8]) -> Option<Manifest> {
        let field = Field::of(line)?;
        let data = match field.name {
            b"apiVersion" | b"api_version" => Data::Encoded,
            b"kind" if field.value(line) == b"Secret" => Data::Secret,
            _ => return None,
        };
        Some(Manifest { indent: field.indent, data, block: None, strangers: 0, lines: 0 })
    }

    /// Whether more of it may come.
    pub(super) fn goes_on(&self) -> bool {
        self.strangers < STRANGERS && self.lines < LINES
    }

    /// The next line without the values of a Secret; `None` when it holds none.
    pub(super) fn mask(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let indent = indent_of(line);
        if let Some(block) = self.block {
            let is_closed = block.form == Form::Json && line[indent..].starts_with(b"}");
            if indent > block.indent && !is_closed {
                return self.mask_in(block, indent, line);
            }
            self.block = None;
        }
        self.lines += 1;
        let Some(field) = Field::of(line) else {
            let is_part = indent > self.indent || line.iter().all(|byte| !byte.is_ascii_alphanumeric());
            self.strangers = if is_part { 0 } else { self.strangers + 1 };
            return None;
        };
        self.strangers = 0;
        // What is further in are fields of its parts, such as the owner of a Secret, or of the objects of a list.
        let is_own = field.indent == self.indent;
        match field.name {
            b"apiVersion" | b"api_version" if field.indent <= self.indent || self.data != Data::Secret => {
                (self.indent, self.data) = (field.indent, Data::Encoded);
            }
            b"kind" if field.indent <= self.indent => {
                let data = if field.value(line) == b"Secret" { Data::Secret } else { Data::Open };
                (self.indent, self.data) = (field.indent, data);
            }
            b"data" if is_own => return self.open(self.data, &field, line),
            b"stringData" | b"string_data" if is_own => return self.open(Data::Secret, &field, line),
            _ => {}
        }
        None
    }

    /// Begins the data that `field` names, of which a part may stand in its line.
    fn open(&mut self, data: Data, field: &Field, line: &[u8]) -> Option<Vec<u8>> {
        let rest = &line[field.value.clone()];
        let form = match rest.first() {
            None => Form::Yaml,
            Some(b'{') => Form::Json,
            Some(_) => return None,
        };
        let is_open = memchr(b'}', rest).is_none();
        self.block = is_open.then_some(Block { data, form, indent: field.indent, names: None });
        masked_fields(line, field.value.start, data)
    }

    fn mask_in(&mut self, block: Block, indent: usize, line: &[u8]) -> Option<Vec<u8>> {
        if block.form == Form::Json {
            // Python closes it behind the last value.
            self.block = self
                .block
                .filter(|_| !line.trim_ascii_end().ends_with(b"}") && !line.trim_ascii_end().ends_with(b"},"));
            return masked_fields(line, indent, block.data);
        }
        let names = block.names.unwrap_or(indent);
        self.block = Some(Block { names: Some(names), ..block });
        let secret = match Field::of(line).filter(|_| indent <= names) {
            Some(field) => field.unquoted(line),
            None => indent..line.trim_ascii_end().len(),
        };
        let text = &line[secret.clone()];
        // The sign of a block of text says that its lines follow.
        let is_sign = text.len() <= 3 && text.iter().all(u8::is_ascii_punctuation);
        (!is_sign && block.data.hides(text)).then(|| [&line[..secret.start], stars(text), &line[secret.end..]].concat())
    }
}

impl Data {
    /// Whether a value of such data is masked.
    fn hides(self, value: &[u8]) -> bool {
        let is_one = !value.is_empty() && !reference::is_reference(value);
        match self {
            Data::Secret => is_one,
            Data::Encoded => is_one && is_encoded(value),
            Data::Open => false,
        }
    }
}

/// `line` without the values of the Secrets that stand in it whole, if there are any.
pub(super) fn apply(line: &[u8]) -> Option<Vec<u8>> {
    memmem::find(line, b"data").or_else(|| memmem::find(line, b"Data"))?;
    // Whether each object is a Secret, by where that is said.
    let is_secret = |kind: &[u8]| matches!(kind, b"Secret" | b"SecretList");
    let kinds: Vec<(usize, bool)> = KIND
        .as_ref()?
        .captures_iter(line)
        .filter_map(|found| Some((found.get(0)?.start(), is_secret(found.name("kind")?.as_bytes()))))
        .collect();
    let (mut out, mut copied) = (Vec::new(), 0);
    for found in DATA.as_ref()?.captures_iter(line) {
        let (whole, name) = (found.get(0)?, found.name("name")?.as_bytes());
        // What is within a value is none.
        if whole.start() < copied {
            continue;
        }
        let (values, end) = values_of(line, whole.end());
        let behind = KIND_BEHIND.as_ref()?.is_match(&line[end..]);
        let next = kinds.partition_point(|(at, _)| *at < whole.start());
        let kind = if behind { kinds.get(next) } else { next.checked_sub(1).and_then(|before| kinds.get(before)) };
        let is_secret = name != b"data" || kind.is_some_and(|(_, is_secret)| *is_secret);
        let data = if is_secret { Data::Secret } else { Data::Open };
        for value in values.into_iter().filter(|value| data.hides(&line[value.clone()])) {
            out.extend_from_slice(&line[copied..value.start]);
            out.extend_from_slice(stars(&line[value.clone()]));
            copied = value.end;
        }
    }
    (copied > 0).then(|| [&out, &line[copied..]].concat())
}

/// The values of the fields that follow `from`, and where these end.
fn values_of(line: &[u8], from: usize) -> (Vec<Range<usize>>, usize) {
    let skip = |at: usize, what: &[u8]| at + line[at..].iter().take_while(|byte| what.contains(byte)).count();
    // Behind a text comes its quote, as it is written in what the text stands in.
    let behind = |text: &Range<usize>| (skip(text.end, b"\\") + 1).min(line.len());
    let mut values = Vec::new();
    let mut at = skip(from, b" ");
    while let Some(name) = quoted(line, at) {
        let colon = skip(behind(&name), b" \t");
        if line.get(colon) != Some(&b':') {
            break;
        }
        let from = skip(colon + 1, b" \t");
        at = match quoted(line, from) {
            Some(value) => {
                values.push(value.clone());
                skip(behind(&value), b" ")
            }
            // `null`, `None`.
            None => skip(from + line[from..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count(), b" "),
        };
        if line.get(at) != Some(&b',') {
            break;
        }
        at = skip(at + 1, b" ");
    }
    (values, at)
}

/// `line` from `from` on without the values of its fields that `data` hides, if there are any.
fn masked_fields(line: &[u8], from: usize, data: Data) -> Option<Vec<u8>> {
    let start = from + line[from..].iter().take_while(|byte| matches!(byte, b' ' | b'{')).count();
    let (mut out, mut copied) = (Vec::new(), 0);
    for value in values_of(line, start).0.into_iter().filter(|value| data.hides(&line[value.clone()])) {
        out.extend_from_slice(&line[copied..value.start]);
        out.extend_from_slice(stars(&line[value.clone()]));
        copied = value.end;
    }
    (copied > 0).then(|| [&out, &line[copied..]].concat())
}

/// What stands within quotes that open at `from`.
fn quoted(line: &[u8], from: usize) -> Option<Range<usize>> {
    let range = value::assigned(line, from, Extent::Word);
    (range.start > from).then_some(range)
}

/// A field of YAML, JSON or Python that begins a line.
struct Field<'a> {
    indent: usize,
    name: &'a [u8],
    /// What stands behind its colon, to the end of the line.
    value: Range<usize>,
}

impl<'a> Field<'a> {
    fn of(line: &'a [u8]) -> Option<Field<'a>> {
        let indent = indent_of(line);
        let quote = line.get(indent).filter(|byte| matches!(byte, b'"' | b'\''));
        let start = indent + usize::from(quote.is_some());
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        let name = &line[start..];
        let name = &name[..name.iter().take(NAME + 1).take_while(is_name).count()];
        let rest = &line[start + name.len()..];
        let rest = if quote.is_some() { rest.strip_prefix(&[*quote?])? } else { rest };
        let behind = rest.trim_ascii_start().strip_prefix(b":")?;
        let text = behind.trim_ascii_start();
        // `12:30:00` is none.
        let is_apart = text.is_empty() || text.len() < behind.len() || quote.is_some();
        let value = line.len() - text.len();
        let end = value + text.trim_ascii_end().len();
        (!name.is_empty() && name.len() <= NAME && is_apart).then_some(Field { indent, name, value: value..end })
    }

    /// Its value, without quotes and what follows in JSON.
    fn unquoted(&self, line: &[u8]) -> Range<usize> {
        quoted(line, self.value.start).unwrap_or(self.value.clone())
    }

    fn value<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        &line[self.unquoted(line)]
    }
}

/// How far a line is indented. The sign of a list is a part of that, and so are those of a difference and of a dictionary.
fn indent_of(line: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        let next = line.get(at + 1);
        let is_part = match byte {
            b' ' => true,
            b'-' | b'+' => next == Some(&b' ') || at == 0 && next.is_some_and(u8::is_ascii_alphabetic),
            b'{' => matches!(next, Some(b'"' | b'\'')),
            _ => false,
        };
        if !is_part {
            break;
        }
        at += 1;
    }
    at
}

/// Whether a value is encoded as those of Secrets are: in base64, of what is text or random. A plain word may look so, but makes
/// no text.
fn is_encoded(value: &[u8]) -> bool {
    /// Random bytes are fewer in no key.
    const RANDOM: usize = 20;
    let has = |test: fn(&u8) -> bool| value.iter().any(test);
    let is_mixed = has(u8::is_ascii_lowercase) && (has(u8::is_ascii_uppercase) || has(u8::is_ascii_digit));
    if !is_mixed && !value.ends_with(b"=") {
        return false;
    }
    let Ok(bytes) = BASE64_STANDARD.decode(value) else { return false };
    let is_text =
        std::str::from_utf8(&bytes).is_ok_and(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace()));
    let is_random = value.len() >= RANDOM && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    !bytes.is_empty() && (is_text || is_random)
}
