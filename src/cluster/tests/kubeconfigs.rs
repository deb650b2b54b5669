//! Kubeconfigs that kubectl reads, and those of which it has to be said what is wrong.

use secrecy::ExposeSecret;

use super::super::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, settings::Settings};
use crate::exit::Exit;

/// The chosen context's cluster and user, and what stands beside them.
fn config(more: &str) -> String {
    format!(
        "current-context: c\ncontexts:\n- {{name: c, context: {{cluster: k, user: u, namespace: blast}}}}\n{more}\n"
    )
}

const CLUSTER: &str = "clusters: [{name: k, cluster: {server: 'https://api.test:6443'}}]";
const USER: &str = "users: [{name: u, user: {token: planted}}]";

fn decide(text: &str) -> Result<Settings, ClusterError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    std::fs::write(&path, text).unwrap();
    let args = ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() };
    Settings::decide(&args, &ConnectEnvironment::nothing())
}

/// Checks that the file is read, with the server and the token that are in all of them.
#[track_caller]
fn assert_read(text: &str) {
    let settings = decide(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(settings.config.cluster_url.to_string(), "https://api.test:6443/", "{text}");
    let user = settings.config.auth_info;
    let token = user.token.map(|token| token.expose_secret().to_owned());
    assert!(token.is_none_or(|token| token == "planted"), "{text}");
}

#[test]
fn entries_that_nobody_uses_may_hold_anything() {
    for odd in [
        "null",
        "5",
        "text",
        "[]",
        "{}",
        "{name: null}",
        "{name: x}",
        "{name: x, cluster: null, user: null, context: null}",
        "{name: x, cluster: 5, user: 5, context: 5}",
        "{name: x, cluster: [], user: [], context: []}",
        "{name: x, context: {}}",
        "{name: x, context: {cluster: k}}",
        "{name: x, context: {user: u}}",
        "{name: x, context: {cluster: null, user: null, namespace: null, extensions: null}}",
        "{name: x, context: {cluster: 1, user: 2, namespace: BAD/../ns}}",
        "{name: x, cluster: {server: null}}",
        "{name: x, cluster: {server: ''}}",
        "{name: x, cluster: {server: []}}",
        "{name: x, cluster: {insecure-skip-tls-verify: 'maybe', certificate-authority-data: '%%%'}}",
        "{name: x, cluster: {server: 'not a url', extensions: 5}}",
        "{name: x, user: {auth-provider: {config: null}}}",
        "{name: x, user: {auth-provider: null}}",
        "{name: x, user: {auth-provider: {name: gcp, config: {expiry: 5, scopes: null}}}}",
        "{name: x, user: {exec: null}}",
        "{name: x, user: {exec: {}}}",
        "{name: x, user: {exec: {provideClusterInfo: null}}}",
        "{name: x, user: {exec: {command: x, interactiveMode: null}}}",
        "{name: x, user: {exec: {interactiveMode: Sometimes}}}",
        "{name: x, user: {exec: {command: x, env: null, args: null}}}",
        "{name: x, user: {exec: {command: x, env: [{name: A, value: null}], args: [null, 1]}}}",
        "{name: x, user: {exec: {command: x, env: [null, 5]}}}",
        "{name: x, user: {token: 5}}",
        "{name: x, user: {token: {}}}",
        "{name: x, user: {as-groups: null, as-user-extra: null}}",
        "{name: x, user: {as-groups: 5, as-user-extra: []}}",
        "{name: x, name: y, user: {token: a, token: b}}",
        "{name: x, unknown: {deeply: [odd]}}",
        "{1: 2}",
    ] {
        let after = format!(
            "{}clusters:\n- {{name: k, cluster: {{server: 'https://api.test:6443'}}}}\n- {odd}\nusers:\n- {odd}\n- {{name: u, user: {{token: planted}}}}\n",
            config(&format!("- {odd}"))
        );
        assert_read(&after);
    }
}

#[test]
fn the_chosen_entries_are_read_as_kubectl_reads_them() {
    for (cluster, user) in [
        ("insecure-skip-tls-verify: null", "token: planted, username: null, password: null"),
        ("insecure-skip-tls-verify: 'true'", "token: planted, as: null, as-groups: null"),
        ("certificate-authority: null, certificate-authority-data: ''", "token: planted, client-certificate: ''"),
        ("proxy-url: null, tls-server-name: ''", "token: planted, exec: null"),
        ("disable-compression: true, extensions: null", "token: planted, auth-provider: null"),
        ("extensions: [{name: a, extension: null}, null]", "token: planted, extensions: [{name: b, extension: 5}]"),
        ("unknown: [1]", "token: old, token: planted"),
        ("server: 'https://other', server: 'https://api.test:6443'", "token: planted, unknown: {}"),
    ] {
        let more = format!(
            "clusters: [{{name: k, cluster: {{server: 'https://api.test:6443', {cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]"
        );
        assert_read(&config(&more));
    }
    assert_read(&config(&format!(
        "{CLUSTER}\n{USER}\npreferences: null\nextensions: null\napiVersion: null\nkind: null"
    )));
    assert_read(&config(&format!("{CLUSTER}\nusers: [{{name: u, user: null}}]")));
    assert_read(&format!("\u{feff}{}", config(&format!("{CLUSTER}\n{USER}"))));
    assert_read(&config(&format!("{CLUSTER}\n{USER}")).replace('\n', "\r\n"));
    assert_read(&format!("---\n# comment\n{}", config(&format!("{CLUSTER}\n{USER}"))));
    let json = r#"{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"https://api.test:6443"}}],"users":null}"#;
    assert_read(json);
}

#[test]
fn certificates_may_be_wrapped_tagged_or_plain() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let ca = rcgen::generate_simple_self_signed(vec!["api.test".to_owned()]).unwrap().cert.pem();
    let data = BASE64_STANDARD.encode(&ca);
    let lines = |text: &str| {
        text.as_bytes().chunks(64).map(|line| format!("      {}\n", String::from_utf8_lossy(line))).collect::<String>()
    };
    let plain = ca.lines().map(|line| format!("      {line}\n")).collect::<String>();
    for value in [
        data.clone(),
        format!("\"{data}\""),
        format!("|\n{}", lines(&data)),
        format!(">-\n{}", lines(&data)),
        format!("\n{}", lines(&data)),
        format!("!!binary |\n{}", lines(&data)),
        format!("!!binary {data}"),
        format!("|\n{plain}"),
    ] {
        let cluster = format!(
            "clusters:\n- name: k\n  cluster:\n    server: https://api.test:6443\n    certificate-authority-data: {value}\n"
        );
        let text = config(&format!("{cluster}\n{USER}"));
        let settings = decide(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(settings.config.root_cert.unwrap().len(), 1, "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_chosen_user_is_told_with_file_entry_and_field() {
    let plugin = "client.authentication.k8s.io";
    for (user, said) in [
        (
            "client-certificate: /nowhere/c.pem, client-key: /nowhere/k.pem".to_owned(),
            "client-certificate /nowhere/c.pem",
        ),
        ("client-certificate-data: cGxhbnRlZA==, client-key: /nowhere/k.pem".to_owned(), "client-key /nowhere/k.pem"),
        ("client-certificate-data: cGxhbnRlZA==".to_owned(), "certificate's key is missing: pass --client-key"),
        ("client-certificate-data: cGxhbnRlZA==, client-key-data: cGxhbnRlZA==".to_owned(), "client certificate"),
        ("exec: {command: x}".to_owned(), "exec.apiVersion is missing"),
        (format!("exec: {{command: x, apiVersion: {plugin}/v1alpha1}}"), "exec.apiVersion is \"client"),
        ("exec: {command: x, apiVersion: 1}".to_owned(), "exec.apiVersion is \"1\""),
        ("auth-provider: {name: gcp}".to_owned(), "auth-provider \"gcp\""),
        ("token: \"plan\\nted\"".to_owned(), "token"),
        ("username: \"a\", password: \"plan\\nted\", token: ''".to_owned(), ""),
    ] {
        let text = config(&format!("{CLUSTER}\nusers: [{{name: u, user: {{{user}}}}}]"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, &text).unwrap();
        let args = ConnectOptions { kubeconfig: Some(path.clone()), ..ConnectOptions::default() };
        let Err(error) = Cluster::connect(&args, &ConnectEnvironment::nothing()).await else {
            // Basic credentials are encoded: a header can carry them.
            assert!(said.is_empty(), "{text}");
            continue;
        };
        let told = error.to_string();
        assert!(told.contains(said) && !told.contains("planted") && !told.contains("cGxh"), "{told}\n{text}");
        assert!(told.contains(&format!("user \"u\" of kubeconfig {}", path.display())), "{told}\n{text}");
    }
}

#[test]
fn a_server_or_proxy_that_is_no_url_is_told_with_file_and_entry() {
    for (cluster, said) in [
        ("server: 'ftp://x'", "the server address \"ftp://x\""),
        ("server: 'https://a b'", "the server address \"https://a b\""),
        ("server: 'https://api.test', proxy-url: 'gopher://me:planted@x'", "proxy-url has the scheme \"gopher\""),
    ] {
        let told = decide(&config(&format!("clusters: [{{name: k, cluster: {{{cluster}}}}}]\n{USER}"))).unwrap_err();
        let told = told.to_string();
        assert!(told.starts_with("cluster \"k\" of kubeconfig ") && told.contains(said), "{told}");
        assert!(!told.contains("planted"), "{told}");
    }
    let args = ConnectOptions { server: Some("ftp://x".to_owned()), ..ConnectOptions::default() };
    let told = Settings::decide(&args, &ConnectEnvironment::nothing()).unwrap_err().to_string();
    assert!(told.starts_with("--server: the server address \"ftp://x\""), "{told}");
}

#[test]
fn a_file_beside_data_is_not_looked_at() {
    let text = config(&format!(
        "{CLUSTER}\nusers: [{{name: u, user: {{token: planted, client-certificate: /nowhere, client-certificate-data: eA==, \
         client-key: /nowhere, client-key-data: eA==}}}}]"
    ));
    assert_read(&text);
}

#[test]
fn what_is_wrong_with_the_chosen_entries_is_told_with_its_place() {
    for (text, said) in [
        (config(&format!("clusters: [{{name: k, cluster: {{server: ''}}}}]\n{USER}")), "cluster \"k\" of kubeconfig"),
        (config(&format!("clusters: [{{name: k, cluster: null}}]\n{USER}")), "names no server"),
        (config(&format!("clusters: [{{name: k, cluster: {{server: []}}}}]\n{USER}")), "server is a list, not text"),
        (config(&format!("clusters: [{{name: k, cluster: 7}}]\n{USER}")), "cluster is a number, not a mapping"),
        (config(&format!("clusters: 7\n{USER}")), "clusters is a number, not a list"),
        (config(&format!("clusters: null\n{USER}")), "has no cluster at all"),
        (config(&format!("{CLUSTER}\nusers: [{{name: u, user: {{token: {{planted: 1}}}}}}]")), "token is a mapping"),
        (config(&format!("{CLUSTER}\nusers: [{{name: u, user: {{exec: {{}}}}}}]")), "user \"u\" of kubeconfig"),
        (
            config(&format!("{CLUSTER}\nusers: [{{name: u, user: {{exec: {{command: x, interactiveMode: No}}}}}}]")),
            "interactiveMode",
        ),
        (
            config(&format!("{CLUSTER}\nusers: [{{name: u, user: {{client-key-data: '%planted'}}}}]")),
            "client-key-data is no base64",
        ),
        (config(&format!("{CLUSTER}\nusers: []")), "has no user at all"),
        (
            config(&format!("{CLUSTER}\n{USER}")).replace("namespace: blast", "namespace: BAD/../ns"),
            "namespace \"BAD/../ns\"",
        ),
        ("contexts: [{name: c, context: {}}]\ncurrent-context: c".to_owned(), "context \"c\" of kubeconfig"),
        ("contexts: [{name: c}, {name: d}]".to_owned(), "no context is chosen"),
        ("kind: Pod".to_owned(), "its kind is \"Pod\""),
        ("- planted".to_owned(), "it holds a list"),
        ("planted".to_owned(), "it holds text"),
        (String::new(), "no cluster configuration"),
        ("\tplanted: [".to_owned(), "not the YAML of a kubeconfig"),
    ] {
        let error = decide(&text).map(|_| ()).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let told = error.to_string();
        assert!(told.contains(said) && told.contains("config") && !told.contains("planted"), "{told}\n{text}");
    }
}
