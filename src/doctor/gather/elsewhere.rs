//! Where the pods are, when they are not where they were looked for.

use std::{collections::BTreeMap, time::Duration};

use futures::future;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::ListParams, core::PartialObjectMeta};
use tokio::time::timeout;

use crate::{
    cluster::{Cluster, ClusterError, ConnectEnvironment, ConnectOptions, watching},
    doctor::{ClusterAnswers, Elsewhere, RowFacts, SearchedPlace},
    job_id::JobId,
    k8s::labels,
};

/// How long another context may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Other ids of a row that are asked for at most.
const OTHER_IDS: usize = 8;

/// Looks for the job's pods in other namespaces and, if asked to, in other contexts. Says whether all namespaces could be
/// asked.
pub(super) async fn search(
    cluster: &Cluster,
    flags: &ConnectOptions,
    environment: &ConnectEnvironment,
    row: &RowFacts,
    place: &SearchedPlace,
    seen: &ClusterAnswers,
) -> (Vec<Elsewhere>, bool) {
    let found_here = !seen.pods().is_empty() || !seen.jobs().is_empty();
    let Some(id) = row.id().filter(|_| !found_here) else { return (Vec::new(), false) };
    let hint = row.row.as_ref().and_then(|row| row.namespace());
    let contexts = if place.all_contexts { place.other_contexts.as_slice() } else { &[] };
    let (here, there) = future::join(
        in_cluster(&cluster.client(), id, hint.into_iter().chain(["default"]), &place.namespace),
        future::join_all(contexts.iter().map(|name| in_context(flags, environment, name, id))),
    )
    .await;
    let (mut all, everywhere) = here;
    all.extend(there.into_iter().flatten());
    (all, everywhere)
}

/// All namespaces, or, without permission for that, the ones that are likely.
async fn in_cluster<'a>(
    client: &Client,
    id: &JobId,
    likely: impl Iterator<Item = &'a str>,
    but: &str,
) -> (Vec<Elsewhere>, bool) {
    if let Ok(found) = count(&Api::all(client.clone()), id).await {
        return (elsewhere(found, None, but), true);
    }
    let mut found = BTreeMap::new();
    for namespace in likely.filter(|namespace| *namespace != but) {
        if let Ok(there) = count(&Api::namespaced(client.clone(), namespace), id).await {
            found.extend(there);
        }
    }
    (elsewhere(found, None, but), false)
}

async fn in_context(
    flags: &ConnectOptions,
    environment: &ConnectEnvironment,
    name: &str,
    id: &JobId,
) -> Vec<Elsewhere> {
    let flags = ConnectOptions {
        context: Some(name.to_owned()),
        cluster: None,
        user: None,
        server: None,
        namespace: None,
        ..flags.clone()
    };
    // A plugin that wants to talk to a person is not waited for.
    let environment = environment.without_notice();
    let ask = async {
        let cluster = Cluster::connect(&flags, &environment).await.ok()?;
        let (found, _) = in_cluster(&cluster.client(), id, ["default"].into_iter(), "").await;
        Some(found.into_iter().map(|found| Elsewhere { context: Some(name.to_owned()), ..found }).collect())
    };
    timeout(PATIENCE, ask).await.ok().flatten().unwrap_or_default()
}

fn elsewhere(found: BTreeMap<String, usize>, context: Option<&str>, but: &str) -> Vec<Elsewhere> {
    let all = found.into_iter().filter(|(namespace, _)| namespace != but);
    all.map(|(namespace, pods)| Elsewhere { context: context.map(str::to_owned), namespace, pods }).collect()
}

/// How many pods in the namespace carry each of these ids; without those that cannot be asked for.
pub(super) async fn of_each(client: &Client, namespace: &str, ids: Vec<JobId>) -> Vec<(JobId, usize)> {
    let api = Api::namespaced(client.clone(), namespace);
    let all = future::join_all(ids.iter().take(OTHER_IDS).map(|id| count(&api, id))).await;
    ids.into_iter().zip(all).filter_map(|(id, found)| Some((id, found.ok()?.into_values().sum()))).collect()
}

/// Pods that carry the id, by namespace.
async fn count(api: &Api<PartialObjectMeta<Pod>>, id: &JobId) -> Result<BTreeMap<String, usize>, ClusterError> {
    let params = ListParams::default().labels_from(&labels::of_job(id));
    let mut counts = BTreeMap::new();
    for namespace in watching::list(api, params, |pod| pod.metadata.namespace).await? {
        *counts.entry(namespace.unwrap_or_default()).or_default() += 1;
    }
    Ok(counts)
}
