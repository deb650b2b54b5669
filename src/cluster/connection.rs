//! [`ServerConnection`]: one HTTP connection and how many streams it takes.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{Request, Response, Uri, header::HOST, uri::PathAndQuery};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use kube::client::Body;
use tower::BoxError;

use super::{
    counters::{Counting, OpenConnection},
    dial::Dialed,
    liveness::{PeerLiveness, WatchedWire},
};

/// Streams on one HTTP/2 connection. A server takes 100 unless configured otherwise and a hyper client stalls without
/// an error when they are used up; the rest is for streams that we have closed and the server has not yet.
pub(super) const STREAMS: usize = 80;

/// What one unread stream may hold back: its memory, and its speed (a window per round trip).
const STREAM_WINDOW: u32 = 256 * 1024;

/// Room for every stream's window, so that unread streams cannot stop the others on their connection.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * (STREAMS as u32 + 4);

/// Larger frames than the default 16 KiB: fewer wake-ups for a busy log, still small beside a window.
const FRAME: u32 = 64 * 1024;

/// How many closed streams are remembered while their last frames arrive. Closing a thousand followers at once is
/// normal here; h2's default of 10 would take their stragglers for an attack by the server.
const RESET_STREAMS: usize = 4096;

/// A peer is asked after this long, and given up when it does not answer for as long again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keepalive(pub Duration);

impl Default for Keepalive {
    fn default() -> Self {
        Self(Duration::from_secs(15))
    }
}

/// A connection on which requests can be sent.
pub(super) struct ServerConnection {
    sender: Sender,
    /// How many requests may be under way at once.
    pub capacity: usize,
    /// No new requests: it failed one, or other credentials are in use now.
    retired: AtomicBool,
    /// Whether the server is still there.
    pub liveness: Arc<PeerLiveness>,
}

enum Sender {
    Http2(http2::SendRequest<Body>),
    /// Taken out while a request is being sent: HTTP/1.1 sends one at a time.
    Http1(Mutex<Option<http1::SendRequest<Body>>>),
}

/// A request that got no answer.
pub(super) struct Unanswered {
    pub error: BoxError,
    /// The request, when nothing of it was sent.
    pub unsent: Option<Box<Request<Body>>>,
}

impl ServerConnection {
    /// Speaks HTTP on a fresh connection: returns when requests can be sent.
    pub async fn open(dialed: Dialed, keepalive: Keepalive, counting: &Arc<Counting>) -> Result<Self, BoxError> {
        let open = OpenConnection::new(counting);
        let (wire, liveness) = PeerLiveness::on(dialed.wire);
        let (sender, capacity) = if dialed.http2 {
            let (sender, capacity) = http2(wire, keepalive, open).await.map_err(|error| liveness.cause(error))?;
            (Sender::Http2(sender), capacity)
        } else {
            let sender = http1(wire, open).await.map_err(|error| liveness.cause(error))?;
            (Sender::Http1(Mutex::new(Some(sender))), 1)
        };
        Ok(Self { sender, capacity, retired: AtomicBool::new(false), liveness })
    }

    /// Whether this is HTTP/2.
    pub fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    /// Whether new requests may go here.
    pub fn is_usable(&self) -> bool {
        let closed = match &self.sender {
            Sender::Http2(sender) => sender.is_closed(),
            Sender::Http1(sender) => {
                // Absent means in use, and the caller asks only about connections that are not.
                let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
                sender.as_ref().is_none_or(http1::SendRequest::is_closed)
            }
        };
        !closed && !self.retired.load(Relaxed) && !self.liveness.is_suspicious()
    }

    /// Takes no new requests from here on; those under way finish.
    pub fn retire(&self) {
        self.retired.store(true, Relaxed);
    }

    /// Sends a request and waits for the answer's head.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Unanswered> {
        match &self.sender {
            Sender::Http2(sender) => {
                let answer = sender.clone().try_send_request(request).await;
                answer.map_err(|mut error| Unanswered {
                    unsent: error.take_message().map(Box::new),
                    error: self.liveness.cause(error.into_error()),
                })
            }
            Sender::Http1(parked) => {
                let taken = parked.lock().unwrap_or_else(PoisonError::into_inner).take();
                // The pool gives an HTTP/1.1 connection to one request at a time, and none after a request was abandoned.
                let Some(mut sender) = taken else {
                    return Err(Unanswered { error: "it is in use".into(), unsent: Some(Box::new(request)) });
                };
                // The last answer's end may not have been seen by the connection yet.
                if let Err(error) = sender.ready().await {
                    return Err(Unanswered { error: self.liveness.cause(error), unsent: Some(Box::new(request)) });
                }
                let answer = sender.try_send_request(origin_form(request)).await;
                *parked.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
                answer.map_err(|mut error| Unanswered {
                    unsent: error.take_message().map(Box::new),
                    error: self.liveness.cause(error.into_error()),
                })
            }
        }
    }
}

async fn http1(wire: WatchedWire, open: OpenConnection) -> hyper::Result<http1::SendRequest<Body>> {
    let (sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
    tokio::spawn(async move {
        // Its error reaches whoever waits for an answer or reads a body.
        let _ = connection.await;
        drop(open);
    });
    Ok(sender)
}

async fn http2(
    wire: WatchedWire,
    Keepalive(keepalive): Keepalive,
    open: OpenConnection,
) -> Result<(http2::SendRequest<Body>, usize), BoxError> {
    let (sender, mut connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        // No streams before the server has said how many it takes: until then a burst would pile up in the dark.
        .initial_max_send_streams(0)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .max_concurrent_reset_streams(RESET_STREAMS)
        .max_local_error_reset_streams(None)
        .keep_alive_interval(keepalive)
        .keep_alive_timeout(keepalive)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(wire))
        .await?;
    // The server's SETTINGS come first thing, but hyper has no event for them: look.
    let mut look = tokio::time::interval(Duration::from_millis(1));
    while connection.current_max_send_streams() == 0 {
        tokio::select! {
            ended = &mut connection => {
                ended?;
                return Err("the server closed it before it began".into());
            }
            _ = look.tick() => {}
        }
    }
    let capacity = connection.current_max_send_streams().clamp(1, STREAMS);
    tokio::spawn(async move {
        let _ = connection.await;
        drop(open);
    });
    Ok((sender, capacity))
}

/// HTTP/1.1's form of a request: the path in the first line, the server in a header.
fn origin_form(mut request: Request<Body>) -> Request<Body> {
    let host = request.uri().authority().and_then(|authority| authority.as_str().parse().ok());
    if let Some(host) = host {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    request
}
