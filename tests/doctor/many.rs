use testcluster::load;

use crate::stage::*;

/// How long this takes is measured by `cargo bench --bench e2e -- doctor`.
#[test]
fn a_thousand_healthy_pods_among_foreign_ones() {
    let stage = Stage::new();
    load::load(&stage.cluster, 1000, 2, 50);
    load::foreign_pods(&stage.cluster, 500);
    let output = stage.command(&["doctor", load::JOB_ID]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
