//! A proxy in front of an object store that fails as networks and services do.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::{net::TcpStream, task::JoinSet};

use super::listen::listen;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered.
    None,
    /// 500, and nothing was done.
    Error,
    /// 503, as a service that is asked too much.
    Throttled,
    /// The connection is closed, and nothing was done.
    Closed,
    /// It was done, and the connection is closed instead of an answer.
    AnswerLost,
}

/// The proxy.
pub struct Faulty {
    /// Where it listens.
    pub port: u16,
    down: Arc<AtomicBool>,
    /// Faults made.
    made: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Faulty {
    /// Stands in front of `backend` and lets `choose` decide of each request, which are numbered.
    pub async fn start(backend: u16, choose: fn(usize) -> Fault) -> Faulty {
        let (down, made, count) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let (is_down, faults) = (down.clone(), made.clone());
        let serve = move |stream| {
            let (client, down, made, count) = (client.clone(), is_down.clone(), faults.clone(), count.clone());
            let service = service_fn(move |request| {
                let (client, down, made, count) = (client.clone(), down.clone(), made.clone(), count.clone());
                async move {
                    let fault = if down.load(Ordering::SeqCst) {
                        Fault::Throttled
                    } else {
                        choose(count.fetch_add(1, Ordering::SeqCst))
                    };
                    if fault != Fault::None {
                        made.fetch_add(1, Ordering::SeqCst);
                    }
                    answer(&client, backend, request, fault).await
                }
            });
            async move {
                // A connection that is cut is what this is for.
                let _ = serve(stream, service).await;
            }
        };
        let (address, tasks) = listen("127.0.0.1:0", serve).await;
        Faulty { port: address.port(), down, made, _tasks: tasks }
    }

    /// Lets nothing through, or everything that `choose` does.
    pub fn down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// How many faults were made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

async fn serve<S>(stream: TcpStream, service: S) -> Result<(), hyper::Error>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = std::io::Error>,
{
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
}

async fn answer(
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    backend: u16,
    request: Request<Incoming>,
    fault: Fault,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let closed = || Err(std::io::Error::other("closed by the proxy"));
    let status = |code: u16| Ok(Response::builder().status(code).body(Full::default()).unwrap());
    match fault {
        Fault::Error => return status(500),
        Fault::Throttled => return status(503),
        Fault::Closed => return closed(),
        Fault::None | Fault::AnswerLost => {}
    }
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    parts.uri = format!("http://127.0.0.1:{backend}{path}").parse().unwrap();
    let answer = client.request(Request::from_parts(parts, Full::new(body))).await.map_err(std::io::Error::other)?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    if fault == Fault::AnswerLost {
        return closed();
    }
    Ok(Response::from_parts(parts, Full::new(body)))
}
