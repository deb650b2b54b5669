//! The binary: on a cluster, on an archive, and on what cannot be written.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
};

use assert_cmd::{Command, assert::Assert};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use testcluster::{Options, Stream, incident};

use crate::{
    browser::{assert_sound, look_at},
    numbers::assert_valid,
    test_ground::TestGround,
};

const ROW: &str = "testdata/rows/incident.json";
const JOB: &str = "job-429825360482416da20736cf3ed51a95";

/// The job of the incident, finished, with an archive's place beside it.
struct Scene {
    ground: TestGround,
    lines: usize,
}

impl Scene {
    fn new() -> Scene {
        let ground = TestGround::new(Options::default());
        let told = incident::finished(&ground.cluster, 20);
        let lines = told.logs.iter().map(|log| log.lines.len()).sum();
        Scene { ground, lines }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.ground.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    #[track_caller]
    fn run(&self, words: &[&str], code: i32) -> Assert {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
        command.env_clear().args(words);
        // An archive needs no cluster, and gets none.
        let needs_none = words.iter().any(|word| word.contains("archive")) && words[0] != "save";
        if !needs_none && !words.contains(&"--kubeconfig") {
            command.arg("--kubeconfig").arg(&self.ground.kubeconfig);
        }
        let run = command.assert();
        let output = run.get_output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        run
    }

    #[track_caller]
    fn json(&self, words: &[&str], code: i32) -> Value {
        let run = self.run(&[words, &["-o", "json"]].concat(), code);
        let report = serde_json::from_slice(&run.get_output().stdout).unwrap();
        assert_valid(&report);
        report
    }
}

fn stderr(run: &Assert) -> String {
    String::from_utf8_lossy(&run.get_output().stderr).into_owned()
}

#[test]
fn the_report_of_a_job_and_that_of_its_archive_say_the_same() {
    let scene = Scene::new();
    let live = scene.json(&["report", ROW], 0);
    assert_eq!(live["totals"]["containers"], 26);
    assert_eq!(live["totals"]["lines"], scene.lines);
    assert_eq!(live["totals"]["batches"]["done"], 5);
    assert_eq!((&live["state"], &live["doctor"]["healthy"]), (&"done".into(), &true.into()));
    assert_eq!((&live["job"]["id"], &live["job"]["namespace"]), (&JOB.into(), &"default".into()));
    let containers = live["containers"].as_array().unwrap();
    for container in containers {
        let instance = &container["instances"][0];
        assert!(
            instance["from"].is_string() && instance["to"].is_string() && instance["exit_code"] == 0,
            "{container:#}"
        );
        assert!(container["created"].is_string() && container["node"].is_string());
    }

    let archive = scene.path("archive");
    scene.run(&["save", "-f", ROW, &archive], 0);
    let parts = ["totals", "phases", "batches", "shards", "nodes", "containers", "errors", "gaps", "state", "runtimes"];
    for words in [
        &["report", &archive][..],
        &["report", "--archive", &archive],
        &["report", "--archive", &archive, JOB],
        &["report", "--archive", &archive, ROW],
    ] {
        let kept = scene.json(words, 0);
        for part in parts {
            let (mut live, mut kept) = (live[part].clone(), kept[part].clone());
            commands_aside(&mut live);
            commands_aside(&mut kept);
            if let (Some(live), Some(kept)) = (live.as_array(), kept.as_array()) {
                live.iter().zip(kept).for_each(|(live, kept)| assert_eq!(live, kept, "{part}"));
            }
            assert_eq!(live, kept, "{part}");
        }
        assert_eq!(kept["doctor"]["healthy"], true, "{:#}", kept["doctor"]);
        assert!(kept["job"]["source"].as_str().unwrap().contains("archive"));
    }
    let csv = scene.run(&["report", &archive, "-o", "csv"], 0);
    assert_eq!(String::from_utf8_lossy(&csv.get_output().stdout).lines().count(), 27);
    let chosen = scene.run(&["report", &archive, "-l", "app=setup", "-o", "csv"], 0);
    let chosen = String::from_utf8_lossy(&chosen.get_output().stdout).into_owned();
    assert!(chosen.contains("get-blastdb") && !chosen.contains("results-export"), "{chosen}");
    let said = stderr(&scene.run(&["report", &archive, "-l", "a b"], 2));
    assert!(said.contains("\"a b\" is no LABEL=VALUE"), "{said}");
    assert!(
        stderr(&scene.run(&["report", "--archive", &archive, "job-529825360482416da20736cf3ed51a95"], 2))
            .contains("elbtail archives")
    );
}

/// Commands name the place that a report is of.
fn commands_aside(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("command");
            fields.values_mut().for_each(commands_aside);
        }
        Value::Array(items) => items.iter_mut().for_each(commands_aside),
        _ => {}
    }
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let scene = Scene::new();
    let (page, name) = (scene.file("report.html"), scene.path("report.html"));
    let run = scene.run(&["report", ROW, "-o", &name], 0);
    assert!(stderr(&run).contains("26 containers") && stderr(&run).contains("5 of 5 batches done"), "{}", stderr(&run));
    let first = fs::metadata(&page).unwrap();
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains(JOB) && html.ends_with("</html>"));
    fs::set_permissions(&page, fs::Permissions::from_mode(0o640)).unwrap();
    scene.run(&["report", ROW, "-o", &name], 0);
    let second = fs::metadata(&page).unwrap();
    assert_ne!(first.ino(), second.ino(), "another file stands in its place");
    assert_eq!(second.mode() & 0o777, 0o640);
    // Nothing half written stays beside it.
    let beside: Vec<_> =
        fs::read_dir(scene.ground.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().contains("partial")), "{beside:?}");
    for (name, begin) in [("a.json", "{"), ("b.csv", "job_id,"), ("c.HTM", "<!doctype html>")] {
        scene.run(&["report", ROW, "-o", &scene.path(name)], 0);
        assert!(fs::read_to_string(scene.file(name)).unwrap().starts_with(begin), "{name}");
    }
    let printed = scene.run(&["report", ROW], 0);
    assert!(printed.get_output().stdout.starts_with(b"<!doctype html>"));
}

#[test]
fn a_dash_is_standard_output_and_the_latest_job_may_have_ended() {
    let scene = Scene::new();
    let printed = scene.run(&["report", ROW, "-o", "-"], 0);
    assert!(printed.get_output().stdout.starts_with(b"<!doctype html>"));
    let run = scene.run(&["report", "--latest", "-o", "json"], 0);
    assert!(stderr(&run).contains(&format!("no job runs; the newest that has ended: {JOB}")), "{}", stderr(&run));
    let report: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(report["job"]["id"], JOB);
    // One that runs comes first, however old it is.
    let running = "job-529825360482416da20736cf00c0ffee";
    let pod = scene.ground.cluster.pod("blastn-batch-s00-job-000-00c0ffee-xxxxx");
    let pod = pod.label("app", "blast").label("elb-job-id", running).container("blast");
    pod.created(Timestamp::now() - SignedDuration::from_hours(9)).create().start("blast");
    let run = scene.run(&["report", "--latest", "-o", "json"], 0);
    let report: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(report["job"]["id"], running);
}

#[test]
fn files_beside_rows_and_beside_an_archive_are_passed_over() {
    let scene = Scene::new();
    let archive = scene.path("archive");
    scene.run(&["save", "-f", ROW, &archive], 0);
    let rows = scene.path("rows");
    fs::create_dir(&rows).unwrap();
    fs::copy(ROW, scene.file("rows/row.json")).unwrap();
    for place in [&rows, &archive, &format!("{archive}/jobs"), &format!("{archive}/jobs/{JOB}")] {
        fs::write(format!("{place}/ci.md"), "# CI\n\n```json\n{\"job_id\": 1,\n```\n").unwrap();
        fs::write(format!("{place}/notes.txt"), "{\"job_id\" is the row's id\n").unwrap();
        fs::write(format!("{place}/tsconfig.json"), "{ // comments\n}\n").unwrap();
    }
    for words in [&["report", &rows][..], &["report", "--archive", &archive, &rows], &["report", &archive]] {
        let report = scene.json(words, 0);
        assert_eq!(report["job"]["id"], JOB, "{words:?}");
    }
}

#[test]
fn what_cannot_be_written_is_known_before_anything_is_asked() {
    let scene = Scene::new();
    fs::create_dir(scene.file("dir.html")).unwrap();
    fs::write(scene.file("kept.html"), "kept").unwrap();
    fs::set_permissions(scene.file("kept.html"), fs::Permissions::from_mode(0o444)).unwrap();
    std::os::unix::fs::symlink("nowhere", scene.file("link.html")).unwrap();
    let asked = scene.ground.cluster.requests().len();
    for (name, why) in [
        ("none/report.html", "there is no directory"),
        ("dir.html", "is a directory"),
        ("kept.html", "is read-only"),
        ("link.html", "is a link that leads nowhere"),
        ("report.pdf", "its ending names no form"),
        ("report", "its ending names no form"),
    ] {
        let said = stderr(&scene.run(&["report", ROW, "-o", &scene.path(name)], 2));
        assert!(said.contains(why) && said.contains(name) && said.contains(".html, .json or .csv"), "{name}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert_eq!(scene.ground.cluster.requests().len(), asked);
    assert_eq!(fs::read_to_string(scene.file("kept.html")).unwrap(), "kept");
}

#[test]
fn secrets_are_masked_unless_they_are_asked_for() {
    let scene = Scene::new();
    let began = Timestamp::now() - SignedDuration::from_secs(600);
    let pod = scene.ground.cluster.pod("blastn-batch-s07-job-000-3ed51a95-xxxxx");
    let pod = pod.label("app", "blast").label("elb-job-id", JOB).restart_policy("Never").container("blast").create();
    pod.at(began).start("blast");
    for text in [
        "export AZURE_STORAGE_KEY=Planted1",
        "ERROR: https://x/y?sv=1&sig=Planted2%3D </script><b>",
        "password=Planted3",
    ] {
        pod.print_at("blast", began, Stream::Stdout, format!("{text}\n"));
    }
    pod.at(began + SignedDuration::from_secs(60)).terminate_with("blast", 3, "Error", Some("token=Planted4"));
    let archive = scene.path("archive");
    scene.run(&["save", ROW, &archive], 0);
    for job in [ROW, &archive] {
        for form in ["html", "json", "csv"] {
            let shown = |flags: &[&str]| {
                let run = scene.run(&[&["report", job, "-o", form], flags].concat(), 0);
                String::from_utf8_lossy(&run.get_output().stdout).into_owned()
            };
            let masked = shown(&[]);
            assert!(!masked.contains("Planted"), "{job} {form}");
            if form != "csv" {
                assert!(shown(&["--no-redact"]).contains("Planted2"), "{job} {form}");
            }
            if form == "html" {
                assert!(masked.contains("&lt;&#x2f;script&gt;") && !masked.contains("</script><b>"));
            }
        }
    }
    let report = scene.json(&["report", ROW], 0);
    assert_eq!((&report["state"], &report["totals"]["batches"]["failed"]), (&"failed".into(), &1.into()));
    let place = &report["errors"]["kinds"][0]["places"][0];
    assert_eq!((&place["line"], place["before"].as_array().unwrap().len()), (&2.into(), 1));
    // What the place is shown by can be typed.
    let words = shlex::split(place["command"].as_str().unwrap()).unwrap();
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let run = scene.run(&words, 0);
    assert!(String::from_utf8_lossy(&run.get_output().stdout).contains("ERROR: https://x/y"));
}

#[test]
fn a_job_of_which_nothing_is_left_is_said_to_have_no_pods() {
    let scene = Scene { ground: TestGround::new(Options::default()), lines: 0 };
    assert!(stderr(&scene.run(&["report", ROW, "-o", "json"], 5)).contains("no pods of"));
    scene.run(&["report", "no-such-file.json", "-o", "json"], 3);
    let said = stderr(&scene.run(&["report", "file:///no/such/archive", "-o", "json"], 2));
    assert!(said.contains("archive"), "{said}");
}

#[test]
fn on_chromium_the_page_of_the_incident_is_sound() {
    let scene = Scene::new();
    let printed = scene.run(&["report", ROW], 0);
    let seen = look_at(&printed.get_output().stdout, "incident");
    assert_sound(&seen);
    assert_eq!(seen["filter"]["whole"], "26 containers");
    let text = seen["unscripted"]["text"].as_str().unwrap();
    for part in ["blastn-s03-000", "All of 26 containers", "All of 5 batches"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
