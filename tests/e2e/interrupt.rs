//! Ctrl-C.

use crate::{
    jobs::{JobPlan, count, numbered},
    stage::{ROW, Stage},
};

#[test]
fn ctrl_c_ends_following_with_a_summary() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "--only-log-lines"]);
    let script = format!("{}; exec sleep 3600", count("so far", 10));
    stage.create(&JobPlan::batch(0).container("blast", &script).container("results-export", "exec sleep 3600"));
    elbtail.until_printed("so far line 10\n");
    // Both are found before either is read to the last line.
    elbtail.interrupt();
    let ended = elbtail.end().code(130);
    assert_eq!(ended.lines(), numbered("so far", 10));
    assert_eq!(ended.stderr, "interrupted: 2 of 2 containers were not read to their end, 10 lines printed\n");
}

#[test]
fn ctrl_c_ends_waiting() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f"]);
    elbtail.until_said("waiting for them");
    elbtail.interrupt();
    let ended = elbtail.end().code(130);
    assert_eq!(ended.stdout, b"");
    assert!(
        ended.stderr.ends_with("interrupted: 0 of 0 containers were not read to their end, 0 lines printed\n"),
        "{}",
        ended.stderr
    );
}
