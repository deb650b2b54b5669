//! A small client over reqwest that keeps what arrived, whole or not.
#![allow(dead_code)]

use std::time::Duration;

use serde_json::Value;
use testcluster::TestCluster;

pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
    pub complete: bool,
}

/// An answer whose head has come.
pub struct Opened {
    answer: Answer,
    response: reqwest::Response,
}

/// How long lines that must come are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long lines that must not come are waited for.
const QUIET: Duration = Duration::from_millis(300);

impl Answer {
    fn of(response: &reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: Vec::new(),
            complete: true,
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    pub fn new(cluster: &TestCluster) -> Self {
        Self::with_token(cluster, "admin-token")
    }

    pub fn with_token(cluster: &TestCluster, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca = reqwest::Certificate::from_pem(cluster.ca_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([ca])
            .user_agent("curl/8.5.0")
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { http, url: cluster.url(), token: token.to_owned() }
    }

    pub fn request(&self, method: &str, target: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{target}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub async fn try_get(&self, target: &str) -> reqwest::Result<Answer> {
        let response = self.request("GET", target).send().await?;
        Ok(Opened { answer: Answer::of(&response), response }.rest().await)
    }

    /// Asks for a part of a file.
    pub async fn get_range(&self, target: &str, range: &str) -> Answer {
        let response = self.request("GET", target).header("range", range).send().await.unwrap();
        Opened { answer: Answer::of(&response), response }.rest().await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.try_get(target).await.unwrap()
    }

    /// Opens an answer that goes on: its head has come, so the server knows from where.
    pub async fn open(&self, target: &str) -> Opened {
        let response = self.request("GET", target).send().await.unwrap();
        Opened { answer: Answer::of(&response), response }
    }

    pub async fn send(&self, method: &str, target: &str, body: &Value) -> Answer {
        let request = self.request(method, target).header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.unwrap();
        Opened { answer: Answer::of(&response), response }.rest().await
    }
}

impl Opened {
    /// Waits for more, and says whether any came.
    async fn more(&mut self) -> bool {
        match self.response.chunk().await {
            Ok(Some(chunk)) => {
                self.answer.body.extend_from_slice(&chunk);
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.answer.complete = false;
                false
            }
        }
    }

    /// Reads until what came ends so.
    pub async fn until(&mut self, end: &[u8]) {
        while !self.answer.body.ends_with(end) {
            assert!(self.more().await, "it ended before {:?}: {:?}", String::from_utf8_lossy(end), self.answer.text());
        }
    }

    /// Reads to the end.
    pub async fn rest(mut self) -> Answer {
        while self.more().await {}
        self.answer
    }

    /// Reads so many lines, and on until nothing has come for a while; an answer that goes on is not complete.
    pub async fn at_least(mut self, lines: usize) -> Answer {
        loop {
            let came = self.answer.body.iter().filter(|byte| **byte == b'\n').count();
            match tokio::time::timeout(if came < lines { PATIENCE } else { QUIET }, self.more()).await {
                Ok(true) => {}
                Ok(false) => return self.answer,
                Err(_) => {
                    self.answer.complete = false;
                    return self.answer;
                }
            }
        }
    }
}
