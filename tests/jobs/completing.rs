//! What shells offer of a live cluster.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use testcluster::{Action, Rule};

use crate::{Batch, ONE, Place};

/// What a shell's own function offers for a line, asked as the script that is printed asks.
fn offered(place: &Place, line: &str) -> Vec<String> {
    offered_within(place, line, None)
}

fn offered_within(place: &Place, line: &str, patience: Option<&str>) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = place.command(&[&["--"], &words[..]].concat());
    command.envs(patience.map(|patience| ("ELBTAIL_COMPLETION_TIMEOUT", patience)));
    command.env("COMPLETE", "bash").env("_ELBTAIL_LINE", line).env("_ELBTAIL_WORD", words.last().unwrap());
    let output = command.current_dir(place.directory.path().join("empty")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn one_job() -> Place {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Runs);
    std::fs::create_dir(place.directory.path().join("empty")).unwrap();
    place
}

#[test]
fn jobs_pods_containers_namespaces_and_contexts_of_the_cluster_are_offered() {
    let place = one_job();
    let pod = place.cluster.pods("default")[0].name().to_owned();
    assert_eq!(offered(&place, "elbtail logs "), ["3ed51a95"]);
    assert_eq!(offered(&place, "elbtail logs job-42"), [ONE]);
    assert_eq!(offered(&place, "elbtail logs 4298"), [ONE.trim_start_matches("job-")]);
    assert_eq!(offered(&place, "elbtail doctor pod/"), [format!("pod/{pod}")]);
    assert_eq!(offered(&place, "elbtail targets job/bl"), ["job/blastn-batch-s00-job-000-3ed51a95"]);
    assert_eq!(offered(&place, "elbtail logs 3ed51a95 -c "), ["blast"]);
    assert_eq!(offered(&place, "elbtail logs 3ed51a95 --pod bl"), [pod]);
    assert_eq!(offered(&place, "elbtail jobs -n kube"), ["kube-system"]);
    assert_eq!(offered(&place, "elbtail logs -n other "), [""; 0], "the words before say where is looked");
    let contexts = offered(&place, "elbtail jobs --context ");
    assert_eq!(contexts.len(), 1, "{contexts:?}");
}

#[cfg(feature = "sql")]
#[test]
fn rows_of_the_database_are_offered_before_other_files_and_behind_those_of_rows() {
    let place = one_job();
    let url = crate::listing::database(&place, &[("r-row-one", "running", ONE), ("r-row-two", "completed", ONE)]);
    for name in ["r.json", "r.txt"] {
        std::fs::write(place.directory.path().join("empty").join(name), "").unwrap();
    }
    let line = format!("elbtail logs --db {url} r");
    assert_eq!(offered(&place, &line), ["r.json", "r-row-two", "r-row-one", "r.txt"]);
}

/// As the scripts of PowerShell, Elvish and fish ask, and read: a candidate a line, with what it is behind a tab or without.
#[test]
fn other_shells_are_answered_as_their_scripts_read_it() {
    let place = one_job();
    let answer = |shell: &str, words: &[&str]| -> String {
        let mut command = place.command(&[&["--"], words].concat());
        command.env("COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
        command.current_dir(place.directory.path().join("empty"));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let no_flags = |answer: &str| !answer.lines().any(|line| line.starts_with('-'));
    for shell in ["powershell", "fish", "elvish"] {
        let jobs = answer(shell, &["elbtail", "logs", "3ed"]);
        assert!(jobs.starts_with("3ed51a95") && jobs.lines().count() == 1, "{shell}: {jobs}");
        // Elvish shows names alone.
        assert_eq!(jobs.contains("\tjob-"), shell != "elvish", "{shell}: {jobs}");
        let none = answer(shell, &["elbtail", "logs", "3ed51a95", "-c", ""]);
        assert!(none.starts_with("blast") && no_flags(&none), "{shell}: {none}");
        let commands = answer(shell, &["elbtail", ""]);
        assert!(commands.lines().any(|line| line.starts_with("logs")) && no_flags(&commands), "{shell}: {commands}");
    }
}

#[test]
fn a_cluster_that_does_not_answer_in_time_is_not_waited_for() {
    let place = one_job();
    let silent = || Action::Delay(Duration::from_secs(60));
    place.cluster.faults().push(Rule::new(|_| true, silent()).times(50));
    std::fs::write(place.directory.path().join("empty/row.json"), "{}").unwrap();
    let began = std::time::Instant::now();
    assert_eq!(offered_within(&place, "elbtail logs ", Some("250ms")), ["row.json"], "files need no cluster");
    // Not the 300 ms themselves, which a busy machine may not keep: only that nobody waits for the server.
    assert!(began.elapsed() < Duration::from_secs(30));
}

/// Drives a shell on a terminal: what is typed, then what it shows.
fn on_a_terminal(place: &Place, shell: &str, typed: &str) -> String {
    let programs = Path::new(assert_cmd::cargo::cargo_bin!("elbtail")).parent().unwrap();
    let template = place.command(&[]);
    let mut command = Command::new("script");
    command.args(["-qefc", shell, "/dev/null"]).env_clear().env("TERM", "dumb").env("PS1", "$ ");
    for (name, value) in template.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let mut child = command
        .current_dir(place.directory.path().join("empty"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn bash_on_a_terminal_completes_a_job_of_the_cluster() {
    let place = one_job();
    let typed = "source <(elbtail completion bash)\nelbtail resolve -o name 3ed\t\nexit\n";
    let shown = on_a_terminal(&place, "bash --norc --noprofile -i", typed);
    assert!(shown.lines().any(|line| line.trim_end() == ONE), "{shown}");
}

#[test]
fn bash_on_a_terminal_runs_nothing_that_a_name_holds() {
    let place = one_job();
    let directory = place.directory.path().join("empty");
    let row = std::fs::read("testdata/rows/incident.json").unwrap();
    for name in ["spaces in it.json", "x$(touch ran).json", "y`touch ran`;touch ran.json", "zwei'\"&.json"] {
        std::fs::write(directory.join(name), &row).unwrap();
    }
    let typed = "source <(elbtail completion bash)\nelbtail resolve -o name spa\t\nelbtail resolve -o name x\t\n\
                 elbtail resolve -o name y\t\nelbtail resolve -o name 'zw\t\nelbtail resolve -o name \"spaces\t\nexit\n";
    let shown = on_a_terminal(&place, "bash --norc --noprofile -i", typed);
    assert_eq!(shown.lines().filter(|line| line.trim_end() == ONE).count(), 5, "{shown}");
    assert!(!directory.join("ran").exists(), "{shown}");
}

#[test]
fn zsh_on_a_terminal_completes_a_job_of_the_cluster_on_zsh() {
    let place = one_job();
    let typed =
        "autoload -U compinit; compinit -u\nsource <(elbtail completion zsh)\nelbtail resolve -o name 3ed\t\nexit\n";
    let shown = on_a_terminal(&place, "zsh -f -i", typed);
    assert!(shown.lines().any(|line| line.trim_end() == ONE), "{shown}");
}

#[test]
fn fish_completes_a_job_of_the_cluster_on_fish() {
    let place = one_job();
    let programs = Path::new(assert_cmd::cargo::cargo_bin!("elbtail")).parent().unwrap();
    let template = place.command(&[]);
    let mut command = Command::new("fish");
    command.args(["--no-config", "-c", "elbtail completion fish | source; complete -C 'elbtail logs 3ed'"]).env_clear();
    for (name, value) in template.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    let output =
        command.current_dir(place.directory.path().join("empty")).output().expect("fish: .ci/servers installs it");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.starts_with("3ed51a95\t"), "{shown}");
}
