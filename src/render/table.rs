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

/// Lays out lines of cells, each column as wide as its widest cell so far: columns never shrink, so that lines that are written
/// later stay aligned.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// In columns of a terminal, in which a character may take none, one or two.
    widths: Vec<usize>,
}

impl Table {
    /// The text of some more lines. Nothing stands behind a line's last cell.
    pub(crate) fn lines(&mut self, lines: &[Vec<String>]) -> String {
        for line in lines {
            self.widths.resize(self.widths.len().max(line.len()), 0);
            for (width, cell) in self.widths.iter_mut().zip(line) {
                *width = (*width).max(cell.width());
            }
        }
        let mut text = String::new();
        for line in lines {
            let padded =
                line.iter().zip(&self.widths).map(|(cell, width)| cell.clone() + &" ".repeat(width - cell.width()));
            text += padded.collect::<Vec<_>>().join(GAP).trim_end();
            text.push('\n');
        }
        text
    }
}

/// A whole table.
pub(crate) fn table(lines: &[Vec<String>]) -> String {
    Table::default().lines(lines)
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

    #[test]
    fn columns_begin_where_a_terminal_sees_them_begin() {
        // Each with the columns it takes: wide ones, a flag, a family of joined emoji, accents that combine, and ones that take none.
        for (cell, width) in [
            ("abc", 3),
            ("größe", 5),
            ("gro\u{308}ße", 5),
            ("測試", 4),
            ("ﾃｽﾄ", 3),
            ("🧬x", 3),
            ("🇩🇪", 2),
            ("👩‍🔬", 2),
            ("a\u{200b}b", 2),
            ("", 0),
        ] {
            let lines = [vec![cell.to_owned(), "|".to_owned()], vec!["wider than all".to_owned(), "|".to_owned()]];
            let text = table(&lines);
            let blanks = "wider than all".len() - width + GAP.len();
            assert_eq!(text.lines().next(), Some(format!("{cell}{}|", " ".repeat(blanks)).as_str()));
        }
    }

    #[test]
    fn columns_grow_and_never_shrink() {
        let mut table = Table::default();
        let line = |cells: [&str; 2]| vec![cells.map(str::to_owned).to_vec()];
        assert_eq!(table.lines(&line(["a", "b"])), "a   b\n");
        assert_eq!(table.lines(&line(["漢字", "b"])), "漢字   b\n");
        assert_eq!(table.lines(&line(["a", "b"])), "a      b\n");
        assert_eq!(table.lines(&[vec!["a".to_owned()], vec![String::new(), String::new()]]), "a\n\n");
    }
}
