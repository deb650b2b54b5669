//! [`Inbox`]: what happens, on its way to the thread that draws.
//!
//! The run is not waited for by the screen, nor the other way round: what comes is put here, and taken all at once before a frame.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::state::ViewNews;
use crate::session::{RunEvent, Sink, sink::Stop};

/// Lines that wait at most.
const LINES: usize = 200_000;
/// The bytes of their texts.
const BYTES: usize = 64 << 20;

/// What happens when more comes than is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Lines are dropped, and counted: the run goes on.
    Drop,
    /// The run waits: an archive has time.
    Wait,
}

/// What happens, on its way to the thread that draws. Clones are the same one.
#[derive(Clone)]
pub struct Inbox(Arc<Shared>);

struct Shared {
    held: Mutex<InMemory>,
    when_full: WhenFull,
    /// There is room again, or nobody takes anything any more.
    room: Notify,
}

#[derive(Default)]
struct InMemory {
    news: Vec<ViewNews>,
    lines: usize,
    bytes: usize,
    missed: u64,
    closed: bool,
}

impl Inbox {
    /// An empty one.
    pub fn new(when_full: WhenFull) -> Inbox {
        Inbox(Arc::new(Shared { held: Mutex::default(), when_full, room: Notify::new() }))
    }

    fn held(&self) -> MutexGuard<'_, InMemory> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts in something that is not dropped.
    pub fn put(&self, news: ViewNews) {
        self.held().news.push(news);
    }

    /// Takes out all there is, with how many lines were dropped until now.
    pub fn take(&self) -> (Vec<ViewNews>, u64) {
        let mut held = self.held();
        (held.lines, held.bytes) = (0, 0);
        let taken = (std::mem::take(&mut held.news), held.missed);
        drop(held);
        self.0.room.notify_waiters();
        taken
    }

    /// Nothing is taken out any more: the run shall end.
    pub fn close(&self) {
        self.held().closed = true;
        self.0.room.notify_waiters();
    }

    /// Puts in what the run says; `false` when it shall end.
    async fn event(&self, event: &RunEvent) -> bool {
        let (lines, bytes) = size(event);
        loop {
            // Asked for before it is looked whether there is room, so that no sign of it is missed.
            let room = self.0.room.notified();
            {
                let mut held = self.held();
                if held.closed {
                    return false;
                }
                let is_full = held.lines > 0 && (held.lines + lines > LINES || held.bytes + bytes > BYTES);
                if lines == 0 || !is_full {
                    held.news.push(ViewNews::Event(event.clone()));
                    (held.lines, held.bytes) = (held.lines + lines, held.bytes + bytes);
                    return true;
                }
                if self.0.when_full == WhenFull::Drop {
                    held.missed += lines as u64;
                    return true;
                }
            }
            room.await;
        }
    }
}

/// Lines, and the bytes of their texts.
fn size(event: &RunEvent) -> (usize, usize) {
    match event {
        RunEvent::Lines(batch) => (batch.lines.len(), batch.lines.iter().map(|line| line.text.len()).sum()),
        RunEvent::Merged(merged) => (merged.lines.len(), merged.lines.iter().map(|it| it.line.text.len()).sum()),
        _ => (0, 0),
    }
}

/// The listener that hands on what a run says.
pub struct ViewSink(Inbox);

impl ViewSink {
    /// One that fills an inbox.
    pub fn new(inbox: Inbox) -> ViewSink {
        ViewSink(inbox)
    }
}

impl Sink for ViewSink {
    type Error = Infallible;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<Infallible>> {
        if self.0.event(event).await { Ok(()) } else { Err(Stop::Enough) }
    }

    async fn finish(self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        follow::drive::Batch,
        k8s::{ContainerId, InstanceId, Line, Stamp},
        session::{
            Notice,
            fan_out::{FanOut, SinkRunner},
        },
    };

    fn lines(count: usize) -> RunEvent {
        let line = Line { stamp: Stamp(0), text: "x".into() };
        let instance = InstanceId { container: Arc::new(ContainerId::default()), restart: 0 };
        RunEvent::Lines(Batch { instance, stream: None, lines: vec![line; count] })
    }

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_counted_and_the_rest_stays() {
        let inbox = Inbox::new(WhenFull::Drop);
        for _ in 0..3 {
            assert!(inbox.event(&lines(LINES / 2)).await);
        }
        assert!(inbox.event(&RunEvent::Notice(Notice::RowReadable)).await);
        let (news, missed) = inbox.take();
        assert_eq!((news.len(), missed), (3, LINES as u64 / 2));
        assert!(matches!(news[2], ViewNews::Event(RunEvent::Notice(_))));
        assert!(inbox.event(&lines(1)).await);
        assert_eq!((inbox.take().0.len(), inbox.take().1), (1, LINES as u64 / 2));
        // One that is larger than all the room there is.
        assert!(inbox.event(&lines(2 * LINES)).await);
        assert_eq!(inbox.take().0.len(), 1);
        inbox.close();
        assert!(!inbox.event(&lines(1)).await);
    }

    #[tokio::test]
    async fn a_run_goes_on_while_nothing_is_drawn_and_each_line_is_shown_or_counted() {
        let inbox = Inbox::new(WhenFull::Drop);
        let mut listeners = FanOut::default();
        let told = listeners.add(ViewSink::new(inbox.clone()), SinkRunner::Task).unwrap();
        let run = listeners.open();
        let (batch, batches) = (LINES / 1000, 3000);
        for _ in 0..batches {
            run.send(lines(batch)).await.unwrap();
        }
        run.send(Notice::RowReadable).await.unwrap();
        assert_eq!(run.stats().now().lines, (batches * batch) as u64);
        drop(run);
        told.finish().await.unwrap();
        let (news, missed) = inbox.take();
        assert_eq!((news.len(), missed), (1001, (batches * batch - LINES) as u64));
    }

    #[tokio::test]
    async fn an_archive_waits_until_there_is_room_or_nobody_looks() {
        let inbox = Inbox::new(WhenFull::Wait);
        assert!(inbox.event(&lines(LINES)).await);
        let other = inbox.clone();
        let waits = tokio::spawn(async move { other.event(&lines(1)).await && other.event(&lines(LINES)).await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        assert_eq!(inbox.take().0.len(), 1);
        while inbox.held().lines == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished(), "the second one waits");
        inbox.close();
        assert!(!waits.await.unwrap());
    }
}
