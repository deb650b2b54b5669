//! Columns of text, as lists have them.

use unicode_width::UnicodeWidthStr;

/// The spaces between two columns.
const GAP: &str = "   ";

/// Whether a table tells what its columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// In its first line.
    Shown,
    /// It does not: `--no-headers`.
    Hidden,
}

/// Lines of cells, each column as wide as its widest cell. Nothing stands behind a line's last cell.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    let mut widths = Vec::new();
    for line in lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for line in lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width()));
        text += padded.collect::<Vec<_>>().join(GAP).trim_end();
        text.push('\n');
    }
    text
}

/// A number of bytes in the unit that suits it.
#[cfg(feature = "archive")]
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut size, mut unit) = (count as f64 / 1024.0, 0);
    if count < 1024 {
        return format!("{count} B");
    }
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = [["A", "LONG", "C"], ["aaa", "b", ""], ["é", "漢字", "c"]];
        let lines: Vec<Vec<String>> = lines.iter().map(|line| line.map(str::to_owned).to_vec()).collect();
        assert_eq!(table(&lines), "A     LONG   C\naaa   b\né     漢字   c\n");
        assert_eq!(table(&[]), "");
    }

    #[cfg(feature = "archive")]
    #[test]
    fn sizes_have_a_unit_that_suits_them() {
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
