//! [`FanOut`]: one run, several listeners.
//!
//! Each sink has a bounded queue of its own, into which whoever has something to say puts it: there is no task in between, because
//! waking one costs more than a line does. A run waits for all of its sinks; one that may miss lines takes all of them, and says itself
//! what it does not keep.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use futures::future::select_all;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    RunEvent, RunStats,
    sink::{self, Sink},
};
use crate::follow::listener::{Listener, Unheard};

/// Events under way to one sink at most. With batches of at most one received buffer each, this bounds what a slow terminal
/// holds up.
pub const EVENTS: usize = 64;

/// Where a sink works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkRunner {
    /// In a task: it never blocks.
    Task,
    /// In a thread of its own: writing to a paused terminal blocks, and must block nothing else.
    Thread,
}

/// The sinks of a run that has not begun.
#[derive(Default)]
pub struct FanOut {
    queues: Vec<Queue>,
}

/// A sink's queue, from whoever has something to say.
type Queue = mpsc::Sender<Arc<RunEvent>>;

/// A sink at work.
pub struct RunningSink<E> {
    ended: oneshot::Receiver<Result<(), E>>,
}

/// How a sink ended that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkError<E> {
    /// By its own error.
    Failed(E),
    /// In a panic.
    Vanished,
}

impl<E: fmt::Display> fmt::Display for SinkError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SinkError::Failed(error) => error.fmt(f),
            SinkError::Vanished => f.write_str("a listener to the run ended unexpectedly"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for SinkError<E> {}

impl FanOut {
    /// Starts a sink. It ends when the run is over: when every [`Outlet`] is dropped.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn add<S: Sink>(&mut self, sink: S, work: SinkRunner) -> io::Result<RunningSink<S::Error>> {
        let (queue, events) = mpsc::channel(EVENTS);
        let (done, ended) = oneshot::channel();
        let run = async move {
            // The run may not ask any more.
            let _ = done.send(sink::run(sink, events).await);
        };
        match work {
            SinkRunner::Task => drop(tokio::spawn(run)),
            SinkRunner::Thread => {
                let runtime = Handle::current();
                thread::Builder::new().name("sink".to_owned()).spawn(move || runtime.block_on(run))?;
            }
        }
        self.queues.push(queue);
        Ok(RunningSink { ended })
    }

    /// Begins: what is said into the outlet reaches all sinks.
    pub fn open(self) -> Outlet {
        Outlet { queues: self.queues.into(), stats: Stats::default() }
    }
}

impl<E> RunningSink<E> {
    /// Waits until it has taken everything.
    ///
    /// # Errors
    /// When it failed.
    pub async fn finish(self) -> Result<(), SinkError<E>> {
        match self.ended.await {
            Ok(ended) => ended.map_err(SinkError::Failed),
            Err(_) => Err(SinkError::Vanished),
        }
    }
}

/// What came of a run until now, to be asked after its outlets are gone too.
#[derive(Debug, Clone, Default)]
pub struct Stats(Arc<Mutex<RunStats>>);

impl Stats {
    /// As it is now.
    pub fn now(&self) -> RunStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, event: &RunEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(event);
    }
}

/// Where everything that a run has to say is put. Clones reach the same sinks.
#[derive(Clone)]
pub struct Outlet {
    queues: Arc<[Queue]>,
    stats: Stats,
}

impl Outlet {
    /// What came of the run until now.
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// Tells all sinks, and returns when each has room for it.
    ///
    /// # Errors
    /// When one of the sinks has ended: then the run shall end too.
    pub async fn send(&self, event: impl Into<RunEvent>) -> Result<(), Unheard> {
        let event = Arc::new(event.into());
        for queue in &*self.queues {
            queue.send(event.clone()).await.map_err(|_| Unheard)?;
        }
        self.stats.take(&event);
        Ok(())
    }
}

impl<T: Into<RunEvent> + Send + 'static> Listener<T> for Outlet {
    async fn hear(&self, said: T) -> Result<(), Unheard> {
        self.send(said).await
    }

    fn is_gone(&self) -> bool {
        self.queues.iter().any(Queue::is_closed)
    }

    async fn gone(&self) {
        match &*self.queues {
            [] => std::future::pending().await,
            [only] => only.closed().await,
            several => {
                select_all(several.iter().map(|queue| Box::pin(queue.closed()))).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::{super::sink::Stop, *};
    use crate::{
        follow::drive::Batch,
        k8s::{ContainerId, InstanceId, Line, Stamp},
        session::Notice,
    };

    /// Takes an event for each permit, and remembers it.
    struct Slow {
        permits: Arc<Semaphore>,
        seen: Arc<Mutex<Vec<RunEvent>>>,
        fails_at: usize,
    }

    impl Slow {
        fn new(permits: usize) -> (Slow, Arc<Semaphore>, Arc<Mutex<Vec<RunEvent>>>) {
            let (permits, seen) = (Arc::new(Semaphore::new(permits)), Arc::new(Mutex::default()));
            (Slow { permits: permits.clone(), seen: seen.clone(), fails_at: usize::MAX }, permits, seen)
        }
    }

    impl Sink for Slow {
        type Error = &'static str;

        async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<&'static str>> {
            self.permits.acquire().await.unwrap().forget();
            let mut seen = self.seen.lock().unwrap();
            seen.push(event.clone());
            if seen.len() == self.fails_at { Err(Stop::Failed("the disk is full")) } else { Ok(()) }
        }

        async fn finish(self) -> Result<(), Stop<&'static str>> {
            self.seen.lock().unwrap().push(Notice::RowReadable.into());
            Ok(())
        }
    }

    fn lines(count: usize) -> RunEvent {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let line = Line { stamp: Stamp(0), text: "x".into() };
        RunEvent::Lines(Batch {
            instance: InstanceId { container, restart: 0 },
            stream: None,
            lines: vec![line; count],
        })
    }

    /// Sends events of two lines until one has to wait, and says how many did not.
    async fn fill(outlet: &Outlet, most: usize) -> usize {
        for sent in 0..most {
            let mut send = std::pin::pin!(outlet.send(lines(2)));
            let mut went = futures::poll!(send.as_mut()).is_ready();
            for _ in 0..3 {
                if !went {
                    tokio::task::yield_now().await;
                    went = futures::poll!(send.as_mut()).is_ready();
                }
            }
            if !went {
                return sent;
            }
        }
        most
    }

    #[tokio::test]
    async fn a_slow_sink_holds_the_run_back() {
        for work in [SinkRunner::Task, SinkRunner::Thread] {
            let (slow, permits, seen) = Slow::new(0);
            let mut fan = FanOut::default();
            let running = fan.add(slow, work).unwrap();
            let outlet = fan.open();
            let stats = outlet.stats();
            let sent = fill(&outlet, 10 * EVENTS).await;
            assert!((EVENTS..=EVENTS + 1).contains(&sent), "{sent} went without waiting");
            assert_eq!(stats.now().lines, 2 * sent as u64, "what waits is not counted as handed on");
            permits.add_permits(10 * EVENTS);
            outlet.send(lines(1)).await.unwrap();
            drop(outlet);
            assert_eq!(running.finish().await, Ok(()));
            let seen = seen.lock().unwrap();
            assert_eq!(seen.len(), sent + 2, "everything, and the end");
            assert_eq!(seen.last(), Some(&Notice::RowReadable.into()));
        }
    }

    #[test]
    fn how_a_sink_ended_is_said_in_its_own_words() {
        assert_eq!(SinkError::Failed("the disk is full").to_string(), "the disk is full");
        assert_eq!(SinkError::<&str>::Vanished.to_string(), "a listener to the run ended unexpectedly");
    }

    #[tokio::test]
    async fn a_sink_that_fails_ends_the_run_with_its_error() {
        let (mut failing, ..) = Slow::new(usize::MAX >> 4);
        failing.fails_at = 3;
        let (other, ..) = Slow::new(usize::MAX >> 4);
        let mut fan = FanOut::default();
        let failing = fan.add(failing, SinkRunner::Task).unwrap();
        let other = fan.add(other, SinkRunner::Task).unwrap();
        let outlet = fan.open();
        assert!(!Listener::<Notice>::is_gone(&outlet));
        for _ in 0..3 {
            outlet.hear(lines(1)).await.unwrap();
        }
        Listener::<Notice>::gone(&outlet).await;
        assert!(Listener::<Notice>::is_gone(&outlet));
        assert_eq!(outlet.send(lines(1)).await, Err(Unheard));
        drop(outlet);
        assert_eq!(failing.finish().await, Err(SinkError::Failed("the disk is full")));
        assert_eq!(other.finish().await, Ok(()), "the other has what came before");
    }
}
