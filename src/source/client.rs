//! [`Client`]: HTTP for the sources that are reached by it; set up at the first request, bounded in every way.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{RequestBuilder, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::{SourceEnvironment, SourceError, secrets::Secrets};
use crate::{
    causes::{chain, find},
    environment::Environment,
    mask::url::unclear,
    trust::{self, Trust},
};

/// The most bytes of an answer: a page of Azure's table service has at most 4 MiB.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// A client for one server.
pub(super) struct Client {
    at: String,
    secrets: Secrets,
    /// Whether something on a request must not reach another server.
    credentials: bool,
    /// How long a whole answer may take.
    limit: Option<Duration>,
    /// The variables that name proxies, as the client below reads them by itself.
    proxies: Environment,
    inner: OnceLock<(reqwest::Client, Option<String>)>,
}

/// An answer, whole.
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    /// Sets nothing up yet. `credentials`: requests will carry some.
    pub fn new(
        at: String,
        secrets: Secrets,
        credentials: bool,
        limit: Option<Duration>,
        environment: &SourceEnvironment,
    ) -> Self {
        Self { at, secrets, credentials, limit, proxies: environment.proxies.clone(), inner: OnceLock::new() }
    }

    /// A GET of `url`.
    pub fn get(&self, url: &Url) -> Result<RequestBuilder, SourceError> {
        Ok(self.inner(url)?.get(url.clone()))
    }

    /// A POST to `url`.
    #[cfg(feature = "azure")]
    pub fn post(&self, url: &Url) -> Result<RequestBuilder, SourceError> {
        Ok(self.inner(url)?.post(url.clone()))
    }

    /// Sends `request` and reads the answer, of any status.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply, SourceError> {
        let mut response = request.send().await.map_err(|error| self.explain(error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = match self.body(response).await {
            // A refusal is one, whatever becomes of its words.
            Err(_) if status.is_client_error() || status.is_server_error() => Vec::new(),
            body => body?,
        };
        Ok(Reply { status, headers, body })
    }

    /// Words of the server, fit for a message.
    pub fn told(&self, words: &str) -> String {
        self.secrets.told(words)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, SourceError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(error))? {
            if body.len() + chunk.len() > MAX_BYTES {
                let why = format!("the answer is larger than {} MiB; is the URL that of a row?", MAX_BYTES >> 20);
                return Err(SourceError::NotARow { at: self.at.clone(), why });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn inner(&self, url: &Url) -> Result<&reqwest::Client, SourceError> {
        if let Some((client, _)) = self.inner.get() {
            return Ok(client);
        }
        if !is_local(url)
            && let Some((name, why)) = unclear_proxy(&self.proxies)
        {
            return Err(SourceError::Usage(format!("the proxy in {name}: {why}")));
        }
        let wrong = |why: String| SourceError::Rejected { at: self.at.clone(), why, transient: false };
        let tls = match tls() {
            // Plain http is for those that trust nobody, too.
            Err(_) if url.scheme() == "http" => {
                let nobody = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
                Some(nobody.with_no_client_auth())
            }
            tls => tls.map_err(wrong)?,
        };
        let client = build(url, tls, self.credentials, self.limit)
            .map_err(|error| wrong(format!("TLS cannot be set up: {}", self.told(&chain(&error)))))?;
        let proxy = if is_local(url) { None } else { proxy_for(url, &self.proxies) };
        Ok(&self.inner.get_or_init(|| (client, proxy)).0)
    }

    /// The proxy on the way to the server, for messages.
    fn proxy(&self) -> Option<&str> {
        self.inner.get().and_then(|(_, proxy)| proxy.as_deref())
    }

    /// What a request without an answer means.
    fn explain(&self, error: reqwest::Error) -> SourceError {
        // The URL may hold a SAS.
        let error = error.without_url();
        let at = self.at.clone();
        if let Some(crossing) = find::<Crossing>(&error) {
            return SourceError::Rejected { at, why: crossing.to_string(), transient: false };
        }
        let tls = find::<rustls::Error>(&error);
        let refused = find::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        let why = if let Some(tls) = tls {
            format!(
                "TLS failed: {}; check the URL and the certificate ($SSL_CERT_FILE names other roots)",
                trust::told(tls)
            )
        } else if error.is_timeout() {
            let limit = self.limit.map(|limit| format!(" within {limit:?}")).unwrap_or_default();
            let way = self.proxy().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
            format!(
                "no answer{limit}{way}; check the address and the network, or give more time with --request-timeout"
            )
        } else if let Some(proxy) = self.proxy().filter(|_| error.is_connect()) {
            // Only the way to the proxy is ours: the way on from there is its own, and so is what it says of it.
            let why = match () {
                () if refused => "connection refused; is it running, and is the port right?".to_owned(),
                () if error.is_dns() => "its name does not resolve; check it, your DNS and VPN".to_owned(),
                () => self.told(&chain(&error)),
            };
            format!("proxy {proxy}: {why}")
        } else if refused {
            "connection refused; is the server running, and is the port right?".to_owned()
        } else if error.is_dns() {
            "the host's name does not resolve; check it, your DNS and VPN".to_owned()
        } else if error.is_redirect() {
            "it redirects in circles; check the URL".to_owned()
        } else {
            format!("{}; check the address and the network", self.told(&chain(&error)))
        };
        SourceError::Unreachable { at, why, transient: tls.is_none() && !error.is_redirect() }
    }
}

/// The proxy that stands before `url`, as `host:port (NAME)`: the environment read as reqwest reads it.
fn proxy_for(url: &Url, environment: &Environment) -> Option<String> {
    let of = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, environment.text(name)?)));
    let https = url.scheme() == "https";
    let of_scheme = of(if https { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] });
    let (name, value) = of_scheme.or_else(|| of(["ALL_PROXY", "all_proxy"]))?;
    let no = of(["NO_PROXY", "no_proxy"]).map(|(_, list)| list).unwrap_or_default();
    let matcher = Matcher::builder().all(value).no(no).build();
    let proxy = matcher.intercept(&url.as_str().parse().ok()?)?;
    let (host, scheme) = (proxy.uri().host()?, proxy.uri().scheme_str());
    let port = proxy.uri().port_u16().unwrap_or(if scheme == Some("https") { 443 } else { 80 });
    Some(format!("{host}:{port} ({name})"))
}

/// The environment's proxy in which it cannot be told where the password ends, and why. A redirect may lead to either scheme.
fn unclear_proxy(environment: &Environment) -> Option<(&'static str, String)> {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find_map(|name| Some((name, unclear(environment.text(name)?)?)))
}

/// TLS with the CAs of this machine; `None` where the system itself judges certificates.
fn tls() -> Result<Option<ClientConfig>, String> {
    crate::crypto::choose();
    let trust = Trust::of_machine()?;
    Ok(trust.map(|trust| {
        let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(trust));
        let mut config = config.with_no_client_auth();
        // reqwest says nothing in a handshake that it has not prepared, and may have been built without HTTP/2.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }))
}

/// A client for `url`; with `credentials` it leaves that server for no redirect.
fn build(
    url: &Url,
    tls: Option<ClientConfig>,
    credentials: bool,
    limit: Option<Duration>,
) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("elbtail/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .redirect(Policy::custom(move |attempt| {
            let from = attempt.previous().first().map(Url::origin);
            if attempt.previous().len() > REDIRECTS {
                attempt.error("too many redirects")
            } else if credentials && from != Some(attempt.url().origin()) {
                // Its path and query may repeat what we sent.
                let to = attempt.url().origin().ascii_serialization();
                attempt.error(Crossing(to))
            } else {
                attempt.follow()
            }
        }));
    if let Some(tls) = tls {
        builder = builder.tls_backend_preconfigured(tls);
    }
    if let Some(limit) = limit {
        builder = builder.timeout(limit);
    }
    if is_local(url) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// What to say when credentials go to `url` unencrypted, over a network.
pub(super) fn in_plain_sight(at: &str, url: &Url) -> Option<String> {
    let bare = url.scheme() == "http" && !is_local(url);
    bare.then(|| {
        format!("{at}: credentials go there over plain http, where anyone on the way can read them; use https")
    })
}

/// Whether `url` is this machine or its metadata service, which no proxy stands in front of.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.');
    let local = |ip: IpAddr| ip.is_loopback() || matches!(ip, IpAddr::V4(ip) if ip.is_link_local());
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(local)
}

/// A redirect that would take credentials to another server.
#[derive(Debug, thiserror::Error)]
#[error("it redirects to {0}, where credentials are not sent along; if that is the right place, give its URL")]
struct Crossing(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_on_the_way_is_named_with_where_it_comes_from_and_without_its_password() {
        let of = |set: &[(&str, &str)], url: &str| proxy_for(&Url::parse(url).unwrap(), &set.iter().copied().collect());
        let named = |text: &str| Some(text.to_owned());
        let both = [("HTTPS_PROXY", "http://me:p@secure:3128"), ("http_proxy", "plain:8080")];
        assert_eq!(of(&both, "https://h/x"), named("secure:3128 (HTTPS_PROXY)"));
        assert_eq!(of(&both, "http://h/x"), named("plain:8080 (http_proxy)"));
        assert_eq!(of(&[("all_proxy", "http://any")], "https://h"), named("any:80 (all_proxy)"));
        assert_eq!(of(&[("HTTPS_PROXY", ""), ("https_proxy", "https://p")], "https://h"), named("p:443 (https_proxy)"));
        assert_eq!(of(&[("HTTPS_PROXY", "http://p"), ("NO_PROXY", "corp")], "https://db.corp"), None);
        assert_eq!(of(&[("HTTP_PROXY", "http://p")], "https://h"), None);
        assert_eq!(of(&[], "https://h"), None);
    }

    #[test]
    fn a_proxy_whose_password_has_no_clear_end_is_refused_without_a_word_of_it() {
        let of = |set: &str, url: &str| unclear_proxy(&[(set, url)].into_iter().collect());
        for set in ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"] {
            let (name, why) = of(set, "http://me:99/Secret@proxy:3128").unwrap();
            assert!(name == set && why.contains("/ as %2F") && !why.contains("Secret"), "{name}: {why}");
        }
        assert_eq!(of("HTTPS_PROXY", "http://me:p%2FSecret@proxy:3128"), None);
    }
}
