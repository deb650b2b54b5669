//! [`ConnectOptions`]: how to connect, by kubectl's names.

use std::{path::PathBuf, str::FromStr, time::Duration};

use jiff::{Span, SpanRelativeTo};
use secrecy::SecretString;

/// Which cluster to talk to, and as whom. The names and meanings are kubectl's.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The kubeconfig file; `None`: `$KUBECONFIG`, then `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context to use.
    pub context: Option<String>,
    /// The kubeconfig's cluster to use.
    pub cluster: Option<String>,
    /// The kubeconfig's user to use.
    pub user: Option<String>,
    /// The namespace; `None`: the context's, then `default`.
    pub namespace: Option<String>,
    /// Username to impersonate: a user or a service account.
    pub impersonate: Option<String>,
    /// Groups to impersonate.
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate.
    pub impersonate_uid: Option<String>,
    /// Extras of the user to impersonate.
    pub impersonate_user_extra: Vec<UserExtra>,
    /// The address and port of the Kubernetes API server.
    pub server: Option<String>,
    /// Bearer token for the API server. Secret, so that no `Debug` output can show it.
    pub token: Option<SecretString>,
    /// User for basic authentication.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// A client certificate for TLS, in PEM.
    pub client_certificate: Option<PathBuf>,
    /// Its key, in PEM.
    pub client_key: Option<PathBuf>,
    /// Certificates of authorities, in PEM.
    pub certificate_authority: Option<PathBuf>,
    /// Do not check the server's certificate: the connection can be listened to and altered.
    pub insecure_skip_tls_verify: bool,
    /// Let the API server read logs from kubelets whose certificate it cannot check.
    pub insecure_skip_tls_verify_backend: bool,
    /// Name to check the server's certificate against; `None`: the server's host name.
    pub tls_server_name: Option<String>,
    /// How long a single request may take.
    pub request_timeout: RequestTimeout,
}

impl ConnectOptions {
    /// Whether any of them says which cluster, or what in it, is meant.
    pub fn name_a_cluster(&self) -> bool {
        let names = [&self.context, &self.cluster, &self.user, &self.namespace, &self.server];
        self.kubeconfig.is_some() || names.into_iter().any(Option::is_some)
    }
}

/// A `key=value` of `--as-user-extra`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserExtra {
    /// The key, which becomes part of a header's name.
    pub key: String,
    /// One of its values.
    pub value: String,
}

impl FromStr for UserExtra {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err(format!("{text:?} is not KEY=VALUE")),
        }
    }
}

/// How long one request may take; `None` inside waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTimeout(pub Option<Duration>);

impl Default for RequestTimeout {
    fn default() -> Self {
        Self(Some(Duration::from_secs(10)))
    }
}

impl RequestTimeout {
    /// A hundred years. A moment that is farther away cannot be told, and nobody waits for it.
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
}

impl FromStr for RequestTimeout {
    type Err = String;

    /// Go's durations (`1m30s`, `500ms`) or plain seconds, as kubectl takes them; days of 24 hours too, as `--since` does.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no duration; write 30s, 2m, 1m30s, or 0 for no limit");
        let duration = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            // jiff reads far more than Go does; the compact form is what is documented.
            Err(_) if text.contains(char::is_whitespace) || text.starts_with(['P', 'p']) => return Err(wrong()),
            Err(_) => {
                let span = text
                    .parse::<Span>()
                    .ok()
                    .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
                span.and_then(|duration| Duration::try_from(duration).ok()).ok_or_else(wrong)?
            }
        };
        Ok(Self((!duration.is_zero()).then_some(duration.min(Self::LONGEST))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos_or_seconds() {
        let parse = |text: &str| text.parse::<RequestTimeout>().map(|t| t.0);
        assert_eq!(parse("10s"), Ok(Some(Duration::from_secs(10))));
        assert_eq!(parse("1m30s"), Ok(Some(Duration::from_secs(90))));
        assert_eq!(parse("500ms"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(parse("1d"), Ok(Some(Duration::from_secs(86_400))));
        assert_eq!(parse("7"), Ok(Some(Duration::from_secs(7))));
        assert_eq!(parse("0"), Ok(None));
        assert_eq!(parse("0s"), Ok(None));
        assert_eq!(parse("18446744073709551615"), Ok(Some(RequestTimeout::LONGEST)));
        assert_eq!(parse("15000w"), Ok(Some(RequestTimeout::LONGEST)));
        for wrong in ["", "soon", "-5s", "PT5S", "1y"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
