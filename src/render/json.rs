//! JSON in which nothing is left that a terminal would obey.

use std::{borrow::Cow, io};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::{
    object::Notation,
    unsafe_chars::{find, is_unsafe, may_begin},
};

/// Objects on one line.
pub(super) struct Compact;

/// Objects over several lines, a field each.
pub(super) struct Pretty;

impl Notation for Compact {
    fn begin(out: &mut Vec<u8>, name: &str) {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    }

    fn key(out: &mut Vec<u8>, name: &str) {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    }

    fn text(out: &mut Vec<u8>, text: &str) {
        string(out, text);
    }

    fn plain(out: &mut Vec<u8>, text: &[u8]) {
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }

    fn end(out: &mut Vec<u8>) {
        out.push(b'}');
    }
}

impl Notation for Pretty {
    fn begin(out: &mut Vec<u8>, name: &str) {
        out.extend_from_slice(b"{\n  \"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\": ");
    }

    fn key(out: &mut Vec<u8>, name: &str) {
        out.extend_from_slice(b",\n  \"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\": ");
    }

    fn text(out: &mut Vec<u8>, text: &str) {
        string(out, text);
    }

    fn plain(out: &mut Vec<u8>, text: &[u8]) {
        Compact::plain(out, text);
    }

    fn end(out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n}");
    }
}

/// Appends a text as a string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    // Writing into a `Vec` cannot fail.
    let _ = text.serialize(&mut serde_json::Serializer::with_formatter(out, Harmless));
}

/// JSON as it was written, made harmless. A control character in it stands between its values, where it is as good as a blank.
pub(super) fn harmless(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unsafe) {
        return json.into();
    }
    let json: String = json.chars().map(|c| if c < ' ' { ' ' } else { c }).collect();
    let mut out = Vec::with_capacity(json.len() + 16);
    // Writing into a `Vec` cannot fail.
    let _ = Harmless.write_string_fragment(&mut out, &json);
    String::from_utf8(out).unwrap_or(json).into()
}

/// JSON in which every character that a terminal might obey is escaped. It is the same value, so a pipe gets it too.
pub(super) struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let (mut rest, mut from) = (fragment, 0);
        while let Some(at) = find(&rest.as_bytes()[from..], may_begin) {
            let at = from + at;
            let Some(c) = rest[at..].chars().next() else { break };
            let behind = at + c.len_utf8();
            if is_unsafe(c) {
                out.write_all(&rest.as_bytes()[..at])?;
                write!(out, "\\u{:04x}", u32::from(c))?;
                (rest, from) = (&rest[behind..], 0);
            } else {
                from = behind;
            }
        }
        out.write_all(rest.as_bytes())
    }
}
