//! What pods use at present, where a cluster has `metrics.k8s.io`.

use std::collections::HashMap;

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams},
    core::Selector,
};
use serde::Deserialize;

use super::{ClusterError, watching};
use crate::k8s::Usage;

/// What the containers of pods use, by the pods' names and theirs.
pub type UsageByPod = HashMap<String, HashMap<String, Usage>>;

#[derive(Deserialize)]
struct ContainerMetrics {
    name: String,
    usage: Quantities,
}

#[derive(Deserialize)]
struct Quantities {
    #[serde(default)]
    cpu: String,
    #[serde(default)]
    memory: String,
}

/// What the pods that `labels` select use at present; where there are none, all pods of the namespace. `None` where the cluster does
/// not tell: it has no metrics server, or that does not answer, or we may not ask.
///
/// # Errors
/// When the cluster cannot be reached.
pub async fn usage(client: &Client, namespace: &str, labels: &Selector) -> Result<Option<UsageByPod>, ClusterError> {
    match ask(client, namespace, labels).await? {
        Some(usage) if usage.is_empty() => ask(client, namespace, &Selector::default()).await,
        other => Ok(other),
    }
}

async fn ask(client: &Client, namespace: &str, labels: &Selector) -> Result<Option<UsageByPod>, ClusterError> {
    let kind = GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics");
    let resource = ApiResource::from_gvk_with_plural(&kind, "pods");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    match watching::list(&api, ListParams::default().labels_from(labels), of_pod).await {
        Ok(used) => Ok(Some(used.into_iter().flatten().collect())),
        Err(error) if error.rejection().is_some_and(|it| matches!(it.code, 403 | 404 | 405 | 503)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn of_pod(mut pod: DynamicObject) -> Option<(String, HashMap<String, Usage>)> {
    let containers: Vec<ContainerMetrics> = serde_json::from_value(pod.data.get_mut("containers")?.take()).ok()?;
    let used = containers.into_iter().filter_map(|it| Some((it.name, Usage::of(&it.usage.cpu, &it.usage.memory)?)));
    Some((pod.metadata.name?, used.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_metrics_server_tells_is_read() {
        let list = serde_json::json!({
            "kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {},
            "items": [
                {
                    "metadata": {"name": "a", "namespace": "default", "creationTimestamp": "2026-11-24T12:00:00Z"},
                    "timestamp": "2026-11-24T12:00:00Z", "window": "15.2s",
                    "containers": [
                        {"name": "blast", "usage": {"cpu": "1999999999n", "memory": "1048576Ki"}},
                        {"name": "odd", "usage": {"cpu": "much", "memory": "1"}},
                    ],
                },
                {"metadata": {}, "containers": []},
                {"metadata": {"name": "b"}},
                {"metadata": {"name": "c"}, "containers": "none"},
            ],
        });
        let list: kube::core::ObjectList<DynamicObject> = serde_json::from_value(list).unwrap();
        let usage: UsageByPod = list.items.into_iter().filter_map(of_pod).collect();
        let blast = Usage { cpu: 2000, memory: 1 << 30 };
        assert_eq!(usage, HashMap::from([("a".to_owned(), HashMap::from([("blast".to_owned(), blast)]))]));
    }
}
