//! Where scenarios made of real Jobs play: on a test cluster, or, with `ELBTAIL_E2E=1`, on the cluster of the current
//! kubeconfig.

use std::{path::Path, time::Duration};

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, Config,
    api::PostParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::json;

/// Whether the scenarios play on a real cluster.
pub fn is_real() -> bool {
    std::env::var("ELBTAIL_E2E").is_ok_and(|on| on == "1")
}

/// How long anything may take before the scenario is taken for hanging. A real cluster pulls images and backs off.
pub fn patience() -> Duration {
    Duration::from_secs(if is_real() { 300 } else { 60 })
}

/// The image of the containers.
pub fn image() -> String {
    std::env::var("ELBTAIL_E2E_IMAGE").unwrap_or_else(|_| "busybox:1.36".to_owned())
}

/// A client of the test cluster that `kubeconfig` names, or of the cluster of the current kubeconfig.
pub async fn client(kubeconfig: Option<&Path>) -> Client {
    // Another test of this process may have been first.
    elbtail::crypto::choose();
    let options = KubeConfigOptions::default();
    let config = match kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).unwrap();
            let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
            // It is on this machine, whatever the environment says of a proxy.
            config.proxy_url = None;
            config
        }
        None => Config::from_kubeconfig(&options).await.unwrap(),
    };
    Client::try_from(config).unwrap()
}

/// Creates a namespace of its own for one scenario and returns its name.
pub async fn create_namespace(client: &Client, prefix: &str) -> String {
    let letters: String = std::iter::repeat_with(fastrand::lowercase).take(8).collect();
    let name = format!("{prefix}-{letters}");
    let object: Namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    Api::all(client.clone()).create(&PostParams::default(), &object).await.unwrap();
    name
}
