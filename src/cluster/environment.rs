//! [`ConnectEnvironment`]: everything outside the flags that decides where the cluster is.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
    sync::Arc,
};

use crate::environment::Environment;

/// Where a pod finds its service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Somebody who is told something.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// What is outside the flags, as a value, so that nothing below depends on the process.
#[derive(Clone)]
pub struct ConnectEnvironment {
    /// `$KUBECONFIG`: paths separated as in `$PATH`.
    pub kubeconfig: Option<OsString>,
    /// The home directory, which holds `.kube/config`.
    pub home: Option<PathBuf>,
    /// `$KUBERNETES_SERVICE_HOST` and `$KUBERNETES_SERVICE_PORT`, set in every pod.
    pub service: Option<(String, String)>,
    /// The directory with the pod's `token`, `ca.crt` and `namespace`.
    pub service_account: PathBuf,
    /// The proxy for `https` servers.
    pub https_proxy: String,
    /// The proxy for `http` servers.
    pub http_proxy: String,
    /// Hosts that are reached without proxy.
    pub no_proxy: String,
    /// Whether a credential plugin may ask a person on standard input: it is a terminal, and nobody else reads it.
    pub terminal: bool,
    /// Shows a person what a credential plugin says while it runs, such as where to sign in.
    pub notice: Tell,
    /// Who is told of each request, if somebody is: what was asked, and what came of it after how long. No secret is in it.
    pub requests: Option<Tell>,
}

impl ConnectEnvironment {
    /// What the variables say. The home directory, the terminal and whom to tell are for the caller to add.
    pub fn of(variables: &Environment) -> Self {
        let first =
            |names: [&str; 2]| names.iter().find_map(|name| variables.text(name)).unwrap_or_default().to_owned();
        let text = |name: &str| variables.text(name).map(str::to_owned);
        Self {
            kubeconfig: variables.get("KUBECONFIG").map(OsStr::to_owned),
            service: text("KUBERNETES_SERVICE_HOST").zip(text("KUBERNETES_SERVICE_PORT")),
            https_proxy: first(["HTTPS_PROXY", "https_proxy"]),
            http_proxy: first(["HTTP_PROXY", "http_proxy"]),
            no_proxy: first(["NO_PROXY", "no_proxy"]),
            ..Self::nothing()
        }
    }

    /// The same, in which nobody is told what a plugin says.
    #[must_use]
    pub fn without_notice(&self) -> Self {
        Self { notice: Arc::new(|_| {}), ..self.clone() }
    }

    /// An empty environment.
    pub fn nothing() -> Self {
        Self {
            kubeconfig: None,
            home: None,
            service: None,
            service_account: SERVICE_ACCOUNT.into(),
            https_proxy: String::new(),
            http_proxy: String::new(),
            no_proxy: String::new(),
            terminal: false,
            notice: Arc::new(|_| {}),
            requests: None,
        }
    }
}

impl fmt::Debug for ConnectEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The proxies are left out: their URLs may carry passwords.
        f.debug_struct("ConnectEnvironment")
            .field("kubeconfig", &self.kubeconfig)
            .field("home", &self.home)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> ConnectEnvironment {
        ConnectEnvironment::of(&set.iter().copied().collect())
    }

    #[test]
    fn a_proxy_has_two_names_of_which_the_upper_case_one_is_asked_first() {
        let both = of(&[("HTTPS_PROXY", "a"), ("https_proxy", "b"), ("http_proxy", "c"), ("NO_PROXY", "")]);
        assert_eq!((both.https_proxy.as_str(), both.http_proxy.as_str(), both.no_proxy.as_str()), ("a", "c", ""));
        assert_eq!(of(&[("HTTPS_PROXY", ""), ("https_proxy", "b")]).https_proxy, "b");
    }

    #[test]
    fn a_pod_has_both_variables_of_the_service_and_others_neither() {
        let (host, port) = (("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "443"));
        assert_eq!(of(&[host, port]).service, Some(("10.0.0.1".to_owned(), "443".to_owned())));
        for set in [&[host][..], &[port], &[host, ("KUBERNETES_SERVICE_PORT", "")], &[]] {
            assert_eq!(of(set).service, None, "{set:?}");
        }
    }

    #[test]
    fn an_empty_kubeconfig_is_none() {
        assert_eq!(of(&[("KUBECONFIG", "")]).kubeconfig, None);
        assert_eq!(of(&[("KUBECONFIG", "a:b")]).kubeconfig, Some("a:b".into()));
    }
}
