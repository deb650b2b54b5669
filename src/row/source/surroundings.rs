//! [`Surroundings`]: what the process's environment says about credentials.

use std::{env, ffi::OsString, fmt, path::PathBuf};

use secrecy::SecretString;

/// The environment's part of a source's settings, as a value.
#[derive(Clone)]
pub struct Surroundings {
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
}

impl Surroundings {
    /// Reads the process's environment.
    pub fn from_process() -> Self {
        let text = |name: &str| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|v| !v.is_empty());
        let secret = |name: &str| text(name).map(SecretString::from);
        let nothing = Self::nothing();
        Self {
            // A password may begin or end with a space.
            mysql_password: env::var("MYSQL_PWD").ok().filter(|value| !value.is_empty()).map(SecretString::from),
            http_token: secret("ELBTAIL_HTTP_TOKEN"),
            storage_key: secret("AZURE_STORAGE_KEY"),
            connection_string: secret("AZURE_STORAGE_CONNECTION_STRING"),
            sas_token: secret("AZURE_STORAGE_SAS_TOKEN"),
            client_id: text("AZURE_CLIENT_ID"),
            tenant_id: text("AZURE_TENANT_ID"),
            federated_token_file: env::var_os("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
            authority_host: text("AZURE_AUTHORITY_HOST").unwrap_or(nothing.authority_host),
            identity_endpoint: text("IDENTITY_ENDPOINT").zip(secret("IDENTITY_HEADER")),
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
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
