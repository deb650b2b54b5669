//! [`Proxy`]: the way to a server that is not reached directly.

use std::{fmt, net::IpAddr};

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::{ClusterError, Surroundings};

/// A proxy and what it wants to know about us.
#[derive(Clone)]
pub(super) struct Proxy {
    /// Its address, without credentials.
    pub url: Uri,
    /// How it is spoken to.
    pub kind: Kind,
}

/// The protocols a kubeconfig's `proxy-url` may name.
#[derive(Clone)]
pub(super) enum Kind {
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
    /// The kubeconfig's `proxy-url`. As with kubectl it always applies: `NO_PROXY` is about the environment's proxies.
    pub fn named(url: &Uri) -> Result<Self, ClusterError> {
        // hyper-util parses user, password and scheme; any destination does.
        let matcher = Matcher::builder().all(url.to_string()).build();
        let intercept = matcher.intercept(&Uri::from_static("https://cluster"));
        Self::from_intercept(intercept.as_ref()).ok_or_else(|| {
            ClusterError::Config(format!(
                "the cluster's proxy-url has the scheme {:?}; known are http, https and socks5",
                url.scheme_str().unwrap_or_default()
            ))
        })
    }

    /// The environment's proxy for `server`, unless `NO_PROXY` or loopback says otherwise.
    pub fn from_surroundings(around: &Surroundings, server: &Uri) -> Result<Option<Self>, ClusterError> {
        if is_loopback(server) {
            return Ok(None);
        }
        let matcher = Matcher::builder()
            .http(around.http_proxy.clone())
            .https(around.https_proxy.clone())
            .no(without_ports(&around.no_proxy, server))
            .build();
        let Some(intercept) = matcher.intercept(server) else { return Ok(None) };
        let unknown =
            || ClusterError::Config("the proxy of the environment is neither http, https nor socks5".to_owned());
        Self::from_intercept(Some(&intercept)).ok_or_else(unknown).map(Some)
    }

    fn from_intercept(intercept: Option<&Intercept>) -> Option<Self> {
        let intercept = intercept?;
        let kind = match intercept.uri().scheme_str()? {
            "http" | "https" => Kind::Http(intercept.basic_auth().cloned()),
            "socks5" | "socks5h" => {
                Kind::Socks5(intercept.raw_auth().map(|(user, pass)| (user.to_owned(), pass.to_owned())))
            }
            _ => return None,
        };
        Some(Self { url: intercept.uri().clone(), kind })
    }
}

/// kubectl (like all of Go) never asks a proxy for this machine itself.
fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `NO_PROXY` entries may carry a port, which hyper-util does not know: keep those whose port is the server's.
fn without_ports(no_proxy: &str, server: &Uri) -> String {
    let server_port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let entries = no_proxy.split(',').map(str::trim).filter_map(|entry| match entry.rsplit_once(':') {
        // A bare IPv6 address has colons too, but no port.
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            (port.parse() == Ok(server_port)).then(|| host.trim_matches(['[', ']']))
        }
        _ => Some(entry),
    });
    entries.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(no_proxy: &str, server: &'static str) -> bool {
        let around = Surroundings {
            https_proxy: "http://user:planted@proxy:3128".to_owned(),
            no_proxy: no_proxy.to_owned(),
            ..Surroundings::nothing()
        };
        Proxy::from_surroundings(&around, &Uri::from_static(server)).unwrap().is_some()
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
        let proxy = Proxy::named(&Uri::from_static("http://user:planted%40@proxy:3128")).unwrap();
        assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy:3128/)");
        assert!(matches!(proxy.kind, Kind::Http(Some(auth)) if auth.is_sensitive()));
        assert!(Proxy::named(&Uri::from_static("ftp://proxy")).is_err());
    }
}
