//! Bytes as they were saved → UTF-8: gzip and zstd are unpacked, UTF-16 and UTF-32 are decoded, byte order marks, colours and
//! record separators go.

use std::{borrow::Cow, io, io::Read};

use super::RowError;
use crate::escape_sequence::stripped;

/// The most bytes that are read as a row or an export of rows: 256 MiB.
pub const MAX_BYTES: u64 = 256 << 20;
/// How a gzip file begins.
const GZIP: &[u8] = b"\x1f\x8b";
/// How a zstd file begins.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Whether `head` begins something that must be unpacked to be known.
pub(super) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD)
}

/// `bytes` unpacked, at most [`MAX_BYTES`] of them, and why they are not all.
///
/// # Errors
/// What unpacks to too much, or to nothing.
pub(super) fn unpack<'a>(origin: &str, bytes: &'a [u8]) -> Result<(Cow<'a, [u8]>, Option<io::Error>), RowError> {
    let mut out = Vec::new();
    let failed = match bytes {
        gzip if gzip.starts_with(GZIP) => {
            flate2::read::MultiGzDecoder::new(gzip).take(MAX_BYTES + 1).read_to_end(&mut out).err()
        }
        zstd if zstd.starts_with(ZSTD) => {
            zstd::Decoder::new(zstd).and_then(|decoder| decoder.take(MAX_BYTES + 1).read_to_end(&mut out)).err()
        }
        plain => return Ok((Cow::Borrowed(plain), None)),
    };
    if out.len() as u64 > MAX_BYTES {
        return Err(RowError::TooLarge { origin: origin.to_owned(), limit: MAX_BYTES });
    }
    match failed {
        // What was unpacked before the fault is broken text like any other.
        Some(error) if out.is_empty() => Err(RowError::Packed { origin: origin.to_owned(), error }),
        failed => Ok((Cow::Owned(out), failed)),
    }
}

/// `bytes` as UTF-8, without a byte order mark. What is no UTF-16 or UTF-32 is left as it is.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    if let Some(text) = utf_32(bytes) {
        return Cow::Owned(text.into_bytes());
    }
    // Without a mark, a zero beside the first character gives it away.
    let encoding = match bytes {
        [0xff, 0xfe, ..] | [b'{' | b'[' | b'"', 0, ..] => encoding_rs::UTF_16LE,
        [0xfe, 0xff, ..] | [0, b'{' | b'[' | b'"', ..] => encoding_rs::UTF_16BE,
        _ => return Cow::Borrowed(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    };
    match encoding.decode_with_bom_removal(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// UTF-32, by its mark or by the zeros around the first character. The `encoding_rs` that decodes the rest does not know it.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let little = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [b'{' | b'[' | b'"', 0, 0, 0, ..] => true,
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'{' | b'[' | b'"', ..] => false,
        _ => return None,
    };
    let units = bytes.as_chunks::<4>().0.iter();
    let units = units.map(|unit| if little { u32::from_le_bytes(*unit) } else { u32::from_be_bytes(*unit) });
    Some(units.map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).skip_while(|c| *c == '\u{feff}').collect())
}

/// `text` without what a terminal would not show, and without the record separators of RFC 7464 (`application/json-seq`). JSON
/// has neither. The second value tells whether there were colours.
pub(super) fn shown(text: Cow<'_, [u8]>) -> (Cow<'_, [u8]>, bool) {
    let is_coloured = memchr::memchr(0x1b, &text).is_some();
    if !is_coloured && memchr::memchr(0x1e, &text).is_none() {
        return (text, false);
    }
    let mut plain = stripped(&text).into_owned();
    let mut at_start = true;
    for byte in &mut plain {
        if at_start && *byte == 0x1e {
            *byte = b' ';
        } else {
            at_start = *byte == b'\n' || (at_start && byte.is_ascii_whitespace());
        }
    }
    (Cow::Owned(plain), is_coloured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_does_not_show_is_no_part_of_a_row() {
        for (text, plain, coloured) in [
            ("{\"a\": 1}", "{\"a\": 1}", false),
            ("\x1e{}\n\x1e{}\n", " {}\n {}\n", false),
            ("\x1b[34;1m{\x1b[0m}\x1b]0;title\x07\x1b(B", "{}", true),
            // A string of the device's own, and one that is cut off.
            ("\x1bPq;1\x1b\\{}\x1b^private\x1b\\", "{}", true),
            ("{}\x1b]0;tit", "{}\x1b]0;tit", true),
        ] {
            let (shown, is_coloured) = shown(Cow::Borrowed(text.as_bytes()));
            assert_eq!((&*shown, is_coloured), (plain.as_bytes(), coloured), "{text:?}");
        }
    }
}
