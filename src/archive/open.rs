//! [`open`]: a place → the store, with the credentials that the environment holds.

use std::{fs, io, str::FromStr, sync::Arc};

use object_store::{
    ClientConfigKey, ObjectStore, ObjectStoreScheme, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    local::LocalFileSystem,
    path::Path,
};
use url::Url;

use super::{ArchiveError, ArchivePlace, Store};
use crate::environment::Environment;

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// What is not there is not made.
    Read,
    /// A directory that is missing is made.
    Write,
}

/// The store of a place. Connects to nothing: the first request does.
///
/// # Errors
/// [`ArchiveError::Usage`] for a URL or an environment that makes no sense.
pub fn open(place: &ArchivePlace, access: Access, environment: &Environment) -> Result<Store, ArchiveError> {
    open_with(place, access, environment, RetryConfig::default())
}

/// As [`open`], saying how often a request is tried before it counts as failed.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    place: &ArchivePlace,
    access: Access,
    environment: &Environment,
    retry: RetryConfig,
) -> Result<Store, ArchiveError> {
    let at = place.to_string();
    let url = match place {
        ArchivePlace::Directory(path) => return directory(path, &at, access),
        ArchivePlace::ObjectStore(url) => url,
    };
    let usage = |error: object_store::Error| ArchiveError::Usage(format!("DEST {at}: {error}"));
    let (scheme, path) =
        ObjectStoreScheme::parse(url).map_err(|error| ArchiveError::Usage(format!("DEST {at}: {error}")))?;
    let path = Path::parse(path).map_err(|error| ArchiveError::Usage(format!("DEST {at}: {error}")))?;
    let inner: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::MicrosoftAzure => {
            let named = |error: object_store::Error| match error.to_string() {
                why if why.contains("Account must be specified") => ArchiveError::Usage(format!(
                    "DEST {at}: the storage account is not named; set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY or \
                     AZURE_STORAGE_SAS_TOKEN unless this machine has an identity"
                )),
                _ => usage(error),
            };
            Arc::new(azure(url, environment)?.with_retry(retry).build().map_err(named)?)
        }
        ObjectStoreScheme::AmazonS3 => {
            let builder = AmazonS3Builder::new().with_url(bare(url)).with_retry(retry);
            let settings = settings::<AmazonS3ConfigKey>(environment, "AWS_");
            Arc::new(
                settings
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .build()
                    .map_err(usage)?,
            )
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let mut builder = GoogleCloudStorageBuilder::new().with_url(bare(url)).with_retry(retry);
            if let Some(path) = environment.word("SERVICE_ACCOUNT") {
                builder = builder.with_service_account_path(path);
            }
            let settings = settings::<GoogleConfigKey>(environment, "GOOGLE_");
            Arc::new(
                settings
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .build()
                    .map_err(usage)?,
            )
        }
        _ => return Err(ArchiveError::Usage(format!("DEST {at}: is no object store that elbtail knows"))),
    };
    Ok(Store::new(inner, path, &at))
}

/// A directory; every file and directory is synced before it counts. Only a writer makes one.
fn directory(path: &std::path::Path, at: &str, access: Access) -> Result<Store, ArchiveError> {
    let usage = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ArchiveError::NoArchive { at: at.to_owned() },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ArchiveError::Denied { at: at.to_owned(), why: error.to_string() }
        }
        _ => ArchiveError::Usage(format!("DEST {at}: {error}")),
    };
    let path = std::path::absolute(path).map_err(usage)?;
    let is_file = |metadata: &fs::Metadata| !metadata.is_dir();
    if fs::metadata(&path).as_ref().is_ok_and(is_file) {
        return Err(ArchiveError::Usage(format!("DEST {at}: is a file; give a directory or a URL")));
    }
    if let Some(why) = no_directory(&path) {
        return Err(ArchiveError::Usage(format!("DEST {at}: {why}; give a directory or a URL")));
    }
    if access == Access::Write {
        make(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ArchiveError::Usage(format!("DEST {at}: the directory cannot be made: {error}")),
            _ => usage(error),
        })?;
    }
    fs::metadata(&path).map_err(usage)?;
    let inner = LocalFileSystem::new_with_prefix(&path).map_err(|error| ArchiveError::of(at, &error))?.with_fsync(true);
    Ok(Store::in_directory(Arc::new(inner), &path, at))
}

/// Why no directory can be at `path`: something else is, there or above.
fn no_directory(path: &std::path::Path) -> Option<String> {
    path.ancestors().find_map(|above| match fs::metadata(above) {
        Ok(metadata) => (!metadata.is_dir()).then(|| format!("{} is not a directory", above.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::symlink_metadata(above)
            .is_ok_and(|metadata| metadata.is_symlink())
            .then(|| format!("{} is not a directory but a link that leads nowhere", above.display())),
        Err(_) => None,
    })
}

/// Makes a directory and those above it, so that they survive a loss of power.
pub(super) fn make(path: &std::path::Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make(above)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    #[cfg(unix)]
    if let Some(above) = path.parent() {
        fs::File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// The settings of one kind of store, as its `from_env` reads them.
fn settings<'a, K: FromStr>(environment: &'a Environment, prefix: &'a str) -> impl Iterator<Item = (K, &'a str)> {
    environment
        .texts()
        .filter(move |(name, _)| name.starts_with(prefix))
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)))
}

/// The URL without its query, which holds settings of ours, not of the store's.
fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Azure's credentials in the order of the README: a SAS in the URL, a connection string, the account's key, a SAS, then
/// Entra by workload identity, managed identity or `az`. What `from_env` of the crate knows beside these is read too.
fn azure(url: &Url, environment: &Environment) -> Result<MicrosoftAzureBuilder, ArchiveError> {
    let mut builder = MicrosoftAzureBuilder::new().with_url(bare(url));
    for (key, value) in settings::<AzureConfigKey>(environment, "AZURE_") {
        builder = builder.with_config(key, value);
    }
    if let Some(account) = environment.word("AZURE_STORAGE_ACCOUNT") {
        builder = builder.with_account(account);
    }
    let sas = url.query().filter(|query| query.split('&').any(|pair| pair.starts_with("sig=")));
    if let Some(sas) = sas {
        return Ok(with_sas(builder, sas));
    }
    if let Some(text) = environment.word("AZURE_STORAGE_CONNECTION_STRING") {
        return connection_string(builder, text);
    }
    let key = ["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY"];
    if let Some(key) = key.iter().find_map(|name| environment.word(name)) {
        return Ok(builder.with_access_key(key).with_credential_type("access_key"));
    }
    if let Some(sas) = environment.word("AZURE_STORAGE_SAS_TOKEN") {
        return Ok(with_sas(builder, sas));
    }
    let configured = [
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_CLIENT_SECRET",
        "AZURE_STORAGE_TOKEN",
        "AZURE_STORAGE_SAS_KEY",
        "IDENTITY_ENDPOINT",
    ];
    if configured.iter().all(|name| environment.word(name).is_none()) && on_a_desk(environment) {
        builder = builder.with_use_azure_cli(true);
    }
    Ok(builder)
}

/// Whether nothing says that this is a pod or a service with an identity: then it is somebody's `az login`.
fn on_a_desk(environment: &Environment) -> bool {
    environment.word("KUBERNETES_SERVICE_HOST").is_none() && environment.word("AZURE_USE_AZURE_CLI").is_none()
}

fn with_sas(builder: MicrosoftAzureBuilder, sas: &str) -> MicrosoftAzureBuilder {
    builder.with_config(AzureConfigKey::SasKey, sas.trim_start_matches('?')).with_credential_type("sas_token")
}

/// `AccountName=…;AccountKey=…;BlobEndpoint=…` as the portal shows it.
fn connection_string(mut builder: MicrosoftAzureBuilder, text: &str) -> Result<MicrosoftAzureBuilder, ArchiveError> {
    let mut proven = false;
    for (name, value) in text.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        builder = match name {
            "AccountName" => builder.with_account(value),
            "AccountKey" => {
                proven = true;
                builder.with_access_key(value).with_credential_type("access_key")
            }
            "SharedAccessSignature" => {
                proven = true;
                with_sas(builder, value)
            }
            // Whoever writes http there means it.
            "BlobEndpoint" => {
                let plain = value.starts_with("http://").to_string();
                builder
                    .with_endpoint(value.trim_end_matches('/').to_owned())
                    .with_config(AzureConfigKey::Client(ClientConfigKey::AllowHttp), plain)
            }
            "UseDevelopmentStorage" if value.eq_ignore_ascii_case("true") => {
                proven = true;
                builder.with_use_emulator(true)
            }
            _ => builder,
        };
    }
    if proven {
        Ok(builder)
    } else {
        Err(ArchiveError::Usage(
            "AZURE_STORAGE_CONNECTION_STRING holds no AccountKey and no SharedAccessSignature".into(),
        ))
    }
}
