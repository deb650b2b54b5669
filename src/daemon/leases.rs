//! [`Leases`]: the jobs' Leases at the API server.
//!
//! No crate does this: those there are keep a single Lease each, with questions and a clock of their own, and take the end of
//! another's from the time that is written in it. Here one list brings the Leases of all jobs.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Client, Error,
    api::{DeleteParams, ListParams, PostParams, Preconditions},
    core::Selector,
};
use tokio::time::timeout;

use super::lease::Mark;
use crate::cluster::{ClusterError, Obstacle, watching};

/// HTTP 404, for a list.
const NOT_SERVED: u16 = 404;

/// HTTP 404 and 409: somebody else was faster.
const OVERTAKEN: [u16; 2] = [404, 409];

/// The Leases of one namespace.
#[derive(Clone)]
pub(super) struct Leases {
    api: Api<Lease>,
    /// Which are listed.
    selector: Selector,
    host: String,
    /// How long an answer may take.
    within: Option<Duration>,
}

impl Leases {
    pub fn new(client: Client, namespace: &str, mark: &Mark, host: String) -> Leases {
        Leases { api: Api::namespaced(client, namespace), selector: mark.selector(), host, within: None }
    }

    /// The same, which wait no longer for an answer: a Lease is worth nothing that is asked for longer than it lasts.
    pub fn within(self, within: Duration) -> Leases {
        Leases { within: Some(within), ..self }
    }

    /// All of them.
    pub async fn list(&self) -> Result<Vec<Lease>, ClusterError> {
        let params = ListParams::default().labels_from(&self.selector);
        self.in_time(watching::list(&self.api, params, |lease| lease)).await?.map_err(refused)
    }

    /// Writes one in the place of the version that it was made from, or a new one. `None` when somebody else was faster.
    pub async fn write(&self, lease: &Lease) -> Result<Option<Lease>, ClusterError> {
        let params = PostParams::default();
        let name = lease.metadata.name.as_deref().unwrap_or_default();
        let answer = match lease.metadata.resource_version {
            Some(_) => self.in_time(self.api.replace(name, &params, lease)).await?,
            None => self.in_time(self.api.create(&params, lease)).await?,
        };
        settled(answer)
    }

    /// Deletes this version of one.
    pub async fn delete(&self, lease: &Lease) -> Result<(), ClusterError> {
        let preconditions = Preconditions {
            uid: lease.metadata.uid.clone(),
            resource_version: lease.metadata.resource_version.clone(),
        };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let name = lease.metadata.name.as_deref().unwrap_or_default();
        settled(self.in_time(self.api.delete(name, &params)).await?).map(drop)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, ClusterError> {
        let Some(within) = self.within else { return Ok(answer.await) };
        timeout(within, answer).await.map_err(|_| {
            let why = format!("a question for a Lease was not answered within {} ms", within.as_millis());
            ClusterError::Unreachable { host: self.host.clone(), why: Obstacle::Network(why) }
        })
    }
}

/// Why they cannot be listed. An API server that does not know of them says no more than that a page is not there.
fn refused(error: ClusterError) -> ClusterError {
    match error {
        ClusterError::Rejected(mut rejection) if rejection.code == NOT_SERVED => {
            rejection.message = format!("Leases (coordination.k8s.io/v1) are not served there: {}", rejection.message);
            ClusterError::Rejected(rejection)
        }
        error => error,
    }
}

fn settled<T>(answer: Result<T, Error>) -> Result<Option<T>, ClusterError> {
    match answer {
        Ok(done) => Ok(Some(done)),
        Err(Error::Api(status)) if OVERTAKEN.contains(&status.code) => Ok(None),
        Err(error) => Err(ClusterError::from(&error)),
    }
}
