//! Lines as objects: what is in them, whatever they are written in.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    format::ObjectStyle,
    json::{Compact, Pretty},
    logfmt::Logfmt,
};
use crate::{
    job_id::JobId,
    k8s::{Stream, Target},
};

/// Whose job lines are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct JobIds {
    /// The ElasticBLAST id.
    #[serde(rename = "job_id", default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The row's id.
    #[serde(rename = "row_id", default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
}

impl JobIds {
    /// What short names of the job's pods leave out; nothing when its id is not known.
    pub fn short(&self) -> String {
        let id = self.job.as_deref().and_then(|id| id.parse::<JobId>().ok());
        id.map(|id| id.short().to_owned()).unwrap_or_default()
    }
}

/// How objects are written: JSON in a layout, or pairs. Each is a type of its own, so that a line is written without asking which.
pub(super) trait Notation {
    /// Begins an object, with its first key.
    fn begin(out: &mut Vec<u8>, name: &str);
    /// The key of another field.
    fn key(out: &mut Vec<u8>, name: &str);
    /// A text.
    fn text(out: &mut Vec<u8>, text: &str);
    /// A text in which nothing needs to be escaped.
    fn plain(out: &mut Vec<u8>, text: &[u8]);
    /// Ends the object, without a line end.
    fn end(out: &mut Vec<u8>);
}

/// What does not change from line to line of a container: all between the timestamp and the number of the instance.
#[derive(Debug)]
pub(super) struct ObjectStart {
    style: ObjectStyle,
    fields: Box<[u8]>,
}

/// What a line was printed by, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineOrigin {
    /// The instance.
    pub restart: u32,
    /// The stream, where it is known.
    pub stream: Option<Stream>,
}

/// How a message is written that is JSON itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageAs {
    Text,
    Json,
}

impl ObjectStart {
    /// The start of a container's objects.
    pub(super) fn new(style: ObjectStyle, target: &Target, ids: &JobIds) -> ObjectStart {
        let fields = match style {
            ObjectStyle::Json | ObjectStyle::ExtJson => fields::<Compact>(target, ids),
            ObjectStyle::PpExtJson => fields::<Pretty>(target, ids),
            ObjectStyle::Logfmt => fields::<Logfmt>(target, ids),
        };
        ObjectStart { style, fields }
    }

    /// Appends one object without line end. `stamp` is text that needs no escaping, `sequence` the object's number.
    pub(super) fn write(&self, out: &mut Vec<u8>, stamp: &[u8], place: LineOrigin, sequence: u64, text: &[u8]) {
        let write = match self.style {
            ObjectStyle::Json => object::<Compact>,
            ObjectStyle::ExtJson => object::<Compact>,
            ObjectStyle::PpExtJson => object::<Pretty>,
            ObjectStyle::Logfmt => object::<Logfmt>,
        };
        let message = match self.style {
            ObjectStyle::ExtJson | ObjectStyle::PpExtJson => MessageAs::Json,
            ObjectStyle::Json | ObjectStyle::Logfmt => MessageAs::Text,
        };
        write(out, stamp, &self.fields, place, sequence, message, text);
    }
}

fn fields<N: Notation>(target: &Target, ids: &JobIds) -> Box<[u8]> {
    let mut out = Vec::new();
    for (name, value) in [
        ("kind", Some("line")),
        ("namespace", Some(target.namespace.as_str())),
        ("pod", Some(&target.pod)),
        ("container", Some(&target.container)),
        ("node", target.node.as_deref()),
        ("role", Some(target.role.as_str())),
        ("phase", Some(target.phase.as_str())),
        ("job_id", ids.job.as_deref()),
        ("row_id", ids.row.as_deref()),
    ] {
        if let Some(value) = value {
            N::key(&mut out, name);
            N::text(&mut out, value);
        }
    }
    N::key(&mut out, "restart");
    out.into()
}

fn object<N: Notation>(
    out: &mut Vec<u8>,
    stamp: &[u8],
    fields: &[u8],
    place: LineOrigin,
    sequence: u64,
    message: MessageAs,
    text: &[u8],
) {
    N::begin(out, "timestamp");
    N::plain(out, stamp);
    out.extend_from_slice(fields);
    number(out, u64::from(place.restart));
    if let Some(stream) = place.stream {
        N::key(out, "stream");
        N::text(out, stream.as_str());
    }
    N::key(out, "sequence");
    number(out, sequence);
    N::key(out, "message");
    match std::str::from_utf8(text) {
        Ok(text) => match (message == MessageAs::Json).then(|| embedded(text)).flatten() {
            Some(json) => out.extend_from_slice(json.as_bytes()),
            None => N::text(out, text),
        },
        Err(_) => {
            N::text(out, &String::from_utf8_lossy(text));
            N::key(out, "message_base64");
            N::text(out, &BASE64_STANDARD.encode(text));
        }
    }
    N::end(out);
}

fn number(out: &mut Vec<u8>, number: u64) {
    // Writing into a `Vec` cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// A message as it stands in an object, if it is JSON: the same value, on one line, with nothing that a terminal obeys.
pub(super) fn embedded(text: &str) -> Option<Cow<'_, str>> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    Some(super::json::harmless(raw.get()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::render::{is_unsafe, tests::incident};

    fn ids() -> JobIds {
        JobIds { job: Some("job-4298".to_owned()), row: None }
    }

    fn written(style: ObjectStyle, text: &[u8], stream: Option<Stream>) -> String {
        let mut out = Vec::new();
        let start =
            ObjectStart::new(style, &Target { node: Some("node-1".to_owned()), ..incident()[0].clone() }, &ids());
        start.write(&mut out, b"2026-11-24T12:58:26.959221551Z", LineOrigin { restart: 2, stream }, 7, text);
        String::from_utf8(out).unwrap()
    }

    fn value(style: ObjectStyle, text: &[u8]) -> Value {
        serde_json::from_str(&written(style, text, None)).unwrap()
    }

    #[test]
    fn an_object_holds_all_there_is_to_know() {
        assert_eq!(
            written(ObjectStyle::Json, b"run \"start\"", Some(Stream::Stderr)),
            r#"{"timestamp":"2026-11-24T12:58:26.959221551Z","kind":"line","namespace":"default","#.to_owned()
                + r#""pod":"blastn-batch-s00-job-000-3ed51a95-8d5gz","container":"import-query-batches","node":"node-1","#
                + r#""role":"batch","phase":"running","job_id":"job-4298","restart":2,"stream":"stderr","sequence":7,"#
                + r#""message":"run \"start\""}"#
        );
        assert_eq!(
            written(ObjectStyle::Logfmt, b"run \"start\"", None),
            "timestamp=2026-11-24T12:58:26.959221551Z kind=line namespace=default pod=blastn-batch-s00-job-000-3ed51a95-8d5gz \
             container=import-query-batches node=node-1 role=batch phase=running job_id=job-4298 restart=2 sequence=7 \
             message=\"run \\\"start\\\"\""
        );
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let json = written(ObjectStyle::Json, "\x1b\x7f\u{9b}\u{e9}\u{2028}\u{2026}\"".as_bytes(), None);
        assert!(json.ends_with(r#","message":"\u001b\u007f\u009bé\u2028…\""}"#), "{json}");
    }

    #[test]
    fn bytes_that_are_not_utf8_come_twice() {
        for style in [ObjectStyle::Json, ObjectStyle::ExtJson, ObjectStyle::PpExtJson] {
            let value = value(style, b"a\xffb");
            assert_eq!((&value["message"], &value["message_base64"]), (&"a\u{fffd}b".into(), &"Yf9i".into()));
        }
        assert_eq!(value(ObjectStyle::Json, b"ab").get("message_base64"), None);
        assert!(written(ObjectStyle::Logfmt, b"a\xffb", None).ends_with(" message=a\u{fffd}b message_base64=Yf9i"));
    }

    #[test]
    fn a_message_that_is_json_stands_as_what_it_is() {
        for (text, message) in [
            (r#"{"level":"info","n":[1, 2]}"#, serde_json::json!({"level": "info", "n": [1, 2]})),
            (" 12 ", 12.into()),
            ("{\"a\":\t1}\r", serde_json::json!({"a": 1})),
            ("{\"a\":\"\u{9b}\"}", serde_json::json!({"a": "\u{9b}"})),
            ("{not json}", "{not json}".into()),
            ("{} {}", "{} {}".into()),
            ("", "".into()),
        ] {
            for style in [ObjectStyle::ExtJson, ObjectStyle::PpExtJson] {
                assert_eq!(value(style, text.as_bytes())["message"], message, "{text:?}");
            }
            assert_eq!(value(ObjectStyle::Json, text.as_bytes())["message"], text);
        }
        assert_eq!(
            written(ObjectStyle::PpExtJson, br#"{"a":1}"#, None).lines().skip(11).collect::<Vec<_>>(),
            ["  \"sequence\": 7,", "  \"message\": {\"a\":1}", "}"]
        );
    }

    #[test]
    fn pairs_are_quoted_where_they_must_be() {
        for (text, pair) in [
            ("", "\"\""),
            ("plain", "plain"),
            ("két/ő:1", "két/ő:1"),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("\"", "\"\\\"\""),
            ("a\\b", "\"a\\\\b\""),
            ("\x1b", "\"\\u001b\""),
            ("\u{202e}", "\"\\u202e\""),
        ] {
            let line = written(ObjectStyle::Logfmt, text.as_bytes(), None);
            assert!(line.ends_with(&format!(" message={pair}")), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            ".{0,60}".prop_map(String::into_bytes),
            "[\"\\\\\u{7f}-\u{a1}\u{2020}-\u{2070}\u{0}-\u{20}]{0,40}".prop_map(String::into_bytes),
        ]) {
            for style in [ObjectStyle::Json, ObjectStyle::ExtJson, ObjectStyle::PpExtJson, ObjectStyle::Logfmt] {
                let written = written(style, &text, None);
                prop_assert!(!written.chars().any(|c| c != '\n' && is_unsafe(c)), "{written:?}");
            }
            let value = value(ObjectStyle::Json, &text);
            let bytes = match value.get("message_base64") {
                Some(exact) => BASE64_STANDARD.decode(exact.as_str().unwrap()).unwrap(),
                None => value["message"].as_str().unwrap().as_bytes().to_vec(),
            };
            prop_assert_eq!(bytes, text);
        }

        #[test]
        fn json_in_json_is_the_same_value(text in "([{}\\[\\],:\"a0 \t\r\u{9b}\u{2028}]|\"a\":|null){0,12}") {
            let meant: Option<Value> = serde_json::from_str(&text).ok();
            prop_assert_eq!(&value(ObjectStyle::ExtJson, text.as_bytes())["message"], &meant.unwrap_or(text.into()));
        }
    }
}
