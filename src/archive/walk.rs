//! What lies in a directory, whatever else somebody put there.
//!
//! Links are not followed: what they lead to was not written by elbtail, though it may be called so. Names that no object store
//! could have are told as far as they are text, and hide nothing else.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::store::Listed;

/// The files and links below `path`, in all directories; none where there is no such directory. Puts on their way, whose names end
/// in `#` and a number, are no objects yet.
pub(super) fn files(root: &Path, path: &str) -> io::Result<Vec<Listed>> {
    let mut all = Vec::new();
    let mut open = vec![(below(root, path), path.trim_matches('/').to_owned())];
    while let Some((directory, name)) = open.pop() {
        for entry in entries(&directory)? {
            let own = entry.file_name().to_string_lossy().into_owned();
            let path = if name.is_empty() { own } else { format!("{name}/{own}") };
            // What was removed meanwhile is not there.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                open.push((entry.path(), path));
            } else if !is_on_its_way(&path) {
                all.push(Listed { path, size: metadata.len(), is_link: metadata.is_symlink() });
            }
        }
    }
    all.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(all)
}

/// The names of the directories in `path`, and of links that do not lead to something else; none where there is no such directory.
pub(super) fn directories(root: &Path, path: &str) -> io::Result<Vec<String>> {
    let is_directory = |entry: &fs::DirEntry| {
        let leads_to_file = || fs::metadata(entry.path()).is_ok_and(|metadata| !metadata.is_dir());
        entry.file_type().is_ok_and(|kind| kind.is_dir() || (kind.is_symlink() && !leads_to_file()))
    };
    let entries = entries(&below(root, path))?;
    Ok(entries.into_iter().filter(is_directory).filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn below(root: &Path, path: &str) -> PathBuf {
    path.split('/').filter(|part| !part.is_empty()).fold(root.to_owned(), |path, part| path.join(part))
}

fn entries(directory: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_on_its_way(path: &str) -> bool {
    path.rsplit_once('#').is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_hide_nothing_and_links_lead_nowhere() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("kept"), "").unwrap();
        fs::create_dir_all(root.path().join("jobs/job-1/a/b")).unwrap();
        fs::create_dir(root.path().join("jobs/x\u{1b}[31m")).unwrap();
        for file in ["jobs/job-1/a/b/c", "jobs/job-1/z\u{7}", "jobs/job-1/a/put#12", "jobs/file"] {
            fs::write(root.path().join(file), "12").unwrap();
        }
        let paths = |below: &str| files(root.path(), below).unwrap().into_iter().map(|it| it.path).collect::<Vec<_>>();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), root.path().join("jobs/job-1/link")).unwrap();
            assert_eq!(paths("jobs/job-1"), ["jobs/job-1/a/b/c", "jobs/job-1/link", "jobs/job-1/z\u{7}"]);
        }
        assert_eq!(paths("jobs/job-1/a"), ["jobs/job-1/a/b/c"]);
        assert!(paths("nowhere").is_empty());
        let mut names = directories(root.path(), "jobs").unwrap();
        names.sort();
        assert_eq!(names, ["job-1", "x\u{1b}[31m"]);
        assert!(directories(root.path(), "nowhere").unwrap().is_empty());
    }
}
