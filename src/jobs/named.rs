//! [`NameInCluster`]: a job by what its cluster calls it or a part of it, and [`find`], which finds it.

use std::fmt;

use super::FoundJob;
use crate::{job_id::JobId, k8s::MadeName, render::short_name, row::PREFIX_MIN};

/// The kinds that `KIND/NAME` may begin with, as kubectl takes them.
const PODS: [&str; 3] = ["pod", "pods", "po"];
const JOBS: [&str; 4] = ["job", "jobs", "job.batch", "jobs.batch"];

/// A name that a job has in its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameInCluster {
    /// That of one of its pods.
    Pod(String),
    /// That of one of its Jobs.
    Job(String),
    /// That of a pod or a Job of ElasticBLAST's.
    Either(String),
    /// A part of its id: the short one, or the beginning of either.
    Part(String),
}

impl NameInCluster {
    /// What `text` may be; `None` for what is meant as a file, or as a row's id.
    pub fn of(text: &str) -> Option<NameInCluster> {
        let text = text.trim();
        let is_name = |name: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
            !name.is_empty() && name.bytes().all(inner)
        };
        if let Some((kind, name)) = text.split_once('/') {
            let name = name.to_lowercase();
            return match kind.to_lowercase().as_str() {
                kind if PODS.contains(&kind) && is_name(&name) => Some(NameInCluster::Pod(name)),
                kind if JOBS.contains(&kind) && is_name(&name) => Some(NameInCluster::Job(name)),
                _ => None,
            };
        }
        let folded = text.to_lowercase();
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let (part, least) = match folded.strip_prefix("job-") {
            // Then it can be nothing else.
            Some(part) => (part, 1),
            None => (folded.as_str(), PREFIX_MIN),
        };
        if part.len() >= least && is_hex(part) {
            return Some(NameInCluster::Part(part.to_owned()));
        }
        // As lines begin, a batch's pod is `<prog>-<db>-<NNN>-…`.
        let searches =
            folded.split_once('-').is_some_and(|(program, rest)| program.contains("blast") && rest.contains('-'));
        let is_ours = searches || MadeName::BEGINNINGS.iter().any(|start| folded.starts_with(start));
        (is_ours && !folded.contains('.') && is_name(&folded)).then_some(NameInCluster::Either(folded))
    }

    /// How surely `job` is meant: the less the surer; `None` when it is not.
    fn fits(&self, job: &FoundJob) -> Option<u8> {
        let id = job.id.as_str().strip_prefix("job-").unwrap_or(job.id.as_str());
        // As lines begin, pods' names lack what all of a job's have in common.
        let pod = |name: &String| {
            job.pods.contains(name) || job.pods.iter().any(|pod| short_name(pod, job.id.short()) == *name)
        };
        match self {
            NameInCluster::Pod(name) => pod(name).then_some(0),
            NameInCluster::Job(name) => job.jobs.contains(name).then_some(0),
            NameInCluster::Either(name) => (job.jobs.contains(name) || pod(name)).then_some(0),
            NameInCluster::Part(part) if id == part => Some(0),
            NameInCluster::Part(part) if job.id.short() == part => Some(1),
            NameInCluster::Part(part) if id.starts_with(part.as_str()) => Some(2),
            NameInCluster::Part(part) => job.id.short().starts_with(part.as_str()).then_some(3),
        }
    }
}

impl fmt::Display for NameInCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameInCluster::Pod(name) => write!(f, "pod/{name}"),
            NameInCluster::Job(name) => write!(f, "job/{name}"),
            NameInCluster::Either(name) | NameInCluster::Part(name) => f.write_str(name),
        }
    }
}

/// Why a name means no job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// None is called so.
    None,
    /// Several may be.
    Several(Vec<JobId>),
}

/// The job that `name` means.
///
/// # Errors
/// None is called so, or several are.
pub fn find<'a>(name: &NameInCluster, jobs: &'a [FoundJob]) -> Result<&'a FoundJob, NotFound> {
    let fitting: Vec<(u8, &FoundJob)> = jobs.iter().filter_map(|job| Some((name.fits(job)?, job))).collect();
    let best = fitting.iter().map(|(rank, _)| *rank).min().ok_or(NotFound::None)?;
    let best: Vec<&FoundJob> = fitting.into_iter().filter(|(rank, _)| *rank == best).map(|(_, job)| job).collect();
    match best[..] {
        [job] => Ok(job),
        _ => Err(NotFound::Several(best.into_iter().map(|job| job.id.clone()).collect())),
    }
}

/// The newest job, whether or not it has ended.
pub fn newest(jobs: &[FoundJob]) -> Option<&FoundJob> {
    jobs.iter().max_by_key(|job| job.created)
}

/// The newest job that has not ended.
pub fn latest(jobs: &[FoundJob]) -> Option<&FoundJob> {
    jobs.iter().filter(|job| !job.standing.has_ended()).max_by_key(|job| job.created)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jobs::{Batches, JobStanding},
        k8s::Phase,
    };

    #[test]
    fn what_is_a_name_in_a_cluster_and_what_is_a_file_or_a_row() {
        use NameInCluster::{Either, Job, Part, Pod};
        for (text, name) in [
            ("3ed51a95", Some(Part("3ed51a95".into()))),
            ("429825", Some(Part("429825".into()))),
            ("job-4298253", Some(Part("4298253".into()))),
            ("JOB-4298253", Some(Part("4298253".into()))),
            (
                "pod/blastn-batch-s03-job-000-3ed51a95-pz4nd",
                Some(Pod("blastn-batch-s03-job-000-3ed51a95-pz4nd".into())),
            ),
            ("po/x", Some(Pod("x".into()))),
            ("job/my.job", Some(Job("my.job".into()))),
            ("jobs.batch/init-pv", Some(Job("init-pv".into()))),
            ("blastn-batch-s03-job-000-3ed51a95", Some(Either("blastn-batch-s03-job-000-3ed51a95".into()))),
            ("blastn-s03-000-pz4nd", Some(Either("blastn-s03-000-pz4nd".into()))),
            ("blastn-results", None),
            ("init-ssd-3ed51a95-0", Some(Either("init-ssd-3ed51a95-0".into()))),
            ("18b9edca-4d8a-41bc-9cd8-3a2f161259b6", None),
            ("row.json", None),
            ("init-ssd-3ed51a95.json", None),
            ("12345", None),
            ("incident", None),
            ("rows/3ed51a95", None),
            ("pod/", None),
            ("pod/a/b", None),
            ("", None),
        ] {
            assert_eq!(NameInCluster::of(text), name, "{text}");
        }
    }

    fn job(id: &str, pod: &str, standing: JobStanding, created: &str) -> FoundJob {
        FoundJob {
            id: id.parse().unwrap(),
            namespace: "default".to_owned(),
            programs: [].into(),
            databases: [].into(),
            shards: 0,
            batches: Batches::default(),
            standing,
            pods: [pod.to_owned()].into(),
            jobs: [pod.rsplit_once('-').unwrap().0.to_owned()].into(),
            nodes: [].into(),
            created: created.parse().ok(),
        }
    }

    #[test]
    fn a_name_means_one_job_or_all_that_it_may_mean_are_told() {
        let running = JobStanding::At(Phase::Running);
        let jobs = [
            job(
                "job-429825360482416da20736cf3ed51a95",
                "blastn-batch-s00-job-000-3ed51a95-aaaaa",
                running,
                "2026-11-24T12:00:00Z",
            ),
            job(
                "job-429825360482416da20736cf3ed51a96",
                "blastn-batch-s00-job-000-3ed51a96-bbbbb",
                running,
                "2026-11-24T13:00:00Z",
            ),
            job(
                "job-3ed51a950482416da20736cf00000000",
                "submit-jobs-00000000-ccccc",
                JobStanding::Completed,
                "2026-11-24T14:00:00Z",
            ),
        ];
        let at = |text: &str| {
            let found = find(&NameInCluster::of(text).unwrap(), &jobs);
            found.map(|found| jobs.iter().position(|job| job == found).unwrap()).map_err(|why| match why {
                NotFound::None => 0,
                NotFound::Several(ids) => ids.len(),
            })
        };
        for (text, found) in [
            ("3ed51a95", Ok(0)), // Also the beginning of another's; the short id is the better sign.
            ("3ed51a950", Ok(2)),
            ("3ed51a", Ok(2)), // The beginning of an id is a better sign than that of a short one.
            ("000000", Ok(2)),
            ("429825", Err(2)),
            ("job-429825360482416da20736cf3ed51a96", Ok(1)),
            ("pod/blastn-batch-s00-job-000-3ed51a96-bbbbb", Ok(1)),
            ("pod/blastn-s00-000-bbbbb", Ok(1)),
            ("blastn-s00-000-bbbbb", Ok(1)),
            ("job/blastn-batch-s00-job-000-3ed51a96", Ok(1)),
            ("blastn-batch-s00-job-000-3ed51a95-aaaaa", Ok(0)),
            ("submit-jobs-00000000", Ok(2)),
            ("pod/blastn-batch-s00-job-000-3ed51a96", Err(0)),
            ("abcdef", Err(0)),
        ] {
            assert_eq!(at(text), found, "{text}");
        }
        assert_eq!(latest(&jobs).map(|job| job.id.short()), Some("3ed51a96"));
        assert_eq!(latest(&jobs[2..]), None);
    }
}
