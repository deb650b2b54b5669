//! [`DriverWork`]: what a driver has under way, and which of it happens next.

use std::{fmt::Display, time::Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt, future::BoxFuture};
use tokio::sync::watch;

use super::{
    super::{
        alarm::Alarm,
        event::{BodyEnd, Event, Scope},
        refusal::Refusal,
    },
    ContainerNews,
};
use crate::k8s::{Line, status::Status};

/// What is under way; `B` is the body of an answer.
pub(super) struct DriverWork<B> {
    pub opening: Option<BoxFuture<'static, Result<B, Refusal>>>,
    pub body: Option<B>,
    pub probing: Option<BoxFuture<'static, Option<Vec<Line>>>>,
    pub confirming: Option<BoxFuture<'static, Option<Status>>>,
    alarm: Alarm,
    /// The number of the latest news taken.
    pub taken: u64,
    /// Nobody has news any more.
    is_last: bool,
}

impl<B> Default for DriverWork<B> {
    fn default() -> Self {
        DriverWork {
            opening: None,
            body: None,
            probing: None,
            confirming: None,
            alarm: Alarm::default(),
            taken: 0,
            is_last: false,
        }
    }
}

impl<B, E> DriverWork<B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    /// Drops what is open and what is being asked.
    pub fn close(&mut self) {
        (self.opening, self.body, self.probing, self.confirming) = (None, None, None, None);
    }

    /// Takes the latest news.
    pub fn take_news(&mut self, news: &mut watch::Receiver<ContainerNews>, scope: Scope) -> Event {
        let ContainerNews { status, number, .. } = news.borrow_and_update().clone();
        self.taken = number;
        Event::Status(scope.part_of(status.clone()).unwrap_or(status))
    }

    /// Waits for what happens next, `deadline` at the latest.
    pub async fn next(
        &mut self,
        news: &mut watch::Receiver<ContainerNews>,
        scope: Scope,
        deadline: Option<Instant>,
    ) -> Event {
        let DriverWork { opening, body, probing, confirming, alarm, is_last, .. } = self;
        let asks = confirming.is_some();
        alarm.set(deadline);
        tokio::select! {
            biased;
            changed = news.changed(), if !*is_last => {
                *is_last = changed.is_err();
                self.take_news(news, scope)
            }
            status = async { confirming.as_mut().expect_some().await }, if asks => {
                *confirming = None;
                Event::Confirmed(status)
            }
            probed = async { probing.as_mut().expect_some().await }, if probing.is_some() => {
                *probing = None;
                Event::Probed(probed)
            }
            answer = async { opening.as_mut().expect_some().await }, if opening.is_some() => {
                *opening = None;
                match answer {
                    Ok(opened) => {
                        *body = Some(opened);
                        Event::Opened
                    }
                    Err(refusal) => Event::Refused(refusal),
                }
            }
            () = alarm.ring() => Event::Tick,
            // What arrives while the status is asked for stays on the connection.
            chunk = async { body.as_mut().expect_some().next().await }, if body.is_some() && !asks => match chunk {
                Some(Ok(data)) => Event::Data(data),
                end => {
                    (*body, *probing) = (None, None);
                    Event::Closed(end.map_or(BodyEnd::Clean, |broken| {
                        BodyEnd::Broken(broken.err().map(|error| error.to_string()).unwrap_or_default())
                    }))
                }
            },
        }
    }
}

/// An `Option` that a `select!` guard has found to be there.
trait ExpectSome<T> {
    fn expect_some(self) -> T;
}

impl<T> ExpectSome<T> for Option<T> {
    #[allow(clippy::unwrap_used)] // Only called behind the guard `is_some()` of the same branch.
    fn expect_some(self) -> T {
        self.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{FutureExt, future, stream};

    use super::{
        super::super::fixtures::{FOLLOW, ended, running},
        *,
    };

    type Body = stream::Iter<std::vec::IntoIter<Result<Bytes, Infallible>>>;

    /// An answer is open that has two chunks and its end ready, and it is asked whose log it is, without an answer yet.
    struct Asked {
        work: DriverWork<Body>,
        news: watch::Sender<ContainerNews>,
        heard: watch::Receiver<ContainerNews>,
    }

    impl Asked {
        fn new() -> Asked {
            let (news, heard) = watch::channel(ContainerNews { status: running(), ..ContainerNews::default() });
            let chunks = ["one", "two"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).to_vec();
            let work = DriverWork {
                body: Some(stream::iter(chunks)),
                confirming: Some(future::pending().boxed()),
                ..DriverWork::default()
            };
            Asked { work, news, heard }
        }

        /// What has happened; `None` when nothing has.
        fn now(&mut self) -> Option<Event> {
            self.work.next(&mut self.heard, FOLLOW, None).now_or_never()
        }
    }

    #[test]
    fn what_arrives_while_the_status_is_asked_for_stays_where_it_is() {
        let mut asked = Asked::new();
        assert_eq!(asked.now(), None);
        asked.work.confirming = Some(future::ready(Some(running())).boxed());
        assert_eq!(asked.now(), Some(Event::Confirmed(Some(running()))));
        for event in [Event::Data("one".into()), Event::Data("two".into()), Event::Closed(BodyEnd::Clean)] {
            assert_eq!(asked.now(), Some(event), "now it is taken, in order");
        }
        assert_eq!(asked.now(), None);
    }

    #[test]
    fn news_are_heard_while_the_status_is_asked_for() {
        let mut asked = Asked::new();
        asked.news.send(ContainerNews { status: ended(), number: 7, ..ContainerNews::default() }).unwrap();
        assert_eq!(asked.now(), Some(Event::Status(ended())));
        assert_eq!((asked.work.taken, asked.now()), (7, None), "and the question stays open");
        drop(std::mem::replace(&mut asked.news, watch::channel(ContainerNews::default()).0));
        assert_eq!(asked.now(), Some(Event::Status(ended())), "the last word");
        assert_eq!(asked.now(), None, "is told once");
    }

    #[test]
    fn a_deadline_is_reached_while_the_status_is_asked_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut asked = Asked::new();
        let event = runtime.block_on(asked.work.next(&mut asked.heard, FOLLOW, Some(Instant::now())));
        assert_eq!(event, Event::Tick);
    }

    #[test]
    fn closing_drops_what_is_open_and_what_is_asked() {
        let mut asked = Asked::new();
        asked.work.probing = Some(future::ready(None).boxed());
        asked.work.opening = Some(future::ready(Err(Refusal::NotScheduled)).boxed());
        asked.work.close();
        assert_eq!(asked.now(), None);
    }
}
