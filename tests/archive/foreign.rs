//! A DEST that others write into, move or take away.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use elbtail::archive::{Archive, ArchiveError, Writer, verify};

use crate::{
    backend::{Backend, Kind},
    logs::{job, kept, lines, next_writer, small, stream},
};

/// An archive with 20 lines of one container, and where its job lies.
async fn saved() -> (Backend, Archive, PathBuf) {
    let backend = Backend::new(Kind::Directory).await;
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..20)).await.unwrap();
    writer.complete(id, "read").await.unwrap();
    writer.finish().await.unwrap();
    let own = backend.directory().unwrap().join("jobs").join(job().as_str());
    (backend, archive, own)
}

fn fifo(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn the_only(directory: &Path) -> PathBuf {
    let entry = std::fs::read_dir(directory).unwrap().next().unwrap().unwrap();
    if entry.file_type().unwrap().is_dir() { the_only(&entry.path()) } else { entry.path() }
}

async fn refused(archive: &Archive) -> String {
    let error = Writer::open(archive, &job(), small()).await.map(drop).unwrap_err();
    assert!(matches!(error, ArchiveError::Usage(_)), "{error}");
    error.to_string()
}

/// Runs the binary on DEST. It ends with `code`.
#[track_caller]
fn run(backend: &Backend, arguments: &[&str], code: i32) -> String {
    let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
    command.env_clear().arg(arguments[0]).arg(&backend.place).args(&arguments[1..]);
    // Whatever waits for a fifo waits without end.
    let run = command.timeout(Duration::from_secs(60)).assert().code(code);
    let output = run.get_output();
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}

#[tokio::test]
async fn a_lock_that_is_a_link_or_no_file_is_refused_and_what_it_leads_to_is_untouched() {
    let (backend, archive, own) = saved().await;
    let (lock, victim) = (own.join("writer.lock"), backend.directory().unwrap().join("victim"));
    std::fs::write(&victim, "precious").unwrap();
    for leads_to in [&victim, Path::new("nowhere"), Path::new("writer.lock")] {
        std::fs::remove_file(&lock).unwrap();
        symlink(leads_to, &lock).unwrap();
        assert!(refused(&archive).await.contains("writer.lock: is a link"));
    }
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    assert!(!own.join("nowhere").exists());
    fifo(&lock);
    assert!(refused(&archive).await.contains("writer.lock: is a fifo"));
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    assert!(refused(&archive).await.contains("writer.lock: is a directory"));
    std::fs::remove_dir(&lock).unwrap();
    next_writer(&archive).await.finish().await.unwrap();
}

#[tokio::test]
async fn what_is_no_file_is_not_waited_for() {
    let (backend, _, own) = saved().await;
    let chunk = the_only(&own.join("chunks"));
    let commit = own.join("index/000000000000-000000000000.ndjson");
    fifo(&chunk);
    assert!(run(&backend, &["verify"], 8).contains("it is a fifo, not a file"));
    fifo(&commit);
    assert!(run(&backend, &["verify"], 8).contains("it is a fifo, not a file"));
    let marker = backend.directory().unwrap().join("elbtail-archive.json");
    fifo(&marker);
    for command in [&["archives"][..], &["verify"], &["replay"], &["prune", "--older-than", "1d"]] {
        let told = run(&backend, command, 8);
        assert!(told.contains("it is a fifo, not a file; if ") && told.contains("\"version\":1"), "{told}");
    }
    std::fs::remove_file(&marker).unwrap();
    std::fs::create_dir(&marker).unwrap();
    assert!(run(&backend, &["archives"], 8).contains("it is a directory, not a file; if "));
}

#[tokio::test]
async fn nothing_is_written_behind_links() {
    for linked in ["", "index", "chunks"] {
        let (backend, archive, own) = saved().await;
        let elsewhere = backend.directory().unwrap().join("elsewhere");
        std::fs::rename(own.join(linked), &elsewhere).unwrap();
        let link = if linked.is_empty() { own.clone() } else { own.join(linked) };
        symlink(&elsewhere, &link).unwrap();
        let told = refused(&archive).await;
        assert!(told.contains(": is a link") && told.contains(linked), "{told}");
        std::fs::remove_file(&link).unwrap();
        symlink("nowhere", &link).unwrap();
        assert!(refused(&archive).await.contains(": is a link"));
        std::fs::remove_file(&link).unwrap();
        std::fs::rename(&elsewhere, &link).unwrap();
        next_writer(&archive).await.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_directory_that_is_moved_away_or_replaced_ends_the_writer_and_is_not_made_again() {
    for replaced in [false, true] {
        let (backend, archive, own) = saved().await;
        let dest = backend.directory().unwrap();
        let away = dest.with_file_name("away");
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(2, 0)).unwrap();
        writer.push(id, &lines(2, 0..10)).await.unwrap();
        writer.flush().await.unwrap();
        std::fs::rename(&dest, &away).unwrap();
        if replaced {
            std::fs::create_dir_all(&own).unwrap();
            std::fs::write(own.join("writer.lock"), "").unwrap();
        }
        writer.push(id, &lines(2, 10..20)).await.unwrap();
        let error = writer.flush().await.unwrap_err();
        let told = if replaced { "another writer has taken over" } else { "moved, deleted or unmounted" };
        assert!(error.to_string().contains(told), "{error}");
        assert!(writer.finish().await.is_err());
        assert!(!own.join("index").exists() && !own.join("chunks").exists(), "nothing is made in its place");
        let _ = std::fs::remove_dir_all(&dest);
        std::fs::rename(&away, &dest).unwrap();
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(2, 0)).unwrap();
        assert_eq!(writer.position(id).await.unwrap().lines, 10);
        writer.push(id, &lines(2, 10..20)).await.unwrap();
        writer.complete(id, "read").await.unwrap();
        writer.finish().await.unwrap();
        assert_eq!(kept(&archive, &stream(2, 0)).await, lines(2, 0..20));
        assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
    }
}

#[tokio::test]
async fn an_index_or_chunks_that_are_moved_away_end_the_writer_also_behind_its_last_line() {
    for part in ["index", "chunks"] {
        for more in [false, true] {
            let (backend, archive, own) = saved().await;
            let mut writer = next_writer(&archive).await;
            let id = writer.stream(stream(2, 0)).unwrap();
            writer.push(id, &lines(2, 0..10)).await.unwrap();
            writer.flush().await.unwrap();
            let away = backend.directory().unwrap().join("away");
            std::fs::rename(own.join(part), &away).unwrap();
            if more {
                writer.push(id, &lines(2, 10..20)).await.unwrap();
            }
            let error = writer.finish().await.unwrap_err();
            assert!(matches!(error, ArchiveError::Gone { .. }) && error.to_string().contains(part), "{error}");
            assert!(!own.join(part).exists(), "nothing is made in its place");
            std::fs::rename(&away, own.join(part)).unwrap();
            let mut writer = next_writer(&archive).await;
            let id = writer.stream(stream(2, 0)).unwrap();
            assert_eq!(writer.position(id).await.unwrap().lines, 10);
            writer.complete(id, "read").await.unwrap();
            writer.finish().await.unwrap();
            assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
        }
    }
}

#[tokio::test]
async fn a_job_that_lost_its_index_or_is_a_link_is_told_by_all_who_read() {
    for linked in [false, true] {
        let (backend, archive, own) = saved().await;
        let (_, _, other) = saved().await;
        let directory = backend.directory().unwrap();
        // One that is whole hides it from nobody.
        let whole = directory.join("jobs/job-529825360482416da20736cf3ed51a96");
        assert!(Command::new("cp").arg("-r").args([&other, &whole]).status().unwrap().success());
        let told = if linked {
            std::fs::rename(&own, directory.join("elsewhere")).unwrap();
            symlink(directory.join("elsewhere"), &own).unwrap();
            "it is a link"
        } else {
            std::fs::remove_dir_all(own.join("index")).unwrap();
            "it has 1 chunk but no index"
        };
        for command in [&["verify"][..], &["verify", job().as_str()], &["archives"], &["replay", job().as_str()]] {
            let said = run(&backend, command, 8);
            assert!(said.contains(told) && said.contains(job().as_str()), "{command:?}: {said}");
        }
        let said = run(&backend, &["prune", "--older-than", "0s"], 0);
        assert!(said.contains("left as it is: ") && said.contains(told), "{said}");
        assert!(own.join("chunks").exists() && !whole.exists());
        // Alone.
        assert!(run(&backend, &["verify"], 8).contains(told));
        if !linked {
            next_writer(&archive).await.finish().await.unwrap();
        }
    }
}

#[test]
fn a_command_that_is_suggested_of_a_place_with_a_dash_can_be_run() {
    let here = tempfile::tempdir().unwrap();
    let run = |words: &[&str], code| {
        let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("elbtail"));
        let run = command.env_clear().current_dir(here.path()).args(words).assert().code(code);
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    std::fs::create_dir(here.path().join("-dash")).unwrap();
    std::fs::write(here.path().join("-dash/elbtail-archive.json"), r#"{"format":"elbtail archive","version":1}"#)
        .unwrap();
    let said = run(&["replay", "--", "-dash", job().as_str()], 2);
    let (_, suggested) = said.trim_end().rsplit_once("elbtail ").unwrap();
    assert_eq!(suggested, "archives ./-dash");
    run(&suggested.split(' ').collect::<Vec<_>>(), 0);
}

#[tokio::test]
async fn a_holder_that_somebody_forged_is_told_in_one_line() {
    let (_, archive, own) = saved().await;
    let writer = next_writer(&archive).await;
    let forged = r#"{"id":"x","host":"a\nerror: all is lost\u001b[31m","pid":1,"since":"2026-01-01T00:00:00Z"}"#;
    std::fs::write(own.join("writer.lock"), forged).unwrap();
    let error = Writer::open(&archive, &job(), small()).await.map(drop).unwrap_err();
    assert!(matches!(error, ArchiveError::Busy { .. }), "{error}");
    assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
    writer.finish().await.unwrap();
}
