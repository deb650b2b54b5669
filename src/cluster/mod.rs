//! [`Cluster`]: from flags and kubeconfig to requests that are answered.
//!
//! kube reads the kubeconfig, sets up TLS and speaks Kubernetes; what lies under it is elbtail's own, because a
//! thousand followed containers need it: `transport` authenticates, `pool` spreads streams over few HTTP/2
//! connections (or many HTTP/1.1 ones), `connection` is one of them and `dial` opens it. [`ClusterError`] says what went
//! wrong in the categories of the exit codes.

mod body;
mod connection;
mod contexts;
mod counters;
mod credentials;
mod dial;
mod entry;
mod environment;
mod error;
mod exec;
mod kubeconfig;
mod limiter;
mod liveness;
mod log;
mod no_proxy;
pub mod node_file;
mod options;
mod pod;
mod pool;
mod proxy;
mod review;
mod settings;
mod tls;
mod transport;
mod usage;
pub mod watching;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::Request;
use kube::{
    Client,
    client::{
        Body, ConfigExt,
        middleware::{BaseUri, ExtraHeaders},
    },
};
use tower::{Service, ServiceBuilder};

pub use self::{
    body::AnswerBody,
    contexts::ContextNames,
    counters::Counters,
    environment::{ConnectEnvironment, Tell},
    error::{ClusterError, Obstacle, Rejection},
    limiter::RequestLimiter,
    log::{LogAnswer, LogBody, LogQuery},
    options::{ConnectOptions, RequestTimeout, UserExtra},
    review::review,
    usage::{UsageByPod, usage},
};
use self::{
    connection::{Keepalive, StreamWindow},
    credentials::Credentials,
    settings::Settings,
    transport::Transport,
};
use crate::causes::chain;

/// A Kubernetes cluster and who we are to it. Cheap to clone; all clones share their connections, and
/// one [`RequestLimiter`].
#[derive(Clone)]
pub struct Cluster {
    /// kube's layers around our transport: they complete the URL and add the impersonation headers.
    service: BaseUri<ExtraHeaders<Transport>>,
    client: Client,
    transport: Transport,
    limiter: Arc<RequestLimiter>,
    /// Whether the API server shall read logs from kubelets it cannot verify.
    skip_backend_verify: bool,
}

impl Cluster {
    /// Decides which cluster to use and as whom, from what is asked for and the environment.
    ///
    /// Runs the user's exec plugin, if there is one. Nothing is sent to the cluster yet.
    pub async fn connect(args: &ConnectOptions, environment: &ConnectEnvironment) -> Result<Self, ClusterError> {
        Self::with_keepalive(args, environment, Keepalive::default()).await
    }

    async fn with_keepalive(
        args: &ConnectOptions,
        environment: &ConnectEnvironment,
        keepalive: Keepalive,
    ) -> Result<Self, ClusterError> {
        let settings = Settings::decide(args, environment)?;
        let credentials = Credentials::new(&settings, environment).await?;
        let transport = Transport::new(&settings, credentials, keepalive, environment.requests.clone()).await?;
        let headers = settings
            .config
            .extra_headers_layer()
            .map_err(|error| ClusterError::Config(format!("the user to impersonate: {}", chain(&error))))?;
        let service =
            ServiceBuilder::new().layer(settings.config.base_uri_layer()).layer(headers).service(transport.clone());
        let client = Client::new(service.clone(), settings.config.default_namespace);
        Ok(Self {
            service,
            client,
            transport,
            limiter: Arc::default(),
            skip_backend_verify: args.insecure_skip_tls_verify_backend,
        })
    }

    /// A client for kube's `Api` and `watcher`. Nothing is retried in it beyond what never reached the server.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The namespace: `--namespace`, else the context's, else `default`.
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// The API server as `host:port`, for messages.
    pub fn host(&self) -> String {
        self.transport.host()
    }

    /// Who may ask about logs, and when. A server's wish to be left alone is heeded by itself; places are what is asked for here.
    pub fn limiter(&self) -> &RequestLimiter {
        &self.limiter
    }

    /// The same, where short questions are soon given up.
    #[cfg(test)]
    pub(crate) fn impatient(&self) -> Self {
        Self { limiter: Arc::new(RequestLimiter::default().impatient()), ..self.clone() }
    }

    /// How many connections and streams there are.
    pub fn counters(&self) -> Counters {
        self.transport.counters()
    }

    /// Says that so many logs will be open at once of which most wait for the others, as when they are merged: what they hold
    /// back is bounded in sum then, not each.
    pub fn expect_waiting_logs(&self, logs: usize) {
        self.transport.narrow(StreamWindow::of_waiting(logs));
    }

    /// Asks the kubelet of `node` for a file or directory it serves under `/logs/`. Node and path must be made of checked
    /// names.
    ///
    /// # Errors
    /// When the cluster cannot be reached, or anything but the file is the answer.
    pub async fn node_file(
        &self,
        node: &str,
        path: &str,
        bytes: &node_file::Bytes,
    ) -> Result<node_file::FilePart, ClusterError> {
        let request = node_file::request(node, path, bytes)?;
        let answer = self.service.clone().call(request);
        self.limiter.asked(async { node_file::FilePart::read(answer.await?).await }).await
    }

    /// Asks for a container's log.
    pub async fn log(&self, namespace: &str, pod: &str, query: &LogQuery) -> Result<LogAnswer, ClusterError> {
        let request: Request<Body> = query.request(namespace, pod, self.skip_backend_verify)?;
        // Always ready: see `Transport::poll_ready`.
        let answer = self.service.clone().call(request);
        self.limiter.asked(async { LogAnswer::read(answer.await?).await }).await
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("host", &self.host()).field("namespace", &self.namespace()).finish()
    }
}
