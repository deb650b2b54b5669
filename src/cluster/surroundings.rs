//! [`Surroundings`]: everything outside the flags that decides where the cluster is.

use std::{
    env,
    ffi::OsString,
    fmt,
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
};

/// Where a pod finds its service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The environment, read once and handed on as a value, so that nothing below depends on the process.
#[derive(Clone)]
pub struct Surroundings {
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
    pub notice: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Surroundings {
    /// Reads the process's environment; `notice` gets the words of a plugin that waits for a person.
    pub fn from_process(notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let first =
            |names: [&str; 2]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        Self {
            kubeconfig: env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: env::home_dir(),
            service: env::var("KUBERNETES_SERVICE_HOST").ok().zip(env::var("KUBERNETES_SERVICE_PORT").ok()),
            service_account: SERVICE_ACCOUNT.into(),
            https_proxy: first(["HTTPS_PROXY", "https_proxy"]).unwrap_or_default(),
            http_proxy: first(["HTTP_PROXY", "http_proxy"]).unwrap_or_default(),
            no_proxy: first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
            terminal: io::stdin().is_terminal(),
            notice: Arc::new(notice),
        }
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
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The proxies are left out: their URLs may carry passwords.
        f.debug_struct("Surroundings")
            .field("kubeconfig", &self.kubeconfig)
            .field("home", &self.home)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
