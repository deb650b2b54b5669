//! `elbtail doctor -o junit`: a [`Report`] as CI systems show test results: a case for each check, a failure for each problem.
//!
//! Written by hand: what it takes of XML is five characters to escape, and a crate for it brings a dozen others.

use std::fmt::Write;

use super::{Check, CheckState, Finding, Report};

/// The text for stdout, with a line end.
pub(super) fn render(report: &Report) -> String {
    let of = |check: &Check| -> Vec<&Finding> {
        report.findings.iter().filter(|finding| finding.is_problem() && finding.code.area() == check.check).collect()
    };
    let failures = report.checks.iter().filter(|check| !of(check).is_empty()).count();
    let skipped = report.checks.iter().filter(|check| of(check).is_empty() && is_skipped(check)).count();
    let name = report.job.as_deref().or(report.row.as_deref()).unwrap_or("the job");
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", report.checks.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<testsuites name=\"elbtail doctor\" {counts}>");
    // What was skipped is no attribute of all suites in the schema that Jenkins holds them to.
    let _ = writeln!(out, "  <testsuite name=\"{}\" {counts} skipped=\"{skipped}\">", escaped(name));
    for check in &report.checks {
        let found = of(check);
        let _ = write!(out, "    <testcase classname=\"elbtail.doctor\" name=\"{}\"", check.check.as_str());
        if found.is_empty() && !is_skipped(check) {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        for finding in &found {
            let (code, summary) = (finding.code.as_str(), escaped(&finding.summary));
            let _ = writeln!(
                out,
                "      <failure type=\"{code}\" message=\"{summary}\">{}</failure>",
                escaped(&words(finding))
            );
        }
        if found.is_empty() {
            let why = check.reason.as_deref().unwrap_or("not checked");
            let _ = writeln!(out, "      <skipped message=\"{}\"/>", escaped(why));
        }
        out.push_str("    </testcase>\n");
    }
    let notes: Vec<&Finding> = report.findings.iter().filter(|finding| !finding.is_problem()).collect();
    if !notes.is_empty() {
        let text: Vec<String> =
            notes.into_iter().map(|note| format!("{} [{}]", note.summary, note.code.as_str())).collect();
        let _ = writeln!(out, "    <system-out>{}</system-out>", escaped(&text.join("\n")));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn is_skipped(check: &Check) -> bool {
    check.state == CheckState::NotChecked
}

/// What a finding shows, and what is to be done.
fn words(finding: &Finding) -> String {
    let mut lines = finding.evidence.clone();
    lines.extend(finding.advice.iter().map(|advice| format!("advice: {advice}")));
    lines.extend(finding.next.iter().map(|next| format!("next: {next}")));
    lines.extend(finding.consequences.iter().map(|so| format!("so: {} [{}]", so.summary, so.code.as_str())));
    lines.join("\n")
}

/// A text as XML may hold it. What XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        doctor::{Area, Code},
        exit::Exit,
    };

    fn report(findings: Vec<Finding>, state: CheckState) -> Report {
        let check = |check| Check { check, state: CheckState::Ok, reason: None };
        let mut checks: Vec<Check> = Area::ALL.into_iter().map(check).collect();
        checks.iter_mut().filter(|check| check.check == Area::Logs).for_each(|check| {
            check.state = state;
            check.reason = (state == CheckState::NotChecked).then(|| "there are no pods".to_owned());
        });
        Report {
            job: Some("job-429825360482416da20736cf3ed51a95".to_owned()),
            row: None,
            cluster: None,
            namespace: None,
            healthy: findings.iter().all(|finding| !finding.is_problem()),
            summary: "s".to_owned(),
            checks,
            findings,
            exit_code: 0,
            exit: Exit::Done,
            has_pods: true,
        }
    }

    #[test]
    fn a_problem_is_a_failure_and_a_note_is_none() {
        let problem = Finding::problem(Code::PodInitFailed, "it <failed> & \"ended\"\u{1b}")
            .evidence("exit 3")
            .next("kubectl get");
        let text = render(&report(vec![problem, Finding::note(Code::K8sShared, "others")], CheckState::NotChecked));
        let tests = Area::ALL.len();
        let counts = format!("tests=\"{tests}\" failures=\"1\" errors=\"0\"");
        assert!(text.contains(&format!("<testsuites name=\"elbtail doctor\" {counts}>\n")), "{text}");
        assert!(text.contains(&format!("3ed51a95\" {counts} skipped=\"1\">\n")), "{text}");
        assert!(
            text.contains("type=\"ELB-POD-INIT-FAILED\" message=\"it &lt;failed&gt; &amp; &quot;ended&quot;"),
            "{text}"
        );
        assert!(text.contains("exit 3\nnext: kubectl get</failure>"), "{text}");
        assert!(text.contains("<skipped message=\"there are no pods\"/>"), "{text}");
        assert!(text.contains("<system-out>others [ELB-K8S-SHARED]</system-out>"), "{text}");
        assert!(!text.contains('\u{1b}'));
        let text = render(&report(vec![], CheckState::Ok));
        assert!(text.contains("failures=\"0\" errors=\"0\" skipped=\"0\"") && !text.contains("<failure"), "{text}");
        assert_eq!(text.matches("<testcase").count(), tests);
    }
}
