//! `elbtail watch` on a real terminal, from its start to its end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../support/test_ground.rs"]
mod test_ground;
#[path = "../support/tmux.rs"]
mod tmux;

use std::{ops::Deref, path::Path, time::Duration};

use self::{test_ground::TestGround, tmux::Tmux};
use testcluster::{
    Options,
    incident::{self, JOB_ID},
};

const ROW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/rows/incident.json");

/// A ground, and a terminal whose shell knows it.
struct Stage {
    ground: TestGround,
    tmux: Tmux,
}

impl Deref for Stage {
    type Target = TestGround;

    fn deref(&self) -> &TestGround {
        &self.ground
    }
}

impl Stage {
    fn new(columns: u16, rows: u16) -> Stage {
        Stage::with(Options { metrics: true, ..Options::default() }, columns, rows)
    }

    fn with(options: Options, columns: u16, rows: u16) -> Stage {
        let ground = TestGround::new(options);
        let tmux = Tmux::new(columns, rows);
        let at = |path: &Path| shlex::try_quote(path.to_str().unwrap()).unwrap().into_owned();
        tmux.type_line(&format!("cd {}; export KUBECONFIG={}", at(ground.directory.path()), at(&ground.kubeconfig)));
        tmux.type_line(&format!("alias elbtail={}; clear", at(Path::new(env!("CARGO_BIN_EXE_elbtail")))));
        Stage { ground, tmux }
    }

    fn watch(&self, words: &str) {
        self.tmux.type_line(&format!("echo before; HOME=$PWD elbtail watch {words}; echo ended with $?"));
    }
}

#[test]
fn a_job_is_watched_from_its_start_to_its_end_on_tmux() {
    let stage = Stage::new(80, 24);
    let tmux = &stage.tmux;
    stage.watch(ROW);
    tmux.until("no pods were found yet");
    let told = incident::play(&stage.cluster, Duration::from_secs(8), 60);
    tmux.until("init-ssd");
    tmux.until_it("a batch that runs", |screen| screen.contains("batches 0/5") && screen.contains("▸"));
    // Its rows, its keys, and its size.
    tmux.keys(&["3"]);
    tmux.until("5 batches by status");
    tmux.keys(&["?"]);
    tmux.until("what the doctor has found");
    // A key and another size at once.
    tmux.keys(&["q"]);
    tmux.resize(120, 40);
    let screen = tmux.until_it("all columns", |screen| screen.contains("MEMORY") && screen.lines().count() >= 38);
    assert!(screen.lines().next().unwrap().contains(JOB_ID), "{screen}");
    let told = told.finish_blocking();
    let lines: usize = told.logs.iter().map(|log| log.lines.len()).sum();
    tmux.until("job ended");
    let screen = tmux.until("all batches have ended");
    assert!(screen.contains("lines of 26 containers"), "{screen}");
    let shown: String = screen.lines().nth(2).unwrap().chars().filter(|c| *c != ',').collect();
    assert!(shown.contains(&format!(" {lines} lines of 26 containers")), "{lines}: {screen}");
    tmux.keys(&["2"]);
    tmux.until("11 pods by status");
    tmux.keys(&["z"]);
    tmux.type_line("/run (start|end)");
    tmux.until("/run (start|end)");
    // The whole log, written: `~` is the home directory, and a directory is no file.
    tmux.keys(&["Escape", "Escape", "a", "W"]);
    tmux.until("write to:");
    tmux.keys(&["C-u"]);
    tmux.type_line("~/");
    tmux.until("it is a directory");
    tmux.keys(&["W", "C-u"]);
    tmux.type_line("~/elbtail-whole.log");
    tmux.until(" lines to /");
    tmux.keys(&["q"]);
    let screen = tmux.until("ended with 0");
    assert!(screen.contains("before"), "{screen}");
    tmux.assert_restored();
    let written = std::fs::read_dir(stage.directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let written = written.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    let count: usize = written.map(|path| std::fs::read_to_string(path).unwrap().lines().count()).sum();
    assert!(count > 0 && count <= lines, "{count} of {lines}");
}

#[test]
fn ctrl_c_and_a_signal_give_the_terminal_back_on_tmux() {
    let stage = Stage::new(80, 24);
    incident::finished(&stage.cluster, 20);
    stage.watch(ROW);
    stage.tmux.until("all batches have ended");
    // It dies of the signal, and so the shell runs nothing that stands behind it.
    stage.tmux.keys(&["C-c"]);
    stage.tmux.until_it("the shell", |_| stage.tmux.says("#{alternate_on}") == "0");
    stage.tmux.type_line("echo ended with $?");
    stage.tmux.until("ended with 130");
    stage.tmux.assert_restored();
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        stage.tmux.type_line("clear");
        stage.tmux.until_it("a clear screen", |screen| !screen.contains("ended with"));
        let directory = stage.directory.path().display();
        stage.tmux.type_line(&format!("sh -c 'echo $$ > pid; exec {} watch {ROW}'", env!("CARGO_BIN_EXE_elbtail")));
        stage.tmux.until("all batches have ended");
        let pid = std::fs::read_to_string(format!("{directory}/pid")).unwrap();
        let killed = std::process::Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status().unwrap();
        assert!(killed.success());
        stage.tmux.until_it("the shell", |_| stage.tmux.says("#{alternate_on}") == "0");
        stage.tmux.type_line("echo ended with $?");
        stage.tmux.until(&format!("ended with {code}"));
        stage.tmux.assert_restored();
    }
}

#[test]
fn it_can_be_stopped_and_gone_on_with_on_tmux() {
    let stage = Stage::with(Options::default(), 120, 30);
    incident::finished(&stage.cluster, 20);
    stage.watch(ROW);
    stage.tmux.until("all batches have ended");
    let screen = stage.tmux.until("LINES/S");
    assert!(!screen.contains("MEMORY"), "the cluster has no metrics server: {screen}");
    stage.tmux.keys(&["C-z"]);
    stage.tmux.until_it("the shell", |_| stage.tmux.says("#{alternate_on}") == "0");
    stage.tmux.type_line("fg");
    stage.tmux.until("all batches have ended");
    stage.tmux.keys(&["q"]);
    stage.tmux.until("ended with");
    stage.tmux.assert_restored();
}

#[test]
fn signals_stop_it_and_fg_brings_it_back_drawn_on_tmux() {
    let stage = Stage::with(Options::default(), 120, 30);
    incident::finished(&stage.cluster, 20);
    let tmux = &stage.tmux;
    // Its line editor reads what is typed, whatever state a stopped process has left the terminal in.
    tmux.type_line("PS1='$ ' exec bash --norc");
    tmux.type_line(&format!("sh -c 'echo $$ > pid; exec {} watch {ROW}'", env!("CARGO_BIN_EXE_elbtail")));
    tmux.until("all batches have ended");
    let file = stage.directory.path().join("pid");
    let pid = std::fs::read_to_string(file).unwrap().trim().to_owned();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(sent.success());
    };
    signal("TSTP");
    tmux.until_it("the shell", |_| tmux.says("#{alternate_on}") == "0");
    tmux.assert_restored();
    tmux.type_line("clear; fg");
    tmux.until("all batches have ended");
    assert_eq!(tmux.says("#{alternate_on}"), "1");
    // Nobody hears of this one: the terminal is taken again when it goes on.
    signal("STOP");
    tmux.until_it("the shell", |screen| screen.to_lowercase().contains("stopped"));
    tmux.type_line("fg");
    tmux.until_it("the view alone", |screen| {
        screen.contains("all batches have ended") && !screen.to_lowercase().contains("stopped (signal)")
    });
    tmux.keys(&["?"]);
    tmux.until("what the doctor has found");
    tmux.keys(&["q"]);
    signal("QUIT");
    tmux.until_it("the shell", |_| tmux.says("#{alternate_on}") == "0");
    tmux.type_line("echo ended with $?");
    tmux.until("ended with 131");
    tmux.assert_restored();
}

#[test]
fn a_cluster_that_goes_away_is_told_until_it_answers_again_on_tmux() {
    let stage = Stage::new(80, 24);
    let pods = stage.cluster.pod("blastn-batch-s00-job-000-3ed51a95-xxxxx");
    let pod = pods.label("app", "blast").label("elb-job-id", JOB_ID).container("blast").create();
    pod.start("blast").print("blast", "run start 000 blastn core_nt");
    stage.watch(ROW);
    let tmux = &stage.tmux;
    tmux.until("run start 000");
    tmux.until_it("live", |screen| screen.lines().next().is_some_and(|title| title.trim_end().ends_with("live")));
    stage.cluster.kill_blocking();
    let screen = tmux.until("not connected since");
    assert!(screen.lines().next().unwrap().contains("3ed51a95"), "{screen}");
    let screen = tmux.until("cannot reach the cluster");
    assert!(!screen.contains("no problem"), "{screen}");
    stage.cluster.restart_blocking().unwrap();
    tmux.until_it("live again", |screen| screen.lines().next().is_some_and(|title| title.trim_end().ends_with("live")));
    pod.print("blast", "RUNTIME blast-job-000 1.0 seconds");
    tmux.until("RUNTIME blast-job-000");
    tmux.keys(&["q"]);
    tmux.until("ended with 0");
    tmux.assert_restored();
}

#[test]
fn a_cluster_that_cannot_be_reached_is_told_and_ends_it_with_6_on_tmux() {
    let stage = Stage::new(100, 30);
    stage.cluster.kill_blocking();
    stage.watch(ROW);
    let screen = stage.tmux.until("ended with 6");
    assert!(screen.contains("error: "), "{screen}");
    stage.tmux.assert_restored();
}

#[test]
fn a_choice_that_leaves_nothing_of_an_ended_job_ends_it_with_what_there_is_on_tmux() {
    let stage = Stage::new(200, 30);
    incident::finished(&stage.cluster, 20);
    for (choice, told) in [
        ("-c nope", "error: no container matches what is asked for; containers of 11 pods: "),
        ("-E .", "error: no container matches what is asked for: all are excluded; containers of 11 pods: "),
        (
            "-l app=nope",
            "error: no container matches what is asked for: -l \"app=nope\" leaves none; without it: 11 pods",
        ),
    ] {
        stage.watch(&format!("{JOB_ID} {choice}"));
        stage.tmux.until("ended with 5");
        stage.tmux.until(told);
        stage.tmux.type_line("clear");
        stage.tmux.until_it("a clear screen", |screen| !screen.contains("ended with"));
    }
}

#[test]
fn where_no_screen_can_be_drawn_the_command_that_prints_is_named_and_works_on_tmux() {
    let stage = Stage::new(220, 40);
    let told = incident::finished(&stage.cluster, 20);
    let finalizer = told.logs.iter().find(|log| log.container == "finalizer").unwrap().lines[0].clone();
    let words = format!("{ROW} -c finalizer --color never");
    for (before, behind, why) in [
        ("", "| cat", "standard output is none"),
        ("NO_COLOR=1 ", "", "NO_COLOR asks for plain text"),
        ("TERM=dumb ", "", "TERM says that this one cannot be drawn on"),
        ("TERM= ", "", "TERM says that this one cannot be drawn on"),
    ] {
        stage.tmux.type_line("clear");
        stage.tmux.type_line(&format!("({before}elbtail watch {words}; echo ended with $?) 2>&1 {behind}"));
        let screen = stage.tmux.until("ended with 2");
        // What is typed ahead is shown where the shell reads it, so the prompt may stand before it.
        let error = screen.lines().find(|line| line.contains("error: watch draws on a terminal")).unwrap();
        assert!(error.contains(why), "{error}");
        let (_, instead) = error.split_once("alone: ").unwrap();
        assert_eq!(instead.trim_end(), format!("elbtail logs -f {words}"));
        stage.tmux.type_line(&format!("clear; {instead}; echo printed with $?"));
        let screen = stage.tmux.until("printed with 0");
        assert!(screen.contains(&finalizer), "{screen}");
    }
}

#[cfg(feature = "archive")]
#[test]
fn an_archive_is_gone_through_in_time_on_tmux() {
    let stage = Stage::new(80, 24);
    incident::finished(&stage.cluster, 30);
    stage.tmux.type_line(&format!("elbtail save -f {ROW} kept; echo saved with $?"));
    stage.tmux.until("saved with 0");
    stage.cluster.kill_blocking();
    stage.watch("--archive kept");
    let screen = stage.tmux.until("all batches have ended");
    assert!(screen.contains("archive") && screen.contains("stopped, 10x"), "{screen}");
    stage.tmux.keys(&["{", "{", "{", "{", "{", "{", "{"]);
    stage.tmux.until_it("an earlier time", |screen| !screen.contains("all batches have ended"));
    // Before the first pod was made there was none; what was looked at once, after the end, says when that was.
    stage.tmux.keys(&["{", "{", "{", "{", "{"]);
    stage.tmux.until_it("its beginning", |screen| screen.contains("0 lines of") && !screen.contains("blastn-s00"));
    stage.tmux.keys(&["}", "}", "}", "}", "}"]);
    stage.tmux.until_it("its middle", |screen| screen.contains("Running") && !screen.contains("all 5 batches"));
    stage.tmux.keys(&["+", "+", "+", "Space"]);
    stage.tmux.until("playing 300x");
    stage.tmux.until("all batches have ended");
    stage.tmux.keys(&["q"]);
    stage.tmux.until("ended with 0");
    stage.tmux.assert_restored();
}
