//! Credentials: plugins that run once, files that change, refusals that are cured or explained.

use std::{
    fs,
    path::{Path, PathBuf},
};

use futures::future::join_all;
use secrecy::SecretString;

use super::{
    super::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, node_file::Bytes},
    server::{Server, Speech, get, log, next},
};
use crate::exit::Exit;

/// A kubeconfig whose user is `user` (in YAML's flow style).
fn kubeconfig(server: &Server, user: &str) -> ConnectOptions {
    let path = server.dir.path().join("config");
    let text = format!(
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], clusters: [{{name: c, cluster: \
         {{server: 'https://{}', certificate-authority: ca.pem}}}}], users: [{{name: u, user: {{{user}}}}}]}}",
        server.address
    );
    fs::write(&path, text).unwrap();
    ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() }
}

/// A plugin in shell; `body` runs after a line is added to `runs`.
///
/// Not started by its own name: a file just written may still be open in another test's child ("text file busy").
fn plugin(server: &Server, body: &str) -> ConnectOptions {
    let path = server.dir.path().join("plugin");
    let runs = server.dir.path().join("runs");
    fs::write(&path, format!("echo run >> {}\n{body}\n", runs.display())).unwrap();
    kubeconfig(
        server,
        &format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['{}'], provideClusterInfo: true}}",
            path.display()
        ),
    )
}

fn runs(server: &Server) -> usize {
    fs::read_to_string(server.dir.path().join("runs")).unwrap_or_default().lines().count()
}

/// A plugin's answer with the token that stands in `file`.
fn grant(file: &Path, more: &str) -> String {
    format!(
        r#"printf '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{{"token":"%s"{more}}}}}' "$(cat {})""#,
        file.display()
    )
}

async fn connect(args: &ConnectOptions) -> Result<Cluster, ClusterError> {
    Cluster::connect(args, &ConnectEnvironment::nothing()).await
}

fn token_file(server: &Server, token: &str) -> PathBuf {
    let path = server.dir.path().join("token");
    fs::write(&path, token).unwrap();
    path
}

#[tokio::test]
async fn a_plugin_gets_the_terminal_unless_it_or_standard_input_says_otherwise() {
    let server = Server::start(Speech::default()).await;
    let (file, seen) = (token_file(&server, "good"), server.dir.path().join("seen"));
    let script = server.dir.path().join("plugin");
    fs::write(&script, format!("echo \"$KUBERNETES_EXEC_INFO\" > {}\n{}\n", seen.display(), grant(&file, ""))).unwrap();
    for (mode, terminal, interactive) in [
        ("", true, Some(true)),
        ("", false, Some(false)),
        (", interactiveMode: null", true, Some(true)),
        (", interactiveMode: IfAvailable", true, Some(true)),
        (", interactiveMode: IfAvailable", false, Some(false)),
        (", interactiveMode: Never", true, Some(false)),
        (", interactiveMode: Always", true, Some(true)),
        (", interactiveMode: Always", false, None),
    ] {
        let user = format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['{}']{mode}}}",
            script.display()
        );
        let environment = ConnectEnvironment { terminal, ..ConnectEnvironment::nothing() };
        let connected = Cluster::connect(&kubeconfig(&server, &user), &environment).await;
        let Some(interactive) = interactive else {
            assert!(connected.unwrap_err().to_string().contains("needs a terminal"));
            continue;
        };
        connected.unwrap();
        let info: serde_json::Value = serde_json::from_str(&fs::read_to_string(&seen).unwrap()).unwrap();
        assert_eq!(info["spec"]["interactive"], interactive, "{mode:?} {terminal}");
    }
}

#[tokio::test]
async fn a_plugin_runs_once_with_closed_stdin_and_knows_its_cluster() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "good".to_owned();
    let file = token_file(&server, "good");
    let seen = server.dir.path().join("seen");
    let body = format!("{{ cat; echo \"$KUBERNETES_EXEC_INFO\"; }} > {}\n{}", seen.display(), grant(&file, ""));
    let cluster = connect(&plugin(&server, &body)).await.unwrap();
    join_all((0..20).map(|_| get(&cluster, "/version"))).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    assert_eq!(runs(&server), 1);
    let info: serde_json::Value = serde_json::from_str(&fs::read_to_string(seen).unwrap()).unwrap();
    assert_eq!(info["spec"]["interactive"], false);
    assert_eq!(info["spec"]["cluster"]["server"], format!("https://{}", server.address));
    assert!(info["spec"]["cluster"]["certificate-authority-data"].is_string());
}

#[tokio::test]
async fn a_401_runs_the_plugin_again_once_for_all() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "first".to_owned();
    let file = token_file(&server, "first");
    let cluster = connect(&plugin(&server, &grant(&file, ""))).await.unwrap();
    get(&cluster, "/version").await.unwrap();

    *server.token.lock().unwrap() = "second".to_owned();
    fs::write(&file, "second").unwrap();
    let answers = join_all((0..50).map(|_| get(&cluster, "/version"))).await;
    answers.into_iter().for_each(|answer| drop(answer.unwrap()));
    assert_eq!(runs(&server), 2);

    *server.token.lock().unwrap() = "third".to_owned();
    let errors = join_all((0..50).map(|_| get(&cluster, "/version"))).await;
    for error in errors {
        let error = error.unwrap_err();
        assert_eq!(error.exit(), Exit::Denied);
        assert!(error.to_string().contains("plugin") && error.to_string().contains("sign in anew"), "{error}");
    }
    assert!(runs(&server) <= 3, "no storm of runs: {}", runs(&server));
}

#[tokio::test]
async fn an_expiry_far_off_is_waited_for() {
    let server = Server::start(Speech::default()).await;
    let file = token_file(&server, "good");
    let cluster =
        connect(&plugin(&server, &grant(&file, r#","expirationTimestamp":"2999-01-01T00:00:00Z""#))).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(runs(&server), 1);
}

#[tokio::test]
async fn credentials_that_expire_at_once_are_not_renewed_for_every_request() {
    let server = Server::start(Speech::default()).await;
    let file = token_file(&server, "good");
    let args = plugin(&server, &grant(&file, r#","expirationTimestamp":"2000-01-01T00:00:00Z""#));
    let cluster = connect(&args).await.unwrap();
    for _ in 0..5 {
        get(&cluster, "/version").await.unwrap();
    }
    assert_eq!(runs(&server), 1);
}

#[tokio::test]
async fn a_failing_plugin_shows_what_it_said() {
    let server = Server::start(Speech::default()).await;
    let error = connect(&plugin(&server, "echo 'please run: az login' >&2; exit 3")).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Denied);
    assert!(
        error.to_string().contains("exit status: 3") && error.to_string().ends_with("please run: az login"),
        "{error}"
    );

    let error = connect(&plugin(&server, "echo 'planted-token {'")).await.unwrap_err();
    assert!(error.to_string().contains("no ExecCredential") && !error.to_string().contains("planted"), "{error}");
}

#[tokio::test]
async fn a_missing_plugin_shows_its_install_hint() {
    let server = Server::start(Speech::default()).await;
    let user = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: no-such-plugin, installHint: 'brew install it'}";
    let error = connect(&kubeconfig(&server, user)).await.unwrap_err();
    assert_eq!(error.to_string(), "the exec plugin no-such-plugin: is not installed\nbrew install it");
    let error =
        connect(&kubeconfig(&server, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}")).await;
    assert!(error.unwrap_err().to_string().contains("v1alpha1"));
}

#[tokio::test]
async fn a_patient_plugin_is_heard_while_it_waits() {
    let server = Server::start(Speech::default()).await;
    let file = token_file(&server, "good");
    let heard = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let notes = heard.clone();
    let notice = move |text: &str| notes.lock().unwrap().push_str(text);
    let environment = ConnectEnvironment { notice: std::sync::Arc::new(notice), ..ConnectEnvironment::nothing() };
    let args = plugin(&server, &format!("echo open the page >&2; sleep 2.5; echo thanks >&2; {}", grant(&file, "")));
    Cluster::connect(&args, &environment).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), "open the page\nthanks\n");
}

#[tokio::test]
async fn a_plugin_that_leaves_something_running_is_not_waited_for() {
    let server = Server::start(Speech::default()).await;
    let file = token_file(&server, "good");
    let began = std::time::Instant::now();
    connect(&plugin(&server, &format!("sleep 20 >/dev/null & {}", grant(&file, "")))).await.unwrap();
    assert!(began.elapsed().as_secs() < 10);
}

#[tokio::test]
async fn a_client_certificate_from_a_plugin_is_used() {
    let own = rcgen::generate_simple_self_signed(vec!["me".to_owned()]).unwrap();
    let server = Server::start(Speech { client_ca: Some(own.cert.pem()), ..Speech::default() }).await;
    let answer = serde_json::json!({
        "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"clientCertificateData": own.cert.pem(), "clientKeyData": own.signing_key.serialize_pem()},
    });
    let file = server.dir.path().join("answer");
    fs::write(&file, answer.to_string()).unwrap();
    let cluster = connect(&plugin(&server, &format!("cat {}", file.display()))).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(runs(&server), 1);

    let (certificate, key) = (server.dir.path().join("me.pem"), server.dir.path().join("me.key"));
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let cluster = connect(&kubeconfig(&server, "client-certificate: me.pem, client-key: me.key")).await.unwrap();
    get(&cluster, "/version").await.unwrap();

    let error = get(&connect(&kubeconfig(&server, "")).await.unwrap(), "/version").await.unwrap_err();
    assert_eq!(error.exit(), Exit::Denied);
    assert!(error.to_string().contains("refused the client certificate"), "{error}");
}

#[tokio::test]
async fn a_token_file_is_read_again_after_a_401() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "first".to_owned();
    token_file(&server, "first\n");
    let cluster = connect(&kubeconfig(&server, "tokenFile: token")).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    *server.token.lock().unwrap() = "second".to_owned();
    token_file(&server, "second\n");
    get(&cluster, "/version").await.unwrap();
    let mut body = log(&cluster, "drip").await.unwrap();
    next(&mut body).await.unwrap().unwrap();
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "good".to_owned();
    let refused = async |args: ConnectOptions| get(&connect(&args).await.unwrap(), "/version").await.unwrap_err();
    let error = refused(kubeconfig(&server, "")).await;
    assert!(error.to_string().contains("the kubeconfig's user has none"), "{error}");
    let error = refused(kubeconfig(&server, "token: planted")).await;
    assert!(error.to_string().contains("may have expired"), "{error}");
    assert!(!format!("{error} {error:?}").contains("planted"));
    for (provider, instead) in [("azure", "kubelogin"), ("gcp", "gke-gcloud-auth-plugin"), ("oidc", "oidc-login")] {
        let user = format!("auth-provider: {{name: {provider}, config: {{access-token: planted}}}}");
        let error = connect(&kubeconfig(&server, &user)).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Denied);
        assert!(error.to_string().contains(instead) && !error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn flags_win_and_impersonation_is_sent() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "good".to_owned();
    let args = ConnectOptions {
        token: Some(SecretString::from("good")),
        impersonate: Some("jane".to_owned()),
        impersonate_groups: vec!["a".to_owned(), "b".to_owned()],
        ..plugin(&server, "exit 1")
    };
    let cluster = connect(&args).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(runs(&server), 0, "a token given outright needs no plugin");
    let requests = server.requests.lock().unwrap();
    let headers = &requests[0].headers;
    assert_eq!(headers["impersonate-user"], "jane");
    assert_eq!(headers.get_all("impersonate-group").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(headers["user-agent"].to_str().unwrap().starts_with("elbtail/"));
    assert!(!format!("{cluster:?}").contains("good"));
}

#[tokio::test]
async fn basic_authentication_is_sent() {
    let server = Server::start(Speech::default()).await;
    let cluster = connect(&kubeconfig(&server, "username: me, password: planted")).await.unwrap();
    get(&cluster, "/version").await.unwrap();
    assert_eq!(server.requests.lock().unwrap()[0].headers["authorization"], "Basic bWU6cGxhbnRlZA==");
}

#[tokio::test]
async fn a_401_of_a_kubelet_blames_no_credentials_and_runs_no_plugin() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "good".to_owned();
    let file = token_file(&server, "good");
    let cluster = connect(&plugin(&server, &grant(&file, ""))).await.unwrap();
    for _ in 0..3 {
        let error = log(&cluster, "kubelet-401").await.unwrap_err();
        assert!(matches!(&error, ClusterError::Rejected(rejection) if rejection.code == 401), "{error:?}");
        assert!(!error.is_final());
    }
    assert_eq!(runs(&server), 1);

    // Of its files it says so in plain words, as a proxy before the API server might.
    let file = async || cluster.node_file("n", "kubelet-401.log", &Bytes::All).await.unwrap_err();
    let error = file().await;
    assert!(
        matches!(&error, ClusterError::Rejected(it) if it.code == 401 && it.message == "Unauthorized"),
        "{error:?}"
    );
    assert_eq!(runs(&server), 1);
    *server.token.lock().unwrap() = "another".to_owned();
    assert_eq!(file().await.exit(), Exit::Denied, "now it is our token that is refused");
}

#[tokio::test]
async fn a_redirect_of_a_node_is_not_followed() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    for part in [Bytes::All, Bytes::From(10), Bytes::Within(0..=9)] {
        let before = server.requests.lock().unwrap().len();
        let error = cluster.node_file("n", "pods/moved", &part).await.unwrap_err();
        assert!(matches!(&error, ClusterError::Rejected(it) if it.code == 302), "{error:?}");
        assert!(!error.is_transient() && !error.to_string().contains("planted"), "{error}");
        assert_eq!(server.requests.lock().unwrap().len(), before + 1);
    }
}

#[tokio::test]
async fn an_endless_list_of_a_node_is_read_in_part() {
    let server = Server::start(Speech::default()).await;
    let cluster = server.cluster().await;
    let owner = crate::node_logs::LogOwner { namespace: "flood", pod: "p", uid: "1", container: "c" };
    let directory = crate::node_logs::Directory::new("flood", owner).unwrap();
    assert_eq!(crate::node_logs::files(&cluster, &directory).await.unwrap(), []);
}

#[tokio::test]
async fn a_token_file_wins_over_the_token_beside_it() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "of the file".to_owned();
    token_file(&server, "of the file");
    let args = kubeconfig(&server, "tokenFile: token, token: beside");
    get(&connect(&args).await.unwrap(), "/version").await.unwrap();

    let args = kubeconfig(&server, "tokenFile: no/such/file, token: of the file");
    get(&connect(&args).await.unwrap(), "/version").await.unwrap();
    let flagged =
        ConnectOptions { token: Some(SecretString::from("of the flag")), ..kubeconfig(&server, "tokenFile: token") };
    assert_eq!(get(&connect(&flagged).await.unwrap(), "/version").await.unwrap_err().exit(), Exit::Denied);
}

#[tokio::test]
async fn a_missing_token_file_is_told_with_the_entry_that_names_it() {
    let server = Server::start(Speech::default()).await;
    std::fs::write(server.dir.path().join("empty"), " \n").unwrap();
    for (field, said) in
        [("tokenFile: no/such/file", "no/such/file: No such file"), ("tokenFile: empty", "empty is empty")]
    {
        let error = connect(&kubeconfig(&server, field)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("user \"") && text.contains(" of kubeconfig "), "{text}");
        assert!(text.contains(": tokenFile ") && text.contains(said) && error.exit() == Exit::Denied, "{text}");
    }
    // The flag replaces the token, not the certificate: whose that is stays told.
    let flagged = ConnectOptions {
        token: Some(SecretString::from("x")),
        ..kubeconfig(&server, "client-certificate: no/such.pem, client-key: no/such.pem")
    };
    let text = connect(&flagged).await.unwrap_err().to_string();
    assert!(text.starts_with("user \"") && text.contains(": client-certificate "), "{text}");
}

#[tokio::test]
async fn credentials_do_not_go_over_plain_http() {
    let server = Server::start(Speech { tls: false, http2: false, ..Speech::default() }).await;
    let heard = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let notes = heard.clone();
    let notice = move |text: &str| notes.lock().unwrap().push_str(text);
    let environment = ConnectEnvironment { notice: std::sync::Arc::new(notice), ..ConnectEnvironment::nothing() };
    for user in ["token: planted", "tokenFile: token", "username: me, password: planted"] {
        let plain = Some(format!("http://{}", server.address));
        let args = ConnectOptions { server: plain, ..kubeconfig(&server, user) };
        get(&Cluster::connect(&args, &environment).await.unwrap(), "/version").await.unwrap();
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        assert!(heard.contains("plain http") && !heard.contains("planted"), "{heard}");
    }
    assert!(server.requests.lock().unwrap().iter().all(|request| !request.headers.contains_key("authorization")));
}

#[tokio::test]
async fn what_plugins_print_is_read_as_kubectl_reads_it() {
    let server = Server::start(Speech::default()).await;
    *server.token.lock().unwrap() = "planted".to_owned();
    let v1 = "client.authentication.k8s.io/v1";
    let printed = async |text: String| {
        let file = server.dir.path().join("printed");
        fs::write(&file, text).unwrap();
        match connect(&plugin(&server, &format!("cat {}", file.display()))).await {
            Ok(cluster) => get(&cluster, "/version").await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    };
    let json = format!(
        r#"{{"kind":"ExecCredential","apiVersion":"{v1}","status":{{"token":"planted","expirationTimestamp":null}}}}"#
    );
    printed(json.clone()).await.unwrap();
    printed(format!("\n\n{json}\n")).await.unwrap();
    printed(format!("apiVersion: {v1}\nkind: ExecCredential\nstatus:\n  token: planted\n")).await.unwrap();
    printed(format!(
        "---\napiVersion: {v1}\nkind: ExecCredential\nstatus: {{token: planted, expirationTimestamp: ''}}\n"
    ))
    .await
    .unwrap();
    for (text, said) in [
        (json.replace("planted", ""), "an empty one"),
        (format!("Signing in planted...\n{json}"), "other words before"),
        (format!("apiVersion: {v1}\n"), "without status"),
        ("planted".to_owned(), "no ExecCredential"),
        (String::new(), "no ExecCredential"),
        (json.replace("null", "\"soon\""), "no time"),
    ] {
        let error = printed(text).await.unwrap_err();
        assert!(error.contains(said) && !error.contains("planted"), "{error}");
    }
}
