//! [`Report`]: what is said about the facts.

use serde::Serialize;

use super::{
    Area, Check, CheckState, ClusterAnswers, ClusterFacts, Code, Facts, Finding, Severity, finding::fold, rules,
};
use crate::exit::Exit;

/// The outcome of an examination: a contract with scripts, described by `docs/doctor.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The ElasticBLAST id.
    pub job: Option<String>,
    /// The row's own id.
    pub row: Option<String>,
    /// The API server as `host:port`.
    pub cluster: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Whether there is no problem.
    pub healthy: bool,
    /// One line for a person.
    pub summary: String,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// What was found, the first cause first.
    pub findings: Vec<Finding>,
    /// The exit code.
    pub exit_code: u8,
    /// The same as the contract's word.
    #[serde(skip)]
    pub exit: Exit,
    /// Whether pods of the job were seen.
    #[serde(skip)]
    pub has_pods: bool,
}

impl Report {
    /// That the cluster has no job of this name: `text` says so, and what to do next.
    pub fn not_found(text: &str) -> Report {
        let (summary, more) = text.split_once('\n').unwrap_or((text, ""));
        let finding = Finding::problem(Code::K8sNotFound, summary).evidence(more);
        let exit = finding.code.exit();
        let check = |area| match area {
            Area::Row | Area::Id => (CheckState::NotChecked, Some("JOB is no row and no whole id".to_owned())),
            Area::Cluster | Area::Permission => (CheckState::Ok, None),
            Area::Jobs => (CheckState::Problem, None),
            Area::Pods | Area::Containers | Area::Blast | Area::Logs => {
                (CheckState::NotChecked, Some("there are no pods".to_owned()))
            }
        };
        let checks = Area::ALL.into_iter().map(|area| {
            let (state, reason) = check(area);
            Check { check: area, state, reason }
        });
        Report {
            job: None,
            row: None,
            cluster: None,
            namespace: None,
            healthy: false,
            summary: finding.summary.clone(),
            checks: checks.collect(),
            findings: vec![finding],
            exit_code: exit as u8,
            exit,
            has_pods: false,
        }
    }

    /// The first problem, if there is one.
    pub fn first(&self) -> Option<&Finding> {
        self.findings.first().filter(|finding| finding.is_problem())
    }

    /// The first problem, or else the first note, in one line with the next command.
    pub fn one_line(&self) -> Option<String> {
        let finding = self.findings.first()?;
        let next = finding.next.as_ref().map(|next| format!("; next: {next}"));
        let next = next.or(finding.advice.as_ref().map(|advice| format!("; {advice}"))).unwrap_or_default();
        Some(format!("{} ({}){next}", finding.summary, finding.code.as_str()))
    }
}

/// Judges the facts. Pure: the same facts give the same report.
pub fn examine(facts: &Facts) -> Report {
    let found = rules::all(facts);
    let checks = checks(facts, &found);
    let findings = fold(found);
    let first = findings.first().filter(|finding| finding.is_problem());
    let row_exit = facts.row.unreadable.as_ref().map(|(_, exit)| *exit);
    let exit = first.map_or(Exit::Done, |finding| exit_of(finding, row_exit));
    let seen = match &facts.cluster {
        ClusterFacts::Seen(seen) => Some(seen),
        ClusterFacts::NotAsked(_) | ClusterFacts::Failed(_) => None,
    };
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Report {
        job: facts.row.id().map(ToString::to_string),
        row: facts.row.row.as_ref().and_then(|row| row.id()).map(|id| crate::render::plain(id, 200)),
        cluster: text(&facts.place.host),
        namespace: text(&facts.place.namespace),
        healthy: first.is_none(),
        summary: match first {
            Some(finding) => finding.summary.clone(),
            None => rules::healthy(facts),
        },
        checks,
        findings,
        exit_code: exit as u8,
        exit,
        has_pods: seen.is_some_and(|seen| !seen.pods().is_empty()),
    }
}

fn exit_of(finding: &Finding, row: Option<Exit>) -> Exit {
    match (finding.code, row) {
        (Code::RowUnreadable, Some(exit)) => exit,
        _ => finding.code.exit(),
    }
}

/// How each check came out, by its findings and by whether it could be made at all.
fn checks(facts: &Facts, findings: &[Finding]) -> Vec<Check> {
    Area::ALL
        .into_iter()
        .map(|area| {
            let of_area = findings.iter().filter(|finding| finding.code.area() == area);
            let worst = of_area.map(|finding| finding.severity).min();
            let reason = why_not_checked(facts, area);
            let state = match (worst, &reason) {
                (Some(Severity::Problem), _) => CheckState::Problem,
                (_, Some(_)) => CheckState::NotChecked,
                (Some(Severity::Note), None) => CheckState::Note,
                (None, None) => CheckState::Ok,
            };
            Check { check: area, state, reason: reason.filter(|_| state == CheckState::NotChecked) }
        })
        .collect()
}

/// Why a check could not be made, if it could not.
fn why_not_checked(facts: &Facts, area: Area) -> Option<String> {
    if facts.row.unreadable.is_some() {
        return (area != Area::Row && area < Area::Cluster || area > Area::Permission)
            .then(|| "the row cannot be read".to_owned())
            .or_else(|| cluster_is_silent(facts, area));
    }
    if area == Area::Row && facts.row.row.is_none() {
        return Some("an id was given instead of a row".to_owned());
    }
    if area <= Area::Id {
        return None;
    }
    if let Some(why) = cluster_is_silent(facts, area) {
        return Some(why);
    }
    if area > Area::Permission && facts.row.id().is_none() {
        return Some("there is no id to look for".to_owned());
    }
    let ClusterFacts::Seen(seen) = &facts.cluster else { return None };
    let refused = |list: Option<&crate::cluster::ClusterError>| list.map(ToString::to_string);
    match area {
        Area::Jobs => refused(seen.jobs.as_ref().and_then(|jobs| jobs.as_ref().err())),
        Area::Pods | Area::Containers | Area::Blast | Area::Logs => {
            refused(seen.pods.as_ref().and_then(|pods| pods.as_ref().err()))
                .or_else(|| seen.pods().is_empty().then(|| "there are no pods".to_owned()))
                .or_else(|| {
                    (area > Area::Containers && !may_read_logs(seen)).then(|| "logs may not be read".to_owned())
                })
        }
        _ => None,
    }
}

fn may_read_logs(seen: &ClusterAnswers) -> bool {
    !seen.grants.iter().any(|grant| grant.resource == "pods/log" && grant.allowed == Some(false))
}

fn cluster_is_silent(facts: &Facts, area: Area) -> Option<String> {
    match &facts.cluster {
        ClusterFacts::NotAsked(why) if area >= Area::Cluster => Some(why.clone()),
        ClusterFacts::Failed(_) if area > Area::Cluster => Some("the cluster does not answer us".to_owned()),
        _ => None,
    }
}
