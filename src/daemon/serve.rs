//! `/healthz` and `/metrics` over plain HTTP, for a kubelet's probes and Prometheus.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::board::Board;

/// Connections that are served at a time: more wait.
const CONNECTIONS: usize = 64;

/// How long a connection may take, for one question and its answer: whoever is silent does not keep a place from others.
const WITHIN: Duration = Duration::from_secs(5);

/// The pause after a connection that could not be taken: there may be no more files.
const PAUSE: Duration = Duration::from_millis(200);

/// What the text of metrics is.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Listens, but answers nothing yet; with the address, whose port may have been chosen by the system.
///
/// # Errors
/// When the address is not this machine's, or in use.
pub async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Answers, without end.
pub async fn serve(listener: TcpListener, board: Board) -> Infallible {
    serve_within(listener, board, WITHIN).await
}

async fn serve_within(listener: TcpListener, board: Board, within: Duration) -> Infallible {
    let places = std::sync::Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { std::future::pending().await };
        let Ok((connection, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let board = board.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: Request<hyper::body::Incoming>| {
                let response = answer(request.method(), request.uri().path(), &board);
                async { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            // The whole connection has its time.
            server.keep_alive(false).header_read_timeout(None);
            // Whoever went away does not want an answer any more.
            let _ = timeout(within, server.serve_connection(TokioIo::new(connection), service)).await;
            drop(place);
        });
    }
}

fn answer(method: &Method, path: &str, board: &Board) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let (status, kind, text) = match path {
        "/healthz" | "/metrics" if method != Method::GET && method != Method::HEAD => {
            (StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned())
        }
        "/healthz" => match board.health(Instant::now()) {
            Ok(()) => (StatusCode::OK, TEXT, "ok\n".to_owned()),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, why + "\n"),
        },
        "/metrics" => match board.metrics() {
            Ok(text) => (StatusCode::OK, OPEN_METRICS, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        },
        _ => (StatusCode::NOT_FOUND, TEXT, "there are /healthz and /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::board::{PATIENCE, Party};

    #[tokio::test]
    async fn connections_that_say_nothing_or_half_silence_it_for_a_moment_only() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (listener, address) = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let server = tokio::spawn(serve_within(listener, Board::default(), Duration::from_secs(1)));
        let mut idle = Vec::new();
        for number in 0..2 * CONNECTIONS {
            let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
            let said: &[u8] =
                [&b""[..], b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"][number % 3];
            connection.write_all(said).await.unwrap();
            idle.push(connection);
        }
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");
        server.abort();
    }

    #[test]
    fn two_paths_are_answered() {
        let board = Board::default();
        let ask = |method: &Method, path: &str| answer(method, path, &board);
        for (method, path, status) in [
            (Method::GET, "/healthz", 200),
            (Method::HEAD, "/healthz", 200),
            (Method::GET, "/metrics", 200),
            (Method::POST, "/metrics", 405),
            (Method::GET, "/", 404),
            (Method::POST, "/healthz/", 404),
        ] {
            assert_eq!(ask(&method, path).status(), status, "{method} {path}");
        }
        assert_eq!(ask(&Method::GET, "/metrics").headers()[header::CONTENT_TYPE], OPEN_METRICS);
        board.away(Party::Pods, "connection refused", Instant::now().checked_sub(PATIENCE).unwrap());
        assert_eq!(ask(&Method::GET, "/healthz").status(), 503);
    }
}
