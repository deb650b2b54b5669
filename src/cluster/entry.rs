//! [`KubeconfigEntry`]: one context, cluster or user of a kubeconfig, read as leniently as kubectl reads it.
//!
//! `null` is as good as nothing, unknown fields are ignored, and a number where text is wanted is its digits. What is left
//! that makes no sense is told when the field is asked for, so that an entry nobody uses can hold anything.

use std::{
    collections::HashMap,
    fmt,
    path::{MAIN_SEPARATOR, Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::{AuthInfo, AuthProviderConfig, Cluster, ExecConfig, ExecInteractiveMode, NamedExtension};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::ClusterError;

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A cluster and a user under one name.
    Context,
    /// A server and its certificates.
    Cluster,
    /// Who somebody is to a server.
    User,
}

impl EntryKind {
    /// The field of the entry that holds all others.
    fn field(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Cluster => "cluster",
            Self::User => "user",
        }
    }

    /// The kubeconfig's list of such entries.
    pub fn list(self) -> &'static str {
        match self {
            Self::Context => "contexts",
            Self::Cluster => "clusters",
            Self::User => "users",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}

/// One entry as it stands in its file.
#[derive(Clone)]
pub(super) struct KubeconfigEntry {
    pub kind: EntryKind,
    pub name: String,
    /// The file it is in: relative paths start from its directory.
    pub file: PathBuf,
    body: Value,
}

impl fmt::Debug for KubeconfigEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold a token.
        write!(f, "Entry({self})")
    }
}

impl fmt::Display for KubeconfigEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} of kubeconfig {}", self.kind, self.name, self.file.display())
    }
}

impl KubeconfigEntry {
    /// The entries of one kind in a file; those that are no mapping have no name to be called by.
    pub fn all(kind: EntryKind, file: &Path, document: &mut Map<String, Value>) -> Result<Vec<Self>, ClusterError> {
        let named = |mut item: Value| {
            let fields = item.as_object_mut()?;
            let name = fields.get("name").and_then(plain).unwrap_or_default();
            Some(Self { kind, name, file: file.to_owned(), body: fields.remove(kind.field()).unwrap_or_default() })
        };
        match document.remove(kind.list()) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.into_iter().filter_map(named).collect()),
            Some(other) => Err(ClusterError::Config(format!(
                "kubeconfig {}: {} is {}, not a list",
                file.display(),
                kind.list(),
                what(&other)
            ))),
        }
    }

    fn fields(&self) -> Result<Fields<'_>, ClusterError> {
        Fields::of(self, "", &self.body)
    }

    /// A field that holds a name.
    pub fn named(&self, field: &str) -> Result<Option<String>, ClusterError> {
        self.fields()?.text(field)
    }

    /// The entry as a cluster.
    pub fn cluster(&self) -> Result<Cluster, ClusterError> {
        let fields = self.fields()?;
        Ok(Cluster {
            server: fields.text("server")?.map(|url| url.trim().to_owned()),
            insecure_skip_tls_verify: fields.flag("insecure-skip-tls-verify")?,
            certificate_authority: fields.path("certificate-authority")?,
            certificate_authority_data: fields.base64("certificate-authority-data")?,
            proxy_url: fields.text("proxy-url")?,
            tls_server_name: fields.text("tls-server-name")?,
            extensions: Some(fields.extensions()),
            ..Cluster::default()
        })
    }

    /// The entry as a user.
    pub fn user(&self) -> Result<AuthInfo, ClusterError> {
        let fields = self.fields()?;
        let secret = |field| fields.text(field).map(|text| text.map(SecretString::from));
        Ok(AuthInfo {
            username: fields.text("username")?,
            password: secret("password")?,
            token: secret("token")?,
            token_file: fields.path("tokenFile")?,
            client_certificate: fields.path("client-certificate")?,
            client_certificate_data: fields.base64("client-certificate-data")?,
            client_key: fields.path("client-key")?,
            client_key_data: fields.base64("client-key-data")?.map(SecretString::from),
            impersonate: fields.text("as")?,
            impersonate_uid: fields.text("as-uid")?,
            impersonate_groups: fields.texts("as-groups")?,
            impersonate_user_extra: fields.text_lists("as-user-extra")?,
            auth_provider: fields.auth_provider()?,
            exec: fields.exec()?,
            ..AuthInfo::default()
        })
    }
}

/// A mapping somewhere in an entry.
#[derive(Clone, Copy)]
struct Fields<'a> {
    entry: &'a KubeconfigEntry,
    /// The way to it, such as `exec.`; empty for the entry itself.
    prefix: &'a str,
    /// `None` where nothing stands.
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    fn of(entry: &'a KubeconfigEntry, prefix: &'a str, value: &'a Value) -> Result<Self, ClusterError> {
        match value {
            Value::Null => Ok(Self { entry, prefix, map: None }),
            Value::Object(map) => Ok(Self { entry, prefix, map: Some(map) }),
            other => {
                let field = if prefix.is_empty() { entry.kind.field() } else { prefix.trim_end_matches('.') };
                Err(ClusterError::Config(format!("{entry}: {field} is {}, not a mapping", what(other))))
            }
        }
    }

    /// What stands in a field, if anything does.
    fn get(self, field: &str) -> Option<&'a Value> {
        self.map?.get(field).filter(|value| !value.is_null())
    }

    fn wrong(self, field: &str, value: &Value, wanted: &str) -> ClusterError {
        // What it is and not what it says: the value may be a secret in the wrong place.
        ClusterError::Config(format!("{}: {}{field} is {}, not {wanted}", self.entry, self.prefix, what(value)))
    }

    fn text(self, field: &str) -> Result<Option<String>, ClusterError> {
        let text = self.get(field).map(|value| plain(value).ok_or_else(|| self.wrong(field, value, "text")));
        Ok(text.transpose()?.filter(|text| !text.is_empty()))
    }

    fn flag(self, field: &str) -> Result<Option<bool>, ClusterError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        match plain(value).as_deref() {
            Some("true") => Ok(Some(true)),
            Some("false" | "") => Ok(Some(false)),
            _ => Err(self.wrong(field, value, "true or false")),
        }
    }

    fn path(self, field: &str) -> Result<Option<String>, ClusterError> {
        Ok(self.text(field)?.map(|path| self.resolved(path)))
    }

    /// A path, from the file's directory.
    fn resolved(self, path: String) -> String {
        let dir = self.entry.file.parent().unwrap_or(Path::new(""));
        // Text in, text out: the directory was UTF-8, or the path is used as it stands.
        if Path::new(&path).is_absolute() { path } else { dir.join(&path).to_str().map_or(path, str::to_owned) }
    }

    /// Base64 without the line breaks of a block, or PEM as it is, which becomes base64.
    fn base64(self, field: &str) -> Result<Option<String>, ClusterError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        if text.contains("-----BEGIN ") {
            return Ok(Some(BASE64_STANDARD.encode(text)));
        }
        let text: String = text.split_whitespace().collect();
        match BASE64_STANDARD.decode(&text) {
            Ok(_) => Ok(Some(text).filter(|text| !text.is_empty())),
            Err(error) => {
                Err(ClusterError::Config(format!("{}: {}{field} is no base64: {error}", self.entry, self.prefix)))
            }
        }
    }

    fn list(self, field: &str) -> Result<Option<&'a [Value]>, ClusterError> {
        let list = self.get(field).map(|value| match value {
            Value::Array(items) => Ok(items.as_slice()),
            other => Err(self.wrong(field, other, "a list")),
        });
        list.transpose()
    }

    fn texts(self, field: &str) -> Result<Option<Vec<String>>, ClusterError> {
        let Some(items) = self.list(field)? else { return Ok(None) };
        let text = |item| plain(item).ok_or_else(|| self.wrong(field, item, "text, in one of its items"));
        items.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn text_lists(self, field: &str) -> Result<Option<HashMap<String, Vec<String>>>, ClusterError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let prefix = format!("{}{field}.", self.prefix);
        let fields = Fields::of(self.entry, &prefix, value)?;
        let keys = fields.map.into_iter().flat_map(Map::keys);
        keys.map(|key| Ok((key.clone(), fields.texts(key)?.unwrap_or_default()))).collect::<Result<_, _>>().map(Some)
    }

    /// What is kept for programs; a plugin may want its own. Odd ones are nobody's.
    fn extensions(self) -> Vec<NamedExtension> {
        let items = self.list("extensions").ok().flatten().unwrap_or_default();
        let extension = |item: &Value| {
            let fields = item.as_object()?;
            let name = fields.get("name").and_then(plain)?;
            Some(NamedExtension { name, extension: fields.get("extension").cloned().unwrap_or_default() })
        };
        items.iter().filter_map(extension).collect()
    }

    fn auth_provider(self) -> Result<Option<AuthProviderConfig>, ClusterError> {
        let Some(value) = self.get("auth-provider") else { return Ok(None) };
        let name = Fields::of(self.entry, "auth-provider.", value)?.text("name")?;
        // Its configuration is of no use any more, whatever it looks like.
        Ok(Some(AuthProviderConfig { name: name.unwrap_or_default(), ..AuthProviderConfig::default() }))
    }

    fn exec(self) -> Result<Option<ExecConfig>, ClusterError> {
        let Some(value) = self.get("exec") else { return Ok(None) };
        let fields = Fields::of(self.entry, "exec.", value)?;
        let command = fields.text("command")?.ok_or_else(|| {
            ClusterError::Config(format!("{}: exec.command is missing: it names the plugin to run", self.entry))
        })?;
        Ok(Some(ExecConfig {
            api_version: fields.text("apiVersion")?,
            // A bare name is looked for on the PATH.
            command: Some(if command.contains(MAIN_SEPARATOR) { fields.resolved(command) } else { command }),
            args: fields.texts("args")?,
            env: Some(fields.environment()?),
            install_hint: fields.text("installHint")?,
            interactive_mode: match fields.text("interactiveMode")?.as_deref() {
                None => None,
                Some("Never") => Some(ExecInteractiveMode::Never),
                Some("IfAvailable") => Some(ExecInteractiveMode::IfAvailable),
                Some("Always") => Some(ExecInteractiveMode::Always),
                Some(other) => {
                    return Err(ClusterError::Config(format!(
                        "{}: exec.interactiveMode is {other:?}; it can be Never, IfAvailable or Always",
                        self.entry
                    )));
                }
            },
            provide_cluster_info: fields.flag("provideClusterInfo")?.unwrap_or(false),
            ..ExecConfig::default()
        }))
    }

    /// The variables of a plugin: a list of `name` and `value`.
    fn environment(self) -> Result<Vec<HashMap<String, String>>, ClusterError> {
        let mut variables = Vec::new();
        for item in self.list("env")?.unwrap_or_default() {
            let fields = Fields::of(self.entry, "exec.env.", item)?;
            if let Some(name) = fields.text("name")? {
                let value = fields.text("value")?.unwrap_or_default();
                variables.push(HashMap::from([("name".to_owned(), name), ("value".to_owned(), value)]));
            }
        }
        Ok(variables)
    }
}

/// A scalar as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What kind of thing a value is, for messages.
pub(super) fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
