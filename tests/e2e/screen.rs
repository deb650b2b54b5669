//! What a terminal gets, and what a pipe gets of the same.

use crate::{
    jobs::{JobPlan, finalizer},
    lines::stderr,
    stage::{ROW, Stage},
    terminal::{Terminal, uncoloured},
};

const LONG: &str = "Warning: [blastn] Query_1 contig_1: Could not calculate ungapped Karlin-Altschul parameters due to an invalid query \
                    sequence or its translation. Please verify the query sequence";

/// A job whose container prints known lines and a long one.
fn job() -> JobPlan {
    let script = format!("echo 'run start 000 blastn nt'; echo '{LONG}'; echo 'run end 000 3'");
    JobPlan::batch(0).container("blast", &script)
}

#[test]
fn a_pipe_gets_the_same_bytes_whatever_a_terminal_would() {
    let stage = Stage::new();
    stage.create(&job());
    stage.until_jobs_end();
    let plain = format!("run start 000 blastn nt\n{LONG}\nrun end 000 3\n");
    let run = |more: &[&str], vars: &[(&str, &str)]| {
        let mut command = stage.command(&[&["logs", ROW, "-o", "raw"], more].concat());
        command.envs(vars.iter().copied());
        String::from_utf8(crate::stage::run(command).code(0).get_output().stdout.clone()).unwrap()
    };
    for term in ["xterm-256color", "dumb", ""] {
        for flags in [
            &[][..],
            &["--color", "always"],
            &["--color", "never"],
            &["--wrap", "hang"],
            &["--wrap", "cut"],
            &["--fold"],
            &["--color-theme", "color-blind"],
        ] {
            assert_eq!(run(flags, &[("TERM", term), ("COLUMNS", "40")]), plain, "{term} {flags:?}");
        }
    }
    assert_eq!(run(&["--errors"], &[]), plain, "what stands around a problem is shown");
}

#[test]
fn a_terminal_gets_colours_by_its_kind_and_rows_that_fit() {
    let stage = Stage::new();
    stage.create(&job());
    stage.until_jobs_end();
    let command = |more: &[&str]| stage.command(&[&["logs", ROW], more].concat());
    for columns in [40, 60, 80, 120, 200] {
        let plain = Terminal::of(columns).run(&command(&["--color", "never"]));
        for (term, color, is_coloured) in [
            ("xterm-256color", "auto", true),
            ("dumb", "auto", false),
            ("dumb", "always", true),
            ("xterm", "never", false),
        ] {
            let shown = Terminal { columns, term }.run(&command(&["--color", color]));
            assert_eq!(shown.contains("\x1b["), is_coloured, "{term} {color}: {shown:?}");
            if columns > 60 {
                assert_eq!(uncoloured(&shown), plain, "{term} {color} {columns}");
            }
        }
        assert!(plain.lines().all(|row| row.chars().count() <= usize::from(columns)), "{columns}: {plain}");
        let text: String = plain.lines().map(|row| row.split_once("│ ").unwrap().1).collect();
        assert_eq!(text, format!("run start 000 blastn nt{LONG}run end 000 3"), "nothing is lost at {columns}");
        let cut = Terminal::of(columns).run(&command(&["--color", "never", "--wrap", "cut"]));
        assert_eq!(cut.lines().count(), 3, "{cut}");
        let left = Terminal::of(columns).run(&command(&["--color", "never", "--wrap", "none"]));
        assert!(left.contains(LONG), "{left}");
    }
}

#[test]
fn progress_is_one_row_on_a_terminal_and_every_line_in_a_pipe() {
    let stage = Stage::new();
    let progress = |percent: u32| format!("{percent}.0 %, {percent} Done, 0 Failed, 0 Pending, 0 Skipped, 100 Total");
    let script: Vec<String> = (1..=20).map(|step| format!("echo '{}'", progress(step * 5))).collect();
    stage.create(&JobPlan::batch(0).container("blast", &format!("{}; echo copied", script.join("; "))));
    stage.until_jobs_end();
    let command = stage.command(&["logs", ROW, "-o", "raw"]);
    let shown = Terminal::of(120).run(&command);
    // What is drawn over is gone.
    let left: Vec<&str> = shown.lines().map(|row| row.rsplit("\r\x1b[K").next().unwrap()).collect();
    let left: Vec<String> = left.into_iter().map(uncoloured).collect();
    assert_eq!(left, [progress(100), "copied".to_owned()], "{shown:?}");
    let dumb = uncoloured(&Terminal { columns: 120, term: "dumb" }.run(&command));
    let run = stage.run(&["logs", ROW, "-o", "raw"]).code(0);
    let piped = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert_eq!(dumb, piped);
    assert_eq!(piped.lines().count(), 21);
}

#[test]
fn repeats_fold_on_a_terminal_with_exact_counts() {
    let stage = Stage::new();
    let warnings = "i=0; while [ $i -lt 413 ]; do i=$((i+1)); echo \"Warning: [blastn] Query_$i contig_$i: Could not calculate\"; done";
    stage.create(&JobPlan::batch(0).container("blast", &format!("{warnings}; echo run end 000 0")));
    stage.until_jobs_end();
    for order in ["time", "arrival"] {
        let command = stage.command(&["logs", ROW, "-o", "raw", "--fold", "--color", "never", "--order", order]);
        assert_eq!(
            Terminal::of(120).run(&command),
            "Warning: [blastn] Query_1 contig_1: Could not calculate\n⋯ 412 more like this\nrun end 000 0\n"
        );
    }
}

#[test]
fn a_followed_job_ends_with_a_summary() {
    let stage = Stage::new();
    let elbtail = stage.start(&["logs", ROW, "-f", "-o", "raw"]);
    elbtail.until_said("waiting for them");
    let last = finalizer(1).suspended();
    stage.create(&last);
    stage.create(&JobPlan::batch(0).container("blast", "echo run end 000 0").counts("results-export", 3));
    stage.create(&JobPlan::batch(1).container("blast", "echo run end 000 3; exit 3").counts("results-export", 3));
    stage.until_jobs_end();
    stage.resume(&last.name);
    let ended = elbtail.end();
    let said = &ended.stderr;
    assert!(said.contains("the job has ended after "), "{said}");
    assert!(said.contains("batches: 1 done, 1 failed, 0 retried; slowest: blastn-s0"), "{said}");
    assert!(said.contains("lines: 9 of 5 containers, complete as far as is known"), "{said}");
    let quiet = stage.run(&["logs", ROW, "-f", "-o", "raw", "--only-log-lines"]);
    assert!(!stderr(&quiet).contains("the job has ended"), "{}", stderr(&quiet));
}
