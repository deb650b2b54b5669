//! A file or directory of a node, as its kubelet serves it and the API server hands it through.

use std::ops::RangeInclusive;

use http::{
    Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE},
};
use http_body_util::BodyDataStream;
use kube::client::Body;

use super::{AnswerBody, ClusterError, LogBody, log};

/// Which bytes of a file are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// From the start, whatever it is: lists have no parts.
    All,
    /// From this one to the end.
    From(u64),
    /// These, or as many of them as there are.
    Within(RangeInclusive<u64>),
}

/// A file, or a part of it.
#[derive(Debug)]
pub struct FilePart {
    /// The place of the first byte that comes. It may be earlier than asked for.
    pub from: u64,
    /// The place after the last byte that comes, if the answer says so: what ends before it was cut off.
    pub end: Option<u64>,
    /// How large the whole file is, in bytes, if the answer says so.
    pub size: Option<u64>,
    /// The bytes as they arrive.
    pub body: LogBody,
}

/// The request for a file under `/logs/` of a node's kubelet. Node and path must be made of checked names.
pub(super) fn request(node: &str, path: &str, bytes: &Bytes) -> Result<Request<Body>, ClusterError> {
    let request = Request::get(format!("/api/v1/nodes/{node}/proxy/logs/{path}"));
    let request = match bytes {
        Bytes::All => request,
        Bytes::From(from) => request.header(RANGE, format!("bytes={from}-")),
        Bytes::Within(within) => request.header(RANGE, format!("bytes={}-{}", within.start(), within.end())),
    };
    request.body(Body::empty()).map_err(|error| ClusterError::Unexpected(error.to_string()))
}

impl FilePart {
    /// Tells a file from a refusal. Redirects count as refusals: none is followed, wherever it leads.
    pub(super) async fn read(answer: Response<AnswerBody>) -> Result<Self, ClusterError> {
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let (from, end, size) = match answer.status() {
            StatusCode::OK => {
                let length = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
                (0, length, length)
            }
            StatusCode::PARTIAL_CONTENT => {
                let range = header(CONTENT_RANGE).unwrap_or_default();
                let (from, end, size) = place(range)
                    .ok_or_else(|| ClusterError::Unexpected(format!("a part of a file with the range {range:?}")))?;
                (from, Some(end), size)
            }
            _ => return Err(log::refusal(answer).await),
        };
        Ok(Self { from, end, size, body: BodyDataStream::new(answer.into_body()) })
    }
}

/// `bytes 0-999/1034049`: the first byte's place, the one after the last, and the size unless it is `*`.
fn place(range: &str) -> Option<(u64, u64, Option<u64>)> {
    let (part, size) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last.checked_add(1)?, size.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file() {
        let request = request("node1", "pods/a_b_c/d/0.log", &Bytes::From(7)).unwrap();
        assert_eq!(request.uri(), "/api/v1/nodes/node1/proxy/logs/pods/a_b_c/d/0.log");
        assert_eq!(request.headers()[RANGE], "bytes=7-");
        assert_eq!(place("bytes 0-999/1034049"), Some((0, 1000, Some(1_034_049))));
        assert_eq!(place("bytes 5-5/*"), Some((5, 6, None)));
        for bad in ["", "bytes */12", "bytes 5-4/9", "bytes 0-18446744073709551615/1", "bits 0-1/2"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
