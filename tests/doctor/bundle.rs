use std::{collections::BTreeMap, io::Read};

use crate::stage::*;

fn unpack(path: &str) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap());
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

#[test]
fn holds_everything_and_no_secret() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.print("blast", "azcopy cp https://s.blob.core.windows.net/q?sv=1&sig=planted-sas .");
    pod.terminate("blast", 1).restart("blast").print("blast", "again");
    pod.event("Warning", "BackOff", "Back-off restarting, token=planted-token");
    let mut row = running_row();
    row["payload"]["clientSecret"] = "planted-secret".into();
    let file = stage.directory.path().join("ticket.tar.zst").to_str().unwrap().to_owned();
    let output = stage.command(&["doctor", &stage.row(&row), "--bundle", &file]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let files = unpack(&file);
    let name = pod.name();
    for path in [
        "row.json".to_owned(),
        "mirrors.json".to_owned(),
        "report.json".to_owned(),
        "report.txt".to_owned(),
        "events.json".to_owned(),
        format!("jobs/blastn-batch-s00-job-000-{SHORT}.json"),
        format!("pods/{name}.json"),
        format!("logs/{name}/blast.log"),
        format!("logs/{name}/blast.previous.log"),
        format!("logs/{name}/import-query-batches.log"),
    ] {
        assert!(files.contains_key(&path), "{path}: {:?}", files.keys());
    }
    assert!(files[&format!("logs/{name}/blast.previous.log")].contains("run start 000"));
    for (path, text) in &files {
        assert!(!text.contains("planted"), "a secret in {path}: {text}");
    }
}

#[test]
fn a_bundle_of_a_cluster_that_is_away() {
    let stage = Stage::new();
    stage.cluster.kill_blocking();
    let file = stage.directory.path().join("ticket.tar.zst").to_str().unwrap().to_owned();
    let output = stage.command(&["doctor", &stage.row(&running_row()), "--bundle", &file]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let files: Vec<String> = unpack(&file).into_keys().collect();
    assert_eq!(files, ["mirrors.json", "report.json", "report.txt", "row.json"]);
}

#[test]
fn only_regular_files_are_written() {
    use std::os::unix::{fs::PermissionsExt, net::UnixListener};
    let stage = Stage::new();
    stage.searching(0);
    let at = |name: &str| stage.directory.path().join(name).to_str().unwrap().to_owned();
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket")).unwrap();
    std::fs::create_dir(at("directory")).unwrap();
    std::os::unix::fs::symlink("/dev/null", at("to-device")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    let locked = stage.write("locked", "mine");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o400)).unwrap();
    let refused = ["fifo", "socket", "directory", "to-device", "dangling", "locked", "no/such", "directory/"].map(at);
    for path in refused.iter().map(String::as_str).chain(["/dev/null", "/"]) {
        let output = stage.command(&["doctor", ID, "--bundle", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{path}: {output:?}");
        assert!(output.stdout.is_empty() && String::from_utf8_lossy(&output.stderr).contains(path), "{output:?}");
    }
    assert_eq!(std::fs::read_to_string(&locked).unwrap(), "mine");
    let target = stage.write("old.tar.zst", "old");
    std::os::unix::fs::symlink(&target, at("link")).unwrap();
    assert_eq!(stage.command(&["doctor", ID, "--bundle", &at("link")]).output().unwrap().status.code(), Some(0));
    assert!(std::fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert!(unpack(&target).contains_key("report.txt"));
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_bundle_on_stdout() {
    let stage = Stage::new();
    stage.searching(0);
    let output = stage.command(&["doctor", ID, "--bundle", "-"]).output().unwrap();
    let path = stage.directory.path().join("piped");
    std::fs::write(&path, &output.stdout).unwrap();
    assert!(unpack(path.to_str().unwrap()).contains_key("report.txt"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("healthy"), "{output:?}");
}
