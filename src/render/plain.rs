//! Text from a row, made safe to stand in a message: one line, no control characters, bounded.

use super::is_hazard;

/// `text` with control and direction-changing characters escaped, cut after `max` characters (with a `…`).
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for (at, c) in text.chars().enumerate() {
        if at == max {
            out.push('…');
            break;
        }
        if is_hazard(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey_and_keeps_the_rest() {
        assert_eq!(plain("a\u{1b}[31m\n\u{9b}\u{202e}é", 80), "a\\u{1b}[31m\\n\\u{9b}\\u{202e}é");
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(plain("ééé", 2), "éé…");
        assert_eq!(plain("ééé", 3), "ééé");
    }
}
