//! Choosing containers, lines and formats.

use k8s_openapi::jiff::Timestamp;

use crate::{
    jobs::{JobPlan, count, numbered},
    lines::{assert_all_once, assert_in_order, stderr, stdout},
    stage::{ID, ROW, SHORT, Stage},
};

#[test]
fn flags_choose_containers_and_lines() {
    let stage = Stage::new();
    let setup = JobPlan::new(&format!("init-ssd-{SHORT}-0"), "setup").counts("get-blastdb", 30);
    let batch = |shard| {
        let plan = JobPlan::batch(shard).init_counts("import-query-batches", 20);
        plan.counts("blast", 30).counts("results-export", 20)
    };
    let jobs = [setup, batch(0), batch(1)];
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();

    let all: Vec<String> = jobs.iter().flat_map(JobPlan::expected).collect();
    let of =
        |wanted: &dyn Fn(&str) -> bool| -> Vec<String> { all.iter().filter(|line| wanted(line)).cloned().collect() };
    let check = |flags: &[&str], expected: Vec<String>| {
        assert!(!expected.is_empty());
        let run = stage.run(&[&["logs", ROW, "-o", "raw"], flags].concat()).code(0);
        assert_all_once(&stdout(&run), &expected);
        assert_in_order_from(&stdout(&run), flags);
    };
    check(&[], all.clone());
    // A name is a whole name: `blast` is not `get-blastdb`.
    check(&["-c", "blast"], of(&|line| line.contains("/blast ")));
    check(&["-c", "blast", "-c", "import-.*"], of(&|line| line.contains("/blast ") || line.contains("/import-")));
    check(&["--pod", "batch-s01"], of(&|line| line.contains("batch-s01")));
    check(&["--pod", "batch-s01", "-c", "blast"], of(&|line| line.contains("batch-s01") && line.contains("/blast ")));
    check(&["--phase", "staging_db"], of(&|line| line.contains("/get-blastdb ")));
    check(&["--phase", "exporting_results"], of(&|line| line.contains("/results-export ")));
    check(&["--phase", "running,staging_db"], of(&|line| !line.contains("/results-export ")));
    let number = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap();
    let length = |line: &str| if line.contains("/blast ") || line.contains("/get-blastdb ") { 30 } else { 20 };
    check(&["--tail", "3"], of(&|line| number(line) + 3 > length(line)));
    check(&["--tail", "-1"], all.clone());
    check(&["--tail", "1000"], all.clone());
    check_none(&stage, &["--since-time", "2100-01-01T00:00:00Z"]);

    // What no container has, with what there is.
    let run = stage.run(&["logs", ROW, "-c", "blas"]).code(5);
    let said = stderr(&run);
    assert!(said.contains("blast (running)") && said.contains("get-blastdb (staging_db)"), "{said}");
}

fn check_none(stage: &Stage, flags: &[&str]) {
    for follow in [&[][..], &["-f"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw"], flags, follow].concat()).code(0);
        assert_eq!(stdout(&run).len(), 0);
    }
}

#[test]
fn a_tail_of_nothing_is_nothing() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).counts("blast", 5));
    stage.until_jobs_end();
    check_none(&stage, &["--tail", "0"]);
}

/// All is new of what starts after elbtail, be its pod there or not.
#[test]
fn a_tail_is_of_what_was_there_at_the_start() {
    let stage = Stage::new();
    let following = stage.start(&["logs", ROW, "-f", "-o", "raw", "--tail", "0"]);
    following.until_said("waiting for them");
    let job = JobPlan::batch(0).init_counts("import-query-batches", 20).counts("blast", 30);
    stage.create(&job);
    let run = following.end().code(0);
    assert_all_once(&run.lines(), &job.expected());
}

#[test]
fn labels_that_no_pod_has_are_told_when_the_job_has_ended() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).counts("blast", 5));
    let waiting = stage.start(&["logs", ROW, "-f", "-l", "app=nope"]);
    stage.until_jobs_end();
    waiting.end().code(5);
    let said = stderr(&stage.run(&["logs", ROW, "-f", "-l", "app=nope"]).code(5));
    assert!(said.contains("-l \"app=nope\" leaves none") && said.contains("app=blast"), "{said}");
}

/// With `--tail` a container's first line is not line 1.
fn assert_in_order_from(printed: &[String], flags: &[&str]) {
    if !flags.contains(&"--tail") {
        assert_in_order(printed);
    }
}

#[test]
fn since_time_cuts_between_two_lines() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).counts("blast", 60);
    stage.create(&job);
    stage.until_jobs_end();
    let stamped = stdout(&stage.run(&["logs", ROW, "-o", "raw", "--timestamps"]).code(0));
    let lines: Vec<(&str, &str)> = stamped.iter().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(lines.iter().map(|(_, line)| *line).collect::<Vec<_>>(), job.expected());
    // Stamps are shown with nine digits each, so they sort as text.
    let cut = lines[30].0;
    let expected: Vec<&str> = lines.iter().filter(|(stamp, _)| *stamp >= cut).map(|(_, line)| *line).collect();
    for follow in [&[][..], &["-f"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw", "--since-time", cut], follow].concat()).code(0);
        assert_eq!(stdout(&run), expected);
    }
}

#[test]
fn since_counts_back_from_now() {
    let stage = Stage::new();
    let script = format!("{}; sleep 8; {}", count("early", 5), count("late", 5));
    stage.create(&JobPlan::batch(0).container("blast", &script));
    stage.until_jobs_end();
    let stamped = stdout(&stage.run(&["logs", ROW, "-o", "raw", "--timestamps"]).code(0));
    let first_late: Timestamp = stamped[5].split(' ').next().unwrap().parse().unwrap();
    // Halfway between the two, however long the run takes to begin: 4 s are left for that.
    let ago = Timestamp::now().duration_since(first_late).as_secs() + 4;
    for follow in [&[][..], &["-f"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw", "--since", &format!("{ago}s")], follow].concat()).code(0);
        assert_eq!(stdout(&run), numbered("late", 5), "--since {ago}s of {stamped:?}");
    }
    let whole = stage.run(&["logs", ROW, "-o", "raw", "--since", "10h"]).code(0);
    assert_eq!(stdout(&whole).len(), 10);
}

#[test]
fn json_holds_all_there_is_to_know_of_a_line() {
    let stage = Stage::new();
    let job = JobPlan::batch(3).counts("blast", 10).container("results-export", r#"printf 'q"\\ \377\033\n'"#);
    stage.create(&job);
    stage.until_jobs_end();
    let pod = kube::ResourceExt::name_any(&stage.pods()[0]);
    let run = stage.run(&["logs", ROW, "-o", "json"]).code(0);
    let objects: Vec<serde_json::Value> = stdout(&run).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 11);
    let numbers: Vec<u64> = objects.iter().map(|object| object["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
    let row: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(ROW).unwrap()).unwrap();
    let row_id = row["job_id"].as_str().unwrap();
    for object in &objects {
        assert_eq!(object["pod"], *pod);
        assert_eq!(object["namespace"], *stage.namespace);
        assert_eq!(object["restart"], 0);
        assert_eq!((&object["kind"], &object["role"]), (&"line".into(), &"batch".into()));
        assert_eq!(object["job_id"], ID);
        assert_eq!(object["row_id"], row_id);
        assert_eq!(object["node"], stage.pods()[0].spec.as_ref().unwrap().node_name.as_deref().unwrap());
        object["timestamp"].as_str().unwrap().parse::<k8s_openapi::jiff::Timestamp>().unwrap();
    }
    let (blast, export): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object["container"] == "blast");
    let messages: Vec<&str> = blast.iter().map(|object| object["message"].as_str().unwrap()).collect();
    assert_eq!(messages, numbered(&job.tag("blast"), 10));
    assert_eq!(blast[0]["phase"], "running");
    assert_eq!(export[0]["phase"], "exporting_results");
    assert_eq!(export[0]["message"], "q\"\\ \u{fffd}\x1b");
    assert_eq!(export[0]["message_base64"], "cSJcIP8b");
}

#[test]
fn following_honours_the_same_choices() {
    let stage = Stage::new();
    let job =
        JobPlan::batch(0).init_counts("import-query-batches", 20).counts("blast", 30).counts("results-export", 20);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "-c", "blast", "--only-log-lines"]);
    stage.create(&job);
    let ended = elbtail.end().code(0);
    assert_eq!(ended.lines(), numbered(&job.tag("blast"), 30));
    assert_eq!(ended.stderr, "");
}

#[test]
fn what_is_shown_is_chosen_and_what_is_missing_is_told_all_the_same() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).init_counts("import-query-batches", 5).counts("blast", 30).counts("results-export", 5);
    stage.create(&job);
    stage.until_jobs_end();
    let lines = |container: &str, numbers: &[usize]| -> Vec<String> {
        let all = numbered(&job.tag(container), 30);
        numbers.iter().map(|number| all[number - 1].clone()).collect()
    };
    for follow in [&[][..], &["-f"]] {
        let check = |flags: &[&str], expected: &[String]| {
            let run = stage.run(&[&["logs", ROW, "-o", "raw", "-q"], flags, follow].concat()).code(0).stderr("");
            assert_eq!(stdout(&run), expected, "{flags:?} {follow:?}");
        };
        check(&["-c", "blast", "-i", " 1.$", "-e", "5$"], &lines("blast", &[10, 11, 12, 13, 14, 16, 17, 18, 19]));
        check(
            &["-E", "import-.*", "-E", "results-export", "-i", " 20$", "-C", "2"],
            &lines("blast", &[18, 19, 20, 21, 22]),
        );
        check(&["-c", "blast", "--container-state", "terminated", "-i", " 7$"], &lines("blast", &[7]));
        let node = stage.pods()[0].spec.clone().unwrap().node_name.unwrap();
        check(&["-c", "blast", "--node", &node, "-i", " 7$"], &lines("blast", &[7]));
        check(&["-c", "blast", "--until", "24h"], &[]);
    }
    let node = stage.pods()[0].spec.clone().unwrap().node_name.unwrap();
    let nothing = "no container matches what is asked for";
    for (flags, part) in [
        (&["--container-state", "waiting"][..], "containers of 1 pod: blast (terminated), "),
        (&["--node", "no-such-node"], &*format!("\n  nodes: {node}")),
        (&["-c", "nosuch"], "containers of 1 pod: blast (running), import-query-batches (running), "),
        (&["--pod", "nosuch"], "\n  pods: "),
        (&["--field-selector", "status.phase=Pending"], " (Succeeded)"),
        (&["-E", "."], &*format!("{nothing}: all are excluded; ")),
        (&["--exclude-pod", "s00"], &*format!("{nothing}: all are excluded; ")),
        (&["-c", "blast", "-E", "las"], &*format!("{nothing}: all that match otherwise are excluded; ")),
    ] {
        for follow in [&[][..], &["-f"], &["-f", "-q"]] {
            let said = stderr(&stage.run(&[&["logs", ROW], flags, follow].concat()).code(5));
            assert!(said.contains(nothing) && said.contains(part), "{flags:?} {follow:?} {said}");
            assert!(!said.contains("complete as far as is known"), "{flags:?} {said}");
        }
    }
    // Without the others' word, `import` is left out too.
    let run = stage.run(&["logs", ROW, "-o", "raw", "-q", "-E", "import", "-E", "^results"]).code(0);
    assert_eq!(stdout(&run).len(), 30);
}

#[test]
fn a_container_is_taken_when_it_comes_into_the_wanted_state() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).counts("blast", 10);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "-q", "--container-state", "running,terminated"]);
    stage.create(&job);
    assert_eq!(elbtail.end().code(0).lines(), numbered(&job.tag("blast"), 10));
}

#[test]
fn programs_are_told_what_happens_as_objects() {
    let stage = Stage::new();
    let job = JobPlan::batch(0).counts("blast", 3);
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "json", "--events", "-q"]);
    stage.create(&job);
    let ended = elbtail.end().code(0);
    let objects: Vec<serde_json::Value> =
        ended.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    objects.iter().for_each(|object| crate::lines_schema::check(object).unwrap());
    let of = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of("line").len(), 3);
    for kind in ["found", "started", "ended", "complete", "job_ended"] {
        assert!(!of(kind).is_empty(), "{kind} {objects:#?}");
    }
    assert_eq!((&of("ended")[0]["exit_code"], &of("ended")[0]["container"]), (&0.into(), &"blast".into()));
    assert!(of("line").iter().all(|line| line["node"].is_string()), "{objects:#?}");
    let numbers: Vec<_> = objects.iter().map(|object| object["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=objects.len() as u64).collect::<Vec<_>>());
    // The same, shown later.
    let mut later = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    let later = later.args(["logs", "--stdin", "-o", "raw"]).write_stdin(ended.stdout.clone()).assert().code(0);
    assert_eq!(stdout(&later), numbered(&job.tag("blast"), 3));
    assert!(stderr(&later).contains("blast: ended: Completed, exit code 0"), "{}", stderr(&later));
}

#[test]
fn requests_are_told_with_their_answers_and_without_secrets() {
    let stage = Stage::local();
    stage.create(&JobPlan::batch(0).counts("blast", 3));
    stage.until_jobs_end();
    let run = stage.run(&["logs", ROW, "-o", "raw", "-vv"]).code(0);
    let said = stderr(&run);
    let told: Vec<&str> = said.lines().filter(|line| line.starts_with("GET /api")).collect();
    assert!(
        told.iter().any(|line| line.contains("/pods?") && line.contains(": 200 in ") && line.ends_with(" ms")),
        "{said}"
    );
    assert!(told.iter().any(|line| line.contains("/log?")), "{said}");
    assert!(!stderr(&stage.run(&["logs", ROW, "-o", "raw", "-v"]).code(0)).contains("GET /"));
    let refused = stage.run(&["logs", ROW, "-vv", "--token", "planted-s3cret-0123456789"]);
    let said = stderr(&refused.code(7));
    assert!(said.contains(": 401 in ") && !said.contains("planted"), "{said}");
}
