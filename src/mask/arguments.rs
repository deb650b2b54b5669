//! Passwords among the arguments of programs.

use std::ops::Range;

use memchr::memmem;
use serde_json::Value;

use super::{
    MASK, names, prose, reference,
    value::{self, Extent},
};

/// `-p` followed by a password, of programs that take one so: for others it is a port, a path, a process.
pub(super) const P_FLAG: &str = concat!(
    r#"(?i-u)\b(?:sshpass|login|mongo(?:sh|dump|restore|export|import)?|rabbitmqadmin|cqlsh)\b[^\n|;&]{0,400}?[ \t"'](?-i:-p)"#,
    r#"(?:["'],)?[ \t=]{0,8}|[ \t](?-i:-u)[ \t]?[a-z_][a-z0-9_@-]*[ \t]+(?-i:-p)[ \t]+"#,
);
/// `-p` with the password right behind it: `mysql -uroot -phunter2`.
pub(super) const P_ATTACHED: &str = r#"(?i-u)\b(?:mysql|mariadb)[a-z_-]{0,12}\b[^\n|;&]{0,400}?[ \t"'](?-i:-p)"#;

/// A flag that asks for a secret, and what `set -x` prints of it; netrc has words alike.
pub(super) const FLAG: &str = concat!(
    r"(?i-u)(?:^|[^a-z0-9_/-])--?[a-z0-9_-]{0,24}(?:passw(?:or)?d|passphrase|pass|pwd|pw|secret|token|credential|sas|bearer|connection-string",
    r"|(?:account|access|api|storage|shared|sas|auth|client|secret)[_-]?(?:access[_-]?)?key)[ \t]+",
    r"|\bmachine[ \t]+[^\s]+[ \t]+(?:(?:login|account)[ \t]+[^\s]+[ \t]+){0,2}password[ \t]+",
    r"|\blogin[ \t]+[^\s]+[ \t]+(?:account[ \t]+[^\s]+[ \t]+)?password[ \t]+",
);
/// A variable and its value in columns, as a table of the environment has them.
pub(super) const COLUMNS: &str = r"(?-u)(?:^|[ \t\n])(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PGPASSWORD|SSHPASS)[ \t]+";

/// What a program is told by its standard input: `echo hunter2 | docker login --password-stdin`.
pub(super) const ECHO: &str = r"(?-u)\b(?:echo|printf)[ \t]+(?:-[neE]+[ \t]+)?";

/// A command that sets what it names, up to the value.
pub(super) const COMMAND: &str = concat!(
    r#"(?-u)\b(?:setenv|ENV|(?i:config(?:ure)?) set)[ \t]+[^\s=]{1,100}[ \t]+"#,
    r#"|\bsecret set\b[^\n|;&]{0,400}?[ \t]--value[ =]"#,
    r#"|\bsecret\b[^\n|;&]{0,400}?[ \t]--from-literal[= ]["']?[^\s=]{1,100}="#,
    r#"|(?i:\bauth (?:plain|login) )"#,
);
/// The flag, or the place, by which a program takes a password.
pub(super) const PROGRAM: &str = concat!(
    r#"(?-u)\b(?:redis-cli\b[^\n|;&]{0,400}?[ \t"']-a|ldap[a-z]{3,8}\b[^\n|;&]{0,400}?[ \t"']-w"#,
    r#"|(?:sqlcmd|bcp|unzip|zip)\b[^\n|;&]{0,400}?[ \t"']-P)(?:["'],|[ \t])[ \t]{0,8}"#,
    r#"|\b7z[az]?\b[^\n|;&]{0,400}?[ \t"']-p|\b(?:requirepass|masterauth)[ \t]+"#,
    r#"|\bsmbclient\b[^\n|;&]{0,400}?[ \t"']-U[ \t]?[^\s%]{1,60}%|\bsqlplus\b[^\n|;&@]{0,100}?[ \t][A-Za-z0-9_]{1,30}/"#,
    r#"|\bhttps?[ \t][^\n|;&]{0,200}?[ \t]?(?:-a|--auth)[ \t=][^\s:]{1,60}:|\blftp\b[^\n|;&]{0,200}?[ \t]-u[ \t]?[^\s,]{1,60},"#,
    r#"|\bssh-keygen\b[^\n|;&]{0,400}?[ \t]-N[ \t]+"#,
    r#"|\bhtpasswd[ \t]+-[a-zA-Z]{0,6}b[a-zA-Z]{0,6}[ \t]+[^\s]+[ \t]+[^\s]+[ \t]+"#,
    r#"|\bmc alias set[ \t]+[^\s]+[ \t]+[^\s]+[ \t]+[^\s]+[ \t]+"#,
    r#"|\bcurl\b[^\n|;]{0,400}?[ \t](?:-b|--cookie)[ \t=]{0,2}"#,
);

/// The value behind a flag that [`FLAG`] found.
pub(super) fn after_flag(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let value = &line[range.clone()];
    let quoted = range.start != found.end;
    let flag = line[found.clone()].trim_ascii();
    // Where openssl is told to look is none, and `-pass 3` and `-pw 4.0` count.
    let is_place = ["pass:", "env:", "file:", "fd:"].iter().any(|place| value.starts_with(place.as_bytes()));
    let is_number = value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let is_count = (flag.ends_with(b"pass") || flag.ends_with(b"-pw")) && is_number;
    let is_object = flag.ends_with(b"pull-secret") || flag.ends_with(b"-secret") && reference::is_object_name(value);
    let is_said = !quoted
        && (reference::is_sign(value)
            || prose::is_said_of_flag(line, range.start)
            || prose::is_placeholder_of(flag, value));
    (is_argument(value) && !reference::is_path(value) && !is_place && !is_object && !is_count && !is_said)
        .then_some(range)
}

/// The value that [`COLUMNS`] found.
pub(super) fn in_columns(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let (name, value) = (line[found.clone()].trim_ascii(), &line[range.clone()]);
    let quoted = range.start != found.end;
    let line_start = line[..found.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lead = line[line_start..found.start].trim_ascii();
    // In a sentence another word stands before it, and before that a stamp may.
    let command = lead.rsplit(u8::is_ascii_whitespace).next().unwrap_or(lead);
    let is_alone = matches!(command, b"export" | b"-x" | b"set" | b"setenv" | b"ENV" | b"ARG")
        || !lead.last().is_some_and(u8::is_ascii_alphabetic);
    let ends = line[range.end..]
        .split(|byte| *byte == b'\n')
        .next()
        .is_some_and(|rest| rest.trim_ascii().len() <= usize::from(quoted));
    // `DB_PASSWORD DB_USER`: names beside each other.
    let is_name = value.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let is_said = prose::is_said_of_flag(line, range.start) || prose::is_said(line, range.start, prose::Name::Other);
    let is_secret = names::is_secret(name) && is_alone && ends && (quoted || !is_name && !is_said);
    (is_secret && is_argument(value) && !reference::is_path(value) && !reference::is_sign(value)).then_some(range)
}

/// What [`ECHO`] found, if a program takes it for a password.
pub(super) fn echoed(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let quoted = range.start != found.end;
    let rest = line.get(range.end + usize::from(quoted)..)?.trim_ascii_start().strip_prefix(b"|")?;
    let command = rest.split(|byte| matches!(byte, b'|' | b';' | b'\n')).next()?;
    let has = |text: &str| memmem::find(command, text.as_bytes()).is_some();
    let takes_one = ["--password-stdin", "sudo -S", "--stdin", "chpasswd", "-passin stdin", "--passphrase-fd 0"]
        .iter()
        .any(|text| has(text));
    let range = match line[range.clone()].iter().position(|byte| *byte == b':') {
        Some(at) if has("chpasswd") => range.start + at + 1..range.end,
        _ => range,
    };
    (takes_one && !range.is_empty() && is_argument(&line[range.clone()])).then_some(range)
}

/// The value that [`COMMAND`] found, if what it sets is a secret.
pub(super) fn of_command(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let text = line[found.clone()].trim_ascii();
    let name = text.rsplit(|byte| byte.is_ascii_whitespace()).next().unwrap_or(text);
    let name = name.rsplit(|byte| matches!(byte, b'.' | b':' | b'/')).next().unwrap_or(name);
    let is_mail = text.to_ascii_lowercase().starts_with(b"auth ");
    let value = &line[range.clone()];
    let is_secret = match name.strip_prefix(b"--") {
        Some(_) => true,
        None if is_mail => value.len() >= 8 && value.iter().any(u8::is_ascii_uppercase),
        None => names::is_secret(name),
    };
    (is_secret && is_argument(value) && !reference::is_path(value)).then_some(range)
}

/// The password that [`PROGRAM`] found.
pub(super) fn of_program(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let value = line.get(range.clone())?;
    let program = &line[found.clone()];
    let is_cookie = program.starts_with(b"curl");
    // `cookies.txt` is where they are.
    if is_cookie && !value.contains(&b'=') {
        return None;
    }
    // `sqlplus me/hunter2@db`.
    if program.starts_with(b"sqlplus") {
        let end = value.iter().position(|byte| *byte == b'@')?;
        return (end > 0).then_some(range.start..range.start + end);
    }
    let is_said = !is_cookie && prose::is_said(line, range.start, prose::Name::Password);
    let is_path = program.ends_with(b"-p") && value.starts_with(b"ath");
    (is_argument(value) && !is_said && !is_path).then_some(range)
}

/// The password that [`P_FLAG`] found.
pub(super) fn after_p(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let value = line.get(range.clone())?;
    // To some `-p` asks for the password, and what follows is the name of a database; to others it is something else.
    let start = line[..found.start].iter().rposition(|byte| matches!(byte, b'\n' | b'|' | b';' | b'&')).unwrap_or(0);
    let command = line[start..found.start].to_ascii_lowercase();
    let is_other = ["mysql", "mariadb", "rsync", "python", "perl", " run "]
        .iter()
        .any(|program| memmem::find(&command, program.as_bytes()).is_some())
        && memmem::find(&line[found.clone()].to_ascii_lowercase(), b"login").is_none();
    (is_argument(value) && !is_port(value) && !is_other).then_some(range)
}

/// The password that [`P_ATTACHED`] found.
pub(super) fn attached_to_p(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let range = value::assigned(line, found.end, Extent::Word);
    let value = &line[range.clone()];
    // `"-p"` alone asks for it.
    let is_alone = line.get(found.end) == line.get(found.end - "\"-p".len());
    (!is_alone && is_attached(value)).then_some(range)
}

/// Masks the arguments that hold a password: in an array of a flag and its value each is an element.
pub(super) fn hide(items: &mut [Value]) {
    let mut program = Program::Other;
    let mut before = String::new();
    for item in items {
        let Value::String(word) = item else {
            before.clear();
            continue;
        };
        let masked = masked(program, &before, word);
        let base = word.rsplit('/').next().unwrap_or(word);
        program = match base {
            "sshpass" | "login" | "rabbitmqadmin" | "cqlsh" => Program::PasswordAfter("-p"),
            "redis-cli" => Program::PasswordAfter("-a"),
            "sqlcmd" | "bcp" | "unzip" | "zip" => Program::PasswordAfter("-P"),
            "7z" | "7za" | "7zz" => Program::PasswordAtP,
            _ if base.starts_with("mongo") => Program::PasswordAfter("-p"),
            _ if base.starts_with("ldap") => Program::PasswordAfter("-w"),
            _ if base.starts_with("mysql") || base.starts_with("mariadb") => Program::PasswordAtP,
            _ => program,
        };
        before = std::mem::take(word);
        *word = masked.unwrap_or_else(|| before.clone());
    }
}

/// Where a program takes a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// As the argument behind this flag.
    PasswordAfter(&'static str),
    /// Right behind `-p`.
    PasswordAtP,
    Other,
}

/// `word` without the password in it, if it has one. `before` is the argument before it.
fn masked(program: Program, before: &str, word: &str) -> Option<String> {
    if let Some(password) = word.strip_prefix("-p").filter(|password| !password.is_empty()) {
        let takes_one =
            matches!(program, Program::PasswordAfter("-p") | Program::PasswordAtP) && is_attached(password.as_bytes());
        return takes_one.then(|| format!("-p{MASK}"));
    }
    if !is_argument(word.as_bytes()) {
        return None;
    }
    if matches!(before, "-pass" | "-passin" | "-passout") {
        return word.strip_prefix("pass:").map(|_| format!("pass:{MASK}"));
    }
    if matches!(before, "-u" | "--user" | "--proxy-user") {
        let (user, password) = word.split_once(':')?;
        let is_user = !password.is_empty() && !password.bytes().all(|byte| byte.is_ascii_digit());
        return is_user.then(|| format!("{user}:{MASK}"));
    }
    if matches!(program, Program::PasswordAfter(flag) if flag == before) {
        return (!is_port(word.as_bytes())).then(|| MASK.to_owned());
    }
    let is_secret = match before.strip_prefix('-') {
        Some(flag) => !flag.contains('=') && names::is_secret(flag.trim_start_matches('-').as_bytes()),
        None => false,
    };
    is_secret.then(|| MASK.to_owned())
}

/// Whether a word is a value, and neither a flag nor a variable.
fn is_argument(word: &[u8]) -> bool {
    word.first().is_some_and(|first| *first != b'-') && !reference::is_reference(word)
}

/// Whether what stands right behind `-p` is a password, and no rest of `-port` or `-pipe`.
fn is_attached(word: &[u8]) -> bool {
    is_argument(word) && !is_port(word) && word != b"ort" && word != b"ipe"
}

/// `8080:80/tcp`, a number of a process or a port.
fn is_port(word: &[u8]) -> bool {
    let word = word.strip_suffix(b"/tcp").or_else(|| word.strip_suffix(b"/udp")).unwrap_or(word);
    word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'-' | b','))
        || word.first() == Some(&b'/')
}
