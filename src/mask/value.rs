//! Where a secret begins and ends, once something says that one comes.

use std::ops::Range;

/// A quote as it stands in a text: itself, after the backslashes of the texts around it.
#[derive(Clone, Copy)]
struct Quote {
    backslashes: usize,
    byte: u8,
}

impl Quote {
    /// The quote that begins at `at`, and where it ends.
    fn at(line: &[u8], at: usize) -> Option<(Quote, usize)> {
        let backslashes = line[at..].iter().take_while(|byte| **byte == b'\\').count();
        let byte = *line.get(at + backslashes)?;
        let quote = Quote { backslashes, byte };
        matches!(byte, b'"' | b'\'' | b'`').then_some((quote, at + backslashes + 1))
    }

    /// Where the text that this quote opened ends, its closing quote not included; the end of the line without one.
    fn close(self, line: &[u8], from: usize) -> usize {
        let mut backslashes = 0;
        for (at, byte) in line.iter().enumerate().skip(from) {
            match *byte {
                b'\\' => backslashes += 1,
                byte if byte == self.byte && backslashes == self.backslashes => return at - backslashes,
                // With more backslashes it is a quote inside the text, with fewer the end of the text around it.
                byte if byte == self.byte && backslashes < self.backslashes => return at - backslashes,
                b'\n' => return at,
                _ => backslashes = 0,
            }
            if *byte != b'\\' {
                backslashes = 0;
            }
        }
        line.len()
    }
}

/// The value that begins at `from`: within its quotes, or to the end of a word.
///
/// `whole` says that an unquoted value goes on to the end of its line, as in an environment dump; `semicolon` that it goes on to
/// the next `;`, as in a connection string.
pub(super) fn assigned(line: &[u8], from: usize, extent: Extent) -> Range<usize> {
    // Python's b'…' and the like.
    let prefixed = matches!(line.get(from), Some(b'b' | b'u' | b'r' | b'f' | b'B' | b'U'))
        && matches!(line.get(from + 1), Some(b'"' | b'\''));
    if let Some((quote, inside)) = Quote::at(line, from + usize::from(prefixed)) {
        return inside..quote.close(line, inside);
    }
    let end = match extent {
        Extent::Line => line_end(line, from),
        Extent::Semicolon => from + find(&line[from..], |byte| matches!(byte, b';' | b'"' | b'\'' | b'\n' | b'\r')),
        Extent::Word => word_end(line, from),
    };
    from..end
}

/// The number that begins at `from` in JSON; `None` where something else does.
pub(super) fn number(line: &[u8], from: usize) -> Option<Range<usize>> {
    let is_part = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    let length = line[from..].iter().take_while(is_part).count();
    let ends = line.get(from + length).is_none_or(|byte| byte.is_ascii_whitespace() || b",}]".contains(byte));
    (length > 0 && ends).then_some(from..from + length)
}

/// How far an unquoted value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Word,
    Semicolon,
    Line,
}

/// The value of a header that begins at `from`, and whose name begins at `name`: to its closing quote, to the quote around the
/// whole header, or to the end of the line.
pub(super) fn header(line: &[u8], name: usize, from: usize) -> Range<usize> {
    if let Some((quote, inside)) = Quote::at(line, from) {
        return inside..quote.close(line, inside);
    }
    if let Some(byte) =
        name.checked_sub(1).map(|before| line[before]).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))
    {
        let backslashes = line[..name - 1].iter().rev().take_while(|byte| **byte == b'\\').count();
        return from..Quote { backslashes, byte }.close(line, from);
    }
    from..line_end(line, from)
}

/// The end of what has no white space, quotes or angle brackets in it.
pub(super) fn token_end(line: &[u8], from: usize) -> usize {
    from + find(&line[from..], |byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>' | b'`'))
}

pub(super) fn line_end(line: &[u8], from: usize) -> usize {
    from + find(&line[from..], |byte| matches!(byte, b'\n' | b'\r'))
}

/// The end of an unquoted value. `,`, `;` and `&` may be part of a password; they end it where another assignment follows.
fn word_end(line: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = line.get(at) {
        match byte {
            byte if byte.is_ascii_whitespace() => break,
            b'"' | b'\'' | b'<' | b'>' | b'`' => break,
            b',' | b';' | b'&' if at > from && ends_value(&line[at + 1..]) => break,
            _ => at += 1,
        }
    }
    at
}

/// Whether what follows a separator is no part of the value before it.
fn ends_value(rest: &[u8]) -> bool {
    /// Longer names are none.
    const NAME: usize = 48;
    let word =
        rest.iter().take(NAME).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    match rest.get(word.count()) {
        None => true,
        Some(b'=' | b':') => true,
        Some(byte) => {
            rest.first() == Some(byte) && (byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b';'))
        }
    }
}

fn find(bytes: &[u8], test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| test(*byte)).unwrap_or(bytes.len())
}
