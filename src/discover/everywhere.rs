//! [`look`]: the pods and Jobs of every ElasticBLAST job, in a namespace or in all of them ([`SearchScope`]).

use std::fmt;

use futures::join;
use k8s_openapi::{NamespaceResourceScope, api::batch::v1::Job};
use kube::{Api, Client, Resource};

use super::{evidence::selectors_of_all, watch::list_of};
use crate::{cluster::ClusterError, k8s::Pod};

/// Where is looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchScope {
    /// In this namespace.
    Namespace(String),
    /// In all namespaces of the cluster: `-A`.
    Cluster,
}

impl SearchScope {
    /// The objects of a kind there.
    pub fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        match self {
            SearchScope::Namespace(namespace) => Api::namespaced(client.clone(), namespace),
            SearchScope::Cluster => Api::all(client.clone()),
        }
    }

    /// Whether `namespace` is in it.
    pub fn holds(&self, namespace: &str) -> bool {
        match self {
            SearchScope::Namespace(own) => own == namespace,
            SearchScope::Cluster => true,
        }
    }
}

impl fmt::Display for SearchScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SearchScope::Namespace(namespace) => write!(f, "namespace {namespace}"),
            SearchScope::Cluster => f.write_str("any namespace"),
        }
    }
}

/// What there is of all jobs.
#[derive(Debug)]
pub struct Everything {
    /// Their pods.
    pub pods: Vec<Pod>,
    /// Their Jobs, or why they cannot be told: who may list pods need not be permitted to list Jobs.
    pub jobs: Result<Vec<Job>, ClusterError>,
}

/// The pods and Jobs of all jobs in `area` now.
///
/// # Errors
/// When the pods cannot be listed.
pub async fn look(client: &Client, area: &SearchScope) -> Result<Everything, ClusterError> {
    let (pods, jobs) = (area.api::<Pod>(client), area.api::<Job>(client));
    let (pods, jobs) =
        join!(list_of(&pods, selectors_of_all(), Pod::slim), list_of(&jobs, selectors_of_all(), |job| job));
    Ok(Everything { pods: pods?, jobs })
}
