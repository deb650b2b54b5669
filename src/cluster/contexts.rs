//! [`ContextNames`]: what the kubeconfig calls the clusters it knows.

use super::{ClusterError, ConnectEnvironment, ConnectOptions, kubeconfig};

/// The names of contexts; nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextNames {
    /// The context that is used.
    pub current: Option<String>,
    /// Its cluster's name, or the one of `--cluster`.
    pub cluster: Option<String>,
    /// The other contexts.
    pub others: Vec<String>,
}

impl ContextNames {
    /// Reads them.
    ///
    /// # Errors
    /// When a kubeconfig cannot be read.
    pub fn read(args: &ConnectOptions, environment: &ConnectEnvironment) -> Result<Self, ClusterError> {
        let found = kubeconfig::find(args, environment)?;
        let current = args.context.clone().or(found.current_context.clone());
        let cluster = current.as_deref().and_then(|name| found.cluster_of(name));
        let cluster = args.cluster.clone().or(cluster);
        let all = found.contexts().map(str::to_owned);
        let others = all.filter(|name| Some(name) != current.as_ref()).collect();
        Ok(Self { current, cluster, others })
    }
}
