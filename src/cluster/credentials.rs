//! [`Credentials`]: what to send with a request, kept fresh.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use jiff::Timestamp;
use kube::config::{AuthInfo, AuthProviderConfig};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};

use super::{
    ClusterError, ConnectEnvironment, Settings,
    exec::{Granted, Plugin},
};

/// How long a token file is trusted without another look; client-go's interval.
const FILE_LIFE: Duration = Duration::from_secs(60);
/// A token this close to its end is renewed rather than sent.
const MARGIN: Duration = Duration::from_secs(10);
/// However soon a plugin's credentials expire (a wrong clock, say), it runs no oftener than this.
const LEAST_LIFE: Duration = Duration::from_secs(10);
/// And however late they expire, a look once a year does no harm.
const MOST_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);
/// After credentials made because of a 401 got a 401 too, making more is no use for this long.
const NO_USE: Duration = Duration::from_secs(5);

/// The credentials of a user, and how to get new ones.
pub(super) struct Credentials {
    source: CredentialSource,
    state: Mutex<CredentialState>,
}

/// Where credentials come from.
#[derive(Debug)]
enum CredentialSource {
    /// A token or password in the kubeconfig or on the command line, a client certificate, or nothing.
    Fixed,
    /// A file with a token, replaced from outside, and the entry that names it.
    File { path: PathBuf, owner: String },
    /// A program that makes them.
    Exec(Box<Plugin>),
}

struct CredentialState {
    current: Arc<Credential>,
    /// When to look for new ones unasked.
    renew_at: Option<Instant>,
    /// When a 401 last made us get new ones.
    forced_at: Option<Instant>,
}

/// One set of credentials.
pub(super) struct Credential {
    /// The `Authorization` header; marked sensitive.
    pub header: Option<HeaderValue>,
    /// A client certificate and its key in PEM, when a plugin made one.
    pub identity: Option<(String, SecretString)>,
    /// Counts renewals, so that many who saw the same 401 renew once.
    pub generation: u64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?})", self.source)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential(generation {})", self.generation)
    }
}

impl Credentials {
    /// Gets the first credentials: runs the plugin or reads the token file, if the user has one.
    ///
    /// Like kubectl it sends none over plain http, where everyone on the way could read them.
    pub async fn new(settings: &Settings, environment: &ConnectEnvironment) -> Result<Self, ClusterError> {
        let config = &settings.config;
        let user = &config.auth_info;
        let (source, header) = if config.cluster_url.scheme_str() == Some("http") {
            if has_secrets(user) {
                (environment.notice)(&format!(
                    "warning: {} is plain http, so no token, password or plugin's credentials are sent to it; use https\n",
                    config.cluster_url.authority().map(ToString::to_string).unwrap_or_default()
                ));
            }
            (CredentialSource::Fixed, None)
        } else {
            choose(user, &settings.user, environment)?
        };
        let mut state = CredentialState {
            current: Arc::new(Credential { header, identity: None, generation: 0 }),
            renew_at: None,
            forced_at: None,
        };
        source.renew(&mut state).await?;
        Ok(Self { source, state: Mutex::new(state) })
    }

    /// What to send now.
    pub async fn current(&self) -> Result<Arc<Credential>, ClusterError> {
        let mut state = self.state.lock().await;
        if state.renew_at.is_some_and(|at| at <= Instant::now()) {
            self.source.renew(&mut state).await?;
        }
        Ok(state.current.clone())
    }

    /// New credentials after the server refused `refused`; `None` when there are no others to be had.
    ///
    /// Many requests fail at once when a token ends: the first to come here renews, the others take what it got.
    pub async fn after_refusal(&self, refused: &Credential) -> Result<Option<Arc<Credential>>, ClusterError> {
        let mut state = self.state.lock().await;
        if state.current.generation != refused.generation {
            return Ok(Some(state.current.clone()));
        }
        let lately = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < NO_USE);
        if matches!(self.source, CredentialSource::Fixed) || lately(state.forced_at) {
            return Ok(None);
        }
        state.forced_at = Some(Instant::now());
        self.source.renew(&mut state).await?;
        let fresh = state.current.clone();
        // A file that still holds the refused token is no news; a plugin may renew something we cannot see.
        let same = matches!(self.source, CredentialSource::File { .. }) && fresh.header == refused.header;
        Ok((!same).then_some(fresh))
    }

    /// What a refusal that nothing cures means to the user.
    pub fn refusal(&self, credential: &Credential) -> String {
        match &self.source {
            CredentialSource::Exec(plugin) => format!(
                "the cluster refused the credentials of the exec plugin {} (401), also after running it again; sign in anew",
                plugin.name()
            ),
            CredentialSource::File { path, .. } => {
                format!("the cluster refused the token in {} (401): it may have expired", path.display())
            }
            CredentialSource::Fixed if credential.header.is_some() => {
                "the cluster refused the token or password (401): it may have expired; sign in anew or pass --token"
                    .to_owned()
            }
            CredentialSource::Fixed => {
                "the cluster wants credentials (401) and the kubeconfig's user has none that it accepts; \
                 check --context and --user, or pass --token"
                    .to_owned()
            }
        }
    }
}

/// Whether the user has anything that would go into the `Authorization` header.
fn has_secrets(user: &AuthInfo) -> bool {
    user.token.is_some() || user.token_file.is_some() || user.username.is_some() || user.exec.is_some()
}

/// kubectl's order: what is given outright wins over a plugin. `owner` says in messages whose they are.
fn choose(
    user: &AuthInfo,
    owner: &str,
    environment: &ConnectEnvironment,
) -> Result<(CredentialSource, Option<HeaderValue>), ClusterError> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let token = user.token.as_ref().filter(|token| !token.expose_secret().is_empty());
    let token =
        token.map(|token| sensitive(&format!("Bearer {}", token.expose_secret().trim()), &format!("token of {owner}")));
    if let Some(path) = filled(&user.token_file) {
        // The file wins; the token beside it is for when the file cannot be read.
        let source = CredentialSource::File { path: path.into(), owner: owner.to_owned() };
        return Ok((source, token.and_then(Result::ok)));
    }
    if let Some(token) = token {
        return Ok((CredentialSource::Fixed, Some(token?)));
    }
    if let Some(name) = filled(&user.username) {
        let password = user.password.as_ref().map(|password| password.expose_secret()).unwrap_or_default();
        let encoded = BASE64_STANDARD.encode(format!("{name}:{password}"));
        return Ok((
            CredentialSource::Fixed,
            Some(sensitive(&format!("Basic {encoded}"), &format!("user name or password of {owner}"))?),
        ));
    }
    let certificate = filled(&user.client_certificate).or_else(|| filled(&user.client_certificate_data));
    match (&user.exec, &user.auth_provider) {
        _ if certificate.is_some() => Ok((CredentialSource::Fixed, None)),
        (Some(exec), _) => Ok((CredentialSource::Exec(Box::new(Plugin::new(exec, owner, environment)?)), None)),
        (None, Some(provider)) => Err(gone(provider, owner)),
        (None, None) => Ok((CredentialSource::Fixed, None)),
    }
}

/// The providers kubectl dropped, and what came after them.
fn gone(provider: &AuthProviderConfig, owner: &str) -> ClusterError {
    let instead = match provider.name.as_str() {
        "azure" => "run: kubelogin convert-kubeconfig (https://azure.github.io/kubelogin)",
        "gcp" => "install gke-gcloud-auth-plugin and run: gcloud container clusters get-credentials CLUSTER",
        "oidc" => "use the exec plugin kubectl oidc-login (https://github.com/int128/kubelogin)",
        _ => "use an exec plugin",
    };
    ClusterError::Unauthenticated(format!(
        "{owner} signs in with the auth-provider {:?}, which Kubernetes removed; {instead}",
        provider.name
    ))
}

impl CredentialSource {
    /// Gets new credentials into `state`.
    async fn renew(&self, state: &mut CredentialState) -> Result<(), ClusterError> {
        match self {
            Self::Fixed => {}
            Self::File { path, owner } => {
                state.renew_at = Some(Instant::now() + FILE_LIFE);
                match read_token(path, owner) {
                    Ok(header) if state.current.header.as_ref() == Some(&header) => {}
                    Ok(header) => state.replace(Some(header), None),
                    // Removing the file once it is read is a known way to limit exposure: keep what it held.
                    Err(_) if state.current.header.is_some() => {}
                    Err(error) => return Err(error),
                }
            }
            Self::Exec(plugin) => {
                let Granted { token, identity, expires } = plugin.run().await?;
                state.renew_at = expires.map(|at| Instant::now() + life(Timestamp::now(), at));
                let header = token.map(|token| bearer(token.expose_secret())).transpose()?;
                state.replace(header, identity);
            }
        }
        Ok(())
    }
}

impl CredentialState {
    fn replace(&mut self, header: Option<HeaderValue>, identity: Option<(String, SecretString)>) {
        let generation = self.current.generation + 1;
        self.current = Arc::new(Credential { header, identity, generation });
    }
}

/// How long credentials that end at `expires` are used.
fn life(now: Timestamp, expires: Timestamp) -> Duration {
    let left = Duration::try_from(now.duration_until(expires)).unwrap_or_default();
    // An instant centuries away is none that tokio can wait for.
    left.saturating_sub(MARGIN).clamp(LEAST_LIFE, MOST_LIFE)
}

/// The token in a file that `owner` names.
fn read_token(path: &Path, owner: &str) -> Result<HeaderValue, ClusterError> {
    let place = || format!("{owner}: tokenFile {}", path.display());
    let token =
        fs::read_to_string(path).map_err(|error| ClusterError::Unauthenticated(format!("{}: {error}", place())))?;
    match token.trim() {
        "" => Err(ClusterError::Unauthenticated(format!("{} is empty", place()))),
        token => bearer(token),
    }
}

fn bearer(token: &str) -> Result<HeaderValue, ClusterError> {
    sensitive(&format!("Bearer {}", token.trim()), "token")
}

fn sensitive(value: &str, what: &str) -> Result<HeaderValue, ClusterError> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| ClusterError::Unauthenticated(format!("the {what} holds characters no header can carry")))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_live_until_shortly_before_their_end() {
        let now = Timestamp::UNIX_EPOCH;
        let life = |seconds: i64| life(now, Timestamp::from_second(seconds).unwrap()).as_secs();
        assert_eq!(life(3600), 3590);
        assert_eq!(life(12), 10);
        assert_eq!(life(-5), 10);
        assert_eq!(life(200_000_000_000), MOST_LIFE.as_secs());
    }
}
