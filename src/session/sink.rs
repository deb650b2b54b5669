//! [`Sink`]: a listener to a run, and how it is run.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};

use super::RunEvent;

/// Why a sink takes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<E> {
    /// It has seen enough. That ends the run, and is no failure.
    Enough,
    /// It cannot go on. That ends the run with this error.
    Failed(E),
}

/// A listener to a run. It is told one thing after another, and the run goes on meanwhile.
pub trait Sink: Send + 'static {
    /// What can go wrong.
    type Error: Send + 'static;

    /// Takes the next event.
    fn event(&mut self, event: &RunEvent) -> impl Future<Output = Result<(), Stop<Self::Error>>> + Send;

    /// Nothing more waits at present, so that what was gathered is to be handed on. Returns how long to wait before
    /// [`Sink::silence`] is told, if it is.
    fn pause(&mut self) -> impl Future<Output = Result<Option<Duration>, Stop<Self::Error>>> + Send {
        async { Ok(None) }
    }

    /// Nothing came for as long as the pause said.
    fn silence(&mut self) -> impl Future<Output = Result<(), Stop<Self::Error>>> + Send {
        async { Ok(()) }
    }

    /// The run is over, and all was told. It is not called after a [`Stop`].
    fn finish(self) -> impl Future<Output = Result<(), Stop<Self::Error>>> + Send;
}

/// Tells `sink` everything until the run is over or it stops.
pub(super) async fn run<S: Sink>(mut sink: S, mut events: mpsc::Receiver<Arc<RunEvent>>) -> Result<(), S::Error> {
    let told = async {
        loop {
            let next = match sink.pause().await? {
                Some(wait) => match timeout(wait, events.recv()).await {
                    Ok(next) => next,
                    Err(_) => {
                        sink.silence().await?;
                        continue;
                    }
                },
                None => events.recv().await,
            };
            let Some(mut next) = next else { return sink.finish().await };
            // More that is waiting is taken with it.
            loop {
                sink.event(&next).await?;
                let Ok(more) = events.try_recv() else { break };
                next = more;
            }
        }
    };
    match told.await {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}
