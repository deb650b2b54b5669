//! The files that a node keeps of its containers' logs: more than the log API reads.
//!
//! The log API reads the newest file of an instance. The kubelet keeps up to five of them, the older ones compressed, and
//! serves them under `/logs/`, which the API server hands through to whoever may `get` `nodes/proxy`. [`NodeLog`] reads all
//! of one instance, oldest line first. [`path`], [`listing`] and [`record`] are pure; `fetch` asks the cluster.

mod again;
mod fetch;
mod gunzip;
pub mod listing;
pub mod path;
mod permission;
mod read;
pub mod record;

#[cfg(test)]
mod tests;

use futures::StreamExt as _;

use self::again::Again;
pub use self::{
    listing::{Age, FileName},
    path::{Directory, LogOwner},
    permission::{NodeLogs, may_read, with_permission},
    read::{NodeLog, NodePiece},
    record::NodeLine,
};
use crate::{
    cluster::{Cluster, ClusterError, Rejection, node_file},
    k8s::kubelet_error::is_kubelets_refusal,
};

/// Why a node's files do not help.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// We may not `get` `nodes/proxy`.
    #[error("nodes/proxy is not permitted")]
    NotPermitted,
    /// The cluster has no such node any more.
    #[error("the node is gone")]
    NodeGone,
    /// Its kubelet has `enableSystemLogHandler: false` or another `podLogsDir`, or it is a Windows node.
    #[error("the kubelet does not serve /logs/")]
    NotServed,
    /// Its kubelet does not let the API server in: no matter of the user's credentials.
    #[error("the kubelet refuses the API server: {0}")]
    Refused(Rejection),
    /// It has no file of this instance: the instance was collected, or its pod deleted.
    #[error("older than the files kept")]
    NotKept,
    /// A file is not what it has to be.
    #[error("{file} on the node is damaged: {why}")]
    Broken {
        /// The file.
        file: FileName,
        /// What is wrong with it.
        why: String,
    },
    /// The cluster did not answer, or not with the file.
    #[error(transparent)]
    Cluster(ClusterError),
}

impl From<ClusterError> for Unreadable {
    fn from(error: ClusterError) -> Self {
        match &error {
            // A 401 that is about our credentials is no rejection.
            ClusterError::Rejected(rejection) if rejection.code == 401 => Self::Refused(rejection.clone()),
            ClusterError::Forbidden(it) if it.reason.is_empty() || is_kubelets_refusal(&it.message) => {
                Self::Refused(it.clone())
            }
            ClusterError::Forbidden(_) => Self::NotPermitted,
            ClusterError::Rejected(rejection) if rejection.code == 405 => Self::NotServed,
            // A server that knows no nodes at all says `NotFound` too, in other words.
            ClusterError::Rejected(it) if it.code == 404 && it.message.starts_with("nodes \"") => Self::NodeGone,
            _ => Self::Cluster(error),
        }
    }
}

/// A file of a container on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeFile {
    /// Its name, with the instance that wrote it.
    pub file: FileName,
    /// Its size on the node in bytes, compressed as it is. `None` when it went while it was asked for.
    pub size: Option<u64>,
}

/// [`files`] with their sizes.
///
/// # Errors
/// As [`files`].
pub async fn held(cluster: &Cluster, directory: &Directory) -> Result<Vec<NodeFile>, Unreadable> {
    let mut held = Vec::new();
    for file in files(cluster, directory).await? {
        held.push(NodeFile { file, size: fetch::size(cluster, directory, file).await? });
    }
    Ok(held)
}

/// The files that the node holds of a container, of all its instances, the oldest first.
///
/// # Errors
/// When the node's files cannot be read, or it has no directory of the container.
pub async fn files(cluster: &Cluster, directory: &Directory) -> Result<Vec<FileName>, Unreadable> {
    let list = read_list(cluster, directory.node(), &directory.list()).await;
    match list {
        Err(error) if is_missing(&error) => {
            // Is it the container's directory that is not there, or that of all pods?
            match read_list(cluster, directory.node(), path::ALL).await {
                Ok(_) => Err(Unreadable::NotKept),
                Err(error) if is_missing(&error) => Err(Unreadable::NotServed),
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
        Ok(html) => Ok(listing::parse(&html)),
    }
}

/// The kubelet's 404; the API server's has a reason.
fn is_missing(error: &ClusterError) -> bool {
    error.rejection().is_some_and(|rejection| rejection.code == 404 && rejection.reason.is_empty())
}

async fn read_list(cluster: &Cluster, node: &str, path: &str) -> Result<Vec<u8>, ClusterError> {
    let mut again = Again::new(path);
    loop {
        match read_list_once(cluster, node, path).await {
            Err(error) if error.is_transient() => again.after(error).await?,
            list => return list,
        }
    }
}

async fn read_list_once(cluster: &Cluster, node: &str, path: &str) -> Result<Vec<u8>, ClusterError> {
    let mut answer = cluster.node_file(node, path, &node_file::Bytes::All).await?;
    let mut html = Vec::new();
    while let Some(bytes) = answer.body.next().await {
        html.extend_from_slice(&bytes?);
        if html.len() > listing::LONGEST_LIST {
            break;
        }
    }
    if answer.end.is_some_and(|end| (html.len() as u64) < end) && html.len() <= listing::LONGEST_LIST {
        let why = format!("the list {path} ended after {} bytes", html.len());
        return Err(ClusterError::Broken { host: cluster.host(), why });
    }
    Ok(html)
}
