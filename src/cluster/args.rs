//! [`ConnectArgs`]: kubectl's connection flags, with kubectl's names.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, ValueHint};
use jiff::{Span, SpanRelativeTo};
use secrecy::SecretString;

/// The heading of these flags in `--help`.
const HEADING: &str = "Cluster";

/// Which cluster to talk to, and as whom. The names and meanings are kubectl's.
#[derive(Debug, Clone, Default, Args)]
pub struct ConnectArgs {
    /// Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = HEADING)]
    pub kubeconfig: Option<PathBuf>,
    /// The name of the kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    pub context: Option<String>,
    /// The name of the kubeconfig cluster to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    pub cluster: Option<String>,
    /// The name of the kubeconfig user to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    pub user: Option<String>,
    /// The namespace the job runs in [default: the context's, the row's, then "default"]
    #[arg(long, short = 'n', global = true, value_name = "NAMESPACE", help_heading = HEADING)]
    pub namespace: Option<String>,
    /// Username to impersonate: a user or a service account
    #[arg(long = "as", global = true, value_name = "USER", help_heading = HEADING)]
    pub impersonate: Option<String>,
    /// Group to impersonate, can be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", help_heading = HEADING)]
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID", help_heading = HEADING)]
    pub impersonate_uid: Option<String>,
    /// Extra of the user to impersonate, can be repeated
    #[arg(long = "as-user-extra", global = true, value_name = "KEY=VALUE", help_heading = HEADING)]
    pub impersonate_user_extra: Vec<UserExtra>,
    /// The address and port of the Kubernetes API server
    #[arg(long, short = 's', global = true, value_name = "URL", value_hint = ValueHint::Url, help_heading = HEADING)]
    pub server: Option<String>,
    /// Bearer token for authentication to the API server
    // Secret, so that no Debug output of a plan can show it.
    #[arg(long, global = true, value_name = "TOKEN", help_heading = HEADING)]
    pub token: Option<SecretString>,
    /// Username for basic authentication to the API server
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "token", hide_short_help = true, help_heading = HEADING)]
    pub username: Option<String>,
    /// Password for basic authentication to the API server
    #[arg(long, global = true, value_name = "PASSWORD", requires = "username", hide_short_help = true, help_heading = HEADING)]
    pub password: Option<SecretString>,
    /// Path to a client certificate file for TLS
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = HEADING)]
    pub client_certificate: Option<PathBuf>,
    /// Path to a client key file for TLS
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = HEADING)]
    pub client_key: Option<PathBuf>,
    /// Path to a certificate file for the certificate authority
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = HEADING)]
    pub certificate_authority: Option<PathBuf>,
    /// Do not check the server's certificate: the connection can be listened to and altered
    #[arg(long, global = true, help_heading = HEADING)]
    pub insecure_skip_tls_verify: bool,
    /// Let the API server read logs from kubelets whose certificate it cannot check
    #[arg(long, global = true, help_heading = HEADING)]
    pub insecure_skip_tls_verify_backend: bool,
    /// Name to check the server's certificate against [default: the server's host name]
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    pub tls_server_name: Option<String>,
    /// How long a single request may take, such as 5s, 2m or 30; 0 waits for ever
    #[arg(long, global = true, value_name = "DURATION", default_value = "10s", help_heading = HEADING)]
    pub request_timeout: RequestTimeout,
    /// What kubectl knows and has no meaning here.
    #[command(flatten)]
    pub ignored: IgnoredArgs,
}

/// kubectl's flags about what elbtail does not do. They are accepted, so that an alias made for kubectl works.
#[derive(Debug, Clone, Default, Args)]
pub struct IgnoredArgs {
    /// Where kubectl caches the API's description.
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Answers are never compressed.
    #[arg(long, global = true, hide = true)]
    pub disable_compression: bool,
    /// elbtail has no version of the server.
    #[arg(long, global = true, hide = true)]
    pub match_server_version: bool,
    /// The server's warnings are not shown.
    #[arg(long, global = true, hide = true)]
    pub warnings_as_errors: bool,
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
        Ok(Self((!duration.is_zero()).then_some(duration)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Tool {
        #[command(flatten)]
        connect: ConnectArgs,
    }

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
        for wrong in ["", "soon", "-5s", "PT5S", "1y"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags_have_kubectls_names_and_hide_the_token() {
        let line =
            "t --context c -n ns -s https://h --as me --as-group a --as-group b --token planted --request-timeout 0";
        let connect = Tool::try_parse_from(line.split(' ')).unwrap().connect;
        assert_eq!(connect.impersonate_groups, ["a", "b"]);
        assert_eq!(connect.request_timeout, RequestTimeout(None));
        assert!(!format!("{connect:?}").contains("planted"));
    }
}
