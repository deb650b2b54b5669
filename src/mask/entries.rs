//! A secret's name and its value in two fields: `{"name": "DB_PASSWORD", "value": "…"}`, `secret: {value: …}`.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

use super::{
    names, reference,
    value::{self, Extent},
};

/// The field of a value, up to where the value begins.
pub(super) const VALUE: &str = r#"(?i-u)\b(?:[a-z]{1,12}_?)?value\\*["'`]?[ \t]{0,8}[:=][ \t]{0,8}"#;
/// How far a name may stand from its value.
const NEAR: usize = 400;

/// The field of a name, and the name.
const NAME: &str = concat!(
    r#"(?i-u)(?:^|[^a-z0-9_])(?:name|key|variable|field|param|parameter|header|property)\\*["'`]?[ \t]{0,8}[:=][ \t]{0,8}"#,
    r#"\\*["'`]?(?P<name>[a-z0-9_.-]{1,64})"#,
);

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAME).ok());
/// A name at the end of a line, whose value the next line may have.
static NAMED_AT_END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r#"{NAME}\\*["'`]?[ \t]{{0,8}},?[ \t\r]{{0,8}}$"#)).ok());
/// What an object is assigned to.
static OWNER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i-u)(?P<name>[a-z0-9_.-]{1,64})\\*["'`]?[ \t]{0,8}[:=]>?[ \t]{0,8}$"#).ok());
/// The same alone on its line.
static OWNER_OF_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i-u)^[ \t]*(?:- )?["']?(?P<name>[a-z0-9_.-]{1,64})["']?[ \t]{0,8}:[ \t]{0,8}\{?[ \t\r]{0,8}$"#).ok()
});

/// A name whose value is the block of YAML that follows.
static OWNER_OF_BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i-u)^(?P<indent> *)(?:- )?["']?(?P<name>[a-z0-9_.-]{1,64})["']?[ \t]{0,8}:[ \t]{1,8}[|>][-+1-9]{0,2}[ \t\r]{0,8}$"#,
    )
    .ok()
});

/// How far a line is indented that names a secret, and whose value is the block that follows.
pub(super) fn opens_block(line: &[u8]) -> Option<usize> {
    let found = OWNER_OF_BLOCK.as_ref()?.captures(line)?;
    is_secret(&found["name"]).then(|| found["indent"].len())
}

/// The value that [`VALUE`] found, if the name with it is a secret's.
pub(super) fn secret_value(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value_at(line, found.end)?;
    let before = &line[found.start.saturating_sub(NEAR)..found.start];
    let brace = before.iter().rposition(|byte| matches!(byte, b'{' | b'}'));
    let (outside, own) = before.split_at(brace.unwrap_or(0));
    let in_object = own.first() == Some(&b'{');
    let name = NAMED.as_ref()?.captures_iter(own).last().and_then(|name| name.name("name"));
    let name = match name {
        Some(name) => Some(name.as_bytes()),
        None if in_object => {
            let owner = name_in(&OWNER, outside).filter(|owner| is_secret(owner));
            owner.or_else(|| {
                let after = &line[range.end..(range.end + NEAR).min(line.len())];
                let end = after.iter().position(|byte| matches!(byte, b'{' | b'}')).unwrap_or(after.len());
                name_in(&NAMED, &after[..end])
            })
        }
        None => {
            let mut lines = own.rsplit(|byte| *byte == b'\n').skip(1);
            lines.next().and_then(|line| name_in(&OWNER_OF_LINE, line))
        }
    }?;
    let value = &line[range.clone()];
    let is_count = value.len() < 6 && value.iter().all(u8::is_ascii_digit) && !names::is_password(name);
    (is_secret(name) && !is_count).then_some(range)
}

/// Whether the next line may have the value of a name that is a secret's in `line`.
pub(super) fn announces(line: &[u8]) -> bool {
    [&NAMED_AT_END, &OWNER_OF_LINE].iter().any(|place| name_in(place, line).is_some_and(is_secret))
}

/// The value that `line` begins with, said to be one by the line before: in a field of its own, or in quotes and nothing else.
pub(super) fn announced_value(line: &[u8]) -> Option<Range<usize>> {
    static LEADING: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(&format!(r#"^[ \t]*\\*["']?(?:{VALUE})"#)).ok());
    if let Some(found) = LEADING.as_ref()?.find(line) {
        return value_at(line, found.end());
    }
    let from = line.len() - line.trim_ascii_start().len();
    let range = value_at(line, from)?;
    let behind = &line[range.end..];
    let is_alone = behind.iter().all(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b',' | b' ' | b'\t' | b'\r'));
    (range.start > from && is_alone).then_some(range)
}

fn value_at(line: &[u8], from: usize) -> Option<Range<usize>> {
    let mut range = value::assigned(line, from, Extent::Word);
    if range.start == from {
        // `Value:hunter2}` of a dump; one that begins with a bracket is no value.
        let end =
            line[range.clone()].iter().position(|byte| matches!(byte, b'}' | b']' | b'{' | b'[' | b'(' | b'&' | b'|'));
        let is_open = end == Some(0) || line[range.clone()].to_ascii_lowercase().starts_with(b"valuefrom:");
        let closes = end.filter(|end| matches!(line[range.start + end], b'}' | b']'));
        if is_open {
            return None;
        }
        range.end = closes.map_or(range.end, |end| range.start + end);
    }
    let value = &line[range.clone()];
    (!value.trim_ascii().is_empty() && !reference::is_reference(value)).then_some(range)
}

fn name_in<'a>(place: &LazyLock<Option<Regex>>, text: &'a [u8]) -> Option<&'a [u8]> {
    Some(place.as_ref()?.captures(text)?.name("name")?.as_bytes())
}

fn is_secret(name: &[u8]) -> bool {
    names::is_secret(name.rsplit(|byte| *byte == b'.').next().unwrap_or(name))
}
