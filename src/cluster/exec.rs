//! Credential plugins (`client.authentication.k8s.io`): running one, and reading what it prints.

use std::{
    fmt, io,
    pin::pin,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures::future::{Either, select};
use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::Instant,
};

use super::{ClusterError, ConnectEnvironment, Tell};
use crate::yaml;

/// The versions of the protocol; both have the same shape.
const API_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// A plugin that runs this long is waiting for a person, who then has to see what it says.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a plugin's last words may be on their way after it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A plugin as the kubeconfig describes it.
#[derive(Clone)]
pub(super) struct Plugin {
    config: ExecConfig,
    command: String,
    api_version: &'static str,
    notice: Tell,
    /// Whether it may have the terminal, if it wants it.
    terminal: bool,
}

/// What a plugin gave.
pub(super) struct Granted {
    pub token: Option<SecretString>,
    /// PEM of a client certificate and its key.
    pub identity: Option<(String, SecretString)>,
    pub expires: Option<Timestamp>,
}

/// The plugin's answer. Everything may be missing, so that the message can say what is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: Option<String>,
    status: Option<ExecStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecStatus {
    expiration_timestamp: Option<String>,
    token: Option<SecretString>,
    client_certificate_data: Option<String>,
    client_key_data: Option<SecretString>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments and environment may hold client secrets.
        write!(f, "Plugin({})", self.command)
    }
}

impl Plugin {
    /// Checks what can be checked without running it. `owner` is the user whose plugin it is, for messages.
    pub fn new(config: &ExecConfig, owner: &str, environment: &ConnectEnvironment) -> Result<Self, ClusterError> {
        let command = config.command.clone().filter(|command| !command.is_empty());
        let command = command.ok_or_else(|| {
            ClusterError::Config(format!("{owner}: exec.command is missing: it names the plugin to run"))
        })?;
        let version = config.api_version.as_deref().unwrap_or_default();
        let said = if version.is_empty() { "is missing".to_owned() } else { format!("is {version:?}") };
        let api_version = API_VERSIONS.into_iter().find(|known| *known == version).ok_or_else(|| {
            ClusterError::Config(format!(
                "{owner}: exec.apiVersion {said}; it can be {}: let the vendor of {command} write the kubeconfig anew",
                API_VERSIONS.join(" or ")
            ))
        })?;
        Ok(Self {
            config: config.clone(),
            command,
            api_version,
            notice: environment.notice.clone(),
            terminal: environment.terminal,
        })
    }

    /// The command, for messages.
    pub fn name(&self) -> &str {
        &self.command
    }

    /// Runs it once.
    pub async fn run(&self) -> Result<Granted, ClusterError> {
        let failed = |why: String| ClusterError::Unauthenticated(format!("the exec plugin {}: {why}", self.command));
        let interactive = self.config.interactive_mode != Some(ExecInteractiveMode::Never) && self.terminal;
        if self.config.interactive_mode == Some(ExecInteractiveMode::Always) && !interactive {
            return Err(failed(
                "it needs a terminal to ask you something; sign in first, then run this again".to_owned(),
            ));
        }
        let mut command = Command::new(&self.command);
        command
            .args(self.config.args.iter().flatten())
            .envs(self.config.env.iter().flatten().filter_map(|pair| pair.get("name").zip(pair.get("value"))))
            .env("KUBERNETES_EXEC_INFO", self.exec_info(interactive))
            .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| failed(self.why_not_started(&error)))?;
        let mut said = Vec::new();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let ended = async {
            let mut out = Vec::new();
            if let Some(mut stdout) = stdout {
                stdout.read_to_end(&mut out).await?;
            }
            child.wait().await.map(|status| (status, out))
        };
        let ended = {
            let (listening, ended) = (pin!(self.listen(stderr, &mut said)), pin!(ended));
            match select(listening, ended).await {
                Either::Left(((), ended)) => ended.await,
                Either::Right((ended, listening)) => {
                    // Something it started, a browser say, may hold its stderr open for hours.
                    let _ = tokio::time::timeout(LAST_WORDS, listening).await;
                    ended
                }
            }
        };
        let (status, out) = ended.map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(why_failed(status, &String::from_utf8_lossy(&said))));
        }
        self.read(&out).map_err(failed)
    }

    /// Collects what the plugin says on stderr, and shows it as soon as it seems to be meant for a person.
    async fn listen(&self, stderr: Option<impl AsyncRead + Unpin>, said: &mut Vec<u8>) {
        let Some(mut stderr) = stderr else { return };
        let mut shown = 0;
        let patience = Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(patience, stderr.read_buf(said)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => {}
                Err(_) => {
                    if shown < said.len() {
                        (self.notice)(&String::from_utf8_lossy(&said[shown..]));
                        shown = said.len();
                    }
                    // The deadline has passed, so from here on every read is shown at once.
                    if !matches!(stderr.read_buf(said).await, Ok(1..)) {
                        break;
                    }
                }
            }
        }
        if Instant::now() > patience && shown < said.len() {
            (self.notice)(&String::from_utf8_lossy(&said[shown..]));
        }
    }

    /// `KUBERNETES_EXEC_INFO`: what a plugin may know about its caller.
    fn exec_info(&self, interactive: bool) -> String {
        let mut spec = json!({ "interactive": interactive });
        if self.config.provide_cluster_info
            && let Some(cluster) = &self.config.cluster
            && let Ok(cluster) = serde_json::to_value(cluster)
        {
            spec["cluster"] = cluster;
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec }).to_string()
    }

    fn why_not_started(&self, error: &io::Error) -> String {
        let hint = self.config.install_hint.as_deref().map(str::trim).filter(|hint| !hint.is_empty());
        match (error.kind(), hint) {
            (io::ErrorKind::NotFound, Some(hint)) => format!("is not installed\n{hint}"),
            (io::ErrorKind::NotFound, None) => "is not installed, or not on the PATH".to_owned(),
            _ => format!("did not start: {error}"),
        }
    }

    /// Reads the plugin's answer. Messages never quote it: it holds the token.
    fn read(&self, out: &[u8]) -> Result<Granted, String> {
        let answer = credential(out)?;
        if let Some(version) = answer.api_version.filter(|version| version != self.api_version) {
            return Err(format!("answered in {version:?}, but the kubeconfig says {}", self.api_version));
        }
        let status = answer.status.ok_or("printed an ExecCredential without status")?;
        let filled = |text: &SecretString| !text.expose_secret().trim().is_empty();
        let (token, key) = (status.token.filter(filled), status.client_key_data.filter(filled));
        let identity = match (status.client_certificate_data.filter(|pem| !pem.trim().is_empty()), key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("gave half a client certificate: certificate and key belong together".to_owned()),
        };
        if token.is_none() && identity.is_none() {
            return Err("gave neither a token nor a client certificate, or an empty one; sign in anew".to_owned());
        }
        let expires = status.expiration_timestamp.filter(|at| !at.is_empty());
        let expires =
            expires.map(|at| at.parse().map_err(|_| format!("gave the expirationTimestamp {at:?}, which is no time")));
        Ok(Granted { token, identity, expires: expires.transpose()? })
    }
}

/// How many places in a plugin's output are tried as the beginning of its credential.
const BEGINNINGS: usize = 1000;

/// The credential in what a plugin printed: JSON, or YAML, which kubectl takes as well. Errors never quote it.
fn credential(out: &[u8]) -> Result<ExecCredential, String> {
    let text = String::from_utf8_lossy(out);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("printed no ExecCredential, nor anything else".to_owned());
    }
    let unreadable = match serde_json::from_str(text) {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    if let Some(place) = amid_words(text) {
        return Err(format!(
            "printed other words {place} its ExecCredential, which has to be alone on standard output; run it by hand to see them"
        ));
    }
    // A mapping with its field: any words at all are YAML.
    match serde_saphyr::from_str_with_options::<ExecCredential>(text, yaml::options(text)) {
        Ok(answer) if answer.api_version.is_some() => Ok(answer),
        _ => {
            let column = unreadable.column();
            Err(format!("printed no ExecCredential ({} bytes, unreadable at column {column})", out.len()))
        }
    }
}

/// Where other words stand, when a credential in JSON stands among them.
fn amid_words(text: &str) -> Option<&'static str> {
    text.match_indices('{').take(BEGINNINGS).find_map(|(begin, _)| {
        let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<ExecCredential>();
        let found = values.next()?.ok()?;
        let after = &text[begin + values.byte_offset()..];
        // Words may hold braces, and a log line may be JSON itself.
        found.api_version.filter(|version| version.starts_with("client.authentication.k8s.io/"))?;
        match (begin, after.trim()) {
            (0, "") => None,
            (0, _) => Some("after"),
            (_, "") => Some("before"),
            _ => Some("environment"),
        }
    })
}

fn why_failed(status: ExitStatus, said: &str) -> String {
    match said.trim() {
        "" => format!("failed ({status}) without a word"),
        said => format!("failed ({status})\n{said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str =
        r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"planted"}}"#;

    #[test]
    fn words_around_a_credential_are_told_whatever_is_in_them() {
        for (before, after, place) in [
            ("Signing in…\n", "", "before"),
            ("WARNING: the {old} plugin\n", "", "before"),
            ("{\"level\":\"info\",\"msg\":\"signing in\"}\n", "", "before"),
            ("{{{", "\n", "before"),
            ("", "done\n", "after"),
            ("", ANSWER, "after"),
            ("To sign in, open {url}\n", "\nbye", "environment"),
        ] {
            let error = credential(format!("{before}{ANSWER}{after}").as_bytes()).map(|_| ()).unwrap_err();
            assert!(error.contains(&format!("other words {place} its ExecCredential")), "{before}{after}: {error}");
            assert!(!error.contains("planted"), "{error}");
        }
    }

    #[test]
    fn a_credential_alone_is_read_in_every_form() {
        let yaml = "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: {token: planted}\n";
        for text in [ANSWER.to_owned(), format!("\n {ANSWER}\n"), format!("\u{feff}{ANSWER}\r\n"), yaml.to_owned()] {
            let token = credential(text.as_bytes()).unwrap().status.unwrap().token.unwrap();
            assert_eq!(token.expose_secret(), "planted", "{text}");
        }
        for text in ["", " \n", "hello", "null", "[]", "{", "{{{{"] {
            assert!(credential(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
