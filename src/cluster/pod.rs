//! One pod, as the API has it now.

use kube::{Api, api::ListParams};

use super::{Cluster, ClusterError, watching};
use crate::k8s::Pod;

impl Cluster {
    /// The pod of this name; `None` when there is none. Asked for as a list, which needs no permission beyond those for finding
    /// pods at all. It is what is asked about a log, too: whose it is.
    ///
    /// # Errors
    /// Any [`ClusterError`].
    pub async fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>, ClusterError> {
        let pods: Api<Pod> = Api::namespaced(self.client(), namespace);
        let params = ListParams::default().fields(&format!("metadata.name={name}"));
        let found = self.limiter.asked(watching::list(&pods, params, Pod::slim)).await?;
        Ok(found.into_iter().next())
    }
}
