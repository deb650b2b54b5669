//! What a batch searches with, and in: program and database, from its Job's name, labels and command line.

use std::{collections::BTreeSet, sync::LazyLock};

use k8s_openapi::api::batch::v1::Job;
use regex::Regex;

use crate::k8s::{MadeName, Pod, job_name};

/// The database on a BLAST command line.
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(?:^|\s)-db[ =]["']?([^\s"'$]+)"#).ok());

/// The program in the name of a batch Job, such as `blastn`.
pub(super) fn program(job: &str) -> Option<&str> {
    program_and_database(job).map(|(program, _)| program)
}

/// The same, and the database: its name, or that of a shard.
fn program_and_database(job: &str) -> Option<(&str, &str)> {
    match MadeName::of(job) {
        Some(MadeName::Batch { program, database, .. }) => Some((program, database)),
        _ => None,
    }
}

/// Which databases are searched.
#[derive(Debug, Default)]
pub(super) struct Database {
    /// As the command lines say: the whole truth, where it is told.
    told: BTreeSet<String>,
    /// As labels and names say.
    labels: BTreeSet<String>,
}

impl Database {
    /// Takes note of what a batch Job searches.
    pub fn take_job(&mut self, job: &Job) {
        self.take(job_name(job), job.metadata.labels.as_ref().and_then(|labels| labels.get("db")).map(String::as_str));
        let spec = job.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        for container in spec.iter().flat_map(|spec| &spec.containers) {
            let words: Vec<&str> =
                container.command.iter().chain(&container.args).flatten().map(String::as_str).collect();
            let Some(found) = FLAG.as_ref().and_then(|flag| flag.captures(&words.join(" ")).map(|it| it[1].to_owned()))
            else {
                continue;
            };
            let name = found.rsplit('/').next().unwrap_or_default();
            self.told.insert(name.split("_shard_").next().unwrap_or(name).to_owned());
        }
    }

    /// Takes note of what a batch pod searches.
    pub fn take_pod(&mut self, pod: &Pod) {
        self.take(pod.jobs().next().unwrap_or_default(), pod.label("db"));
    }

    fn take(&mut self, job: &str, label: Option<&str>) {
        let named = || program_and_database(job).map(|(_, database)| database);
        self.labels.extend(label.filter(|label| !label.is_empty()).or_else(named).map(str::to_owned));
    }

    /// How many shards there are; 0 for a database that is not split.
    pub fn shards(&self) -> usize {
        self.labels.iter().filter(|label| is_shard(label)).count()
    }

    /// The names of the databases; none when only their shards have names.
    pub fn names(self) -> BTreeSet<String> {
        if self.told.is_empty() {
            self.labels.into_iter().filter(|label| !is_shard(label)).collect()
        } else {
            self.told
        }
    }
}

/// `s00`, `s01`, …: what the database's label says in a sharded run.
fn is_shard(label: &str) -> bool {
    label.strip_prefix('s').is_some_and(|number| number.len() >= 2 && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn program_and_database_stand_in_a_batchs_name() {
        for (job, found) in [
            ("blastn-batch-s03-job-000-3ed51a95", Some(("blastn", "s03"))),
            ("blastp-batch-nr-job-012", Some(("blastp", "nr"))),
            ("rpstblastn-batch-a-batch-b-job-1-c-job-007-3ed51a95", Some(("rpstblastn", "a-batch-b-job-1-c"))),
            ("psiblast-batch-x-job-0", Some(("psiblast", "x"))),
            ("warm-my-batch-db-job-0", None),
            ("init-ssd-3ed51a95-0", None),
            ("blastn-batch-job-000", None),
            ("", None),
        ] {
            assert_eq!((program_and_database(job), program(job)), (found, found.map(|(program, _)| program)), "{job}");
        }
    }

    #[test]
    fn a_database_is_what_the_command_line_says_else_what_is_no_shard() {
        let job = |name: &str, label: Option<&str>, args: &[&str]| -> Job {
            let labels = label.map(|label| json!({"db": label}));
            let containers = json!([{"name": "blast", "command": ["/bin/bash", "-c"], "args": args}]);
            serde_json::from_value(json!({
                "metadata": {"name": name, "labels": labels},
                "spec": {"template": {"spec": {"containers": containers}}},
            }))
            .unwrap()
        };
        for (jobs, names, shards) in [
            (
                vec![
                    job("blastn-batch-s00-job-0-x", Some("s00"), &[]),
                    job("blastn-batch-s01-job-0-x", Some("s01"), &[]),
                ],
                "",
                2,
            ),
            (
                vec![
                    job("blastn-batch-s00-job-0-x", Some("s00"), &["blastn -db core_nt_shard_00 -query q"]),
                    job("blastn-batch-s01-job-0-x", Some("s01"), &["blastn -db core_nt_shard_01 -query q"]),
                ],
                "core_nt",
                2,
            ),
            (vec![job("blastp-batch-nr-job-000", None, &["echo; blastp -db \"$ELB_DB\" -query q"])], "nr", 0),
            (
                vec![job("blastp-batch-nr-job-000", None, &["blastp", "-db", "/blast/db/swissprot", "-query"])],
                "swissprot",
                0,
            ),
            (vec![job("blastp-batch-16s-job-000", None, &[])], "16s", 0),
            (vec![job("renamed", Some("nt"), &[])], "nt", 0),
            (vec![job("renamed", None, &[])], "", 0),
        ] {
            let mut database = Database::default();
            jobs.iter().for_each(|job| database.take_job(job));
            assert_eq!(database.shards(), shards, "{names}");
            assert_eq!(Vec::from_iter(database.names()).join(","), names);
        }
    }
}
