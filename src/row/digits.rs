//! [`exact`]: whole numbers that are too large for 64 bits keep their digits, as text: in a row they are ids.

use std::borrow::Cow;

/// The fewest digits of a number that 64 bits may not hold.
const LONG: usize = 19;

/// JSON in which every integer that is neither an `i64` nor a `u64` stands in quotes. Numbers in texts stay as they are.
pub(super) fn exact(json: &[u8]) -> Cow<'_, [u8]> {
    if !json.split(|b| !b.is_ascii_digit()).any(|digits| digits.len() >= LONG) {
        return Cow::Borrowed(json);
    }
    let mut out = Vec::with_capacity(json.len() + 16);
    let (mut at, mut in_text) = (0, false);
    while let Some(byte) = json.get(at) {
        let length = match byte {
            b'\\' if in_text => 2.min(json.len() - at),
            b'-' | b'0'..=b'9' if !in_text => {
                let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                json[at..].iter().position(|b| !part(b)).unwrap_or(json.len() - at)
            }
            b'"' => {
                in_text = !in_text;
                1
            }
            _ => 1,
        };
        let token = &json[at..at + length];
        if !in_text && is_beyond(token) {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
        } else {
            out.extend_from_slice(token);
        }
        at += length;
    }
    Cow::Owned(out)
}

/// Whether it is an integer, as JSON writes one, that no number of 64 bits is.
fn is_beyond(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    if digits.len() < LONG || !digits.iter().all(u8::is_ascii_digit) || digits.starts_with(b"0") {
        return false;
    }
    let text = std::str::from_utf8(token).unwrap_or_default();
    text.parse::<u64>().is_err() && text.parse::<i64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_64_bits_cannot_hold_is_put_in_quotes() {
        for (json, expected) in [
            (r#"{"job_id": 123456789012345678901234567890}"#, r#"{"job_id": "123456789012345678901234567890"}"#),
            ("[18446744073709551615,18446744073709551616]", r#"[18446744073709551615,"18446744073709551616"]"#),
            ("[-9223372036854775808,-9223372036854775809]", r#"[-9223372036854775808,"-9223372036854775809"]"#),
            (r#"{"a":"18446744073709551616","b":"\"18446744073709551616"}"#, ""),
            ("[1844674407370955161600.5,18446744073709551616e3,018446744073709551616]", ""),
            ("12345678901234567890123", r#""12345678901234567890123""#),
            (r#"{"cut off":"18446744073709551616\"#, ""),
        ] {
            let expected = if expected.is_empty() { json } else { expected };
            assert_eq!(String::from_utf8_lossy(&exact(json.as_bytes())), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_quotes_is_added(json in "[0-9\"\\\\{}:,.e a-]{0,60}[0-9]{0,25}[\"}]{0,3}") {
            let out = exact(json.as_bytes());
            let bare = |text: &[u8]| text.iter().copied().filter(|b| *b != b'"').collect::<Vec<_>>();
            prop_assert_eq!(bare(&out), bare(json.as_bytes()));
        }
    }
}
