//! Long base64 that nothing announces.
//!
//! A key has digits, capitals and small letters, and changes between them all the time. Sequences have no digits, digests and
//! ids no capitals, and paths and names are made of words.

use std::{iter, ops::Range};

use super::MASK;

/// The shortest run that is taken for a key: 30 bytes of one.
const RUN: usize = 40;
/// Base64, in its URL form too.
const ALPHABET: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// Whether `line` may hold a key: a quick look, which most lines pass.
pub(super) fn may_hold(line: &[u8]) -> bool {
    long_runs(line).any(|run| has_all_classes(&line[run]))
}

/// `line` with its keys masked, if it has any.
pub(super) fn apply(line: &[u8]) -> Option<Vec<u8>> {
    let mut masked: Option<Vec<u8>> = None;
    let mut copied = 0;
    for run in long_runs(line) {
        if is_announced_digest(&line[..run.start]) {
            continue;
        }
        for piece in keys(&line[run.clone()]) {
            let (from, mut to) = (run.start + piece.start, run.start + piece.end);
            // Its padding.
            to += line[to..].iter().take(2).take_while(|byte| **byte == b'=').count();
            let out = masked.get_or_insert_with(|| Vec::with_capacity(line.len()));
            out.extend_from_slice(&line[copied..from]);
            out.extend_from_slice(MASK.as_bytes());
            copied = to;
        }
    }
    masked.map(|mut out| {
        out.extend_from_slice(&line[copied..]);
        out
    })
}

/// The runs of base64 that are long enough. A run that covers a stretch of [`RUN`] bytes covers its last one: from there it is
/// looked for backwards, so that of words and numbers few bytes are looked at.
fn long_runs(line: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_run = |byte: &u8| ALPHABET[usize::from(*byte)];
    let mut start = 0;
    iter::from_fn(move || {
        loop {
            let stretch = line.get(start..start + RUN)?;
            match stretch.iter().rposition(|byte| !is_run(byte)) {
                Some(at) => start += at + 1,
                None => break,
            }
        }
        let end = start + RUN + line[start + RUN..].iter().take_while(|byte| is_run(byte)).count();
        Some(std::mem::replace(&mut start, end)..end)
    })
}

/// The parts of a run that are keys: all of it, or between what separates words.
fn keys(run: &[u8]) -> Vec<Range<usize>> {
    if is_digest(run) || is_symbol(run) || !has_all_classes(run) {
        return Vec::new();
    }
    // A key or a certificate in DER begins with lengths and names, which are mixed less.
    if run.starts_with(b"MII") {
        return iter::once(0..run.len()).collect();
    }
    // A path with an id in it is no key: `DEST/jobs/job-429825360482416da20736cf3ed51a95`.
    let has_id = run.split(|byte| is_separator(*byte)).any(is_id);
    let separators = run.iter().filter(|byte| is_separator(**byte)).count();
    if !has_id && separators * 12 <= run.len() && is_mixed(run) {
        return iter::once(0..run.len()).collect();
    }
    let mut start = 0;
    let mut found = Vec::new();
    for piece in run.split(|byte| is_separator(*byte)) {
        if piece.len() >= RUN && has_all_classes(piece) && is_mixed(piece) {
            found.push(start..start + piece.len());
        }
        start += piece.len() + 1;
    }
    found
}

/// Whether a part of a run is the hexadecimal id of something.
fn is_id(part: &[u8]) -> bool {
    /// Random base64 has so many such digits in a row, and none other between two separators, never.
    const DIGITS: usize = 16;
    part.len() >= DIGITS && part.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'-' | b'_')
}

/// `sha256-…`, as lock files have it.
fn is_digest(run: &[u8]) -> bool {
    run.starts_with(b"sha") && matches!(run.get(3..7), Some(b"256-" | b"384-" | b"512-"))
}

/// Whether a digest is announced: `SHA256:…` of an SSH key, `sha512: …`, `Digest: SHA-256=…`.
fn is_announced_digest(before: &[u8]) -> bool {
    const KINDS: [&str; 8] = ["sha256:", "sha384:", "sha512:", "sha1:", "sha256=", "sha-256=", "sha-512=", "sha512="];
    let before = before.trim_ascii_end();
    let last = before[before.len().saturating_sub(8)..].to_ascii_lowercase();
    KINDS.iter().any(|kind| last.ends_with(kind.as_bytes()))
}

/// A name of C++ as a stack has it: `_ZN4ncbi5blast…`, each word behind its length.
fn is_symbol(run: &[u8]) -> bool {
    let Some(rest) = run.strip_prefix(b"_Z") else { return false };
    let kind = rest.iter().take(4).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = rest[kind..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let length = rest[kind..kind + digits].iter().fold(0, |sum, byte| sum * 10 + usize::from(byte - b'0'));
    let word = &rest[kind + digits..];
    length > 1
        && word.get(..length).is_some_and(|word| word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'))
        && word.first().is_some_and(|byte| !byte.is_ascii_digit())
}

fn has_all_classes(run: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| run.iter().any(test);
    has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Whether at least three in ten neighbours are of different classes, a capital at the head of a word not counted twice.
/// Random base64 has more than five, a name of words two.
fn is_mixed(run: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    };
    let heads_a_word = |triple: &[u8]| class(triple[0]) != 1 && class(triple[1]) == 1 && class(triple[2]) == 2;
    let changes = run.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let heads = run.windows(3).filter(|triple| heads_a_word(triple)).count();
    (changes - heads) * 10 >= (run.len() - 1) * 3
}
