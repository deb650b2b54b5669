//! [`Transport`]: requests in, answers out; credentials, timeouts and second tries in between.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use kube::client::Body;
use tokio::time::Instant;
use tower::Service;

use super::{
    ClusterError, Settings,
    body::AnswerBody,
    counters::Counters,
    credentials::{Credential, Credentials},
    dial::Dialer,
    lane::{Keepalive, Unanswered},
    pool::{Pool, Slot},
};

/// How often a request that was never sent looks for another connection.
const TRIES: usize = 3;

/// The lowest layer under [`kube::Client`].
#[derive(Clone)]
pub(super) struct Transport(Arc<Inner>);

struct Inner {
    pool: Arc<Pool>,
    credentials: Credentials,
    /// The generation of the credentials whose client certificate is in use.
    identified: AtomicU64,
    timeout: Option<Duration>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transport").field(&self.0.pool.dialer.host()).finish()
    }
}

impl Transport {
    pub async fn new(
        settings: &Settings,
        credentials: Credentials,
        keepalive: Keepalive,
    ) -> Result<Self, ClusterError> {
        let credential = credentials.current().await?;
        let dialer = Dialer::new(settings, credential.identity.as_ref())?;
        Ok(Self(Arc::new(Inner {
            pool: Pool::new(dialer, keepalive),
            identified: AtomicU64::new(credential.generation),
            credentials,
            timeout: settings.timeout,
        })))
    }

    pub fn host(&self) -> String {
        self.0.pool.dialer.host()
    }

    pub fn counters(&self) -> Counters {
        self.0.pool.counters()
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<AnswerBody>;
    type Error = ClusterError;
    type Future = BoxFuture<'static, Result<Self::Response, ClusterError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClusterError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move { inner.answer(request).await })
    }
}

impl Inner {
    /// The answer, after new credentials and another try if the server refuses the present ones.
    async fn answer(&self, request: Request<Body>) -> Result<Response<AnswerBody>, ClusterError> {
        let spare = copy(&request);
        let mut credential = self.credentials.current().await?;
        let mut answer = self.authorized(request, &credential).await?;
        if answer.status() == StatusCode::UNAUTHORIZED
            && let Some(again) = spare
            && let Some(fresh) = self.credentials.after_refusal(&credential).await?
        {
            credential = fresh;
            answer = self.authorized(again, &credential).await?;
        }
        match answer.status() {
            StatusCode::UNAUTHORIZED => Err(ClusterError::Unauthenticated(self.credentials.refusal(&credential))),
            _ => Ok(answer),
        }
    }

    async fn authorized(
        &self,
        mut request: Request<Body>,
        credential: &Credential,
    ) -> Result<Response<AnswerBody>, ClusterError> {
        if credential.identity.is_some()
            && self.identified.swap(credential.generation, Relaxed) != credential.generation
        {
            self.pool.dialer.identify(credential.identity.as_ref())?;
            self.pool.retire_all();
        }
        if let Some(header) = &credential.header {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        self.sent(request).await
    }

    /// The answer to a request, on whatever connection takes it.
    async fn sent(&self, request: Request<Body>) -> Result<Response<AnswerBody>, ClusterError> {
        let limit = self.limit(&request);
        // Asking twice for the same is harmless, so such a request may go out again when an old connection dies on it.
        let mut spare = if request.method().is_safe() { copy(&request) } else { None };
        let mut request = request;
        for tries_left in (0..TRIES).rev() {
            let slot = self.pool.slot().await?;
            let Unanswered { error, unsent } = match self.on(&slot, request).await? {
                Ok(answer) => {
                    let host = self.pool.dialer.host();
                    return Ok(answer.map(|body| AnswerBody::new(body, slot, limit, host)));
                }
                Err(unanswered) => unanswered,
            };
            // One stream of many may fail alone; a connection that took nothing, or carried but this, is over.
            if unsent.is_some() || !slot.lane.is_http2() {
                slot.lane.retire();
            }
            let again = match unsent {
                Some(unsent) => Some(*unsent),
                None if slot.reused => spare.take(),
                None => None,
            };
            match again {
                Some(again) if tries_left > 0 => request = again,
                _ => return Err(self.pool.dialer.broken(&*error)),
            }
        }
        Err(ClusterError::Unexpected("a request was tried no times".to_owned()))
    }

    /// How long the answer's body may take. A log may take for ever; a watch what it asked for and a request's time more, so
    /// that one that has gone silent on a live connection is noticed.
    fn limit(&self, request: &Request<Body>) -> Option<Duration> {
        if !is_stream(request) {
            return self.timeout;
        }
        let pairs = request.uri().query().unwrap_or_default().split('&');
        let asked = pairs.filter_map(|pair| pair.strip_prefix("timeoutSeconds=")).find_map(|value| value.parse().ok());
        Some(Duration::from_secs(asked?) + self.timeout?)
    }

    /// Sends on one connection and waits for the head of the answer.
    async fn on(
        &self,
        slot: &Slot,
        request: Request<Body>,
    ) -> Result<Result<Response<hyper::body::Incoming>, Unanswered>, ClusterError> {
        let began = Instant::now();
        let sent = self.pool.dialer.in_time("the answer", slot.lane.send(request)).await;
        if sent.is_err() {
            // Perhaps the peer is gone: then the next request shall not wait for the PINGs to find out.
            slot.lane.ear.overdue(began);
        }
        sent
    }
}

/// Logs, watches and files of a node: answers that arrive over minutes or days.
fn is_stream(request: &Request<Body>) -> bool {
    let file = request.uri().path().contains("/proxy/logs/") && !request.uri().path().ends_with('/');
    let mut from_end = request.uri().path().rsplit('/');
    let log = from_end.next() == Some("log") && from_end.nth(1) == Some("pods");
    let mut pairs = request.uri().query().unwrap_or_default().split('&');
    log || file || pairs.any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true"))
}

/// A second copy of a request, if its body can be had twice.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told_by_their_address() {
        let stream = |uri: &str| is_stream(&Request::builder().uri(uri).body(Body::empty()).unwrap());
        assert!(stream("https://h/api/v1/namespaces/a/pods/p/log?container=c"));
        assert!(stream("https://h/api/v1/pods?limit=1&watch=true"));
        assert!(!stream("https://h/api/v1/pods?limit=1"));
        assert!(!stream("https://h/api/v1/namespaces/log"));
        assert!(stream("https://h/api/v1/nodes/n/proxy/logs/pods/a_b_c/d/0.log"));
        assert!(!stream("https://h/api/v1/nodes/n/proxy/logs/pods/a_b_c/d/"), "a list is short");
    }
}
