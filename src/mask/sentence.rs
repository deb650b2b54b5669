//! Secrets that a sentence has behind their name: `the password is hunter2`.

use std::ops::Range;

use memchr::memmem;

use super::{
    assignment::is_service_account,
    prose::{self, Name},
    reference::{is_object_name, is_path, is_reference, is_sign, looks_secret},
    rules::is_field,
    value::{self, Extent},
};

/// A token is shorter than this in no program, and a word of a sentence rarely as long.
const TOKEN: usize = 12;

/// A secret that a sentence has behind its name, with nothing that assigns it.
pub(super) fn spoken(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    const PASSWORD: usize = 6;
    let named = line[found.clone()].to_ascii_lowercase();
    let is_call = named.ends_with(b"(");
    let is_prompt = named.trim_ascii_end().ends_with(b":");
    let range = value::assigned(line, found.end, Extent::Word);
    let quoted = range.start != found.end;
    let word = &line[range.clone()];
    let is_token = ["token", "key", "secret"].iter().any(|word| memmem::find(&named, word.as_bytes()).is_some());
    let is_parsed = ["unexpected", "near"]
        .iter()
        .any(|word| prose::word_before(line, found.start).eq_ignore_ascii_case(word.as_bytes()));
    if word.trim_ascii().is_empty()
        || is_reference(word)
        || is_path(word)
        || is_sign(word)
        || is_parsed
        || prose::is_said(line, range.start, Name::Password)
    {
        return None;
    }
    if is_call {
        // `PASSWORD('hunter2')`; a program's `password(…)` is a function.
        return (quoted && line[found.start].is_ascii_uppercase()).then_some(range);
    }
    if quoted {
        let is_said = memchr::memchr(b' ', word).is_some() && prose::is_said(word, 0, Name::Other);
        // `using token 'correcthorse'`; another one in quotes may be a parser's, or the name of a Secret.
        let is_given_token = word.len() >= TOKEN
            && named.trim_ascii_end().ends_with(b"token")
            && is_given(line, found.start, &named)
            && !is_object_name(word)
            && !is_service_account(word)
            // `authorization_code` is a kind of grant.
            && !word.contains(&b'_');
        let is_one = !is_token || is_given_token || looks_secret(word);
        return (is_one && !is_said && !is_field(line, range.end)).then_some(range);
    }
    // netrc has a line of its own for each word.
    let is_own_line =
        line[..found.start].rsplit(|byte| *byte == b'\n').next().is_some_and(|lead| lead.trim_ascii().is_empty())
            && line[range.end..].split(|byte| *byte == b'\n').next().is_some_and(|rest| rest.trim_ascii().is_empty())
            && line[found.start..].starts_with(b"password");
    if is_prompt || is_own_line {
        return (!prose::is_said(line, range.start, Name::Other)).then_some(range);
    }
    if !is_token && is_given(line, found.start, &named) {
        let end = prose::phrase_end(line, &range);
        let is_phrase = named.starts_with(b"passphrase") && end > range.end;
        if is_phrase || prose::is_spoken(line, &range) {
            return Some(range.start..end);
        }
    }
    let is_mixed = word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic);
    let is_word = word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=!$#@%*".contains(byte));
    (is_mixed && is_word && word.len() >= if is_token { TOKEN } else { PASSWORD }).then_some(range)
}

/// Whether a sentence gives the password that it names at `start`: `with password …`, `using the password …`, `passphrase …`.
fn is_given(line: &[u8], start: usize, named: &[u8]) -> bool {
    const GIVING: &[&str] = &["with", "using", "temporary", "generated", "initial", "default"];
    let before = prose::word_before(line, start);
    let is_given = |word: &[u8]| prose::is_one_of(word, GIVING);
    let ends = line[..start].trim_ascii_end().len() - before.len();
    is_given(before)
        || prose::is_one_of(before, &["the", "this", "user"]) && is_given(prose::word_before(line, ends))
        || named.starts_with(b"passphrase")
}

/// What a sentence calls a password: within quotes, or what is no word of it.
pub(super) fn said(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let word = &line[range.clone()];
    let quoted = range.start != found.end;
    // `3600s`, `0/1`.
    let unit = word.iter().rev().take(2).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let number = &word[..word.len() - unit];
    let is_number = word.len() < 8 && number.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_punctuation());
    let is_place = word.first() == Some(&b'/') || memmem::find(word, b"://").is_some();
    let has_inner_capital = word.windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    let is_said =
        quoted || (!is_number && !is_place && !prose::is_state(word) && (looks_secret(word) || has_inner_capital));
    let is_password = line[found.clone()].to_ascii_lowercase().starts_with(b"pass");
    let end = if is_password && !quoted { prose::phrase_end(line, &range) } else { range.end };
    let is_phrase = line[found.clone()].to_ascii_lowercase().starts_with(b"passphrase") && end > range.end;
    // A token is as long as few words of a sentence are.
    let may_be_word = is_password || word.len() >= TOKEN;
    let is_spoken = may_be_word && !quoted && !is_number && !is_place && prose::is_spoken(line, &range);
    let is_secret = (is_said || is_spoken || is_phrase) && !word.trim_ascii().is_empty() && !is_reference(word);
    is_secret.then_some(range.start..end)
}
