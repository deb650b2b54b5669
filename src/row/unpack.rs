//! Bytes as they were saved → UTF-8: gzip and zstd are unpacked, UTF-16 is decoded, byte order marks go.

use std::{borrow::Cow, io::Read};

use super::{MAX_BYTES, RowError};

/// How a gzip file begins.
const GZIP: &[u8] = b"\x1f\x8b";
/// How a zstd file begins.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Whether `head` begins something that must be unpacked to be known.
pub(super) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD)
}

/// `bytes` unpacked, at most [`MAX_BYTES`] of them.
///
/// # Errors
/// What unpacks to too much, or to nothing.
pub(super) fn unpack<'a>(origin: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, RowError> {
    let mut out = Vec::new();
    let failed = match bytes {
        gzip if gzip.starts_with(GZIP) => {
            flate2::read::MultiGzDecoder::new(gzip).take(MAX_BYTES + 1).read_to_end(&mut out).err()
        }
        zstd if zstd.starts_with(ZSTD) => {
            zstd::Decoder::new(zstd).and_then(|decoder| decoder.take(MAX_BYTES + 1).read_to_end(&mut out)).err()
        }
        plain => return Ok(Cow::Borrowed(plain)),
    };
    if out.len() as u64 > MAX_BYTES {
        return Err(RowError::TooLarge { origin: origin.to_owned(), limit: MAX_BYTES });
    }
    match failed {
        // What was unpacked before the fault is broken text like any other.
        Some(error) if out.is_empty() => Err(RowError::Packed { origin: origin.to_owned(), error }),
        _ => Ok(Cow::Owned(out)),
    }
}

/// `bytes` as UTF-8, without a byte order mark. What is no UTF-16 is left as it is.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
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
