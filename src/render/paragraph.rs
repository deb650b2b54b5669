//! [`paragraphs`]: sentences that are longer than the screen is wide.

use unicode_width::UnicodeWidthStr;

use crate::escape_sequence;

/// The fewest columns in which sentences are broken: in fewer there is nothing to read.
const LEAST: usize = 24;
/// How far the rows of a sentence stand in that go on with it, where nothing stands before it.
const INDENT: usize = 2;
/// With these words commands begin.
const PROGRAMS: [&str; 3] = ["elbtail", "kubectl", "az"];

/// Lines of sentences in rows of so many columns, broken between words; `lead` columns stand before the first. A row that goes on
/// with a line stands in: below its text, or by a little. A command is left whole, and to the terminal, so that it is pasted as it
/// stands: what is within quotes, and what begins with a program to the end of its line.
pub(crate) fn paragraphs(text: &str, lead: usize, columns: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let own = line.len() - line.trim_start_matches(' ').len();
        let (start, indent) = match (at, lead) {
            (0, lead) if lead > 0 => (lead, lead),
            _ => (0, own + INDENT),
        };
        if indent + LEAST > columns {
            out.push_str(line);
        } else {
            paragraph(&mut out, line, start, indent, columns);
        }
    }
    out
}

fn paragraph(out: &mut String, line: &str, start: usize, indent: usize, columns: usize) {
    let (mut column, mut is_first) = (start, true);
    let mut rest = line;
    while !rest.is_empty() {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let length = piece(&rest[blanks..]);
        let (gap, word) = (&rest[..blanks], &rest[blanks..blanks + length]);
        rest = &rest[blanks + length..];
        let width = word.width();
        // A word that fits no row goes on where it is: the next row would hold it no better.
        if !is_first && column + blanks + width > columns && indent + width <= columns.max(column) {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent + width;
        } else {
            out.push_str(gap);
            column = (column + blanks + width - 1) % columns + 1;
        }
        out.push_str(word);
        is_first = false;
    }
}

/// How long what stands together is that `text` begins with: a word, a quoted text, or a command.
fn piece(text: &str) -> usize {
    let word = text.find(' ').unwrap_or(text.len());
    if word < text.len() && PROGRAMS.contains(&&text[..word]) {
        return text.len();
    }
    let opening = text[..word].trim_start_matches('(');
    let Some(quote) = opening.chars().next().filter(|c| matches!(c, '\'' | '`')) else { return word };
    let inside = text.len() - text.trim_start_matches('(').len() + 1;
    // `pod's`: a quote ends where no word goes on. Arguments of a command may have quotes of their own.
    let mut closes = text[inside..].match_indices(quote).map(|(at, _)| inside + at + 1);
    let ends = |end: &usize| !text[*end..].starts_with(|c: char| c.is_alphanumeric());
    let is_command = PROGRAMS.iter().any(|program| text[inside..].starts_with(program));
    let close = if is_command { closes.rfind(ends) } else { closes.find(ends) };
    match close {
        Some(end) => end + text[end..].find(' ').unwrap_or(text.len() - end),
        None => word,
    }
}

/// How many columns a text takes on a terminal, colours left out.
pub(crate) fn columns_of(text: &[u8]) -> usize {
    String::from_utf8_lossy(&escape_sequence::stripped(text)).width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sentence_is_broken_between_words_and_goes_on_below_its_text() {
        for (text, lead, shown) in [
            ("short", 0, "short"),
            ("exactly as long as a row of 40 columns i", 0, "exactly as long as a row of 40 columns i"),
            (
                "the watch on the pods is interrupted and goes on by itself",
                0,
                "the watch on the pods is interrupted and\n  goes on by itself",
            ),
            (
                "the watch on the pods is interrupted and goes on by itself",
                9,
                "the watch on the pods is\n         interrupted and goes on by\n         itself",
            ),
            (
                "first line\n  second one, which is longer than the row",
                7,
                "first line\n  second one, which is longer than the\n    row",
            ),
            (
                "測試測試測試測試測試測試 測試測試測試測試測試測試",
                0,
                "測試測試測試測試測試測試\n  測試測試測試測試測試測試",
            ),
        ] {
            assert_eq!(paragraphs(text, lead, 40), shown);
        }
        // Where there is hardly any room, nothing is broken.
        assert_eq!(
            paragraphs("this one is longer than twenty columns", 9, 20),
            "this one is longer than twenty columns"
        );
    }

    #[test]
    fn a_command_is_left_whole() {
        for command in [
            "'elbtail logs -f job-429825360482416da20736cf3ed51a95 -n blast'",
            "`elbtail logs -f job-429825360482416da20736cf3ed51a95 -n blast`",
            "('elbtail logs -f job-429825360482416da20736cf3ed51a95 -n blast'),",
            "elbtail verify /var/lib/elbtail job-429825360482416da20736cf3ed51a95",
            "kubectl config use-context a-context-with-a-long-name-of-its-own",
            "'elbtail logs -i 'a b' job-429825360482416da20736cf3ed51a95 -n x'",
        ] {
            for lead in [0, 9] {
                let text = format!("the index of the job is missing; to see which: {command}");
                let shown = paragraphs(&text, lead, 40);
                assert!(shown.contains(command), "{shown}");
                assert!(shown.contains("\n"), "{shown}");
            }
        }
        let quoted = "the pod's log isn't there and the node's files are not either, so it's lost";
        assert!(paragraphs(quoted, 0, 40).lines().all(|row| row.len() <= 40));
    }

    proptest! {
        /// The words are what they were, and each row that can be is no longer than the screen is wide.
        /// `az` begins a command, which may be longer than a row.
        #[test]
        fn nothing_is_lost_and_rows_fit(
            words in proptest::collection::vec("[b-z測é]{1,9}|🇩🇪|👩\u{200d}🔬", 1..40), lead in 0usize..12, columns in 40usize..120,
        ) {
            let text = words.join(" ");
            let shown = paragraphs(&text, lead, columns);
            prop_assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), words);
            for (at, row) in shown.split('\n').enumerate() {
                let before = if at == 0 { lead } else { 0 };
                prop_assert!(row.width() + before <= columns, "{row:?}");
                let indent = if lead > 0 { lead } else { INDENT };
                prop_assert!(at == 0 || row.starts_with(&" ".repeat(indent)));
            }
        }
    }
}
