//! [`Patterns`]: regular expressions on what a line shows.

use std::{borrow::Cow, ops::Range};

use memchr::memchr;
use regex::bytes::Regex;

use crate::escape_sequence;

/// Regular expressions on the bytes of a line, of which one must match. A line's colours, and whatever else a terminal obeys without
/// showing it, are not seen by them: `31` does not match the code for red, and `error` matches a word that is half in red.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Regex>);

impl FromIterator<Regex> for Patterns {
    fn from_iter<I: IntoIterator<Item = Regex>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

impl Patterns {
    /// These and more.
    pub fn and(mut self, more: impl IntoIterator<Item = Regex>) -> Self {
        self.0.extend(more);
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them matches.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if memchr(ESC, text).is_none() {
            return self.0.iter().any(|pattern| pattern.is_match(text));
        }
        let shown = Shown::of(text);
        self.0.iter().any(|pattern| pattern.is_match(&shown.text))
    }

    /// The parts of `text` that one of them matches, in order, without what a terminal obeys inside them. Matches of nothing are
    /// left out.
    pub(in crate::render) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let shown = Shown::of(text);
        let matches = self.0.iter().flat_map(|pattern| pattern.find_iter(&shown.text).map(|found| found.range()));
        let mut found: Vec<_> = matches.filter(|found| !found.is_empty()).collect();
        found.sort_by_key(|found| (found.start, found.end));
        found.dedup_by(|next, before| {
            let joined = next.start <= before.end;
            if joined {
                before.end = before.end.max(next.end);
            }
            joined
        });
        shown.places(&found)
    }
}

const ESC: u8 = 0x1b;

/// What a terminal shows of a text, and where that stands in it.
struct Shown<'a> {
    text: Cow<'a, [u8]>,
    /// Between these, in order, stand escape sequences.
    parts: Vec<Range<usize>>,
}

impl Shown<'_> {
    fn of(text: &[u8]) -> Shown<'_> {
        let (mut parts, mut start, mut from) = (Vec::new(), 0, 0);
        while let Some(at) = memchr(ESC, &text[from..]) {
            let at = from + at;
            match escape_sequence::length(&text[at..]) {
                Some(length) => {
                    parts.push(start..at);
                    (start, from) = (at + length, at + length);
                }
                // Cut off: it is shown.
                None => from = at + 1,
            }
        }
        parts.push(start..text.len());
        let shown = match &*parts {
            [_] => Cow::Borrowed(text),
            parts => parts.iter().flat_map(|part| &text[part.clone()]).copied().collect::<Vec<u8>>().into(),
        };
        Shown { text: shown, parts }
    }

    /// Where stretches of what is shown stand in the text, cut at its escape sequences.
    fn places(&self, stretches: &[Range<usize>]) -> Vec<Range<usize>> {
        if self.parts.len() == 1 {
            return stretches.to_vec();
        }
        let mut places = Vec::new();
        for stretch in stretches {
            let mut before = 0;
            for part in &self.parts {
                let (start, end) = (stretch.start.max(before), stretch.end.min(before + part.len()));
                if start < end {
                    places.push(part.start + (start - before)..part.start + (end - before));
                }
                before += part.len();
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patterns(patterns: &[&str]) -> Patterns {
        patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect()
    }

    #[test]
    fn what_is_shown_is_matched_and_colours_are_not() {
        for (pattern, text, matched) in [
            ("31", &b"\x1b[31merror\x1b[0m"[..], false),
            ("m", b"\x1b[31merror\x1b[0m", false),
            ("error", b"er\x1b[31mror\x1b[0m", true),
            ("^error$", b"\x1b[1;31merror\x1b[0m", true),
            ("title", b"\x1b]0;title\x07text", false),
            ("^text$", b"\x1b]0;title\x07text", true),
            ("31", b"31\x1b[0m", true),
            // Cut off, so that it shows.
            ("31", b"\x1b[31", true),
            ("(?-u)\\xff", b"a\xff\x1b[0m", true),
            ("(?-u:\\xff)$", b"a\xff", true),
            ("", b"", true),
        ] {
            assert_eq!(patterns(&[pattern]).is_match(text), matched, "{pattern} {:?}", text.escape_ascii().to_string());
        }
        assert!(patterns(&["a", "b"]).is_match(b"xb"));
        assert!(!patterns(&[]).is_match(b"x"));
    }

    #[test]
    fn matches_are_joined_and_cut_at_colours() {
        for (wanted, text, found) in [
            (&["bc", "cd", "x*"][..], &b"abcde"[..], &[(1, 4)][..]),
            (&["ab", "cd"], b"abcd", &[(0, 4)]),
            (&["a"], b"aXa", &[(0, 1), (2, 3)]),
            (&["bc"], b"ab\x1b[1mcd", &[(1, 2), (6, 7)]),
            (&["1"], b"\x1b[1m", &[]),
        ] {
            let places: Vec<_> =
                patterns(wanted).find(text).into_iter().map(|place| (place.start, place.end)).collect();
            assert_eq!(places, found, "{wanted:?} {:?}", text.escape_ascii().to_string());
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_shown(text in "([a-c]|\x1b\\[[0-9;]{0,3}m?|\x1b){0,20}", pattern in proptest::sample::select(vec!["a", "bc", "[ab]+", "\\[", "m", "[0-9]", "c?b*"])) {
            let (found, text) = (patterns(&[pattern]).find(text.as_bytes()), text.as_bytes());
            let shown = Shown::of(text);
            let pieces: Vec<u8> = found.iter().flat_map(|place| text[place.clone()].to_vec()).collect();
            let pattern = Regex::new(pattern).unwrap();
            let matched: Vec<u8> = pattern.find_iter(&shown.text).flat_map(|found| found.as_bytes().to_vec()).collect();
            prop_assert_eq!(pieces, matched);
            prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
            for place in &found {
                prop_assert!(shown.parts.iter().any(|part| part.start <= place.start && place.end <= part.end));
            }
        }

        #[test]
        fn bytes_of_any_kind_are_matched_as_they_are(text in proptest::collection::vec(any::<u8>(), 0..30), at in 0usize..30) {
            let part = &text[at.min(text.len())..];
            let quoted: String = part.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            let wanted = patterns(&[&format!("(?s-u:{quoted}$)")]);
            if !text.contains(&ESC) {
                prop_assert!(wanted.is_match(&text));
            }
        }
    }
}
