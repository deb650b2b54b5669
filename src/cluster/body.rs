//! [`AnswerBody`]: an answer's body that holds its slot, keeps its deadline and knows when it is incomplete.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::{ClusterError, error::Obstacle, pool::Slot};
use crate::causes::chain;

/// The body of an answer as it arrives.
pub struct AnswerBody {
    body: Incoming,
    /// `None` once the body has ended.
    slot: Option<Slot>,
    /// For answers that have an end: when it has to be there.
    deadline: Option<(Pin<Box<Sleep>>, Duration)>,
    host: String,
}

impl AnswerBody {
    /// `limit` is for answers that have an end; a log or watch may be silent for hours.
    pub(super) fn new(body: Incoming, slot: Slot, limit: Option<Duration>, host: String) -> Self {
        let deadline = limit.map(|limit| (Box::pin(tokio::time::sleep(limit)), limit));
        Self { body, slot: Some(slot), deadline, host }
    }

    /// A frame as it may be kept for a while. It stands in a buffer that others' frames stand in too, or that is larger than it,
    /// and holds all of that.
    fn kept(&self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match self.slot.as_ref().is_some_and(|slot| slot.connection.window.is_narrow()) {
            true => frame.map_data(|data| Bytes::copy_from_slice(&data)),
            false => frame,
        }
    }

    fn broken(&self, why: String) -> ClusterError {
        ClusterError::Broken { host: self.host.clone(), why }
    }

    /// What the end of the body means: hyper reports a stream reset without an error code as a plain end, but then
    /// the server never said that the body was complete.
    fn end(&mut self) -> Option<ClusterError> {
        let mut slot = self.slot.take()?;
        if slot.connection.is_http2() && !self.body.is_end_stream() {
            return Some(self.broken("the server reset the stream before its end".to_owned()));
        }
        slot.complete = true;
        None
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ClusterError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ClusterError>>> {
        if self.slot.is_none() {
            return Poll::Ready(None);
        }
        let mut polled = Pin::new(&mut self.body).poll_frame(cx);
        // HTTP/2 often ends a stream with an empty frame, which is no data to anyone.
        while matches!(&polled, Poll::Ready(Some(Ok(frame))) if frame.data_ref().is_some_and(Bytes::is_empty)) {
            polled = Pin::new(&mut self.body).poll_frame(cx);
        }
        match polled {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(self.kept(frame)))),
            Poll::Ready(Some(Err(error))) => {
                self.slot = None;
                Poll::Ready(Some(Err(self.broken(chain(&error)))))
            }
            Poll::Ready(None) => Poll::Ready(self.end().map(Err)),
            Poll::Pending => {
                let Some((sleep, after)) = &mut self.deadline else { return Poll::Pending };
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let why = Obstacle::Timeout { what: "reading the answer", after: *after };
                self.slot = None;
                Poll::Ready(Some(Err(ClusterError::Unreachable { host: self.host.clone(), why })))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.slot.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // Not every reader asks once more after the last byte.
        if let Some(slot) = &mut self.slot {
            slot.complete = self.body.is_end_stream();
        }
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody").field("host", &self.host).field("ended", &self.slot.is_none()).finish()
    }
}
