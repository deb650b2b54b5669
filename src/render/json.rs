//! `-o json`: a line as an object.

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::ser::Formatter;

use super::unsafe_chars::{find, is_unsafe, may_begin};
use crate::k8s::{Stream, Target};

/// The part of a container's objects that never changes: all between the timestamp and the number of the instance.
pub(super) fn fields(target: &Target) -> Box<[u8]> {
    let mut out = Vec::new();
    for (name, value) in [
        ("namespace", target.namespace.as_str()),
        ("pod", &target.pod),
        ("container", &target.container),
        ("phase", target.phase.as_str()),
    ] {
        key(&mut out, name);
        string(&mut out, value);
    }
    key(&mut out, "restart");
    out.into()
}

/// What a line was printed by, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineOrigin {
    /// The instance.
    pub restart: u32,
    /// The stream, where it is known.
    pub stream: Option<Stream>,
}

/// Appends one object without line end. `stamp` is text that needs no escaping.
pub(super) fn object(out: &mut Vec<u8>, stamp: &[u8], fields: &[u8], place: LineOrigin, text: &[u8]) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    out.extend_from_slice(stamp);
    out.push(b'"');
    out.extend_from_slice(fields);
    // Writing into a `Vec` cannot fail; here and below.
    let _ = serde_json::to_writer(&mut *out, &place.restart);
    if let Some(stream) = place.stream {
        key(out, "stream");
        string(out, stream.as_str());
    }
    key(out, "message");
    match std::str::from_utf8(text) {
        Ok(text) => string(out, text),
        Err(_) => {
            string(out, &String::from_utf8_lossy(text));
            key(out, "messageBase64");
            string(out, &BASE64_STANDARD.encode(text));
        }
    }
    out.push(b'}');
}

fn key(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn string(out: &mut Vec<u8>, text: &str) {
    let _ = text.serialize(&mut serde_json::Serializer::with_formatter(out, Harmless));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::incident;
    use proptest::prelude::*;
    use serde_json::Value;

    fn line(text: &[u8]) -> (String, Value) {
        line_of(text, None)
    }

    fn line_of(text: &[u8], stream: Option<Stream>) -> (String, Value) {
        let mut out = Vec::new();
        let place = LineOrigin { restart: 2, stream };
        object(&mut out, b"2026-11-24T12:58:26.959221551Z", &fields(&incident()[0]), place, text);
        let value = serde_json::from_slice(&out).unwrap();
        (String::from_utf8(out).unwrap(), value)
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let (json, value) = line("\x1b\x7f\u{9b}\u{e9}\u{2028}\u{2026}\"".as_bytes());
        assert!(json.ends_with(r#","message":"\u001b\u007f\u009bé\u2028…\""}"#), "{json}");
        assert_eq!(value["message"], "\x1b\x7f\u{9b}\u{e9}\u{2028}\u{2026}\"");
    }

    #[test]
    fn bytes_that_are_not_utf8_come_twice() {
        let (_, value) = line(b"a\xffb");
        assert_eq!(value["message"], "a\u{fffd}b");
        assert_eq!(value["messageBase64"], "Yf9i");
        assert_eq!(line(b"ab").1.get("messageBase64"), None);
    }

    #[test]
    fn the_stream_is_told_where_it_is_known() {
        assert_eq!(line(b"a").1.get("stream"), None);
        assert_eq!(line_of(b"a", Some(Stream::Stdout)).1["stream"], "stdout");
        assert_eq!(line_of(b"a", Some(Stream::Stderr)).1["stream"], "stderr");
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            ".{0,60}".prop_map(String::into_bytes),
            "[\"\\\\\u{7f}-\u{a1}\u{2020}-\u{2070}\u{0}-\u{20}]{0,40}".prop_map(String::into_bytes),
        ]) {
            let (json, value) = line(&text);
            prop_assert!(!json.chars().any(is_unsafe));
            let bytes = match value.get("messageBase64") {
                Some(exact) => BASE64_STANDARD.decode(exact.as_str().unwrap()).unwrap(),
                None => value["message"].as_str().unwrap().as_bytes().to_vec(),
            };
            prop_assert_eq!(bytes, text);
        }
    }
}
