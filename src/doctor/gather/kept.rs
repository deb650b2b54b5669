//! The files that nodes hold of logs of which lines are missing.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::timeout;

use crate::{
    cluster::Cluster,
    discover::Match,
    doctor::{
        LogFacts,
        kept::{KeptFacts, NodeHolds, missing},
    },
    k8s::Target,
    node_logs::{self, Directory, LogOwner, Unreadable},
};

/// Containers whose files are looked up at most: they are evidence, and a few are enough.
const MOST: usize = 8;
/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks up what the nodes hold, if that is permitted. Nothing is asked when nothing is missing.
pub(super) async fn find(cluster: &Cluster, pods: &[Match], logs: &[LogFacts]) -> Vec<KeptFacts> {
    let mut seen = BTreeSet::new();
    let wanted: Vec<(&Target, &str)> = logs
        .iter()
        .filter(|log| pods.iter().any(|found| found.pod.uid() == log.target.uid && missing(log, found).is_some()))
        .filter(|log| seen.insert((&log.target.uid, &log.target.container)))
        .filter_map(|log| Some((&log.target, log.node.as_deref()?)))
        .take(MOST)
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    // Where the question cannot be asked, the answers tell.
    let may = node_logs::may_read(&cluster.client()).await.unwrap_or(true);
    let look = |(target, node): (&Target, &str)| {
        let (target, node) = (target.clone(), node.to_owned());
        async move {
            let kept = if may { files(cluster, &target, &node).await } else { NodeHolds::NotPermitted };
            KeptFacts { uid: target.uid, container: target.container, node, kept }
        }
    };
    stream::iter(wanted).map(look).buffered(MOST).collect().await
}

async fn files(cluster: &Cluster, target: &Target, node: &str) -> NodeHolds {
    let Target { namespace, pod, uid, container, .. } = target;
    let directory = match Directory::new(node, LogOwner { namespace, pod, uid, container }) {
        Ok(directory) => directory,
        Err(bad) => return NodeHolds::Unknown(bad.to_string()),
    };
    match timeout(PATIENCE, node_logs::held(cluster, &directory)).await {
        Ok(Ok(files)) => NodeHolds::Files(files),
        Ok(Err(Unreadable::NotKept)) => NodeHolds::Files(Vec::new()),
        Ok(Err(Unreadable::NotPermitted)) => NodeHolds::NotPermitted,
        Ok(Err(why)) => NodeHolds::Unknown(why.to_string()),
        Err(_) => NodeHolds::Unknown(format!("it took longer than {PATIENCE:?}")),
    }
}
