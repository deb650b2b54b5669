//! The binary on archives.

use assert_cmd::Command;
use elbtail::archive::{
    Archive, ArchivedInstance, ArchivedStream, JobKey, JobState, ObjectLog, Writer, object_store::ObjectStoreExt,
};

use crate::{
    backend::Backend,
    everywhere,
    logs::{instance, job, line, lines, next_writer, small, stream},
    suite::objects,
};

everywhere! {
    jobs_are_listed_with_their_size_and_completeness
    a_replay_is_the_log_by_time_with_what_is_missing_at_its_place
    verify_says_what_is_missing_and_why
    what_has_not_ended_is_not_complete
    prune_tells_before_it_deletes
    a_replay_tells_of_objects_that_are_lost
}

const ROW: &str = "18b9edca-4d8a-41bc-9cd8-3a2f161259b6";
const OTHER: &str = "job-529825360482416da20736cf3ed51a96";

/// The binary, in an environment that holds the store's credentials only.
fn elbtail(backend: &Backend, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    let words = arguments.iter().map(|word| if *word == "DEST" { &backend.place } else { *word });
    command.env_clear().envs(backend.environment.clone()).args(words);
    command
}

/// Runs it, and returns what it printed and said. It ends with `code`.
#[track_caller]
fn run(backend: &Backend, arguments: &[&str], code: i32) -> (Vec<u8>, String) {
    let run = elbtail(backend, arguments).assert();
    let output = run.get_output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    (output.stdout.clone(), said)
}

#[track_caller]
fn text(backend: &Backend, arguments: &[&str], code: i32) -> String {
    String::from_utf8_lossy(&run(backend, arguments, code).0).into_owned()
}

/// Another container of the pod of `instance(1, …)`.
fn export() -> ArchivedStream {
    ArchivedStream::Log(ArchivedInstance { container: "results-export".to_owned(), ..instance(1, 0) })
}

/// A job that has ended, of which everything is there: two instances of a container and one of another.
async fn saved(archive: &Archive) {
    let mut writer = next_writer(archive).await;
    for (stream, container, count) in [(stream(1, 0), 1, 300), (stream(1, 1), 2, 200), (export(), 3, 100)] {
        let id = writer.stream(stream).unwrap();
        writer.push(id, &lines(container, 0..count)).await.unwrap();
        writer.complete(id, "its end was read").await.unwrap();
    }
    writer
        .tell(JobState { row: Some(ROW.into()), status: Some("completed".into()), ended: true, ..JobState::default() })
        .await
        .unwrap();
    writer.finish().await.unwrap();
}

/// Another one that goes on.
async fn begun(archive: &Archive) {
    let mut writer = Writer::open(archive, &JobKey::new(OTHER).unwrap(), small()).await.unwrap();
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..10)).await.unwrap();
    writer.finish().await.unwrap();
}

async fn jobs_are_listed_with_their_size_and_completeness(backend: Backend) {
    let archive = backend.begun().await;
    assert!(run(&backend, &["archives", "DEST"], 0).1.contains("holds no jobs yet"));
    saved(&archive).await;
    begun(&archive).await;
    let table = text(&backend, &["archives", "DEST"], 0);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split("   ").map(str::trim).collect()).collect();
    let cells: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().copied().filter(|it| !it.is_empty()).collect()).collect();
    assert_eq!(cells[0], ["JOB", "ROW", "STATUS", "SAVED", "LINES", "SIZE", "COMPLETE"]);
    assert_eq!(cells[1][..3], [job().as_str(), ROW, "completed"]);
    assert_eq!((cells[1][4], cells[1][6]), ("600", "yes"));
    assert_eq!((cells[2][0], cells[2][1], cells[2][4], cells[2][6]), (OTHER, "-", "10", "no: 1 unread, not ended"));
    assert_eq!(text(&backend, &["archives", "DEST", "-o", "name"], 0), format!("{}\n{OTHER}\n", job()));
    let json: serde_json::Value =
        serde_json::from_str(&text(&backend, &["archives", "DEST", "-o", "json"], 0)).unwrap();
    assert_eq!(
        (&json[0]["complete"], &json[0]["lines"], &json[1]["complete"]),
        (&true.into(), &600.into(), &false.into())
    );
    assert!(text(&backend, &["archives", "DEST", "-o", "yaml"], 0).contains("instances: 3"));
    assert_eq!(text(&backend, &["archives", "DEST", "-o", "wide", "--no-headers"], 0).lines().count(), 2);
}

async fn a_replay_is_the_log_by_time_with_what_is_missing_at_its_place(backend: Backend) {
    let archive = backend.begun().await;
    saved(&archive).await;
    let texts = |lines: Vec<elbtail::k8s::Line>| {
        lines.iter().flat_map(|line| [&line.text[..], b"\n"].concat()).collect::<Vec<u8>>()
    };
    // One container alone is in its own order: instance after instance, as their stamps are equal.
    let only = |part: &[&str], code| run(&backend, &[&["replay", "DEST", "-o", "raw"], part].concat(), code);
    assert_eq!(only(&["-c", "results-export"], 0).0, texts(lines(3, 0..100)));
    assert_eq!(only(&["--phase", "exporting_results", "--tail", "7"], 0).0, texts(lines(3, 93..100)));
    assert_eq!(only(&["-c", "blast", "--tail", "5"], 0).0, texts(lines(2, 195..200)), "the latest instance");
    assert_eq!(only(&["-c", "blast", "-p"], 0).0, texts(lines(1, 0..300)));
    let since = line(3, 60).stamp;
    let late = lines(3, 0..100).into_iter().filter(|line| line.stamp >= since).collect();
    let time = since.to_timestamp().to_string();
    assert_eq!(only(&["-c", "results-export", "--since-time", &time], 0).0, texts(late));
    assert_eq!(only(&["--speed", "1000000", "-c", "results-export"], 0).0, texts(lines(3, 0..100)));
    // Chosen by what they say, in whatever way logs chooses.
    let chosen = |flags: &[&str]| only(&[&["-c", "results-export"], flags].concat(), 0).0;
    assert_eq!(chosen(&["-i", "line 9[0-9] "]), texts(lines(3, 90..100)));
    assert_eq!(chosen(&["-i", "line 9[0-9] ", "-e", "[5-9] "]), texts(lines(3, 90..95)));
    assert_eq!(chosen(&["-i", "line 50 ", "-C", "2"]), texts(lines(3, 48..53)));
    assert_eq!(only(&["-E", "blast", "-i", "line 5 "], 0).0, texts(lines(3, 5..6)));
    // What there is to choose from.
    let lists_both =
        |told: &str| told.contains("blast (running)") && told.contains("results-export (exporting_results)");
    let (_, told) = only(&["-E", ".*"], 5);
    assert!(lists_both(&told), "{told}");
    // All of it, by time, with its names.
    let json = text(&backend, &["replay", "DEST", &ROW[..8], "-o", "json"], 0);
    let objects: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 600);
    assert!(objects.iter().any(|it| it["restart"] == 1 && it["container"] == "blast" && it["phase"] == "running"));
    let whole = text(&backend, &["replay", "DEST", "testdata/rows/incident.json", "-t", "--pod", "blastn-s00-001"], 0);
    assert!(
        whole.lines().count() >= 600 && whole.contains("blastn-s00-001-x results-export export | 2025-11-24T16:00:00")
    );
    let (_, told) = only(&["-c", "nothing"], 5);
    assert!(lists_both(&told), "{told}");

    begun(&archive).await;
    let told = run(&backend, &["replay", "DEST"], 2).1;
    assert!(told.contains("holds 2 jobs"), "{told}");
    // What is suggested works as it stands.
    let (_, suggested) = told.trim_end().split_once("elbtail ").unwrap();
    let words = shlex::split(suggested).unwrap();
    assert_eq!((words[0].as_str(), words[1].replace("%20", " ")), ("archives", backend.place.clone()));
    assert!(
        run(&backend, &["replay", "DEST", "job-629825360482416da20736cf3ed51a95"], 2).1.contains("elbtail archives")
    );
    let (_, said) = run(&backend, &["replay", "DEST", OTHER, "-o", "raw"], 8);
    assert!(said.contains("not known to be complete") && said.contains("from 1 of 1 container"), "{said}");

    let (shown, said) = run(&backend, &["replay", "DEST", OTHER, "-o", "raw", "-i", "nobody says this"], 8);
    assert!(
        shown.is_empty() && said.contains("from 1 of 1 container"),
        "what is shown does not change what is missing: {said}"
    );

    let mut writer = Writer::open(&archive, &JobKey::new(OTHER).unwrap(), small()).await.unwrap();
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.gap(id, "rotated away before they could be read").await.unwrap();
    writer.push(id, &lines(1, 20..30)).await.unwrap();
    writer.complete(id, "read").await.unwrap();
    writer.finish().await.unwrap();
    // stdout and stderr in one pipe, so that the order is seen.
    let script = "exec \"$0\" replay \"$1\" \"$2\" -o raw 2>&1";
    let binary = assert_cmd::cargo::cargo_bin!("elbtail");
    let mut shell = Command::new("/bin/sh");
    let run = shell.env_clear().envs(backend.environment.clone());
    let run = run.args(["-c", script]).arg(binary).args([&backend.place, OTHER]).assert().code(8);
    let told = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let place = |part: &str| told.find(part).unwrap_or_else(|| panic!("{part} is not in {told}"));
    assert!(place("container 1 line 9 ") < place("rotated away before they could be read"));
    assert!(place("rotated away before they could be read") < place("container 1 line 20 "));

    let chunks = objects_of(&backend, "results-export").await;
    backend.raw().delete(&chunks[0]).await.unwrap();
    let (shown, said) = run_replay(&backend);
    assert!(said.contains("it is not there") && said.contains("from 1 of 2 containers"), "{said}");
    assert!(shown > 400, "{shown}");
}

fn run_replay(backend: &Backend) -> (usize, String) {
    let (printed, said) = run(backend, &["replay", "DEST", job().as_str(), "-o", "json"], 8);
    (String::from_utf8(printed).unwrap().lines().count(), said)
}

async fn objects_of(backend: &Backend, container: &str) -> Vec<elbtail::archive::object_store::path::Path> {
    objects(backend, &format!("/{container}/")).await
}

async fn verify_says_what_is_missing_and_why(backend: Backend) {
    let archive = backend.begun().await;
    saved(&archive).await;
    let clean = text(&backend, &["verify", "DEST"], 0);
    assert!(clean.starts_with(&format!("{}: complete; 600 lines in ", job())), "{clean}");
    let mut writer = Writer::open(&archive, &JobKey::new(OTHER).unwrap(), small()).await.unwrap();
    let id = writer.stream(stream(4, 0)).unwrap();
    writer.push(id, &lines(4, 0..10)).await.unwrap();
    writer.gap(id, "pod deleted\nbefore it was read").await.unwrap();
    writer.complete(id, "the pod is gone").await.unwrap();
    writer.finish().await.unwrap();
    let told = text(&backend, &["verify", "DEST"], 8);
    assert!(told.contains("lines after line 10 are missing: pod deleted before it was read"), "{told}");
    assert!(told.contains("blastn-batch-s00-job-004-3ed51a95-x blast instance 0: "), "{told}");
    text(&backend, &["verify", "DEST", job().as_str()], 0);
    let chunks = objects_of(&backend, "results-export").await;
    let mut bytes = backend.raw().get(&chunks[0]).await.unwrap().bytes().await.unwrap().to_vec();
    bytes[20] ^= 1;
    backend.raw().put(&chunks[0], bytes.into()).await.unwrap();
    let json = text(&backend, &["verify", "DEST", &job().as_str()[..12], "-o", "json"], 8);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["job"], &json[0]["lines"]), (&job().as_str().into(), &500.into()));
    assert!(json[0]["faults"][0]["what"].as_str().unwrap().contains("SHA-256"), "{json}");
}

/// Everything that is known is there, but nobody knows what came after it.
async fn what_has_not_ended_is_not_complete(backend: Backend) {
    let archive = backend.begun().await;
    // Nothing is known but that it was looked for.
    let mut empty = Writer::open(&archive, &JobKey::new(OTHER).unwrap(), small()).await.unwrap();
    empty.tell(JobState { row: Some(ROW.into()), ..JobState::default() }).await.unwrap();
    empty.finish().await.unwrap();
    let told = text(&backend, &["verify", "DEST"], 8);
    assert!(
        told.starts_with(&format!("{OTHER}: not ended: saving stopped")) && told.contains("; 0 lines in 0"),
        "{told}"
    );
    // A writer at work, which has read an instance to its end and another one not.
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..100)).await.unwrap();
    writer.complete(id, "its end was read").await.unwrap();
    writer.flush().await.unwrap();
    let key = job();
    let whole = &["verify", "DEST", key.as_str(), "-o", "json"];
    let report = |code| serde_json::from_str::<serde_json::Value>(&text(&backend, whole, code)).unwrap()[0].clone();
    let told = text(&backend, &["verify", "DEST", job().as_str()], 8);
    assert!(told.starts_with(&format!("{}: being saved: more may come; 100 lines in ", job())), "{told}");
    assert_eq!((&report(8)["saving"], &report(8)["faults"]), (&"under-way".into(), &serde_json::json!([])));
    let replay = &["replay", "DEST", key.as_str(), "-o", "raw"];
    assert!(run(&backend, replay, 8).1.contains("being saved: more may come"));
    let id = writer.stream(stream(1, 1)).unwrap();
    writer.push(id, &lines(2, 0..10)).await.unwrap();
    writer.flush().await.unwrap();
    let told = text(&backend, &["verify", "DEST", job().as_str()], 8);
    assert!(told.contains("its end has not been read yet") && !told.contains("stopped"), "{told}");
    writer.complete(id, "its end was read").await.unwrap();
    // It stops.
    writer.finish().await.unwrap();
    let told = text(&backend, &["verify", "DEST", job().as_str()], 8);
    assert!(told.contains("not ended: saving stopped"), "{told}");
    assert_eq!(report(8)["saving"], "stopped");
    let (printed, said) = run(&backend, replay, 8);
    assert!(printed.len() > 1000 && said.contains("not ended: saving stopped"), "{said}");
    // What ends it is gone with the last commit.
    let mut writer = next_writer(&archive).await;
    writer.tell(JobState { ended: true, ..JobState::default() }).await.unwrap();
    writer.finish().await.unwrap();
    assert!(text(&backend, &["verify", "DEST", job().as_str()], 0).contains(": complete; 110 lines in "));
    assert_eq!(report(0)["saving"], "ended");
    assert!(!run(&backend, replay, 0).1.contains("ended"));
    let commits = objects(&backend, &format!("{}/index/", job())).await;
    backend.raw().delete(commits.iter().max().unwrap()).await.unwrap();
    assert!(text(&backend, &["verify", "DEST", job().as_str()], 8).contains("not ended: saving stopped"));
    run(&backend, replay, 8);
}

async fn prune_tells_before_it_deletes(backend: Backend) {
    let archive = backend.begun().await;
    saved(&archive).await;
    assert!(run(&backend, &["prune", "DEST", "--older-than", "1d"], 0).1.contains("nothing is that old"));
    std::thread::sleep(std::time::Duration::from_millis(5));
    let told = text(&backend, &["prune", "DEST", "--older-than", "1ms", "--dry-run"], 0);
    assert!(told.starts_with(&format!("{}: would be deleted: saved last at 20", job())), "{told}");
    text(&backend, &["verify", "DEST"], 0);
    let told = text(&backend, &["prune", "DEST", "--older-than", "1ms"], 0);
    assert!(told.starts_with(&format!("{}: deleted", job())), "{told}");
    assert_eq!(text(&backend, &["archives", "DEST", "-o", "json"], 0), "[]\n");
}

async fn a_replay_tells_of_objects_that_are_lost(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    for kind in [ObjectLog::Pods, ObjectLog::Events] {
        writer.change(kind, line(1, 1).stamp, &serde_json::json!({"kind": "x"})).await.unwrap();
    }
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..10)).await.unwrap();
    writer.complete(id, "its end was read").await.unwrap();
    writer.tell(JobState { ended: true, ..JobState::default() }).await.unwrap();
    writer.finish().await.unwrap();
    run(&backend, &["replay", "DEST"], 0);
    let lost = objects(&backend, "/changes/events/").await.remove(0);
    backend.raw().delete(&lost).await.unwrap();
    for command in ["verify", "replay"] {
        let (printed, said) = run(&backend, &[command, "DEST"], 8);
        let told = String::from_utf8_lossy(&printed).into_owned() + &said;
        assert!(told.contains("changes/events: lines 0 to 0 cannot be read: "), "{command}: {told}");
    }
}

/// Places that make no sense, and what is said of them. No secret is.
#[test]
fn a_place_that_makes_no_sense_is_a_usage_error() {
    for (place, said) in [
        ("/no/such/directory", "holds no archive"),
        ("testdata", "holds no archive"),
        ("Cargo.toml", "is a file"),
        ("Cargo.toml/below/it", "Cargo.toml is not a directory"),
        ("file:/var/logs", "write file:///var/logs"),
        ("s3:bucket/p", "write s3://bucket/p"),
        ("az:c/p?sig=pl4nted", "write az://…"),
        ("~/logs", "\"$HOME/logs\""),
        ("az://container/path", "set AZURE_STORAGE_ACCOUNT"),
        ("ftp://host/path", "is not known"),
        ("", "DEST is empty"),
        ("s3://key:pl4nted@bucket/p", "does not belong into the URL"),
        ("az://c:x/?sig=pl4nted", "az://…"),
        ("file://host/p", "no path of this machine"),
    ] {
        for command in [&["archives"][..], &["verify"], &["replay"], &["prune", "--older-than", "1d"]] {
            let backend = Backend::of(place, Vec::new());
            let (printed, told) = run(&backend, &[command, &["DEST"]].concat(), 2);
            assert!(printed.is_empty() && told.starts_with("error: ") && told.contains(said), "{place}: {told}");
            assert!(!told.contains("pl4nted"), "{told}");
        }
    }
}
