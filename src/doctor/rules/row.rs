//! The row: can it be read, and does it agree with the cluster?

use jiff::SignedDuration;
use serde_json::Value;

use super::case::{Case, is_over, is_running};
use crate::{
    discover::age::human,
    doctor::{Code, Facts, Finding},
    k8s::{JobCondition, Role},
    numbers::counted,
    row::{Row, Wait, is_before_jobs},
};

/// A running row that was not touched for so long is not kept up to date.
const STALE: SignedDuration = SignedDuration::from_mins(15);
/// How long the row may lag behind the Jobs' end.
const LAG: SignedDuration = SignedDuration::from_mins(10);
/// Characters of a step's error that are shown.
const ERROR: usize = 300;

/// What the row says by itself.
pub(super) fn alone(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((why, _)) = &facts.row.unreadable {
        let finding = Finding::problem(Code::RowUnreadable, format!("the row cannot be read: {why}"));
        findings.push(finding.advice("export the row again, or give the ElasticBLAST id itself instead of it"));
    }
    let Some(row) = &facts.row.row else { return findings };
    if !row.notes().is_empty() {
        findings.push(Finding::note(Code::RowOdd, "the row is odd in places").evidences(row.notes()));
    }
    if facts.row.id().is_some() || !facts.row.other_ids().is_empty() {
        findings.extend(failed(row));
        return findings;
    }
    if row.row_type().is_some_and(|kind| kind.eq_ignore_ascii_case("warmup")) {
        let finding = Finding::problem(Code::RowWarmup, "this is a warm-up row, which has no ElasticBLAST job");
        let list = facts.place.kubectl("get pods -l app=elb-db-warmup");
        findings.push(finding.advice("name the row of a search; the warm-up has pods of its own").next(list));
    } else if !facts.row.children.is_empty() {
        let children = &facts.row.children;
        let shown = children.iter().map(|child| {
            let id = child.id.as_ref().map_or("no id yet".to_owned(), ToString::to_string);
            format!("child {}: {id} ({})", child.row, child.status)
        });
        let with_id = children.iter().find_map(|child| child.id.as_ref());
        let whose = if children.len() == 1 { "its child row has the id" } else { "its child rows have the ids" };
        let summary = format!("this is the row of a split job; {whose}");
        // While the children search, nothing is wrong with their parent.
        let failed = children.iter().any(|child| child.status.eq_ignore_ascii_case("failed"));
        let wait = Wait::of(row, facts.now).filter(|wait| wait.phase.to_lowercase().starts_with("split_"));
        let waits = wait.is_some_and(|wait| !wait.is_overdue()) && !failed;
        let finding = Finding::graded(Code::RowParent, !waits, summary).evidences(shown);
        findings.push(match with_id {
            Some(id) => finding.next(facts.place.elbtail("doctor", id.as_str(), "")),
            None => finding,
        });
    }
    findings.extend(failed(row));
    findings
}

/// What the row says of a failure.
fn failed(row: &Row) -> Option<Finding> {
    if !row.status().is_some_and(|status| status.eq_ignore_ascii_case("failed")) {
        return None;
    }
    let code = row.column("error_code");
    let summary = match code {
        Some(code) => format!("the row says that the job failed: {code}"),
        None => "the row says that the job failed".to_owned(),
    };
    let steps = row.steps().filter_map(|(name, step)| {
        let error = step.get("error").and_then(Value::as_str).filter(|error| !error.trim().is_empty());
        let failed = step.get("success") == Some(&Value::Bool(false));
        let error = error.map(|error| format!("step {name}: {}", cut(error)));
        error.or_else(|| failed.then(|| format!("step {name} was not successful")))
    });
    Some(Finding::problem(Code::RowFailed, summary).evidences(steps))
}

/// The end of a long text says why.
fn cut(text: &str) -> String {
    let text = text.trim().replace(['\n', '\r'], " ");
    let skip = text.chars().count().saturating_sub(ERROR);
    text.chars().skip(skip).collect()
}

/// Where the row and the cluster disagree.
pub(super) fn against_cluster(case: &Case<'_>) -> Vec<Finding> {
    let Some(row) = &case.facts.row.row else { return Vec::new() };
    [cancelled(case, row), ended_early(case, row), stale(case, row)].into_iter().flatten().collect()
}

fn cancelled(case: &Case<'_>, row: &Row) -> Option<Finding> {
    let status = row.status()?;
    let cancelled = ["cancelled", "deleted"].iter().any(|it| status.eq_ignore_ascii_case(it));
    let gone = case.seen.pods().is_empty() && matches!(case.seen.pods, Some(Ok(_)));
    (cancelled && gone).then(|| {
        let summary = format!("the job was {}, and its pods are gone", status.to_lowercase());
        Finding::problem(Code::RowCancelled, summary).evidences(updated(case, row))
    })
}

fn ended_early(case: &Case<'_>, row: &Row) -> Option<Finding> {
    let running: Vec<_> = case.seen.pods().iter().filter(|found| is_running(found)).collect();
    // A finalizer needs a moment after the row's end; a search does not.
    let searching = running.iter().any(|found| Role::of(&found.pod) == Role::Batch);
    let old = row.updated_at().is_some_and(|at| case.ago(at) > SignedDuration::from_mins(2));
    if !row.is_terminal() || running.is_empty() || !(searching || old) {
        return None;
    }
    let summary = format!(
        "the row says {}, but {} still running",
        row.status().unwrap_or_default().to_lowercase(),
        if running.len() == 1 { "a pod is".to_owned() } else { format!("{} pods are", running.len()) }
    );
    let names = running.iter().map(|found| found.pod.name().to_owned());
    let finding = Finding::problem(Code::RowEndedEarly, summary)
        .evidences(updated(case, row))
        .evidences(names)
        .next(case.elbtail("logs", " -f"));
    Some(running.iter().fold(finding, |finding, found| finding.about(found.pod.name())))
}

fn stale(case: &Case<'_>, row: &Row) -> Option<Finding> {
    if row.is_terminal() || row.status().is_none() {
        return None;
    }
    let untouched = row.updated_at().map(|at| case.ago(at)).filter(|ago| *ago > STALE)?;
    let (pods, jobs) = (case.seen.pods(), case.seen.jobs());
    let known = matches!(case.seen.pods, Some(Ok(_))) && matches!(case.seen.jobs, Some(Ok(_)));
    let elsewhere = !case.seen.elsewhere.is_empty() || super::jobs::other_cluster(case, row, true).is_some();
    let started = row.phase().is_some_and(|phase| !is_before_jobs(phase));
    let gone = known && pods.is_empty() && jobs.is_empty() && !elsewhere && started;
    let last = jobs.iter().filter_map(|job| JobCondition::of(job).ended_at()).max();
    let finished = !jobs.is_empty()
        && jobs.iter().all(|job| JobCondition::of(job).is_finished())
        && pods.iter().all(|found| is_over(&found.pod))
        && last.is_some_and(|at| case.ago(at) > LAG);
    if !gone && !finished {
        return None;
    }
    let status = row.status().unwrap_or_default().to_lowercase();
    let ago = human(untouched);
    let (what, shown) = if gone {
        ("its Jobs and pods are gone", "no Jobs and no pods carry its id".to_owned())
    } else {
        let failed = jobs.iter().filter(|job| matches!(JobCondition::of(job), JobCondition::Failed { .. }));
        let text = format!("{} finished, {} of them failed", counted(jobs.len(), "Job"), failed.count());
        ("all its Jobs have finished", text)
    };
    let summary = format!("the row is stale: it says {status}, was last updated {ago} ago, and {what}");
    let advice =
        "refresh the job in the dashboard; what its pods printed last is kept in the row's execution-steps/logs";
    let next = case.storage().unwrap_or_default();
    Some(Finding::problem(Code::RowStale, summary).evidence(shown).advice(advice).next(next))
}

fn updated(case: &Case<'_>, row: &Row) -> Option<String> {
    row.updated_at().map(|at| format!("the row was last updated {}, at {at}", case.ago_text(at)))
}
