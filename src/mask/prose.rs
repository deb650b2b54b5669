//! Sentences about secrets: `token: expired`, `password: must not be empty`, `the --token flag is required`.

use std::ops::Range;

/// What a secret is said to be, or what stands where there is none.
const STATES: &[&str] = &[
    "absent",
    "accepted",
    "acquired",
    "allowed",
    "any",
    "argon2",
    "array",
    "bad",
    "base64",
    "base64-encoded",
    "bcrypt",
    "bool",
    "boolean",
    "bytes",
    "cached",
    "changed",
    "corrupt",
    "created",
    "customer-managed",
    "default",
    "deleted",
    "denied",
    "deprecated",
    "disabled",
    "done",
    "empty",
    "enabled",
    "error",
    "exists",
    "expired",
    "expiring",
    "failed",
    "failure",
    "file",
    "forbidden",
    "found",
    "generated",
    "granted",
    "hidden",
    "identical",
    "ignored",
    "incorrect",
    "int",
    "integer",
    "invalid",
    "loaded",
    "malformed",
    "masked",
    "match",
    "md5",
    "microsoft.keyvault",
    "microsoft.storage",
    "mismatch",
    "missing",
    "n/a",
    "needed",
    "not-found",
    "null",
    "number",
    "object",
    "obtained",
    "ok",
    "okay",
    "omitted",
    "optional",
    "platform-managed",
    "present",
    "prompt",
    "provided",
    "ready",
    "received",
    "redacted",
    "refreshed",
    "refused",
    "rejected",
    "removed",
    "renewed",
    "required",
    "reset",
    "revoked",
    "rotated",
    "scrypt",
    "service-managed",
    "set",
    "sha1",
    "sha256",
    "sha512",
    "skipped",
    "stale",
    "stdin",
    "str",
    "string",
    "stringarray",
    "strings",
    "success",
    "successful",
    "supported",
    "timeout",
    "unauthorized",
    "unavailable",
    "unchanged",
    "undefined",
    "unknown",
    "unset",
    "unspecified",
    "unsupported",
    "unused",
    "updated",
    "valid",
    "verified",
    "wrong",
    "yes",
];

/// Words that begin or carry on a sentence, and are followed by another word.
const CARRYING: &[&str] = &[
    "a", "already", "also", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "cannot", "contains",
    "could", "did", "do", "does", "doesn't", "expected", "expects", "for", "from", "had", "has", "have", "if", "in",
    "is", "isn't", "it", "its", "length", "maximum", "may", "minimum", "must", "needs", "neither", "no", "nor", "not",
    "of", "on", "only", "or", "please", "requires", "should", "still", "than", "that", "the", "there", "this", "to",
    "too", "use", "using", "via", "was", "were", "when", "while", "will", "with", "without", "you", "your",
];

/// What is done with secrets; followed by another word it is no secret.
const MATTERS: &[&str] = &[
    "acquisition",
    "argument",
    "auth",
    "authentication",
    "authorization",
    "change",
    "check",
    "compat",
    "creation",
    "exchange",
    "expiration",
    "expires",
    "expiry",
    "files",
    "flag",
    "generation",
    "key",
    "login",
    "lookup",
    "option",
    "parameter",
    "passphrase",
    "passwd",
    "password",
    "policy",
    "protection",
    "refresh",
    "rejection",
    "renewal",
    "request",
    "retrieval",
    "review",
    "revocation",
    "rotation",
    "secret",
    "token",
    "validation",
    "verification",
];

/// What a password is part of, and what it is like: none of these is one.
const COMPOUNDS: &[&str] = &[
    "about",
    "above",
    "again",
    "below",
    "blank",
    "cache",
    "callback",
    "clear",
    "complex",
    "complexity",
    "correct",
    "data",
    "database",
    "entry",
    "expire",
    "field",
    "form",
    "forever",
    "given",
    "gone",
    "grant",
    "hash",
    "hashes",
    "here",
    "hint",
    "history",
    "input",
    "insecure",
    "instead",
    "kept",
    "known",
    "length",
    "lengths",
    "less",
    "link",
    "long",
    "lost",
    "manager",
    "managers",
    "mechanism",
    "method",
    "mode",
    "never",
    "new",
    "obvious",
    "old",
    "only",
    "page",
    "plain",
    "plaintext",
    "plugin",
    "private",
    "prompts",
    "protect",
    "provider",
    "public",
    "quality",
    "random",
    "read",
    "rule",
    "rules",
    "safe",
    "salt",
    "same",
    "scheme",
    "secure",
    "sensitive",
    "sent",
    "short",
    "shown",
    "simple",
    "stolen",
    "store",
    "taken",
    "storage",
    "strength",
    "strong",
    "text",
    "there",
    "type",
    "unsafe",
    "update",
    "vault",
    "visible",
    "weak",
    "written",
];

/// Words behind which a sentence about a password goes on.
const JOINING: &[&str] = &[
    "and", "as", "at", "but", "by", "for", "from", "in", "into", "on", "or", "so", "then", "to", "via", "when",
    "which", "while",
];

/// How the words end that tell what became of something.
const ENDINGS: &[&str] = &["ed", "ing", "able", "tion"];

/// How more words end that tell what something is like.
const LIKE: &[&str] = &["ive", "ary", "ory", "ent", "ous", "ful", "less", "ible", "ly", "ial"];

/// How freely a name is written about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// A password may be any word, so only what is surely said of one is no password.
    Password,
    Other,
}

/// Whether the text from `from` on is said of what is named before it, and is no value.
pub(super) fn is_said(line: &[u8], from: usize, name: Name) -> bool {
    let word = word_at(line, from);
    // `8 bytes`, as kubectl describes a Secret.
    let next = word_at(line, skip_blanks(line, from + word.len()));
    if word.iter().all(u8::is_ascii_digit) && is_one_of(bare(next), &["byte", "bytes", "characters", "chars"]) {
        return true;
    }
    if is_state(word) || name == Name::Other && has_ending(word) {
        return true;
    }
    let is_followed =
        word_at(line, skip_blanks(line, from + word.len())).first().is_some_and(u8::is_ascii_alphanumeric);
    is_followed && [CARRYING, MATTERS].iter().any(|words| is_one_of(word, words))
}

/// Whether an unquoted word that a sentence has behind the name of a password, from `range`, is one: no word that is said of it, and
/// behind it the clause ends.
pub(super) fn is_spoken(line: &[u8], range: &Range<usize>) -> bool {
    /// A shorter word is one of the sentence.
    const WORD: usize = 4;
    let word = bare(&line[range.clone()]);
    // `case-sensitive`.
    let last = word.rsplit(|byte| *byte == b'-').next().unwrap_or(word);
    let is_known = [STATES, CARRYING, MATTERS, COMPOUNDS].iter().any(|words| is_one_of(word, words))
        || [ENDINGS, LIKE].iter().any(|endings| ends_in(last, endings))
        || is_one_of(last, COMPOUNDS);
    let is_word =
        word.len() >= WORD && word.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'=' && *byte != b'(');
    let next = word_at(line, skip_blanks(line, range.end));
    let ends = next.is_empty()
        || line[range.clone()].len() > word.len()
        || !next[0].is_ascii_alphanumeric()
        || is_one_of(next, JOINING)
        || next.iter().any(|byte| matches!(byte, b':' | b'='));
    is_word && !is_known && ends
}

/// Where a password of several words ends: `correct horse battery staple`. Only what reads as no sentence is one.
pub(super) fn phrase_end(line: &[u8], first: &Range<usize>) -> usize {
    /// Fewer words are a word and what is said after it.
    const WORDS: usize = 3;
    let mut end = first.end;
    let mut words = 1;
    let is_plain = |word: &[u8]| {
        word.first().is_some_and(u8::is_ascii_lowercase)
            && word.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    if !is_plain(&line[first.clone()]) {
        return first.end;
    }
    loop {
        let from = skip_blanks(line, end);
        let word = word_at(line, from);
        if word.is_empty() || from == end {
            break;
        }
        let is_said = [STATES, CARRYING, MATTERS, JOINING].iter().any(|words| is_one_of(word, words));
        if !is_plain(word) || is_said || has_ending(word) {
            return first.end;
        }
        end = from + word.len();
        words += 1;
    }
    if words >= WORDS { end } else { first.end }
}

/// Whether the word behind a flag is none of its value: `--token is required`, `--token string`.
pub(super) fn is_said_of_flag(line: &[u8], from: usize) -> bool {
    let word = word_at(line, from);
    [STATES, CARRYING, MATTERS].iter().any(|words| is_one_of(word, words))
}

/// Whether a word is what a secret is said to be.
pub(super) fn is_state(word: &[u8]) -> bool {
    is_one_of(bare(word), STATES)
}

/// Whether a value that ends at `end` is all that is assigned: a sentence would go on with another word.
pub(super) fn stands_alone(line: &[u8], end: usize) -> bool {
    let next = skip_blanks(line, end);
    let word = word_at(line, next);
    match word.first() {
        None => true,
        // `token: serviceaccounts "elb" is forbidden` goes on.
        Some(first) if !first.is_ascii_alphanumeric() => next == end || !matches!(first, b'"' | b'\'' | b'`'),
        // `user: me`, `user=me`.
        Some(_) => next > end && word.iter().any(|byte| matches!(byte, b':' | b'=')),
    }
}

/// What stands in a usage for a value: `--token TOKEN`, `--api-key KEY]`.
pub(super) fn is_placeholder_of(flag: &[u8], word: &[u8]) -> bool {
    let word = bare(word);
    let letters = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'_';
    let folded: Vec<u8> = flag.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
    let named: Vec<u8> = word.iter().copied().filter(|byte| *byte != b'_').collect();
    !named.is_empty() && word.iter().all(letters) && (folded.ends_with(&named) || is_one_of(word, &["value", "text"]))
}

/// Whether what stands before `start` says that what is named there could not be had, so that a reason follows: `failed to get the
/// token: EOF`. Where something else failed, such as a login with it, a value may.
pub(super) fn tells_of_failure(line: &[u8], start: usize) -> bool {
    const FAILURES: &[&str] = &["failed", "failure", "error", "cannot", "couldn't", "could", "unable", "fail", "fails"];
    const HAVING: &[&str] = &[
        "acquire",
        "acquiring",
        "create",
        "creating",
        "decode",
        "decoding",
        "fetch",
        "fetching",
        "find",
        "finding",
        "generate",
        "generating",
        "get",
        "getting",
        "load",
        "loading",
        "mount",
        "mounting",
        "obtain",
        "obtaining",
        "parse",
        "parsing",
        "read",
        "reading",
        "refresh",
        "refreshing",
        "renew",
        "renewing",
        "request",
        "requesting",
        "retrieve",
        "retrieving",
    ];
    /// Words between the two at most: `the access token`.
    const BETWEEN: usize = 3;
    let clause = line[..start].rsplit(|byte| matches!(byte, b',' | b';' | b':' | b'|' | b'(' | b'\n')).next();
    let words: Vec<&[u8]> = clause
        .unwrap_or_default()
        .split(|byte| !byte.is_ascii_alphabetic() && *byte != b'\'')
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().any(|word| is_one_of(word, FAILURES))
        && words.iter().rev().take(BETWEEN).any(|word| is_one_of(word, HAVING))
}

/// The word before `start`, if nothing but blanks is between.
pub(super) fn word_before(line: &[u8], start: usize) -> &[u8] {
    let text = line[..start].trim_ascii_end();
    let length = text.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    &text[text.len() - length..]
}

pub(super) fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

fn has_ending(word: &[u8]) -> bool {
    ends_in(word, ENDINGS)
}

fn ends_in(word: &[u8], endings: &[&str]) -> bool {
    let word = bare(word);
    word.len() > 4
        && word.iter().all(u8::is_ascii_alphabetic)
        && endings.iter().any(|ending| word.to_ascii_lowercase().ends_with(ending.as_bytes()))
}

/// A word without the stop behind it.
fn bare(word: &[u8]) -> &[u8] {
    let stops = word.iter().rev().take_while(|byte| b".,;:!])`'\"".contains(byte)).count();
    &word[..word.len() - stops]
}

fn word_at(line: &[u8], from: usize) -> &[u8] {
    let rest = line.get(from..).unwrap_or_default();
    &rest[..rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())]
}

fn skip_blanks(line: &[u8], from: usize) -> usize {
    from + line[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_secret_is_no_value() {
        for said in [
            "expired",
            "EXPIRED",
            "missing.",
            "not found",
            "must not be empty",
            "authentication failed",
            "too short",
            "rejected by the server",
            "at least 8 characters",
            "n/a",
        ] {
            assert!(is_said(said.as_bytes(), 0, Name::Password), "{said}");
        }
        for value in ["correcthorse", "not", "the", "hunting", "some-word", "authentication", "hunter2 rejected"] {
            assert!(!is_said(value.as_bytes(), 0, Name::Password), "{value}");
        }
        assert!(is_said(b"refreshing", 0, Name::Other));
    }

    #[test]
    fn a_value_stands_alone_unless_a_sentence_goes_on() {
        for (line, alone) in [
            ("word", true),
            ("word  ", true),
            ("word, user: me", true),
            ("word user: me", true),
            ("word user=me", true),
            ("word (from a file)", true),
            ("word # a comment", true),
            ("word\" of=text", true),
            ("word \"x\" is forbidden", false),
            ("word and more", false),
            ("word more", false),
        ] {
            assert_eq!(stands_alone(line.as_bytes(), 4), alone, "{line}");
        }
    }

    #[test]
    fn a_usage_names_what_a_flag_takes() {
        assert!(is_placeholder_of(b"--token", b"TOKEN"));
        assert!(is_placeholder_of(b"--sas-token", b"SAS_TOKEN]"));
        assert!(is_placeholder_of(b"--api-key", b"KEY"));
        assert!(!is_placeholder_of(b"--token", b"HUNTER"));
        assert!(!is_placeholder_of(b"--token", b"token"));
        assert!(!is_placeholder_of(b"--token", b""));
    }
}
