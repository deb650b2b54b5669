//! A small client over reqwest that keeps what arrived, whole or not.
#![allow(dead_code)]

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
        let http = reqwest::Client::builder().tls_certs_only([ca]).user_agent("curl/8.5.0").no_proxy().build().unwrap();
        Self { http, url: cluster.url(), token: token.to_owned() }
    }

    pub fn request(&self, method: &str, target: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{target}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub async fn try_get(&self, target: &str) -> reqwest::Result<Answer> {
        Self::read(self.request("GET", target).send().await?).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.try_get(target).await.unwrap()
    }

    /// Reads what arrives within a while; an answer that goes on is not complete.
    pub async fn get_for(&self, target: &str, patience: std::time::Duration) -> Answer {
        let mut response = self.request("GET", target).send().await.unwrap();
        let mut answer = Answer::of(&response);
        loop {
            match tokio::time::timeout(patience, response.chunk()).await {
                Ok(Ok(Some(chunk))) => answer.body.extend_from_slice(&chunk),
                Ok(Ok(None)) => return answer,
                Ok(Err(_)) | Err(_) => {
                    answer.complete = false;
                    return answer;
                }
            }
        }
    }

    pub async fn send(&self, method: &str, target: &str, body: &Value) -> Answer {
        let request = self.request(method, target).header("content-type", "application/json").body(body.to_string());
        Self::read(request.send().await.unwrap()).await.unwrap()
    }

    async fn read(mut response: reqwest::Response) -> reqwest::Result<Answer> {
        let mut answer = Answer::of(&response);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => return Ok(answer),
                Err(_) => {
                    answer.complete = false;
                    return Ok(answer);
                }
            }
        }
    }
}
