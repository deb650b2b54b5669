//! Lines of several containers in the order of time.

use testcluster::{Action, Kind, Rule};

use crate::{
    jobs::JobPlan,
    lines::{assert_all_once, stderr, stdout},
    stage::{ROW, Stage},
};

/// What is printed of a job with `-t -o raw`, as times and texts.
fn stamped(lines: &[String]) -> Vec<(&str, &str)> {
    lines.iter().map(|line| line.split_once(' ').unwrap()).collect()
}

#[test]
fn lines_of_a_job_that_is_followed_come_in_the_order_of_time() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "--order", "time", "--hold", "5s", "-t", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    let ticks = |tag: &str| format!("i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo {tag} line $i; sleep 0.03; done");
    let jobs: Vec<JobPlan> = (0..3)
        .map(|shard| {
            let job = JobPlan::batch(shard);
            let scripts = ["blast", "results-export"].map(|container| ticks(&job.tag(container)));
            job.container("blast", &scripts[0]).container("results-export", &scripts[1])
        })
        .collect();
    jobs.iter().for_each(|job| stage.create(job));
    let ended = elbtail.end().code(0);
    let lines = ended.lines();
    let lines = stamped(&lines);
    let tags = jobs.iter().flat_map(|job| ["blast", "results-export"].map(|container| job.tag(container)));
    let expected: Vec<String> = tags.flat_map(|tag| crate::jobs::numbered(&tag, 40)).collect();
    assert_all_once(&lines.iter().map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>(), &expected);
    assert!(lines.is_sorted_by_key(|(stamp, _)| *stamp), "{lines:#?}");
}

#[test]
fn a_container_that_is_silent_holds_the_others_no_longer_than_it_may() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "--order", "time", "--hold", "100ms", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    // The silent one says something only when the other's lines were printed.
    let silent = "until [ -e go ]; do sleep 0.05; done; echo silent line 1";
    stage.create(&JobPlan::batch(0).container("blast", "echo blast line 1; until [ -e go ]; do sleep 0.05; done"));
    stage.create(
        &JobPlan::batch(1)
            .container("blast", silent)
            .container("results-export", "echo export line 1; sleep 2; touch go"),
    );
    elbtail.until_printed("blast line 1\n");
    elbtail.until_printed("export line 1\n");
    stage.delete(&JobPlan::batch(0).name);
    elbtail.until_printed("silent line 1\n");
}

#[test]
fn a_kubelet_that_is_down_is_told_once_and_delays_nobody_in_either_order() {
    let stage = Stage::local();
    let jobs: Vec<JobPlan> =
        (0..30).map(|shard| JobPlan::batch(shard).counts("blast", 2).counts("results-export", 2)).collect();
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    // Of ten nodes one is dead: the pods of three shards are its.
    let is_dead = |name: &str| ["-s00-", "-s10-", "-s20-"].iter().any(|shard| name.contains(shard));
    let why = "Get \"https://10.0.0.4:10250/containerLogs/x\": dial tcp 10.0.0.4:10250: connect: no route to host";
    let refuse = Action::Refuse { code: 500, message: why.to_owned() };
    stage.cluster().faults().push(Rule::new(move |call| call.kind == Kind::Log && is_dead(&call.name), refuse));
    let alive: Vec<String> = jobs.iter().filter(|job| !is_dead(&job.name)).flat_map(JobPlan::expected).collect();
    for order in ["time", "arrival"] {
        let run = look(&stage, order);
        assert_all_once(&stdout(&run), &alive);
        let said = stderr(&run);
        assert_eq!(said.matches("no route to host").count(), 1, "{order}: {said}");
        assert_eq!(same(&said), 5, "{order}: {said}");
    }
}

#[test]
fn sixty_containers_of_a_dead_kubelet_are_tried_all_at_once_in_either_order() {
    let stage = Stage::local();
    (0..30).for_each(|shard| {
        stage.create(&JobPlan::batch(shard).counts("blast", 2).counts("results-export", 2));
    });
    stage.until_jobs_end();
    let refuse = Action::Answer { code: 500, retry_after: None };
    stage.cluster().faults().push(Rule::new(|call| call.kind == Kind::Log, refuse));
    for order in ["time", "arrival"] {
        let run = look(&stage, order);
        assert_eq!(stdout(&run), [""; 0]);
        let said = stderr(&run);
        assert_eq!(said.matches("cannot be read now").count(), 1, "{order}: {said}");
        assert_eq!(same(&said), 59, "{order}: {said}");
    }
}

/// Of how many containers the same was said.
fn same(said: &str) -> usize {
    let counts =
        said.lines().filter_map(|line| line.strip_prefix("the same of ")?.split(' ').next()?.parse::<usize>().ok());
    counts.sum()
}

/// What there is, with lines missing. How long it takes is seen with `--nocapture`.
fn look(stage: &Stage, order: &str) -> assert_cmd::assert::Assert {
    let start = std::time::Instant::now();
    let run = stage.run(&["logs", ROW, "-o", "raw", "--order", order, "--node-logs", "never"]).code(8);
    eprintln!("{order}: {:.1} s", start.elapsed().as_secs_f64());
    run
}
