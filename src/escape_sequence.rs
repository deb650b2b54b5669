//! [`length`]: escape sequences as ECMA-48 and xterm write them.

use std::borrow::Cow;

use memchr::memchr;

/// The controls that end an operating system command, or break any string off.
const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The length of the whole escape sequence that `text` starts with: a control sequence (`ESC [ … letter`: colours, cursor,
/// erasing), an operating system command (`ESC ] … BEL` or `ESC \`: links, titles), another string (`ESC P`, `X`, `^`, `_`),
/// or one of the short ones (`ESC 7`, `ESC ( B`). `None` for what is cut off or is none.
///
/// It looks no further than the next control, so that a line full of beginnings takes linear time.
pub(crate) fn length(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(&[ESC])?;
    let within = match rest.first()? {
        b'[' => control(&rest[1..])? + 1,
        b']' => string(&rest[1..], true)? + 1,
        b'P' | b'X' | b'^' | b'_' => string(&rest[1..], false)? + 1,
        // A character set, or another thing with a letter behind it.
        b' ' | b'#' | b'%' | b'('..=b'/' if rest.get(1).is_some_and(|b| matches!(b, b'0'..=b'~')) => 2,
        b'7' | b'8' | b'=' | b'>' | b'c' | b'D' | b'E' | b'H' | b'M' | b'Z' | b'\\' => 1,
        _ => return None,
    };
    Some(within + 1)
}

/// `text` without its escape sequences: what a terminal shows of it. Borrowed where it has none.
pub(crate) fn stripped(text: &[u8]) -> Cow<'_, [u8]> {
    let (mut shown, mut rest, mut from) = (Vec::new(), text, 0);
    while let Some(at) = memchr(ESC, &rest[from..]).map(|at| from + at) {
        match length(&rest[at..]) {
            Some(length) => {
                shown.extend_from_slice(&rest[..at]);
                (rest, from) = (&rest[at + length..], 0);
            }
            // Cut off: it is shown.
            None => from = at + 1,
        }
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    shown.extend_from_slice(rest);
    Cow::Owned(shown)
}

/// Parameters, intermediates and the letter of a control sequence.
fn control(text: &[u8]) -> Option<usize> {
    let parameters = text.iter().position(|b| !matches!(b, b'0'..=b'?'))?;
    let end = parameters + text[parameters..].iter().position(|b| !matches!(b, b' '..=b'/'))?;
    matches!(text[end], b'@'..=b'~').then_some(end + 1)
}

/// A string with its end.
fn string(text: &[u8], bell: bool) -> Option<usize> {
    let end = text.iter().position(|b| *b < 0x20 && *b != b'\t')?;
    match (text[end], text.get(end + 1)) {
        (BEL, _) if bell => Some(end + 1),
        (ESC, Some(b'\\')) => Some(end + 2),
        _ => None,
    }
}
