//! Rows among other words: warnings of the tool that printed them, a log, a prompt, Markdown, code.
//!
//! JSON at the start of a line stands for itself. JSON within a line is taken as well, unless the text is of a form in which it
//! would be one field of a row and not the row.

use std::ops::Range;

use serde_json::Value;

use super::{lookalike, mend::mend, tree, wrapped};
use crate::{mask::mask, render::plain};

/// How often the input may be gone through, and how many bytes in any case: each bracket that is never closed takes once.
const TIMES: usize = 16;
const LEAST: usize = 1 << 20;
/// How much of what is passed over a note shows.
const SHOWN: usize = 80;

/// JSON that is a row, or holds some.
pub(super) struct JsonPiece {
    /// Where it stands.
    pub range: Range<usize>,
    /// The JSON, mended.
    pub text: String,
    /// Whether it goes to its end; else it was cut off.
    pub whole: bool,
}

/// Whether rows may follow in an input that begins with `head` and is no JSON.
pub(super) fn may_follow(head: &[u8]) -> bool {
    let mut brackets = memchr::memchr2_iter(b'{', b'[', head);
    brackets.any(|at| matches!(head[at + 1..].trim_ascii_start().first(), Some(b'"' | b'{')))
}

/// The pieces of `bytes` that are rows.
pub(super) fn pieces(origin: &str, bytes: &[u8]) -> Vec<JsonPiece> {
    if lookalike::of_format(origin, bytes).is_some() {
        return Vec::new();
    }
    let (mut at_start, mut within, mut cut) = (Vec::new(), Vec::new(), None);
    let mut budget = bytes.len().saturating_mul(TIMES).max(LEAST);
    let mut at = 0;
    while let Some(next) = memchr::memchr2(b'{', b'[', &bytes[at..]) {
        at += next;
        if !may_follow(&bytes[at..bytes.len().min(at + SHOWN)]) {
            at += 1;
            continue;
        }
        let mended = mend(&bytes[at..]);
        let Some(left) = budget.checked_sub(mended.consumed) else { break };
        budget = left;
        let Ok(value) = tree::parse(&mended.text) else {
            at += 1;
            continue;
        };
        let range = at..at + mended.consumed;
        at = if mended.whole { range.end } else { at + 1 };
        if !is_row(value) {
            continue;
        }
        let before = line_before(bytes, range.start);
        let piece = JsonPiece { range, text: mended.text, whole: mended.whole };
        match (piece.whole, before.is_empty()) {
            (true, true) => at_start.push(piece),
            (true, false) if !is_yaml_key(before) => within.push(piece),
            (false, true) if cut.is_none() => cut = Some(piece),
            _ => {}
        }
    }
    if !at_start.is_empty() {
        return at_start;
    }
    if lookalike::is_drawn(bytes) {
        return Vec::new();
    }
    if within.is_empty() { cut.into_iter().collect() } else { within }
}

/// What is to be said about the text around `pieces`.
pub(super) fn passed_over(origin: &str, bytes: &[u8], pieces: &[JsonPiece]) -> Option<String> {
    let starts = pieces.iter().map(|piece| piece.range.start).chain([bytes.len()]);
    let ends = std::iter::once(0).chain(pieces.iter().map(|piece| piece.range.end));
    let around = ends.zip(starts).flat_map(|(from, to)| bytes[from..to].split(|byte| matches!(byte, b'\n' | b'\r')));
    let mut lines = around.map(<[u8]>::trim_ascii).filter(|line| line.iter().any(u8::is_ascii_alphanumeric));
    let first = lines.next()?;
    let first = plain(&mask(&String::from_utf8_lossy(first)), SHOWN);
    Some(match lines.count() {
        0 => format!("{origin} holds other text beside the row, which is passed over: {first}"),
        more => format!("{origin} holds {} lines beside the row, which are passed over: {first}, …", more + 1),
    })
}

fn is_row(value: Value) -> bool {
    !value.as_object().is_some_and(lookalike::is_kubernetes) && wrapped::holds_rows(value)
}

/// What stands before `at` in its line.
fn line_before(bytes: &[u8], at: usize) -> &[u8] {
    let start = memchr::memrchr2(b'\n', b'\r', &bytes[..at]).map_or(0, |end| end + 1);
    bytes[start..at].trim_ascii()
}

/// `payload:`, in YAML.
fn is_yaml_key(before: &[u8]) -> bool {
    let key = before.strip_prefix(b"- ").unwrap_or(before).strip_suffix(b":");
    key.is_some_and(|key| !key.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_passed_over_is_told_without_secrets() {
        let text = b"> Authorization: Bearer abcdefghijklmnop\n> x\n{\"job_id\":\"x\"}\n";
        let pieces = pieces("in", text);
        assert_eq!(pieces.len(), 1);
        let told = passed_over("in", text, &pieces).unwrap();
        assert!(told.starts_with("in holds 2 lines beside the row") && !told.contains("abcdefgh"), "{told}");
    }

    #[test]
    fn brackets_without_end_take_no_more_than_a_few_passes() {
        for text in ["[\"".repeat(200_000), "{ {".repeat(200_000), "[[".repeat(100_000) + &"]]".repeat(100_000)] {
            assert!(pieces("in", text.as_bytes()).is_empty());
        }
    }

    proptest! {
        #[test]
        fn a_row_is_found_behind_any_words(before in "[ -z\n]{0,60}", after in "[ -z\n]{0,60}") {
            // Other forms are named, not searched.
            prop_assume!(!before.trim_start().starts_with('<'));
            let text = format!("{before} x\n{{\"job_id\":\"x\",\"k8s_job_id\":\"job-x\"}}\n{after}");
            prop_assume!(lookalike::of_format("in", text.as_bytes()).is_none());
            prop_assert!(!pieces("in", text.as_bytes()).is_empty(), "{}", text);
        }
    }
}
