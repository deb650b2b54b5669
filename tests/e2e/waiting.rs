//! Pods that do not start.

use crate::{
    jobs::JobPlan,
    lines::{stderr, stdout},
    stage::{ROW, Stage},
};
use kube::ResourceExt;

#[test]
fn an_image_that_cannot_be_pulled_is_told() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).counts("blast", 1).image("elbtail.invalid/missing:1"));
    let reason = || {
        let pods = stage.pods();
        let status = pods.first()?.status.as_ref()?.container_statuses.as_ref()?.first()?;
        status.state.as_ref()?.waiting.as_ref()?.reason.clone()
    };
    stage.until("the pull failed", || matches!(reason().as_deref(), Some("ErrImagePull" | "ImagePullBackOff")));
    let run = stage.run(&["logs", ROW]).code(0);
    assert_eq!(stdout(&run).len(), 0);
    let said = stderr(&run);
    let list = stdout(&stage.run(&["targets", ROW]).code(0));
    assert!(list[1].contains(" ErrImagePull ") || list[1].contains(" ImagePullBackOff "), "{list:#?}");
    let told = ["ErrImagePull", "ImagePullBackOff"]
        .iter()
        .any(|it| said.contains(&format!("/blast: no log: waiting to start: {it}")));
    assert!(told, "{said}");
}

#[test]
fn a_pod_without_a_node_is_told() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).init_counts("import-query-batches", 1).counts("blast", 1).on_node("elbtail", "nowhere");
    stage.create(&job);
    stage.until("it is unschedulable", || {
        let conditions =
            |pod: &k8s_openapi::api::core::v1::Pod| pod.status.clone().and_then(|status| status.conditions);
        stage.pods().iter().any(|pod| {
            pod.name_any().starts_with(&job.name)
                && conditions(pod).iter().flatten().any(|it| it.reason.as_deref() == Some("Unschedulable"))
        })
    });
    let run = stage.run(&["logs", ROW]).code(0);
    assert_eq!(stdout(&run).len(), 0);
    for container in ["import-query-batches", "blast"] {
        let said = stderr(&run);
        assert!(said.contains(&format!("/{container}: no log: waiting to start: Unschedulable")), "{said}");
    }
    // Following waits for a node, and says so.
    let elbtail = stage.start(&["logs", ROW, "-f"]);
    elbtail.until_said("/blast: waiting: Unschedulable");
    elbtail.interrupt();
    elbtail.end().code(130);
    let list = stdout(&stage.run(&["targets", ROW]).code(0));
    assert!(list.len() == 3 && list[1..].iter().all(|row| row.contains(" Pending ")), "{list:#?}");
}
