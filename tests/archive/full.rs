//! A disk that is full.

use std::{path::Path, process::Command};

use elbtail::{
    archive::{Access, Archive, ArchiveError, ArchivePlace, Writer, open, verify},
    environment::Environment,
};

use crate::{
    logs::{job, kept, lines, next_writer, small, stream},
    support::process,
};

/// A small file system of its own, unmounted with the test.
struct Small<'a>(&'a Path);

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_corrupt() {
    if !process::is_root() {
        eprintln!("skipped: only root can mount a small file system");
        return;
    }
    let directory = process::directory("full");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(&directory).status();
    if !mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine lets nothing be mounted");
        return;
    }
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
