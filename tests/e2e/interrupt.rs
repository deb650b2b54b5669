//! Ctrl-C.

use std::process::Command;

use crate::{
    ground::patience,
    jobs::{JobPlan, count, numbered},
    running::Running,
    stage::{ROW, Stage},
};

/// Starts `inner` by a program that becomes it.
fn started_by(program: &str, arguments: &[&str], inner: Command) -> Running {
    let mut command = Command::new(program);
    command.args(arguments).arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Running::start(command, patience())
}

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
    assert_eq!(ended.stderr, "interrupted: 2 of 2 containers had not been read to the end, 10 lines printed\n");
}

#[test]
fn ctrl_c_ends_waiting() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f"]);
    elbtail.until_said("waiting for them");
    elbtail.interrupt();
    let ended = elbtail.end().code(130);
    assert_eq!(ended.stdout, b"");
    assert!(ended.stderr.ends_with("interrupted: no containers were found, 0 lines printed\n"), "{}", ended.stderr);
}

#[test]
fn a_signal_ends_it_as_whoever_sent_it_expects() {
    let stage = Stage::local();
    for (name, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
        for arguments in [&["logs", ROW, "-f"][..], &["targets", ROW, "-w"]] {
            // Whoever runs the tests may ignore a hangup, and what they start inherits that.
            let elbtail = started_by("env", &["--default-signal=HUP"], stage.command(arguments));
            elbtail.until_said("waiting for them");
            elbtail.signal(name);
            let ended = elbtail.end().code(128 + number);
            assert_eq!(ended.signal, Some(number), "a shell's loop goes on after a program that merely returns a code");
            assert_eq!(ended.stderr.contains("interrupted: "), arguments[0] == "logs", "{}", ended.stderr);
        }
    }
}

#[test]
fn a_run_under_nohup_survives_its_terminal() {
    let stage = Stage::local();
    let elbtail = started_by("nohup", &[], stage.command(&["logs", ROW, "-f", "-o", "raw"]));
    elbtail.until_said("waiting for them");
    elbtail.signal("-HUP");
    stage.create(&JobPlan::batch(0).counts("blast", 3));
    assert_eq!(elbtail.end().code(0).lines().len(), 3);
}

#[test]
fn containers_that_have_not_started_are_called_so() {
    let stage = Stage::local();
    let elbtail = stage.start(&["logs", ROW, "-f"]);
    elbtail.until_said("waiting for them");
    let waits = JobPlan::batch(0).init("load", "exec sleep 3600").counts("blast", 1).counts("results-export", 1);
    stage.create(&waits);
    elbtail.until_said("load: started");
    elbtail.until_said("blast: waiting");
    elbtail.interrupt();
    let said = elbtail.end().code(130).stderr;
    assert!(
        said.ends_with(
            "interrupted: 1 of 3 containers had not been read to the end, and 2 had not started, 0 lines printed\n"
        ),
        "{said}"
    );
}
