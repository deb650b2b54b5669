//! A disk that is full: a small one, which only root can mount. Where nothing can be mounted, `.ci/test --offline` leaves these out.

use std::{path::Path, process::Command};

use elbtail::{
    archive::{Access, Archive, ArchiveError, ArchivePlace, Writer, open, verify},
    environment::Environment,
};

use testcluster::Options;

use crate::{
    logs::{PATIENCE, job, kept, lines, next_writer, small, stream},
    running::Running,
    support::process,
    test_ground::TestGround,
};

/// A small file system of its own, unmounted with the test.
struct Small<'a>(&'a Path);

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// A directory that has 512 KiB.
fn small_directory(name: &str) -> std::path::PathBuf {
    let directory = process::directory(name);
    process::run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(&directory));
    directory
}

/// The binary, with a disk that is full until somebody makes room: one error, nothing corrupt, and the next run has the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_small_disk_a_save_to_a_full_disk_ends_with_one_error_and_is_gone_on_with_when_there_is_room() {
    let directory = small_directory("full-save");
    let _small = Small(&directory);
    let ground = TestGround::new(Options::default());
    let id = job().as_str().to_owned();
    let pod = ground.cluster.pod("blastn-batch-s00-job-000-3ed51a95-x").label("app", "blast").label("elb-job-id", &id);
    let pod = pod.container("blast").create();
    pod.schedule();
    pod.start("blast");
    let mut printed = 0;
    let mut print = |count: u64| {
        for line in random(printed..printed + count) {
            pod.print("blast", String::from_utf8(line.text.to_vec()).unwrap());
        }
        printed += count;
    };
    let place = directory.join("archive").to_str().unwrap().to_owned();
    let start = |arguments: &[&str]| Running::start(ground.command(arguments), PATIENCE);
    let filler = directory.join("filler");
    std::fs::write(&filler, vec![0; 200 << 10]).unwrap();
    let save = start(&["save", "-f", &id, &place, "--max-age", "100ms"]);
    save.until_said("the archive holds what the pods wrote");
    print(2000);
    let said = save.end().code(1).stderr;
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert!(errors.len() == 1 && errors[0].contains("no space is left"), "{said}");
    let verified = start(&["verify", &place]).end().code(8);
    let told = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(told.contains("not ended: saving stopped") && !told.contains("cannot be read"), "{told}");

    std::fs::remove_file(filler).unwrap();
    Command::new("mount").args(["-o", "remount,size=8m"]).arg(&directory).status().unwrap();
    let save = start(&["save", "-f", &id, &place]);
    save.until_said("the archive holds what the pods wrote");
    print(100);
    pod.terminate("blast", 0);
    save.end().code(0);
    let verified = start(&["verify", &place]).end().code(0);
    assert!(String::from_utf8_lossy(&verified.stdout).contains(": complete; "));
    let replayed = start(&["replay", &place, "-o", "raw"]).end().code(0).stdout;
    let lines: Vec<u8> = random(0..2100).into_iter().flat_map(|line| [&line.text[..], b"\n"].concat()).collect();
    assert!(replayed == lines, "{} bytes of {}", replayed.len(), lines.len());
}

#[tokio::test]
async fn on_small_disk_a_full_disk_is_told_and_nothing_is_corrupt() {
    let directory = small_directory("full");
    let _small = Small(&directory);
    let place = ArchivePlace::Directory(directory.join("archive"));
    let store = || open(&place, Access::Write, &Environment::default()).unwrap();
    let archive = Archive::open_or_begin(store()).await.unwrap();
    let filler = directory.join("filler");
    std::fs::write(&filler, vec![0; 300 << 10]).unwrap();
    let mut writer = Writer::open(&archive, &job(), small()).await.unwrap();
    let id = writer.stream(stream(1, 0)).unwrap();
    let mut pushed = 0;
    let error = loop {
        // Random bytes, so that they stay large.
        if let Err(error) = writer.push(id, &random(pushed..pushed + 50)).await {
            break error;
        }
        pushed += 50;
        assert!(pushed < 10_000, "4 MB are on a disk of 512 KiB");
    };
    assert!(matches!(error, ArchiveError::Full { .. }), "{error}");
    assert!(error.to_string().contains("no space is left"), "{error}");
    drop(writer);

    let durable = kept(&archive, &stream(1, 0)).await;
    assert!(!durable.is_empty());
    assert_eq!(durable, random(0..durable.len() as u64));
    let faults = verify(&archive, &job()).await.unwrap().faults;
    assert_eq!(faults.len(), 1, "it has not ended: {faults:?}");
    std::fs::remove_file(filler).unwrap();
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    let from = writer.position(id).await.unwrap().lines;
    assert_eq!(from, durable.len() as u64);
    writer.push(id, &random(from..from + 10)).await.unwrap();
    writer.complete(id, "read").await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}

fn random(numbers: std::ops::Range<u64>) -> Vec<elbtail::k8s::Line> {
    let mut all = lines(1, numbers.clone());
    for (line, number) in all.iter_mut().zip(numbers) {
        let mut random = fastrand::Rng::with_seed(number);
        line.text = std::iter::repeat_with(|| random.alphanumeric() as u8).take(400).collect();
    }
    all
}
