//! [`ListedJob`]: a job of a database, of a cluster, or of both, and where the two disagree.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{FoundJob, JobStanding};
use crate::{
    discover::SearchScope,
    job_id::JobId,
    resolve::{Resolution, resolve},
    row::{Row, Wait},
};

/// How a row and a cluster disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disagreement {
    /// Pods or Jobs that no row names.
    NoRow,
    /// The row says that the job goes on, and nothing of it is in the cluster.
    JobsGone,
    /// The row says that the job goes on, and in the cluster it has ended.
    RowBehind(JobStanding),
    /// The row says that the job has ended, and in the cluster it goes on.
    RowAhead,
    /// Both say that it has ended, one that it failed.
    Outcome(JobStanding),
}

impl Disagreement {
    /// The word for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Disagreement::NoRow => "no-row",
            Disagreement::JobsGone => "jobs-gone",
            Disagreement::RowBehind(_) => "row-behind",
            Disagreement::RowAhead => "row-ahead",
            Disagreement::Outcome(_) => "outcome",
        }
    }

    /// What is said of it in a table, with the row's status.
    pub fn remark(self, status: &str) -> String {
        match self {
            Disagreement::NoRow => "pods without a row".to_owned(),
            Disagreement::JobsGone => format!("row {status}, Jobs gone"),
            Disagreement::RowBehind(standing) => format!("row {status}, Jobs {}", standing.as_str()),
            Disagreement::RowAhead => format!("row {status}, Jobs running"),
            Disagreement::Outcome(standing) => format!("row {status}, Jobs {}", standing.as_str()),
        }
    }
}

/// One job.
#[derive(Debug)]
pub struct ListedJob {
    /// Its row, if there is one.
    pub row: Option<(Row, Resolution)>,
    /// What the cluster has of it.
    pub found: Option<FoundJob>,
    /// Where the two disagree; nothing unless both were asked.
    pub disagreement: Option<Disagreement>,
}

impl ListedJob {
    /// A row, where no cluster was asked.
    pub fn of_row(row: Row) -> ListedJob {
        let resolution = resolve(&row);
        ListedJob { row: Some((row, resolution)), found: None, disagreement: None }
    }

    /// A job of a cluster, where no database was asked.
    pub fn of_cluster(found: FoundJob) -> ListedJob {
        ListedJob { row: None, found: Some(found), disagreement: None }
    }

    /// The ElasticBLAST id.
    pub fn id(&self) -> Option<&JobId> {
        self.found.as_ref().map(|found| &found.id).or_else(|| self.row.as_ref()?.1.id())
    }

    /// When it was made: by the row, else by the cluster.
    pub fn created(&self) -> Option<Timestamp> {
        let row = self.row.as_ref().and_then(|(row, _)| row.created_at().or_else(|| row.updated_at()));
        row.or_else(|| self.found.as_ref()?.created)
    }
}

/// Whether some job of the cluster is named by none of `rows`.
pub fn missing_rows(rows: &[Row], found: &[FoundJob]) -> bool {
    let named: HashSet<JobId> = rows.iter().filter_map(|row| resolve(row).id().cloned()).collect();
    found.iter().any(|job| !named.contains(&job.id))
}

/// Rows and what the cluster has, which was asked in `area`: the rows in their order, then what has none. `others` are rows that
/// are not to be listed for themselves, but for what the cluster has of them.
pub fn join(
    rows: Vec<Row>,
    others: Vec<Row>,
    found: Vec<FoundJob>,
    area: &SearchScope,
    now: Timestamp,
) -> Vec<ListedJob> {
    let mut found: Vec<Option<FoundJob>> = found.into_iter().map(Some).collect();
    let mut listed: Vec<ListedJob> = Vec::new();
    let known: HashSet<String> = rows.iter().filter_map(|row| row.id().map(str::to_owned)).collect();
    let others = others.into_iter().filter(|row| row.id().is_none_or(|id| !known.contains(id)));
    for (row, is_wanted) in rows.into_iter().map(|row| (row, true)).chain(others.map(|row| (row, false))) {
        let resolution = resolve(&row);
        let of_row = |job: &&mut Option<FoundJob>| {
            job.as_ref().is_some_and(|job| Some(&job.id) == resolution.id() && is_here(&row, &job.namespace))
        };
        let found = found.iter_mut().find(of_row).and_then(Option::take);
        if !is_wanted && found.is_none() {
            continue;
        }
        let disagreement = disagreement(&row, &resolution, found.as_ref(), area, now);
        listed.push(ListedJob { row: Some((row, resolution)), found, disagreement });
    }
    listed.extend(found.into_iter().flatten().map(|found| ListedJob {
        row: None,
        found: Some(found),
        disagreement: Some(Disagreement::NoRow),
    }));
    listed
}

/// Whether a row may be about a job in `namespace`.
fn is_here(row: &Row, namespace: &str) -> bool {
    row.namespace().is_none_or(|own| own == namespace || own == "default")
}

fn disagreement(
    row: &Row,
    resolution: &Resolution,
    found: Option<&FoundJob>,
    area: &SearchScope,
    now: Timestamp,
) -> Option<Disagreement> {
    resolution.id()?;
    let status = row.status().unwrap_or_default();
    match (row.is_terminal(), found) {
        // What has ended is removed after a while.
        (true, None) => None,
        (false, None) => {
            let elsewhere = row.namespace().is_some_and(|namespace| !area.holds(namespace));
            let waits = Wait::of(row, now).is_some();
            (!elsewhere && !waits).then_some(Disagreement::JobsGone)
        }
        (true, Some(job)) if !job.standing.has_ended() => Some(Disagreement::RowAhead),
        (false, Some(job)) if job.standing.has_ended() => Some(Disagreement::RowBehind(job.standing)),
        (true, Some(job)) => {
            let is_told = ["completed", "failed"].iter().any(|word| status.eq_ignore_ascii_case(word));
            (is_told && !status.eq_ignore_ascii_case(job.standing.as_str()))
                .then_some(Disagreement::Outcome(job.standing))
        }
        (false, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::{jobs::Batches, k8s::Phase, source::row_from_bytes};

    const ONE: &str = "job-429825360482416da20736cf3ed51a95";
    const OTHER: &str = "job-529825360482416da20736cf3ed51a96";

    fn row(name: &str, id: &str, status: &str, namespace: Option<&str>) -> Row {
        let k8s = json!({"namespace": namespace, "job_id": id});
        let payload =
            json!({"k8s_job_id": id, "external": {"k8s": k8s}, "_progress": {"steps": {"running": {"k8s": k8s}}}});
        let text = json!({"job_id": name, "status": status, "phase": status, "payload": payload}).to_string();
        row_from_bytes("in", text.as_bytes(), None).unwrap()
    }

    fn found(id: &str, standing: JobStanding) -> FoundJob {
        FoundJob {
            id: id.parse().unwrap(),
            namespace: "default".to_owned(),
            programs: BTreeSet::new(),
            databases: BTreeSet::new(),
            shards: 0,
            batches: Batches::default(),
            standing,
            pods: BTreeSet::new(),
            jobs: BTreeSet::new(),
            nodes: BTreeSet::new(),
            created: None,
        }
    }

    fn joined(rows: Vec<Row>, others: Vec<Row>, found: Vec<FoundJob>) -> Vec<(String, Option<&'static str>)> {
        let area = SearchScope::Namespace("default".to_owned());
        let name = |job: &ListedJob| match (&job.row, &job.found) {
            (Some((row, _)), found) => row.id().unwrap().to_owned() + if found.is_some() { "+" } else { "" },
            (None, Some(found)) => found.id.short().to_owned(),
            (None, None) => String::new(),
        };
        let listed = join(rows, others, found, &area, Timestamp::UNIX_EPOCH);
        listed.iter().map(|job| (name(job), job.disagreement.map(Disagreement::name))).collect()
    }

    #[test]
    fn where_rows_and_a_cluster_disagree() {
        let running = JobStanding::At(Phase::Running);
        for (status, namespace, standing, told) in [
            ("running", None, Some(running), None),
            ("running", None, None, Some("jobs-gone")),
            ("running", Some("default"), None, Some("jobs-gone")),
            ("running", Some("blast-2"), None, None),
            ("queued", None, None, None),
            ("completed", None, None, None),
            ("completed", None, Some(running), Some("row-ahead")),
            ("cancelled", None, Some(running), Some("row-ahead")),
            ("running", None, Some(JobStanding::Completed), Some("row-behind")),
            ("running", None, Some(JobStanding::Failed), Some("row-behind")),
            ("completed", None, Some(JobStanding::Completed), None),
            ("Failed", None, Some(JobStanding::Failed), None),
            ("completed", None, Some(JobStanding::Failed), Some("outcome")),
            ("failed", None, Some(JobStanding::Completed), Some("outcome")),
            ("cancelled", None, Some(JobStanding::Failed), None),
        ] {
            let found: Vec<_> = standing.map(|standing| found(ONE, standing)).into_iter().collect();
            let name = if found.is_empty() { "a" } else { "a+" };
            let told = [(name.to_owned(), told)];
            assert_eq!(joined(vec![row("a", ONE, status, namespace)], vec![], found), told, "{status} {standing:?}");
        }
    }

    #[test]
    fn what_no_row_names_is_told_after_the_rows() {
        let at = |id| found(id, JobStanding::At(Phase::Running));
        let a = || row("a", ONE, "running", None);
        let b = || row("b", OTHER, "running", None);
        let plain = |name: &str| (name.to_owned(), None);
        let no_row = ("3ed51a96".to_owned(), Some("no-row"));
        assert_eq!(joined(vec![a()], vec![], vec![at(OTHER), at(ONE)]), [plain("a+"), no_row.clone()]);
        assert_eq!(joined(vec![], vec![], vec![at(OTHER)]), [no_row]);
        assert_eq!(joined(vec![a()], vec![a(), b()], vec![at(OTHER), at(ONE)]), [plain("a+"), plain("b+")]);
        assert_eq!(joined(vec![a()], vec![b()], vec![at(ONE)]), [plain("a+")], "it was not asked for");
        assert!(missing_rows(&[a()], &[at(OTHER), at(ONE)]) && !missing_rows(&[a(), b()], &[at(OTHER)]));
    }
}
