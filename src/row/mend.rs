//! [`mend`]: nearly JSON, made JSON.
//!
//! The dashboard writes rows with Python's `json.dumps`, which lets `NaN`, `Infinity` and half surrogates through, and columns
//! with a limit cut a payload off anywhere. No lenient parser knows all of these: json5 1.3.7 reads `NaN`, but half a surrogate and
//! an early end are errors; serde_json_lenient 0.2.4 replaces half surrogates, but knows no `NaN` and no early end; jiter 0.19.0
//! reads `NaN` and takes an early end (`PartialMode`), but refuses half surrogates (`LoneLeadingSurrogateInHexEscape`). So this pass
//! rewrites the text and leaves parsing to serde_json: what is no number becomes null, half a surrogate or a byte that is no UTF-8
//! becomes U+FFFD, a number beyond all others a text, and what is open at the end is closed.

/// What stands at the end of a text that was cut off, so that half an id is never taken for a whole one.
const CUT: &str = "…";

/// The first document of a text, as JSON as it can be made.
pub(super) struct Mended {
    /// The document. It may still be no JSON: a missing colon stays missing.
    pub text: String,
    /// How many bytes of the input it is made of.
    pub consumed: usize,
    /// Whether it went to its end; else it was cut off.
    pub whole: bool,
}

/// Mends the document that `bytes` begins with, an object or an array.
pub(super) fn mend(bytes: &[u8]) -> Mended {
    let mut pen = Pen {
        out: Vec::with_capacity(bytes.len() + 16),
        open: Vec::new(),
        complete: 0,
        complete_open: 0,
        at_key: false,
    };
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            open @ (b'{' | b'[') => {
                pen.out.push(open);
                pen.open.push(if open == b'{' { b'}' } else { b']' });
                pen.at_key = open == b'{';
                pen.completed();
                at += 1;
            }
            close @ (b'}' | b']') => {
                pen.out.push(close);
                pen.open.pop();
                pen.completed();
                at += 1;
                if pen.open.is_empty() {
                    return pen.finish(at, true);
                }
            }
            b'"' => {
                let is_key = pen.at_key;
                let (next, closed) = pen.text(bytes, at + 1);
                at = next;
                match (is_key, closed) {
                    (false, true) => pen.completed(),
                    (false, false) => {
                        pen.out.extend_from_slice(CUT.as_bytes());
                        pen.out.push(b'"');
                        pen.completed();
                    }
                    (true, _) => {}
                }
            }
            b':' => {
                pen.out.push(b':');
                pen.at_key = false;
                at += 1;
            }
            b',' => {
                pen.out.push(b',');
                pen.at_key = pen.open.last() == Some(&b'}');
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => {
                pen.out.push(byte);
                at += 1;
            }
            _ => {
                let word = &bytes[at..];
                let length = word.iter().position(|byte| b",:{}[]\"".contains(byte) || byte.is_ascii_whitespace());
                let word = &word[..length.unwrap_or(word.len())];
                let no_number =
                    [&b"NaN"[..], b"Infinity", b"-Infinity", b"nan", b"inf", b"-inf", b"-NaN"].contains(&word);
                match word {
                    _ if no_number => pen.out.extend_from_slice(b"null"),
                    beyond if is_beyond(beyond) => pen.out.extend([b"\"", beyond, b"\""].concat()),
                    word => pen.out.extend_from_slice(word),
                }
                at += word.len();
                // The last word may go on beyond the end.
                if at < bytes.len() {
                    pen.completed();
                }
            }
        }
    }
    pen.finish(bytes.len(), false)
}

/// Whether it is a number that is larger than any that is known; it stays as a text.
fn is_beyond(word: &[u8]) -> bool {
    let number = std::str::from_utf8(word)
        .ok()
        .filter(|text| text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()));
    number.and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_infinite)
}

/// What is written, and how far it could be closed.
struct Pen {
    out: Vec<u8>,
    /// The brackets to close, innermost last.
    open: Vec<u8>,
    /// How much of `out` ends with a whole value, and how many brackets were open then.
    complete: usize,
    complete_open: usize,
    /// Whether the next text is a key.
    at_key: bool,
}

impl Pen {
    fn completed(&mut self) {
        self.complete = self.out.len();
        self.complete_open = self.open.len();
    }

    /// Copies a text from behind its opening quote; gives where it ends, and whether it does.
    fn text(&mut self, bytes: &[u8], mut at: usize) -> (usize, bool) {
        self.out.push(b'"');
        while at < bytes.len() {
            match bytes[at] {
                b'"' => {
                    self.out.push(b'"');
                    return (at + 1, true);
                }
                b'\\' => match bytes.get(at + 1) {
                    Some(b'u') => match escape(&bytes[at..]) {
                        Escape::Good(length) => {
                            self.out.extend_from_slice(&bytes[at..at + length]);
                            at += length;
                        }
                        Escape::Half => {
                            self.out.extend_from_slice(b"\\ufffd");
                            at += 6;
                        }
                        Escape::Cut => return (bytes.len(), false),
                        Escape::Bad => {
                            self.out.extend_from_slice(b"\\\\u");
                            at += 2;
                        }
                    },
                    Some(escaped) if b"\"\\/bfnrt".contains(escaped) => {
                        self.out.extend_from_slice(&[b'\\', *escaped]);
                        at += 2;
                    }
                    Some(_) => {
                        self.out.extend_from_slice(b"\\\\");
                        at += 1;
                    }
                    None => return (bytes.len(), false),
                },
                control @ 0..=0x1f => {
                    self.out.extend_from_slice(format!("\\u{control:04x}").as_bytes());
                    at += 1;
                }
                byte => {
                    self.out.push(byte);
                    at += 1;
                }
            }
        }
        (at, false)
    }

    fn finish(mut self, consumed: usize, whole: bool) -> Mended {
        if !whole {
            self.out.truncate(self.complete);
            self.out.extend(self.open[..self.complete_open.min(self.open.len())].iter().rev());
        }
        Mended { text: String::from_utf8_lossy(&self.out).into_owned(), consumed, whole }
    }
}

enum Escape {
    /// One character, in so many bytes: twelve for a pair of surrogates.
    Good(usize),
    /// Half a surrogate.
    Half,
    /// The text ends in it.
    Cut,
    Bad,
}

/// What the `\u` at the start of `bytes` is.
fn escape(bytes: &[u8]) -> Escape {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.get(2..6)?).ok()?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    match unit(bytes) {
        None if bytes.len() < 6 && bytes[2..].iter().all(u8::is_ascii_hexdigit) => Escape::Cut,
        None => Escape::Bad,
        Some(0xd800..=0xdbff) => {
            let second = bytes[6..].starts_with(b"\\u").then(|| unit(&bytes[6..])).flatten();
            if matches!(second, Some(0xdc00..=0xdfff)) { Escape::Good(12) } else { Escape::Half }
        }
        Some(0xdc00..=0xdfff) => Escape::Half,
        Some(_) => Escape::Good(6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(text: impl AsRef<[u8]>) -> (Value, bool) {
        let mended = mend(text.as_ref());
        (serde_json::from_str(&mended.text).unwrap_or_else(|e| panic!("{e}: {}", mended.text)), mended.whole)
    }

    #[test]
    fn what_python_writes_is_read() {
        let (value, whole) =
            read(r#"{"a":NaN,"b":[Infinity,-Infinity,1.5],"c":"x\ud83dy\udc00","d":"\ud83d\ude00","e":"NaN"} rest"#);
        assert_eq!(value, json!({"a": null, "b": [null, null, 1.5], "c": "x\u{fffd}y\u{fffd}", "d": "😀", "e": "NaN"}));
        assert!(whole);
        assert_eq!(read(b"{\"a\":\"\xff\x01\"}").0, json!({"a": "\u{fffd}\u{1}"}));
        assert_eq!(read(r#"{"a":"\x \ud"}"#).0, json!({"a": "\\x \\ud"}));
        let beyond = read(r#"{"a":1e400,"b":[-1E+999,1e-999,1e308],"c":"1e400"}"#).0;
        assert_eq!(beyond, json!({"a": "1e400", "b": ["-1E+999", 0.0, 1e308], "c": "1e400"}));
    }

    #[test]
    fn what_is_cut_off_is_closed_after_its_last_value() {
        for (text, value) in [
            (r#"{"a":"job-42"#, json!({"a": "job-42…"})),
            (r#"{"a":1,"b":{"c":[1,2"#, json!({"a": 1, "b": {"c": [1]}})),
            (r#"{"a":"x","b"#, json!({"a": "x"})),
            (r#"{"a":"x","b":"#, json!({"a": "x"})),
            (r#"{"a":"x","b":tru"#, json!({"a": "x"})),
            (r#"{"a":"x\"#, json!({"a": "x…"})),
            (r#"{"a":"x\ud83"#, json!({"a": "x…"})),
            (r#"[{"a":1},"#, json!([{"a": 1}])),
            ("{", json!({})),
        ] {
            assert_eq!(read(text), (value, false), "{text}");
        }
    }

    proptest! {
        #[test]
        fn json_stays_what_it_is_and_every_beginning_of_it_is_read(text in "(\\PC|\"|\\\\){0,20}", n: i32, cut in 0usize..200) {
            let value = json!({"a": text, "n": f64::from(n) / 8.0, "l": [null, true, {"k": [text]}], "é": {}});
            let whole = value.to_string();
            prop_assert_eq!(read(&whole), (value.clone(), true));
            let cut = cut.clamp(1, whole.len());
            prop_assert!(read(&whole.as_bytes()[..cut]).0.is_object());
        }

        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            prop_assert!(mend(&bytes).consumed <= bytes.len());
        }
    }
}
