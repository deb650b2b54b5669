//! [`MadeName`]: what a Job's name says, if ElasticBLAST made it.

/// The name of one of ElasticBLAST's Jobs. In NCBI's layout no short id stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeName<'a> {
    /// `<prog>-batch-<db>-job-<NNN>` or `<prog>-batch-<db>-job-<NNN>-SHORT`.
    Batch {
        /// Such as `blastn`.
        program: &'a str,
        /// The database, or a shard of one. It may itself hold hyphens.
        database: &'a str,
        /// The short id.
        id: Option<&'a str>,
    },
    /// `init-ssd-<node>` or `init-ssd-SHORT-<node>`.
    InitSsd {
        /// The short id.
        id: Option<&'a str>,
    },
    /// `init-pv`.
    InitPv,
    /// `cloud-split-ssd`.
    CloudSplitSsd,
    /// `submit-jobs` or `submit-jobs-SHORT`.
    SubmitJobs {
        /// The short id.
        id: Option<&'a str>,
    },
    /// `elb-finalizer-SHORT`.
    Finalizer {
        /// The short id.
        id: &'a str,
    },
}

impl<'a> MadeName<'a> {
    /// What they begin with, but those of batches.
    pub const BEGINNINGS: [&'static str; 5] =
        ["init-ssd-", "init-pv", "submit-jobs", "elb-finalizer-", "cloud-split-ssd"];

    /// What `job` says; `None` when ElasticBLAST makes no such name.
    pub fn of(job: &'a str) -> Option<MadeName<'a>> {
        let segments: Vec<&str> = job.split('-').collect();
        match segments[..] {
            _ if segments.contains(&"") => None,
            ["init", "ssd", node] if is_number(node) => Some(MadeName::InitSsd { id: None }),
            ["init", "ssd", id, node] if is_number(node) => Some(MadeName::InitSsd { id: Some(id) }),
            ["init", "pv"] => Some(MadeName::InitPv),
            ["cloud", "split", "ssd"] => Some(MadeName::CloudSplitSsd),
            ["submit", "jobs"] => Some(MadeName::SubmitJobs { id: None }),
            ["submit", "jobs", id] => Some(MadeName::SubmitJobs { id: Some(id) }),
            ["elb", "finalizer", id] => Some(MadeName::Finalizer { id }),
            [program, "batch", ref database @ .., "job", number] if are_of_batch(program, database, number) => {
                Some(MadeName::Batch { program, database: behind(job, 2, 2), id: None })
            }
            [program, "batch", ref database @ .., "job", number, id] if are_of_batch(program, database, number) => {
                Some(MadeName::Batch { program, database: behind(job, 2, 3), id: Some(id) })
            }
            _ => None,
        }
    }

    /// The short id that stands in it.
    pub fn id(self) -> Option<&'a str> {
        match self {
            MadeName::Batch { id, .. } | MadeName::InitSsd { id } | MadeName::SubmitJobs { id } => id,
            MadeName::Finalizer { id } => Some(id),
            MadeName::InitPv | MadeName::CloudSplitSsd => None,
        }
    }
}

/// What is left of a name without so many segments at its beginning and its end.
fn behind(name: &str, first: usize, last: usize) -> &str {
    let begins = name.splitn(first + 1, '-').last().unwrap_or_default();
    begins.rsplitn(last + 1, '-').last().unwrap_or_default()
}

/// `blastn`, `tblastx`, `psiblast` and what may be added to them, a database, and a batch's number.
fn are_of_batch(program: &str, database: &[&str], number: &str) -> bool {
    let is_program = program.contains("blast") && program.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    is_program && is_number(number) && !database.is_empty()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_read_whole_or_not_at_all() {
        let batch = |program, database, id| Some(MadeName::Batch { program, database, id });
        for (name, read) in [
            ("blastn-batch-s03-job-000-3ed51a95", batch("blastn", "s03", Some("3ed51a95"))),
            ("blastp-batch-nr-job-012", batch("blastp", "nr", None)),
            ("psiblast-batch-x-job-0-12345678", batch("psiblast", "x", Some("12345678"))),
            ("rpstblastn-batch-a-batch-b-job-1-c-job-007", batch("rpstblastn", "a-batch-b-job-1-c", None)),
            ("blastn-batch-job-000", None),
            ("blastn-batch-a--b-job-000", None),
            ("blastn-batch-s03-job-0x1", None),
            ("nginx-batch-s03-job-000", None),
            ("Blastn-batch-s03-job-000", None),
            ("blastn-batch-s03-job-000-3ed51a95-p9vp5", None),
            ("init-ssd-3", Some(MadeName::InitSsd { id: None })),
            ("init-ssd-3ed51a95-0", Some(MadeName::InitSsd { id: Some("3ed51a95") })),
            ("init-ssd-3ed51a95", None),
            ("init-pv", Some(MadeName::InitPv)),
            ("cloud-split-ssd", Some(MadeName::CloudSplitSsd)),
            ("submit-jobs", Some(MadeName::SubmitJobs { id: None })),
            ("submit-jobs-3ed51a95", Some(MadeName::SubmitJobs { id: Some("3ed51a95") })),
            ("elb-finalizer-3ed51a95", Some(MadeName::Finalizer { id: "3ed51a95" })),
            ("elb-finalizer", None),
            ("elb-finalizer-", None),
            ("blastn-batch-s03-job-000-", None),
            ("-batch-s03-job-000", None),
            ("warm-my-batch-db-job-0", None),
            ("", None),
        ] {
            assert_eq!(MadeName::of(name), read, "{name}");
            let begins = MadeName::BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
            assert!(begins || matches!(read, Some(MadeName::Batch { .. }) | None), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_a_batchs_name_was_made_of_is_read_back(
            program in "[a-z0-9]{0,3}blast[a-z0-9]{0,3}", number in "[0-9]{1,4}", id in proptest::option::of("[0-9a-f]{8}"),
            database in "(batch|job|[a-zA-Z0-9_.]{1,4})(-(batch|job|[0-9]{1,2}|[a-zA-Z0-9_.]{1,4})){0,4}",
        ) {
            let id = id.as_deref();
            let short = id.map(|id| format!("-{id}")).unwrap_or_default();
            let name = format!("{program}-batch-{database}-job-{number}{short}");
            let read = MadeName::of(&name);
            prop_assert_eq!(read, Some(MadeName::Batch { program: &program, database: &database, id }), "{}", name);
            prop_assert_eq!(read.and_then(MadeName::id), id);
        }

        #[test]
        fn whatever_a_name_is_what_is_read_of_it_stands_in_it(
            name in "((init|ssd|pv|submit|jobs|elb|finalizer|blastn|batch|job|3ed51a95|[0-9]{1,3}|)-?){0,8}|\\PC{0,20}"
        ) {
            let read = MadeName::of(&name);
            prop_assert!(read.and_then(MadeName::id).is_none_or(|id| name.contains(id)));
            if let Some(MadeName::Batch { program, database, .. }) = read {
                let begins = format!("{program}-batch-{database}-job-");
                prop_assert!(name.starts_with(&begins));
            }
        }
    }
}
