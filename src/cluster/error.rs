//! [`ClusterError`]: what can go wrong between elbtail and the API server, in the categories the exit codes know.

use std::{fmt, time::Duration};

use kube::{Error as KubeError, core::Status, runtime::watcher};

use crate::{
    causes::{chain, find},
    exit::Exit,
    foreign,
    k8s::kubelet_error::is_kubelets_401,
};

/// The longest time for which a server is left alone, however long it asks: no log is read meanwhile, and some may be rotated
/// away. A busy API server asks for 32 s at most (`maxRetryAfter` of its flow control), so whoever asks for more is a gateway on
/// the way, and is asked once a minute. client-go, and kubectl with it, waits as long as it is told.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The reason that kube makes up for an answer that is no `Status`, with the whole of it as the message.
const NO_STATUS: &str = "Failed to parse error data";

/// What an answer without a word is called.
const NO_WORDS: &str = "the server gave no reason";

/// Why the cluster did not answer, or what it answered instead.
///
/// Every text is complete: one sentence (or two) with the host and the next step, and never a credential.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The flags or the kubeconfig are wrong: an unknown context, a malformed file, an unusable certificate.
    /// A usage error, because only editing them helps.
    #[error("{0}")]
    Config(String),
    /// Nothing says which cluster to talk to.
    #[error("{0}")]
    NoCluster(String),
    /// No connection, or no answer on it.
    #[error("cannot reach the cluster at {host}: {why}")]
    Unreachable {
        /// The API server (or the proxy on the way to it) as `host:port`.
        host: String,
        /// What stood in the way.
        why: Obstacle,
    },
    /// An answer, or the way to it, broke off in the middle.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The API server as `host:port`.
        host: String,
        /// What the transport saw.
        why: String,
    },
    /// No credentials, or ones the server (or the plugin that makes them) refused.
    #[error("{0}")]
    Unauthenticated(String),
    /// Known to the server, but not permitted.
    #[error("{}", forbidden(.0))]
    Forbidden(Rejection),
    /// The server answered with any other Kubernetes `Status`.
    #[error("{0}")]
    Rejected(Rejection),
    /// Something no part of this list describes.
    #[error("{0}")]
    Unexpected(String),
}

/// What stands between elbtail and the API server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The host's name does not resolve.
    #[error("its name does not resolve ({0}); check the server's name in the kubeconfig, your DNS and VPN")]
    Dns(String),
    /// Nothing listens there.
    #[error("connection refused; is the cluster running, and is the port right?")]
    Refused,
    /// No answer in time.
    #[error("{what} took longer than {after:?}; check the network, or give more time with --request-timeout")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The server's certificate does not convince, or its end of a handshake refuses ours.
    #[error("{0}")]
    Tls(String),
    /// Something answers, and it is not Kubernetes.
    #[error("it answers with {0}: is this the API's URL? check the server in the kubeconfig, or --server")]
    NotTheApi(String),
    /// The proxy refused or failed.
    #[error("proxy {proxy}: {why}")]
    Proxy {
        /// The proxy as `host:port`.
        proxy: String,
        /// What it said.
        why: String,
    },
    /// Any other failure of the network.
    #[error("{0}")]
    Network(String),
}

impl Obstacle {
    /// What an answer to plain http means that is none.
    pub(super) const WANTS_TLS: &'static str = "it wants TLS there: write https:// in the server's URL";

    /// The same about a proxy, to which the advice about clusters does not apply.
    pub(super) fn of_proxy(&self) -> String {
        match self {
            Self::Refused => "connection refused; is it running, and is the port right?".to_owned(),
            Self::Dns(why) => format!("its name does not resolve ({why})"),
            other => other.to_string(),
        }
    }
}

/// A Kubernetes `Status` that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status code.
    pub code: u16,
    /// `Status.reason`, such as `NotFound`; empty when the server gave none.
    pub reason: String,
    /// `Status.message`, the start of a text that is no `Status`, or what else came.
    pub message: String,
    /// `Retry-After`, when the server sent it: a minute at most.
    pub retry_after: Option<Duration>,
}

/// The API server's own words say who may not do what; another's need the code to be understood.
fn forbidden(rejection: &Rejection) -> String {
    if rejection.reason.is_empty() { rejection.to_string() } else { rejection.message.clone() }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => write!(f, "{} (HTTP {})", self.message, self.code),
            reason => write!(f, "{} ({reason}, HTTP {})", self.message, self.code),
        }
    }
}

impl Rejection {
    /// How long a server is left alone that asks for so many seconds.
    pub(super) fn pause(seconds: u64) -> Duration {
        Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER)
    }

    /// Whether the server is busy, starting or broken, and not at odds with the request.
    fn is_transient(&self) -> bool {
        matches!(self.code, 408 | 429 | 500..=599)
    }

    /// How much of a body that is no `Status` is worth showing.
    const EXCERPT: usize = 300;

    /// Reads the answer's body; proxies and old servers answer in plain text, or with a page, which is named and not quoted.
    pub(super) fn parse(code: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        if let Ok(status) = serde_json::from_slice::<Status>(body)
            && (!status.message.is_empty() || !status.reason.is_empty() || status.code > 0)
        {
            let message = if status.message.is_empty() { NO_WORDS.to_owned() } else { status.message };
            return Self { code, reason: status.reason, message, retry_after };
        }
        let text = String::from_utf8_lossy(body);
        let message: String = match (foreign::name(body), text.trim()) {
            (Some(what), _) => format!("it answers with {what}"),
            (None, "") => NO_WORDS.to_owned(),
            (None, text) => text.chars().take(Self::EXCERPT).collect(),
        };
        Self { code, reason: String::new(), message, retry_after }
    }
}

impl From<Rejection> for ClusterError {
    fn from(rejection: Rejection) -> Self {
        match rejection.code {
            // The API server let the request in: it is the kubelet that does not let the API server in.
            401 if is_kubelets_401(&rejection.message) => Self::Rejected(rejection),
            401 => Self::Unauthenticated(format!("the cluster refused the credentials: {}", rejection.message)),
            403 => Self::Forbidden(rejection),
            _ => Self::Rejected(rejection),
        }
    }
}

impl ClusterError {
    /// The exit code this error ends a run with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::NoCluster(_) => Exit::Usage,
            Self::Unreachable { .. } | Self::Broken { .. } => Exit::Unreachable,
            Self::Unauthenticated(_) | Self::Forbidden(_) => Exit::Denied,
            // It is as good as away, and a script tries again.
            Self::Rejected(rejection) if rejection.is_transient() => Exit::Unreachable,
            Self::Rejected(_) | Self::Unexpected(_) => Exit::Unexpected,
        }
    }

    /// Whether the same request may well succeed a little later: the network, or a server that is busy or starting.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { why, .. } => !matches!(why, Obstacle::Tls(_) | Obstacle::NotTheApi(_)),
            Self::Broken { .. } => true,
            Self::Rejected(rejection) => rejection.is_transient(),
            _ => false,
        }
    }

    /// Whether no later attempt can succeed either: elbtail's credentials or permissions are not enough.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::Unauthenticated(_))
    }

    /// How long the server asked to be left alone, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.rejection().and_then(|rejection| rejection.retry_after)
    }

    /// The rejection, when the server gave one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Forbidden(rejection) | Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }
}

impl From<&KubeError> for ClusterError {
    fn from(error: &KubeError) -> Self {
        if let Some(ours) = find::<ClusterError>(error) {
            return ours.clone();
        }
        match error {
            KubeError::Api(status) => status.as_ref().into(),
            KubeError::SerdeError(error) => {
                Self::Unexpected(format!("the answer is not what Kubernetes sends ({error}): is this the API's URL?"))
            }
            _ => Self::Unexpected(chain(error)),
        }
    }
}

impl From<&Status> for ClusterError {
    fn from(status: &Status) -> Self {
        // Of what is said in the midst of a watch; a refusal's header is read by `transport`.
        if status.reason == NO_STATUS {
            return Rejection::parse(status.code, None, status.message.as_bytes()).into();
        }
        let retry_after = status.details.as_ref().map(|details| details.retry_after_seconds).filter(|&s| s > 0);
        Rejection {
            code: status.code,
            reason: status.reason.clone(),
            message: if status.message.is_empty() { NO_WORDS.to_owned() } else { status.message.clone() },
            retry_after: retry_after.map(|seconds| Rejection::pause(u64::from(seconds))),
        }
        .into()
    }
}

impl From<&watcher::Error> for ClusterError {
    fn from(error: &watcher::Error) -> Self {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => error.into(),
            watcher::Error::WatchError(status) => status.as_ref().into(),
            watcher::Error::NoResourceVersion => Self::Unexpected(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_map_to_exit_codes() {
        let forbidden = br#"{"kind":"Status","message":"pods is forbidden","reason":"Forbidden","code":403}"#;
        let error = ClusterError::from(Rejection::parse(403, None, forbidden));
        assert_eq!((error.exit(), error.to_string()), (Exit::Denied, "pods is forbidden".to_owned()));
        let html = ClusterError::from(Rejection::parse(502, None, b"<html>Bad Gateway</html>"));
        assert_eq!(html.to_string(), "it answers with a web page (HTTP 502)");
        assert!(html.is_transient());
        for (code, exit) in [
            (400, Exit::Unexpected),
            (404, Exit::Unexpected),
            (429, Exit::Unreachable),
            (500, Exit::Unreachable),
            (502, Exit::Unreachable),
            (503, Exit::Unreachable),
        ] {
            assert_eq!(ClusterError::from(Rejection::parse(code, None, b"")).exit(), exit, "{code}");
        }
        assert_eq!(ClusterError::from(Rejection::parse(401, None, b"")).exit(), Exit::Denied);
    }

    #[test]
    fn an_answer_that_is_no_status_is_quoted_in_part_and_without_a_made_up_reason() {
        let told = |message: String| {
            let status = Status { code: 502, reason: NO_STATUS.to_owned(), message, ..Status::default() };
            ClusterError::from(&KubeError::Api(Box::new(status))).to_string()
        };
        let words = told(format!("no healthy upstream{}", "x".repeat(5000)));
        assert!(words.starts_with("no healthy upstreamxxx") && words.ends_with("x (HTTP 502)"), "{words}");
        assert!(words.len() < 400, "{words}");
        let page = told(format!("<html>Bad Gateway</html>{}", "x".repeat(5000)));
        assert_eq!(page, "it answers with a web page (HTTP 502)");
    }

    #[test]
    fn own_errors_survive_kube_and_io_wrapping() {
        let ours = ClusterError::Unauthenticated("token expired".to_owned());
        let wrapped = KubeError::ReadEvents(std::io::Error::other(KubeError::Service(Box::new(ours))));
        assert!(matches!(ClusterError::from(&wrapped), ClusterError::Unauthenticated(text) if text == "token expired"));
    }
}
