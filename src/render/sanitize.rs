//! [`sanitize`]: text that a terminal shows and does not obey.

use memchr::{memchr, memrchr};

use super::unsafe_chars::{find, is_unsafe, may_begin};
use crate::escape_sequence;

/// Appends `text` to `out` so that nothing in it moves the cursor, sets the title or hides what stands there.
///
/// - Of a progress display redrawn with `\r`, the last state that shows anything stays.
/// - Whole escape sequences are dropped: colours, cursor movements, erasing, titles, the frames of links. Text around them
///   stays, a link's included.
/// - What is cut off of one, other C0 controls and DEL become `^[`, `^?` and so on. Tabs stay.
/// - C1 controls, raw or in UTF-8, and bytes that are not UTF-8 become `\x9b`.
/// - Characters that turn the direction of text or break lines become `\u{202e}`.
///
/// Text without any of these, the usual case, costs one scan and one copy.
pub fn sanitize(text: &[u8], out: &mut Vec<u8>) {
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

/// The same for text in which colours of our own stay.
pub(super) fn sanitize_colored(text: &[u8], out: &mut Vec<u8>) {
    let (mut plain, mut at) = (0, 0);
    while let Some(found) = memchr(0x1b, &text[at..]) {
        at += found;
        match escape_sequence::length(&text[at..]) {
            Some(length) if is_color(&text[at..at + length]) => {
                sanitize(&text[plain..at], out);
                out.extend_from_slice(&text[at..at + length]);
                at += length;
                plain = at;
            }
            length => at += length.unwrap_or(1),
        }
    }
    sanitize(&text[plain..], out);
}

/// Whether an escape sequence chooses a colour or another look, and nothing else.
fn is_color(sequence: &[u8]) -> bool {
    matches!(sequence, [_, b'[', parameters @ .., b'm'] if parameters.iter().all(|byte| matches!(byte, b'0'..=b';')))
}

/// The same for words of several lines, which stay lines.
pub(crate) fn sanitize_lines(words: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(words.len());
    for (at, line) in words.split('\n').enumerate() {
        if at > 0 {
            out.push(b'\n');
        }
        sanitize(line.as_bytes(), &mut out);
    }
    out
}

/// A C0 control that must not pass.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t'
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

/// Whether anything but blanks and escape sequences is there.
fn shows(mut text: &[u8]) -> bool {
    while let Some(byte) = text.first() {
        text = match escape_sequence::length(text) {
            Some(length) => &text[length..],
            None if matches!(byte, b' ' | b'\t') => &text[1..],
            None => return true,
        };
    }
    false
}

/// Text that is UTF-8 at least.
fn valid(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = find(rest.as_bytes(), |b| is_control(b) || may_begin(b)) {
        let (plain, found) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        rest = found;
        if let Some(length) = escape_sequence::length(rest.as_bytes()) {
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
        c if is_unsafe(c) => out.extend(c.escape_unicode().map(|c| c as u8)),
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
    use std::time::{Duration, Instant};

    use super::*;
    use proptest::prelude::*;

    fn shown(text: impl AsRef<[u8]>) -> String {
        let mut out = Vec::new();
        sanitize(text.as_ref(), &mut out);
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
        assert_eq!(shown("a\0b\x08c\x7fd\ne"), "a^@b^Hc^?d^Je");
        assert_eq!(shown("a\u{9b}2Jb\u{85}"), "a\\x9b2Jb\\x85");
        assert_eq!(shown(b"a\x9b2J\xff\xc3("), "a\\x9b2J\\xff\\xc3(");
        for code in ["202e", "2069", "2028", "200e", "200f", "61c", "feff", "206a", "fff9"] {
            let c = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
            assert_eq!(shown(format!("a{c}b")), format!("a\\u{{{code}}}b"));
        }
        let shown_as_it_is = "\u{a0}\u{2027}\u{202f}\u{2065}\u{200d}\u{ff21}\u{fffd}\u{627}";
        assert_eq!(shown(shown_as_it_is), shown_as_it_is);
    }

    #[test]
    fn whole_sequences_are_dropped_and_their_text_stays() {
        for (text, expected) in [
            ("\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx\x1b[m", "red x"),
            ("a\x1b[Kb\x1b[2Kc\x1b[0Jd\x1b[2J", "abcd"),
            ("\x1b[?25lx\x1b[?25h\x1b[>4m\x1b[10;20Hy\x1b[1A\x1b[!p\x1b[ q", "xy"),
            ("see \x1b]8;;https://a.example/b?c\x07the results\x1b]8;;\x07.", "see the results."),
            ("see \x1b]8;id=1;https://a.example\x1b\\the results\x1b]8;;\x1b\\.", "see the results."),
            ("\x1b]0;títle\x07x\x1b]52;c;aGk=\x07", "x"),
            ("\x1bP1$r0m\x1b\\a\x1b_apc\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\", "abc"),
            ("\x1b(B\x1b[mx\x1b7y\x1b8\x1b=\x1b>\x1bc\x1b%G", "xy"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_off_of_a_sequence_is_shown() {
        for (text, expected) in [
            ("\x1b[1;31", "^[[1;31"),
            ("\x1b[31\x1b[32mx", "^[[31x"),
            ("\x1b]8;;https://a.example", "^[]8;;https://a.example"),
            ("\x1b]0;a\x1b[1mb", "^[]0;ab"),
            // Only an operating system command may end with a bell.
            ("\x1bPa\x07b", "^[Pa^Gb"),
            ("\x1b", "^["),
            ("\x1b(", "^[("),
            ("a\x1bno", "a^[no"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn of_progress_the_last_state_stays() {
        assert_eq!(shown("55 %\r60 %\r"), "60 %");
        assert_eq!(shown("55 %\r60 %"), "60 %");
        assert_eq!(shown("55 %\r     \r\x1b[0m\r"), "55 %");
        assert_eq!(shown("dos\r"), "dos");
        assert_eq!(shown("\r\r"), "");
        assert_eq!(shown("a\r\x1b[K"), "a");
        assert_eq!(shown("55 %\r\x1b[K60 %\x1b[K"), "60 %");
        assert_eq!(shown("\x1b[2K\r60 %\r\x1b[2K"), "60 %");
    }

    #[test]
    fn lines_stay_lines() {
        for (words, expected) in [
            ("", ""),
            ("a", "a"),
            ("a\n", "a\n"),
            ("55 %\r60 %\n\n\x1b[31mred\x1b[0m", "60 %\n\nred"),
            ("dos\r\n\x1b]0;t\n\x07", "dos\n^[]0;t\n^G"),
        ] {
            assert_eq!(sanitize_lines(words), expected.as_bytes(), "{words:?}");
        }
    }

    #[test]
    fn a_long_line_takes_linear_time() {
        let begun = Instant::now();
        for unit in ["x", "\x1b[1", "\x1b]", "\x1bP", "\x1b[ ", "a\r", " \r", "\u{202e}"] {
            shown(unit.repeat((1 << 20) / unit.len()));
        }
        // It takes a second; in the time of its square, many minutes.
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let known: Vec<Vec<u8>> = [
            "\x1b[31m",
            "\x1b",
            "\r",
            "\u{9b}",
            "\u{202e}",
            "█",
            " ",
            "ab",
            "\x7f",
            "\u{2028}",
            "0m",
            "\x1b]8;;u",
            "\x07",
            "\x1b\\",
            "\x1b[K",
            "\x1bP",
            "\u{200f}",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
        let piece = prop_oneof![proptest::sample::select(known), proptest::collection::vec(any::<u8>(), 0..5)];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_terminal_gets_nothing_to_obey(text in pieces()) {
            let shown = shown(text);
            prop_assert!(!shown.chars().any(|c| c != '\t' && is_unsafe(c)), "{shown:?}");
        }

        #[test]
        fn what_needs_no_change_gets_none(text in "[ -~\t\u{a0}-\u{5ff}\u{700}-\u{2000}\u{2070}-\u{fdff}]{0,80}") {
            prop_assert_eq!(shown(&text), text);
        }
    }
}
