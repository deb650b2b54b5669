//! What people who know kubectl and shells expect.

use crate::{
    ground::patience,
    jobs::{JobPlan, numbered},
    lines::{stderr, stdout},
    running::Running,
    stage::{ROW, SHORT, Stage, run},
};

#[test]
fn a_reader_that_leaves_a_silent_job_ends_it() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).container("blast", "echo once; exec sleep 3600"));
    stage.until_printed(&JobPlan::batch(0).name, "blast", "once");
    for (arguments, word) in
        [(&["logs", ROW, "-f", "-o", "raw"][..], "once"), (&["targets", ROW, "-w", "--no-headers"], "blast")]
    {
        let (elbtail, first) = Running::start_for_one_line(stage.command(arguments), patience());
        assert!(first.contains(word), "{first}");
        elbtail.end().code(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_told_by_what_asks_a_cluster() {
    let stage = Stage::local();
    stage.create(&JobPlan::batch(0).counts("blast", 3));
    stage.until_jobs_end();
    for arguments in [
        &["targets", ROW][..],
        &["targets", ROW, "-o", "json"],
        &["targets", ROW, "-w"],
        &["logs", ROW],
        &["doctor", ROW],
        &["version"],
    ] {
        let mut command = stage.command(arguments);
        command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let output = command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("cannot write to stdout"), "{said}");
    }
}

#[test]
fn previous_is_the_instance_before_and_nothing_else() {
    let stage = Stage::new();
    let script = "if [ -e seen ]; then echo second; exec sleep 3600; else touch seen; \
                  for i in 1 2 3; do echo first line $i; done; exit 1; fi";
    let job = JobPlan::batch(0).container("blast", script).container("results-export", "echo only; exec sleep 3600");
    stage.create(&job.restarts(3));
    stage.until_printed(&JobPlan::batch(0).name, "blast", "second");
    for flags in [&["-p"][..], &["--previous"], &["-p", "-f"], &["-p", "--order", "arrival"]] {
        let run = stage.run(&[&["logs", ROW, "-o", "raw"], flags].concat()).code(0);
        assert_eq!(stdout(&run), numbered("first", 3));
    }
    assert_eq!(stdout(&stage.run(&["logs", ROW, "-o", "raw", "-p", "--tail", "1"]).code(0)), ["first line 3"]);
    let run = stage.run(&["logs", ROW, "-p", "-c", "results-export"]).code(5);
    assert!(stderr(&run).contains("instance before its latest"), "{}", stderr(&run));
}

#[test]
fn labels_narrow_the_jobs_pods() {
    let stage = Stage::new();
    let jobs = [
        JobPlan::batch(0).counts("blast", 2),
        JobPlan::batch(1).counts("blast", 2),
        JobPlan::batch(2).counts("blast", 2),
    ];
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    for (selector, shards) in [
        ("shard=1", &[1][..]),
        ("shard!=1", &[0, 2]),
        ("shard in (0, 2),app=blast", &[0, 2]),
        ("!nothing,db", &[0, 1, 2]),
    ] {
        for follow in [&[][..], &["-f"]] {
            let run = stage.run(&[&["logs", ROW, "-o", "raw", "-l", selector], follow].concat()).code(0);
            let mut printed = stdout(&run);
            printed.sort();
            let expected: Vec<String> = shards.iter().flat_map(|shard| jobs[*shard].expected()).collect();
            assert_eq!(printed, expected, "{selector}");
        }
        let listed = stdout(&stage.run(&["targets", ROW, "--no-headers", "-l", selector]).code(0));
        assert_eq!(listed.len(), shards.len(), "{listed:#?}");
    }
    for command in ["logs", "targets"] {
        let run = stage.run(&[command, ROW, "-l", "shard in (0"]).code(2);
        let said = "invalid value 'shard in (0' for '--selector <SELECTOR>': \"shard in (0\" is no LABEL=VALUE";
        assert!(stderr(&run).contains(said), "{}", stderr(&run));
        let run = stage.run(&[command, ROW, "-l", "shard=9"]).code(5);
        assert!(stderr(&run).contains("-l \"shard=9\""), "{}", stderr(&run));
    }
}

#[test]
fn pods_are_chosen_by_fields_as_kubectl_chooses_them() {
    let stage = Stage::new();
    let jobs = [JobPlan::batch(0).counts("blast", 2), JobPlan::batch(1).counts("blast", 2)];
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    let name = |shard: &str| -> String {
        let pods = stage.pods();
        pods.iter().filter_map(|pod| pod.metadata.name.clone()).find(|name| name.contains(shard)).unwrap()
    };
    let (zero, one) = (name("-s00-"), name("-s01-"));
    for (selector, shards) in [
        (format!("metadata.name={one}"), &[1][..]),
        (format!("metadata.name!={one}"), &[0]),
        ("status.phase=Succeeded".to_owned(), &[0, 1]),
        ("status.phase!=Running,spec.nodeName!=".to_owned(), &[0, 1]),
        (format!("status.phase==Succeeded,metadata.name={zero}"), &[0]),
    ] {
        for follow in [&[][..], &["-f"]] {
            let words = ["logs", ROW, "-o", "raw", "--field-selector", &selector];
            let mut printed = stdout(&stage.run(&[&words, follow].concat()).code(0));
            printed.sort();
            let expected: Vec<String> = shards.iter().flat_map(|shard| jobs[*shard].expected()).collect();
            assert_eq!(printed, expected, "{selector} {follow:?}");
        }
        let listed = stdout(&stage.run(&["targets", ROW, "--no-headers", "--field-selector", &selector]).code(0));
        assert_eq!(listed.len(), shards.len(), "{listed:#?}");
    }
    for command in ["logs", "targets"] {
        let said = stderr(&stage.run(&[command, ROW, "--field-selector", "phase=Running"]).code(2));
        assert!(said.contains("pods cannot be selected by \"phase\"; they can by metadata.name, "), "{said}");
        stage.run(&[command, ROW, "--field-selector", ""]).code(2);
        let said = stderr(&stage.run(&[command, ROW, "--field-selector", "status.phase=Pending"]).code(5));
        assert!(said.contains("no container matches what is asked for"), "{said}");
    }
}

#[test]
fn a_pod_that_was_chosen_by_a_field_is_followed_when_the_field_changes() {
    let stage = Stage::new();
    stage.create(&JobPlan::batch(0).container("blast", "echo first; sleep 2; echo last"));
    let run = stage.run(&["logs", "-f", ROW, "-o", "raw", "--field-selector", "status.phase=Running"]).code(0);
    assert_eq!(stdout(&run), ["first", "last"]);
}

#[test]
fn a_pod_is_chosen_by_the_name_that_is_printed() {
    let stage = Stage::new();
    let jobs = [JobPlan::batch(0).counts("blast", 2), JobPlan::batch(1).counts("blast", 2)];
    jobs.iter().for_each(|job| stage.create(job));
    stage.until_jobs_end();
    let printed = stdout(&stage.run(&["logs", ROW]).code(0));
    let name =
        printed.iter().find(|line| line.starts_with("blastn-s01-")).unwrap().split(' ').next().unwrap().to_owned();
    for command in [&["logs", ROW][..], &["logs", ROW, "-f"]] {
        let run = stage.run(&[command, &["-o", "raw", "--pod", &format!("^{name}$")]].concat()).code(0);
        assert_eq!(stdout(&run), jobs[1].expected());
    }
    let listed = stdout(&stage.run(&["targets", ROW, "--no-headers", "--pod", &name]).code(0));
    assert!(listed.len() == 1 && listed[0].contains(&format!("-s01-job-000-{SHORT}-")), "{listed:?}");
    // What there is to choose from.
    let said = stderr(&stage.run(&["logs", ROW, "--pod", "blastn-s07"]).code(5));
    assert!(said.contains(&name) && said.contains("blast (running)"), "{said}");
}

#[test]
fn one_cause_is_told_once_with_a_count() {
    let stage = Stage::local();
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw", "--request-timeout", "2s"]);
    elbtail.until_said("waiting for them");
    for shard in 0..10 {
        stage.create(&JobPlan::batch(shard).container("blast", &format!("echo shard {shard} runs; exec sleep 3600")));
    }
    for shard in 0..10 {
        elbtail.until_printed(&format!("shard {shard} runs\n"));
    }
    stage.cluster().kill_blocking();
    elbtail.until_said("the same of");
    elbtail.interrupt();
    let said = elbtail.end().code(130).stderr;
    let told = said.lines().filter(|line| line.contains("cannot be read at present")).count();
    assert!(told <= 1, "{said}");
}

#[test]
fn the_servers_version_is_told_beside_its_own() {
    let stage = Stage::new();
    let run = stage.run(&["version"]).code(0);
    let lines = stdout(&run);
    assert_eq!(lines[0], format!("Client Version: v{}", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("Server Version: v1."), "{lines:?}");
    let json = stage.run(&["version", "-o", "json"]).code(0);
    let view: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(format!("Server Version: {}", view["serverVersion"]["gitVersion"].as_str().unwrap()), lines[1]);
    assert_eq!(run_client(&stage), lines[..1]);
}

fn run_client(stage: &Stage) -> Vec<String> {
    stdout(&run(stage.command(&["version", "--client"])).code(0))
}
