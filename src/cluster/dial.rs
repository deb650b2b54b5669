//! [`Dialer`]: one connection to the API server, through a proxy if need be, up to the point where HTTP starts.

use std::{
    error::Error as StdError,
    fmt, future, io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http::Uri;
use hyper_util::{
    client::legacy::connect::{
        HttpConnector,
        dns::{GaiResolver, Name},
        proxy::{SocksV5, Tunnel},
    },
    rt::TokioIo,
};
use kube::Config;
use rustls::{ClientConfig, pki_types::ServerName};
use secrecy::SecretString;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tower::{Service, ServiceExt, service_fn, util::MapErr};

use super::{
    ClusterError, Settings,
    error::Obstacle,
    proxy::{Proxy, ProxyKind},
    tls,
};
use crate::causes::{chain, find};

/// How often the kernel asks a silent peer whether it is still there. HTTP/2 has its PINGs; HTTP/1.1 has only this.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// A connected byte stream of any kind.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What HTTP starts on.
pub(super) struct Dialed {
    pub wire: Box<dyn Wire>,
    /// Whether the server chose HTTP/2.
    pub http2: bool,
}

/// Opens connections to one API server.
pub(super) struct Dialer {
    config: Config,
    /// Where the user is from, for messages.
    user: String,
    proxy: Option<Proxy>,
    timeout: Option<Duration>,
    tcp: HttpConnector<Resolver>,
    /// `None` for plain http (`kubectl proxy`). Replaced when a plugin makes a new client certificate.
    tls: RwLock<Option<Arc<ClientConfig>>>,
    server: Endpoint,
}

/// Where a URL points, with its port spelled out.
#[derive(Debug, Clone)]
struct Endpoint {
    host: String,
    port: u16,
    secure: bool,
}

impl Endpoint {
    fn of(url: &Uri) -> Self {
        let secure = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Self { host: url.host().unwrap_or_default().to_owned(), port, secure }
    }

    /// The host as certificates name it: IPv6 without brackets.
    fn name(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The system's resolver, with errors of our own.
type Resolver = MapErr<GaiResolver, fn(io::Error) -> DnsFailure>;

/// Tells a name that does not resolve from an address that does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct DnsFailure(#[source] io::Error);

impl Dialer {
    /// Prepares to dial; no connection is made yet.
    pub fn new(settings: &Settings, identity: Option<&(String, SecretString)>) -> Result<Self, ClusterError> {
        let resolver: Resolver = ServiceExt::<Name>::map_err(GaiResolver::new(), DnsFailure as fn(_) -> _);
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        tcp.set_keepalive_interval(Some(TCP_KEEPALIVE / 3));
        // Several addresses share this; the whole is cut off by the timeout around it.
        tcp.set_connect_timeout(settings.timeout);
        let dialer = Self {
            config: settings.config.clone(),
            user: settings.user.clone(),
            proxy: settings.proxy.clone(),
            timeout: settings.timeout,
            tcp,
            tls: RwLock::new(None),
            server: Endpoint::of(&settings.config.cluster_url),
        };
        dialer.identify(identity)?;
        Ok(dialer)
    }

    /// The server as `host:port`.
    pub fn host(&self) -> String {
        self.server.to_string()
    }

    /// Uses another client certificate for the connections from here on.
    pub fn identify(&self, identity: Option<&(String, SecretString)>) -> Result<(), ClusterError> {
        if self.server.secure {
            let config = tls::client_config(&self.config, &self.user, identity)?;
            *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(config));
        }
        Ok(())
    }

    /// One new connection, or why there is none, within the request timeout.
    pub async fn dial(&self) -> Result<Dialed, ClusterError> {
        self.in_time("connecting", self.connect()).await?
    }

    /// The result of `work`, unless it takes longer than a request may.
    pub async fn in_time<T>(&self, what: &'static str, work: impl Future<Output = T>) -> Result<T, ClusterError> {
        match self.timeout {
            Some(after) => tokio::time::timeout(after, work).await.map_err(|_| self.late(what, after)),
            None => Ok(work.await),
        }
    }

    /// The error for something that took longer than `after`.
    pub fn late(&self, what: &'static str, after: Duration) -> ClusterError {
        self.unreachable(Obstacle::Timeout { what, after })
    }

    /// The way to the server, before anything is said on it.
    async fn wire(&self) -> Result<Box<dyn Wire>, ClusterError> {
        match &self.proxy {
            Some(proxy) => self.through(proxy).await,
            None => Ok(Box::new(self.tcp(&self.server).await.map_err(|error| self.unreachable(obstacle(&*error)))?)),
        }
    }

    async fn connect(&self) -> Result<Dialed, ClusterError> {
        let wire = self.wire().await?;
        let tls = self.tls.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(tls) = tls else { return Ok(Dialed { wire, http2: false }) };
        let name = self.name();
        let wire = handshake(wire, tls, name).await.map_err(|error| match find::<rustls::Error>(&error) {
            Some(error) => tls::explain(&self.host(), name, error),
            // Nothing was said against the certificates: the network, or a server that stops or starts.
            None => self.unreachable(Obstacle::Network(match error.kind() {
                io::ErrorKind::UnexpectedEof => "it closed the connection during the TLS handshake".to_owned(),
                _ => format!("the TLS handshake broke off: {error}"),
            })),
        })?;
        let http2 = wire.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Dialed { wire: Box::new(wire), http2 })
    }

    /// A tunnel to the server through the proxy.
    async fn through(&self, proxy: &Proxy) -> Result<Box<dyn Wire>, ClusterError> {
        let endpoint = Endpoint::of(&proxy.url);
        let named = format!("{endpoint} ({})", proxy.origin);
        let failed = |why: String| self.unreachable(Obstacle::Proxy { proxy: named.clone(), why });
        let tcp = self.tcp(&endpoint).await.map_err(|error| failed(obstacle(&*error).of_proxy()))?;
        let mut wire: Box<dyn Wire> = Box::new(tcp);
        if endpoint.secure {
            // The proxy is not the cluster: the system's roots vouch for it, and no client certificate is shown.
            let mut tls = tls::client_config(&Config::new(proxy.url.clone()), "the proxy", None)?;
            tls.alpn_protocols.clear();
            let secured = handshake(wire, Arc::new(tls), endpoint.name()).await;
            wire = Box::new(secured.map_err(|error| failed(error.to_string()))?);
        }
        // hyper-util's tunnels call a connector of theirs: hand them the connection that is already there.
        let mut wire = Some(TokioIo::new(wire));
        let connected = service_fn(move |_: Uri| future::ready(wire.take().ok_or(io::ErrorKind::NotConnected)));
        let connected = connected.map_err(io::Error::from);
        let target: Uri = format!("https://{}", self.server)
            .parse()
            .map_err(|_| ClusterError::Config(format!("the server {} is no address", self.server)))?;
        let tunnelled = match &proxy.kind {
            ProxyKind::Http(auth) => {
                let mut tunnel = Tunnel::new(proxy.url.clone(), connected);
                if let Some(auth) = auth {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                tunnel.call(target).await.map_err(|error| failed(error.to_string()))?
            }
            ProxyKind::Socks5(auth) => {
                let mut tunnel = SocksV5::new(proxy.url.clone(), connected);
                if let Some((user, pass)) = auth {
                    tunnel = tunnel.with_auth(user.clone(), pass.clone());
                }
                tunnel.call(target).await.map_err(|error| failed(error.to_string()))?
            }
        };
        Ok(tunnelled.into_inner())
    }

    async fn tcp(&self, to: &Endpoint) -> Result<TcpStream, Box<dyn StdError + Send + Sync>> {
        let url: Uri = format!("http://{to}").parse()?;
        let mut connector = self.tcp.clone();
        future::poll_fn(|cx| connector.poll_ready(cx)).await?;
        Ok(connector.call(url).await?.into_inner())
    }

    /// What it means that a connection failed once HTTP had begun.
    pub fn broken(&self, error: &(dyn StdError + 'static)) -> ClusterError {
        match find::<rustls::Error>(error) {
            // With TLS 1.3 a server refuses a client certificate only now.
            Some(error @ rustls::Error::AlertReceived(_)) => tls::explain(&self.host(), self.name(), error),
            // Bytes that are no HTTP, where no TLS was asked for.
            _ if !self.server.secure && find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) => {
                self.wants_tls()
            }
            // Some servers of TLS hang up without a word.
            _ if !self.server.secure => {
                let why = format!("{}; if the port wants TLS, write https:// in the server's URL", chain(error));
                ClusterError::Broken { host: self.host(), why }
            }
            _ => ClusterError::Broken { host: self.host(), why: chain(error) },
        }
    }

    /// The error once more, now that the port is asked: over plain http a server of TLS may hang up without a word, and then
    /// another try is of no use.
    pub async fn considered(&self, error: ClusterError) -> ClusterError {
        let is_doubtful = self.is_plain() && matches!(error, ClusterError::Broken { .. });
        if is_doubtful && matches!(self.in_time("TLS", self.speaks_tls()).await, Ok(true)) {
            return self.wants_tls();
        }
        error
    }

    /// Whether the port answers a TLS handshake as one, be it with a certificate that nobody trusts.
    async fn speaks_tls(&self) -> bool {
        let Ok(tls) = tls::client_config(&self.config, &self.user, None) else { return false };
        let Ok(wire) = self.wire().await else { return false };
        match handshake(wire, Arc::new(tls), self.name()).await {
            Ok(_) => true,
            Err(error) => match find::<rustls::Error>(&error) {
                Some(rustls::Error::InvalidMessage(_)) | None => false,
                Some(_) => true,
            },
        }
    }

    /// Whether the server is spoken to without TLS.
    pub fn is_plain(&self) -> bool {
        !self.server.secure
    }

    /// The error for a server that does not speak plain http.
    pub fn wants_tls(&self) -> ClusterError {
        self.unreachable(Obstacle::Tls(Obstacle::WANTS_TLS.to_owned()))
    }

    /// The name the server's certificate has to be for.
    fn name(&self) -> &str {
        self.config.tls_server_name.as_deref().unwrap_or(self.server.name())
    }

    fn unreachable(&self, why: Obstacle) -> ClusterError {
        ClusterError::Unreachable { host: self.host(), why }
    }
}

async fn handshake(
    wire: Box<dyn Wire>,
    tls: Arc<ClientConfig>,
    name: &str,
) -> io::Result<tokio_rustls::client::TlsStream<Box<dyn Wire>>> {
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(tls).connect(name, wire).await
}

/// What a failed TCP connection means.
fn obstacle(error: &(dyn StdError + 'static)) -> Obstacle {
    if let Some(DnsFailure(error)) = find::<DnsFailure>(error) {
        return Obstacle::Dns(error.to_string());
    }
    match find::<io::Error>(error) {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => Obstacle::Refused,
        Some(error) => Obstacle::Network(error.to_string()),
        None => Obstacle::Network(error.to_string()),
    }
}
