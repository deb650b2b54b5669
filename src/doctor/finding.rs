//! [`Finding`]: one thing that is wrong or worth knowing, with its evidence and the next command.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Code;
use crate::{mask::mask, render::plain};

/// How many lines of evidence one finding shows.
const EVIDENCE: usize = 12;
/// How long such a line may be, in characters.
const LINE: usize = 400;
/// A command is of use only when it is whole.
const COMMAND: usize = 8000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It keeps logs or the job from coming.
    Problem,
    /// It is worth knowing.
    Note,
}

/// Something the doctor found. Its texts hold no secrets and nothing a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its stable name.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One line: what is wrong.
    pub summary: String,
    /// What shows it, a line each.
    pub evidence: Vec<String>,
    /// The next command to type.
    pub next: Option<String>,
    /// The next thing to do, where no command does it.
    pub advice: Option<String>,
    /// The pods and Jobs it is about.
    pub subjects: BTreeSet<String>,
    /// What follows from it.
    pub consequences: Vec<Finding>,
}

impl Finding {
    /// Something that is wrong.
    pub fn problem(code: Code, summary: impl AsRef<str>) -> Finding {
        Finding::new(code, Severity::Problem, summary.as_ref())
    }

    /// Something worth knowing.
    pub fn note(code: Code, summary: impl AsRef<str>) -> Finding {
        Finding::new(code, Severity::Note, summary.as_ref())
    }

    /// A problem if `is_problem`, else a note.
    pub fn graded(code: Code, is_problem: bool, summary: impl AsRef<str>) -> Finding {
        let severity = if is_problem { Severity::Problem } else { Severity::Note };
        Finding::new(code, severity, summary.as_ref())
    }

    fn new(code: Code, severity: Severity, summary: &str) -> Finding {
        Finding {
            code,
            severity,
            summary: safe(summary),
            evidence: Vec::new(),
            next: None,
            advice: None,
            subjects: BTreeSet::new(),
            consequences: Vec::new(),
        }
    }

    /// Adds a line of evidence; a text of several lines gives as many. What is too much is counted.
    #[must_use]
    pub fn evidence(mut self, text: impl AsRef<str>) -> Finding {
        self.evidence.extend(text.as_ref().lines().map(safe).filter(|line| !line.trim().is_empty()));
        self
    }

    /// Adds lines of evidence, and how many were left out.
    #[must_use]
    pub fn evidences(mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Finding {
        let mut left_out = 0;
        for line in lines {
            if self.evidence.len() < EVIDENCE {
                self = self.evidence(line);
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            self.evidence.push(format!("and {left_out} more"));
        }
        self
    }

    /// Sets the next command.
    #[must_use]
    pub fn next(mut self, next: impl AsRef<str>) -> Finding {
        self.next = Some(plain(&mask(next.as_ref()), COMMAND)).filter(|next| !next.is_empty());
        self
    }

    /// Sets what to do that no command does.
    #[must_use]
    pub fn advice(mut self, advice: impl AsRef<str>) -> Finding {
        self.advice = Some(safe(advice.as_ref())).filter(|advice| !advice.is_empty());
        self
    }

    /// Adds a pod or Job it is about.
    #[must_use]
    pub fn about(mut self, subject: &str) -> Finding {
        if !subject.is_empty() {
            self.subjects.insert(subject.to_owned());
        }
        self
    }

    /// Whether it is a problem.
    pub fn is_problem(&self) -> bool {
        self.severity == Severity::Problem
    }
}

/// One line without secrets and control characters.
fn safe(text: &str) -> String {
    plain(&mask(text), LINE)
}

/// Puts each finding that another one explains under it; problems come first, in the order of the walk.
pub fn fold(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.severity, finding.code));
    let parents: Vec<Option<usize>> = findings.iter().map(|finding| parent(finding, &findings)).collect();
    let root = |mut at: usize| {
        // The relation has no circles; the bound keeps a mistake in its table from hanging the program.
        for _ in 0..findings.len() {
            match parents[at] {
                Some(above) => at = above,
                None => break,
            }
        }
        at
    };
    let roots: Vec<usize> = (0..findings.len()).map(root).collect();
    let mut slots: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    for (at, root) in roots.iter().enumerate().filter(|(at, root)| at != *root) {
        if let Some(child) = slots[at].take()
            && let Some(Some(cause)) = slots.get_mut(*root)
        {
            cause.consequences.push(child);
        }
    }
    slots.into_iter().flatten().collect()
}

/// The finding that explains `finding`.
fn parent(finding: &Finding, all: &[Finding]) -> Option<usize> {
    let explains = |cause: &Finding| {
        (cause.is_problem() || !finding.is_problem())
            && (finding.code.is_about_all() || !finding.subjects.is_disjoint(&cause.subjects))
    };
    let code = finding
        .code
        .explained_by()
        .iter()
        .find(|code| all.iter().any(|cause| cause.code == **code && explains(cause)))?;
    all.iter().position(|cause| cause.code == *code && explains(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consequences_are_folded_under_what_shares_their_subject() {
        let findings = vec![
            Finding::problem(Code::K8sBackoffLimit, "gave up").about("job-a"),
            Finding::problem(Code::PodOom, "memory").about("pod-a").about("job-a"),
            Finding::problem(Code::PodCrashLoop, "again").about("pod-b"),
            Finding::problem(Code::RowFailed, "the row"),
        ];
        let folded = fold(findings);
        let codes: Vec<Code> = folded.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::PodOom, Code::PodCrashLoop]);
        let under: Vec<Code> = folded[0].consequences.iter().map(|finding| finding.code).collect();
        assert_eq!(under, [Code::RowFailed, Code::K8sBackoffLimit]);
    }

    #[test]
    fn a_note_never_swallows_a_problem() {
        let findings =
            vec![Finding::note(Code::PodOom, "once").about("p"), Finding::problem(Code::PodCrashLoop, "x").about("p")];
        assert_eq!(fold(findings).len(), 2);
    }

    #[test]
    fn no_code_explains_itself() {
        fn reaches(from: Code, to: Code, depth: usize) -> bool {
            depth < 6 && from.explained_by().iter().any(|code| *code == to || reaches(*code, to, depth + 1))
        }
        for code in Code::ALL {
            assert!(!reaches(*code, *code, 0), "{}", code.as_str());
        }
    }

    #[test]
    fn texts_are_masked_and_harmless() {
        let finding = Finding::problem(Code::PodFailed, "a\u{1b}[31m").evidence("https://x/y?sv=1&sig=abc%2Fdef\nb");
        assert_eq!(finding.summary, "a\\u{1b}[31m");
        assert!(!finding.evidence[0].contains("abc"), "{:?}", finding.evidence);
        assert_eq!(finding.evidence[1], "b");
    }
}
