//! [`Nodes`]: whether the files of nodes may be read, and what was said of that.

use std::collections::BTreeSet;

use tokio::sync::{Mutex, OnceCell};

use crate::{
    cluster::{Cluster, ClusterError},
    node_logs::{self, NodeLogs},
};

/// The nodes of a run, as far as their files are concerned. Shared by all drivers.
#[derive(Debug)]
pub struct Nodes {
    pub(super) cluster: Cluster,
    pub(super) wanted: NodeLogs,
    pub(super) allowed: OnceCell<bool>,
    /// What was said of them, so that it is said once.
    pub(super) said: Mutex<BTreeSet<String>>,
}

impl Nodes {
    /// The nodes of a cluster.
    pub fn new(cluster: &Cluster, wanted: NodeLogs) -> Nodes {
        Nodes { cluster: cluster.clone(), wanted, allowed: OnceCell::new(), said: Mutex::default() }
    }

    /// Whether we may read their files. It is asked once.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn may_read(&self) -> Result<bool, ClusterError> {
        let client = self.cluster.client();
        self.allowed.get_or_try_init(|| node_logs::may_read(&client)).await.copied()
    }

    pub(super) async fn is_news(&self, text: &str) -> bool {
        self.said.lock().await.insert(text.to_owned())
    }
}
