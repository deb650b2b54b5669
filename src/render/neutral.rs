//! [`neutralize`]: text that a terminal shows and does not obey.

use memchr::memrchr;

use super::hazard::{FIRST_BYTES, is_hazard};

/// Appends `text` to `out` so that nothing in it moves the cursor, sets the title or hides what stands there.
///
/// - Of a progress display redrawn with `\r`, the last state that shows anything stays.
/// - Colours (`ESC [ … m`) are dropped; their text stays.
/// - Other C0 controls and DEL become `^[`, `^?` and so on. Tabs stay.
/// - C1 controls, raw or in UTF-8, and bytes that are not UTF-8 become `\x9b`.
/// - Characters that turn the direction of text or break lines become `\u{202e}`.
///
/// Text without any of these, the usual case, costs one scan and one copy.
pub fn neutralize(text: &[u8], out: &mut Vec<u8>) {
    let Some(first) = find(text, |b| is_control(b) || b >= 0x7f) else {
        return out.extend_from_slice(text);
    };
    let text = if memrchr(b'\r', &text[first..]).is_some() { last_state(text) } else { text };
    match std::str::from_utf8(text) {
        Ok(text) => valid(text, out),
        Err(_) => {
            for chunk in text.utf8_chunks() {
                valid(chunk.valid(), out);
                chunk.invalid().iter().for_each(|byte| escape_byte(*byte, out));
            }
        }
    }
}

/// A C0 control that must not pass.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t'
}

/// The place of the first byte that matches. Blocks are looked at without a branch for each byte, which the compiler turns
/// into vector instructions.
fn find(bytes: &[u8], matches: impl Fn(u8) -> bool) -> Option<usize> {
    const BLOCK: usize = 32;
    let clean = bytes.chunks_exact(BLOCK).take_while(|block| !block.iter().fold(false, |hit, b| hit | matches(*b)));
    let start = clean.count() * BLOCK;
    bytes[start..].iter().position(|b| matches(*b)).map(|at| start + at)
}

/// What stands between the `\r`s last and shows anything. Empty when nothing does.
fn last_state(mut text: &[u8]) -> &[u8] {
    loop {
        let start = memrchr(b'\r', text).map_or(0, |at| at + 1);
        let state = &text[start..];
        if shows(state) {
            return state;
        }
        if start == 0 {
            return b"";
        }
        text = &text[..start - 1];
    }
}

/// Whether anything but blanks and colours is there.
fn shows(mut text: &[u8]) -> bool {
    while let Some(byte) = text.first() {
        text = match sgr(text) {
            Some(length) => &text[length..],
            None if matches!(byte, b' ' | b'\t') => &text[1..],
            None => return true,
        };
    }
    false
}

/// The length of the colour sequence that `text` starts with.
fn sgr(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"\x1b[")?;
    let length = parameters.iter().position(|b| !matches!(b, b'0'..=b'9' | b';' | b':'))?;
    (parameters[length] == b'm').then_some(length + 3)
}

/// Text that is UTF-8 at least.
fn valid(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = find(rest.as_bytes(), |b| is_control(b) || FIRST_BYTES.contains(&b)) {
        let (plain, found) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        rest = found;
        if let Some(length) = sgr(rest.as_bytes()) {
            rest = &rest[length..];
        } else if let Some(c) = rest.chars().next() {
            escape(c, out);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.extend_from_slice(rest.as_bytes());
}

/// One character, shown by other means where it must not be itself.
fn escape(c: char, out: &mut Vec<u8>) {
    match c {
        '\0'..='\x1f' | '\x7f' => out.extend_from_slice(&[b'^', c as u8 ^ 0x40]),
        '\u{80}'..='\u{9f}' => escape_byte(c as u8, out),
        c if is_hazard(c) => out.extend(c.escape_unicode().map(|c| c as u8)),
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// A byte as `\x9b`.
fn escape_byte(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', b'x', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: impl AsRef<[u8]>) -> String {
        let mut out = Vec::new();
        neutralize(text.as_ref(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_text_stays() {
        for text in ["", "a\tb", "größer 測試 █▒ 🧬", "…“”", "C:\\x9b", &"x".repeat(100)] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn controls_are_shown() {
        assert_eq!(shown("\x1b]0;title\x07\x1b[2J\x1b[?25l"), "^[]0;title^G^[[2J^[[?25l");
        assert_eq!(shown("a\0b\x08c\x7fd\ne"), "a^@b^Hc^?d^Je");
        assert_eq!(shown("a\u{9b}2Jb\u{85}"), "a\\x9b2Jb\\x85");
        assert_eq!(shown(b"a\x9b2J\xff\xc3("), "a\\x9b2J\\xff\\xc3(");
        assert_eq!(shown("\u{202e}abc\u{2069}\u{2028}"), "\\u{202e}abc\\u{2069}\\u{2028}");
        assert_eq!(shown("\u{a0}\u{2027}\u{202f}\u{2065}"), "\u{a0}\u{2027}\u{202f}\u{2065}");
    }

    #[test]
    fn colours_are_dropped_and_nothing_else() {
        assert_eq!(shown("\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx\x1b[m"), "red x");
        assert_eq!(shown("\x1b[1;31"), "^[[1;31");
        assert_eq!(shown("\x1b[31\x1b[32mx"), "^[[31x");
        assert_eq!(shown("\x1b[>4mx"), "^[[>4mx");
    }

    #[test]
    fn of_progress_the_last_state_stays() {
        assert_eq!(shown("55 %\r60 %\r"), "60 %");
        assert_eq!(shown("55 %\r60 %"), "60 %");
        assert_eq!(shown("55 %\r     \r\x1b[0m\r"), "55 %");
        assert_eq!(shown("dos\r"), "dos");
        assert_eq!(shown("\r\r"), "");
        assert_eq!(shown("a\r\x1b[K"), "^[[K");
    }

    #[test]
    fn a_long_line_takes_linear_time() {
        for unit in ["x", "\x1b[1", "a\r", " \r", "\u{202e}"] {
            shown(unit.repeat((1 << 20) / unit.len()));
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let known: Vec<Vec<u8>> =
            ["\x1b[31m", "\x1b", "\r", "\u{9b}", "\u{202e}", "█", " ", "ab", "\x7f", "\u{2028}", "0m"]
                .map(|text| text.as_bytes().to_vec())
                .to_vec();
        let piece = prop_oneof![proptest::sample::select(known), proptest::collection::vec(any::<u8>(), 0..5)];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_terminal_gets_nothing_to_obey(text in pieces()) {
            let shown = shown(text);
            prop_assert!(!shown.chars().any(|c| (c.is_control() && c != '\t') || is_hazard(c)), "{shown:?}");
        }

        #[test]
        fn what_needs_no_change_gets_none(text in "[ -~\t\u{a0}-\u{2000}\u{2070}-\u{ffff}]{0,80}") {
            prop_assert_eq!(shown(&text), text);
        }
    }
}
