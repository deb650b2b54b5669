//! Who may read the files of nodes, and whether they are wanted.

use kube::Client;

use crate::cluster::{ClusterError, review};

/// Whether lines that the log API no longer has are read from the files of the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeLogs {
    /// Where that is permitted.
    #[default]
    Auto,
    /// Never.
    Never,
    /// Yes, and it is an error when it is not permitted.
    Always,
}

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
