//! Which names hold a secret.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Words in a name that make its value a secret. Group `rest` is what follows in the name.
///
/// `key` alone is none, and neither are the keys of tables, taints and caches: a key is secret by what it is for.
pub(super) const WORDS: &str = concat!(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|authorization|cookie|signature|shared[ _-]?access[ _-]?signature",
    r"|connection[ _-]?string|conn[_-]?str|api[ _-]?key|auth[_-]?key",
    r"|(?:account|access|storage|shared|private|sas|signing|encryption|master|subscription|client|admin|host|functions?|service",
    r"|deploy|webhook|license|instrumentation|ssh|azure|aws|gcp|cosmos|batch)[_-]?(?:access[_-]?)?key[12]?|[a-z0-9](?:_|-)pass",
    // As a sentence has them.
    r"|(?:account|access|storage|shared|secret|private|sas|signing|encryption|master|subscription|client|auth|admin)",
    r" (?:access )?key[12]?)",
);

/// Names that are a secret's as a whole, and more often part of another word.
const WHOLE: &[&str] = &[
    "pass",
    "sig",
    "sshpass",
    "dbpass",
    "userpass",
    "rootpass",
    "mypass",
    "smtppass",
    "passcode",
    "pw",
    "jwt",
    "bearer",
    "_auth",
    "redis_auth",
    "rediscli_auth",
    "dockerconfigjson",
    "dockercfg",
    "client_assertion",
    "clientassertion",
];

/// The same for patterns, besides `pass`: the name itself is looked at then.
pub(super) const WHOLE_WORDS: &str =
    r"\bpasscode|\bpw|\bjwt|\bbearer|_auth|\bdockerconfigjson|\bdockercfg|client_?assertion|sas";

/// What follows in the name of something that is only about a secret.
const ABOUT: &str = concat!(
    r"^[_-]?(?:name|file|path|ref|keyref|type|ur[li]|endpoint|count|len|seconds|ttl|expir|scope|version|class|provider|store",
    r"|mount|dir|issuer|review|request|polic|prefix|source|kind|namespace|provided|required|missing|authentication|auth_method",
    r"|stdin|prompt|s?[_-]?(?:per|used|left|total|limit)|iz|ish|[_-]?ids$)",
);

/// What a cell does with proteins, and not what is hidden: `secretome`, `secretin`.
const OF_A_CELL: &str = r"secret(?:omes?|or|ion|ar[iy]|ases?|ins?$|agog|ed$|ing|es?$)";
/// Rounds and filters: `first_pass`, `low-pass`.
const OF_ROUNDS: &str =
    r"(?:^|[_-])(?:n|num|low|high|band|first|second|third|final|last|one|two|single|multi|by)[_-]pass$";
/// Names of Secrets of Kubernetes.
const OF_KUBERNETES: &str = r"(?:pull|existing|mountable)[_-]?secrets?$";

static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i-u){WORDS}(?P<rest>[a-z0-9_-]*)$")).ok());
static NOT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i-u){ABOUT}")).ok());
static NONE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?i-u)(?:{OF_A_CELL}|{OF_ROUNDS}|{OF_KUBERNETES})")).ok());

/// Whether a variable, field, header or parameter of this name holds a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let (Some(secret), Some(not), Some(none)) = (&*SECRET, &*NOT, &*NONE) else { return true };
    let name = &name[name.iter().take_while(|byte| **byte == b'-').count()..];
    let env_key = || {
        let shouted = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        let public = [&b"PUBLIC_KEY"[..], b"PARTITION_KEY", b"ROW_KEY", b"SORT_KEY", b"PRIMARY_KEY", b"CACHE_KEY"];
        name.ends_with(b"_KEY") && name.iter().all(shouted) && !public.iter().any(|public| name.ends_with(public))
    };
    // `PWD` and `OLDPWD` are directories, and `max_tokens` a number of them.
    if name.eq_ignore_ascii_case(b"pwd") || name.eq_ignore_ascii_case(b"oldpwd") {
        return name != b"PWD" && name != b"OLDPWD";
    }
    if WHOLE.iter().any(|whole| name.eq_ignore_ascii_case(whole.as_bytes())) || is_sas(name) {
        return true;
    }
    let plural = |rest: &[u8]| rest.eq_ignore_ascii_case(b"s") && !is_password(name) && name.len() > 7;
    match secret.captures(name).and_then(|found| found.name("rest").map(|rest| rest.as_bytes())) {
        Some(rest) => {
            let counted = plural(rest) && name.to_ascii_lowercase().ends_with(b"tokens");
            !not.is_match(rest) && !counted && !none.is_match(name)
        }
        None => env_key(),
    }
}

/// `SAS`, `blob_sas`, `storageSas`; no `disas`.
fn is_sas(name: &[u8]) -> bool {
    let Some((before, last)) = name.split_at_checked(name.len().wrapping_sub(3)) else { return false };
    let begins = match (before.last(), last.first()) {
        (None | Some(b'_' | b'-'), _) => true,
        (Some(before), Some(first)) => before.is_ascii_lowercase() && first.is_ascii_uppercase(),
        (Some(_), None) => false,
    };
    last.eq_ignore_ascii_case(b"sas") && begins
}

/// Whether what stands under `sig` is a signal, by name or number, and no signature.
pub(super) fn is_signal(value: &[u8]) -> bool {
    if value.len() <= 2 && value.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let value = value.strip_prefix(b"SIG").unwrap_or(value);
    let signals = ["TERM", "KILL", "INT", "HUP", "QUIT", "SEGV", "ABRT", "BUS", "PIPE", "USR1", "USR2", "CHLD", "ALRM"];
    signals.iter().any(|signal| value.eq_ignore_ascii_case(signal.as_bytes()))
}

/// Whether the name is a password's, so that a number or a plain word is one too.
pub(super) fn is_password(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    ["passw", "pwd", "passphrase", "_pass", "-pass"]
        .iter()
        .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_secret_by_what_it_holds() {
        for name in [
            "password",
            "DB_PASSWORD",
            "PGPASSWORD",
            "passwd",
            "pwd",
            "db-pass",
            "clientSecret",
            "client_secret",
            "token",
            "X-ELB-API-Token",
            "access_token",
            "AZURE_STORAGE_KEY",
            "AZURE_STORAGE_ACCOUNT_KEY",
            "accountKey",
            "AccountKey2",
            "apiKey",
            "api_key",
            "x-api-key",
            "AWS_SECRET_ACCESS_KEY",
            "aws_access_key_id",
            "private_key",
            "Authorization",
            "Cookie",
            "Set-Cookie",
            "connectionString",
            "AZURE_STORAGE_CONNECTION_STRING",
            "MY_KEY",
            "sharedAccessSignature",
            "Ocp-Apim-Subscription-Key",
            "client_credentials",
            "SAS",
            "blob_sas",
            "storageSas",
            "--pass",
            "passcode",
            "jwt",
            "_auth",
            "REDISCLI_AUTH",
            "dockerconfigjson",
            "account_key",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in [
            "key",
            "PartitionKey",
            "RowKey",
            "secretName",
            "secretKeyRef",
            "tokenExpirationSeconds",
            "max_tokens",
            "tokens_used",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AZURE_FEDERATED_TOKEN_FILE",
            "token_type",
            "token_endpoint",
            "PWD",
            "OLDPWD",
            "tokenizer",
            "passwordFile",
            "SecretProviderClass",
            "public_key",
            "topologyKey",
            "job_id",
            "compass",
            "PUBLIC_KEY",
            "secretome",
            "secretin",
            "imagePullSecret",
            "existingSecret",
            "disas",
            "sassy",
            "basic_auth",
            "first_pass",
            "low-pass",
            "n_pass",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}
