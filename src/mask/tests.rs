use std::fs;

use proptest::prelude::*;

use super::*;

const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The longest piece of a secret that may be left by chance.
const PIECE: usize = 3;

/// The lines of a corpus that are no comments.
fn corpus(name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("testdata/mask/{name}.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    lines.map(|line| line.replace('␤', "\n")).collect()
}

#[test]
fn no_piece_of_a_secret_is_left() {
    let mut left = Vec::new();
    for marked in corpus("secrets") {
        let (before, rest) = marked.split_once('⟦').unwrap();
        let (secret, after) = rest.split_once('⟧').unwrap();
        let line = format!("{before}{secret}{after}");
        // At the start of a line a variable takes the rest of it; after other words it ends with its word.
        let dumped =
            line.starts_with(|c: char| c.is_ascii_uppercase()) && secret.contains(' ') && before.ends_with("_SECRET=")
                || before == "MY_SERVICE_KEY=";
        for (line, how) in [
            (line.clone(), "alone"),
            (format!("WARN (main) {line}"), "after a stamp"),
            (format!("{line}\nrun start 000 blastn\n"), "before another line"),
        ] {
            if dumped && how == "after a stamp" {
                continue;
            }
            let masked = mask(&line);
            let open = format!("{before}{after}");
            let pieces: Vec<char> = secret.chars().collect();
            let piece = pieces.windows(PIECE + 1).map(|piece| piece.iter().collect::<String>());
            let shown: Vec<String> = piece
                .filter(|piece| {
                    masked.contains(piece.as_str()) && !open.contains(piece.as_str()) && !how.contains(piece)
                })
                .collect();
            let rest = masked.lines().next_back().unwrap_or_default();
            let lost =
                how == "before another line" && !marked.contains("BEGIN OPENSSH") && rest != "run start 000 blastn";
            if !shown.is_empty() || !masked.contains(MASK) || lost || mask(&masked) != masked {
                left.push(format!("{how}: {line}\n  became {masked}\n  shows {shown:?}"));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn what_is_no_secret_stays() {
    let changed: Vec<String> = corpus("innocent")
        .into_iter()
        .filter_map(|line| match mask(&line) {
            Cow::Owned(masked) => Some(format!("{line}\n  became {masked}")),
            Cow::Borrowed(_) => None,
        })
        .collect();
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

/// The texts of `objects`, each as its lines with marks.
fn objects() -> Vec<Vec<String>> {
    let text = fs::read_to_string("testdata/mask/objects.txt").unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.split(|line| line.starts_with("# ")).filter(|lines| !lines.is_empty()).map(<[String]>::to_vec).collect()
}

#[test]
fn the_values_of_a_kubernetes_secret_are_masked_line_by_line_and_nothing_else() {
    let mut wrong = Vec::new();
    for marked in objects() {
        let mut lines = LineMasker::default();
        let mut again = LineMasker::default();
        for line in &marked {
            let written = line.replace(['⟦', '⟧'], "");
            let open = line.split('⟦').map(|part| part.split_once('⟧').map_or(part, |(_, open)| open));
            let shown = open.collect::<Vec<_>>().join("***");
            let masked = lines.mask(&written).into_owned();
            if masked != shown || again.mask(&masked) != masked {
                wrong.push(format!("{written}\n  became {masked}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_kubernetes_secret_that_was_told_is_forgotten() {
    let mut lines = LineMasker::default();
    lines.mask("kind: Secret");
    for _ in 0..2 {
        lines.mask("run start 000 blastn");
        assert!(lines.expects_more());
    }
    lines.mask("run start 000 blastn");
    assert!(!lines.expects_more());
    // What goes on for long is none.
    lines.mask("apiVersion: v1");
    for _ in 0..2000 {
        lines.mask("a: b");
    }
    assert!(!lines.expects_more());
}

#[test]
fn the_data_of_a_secret_in_json_is_masked() {
    let mut value = serde_json::json!({"items": [
        {"kind": "Secret", "data": {"user": "bWU=", "x": ""}, "stringData": {"mode": "glass"}, "type": "Opaque"},
        {"kind": "ConfigMap", "data": {"user": "bWU="}},
    ], "secret": "elb-blob-sas", "token": "elb-blob-sas"});
    mask_json(&mut value);
    let masked = serde_json::json!({"items": [
        {"kind": "Secret", "data": {"user": "***", "x": "***"}, "stringData": {"mode": "***"}, "type": "Opaque"},
        {"kind": "ConfigMap", "data": {"user": "bWU="}},
    ], "secret": "elb-blob-sas", "token": "***"});
    assert_eq!(value, masked);
}

#[test]
fn a_private_key_is_masked_line_by_line() {
    let mut lines = LineMasker::default();
    let key = ["a", "-----BEGIN RSA PRIVATE KEY-----", "MIIE", "abc=", "-----END RSA PRIVATE KEY-----", "b"];
    let masked: Vec<String> = key.iter().map(|line| lines.mask(line).into_owned()).collect();
    assert_eq!(masked, ["a", "-----BEGIN RSA PRIVATE KEY-----", "***", "***", "***", "b"]);
}

#[test]
fn a_block_of_yaml_is_masked_line_by_line() {
    let mut lines = LineMasker::default();
    let text =
        ["env:", "  token: |", "    hunter2line", "", "      more", "  user: me", "password: >-", "  hunter2", "done"];
    let masked: Vec<String> = text.iter().map(|line| lines.mask(line).into_owned()).collect();
    let shown = ["env:", "  token: |", "    ***", "", "      ***", "  user: me", "password: >-", "  ***", "done"];
    assert_eq!(masked, shown);
}

#[test]
fn what_is_masked_in_json_stays_json() {
    for (text, masked) in [
        (r#"{"password":12345678,"msg":"login"}"#, r#"{"password":"***","msg":"login"}"#),
        (r#"{"password": 12345678}"#, r#"{"password": "***"}"#),
        (r#"{"password":123}"#, r#"{"password":0}"#),
        (r#"{"a":[{"db_password":-1.5e30}]}"#, r#"{"a":[{"db_password":"***"}]}"#),
        (r#"{"line":"{\"password\":12345678}"}"#, r#"{"line":"{\"password\":0}"}"#),
    ] {
        assert_eq!(mask(text), masked);
        assert_eq!(mask(masked), masked);
        serde_json::from_str::<Value>(&mask(text)).unwrap();
    }
}

#[test]
fn masks_what_the_dashboard_masks() {
    for (text, masked) in [
        (
            "azcopy cp https://s.blob.core.windows.net/q/a.fa?sv=2022-11-02&sp=r&sig=a%2Bb%3D .",
            "azcopy cp https://s.blob.core.windows.net/q/a.fa?*** .",
        ),
        ("https://h/p?se=2026&sr=c&sig=abc", "https://h/p?***"),
        ("SAS is sig=abc&x=1", "SAS is sig=***&x=1"),
        ("Authorization: Bearer abcdefghijklmnop.qr", "Authorization: Bearer ***"),
        ("AZCOPY_SPA_CLIENT_SECRET=hunter2", "AZCOPY_SPA_CLIENT_SECRET=***"),
        ("AZURE_STORAGE_KEY=abc", "AZURE_STORAGE_KEY=***"),
        (r#"{"accountKey": "abc", "n": 1}"#, r#"{"accountKey": "***", "n": 1}"#),
        ("password: hunter2, user: me", "password: ***, user: me"),
        ("--token=abc", "--token=***"),
        ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=y;EndpointSuffix=z", "DefaultEndpointsProtocol=***"),
        ("jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln end", "jwt *** end"),
    ] {
        assert_eq!(mask(text), masked, "{text}");
    }
    assert_eq!(mask(&format!("key {KEY}")), "key ***");
}

#[test]
fn leaves_what_is_no_secret() {
    for text in [
        "containerd://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "MKVLAAGIVGLCAKAYLLSEEKIWMKVLAAGIVGLCAKAYLLSEEKIWMKVLAAGIVGLCAKAYLLSEEKIW",
        "ACGTNNNNACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTacgtacgtacgtacgt",
        "secret \"azure-creds\" not found",
        "run start 000 blastn core_nt_shard_03",
        "https://h/p?restype=container&comp=list",
        "RUNTIME blast-job-000 42.000000 seconds",
    ] {
        assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn values_under_secret_names_are_masked_whole() {
    let mut value = serde_json::json!({
        "env": [{"name": "AZURE_STORAGE_ACCOUNT_KEY", "value": "x"}, {"name": "JOB_NUM", "value": "000"}],
        "clientSecret": "x", "secretName": "creds", "key": "node.kubernetes.io/not-ready", "url": "https://h/p?sig=x",
        "PartitionKey": "18b9edca", "RowKey": "current", "password": 1234, "tokens": ["a", "b"], "secret": {"secretName": "c"},
        "headers": {"Set-Cookie": ["sid=1"], "Authorization": "Token x"}, "tokenExpirationSeconds": 3607,
    });
    mask_json(&mut value);
    let masked = serde_json::json!({
        "env": [{"name": "AZURE_STORAGE_ACCOUNT_KEY", "value": "***"}, {"name": "JOB_NUM", "value": "000"}],
        "clientSecret": "***", "secretName": "creds", "key": "node.kubernetes.io/not-ready", "url": "https://h/p?***",
        "PartitionKey": "18b9edca", "RowKey": "current", "password": "***", "tokens": ["***", "***"], "secret": {"secretName": "c"},
        "headers": {"Set-Cookie": ["***"], "Authorization": "***"}, "tokenExpirationSeconds": 3607,
    });
    assert_eq!(value, masked);
}

#[test]
fn an_argument_behind_a_secret_flag_is_masked() {
    let mut value = serde_json::json!({
        "args": ["azcopy", "login", "--password", "ARGSECRET1", "--sas-token", "X", "--client-secret", "Y", "--recursive"],
        "argv": ["--password", "X"],
        "command": ["mysql", "-uroot", "-pX", "jobs"],
        "login": ["docker", "login", "-u", "me", "-p", "X", "host"],
        "openssl": ["openssl", "-in", "k", "-passin", "pass:X"],
        "curl": ["curl", "-u", "me:X", "https://h"],
        "shell": ["sh", "-c", "mysql -pX; azcopy --account-key hunter2"],
        "stays": ["--token", "--verbose", "--token-file", "/run/token", "--password", "$(PW)", "-p", "8", "-port", "1"],
        "run": ["docker", "run", "-u", "1000:1000", "-p", "8080:80", "mkdir", "-p", "/x"],
        "odd": ["--password", 1, "x", null, ["--token", "X"]],
        "stdin": ["--password-stdin", "host"],
    });
    mask_json(&mut value);
    let masked = serde_json::json!({
        "args": ["azcopy", "login", "--password", "***", "--sas-token", "***", "--client-secret", "***", "--recursive"],
        "argv": ["--password", "***"],
        "command": ["mysql", "-uroot", "-p***", "jobs"],
        "login": ["docker", "login", "-u", "me", "-p", "***", "host"],
        "openssl": ["openssl", "-in", "k", "-passin", "pass:***"],
        "curl": ["curl", "-u", "me:***", "https://h"],
        "shell": ["sh", "-c", "mysql -p*; azcopy --account-key ***"],
        "stays": ["--token", "--verbose", "--token-file", "/run/token", "--password", "$(PW)", "-p", "8", "-port", "1"],
        "run": ["docker", "run", "-u", "1000:1000", "-p", "8080:80", "mkdir", "-p", "/x"],
        "odd": ["--password", 1, "x", null, ["--token", "***"]],
        "stdin": ["--password-stdin", "host"],
    });
    assert_eq!(value, masked);
    let once = value.clone();
    mask_json(&mut value);
    assert_eq!(value, once);
}

#[test]
fn a_value_in_an_object_under_a_secret_name_is_masked() {
    let mut value = serde_json::json!({
        "secret": {"value": "X"}, "clientSecret": {"type": "SecureString", "Value": "X"}, "password": {"value": 1234},
        "env": [{"key": "client_secret", "value": "X"}, {"name": "DB_PASSWORD", "secureValue": "X"}, {"name": "PATH", "value": "/bin"}],
        "volumes": [{"name": "creds", "secret": {"secretName": "x", "items": [{"key": "token", "path": "token"}]}}],
        "from": {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "password"}}},
        "sas": {"sv": "2022", "sig": "X"}, "ended": {"sig": "SIGTERM"}, "smtp": {"user": "me", "pass": "X"},
    });
    mask_json(&mut value);
    let masked = serde_json::json!({
        "secret": {"value": "***"}, "clientSecret": {"type": "SecureString", "Value": "***"}, "password": {"value": "***"},
        "env": [{"key": "client_secret", "value": "***"}, {"name": "DB_PASSWORD", "secureValue": "***"}, {"name": "PATH", "value": "/bin"}],
        "volumes": [{"name": "creds", "secret": {"secretName": "x", "items": [{"key": "token", "path": "token"}]}}],
        "from": {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "password"}}},
        "sas": {"sv": "2022", "sig": "***"}, "ended": {"sig": "SIGTERM"}, "smtp": {"user": "me", "pass": "***"},
    });
    assert_eq!(value, masked);
}

#[test]
fn a_value_on_the_line_behind_its_name_is_masked() {
    for (first, second, shown) in [
        ("- name: DB_PASSWORD", "  value: hunter2", "  value: ***"),
        ("    - name: \"api-token\"", "      value: \"two words\"", "      value: \"***\""),
        (r#"  "name": "DB_PASSWORD","#, r#"  "value": "hunter2""#, r#"  "value": "***""#),
        ("secret:", "  value: hunter2", "  value: ***"),
        (r#""secret": {"#, r#"  "value": "hunter2""#, r#"  "value": "***""#),
        ("- name: PATH", "  value: /bin", "  value: /bin"),
        ("- name: DB_PASSWORD", "  value: $(OTHER)", "  value: $(OTHER)"),
        ("- name: DB_PASSWORD", "run start 000 blastn", "run start 000 blastn"),
        ("  key: password", "- name: PATH", "- name: PATH"),
    ] {
        let mut lines = LineMasker::default();
        assert_eq!(lines.mask(first), first);
        assert_eq!(lines.mask(second), shown, "{first}");
        assert_eq!(lines.mask("  value: other"), "  value: other", "{first}");
        assert!(!lines.expects_more());
        let whole = format!("{first}\n{second}");
        assert!(shown == second || !mask(&whole).contains("hunter2") && !mask(&whole).contains("words"), "{whole}");
    }
}

#[test]
fn a_text_alone_on_the_line_behind_its_name_is_masked() {
    for (first, second, shown) in [
        (r#"  "password":"#, r#"    "hunter2","#, r#"    "***","#),
        (r#"  "api_token" :"#, r#"    "two words""#, r#"    "***""#),
        ("password:", "  'hunter2'", "  '***'"),
        (r#"  "password":"#, r#"    "user": "me","#, r#"    "user": "me","#),
        (r#"  "password": {"#, r#"    "minLength": 8"#, r#"    "minLength": 8"#),
        ("password:", "  \"$DB_PASSWORD\"", "  \"$DB_PASSWORD\""),
        ("token:", "run start 000 blastn", "run start 000 blastn"),
        (r#"  "user":"#, r#"    "me","#, r#"    "me","#),
    ] {
        let mut lines = LineMasker::default();
        assert_eq!(lines.mask(first), first);
        assert_eq!(lines.mask(second), shown, "{first}");
    }
}

/// Pieces of lines with secrets, with anything between them.
fn torn_lines() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<Vec<u8>> = corpus("secrets").iter().map(|line| line.replace(['⟦', '⟧'], "").into_bytes()).collect();
    let piece =
        (proptest::sample::select(lines), any::<[proptest::sample::Index; 2]>()).prop_map(|(line, [from, to])| {
            let (from, to) = (from.index(line.len() + 1), to.index(line.len() + 1));
            line[from.min(to)..from.max(to)].to_vec()
        });
    let piece = prop_oneof![
        4 => piece,
        1 => proptest::collection::vec(any::<u8>(), 0..4),
        1 => proptest::sample::select(vec![b" ".to_vec(), b"=".to_vec(), b"\"".to_vec(), b"\n".to_vec(), b"***".to_vec()]),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Passwords are made of anything; in quotes they may hold anything but the quote.
    #[test]
    fn odd_passwords_leave_no_piece(secret in "[ -!#-&(-;=?-\\[\\]-_a-~]{4,30}", quoted in any::<bool>()) {
        let word: String = secret.chars().filter(|c| !c.is_whitespace()).collect();
        prop_assume!(word.len() >= 4 && !word.starts_with('$') && !"truenullnonefalse".contains(&word.to_lowercase()));
        let text = if quoted { format!("{{\"password\": \"{secret}\"}}") } else { format!("postgres://me:{word}@db/jobs") };
        let masked = mask(&text);
        let expected = if quoted { "{\"password\": \"***\"}".to_owned() } else { "postgres://***@db/jobs".to_owned() };
        prop_assert_eq!(&*masked, expected);
    }

    #[test]
    fn masking_twice_is_masking_once(text in "(\\PC|[?&= :@/,;\"'\\\\]|sig=|token=|Bearer |\\?sv=1|key|secret|://|Cookie: |password|\n|[A-Za-z0-9]{0,50}){0,30}") {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once), once.as_str());
    }

    #[test]
    fn no_secret_slips_out(
        before in "[a-z ]{0,12}", after in "[a-z ]{0,12}", secret in "[A-Za-z0-9%+/]{24,60}",
        form in 0usize..10,
    ) {
        let inner = match form {
            0 => format!("https://a.b/c?sv=2022&sig={secret}"),
            1 => format!("sig={secret}"),
            2 => format!("env CLIENT_SECRET={secret}"),
            3 => format!("\"password\": \"{secret}\""),
            4 => format!("DefaultEndpointsProtocol=https;AccountKey={secret};X=y"),
            5 => format!("postgres://me:{secret}@host/db"),
            6 => format!("{{\"Authorization\": \"Token {secret}\"}}"),
            7 => format!("'X-ELB-API-Token: {secret}'"),
            8 => format!("{{'password': '{secret}', 'a': 1}}"),
            _ => format!("Authorization: Bearer {}", secret.replace('%', "x")),
        };
        let text = format!("{before} {inner} {after}");
        let masked = mask(&text);
        prop_assert!(!masked.contains(&secret), "{masked}");
        prop_assert!(masked.starts_with(&before) && masked.ends_with(&after), "{masked}");
    }

    #[test]
    fn sequences_survive(sequence in "[ACGTNacgtn]{1,200}|[A-Z*]{1,200}") {
        prop_assert_eq!(mask(&sequence), sequence.as_str());
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let masked = mask_bytes(&bytes).into_owned();
        prop_assert!(mask_bytes(&masked) == masked);
    }

    /// Also where bytes that are no text stand between, and where a line is cut off anywhere.
    #[test]
    fn secrets_never_become_longer_and_masking_twice_is_masking_once(bytes in torn_lines()) {
        let masked = mask_bytes(&bytes).into_owned();
        prop_assert!(masked.len() <= bytes.len(), "{:?}", masked.escape_ascii().to_string());
        prop_assert!(mask_bytes(&masked) == masked, "{:?}", masked.escape_ascii().to_string());
        let mut lines = LineMasker::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            prop_assert!(lines.mask_bytes(line).len() <= line.len());
        }
    }

    /// The quick look spares no line that a closer one would change.
    #[test]
    fn what_is_no_suspect_holds_nothing(bytes in torn_lines()) {
        if !is_suspect(&bytes) {
            prop_assert!(matches!(rules::apply(&bytes), Cow::Borrowed(_)));
            prop_assert!(runs::apply(&bytes).is_none());
        }
    }
}
