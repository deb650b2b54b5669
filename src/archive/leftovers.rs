//! [`sweep`]: what an interrupted writer has left behind in a directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ArchiveError, JobKey, Store, prune::is_ours};

/// Removes the files of puts that were interrupted. Called by whoever holds the job's lease: nobody puts anything then. In an
/// object store a put is whole or was not made.
pub(super) async fn sweep(store: &Store, job: &JobKey) -> Result<(), ArchiveError> {
    let Some(root) = store.directory().map(Path::to_owned) else { return Ok(()) };
    let below = root.join("jobs").join(job.as_str());
    let at = store.call(&format!("jobs/{job}"));
    let swept = tokio::task::spawn_blocking(move || sweep_below(&root, &below)).await;
    swept.map_err(io::Error::other).flatten().map_err(|error| {
        ArchiveError::of(at, &object_store::Error::Generic { store: "directory", source: error.into() })
    })
}

fn sweep_below(root: &Path, directory: &Path) -> io::Result<()> {
    let mut open: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if is_staged(path.strip_prefix(root).unwrap_or(&path)) {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

/// Whether it is a put of ours on its way: the object's name, `#` and a number.
fn is_staged(path: &Path) -> bool {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    let Some(path) = parts.map(|parts| parts.join("/")) else { return false };
    path.rsplit_once('#').is_some_and(|(object, number)| {
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && is_ours(object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_puts_of_our_own_objects_are_swept() {
        let directory = tempfile::tempdir().unwrap();
        let chunks = "jobs/job-1/chunks/logs/ns_pod_uid/c/0";
        let index = "jobs/job-1/index";
        for path in [chunks, index] {
            fs::create_dir_all(directory.path().join(path)).unwrap();
        }
        let chunk = format!("{chunks}/000000000000-0123456789abcdef.zst");
        let commit = format!("{index}/000000000001-000000000001.ndjson");
        let kept =
            [chunk.clone(), commit.clone(), format!("{chunks}/notes#1"), format!("{chunk}#x"), format!("{chunk}#")];
        let swept = [format!("{chunk}#1"), format!("{commit}#12")];
        for path in kept.iter().chain(&swept) {
            fs::write(directory.path().join(path), "").unwrap();
        }
        sweep_below(directory.path(), &directory.path().join("jobs/job-1")).unwrap();
        for path in &kept {
            assert!(directory.path().join(path).exists(), "{path}");
        }
        for path in &swept {
            assert!(!directory.path().join(path).exists(), "{path}");
        }
    }
}
