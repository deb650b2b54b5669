//! One container's log: the question, and the four kinds of answer.

use std::{borrow::Cow, fmt, time::Duration};

use bytes::Bytes;
use form_urlencoded::{Serializer, byte_serialize};
use futures::TryStreamExt;
use http::{HeaderMap, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyDataStream, BodyExt, Limited};
use jiff::Timestamp;
use kube::client::Body;

use super::{AnswerBody, ClusterError, error::Rejection};

/// A `Status` longer than this is cut off.
const STATUS_LIMIT: usize = 1024 * 1024;

/// Which part of a container's log is wanted.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// The container; the server demands it when there are several.
    pub container: String,
    /// Keep the stream open for what the container still writes.
    pub follow: bool,
    /// The log of the instance before the last restart.
    pub previous: bool,
    /// Stamp every line.
    pub timestamps: bool,
    /// Only lines from this moment on. The server knows whole seconds only, so the second it falls into comes whole.
    pub since_time: Option<Timestamp>,
    /// Only this many of the last lines.
    pub tail_lines: Option<u64>,
    /// Only this many bytes.
    pub limit_bytes: Option<u64>,
}

/// What the server says to a [`LogQuery`] it does not refuse.
#[derive(Debug)]
pub enum LogAnswer {
    /// The log. Errors in here are the transport's; a clean end is the stream's end, and says nothing about whether
    /// the container has ended.
    Body(LogBody),
    /// The pod is not on a node yet, so there is no log to speak of.
    NotScheduled,
}

/// A log's bytes as they arrive, not cut into lines.
pub type LogBody = BodyDataStream<AnswerBody>;

impl LogQuery {
    /// The request for this part of the log of `pod` in `namespace`.
    /// With `skip_backend_verify` the API server does not check the kubelet's certificate.
    pub(super) fn request(
        &self,
        namespace: &str,
        pod: &str,
        skip_backend_verify: bool,
    ) -> Result<Request<Body>, ClusterError> {
        let mut uri = format!("/api/v1/namespaces/{}/pods/{}/log?{}", segment(namespace), segment(pod), self.query());
        if skip_backend_verify {
            uri.push_str("&insecureSkipTLSVerifyBackend=true");
        }
        Request::get(uri).body(Body::empty()).map_err(|error| ClusterError::Unexpected(error.to_string()))
    }

    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        if !self.container.is_empty() {
            query.append_pair("container", &self.container);
        }
        for (name, set) in [("follow", self.follow), ("previous", self.previous), ("timestamps", self.timestamps)] {
            if set {
                query.append_pair(name, "true");
            }
        }
        if let Some(since) = self.since_time {
            query.append_pair("sinceTime", &whole_second(since).to_string());
        }
        for (name, value) in [("tailLines", self.tail_lines), ("limitBytes", self.limit_bytes)] {
            if let Some(value) = value {
                query.append_pair(name, &value.to_string());
            }
        }
        query.finish()
    }
}

/// The second a moment falls into. Rounding, as kube does it, would skip the lines of half a second.
fn whole_second(at: Timestamp) -> Timestamp {
    let floored = at.as_nanosecond().div_euclid(1_000_000_000);
    // In range, as it is no later than `at`; only the very first second of all time is not.
    i64::try_from(floored).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(Timestamp::MIN)
}

/// A name as a part of a path, so that a mistyped `-n` cannot become another address.
fn segment(name: &str) -> Cow<'_, str> {
    byte_serialize(name.as_bytes()).collect()
}

impl LogAnswer {
    /// Tells the kinds of answer apart; a refusal is read to its end.
    pub(super) async fn read(answer: Response<AnswerBody>) -> Result<Self, ClusterError> {
        let status = answer.status();
        match status {
            StatusCode::OK => Ok(Self::Body(BodyDataStream::new(answer.into_body()))),
            StatusCode::NO_CONTENT => Ok(Self::NotScheduled),
            _ => Err(refusal(answer).await),
        }
    }

    /// All of a small log; `None` when there is none yet, or the answer breaks off.
    pub async fn whole(self) -> Option<Vec<u8>> {
        let Self::Body(body) = self else { return None };
        body.try_fold(Vec::new(), async |mut whole, bytes| {
            whole.extend_from_slice(&bytes);
            Ok(whole)
        })
        .await
        .ok()
    }
}

/// What an answer that is none says; it is read to its end.
pub(super) async fn refusal(answer: Response<AnswerBody>) -> ClusterError {
    let retry_after = retry_after(answer.headers());
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), STATUS_LIMIT).collect().await;
    // Without its body a refusal is still one.
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    Rejection::parse(status, retry_after, &body).into()
}

/// How long the server asks to be left alone. A date, which no part of Kubernetes sends, asks for nothing, as with client-go.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Rejection::pause(seconds))
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.query())
    }
}

/// What [`LogBody`] yields.
const _: fn(LogBody) = |body| {
    fn is_stream(_: impl futures::Stream<Item = Result<Bytes, ClusterError>> + Send + Unpin + 'static) {}
    is_stream(body);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_floored_to_the_second() {
        let query = LogQuery {
            container: "blast".to_owned(),
            follow: true,
            timestamps: true,
            since_time: Some("2026-11-24T13:00:24.987654321Z".parse().unwrap()),
            tail_lines: Some(5),
            ..LogQuery::default()
        };
        assert_eq!(
            query.request("default", "p-0", false).unwrap().uri().to_string(),
            "/api/v1/namespaces/default/pods/p-0/log?container=blast&follow=true&timestamps=true\
             &sinceTime=2026-11-24T13%3A00%3A24Z&tailLines=5"
        );
    }

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_asks_but_not_for_a_day() {
        for (value, asked) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("32", Some(32)),
            ("86400", Some(60)),
            ("18446744073709551615", Some(60)),
            ("18446744073709551616", None),
            ("-1", None),
            ("", None),
            ("Thu, 26 Nov 2026 21:00:00 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers), asked.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_name_stays_one_segment() {
        let uri = LogQuery::default().request("a/../b", "p", false).unwrap().uri().to_string();
        assert_eq!(uri, "/api/v1/namespaces/a%2F..%2Fb/pods/p/log?");
    }
}
