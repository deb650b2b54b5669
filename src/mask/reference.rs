//! What a value says of itself: that it is none, where it is, or that it looks like one.

use super::{names, prose};

/// Whether a value is none, or says where the value is.
pub(super) fn is_reference(value: &[u8]) -> bool {
    const NONE: [&str; 11] = ["true", "false", "null", "none", "nil", "undefined", "yes", "no", "{}", "[]", "***"];
    let value = value.trim_ascii();
    let bare = value.strip_suffix(b",").unwrap_or(value);
    let variable = |rest: &[u8]| {
        !rest.is_empty()
            && rest.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'{' | b'}' | b'(' | b')'))
    };
    NONE.iter().any(|none| bare.eq_ignore_ascii_case(none.as_bytes()))
        || bare.strip_prefix(b"$").is_some_and(variable)
        || is_filled_in(bare)
        || is_in_store(bare)
        || value.starts_with(b"<set to the key")
}

/// Whether a value is where a store of secrets has it: `arn:aws:secretsmanager:…`, `@Microsoft.KeyVault(…)`, `op://…`.
fn is_in_store(value: &[u8]) -> bool {
    const STORES: [&str; 5] = ["arn:aws", "@Microsoft.KeyVault(", "op://", "vault:", "ref+"];
    let has = |text: &str| memchr::memmem::find(value, text.as_bytes()).is_some();
    STORES.iter().any(|store| value.starts_with(store.as_bytes()))
        || value.starts_with(b"https://") && has(".vault.azure.net/secrets/")
        || value.starts_with(b"projects/") && has("/secrets/")
}

/// Whether a value is filled in later, or was taken out before: `${PASSWORD:-}`, `$(cat token)`, `{{ .Values.password }}`,
/// `%(password)s`, `[REDACTED]`, `****`.
fn is_filled_in(value: &[u8]) -> bool {
    let between = |open: &str, close: &str| value.starts_with(open.as_bytes()) && value.ends_with(close.as_bytes());
    let word = |text: &[u8]| text.len() > 2 && text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let inner = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
    let is_out = |text: &[u8]| {
        prose::is_one_of(text, &["redacted", "hidden", "masked", "removed", "filtered", "secret", "none"])
    };
    let is_named = || names::is_secret(inner) || is_out(inner);
    between("${", "}")
        || between("{{", "}}")
        || between("%(", ")s")
        || value == b"%s"
        // A tag of YAML says who has it.
        || ["!vault", "!secret", "!env", "!env_var", "!Ref", "!Sub", "!GetAtt"].iter().any(|tag| value == tag.as_bytes())
        || value == b"{}"
        || value.starts_with(b"$(") && value.get(2).is_some_and(u8::is_ascii_lowercase)
        || (between("{", "}") || between("<", ">") || between("[", "]") || between("(", ")")) && word(inner) && is_named()
        // The kind of a public key.
        || value.starts_with(b"ssh-") || value.starts_with(b"ecdsa-")
        || is_out(value) && value.iter().all(u8::is_ascii_uppercase)
        || value.len() > 2 && value.chunks(3).all(|dot| dot == "•".as_bytes())
        || value.len() > 2 && (value.iter().all(|byte| *byte == b'*') || value.iter().all(|byte| byte | 0x20 == b'x'))
}

/// Whether a value is the name of a Secret in Kubernetes, perhaps behind its namespace: `elb-blob-sas`, `default/azure-creds`. It says what
/// the Secret is for; `some-word` may be anything.
pub(super) fn is_object_name(value: &[u8]) -> bool {
    const PURPOSES: &[&str] = &[
        "acr",
        "aws",
        "azcopy",
        "azure",
        "blast",
        "blob",
        "cert",
        "certs",
        "cred",
        "credential",
        "credentials",
        "creds",
        "docker",
        "dockerhub",
        "elastic",
        "elasticblast",
        "elb",
        "gcp",
        "ghcr",
        "helm",
        "ingress",
        "kube",
        "mariadb",
        "mysql",
        "oauth",
        "postgres",
        "postgresql",
        "redis",
        "regcred",
        "registry",
        "sas",
        "smtp",
        "ssh",
        "storage",
        "tls",
        "vault",
        "workspace",
    ];
    /// What a generated name ends with is no longer.
    const SUFFIX: usize = 10;
    /// Hex digits of a job's id.
    const ID: usize = 32;
    let is_small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let name = match memchr::memchr(b'/', value) {
        Some(at) if at > 0 && value[..at].iter().all(|byte| is_small(byte) || *byte == b'-') => &value[at + 1..],
        Some(_) => return false,
        None => value,
    };
    let words: Vec<&[u8]> = name.split(|byte| matches!(byte, b'-' | b'.')).collect();
    let is_word = |(at, word): (usize, &&[u8])| {
        let letters = word.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let is_numbered = word.len() - letters <= 4 && word[letters..].iter().all(u8::is_ascii_digit);
        let is_last = at + 1 == words.len() && word.len() <= SUFFIX;
        !word.is_empty() && word.iter().all(is_small) && (is_numbered || is_last || word.len() == ID)
    };
    let says_what_for = |word: &&[u8]| {
        let letters = word.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        prose::is_one_of(&word[..letters], PURPOSES)
    };
    words.iter().enumerate().all(is_word) && words.iter().any(says_what_for) && (words.len() > 1 || name == b"regcred")
}

/// Whether a value is a place in a file system, and what stands there is the secret.
pub(super) fn is_path(value: &[u8]) -> bool {
    const ROOTS: [&str; 15] = [
        "/var/",
        "/run/",
        "/etc/",
        "/home/",
        "/root/",
        "/tmp/",
        "/opt/",
        "/usr/",
        "/mnt/",
        "/secrets/",
        "/dev/",
        "/blast/",
        "/shared/",
        "/workspace/",
        "/data/",
    ];
    ROOTS.iter().any(|root| value.starts_with(root.as_bytes()))
}

/// Whether a value is what a program gets it by: `os.environ[…`, `get_token(…)`.
pub(super) fn is_expression(value: &[u8]) -> bool {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let name = value.iter().take_while(is_name).count();
    match value.get(name) {
        Some(b'[') => name > 0 && name + 1 == value.len(),
        Some(b'(') => name > 0 && (name + 1 == value.len() || value.ends_with(b")")),
        _ => false,
    }
}

/// Whether a value is a sign of some language: `unexpected token: ';'`, the `|` of a YAML block.
pub(super) fn is_sign(value: &[u8]) -> bool {
    value.len() <= 3 && value.iter().all(u8::is_ascii_punctuation)
}

/// Whether a value is the name of a class, perhaps behind its module's: `ManagedIdentityCredential`.
pub(super) fn is_class(value: &[u8]) -> bool {
    let value = match value.iter().rposition(|byte| *byte == b'.') {
        Some(at) if value[..at].iter().all(|byte| byte.is_ascii_lowercase() || b"._".contains(byte)) => {
            &value[at + 1..]
        }
        _ => value,
    };
    let words = value.split_inclusive(u8::is_ascii_uppercase).skip(1);
    // A single word with a capital may be anything.
    value.first().is_some_and(u8::is_ascii_uppercase)
        && words.clone().count() > 1
        && value.iter().all(u8::is_ascii_alphabetic)
        && words.clone().all(|word| word.iter().filter(|byte| byte.is_ascii_lowercase()).count() >= 2)
}

/// Whether a word after a colon is no word: prose has colons too.
pub(super) fn looks_secret(value: &[u8]) -> bool {
    let word = value.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'\'' | b'.' | b',' | b')'));
    !word && value.iter().any(u8::is_ascii_digit) || value.len() >= 20 && !is_class(value)
}
