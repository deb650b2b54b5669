//! `elbtail doctor JOB -o text|json|junit`: a [`Report`] as text.

use std::fmt::Write;

use super::{CheckState, Code, Finding, Report, Severity, junit};
use crate::render::document;

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoctorFormat {
    /// A few lines for a person.
    Text,
    /// One object, as `docs/doctor.schema.json` describes it.
    Json,
    /// Test results, as CI systems show them.
    Junit,
}

/// How much a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// What most need.
    Usual,
    /// With the names of other searches.
    Verbose,
}

/// The text for stdout, with a line end.
///
/// # Errors
/// None is known; what the serializer can report is handed on.
pub fn render(format: DoctorFormat, report: &Report, detail: Explained) -> anyhow::Result<String> {
    Ok(match format {
        DoctorFormat::Json => document::json(report)?,
        DoctorFormat::Text => text(report, detail),
        DoctorFormat::Junit => junit::render(report),
    })
}

fn text(report: &Report, detail: Explained) -> String {
    let mut out = String::new();
    if report.healthy {
        line(&mut out, 0, &format!("ok: {}", report.summary));
    }
    for finding in &report.findings {
        // A note that says what the first line said has only its next step to add.
        let is_said = report.healthy && finding.summary == report.summary;
        let head = if is_said { FindingHead::Said } else { FindingHead::Own };
        write_finding(&mut out, finding, head, detail);
    }
    if !report.healthy {
        let checks = report.checks.iter().map(|check| match (check.state, &check.reason) {
            (CheckState::Ok, _) => format!("{} ok", check.check.as_str()),
            (CheckState::Note, _) => format!("{} note", check.check.as_str()),
            (CheckState::Problem, _) => format!("{} PROBLEM", check.check.as_str()),
            (CheckState::NotChecked, Some(why)) => {
                format!("{} not checked ({})", check.check.as_str(), why.lines().next().unwrap_or_default())
            }
            (CheckState::NotChecked, None) => format!("{} not checked", check.check.as_str()),
        });
        line(&mut out, 0, &format!("checked: {}", together(checks.collect())));
    }
    out
}

/// Checks that were not made for the same reason give it once.
fn together(checks: Vec<String>) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut last_reason = String::new();
    for check in checks {
        match check.split_once(" not checked ") {
            Some((name, reason)) if reason == last_reason => {
                if let Some(last) = out.last_mut() {
                    *last = last.replacen(" not checked ", &format!(", {name} not checked "), 1);
                }
            }
            Some((_, reason)) => {
                last_reason = reason.to_owned();
                out.push(check);
            }
            None => {
                last_reason.clear();
                out.push(check);
            }
        }
    }
    out.join(", ")
}

/// The first line of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FindingHead {
    /// It has its own.
    Own,
    /// The report's first line says the same.
    Said,
}

fn write_finding(out: &mut String, finding: &Finding, head: FindingHead, detail: Explained) {
    let word = match finding.severity {
        Severity::Problem => "problem",
        Severity::Note => "note",
    };
    if head == FindingHead::Own {
        line(out, 0, &format!("{word}: {} [{}]", finding.summary, finding.code.as_str()));
    }
    // Whose pods the others are is of interest to few, and would stand under every report.
    let told = if finding.code == Code::K8sShared && detail == Explained::Usual { &[][..] } else { &finding.evidence };
    for evidence in told {
        line(out, 4, evidence);
    }
    if let Some(advice) = &finding.advice {
        line(out, 2, &format!("advice: {advice}"));
    }
    if let Some(next) = &finding.next {
        line(out, 2, &format!("next: {next}"));
    }
    for consequence in &finding.consequences {
        line(out, 2, &format!("so: {} [{}]", consequence.summary, consequence.code.as_str()));
        // One line is enough to believe it; -o json has the rest.
        if let Some(evidence) = consequence.evidence.first() {
            line(out, 6, evidence);
        }
    }
}

fn line(out: &mut String, indent: usize, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{:indent$}{text}", "");
}
