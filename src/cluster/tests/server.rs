//! An API server of thirty lines: TLS, HTTP/2 or HTTP/1.1, a token, and pods named after what their log does.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response, StatusCode, Version, header::AUTHORIZATION};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

use super::super::{
    Cluster, ClusterError, ConnectEnvironment, ConnectOptions, LogAnswer, LogBody, LogQuery, RequestTimeout,
};
use super::listen::listen;

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// How the server speaks.
#[derive(Clone)]
pub struct Speech {
    pub tls: bool,
    pub http2: bool,
    pub max_streams: u32,
    /// Wants a client certificate signed by itself, in PEM.
    pub client_ca: Option<String>,
}

impl Default for Speech {
    fn default() -> Self {
        Self { tls: true, http2: true, max_streams: 100, client_ca: None }
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub accepted: AtomicUsize,
    pub requests: Mutex<Vec<http::request::Parts>>,
    /// The token that is let in; any, when empty.
    pub token: Mutex<String>,
    pub dir: TempDir,
    connections: Mutex<Vec<AbortHandle>>,
    go_away: Notify,
    speech: Speech,
}

impl Server {
    pub async fn start(speech: Speech) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let names = vec!["127.0.0.1".to_owned(), "kubernetes.test".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let server = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            accepted: AtomicUsize::new(0),
            requests: Mutex::default(),
            token: Mutex::default(),
            dir: tempfile::tempdir().unwrap(),
            connections: Mutex::default(),
            go_away: Notify::new(),
            speech: speech.clone(),
        });
        std::fs::write(server.ca(), cert.pem()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let config = match &speech.client_ca {
            Some(pem) => {
                let mut roots = rustls::RootCertStore::empty();
                let der = <rustls::pki_types::CertificateDer as rustls::pki_types::pem::PemObject>::from_pem_slice(
                    pem.as_bytes(),
                );
                roots.add(der.unwrap()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                config.with_client_cert_verifier(verifier)
            }
            None => config.with_no_client_auth(),
        };
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let mut config = config.with_single_cert(vec![cert.der().clone()], key).unwrap();
        config.alpn_protocols =
            if speech.http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                accepting.accepted.fetch_add(1, SeqCst);
                let (server, acceptor) = (accepting.clone(), acceptor.clone());
                let task = tokio::spawn(async move {
                    if !server.speech.tls {
                        server.serve(tcp, false).await;
                    } else if let Ok(tls) = acceptor.accept(tcp).await {
                        let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
                        server.serve(tls, http2).await;
                    }
                });
                accepting.connections.lock().unwrap().push(task.abort_handle());
            }
        });
        server
    }

    async fn serve(self: Arc<Self>, wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http2: bool) {
        let server = self.clone();
        let service = service_fn(move |request| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request)) }
        });
        if http2 {
            let connection = http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(self.speech.max_streams)
                .serve_connection(TokioIo::new(wire), service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = &mut connection => return,
                () = self.go_away.notified() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        } else {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(wire), service).await;
        }
    }

    fn answer(&self, request: Request<Incoming>) -> Answer {
        let (parts, _) = request.into_parts();
        let token = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let path = parts.uri.path().to_owned();
        self.requests.lock().unwrap().push(parts);
        let wanted = self.token.lock().unwrap().clone();
        if !wanted.is_empty() && token != Some(format!("Bearer {wanted}")) {
            return text(
                StatusCode::UNAUTHORIZED,
                r#"{"kind":"Status","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
            );
        }
        let respond = |status: u16, name: &str, value: &str, body: &'static str| {
            let mut answer = text(StatusCode::from_u16(status).unwrap(), body);
            answer.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            answer
        };
        match path.rsplit('/').next() {
            Some("web-page") => {
                return respond(200, "content-type", "text/html; charset=utf-8", "<html>Sign in</html>");
            }
            Some("not-found") => return respond(404, "content-type", "text/html", "<html>404</html>"),
            Some("words") => return respond(200, "content-type", "text/plain", "hello"),
            Some("moved") => return respond(302, "location", "https://login.test/?ticket=planted", ""),
            Some("kubelet-401.log") => {
                return respond(401, "content-type", "text/plain; charset=utf-8", "Unauthorized");
            }
            Some("wants-tls") => {
                return respond(400, "content-type", "text/plain", "Client sent an HTTP request to an HTTPS server.\n");
            }
            _ => {}
        }
        let data = |chunk: &'static [u8]| Ok(Frame::data(Bytes::from_static(chunk)));
        let frames: stream::BoxStream<'static, Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>> =
            match path.split('/').nth(if path.contains("/proxy/") { 4 } else { 6 }) {
                Some("drip") => stream::iter([data(b"first\n")]).chain(stream::pending()).boxed(),
                Some("flood") => stream::repeat(()).map(move |()| data(&[b'x'; 16 * 1024])).boxed(),
                Some("short") => stream::iter([data(b"one\n"), data(b"two\n")]).boxed(),
                Some(reset @ ("reset-cleanly" | "reset-badly")) => {
                    let reason =
                        if reset == "reset-cleanly" { h2::Reason::NO_ERROR } else { h2::Reason::INTERNAL_ERROR };
                    let first = stream::iter([data(b"first\n")]);
                    first
                        .chain(stream::once(async move {
                            tokio::time::sleep(Duration::from_millis(500)).await;
                            Err(Box::from(h2::Error::from(reason)))
                        }))
                        .boxed()
                }
                Some("unscheduled") => return text(StatusCode::NO_CONTENT, ""),
                Some("busy") => {
                    let mut answer = text(
                        StatusCode::TOO_MANY_REQUESTS,
                        r#"{"kind":"Status","message":"slow down","reason":"TooManyRequests","code":429}"#,
                    );
                    answer.headers_mut().insert("retry-after", "7".parse().unwrap());
                    return answer;
                }
                Some("kubelet-401") => {
                    return text(
                        StatusCode::UNAUTHORIZED,
                        r#"{"kind":"Status","message":"the server has asked for the client to provide credentials ( pods/log kubelet-401)","reason":"Unauthorized","code":401}"#,
                    );
                }
                Some("forbidden") => {
                    return text(
                        StatusCode::FORBIDDEN,
                        r#"{"kind":"Status","message":"pods \"forbidden\" is forbidden","reason":"Forbidden","code":403}"#,
                    );
                }
                _ if path.ends_with("/never-ends") => stream::iter([data(b"{")]).chain(stream::pending()).boxed(),
                _ => return text(StatusCode::OK, "{}"),
            };
        Response::new(StreamBody::new(frames).boxed_unsync())
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Cuts all connections.
    pub fn kill(&self) {
        self.connections.lock().unwrap().drain(..).for_each(|task| task.abort());
    }

    /// Says GOAWAY on all connections, and lets their streams run on.
    pub fn go_away(&self) {
        self.go_away.notify_waiters();
    }

    pub fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }

    pub fn versions(&self) -> Vec<Version> {
        self.requests.lock().unwrap().iter().map(|parts| parts.version).collect()
    }

    pub fn args(&self) -> ConnectOptions {
        args(self.address, self.speech.tls.then(|| self.ca()), self.speech.tls)
    }

    pub async fn cluster(&self) -> Cluster {
        Cluster::connect(&self.args(), &ConnectEnvironment::nothing()).await.unwrap()
    }
}

pub fn args(address: SocketAddr, ca: Option<PathBuf>, tls: bool) -> ConnectOptions {
    ConnectOptions {
        server: Some(format!("{}://{address}", if tls { "https" } else { "http" })),
        certificate_authority: ca,
        request_timeout: RequestTimeout(Some(PATIENCE)),
        ..ConnectOptions::default()
    }
}

fn text(status: StatusCode, body: &'static str) -> Answer {
    let body = Full::new(Bytes::from_static(body.as_bytes())).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(status).header("content-type", "application/json").body(body).unwrap()
}

/// A short request, as kube makes it.
pub async fn get(cluster: &Cluster, path: &str) -> Result<String, ClusterError> {
    let request = Request::get(path).body(Vec::new()).unwrap();
    cluster.client().request_text(request).await.map_err(|error| (&error).into())
}

/// The log of a pod, which has to have one.
pub async fn log(cluster: &Cluster, pod: &str) -> Result<LogBody, ClusterError> {
    let query = LogQuery { container: "blast".to_owned(), follow: true, ..LogQuery::default() };
    match cluster.log("default", pod, &query).await? {
        LogAnswer::Body(body) => Ok(body),
        LogAnswer::NotScheduled => panic!("{pod} is not scheduled"),
    }
}

/// How long a busy machine may take for what is due at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The next bytes of a log.
pub async fn next(body: &mut LogBody) -> Option<Result<Bytes, ClusterError>> {
    tokio::time::timeout(PATIENCE, body.next()).await.expect("nothing came")
}

/// Waits for what is about to be so.
pub async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never came to be");
}

/// Passes bytes to the server until it is frozen: then both ends stay open and nothing moves.
pub async fn relay(to: SocketAddr) -> (SocketAddr, Arc<Notify>) {
    let freeze = Arc::new(Notify::new());
    let frozen = freeze.clone();
    let (address, mut tasks) = listen("127.0.0.1:0", move |mut from| {
        let frozen = frozen.clone();
        async move {
            let mut to = TcpStream::connect(to).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                () = frozen.notified() => std::future::pending().await,
            }
        }
    })
    .await;
    tasks.detach_all();
    (address, freeze)
}
