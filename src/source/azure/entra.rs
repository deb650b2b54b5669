//! [`Entra`]: a token for the storage service, from whatever this machine has.
//!
//! Workload identity, managed identity and the `az` command, in the order of Azure's own libraries. Why `azure_identity` is not used
//! stands in `docs/design.md`.

use std::{process::Stdio, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::{process::Command, sync::Mutex, time::timeout};
use url::Url;

use crate::{
    foreign,
    row::tree,
    source::{
        SourceEnvironment, SourceError,
        client::{Client, Reply},
        secrets::Secrets,
    },
};

/// What the token is for.
const RESOURCE: &str = "https://storage.azure.com";
/// How long the metadata service, which is next door or not there, may take.
const METADATA: Duration = Duration::from_secs(2);
/// How many times as long as a request `az` may take: it is slow to start.
const AZ: u32 = 3;
/// How long before its end a token is replaced.
const MARGIN: i64 = 300;
/// How long a token lives at least, when it does not say.
const SHORT: i64 = 600;

/// Where tokens come from, and the present one.
pub(super) struct Entra {
    environment: SourceEnvironment,
    secrets: Secrets,
    /// How long one request may take.
    limit: Option<Duration>,
    token: Mutex<Option<Token>>,
}

/// A token and when it ends, in seconds since 1970.
struct Token {
    value: SecretString,
    end: i64,
}

impl Entra {
    /// Asks for nothing yet.
    pub fn new(environment: &SourceEnvironment, secrets: Secrets, limit: Option<Duration>) -> Self {
        Self { environment: environment.clone(), secrets, limit, token: Mutex::new(None) }
    }

    /// The token, a new one if need be.
    pub async fn token(&self, at: &str) -> Result<SecretString, SourceError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.end - MARGIN > Timestamp::now().as_second()) {
            return Ok(token.value.clone());
        }
        let token = self.ask().await.map_err(|tried| SourceError::Refused {
            at: at.to_owned(),
            why: format!(
                "no credentials were found: the URL has no SAS, AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_KEY are \
                 not set for this account, {tried}; set one of them, or sign in with `az login`"
            ),
        })?;
        Ok(kept.insert(token).value.clone())
    }

    /// Forgets the token; whether there was one.
    pub async fn forget(&self) -> bool {
        self.token.lock().await.take().is_some()
    }

    /// The first of the three that gives a token, or what each of them said.
    async fn ask(&self) -> Result<Token, String> {
        let mut tried = Vec::new();
        match self.workload().await {
            Ok(token) => return Ok(token),
            Err(why) => tried.push(format!("workload identity: {why}")),
        }
        match self.managed().await {
            Ok(token) => return Ok(token),
            Err(why) => tried.push(format!("managed identity: {why}")),
        }
        match self.az().await {
            Ok(token) => return Ok(token),
            Err(why) => tried.push(format!("az: {why}")),
        }
        Err(tried.join(", "))
    }

    /// The service account's token, exchanged for one of Entra's.
    async fn workload(&self) -> Result<Token, String> {
        let environment = &self.environment;
        let (Some(file), Some(client), Some(tenant)) =
            (&environment.federated_token_file, &environment.client_id, &environment.tenant_id)
        else {
            return Err("AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID and AZURE_TENANT_ID are not all set".to_owned());
        };
        let assertion = tokio::fs::read_to_string(file)
            .await
            .map_err(|error| format!("AZURE_FEDERATED_TOKEN_FILE cannot be read: {error}"))?;
        let assertion = assertion.trim();
        let mut url =
            Url::parse(&environment.authority_host).map_err(|_| "AZURE_AUTHORITY_HOST is no URL".to_owned())?;
        url.set_path(&format!("{tenant}/oauth2/v2.0/token"));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client)
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &format!("{RESOURCE}/.default"))
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", assertion)
            .finish();
        let mut secrets = self.secrets.clone();
        secrets.add(assertion);
        let http = Client::new("Entra".to_owned(), secrets, true, self.limit, environment);
        let request = http
            .post(&url)
            .map_err(|error| error.to_string())?
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let reply = http.send(request).await.map_err(|error| error.to_string())?;
        token(&http, &reply)
    }

    /// From the platform: App Service and Container Apps, else the machine's metadata service.
    async fn managed(&self) -> Result<Token, String> {
        let environment = &self.environment;
        let (endpoint, version) = match &environment.identity_endpoint {
            Some((endpoint, _)) => (endpoint.clone(), "2019-08-01"),
            None => (format!("{}/metadata/identity/oauth2/token", environment.metadata_host), "2018-02-01"),
        };
        let mut url = Url::parse(&endpoint).map_err(|_| "IDENTITY_ENDPOINT is no URL".to_owned())?;
        url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", RESOURCE);
        if let Some(client) = &environment.client_id {
            url.query_pairs_mut().append_pair("client_id", client);
        }
        let mut secrets = self.secrets.clone();
        if let Some((_, header)) = &environment.identity_endpoint {
            secrets.add(header.expose_secret());
        }
        let http = Client::new("the metadata service".to_owned(), secrets, true, self.limit, environment);
        let request = http.get(&url).map_err(|error| error.to_string())?;
        let request = match &environment.identity_endpoint {
            Some((_, header)) => request.header("X-IDENTITY-HEADER", header.expose_secret()),
            None => {
                request.header("Metadata", "true").timeout(self.limit.map_or(METADATA, |limit| limit.min(METADATA)))
            }
        };
        let reply = http.send(request).await.map_err(|_| "this machine has none".to_owned())?;
        token(&http, &reply)
    }

    /// From the `az` command, for a person.
    async fn az(&self) -> Result<Token, String> {
        let run = Command::new(&self.environment.az)
            .args(["account", "get-access-token", "--resource", RESOURCE, "--output", "json"])
            // A row may be on stdin, and nobody is asked anything.
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let limit = self.limit.map_or(Duration::MAX, |limit| limit.saturating_mul(AZ));
        let output = match timeout(limit, run).await {
            Err(_) => return Err(format!("took longer than {limit:?}")),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err("is not installed".to_owned());
            }
            Ok(Err(error)) => return Err(error.to_string()),
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let last = words.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it failed");
            return Err(self.secrets.told(last));
        }
        read(&output.stdout).ok_or_else(|| "its answer holds no token".to_owned())
    }
}

/// The token in an answer, or why there is none.
fn token(http: &Client, reply: &Reply) -> Result<Token, String> {
    if reply.status != StatusCode::OK {
        let body = tree::parse(&String::from_utf8_lossy(&reply.body)).ok();
        let words =
            body.as_ref().and_then(|body| body.get("error_description").or_else(|| body.get("error"))?.as_str());
        // Entra's words go on with a trace of the request.
        let words = words.and_then(|words| words.lines().next());
        let words = words.or(foreign::name(&reply.body)).unwrap_or("no reason given");
        return Err(format!("HTTP {}: {}", reply.status.as_u16(), http.told(words)));
    }
    read(&reply.body).ok_or_else(|| "the answer holds no token".to_owned())
}

/// Each of the three writes the token under its own name, and its end in its own way.
fn read(body: &[u8]) -> Option<Token> {
    let body = tree::parse(std::str::from_utf8(body).ok()?).ok()?;
    let value = body.get("access_token").or_else(|| body.get("accessToken"))?.as_str()?;
    let number = |key: &str| match body.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let now = Timestamp::now().as_second();
    // `az`'s `expires_on` is the same kind of number; its `expiresOn` is a local time.
    let end = number("expires_on").or_else(|| number("expires_in").map(|seconds| now + seconds));
    Some(Token { value: value.into(), end: end.unwrap_or(now + SHORT) })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Gives each answer once, in turn, and hands back what was asked.
    async fn server(answers: Vec<(u16, &'static str)>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 64 << 10];
                let length = stream.read(&mut request).await.unwrap();
                asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
                let head =
                    format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + body).as_bytes()).await.unwrap();
            }
            asked
        });
        (url, asked)
    }

    fn nowhere() -> SourceEnvironment {
        SourceEnvironment {
            metadata_host: "http://127.0.0.1:1".into(),
            az: "/nowhere/az".into(),
            ..SourceEnvironment::nothing()
        }
    }

    async fn token_in(environment: &SourceEnvironment) -> Result<String, String> {
        let entra = Entra::new(environment, Secrets::default(), Some(Duration::from_secs(30)));
        entra.token("at").await.map(|token| token.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn workload_identity_exchanges_the_token_of_the_service_account() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "planted-assertion\n").unwrap();
        let refusal =
            r#"{"error":"invalid_client","error_description":"AADSTS7000: planted-assertion is bad\r\nTrace: 1"}"#;
        let (url, asked) = server(vec![(200, r#"{"access_token":"t1","expires_in":3600}"#), (401, refusal)]).await;
        let environment = SourceEnvironment {
            federated_token_file: Some(file),
            client_id: Some("me".into()),
            tenant_id: Some("ours".into()),
            authority_host: url,
            ..nowhere()
        };
        let entra = Entra::new(&environment, Secrets::default(), Some(Duration::from_secs(30)));
        for _ in 0..3 {
            assert_eq!(entra.token("at").await.unwrap().expose_secret(), "t1");
        }
        assert!(entra.forget().await);
        let error = entra.token("at").await.unwrap_err().to_string();
        assert!(error.contains("workload identity: HTTP 401: AADSTS7000: *** is bad,"), "{error}");
        let asked = asked.await.unwrap();
        assert!(asked[0].starts_with("POST /ours/oauth2/v2.0/token "), "{}", asked[0]);
        assert!(asked[0].contains("client_assertion=planted-assertion") && asked[0].contains("client_id=me"));
    }

    #[tokio::test]
    async fn managed_identity_of_a_machine_and_of_a_platform() {
        let (url, asked) = server(vec![(200, r#"{"access_token":"t2","expires_on":"4102444800"}"#)]).await;
        assert_eq!(token_in(&SourceEnvironment { metadata_host: url, ..nowhere() }).await, Ok("t2".into()));
        let asked = asked.await.unwrap().remove(0).to_lowercase();
        assert!(
            asked.starts_with("get /metadata/identity/oauth2/token?") && asked.contains("metadata: true"),
            "{asked}"
        );
        let (url, asked) = server(vec![(200, r#"{"access_token":"t3"}"#)]).await;
        let endpoint = Some((format!("{url}/msi?x=1"), "planted".into()));
        assert_eq!(token_in(&SourceEnvironment { identity_endpoint: endpoint, ..nowhere() }).await, Ok("t3".into()));
        assert!(asked.await.unwrap()[0].to_lowercase().contains("x-identity-header: planted"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_az_command_is_asked_last() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            path.into_os_string()
        };
        let good = script("good", "#!/bin/sh\necho '{\"accessToken\":\"t4\",\"expires_on\":4102444800}'");
        assert_eq!(token_in(&SourceEnvironment { az: good, ..nowhere() }).await, Ok("t4".into()));
        let bad = script("bad", "#!/bin/sh\necho \"ERROR: Please run 'az login'\" >&2; exit 1");
        let error = token_in(&SourceEnvironment { az: bad, ..nowhere() }).await.unwrap_err();
        assert!(error.contains("az: ERROR: Please run 'az login';"), "{error}");
    }

    #[test]
    fn a_token_is_read_in_each_form() {
        let now = Timestamp::now().as_second();
        let end = |body: &str| read(body.as_bytes()).map(|token| token.end - now);
        assert!(end(r#"{"access_token":"t","expires_in":3599}"#).is_some_and(|left| (3590..=3600).contains(&left)));
        assert_eq!(end(&format!(r#"{{"access_token":"t","expires_on":"{}"}}"#, now + 60)), Some(60));
        assert_eq!(end(&format!(r#"{{"accessToken":"t","expires_on":{}}}"#, now + 60)), Some(60));
        assert!(end("{}").is_none() && end("x").is_none());
    }
}
