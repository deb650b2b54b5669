//! Azurite's blob service, with the account and key of every emulator.

use std::path::PathBuf;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use ring::hmac;

use super::{
    azurite::{ACCOUNT, KEY},
    process::{self, Server},
};

/// A service of its own, with nothing in it.
pub struct AzuriteBlob {
    /// Where it listens.
    pub port: u16,
    _server: Server,
}

impl AzuriteBlob {
    /// Starts it.
    pub fn start() -> Self {
        let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/servers/node_modules/.bin");
        let program = process::program("azurite-blob", &[place]).to_string_lossy().into_owned();
        let mut server = Server::new("azurite-blob");
        let (port, location) = (server.port(), server.file(""));
        let flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"];
        let command = [&program, "--blobPort", &port.to_string(), "--location", &location];
        let command: Vec<String> = command.into_iter().chain(flags).map(str::to_owned).collect();
        server.start("INT", &command);
        Self { port, _server: server }
    }

    /// Makes a container.
    pub async fn container(&self, name: &str) {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let version = "2020-12-06";
        let text = format!(
            "PUT{}x-ms-date:{date}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container",
            "\n".repeat(12)
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(KEY).unwrap());
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        elbtail::crypto::choose();
        let answer = reqwest::Client::new()
            .put(format!("http://127.0.0.1:{}/{ACCOUNT}/{name}?restype=container", self.port))
            .header("x-ms-date", date)
            .header("x-ms-version", version)
            .header("Authorization", format!("SharedKey {ACCOUNT}:{signature}"))
            .header("Content-Length", 0)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap());
    }
}
