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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    /// What it was told, in letters; it stops at the event of this second.
    struct Heard {
        told: mpsc::UnboundedSender<char>,
        stop: Option<(i64, Stop<&'static str>)>,
        wait: Option<Duration>,
    }

    impl Sink for Heard {
        type Error = &'static str;

        async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<&'static str>> {
            self.told.send('e').unwrap();
            match (event, &self.stop) {
                (RunEvent::At(at), Some((second, stop))) if at.as_second() == *second => Err(stop.clone()),
                _ => Ok(()),
            }
        }

        async fn pause(&mut self) -> Result<Option<Duration>, Stop<&'static str>> {
            self.told.send('p').unwrap();
            Ok(self.wait.take())
        }

        async fn silence(&mut self) -> Result<(), Stop<&'static str>> {
            self.told.send('s').unwrap();
            Ok(())
        }

        async fn finish(self) -> Result<(), Stop<&'static str>> {
            self.told.send('f').unwrap();
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_sink_is_told_all_until_it_stops_and_finishes_only_what_is_over() {
        for (stop, ends, letters) in [
            (None, Ok(()), "peeepf"),
            (Some((1, Stop::Enough)), Ok(()), "pee"),
            (Some((0, Stop::Failed("disk"))), Err("disk"), "pe"),
        ] {
            let (events, waiting) = mpsc::channel(8);
            let (told, mut heard) = mpsc::unbounded_channel();
            for second in 0..3 {
                events.send(Arc::new(RunEvent::At(Timestamp::from_second(second).unwrap()))).await.unwrap();
            }
            drop(events);
            assert_eq!(run(Heard { told, stop, wait: None }, waiting).await, ends);
            let mut all = String::new();
            while let Some(letter) = heard.recv().await {
                all.push(letter);
            }
            assert_eq!(all, letters);
        }
    }

    #[tokio::test]
    async fn a_silence_is_told_after_the_pause_that_was_asked_for() {
        let (events, waiting) = mpsc::channel::<Arc<RunEvent>>(8);
        let (told, mut heard) = mpsc::unbounded_channel();
        let running = tokio::spawn(run(Heard { told, stop: None, wait: Some(Duration::from_millis(1)) }, waiting));
        for letter in ['p', 's', 'p'] {
            assert_eq!(heard.recv().await, Some(letter));
        }
        drop(events);
        assert_eq!((running.await.unwrap(), heard.recv().await), (Ok(()), Some('f')));
    }
}
