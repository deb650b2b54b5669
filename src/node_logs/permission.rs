//! Who may read the files of nodes.

use kube::Client;

use crate::cluster::{ClusterError, review};

/// Whether we may.
///
/// # Errors
/// When it cannot be asked.
pub async fn may_read(client: &Client) -> Result<bool, ClusterError> {
    Ok(review(client, None, "get", "nodes/proxy", "").await?.0)
}

/// What is told of lines that a node may have, when we may not.
pub fn with_permission(node: &str) -> String {
    format!("with permission to get nodes/proxy they could be read from node {node}")
}
