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

/// What one unread stream may hold back, in bytes: its memory, and its speed (a window per round trip).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamWindow(u32);

impl Default for StreamWindow {
    fn default() -> Self {
        Self(256 * 1024)
    }
}

impl StreamWindow {
    /// What so many streams may hold back together of which all but one wait, in bytes.
    const SUM: usize = 4 << 20;

    /// The smallest one, in bytes: some forty lines.
    const LEAST: u32 = 4 * 1024;

    /// For so many streams, of which all but one wait.
    pub fn of_waiting(streams: usize) -> Self {
        let share = u32::try_from(Self::SUM / streams.max(1)).unwrap_or(u32::MAX);
        Self(share.max(Self::LEAST)).min(Self::default())
    }

    /// Whether it is smaller than usual, since what is held back shall take little.
    pub fn is_narrow(self) -> bool {
        self < Self::default()
    }

    /// Room for every stream's window, so that unread streams cannot stop the others on their connection.
    fn of_connection(self) -> u32 {
        self.0 * (STREAMS as u32 + 4)
    }

    /// Larger frames than the default, 16 KiB, where windows are large: fewer wake-ups for a busy log, still small beside a
    /// window.
    fn frame(self) -> u32 {
        (self.0 / 4).max(16 * 1024)
    }
}

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
    /// What each of its streams may hold back.
    pub window: StreamWindow,
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
    pub async fn open(
        dialed: Dialed,
        keepalive: Keepalive,
        window: StreamWindow,
        counting: &Arc<Counting>,
    ) -> Result<Self, BoxError> {
        let open = OpenConnection::new(counting);
        let (wire, liveness) = PeerLiveness::on(dialed.wire);
        let (sender, capacity) = if dialed.http2 {
            let (sender, capacity) =
                http2(wire, keepalive, window, open).await.map_err(|error| liveness.cause(error))?;
            (Sender::Http2(sender), capacity)
        } else {
            let sender = http1(wire, open).await.map_err(|error| liveness.cause(error))?;
            (Sender::Http1(Mutex::new(Some(sender))), 1)
        };
        Ok(Self { sender, capacity, window, retired: AtomicBool::new(false), liveness })
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
    window: StreamWindow,
    open: OpenConnection,
) -> Result<(http2::SendRequest<Body>, usize), BoxError> {
    let (sender, mut connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        // No streams before the server has said how many it takes: until then a burst would pile up in the dark.
        .initial_max_send_streams(0)
        .initial_stream_window_size(window.0)
        .initial_connection_window_size(window.of_connection())
        .max_frame_size(window.frame())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waiting_streams_hold_back_is_bounded_in_sum() {
        let usual = StreamWindow::default();
        for (streams, window) in
            [(0, usual), (1, usual), (16, usual), (64, StreamWindow(64 << 10)), (5000, StreamWindow(4 << 10))]
        {
            assert_eq!(StreamWindow::of_waiting(streams), window, "{streams}");
            assert_eq!(window.is_narrow(), streams > 16);
            // What HTTP/2 allows.
            assert!((16 << 10..1 << 24).contains(&window.frame()));
        }
    }
}
