//! [`PeerLiveness`]: notices when a peer last said anything, be it only the answer to a PING.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use tower::BoxError;

use super::dial::Wire;
use crate::causes::find;

/// What is known about a peer's being alive.
#[derive(Debug)]
pub(super) struct PeerLiveness {
    last: Mutex<Instant>,
    /// An answer is overdue and the peer silent; cleared by its next byte.
    suspicious: AtomicBool,
    /// The TLS error that ended the connection; HTTP/2 keeps only its words.
    tls: OnceLock<rustls::Error>,
}

/// A wire that is listened to.
pub(super) struct WatchedWire {
    wire: Box<dyn Wire>,
    liveness: Arc<PeerLiveness>,
}

impl PeerLiveness {
    /// Listens on a wire.
    pub fn on(wire: Box<dyn Wire>) -> (WatchedWire, Arc<Self>) {
        let liveness = Arc::new(Self {
            last: Mutex::new(Instant::now()),
            suspicious: AtomicBool::new(false),
            tls: OnceLock::new(),
        });
        (WatchedWire { wire, liveness: liveness.clone() }, liveness)
    }

    /// An answer asked for at `then` is overdue: suspects the peer if it has said nothing at all since.
    pub fn overdue(&self, then: Instant) {
        if *self.last.lock().unwrap_or_else(PoisonError::into_inner) < then {
            self.suspicious.store(true, Relaxed);
        }
    }

    /// Whether the peer may be dead.
    pub fn is_suspicious(&self) -> bool {
        self.suspicious.load(Relaxed)
    }

    /// The cause of a failed connection: TLS if that is what failed, else as HTTP tells it.
    pub fn cause(&self, told: impl Into<BoxError>) -> BoxError {
        match self.tls.get() {
            Some(error) => Box::new(error.clone()),
            None => told.into(),
        }
    }

    fn hear(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.suspicious.store(false, Relaxed);
    }
}

impl AsyncRead for WatchedWire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.wire).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.liveness.hear();
        }
        if let Poll::Ready(Err(error)) = &polled
            && let Some(error) = find::<rustls::Error>(error)
        {
            // Only the first one tells why.
            let _ = self.liveness.tls.set(error.clone());
        }
        polled
    }
}

impl AsyncWrite for WatchedWire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
