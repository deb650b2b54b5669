//! What pods use at present, where a cluster has `metrics.k8s.io`.

use std::collections::HashMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use serde::Deserialize;

use super::ClusterError;
use crate::{
    job_id::JobId,
    k8s::{ID_LABEL, Usage},
};

/// What the containers of pods use, by the pods' names and theirs.
pub type UsageByPod = HashMap<String, HashMap<String, Usage>>;

#[derive(Deserialize)]
struct PodMetricsList {
    #[serde(default)]
    items: Vec<PodMetrics>,
}

#[derive(Deserialize)]
struct PodMetrics {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    containers: Vec<ContainerMetrics>,
}

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

/// What the pods of a job use at present: of a job without labels, all pods of the namespace. `None` where the cluster does not tell:
/// it has no metrics server, or that does not answer, or we may not ask.
///
/// # Errors
/// When the cluster cannot be reached.
pub async fn usage(client: &Client, namespace: &str, id: &JobId) -> Result<Option<UsageByPod>, ClusterError> {
    let of_job = ask(client, namespace, &format!("?labelSelector={ID_LABEL}%3D{}", id.as_str())).await?;
    match of_job {
        Some(usage) if usage.is_empty() => ask(client, namespace, "").await,
        other => Ok(other),
    }
}

async fn ask(client: &Client, namespace: &str, query: &str) -> Result<Option<UsageByPod>, ClusterError> {
    let uri = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods{query}");
    let request = http::Request::get(uri).body(Vec::new());
    // A namespace that is no part of a URI has no pods.
    let Ok(request) = request else { return Ok(None) };
    match client.request::<PodMetricsList>(request).await {
        Ok(list) => Ok(Some(by_pod(list))),
        Err(error) => match ClusterError::from(&error) {
            error if error.rejection().is_some_and(|it| matches!(it.code, 403 | 404 | 405 | 503)) => Ok(None),
            ClusterError::Forbidden(_) => Ok(None),
            error => Err(error),
        },
    }
}

fn by_pod(list: PodMetricsList) -> UsageByPod {
    let of = |pod: PodMetrics| {
        let containers = pod.containers.into_iter();
        let used = containers.filter_map(|it| Some((it.name, Usage::of(&it.usage.cpu, &it.usage.memory)?))).collect();
        Some((pod.metadata.name?, used))
    };
    list.items.into_iter().filter_map(of).collect()
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
            ],
        });
        let usage = by_pod(serde_json::from_value(list).unwrap());
        let blast = Usage { cpu: 2000, memory: 1 << 30 };
        assert_eq!(usage, HashMap::from([("a".to_owned(), HashMap::from([("blast".to_owned(), blast)]))]));
    }
}
