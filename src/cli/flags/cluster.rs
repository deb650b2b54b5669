//! [`ConnectArgs`]: kubectl's connection flags, with kubectl's names.

use std::{ffi::OsStr, path::PathBuf};

use clap::{
    Args, ValueHint,
    builder::{OsStringValueParser, TypedValueParser},
};
use secrecy::{ExposeSecret, SecretString};

use crate::cluster::{ConnectOptions, RequestTimeout, UserExtra};

/// The heading of these flags in `--help`.
pub const HEADING: &str = "Cluster";

/// Which cluster to talk to, and as whom. The names and meanings are kubectl's.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// Path to the kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path(), help_heading = HEADING)]
    kubeconfig: Option<PathBuf>,
    /// The name of the kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    context: Option<String>,
    /// The name of the kubeconfig cluster to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    cluster: Option<String>,
    /// The name of the kubeconfig user to use
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    user: Option<String>,
    /// The namespace the job runs in [default: the context's, the row's, then "default"]
    #[arg(long, short = 'n', global = true, value_name = "NAMESPACE", help_heading = HEADING)]
    namespace: Option<String>,
    /// Username to impersonate: a user or a service account
    #[arg(long = "as", global = true, value_name = "USER", help_heading = HEADING)]
    impersonate: Option<String>,
    /// Group to impersonate, can be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", help_heading = HEADING)]
    impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID", help_heading = HEADING)]
    impersonate_uid: Option<String>,
    /// Extra of the user to impersonate, can be repeated
    #[arg(long = "as-user-extra", global = true, value_name = "KEY=VALUE", help_heading = HEADING)]
    impersonate_user_extra: Vec<UserExtra>,
    /// The address and port of the Kubernetes API server
    #[arg(long, short = 's', global = true, value_name = "URL", value_hint = ValueHint::Url, help_heading = HEADING)]
    server: Option<String>,
    /// Bearer token for authentication to the API server
    // Secret, so that no Debug output of a plan can show it.
    #[arg(long, global = true, value_name = "TOKEN", help_heading = HEADING)]
    token: Option<SecretString>,
    /// Username for basic authentication to the API server
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "token", hide_short_help = true, help_heading = HEADING)]
    username: Option<String>,
    /// Password for basic authentication to the API server
    #[arg(long, global = true, value_name = "PASSWORD", requires = "username", hide_short_help = true, help_heading = HEADING)]
    password: Option<SecretString>,
    /// Path to a client certificate file for TLS
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path(), help_heading = HEADING)]
    client_certificate: Option<PathBuf>,
    /// Path to a client key file for TLS
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path(), help_heading = HEADING)]
    client_key: Option<PathBuf>,
    /// Path to a certificate file for the certificate authority
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path(), help_heading = HEADING)]
    certificate_authority: Option<PathBuf>,
    /// Do not check the server's certificate: the connection can be listened to and altered
    #[arg(long, global = true, help_heading = HEADING)]
    insecure_skip_tls_verify: bool,
    /// Let the API server read logs from kubelets whose certificate it cannot check
    #[arg(long, global = true, help_heading = HEADING)]
    insecure_skip_tls_verify_backend: bool,
    /// Name to check the server's certificate against [default: the server's host name]
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    tls_server_name: Option<String>,
    /// How long a single request may take, such as 5s, 2m or 30; 0 waits for ever
    #[arg(long, global = true, value_name = "DURATION", default_value = "10s", allow_hyphen_values = true, help_heading = HEADING)]
    request_timeout: RequestTimeout,
    /// What kubectl knows and has no meaning here.
    #[command(flatten)]
    ignored: IgnoredArgs,
}

/// A path, which may be empty: a script gives `--kubeconfig "$FILE"` whether there is one or not.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// A value, unless it is empty: to kubectl, that is a flag that was not given.
fn given<T>(value: Option<T>, text: impl Fn(&T) -> &OsStr) -> Option<T> {
    value.filter(|value| !text(value).is_empty())
}

impl ConnectArgs {
    /// What they say.
    pub fn plan(self) -> ConnectOptions {
        let ConnectArgs {
            kubeconfig,
            context,
            cluster,
            user,
            namespace,
            impersonate,
            mut impersonate_groups,
            impersonate_uid,
            impersonate_user_extra,
            server,
            token,
            username,
            password,
            client_certificate,
            client_key,
            certificate_authority,
            insecure_skip_tls_verify,
            insecure_skip_tls_verify_backend,
            tls_server_name,
            request_timeout,
            ignored: _,
        } = self;
        let text = |value| given(value, |value: &String| value.as_ref());
        let secret = |value| given(value, |value: &SecretString| value.expose_secret().as_ref());
        let file = |value| given(value, |value: &PathBuf| value.as_os_str());
        impersonate_groups.retain(|group| !group.is_empty());
        ConnectOptions {
            kubeconfig: file(kubeconfig),
            context: text(context),
            cluster: text(cluster),
            user: text(user),
            namespace: text(namespace),
            impersonate: text(impersonate),
            impersonate_groups,
            impersonate_uid: text(impersonate_uid),
            impersonate_user_extra,
            server: text(server),
            token: secret(token),
            username: text(username),
            password: secret(password),
            client_certificate: file(client_certificate),
            client_key: file(client_key),
            certificate_authority: file(certificate_authority),
            insecure_skip_tls_verify,
            insecure_skip_tls_verify_backend,
            tls_server_name: text(tls_server_name),
            request_timeout,
        }
    }
}

/// kubectl's flags about what elbtail does not do. They are accepted, so that an alias made for kubectl works.
#[derive(Debug, Clone, Args)]
struct IgnoredArgs {
    /// Where kubectl caches the API's description.
    #[arg(long, global = true, hide = true, value_name = "DIR", value_parser = path())]
    cache_dir: Option<PathBuf>,
    /// Aliases and defaults of kubectl's own commands.
    #[arg(long, global = true, hide = true, value_name = "FILE", value_parser = path())]
    kuberc: Option<PathBuf>,
    /// klog's.
    #[arg(long, global = true, hide = true, value_name = "DURATION")]
    log_flush_frequency: Option<String>,
    /// klog's.
    #[arg(long, global = true, hide = true, value_name = "LEVEL")]
    v: Option<String>,
    /// klog's.
    #[arg(long, global = true, hide = true, value_name = "PATTERN=LEVEL,…")]
    vmodule: Option<String>,
    /// Go's.
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    profile: Option<String>,
    /// Go's.
    #[arg(long, global = true, hide = true, value_name = "FILE", value_parser = path())]
    profile_output: Option<PathBuf>,
    /// Answers are never compressed.
    #[arg(long, global = true, hide = true)]
    disable_compression: bool,
    /// elbtail has no version of the server.
    #[arg(long, global = true, hide = true)]
    match_server_version: bool,
    /// The server's warnings are not shown.
    #[arg(long, global = true, hide = true)]
    warnings_as_errors: bool,
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
    fn flags_have_kubectls_names_and_hide_the_token() {
        let line =
            "t --context c -n ns -s https://h --as me --as-group a --as-group b --token planted --request-timeout 0";
        let connect = Tool::try_parse_from(line.split(' ')).unwrap().connect;
        assert_eq!(connect.impersonate_groups, ["a", "b"]);
        assert_eq!(connect.request_timeout, RequestTimeout(None));
        assert!(!format!("{connect:?}").contains("planted"));
    }

    #[test]
    fn an_empty_value_is_a_flag_that_was_not_given() {
        let line = "t --kubeconfig= --context= --cluster= --user= -n= --as= --as-group= --as-uid= --server= --token= \
                    --client-certificate= --client-key= --certificate-authority= \
                    --tls-server-name= --cache-dir= --kuberc=";
        let options = Tool::try_parse_from(line.split_whitespace()).unwrap().connect.plan();
        let nothing = Tool::try_parse_from(["t"]).unwrap().connect.plan();
        assert_eq!(format!("{options:?}"), format!("{nothing:?}"));
        assert!(!options.name_a_cluster());
    }
}
