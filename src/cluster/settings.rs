//! [`Settings`]: flags, kubeconfig and environment, boiled down to what a connection needs.

use std::{collections::HashMap, fs, io, path::Path, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, Uri};
use kube::{
    Config,
    config::{AuthInfo, Cluster, ExecAuthCluster},
};

use super::{
    ClusterError, ConnectEnvironment, ConnectOptions, UserExtra,
    kubeconfig::{self, ChosenContext, Kubeconfigs},
    proxy::Proxy,
};
use crate::{
    mask::url::{shown, unclear},
    namespace::{LONGEST, is_namespace},
    trust,
};

/// How elbtail introduces itself in the API server's audit log.
const USER_AGENT: &str = concat!("elbtail/", env!("CARGO_PKG_VERSION"));

/// Everything needed to connect, decided.
#[derive(Debug)]
pub(super) struct Settings {
    /// Server, trust, identity and impersonation, in kube's own form so that kube's layers and TLS setup apply.
    /// The token, if any, is in `auth_info`; its exec plugin never runs through kube.
    pub config: Config,
    /// Where the user is from, for messages: an entry of a kubeconfig, or the command line.
    pub user: String,
    /// The way to the server, when it is not direct.
    pub proxy: Option<Proxy>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
}

impl Settings {
    /// Decides, or says what is missing.
    pub fn decide(args: &ConnectOptions, environment: &ConnectEnvironment) -> Result<Self, ClusterError> {
        if args.insecure_skip_tls_verify && args.certificate_authority.is_some() {
            return Err(ClusterError::Config(
                "--certificate-authority and --insecure-skip-tls-verify contradict each other: give one of them"
                    .to_owned(),
            ));
        }
        let found = kubeconfig::find(args, environment)?;
        let mut choice = found.choose(args)?;
        if args.server.is_none() && choice.cluster.server.is_none() {
            if let Some(origin) = &choice.origin {
                return Err(no_server(origin));
            }
            choice = in_cluster(environment)?.ok_or_else(|| nothing_found(&found))?;
        }
        let origin = choice.origin.clone().unwrap_or_else(|| "the cluster".to_owned());
        let owner = choice.user_origin.clone().unwrap_or_else(|| "the user".to_owned());
        let mut identity = owner.clone();
        let mut config = from_choice(choice, args)?;
        // An empty name is none, as kubectl has it.
        if let Some(name) = args.namespace.clone().filter(|name| !name.is_empty()) {
            config.default_namespace = check_namespace("--namespace", name)?;
        }
        let user = &mut config.auth_info;
        if let Some(token) = &args.token {
            user.token = Some(token.clone());
            user.token_file = None;
            identity = "--token".to_owned();
        }
        if let Some(name) = &args.username {
            *user = AuthInfo { username: Some(name.clone()), password: args.password.clone(), ..AuthInfo::default() };
            identity = "--username".to_owned();
        }
        let path = |path: &Path| Some(path.to_string_lossy().into_owned());
        if let Some(certificate) = &args.client_certificate {
            read_file("--client-certificate", certificate)?;
            (user.client_certificate, user.client_certificate_data) = (path(certificate), None);
        }
        if let Some(key) = &args.client_key {
            read_file("--client-key", key)?;
            (user.client_key, user.client_key_data) = (path(key), None);
        }
        // Looked at here, where it is known which entry names them; data wins over a file.
        for (field, file, is_used) in [
            ("client-certificate", &user.client_certificate, user.client_certificate_data.is_none()),
            ("client-key", &user.client_key, user.client_key_data.is_none()),
        ] {
            if let Some(file) = file.as_ref().filter(|_| is_used) {
                read_file(&format!("{owner}: {field}"), Path::new(file))?;
            }
        }
        identified(user, args, &owner, environment)?;
        if let Some(uid) = &args.impersonate_uid {
            user.impersonate_uid = Some(uid.clone());
        }
        if !args.impersonate_user_extra.is_empty() {
            let mut extra: HashMap<String, Vec<String>> = HashMap::new();
            for UserExtra { key, value } in &args.impersonate_user_extra {
                extra.entry(key.clone()).or_default().push(value.clone());
            }
            user.impersonate_user_extra = Some(extra);
        }
        if let Some(name) = &args.impersonate {
            user.impersonate = Some(name.clone());
        }
        if !args.impersonate_groups.is_empty() {
            user.impersonate_groups = Some(args.impersonate_groups.clone());
        }
        let more = [
            ("a UID", user.impersonate_uid.is_some()),
            ("groups", user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty())),
            ("user extra", user.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty())),
        ];
        // The server would refuse, or not look at them.
        if let Some((what, _)) = more.iter().find(|(_, given)| *given && user.impersonate.is_none()) {
            return Err(ClusterError::Config(format!("{what} to impersonate, but no user: pass --as USER too")));
        }
        config.headers.push((HeaderName::from_static("user-agent"), HeaderValue::from_static(USER_AGENT)));
        let proxy = match config.proxy_url.take() {
            Some(url) => Some(Proxy::named(&url, &origin)?),
            None => Proxy::from_environment(environment, &config.cluster_url)?,
        };
        Ok(Self { config, user: identity, proxy, timeout: args.request_timeout.0 })
    }
}

/// Sees to it that a client certificate and its key are both there, or neither. As with kubectl a flag replaces what the kubeconfig says
/// of one, a key alone counts for nothing, and a certificate without its key is an error.
fn identified(
    user: &mut AuthInfo,
    args: &ConnectOptions,
    owner: &str,
    environment: &ConnectEnvironment,
) -> Result<(), ClusterError> {
    let has_certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let has_key = user.client_key.is_some() || user.client_key_data.is_some();
    let place = |flag: &str, is_given: bool| match is_given {
        true => format!("--{flag}"),
        false => format!("{owner}: {flag}"),
    };
    if has_certificate && !has_key {
        let place = place("client-certificate", args.client_certificate.is_some());
        return Err(ClusterError::Config(format!(
            "{place}: the certificate's key is missing: pass --client-key, or write client-key into the kubeconfig's user"
        )));
    }
    if has_key && !has_certificate {
        (environment.notice)(&format!(
            "warning: {}: without a certificate the key is not used; pass --client-certificate\n",
            place("client-key", args.client_key.is_some())
        ));
        (user.client_key, user.client_key_data) = (None, None);
    }
    Ok(())
}

/// The chosen entries of a kubeconfig, with the flags that replace parts of them.
fn from_choice(choice: ChosenContext, args: &ConnectOptions) -> Result<Config, ClusterError> {
    let ChosenContext { mut cluster, mut user, namespace, origin, .. } = choice;
    let origin = origin.unwrap_or_else(|| "the cluster".to_owned());
    if let Some(server) = &args.server {
        cluster.server = Some(server.clone());
        // Another server has another name; kubectl drops it too.
        cluster.tls_server_name = None;
    }
    if args.tls_server_name.is_some() {
        cluster.tls_server_name = args.tls_server_name.clone();
    }
    if let Some(path) = &args.certificate_authority {
        cluster.certificate_authority = Some(path.to_string_lossy().into_owned());
        cluster.certificate_authority_data = None;
    }
    if args.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
    }
    let place = if args.server.is_some() {
        "--server: the server address".to_owned()
    } else {
        format!("{origin}: the server address")
    };
    let mut config = Config::new(server_url(&place, cluster.server.as_deref().unwrap_or_default())?);
    if let Some(namespace) = namespace {
        config.default_namespace = namespace;
    }
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    trust_cluster(&mut config, &cluster, &origin)?;
    if let Some(proxy) = cluster.proxy_url.as_deref().filter(|url| !url.is_empty()) {
        // The URL itself stays out of the message: it may hold a password.
        if let Some(why) = unclear(proxy) {
            return Err(ClusterError::Config(format!("{origin}: proxy-url: {why}")));
        }
        let url = proxy.parse().map_err(|error| ClusterError::Config(format!("{origin}: proxy-url: {error}")))?;
        config.proxy_url = Some(url);
    }
    if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        let info = ExecAuthCluster::try_from(&cluster);
        exec.cluster = Some(info.map_err(|error| ClusterError::Config(format!("{origin}: {error}")))?);
    }
    config.auth_info = user;
    Ok(config)
}

/// `--server`, or the kubeconfig's `server`; a bare `host:port` means https.
fn server_url(place: &str, text: &str) -> Result<Uri, ClusterError> {
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    if let Some(why) = unclear(&full) {
        return Err(ClusterError::Config(format!("{place}: {why}")));
    }
    let wrong = |why: &str| ClusterError::Config(format!("{place} {:?} {why}", shown(text)));
    let url: Uri = full.parse().map_err(|error| wrong(&format!("is no URL: {error}")))?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        _ => Err(wrong("needs the form https://HOST:PORT")),
    }
}

/// The name, or that `what` says something that cannot be one.
pub(super) fn check_namespace(what: &str, name: String) -> Result<String, ClusterError> {
    if is_namespace(&name) {
        return Ok(name);
    }
    Err(ClusterError::Config(format!(
        "{what} {name:?} is no name of a namespace: it has lower-case letters, digits and - inside, and at most {LONGEST} characters"
    )))
}

/// The cluster entry's CA: data before file, as kubectl has it.
fn trust_cluster(config: &mut Config, cluster: &Cluster, origin: &str) -> Result<(), ClusterError> {
    if let Some(data) = &cluster.certificate_authority_data {
        let place = format!("{origin}: certificate-authority-data");
        let pem = BASE64_STANDARD
            .decode(data)
            .map_err(|error| ClusterError::Config(format!("{place} is no base64: {error}")))?;
        config.root_cert = Some(certificates(&place, &pem)?);
    } else if let Some(path) = &cluster.certificate_authority {
        let place = format!("{origin}: certificate-authority");
        trust_file(config, Path::new(path), &read_file(&place, Path::new(path))?)?;
    }
    Ok(())
}

/// Trusts the CA in a file, and what replaces it there later.
fn trust_file(config: &mut Config, path: &Path, pem: &[u8]) -> Result<(), ClusterError> {
    config.root_cert = Some(certificates(&path.display().to_string(), pem)?);
    config.root_cert_file = Some(path.to_owned());
    Ok(())
}

fn certificates(place: &str, pem: &[u8]) -> Result<Vec<Vec<u8>>, ClusterError> {
    let certificates = trust::certificates(pem);
    if certificates.is_empty() {
        return Err(ClusterError::Config(format!("{place} holds no PEM certificate")));
    }
    Ok(certificates.iter().map(|der| der.to_vec()).collect())
}

fn read_file(what: &str, path: &Path) -> Result<Vec<u8>, ClusterError> {
    fs::read(path).map_err(|error| ClusterError::Config(format!("{what} {}: {error}", path.display())))
}

/// The service account of the pod elbtail runs in, if it runs in one.
fn in_cluster(environment: &ConnectEnvironment) -> Result<Option<ChosenContext>, ClusterError> {
    let Some((host, port)) = &environment.service else { return Ok(None) };
    let token = environment.service_account.join("token");
    match fs::metadata(&token) {
        // `automountServiceAccountToken: false`: a pod, but without the means to talk to its cluster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ClusterError::Config(format!("{}: {error}", token.display()))),
        Ok(_) => {}
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let text = |name: &str| environment.service_account.join(name).to_string_lossy().into_owned();
    let cluster = Cluster {
        server: Some(format!("https://{host}:{port}")),
        certificate_authority: Some(text("ca.crt")),
        ..Cluster::default()
    };
    let user = AuthInfo { token_file: Some(text("token")), ..AuthInfo::default() };
    let namespace = fs::read_to_string(environment.service_account.join("namespace")).ok();
    let namespace = namespace.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let user_origin = Some("the pod's service account".to_owned());
    Ok(Some(ChosenContext { cluster, user, user_origin, namespace, ..ChosenContext::default() }))
}

/// An entry was chosen, but it does not say where the cluster is.
fn no_server(origin: &str) -> ClusterError {
    ClusterError::Config(format!("{origin} names no server: write one there (https://HOST:PORT), or pass --server"))
}

fn nothing_found(found: &Kubeconfigs) -> ClusterError {
    let places: Vec<String> = found.looked_at.iter().map(|path| path.display().to_string()).collect();
    let names: Vec<&str> = found.contexts().collect();
    ClusterError::NoCluster(if names.is_empty() {
        let places =
            if places.is_empty() { "$KUBECONFIG and the home directory".to_owned() } else { places.join(", ") };
        format!(
            "no cluster configuration: looked at {places} and for a pod's service account; pass --kubeconfig or --server"
        )
    } else {
        format!(
            "no context is chosen in {}, which has {}; pass --context, or run kubectl config use-context",
            places.join(", "),
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::{
        path::PathBuf,
        sync::{Arc, Mutex},
    };

    use secrecy::SecretString;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn server_and_token_are_enough() {
        let args = ConnectOptions {
            server: Some("10.0.0.1:6443".to_owned()),
            token: Some(SecretString::from("planted")),
            insecure_skip_tls_verify: true,
            ..ConnectOptions::default()
        };
        let settings = Settings::decide(&args, &ConnectEnvironment::nothing()).unwrap();
        assert_eq!(settings.config.cluster_url.to_string(), "https://10.0.0.1:6443/");
        assert_eq!(settings.config.default_namespace, "default");
        assert!(settings.config.accept_invalid_certs);
        assert!(!format!("{settings:?}").contains("planted"));
    }

    #[test]
    fn a_certificate_authority_is_never_passed_over() {
        let args = ConnectOptions {
            server: Some("10.0.0.1:6443".to_owned()),
            certificate_authority: Some("ca.pem".into()),
            insecure_skip_tls_verify: true,
            ..ConnectOptions::default()
        };
        let error = Settings::decide(&args, &ConnectEnvironment::nothing()).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("contradict"), "{error}");
    }

    #[test]
    fn a_server_or_proxy_whose_password_has_no_clear_end_is_told_without_a_word_of_it() {
        let refused = |args: &ConnectOptions, environment: &ConnectEnvironment| {
            let error = Settings::decide(args, environment).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            error.to_string()
        };
        let to = |server: &str| ConnectOptions { server: Some(server.to_owned()), ..ConnectOptions::default() };
        for url in ["https://me:Secret/x@h:6443", "me:p/Secret@h", "http://me:p#Secret@h", "https://me:p@ss?Secret@h"] {
            let said = refused(&to(url), &ConnectEnvironment::nothing());
            assert!(said.contains("server") && said.contains("@ as %40") && !said.contains("Secret"), "{said}");
            let environment = ConnectEnvironment {
                https_proxy: url.to_owned(),
                http_proxy: url.to_owned(),
                ..ConnectEnvironment::nothing()
            };
            for (server, name) in [("https://api.example.org", "HTTPS_PROXY"), ("http://api.example.org", "HTTP_PROXY")]
            {
                let said = refused(&to(server), &environment);
                assert!(said.contains(name) && said.contains("@ as %40") && !said.contains("Secret"), "{said}");
            }
        }
        for url in ["ftp://me:Secret@h", "https://me:Sec ret@h", "https://me:Secret@"] {
            let said = refused(&to(url), &ConnectEnvironment::nothing());
            assert!(said.contains("server address") && !said.contains("Sec"), "{said}");
        }
    }

    #[test]
    fn a_client_certificate_and_its_key_may_come_from_two_places_but_not_from_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        };
        let (certificate, key) = (file("c.pem", "a certificate"), file("k.pem", "a key"));
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = told.clone();
        let environment = ConnectEnvironment {
            notice: Arc::new(move |text: &str| sink.lock().unwrap().push(text.to_owned())),
            ..ConnectEnvironment::nothing()
        };
        let decide = |user: &str, flags: [Option<&PathBuf>; 2]| {
            let config = file(
                "config",
                &format!(
                    "current-context: a\ncontexts: [{{name: a, context: {{cluster: c, user: u}}}}]\n\
                     clusters: [{{name: c, cluster: {{server: 'https://10.0.0.1'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
                ),
            );
            let [client_certificate, client_key] = flags.map(|flag| flag.cloned());
            let args = ConnectOptions {
                kubeconfig: Some(config),
                client_certificate,
                client_key,
                ..ConnectOptions::default()
            };
            Settings::decide(&args, &environment).map(|settings| settings.config.auth_info)
        };
        let (its_certificate, its_key) = ("client-certificate: c.pem", "client-key-data: YQ==");
        let both = format!("{its_certificate}, {its_key}");
        for (user, flags) in [
            (both.as_str(), [None, None]),
            (&both, [Some(&certificate), None]),
            (&both, [None, Some(&key)]),
            ("", [Some(&certificate), Some(&key)]),
            (its_certificate, [None, Some(&key)]),
            (its_key, [Some(&certificate), None]),
        ] {
            let user = decide(user, flags).unwrap();
            assert!(user.client_certificate.is_some() && (user.client_key.is_some() != user.client_key_data.is_some()));
        }
        for (user, flags, place) in
            [("", [Some(&certificate), None], "--client-certificate: "), (its_certificate, [None, None], "user \"u\"")]
        {
            let error = decide(user, flags).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            let text = error.to_string();
            assert!(text.starts_with(place) && text.contains("key is missing: pass --client-key"), "{text}");
        }
        assert!(told.lock().unwrap().is_empty());
        for (user, flags, place) in [("", [None, Some(&key)], "--client-key: "), (its_key, [None, None], "user \"u\"")]
        {
            let user = decide(user, flags).unwrap();
            assert!(user.client_key.is_none() && user.client_key_data.is_none());
            let text = told.lock().unwrap().pop().unwrap();
            assert!(text.starts_with(&format!("warning: {place}")) && text.contains("--client-certificate"), "{text}");
        }
    }

    #[test]
    fn impersonation_begins_with_a_user() {
        let server = ConnectOptions { server: Some("10.0.0.1:6443".to_owned()), ..ConnectOptions::default() };
        let extra = UserExtra { key: "k".to_owned(), value: "v".to_owned() };
        for args in [
            ConnectOptions { impersonate_uid: Some("7".to_owned()), ..server.clone() },
            ConnectOptions { impersonate_groups: vec!["g".to_owned()], ..server.clone() },
            ConnectOptions { impersonate_user_extra: vec![extra], ..server.clone() },
        ] {
            let error = Settings::decide(&args, &ConnectEnvironment::nothing()).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            assert!(error.to_string().ends_with("pass --as USER too"), "{error}");
            let args = ConnectOptions { impersonate: Some("me".to_owned()), ..args };
            assert!(Settings::decide(&args, &ConnectEnvironment::nothing()).is_ok());
        }
    }

    #[test]
    fn nothing_at_all_says_where_it_looked() {
        let environment = ConnectEnvironment { home: Some("/home/nobody".into()), ..ConnectEnvironment::nothing() };
        let error = Settings::decide(&ConnectOptions::default(), &environment).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert_eq!(
            error.to_string(),
            "no cluster configuration: looked at /home/nobody/.kube/config and for a pod's service account; \
             pass --kubeconfig or --server"
        );
    }

    #[test]
    fn a_pod_uses_its_service_account() {
        let dir = tempfile::tempdir().unwrap();
        let ca = rcgen::generate_simple_self_signed(vec!["kubernetes".to_owned()]).unwrap();
        fs::write(dir.path().join("token"), "planted").unwrap();
        fs::write(dir.path().join("ca.crt"), ca.cert.pem()).unwrap();
        fs::write(dir.path().join("namespace"), "blast\n").unwrap();
        let environment = ConnectEnvironment {
            service: Some(("fd00::1".to_owned(), "443".to_owned())),
            service_account: dir.path().to_owned(),
            ..ConnectEnvironment::nothing()
        };
        let config = Settings::decide(&ConnectOptions::default(), &environment).unwrap().config;
        assert_eq!(config.cluster_url.to_string(), "https://[fd00::1]:443/");
        assert_eq!(config.default_namespace, "blast");
        assert!(config.auth_info.token_file.unwrap().ends_with("token"));
    }
}
