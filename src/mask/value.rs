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
    // As a page and a URL write quotes.
    for quote in [&b"&quot;"[..], b"&#34;", b"%22"] {
        if line[from..].starts_with(quote) {
            let inside = from + quote.len();
            let length = memchr::memmem::find(&line[inside..], quote);
            return inside..length.map_or_else(|| token_end(line, inside), |length| inside + length);
        }
    }
    let end = match extent {
        Extent::Line => line_end(line, from),
        // ODBC's own quotes: `PWD={a;b}`.
        Extent::Semicolon if line.get(from) == Some(&b'{') => return braced(line, from + 1),
        Extent::Semicolon => from + find(&line[from..], |byte| matches!(byte, b';' | b'"' | b'\'' | b'\n' | b'\r')),
        Extent::Word => word_end(line, from),
    };
    from..end
}

/// The values of a list whose first one begins at `from`: from within its quotes to those of the last one.
pub(super) fn listed(line: &[u8], from: usize) -> Range<usize> {
    let mut range = assigned(line, from, Extent::Word);
    while let Some(end) = end_of_next(line, range.end) {
        range.end = end;
    }
    range
}

/// Where the quoted value ends that follows behind the one that ended at `end`.
fn end_of_next(line: &[u8], end: usize) -> Option<usize> {
    let (_, behind) = Quote::at(line, end)?;
    let comma = behind + line[behind..].iter().take_while(|byte| **byte == b' ').count();
    let next = comma + 1 + line.get(comma + 1..)?.iter().take_while(|byte| **byte == b' ').count();
    let (quote, inside) = Quote::at(line, next).filter(|_| line[comma] == b',')?;
    Some(quote.close(line, inside))
}

/// To the brace that closes a value, and is not doubled.
fn braced(line: &[u8], from: usize) -> Range<usize> {
    let mut at = from;
    while let Some(byte) = line.get(at) {
        match byte {
            b'\n' => break,
            b'}' if line.get(at + 1) == Some(&b'}') => at += 2,
            b'}' => break,
            _ => at += 1,
        }
    }
    from..at
}

/// `range` without the brackets at its end that close what was opened before it: `{token: word}`.
pub(super) fn without_closing(line: &[u8], range: Range<usize>) -> Range<usize> {
    let mut end = range.end;
    while let Some(open) = line[range.start..end].last().and_then(|close| match close {
        b'}' => Some(b'{'),
        b')' => Some(b'('),
        b']' => Some(b'['),
        _ => None,
    }) {
        let is_own = memchr::memchr(open, &line[range.start..end]).is_some();
        if is_own || memchr::memchr(open, &line[..range.start]).is_none() {
            break;
        }
        end -= 1;
    }
    range.start..end
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
            b',' | b';' | b'&' if at > from && ends_value(*byte, &line[at + 1..]) => break,
            // As a shell and libpq write a blank in a value.
            b'\\' if line.get(at + 1) == Some(&b' ') => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Whether what follows a separator is no part of the value before it.
fn ends_value(separator: u8, rest: &[u8]) -> bool {
    /// Longer names are none.
    const NAME: usize = 48;
    let word =
        rest.iter().take(NAME).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    match rest.get(word.count()) {
        // The last word of a list, or the rest of a password.
        None => separator == b',' || rest.is_empty(),
        Some(b'=' | b':') => true,
        Some(byte) => {
            rest.first() == Some(byte) && (byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b';'))
        }
    }
}

fn find(bytes: &[u8], test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| test(*byte)).unwrap_or(bytes.len())
}
