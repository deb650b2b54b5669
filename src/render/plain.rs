//! Text from a row, a cluster or a server, made safe to stand in a message: one line, no control characters, bounded.

use super::is_unsafe;

/// `text` with control and direction-changing characters escaped, cut after `max` characters (with a `…`).
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for (at, c) in text.chars().enumerate() {
        if at == max {
            out.push('…');
            break;
        }
        if is_unsafe(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Several lines of which none holds anything that a terminal obeys.
pub(crate) fn plain_lines(text: &str) -> String {
    text.split('\n').map(|line| plain(line, usize::MAX)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey_and_keeps_the_rest() {
        assert_eq!(plain("a\u{1b}[31m\n\u{9b}\u{202e}é", 80), "a\\u{1b}[31m\\n\\u{9b}\\u{202e}é");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(plain_lines("a\u{1b}[2J\r\n\u{202e}b\n"), "a\\u{1b}[2J\\r\n\\u{202e}b\n");
        assert_eq!(plain_lines(""), "");
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(plain("ééé", 2), "éé…");
        assert_eq!(plain("ééé", 3), "ééé");
    }
}
