//! [`Highlight`]: parts of a line that stand out.

use super::Patterns;

/// Swaps the colours of text and ground. It is neither a colour nor a weight, so whatever colour the line has goes on behind it.
const ON: &[u8] = b"\x1b[7m";
const OFF: &[u8] = b"\x1b[27m";

/// Marks what some patterns match.
#[derive(Debug, Clone)]
pub struct Highlight(Patterns);

impl Highlight {
    /// Marks what these match; nothing when there are none.
    pub fn new(patterns: Patterns) -> Option<Highlight> {
        (!patterns.is_empty()).then_some(Highlight(patterns))
    }

    /// Marks the text that begins at `from`, as it is printed.
    pub(super) fn mark(&self, out: &mut Vec<u8>, from: usize) {
        let found = self.0.find(&out[from..]);
        if found.is_empty() {
            return;
        }
        let text = out.split_off(from);
        let mut at = 0;
        for place in found {
            out.extend_from_slice(&text[at..place.start]);
            out.extend_from_slice(ON);
            out.extend_from_slice(&text[place.clone()]);
            out.extend_from_slice(OFF);
            at = place.end;
        }
        out.extend_from_slice(&text[at..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;

    fn marked(patterns: &[&str], text: &[u8]) -> Vec<u8> {
        let patterns = patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        let mut out = [b"before ", text].concat();
        if let Some(highlight) = Highlight::new(patterns) {
            highlight.mark(&mut out, b"before ".len());
        }
        out.strip_prefix(b"before ").unwrap().to_vec()
    }

    #[test]
    fn a_match_stands_out_whatever_its_colour() {
        for (text, shown) in [
            ("an error", "an ^[7merror^[27m"),
            ("error error", "^[7merror^[27m ^[7merror^[27m"),
            ("^[31mer^[0mror", "^[31m^[7mer^[27m^[0m^[7mror^[27m"),
            ("none", "none"),
        ] {
            let shown_here = marked(&["error"], text.replace('^', "\x1b").as_bytes());
            assert_eq!(String::from_utf8(shown_here).unwrap().replace('\x1b', "^"), shown);
        }
        assert_eq!(marked(&[], b"error"), b"error");
        assert_eq!(
            marked(&["before", "x*"], b"a"),
            b"a",
            "what stands before the text is not looked at, nor are empty matches"
        );
    }

    proptest! {
        #[test]
        fn without_the_marks_it_is_the_same_text(text in "([a-c ]|\x1b\\[[0-6]{0,2}m|\x1b){0,30}") {
            let shown = String::from_utf8(marked(&["a+", "bc", "[0-9]", "m"], text.as_bytes())).unwrap();
            prop_assert_eq!(shown.replace("\x1b[7m", "").replace("\x1b[27m", ""), text);
        }
    }
}
