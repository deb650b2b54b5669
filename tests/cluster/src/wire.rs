//! A TCP connection that can be broken on purpose, and the handle that breaks it.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What is to become of a connection; a worse fate never gives way to a better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Fate {
    Open,
    /// No new requests: HTTP/2 says GOAWAY.
    GoAway,
    /// FIN in the middle of the next write.
    CutShort,
    /// FIN was sent.
    HalfClosed,
    /// RST.
    Reset,
}

impl Fate {
    fn from(value: u8) -> Self {
        [Self::Open, Self::GoAway, Self::CutShort, Self::HalfClosed, Self::Reset]
            .into_iter()
            .find(|fate| *fate as u8 == value)
            .unwrap_or(Self::Reset)
    }
}

/// The handle on a connection.
#[derive(Debug, Default)]
pub(crate) struct Control {
    fate: AtomicU8,
    turned: Notify,
}

impl Control {
    pub(crate) fn fate(&self) -> Fate {
        Fate::from(self.fate.load(Ordering::Acquire))
    }

    pub(crate) fn doom(&self, fate: Fate) {
        self.fate.fetch_max(fate as u8, Ordering::AcqRel);
        self.turned.notify_one();
    }

    /// Waits for a fate worse than the given one.
    pub(crate) async fn turned(&self, from: Fate) -> Fate {
        loop {
            let fate = self.fate();
            if fate > from {
                return fate;
            }
            self.turned.notified().await;
        }
    }
}

/// The socket under TLS.
#[derive(Debug)]
pub(crate) struct Wire {
    tcp: TcpStream,
    control: Arc<Control>,
}

impl Wire {
    pub(crate) fn new(tcp: TcpStream, control: Arc<Control>) -> Self {
        Self { tcp, control }
    }

    /// Writes half of what was asked for, then FIN: the peer holds a record without an end.
    fn cut_short(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let half = &buf[..buf.len().div_ceil(2).min(buf.len().saturating_sub(1)).max(1)];
        match Pin::new(&mut self.tcp).poll_write(cx, half) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(result) => result?,
        };
        SockRef::from(&self.tcp).shutdown(Shutdown::Write)?;
        self.control.doom(Fate::HalfClosed);
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.control.fate() == Fate::Reset {
            // A linger of zero makes the close a RST. An error means the peer was faster.
            let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.control.fate() {
            Fate::Open | Fate::GoAway => Pin::new(&mut self.tcp).poll_write(cx, buf),
            Fate::CutShort => self.cut_short(cx, buf),
            Fate::HalfClosed | Fate::Reset => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.control.fate() <= Fate::GoAway {
            return Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
