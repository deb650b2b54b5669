//! [`SourceEnvironment`]: what the environment says about credentials and the way to a source.

use std::{ffi::OsString, fmt, path::PathBuf};

use secrecy::SecretString;

use crate::environment::Environment;

/// The variables in which proxies are named.
const PROXIES: [&str; 8] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// The environment's part of a source's settings, as a value.
#[derive(Clone)]
pub struct SourceEnvironment {
    /// `MYSQL_PWD`: the password of a `mysql://` URL that holds none. (`PGPASSWORD` and `~/.pgpass` are read by the driver.)
    pub mysql_password: Option<SecretString>,
    /// `ELBTAIL_HTTP_TOKEN`: the bearer token for a service.
    pub http_token: Option<SecretString>,
    /// `AZURE_STORAGE_KEY`: the account's key.
    pub storage_key: Option<SecretString>,
    /// `AZURE_STORAGE_CONNECTION_STRING`: an account's name and key, or SAS, and perhaps its endpoint.
    pub connection_string: Option<SecretString>,
    /// `AZURE_STORAGE_SAS_TOKEN`: a SAS for a URL that holds none.
    pub sas_token: Option<SecretString>,
    /// `AZURE_CLIENT_ID`: which identity to be, with workload identity or a user-assigned managed identity.
    pub client_id: Option<String>,
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`: the service account's token, mounted by workload identity.
    pub federated_token_file: Option<PathBuf>,
    /// `AZURE_AUTHORITY_HOST`: where Entra tokens are asked for.
    pub authority_host: String,
    /// `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`: the managed identity of App Service and Container Apps.
    pub identity_endpoint: Option<(String, SecretString)>,
    /// The instance metadata service of a virtual machine; always the same address, but for tests.
    pub metadata_host: String,
    /// The `az` command.
    pub az: OsString,
    /// Those that name proxies. The HTTP client reads them by itself; messages repeat what they say.
    pub proxies: Environment,
    /// `TMPDIR`: where a database is copied to that cannot be read in its place.
    pub temporary: PathBuf,
}

impl SourceEnvironment {
    /// What the variables say.
    pub fn of(variables: &Environment) -> Self {
        let word = |name: &str| variables.word(name).map(str::to_owned);
        let secret = |name: &str| word(name).map(SecretString::from);
        let nothing = Self::nothing();
        Self {
            // A password may begin or end with a space.
            mysql_password: variables.text("MYSQL_PWD").map(SecretString::from),
            http_token: secret("ELBTAIL_HTTP_TOKEN"),
            storage_key: secret("AZURE_STORAGE_KEY"),
            connection_string: secret("AZURE_STORAGE_CONNECTION_STRING"),
            sas_token: secret("AZURE_STORAGE_SAS_TOKEN"),
            client_id: word("AZURE_CLIENT_ID"),
            tenant_id: word("AZURE_TENANT_ID"),
            federated_token_file: variables.get("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
            authority_host: word("AZURE_AUTHORITY_HOST").unwrap_or(nothing.authority_host),
            identity_endpoint: word("IDENTITY_ENDPOINT").zip(secret("IDENTITY_HEADER")),
            proxies: PROXIES.iter().filter_map(|&name| Some((name, variables.text(name)?))).collect(),
            temporary: variables.get("TMPDIR").map_or(nothing.temporary, PathBuf::from),
            metadata_host: nothing.metadata_host,
            az: nothing.az,
        }
    }

    /// An empty environment.
    pub fn nothing() -> Self {
        Self {
            mysql_password: None,
            http_token: None,
            storage_key: None,
            connection_string: None,
            sas_token: None,
            client_id: None,
            tenant_id: None,
            federated_token_file: None,
            authority_host: "https://login.microsoftonline.com".to_owned(),
            identity_endpoint: None,
            metadata_host: "http://169.254.169.254".to_owned(),
            az: "az".into(),
            proxies: Environment::default(),
            temporary: "/tmp".into(),
        }
    }
}

impl fmt::Debug for SourceEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceEnvironment").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_variable_has_its_place_and_a_password_keeps_its_spaces() {
        let names = [
            "MYSQL_PWD",
            "ELBTAIL_HTTP_TOKEN",
            "AZURE_STORAGE_KEY",
            "AZURE_STORAGE_CONNECTION_STRING",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_CLIENT_ID",
            "AZURE_TENANT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_AUTHORITY_HOST",
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
            "TMPDIR",
        ];
        let all = SourceEnvironment::of(&names.iter().map(|name| (*name, format!(" {name} "))).collect());
        let told = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let (endpoint, header) = all.identity_endpoint.unwrap();
        let found = [
            told(&all.mysql_password),
            told(&all.http_token),
            told(&all.storage_key),
            told(&all.connection_string),
            told(&all.sas_token),
            all.client_id,
            all.tenant_id,
            all.federated_token_file.map(|path| path.display().to_string()),
            Some(all.authority_host),
            Some(endpoint),
            told(&Some(header)),
            Some(all.temporary.display().to_string()),
        ];
        for (name, found) in names.iter().zip(found) {
            let spaced = ["MYSQL_PWD", "AZURE_FEDERATED_TOKEN_FILE", "TMPDIR"].contains(name);
            assert_eq!(found, Some(if spaced { format!(" {name} ") } else { (*name).to_owned() }));
        }
    }

    #[test]
    fn without_variables_there_are_no_credentials() {
        let none = SourceEnvironment::of(&Environment::default());
        assert!(none.storage_key.is_none() && none.mysql_password.is_none() && none.identity_endpoint.is_none());
        assert_eq!(none.authority_host, "https://login.microsoftonline.com");
        assert_eq!(none.temporary, PathBuf::from("/tmp"));
    }

    #[test]
    fn of_the_proxies_nothing_else_is_kept() {
        let set = [("HTTPS_PROXY", "p"), ("no_proxy", "n"), ("AZURE_STORAGE_KEY", "k")];
        let proxies = SourceEnvironment::of(&set.into_iter().collect()).proxies;
        assert_eq!(proxies.texts().collect::<Vec<_>>(), [("HTTPS_PROXY", "p"), ("no_proxy", "n")]);
    }
}
