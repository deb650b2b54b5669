//! What a terminal shows while lines come, and when it becomes narrower: tmux breaks rows that became too long, as most do.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    process::Command,
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    lines::{line, object},
    tmux::Tmux,
};

/// A terminal in which `elbtail logs --stdin` shows what is written to the file.
fn shown(columns: u16) -> (Tmux, File, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let tmux = Tmux::new(columns, 24);
    let binary = Path::new(env!("CARGO_BIN_EXE_elbtail"));
    tmux.type_line(&format!("clear; {} logs --stdin < {}; echo ended with $?", binary.display(), pipe.display()));
    let input = OpenOptions::new().write(true).open(&pipe).unwrap();
    (tmux, input, directory)
}

/// The rows and columns that programs see of a terminal.
fn size(terminal: &str) -> String {
    let output = Command::new("stty").args(["-F", terminal, "size"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn progress(number: u64, percent: &str) -> String {
    let message =
        format!("{percent} %, 3 Done, 0 Failed, 2 Pending, 0 Skipped, 5 Total, 2-sec Throughput (Mb/s): 812.3");
    line("results-export", number, &message)
}

#[test]
fn progress_is_one_row_also_when_the_terminal_becomes_narrower_on_tmux() {
    let (tmux, mut input, _directory) = shown(110);
    // A full screen: what tmux moves out of it at its top, nobody can erase.
    let before: String = (0..30).map(|_| line("blast", 1, "@")).collect();
    input.write_all((before + &progress(2, "5.0")).as_bytes()).unwrap();
    tmux.until(" 5.0 %");
    for (columns, percent) in [(60, "10.0"), (40, "20.0"), (35, "30.0"), (100, "40.0")] {
        tmux.resize(columns, 24);
        // tmux has it before programs can know.
        tmux.until_it("the new width", |_| size(&tmux.says("#{pane_tty}")) == format!("24 {columns}"));
        input.write_all(progress(3, percent).as_bytes()).unwrap();
        tmux.until(&format!(" {percent} %"));
        let screen = tmux.scrolled();
        assert_eq!(screen.matches(" Done").count(), 1, "{columns}:\n{screen}");
        assert_eq!(screen.matches('@').count(), 30, "{columns}:\n{screen}");
    }
    drop(input);
    tmux.until("ended with 0");
}

#[test]
fn what_is_told_is_broken_between_words_and_goes_on_below_its_text_on_tmux() {
    let denied = "pods \"blastn-batch-s03\" is forbidden: User \"system:serviceaccount:default:reader\" cannot get \
                  resource \"pods/log\" in API group \"\" in the namespace \"default\"";
    let (tmux, mut input, _directory) = shown(60);
    let detail = json!({"note": {"denied": denied}});
    let note = object("blast", 1, json!({"kind": "denied", "message": "x", "detail": detail}));
    input.write_all(note.as_bytes()).unwrap();
    drop(input);
    let screen = tmux.until("ended with 0");
    let rows: Vec<&str> = screen.lines().take_while(|row| !row.starts_with("ended")).collect();
    assert!(rows[0].starts_with("warning: blastn-s03-000-p9vp5/blast: "), "{screen}");
    assert!(rows.len() > 3 && rows[1..].iter().all(|row| row.starts_with("         ")), "{screen}");
    // A break stands for the blank that was there.
    let told = rows.iter().map(|row| row.trim()).collect::<Vec<_>>().join(" ");
    assert!(told.ends_with(denied), "{screen}");
}
