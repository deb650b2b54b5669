//! `logs` and `targets` end with the doctor's first finding when they have nothing to show.

use crate::stage::*;

fn stderr(stage: &Stage, arguments: &[&str]) -> (String, Option<i32>) {
    let output = stage.command(arguments).output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

#[test]
fn nothing_found() {
    let stage = Stage::new();
    let pod = stage.cluster.pod("x").namespace("elb").label("elb-job-id", ID).container("blast").create();
    pod.start("blast");
    for command in ["logs", "targets"] {
        let (text, code) = stderr(&stage, &[command, ID]);
        assert_eq!(code, Some(5));
        let last = text.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("doctor: wrong namespace"), "{text}");
        assert!(last.contains("ELB-K8S-NAMESPACE") && last.contains("-n elb"), "{text}");
    }
}

#[test]
fn nothing_printed() {
    let stage = Stage::new();
    stage.batch(0).unschedulable("0/1 nodes are available: 1 Insufficient memory.");
    let (text, _) = stderr(&stage, &["logs", ID]);
    assert!(text.contains("doctor: pod") && text.contains("ELB-POD-UNSCHEDULABLE"), "{text}");
}

#[test]
fn hints_repeat_how_it_was_asked() {
    let stage = Stage::new();
    stage.batch(0).unschedulable("0/1 nodes are available: 1 Insufficient memory.");
    let config = stage.write("my kubeconfig", &stage.cluster.kubeconfig_yaml("admin"));
    let row = stage.row(&running_row());
    let flags = ["--kubeconfig", &config, "--db-header", "A: planted"];
    for job in [&[ID][..], &[&row]] {
        let (text, _) = stderr(&stage, &[&["logs"], job, &flags].concat());
        let next = text.split("next: ").nth(1).unwrap_or_else(|| panic!("{text}"));
        let words = shlex::split(next.trim()).unwrap();
        assert!(words.windows(2).any(|pair| pair == ["--kubeconfig", config.as_str()]), "{next}");
        assert!(!text.contains("planted"), "{text}");
    }
    // What is asked of elbtail again needs the database's flags too.
    let other = Stage::new();
    let pod = other.cluster.pod("x").namespace("elb").label("elb-job-id", ID).container("blast").create();
    pod.start("blast");
    let database = other.write("jobs.db", "");
    let (text, _) = stderr(&other, &["targets", ID, "--db", &format!("sqlite:{database}"), "--db-table", "my_jobs"]);
    assert!(text.contains(&format!("--db sqlite:{database} --db-table my_jobs")), "{text}");
}
