//! The words and shapes that give a secret away.
//!
//! Each [`Rule`] has words without which it cannot apply, so that one look for all of them spares the others; a pattern that
//! ends where the secret begins; and a function that says where it really begins and ends, or that it is none.

use std::{
    borrow::Cow,
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem;
use regex::bytes::Regex;

use super::{
    arguments, assignment, entries, names, prose,
    reference::{is_reference, looks_secret},
    sentence,
    sieve::Sieve,
    stars,
    value::{self, Extent},
};

/// Names a secret's place in a line, given what the pattern found.
type SecretPlace = fn(&[u8], Range<usize>) -> Option<Range<usize>>;

struct Rule {
    /// Without one of these, compared without case, the rule cannot apply. None is shorter than three bytes.
    words: &'static [&'static str],
    pattern: &'static str,
    place: SecretPlace,
}

/// How a private key begins: in PEM, as PGP and SSH2 have it, and as PuTTY does.
const KEY_BEGIN: &str =
    r"(?-u)----(?:-| )BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?(?:-| )----|\bPrivate-Lines: [0-9]{1,4}[ \t\r]*$";

/// Tokens that their makers gave a shape to be known by.
const TOKENS: &str = concat!(
    r"(?-u)gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}",
    r"|\bgl(?:pat|dt|rt|ptt|cbt|ft|soat|imt|agent|oas|ffct)-[A-Za-z0-9_.-]{16,}",
    r"|\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{10,}",
    r"|\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{16,}",
    r"|\bsk_(?:live|test)_[A-Za-z0-9]{16,}|\brk_(?:live|test)_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}",
    r"|\bGOOG1[A-Z0-9]{20,}|\bnvapi-[A-Za-z0-9_-]{20,}",
    r"|\bhf_[A-Za-z0-9]{30,}|\bdckr_pat_[A-Za-z0-9_-]{16,}|\bhv[sb]\.[A-Za-z0-9_-]{20,}|\bdop_v1_[a-f0-9]{40,}",
    r"|\bgls[ac]_[A-Za-z0-9_]{24,}|\bshp(?:at|ss|ca|pa)_[a-fA-F0-9]{24,}|\bsq0(?:atp|csp)-[A-Za-z0-9_-]{20,}|\bdapi[a-f0-9]{32}\b",
    r"|\blin_api_[A-Za-z0-9]{24,}|\bPMAK-[A-Za-z0-9-]{24,}|\bNRAK-[A-Z0-9]{24,}|\brubygems_[a-f0-9]{24,}|\bfigd_[A-Za-z0-9_-]{24,}",
    r"|\.atlasv1\.[A-Za-z0-9_-]{24,}|\b1//0[A-Za-z0-9_-]{24,}|\bbot[0-9]{6,12}:[A-Za-z0-9_-]{24,}",
    r"|discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]+|webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]+",
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bAGE-SECRET-KEY-[A-Z0-9]{40,}",
    // A client secret of Entra.
    r"|[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}",
    r"|hooks\.slack\.com/services/[A-Za-z0-9/]+",
    r"|\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,4}",
);

/// What the names of secrets hold.
const NAME_WORDS: &[&str] = &[
    "passw",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "key",
    "signature",
    "authorization",
    "cookie",
    "connectionstring",
    "connection_string",
    "connection-string",
    "conn_str",
    "connstr",
    "_pass",
    "-pass",
    "pass=",
    "pass =",
    "pass:",
    "pass\"",
    "pass'",
    "pass\\",
    "passcode",
    "pw=",
    "pw\"",
    "pw'",
    "jwt",
    "bearer",
    "_auth",
    "dockerc",
    "assertion",
    "sas=",
    "sas:",
    "sas ",
    "sas\"",
    "sas'",
    "sas\\",
];

fn rules() -> Vec<Rule> {
    vec![
        Rule {
            words: &["://", r":\/\/"],
            pattern: r"(?i-u)\b[a-z][a-z0-9+.-]{0,40}:\\{0,2}/\\{0,2}/",
            place: user_of_url,
        },
        Rule { words: &["%3a%2f%2f"], pattern: r"(?i-u)%3a%2f%2f", place: user_of_escaped_url },
        Rule {
            words: &["@tcp", "@unix", "jdbc:oracle"],
            pattern: r#"(?i-u)[^\s"'=,;]+@(?:tcp[46]?|unix)\(|jdbc:oracle:thin:[^\s"'@]*@"#,
            place: user_of_dsn,
        },
        // A SAS URL or another presigned one: its whole query, whatever the order of its parts.
        Rule {
            words: &["sig=", "signature", "sv=", "x-amz-", "x-goog-"],
            pattern: r#"(?i-u)\?[^\s"'<>]*?(?:\b(?:sig|sv|signature)=|x-amz-|x-goog-)"#,
            place: |line, found| Some(found.start + 1..url_end(line, found.start)),
        },
        Rule {
            words: &["sig=", "sig%3d", "sharedaccesssignature"],
            pattern: r"(?i-u)(?:\b|0026|%26|%3f)(?:sig(?:=|%3d)|sharedaccesssignature[ =]\s?)",
            place: |line, found| {
                let end = url_end(line, found.end);
                let and = line[found.start..found.end].to_ascii_lowercase().ends_with(b"sig=");
                let stop = line[found.end..end].iter().position(|byte| and && *byte == b'&');
                let range = found.end..stop.map_or(end, |at| found.end + at);
                // `sig=11` of a crash.
                let in_query = found.start.checked_sub(1).is_some_and(|before| b"?&".contains(&line[before]));
                (in_query || !names::is_signal(&line[range.clone()])).then_some(range)
            },
        },
        // `?code=…` of a function, `?key=…` of an API.
        Rule {
            words: &["?code=", "&code=", "?key=", "&key=", "?auth=", "&auth=", "?pat=", "&pat="],
            pattern: r#"(?i-u)[?&](?:code|key|auth|pat)="#,
            place: |line, found| {
                let end = found.end
                    + line[found.end..url_end(line, found.end)]
                        .iter()
                        .position(|byte| *byte == b'&')
                        .unwrap_or(url_end(line, found.end) - found.end);
                (end - found.end >= 12).then_some(found.end..end)
            },
        },
        Rule {
            words: &["endpointsprotocol"],
            pattern: r"(?i-u)\bDefaultEndpointsProtocol=",
            place: |line, found| Some(found.end..url_end(line, found.end)),
        },
        Rule {
            words: &["authorization", "cookie"],
            pattern: r#"(?i-u)(?:authorization|cookie2?)\\*["'`]?[ \t]{0,8}(?:=>|["'][ ]?,|[:=])[ \t]{0,8}(?:\[\]string\{|\[)?[ \t]?"#,
            place: header,
        },
        Rule {
            words: &["bearer", "basic", "sharedkey"],
            pattern: r"(?i-u)\b(?:bearer|basic|sharedkey(?:lite)?(?: [a-z0-9]{3,24}:)?)(?:\s|%20)+",
            place: |line, found| {
                let token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(byte);
                let length = line[found.end..].iter().take_while(token).count();
                let is_word = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-');
                // What is short is one when it changes as base64 does, and not as a name does.
                let is_mixed = |text: &[u8]| {
                    text.windows(2).any(|two| !two[0].is_ascii_uppercase() && two[1].is_ascii_uppercase())
                };
                let basic = line[found.start] | 0x20 != b'b' || line[found.start + 1] | 0x20 == b'a';
                let secret = &line[found.end..found.end + length];
                // `Bearer authorization_uri=…` of a challenge.
                let name = secret.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
                if name > 0 && secret.get(name) == Some(&b'=') && length > name + 2 {
                    return None;
                }
                let is_secret = length >= 16 || (basic && length >= 8 && is_mixed(secret));
                (is_secret && !(basic && is_word(secret))).then_some(found.end..found.end + length)
            },
        },
        Rule { words: NAME_WORDS, pattern: "", place: assignment::assigned },
        // `mysql -phunter2`. First, as what stands behind `-p` may read as a flag itself.
        Rule { words: &["mysql", "mariadb"], pattern: arguments::P_ATTACHED, place: arguments::attached_to_p },
        // `--password hunter2`, and what `set -x` prints of it; netrc.
        Rule {
            words: &[
                "passw",
                "passphrase",
                "-pass",
                "-storepass",
                "-keypass",
                "-pwd",
                "secret",
                "token",
                "credential",
                "-key",
                "_key",
                "-apikey",
                "-pw ",
                "-sas",
                "connection-string",
                "-bearer",
            ],
            pattern: arguments::FLAG,
            place: arguments::after_flag,
        },
        // `aws configure set aws_secret_access_key hunter2`, `ENV DB_PASSWORD hunter2`.
        Rule {
            words: &[
                "setenv ",
                "env ",
                "configure set",
                "config set",
                "secret set",
                "-from-literal",
                "auth plain",
                "auth login",
            ],
            pattern: arguments::COMMAND,
            place: arguments::of_command,
        },
        // What programs take a password by: `redis-cli -a hunter2`.
        Rule {
            words: &[
                "redis-cli",
                "requirepass",
                "masterauth",
                "ldap",
                "sqlcmd",
                "bcp ",
                "zip",
                "7z ",
                "7za ",
                "7zz ",
                "smbclient",
                "htpasswd",
                "sqlplus",
                "mc alias",
                "curl",
                "http ",
                "lftp",
                "ssh-keygen",
            ],
            pattern: arguments::PROGRAM,
            place: arguments::of_program,
        },
        Rule {
            words: &["passw", "_pass", "_pwd", "sshpass", "secret", "token", "_key", "credential", "_sas"],
            pattern: arguments::COLUMNS,
            place: arguments::in_columns,
        },
        Rule {
            words: &["-stdin", "sudo -s", "chpasswd", "passin stdin", "-passphrase-fd"],
            pattern: arguments::ECHO,
            place: arguments::echoed,
        },
        // A line of .pgpass.
        Rule {
            words: &[":5432:", ":5433:", ":6432:", ":*:"],
            pattern: r"(?-u)(?:^|[\n'\x22 ])[A-Za-z0-9_.*/-]{1,100}:(?:[0-9]{4}|\*):(?:\*|[A-Za-z_][^\s:]{1,63}):[^\s:]{1,64}:",
            place: |line, found| {
                let range = value::assigned(line, found.end, Extent::Word);
                (!is_reference(&line[range.clone()])).then_some(range)
            },
        },
        // `sshpass -p hunter2`, `az login … -p hunter2`.
        Rule {
            words: &["sshpass", "login", "mongo", "rabbitmqadmin", "cqlsh", " -u"],
            pattern: arguments::P_FLAG,
            place: arguments::after_p,
        },
        // `openssl … -passin pass:hunter2`.
        Rule {
            words: &["pass:"],
            pattern: r#"(?i-u)-pass(?:in|out)?\\*["']?[ \t,=]{1,8}\\*["']?pass:"#,
            place: |line, found| {
                let range = value::assigned(line, found.end, Extent::Word);
                (!is_reference(&line[range.clone()])).then_some(range)
            },
        },
        // A name, and its value in a field of its own.
        Rule { words: NAME_WORDS, pattern: entries::VALUE, place: entries::secret_value },
        // The signature of a SAS that was taken apart.
        Rule {
            words: &["sig\"", "sig'", "sig\\"],
            pattern: r#"(?i-u)\bsig\\*["'](?:\]?[ \t]{0,8}(?:=>|[:=])|[ ]?,)[ \t]{0,8}\[?"#,
            place: |line, found| {
                let range = value::assigned(line, found.end, Extent::Word);
                let signature = &line[range.clone()];
                let quoted = range.start != found.end;
                let is_secret =
                    quoted && !signature.is_empty() && !is_reference(signature) && !names::is_signal(signature);
                (is_secret && !is_field(line, range.end)).then_some(range)
            },
        },
        // `the password is hunter2`.
        Rule {
            words: &["passw", "passphrase", "token", "key"],
            pattern: r"(?i-u)\b(?:password|passwd|passphrase|token|(?:api|account|access) key)(?:[ \t]+(?:for|of)[ \t]+(?:the[ \t]+)?(?:user[ \t]+|account[ \t]+)?[^\s:]{1,60})?[ \t]+(?:(?:(?:is|was|has been|is now) )?(?:set|reset|changed) to|is now|is|was)(?:[ \t]+|:[ \t]*)",
            place: sentence::said,
        },
        // `with password 'hunter2'`.
        Rule {
            words: &["passw", "passphrase", "token", "key", "secret"],
            pattern: r"(?i-u)\b(?:password|passwd|passphrase|(?:(?:api|access|auth|bearer|sas|refresh)[ _-])?token|client[ _-]?secret|(?:[a-z]+[_-])*(?:api|account|access)[ _-]?key)(?:[ \t]+(?:for[ \t]+(?:user[ \t]+)?[^\s:]{1,60}(?::|[ \t]{1,4}=)[ \t]+)?|\()",
            place: sentence::spoken,
        },
        // SQL.
        Rule {
            words: &["identified by"],
            pattern: r"(?i-u)\bidentified by (?:password )?",
            place: |line, found| {
                let range = value::assigned(line, found.end, Extent::Word);
                (!is_reference(&line[range.clone()])).then_some(range)
            },
        },
        // What holds a key and is given one.
        Rule {
            words: &["keycredential(", "sascredential(", "secretstr("],
            pattern: r#"(?-u)(?:KeyCredential|SasCredential|SecretStr)\(\\*["']"#,
            place: |line, found| {
                let quote =
                    found.end - 1 - line[..found.end - 1].iter().rev().take_while(|byte| **byte == b'\\').count();
                let range = value::assigned(line, quote, Extent::Word);
                (!is_reference(&line[range.clone()])).then_some(range)
            },
        },
        // `requests.get(url, auth=("me", "hunter2"))`.
        Rule {
            words: &["auth=("],
            pattern: r#"(?i-u)\bauth=\([ ]?["'][^"']{0,80}["'],[ ]?b?["']"#,
            place: |line, found| Some(value::assigned(line, found.end - 1, Extent::Word)),
        },
        // What a registry's configuration has for user and password.
        Rule {
            words: &["\"auth\"", "'auth'"],
            pattern: r#"(?i-u)(?:"auth"|'auth')[ \t]{0,8}[:=][ \t]{0,8}["']"#,
            place: |line, found| {
                let range = value::assigned(line, found.end - 1, Extent::Word);
                looks_secret(&line[range.clone()]).then_some(range)
            },
        },
        // curl's `-u user:password`.
        Rule {
            words: &[" -u", "\t-u", "\n-u", " --user", "\t--user", "\n--user", "--proxy-user", "curl"],
            pattern: r#"(?i-u)[ \t\n](?:-u|-[a-z]{1,6}u|--user|--proxy-user)[ =]{0,2}["']?[^\s:"'/]+:"#,
            place: |line, found| {
                let quote = line[found.clone()].iter().find(|byte| matches!(byte, b'"' | b'\''));
                let closing = quote.and_then(|quote| memchr::memchr(*quote, &line[found.end..]));
                let end = value::token_end(line, found.end);
                let end = line[found.end..end].iter().position(|byte| *byte == b'\'').map_or(end, |at| found.end + at);
                let end = closing.map_or(end, |at| found.end + at);
                // `-su` is a flag of curl's, and another thing elsewhere.
                let flag = &line[found.start + 1..found.end];
                let is_joined =
                    !flag[1..].starts_with(b"-") && !flag[1..].starts_with(b"u") && !flag[1..].starts_with(b"U");
                if is_joined && memmem::find(&line[..found.start], b"curl").is_none()
                    || is_reference(&line[found.end..end])
                {
                    return None;
                }
                // `docker run -u 1000:1000`.
                let number = line[found.end..end].iter().all(u8::is_ascii_digit);
                let is_url = line[found.end..].starts_with(b"//");
                // `docker run -u user:group`.
                let has = |word: &&str| memmem::find(line, word.as_bytes()).is_some();
                let is_group = ["docker ", "podman ", "nerdctl "].iter().any(has)
                    || !has(&"curl") && ["sort ", "date "].iter().any(has);
                (!number && !is_url && !is_group).then_some(found.end..end)
            },
        },
        Rule {
            words: &["passw", "passphrase", "<pass>", "<pwd>", "secret", "token", "key"],
            pattern: r#"(?i-u)<(?:[a-z0-9:_.-]{1,40}[ \t][^<>]{0,80}?(?:name|key|id)=["'])?[a-z0-9:_.-]{0,40}(?:passw(?:or)?d|passphrase|\bpass|\bpwd|secret|token|(?:access|account|api|shared|private)-?_?key)[a-z0-9_-]{0,20}(?:["'][^<>]{0,80})?>"#,
            place: |line, found| {
                let end = found.end + memchr::memchr(b'<', &line[found.end..])?;
                (!line[found.end..end].trim_ascii().is_empty()).then_some(found.end..end)
            },
        },
        Rule {
            words: &["PRIVATE KEY"],
            pattern: KEY_BEGIN,
            place: |line, found| {
                let end = key_end(&line[found.end..]).map_or(line.len(), |at| found.end + at);
                Some(found.end..end)
            },
        },
        Rule {
            words: &[
                "ghp_",
                "gho_",
                "ghu_",
                "ghs_",
                "ghr_",
                "github_pat_",
                "glpat-",
                "gldt-",
                "glrt-",
                "glptt-",
                "glcbt-",
                "glft-",
                "glsoat-",
                "glimt-",
                "glagent-",
                "gloas-",
                "glffct-",
                "xox",
                "xapp-",
                "aiza",
                "goog1",
                "nvapi-",
                "ya29.",
                "gocspx-",
                "sk_live_",
                "sk_test_",
                "rk_live_",
                "rk_test_",
                "npm_",
                "pypi-",
                "hf_",
                "dckr_pat_",
                "hvs.",
                "hvb.",
                "dop_v1_",
                "sg.",
                "age-secret-key-",
                "0q~",
                "1q~",
                "2q~",
                "3q~",
                "4q~",
                "5q~",
                "6q~",
                "7q~",
                "8q~",
                "9q~",
                "hooks.slack.com",
                "eyj",
                "glsa_",
                "glsc_",
                "shpat_",
                "shpss_",
                "shpca_",
                "shppa_",
                "sq0atp-",
                "sq0csp-",
                "dapi",
                "lin_api_",
                "pmak-",
                "nrak-",
                "rubygems_",
                "figd_",
                ".atlasv1.",
                "1//0",
                "api.telegram.org",
                "/api/webhooks/",
                "webhook.office.com",
            ],
            pattern: TOKENS,
            place: |line, found| {
                // The host of a web hook is none, and neither is what a bot is told by.
                const OPEN: [&str; 4] = ["hooks.slack.com/services/", "/api/webhooks/", "/webhookb2/", "bot"];
                let text = &line[found.clone()];
                let end = |open: &&str| memmem::find(text, open.as_bytes()).map(|at| at + open.len());
                let skip = OPEN.iter().filter(|open| **open != "bot" || text.starts_with(b"bot")).find_map(end);
                Some(found.start + skip.unwrap_or(0)..found.end)
            },
        },
        // An access key of AWS, and not a protein: those have no digits.
        Rule {
            words: &["akia", "asia", "abia", "acca"],
            pattern: r"(?-u)\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
            place: |line, found| {
                let text = &line[found.clone()];
                let announced = found.start.checked_sub(1).is_some_and(|before| b"=:\"'".contains(&line[before]));
                (announced || text.iter().any(u8::is_ascii_digit)).then_some(found)
            },
        },
        Rule {
            words: &["sk-"],
            pattern: r"(?-u)\bsk-[A-Za-z0-9_-]{20,}",
            place: |line, found| {
                let text = &line[found.clone()];
                (text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_uppercase)).then_some(found)
            },
        },
    ]
}

/// The rules, ready for use.
struct RuleSet {
    /// Spares nearly all lines a look for the words themselves.
    sieve: Sieve,
    words: AhoCorasick,
    /// For each word the rules it calls, a bit each.
    calls: Vec<u64>,
    patterns: Vec<Pattern>,
}

/// A rule's pattern. It is compiled when a line first calls for it: compiling all takes longer than many a command does.
struct Pattern {
    text: &'static str,
    place: SecretPlace,
    /// `None` cannot happen, as the tests show.
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.text).ok()).as_ref()
    }
}

static ENGINE: LazyLock<Option<RuleSet>> = LazyLock::new(|| RuleSet::new(rules()));

static OPENS_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(KEY_BEGIN).ok());

impl RuleSet {
    fn new(rules: Vec<Rule>) -> Option<RuleSet> {
        let (mut words, mut calls) = (Vec::new(), Vec::new());
        let mut patterns = Vec::new();
        for (at, rule) in rules.into_iter().enumerate() {
            for word in rule.words {
                words.push(*word);
                calls.push(1_u64 << at);
            }
            let text = if rule.pattern.is_empty() { &assignment::ASSIGNMENT } else { rule.pattern };
            patterns.push(Pattern { text, place: rule.place, regex: OnceLock::new() });
        }
        // Those behind which an object of Kubernetes is looked for call no rule.
        let sieve = Sieve::new(words.iter().copied().chain(["apiversion", "api_version"]));
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)
            .ok()?;
        Some(RuleSet { sieve, words, calls, patterns })
    }
}

/// Whether a rule may apply to `line`: a quick look, which most lines pass.
pub(super) fn may_apply(line: &[u8]) -> bool {
    ENGINE.as_ref().is_none_or(|engine| engine.sieve.stops(line))
}

/// `line` without what the rules find.
pub(super) fn apply(line: &[u8]) -> Cow<'_, [u8]> {
    // Cannot happen, as the tests show; if it did, no secret must slip out.
    let unable = || Cow::Owned(stars(line).into());
    let Some(engine) = &*ENGINE else { return unable() };
    let called = engine
        .words
        .find_overlapping_iter(line)
        .fold(0_u64, |bits, word| bits | engine.calls[word.pattern().as_usize()]);
    let mut line = Cow::Borrowed(line);
    if called == 0 {
        return line;
    }
    for (at, pattern) in engine.patterns.iter().enumerate() {
        if called & (1 << at) == 0 {
            continue;
        }
        let Some(regex) = pattern.regex() else { return unable() };
        if let Some(masked) = masked(&line, regex, pattern.place) {
            line = Cow::Owned(masked);
        }
    }
    line
}

/// Whether a private key begins in `line` and does not end there.
pub(super) fn opens_key(line: &[u8]) -> bool {
    ["----", "Private-Lines"].iter().any(|sign| memmem::find(line, sign.as_bytes()).is_some())
        && OPENS_KEY
            .as_ref()
            .and_then(|begin| begin.find_iter(line).last())
            .is_some_and(|begin| key_end(&line[begin.end()..]).is_none())
}

/// Where a private key ends in `text`, if it does.
pub(super) fn key_end(text: &[u8]) -> Option<usize> {
    ["-----END", "---- END"].iter().filter_map(|end| memmem::find(text, end.as_bytes())).min()
}

/// Where a rule says that a secret is. It sees no more of a long line than lies around what was found, and more only where the
/// secret reaches the end of that: what many of its kind cost together is as much as the line is long.
fn placed(line: &[u8], found: Range<usize>, place: SecretPlace) -> Option<Range<usize>> {
    const BEFORE: usize = 2 << 10;
    const BEHIND: usize = 8 << 10;
    let start = found.start.saturating_sub(BEFORE);
    let seen = found.start - start..found.end - start;
    let mut reach = BEHIND;
    loop {
        let end = found.end.saturating_add(reach).min(line.len());
        let secret = place(&line[start..end], seen.clone())?;
        if start + secret.end < end || end == line.len() {
            return Some(start + secret.start..start + secret.end);
        }
        reach = reach.saturating_mul(4);
    }
}

/// `line` with each secret masked that one rule finds, if there is one.
fn masked(line: &[u8], pattern: &Regex, place: SecretPlace) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = pattern.find_at(line, from) {
        from = found.end().max(from + 1);
        if let Some(secret) = placed(line, found.range(), place) {
            let secret = secret.start.max(copied)..secret.end;
            let masked = instead_of(line, &secret);
            if secret.start < secret.end && line[secret.clone()] != *masked {
                out.extend_from_slice(&line[copied..secret.start]);
                out.extend_from_slice(masked);
                copied = secret.end;
            }
            from = from.max(secret.end);
        }
        if from > line.len() {
            break;
        }
    }
    (copied > 0).then(|| {
        out.extend_from_slice(&line[copied..]);
        out
    })
}

/// What stands for a secret: for a number in JSON a text where there is room for its quotes, else a number, so that it stays JSON.
fn instead_of(line: &[u8], secret: &Range<usize>) -> &'static [u8] {
    let is_number = value::number(line, secret.start).is_some_and(|number| number == *secret);
    match line[..secret.start].trim_ascii_end() {
        [.., b'\\', b'"', b':'] if is_number => b"0",
        [.., b'"', b':'] if is_number => {
            if secret.len() < 5 {
                b"0"
            } else {
                b"\"***\""
            }
        }
        _ => stars(&line[secret.clone()]),
    }
}

/// The end of a URL or a part of one.
pub(super) fn url_end(line: &[u8], from: usize) -> usize {
    let end = value::token_end(line, from);
    line[from..end].iter().position(|byte| *byte == b'\'').map_or(end, |at| from + at)
}

/// User and password of a URL: all between `://` and `@`.
///
/// A password that holds `/`, `?`, `#` or `@` as they are makes a URL that no parser takes apart as it was meant, so everything
/// up to the last `@` is masked. What must stay are ports and images: `docker://host:5000/blast@sha256:…`.
fn user_of_url(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    const STORES: [&str; 17] = [
        "postgres",
        "mysql",
        "mariadb",
        "redis",
        "valkey",
        "mongodb",
        "amqp",
        "mssql",
        "sqlserver",
        "oracle",
        "clickhouse",
        "ldap",
        "smtp",
        "cockroach",
        "cassandra",
        "snowflake",
        "nats",
    ];
    let scheme = line[found.clone()].to_ascii_lowercase();
    let is = |names: &[&str]| names.iter().any(|name| scheme.starts_with(name.as_bytes()));
    let text = &line[found.end..value::token_end(line, found.end)];
    let last = memchr::memrchr(b'@', text)?;
    let whole = Some(found.end..found.end + last);
    let authority_end = text.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(text.len());
    let authority = &text[..authority_end];
    if let Some(at) = memchr::memrchr(b'@', authority) {
        let user = &authority[..at];
        // A user alone is a token in a web address, and only a name elsewhere: `ssh://git@host`.
        return match (memchr::memchr(b':', user), is(&["http", "ws", "ftp", "git+http", "nats"])) {
            (Some(_), _) => whole,
            (None, true) => Some(found.end..found.end + at),
            (None, false) => (at < last).then_some(whole?),
        };
    }
    let Some(colon) = memchr::memchr(b':', authority).filter(|_| authority.first() != Some(&b'[')) else {
        return is(&STORES).then_some(whole?);
    };
    let (host, port) = (&authority[..colon], &authority[colon + 1..]);
    let is_port = !port.is_empty() && port.iter().all(u8::is_ascii_digit);
    let is_image = text[last + 1..].starts_with(b"sha256:") || text[last + 1..].starts_with(b"sha512:");
    let is_host = memchr::memchr(b'.', host).is_some() || host == b"localhost" || is(&["docker", "oci", "containerd"]);
    if is_port && !is(&STORES) && (is_image || is_host) { None } else { whole }
}

/// The same for a URL inside a URL.
fn user_of_escaped_url(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let end = url_end(line, found.end);
    let end = line[found.end..end].iter().position(|byte| *byte == b'&').map_or(end, |at| found.end + at);
    let at = memmem::rfind(&line[found.end..end], b"%40")?;
    let user = &line[found.end..found.end + at];
    memmem::find(&user.to_ascii_lowercase(), b"%3a").map(|_| found.end..found.end + at)
}

/// `me:secret@tcp(db:3306)/jobs`.
fn user_of_dsn(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    const ORACLE: &[u8] = b"jdbc:oracle:thin:";
    let text = &line[found.clone()];
    let skip = if text.to_ascii_lowercase().starts_with(ORACLE) { ORACLE.len() } else { 0 };
    let at = memchr::memrchr(b'@', text)?;
    Some(found.start + skip..found.start + at)
}

/// What a header says: all of it, but for the scheme where only one word follows it.
fn header(line: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    const SCHEMES: [&str; 12] = [
        "basic",
        "bearer",
        "token",
        "negotiate",
        "ntlm",
        "sharedkey",
        "sharedkeylite",
        "apikey",
        "key",
        "kerberos",
        "jwt",
        "googlelogin",
    ];
    let opens_list = matches!(line[..found.end].trim_ascii_end().last(), Some(b'[' | b'{'));
    let range = match line.get(found.end) {
        Some(b'"' | b'\'' | b'\\') if opens_list => value::listed(line, found.end),
        _ => value::header(line, found.start, found.end),
    };
    // `"name": "Authorization", "value": …`: that is another rule's.
    if line[found.clone()].contains(&b',') && is_field(line, range.end) {
        return None;
    }
    let said = line[range.clone()].trim_ascii_end();
    let range = range.start..range.start + said.len();
    let word = said.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(said.len());
    let scheme = said[..word].to_ascii_lowercase();
    let gap = said[word..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if word < said.len() && SCHEMES.iter().any(|known| scheme == known.as_bytes()) {
        let start = range.start + word + gap;
        let length = line[start..range.end].iter().position(|byte| byte.is_ascii_whitespace());
        return Some(start..length.map_or(range.end, |length| start + length));
    }
    // `authorization: required` is said of a server.
    let is_state = is_reference(said) || prose::is_state(said);
    (!said.trim_ascii().is_empty() && !is_state).then_some(range)
}

/// Whether the text that ends at `end` is the name of a field: `"value": …`.
pub(super) fn is_field(line: &[u8], end: usize) -> bool {
    let rest = &line[end..];
    let rest = &rest[rest.iter().take_while(|byte| **byte == b'\\').count()..];
    matches!(rest.first(), Some(b'"' | b'\'' | b'`')) && rest[1..].trim_ascii_start().first() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_sees_what_lies_around_and_the_rest_only_of_a_secret_that_goes_on() {
        let size = 100 << 10;
        let line = ["x".repeat(size), "KEY".to_owned(), "y".repeat(size)].concat();
        let found = size..size + 3;
        let none: SecretPlace = |seen, _| {
            assert!(seen.len() < 20 << 10, "{}", seen.len());
            None
        };
        assert_eq!(placed(line.as_bytes(), found.clone(), none), None);
        let word: SecretPlace = |seen, found| {
            assert!(seen.len() < 20 << 10 && seen[found.clone()] == *b"KEY");
            Some(found.end..found.end + 9)
        };
        assert_eq!(placed(line.as_bytes(), found.clone(), word), Some(size + 3..size + 12));
        let whole: SecretPlace = |seen, found| Some(found.end..seen.len());
        assert_eq!(placed(line.as_bytes(), found, whole), Some(size + 3..line.len()));
        // All of a secret goes, however long it is, and however far from where its line begins.
        for length in [1, 5_000, 20_000, 200_000] {
            let secret = "s3".repeat(length);
            for line in [format!("{secret} password={secret} x"), format!("{secret}; password: \"{secret}\", x")] {
                let masked = apply(line.as_bytes()).into_owned();
                let kept = length * 2 + " password=*** x".len();
                assert!(masked.len() <= kept + 5 && masked.ends_with(b" x"), "{length}: {}", masked.len());
            }
        }
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(OPENS_KEY.is_some());
        for pattern in &ENGINE.as_ref().unwrap().patterns {
            assert!(pattern.regex().is_some(), "{}", pattern.text);
        }
    }
}
