//! Passwords among the arguments of programs.

use std::ops::Range;

use memchr::memmem;
use serde_json::Value;

use super::{
    MASK, names, rules,
    value::{self, Extent},
};

/// `-p` followed by a password, of programs that take one so: for others it is a port, a path, a process.
pub(super) const P_FLAG: &str = concat!(
    r#"(?i-u)\b(?:sshpass|login|mongo(?:sh|dump|restore|export|import)?|rabbitmqadmin|cqlsh)\b[^\n|;&]{0,400}?[ \t"'](?-i:-p)"#,
    r#"(?:["'],)?[ \t=]{0,8}|[ \t](?-i:-u)[ \t]?[a-z_][a-z0-9_@-]*[ \t]+(?-i:-p)[ \t]+"#,
);
/// `-p` with the password right behind it: `mysql -uroot -phunter2`.
pub(super) const P_ATTACHED: &str = r#"(?i-u)\b(?:mysql|mariadb)[a-z_-]{0,12}\b[^\n|;&]{0,400}?[ \t"'](?-i:-p)"#;

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
            "sshpass" | "login" | "rabbitmqadmin" | "cqlsh" => Program::PasswordAfterP,
            _ if base.starts_with("mongo") => Program::PasswordAfterP,
            _ if base.starts_with("mysql") || base.starts_with("mariadb") => Program::PasswordAtP,
            _ => program,
        };
        before = std::mem::take(word);
        *word = masked.unwrap_or_else(|| before.clone());
    }
}

/// What `-p` is to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    PasswordAfterP,
    PasswordAtP,
    Other,
}

/// `word` without the password in it, if it has one. `before` is the argument before it.
fn masked(program: Program, before: &str, word: &str) -> Option<String> {
    if let Some(password) = word.strip_prefix("-p").filter(|password| !password.is_empty()) {
        let takes_one = program != Program::Other && is_attached(password.as_bytes());
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
    let is_secret = match before.strip_prefix('-') {
        Some("p") => program == Program::PasswordAfterP && !is_port(word.as_bytes()),
        Some(flag) => !flag.contains('=') && names::is_secret(flag.trim_start_matches('-').as_bytes()),
        None => false,
    };
    is_secret.then(|| MASK.to_owned())
}

/// Whether a word is a value, and neither a flag nor a variable.
fn is_argument(word: &[u8]) -> bool {
    word.first().is_some_and(|first| *first != b'-') && !rules::is_reference(word)
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
