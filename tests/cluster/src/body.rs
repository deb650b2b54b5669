//! Answer bodies, and the wrapper that spoils them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream as FutureStream;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};

use tokio::time::Sleep;

use crate::faults::{Action, Cut};
use crate::status::Failure;
use crate::wire::{Control, Fate};
use crate::world::World;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// Go's HTTP/2 server knows the length of what fits its first buffer, and only then says it.
const KNOWN_LENGTH: usize = 4096;
/// How long a violent cut waits, so that what was sent before it arrives before it.
const SETTLE: Duration = Duration::from_millis(25);

pub(crate) fn empty() -> Body {
    Full::default().map_err(|never| match never {}).boxed_unsync()
}

/// A body whose length is announced only if it is short.
pub(crate) fn whole(bytes: Bytes) -> Body {
    if bytes.len() <= KNOWN_LENGTH {
        return Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    }
    stream(futures::stream::once(std::future::ready(bytes)))
}

pub(crate) fn stream(stream: impl FutureStream<Item = Bytes> + Send + 'static) -> Body {
    use futures::StreamExt as _;
    StreamBody::new(stream.map(|bytes| Ok(Frame::data(bytes)))).boxed_unsync()
}

/// Wraps a body so that the action strikes when its bytes have been sent.
pub(crate) fn spoil(body: Body, action: Action, world: &Arc<World>, control: &Arc<Control>) -> Body {
    let after = match &action {
        Action::Cut { after, .. } | Action::InBand { after, .. } | Action::ExpireWatch { after } => *after,
        _ => return body,
    };
    let (world, control) = (Arc::clone(world), Arc::clone(control));
    Spoiled {
        body,
        left: after,
        action,
        world,
        control,
        state: State::Fine,
        last: b'\n',
        queue: VecDeque::new(),
        pause: None,
    }
    .boxed_unsync()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// The action strikes at the next poll.
    Due,
    /// What is queued goes out, then the body ends.
    Ending,
    /// Never anything again.
    Stalled,
}

struct Spoiled {
    body: Body,
    left: u64,
    action: Action,
    world: Arc<World>,
    control: Arc<Control>,
    state: State,
    last: u8,
    queue: VecDeque<Bytes>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Spoiled {
    /// Takes as much of the data as may pass.
    fn ration(&mut self, mut data: Bytes) -> Bytes {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        if data.len() < left {
            self.left -= data.len() as u64;
        } else {
            self.left = 0;
            // Events stay whole: a client must be able to read the one that says so.
            let cut = match self.action {
                Action::ExpireWatch { .. } if left > 0 || self.last != b'\n' => {
                    data[left..].iter().position(|byte| *byte == b'\n').map(|at| left + at + 1)
                }
                _ => Some(left),
            };
            if let Some(cut) = cut {
                data.truncate(cut);
                self.state = State::Due;
            }
        }
        if let Some(last) = data.last() {
            self.last = *last;
        }
        data
    }

    fn strike(&mut self) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.world.faults.count(&self.action);
        self.state = State::Stalled;
        match &self.action {
            Action::Cut { how: Cut::Reset, .. } => self.control.doom(Fate::Reset),
            Action::Cut { how: Cut::Fin, .. } => {
                self.control.doom(Fate::CutShort);
                // Something has to be on its way to be cut in the middle.
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'~'; 64])))));
            }
            Action::Cut { how: Cut::StreamReset, .. } => return Poll::Ready(Some(Err("reset on purpose".into()))),
            Action::InBand { text, .. } => {
                self.queue.push_back(Bytes::from(text.clone()));
                self.state = State::Ending;
            }
            Action::ExpireWatch { .. } => {
                let version = self.world.lock().store.version();
                let failure = Failure::expired(&format!("too old resource version: 1 ({version})"));
                self.queue.push_back(Bytes::from(format!("{}\n", failure.to_event())));
                self.state = State::Ending;
            }
            Action::Cut { how: Cut::End, .. } => self.state = State::Ending,
            _ => {}
        }
        if self.state == State::Ending { self.next_queued() } else { Poll::Pending }
    }

    fn next_queued(&mut self) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Poll::Ready(self.queue.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl http_body::Body for Spoiled {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        loop {
            match this.state {
                State::Due => {
                    if matches!(this.action, Action::Cut { how: Cut::Reset | Cut::Fin | Cut::StreamReset, .. }) {
                        let pause = this.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(SETTLE)));
                        if pause.as_mut().poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                    }
                    return this.strike();
                }
                State::Ending => return this.next_queued(),
                State::Stalled => return Poll::Pending,
                State::Fine if this.left == 0 && this.last == b'\n' => this.state = State::Due,
                State::Fine => {}
            }
            if this.state == State::Due {
                continue;
            }
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else { return Poll::Pending };
            let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
            let Ok(data) = frame.into_data() else { continue };
            let data = this.ration(data);
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
    }
}
