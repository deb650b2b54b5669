//! `NAME = VALUE` and its like: the value is a secret because of its name, whatever it looks like.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem;

use super::{
    names,
    prose::{self, Name},
    reference::{is_class, is_expression, is_object_name, is_path, is_reference, is_sign, looks_secret},
    rules::{is_field, url_end},
    value::{self, Extent},
};

/// What stands around a value: a list of JSON, of Python or as Go prints one, and what Rust and PHP say of its kind.
const AROUND: &str = r"(?:\[\]string\{|\[[ \t]?|Some\(|string\([0-9]{1,5}\) )?";

/// A name that speaks of a secret, its quote, and what assigns to it.
pub(super) static ASSIGNMENT: LazyLock<String> = LazyLock::new(|| {
    let shouted = "[A-Z0-9_]_(?-i:KEY)";
    format!(
        r#"(?i-u)(?:{}|{shouted}|\b[a-z]{{0,5}}pass|{})[a-z0-9_-]{{0,40}}\\*(?:["'`]|&quot;|&#34;|%22)?\]?[ \t]{{0,8}}(?:=>|->|:=|=|%3d|%3a|:|["'][ ]?,)[ \t]{{0,8}}{AROUND}"#,
        names::WORDS,
        names::WHOLE_WORDS
    )
});

/// A value assigned to a name that speaks of a secret.
pub(super) fn assigned(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    /// Longer names are not looked at whole.
    const NAME: usize = 64;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before = line[..found.start].iter().rev().take(NAME).take_while(|byte| is_name(byte)).count();
    let start = found.start - before;
    let length = name_length(&line[found.clone()]);
    // `api key` is the name that `api_key` is.
    let name: Vec<u8> =
        line[start..found.start + length].iter().map(|byte| if *byte == b' ' { b'_' } else { *byte }).collect();
    let said = &line[found.start + length..found.end];
    // The rule for headers has looked at these, and knows where they end.
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(b"authorization") || lower.ends_with(b"cookie") || lower.ends_with(b"cookie2") {
        return None;
    }
    let equals = said.contains(&b'=') || said.contains(&b'%');
    let listed = said.contains(&b',');
    let preceded = start.checked_sub(1).map(|before| line[before]);
    // A shell's directory has this name, and a password of a driver's: `UID=me;PWD=hunter2`.
    let is_drivers = equals && name == b"PWD" && matches!(preceded, Some(b';' | b'&' | b'?'));
    if !is_drivers && !names::is_secret(name.rsplit(|byte| *byte == b'.').next().unwrap_or(&name)) {
        return None;
    }
    // `/run/secrets/token: no such file`; `username/password: …` has both.
    if !equals
        && preceded == Some(b'/')
        && !line[..start - 1].to_ascii_lowercase().ends_with(b"user")
        && !line[..start - 1].to_ascii_lowercase().ends_with(b"username")
    {
        return None;
    }
    if is_volume(line, start) || is_of_address(line, start) {
        return None;
    }
    // `"required": ["password", "email"]`: names in a list are no pairs, as `("password", "hunter2")` is.
    if listed && !name.contains(&b'-') && !matches!(opener(line, start), None | Some(b'(')) {
        return None;
    }
    let line_start = line[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lead = line[line_start..start].trim_ascii();
    let shouted = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let extent = match (equals, preceded) {
        (true, _) if shouted && matches!(lead, b"" | b"export" | b"declare -x" | b"+" | b"set") => Extent::Line,
        (true, Some(b';')) => Extent::Semicolon,
        _ => Extent::Word,
    };
    let in_json = said.contains(&b'"') && !equals && !listed;
    let number = if in_json { value::number(line, found.end) } else { None };
    let around = ["[]string{", "Some(", "string("].iter().find_map(|around| memmem::rfind(said, around.as_bytes()));
    let around = around.or_else(|| memchr::memrchr(b'[', said));
    let opens_list = around.is_some();
    if opens_list && lower.ends_with(b"tokens") {
        return None;
    }
    let from = match (around, value::assigned(line, found.end, Extent::Word).start) {
        // What is in brackets without quotes is no list.
        (Some(around), at) if at == found.end => found.start + length + around,
        _ => found.end,
    };
    let range = match number {
        Some(number) => number,
        None if opens_list && from == found.end => value::listed(line, from),
        None => value::assigned(line, from, extent),
    };
    let quoted = range.start != from;
    let range = if quoted { range } else { within_quotes(line, start, equals, value::without_closing(line, range)) };
    let range =
        if is_query(&line[range.clone()]) { range.start..url_end(line, range.start).max(range.end) } else { range };
    let is_password = names::is_password(&name);
    // Behind `NAME=VALUE` a command follows.
    let is_text = !equals || said.ends_with(b" ");
    let range = if is_password && !quoted && is_text { range.start..prose::phrase_end(line, &range) } else { range };
    let value = &line[range.clone()];
    let header =
        name.contains(&b'-') && !name.starts_with(b"-") || shouted && (equals || prose::stands_alone(line, range.end));
    // `tokens: 512` counts them, and `token_id: 0` numbers them.
    let counts =
        ["token", "key", "signature", "secret"].iter().any(|word| memmem::find(&lower, word.as_bytes()).is_some());
    let is_number = |also: u8| value.iter().all(|byte| byte.is_ascii_digit() || *byte == also);
    let is_count = is_number(b',') && (lower.ends_with(b"s") || !equals && value.len() < 7 && counts)
        || lower == b"pw" && is_number(b'.');
    // `"name": "DB_PASSWORD", "value": …` and `["--token", "--verbose"]`.
    let is_name = !name.starts_with(b"-") && value.iter().all(u8::is_ascii_lowercase) && names::is_secret(value);
    let is_next = listed && (is_field(line, range.end) || name.starts_with(b"-") && value.starts_with(b"-") || is_name);
    // `PASS: test_7`, `PASS=12 FAIL=0`.
    let word = value.split(u8::is_ascii_whitespace).next().unwrap_or(value);
    let is_short = word.len() < 6 && word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'/' | b'%'));
    let is_fraction = word.contains(&b'.') && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let is_result = lower.ends_with(b"pass")
        && if is_password {
            is_short && !equals || is_fraction
        } else {
            is_short || !equals && !quoted && (shouted || is_round(line, start) || is_round_of(line, &range))
        };
    // `pwd: /blast/queries`, as a shell has it; `token = get_token(credential)`, as a program has it.
    let is_directory = lower == b"pwd" && value.first() == Some(&b'/');
    let is_code = equals && !quoted && said.ends_with(b" ") && is_expression(value);
    let is_prose = !quoted && !listed && is_prose(line, start, &lower, said, &range)
        || is_parsed(line, start, &lower) && !looks_secret(value);
    // A word behind a colon is its value where no sentence goes on, and the name is one that has nothing but values.
    let alone = || has_values(&lower) && prose::stands_alone(line, range.end) && !is_class(value);
    let is_usage = name.starts_with(b"-") && prose::is_placeholder_of(&name, value);
    let is_none = value.trim_ascii().is_empty() || is_reference(value) || is_path(value) || is_sign(value) || is_usage;
    let is_object = matches!(&*lower, b"secret" | b"--secret" | b"--from-secret") && is_object_name(value);
    let is_other = is_next || is_result || is_directory || is_code || is_prose || is_object || is_count && !is_password;
    let is_open = !quoted && matches!(value.first(), Some(b'{' | b'[' | b'(' | b'<')) && !(equals && value.len() > 1);
    let is_said = equals || quoted || header || is_password || looks_secret(value) && lower != b"sas" || alone();
    (is_said && !is_none && !is_other && !is_open).then_some(range)
}

/// How long the name is that an assignment begins with. A blank may be in it: `api key`.
fn name_length(assignment: &[u8]) -> usize {
    const LAST: [&[u8]; 4] = [b"key", b"string", b"access", b"signature"];
    let mut at = 0;
    while let Some(byte) = assignment.get(at) {
        let rest = &assignment[at + 1..];
        let goes_on = *byte == b' '
            && LAST.iter().any(|last| rest.get(..last.len()).is_some_and(|word| word.eq_ignore_ascii_case(last)));
        if !goes_on && !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.') {
            break;
        }
        at += 1;
    }
    at
}

/// What stands before the quote of a name that begins at `start`, if anything does.
fn opener(line: &[u8], start: usize) -> Option<u8> {
    let quote = line[..start].strip_suffix(b"\"").or_else(|| line[..start].strip_suffix(b"'"))?;
    let end = quote.len() - quote.iter().rev().take_while(|byte| matches!(byte, b'\\' | b'b' | b'u' | b'r')).count();
    line[..end].trim_ascii_end().last().copied()
}

/// A value whose quote stands before its name: `export 'DB_PASSWORD=two words'`. Where there is another assignment before the
/// quote ends, it ends as it does without.
fn within_quotes(line: &[u8], name: usize, equals: bool, range: Range<usize>) -> Range<usize> {
    let is_quoted = equals && name.checked_sub(1).is_some_and(|before| matches!(line[before], b'"' | b'\''));
    if !is_quoted {
        return range;
    }
    let whole = value::header(line, name, range.start);
    let closes = whole.end > range.end && matches!(line.get(whole.end), Some(b'"' | b'\''));
    let rest = line.get(range.end..whole.end).unwrap_or_default();
    if closes && !rest.iter().any(|byte| matches!(byte, b'=' | b':' | b'&' | b';' | b'\\')) { whole } else { range }
}

/// Whether a name that begins at `start` is a part of an address: `arn:aws:secretsmanager:us-east-1:…:secret:db`.
fn is_of_address(line: &[u8], start: usize) -> bool {
    let word = line[..start].iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    memmem::find(&line[word..start], b"arn:aws").is_some()
}

/// Whether a quoted name that begins at `start` is a volume's: `MountVolume.SetUp failed for volume "token" : …`.
fn is_volume(line: &[u8], start: usize) -> bool {
    ["volume \"", "volume \\\""].iter().any(|volume| line[..start].ends_with(volume.as_bytes()))
}

/// Whether `pass` at `start` is a round of something: `first pass: …`. Behind the name of a user it is what proves it.
fn is_round(line: &[u8], start: usize) -> bool {
    let lead = line[..start].to_ascii_lowercase();
    let is_login =
        ["user", "login", "account", "host"].iter().any(|word| memmem::find(&lead, word.as_bytes()).is_some());
    !is_login && !prose::word_before(line, start).is_empty()
}

/// Whether what stands behind `pass:` tells of a round, and is no word alone.
fn is_round_of(line: &[u8], range: &Range<usize>) -> bool {
    prose::is_said(line, range.start, Name::Other) || !prose::stands_alone(line, range.end)
}

/// Whether a value is a SAS, which has `&` in it: `sv=2022-11-02&ss=b`.
fn is_query(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"?").unwrap_or(value);
    ["sv=", "se=", "sp=", "st=", "spr=", "sr=", "ss=", "sig="].iter().any(|part| value.starts_with(part.as_bytes()))
}

/// Whether what stands behind a name is said of it. `said` is what stands between the two.
fn is_prose(line: &[u8], start: usize, lower: &[u8], said: &[u8], range: &Range<usize>) -> bool {
    let kind = if names::is_password(lower) { Name::Password } else { Name::Other };
    let value = &line[range.clone()];
    if said.contains(&b'=') && !said.ends_with(b" ") {
        // No sentence has this, but `token=expired` tells a state.
        return kind == Name::Other && prose::is_state(value);
    }
    // What Kubernetes keeps: `created secret: db-creds`.
    const KEPT: &[&str] = &[
        "created", "creating", "delete", "deleted", "deleting", "fetched", "fetching", "found", "get", "getting",
        "missing", "mount", "mounted", "mounting", "patched", "read", "reading", "syncing", "update", "updated",
        "updating", "watching",
    ];
    let before = prose::word_before(line, start);
    let is_object = lower == b"secret" && prose::is_one_of(before, KEPT) || prose::is_one_of(before, &["existent"]);
    let is_reason = kind == Name::Other && !looks_secret(value) && prose::tells_of_failure(line, start);
    is_reason || is_object || is_service_account(value) || prose::is_said(line, range.start, kind)
}

/// Whether a name is what a parser reads: `unexpected token: identifier`.
fn is_parsed(line: &[u8], start: usize, lower: &[u8]) -> bool {
    const PARSED: &[&str] =
        &["unexpected", "next", "first", "last", "current", "previous", "json", "lookahead", "near"];
    lower == b"token" && prose::is_one_of(prose::word_before(line, start), PARSED)
}

/// `elb-token-x7k2p`: the name of a service account's token.
pub(super) fn is_service_account(value: &[u8]) -> bool {
    const SUFFIX: usize = 5;
    let Some(at) = memmem::rfind(value, b"-token-") else { return false };
    let last = &value[at + b"-token-".len()..];
    last.len() == SUFFIX && last.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether a name that speaks of a secret has nothing but secrets: credentials have kinds, and signatures are of many things.
fn has_values(lower: &[u8]) -> bool {
    !["credential", "signature", "secrets", "tokens", "bearer"]
        .iter()
        .any(|word| memmem::find(lower, word.as_bytes()).is_some())
}
