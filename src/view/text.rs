//! Text in columns of a terminal.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// Columns up to the next tab stop.
const TAB: usize = 8;

/// A line's text without tabs, which have no width of their own.
pub fn untabbed(text: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(text);
    if !text.contains('\t') {
        return text;
    }
    let (mut out, mut column) = (String::with_capacity(text.len() + TAB), 0);
    for c in text.chars() {
        if c == '\t' {
            let blanks = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            out.push(c);
            column += c.width().unwrap_or(0);
        }
    }
    Cow::Owned(out)
}

/// The rows of this width that a text fills; one at least.
pub fn rows(text: &str, width: usize) -> Vec<&str> {
    let width = width.max(2);
    if text.len() <= width {
        return vec![text];
    }
    let (mut rows, mut start, mut column) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if column + wide > width {
            rows.push(&text[start..at]);
            (start, column) = (at, 0);
        }
        column += wide;
    }
    rows.push(&text[start..]);
    rows
}

/// One of these rows, and at which byte of the text it begins.
pub fn row(text: &str, width: usize, at: usize) -> (usize, &str) {
    let rows = rows(text, width);
    let before = rows.iter().take(at).map(|row| row.len()).sum();
    (before, rows.get(at).copied().unwrap_or_default())
}

/// The rows of this width that a text fills, broken between words where that can be.
pub fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let (mut rest, mut lines) = (text, Vec::new());
    loop {
        let row = rows(rest, width).first().copied().unwrap_or_default();
        if row.len() == rest.len() {
            lines.push(rest);
            return lines;
        }
        let end = row.rfind(' ').filter(|at| *at > 0 && !rest[row.len()..].starts_with(' ')).unwrap_or(row.len());
        lines.push(&rest[..end]);
        rest = rest[end..].trim_start_matches(' ');
    }
}

/// A text without its first columns.
pub fn shifted(text: &str, columns: usize) -> &str {
    let mut column = 0;
    for (at, c) in text.char_indices() {
        if column >= columns {
            return &text[at..];
        }
        column += c.width().unwrap_or(0);
    }
    ""
}

/// A text of at most so many columns; one that is longer ends in `…`, or `~` without UTF-8.
pub fn cut(text: &str, width: usize, mark: char) -> Cow<'_, str> {
    if text.len() <= width {
        return Cow::Borrowed(text);
    }
    // Up to where there is room for the mark.
    let (mut column, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        column += c.width().unwrap_or(0);
        if column > width {
            return Cow::Owned(if width == 0 { String::new() } else { format!("{}{mark}", &text[..end]) });
        }
        if column < width {
            end = at + c.len_utf8();
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn tabs_go_to_the_next_stop() {
        for (text, shown) in
            [("a\tb", "a       b"), ("12345678\tb", "12345678        b"), ("ab", "ab"), ("\t", "        ")]
        {
            assert_eq!(untabbed(text.as_bytes()), shown);
        }
        assert_eq!(untabbed(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn texts_are_cut_by_their_columns() {
        for (text, width, shown) in [
            ("abcdef", 4, "abc…"),
            ("abc", 3, "abc"),
            ("測試測試", 5, "測試…"),
            ("測試", 4, "測試"),
            ("abc", 0, ""),
            ("abc", 1, "…"),
        ] {
            assert_eq!(cut(text, width, '…'), shown, "{text} {width}");
        }
    }

    proptest! {
        #[test]
        fn rows_are_the_text_and_fit(text in "[a-z測試\u{301} ]{0,80}", width in 2usize..20) {
            let rows = rows(&text, width);
            prop_assert_eq!(rows.concat(), text.clone());
            prop_assert!(rows.iter().all(|row| row.width() <= width), "{rows:?}");
            let words = |rows: &[&str]| rows.join(" ").split_whitespace().collect::<Vec<_>>().concat();
            let wrapped = wrapped(&text, width);
            prop_assert!(wrapped.iter().all(|row| row.width() <= width), "{wrapped:?}");
            prop_assert_eq!(words(&wrapped), words(&[&text]));
            prop_assert!(cut(&text, width, '…').width() <= width);
            prop_assert!(text.ends_with(shifted(&text, width)));
        }
    }
}
