//! [`Logfmt`]: objects as `key=value` pairs.

use super::{is_unsafe, json, object::Notation};

/// Pairs on one line. A value is quoted where it must be, and then escaped as in JSON.
pub(super) struct Logfmt;

impl Notation for Logfmt {
    fn begin(out: &mut Vec<u8>, name: &str) {
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
    }

    fn key(out: &mut Vec<u8>, name: &str) {
        out.push(b' ');
        Self::begin(out, name);
    }

    fn text(out: &mut Vec<u8>, text: &str) {
        let is_quoted = |c: char| matches!(c, ' ' | '=' | '"' | '\\') || c.is_whitespace() || is_unsafe(c);
        if text.is_empty() || text.contains(is_quoted) {
            json::string(out, text);
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn plain(out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(text);
    }

    fn end(_: &mut Vec<u8>) {}
}
