//! [`RequestLimiter`]: how many logs are opened at once, and when none is.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{sleep, timeout},
};

use super::ClusterError;

/// Opens under way at most. The API server holds no limit against log requests; this bounds the burst on the kubelets and on
/// a server that has just come back.
const OPENS: usize = 128;

/// Questions beside the open streams at most: probes, and how a pod stands. They take places on the connections, and many
/// streams that are silent from the same moment on ask in the same moment.
const QUESTIONS: usize = 24;

/// How long the answer to a short question is waited for, whatever time other requests have: it is a few lines, or how one pod
/// stands, and one that takes longer tells nothing.
const ANSWER: Duration = Duration::from_secs(10);

/// Shared by all who ask a cluster about logs, of however many jobs.
#[derive(Debug)]
pub struct RequestLimiter {
    opens: Semaphore,
    questions: Semaphore,
    /// How long an answer to one of these may take.
    answer: Duration,
    /// Until when the server asked to be left alone.
    closed_until: Mutex<Option<Instant>>,
}

impl Default for RequestLimiter {
    fn default() -> Self {
        RequestLimiter {
            opens: Semaphore::new(OPENS),
            questions: Semaphore::new(QUESTIONS),
            answer: ANSWER,
            closed_until: Mutex::default(),
        }
    }
}

impl RequestLimiter {
    /// Waits for a place. An urgent request, for a log that may vanish, passes those that queue; a server's wish to be left
    /// alone holds for it too. The place is given back when the answer's head has come.
    pub async fn enter(&self, urgent: bool) -> Option<SemaphorePermit<'_>> {
        self.pass(&self.opens, urgent).await
    }

    /// The answer to a short question beside the open streams, an urgent one without a place; `None` when it has not come in time.
    ///
    /// The time begins when it may be asked: of a thousand streams that ask in one moment, the last would never be asked about
    /// otherwise. The wait for that has an end, since those before have the same time, and the server's wish one of its own.
    pub async fn in_time<T>(&self, urgent: bool, question: impl Future<Output = T>) -> Option<T> {
        let _place = self.pass(&self.questions, urgent).await;
        timeout(self.answer, question).await.ok()
    }

    /// A place first, then the server's wish: it may be uttered while others queue.
    async fn pass<'a>(&'a self, places: &'a Semaphore, urgent: bool) -> Option<SemaphorePermit<'a>> {
        // A semaphore is never closed, so it only fails to give a place when none is needed.
        let place = if urgent { None } else { places.acquire().await.ok() };
        self.open().await;
        place
    }

    /// Waits until the server may be asked.
    async fn open(&self) {
        loop {
            let until = *self.closed_until();
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None | Some(Duration::ZERO) => return,
                Some(rest) => sleep(rest).await,
            }
        }
    }

    /// What a question about logs brings. It is not asked while the server wants to be left alone, and its answer may say so.
    pub(super) async fn asked<T>(
        &self,
        question: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        self.open().await;
        question.await.inspect_err(|error| self.heed(error))
    }

    /// Takes note of an error that may hold a server's wish to be left alone: then all requests are kept back.
    fn heed(&self, error: &ClusterError) {
        if let Some(pause) = error.retry_after() {
            let until = Instant::now() + pause;
            let mut closed = self.closed_until();
            *closed = Some(closed.map_or(until, |before| before.max(until)));
        }
    }

    /// One that soon gives up.
    #[cfg(test)]
    pub(super) fn impatient(self) -> Self {
        RequestLimiter { answer: Duration::from_millis(50), ..self }
    }

    fn closed_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.closed_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future};

    use super::*;
    use crate::cluster::Rejection;

    const PAUSE: Duration = Duration::from_millis(200);

    fn busy() -> ClusterError {
        let message = "Too many requests".to_owned();
        ClusterError::from(Rejection { code: 429, reason: String::new(), message, retry_after: Some(PAUSE) })
    }

    #[tokio::test]
    async fn a_servers_wish_holds_for_those_who_queue_already() {
        let limiter = RequestLimiter::default();
        let inside = limiter.opens.acquire_many(OPENS as u32).await.unwrap();
        let mut queued = limiter.enter(false).boxed();
        assert!(queued.as_mut().now_or_never().is_none());
        let began = Instant::now();
        limiter.heed(&busy());
        drop(inside);
        queued.await;
        assert!(began.elapsed() >= PAUSE);
    }

    #[tokio::test]
    async fn it_holds_for_urgent_requests_and_for_questions() {
        let limiter = RequestLimiter::default();
        for question in [false, true] {
            for urgent in [false, true] {
                let began = Instant::now();
                limiter.heed(&busy());
                if question {
                    limiter.in_time(urgent, async {}).await.unwrap();
                } else {
                    limiter.enter(urgent).await;
                }
                assert!(began.elapsed() >= PAUSE, "question {question}, urgent {urgent}");
            }
        }
    }

    #[tokio::test]
    async fn no_more_than_so_many_logs_are_opened_at_a_time() {
        let limiter = RequestLimiter::default();
        let _inside = limiter.opens.acquire_many(OPENS as u32).await.unwrap();
        assert!(limiter.enter(false).now_or_never().is_none());
        assert!(limiter.enter(true).now_or_never().is_some(), "a log that may vanish");
    }

    /// A request without a limit of its own, as with `--request-timeout 0`.
    #[tokio::test]
    async fn a_question_that_is_never_answered_is_given_up_and_one_that_waits_to_be_asked_is_not() {
        let limiter = RequestLimiter::default().impatient();
        let began = Instant::now();
        assert_eq!(limiter.in_time(false, future::pending::<()>()).await, None);
        assert!(began.elapsed() >= limiter.answer);
        let places = limiter.questions.acquire_many(QUESTIONS as u32).await.unwrap();
        let mut queued = limiter.in_time(false, future::ready(1)).boxed();
        assert!(tokio::time::timeout(2 * limiter.answer, &mut queued).await.is_err());
        assert_eq!(limiter.in_time(true, future::ready(2)).await, Some(2), "an urgent one needs no place");
        drop(places);
        assert_eq!(queued.await, Some(1));
    }
}
