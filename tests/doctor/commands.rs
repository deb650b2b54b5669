//! Every `next:` of every scenario is a command that its program takes.

use serde_json::Value;

/// The verbs that are suggested, and the flags beside the connection's.
const KUBECTL: [(&str, &[&str]); 8] = [
    ("describe", &[]),
    ("get", &["-A", "-l", "-L", "-o", "--show-labels", "--raw"]),
    ("auth can-i", &["--subresource", "--list"]),
    ("auth whoami", &[]),
    ("top pod", &["--containers"]),
    ("patch job", &["-p"]),
    ("config get-contexts", &[]),
    ("config view", &["--minify"]),
];
const CONNECTION: [&str; 9] = [
    "-n",
    "--kubeconfig",
    "--context",
    "--cluster",
    "--user",
    "--as",
    "--as-group",
    "--server",
    "--certificate-authority",
];

/// Checks the commands of these findings and of what follows from them.
pub fn must_parse(findings: &Value) {
    for finding in findings.as_array().unwrap() {
        if let Some(next) = finding["next"].as_str() {
            check(next);
        }
        must_parse(&finding["consequences"]);
    }
}

fn check(next: &str) {
    let words = shlex::split(next).unwrap_or_else(|| panic!("a quote is open: {next}"));
    let words: Vec<&str> = words.iter().map(String::as_str).take_while(|word| *word != ">").collect();
    match words[0] {
        "elbtail" => {
            let parsed = elbtail::cli::command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{next}: {parsed:?}");
        }
        "kubectl" => kubectl(&words[1..], next),
        "az" | "azcopy" | "date" | "timedatectl" => {}
        other => panic!("no command: {other}: {next}"),
    }
}

fn kubectl(words: &[&str], next: &str) {
    let mut rest = words;
    // The connection's flags, each with its value, stand before the verb.
    while let [flag, _, after @ ..] = rest
        && CONNECTION.contains(flag)
    {
        rest = after;
    }
    let line = rest.join(" ");
    let verb = KUBECTL.iter().find(|(verb, _)| line == *verb || line.starts_with(&format!("{verb} ")));
    let (_, flags) = verb.unwrap_or_else(|| panic!("kubectl has no such verb: {next}"));
    for flag in rest.iter().filter(|word| word.starts_with('-')) {
        let name = flag.split_once('=').map_or(*flag, |(name, _)| name);
        assert!(flags.contains(&name) || CONNECTION.contains(&name), "{flag}: {next}");
    }
}
