//! Containers that fail and are started again: two logs under one name.

use crate::{
    jobs::{JobPlan, count, numbered},
    lines::{stderr, stdout},
    stage::{ROW, Stage},
};

/// Prints lines, knows the how-manieth run it is, and goes on as `then` says.
fn run_and(then: &str) -> String {
    let count = count("run $n", 50);
    format!("n=$(cat runs 2>/dev/null || echo 0); n=$((n+1)); echo $n >runs; {count}; {then}")
}

fn runs(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.flat_map(|number| numbered(&format!("run {number}"), 50)).collect()
}

#[test]
fn each_instance_is_followed_in_order() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    stage.create(&JobPlan::batch(0).restarts(3).container("blast", &run_and("[ $n -ge 3 ]")));
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines(), runs(1..=3));
    for what in ["ended: Error, exit code 1", "started again (restart 2)"] {
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
    }
}

#[test]
fn a_look_includes_the_instance_before() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).restarts(3).container("blast", &run_and("[ $n -ge 2 ] && exec sleep 3600"));
    stage.create(&job);
    stage.until_printed(&job.name, "blast", "run 2 line 50");
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    assert_eq!(stdout(&run), runs(1..=2));
    // And why there is one.
    let said = stderr(&run);
    assert!(said.contains("ended: Error, exit code 1\n"), "{said}");
}
