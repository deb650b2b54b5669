//! `elbtail archives DEST -o table|wide|name|json|yaml`: jobs as text.

use super::JobSummary;
use crate::{
    numbers::counted,
    render::{Headers, bytes, document, plain, table},
};

/// How many characters of a value a table shows.
const CELL: usize = 40;

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchivesFormat {
    /// A line for each job.
    Table,
    /// The same with all there is to know.
    Wide,
    /// The jobs' ids alone.
    Name,
    /// An array, empty without jobs.
    Json,
    /// The same array.
    Yaml,
}

/// The text for stdout, with a line end; empty without jobs but for JSON and YAML.
///
/// # Errors
/// None is known; what the serializers can report is handed on.
pub fn render(format: ArchivesFormat, jobs: &[JobSummary], headers: Headers) -> anyhow::Result<String> {
    Ok(match format {
        ArchivesFormat::Name => jobs.iter().map(|job| job.job.clone() + "\n").collect(),
        ArchivesFormat::Json => document::json(&jobs)?,
        ArchivesFormat::Yaml => document::yaml(&jobs)?,
        ArchivesFormat::Table => page(jobs, headers, false),
        ArchivesFormat::Wide => page(jobs, headers, true),
    })
}

fn page(jobs: &[JobSummary], headers: Headers, wide: bool) -> String {
    if jobs.is_empty() {
        return String::new();
    }
    let narrow = ["JOB", "ROW", "STATUS", "SAVED", "LINES", "SIZE", "COMPLETE"];
    let more = ["LOGS", "UNREAD", "GAPS", "TEXT"];
    let mut lines = Vec::new();
    if headers == Headers::Shown {
        lines.push(narrow.iter().chain(more.iter().filter(|_| wide)).map(|&head| head.to_owned()).collect());
    }
    let cell = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| plain(text, CELL));
    for job in jobs {
        let saved = job.saved.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let (row, status) = (cell(job.row.as_deref()), cell(job.status.as_deref()));
        let mut line =
            vec![job.job.clone(), row, status, saved, job.lines.to_string(), bytes(job.size), completeness(job)];
        if wide {
            line.extend([job.instances, job.incomplete, job.gaps].map(|count| count.to_string()));
            line.push(bytes(job.bytes));
        }
        lines.push(line);
    }
    table(&lines)
}

/// `yes`, or what keeps it from being so.
fn completeness(job: &JobSummary) -> String {
    if job.complete {
        return "yes".to_owned();
    }
    let parts = [
        job.damaged.then(|| "index damaged".to_owned()),
        (job.gaps > 0).then(|| counted(job.gaps, "gap")),
        (job.incomplete > 0).then(|| format!("{} unread", job.incomplete)),
        (!job.ended).then(|| "not ended".to_owned()),
    ];
    format!("no: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> [JobSummary; 2] {
        let whole = JobSummary {
            job: "job-429825360482416da20736cf3ed51a95".to_owned(),
            row: Some("18b9edca-4d8a-41bc-9cd8-3a2f161259b6".to_owned()),
            status: Some("completed".to_owned()),
            namespace: Some("default".to_owned()),
            ended: true,
            complete: true,
            saved: "2026-11-24T12:58:26.959Z".parse().ok(),
            instances: 26,
            incomplete: 0,
            gaps: 0,
            damaged: false,
            lines: 41_870,
            bytes: 4_194_391,
            size: 388_120,
        };
        let part = JobSummary {
            job: "job-1".to_owned(),
            row: None,
            status: Some("a\u{1b}[2J\nb".to_owned()),
            namespace: None,
            ended: false,
            complete: false,
            incomplete: 3,
            gaps: 1,
            damaged: true,
            ..whole.clone()
        };
        [whole, part]
    }

    #[test]
    fn jobs_as_a_table_and_as_objects() {
        for (name, format) in [
            ("archives_table", ArchivesFormat::Table),
            ("archives_wide", ArchivesFormat::Wide),
            ("archives_json", ArchivesFormat::Json),
        ] {
            insta::assert_snapshot!(name, render(format, &jobs(), Headers::Shown).unwrap());
        }
        let names = render(ArchivesFormat::Name, &jobs(), Headers::Shown).unwrap();
        assert_eq!(names, "job-429825360482416da20736cf3ed51a95\njob-1\n");
        let yaml = render(ArchivesFormat::Yaml, &jobs()[..1], Headers::Shown).unwrap();
        assert!(yaml.contains("complete: true\n"), "{yaml}");
        assert_eq!(render(ArchivesFormat::Table, &jobs()[..1], Headers::Hidden).unwrap().lines().count(), 1);
        assert_eq!(render(ArchivesFormat::Table, &[], Headers::Shown).unwrap(), "");
        assert_eq!(render(ArchivesFormat::Json, &[], Headers::Shown).unwrap(), "[]\n");
    }

    #[test]
    fn a_hostile_row_stays_on_its_line() {
        let text = render(ArchivesFormat::Table, &jobs(), Headers::Shown).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains('\u{1b}'));
    }
}
