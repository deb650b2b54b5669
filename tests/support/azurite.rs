//! Azurite's table service, with the account and key of every emulator.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::OnceLock,
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use elbtail::source::SourceEnvironment;
use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use ring::hmac;
use serde_json::{Map, Value, json};

use super::{
    encoded,
    pki::{self, Pki},
    process::{self, Server},
    rows::Sample,
};

/// The account, as Microsoft publishes it.
pub const ACCOUNT: &str = "devstoreaccount1";
/// Its key.
pub const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A service of its own.
pub struct Azurite {
    server: Server,
    /// Whether it speaks TLS, and takes Entra's tokens, which it does only then.
    secure: Option<Pki>,
}

impl Deref for Azurite {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Azurite {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// The one that tests share which do not stop it.
pub fn shared() -> &'static Azurite {
    static SHARED: OnceLock<Azurite> = OnceLock::new();
    SHARED.get_or_init(Azurite::start)
}

/// An environment with the account's key.
pub fn with_key() -> SourceEnvironment {
    SourceEnvironment { storage_key: Some(KEY.into()), ..SourceEnvironment::nothing() }
}

impl Azurite {
    /// Starts it, empty.
    pub fn start() -> Self {
        Self::start_with(None, Server::new("azurite-table"))
    }

    /// Starts it with TLS.
    pub fn start_secure() -> Self {
        let server = Server::new("azurite-table");
        Self::start_with(Some(pki::write(server.directory())), server)
    }

    fn start_with(secure: Option<Pki>, server: Server) -> Self {
        let mut azurite = Self { server, secure };
        azurite.up();
        azurite
    }

    /// A token as Entra makes them; nobody checks who signed it.
    pub fn entra_token() -> String {
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let now = Timestamp::now().as_second();
        let claims = json!({
            "aud": "https://storage.azure.com", "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
            "nbf": now - 60, "iat": now - 60, "exp": now + 3600,
        });
        format!("{}.{}.pl4nted", part(json!({"alg": "none", "typ": "JWT"})), part(claims))
    }

    /// Starts it (again).
    pub fn up(&mut self) {
        let local = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/servers/node_modules/.bin");
        let program = process::program("azurite-table", &[local]).to_string_lossy().into_owned();
        let (location, port) = (self.file(""), self.port().to_string());
        let arguments = ["--tablePort", &port, "--location", &location, "--silent", "--disableTelemetry"];
        let mut command: Vec<String> = [program].into_iter().chain(arguments.map(str::to_owned)).collect();
        if let Some(pki) = &self.secure {
            let [certificate, key] = [&pki.certificate, &pki.key].map(|file| file.to_string_lossy().into_owned());
            command.extend(["--oauth", "basic", "--cert", &certificate, "--key", &key].map(str::to_owned));
        }
        // INT: at any other signal it loses what it has not written yet.
        self.server.start("INT", &command);
    }

    /// The URL of a table.
    pub fn url(&self, table: &str) -> String {
        let scheme = if self.secure.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/{ACCOUNT}/{table}", self.port())
    }

    /// The connection string of the account.
    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint=http://127.0.0.1:{}/{ACCOUNT};",
            self.port()
        )
    }

    /// The URL of a table with a SAS that lets read it until `end`.
    pub fn sas_url(&self, table: &str, end: &str) -> String {
        let version = "2020-12-06";
        let resource = format!("/table/{ACCOUNT}/{}", table.to_lowercase());
        let text = ["r", "", end, &resource, "", "", "", version, "", "", "", ""].join("\n");
        let (end, signature) = (encoded(end), encoded(&sign(&text)));
        format!("{}?sv={version}&tn={table}&sp=r&se={end}&sig={signature}", self.url(table))
    }

    /// Makes `table` and puts the samples into it, as the dashboard does.
    pub async fn load(&self, table: &str, samples: &[Sample]) {
        self.create(table).await;
        for sample in samples {
            let mut entity: Map<String, Value> = sample
                .document
                .iter()
                .filter(|(_, value)| !value.is_object())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            for own in ["job_id", "odata.etag", "Timestamp", "payload"] {
                entity.remove(own);
            }
            entity.insert("PartitionKey".to_owned(), json!(sample.id));
            entity.insert("RowKey".to_owned(), json!("current"));
            if let Some(payload) = sample.payload() {
                entity.insert("payload_json".to_owned(), json!(payload));
            }
            self.insert(table, Value::Object(entity)).await;
        }
    }

    /// Makes `table`.
    pub async fn create(&self, table: &str) {
        self.post("Tables", &json!({"TableName": table})).await;
    }

    /// Puts an entity into `table`.
    pub async fn insert(&self, table: &str, entity: Value) {
        self.post(table, &entity).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let signature = sign(&format!("{date}\n/{ACCOUNT}/{ACCOUNT}/{path}"));
        // reqwest needs a provider when it is built without one.
        elbtail::crypto::choose();
        let mut client = Client::builder();
        if let Some(pki) = &self.secure {
            let authority = std::fs::read(&pki.authority).unwrap();
            client = client.tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()]);
        }
        let answer = client
            .build()
            .unwrap()
            .post(self.url(path))
            .header("x-ms-date", date)
            .header("x-ms-version", "2020-12-06")
            .header("Accept", "application/json;odata=nometadata")
            .header("Content-Type", "application/json")
            .header("Authorization", format!("SharedKeyLite {ACCOUNT}:{signature}"))
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status();
        assert!(
            matches!(status, StatusCode::CREATED | StatusCode::NO_CONTENT),
            "{status}: {}",
            answer.text().await.unwrap()
        );
    }
}

fn sign(text: &str) -> String {
    let key = BASE64_STANDARD.decode(KEY).unwrap();
    BASE64_STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes()))
}
