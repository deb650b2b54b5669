//! [`StorageAccount`]: who we are to the table service, and the signature that says so.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::entra::Entra;
use crate::source::{
    SourceEnvironment, SourceError,
    location::{self, EMULATOR},
    secrets::Secrets,
};

/// The parameters of a SAS, of which only `sig` is secret.
const SAS: &str = "sig";

/// An account and the credentials for it, in the order in which they are tried.
pub(super) struct StorageAccount {
    name: String,
    credentials: AccountCredentials,
}

enum AccountCredentials {
    /// In the URL, or beside it.
    Sas { token: SecretString, origin: &'static str },
    /// The account's own key.
    Key { key: hmac::Key, origin: &'static str },
    /// A token for a user or an identity.
    Entra(Box<Entra>),
}

/// A request's URL and headers.
pub(super) struct Signed {
    pub url: Url,
    pub date: String,
    pub authorization: Option<HeaderValue>,
}

/// What a connection string says.
#[derive(Default)]
struct Parts {
    name: Option<String>,
    key: Option<SecretString>,
    sas: Option<SecretString>,
}

impl StorageAccount {
    /// Reads the URL and the environment: the account, the URL of its service, and the table that the URL names.
    pub fn new(
        url: &Url,
        environment: &SourceEnvironment,
        shown: &str,
        secrets: &mut Secrets,
        limit: Option<Duration>,
    ) -> Result<(Self, String, Option<String>), SourceError> {
        let usage = |why: &str| SourceError::Usage(format!("--db {shown}: {why}"));
        if url.password().is_some() {
            return Err(usage("an account's key does not belong into the URL; put it into AZURE_STORAGE_KEY"));
        }
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let host = url.host_str().unwrap_or_default();
        // An emulator has the account in the path, Azure in the host's name.
        let in_path = host.parse::<std::net::IpAddr>().is_ok()
            || host == "localhost"
            || segments.first() == Some(&EMULATOR)
            || location::endpoint(environment)
                .is_some_and(|endpoint| endpoint.host() == url.host() && !endpoint.path().trim_matches('/').is_empty());
        let (name, rest) = match segments.as_slice() {
            [name, rest @ ..] if in_path => ((*name).to_owned(), rest),
            _ if in_path => return Err(usage("an emulator's URL names the account: http://HOST:PORT/ACCOUNT/TABLE")),
            rest => (host.split('.').next().unwrap_or_default().trim_end_matches("-secondary").to_owned(), rest),
        };
        let table = match rest {
            [] => None,
            [table] => Some(table.trim_end_matches("()").to_owned()),
            _ => return Err(usage("there is more than a table's name in its path")),
        };
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let _ = base.set_username("");
        base.set_path(if in_path { &name } else { "" });
        let credentials = AccountCredentials::choose(url, &name, environment, &usage, secrets, limit)?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        if matches!(credentials, AccountCredentials::Entra(_)) && url.scheme() != "https" {
            return Err(usage(
                "there is no key for it, and an Entra token is not sent over http; set AZURE_STORAGE_KEY or \
                 AZURE_STORAGE_CONNECTION_STRING, or give an https URL",
            ));
        }
        Ok((Self { name, credentials }, base, table))
    }

    /// The account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the credentials are from.
    pub fn origin(&self) -> String {
        match &self.credentials {
            AccountCredentials::Sas { origin, .. } | AccountCredentials::Key { origin, .. } => (*origin).to_owned(),
            AccountCredentials::Entra(_) => "the Entra token".to_owned(),
        }
    }

    /// Whether an Entra token is used.
    pub fn is_entra(&self) -> bool {
        matches!(self.credentials, AccountCredentials::Entra(_))
    }

    /// Forgets a token that was refused; whether there may be a better one.
    pub async fn forget(&self) -> bool {
        match &self.credentials {
            AccountCredentials::Entra(entra) => entra.forget().await,
            _ => false,
        }
    }

    /// Adds to a request for `url` what proves who we are.
    pub async fn sign(&self, at: &str, url: &Url) -> Result<Signed, SourceError> {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut signed = Signed { url: url.clone(), date, authorization: None };
        match &self.credentials {
            AccountCredentials::Sas { token, .. } => {
                let query = [url.query().unwrap_or_default(), token.expose_secret()].join("&");
                signed.url.set_query(Some(query.trim_start_matches('&')));
            }
            AccountCredentials::Key { key, .. } => {
                signed.authorization = header(&self.shared_key_lite(key, url, &signed.date));
            }
            AccountCredentials::Entra(entra) => {
                let token = entra.token(at).await?;
                signed.authorization = header(&format!("Bearer {}", token.expose_secret()));
            }
        }
        Ok(signed)
    }

    /// Shared Key Lite: the date and the resource, signed. An emulator's path begins with the account, so that its name
    /// stands there twice.
    fn shared_key_lite(&self, key: &hmac::Key, url: &Url, date: &str) -> String {
        let text = format!("{date}\n/{}{}", self.name, url.path());
        let signature = BASE64_STANDARD.encode(hmac::sign(key, text.as_bytes()));
        format!("SharedKeyLite {}:{signature}", self.name)
    }
}

impl AccountCredentials {
    /// SAS in the URL, then what the environment holds for this account, then Entra.
    fn choose(
        url: &Url,
        name: &str,
        environment: &SourceEnvironment,
        usage: &impl Fn(&str) -> SourceError,
        secrets: &mut Secrets,
        limit: Option<Duration>,
    ) -> Result<Self, SourceError> {
        let has_sig = |query: &str| query.split('&').any(|pair| pair.split('=').next() == Some(SAS));
        let mut sas = |token: &str, origin| {
            let token = token.trim_start_matches('?');
            for pair in token.split('&') {
                secrets.add(pair.strip_prefix("sig=").unwrap_or_default());
            }
            Self::Sas { token: escaped(token).into(), origin }
        };
        if let Some(query) = url.query().filter(|query| has_sig(query)) {
            return Ok(sas(query, "the SAS in the URL"));
        }
        if url.query().is_some_and(|query| !query.is_empty()) {
            return Err(usage(
                "what stands behind the \"?\" is no SAS, which has a sig; copy the SAS again, whole, in quotes",
            ));
        }
        let parts = environment.connection_string.as_ref().map(Parts::parse).unwrap_or_default();
        // A connection string for another account is about something else.
        let is_ours = parts.name.as_deref().is_none_or(|own| own == name);
        if let Some(token) = parts.sas.as_ref().filter(|_| is_ours) {
            return Ok(sas(token.expose_secret(), "the SAS in AZURE_STORAGE_CONNECTION_STRING"));
        }
        let key = parts.key.as_ref().filter(|_| is_ours).map(|key| (key, "the key in AZURE_STORAGE_CONNECTION_STRING"));
        let key = key.or_else(|| environment.storage_key.as_ref().map(|key| (key, "AZURE_STORAGE_KEY")));
        if let Some((key, origin)) = key {
            secrets.add(key.expose_secret());
            let bytes = BASE64_STANDARD
                .decode(key.expose_secret())
                .map_err(|_| usage(&format!("{origin} is not base64; copy it again, whole")))?;
            return Ok(Self::Key { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes), origin });
        }
        if let Some(token) = &environment.sas_token {
            return Ok(sas(token.expose_secret(), "AZURE_STORAGE_SAS_TOKEN"));
        }
        Ok(Self::Entra(Box::new(Entra::new(environment, secrets.clone(), limit))))
    }
}

impl Parts {
    fn parse(text: &SecretString) -> Self {
        let mut parts = Self::default();
        for pair in text.expose_secret().split(';') {
            // A key ends in `=`.
            match pair.trim().split_once('=') {
                Some(("AccountName", name)) => parts.name = Some(name.to_owned()),
                Some(("AccountKey", key)) => parts.key = Some(key.into()),
                Some(("SharedAccessSignature", sas)) => parts.sas = Some(sas.into()),
                Some(("UseDevelopmentStorage", yes)) if yes.eq_ignore_ascii_case("true") => {
                    parts.name = Some(EMULATOR.to_owned());
                    parts.key = Some(EMULATOR_KEY.into());
                }
                _ => {}
            }
        }
        parts
    }
}

/// The key of every emulator, as Microsoft publishes it.
const EMULATOR_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A SAS as it must be sent. In a signature that was copied decoded, a `+` or what became of it would be read as a space.
fn escaped(sas: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((SAS, value)) => format!("{SAS}={}", value.trim().replace("%20", "%2B").replace(['+', ' '], "%2B")),
        _ => pair.replace('+', "%2B"),
    };
    sas.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// A header's value that is kept out of `Debug` output.
fn header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether a SAS has expired: its `se` is in the past.
pub(super) fn expired(query: &str) -> bool {
    let end = query.split('&').find_map(|pair| pair.strip_prefix("se="));
    let end = end.map(|end| percent_decode_str(end).decode_utf8_lossy().into_owned());
    end.and_then(|end| end.parse::<Timestamp>().ok()).is_some_and(|end| end < Timestamp::now())
}

impl StorageAccount {
    /// Whether the SAS in use has expired.
    pub fn is_expired(&self) -> bool {
        matches!(&self.credentials, AccountCredentials::Sas { token, .. } if expired(token.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(
        url: &str,
        environment: &SourceEnvironment,
    ) -> Result<(StorageAccount, String, Option<String>), SourceError> {
        StorageAccount::new(&Url::parse(url).unwrap(), environment, "shown", &mut Secrets::default(), None)
    }

    #[test]
    fn the_account_is_in_the_host_or_in_the_path() {
        let environment = SourceEnvironment { storage_key: Some("eA==".into()), ..SourceEnvironment::nothing() };
        for (url, name, base, table) in [
            (
                "https://stelb01.table.core.windows.net/jobstate",
                "stelb01",
                "https://stelb01.table.core.windows.net",
                Some("jobstate"),
            ),
            ("https://stelb01.table.core.windows.net", "stelb01", "https://stelb01.table.core.windows.net", None),
            (
                "https://a-secondary.table.core.windows.net/t()",
                "a",
                "https://a-secondary.table.core.windows.net",
                Some("t"),
            ),
            (
                "http://127.0.0.1:10002/devstoreaccount1/jobs",
                "devstoreaccount1",
                "http://127.0.0.1:10002/devstoreaccount1",
                Some("jobs"),
            ),
        ] {
            let (account, at, named) = account(url, &environment).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((account.name(), at.as_str(), named.as_deref()), (name, base, table));
        }
    }

    #[test]
    fn credentials_are_tried_in_order() {
        let url = "https://a.table.core.windows.net/t";
        let from = |url: &str, environment: &SourceEnvironment| {
            account(url, environment).map(|(account, ..)| account.origin()).unwrap()
        };
        let mut environment = SourceEnvironment::nothing();
        assert_eq!(from(url, &environment), "the Entra token");
        environment.storage_key = Some("eA==".into());
        assert_eq!(from(url, &environment), "AZURE_STORAGE_KEY");
        environment.connection_string = Some("AccountName=other;AccountKey=eA==".into());
        assert_eq!(from(url, &environment), "AZURE_STORAGE_KEY");
        environment.connection_string = Some("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=eA==".into());
        assert_eq!(from(url, &environment), "the key in AZURE_STORAGE_CONNECTION_STRING");
        assert_eq!(from(&format!("{url}?sv=1&sig=planted"), &environment), "the SAS in the URL");
        environment.connection_string = None;
        environment.storage_key = Some("planted!".into());
        let error = account(url, &environment).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("not base64") && !error.contains("planted"), "{error}");
    }

    #[test]
    fn a_signature_is_sent_as_it_was_made() {
        for (copied, sent) in [
            ("sv=1&sig=a+b/c=&se=2999-01-01T00:00:00+00:00", "sv=1&sig=a%2Bb/c=&se=2999-01-01T00:00:00%2B00:00"),
            ("sig=a%20b", "sig=a%2Bb"),
            ("sig=a%2Bb%3D&sv=1", "sig=a%2Bb%3D&sv=1"),
        ] {
            assert_eq!(escaped(copied), sent);
        }
        let error = account("https://a.table.core.windows.net/t?sv=1&se=planted", &SourceEnvironment::nothing());
        let error = error.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("no SAS") && !error.contains("planted"), "{error}");
    }

    #[test]
    fn an_expired_sas_is_recognised() {
        assert!(expired("sv=1&se=2020-01-01T00%3A00%3A00Z&sig=x"));
        assert!(!expired("sv=1&se=2999-01-01T00:00:00Z"));
        assert!(!expired("sv=1"));
    }
}
