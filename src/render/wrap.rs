//! [`hang`], [`cut`]: a line that is longer than the screen is wide.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::escape_sequence;

/// What `--wrap` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// It goes on in the next row, under its own text.
    #[default]
    Hang,
    /// It ends with the row.
    Cut,
    /// It is left to the terminal, which goes on at the left edge.
    None,
}

/// Where text stands on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Columns before it.
    pub start: usize,
    /// Columns of the screen.
    pub width: usize,
}

impl Room {
    /// The fewest columns in which text is broken: in fewer there is nothing to read.
    const LEAST: usize = 8;

    /// Whether text of so many bytes and without tabs surely fits: none of its characters is wider than it has bytes.
    fn holds(self, text: &[u8]) -> bool {
        text.len() + self.start <= self.width && memchr::memchr(b'\t', text).is_none()
    }

    fn is_usable(self) -> bool {
        self.start + Self::LEAST <= self.width
    }
}

/// Breaks the text that `out` has from `from` on, so that it fits; `bar` appends what stands before each row but the first. Nothing
/// is lost: the rows without it are the text.
pub(super) fn hang(out: &mut Vec<u8>, from: usize, room: Room, bar: impl Fn(&mut Vec<u8>)) {
    if room.holds(&out[from..]) || !room.is_usable() {
        return;
    }
    let text = out.split_off(from);
    let mut style = Style::default();
    // What is shown on a terminal is UTF-8; anything else has no width that is known.
    let mut rest = std::str::from_utf8(&text).unwrap_or_default();
    if rest.is_empty() {
        return out.extend_from_slice(&text);
    }
    loop {
        let (row, behind) = rest.split_at(row(rest, room, Break::AtWords));
        out.extend_from_slice(row.as_bytes());
        if behind.is_empty() {
            return;
        }
        style.take(row);
        style.pause(out);
        out.push(b'\n');
        bar(out);
        style.resume(out);
        rest = behind;
    }
}

/// Ends the text that `out` has from `from` on with the row; `mark` says so.
pub(super) fn cut(out: &mut Vec<u8>, from: usize, room: Room, mark: char) {
    if room.holds(&out[from..]) || !room.is_usable() {
        return;
    }
    let Ok(text) = std::str::from_utf8(&out[from..]) else { return };
    if row(text, room, Break::Anywhere) == text.len() {
        return;
    }
    let length = row(text, Room { width: room.width - 1, ..room }, Break::Anywhere);
    let mut style = Style::default();
    style.take(&text[..length]);
    out.truncate(from + length);
    out.extend_from_slice(mark.encode_utf8(&mut [0; 4]).as_bytes());
    style.pause(out);
}

/// Where a row may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// Behind a blank, if one is near its end.
    AtWords,
    Anywhere,
}

/// How many bytes of `text` the row holds; never none.
fn row(text: &str, room: Room, breaks: Break) -> usize {
    let (mut column, mut at, mut word) = (room.start, 0, None);
    // With a blank further to the left too much of the row would be empty.
    let near = room.start + (room.width - room.start) * 2 / 3;
    while let Some(byte) = text.as_bytes().get(at) {
        let (length, width) = match byte {
            // What is written onto a letter, such as an accent, belongs to it.
            b' '..=b'~' if text.as_bytes().get(at + 1).is_none_or(u8::is_ascii) => (1, 1),
            // At the edge it stops.
            b'\t' => (1, (8 - column % 8).min(room.width - column)),
            0x1b => (escape_sequence::length(&text.as_bytes()[at..]).unwrap_or(1), 0),
            _ => cluster(&text[at..]),
        };
        if column + width > room.width && at > 0 {
            return word.unwrap_or(at);
        }
        column = (column + width).min(room.width);
        at += length;
        if breaks == Break::AtWords && matches!(byte, b' ' | b'\t') && column >= near {
            word = Some(at);
        }
    }
    text.len()
}

/// The length and width of what a terminal shows as one character: with its accents, a flag, an emoji made of several.
fn cluster(text: &str) -> (usize, usize) {
    let cluster = text.graphemes(true).next().unwrap_or_default();
    (cluster.len(), cluster.width())
}

/// The colours that are on: our own, for a terminal gets no others.
#[derive(Default)]
struct Style {
    colours: Vec<u8>,
    reversed: bool,
}

impl Style {
    /// Takes note of what a text turns on and off.
    fn take(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(at) = memchr::memchr(0x1b, rest) {
            let length = escape_sequence::length(&rest[at..]).unwrap_or(1);
            let code = &rest[at..at + length];
            match code {
                b"\x1b[7m" => self.reversed = true,
                b"\x1b[27m" => self.reversed = false,
                b"\x1b[0m" | b"\x1b[m" => *self = Style::default(),
                code => self.colours.extend_from_slice(code),
            }
            rest = &rest[at + length..];
        }
    }

    /// Turns all off, as long as something of our own is written.
    fn pause(&self, out: &mut Vec<u8>) {
        if self.reversed || !self.colours.is_empty() {
            out.extend_from_slice(b"\x1b[0m");
        }
    }

    fn resume(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.colours);
        if self.reversed {
            out.extend_from_slice(b"\x1b[7m");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BAR: &str = "    | ";

    fn hung(text: &str, start: usize, width: usize) -> String {
        let mut out = b"before".to_vec();
        hang(&mut out, 6, Room { start, width }, |out| out.extend_from_slice(BAR.as_bytes()));
        assert_eq!(out, b"before", "nothing to break");
        out.extend_from_slice(text.as_bytes());
        hang(&mut out, 6, Room { start, width }, |out| out.extend_from_slice(BAR.as_bytes()));
        String::from_utf8(out.split_off(6)).unwrap()
    }

    fn cut_off(text: &str, start: usize, width: usize) -> String {
        let mut out = text.as_bytes().to_vec();
        cut(&mut out, 0, Room { start, width }, '…');
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_long_line_goes_on_under_its_own_text() {
        for (text, shown) in [
            ("short", "short"),
            ("exactly 14 col", "exactly 14 col"),
            ("this one is longer than the screen", "this one is \n    | longer than \n    | the screen"),
            ("no-blank-anywhere-in-here", "no-blank-anywh\n    | ere-in-here"),
            ("a b-blank-too-far-to-the-left", "a b-blank-too-\n    | far-to-the-lef\n    | t"),
            ("測試測試測試測試", "測試測試測試測\n    | 試"),
            ("a測試測試測試測試", "a測試測試測試\n    | 測試"),
            (
                "👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👍🏽",
                "👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬👩\u{200d}🔬\n    | 👍🏽",
            ),
            ("🇩🇪🇰🇷🇩🇪🇰🇷🇩🇪🇰🇷🇩🇪🇰🇷", "🇩🇪🇰🇷🇩🇪🇰🇷🇩🇪🇰🇷🇩🇪\n    | 🇰🇷"),
            (
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            ),
            ("a\tb\tc\td", "a\tb\tc\t\n    | d"),
        ] {
            assert_eq!(hung(text, 6, 20), shown);
        }
        // Where there is hardly any room, nothing is broken.
        assert_eq!(hung("this one is longer", 15, 20), "this one is longer");
    }

    #[test]
    fn colours_stop_at_the_edge_and_go_on_in_the_next_row() {
        assert_eq!(
            hung("\x1b[31man error that is long \x1b[7mmarked and longer\x1b[27m yet\x1b[0m", 6, 20)
                .replace('\x1b', "^"),
            "^[31man error that ^[0m\n    | ^[31mis long ^[7mmarked^[0m\n    | ^[31m^[7m and longer^[27m ^[0m\n    | ^[31myet^[0m"
        );
        assert_eq!(
            cut_off("\x1b[31man error that is long\x1b[0m", 6, 20).replace('\x1b', "^"),
            "^[31man error that…^[0m"
        );
    }

    #[test]
    fn a_line_is_cut_with_a_mark() {
        for (text, shown) in [
            ("exactly 14 col", "exactly 14 col"),
            ("this one is longer", "this one is l…"),
            ("測試測試測試測試", "測試測試測試…"),
        ] {
            assert_eq!(cut_off(text, 6, 20), shown);
        }
    }

    /// What a terminal shows as one character, each with its columns.
    const CLUSTERS: [(&str, usize); 16] = [
        ("a", 1),
        ("é", 1),
        ("e\u{301}", 1),
        ("測", 2),
        ("ﾃ", 1),
        ("🧬", 2),
        ("👍🏽", 2),
        ("👩\u{200d}🔬", 2),
        ("👨\u{200d}👩\u{200d}👧\u{200d}👦", 2),
        ("🇩🇪", 2),
        ("❤\u{fe0f}", 2),
        ("1\u{fe0f}\u{20e3}", 2),
        ("한", 2),
        ("ก\u{e33}", 2),
        ("\u{200b}", 0),
        ("क\u{94d}ष", 2),
    ];

    #[test]
    fn what_is_shown_as_one_character_is_of_one_piece_and_has_its_width() {
        for (text, width) in CLUSTERS {
            assert_eq!(cluster(&format!("{text}x{text}")), (text.len(), width), "{}", text.escape_unicode());
        }
    }

    /// Columns that a row takes, without tabs and colours.
    fn width(row: &str) -> usize {
        let mut text = row.to_owned();
        while let Some(start) = text.find("\x1b[") {
            let end = text[start..].find('m').unwrap();
            text.replace_range(start..=start + end, "");
        }
        text.width()
    }

    proptest! {
        #[test]
        fn rows_end_between_characters_and_fit(
            pieces in proptest::collection::vec(proptest::sample::select(CLUSTERS.map(|(text, _)| text).to_vec()), 0..60),
            start in 0usize..12, screen in 20usize..40, wraps in any::<bool>(),
        ) {
            let text = pieces.concat();
            let mut ends: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            ends.push(text.len());
            let mut out = text.clone().into_bytes();
            let room = Room { start, width: screen };
            if wraps {
                hang(&mut out, 0, room, |_| {});
                let shown = String::from_utf8(out).unwrap();
                let mut at = 0;
                for row in shown.split('\n') {
                    prop_assert!(row.width() + start <= screen, "{row:?}");
                    at += row.len();
                    prop_assert!(ends.contains(&at), "{shown:?}");
                }
            } else {
                cut(&mut out, 0, room, '…');
                let shown = String::from_utf8(out).unwrap();
                prop_assert!(shown.width() + start <= screen, "{shown:?}");
                let left = shown.strip_suffix('…').unwrap_or(&shown);
                prop_assert!(text.starts_with(left) && ends.contains(&left.len()), "{shown:?}");
            }
        }

        #[test]
        fn unwrapping_gives_the_line_and_every_row_fits(
            text in "([a-z ]{0,9}|[測試é█🧬]|e\u{301}|\x1b\\[3[0-7]m|\x1b\\[0m|\x1b\\[7m|\x1b\\[27m|👩\u{200d}🔬|🇩🇪){0,30}",
            start in 0usize..30, width_of_screen in 8usize..60,
        ) {
            let room = Room { start, width: width_of_screen };
            let bar = "~".repeat(start);
            let mut out = text.clone().into_bytes();
            hang(&mut out, 0, room, |out| out.extend_from_slice(bar.as_bytes()));
            let shown = String::from_utf8(out).unwrap();
            let plain = |text: &str| {
                let mut text = text.to_owned();
                while let Some(start) = text.find("\x1b[") {
                    let end = text[start..].find('m').unwrap();
                    text.replace_range(start..=start + end, "");
                }
                text
            };
            prop_assert_eq!(plain(&shown.replace(&format!("\n{bar}"), "")), plain(&text));
            if room.is_usable() {
                for (at, row) in shown.split('\n').enumerate() {
                    let columns = width(row) + if at == 0 { start } else { 0 };
                    prop_assert!(columns <= width_of_screen, "{row:?} takes {columns}");
                }
                let cut = cut_off(&text, start, width_of_screen);
                prop_assert!(width(&cut) + start <= width_of_screen);
            }
        }
    }
}
