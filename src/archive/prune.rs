//! [`prune`]: what is too old.

use jiff::Timestamp;

use super::{Archive, ArchiveError, JobKey, lease::Lease, leftovers, segment::Segment, store::Listed};

/// A job that is, or would be, deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// Which.
    pub job: JobKey,
    /// When something was saved last.
    pub saved: Timestamp,
    /// Objects.
    pub objects: usize,
    /// Their bytes.
    pub size: u64,
    /// What lies in the job's directory and was not written by elbtail: it stays.
    pub foreign: Vec<String>,
}

/// What became of the jobs of an archive.
#[derive(Debug, Default)]
pub struct Pruning {
    /// Those that are, or would be, deleted.
    pub pruned: Vec<Pruned>,
    /// Why others were left alone, whatever their age: an index that cannot be read, a writer at work.
    pub left: Vec<ArchiveError>,
}

/// Deletes the jobs to which nothing was added since `before`; with `dry_run` it only tells which. What elbtail did not
/// write stays, and so does a job that is being saved or whose index cannot be read.
///
/// # Errors
/// What the store says.
pub async fn prune(archive: &Archive, before: Timestamp, dry_run: bool) -> Result<Pruning, ArchiveError> {
    let mut pruning = Pruning::default();
    for key in archive.jobs().await? {
        match prune_job(archive, &key, before, dry_run).await {
            Ok(pruned) => pruning.pruned.extend(pruned),
            Err(error @ (ArchiveError::Damaged { .. } | ArchiveError::Busy { .. })) => pruning.left.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(pruning)
}

async fn prune_job(
    archive: &Archive,
    key: &JobKey,
    before: Timestamp,
    dry_run: bool,
) -> Result<Option<Pruned>, ArchiveError> {
    // Nobody's right to write is taken for a job that is young.
    if old(archive, key, before).await?.is_none() {
        return Ok(None);
    }
    if dry_run {
        Lease::ask(&archive.store, key).await?;
        return Ok(look(archive, key, before).await?.map(|(pruned, _)| pruned));
    }
    let lease = Lease::take(&archive.store, key, None).await?;
    // Until now somebody may have written it.
    let looked = match look(archive, key, before).await {
        Ok(Some(looked)) => looked,
        other => {
            lease.release().await;
            return other.map(|_| None);
        }
    };
    let (pruned, ours) = looked;
    leftovers::sweep(&archive.store, key).await?;
    // The index last: as long as it is there, an interrupted deletion is taken up again.
    let (index, rest): (Vec<String>, Vec<String>) =
        ours.into_iter().map(|object| object.path).partition(|path| path.contains("/index/"));
    archive.store.delete(rest).await?;
    archive.store.delete(index).await?;
    lease.end(&archive.store, key).await?;
    Ok(Some(pruned))
}

/// When something was saved last of a job, if that is long ago; `None` for a directory that is not a job's as well.
async fn old(archive: &Archive, key: &JobKey, before: Timestamp) -> Result<Option<Timestamp>, ArchiveError> {
    let job = match archive.look_up(key).await {
        Err(ArchiveError::NoJob { .. }) => return Ok(None),
        job => job?,
    };
    match job.index_fault() {
        Some(damaged) => Err(damaged),
        None => Ok(job.saved.filter(|saved| *saved < before)),
    }
}

/// What would be deleted of a job, if it is old.
async fn look(
    archive: &Archive,
    key: &JobKey,
    before: Timestamp,
) -> Result<Option<(Pruned, Vec<Listed>)>, ArchiveError> {
    let Some(saved) = old(archive, key, before).await? else { return Ok(None) };
    let objects = archive.store.list(&format!("jobs/{key}")).await?;
    let (ours, foreign): (Vec<Listed>, Vec<Listed>) =
        objects.into_iter().partition(|object| !object.is_link && is_ours(&object.path));
    // The right to write is taken for it, and says how it is by now.
    let kept =
        || ours.iter().filter(|object| !object.path.ends_with("/writer.lock") && !object.path.ends_with("/lease.json"));
    let pruned = Pruned {
        job: key.clone(),
        saved,
        objects: kept().count(),
        size: kept().map(|object| object.size).sum(),
        foreign: foreign.into_iter().map(|object| archive.store.call(&object.path)).collect(),
    };
    Ok(Some((pruned, ours)))
}

/// Whether elbtail writes objects of this name.
pub(super) fn is_ours(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["jobs", _, "index", name] => Segment::parse(name).is_some(),
        ["jobs", _, "lease.json" | "writer.lock"] => true,
        ["jobs", _, "chunks", stream @ .., name] => {
            let named = name.strip_suffix(".zst").and_then(|name| name.split_once('-'));
            let is_chunk = named.is_some_and(|(line, hash)| {
                line.bytes().all(|b| b.is_ascii_digit())
                    && hash.len() == 16
                    && hash.bytes().all(|b| b.is_ascii_hexdigit())
            });
            is_chunk && stream.join("/").parse::<super::ArchivedStream>().is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_elbtail_names_so_is_its_own() {
        let chunk = "jobs/job-1/chunks/logs/ns_pod_uid/c/0/000000000000-0123456789abcdef.zst";
        for ours in [
            "jobs/job-1/index/000000000001-000000000001.ndjson",
            "jobs/job-1/lease.json",
            "jobs/job-1/writer.lock",
            chunk,
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for foreign in [
            "jobs/job-1/notes.txt",
            "jobs/job-1/index/1-1.ndjson",
            "jobs/job-1/index/a/000000000001-000000000001.ndjson",
            "jobs/job-1/chunks/logs/ns_pod_uid/c/0/thesis.zst",
            "jobs/job-1/chunks/000000000000-0123456789abcdef.zst",
            "elbtail-archive.json",
        ] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}
