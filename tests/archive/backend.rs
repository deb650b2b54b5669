//! Where the tests keep archives.

use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use elbtail::archive::object_store::{BackoffConfig, RetryConfig};
use elbtail::{
    archive::{Access, Archive, ArchivePlace, Store, open_with},
    environment::Environment,
};
use tokio::sync::OnceCell;

use crate::support::{
    azurite::{ACCOUNT, KEY},
    azurite_blob::AzuriteBlob,
    moto::Moto,
    process,
};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Directory,
    Azure,
    S3,
}

/// An empty place of its own.
#[derive(Debug, Clone)]
pub struct Backend {
    pub place: String,
    pub environment: Vec<(String, String)>,
    /// The server's port.
    pub port: Option<u16>,
    kind: Kind,
}

/// Container and bucket.
const BUCKET: &str = "logs";

impl Backend {
    pub async fn new(kind: Kind) -> Backend {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let (place, port) = match kind {
            Kind::Directory => (process::directory("archive").join("made later").display().to_string(), None),
            Kind::Azure => (format!("az://{BUCKET}/test {number}"), Some(azurite().await.port)),
            Kind::S3 => (format!("s3://{BUCKET}/test {number}"), Some(moto().await.port)),
        };
        Backend { place, environment: port.map(|port| environment(kind, port)).unwrap_or_default(), port, kind }
    }

    /// A place that another process has made.
    pub fn of(place: &str, environment: Vec<(String, String)>) -> Backend {
        Backend { place: place.to_owned(), environment, port: None, kind: Kind::Directory }
    }

    /// The same place, asked for through another port.
    pub fn through(&self, port: u16) -> Backend {
        Backend { environment: environment(self.kind, port), ..self.clone() }
    }

    /// The directory.
    pub fn directory(&self) -> Option<PathBuf> {
        (self.kind == Kind::Directory).then(|| PathBuf::from(&self.place))
    }

    pub fn store(&self, access: Access) -> Store {
        elbtail::crypto::choose();
        let place: ArchivePlace = self.place.parse().unwrap();
        let environment: Environment = self.environment.iter().cloned().collect();
        let pause = Duration::from_millis(5);
        let backoff = BackoffConfig { init_backoff: pause, max_backoff: pause, base: 2.0 };
        let retry = RetryConfig { backoff, max_retries: 3, retry_timeout: Duration::from_secs(20) };
        open_with(&place, access, &environment, retry).unwrap()
    }

    pub async fn begun(&self) -> Archive {
        Archive::open_or_begin(self.store(Access::Write)).await.unwrap()
    }

    pub async fn archive(&self) -> Archive {
        Archive::open(self.store(Access::Read)).await.unwrap()
    }

    /// The objects below, as the store itself names them.
    pub fn raw(&self) -> std::sync::Arc<dyn elbtail::archive::object_store::ObjectStore> {
        use elbtail::archive::object_store::{
            aws::AmazonS3Builder, azure::MicrosoftAzureBuilder, local::LocalFileSystem, prefix::PrefixStore,
        };
        let (port, below) = (self.port.unwrap_or_default(), self.place.rsplit('/').next().unwrap().to_owned());
        match self.kind {
            Kind::Directory => std::sync::Arc::new(LocalFileSystem::new_with_prefix(&self.place).unwrap()),
            Kind::Azure => {
                let builder =
                    MicrosoftAzureBuilder::new().with_account(ACCOUNT).with_access_key(KEY).with_allow_http(true);
                let builder = builder.with_endpoint(format!("http://127.0.0.1:{port}/{ACCOUNT}"));
                std::sync::Arc::new(PrefixStore::new(builder.with_container_name(BUCKET).build().unwrap(), below))
            }
            Kind::S3 => {
                let builder = AmazonS3Builder::new().with_access_key_id("a").with_secret_access_key("b");
                let builder = builder.with_endpoint(format!("http://127.0.0.1:{port}")).with_allow_http(true);
                std::sync::Arc::new(PrefixStore::new(builder.with_bucket_name(BUCKET).build().unwrap(), below))
            }
        }
    }
}

fn environment(kind: Kind, port: u16) -> Vec<(String, String)> {
    let endpoint = format!("http://127.0.0.1:{port}");
    let connection = format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint}/{ACCOUNT};");
    let pairs = match kind {
        Kind::Directory => vec![],
        Kind::Azure => vec![("AZURE_STORAGE_CONNECTION_STRING", connection)],
        Kind::S3 => vec![
            ("AWS_ENDPOINT", endpoint),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "a".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "b".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ],
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn azurite() -> &'static AzuriteBlob {
    static SERVER: OnceLock<AzuriteBlob> = OnceLock::new();
    static MADE: OnceCell<()> = OnceCell::const_new();
    let server = SERVER.get_or_init(AzuriteBlob::start);
    MADE.get_or_init(|| server.container(BUCKET)).await;
    server
}

async fn moto() -> &'static Moto {
    static SERVER: OnceLock<Moto> = OnceLock::new();
    static MADE: OnceCell<()> = OnceCell::const_new();
    let server = SERVER.get_or_init(Moto::start);
    MADE.get_or_init(|| server.bucket(BUCKET)).await;
    server
}

/// Runs one test for each kind of store.
#[macro_export]
macro_rules! everywhere {
    ($($name:ident)*) => {
        mod directory { $(#[tokio::test] async fn $name() { super::$name($crate::backend::Backend::new($crate::backend::Kind::Directory).await).await; })* }
        mod on_azurite { $(#[tokio::test] async fn $name() { super::$name($crate::backend::Backend::new($crate::backend::Kind::Azure).await).await; })* }
        mod on_moto { $(#[tokio::test] async fn $name() { super::$name($crate::backend::Backend::new($crate::backend::Kind::S3).await).await; })* }
    };
}
