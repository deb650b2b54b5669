//! What a metrics server answers: of running pods what each container uses, made of the pod's name.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::Call;
use crate::handle::{Answer, Outcome};
use crate::list::Selection;
use crate::resource::PODS;
use crate::status::Failure;
use crate::world::World;

const PATH: &str = "/apis/metrics.k8s.io/v1beta1/namespaces/";

/// The answer, if a metrics server is there and it is asked for pods of a namespace.
pub(crate) fn metrics(world: &Arc<World>, call: &Call) -> Option<Outcome> {
    let namespace = call.path.strip_prefix(PATH)?.strip_suffix("/pods")?;
    (world.options.metrics && call.method == Method::GET).then(|| pods(world, call, namespace))
}

fn pods(world: &Arc<World>, call: &Call, namespace: &str) -> Outcome {
    let selection = Selection::of(call, &PODS)?;
    let pods = world.lock().store.snapshot(&PODS);
    let running = pods.values().map(|kept| &kept.object).filter(|pod| {
        pod["metadata"]["namespace"] == namespace && pod["status"]["phase"] == "Running" && selection.matches(pod)
    });
    let items: Vec<Value> = running.map(|pod| usage(pod)).collect();
    let list =
        json!({"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items});
    Ok::<_, Failure>(Answer::Json(StatusCode::OK, list))
}

fn usage(pod: &Value) -> Value {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let of = |at: usize, container: &Value| {
        let seed = name.bytes().fold(at as u64 + 1, |sum, byte| sum * 31 % 8191 + u64::from(byte));
        json!({
            "name": container["name"],
            "usage": {"cpu": format!("{}n", seed * 900_000), "memory": format!("{}Ki", seed * 1300)},
        })
    };
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let containers: Vec<Value> = containers.enumerate().map(|(at, container)| of(at, container)).collect();
    json!({
        "metadata": {
            "name": name, "namespace": pod["metadata"]["namespace"], "labels": pod["metadata"]["labels"],
            "creationTimestamp": jiff::Timestamp::now().to_string(),
        },
        "timestamp": jiff::Timestamp::now().to_string(),
        "window": "15.061s",
        "containers": containers,
    })
}
