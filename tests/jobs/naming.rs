//! JOB without a row: names that a cluster gives, the newest job, and a list to choose from.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use crate::{Batch, ONE, OTHER, Place, stderr, stdout};

fn two_jobs() -> Place {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Done);
    place.batch("default", OTHER, 0, Batch::Runs);
    place
}

#[test]
fn a_job_is_named_by_a_part_of_its_id_a_pod_or_a_job() {
    let place = two_jobs();
    let pod = place.cluster.pods("default").into_iter().find(|pod| pod.name().contains("3ed51a95")).unwrap();
    let pod = pod.name().to_owned();
    let line = format!("{ONE} shard 0\n");
    for name in [
        "3ed51a95",
        "3ED51A95",
        "429825",
        "job-429825",
        ONE,
        &format!("pod/{pod}"),
        &format!("pods/{pod}"),
        "job/blastn-batch-s00-job-000-3ed51a95",
        "job.batch/blastn-batch-s00-job-000-3ed51a95",
        &pod,
        "blastn-batch-s00-job-000-3ed51a95",
    ] {
        place.run(&["logs", name, "-o", "raw"]).code(0).stdout(line.clone());
        let resolved = place.run(&["resolve", name, "-o", "name"]).code(0);
        assert_eq!(stdout(&resolved), format!("{ONE}\n"), "{name}");
        place.run(&["targets", name]).code(0);
    }
    place.run(&["doctor", "3ed51a95"]).code(0);
}

#[test]
fn a_name_that_means_none_or_several_is_told() {
    let place = two_jobs();
    place.batch("default", "job-429825000000000000000000deadbeef", 0, Batch::Runs);
    for (name, code, told) in [
        ("429825", 2, "or more of its beginning"),
        ("abcdef01", 5, "to see the jobs there are: elbtail jobs -A\n"),
        ("pod/nobody", 5, "pod/nobody"),
        ("row.json", 3, "row.json"),
    ] {
        let run = place.run(&["logs", name]).code(code).stdout("");
        assert!(stderr(&run).contains(told), "{name}: {}", stderr(&run));
    }
}

/// What a message suggests looks where the command that failed did.
#[test]
fn a_suggested_command_asks_the_same_cluster() {
    let place = Place::new();
    let directory = place.directory.path().join("my clusters");
    std::fs::create_dir(&directory).unwrap();
    let kubeconfig = place.cluster.write_kubeconfig(&directory).unwrap();
    let kubeconfig = kubeconfig.to_str().unwrap();
    for asked in [&["logs", "abcdef01"][..], &["targets", "pod/nobody"], &["logs", "--latest"]] {
        let run = place.run(&[asked, &["--kubeconfig", kubeconfig]].concat()).code(5).stdout("");
        let told = stderr(&run);
        assert!(told.contains(&format!(": elbtail jobs -A --kubeconfig '{kubeconfig}'\n")), "{told}");
    }
}

#[test]
fn a_file_comes_before_what_a_cluster_calls_so() {
    let place = two_jobs();
    let row = format!("{{\"job_id\": \"a\", \"status\": \"running\", \"elb_job_id\": \"{OTHER}\"}}");
    std::fs::write(place.directory.path().join("3ed51a95"), row).unwrap();
    let mut command = place.command(&["resolve", "3ed51a95", "-o", "name"]);
    let output = command.current_dir(place.directory.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{OTHER}\n"));
}

#[test]
fn the_newest_job_of_the_cluster() {
    let place = two_jobs();
    let run = place.run(&["logs", "--latest", "-o", "raw"]).code(0).stdout(format!("{OTHER} shard 0\n"));
    assert!(stderr(&run).contains(OTHER), "{}", stderr(&run));
    let none = Place::new();
    let run = none.run(&["logs", "--latest"]).code(5).stdout("");
    assert!(stderr(&run).contains("no job runs in namespace default"), "{}", stderr(&run));
}

/// The binary on a terminal.
fn terminal(place: &Place, arguments: &str) -> Command {
    let mut command: Command = place.command(&[]);
    let program = command.get_program().to_str().unwrap().to_owned();
    let environment: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    command = Command::new("script");
    command.args(["-qefc", &format!("{program} {arguments}"), "/dev/null"]).env_clear().env("TERM", "xterm");
    for (name, value) in environment {
        command.envs(value.map(|value| (name, value)));
    }
    command
}

/// What the binary prints on a terminal on which `keys` are typed.
fn on_a_terminal(place: &Place, arguments: &str, keys: &[u8]) -> (String, Option<i32>) {
    let mut child =
        terminal(place, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script, of util-linux");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(keys).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

#[test]
fn on_a_terminal_a_list_is_offered_and_one_of_it_is_taken() {
    let place = two_jobs();
    // Enough of the id to leave one, then Enter.
    let (shown, code) = on_a_terminal(&place, "logs -o raw", b"3ed51\r");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(&format!("{ONE} shard 0")) && shown.contains(OTHER), "{shown}");
    assert!(!shown.contains(&format!("{OTHER} shard 0")), "{shown}");
}

#[test]
fn whoever_breaks_off_the_choice_has_a_cursor_again() {
    let place = two_jobs();
    let mut child = terminal(&place, "logs -o raw").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    // The key is for the list, or where that does not read yet, for the terminal.
    while !String::from_utf8_lossy(&shown).contains(OTHER) {
        let mut some = [0; 4096];
        let read = stdout.read(&mut some).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&some[..read]);
    }
    stdin.write_all(b"\x03").unwrap();
    stdout.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{shown}");
    assert!(shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l"), "{shown:?}");
}

#[test]
fn doctor_waits_for_a_job_that_is_yet_to_come() {
    for job in [&["--latest"][..], &["3ed51a95"], &["job/blastn-batch-s00-job-000-3ed51a95", "--all-namespaces"]] {
        let place = Place::new();
        let words = [&["doctor", "--wait-healthy", "60s", "-o", "json"], job].concat();
        place.run(&[&["doctor"], job].concat()).code(5);
        let asked = place.cluster.requests().len();
        let child = place.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        // It has looked once: for pods, and for Jobs.
        while !place.cluster.requests()[asked..].iter().any(|request| request.contains("/jobs")) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        place.batch("default", ONE, 0, Batch::Runs);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{job:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn who_reads_reports_gets_one_of_a_job_that_is_not_there() {
    let place = two_jobs();
    for job in [&["abcdef01"][..], &["pod/nobody"], &["abcdef01", "--all-namespaces"]] {
        let run = place.run(&[&["doctor", "-o", "junit"], job].concat()).code(5);
        let text = stdout(&run);
        assert!(text.contains("<failure type=\"ELB-K8S-NOT-FOUND\""), "{job:?}: {text}");
        assert!(text.contains(job[0]) && stderr(&run).contains(job[0]), "{job:?}: {text}");
        let run = place.run(&[&["doctor", "-o", "json"], job].concat()).code(5);
        let report: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
        assert_eq!(report["exitCode"], 5, "{report}");
        assert_eq!(report["healthy"], false, "{report}");
    }
    let run = place.run(&["doctor", "-o", "junit", "abcdef01", "-s", "https://127.0.0.1:1"]).code(6);
    assert!(stdout(&run).contains("<failure type=\"ELB-K8S-UNREACHABLE\""), "{}", stdout(&run));
    assert_eq!(stdout(&place.run(&["doctor", "abcdef01"]).code(5)), "");
    // The last look is at the end of the wait, and what it says counts.
    place.run(&["doctor", "abcdef01", "--wait-healthy", "4s"]).code(5);
}

#[test]
fn where_nobody_can_choose_a_job_must_be_named() {
    let place = two_jobs();
    let run = place.run(&["logs"]).code(2).stdout("");
    assert!(stderr(&run).contains("name the job") && stderr(&run).contains("elbtail jobs"), "{}", stderr(&run));
}
