use std::time::Instant;

use serde_json::json;
use testcluster::{Access, Action, Kind, Rule};

use crate::{free_port::free_port, stage::*};

#[test]
fn stopped() {
    let stage = Stage::new();
    stage.cluster.kill_blocking();
    let said = stage.must_find("cluster stopped, connection refused", &[ID], "ELB-K8S-UNREACHABLE", 6);
    assert_eq!((said.check("permission"), said.check("pods")), ("not-checked", "not-checked"));
}

#[test]
fn the_name_does_not_resolve() {
    let stage = Stage::new();
    let server = ["-s", "https://no-such-cluster.invalid:443", ID];
    let said = stage.must_find("cluster's name does not resolve", &server, "ELB-K8S-DNS", 6);
    assert!(said.text.contains("powerState"), "{}", said.text);
}

#[test]
fn silent() {
    let stage = Stage::new();
    // Accepts connections into its backlog and never answers.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("https://{}", socket.local_addr().unwrap());
    let start = Instant::now();
    let arguments = ["-s", &server, "--request-timeout", "8s", ID];
    stage.must_find("cluster does not answer", &arguments, "ELB-K8S-UNREACHABLE", 6);
    // Less than the timeout, twice: for text and for JSON.
    assert!(start.elapsed().as_secs_f64() < 16.0, "{:?}", start.elapsed());
}

#[test]
fn another_authority() {
    let stage = Stage::new();
    let other = testcluster::TestCluster::start_blocking(testcluster::Options::default()).unwrap();
    let ca = stage.write("other.pem", &other.ca_pem());
    let arguments = ["--certificate-authority", &ca, ID];
    stage.must_find("certificate of another authority", &arguments, "ELB-K8S-TLS", 6);
}

#[test]
fn expired_token() {
    let stage = Stage::new();
    stage.searching(0);
    stage.cluster.expire_token("admin-token");
    stage.must_find("token expired (401)", &[ID], "ELB-K8S-UNAUTHENTICATED", 7);
}

#[test]
fn expired_plugin() {
    let stage = Stage::new();
    let exec = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never",
        "args": ["-c", "echo 'AADSTS700082: The refresh token has expired' >&2; exit 1"],
    }});
    let path = stage.write("exec.kubeconfig", &stage.cluster.kubeconfig_with("me", &exec));
    let said = examine(path.as_ref(), &[ID]).must_be("exec plugin's sign-in expired", "ELB-K8S-PLUGIN", 7);
    assert!(said.evidence().contains("AADSTS700082"), "{}", said.text);
}

#[test]
fn wrong_context() {
    let stage = Stage::new();
    stage.must_find("no such context", &["--context", "nowhere", ID], "ELB-K8S-CONFIG", 2);
}

fn denied(verb: &str, resource: &str, incident: &str) -> Said {
    let stage = Stage::new();
    stage.searching(0);
    stage.cluster.add_user("t", "reader", Access::all().deny(verb, resource));
    let path = stage.cluster.write_kubeconfig_of("reader", stage.directory.path()).unwrap();
    examine(&path, &[ID]).must_be(incident, "ELB-K8S-FORBIDDEN", if resource == "jobs" { 0 } else { 7 })
}

#[test]
fn permissions_are_asked_before_anything_fails() {
    let said = denied("get", "pods/log", "no permission on pods/log (403)");
    assert_eq!((said.check("pods"), said.check("logs")), ("ok", "not-checked"));
    let said = denied("list", "pods", "no permission to list pods (403)");
    assert_eq!(said.check("pods"), "not-checked");
    assert_eq!(said.problems().len(), 1, "{}", said.text);
    denied("watch", "pods", "no permission to watch pods (403)");
    denied("list", "jobs", "no permission to list Jobs (a note)");
}

#[test]
fn no_cluster() {
    let stage = Stage::new();
    let path = stage.write("empty.kubeconfig", "{apiVersion: v1, kind: Config}");
    examine(path.as_ref(), &[ID]).must_be("kubeconfig names no cluster", "ELB-K8S-NO-CLUSTER", 2);
}

#[test]
fn broken_proxy() {
    let stage = Stage::new();
    let mut config: serde_json::Value = serde_json::from_str(&stage.cluster.kubeconfig_yaml("admin")).unwrap();
    config["clusters"][0]["cluster"]["proxy-url"] = format!("http://127.0.0.1:{}", free_port()).into();
    let path = stage.write("proxy.kubeconfig", &config.to_string());
    examine(path.as_ref(), &[ID]).must_be("proxy is away", "ELB-K8S-PROXY", 6);
}

#[test]
fn server_errors() {
    let stage = Stage::new();
    stage.searching(0);
    let lists = |call: &testcluster::Call| call.kind == Kind::List && call.path.ends_with("/pods");
    stage.cluster.faults().push(Rule::new(lists, Action::Answer { code: 503, retry_after: None }));
    stage.must_find("API server overloaded (503)", &[ID], "ELB-K8S-SERVER-ERROR", 6);
}

#[test]
fn wrong_namespace() {
    let stage = Stage::new();
    let pod = stage.cluster.pod("blastn-batch-s00-job-000-3ed51a95-abcde").namespace("elb").label("elb-job-id", ID);
    pod.container("blast").create().start("blast");
    let said = stage.must_find("wrong namespace: an empty list", &[ID], "ELB-K8S-NAMESPACE", 5);
    assert!(said.text.contains(&format!("next: elbtail logs {ID} -n elb")), "{}", said.text);
}

#[test]
fn more_pods_elsewhere_than_a_page_of_a_list_has_are_all_counted() {
    let stage = Stage::new();
    for number in 0..501 {
        stage.cluster.pod(&format!("p{number}")).namespace("elb").label("elb-job-id", ID).container("blast").create();
    }
    let said = stage.must_find("many pods in another namespace", &[ID], "ELB-K8S-NAMESPACE", 5);
    assert!(said.text.contains("501 pods of the job are in elb"), "{}", said.text);
}

#[test]
fn another_context() {
    let stage = Stage::new();
    let other = Stage::new();
    other.searching(0);
    let mut config: serde_json::Value = serde_json::from_str(&stage.cluster.kubeconfig_yaml("admin")).unwrap();
    let second: serde_json::Value = serde_json::from_str(&other.cluster.kubeconfig_yaml("admin")).unwrap();
    for (list, inner) in [("clusters", "cluster"), ("users", "user"), ("contexts", "context")] {
        let mut entry = second[list][0].clone();
        entry["name"] = "elb-cluster".into();
        if inner == "context" {
            entry[inner]["cluster"] = "elb-cluster".into();
            entry[inner]["user"] = "elb-cluster".into();
        }
        config[list].as_array_mut().unwrap().push(entry);
    }
    let path = stage.write("two.kubeconfig", &config.to_string());
    let said =
        examine(path.as_ref(), &[ID, "--all-contexts"]).must_be("job runs in another context", "ELB-K8S-CONTEXT", 5);
    assert!(said.text.contains("--context elb-cluster"), "{}", said.text);
    let mut row = running_row();
    row["cluster_name"] = "elb-cluster".into();
    let row = stage.row(&row);
    let said = examine(path.as_ref(), &[&row]).must_be("row's cluster is not the context's", "ELB-K8S-CLUSTER-NAME", 5);
    assert!(said.text.contains("--context elb-cluster"), "{}", said.text);
}
