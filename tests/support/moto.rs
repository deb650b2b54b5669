//! moto's S3 service.

use std::path::PathBuf;

use super::process::{self, Server};

/// A service of its own, with nothing in it.
pub struct Moto {
    /// Where it listens.
    pub port: u16,
    _server: Server,
}

impl Moto {
    /// Starts it.
    pub fn start() -> Self {
        let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/servers/moto/bin");
        let program = process::program("moto_server", &[place]).to_string_lossy().into_owned();
        let mut server = Server::new("moto_server");
        let port = server.port();
        let command = [&program, "-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
        server.start("TERM", &command);
        Self { port, _server: server }
    }

    /// Makes a bucket.
    pub async fn bucket(&self, name: &str) {
        elbtail::crypto::choose();
        let url = format!("http://127.0.0.1:{}/{name}", self.port);
        let answer = reqwest::Client::new().put(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}
