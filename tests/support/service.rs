//! A service like the dashboard's sibling: `GET /v1/jobs`, `GET /v1/jobs/{id}`, with a bearer token; and one like Entra,
//! which gives that token out.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::{listen::listen, rows::Sample};

/// What is served, and what came.
#[derive(Default)]
pub struct State {
    rows: Vec<Map<String, Value>>,
    token: Option<String>,
    has_list: bool,
    /// The `Authorization` of each request.
    pub seen: Vec<Option<String>>,
    /// The `X-ELB-API-Token` of each request.
    pub tokens: Vec<Option<String>>,
}

/// A row's id in another case than the row has it.
pub const UPPER: &str = "0B6F1F4E-51C7-4A6C-9F0A-3E3B6C1D2E4F";

/// A running service; it ends with its test.
pub struct Service {
    pub address: SocketAddr,
    pub state: Arc<Mutex<State>>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Serves the samples, to those who know `token`.
    pub async fn start(samples: &[Sample], token: Option<&str>, has_list: bool) -> Self {
        let rows = samples.iter().map(|sample| sample.document.clone()).collect();
        let state = State { rows, token: token.map(str::to_owned), has_list, seen: vec![], tokens: vec![] };
        let mut service =
            Self { address: ([127, 0, 0, 1], 0).into(), state: Arc::new(Mutex::new(state)), tasks: JoinSet::new() };
        service.up().await;
        service
    }

    /// Starts it (again), on the same port.
    pub async fn up(&mut self) {
        let state = self.state.clone();
        let serve = move |stream| {
            let state = state.clone();
            let answer = service_fn(move |request| {
                let answer = answer(&mut state.lock().unwrap(), &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            }
        };
        (self.address, self.tasks) = listen(self.address, serve).await;
    }

    /// Stops it, and every connection with it.
    pub async fn down(&mut self) {
        self.tasks.shutdown().await;
    }

    /// `http://host:port` and a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn answer(state: &mut State, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    state.seen.push(authorization.map(str::to_owned));
    let token = request.headers().get("x-elb-api-token").and_then(|value| value.to_str().ok());
    state.tokens.push(token.map(str::to_owned));
    let path = request.uri().path().to_owned();
    if let Some(place) = path.strip_prefix("/moved/") {
        let query: String = request.uri().query().unwrap_or_default().to_owned();
        let to = if query.is_empty() { format!("/v1/jobs/{place}") } else { format!("{query}/v1/jobs/{place}") };
        return Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, to)
            .body(Full::default())
            .unwrap();
    }
    if path.ends_with("/oauth2/v2.0/token") {
        return reply(StatusCode::OK, &json!({"access_token": state.token, "expires_in": 3600}));
    }
    if let Some(token) = &state.token
        && authorization != Some(&format!("Bearer {token}"))
    {
        // A careless server repeats what it got.
        let detail = format!("bad token {}", authorization.unwrap_or_default());
        return reply(StatusCode::UNAUTHORIZED, &json!({"detail": detail}));
    }
    match path.strip_prefix("/v1/jobs").map(|rest| rest.trim_start_matches('/')) {
        Some("") if state.has_list => reply(StatusCode::OK, &json!({"jobs": state.rows, "next": null})),
        Some("busy") => reply(StatusCode::SERVICE_UNAVAILABLE, &json!({"detail": "starting"})),
        Some("another") => reply(StatusCode::OK, &json!({"job_id": "someone-elses", "payload": {}})),
        Some(id) if id == UPPER => reply(StatusCode::OK, &json!({"job_id": UPPER.to_lowercase(), "payload": {}})),
        Some("forbidden") => reply(StatusCode::FORBIDDEN, &json!({"detail": "no"})),
        Some("page") => Response::builder()
            .header(header::CONTENT_TYPE, "text/html")
            .body(Full::from("<html>Sign in</html>"))
            .unwrap(),
        Some("gateway") => {
            let page = "<!DOCTYPE html><html><body>planted</body></html>";
            let answer = Response::builder().status(StatusCode::BAD_GATEWAY).header(header::CONTENT_TYPE, "text/html");
            answer.body(Full::from(page)).unwrap()
        }
        Some("huge") => {
            let body = format!("{{\"job_id\":\"huge\",\"payload\":\"{}\"}}", "x".repeat(65 << 20));
            Response::new(Full::from(body))
        }
        Some(id) => {
            let is = |row: &&Map<String, Value>| {
                row.get("job_id").or_else(|| row.get("PartitionKey")).and_then(Value::as_str) == Some(id)
            };
            match state.rows.iter().find(is) {
                Some(row) => reply(StatusCode::OK, &Value::Object(row.clone())),
                None => reply(StatusCode::NOT_FOUND, &json!({"detail": "Not Found"})),
            }
        }
        None => reply(StatusCode::NOT_FOUND, &json!({"detail": "Not Found"})),
    }
}

fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
