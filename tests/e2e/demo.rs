//! The demo's cluster, on which pods are played and not run.

use std::time::Duration;

use testcluster::incident::{self, JOB_ID};

use crate::{
    lines::assert_all_once,
    running::Running,
    stage::{ROW, Stage},
};

#[test]
fn the_incident_row_yields_every_line_of_26_containers() {
    let stage = Stage::local();
    // The play is in the namespace that the row names.
    let command = stage.command_in("default", &["logs", ROW, "-f", "-o", "json"]);
    let elbtail = Running::start(command, Duration::from_secs(60));
    elbtail.until_said(&format!("no pods of {JOB_ID} in namespace default yet"));
    let told = incident::play(stage.cluster(), Duration::from_secs(5), 100).finish_blocking();
    let ended = elbtail.end().code(0);

    assert_eq!(told.logs.iter().filter(|log| !log.init).count(), 21);
    assert_eq!(told.logs.iter().filter(|log| log.init).count(), 5);
    let line = |pod: &str, container: &str, line: &str| format!("{pod}/{container}: {line}");
    let expected: Vec<String> =
        told.logs.iter().flat_map(|log| log.lines.iter().map(|text| line(&log.pod, &log.container, text))).collect();
    let printed: Vec<String> = ended
        .lines()
        .iter()
        .map(|object| {
            let object: serde_json::Value = serde_json::from_str(object).unwrap();
            let text = |key: &str| object[key].as_str().unwrap().to_owned();
            line(&text("pod"), &text("container"), &text("message"))
        })
        .collect();
    assert_all_once(&printed, &expected);
}
