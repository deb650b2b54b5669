//! `elbtail jobs -o table|wide|json|yaml|name`: jobs as text, so that people find the one they mean.

use jiff::Timestamp;
use serde::Serialize;

use super::{Batches, FoundJob, ListedJob};
use crate::{
    discover::age::age,
    job_id::JobId,
    numbers::counted,
    render::{Headers, document, plain, table},
    resolve::Resolution,
    row::{Row, RowSummary},
};

/// How many characters of a value a table shows.
const CELL: usize = 40;
/// What stands for nothing.
const NONE: &str = "-";

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobsFormat {
    /// A line for each job.
    Table,
    /// The same with all there is to know.
    Wide,
    /// An array, empty without jobs.
    Json,
    /// The same array.
    Yaml,
    /// What JOB may be for each: the row's id, or that of ElasticBLAST.
    Name,
}

/// Who was asked for the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A database.
    Rows,
    /// A cluster; whether in all of its namespaces.
    Cluster {
        /// Whether the namespace is worth a column.
        everywhere: bool,
    },
    /// Both.
    Both,
}

/// The text for stdout, with a line end; empty without jobs but for [`JobsFormat::Json`] and [`JobsFormat::Yaml`].
///
/// # Errors
/// None is known; what the serializers can report is handed on.
pub fn render(
    format: JobsFormat,
    jobs: &[ListedJob],
    asked: Asked,
    headers: Headers,
    now: Timestamp,
) -> anyhow::Result<String> {
    let views = || -> Vec<JobOutput<'_>> { jobs.iter().map(|job| JobOutput::new(job, asked)).collect() };
    Ok(match format {
        JobsFormat::Name => jobs.iter().filter_map(name).map(|name| plain(&name, usize::MAX) + "\n").collect(),
        JobsFormat::Json => document::json(&views())?,
        JobsFormat::Yaml => document::yaml(&views())?,
        JobsFormat::Table => page(jobs, columns(asked, false), headers, now),
        JobsFormat::Wide => page(jobs, columns(asked, true), headers, now),
    })
}

/// By what a job can be asked for: its row's id, else its own.
fn name(job: &ListedJob) -> Option<String> {
    match &job.row {
        Some((row, _)) => row.id().map(str::to_owned),
        None => job.id().map(JobId::to_string),
    }
}

/// One line that tells a job from others, for a person who chooses.
pub fn line(job: &ListedJob, now: Timestamp) -> String {
    let cells = [Column::ElasticId, Column::Program, Column::Database, Column::Standing, Column::Done, Column::Age];
    let cells = cells.map(|column| column.cell(job, now));
    cells.iter().filter(|cell| *cell != NONE).cloned().collect::<Vec<_>>().join("  ")
}

/// An element of `-o json`: a contract with scripts. What no row tells is null.
#[derive(Serialize)]
struct JobOutput<'a> {
    #[serde(flatten)]
    summary: RowSummary<'a>,
    program: Option<String>,
    db: Option<String>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    elastic_blast_job_id: Option<&'a JobId>,
    inferred: bool,
    outcome: Option<&'static str>,
    #[serde(flatten)]
    seen: Option<SeenOutput<'a>>,
}

/// What is there when a cluster was asked.
#[derive(Serialize)]
struct SeenOutput<'a> {
    cluster: Option<ClusterOutput<'a>>,
    disagreement: Option<&'static str>,
}

/// What a cluster has of a job.
#[derive(Serialize)]
struct ClusterOutput<'a> {
    namespace: &'a str,
    phase: &'static str,
    batches: Batches,
    shards: usize,
    pods: usize,
    nodes: Vec<&'a str>,
    created_at: Option<Timestamp>,
}

impl<'a> JobOutput<'a> {
    fn new(job: &'a ListedJob, asked: Asked) -> Self {
        let row = job.row.as_ref().map(|(row, _)| row);
        let nothing = RowSummary { id: None, kind: None, status: None, phase: None };
        let cluster = job.found.as_ref().map(|found| ClusterOutput {
            namespace: &found.namespace,
            phase: found.standing.as_str(),
            batches: found.batches,
            shards: found.shards,
            pods: found.pods.len(),
            nodes: found.nodes.iter().map(String::as_str).collect(),
            created_at: found.created,
        });
        let seen = SeenOutput { cluster, disagreement: job.disagreement.map(super::Disagreement::name) };
        Self {
            summary: row.map_or(nothing, RowSummary::of),
            program: program(job),
            db: database(job),
            created_at: row.and_then(Row::created_at),
            updated_at: row.and_then(Row::updated_at),
            elastic_blast_job_id: job.id(),
            inferred: job.row.as_ref().is_some_and(|(_, resolution)| resolution.is_inferred()),
            outcome: job.row.as_ref().map(|(_, resolution)| resolution.outcome.name()),
            seen: (asked != Asked::Rows).then_some(seen),
        }
    }
}

/// A column of the row, else of its payload.
fn told<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    let payload = || row.payload()?.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    row.column(name).or_else(payload)
}

fn of_row(job: &ListedJob, name: &str) -> Option<String> {
    told(&job.row.as_ref()?.0, name).map(str::to_owned)
}

fn program(job: &ListedJob) -> Option<String> {
    of_row(job, "program").or_else(|| listed(job.found.as_ref()?.programs.iter()))
}

fn database(job: &ListedJob) -> Option<String> {
    of_row(job, "db").or_else(|| listed(job.found.as_ref()?.databases.iter()))
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<&str> = names.map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// A column of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    RowId,
    Status,
    RowPhase,
    Program,
    Database,
    Created,
    Updated,
    ElasticId,
    Namespace,
    Standing,
    Done,
    Running,
    Failed,
    Waiting,
    Pods,
    Nodes,
    NodeNames,
    Age,
    Remark,
}

use Column::*;

fn columns(asked: Asked, wide: bool) -> &'static [Column] {
    match (asked, wide) {
        (Asked::Rows, false) => &[RowId, Status, RowPhase, Program, Database, Updated, ElasticId],
        (Asked::Rows, true) => &[RowId, Status, RowPhase, Program, Database, Created, Updated, ElasticId],
        (Asked::Cluster { everywhere: false }, false) => {
            &[ElasticId, Program, Database, Done, Running, Failed, Standing, Nodes, Age]
        }
        (Asked::Cluster { everywhere: true }, false) => {
            &[Namespace, ElasticId, Program, Database, Done, Running, Failed, Standing, Nodes, Age]
        }
        (Asked::Cluster { .. }, true) => &[
            Namespace, ElasticId, Program, Database, Done, Running, Failed, Waiting, Standing, Pods, Nodes, Age,
            NodeNames,
        ],
        (Asked::Both, false) => {
            &[RowId, Status, Program, Database, ElasticId, Standing, Done, Running, Failed, Nodes, Age, Remark]
        }
        (Asked::Both, true) => &[
            RowId, Status, RowPhase, Program, Database, Created, Updated, ElasticId, Namespace, Standing, Done,
            Running, Failed, Waiting, Pods, Nodes, Age, NodeNames, Remark,
        ],
    }
}

impl Column {
    fn header(self, is_alone: bool) -> &'static str {
        match self {
            RowId => "ID",
            Status => "STATUS",
            RowPhase => "PHASE",
            Program => "PROGRAM",
            Database => "DB",
            Created => "CREATED",
            Updated => "UPDATED",
            ElasticId => "ELASTIC-BLAST ID",
            Namespace => "NAMESPACE",
            // Beside a row's phase it has a name of its own.
            Standing if is_alone => "PHASE",
            Standing => "CLUSTER",
            Done => "BATCHES",
            Running => "RUNNING",
            Failed => "FAILED",
            Waiting => "WAITING",
            Pods => "PODS",
            Nodes => "NODES",
            NodeNames => "NODE NAMES",
            Age => "AGE",
            Remark => "REMARK",
        }
    }

    fn cell(self, job: &ListedJob, now: Timestamp) -> String {
        let row = job.row.as_ref();
        let column = |text: fn(&Row) -> Option<&str>| row.and_then(|(row, _)| text(row)).map(str::to_owned);
        // To the second: the rest says nothing to a person.
        let time = |time: fn(&Row) -> Option<Timestamp>| {
            row.and_then(|(row, _)| time(row)).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let found = |text: &dyn Fn(&FoundJob) -> String| job.found.as_ref().map(text);
        let text = match self {
            RowId => column(Row::id),
            Status => column(Row::status),
            RowPhase => column(Row::phase),
            Program => program(job),
            Database => database(job).or_else(|| match job.found.as_ref()?.shards {
                0 => None,
                shards => Some(counted(shards, "shard")),
            }),
            Created => time(Row::created_at),
            Updated => time(Row::updated_at),
            ElasticId => return id(row.map(|(_, resolution)| resolution), job.id()),
            Namespace => found(&|job| job.namespace.clone()),
            Standing => found(&|job| job.standing.as_str().to_owned()),
            Done => found(&|job| format!("{}/{}", job.batches.done, job.batches.total)),
            Running => found(&|job| job.batches.running.to_string()),
            Failed => found(&|job| job.batches.failed.to_string()),
            Waiting => found(&|job| job.batches.waiting.to_string()),
            Pods => found(&|job| job.pods.len().to_string()),
            Nodes => found(&|job| job.nodes.len().to_string()),
            NodeNames => {
                return job.found.as_ref().and_then(|job| listed(job.nodes.iter())).unwrap_or_else(|| NONE.to_owned());
            }
            Age => found(&|job| age(job.created, now)),
            Remark => {
                let status = row.and_then(|(row, _)| row.status()).unwrap_or("without a status");
                return job.disagreement.map_or_else(|| NONE.to_owned(), |it| plain(&it.remark(status), 2 * CELL));
            }
        };
        text.map_or_else(|| NONE.to_owned(), |text| plain(&text, CELL))
    }
}

/// The ElasticBLAST id; `?` after one that was only inferred.
fn id(resolution: Option<&Resolution>, id: Option<&JobId>) -> String {
    let doubt = if resolution.is_some_and(Resolution::is_inferred) { "?" } else { "" };
    match id {
        Some(id) => format!("{id}{doubt}"),
        None if resolution.is_some_and(|resolution| resolution.outcome.name() == "ambiguous") => {
            "(ambiguous)".to_owned()
        }
        None => NONE.to_owned(),
    }
}

fn page(jobs: &[ListedJob], columns: &[Column], headers: Headers, now: Timestamp) -> String {
    if jobs.is_empty() {
        return String::new();
    }
    let is_alone = !columns.contains(&RowId);
    let heads: Vec<String> = columns.iter().map(|column| column.header(is_alone).to_owned()).collect();
    let mut lines = Vec::from_iter((headers == Headers::Shown).then_some(heads));
    lines.extend(jobs.iter().map(|job| columns.iter().map(|column| column.cell(job, now)).collect()));
    table(&lines)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::row_from_bytes;

    fn samples() -> Vec<ListedJob> {
        ["incident", "inferred", "none", "v1-job", "table-entity"]
            .iter()
            .map(|name| row_from_bytes(name, &fs::read(format!("testdata/rows/{name}.json")).unwrap(), None).unwrap())
            .map(ListedJob::of_row)
            .collect()
    }

    fn rendered(format: JobsFormat, jobs: &[ListedJob], headers: Headers) -> String {
        render(format, jobs, Asked::Rows, headers, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn rows_as_a_table_as_json_and_as_names() {
        let rows = samples();
        insta::assert_snapshot!("jobs_table", rendered(JobsFormat::Table, &rows, Headers::Shown));
        insta::assert_snapshot!("jobs_json", rendered(JobsFormat::Json, &rows[..2], Headers::Shown));
        assert_eq!(rendered(JobsFormat::Name, &rows[3..4], Headers::Shown), "607f122b1c0e\n");
        let (whole, bare) = (Headers::Shown, Headers::Hidden);
        let [whole, bare] = [whole, bare].map(|headers| rendered(JobsFormat::Table, &rows, headers));
        assert_eq!(bare.lines().count() + 1, whole.lines().count());
        assert!(!bare.contains("ELASTIC-BLAST"));
        assert_eq!(rendered(JobsFormat::Table, &[], Headers::Shown), "");
        assert_eq!(rendered(JobsFormat::Json, &[], Headers::Shown), "[]\n");
        assert_eq!(rendered(JobsFormat::Yaml, &[], Headers::Shown), "[]\n");
    }

    #[test]
    fn a_hostile_row_stays_on_its_line() {
        let row = row_from_bytes("in", br#"{"job_id":"a\u001b[2J\nb","status":"x\ty"}"#, None).unwrap();
        for format in [JobsFormat::Table, JobsFormat::Wide] {
            let row = ListedJob::of_row(row.clone());
            let text = rendered(format, &[row], Headers::Shown);
            assert_eq!(text.lines().count(), 2);
            assert!(!text.contains('\u{1b}'));
        }
    }
}
