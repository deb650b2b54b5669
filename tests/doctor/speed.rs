use std::time::Instant;

use testcluster::load;

use crate::stage::*;

#[test]
fn a_thousand_pods() {
    let stage = Stage::new();
    load::load(&stage.cluster, 1000, 2, 50);
    load::foreign_pods(&stage.cluster, 500);
    let start = Instant::now();
    let output = stage.command(&["doctor", load::JOB_ID]).output().unwrap();
    let took = start.elapsed();
    println!("1,000 pods: {took:?}");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // A debug build on a busy machine; the real limit is 2 s of a release build.
    assert!(took.as_secs_f64() < 10.0, "{took:?}");
}
