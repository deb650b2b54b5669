//! The list that goes on.

use crate::{
    jobs::JobPlan,
    stage::{ROW, Stage},
};

#[test]
fn watching_tells_what_changes() {
    let stage = Stage::new();
    let mut elbtail = stage.start(&["targets", ROW, "-w"]);
    elbtail.until_said("waiting for them");
    stage.create(&JobPlan::batch(0).container("blast", "until [ -e stop ]; do sleep 0.1; done"));
    elbtail.until_printed(" Running ");
    stage.create(&JobPlan::batch(1).container("blast", "exit 7"));
    elbtail.until_printed(" Error ");
    stage.delete(&JobPlan::batch(0).name);
    elbtail.until_printed(" Deleted ");
    assert!(elbtail.runs());
    elbtail.interrupt();
    let ended = elbtail.end().code(130);
    let lines = ended.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("POD ")).count(), 1, "{lines:#?}");
}
