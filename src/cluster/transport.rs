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
use http::{
    HeaderValue, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, LOCATION},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use tokio::time::Instant;
use tower::Service;

use super::{
    ClusterError, Settings,
    body::AnswerBody,
    connection::{Keepalive, StreamWindow, Unanswered},
    counters::Counters,
    credentials::{Credential, Credentials},
    dial::Dialer,
    environment::Tell,
    error::{Obstacle, Rejection},
    log,
    pool::{Pool, Slot},
};
use crate::{k8s::kubelet_error::is_kubelets_401, mask::mask};

/// How often a request that was never sent looks for another connection.
const TRIES: usize = 3;

/// A `Status` longer than this is none.
const STATUS_LIMIT: usize = 1024 * 1024;

/// The lowest layer under [`kube::Client`].
#[derive(Clone)]
pub(super) struct Transport(Arc<SharedTransport>);

struct SharedTransport {
    pool: Arc<Pool>,
    credentials: Credentials,
    /// The generation of the credentials whose client certificate is in use.
    identified: AtomicU64,
    timeout: Option<Duration>,
    /// Who is told of requests.
    told: Option<Tell>,
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
        told: Option<Tell>,
    ) -> Result<Self, ClusterError> {
        let credential = credentials.current().await?;
        let dialer = Dialer::new(settings, credential.identity.as_ref())?;
        Ok(Self(Arc::new(SharedTransport {
            pool: Pool::new(dialer, keepalive),
            identified: AtomicU64::new(credential.generation),
            credentials,
            timeout: settings.timeout,
            told,
        })))
    }

    pub fn host(&self) -> String {
        self.0.pool.dialer.host()
    }

    pub fn narrow(&self, window: StreamWindow) {
        self.0.pool.narrow(window);
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

impl SharedTransport {
    /// The answer, after new credentials and another try if the server refuses the present ones.
    async fn answer(&self, request: Request<Body>) -> Result<Response<AnswerBody>, ClusterError> {
        let (spare, asked) = (copy(&request), Respondent::of(&request));
        // A kubelet lists directories as web pages.
        let is_api = request.uri().path().starts_with("/api") && !matches!(asked, Respondent::NodeFile(_));
        let mut credential = self.credentials.current().await?;
        let mut answer = self.authorized(request, &credential).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let refusal = self.refusal(answer, &asked, &credential).await;
            let fresh = match &refusal {
                Some(_) => None,
                None => self.credentials.after_refusal(&credential).await?,
            };
            let Some((again, fresh)) = spare.zip(fresh) else {
                let ours = || ClusterError::Unauthenticated(self.credentials.refusal(&credential));
                return Err(refusal.unwrap_or_else(ours));
            };
            credential = fresh;
            answer = self.authorized(again, &credential).await?;
        }
        if answer.status() == StatusCode::BAD_REQUEST && self.pool.dialer.is_plain() {
            return Err(self.bad_request(answer).await);
        }
        if let Some(what) = is_api.then(|| foreign(&answer, asked.is_by_kubelet())).flatten() {
            return Err(ClusterError::Unreachable { host: self.pool.dialer.host(), why: Obstacle::NotTheApi(what) });
        }
        match answer.status() {
            StatusCode::UNAUTHORIZED => {
                let ours = || ClusterError::Unauthenticated(self.credentials.refusal(&credential));
                Err(self.refusal(answer, &asked, &credential).await.unwrap_or_else(ours))
            }
            // kube would take the code from the body, where another's answer has none.
            status if !asked.is_by_kubelet() && is_read_here(status) => Err(log::refusal(answer).await),
            _ => Ok(answer),
        }
    }

    /// A 400 over plain http: Go and nginx say so when they want TLS.
    async fn bad_request(&self, answer: Response<AnswerBody>) -> ClusterError {
        let code = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), STATUS_LIMIT).collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        // nginx says it on a page.
        let said = String::from_utf8_lossy(&body).to_ascii_lowercase();
        match ["to an https server", "to https port"].iter().any(|words| said.contains(words)) {
            true => self.pool.dialer.wants_tls(),
            false => Rejection::parse(code, None, &body).into(),
        }
    }

    /// What a 401 means when it is not about our credentials: a web page's, or a kubelet's that the API server hands on.
    async fn refusal(
        &self,
        answer: Response<AnswerBody>,
        asked: &Respondent,
        credential: &Credential,
    ) -> Option<ClusterError> {
        if let Some(what) = foreign(&answer, asked.is_by_kubelet()) {
            return Some(ClusterError::Unreachable { host: self.pool.dialer.host(), why: Obstacle::NotTheApi(what) });
        }
        if !asked.is_by_kubelet() {
            return None;
        }
        let code = answer.status().as_u16();
        let bytes = Limited::new(answer.into_body(), STATUS_LIMIT).collect().await.ok()?.to_bytes();
        let rejection = Rejection::parse(code, None, &bytes);
        let is_kubelets = match asked {
            // It may be either's, in the same words; but nobody whom the API server does not know gets any answer from it.
            Respondent::NodeFile(elsewhere) => self.lets_us_in(elsewhere, credential).await,
            _ => is_kubelets_401(&rejection.message),
        };
        is_kubelets.then_some(ClusterError::Rejected(rejection))
    }

    /// Whether the API server takes these credentials.
    async fn lets_us_in(&self, version: &Uri, credential: &Credential) -> bool {
        let Ok(request) = Request::get(version).body(Body::empty()) else { return false };
        self.authorized(request, credential).await.is_ok_and(|answer| answer.status() != StatusCode::UNAUTHORIZED)
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
        let Some(told) = &self.told else { return self.sent(request).await };
        let (asked, began) = (
            format!("{} {}", request.method(), request.uri().path_and_query().map_or("/", |it| it.as_str())),
            Instant::now(),
        );
        let answer = self.sent(request).await;
        let millis = began.elapsed().as_millis();
        let came = match &answer {
            Ok(answer) => format!("{} in {millis} ms", answer.status().as_u16()),
            Err(error) => format!("no answer in {millis} ms: {error}"),
        };
        // Headers, which hold what nobody may see, are not told; what a path holds may be anything all the same.
        told(&mask(&format!("{asked}: {came}")));
        answer
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
            if unsent.is_some() || !slot.connection.is_http2() {
                slot.connection.retire();
            }
            let again = match unsent {
                Some(unsent) => Some(*unsent),
                None if slot.reused => spare.take(),
                None => None,
            };
            match again {
                Some(again) if tries_left > 0 => request = again,
                _ => {
                    let error = self.pool.dialer.broken(&*error);
                    return Err(self.pool.dialer.considered(error).await);
                }
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
        Some(Duration::from_secs(asked?).saturating_add(self.timeout?))
    }

    /// Sends on one connection and waits for the head of the answer.
    async fn on(
        &self,
        slot: &Slot,
        request: Request<Body>,
    ) -> Result<Result<Response<hyper::body::Incoming>, Unanswered>, ClusterError> {
        let began = Instant::now();
        let sent = self.pool.dialer.in_time("the answer", slot.connection.send(request)).await;
        if sent.is_err() {
            // Perhaps the peer is gone: then the next request shall not wait for the PINGs to find out.
            slot.connection.liveness.overdue(began);
        }
        sent
    }
}

/// Who answers a request.
enum Respondent {
    /// The API server itself.
    Api,
    /// A kubelet, through the API server, which puts its refusals into words of its own.
    Log,
    /// A kubelet, whose answers the API server hands on as they are. With where the API server itself answers whoever it knows.
    NodeFile(Uri),
}

impl Respondent {
    fn of(request: &Request<Body>) -> Respondent {
        let version = || {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(PathAndQuery::from_static("/version"));
            Uri::from_parts(parts)
        };
        match is_node_file(request).then(version) {
            Some(Ok(version)) => Respondent::NodeFile(version),
            _ if is_log(request) => Respondent::Log,
            _ => Respondent::Api,
        }
    }

    fn is_by_kubelet(&self) -> bool {
        !matches!(self, Respondent::Api)
    }
}

/// Whether an answer of this status is all there is to know: nobody above looks for these codes.
fn is_read_here(status: StatusCode) -> bool {
    matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

/// What an answer is that Kubernetes does not give. A busy load balancer's 5xx is none of these: it passes.
fn foreign(answer: &Response<AnswerBody>, by_kubelet: bool) -> Option<String> {
    let status = answer.status();
    let header = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let media = header(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if status.is_redirection() {
        // Without its query, which may hold a ticket.
        let place = header(LOCATION).unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
        return Some(format!("a redirection to {place:?} (HTTP {})", status.as_u16()));
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    if media.eq_ignore_ascii_case("text/html") {
        return Some(format!("a web page (HTTP {})", status.as_u16()));
    }
    let is_readable = media.is_empty() || media.ends_with("json") || by_kubelet;
    (status.is_success() && !is_readable).then(|| format!("{media:?} where Kubernetes answers JSON"))
}

fn is_log(request: &Request<Body>) -> bool {
    let mut from_end = request.uri().path().rsplit('/');
    from_end.next() == Some("log") && from_end.nth(1) == Some("pods")
}

fn is_node_file(request: &Request<Body>) -> bool {
    request.uri().path().contains("/proxy/logs/")
}

/// Logs, watches and files of a node: answers that arrive over minutes or days.
fn is_stream(request: &Request<Body>) -> bool {
    let file = is_node_file(request) && !request.uri().path().ends_with('/');
    let mut pairs = request.uri().query().unwrap_or_default().split('&');
    is_log(request) || file || pairs.any(|pair| matches!(pair, "watch=true" | "watch=1" | "follow=true"))
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
