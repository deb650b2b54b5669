//! [`Proxy`]: the way to a server that is not reached directly.

use std::fmt;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::{ClusterError, ConnectEnvironment, no_proxy::NoProxy};
use crate::mask::url::unclear;

/// A proxy and what it wants to know about us.
#[derive(Clone)]
pub(super) struct Proxy {
    /// Its address, without credentials.
    pub url: Uri,
    /// How it is spoken to.
    pub kind: ProxyKind,
    /// What names it, for messages.
    pub origin: &'static str,
}

/// The protocols a kubeconfig's `proxy-url` may name.
#[derive(Clone)]
pub(super) enum ProxyKind {
    /// CONNECT, over plain or TLS; with the value of `Proxy-Authorization`.
    Http(Option<HeaderValue>),
    /// SOCKS 5 with user and password.
    Socks5(Option<(String, String)>),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.url)
    }
}

impl Proxy {
    /// The kubeconfig's `proxy-url`, which stands in the entry `cluster`. As with kubectl it always applies: `NO_PROXY` is about the environment's proxies.
    pub fn named(url: &Uri, cluster: &str) -> Result<Self, ClusterError> {
        // hyper-util parses user, password and scheme; any destination does.
        let matcher = Matcher::builder().all(url.to_string()).build();
        let intercept = matcher.intercept(&Uri::from_static("https://cluster"));
        Self::from_intercept(intercept.as_ref(), "the kubeconfig's proxy-url").ok_or_else(|| {
            ClusterError::Config(format!(
                "{cluster}: proxy-url has the scheme {:?}; known are http, https and socks5",
                url.scheme_str().unwrap_or_default()
            ))
        })
    }

    /// The environment's proxy for `server`, unless `NO_PROXY` or loopback says otherwise.
    pub fn from_environment(environment: &ConnectEnvironment, server: &Uri) -> Result<Option<Self>, ClusterError> {
        if !NoProxy::parse(&environment.no_proxy).lets_through(server) {
            return Ok(None);
        }
        let named =
            if server.scheme_str() == Some("http") { &environment.http_proxy } else { &environment.https_proxy };
        let origin = if server.scheme_str() == Some("http") { "HTTP_PROXY" } else { "HTTPS_PROXY" };
        if let Some(why) = unclear(named) {
            return Err(ClusterError::Config(format!("the proxy in {origin}: {why}")));
        }
        let matcher =
            Matcher::builder().http(environment.http_proxy.clone()).https(environment.https_proxy.clone()).build();
        let Some(intercept) = matcher.intercept(server) else { return Ok(None) };
        let unknown = || ClusterError::Config(format!("the proxy in {origin} is neither http, https nor socks5"));
        Self::from_intercept(Some(&intercept), origin).ok_or_else(unknown).map(Some)
    }

    fn from_intercept(intercept: Option<&Intercept>, origin: &'static str) -> Option<Self> {
        let intercept = intercept?;
        let kind = match intercept.uri().scheme_str()? {
            "http" | "https" => ProxyKind::Http(intercept.basic_auth().cloned()),
            "socks5" | "socks5h" => {
                ProxyKind::Socks5(intercept.raw_auth().map(|(user, pass)| (user.to_owned(), pass.to_owned())))
            }
            _ => return None,
        };
        Some(Self { url: intercept.uri().clone(), kind, origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(no_proxy: &str, server: &'static str) -> bool {
        let environment = ConnectEnvironment {
            https_proxy: "http://user:planted@proxy:3128".to_owned(),
            no_proxy: no_proxy.to_owned(),
            ..ConnectEnvironment::nothing()
        };
        Proxy::from_environment(&environment, &Uri::from_static(server)).unwrap().is_some()
    }

    #[test]
    fn no_proxy_is_matched_against_the_cluster() {
        assert!(proxied("", "https://api.example.org:6443"));
        assert!(proxied("proxy", "https://api.example.org:6443"));
        assert!(!proxied("example.org", "https://api.example.org:6443"));
        assert!(!proxied("other, .example.org", "https://api.example.org:6443"));
        assert!(!proxied("example.org:6443", "https://api.example.org:6443"));
        assert!(proxied("example.org:443", "https://api.example.org:6443"));
        assert!(!proxied("10.0.0.0/8", "https://10.1.2.3:6443"));
        assert!(!proxied("fd00::/8", "https://[fd00::1]:6443"));
        assert!(!proxied("*", "https://api.example.org:6443"));
        assert!(!proxied("", "https://127.0.0.1:6443"), "loopback is never proxied");
        assert!(!proxied("", "http://api.example.org"), "the https proxy is for https");
    }

    #[test]
    fn credentials_are_taken_out_of_the_url() {
        let proxy = Proxy::named(&Uri::from_static("http://user:planted%40@proxy:3128"), "cluster").unwrap();
        assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy:3128/)");
        assert!(matches!(proxy.kind, ProxyKind::Http(Some(auth)) if auth.is_sensitive()));
        assert!(Proxy::named(&Uri::from_static("ftp://proxy"), "cluster").is_err());
    }
}
